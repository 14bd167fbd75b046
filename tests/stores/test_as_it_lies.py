"""A store beside which nothing may be written, while its owner goes on writing: readers see that, each moment whole."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.stores.writer import FORKS, read_as_nobody, titles_of, write_once

from shoplens.core.catalogue import Product
from shoplens.core.ports import Write
from shoplens.errors import StoreError
from shoplens.stores import open_store

COUNT = 300


def catalogue(title: str, size: int = 10) -> Write:
    """The same products, all with this title."""
    return Write(put=[Product(f"p{i}", title=title, description="x" * size) for i in range(COUNT)])


@pytest.fixture
def doors(tmp_path: Path) -> tuple[Path, Path]:
    """One file by two names: the owner's, and a reader's in a folder where no log of SQLite's can be made."""
    ours, theirs = tmp_path / "ours" / "store.db", tmp_path / "theirs" / "store.db"
    with open_store(ours, create=True) as store:
        store.write(catalogue("mug"))
    theirs.parent.mkdir()
    os.link(ours, theirs)
    Path(f"{theirs}-shm").symlink_to(tmp_path / "nowhere" / "x")
    return ours, theirs


def write(path: Path, batch: Write) -> None:
    """Writes in another process (within one, SQLite knows the file by its inode) and closes: all is in the file."""
    other = FORKS.Process(target=write_once, args=(str(path), batch), daemon=True)
    other.start()
    other.join(60)
    assert other.exitcode == 0
    assert not Path(f"{path}-wal").exists()


def test_what_the_owner_wrote_is_seen(doors: tuple[Path, Path]) -> None:
    ours, theirs = doors
    with open_store(theirs, read_only=True) as store:
        assert (store.last_seq(), titles_of(store)) == (COUNT, {"mug"})
        for times, title in enumerate(("jug", "cup"), start=2):
            write(ours, catalogue(title, size=3000 * times))  # the tables move to other pages
            assert (store.last_seq(), titles_of(store)) == (times * COUNT, {title})
        write(ours, Write(delete=[f"p{i}" for i in range(1, COUNT)]))
        assert len(list(store.ids())) == 1


def test_a_read_within_which_the_owner_wrote_is_done_again(doors: tuple[Path, Path]) -> None:
    ours, theirs = doors
    with open_store(theirs, read_only=True) as store:
        tries = []

        def work(raw: Any) -> tuple[int, int]:
            first = raw.execute("SELECT seq FROM counters").fetchone()[0]
            tries.append(first)
            if len(tries) == 1:
                write(ours, catalogue("jug", size=3000))
            return first, raw.execute("SELECT max(seq) FROM products").fetchone()[0]

        assert store._database.read_raw(work) == (2 * COUNT, 2 * COUNT)
        assert tries == [COUNT, 2 * COUNT]


def test_a_long_read_within_which_the_owner_wrote_says_so(doors: tuple[Path, Path]) -> None:
    ours, theirs = doors
    with open_store(theirs, read_only=True) as store:
        scan = store.scan()
        next(iter(scan))
        write(ours, catalogue("jug", size=3000))
        with pytest.raises(StoreError, match=r"while it was read.*do it again"):
            list(scan)
        assert {one.product.title for some in store.scan() for one in some} == {"jug"}


def test_a_file_that_never_rests_is_told(doors: tuple[Path, Path]) -> None:
    _, theirs = doors
    with open_store(theirs, read_only=True) as store:
        times = iter(range(1, 100))
        with pytest.raises(StoreError, match="do it again"):
            store._database.read_raw(lambda raw: os.utime(theirs, (0, next(times))))
        assert next(times) < 20


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may start a reader that has fewer rights than the writer")
def test_a_reader_without_rights_follows_the_writers_log() -> None:
    folder = Path(os.path.realpath("/var/tmp")) / f"shoplens-lies-{os.getpid()}"  # tmp_path is closed to other users
    folder.mkdir(mode=0o755)
    try:
        path = folder / "store.db"
        write_new = open_store(path, create=True)
        write_new.write(catalogue("mug"))
        write_new.close()
        line, theirs = FORKS.Pipe()
        reader = FORKS.Process(target=read_as_nobody, args=(str(path), theirs), daemon=True)
        reader.start()
        theirs.close()

        def seen() -> Any:
            line.send(True)
            assert line.poll(60)
            return line.recv()

        assert seen() == (COUNT, {"mug"})
        for times, title in enumerate(("jug", "cup", "pot"), start=1):
            with open_store(path) as store:
                store.write(catalogue(title, size=3000 * times))
                assert Path(f"{path}-wal").stat().st_size
                assert seen() == ((times + 1) * COUNT, {title}), "while the writer is there"
            assert seen() == ((times + 1) * COUNT, {title}), "and when it has gone"
        line.send(False)
        reader.join(30)
    finally:
        shutil.rmtree(folder)
