"""A shop whose database the first landing wrote (tables of version 1): as it would be if it were indexed today."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from shoplens.app import Shop, open_shop
from shoplens.archives import read_archive
from shoplens.config import Config
from shoplens.errors import StoreError
from shoplens.migrating import migrate, plan
from shoplens.stores import open_store
from shoplens.stores.carrying import facts_of, steps_from
from shoplens.stores.schema import MIGRATIONS, SCHEMA_VERSION
from tests.support import ColourEncoder
from tests.upgrade.asking import products, queries, top_tens
from tests.upgrade.first import write_feed

FIRST = Path(__file__).with_name("first.sql")


def made_first(folder: Path) -> Path:
    """The shop of the first landing, as its folder lay there; its photos are beside it."""
    shop = folder / "old"
    shop.mkdir()
    with sqlite3.connect(shop / "shop.db") as raw:
        raw.executescript(FIRST.read_text("utf-8"))
        raw.execute("PRAGMA journal_mode=WAL")
    raw.close()
    return shop


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The same feed, indexed by the code of today."""
    folder = tmp_path_factory.mktemp("today")
    feed = write_feed(folder)
    settings = {"currency": "EUR", "pictures": {"workers": 1}}
    with open_shop(folder / "shop", create=True, encoder=ColourEncoder(), **settings) as shop:
        shop.index(feed, pictures=folder / "photos")
        yield shop


@pytest.mark.parametrize("count", [60, pytest.param(200, marks=pytest.mark.slow)])
def test_it_is_the_same_shop_after_migrate(tmp_path: Path, today: Shop, count: int) -> None:
    folder = made_first(tmp_path)
    config = Config.load(folder)
    planned = plan(config)
    assert (planned.found, planned.target, planned.products) == (1, SCHEMA_VERSION, 24)
    assert [(s.version, s.to) for s in planned.steps] == [(n, n + 1) for n in range(1, SCHEMA_VERSION)]
    assert facts_of(folder / "shop.db").version == 1, "a plan changes nothing"
    taken = migrate(config)
    assert taken is not None
    path, manifest = taken
    assert path.parent == folder / "backups"
    assert (manifest.schema, manifest.rows["products"]) == (1, 24), "the backup is of the shop before"
    assert read_archive(path) == manifest
    assert migrate(config) is None
    with open_shop(folder, encoder=ColourEncoder()) as shop:
        assert shop.catch_up()
        assert [f for f in shop.doctor() if f.level == "error"] == []
        stored = products(shop)
        assert stored == products(today)
        asked = queries()[:: 200 // count]
        mine, theirs = top_tens(shop, asked), top_tens(today, asked)
        assert mine == theirs
        assert sum(bool(hits) for hits in mine) > len(asked) * 3 / 4


def test_opening_it_brings_it_up_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = made_first(tmp_path)
    open_store(folder / "shop.db").close()
    assert facts_of(folder / "shop.db").version == SCHEMA_VERSION
    (said,) = (r.getMessage() for r in caplog.records if r.name == "shoplens")
    assert f"from version 1 to {SCHEMA_VERSION}" in said
    caplog.clear()
    open_store(folder / "shop.db").close()
    assert caplog.records == []


def test_its_tables_are_those_of_a_new_shop(tmp_path: Path) -> None:
    """Column by column: what is in a migrated shop is in a new one, so that no code meets two kinds of shop."""
    folder = made_first(tmp_path)
    open_store(folder / "shop.db").close()
    open_store(tmp_path / "new.db", create=True).close()

    def shape(path: Path) -> dict[str, object]:
        with sqlite3.connect(path) as raw:
            names = raw.execute("SELECT type, name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
            out: dict[str, object] = {f"{kind} {name}": table for kind, name, table in names}
            tables = [name.split(" ", 1)[1] for name in out if name.startswith("table ")]
            for name in tables:
                told = raw.execute(f"SELECT name, \"notnull\", pk FROM pragma_table_info('{name}')")
                out[f"columns {name}"] = sorted(told.fetchall())
        return out

    assert shape(folder / "shop.db") == shape(tmp_path / "new.db")


def test_every_step_says_what_it_does_and_only_adds() -> None:
    """Opening a shop migrates it (ADR 0025): that is for steps that add, and take no time."""
    assert [step.does for step in steps_from(1) if not re.match(r"Adds the tables? ", step.does)] == []
    assert len(steps_from(1)) == len(MIGRATIONS)
    assert steps_from(SCHEMA_VERSION) == []
    with pytest.raises(StoreError, match="newer ShopLens"):
        steps_from(SCHEMA_VERSION + 1)


@pytest.mark.slow
def test_the_command(tmp_path: Path) -> None:
    folder = made_first(tmp_path)

    def run(*arguments: str) -> dict[str, object]:
        command = [sys.executable, "-m", "shoplens", "migrate", "--shop", str(folder), "--json", *arguments]
        done = subprocess.run(command, capture_output=True, timeout=120, check=True)
        return dict(orjson.loads(done.stdout))

    dry = run("--dry-run")
    assert (dry["found"], dry["done"], dry["backup"]) == (1, False, None)
    assert dry["missing"] == {"picture": 24, "words": 24}, "of the bundled encoder there is no vector"
    assert facts_of(folder / "shop.db").version == 1
    done = run("--backup", str(tmp_path / "before.shoplens"))
    assert (done["done"], done["backup"]) == (True, str(tmp_path / "before.shoplens"))
    assert run()["steps"] == []
