"""The step before candidates: what the words of a query ask for becomes its filter, its exclusions and its boosts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Protocol

from shoplens.core.query import Query
from shoplens.core.understood import ColumnValues, Understood
from shoplens.core.where import All, Where, parse_where


class Understands(Protocol):
    """Reads words against what the catalogue can tell."""

    def understand(self, words: str, columns: ColumnValues, without: Collection[str] = ()) -> Understood:
        """What the words ask for; ``without``: ids of chips that are not wanted."""


def asked(query: Query, understands: Understands | None, columns: ColumnValues) -> tuple[Query, Understood]:
    """The query as it is looked for (the words that are left, the filter with what must hold), and what was
    understood of it."""
    if understands is None or not (query.understand and query.words):
        return query, Understood(query.words, (), query.words)
    understood = understands.understand(query.words, columns, query.without_chips)
    if not understood.chips:
        return query, understood
    terms = [term for chip in understood.chips if chip.filter and (term := parse_where(chip.filter)) is not None]
    return replace(query, words=understood.rest, where=_together(query.where, terms)), understood


def _together(where: Where | None, terms: list[Where]) -> Where | None:
    every = [*([] if where is None else [where]), *terms]
    return All(tuple(every)) if len(every) > 1 else every[0] if every else None
