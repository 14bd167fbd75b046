"""Facet counts over the filter columns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shoplens.core.answer import Facet, FacetValue
from shoplens.core.where import fold
from shoplens.indexes.columns_values import Bools, Ints
from shoplens.indexes.columns_view import Column, View


def facet(view: View, rows: Bools, name: str, limit: int) -> Facet:
    """The facet of one field over the rows of a mask (alive ones only). Raises UnknownFieldError."""
    allowed = _distinct(view.product_of_row[rows])
    column = view.column(name, "facet_by")
    if column is None:
        return Facet(name, missing=allowed)
    have = np.zeros(len(rows), bool)
    low: list[float] = []
    high: list[float] = []
    counts: list[FacetValue] = []
    if column.floats is not None:
        floats = np.where(rows[: len(column.floats)], column.floats, np.nan)
        present = ~np.isnan(floats)
        have[: len(floats)] |= present
        if present.any():
            low.append(float(np.nanmin(floats)))
            high.append(float(np.nanmax(floats)))
    entries: list[tuple[Ints, str]] = []
    if column.flags is not None:
        for value, text in ((1, "true"), (0, "false")):
            found = (column.flags == value) & rows[: len(column.flags)]
            have[: len(found)] |= found
            if len(column.codes):
                entries.append((np.flatnonzero(found).astype(np.int32), text))
            else:
                counts.append(FacetValue(text, _distinct(view.product_of_row[: len(found)][found])))
    if len(column.codes):
        counts += _texts(view, column, rows, have, low, high, entries)
    kept = sorted((c for c in counts if c.count), key=lambda c: (-c.count, fold(c.value), c.value))[:limit]
    missing = allowed - _distinct(view.product_of_row[have])
    return Facet(name, tuple(kept), min(low, default=None), max(high, default=None), missing)


def _texts(
    view: View,
    column: Column,
    rows: Bools,
    have: Bools,
    low: list[float],
    high: list[float],
    entries: list[tuple[Ints, str]],
) -> list[FacetValue]:
    """Counts of texts; marks the rows that have one; adds the least and greatest number where all are numbers.

    ``entries``: rows of yes/no values of the same field, with the text that they equal.
    """
    kept = rows[1 : 1 + len(column.codes)] if column.aligned else np.take(rows, column.rows, mode="clip")
    entry_rows = (np.flatnonzero(kept) + 1).astype(np.int32) if column.aligned else column.rows[kept]
    codes = column.codes[kept]
    have[entry_rows] = True
    classes, texts = column.values.classes(), column.values.texts
    found = np.bincount(codes, minlength=len(classes)) > 0
    numbers = column.values.numbers()[: len(classes)][found]
    if len(numbers) and not np.isnan(numbers).any():
        low.append(float(numbers.min()))
        high.append(float(numbers.max()))
    for more, text in entries:
        code = next((c for c in range(len(classes)) if fold(texts[c]) == text), None)
        if code is None:
            code, texts = len(classes), [*texts[: len(classes)], text]
            classes = np.append(classes, np.int32(code))
        entry_rows = np.concatenate([entry_rows, more])
        codes = np.concatenate([codes, np.full(len(more), code, np.int32)])
    if not len(codes):
        return []
    counts = _count(view.product_of_row[entry_rows], codes, classes)
    return [FacetValue(texts[code], int(counts[code])) for code in np.flatnonzero(counts)]


def _count(products: Ints, codes: Ints, classes: Ints) -> npt.NDArray[np.int64]:
    """int64 by code: the number of distinct products of each class of codes."""
    grouped = np.take(classes, codes, mode="clip")
    keys = products.astype(np.int64) * len(classes) + grouped
    rising = keys[1:] >= keys[:-1]
    if not rising.all():
        # Rows of a product stand together, so only codes of one class that are not neighbours come to this.
        keys = np.sort(keys)
    first = np.ones(len(keys), bool)
    first[1:] = keys[1:] != keys[:-1]
    return np.bincount(keys[first] % len(classes), minlength=len(classes))


def _distinct(products: Ints) -> int:
    """How many different products; those that are the same stand together."""
    return int(np.count_nonzero(products[1:] != products[:-1])) + 1 if len(products) else 0
