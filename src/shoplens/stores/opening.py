"""Opening a store: from an address to tables of the right version."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sqlite3
import time
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from shoplens.errors import ShopError, ShopNotFoundError, StoreError
from shoplens.stores.connections import Database
from shoplens.stores.problems import DAMAGED_HINT, WAIT_S, translate
from shoplens.stores.schema import SCHEMA_VERSION, check_version, prepare, version_of
from shoplens.stores.sql import SqlStore

# Not structlog's: what a command prints on standard output is read by programs.
log = logging.getLogger("shoplens")

_LEAST_SPACE = 1 << 20
COPIES = "copies"
"""The folder beside a store's file in which what is built from it lies."""
_MAKE = "make one: shoplens index FEED --shop DIR"


def open_store(
    url_or_path: str | os.PathLike[str], *, create: bool = False, read_only: bool = False, wait_s: float = WAIT_S
) -> SqlStore:
    """Opens the store of a shop.

    Args:
        url_or_path: the path of a SQLite file, or ``sqlite:///PATH``, or ``postgresql://USER@HOST/DATABASE``.
        create: make the file and its folder, or the tables, where there are none.
        read_only: refuse writes; the file may then lie where nothing can be written,
            and is read as it lies, anew when it has changed.
        wait_s: how long a write waits for writers before it.

    Raises:
        ShopNotFoundError: there is no store, and ``create`` is false.
        StoreError: not a database, damaged, not a shop's, or written by a newer version.
        MissingExtraError: PostgreSQL without the extra ``postgres``.
    """
    url = url_of(url_or_path)
    database = Database(url, read_only=read_only, wait_s=wait_s)
    if database.is_sqlite:
        _prepare_file(Path(database.where), create=create and not read_only)
    store = SqlStore(database)
    try:
        _prepare_tables(database, create=create)
    except BaseException:
        store.close()
        raise
    return store


def make_folder(folder: Path) -> None:
    """Makes the folder of a shop where there is none. Raises ShopError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ShopError(
            f"the shop's folder cannot be made: {error.strerror}",
            where=str(folder),
            hint="choose a place that you may write to: --shop DIR",
        ) from error


def is_shop(url_or_path: str | os.PathLike[str]) -> bool:
    """Whether there is a store. Raises as ``open_store`` does, but for ShopNotFoundError."""
    try:
        open_store(url_or_path).close()
    except ShopNotFoundError:
        return False
    return True


def open_as_is(url_or_path: str | os.PathLike[str], *, wait_s: float = WAIT_S) -> SqlStore:
    """Opens a store that is there for writing, or for reading only where that alone is possible: its folder cannot be
    written to, or its disk is full.

    Raises:
        as ``open_store`` does.
    """
    url = url_of(url_or_path)
    folder = Path(url.database or "").parent
    if url.get_backend_name() == "sqlite" and folder.is_dir() and not os.access(folder, os.W_OK):
        return open_store(url_or_path, read_only=True, wait_s=wait_s)
    try:
        return open_store(url_or_path, wait_s=wait_s)
    except StoreError:
        # A database needs some space beside it even to be read, unless it is told that nobody writes.
        if url.get_backend_name() == "sqlite" and _is_full(folder):
            with contextlib.suppress(StoreError):
                return open_store(url_or_path, read_only=True, wait_s=wait_s)
        raise


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _LEAST_SPACE
    except OSError:
        return False


def url_of(url_or_path: str | os.PathLike[str]) -> URL:
    """The address of a store as SQLAlchemy takes it; nothing is opened. Raises StoreError."""
    text = os.fspath(url_or_path)
    if "://" not in text:
        return URL.create("sqlite", database=str(Path(text).absolute()))
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise StoreError(f"not an address of a database: {text.partition('://')[0]}://...", hint=_ADDRESSES) from error
    kind = url.get_backend_name()
    if kind == "sqlite" and url.database:
        return URL.create("sqlite", database=str(Path(url.database).absolute()))
    if kind == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise StoreError(f"a store in {kind!r} is not known", hint=_ADDRESSES)


_ADDRESSES = "give the path of a file, or postgresql://USER@HOST/DATABASE"


def _prepare_file(path: Path, *, create: bool) -> None:
    if path.is_dir():
        raise StoreError("it is a folder, not a file", where=str(path), hint="name the file in it")
    if path.exists() and path.stat().st_size:
        return
    if (path.parent / COPIES).is_dir():
        raise StoreError(
            f"the file is {'empty' if path.exists() else 'gone'}, but copies of what was in it are there",
            where=str(path),
            hint=f"{DAMAGED_HINT}, or to begin anew here, remove the folder {COPIES}",
        )
    if not create:
        if path.exists():
            return
        raise ShopNotFoundError("there is no such shop", where=str(path), hint=_MAKE)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_file(path)
    except (OSError, sqlite3.Error) as error:
        if isinstance(error, sqlite3.Error):
            raise translate(error, str(path)) from error
        raise StoreError(
            f"the file cannot be made: {error.strerror}", where=str(path), hint="choose a folder that can be written"
        ) from error


def _make_file(path: Path) -> None:
    """An empty database in write-ahead mode. Several processes may do this at once."""
    deadline = time.monotonic() + WAIT_S
    while True:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as raw:
            try:
                raw.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                # SQLite does not wait its turn for this one statement.
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
        time.sleep(0.01)


def _prepare_tables(database: Database, *, create: bool) -> None:
    with database.snapshot() as connection:
        try:
            found = version_of(connection)
        except StoreError as error:
            raise translate(error, database.where) from error
    if found == SCHEMA_VERSION:
        return
    if database.read_only:
        _refuse_reading(found, database.where)
    with database.transaction() as connection:
        before = prepare(connection, create=create)
    if before is not None and before < SCHEMA_VERSION:
        log.warning("tables of %s brought from version %s to %s", database.where, before, SCHEMA_VERSION)


def _refuse_reading(found: int | None, where: str) -> None:
    try:
        if found is None:
            raise ShopNotFoundError("there is no shop in it", hint=_MAKE)
        check_version(found)
        raise StoreError(
            f"its tables are of version {found} and must be brought to version {SCHEMA_VERSION} first",
            hint="open it once for writing: shoplens doctor --shop DIR",
        )
    except (StoreError, ShopNotFoundError) as error:
        raise translate(error, where) from error
