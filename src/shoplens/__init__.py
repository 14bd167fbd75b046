"""ShopLens: visual and multimodal product search for online shops: words, photos, and both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shoplens.app import Shop, open_shop

__version__ = "0.1.0"
__all__ = ["Shop", "__version__", "open_shop"]


def __getattr__(name: str) -> Any:
    # Loaded when first used: "import shoplens.core" must not pull in FAISS and onnxruntime.
    if name in ("Shop", "open_shop"):
        from shoplens import app

        return getattr(app, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
