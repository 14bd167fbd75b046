"""Statements written in SQLAlchemy Core, compiled once and run on the driver itself: for what is asked often."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, CompoundSelect, Dialect, Integer, Select, bindparam


def number_named(name: str) -> BindParameter[int]:
    """A parameter that takes a whole number."""
    return bindparam(name, type_=Integer)


class Statement:
    """A Core statement compiled for a dialect, to be run on a driver's own connection."""

    def __init__(self, statement: Select[Any] | CompoundSelect[Any], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        self._order: list[str] | None = getattr(compiled, "positiontup", None)
        self._fixed: dict[str, object] = dict(compiled.params)  # such as the OFFSET 0 that SQLite's LIMIT gets

    def rows(self, raw: Any, **values: object) -> list[tuple[Any, ...]]:
        """All rows; ``values`` are the statement's parameters by name."""
        named = self._fixed | values
        given = named if self._order is None else tuple(named[name] for name in self._order)
        rows: list[tuple[Any, ...]] = raw.execute(self._sql, given).fetchall()
        return rows
