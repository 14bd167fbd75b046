"""A copy of a running SQLite store: whole, of one moment, and never half written under its final name."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shoplens.errors import StoreError
from shoplens.stores.problems import translate


def copy_file(raw: Any, source: str, target: Path) -> None:
    """Copies what a connection sees into ``target``: temporary file beside it, check, fsync, rename.

    Args:
        raw: a sqlite3 connection to the store; writers go on meanwhile.
        source: the store's own path, which ``target`` must not be.

    Raises:
        StoreError: the target is the store itself, cannot be written, or the copy is not whole.
    """
    with replaced_when_whole(target, source) as part, contextlib.closing(sqlite3.connect(part)) as copy:
        raw.backup(copy)
        # The copy is one file: no write-ahead log that could be left behind when it is carried away.
        copy.execute("PRAGMA journal_mode=DELETE")


@contextlib.contextmanager
def replaced_when_whole(target: Path, source: str) -> Iterator[Path]:
    """A SQLite file to write that takes the place of ``target`` when the block ends well and the file is whole.

    Raises:
        StoreError: the target is ``source`` itself or a folder, cannot be written, or the copy is not whole.
    """
    target = target.absolute()
    if target.is_dir():
        raise StoreError("it is a folder", where=str(target), hint="name the file to write")
    if target.exists() and Path(source).exists() and target.samefile(source):
        raise StoreError("a backup cannot replace the store itself", where=str(target), hint="name another file")
    part: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=target.name, suffix=".part", dir=target.parent)
        os.close(handle)
        part = Path(name)
        yield part
        with contextlib.closing(sqlite3.connect(part)) as copy:
            copy.execute("PRAGMA journal_mode=DELETE")
            said = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        if said != "ok":
            raise StoreError(
                f"the copy is not whole: {said}", where=str(target), hint="run: shoplens doctor --shop DIR"
            )
        _sync(part)
        part.replace(target)
        _sync(target.parent)
    except sqlite3.Error as error:
        raise translate(error, str(target)) from error
    except OSError as error:
        raise StoreError(
            f"the backup cannot be written: {error.strerror}", where=str(target), hint="name a file that can be written"
        ) from error
    finally:
        if part is not None:
            for left in (part, *(part.with_name(f"{part.name}-{kind}") for kind in ("journal", "wal", "shm"))):
                with contextlib.suppress(OSError):
                    left.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
