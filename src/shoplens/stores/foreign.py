"""What does not belong into a shop's SQLite file: tables, views, triggers and indexes that no ShopLens has made.

A trigger in a file runs with the next write, as whoever writes. So a file that somebody hands over is opened for good
only if it holds nothing but what is known, as it is known.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine

from shoplens.errors import StoreError
from shoplens.stores.problems import translate
from shoplens.stores.schema import SCHEMA_VERSION, create_tables

_OWN = re.compile(r"sqlite_(autoindex_.*|sequence|stat[0-9])")
"""Made by SQLite itself."""
_ODD = re.compile(r"\b(VIRTUAL|CHECK|GENERATED|COLLATE)\b", re.IGNORECASE)
"""In the text of a table: none of ours has it."""
_DEFAULTS = (None, "0")

Objects = dict[tuple[str, str], str]
"""(type, name) -> the table that it belongs to."""


def refuse_foreign(path: Path) -> None:
    """Raises StoreError where a SQLite file holds anything but a shop's tables, or lacks some of what guards them."""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as given:
            found = next(_differences(given), None)
    except sqlite3.Error as error:
        raise translate(error, str(path)) from error
    if found:
        raise StoreError(
            f"it holds what no ShopLens has made: {found}",
            where=str(path),
            hint="of a shop of your own: drop it; of a backup: trust none of it and take another one",
        )


def _differences(given: sqlite3.Connection) -> Iterator[str]:
    """What of a file differs from one that is made now, one sentence each."""
    with contextlib.closing(_fresh()) as known:
        ours, theirs = _objects(known), _objects(given)
        for kind, name in sorted(theirs.keys() - ours.keys()):
            yield f"a {kind} {name!r}"
        for (kind, name), table in sorted(theirs.items()):
            if table != ours[kind, name]:
                yield f"a {kind} {name!r} of {table!r}"
            elif kind == "trigger" and _text(given, kind, name) != _text(known, kind, name):
                yield f"another trigger {name!r}"
            elif kind == "table" and _ODD.search(_text(given, kind, name)):
                yield f"a table {name!r} of another make"
            elif kind == "table" and (odd := _columns(given, name) - _columns(known, name)):
                yield f"columns of {name!r}: {', '.join(sorted(column for column, *_ in odd))}"
            elif kind == "index" and _parts(given, name) != _parts(known, name):
                yield f"another index {name!r}"
        if _version(given) == SCHEMA_VERSION:
            for kind, name in sorted(ours.keys() - theirs.keys()):
                yield f"no {kind} {name!r}"
            for kind, name in ours:
                if kind == "table" and _columns(known, name) - _columns(given, name):
                    yield f"too few columns of {name!r}"


def _fresh() -> sqlite3.Connection:
    """A store as it is made now, in memory."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        create_tables(connection)
        raw = connection.connection.dbapi_connection
        copy = sqlite3.connect(":memory:")
        connection.commit()
        raw.backup(copy)  # type: ignore[union-attr]
    engine.dispose()
    return copy


def _objects(connection: sqlite3.Connection) -> Objects:
    rows = connection.execute("SELECT type, name, tbl_name FROM sqlite_master").fetchall()
    return {(str(kind), str(name)): str(table) for kind, name, table in rows if not _OWN.fullmatch(str(name))}


def _text(connection: sqlite3.Connection, kind: str, name: str) -> str:
    row = connection.execute("SELECT sql FROM sqlite_master WHERE type = ? AND name = ?", (kind, name)).fetchone()
    return " ".join(str(row[0]).split())


def _columns(connection: sqlite3.Connection, table: str) -> set[tuple[str, bool, bool]]:
    """(name, whether it is a plain column, whether its default is one of ours). Types are SQLite's to ignore."""
    rows = connection.execute("SELECT name, hidden, dflt_value FROM pragma_table_xinfo(?)", (table,)).fetchall()
    return {
        (str(name), hidden == 0, default is None or str(default).strip("'\"") in _DEFAULTS)
        for name, hidden, default in rows
    }


def _parts(connection: sqlite3.Connection, index: str) -> tuple[object, ...]:
    """The columns of an index, whether it is unique, and whether it covers but a part of the rows."""
    rows = connection.execute("SELECT seqno, cid, name FROM pragma_index_xinfo(?) WHERE key = 1", (index,)).fetchall()
    table = connection.execute("SELECT tbl_name FROM sqlite_master WHERE name = ?", (index,)).fetchone()[0]
    facts = connection.execute("SELECT [unique], partial FROM pragma_index_list(?) WHERE name = ?", (table, index))
    return (*((seqno, cid == -2, name) for seqno, cid, name in rows), facts.fetchone())


def _version(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
    return int(row[0]) if row is not None and str(row[0]).isdigit() else 0
