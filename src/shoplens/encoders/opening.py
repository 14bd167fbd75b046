"""One name, one encoder: what the setting ``encoder`` may say, and how each kind is opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shoplens.core.ports import Encoder
from shoplens.encoders.onnx_dual import bundled_encoder
from shoplens.encoders.onnx_folder import open_folder
from shoplens.errors import ConfigError, MissingExtraError

if TYPE_CHECKING:
    from shoplens.encoders.hub import HubModel

BUNDLED = "bundled"
LIBRARIES = ("open_clip", "transformers", "timm")
"""Libraries of hub models; a name is ``library:owner/model`` or ``library:folder``."""


def open_encoder(name: str, *, threads: int = 1) -> Encoder:
    """The encoder of a name.

    Args:
        name: "bundled"; "onnx:FOLDER" or a folder (towers with a card); "open_clip:MODEL", "transformers:MODEL" or
            "timm:MODEL", MODEL being a folder or a hub's name. Those need the extra ``hub``.
        threads: cores that one call may use; hub models in torch use what torch is set to.

    Raises:
        ConfigError: no encoder can have this name.
        EncoderError: it cannot be loaded.
        MissingExtraError: its library is not installed.
    """
    kind, reference = split(name)
    if kind == BUNDLED:
        return bundled_encoder(threads=threads)
    if kind == "onnx":
        return open_folder(Path(reference).expanduser(), threads=threads)
    return load_hub(name).encoder()


def load_hub(name: str) -> HubModel:
    """A hub model in torch, with what it takes to export it. Raises as ``open_encoder``."""
    kind, reference = split(name)
    if kind not in LIBRARIES:
        raise ConfigError(
            "this encoder is ONNX already",
            where=f"encoder {name!r}",
            hint=f"name a hub model: {', '.join(f'{library}:MODEL' for library in LIBRARIES)}",
        )
    try:
        import safetensors  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(f"the encoder {name}", extra="hub") from error
    if kind == "open_clip":
        from shoplens.encoders import hub_open_clip

        return hub_open_clip.load(name, reference)
    if kind == "timm":
        from shoplens.encoders import hub_timm

        return hub_timm.load(name, reference)
    from shoplens.encoders import hub_transformers

    return hub_transformers.load(name, reference)


def split(name: str) -> tuple[str, str]:
    """(kind, reference) of a name: ("transformers", "google/siglip2-base-patch16-256"), ("onnx", "folder"), ...

    Raises ConfigError for a name that none can have.
    """
    name = name.strip()
    if name == BUNDLED:
        return BUNDLED, ""
    kind, colon, reference = name.partition(":")
    if colon and kind in ("onnx", *LIBRARIES) and reference.strip():
        return kind, reference.strip()
    if name and not (colon and not Path(name).expanduser().exists()):
        return "onnx", name
    raise ConfigError(
        f"no encoder is called {name!r}",
        where="setting encoder",
        hint="bundled, onnx:FOLDER, open_clip:MODEL, transformers:MODEL or timm:MODEL; see: shoplens encoder list",
    )


__all__ = ["BUNDLED", "LIBRARIES", "load_hub", "open_encoder", "split"]
