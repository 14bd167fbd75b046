"""A shop carried from SQLite to PostgreSQL and back by way of its backups."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.suites.store import rows_of
from tests.support import ColourEncoder
from tests.upgrade.asking import products, queries, top_tens
from tests.upgrade.first import write_feed

from shoplens.app import Shop, open_shop
from shoplens.backups import back_up, restore
from shoplens.config import Config
from shoplens.core.catalogue import Product
from shoplens.core.ports import Write
from shoplens.errors import StoreError


def opened(folder: Path, **more: object) -> Shop:
    return open_shop(folder, encoder=ColourEncoder(), pictures={"workers": 1}, **more)


def test_from_postgresql_and_into_it(tmp_path: Path, postgres_addresses: Callable[[], str]) -> None:
    """Rows are copied, so a shop moves between databases by way of its backup; numbering goes on where it was."""
    feed, made = write_feed(tmp_path), tmp_path / "shop"
    with opened(made, create=True, currency="EUR") as shop:
        shop.index(feed, pictures=tmp_path / "photos")
    (made / "shoplens.toml").write_text("[search]\ndepth = 120\n")
    path, manifest = back_up(Config.load(made), tmp_path / "sqlite.shoplens")
    url = postgres_addresses()
    restore(path, tmp_path / "pg", database=url)
    assert not (tmp_path / "pg" / "shop.db").exists()
    config = Config.load(tmp_path / "pg")
    assert (config.store_url, config.search.depth) == (url, 120)
    with pytest.raises(StoreError, match="not empty"):
        restore(path, tmp_path / "pg2", database=url)
    back, told = back_up(config, tmp_path / "pg.shoplens")
    assert (told.sequence, dict(told.rows)) == (manifest.sequence, dict(manifest.rows))
    restore(back, tmp_path / "again")
    assert Config.load(tmp_path / "again").store_url == "", "a restored shop never opens the database it came from"
    with opened(made) as first, opened(tmp_path / "again") as again, opened(tmp_path / "pg") as other:
        assert products(first) == products(again) == products(other)
        random.seed(3)
        asked = random.sample(queries(), 20)
        assert again.catch_up()
        assert top_tens(first, asked) == top_tens(again, asked) == top_tens(other, asked)
        assert other.store.write(Write(put=[Product("new")])) == manifest.sequence + 1
        other.store.write(Write(vectors=[rows_of(["k"], 1)]))
        assert other.store.check() == []
