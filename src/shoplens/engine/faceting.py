"""Facets of an answer: each counts as if the filter said nothing of its own field, and all else held.

So a shopper who ticked "red" still sees how many are blue. What was understood of the words is no tick: it holds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from shoplens.core.answer import Facet
from shoplens.core.facet_terms import ticked, without_own
from shoplens.core.ports import Mask, Numbers
from shoplens.core.query import Query
from shoplens.core.where import Where
from shoplens.engine.copy_ports import Columns

Found = tuple[Mask, Numbers]
"""Variants that a filter allows, and the numbers of the products that a query then finds."""


def count_facets(
    query: Query,
    where: Where | None,
    found: Found,
    loosened: Callable[[Where | None], Found],
    columns: Columns,
) -> tuple[Facet, ...]:
    """The facets that a query asks for.

    Args:
        query: the query.
        where: its filter as it was given, without what was understood of its words.
        found: what it finds.
        loosened: what it would find with another filter in the place of ``where``.
        columns: the filter columns.

    Raises:
        UnknownFieldError: a field that no variant ever had.
    """
    known: dict[Where | None, Found] = {where: found}
    out: list[Facet] = []
    for field in query.facet_by:
        rest, own = without_own(where, field)
        if rest not in known:
            known[rest] = loosened(rest)
        rows = _within(*known[rest], columns.product_of)
        out += columns.facets(rows, (field,), query.max_facet_values, ticked(own))
    return tuple(out)


def _within(allowed: Mask, result: Numbers, product_of: Numbers) -> Mask:
    """The allowed variants of the products that are found."""
    inside = np.zeros(max(int(product_of.max(initial=0)), int(result.max(initial=0))) + 1, bool)
    inside[result] = True
    size = min(len(allowed), len(product_of))
    return allowed[:size] & inside[product_of[:size]]
