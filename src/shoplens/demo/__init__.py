"""The demo shop that ships with the package: products and pictures that this project made itself."""

from __future__ import annotations

from importlib import resources

from shoplens.app import open_shop
from shoplens.config import Config
from shoplens.engine.indexing import IndexReport


def index_demo(config: Config) -> IndexReport:
    """Indexes the demo shop into the configured folder; a second run does only what changed."""
    with resources.as_file(resources.files("shoplens.demo") / "shop") as folder, open_shop(config, create=True) as shop:
        return shop.index(folder / "products.jsonl", pictures=folder)
