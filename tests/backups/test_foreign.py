"""An archive that somebody else has made: nothing in it runs or stays that no backup holds."""

from __future__ import annotations

import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shoplens.archives import read_archive, write_archive
from shoplens.backups import back_up, prove, restore
from shoplens.config import Config
from shoplens.errors import BackupError, StoreError
from shoplens.stores import open_store
from shoplens.stores.carrying import facts_of
from shoplens.stores.foreign import refuse_foreign

FIRST = Path(__file__).parents[1] / "upgrade" / "first.sql"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("foreign") / "shop.db"
    open_store(path, create=True).close()
    return path


FORGERIES = {
    "a trigger 'x'": "CREATE TRIGGER x AFTER INSERT ON products BEGIN DELETE FROM api_keys; END",
    "a view 'x'": "CREATE VIEW x AS SELECT * FROM api_keys",
    "a table 'x'": "CREATE TABLE x (a)",
    "another trigger": "DROP TRIGGER rules_kept_UPDATE; "
    "CREATE TRIGGER rules_kept_UPDATE BEFORE UPDATE ON rule_versions BEGIN SELECT 1; END",
    "of 'meta'": "DROP TRIGGER rules_kept_UPDATE; CREATE TRIGGER rules_kept_UPDATE AFTER INSERT ON meta "
    "BEGIN SELECT 1; END",
    "no trigger": "DROP TRIGGER rules_kept_DELETE",
    "no index": "DROP INDEX rule_versions_by_rule",
    "another index": "DROP INDEX variants_by_id; CREATE INDEX variants_by_id ON variants (lower(id))",
    "an index 'x'": "CREATE INDEX x ON variants (product)",
    "columns of 'jobs': x": "ALTER TABLE jobs ADD COLUMN x TEXT",
    "'jobs' of another make": "ALTER TABLE jobs ADD COLUMN y TEXT GENERATED ALWAYS AS (id) VIRTUAL",
    "of another make": "DROP TABLE key_uses; "
    "CREATE TABLE key_uses (key_id TEXT, day TEXT, used BIGINT CHECK (used < 9), PRIMARY KEY (key_id, day))",
}


@pytest.mark.parametrize("told", FORGERIES)
def test_only_known_objects_are_accepted(empty: Path, tmp_path: Path, told: str) -> None:
    path = tmp_path / "shop.db"
    shutil.copyfile(empty, path)
    refuse_foreign(path)
    with sqlite3.connect(path) as raw:
        raw.executescript(FORGERIES[told])
    raw.close()
    with pytest.raises(StoreError) as error:
        refuse_foreign(path)
    assert told.removeprefix("an index").removeprefix("a ") in str(error.value), str(error.value)


def test_the_store_of_the_first_landing_is_known(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as raw:
        raw.executescript(FIRST.read_text("utf-8"))
    raw.close()
    refuse_foreign(path)
    open_store(path, create=True).close()  # brings its tables up
    refuse_foreign(path)


def forged(empty: Path, folder: Path, change: Callable[[Path], None], *more: str) -> Path:
    """An archive as an attacker makes it: all its hashes are right."""
    copy = folder / "made.db"
    shutil.copyfile(empty, copy)
    change(copy)
    other = folder / "other"
    other.write_bytes(b"{}")
    path = folder / "forged.shoplens"
    with path.open("wb") as file:
        parts = (("shop.db", copy), *((name, other) for name in more))
        write_archive(file, parts, facts_of(copy), datetime.now(UTC))
    read_archive(path)
    return path


def test_a_trigger_in_a_crafted_archive_is_not_restored(empty: Path, tmp_path: Path) -> None:
    def plant(path: Path) -> None:
        with sqlite3.connect(path) as raw:
            raw.execute(FORGERIES["a trigger 'x'"])
        raw.close()

    path = forged(empty, tmp_path, plant)
    for attempt in (lambda: restore(path, tmp_path / "new"), lambda: prove(path)):
        with pytest.raises(StoreError, match="no ShopLens has made"):
            attempt()
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "name",
    [
        "copies/words/meta.json", "cache/x", "evil.py", "queries/x.sh", "judgements/other", ".hidden/card.json",
        "model/weights.onnx", "jobs/card.json", "uploads/a/card.json",
    ],
)  # fmt: skip
def test_parts_that_no_backup_holds_are_refused(empty: Path, tmp_path: Path, name: str) -> None:
    path = forged(empty, tmp_path, lambda _: None, name)
    with pytest.raises(BackupError, match="which no backup does"):
        restore(path, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_what_a_backup_does_hold_is_restored(empty: Path, tmp_path: Path) -> None:
    names = ("judgements/queries.jsonl", "queries/2026-11-01.jsonl", "models/own/card.json", "models/own/deep/x.onnx")
    path = forged(empty, tmp_path, lambda _: None, *names)
    assert {part.name for part in prove(path).parts} == {"shop.db", *names}
    restore(path, tmp_path / "new")
    assert all((tmp_path / "new" / name).is_file() for name in names)


def test_a_store_that_could_not_be_restored_is_not_backed_up(empty: Path, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    shutil.copyfile(empty, shop / "shop.db")
    with sqlite3.connect(shop / "shop.db") as raw:
        raw.execute("CREATE INDEX own ON products (seq)")
    raw.close()
    with pytest.raises(StoreError, match="'own'"):
        back_up(Config.load(shop), tmp_path / "b.shoplens")
    assert not (tmp_path / "b.shoplens").exists()
    assert tarfile.is_tarfile(forged(empty, tmp_path, lambda _: None))
