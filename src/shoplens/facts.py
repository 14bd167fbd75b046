"""Facts about a shop and its installation, for ``Shop.about``."""

from __future__ import annotations

from pathlib import Path

from shoplens.config import Config
from shoplens.core.spaces import Space
from shoplens.engine.copies import Copies
from shoplens.stores import SqlStore
from shoplens.switching import DATABASE


def facts_of(version: str, config: Config, space: Space, copies: Copies, store: SqlStore) -> dict[str, object]:
    """Where the shop is, what it searches with, and how much there is of it."""
    parts = copies.parts
    return {
        "version": version,
        "folder": str(Path(config.shop)),
        "store": config.store_url or str(Path(config.shop) / DATABASE),
        "encoder": str(space),
        "products": int(parts.columns.products(parts.columns.mask(None)).sum()),
        "picture rows": len(parts.pictures),
        "text rows": len(parts.texts),
        "sequence": store.last_seq(),
    }
