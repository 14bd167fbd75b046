"""Facts about a shop and its installation, for ``Shop.about``."""

from __future__ import annotations

from pathlib import Path

from shoplens import __version__
from shoplens.core.spaces import Space
from shoplens.engine.copies import Copies
from shoplens.stores import SqlStore


def facts_of(folder: Path, database: str, space: Space, copies: Copies, store: SqlStore) -> dict[str, object]:
    """Where the shop is, what it searches with, and how much there is of it."""
    parts = copies.parts
    return {
        "version": __version__,
        "folder": str(folder),
        "store": database,
        "encoder": str(space),
        "products": int(parts.columns.products(parts.columns.mask(None)).sum()),
        "picture rows": len(parts.pictures),
        "text rows": len(parts.texts),
        "sequence": store.last_seq(),
    }
