"""Filter columns: the fields of all variants as arrays, a copy of the catalogue kept in memory.

Filters mean exactly what ``Where.matches`` means over ``core.catalogue.record``: a condition is worked out once
per distinct value of its field, then looked up for all rows at once.
Readers take the newest ``View`` and never wait; the writer adds rows behind what readers see and publishes a new view.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from shoplens.core.answer import Facet
from shoplens.core.catalogue import record
from shoplens.core.ports import Mask, Numbers, StoredProduct
from shoplens.core.query import SortKey
from shoplens.core.where import Where
from shoplens.indexes.columns_facets import facet
from shoplens.indexes.columns_order import best_variants, sort_products
from shoplens.indexes.columns_values import Growing, Values
from shoplens.indexes.columns_view import Column, View, fit

_COMPACT_FROM = 10_000
"""Fewest dead rows for which the columns are rewritten; then also a third of all rows must be dead."""


@dataclass(slots=True)
class _Field:
    """A column as the writer holds it. ``pending``: (product's place in the batch, code, row) of the batch."""

    values: Values = field(default_factory=Values)
    rows: Growing = field(default_factory=lambda: Growing(np.int32))
    codes: Growing = field(default_factory=lambda: Growing(np.int32))
    aligned: bool = True
    floats: Growing | None = None
    flags: Growing | None = None
    pending: list[tuple[int, int, int]] = field(default_factory=list)

    def column(self) -> Column:
        return Column(
            self.values,
            self.rows.view(),
            self.codes.view(),
            self.aligned,
            None if self.floats is None else self.floats.view(),
            None if self.flags is None else self.flags.view(),
        )

    def put(self, rows: np.ndarray[Any, Any], codes: np.ndarray[Any, Any]) -> None:
        """Adds entries that are sorted by product and code."""
        start = len(self.rows) + 1
        if self.aligned and not (rows[0] == start and np.array_equal(rows, np.arange(start, start + len(rows)))):
            self.aligned = False
        self.rows.append(rows)
        self.codes.append(codes)

    def put_dense(self, name: str, row: int, value: float | int) -> None:
        """Sets the value of a row in ``floats`` or ``flags``; rows between have none."""
        array: Growing | None = getattr(self, name)
        if array is None:
            array = Growing(np.float64 if name == "floats" else np.int8)
            setattr(self, name, array)
        if row >= len(array):
            none = np.nan if name == "floats" else -1
            array.append(np.full(row - len(array), none) if row > len(array) else [])
            array.append([value])
        else:
            array.view()[row] = value


class ArrayColumns:
    """Implements the ports FilterColumns and ProductMap.

    Readers of any thread may call everything but ``replace`` at any time; ``replace`` may be called from several
    threads too, one goes at a time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fields: dict[str, _Field] = {}
        self._product_of_row = Growing(np.int32, np.zeros(1, np.int32))
        self._variant_of_row = Growing(np.int32, np.zeros(1, np.int32))
        none = np.zeros(1, np.int32)
        self._view = View(0, np.zeros(1, bool), none, none, none, none, none, np.zeros(1, np.int64))

    # --- reading -------------------------------------------------------------------------------

    @property
    def seq(self) -> int:
        """The sequence number up to which this copy stands."""
        return self._view.seq

    @property
    def product_of(self) -> Numbers:
        """int64 by variant number: its product's number (0 where the number is not used)."""
        return self._view.product_of

    def fields(self) -> tuple[str, ...]:
        """All attributes and reserved fields that any variant has had, sorted."""
        return tuple(sorted(self._view.columns))

    def mask(self, where: Where | None) -> Mask:
        """bool by variant number: alive and meeting the filter.

        Raises:
            UnknownFieldError: the filter names a field that no variant ever had; the hint names similar ones.
        """
        view = self._view
        if where is None:
            return view.row_of_variant > 0
        return view.to_variants(view.rows_meeting(where))

    def facets(self, variants: Mask, fields: Sequence[str], limit: int) -> tuple[Facet, ...]:
        """Counts of products (not variants) that have an allowed variant with the value, the ``limit`` largest of
        each field; ties in order of the value. Values that ``=`` does not tell apart count as one. Fields of numbers
        have a minimum and maximum (over allowed variants) and, where they are prices or quantities, no counts.

        Raises:
            UnknownFieldError: a field that no variant ever had.
        """
        view = self._view
        rows = view.to_rows(variants)
        return tuple(facet(view, rows, name, limit) for name in fields)

    def order(self, products: Numbers, variants: Mask, keys: Sequence[SortKey]) -> Numbers:
        """The products sorted; each by its best allowed variant (the least value ascending, the greatest descending);
        numbers come before texts, products without the field last in both directions; ties keep the order given.

        Raises:
            UnknownFieldError: a field that no variant ever had.
        """
        view = self._view
        return sort_products(view, products, view.to_rows(variants), keys)

    def products(self, variants: Mask) -> Mask:
        """bool by product number: has an allowed variant."""
        view = self._view
        out = np.zeros(len(view.row_count), bool)
        out[view.product_of[fit(variants, len(view.product_of))]] = True
        out[0] = False
        return out

    def best_variant(self, products: Numbers, variants: Mask) -> Numbers:
        """For each product its first allowed variant: in stock before unknown before out of stock, then the shop's
        order. 0 for a product that has no allowed variant."""
        return best_variants(self._view, products, variants)

    # --- writing -------------------------------------------------------------------------------

    def replace(self, changed: Mapping[int, StoredProduct | None], seq: int) -> None:
        """Product number -> product from now on (None: gone); then stands at ``seq``. Seen by readers all at once."""
        with self._lock:
            self._replace(changed, seq)

    def _replace(self, changed: Mapping[int, StoredProduct | None], seq: int) -> None:
        old = self._view
        last_product = max(changed, default=0)
        last_variant = max((max(s.variant_numbers, default=0) for s in changed.values() if s), default=0)
        first_row, row_count = _copy(old.first_row, last_product + 1), _copy(old.row_count, last_product + 1)
        row_of, product_of = _copy(old.row_of_variant, last_variant + 1), _copy(old.product_of, last_variant + 1)
        alive = old.alive.copy()
        for number in changed:
            rows = np.arange(first_row[number], first_row[number] + row_count[number])
            variants = old.variant_of_row[rows]
            alive[rows] = False
            row_of[variants] = product_of[variants] = 0
            first_row[number] = row_count[number] = 0
        start = row = len(self._product_of_row)
        products: list[int] = []
        numbers: list[int] = []
        for place, (number, stored) in enumerate(changed.items()):
            if stored is None:
                continue
            first_row[number], row_count[number] = row, len(stored.variant_numbers)
            for variant, _ in zip(stored.product.variants, stored.variant_numbers, strict=True):
                self._add(place, row, record(stored.product, variant))
                row += 1
            products += [number] * len(stored.variant_numbers)
            numbers += stored.variant_numbers
        self._product_of_row.append(products)
        self._variant_of_row.append(numbers)
        fresh = np.arange(start, row, dtype=np.int32)
        row_of[numbers] = fresh
        product_of[numbers] = products
        columns = dict(old.columns)
        for name, column in self._fields.items():
            if column.pending:
                self._flush(column)
            elif name in columns and column.floats is None and column.flags is None:
                continue
            columns[name] = column.column()
        self._view = View(
            seq,
            np.concatenate([alive, np.ones(len(fresh), bool)]),
            self._product_of_row.view(),
            self._variant_of_row.view(),
            row_of,
            first_row,
            row_count,
            product_of,
            columns,
        )
        dead = len(self._view.alive) - int(self._view.alive.sum())
        if dead > _COMPACT_FROM and dead * 3 > len(self._view.alive):
            self._compact()

    def _compact(self) -> None:
        """Leaves the dead rows out of all columns. Readers keep the view that they have."""
        view = self._view
        kept = np.flatnonzero(view.alive)
        new_row = np.zeros(len(view.alive), np.int32)
        new_row[kept] = np.arange(1, 1 + len(kept))
        zero = np.zeros(1, np.int32)
        self._product_of_row = Growing(np.int32, np.concatenate([zero, view.product_of_row[kept]]))
        self._variant_of_row = Growing(np.int32, np.concatenate([zero, view.variant_of_row[kept]]))
        for name, column in self._fields.items():
            self._fields[name] = _compacted(column.column(), view.alive, kept, new_row)
        self._view = View(
            view.seq,
            np.concatenate([[False], np.ones(len(kept), bool)]),
            self._product_of_row.view(),
            self._variant_of_row.view(),
            new_row[view.row_of_variant],
            new_row[view.first_row],
            view.row_count,
            view.product_of,
            {name: column.column() for name, column in self._fields.items()},
        )

    def _add(self, place: int, row: int, values: Mapping[str, tuple[Any, ...]]) -> None:
        for name, some in values.items():
            column = self._fields.get(name)
            if column is None:
                column = self._fields[name] = _Field()
            for value in some:
                if isinstance(value, bool):
                    column.put_dense("flags", row, int(value))
                elif isinstance(value, float):
                    column.put_dense("floats", row, value)
                else:
                    column.pending.append((place, column.values.code(value), row))

    @staticmethod
    def _flush(column: _Field) -> None:
        entries = np.array(column.pending, np.int32).reshape(-1, 3)
        column.pending.clear()
        entries = entries[np.lexsort((entries[:, 2], entries[:, 1], entries[:, 0]))]
        column.put(entries[:, 2], entries[:, 1])


def _compacted(column: Column, alive: Mask, kept: Numbers, new_row: np.ndarray[Any, Any]) -> _Field:
    """A column without its dead rows, and without the texts that only dead rows had."""
    keep = alive[column.rows]
    rows, codes = new_row[column.rows[keep]], column.codes[keep]
    used = np.bincount(codes, minlength=len(column.values)) > 0
    fresh = _Field(Values(column.values.texts[code] for code in np.flatnonzero(used)))
    if len(rows):
        # New codes keep the order of the old ones, so entries stay sorted within their product.
        fresh.put(rows, (np.cumsum(used) - 1)[codes].astype(np.int32))
    for name, dtype in (("floats", np.float64), ("flags", np.int8)):
        dense = getattr(column, name)
        if dense is not None:
            inside = kept[kept < len(dense)]
            setattr(fresh, name, Growing(dtype, np.concatenate([dense[:1], dense[inside]])))
    return fresh


def _copy(array: np.ndarray[Any, Any], size: int) -> np.ndarray[Any, Any]:
    """A copy that has at least ``size`` places; new ones are 0."""
    out = np.zeros(max(size, len(array)), array.dtype)
    out[: len(array)] = array
    return out
