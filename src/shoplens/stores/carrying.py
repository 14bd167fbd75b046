"""A whole store carried elsewhere: into one SQLite file of one moment, and from such a file into a database."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Integer, func, inspect, select

from shoplens.core.spaces import Modality, Space
from shoplens.errors import ShopNotFoundError, StoreError
from shoplens.stores import checking
from shoplens.stores.backup import copy_file, replaced_when_whole
from shoplens.stores.connections import Database
from shoplens.stores.opening import url_of
from shoplens.stores.problems import translate
from shoplens.stores.schema import MIGRATIONS, SCHEMA_VERSION, check_version, meta, metadata, version_of

_ROWS = 1_000
_EMPTY = "name a database without tables: createdb NAME, or CREATE SCHEMA"


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What a store holds: version of its tables, newest sequence number, rows of each table, bytes (0: not known)."""

    version: int
    sequence: int
    rows: Mapping[str, int]
    size: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step from a version of the tables to the next, and what it does."""

    version: int
    to: int
    does: str


def steps_from(version: int) -> list[Step]:
    """The steps that lead from a version to today's. Raises StoreError where it is newer than this ShopLens."""
    check_version(version)
    return [Step(n, n + 1, (MIGRATIONS[n].__doc__ or "").strip().rstrip(".")) for n in range(version, SCHEMA_VERSION)]


def facts_of(url_or_path: str | os.PathLike[str]) -> StoreFacts:
    """What a store of any version holds, nothing of it changed.

    Raises:
        ShopNotFoundError: there is none.
        StoreError: it cannot be read, or is not a shop's.
    """
    with _reading(url_or_path) as (database, connection):
        size = Path(database.where).stat().st_size if database.is_sqlite else 0
        return _facts(connection, size)


def missing_in(url_or_path: str | os.PathLike[str], space: Space) -> dict[Modality, int]:
    """How many products of a store of any version lack a vector in a space. Raises as ``facts_of`` does."""
    with _reading(url_or_path) as (_, connection):
        return checking.missing_vectors(connection, space)


def read_meta(url_or_path: str | os.PathLike[str], key: str) -> str | None:
    """A setting of a store of any version; None where it has none. Raises as ``facts_of`` does."""
    with _reading(url_or_path) as (_, connection):
        found = connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()
        return None if found is None else str(found)


def copy_store(url_or_path: str | os.PathLike[str], target: Path) -> StoreFacts:
    """Writes a store as it is at one moment into a SQLite file, while reading and writing go on; fsynced.

    A SQLite store is copied as it is, whatever the version of its tables. Of a PostgreSQL database the rows are copied.

    Returns:
        What the copy holds.

    Raises:
        ShopNotFoundError: there is no store.
        StoreError: it cannot be read or written, is not a shop's, or is in PostgreSQL with tables of another version.
    """
    with _reading(url_or_path) as (database, connection):
        version = version_of(connection)
        if database.is_sqlite:
            copy_file(connection.connection.dbapi_connection, database.where, target)
        elif version != SCHEMA_VERSION:
            raise StoreError(
                f"its tables are of version {version}; rows of version {SCHEMA_VERSION} alone can be copied",
                where=database.where,
                hint="run: pg_dump DATABASE, or: shoplens migrate --no-backup --shop DIR",
            )
        else:
            with replaced_when_whole(target, database.where) as part:
                _rows_to_file(connection, part)
    return facts_of(target)


def fill_store(source: Path, url: str) -> None:
    """Copies all rows of a SQLite file into a database without tables, in one transaction.

    Raises:
        StoreError: the database has tables, refuses, or the file's tables are of another version.
    """
    with _reading(source) as (_, rows):
        version = version_of(rows)
        if version != SCHEMA_VERSION:
            raise StoreError(
                f"its tables are of version {version}; rows of version {SCHEMA_VERSION} alone can be copied",
                where=str(source),
                hint="restore it without --database, and run: shoplens migrate",
            )
        database = Database(url_of(url))
        try:
            with database.transaction() as connection:
                if inspect(connection).get_table_names():
                    raise StoreError("the database is not empty", where=database.where, hint=_EMPTY)
                metadata.create_all(connection, checkfirst=False)
                _copy_rows(rows, connection)
        finally:
            database.close()


def refuse_damaged(path: Path) -> None:
    """Looks through every page and every table of a SQLite file. Raises StoreError with what is wrong."""
    with _reading(path) as (database, connection):
        if version_of(connection) == SCHEMA_VERSION:
            found = checking.problems(connection)
        else:
            said = connection.exec_driver_sql("PRAGMA quick_check(5)").scalars().all()
            found = [line for line in said if line != "ok"]
    if found:
        raise StoreError(found[0], where=database.where, hint="take another backup")


def make_ready(path: Path) -> None:
    """Puts a copy back into write-ahead mode, as a shop's own file is: else readers and writers wait for each other."""
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as raw:
            raw.execute("PRAGMA synchronous=FULL")
            raw.execute("PRAGMA journal_mode=WAL")
    except sqlite3.Error as error:
        raise translate(error, str(path)) from error


@contextlib.contextmanager
def _reading(url_or_path: str | os.PathLike[str]) -> Iterator[tuple[Database, Connection]]:
    database = Database(url_of(url_or_path), read_only=True)
    if database.is_sqlite and not Path(database.where).is_file():
        raise ShopNotFoundError("there is no such shop", where=database.where, hint="name its folder: --shop DIR")
    try:
        with database.snapshot() as connection:
            if version_of(connection) is None:
                raise ShopNotFoundError("there is no shop in it", where=database.where, hint="name its folder: --shop")
            yield database, connection
    finally:
        database.close()


def _facts(connection: Connection, size: int) -> StoreFacts:
    there = set(inspect(connection).get_table_names())
    rows = {
        str(table.name): int(connection.execute(select(func.count()).select_from(table)).scalar_one())
        for table in metadata.sorted_tables
        if table.name in there
    }
    sequence = connection.exec_driver_sql("SELECT seq FROM counters").scalar()
    return StoreFacts(version_of(connection) or 0, int(sequence or 0), rows, size)


def _rows_to_file(connection: Connection, path: Path) -> None:
    path.unlink()  # the database makes its own
    path.touch(0o600)
    database = Database(url_of(path))
    try:
        with database.transaction() as target:
            metadata.create_all(target, checkfirst=False)
            _copy_rows(connection, target)
    finally:
        database.close()


def _copy_rows(source: Connection, target: Connection) -> None:
    for table in metadata.sorted_tables:
        found = source.execution_options(yield_per=_ROWS).execute(select(table))
        for part in found.mappings().partitions():
            target.execute(table.insert(), [dict(row) for row in part])
        number = table.autoincrement_column
        if target.dialect.name == "postgresql" and number is not None and isinstance(number.type, Integer):
            # Rows that bring their numbers leave the database's own counter where it was.
            largest = select(func.max(number)).scalar_subquery()
            target.execute(
                select(func.setval(func.pg_get_serial_sequence(table.name, number.name), func.coalesce(largest, 1)))
            )
