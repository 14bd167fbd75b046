"""Filter columns: the fields of all variants as arrays, a copy of the catalogue kept in memory.

Filters mean exactly what ``Where.matches`` means over ``core.catalogue.record``: a condition is worked out once
per distinct value of its field, then looked up for all rows at once.
Readers take the newest ``View`` and never wait; the writer adds rows behind what readers see and publishes a new view.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shoplens.core.answer import Facet
from shoplens.core.masks import fit
from shoplens.core.ports import Mask, Numbers, StoredProduct
from shoplens.core.query import SortKey
from shoplens.core.where import Where
from shoplens.indexes.columns_extract import extract
from shoplens.indexes.columns_facets import facets
from shoplens.indexes.columns_order import best_variants, sort_products
from shoplens.indexes.columns_snapshot import DamagedColumnsError, read_columns, write_columns
from shoplens.indexes.columns_values import Growing, Values
from shoplens.indexes.columns_view import Column, Entries, View

_LOG = logging.getLogger(__name__)
_COMPACT_FROM = 10_000
"""Fewest dead rows for which the columns are rewritten; then also a third of all rows must be dead."""


@dataclass(slots=True)
class _Texts:
    """Entries as the writer holds them; ``places`` and ``fresh`` are those of the batch."""

    at: Growing = field(default_factory=lambda: Growing(np.int32))
    codes: Growing = field(default_factory=lambda: Growing(np.int32))
    aligned: bool = True
    places: list[int] = field(default_factory=list)
    fresh: list[int] = field(default_factory=list)

    def flush(self, slots: Numbers | None) -> None:
        """Adds the batch, in order of slot (``slots`` by place, None where the place is the slot), then code."""
        at, codes = np.array(self.places, np.int32), np.array(self.fresh, np.int32)
        self.places.clear()
        self.fresh.clear()
        order = np.lexsort((at, codes, at if slots is None else slots[at]))
        self.put(at[order], codes[order])

    def put(self, at: npt.NDArray[np.int32], codes: npt.NDArray[np.int32]) -> None:
        """Adds sorted entries."""
        start = len(self.at) + 1
        if self.aligned and len(at) and not np.array_equal(at, np.arange(start, start + len(at))):
            self.aligned = False
        self.at.append(at)
        self.codes.append(codes)

    def entries(self) -> Entries:
        return Entries(self.at.view(), self.codes.view(), self.aligned)


@dataclass(slots=True)
class _Field:
    """A column as the writer holds it."""

    values: Values = field(default_factory=Values)
    shared: _Texts = field(default_factory=_Texts)
    own: _Texts = field(default_factory=_Texts)
    floats: Growing | None = None
    flags: Growing | None = None

    @classmethod
    def of(cls, column: Column) -> _Field:
        out = cls(column.values)
        for texts, entries in ((out.shared, column.shared), (out.own, column.own)):
            texts.at, texts.codes = Growing(np.int32, entries.at), Growing(np.int32, entries.codes)
            texts.aligned = entries.aligned
        out.floats = None if column.floats is None else Growing(np.float64, column.floats)
        out.flags = None if column.flags is None else Growing(np.int8, column.flags)
        return out

    def column(self) -> Column:
        return Column(
            self.values,
            self.shared.entries(),
            self.own.entries(),
            None if self.floats is None else self.floats.view(),
            None if self.flags is None else self.flags.view(),
        )

    def put(self, row: int, value: float | int | str) -> None:
        """One value of a row."""
        if isinstance(value, str):
            self.own.places.append(row)
            self.own.fresh.append(self.values.code(value))
        elif isinstance(value, bool):
            self.flags = self._dense(self.flags, np.int8, -1, row, value)
        else:
            self.floats = self._dense(self.floats, np.float64, np.nan, row, value)

    @staticmethod
    def _dense(array: Growing | None, dtype: npt.DTypeLike, none: float, row: int, value: float) -> Growing:
        """Sets the value of a row that is new; rows in between have none."""
        if array is None:
            array = Growing(dtype)
        if row > len(array):
            array.append(np.full(row - len(array), none))
        array.append((value,))
        return array


class ArrayColumns:
    """Implements the ports FilterColumns and ProductMap.

    Readers of any thread may call everything but ``replace`` at any time; ``replace`` may be called from several
    threads too, one goes at a time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fields: dict[str, _Field] = {}
        none, zero = np.zeros(1, np.int32), np.zeros(1, np.int64)
        self._slot_of_row = Growing(np.int64, zero)
        self._variant_of_row = Growing(np.int64, zero)
        self._product_of_slot = Growing(np.int32, none)
        self._first_row = Growing(np.int32, none)
        self._view = View(0, np.zeros(1, bool), zero, zero, none, none, zero, none, zero)

    @classmethod
    def open(cls, folder: Path) -> ArrayColumns:
        """The columns of the snapshot in a folder; empty ones, which stand at 0, if it is missing or damaged."""
        out = cls()
        try:
            view = read_columns(folder)
        except DamagedColumnsError as error:
            _LOG.warning("the snapshot of the filter columns in %s is not used: %s", folder, error)
            view = None
        if view is not None:
            out._take(view)
        return out

    def save(self, folder: Path) -> None:
        """Writes a snapshot: temporary file, fsync, rename. Writers need not wait.

        Raises:
            ShopError: the folder cannot be written to; the snapshot before is untouched.
        """
        write_columns(folder, self._view)

    def _take(self, view: View) -> None:
        self._slot_of_row = Growing(np.int64, view.slot_of_row)
        self._variant_of_row = Growing(np.int64, view.variant_of_row)
        self._product_of_slot = Growing(np.int32, view.product_of_slot)
        self._first_row = Growing(np.int32, view.first_row)
        self._fields = {name: _Field.of(column) for name, column in view.columns.items()}
        self._view = view

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

    def has(self, field: str) -> bool:
        """Whether any variant has had a value of the field."""
        return field in self._view.columns

    def values(self, field: str) -> Sequence[str]:
        """The different texts of a field that variants have or had; not to be written to."""
        column = self._view.columns.get(field)
        return () if column is None else column.values.texts

    def mask(self, where: Where | None) -> Mask:
        """bool by variant number: alive and meeting the filter. Not to be written to.

        Raises:
            UnknownFieldError: the filter names a field that no variant ever had; the hint names similar ones.
        """
        view = self._view
        if where is None:
            return view.everything
        return view.mask(where)

    def facets(
        self, variants: Mask, fields: Sequence[str], limit: int, chosen: Sequence[str] = ()
    ) -> tuple[Facet, ...]:
        """Counts of products (not variants) that have an allowed variant with the value, the ``limit`` largest of
        each field; ties in order of the value. Values that ``=`` does not tell apart count as one. Fields of numbers
        have minimum, maximum and ranges (over allowed variants) and, where they are prices or quantities, no counts.
        Categories have levels too, those below the ``chosen`` paths among them.

        Raises:
            UnknownFieldError: a field that no variant ever had.
        """
        view = self._view
        return facets(view, view.to_rows(variants), tuple(fields), limit, tuple(chosen))

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
        if variants is view.everything:
            return view.all_products
        if view.variants_are_products:
            out = fit(variants, len(view.product_of)).copy()
        else:
            out = np.zeros(len(view.slot_of), bool)
            out[view.product_of[np.flatnonzero(fit(variants, len(view.product_of)))]] = True
        out[0] = False  # the product of numbers that are not used
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
        last_variant = max((max(s.variant_numbers, default=0) for s in changed.values() if s), default=0)
        slot_of = _copy(old.slot_of, max(changed, default=0) + 1)
        row_of, product_of = _copy(old.row_of_variant, last_variant + 1), _copy(old.product_of, last_variant + 1)
        alive = old.alive.copy()
        gone = np.fromiter((slot for number in changed if (slot := slot_of[number])), np.int32)
        for slot in gone:
            rows = slice(old.first_row[slot], old.first_row[slot] + old.row_counts[slot])
            alive[rows] = False
            variants = old.variant_of_row[rows]
            row_of[variants] = product_of[variants] = 0
        slot_of[list(changed)] = 0
        start, first_slot = len(self._slot_of_row), len(self._product_of_slot)
        products = [number for number, stored in changed.items() if stored is not None]
        numbers: list[int] = []
        first_rows: list[int] = []
        counts: list[int] = []
        for slot, number in enumerate(products, first_slot):
            stored = changed[number]
            if stored is not None:
                first_rows.append(start + len(numbers))
                counts.append(len(stored.variant_numbers))
                self._add(slot, start + len(numbers), stored)
                numbers += stored.variant_numbers
        slots = np.arange(first_slot, first_slot + len(products), dtype=np.int32)
        self._slot_of_row.append(np.repeat(slots, counts))
        self._variant_of_row.append(numbers)
        self._product_of_slot.append(products)
        self._first_row.append(first_rows)
        row_of[numbers] = np.arange(start, start + len(numbers))
        product_of[numbers] = np.repeat(np.array(products, np.int64), counts)
        slot_of[products] = slots
        columns = dict(old.columns)
        for name, column in self._fields.items():
            touched = column.floats is not None or column.flags is not None or name not in columns
            if column.shared.places:
                column.shared.flush(None)
                touched = True
            if column.own.places:
                column.own.flush(self._slot_of_row.view())
                touched = True
            if touched:
                columns[name] = column.column()
        self._view = View(
            seq,
            np.concatenate([alive, np.ones(len(numbers), bool)]),
            self._slot_of_row.view(),
            self._variant_of_row.view(),
            self._product_of_slot.view(),
            self._first_row.view(),
            row_of,
            slot_of,
            product_of,
            columns,
        )
        dead = len(self._view.alive) - int(np.count_nonzero(self._view.alive))
        if dead > _COMPACT_FROM and dead * 3 > len(self._view.alive):
            self._compact()

    def _add(self, slot: int, row: int, stored: StoredProduct) -> None:
        shared, own = extract(stored.product)
        for name, values in shared.items():
            column = self._field(name)
            for value in values:
                column.shared.places.append(slot)
                column.shared.fresh.append(column.values.code(value))
        for place, fields in enumerate(own, row):
            for name, values in fields.items():
                column = self._field(name)
                for value in values:
                    column.put(place, value)

    def _field(self, name: str) -> _Field:
        found = self._fields.get(name)
        if found is None:
            found = self._fields[name] = _Field()
        return found

    def _compact(self) -> None:
        """Leaves the dead rows and slots out of all columns. Readers keep the view that they have."""
        view = self._view
        rows = view.alive.copy()
        slots = view.to_slots(rows)
        rows[0] = slots[0] = True
        new_row, new_slot = _renumber(rows), _renumber(slots)
        self._slot_of_row = Growing(np.int64, new_slot[view.slot_of_row[rows]])
        self._variant_of_row = Growing(np.int64, view.variant_of_row[rows])
        self._product_of_slot = Growing(np.int32, view.product_of_slot[slots])
        self._first_row = Growing(np.int32, new_row[view.first_row[slots]])
        self._fields = {
            name: _compacted(column.column(), rows, slots, new_row, new_slot) for name, column in self._fields.items()
        }
        alive = np.ones(int(np.count_nonzero(rows)), bool)
        alive[0] = False
        self._view = View(
            view.seq,
            alive,
            self._slot_of_row.view(),
            self._variant_of_row.view(),
            self._product_of_slot.view(),
            self._first_row.view(),
            new_row[view.row_of_variant].astype(np.int64),
            new_slot[view.slot_of],
            view.product_of,
            {name: column.column() for name, column in self._fields.items()},
        )


def _compacted(
    column: Column, rows: Mask, slots: Mask, new_row: npt.NDArray[np.int32], new_slot: npt.NDArray[np.int32]
) -> _Field:
    """A column without dead rows and slots, and without the texts that only they had."""
    shared_at, shared = column.shared.within(slots)
    own_at, own = column.own.within(rows)
    used = np.zeros(len(column.values), bool)
    used[shared] = used[own] = True
    fresh = _Field(Values(column.values.texts[code] for code in np.flatnonzero(used)))
    new_code = _renumber(used)
    # New codes keep the order of the old ones, so entries stay sorted within their product.
    fresh.shared.put(new_slot[shared_at], new_code[shared])
    fresh.own.put(new_row[own_at], new_code[own])
    if column.floats is not None:
        fresh.floats = Growing(np.float64, column.floats[rows[: len(column.floats)]])
    if column.flags is not None:
        fresh.flags = Growing(np.int8, column.flags[rows[: len(column.flags)]])
    return fresh


def _renumber(kept: Mask) -> npt.NDArray[np.int32]:
    """int32 by old place: the new place of those that are kept, 0 for the others."""
    return np.where(kept, np.cumsum(kept) - 1, 0).astype(np.int32)


def _copy(array: np.ndarray[Any, Any], size: int) -> np.ndarray[Any, Any]:
    """A copy that has at least ``size`` places; new ones are 0."""
    out = np.zeros(max(size, len(array)), array.dtype)
    out[: len(array)] = array
    return out
