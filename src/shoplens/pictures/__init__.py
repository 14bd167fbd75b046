"""Bytes of unknown origin -> safe upright pixels.

Data flow: ``sources`` (folder, zip, net) give bytes; ``pool`` decodes them in processes that can be killed;
``check``, ``phash`` and ``redact`` look at or repaint the pixels. Names are loaded on first use, because the decode
processes import this package and must start fast and small: they need neither numpy nor httpx. The function
``decode`` is in the module of its name.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shoplens.pictures.decode import InlineDecoder
    from shoplens.pictures.limits import REASONS, WARNINGS, Limits
    from shoplens.pictures.pool import DecodePool
    from shoplens.pictures.sources import FolderSource, ZipSource

_HOME = {
    "REASONS": "limits",
    "WARNINGS": "limits",
    "Limits": "limits",
    "InlineDecoder": "decode",
    "DecodePool": "pool",
    "FolderSource": "sources",
    "ZipSource": "sources",
}

__all__ = [
    "REASONS",
    "WARNINGS",
    "DecodePool",
    "FolderSource",
    "InlineDecoder",
    "Limits",
    "ZipSource",
]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
