"""What the store says when it cannot: full, read-only, damaged, not a shop's, too new, locked."""

from __future__ import annotations

import builtins
import os
import resource
import shutil
import sqlite3
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from tests.stores.writer import FORKS, try_as_nobody
from tests.suites.store import SPACE, rows_of

from shoplens.core.catalogue import Product
from shoplens.core.ports import Write
from shoplens.errors import MissingExtraError, ShopLockedError, ShopNotFoundError, StoreError
from shoplens.stores import open_store
from shoplens.stores.schema import MIGRATIONS, SCHEMA_VERSION, prepare


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a store with three products."""
    made = tmp_path / "shop" / "store.db"
    with open_store(made, create=True) as store:
        store.write(Write(put=[Product("a"), Product("b"), Product("c")], vectors=[rows_of(["k"], 1)]))
    return made


def test_a_shop_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ShopNotFoundError, match="shoplens index"):
        open_store(tmp_path / "none" / "store.db")
    assert not (tmp_path / "none").exists()
    with pytest.raises(ShopNotFoundError):
        open_store(tmp_path / "none" / "store.db", create=True, read_only=True)
    (tmp_path / "empty.db").touch()
    with pytest.raises(ShopNotFoundError):
        open_store(tmp_path / "empty.db")
    with pytest.raises(StoreError, match="folder"):
        open_store(tmp_path)


def test_an_empty_file_becomes_a_shop(tmp_path: Path) -> None:
    (tmp_path / "store.db").touch()
    with open_store(tmp_path / "store.db", create=True) as store:
        assert store.write(Write(put=[Product("a")])) == 1
    assert sqlite3.connect(tmp_path / "store.db").execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("name", ["a shop?mode=ro#x%20.db", "店铺.db", "it's.db"])
def test_any_name_of_a_file(tmp_path: Path, name: str) -> None:
    with open_store(tmp_path / name, create=True) as store:
        store.write(Write(put=[Product("a")]))
    assert (tmp_path / name).is_file()
    with open_store(f"sqlite:///{tmp_path}/x.db", create=True) as store:
        assert store.where == f"{tmp_path}/x.db"


def test_addresses_of_other_databases() -> None:
    for address in ("mysql://localhost/shop", "sqlite://", "://", "oracle://user:secret@host/x"):
        with pytest.raises(StoreError, match="postgresql://") as caught:
            open_store(address)
        assert "secret" not in str(caught.value)


def test_postgresql_without_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == "psycopg":
            raise ModuleNotFoundError(name)
        return real(name, *args, **kwargs)

    for module in [m for m in sys.modules if m.partition(".")[0] == "psycopg"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"pip install 'shoplens\[postgres\]'"):
        open_store("postgresql://localhost/shop")


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="PostgreSQL needs the extra: pip install 'shoplens[postgres]'")
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        open_store(f"postgresql://user:secret@/shop?host={tmp_path}")
    assert "secret" not in str(caught.value)


def test_not_a_database(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("id,title\n1,shoe\n" * 100)
    with pytest.raises(StoreError, match="not a database"):
        open_store(tmp_path / "store.db")


def test_somebody_elses_database(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "store.db")
    other.execute("CREATE TABLE customers (id)")
    other.commit()
    for create in (False, True):
        with pytest.raises(StoreError, match="not those of a shop"):
            open_store(tmp_path / "store.db", create=create)
    assert [row[0] for row in other.execute("SELECT name FROM sqlite_master")] == ["customers"]


def test_a_newer_store_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE meta SET value = ? WHERE key = 'schema_version'", (str(SCHEMA_VERSION + 1),))
    for read_only in (False, True):
        with pytest.raises(StoreError, match=r"newer ShopLens.*pip install --upgrade"):
            open_store(path, read_only=read_only)


def _steps(fail: bool) -> dict[int, Any]:
    def one(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE labels (id INTEGER)"))

    def two(connection: Connection) -> None:
        connection.execute(text("INSERT INTO labels VALUES (1)"))
        if fail:
            connection.execute(text("INSERT INTO nowhere VALUES (1)"))

    return {SCHEMA_VERSION: one, SCHEMA_VERSION + 1: two}


def test_an_older_store_is_brought_up_step_by_step(address: str) -> None:
    target = SCHEMA_VERSION + 2
    with open_store(address, create=True) as store:
        store.write(Write(put=[Product("a")]))
        database = store._database
        with pytest.raises(StoreError), database.transaction() as connection:
            prepare(connection, create=False, steps=_steps(fail=True), target=target)
        assert store.get_meta("schema_version") == str(SCHEMA_VERSION), "a step that fails leaves the old version whole"
        with pytest.raises(StoreError, match="cannot be brought"), database.transaction() as connection:
            prepare(connection, create=False, steps={SCHEMA_VERSION: _steps(False)[SCHEMA_VERSION]}, target=target)
        with database.transaction() as connection:
            prepare(connection, create=False, steps=_steps(fail=False), target=target)
        assert store.get_meta("schema_version") == str(target)
        assert database.read(lambda c: c.execute(text("SELECT id FROM labels")).scalar()) == 1
        assert list(store.ids()) == ["a"]


def test_every_older_version_has_its_step() -> None:
    assert set(MIGRATIONS) == set(range(1, SCHEMA_VERSION))


def test_reading_only(path: Path) -> None:
    with open_store(path, read_only=True) as store:
        assert (store.last_seq(), list(store.ids()), store.read_only) == (3, ["a", "b", "c"], True)
        for refused in (
            lambda: store.write(Write(delete=["a"])),
            lambda: store.set_meta("x", "y"),
            lambda: store.drop_space(SPACE),
        ):
            with pytest.raises(StoreError, match="reading only"):
                refused()
        with open_store(path) as other:
            other.write(Write(put=[Product("d")]))
        assert store.last_seq() == 4


def test_a_file_that_may_not_be_written(tmp_path: Path) -> None:
    folder = Path(os.path.realpath("/var/tmp")) / f"shoplens-{os.getpid()}"  # tmp_path is closed to other users
    folder.mkdir()
    try:
        path = folder / "store.db"
        with open_store(path, create=True) as store:
            store.write(Write(put=[Product("a"), Product("b")]))
        path.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
        folder.chmod(0o555)
        heard, saying = FORKS.Pipe(duplex=False)
        other = FORKS.Process(target=try_as_nobody, args=(str(path), saying.send), daemon=True)
        other.start()
        saying.close()
        refused, read = heard.recv(), heard.recv()
        other.join(30)
        assert refused.startswith(str(path))
        assert "cannot be" in refused
        assert read == "a b"
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


@pytest.fixture
def small_files() -> Iterator[Any]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size if size else soft, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_takes_no_more(path: Path, small_files: Any) -> None:
    big = [Product(f"p{i}", description="x" * 10_000) for i in range(100)]
    with open_store(path) as store:
        small_files(200_000)
        try:
            with pytest.raises(StoreError, match="disk") as caught:
                store.write(Write(put=big, delete=["a"]))
        finally:
            small_files(0)
        assert caught.value.where == str(path)
        assert list(store.ids()) == ["a", "b", "c"]
        assert store.write(Write(put=big)) == 3 + len(big), "with space again, it goes on"
        assert store.check() == []


def test_a_file_that_is_full(path: Path) -> None:
    big = [Product(f"p{i}", description="x" * 10_000) for i in range(100)]
    with open_store(path) as store:
        with store._database.transaction() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=60")
        with pytest.raises(StoreError, match=r"disk is full.*free some space"):
            store.write(Write(put=big))
        assert list(store.ids()) == ["a", "b", "c"]


def test_a_damaged_file(path: Path) -> None:
    with open_store(path) as store:
        store.write(Write(put=[Product(f"p{i}", description="x" * 3000) for i in range(100)]))
    data = bytearray(path.read_bytes())
    for start in range(4096, len(data) - 4096, 4096):
        if b"x" * 1000 in data[start : start + 4096]:  # rows of products; where tables begin stays whole
            data[start : start + 100] = b"\xff" * 100
    path.write_bytes(data)
    with open_store(path) as store:
        assert any("damaged" in line for line in store.check())
        with pytest.raises(StoreError, match=r"damaged.*backup"):
            list(store.scan())


def test_a_product_that_cannot_be_read(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE products SET body = '{\"title\": 1' WHERE id = 'b'")
    with open_store(path) as store:
        assert [p.product.id for p in store.get([1, 3]) if p] == ["a", "c"]
        with pytest.raises(StoreError, match=r"cannot be read.*doctor") as caught:
            store.get([2])
        assert caught.value.where == str(path)
        assert store.check() == ["products that cannot be read: b"]


def test_what_check_finds(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("DELETE FROM variants WHERE product = 1")
        raw.execute("DELETE FROM changes WHERE number = 2")
        raw.execute("DELETE FROM products WHERE number = 3")
        raw.execute("UPDATE counters SET seq = 1, product = 1")
    with open_store(path) as store:
        found = store.check()
    assert found == [
        "1 rows name a row that is not there (in variants)",
        "products without a variant: a",
        "products whose last change is not in the change log: b",
        "the counter of change numbers stands at 1, but 3 is in use",
        "the counter of product numbers stands at 1, but 2 is in use",
    ]


def test_a_writer_that_does_not_finish(address: str) -> None:
    entered, leave = threading.Event(), threading.Event()
    with open_store(address, create=True) as slow, open_store(address, wait_s=0.2) as waiting:

        def hold() -> None:
            with slow._database.transaction() as connection:
                connection.execute(text("UPDATE counters SET seq = seq"))
                entered.set()
                leave.wait(30)

        holder = threading.Thread(target=hold)
        holder.start()
        assert entered.wait(30)
        with pytest.raises(ShopLockedError, match=r"0\.2 s"):
            waiting.write(Write(put=[Product("a")]))
        assert waiting.last_seq() == 0, "readers do not wait"
        leave.set()
        holder.join()
        assert waiting.write(Write(put=[Product("a")])) == 1


def test_backup_while_writing(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere" / "copy.db"
    with open_store(path) as store:
        store.backup(target)
        store.write(Write(put=[Product("d")]))
        with open_store(target, read_only=True) as copy:
            assert (list(copy.ids()), copy.last_seq(), copy.check()) == (["a", "b", "c"], 3, [])
            assert list(copy.vectors(SPACE, "picture", ["k"])) == ["k"]
        store.backup(target)
        with open_store(target) as copy:
            assert list(copy.ids()) == ["a", "b", "c", "d"]
            assert copy.write(Write(put=[Product("e")])) == 5, "a backup is a store to go on with"
        with pytest.raises(StoreError, match="itself"):
            store.backup(path)
        with pytest.raises(StoreError, match="folder"):
            store.backup(tmp_path)
    assert [p.name for p in target.parent.iterdir()] == ["copy.db"], "no half-written files are left"


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("how", ["gone", "empty"])
def test_a_store_that_is_gone_beside_its_copies_is_no_new_shop(tmp_path: Path, how: str, create: bool) -> None:
    path = tmp_path / "shop.db"
    with open_store(path, create=True) as store:
        store.write(Write(put=[Product("a")]))
    (tmp_path / "copies").mkdir()
    for left in tmp_path.glob("shop.db*"):
        left.unlink()
    if how == "empty":
        path.touch()
    with pytest.raises(StoreError, match=rf"{how}, but copies.*put back a backup.*remove the folder copies"):
        open_store(path, create=create)
    (tmp_path / "copies").rmdir()
    with open_store(path, create=True) as store:
        assert list(store.ids()) == []


@pytest.mark.parametrize("how", ["half", "nothing", "gone"])
def test_a_file_that_is_cut_or_gone_under_a_process(path: Path, how: str) -> None:
    with open_store(path) as store:
        store.write(Write(put=[Product(f"p{i}", description="x" * 3000) for i in range(100)]))
        size = path.stat().st_size
        if how == "gone":
            path.unlink()
        else:
            os.truncate(path, size // 2 if how == "half" else 0)
        with pytest.raises(StoreError, match=r"(damaged|gone|disk).*put back a backup"):
            [store.write(Write(put=[Product("q")])), *store.scan()]
