"""Bytes of unknown origin -> safe upright pixels.

Data flow: ``routing`` sends each address to ``sources`` (folder, zip) or ``web`` (guarded by ``addresses`` and
``fetch``), which give bytes; ``pool`` decodes them in processes that can be killed; ``check``, ``phash`` and ``redact``
look at or repaint the pixels. Names are loaded on first use, because the decode processes import this package and must
start fast and small: they need neither numpy nor httpx. The function ``decode`` is in the module of its name.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shoplens.pictures.check import Finding, Quality, Thresholds, findings, quality
    from shoplens.pictures.decode import InlineDecoder
    from shoplens.pictures.limits import FORMATS, REASONS, WARNINGS, Limits
    from shoplens.pictures.phash import hamming
    from shoplens.pictures.pool import DecodePool
    from shoplens.pictures.redact import repaint
    from shoplens.pictures.routing import FeedPictures, is_url, open_pictures
    from shoplens.pictures.sources import FolderSource, ZipSource
    from shoplens.pictures.web import WebSource

_HOME = {
    "check": ("Finding", "Quality", "Thresholds", "findings", "quality"),
    "decode": ("InlineDecoder",),
    "limits": ("FORMATS", "REASONS", "WARNINGS", "Limits"),
    "phash": ("hamming",),
    "pool": ("DecodePool",),
    "redact": ("repaint",),
    "routing": ("FeedPictures", "is_url", "open_pictures"),
    "sources": ("FolderSource", "ZipSource"),
    "web": ("WebSource",),
}

__all__ = [
    "FORMATS",
    "REASONS",
    "WARNINGS",
    "DecodePool",
    "FeedPictures",
    "Finding",
    "FolderSource",
    "InlineDecoder",
    "Limits",
    "Quality",
    "Thresholds",
    "WebSource",
    "ZipSource",
    "findings",
    "hamming",
    "is_url",
    "open_pictures",
    "quality",
    "repaint",
]


def __getattr__(name: str) -> Any:
    for home, names in _HOME.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
