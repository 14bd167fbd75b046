"""Sorting products and choosing variants over the filter columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from shoplens.core.masks import fit
from shoplens.core.query import SortKey
from shoplens.indexes.columns_values import Bools, pick
from shoplens.indexes.columns_view import Column, View


def sort_products(
    view: View, products: npt.NDArray[np.int64], rows: Bools, keys: Sequence[SortKey]
) -> npt.NDArray[np.int64]:
    """The products sorted by the keys over the rows of a mask (alive ones only). Raises UnknownFieldError."""
    if not keys:
        return products
    columns = [(key, _best(view, view.column(key.field, "sort_by"), rows, key.descending)) for key in keys]
    wanted = np.where((products >= 0) & (products < len(view.slot_of)), products, 0)
    levels: list[npt.NDArray[np.float64]] = []
    for key, (first, second) in reversed(columns):
        for level in (second, first):
            mine = level[wanted]
            levels.append(-mine if key.descending else mine)
    order = np.lexsort([np.where(np.isnan(level), np.inf, level) for level in levels])
    return products[order]


def _best(
    view: View, column: Column | None, rows: Bools, descending: bool
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """float64 by product number, twice: (0 number or yes/no, 1 text) and the value within; NaN where there is none."""
    size = len(view.slot_of)
    kind, best = np.full(size, np.nan), np.full(size, np.nan)
    if column is None:
        return kind, best
    parts: list[tuple[float, npt.NDArray[np.float64], npt.NDArray[Any]]] = []
    if column.floats is not None:
        keep = rows[: len(column.floats)] & ~np.isnan(column.floats)
        parts.append((0.0, pick(column.floats, keep), pick(view.slot_of_row, keep)))
    if column.flags is not None:
        keep = rows[: len(column.flags)] & (column.flags >= 0)
        parts.append((0.0, pick(column.flags, keep).astype(np.float64), pick(view.slot_of_row, keep)))
    for entries, places, is_row in ((column.shared, view.to_slots(rows), False), (column.own, rows, True)):
        at, codes = entries.within(places)
        if len(codes):
            numbers, slots = column.values.numbers()[codes], view.slot_of_row[at] if is_row else at
            text = np.isnan(numbers)
            parts.append((0.0, numbers[~text], slots[~text]))
            parts.append((1.0, column.values.ranks()[codes[text]].astype(np.float64), slots[text]))
    # The part that wins is written last: texts are the least wanted ascending, the most wanted descending.
    reduce = np.maximum if descending else np.minimum
    for level in (0.0, 1.0) if descending else (1.0, 0.0):
        for part, values, slots in parts:
            if not len(values) or part != level:
                continue
            starts = np.flatnonzero(np.concatenate([[True], slots[1:] != slots[:-1]]))
            found, ids = reduce.reduceat(values, starts), view.product_of_slot[slots[starts]]
            same = kind[ids] == level
            best[ids] = np.where(same, reduce(best[ids], found), found)
            kind[ids] = level
    return kind, best


def best_variants(view: View, products: npt.NDArray[np.int64], variants: Bools) -> npt.NDArray[np.int64]:
    """For each product the number of its first allowed variant, in stock first; 0 where none is allowed."""
    out = np.zeros(len(products), np.int64)
    allowed = fit(variants, len(view.row_of_variant))
    known = (products > 0) & (products < len(view.slot_of))
    ids = np.where(known, products, 0)
    slots = view.slot_of[ids]
    counts = np.where(slots > 0, view.row_counts[slots], 0).astype(np.int64)
    total = int(counts.sum())
    if not total:
        return out
    owner = np.repeat(np.arange(len(products)), counts)
    offset = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    rows = view.first_row[slots].astype(np.int64)[owner] + offset
    numbers = view.variant_of_row[rows]
    keep = allowed[numbers]
    column = view.columns.get("in_stock")
    rank = np.ones(len(rows), np.int64)
    if column is not None and column.flags is not None:
        inside = rows < len(column.flags)
        flags = column.flags[rows[inside]]
        rank[inside] = np.where(flags == 1, 0, np.where(flags == 0, 2, 1))
    score = (rank * (total + 1) + offset)[keep]
    owner, numbers = owner[keep], numbers[keep]
    order = np.lexsort((score, owner))
    owner, numbers = owner[order], numbers[order]
    first = np.ones(len(owner), bool)
    first[1:] = owner[1:] != owner[:-1]
    out[owner[first]] = numbers[first]
    return out
