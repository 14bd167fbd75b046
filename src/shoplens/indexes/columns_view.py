"""What readers of the filter columns see: one immutable state of all columns.

Every version of a product takes a slot, added at the end, and every variant of it a row; the rows of a slot stand
together, in the shop's order. Slot 0 and row 0 are never used. A replaced product's old slot and rows are dead.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from shoplens.core.catalogue import RESERVED_FIELDS
from shoplens.core.masks import fit
from shoplens.core.ports import Numbers
from shoplens.core.where import All, Any_, Compare, Has, In, Not, Where
from shoplens.errors import UnknownFieldError
from shoplens.indexes.columns_values import Bools, Floats, Ints, Values, flag_hits, number_hits, pick


@dataclass(frozen=True, slots=True)
class Entries:
    """Entry i says that place ``at[i]`` (a slot, or a row) has the text ``codes[i]``; in order of slot, then code.
    ``aligned``: entry i is of place i + 1, so that ``at`` need not be read."""

    at: Ints
    codes: Ints
    aligned: bool

    def mark(self, hits: Bools | None, out: Bools) -> None:
        """Sets ``out`` where a place has a text whose code is in ``hits`` (None: any text)."""
        if self.aligned:
            out[1 : 1 + len(self.at)] |= True if hits is None else self._hit(hits)
        elif hits is None:
            out[self.at] = True
        else:
            out[pick(self.at, self._hit(hits))] = True

    def _hit(self, hits: Bools) -> Bools:
        """bool by entry: its code is in ``hits``. One code, as of "color=red", is compared: a tenth of a gather."""
        few = np.flatnonzero(hits)
        if len(few) == 1:
            return np.equal(self.codes, self.codes.dtype.type(few[0]))
        return np.take(hits, self.codes, mode="clip")

    def within(self, places: Bools) -> tuple[Ints, Ints]:
        """``at`` and ``codes`` of the entries whose place is in a mask."""
        if self.aligned:
            keep = places[1 : 1 + len(self.at)]
        else:
            keep = np.take(places, self.at, mode="clip")
        kept = np.flatnonzero(keep)
        return self.at.take(kept), self.codes.take(kept)


@dataclass(frozen=True, slots=True)
class Column:
    """One field: texts that all variants of a product share (``shared``, by slot), texts of variants (``own``, by row);
    ``floats`` and ``flags`` hold, by row, the values that are no texts (NaN and -1: none); they may be shorter
    than the rows. No product has both shared and own texts of one field."""

    values: Values
    shared: Entries
    own: Entries
    floats: Floats | None = None
    flags: npt.NDArray[np.int8] | None = None


KEPT_BYTES = 16_000_000
"""Of masks that a view keeps: 160 at 100,000 variants."""


@dataclass(frozen=True)
class View:
    """All columns at one moment.

    By row: ``alive``, ``slot_of_row``, ``variant_of_row``. By slot: ``product_of_slot``, ``first_row``.
    By variant number: ``row_of_variant`` (0: none), ``product_of``. By product number: ``slot_of``, (0: none).
    """

    seq: int
    alive: Bools
    slot_of_row: Numbers
    variant_of_row: Numbers
    product_of_slot: Ints
    first_row: Ints
    row_of_variant: Numbers
    slot_of: Ints
    product_of: npt.NDArray[np.int64]
    columns: Mapping[str, Column] = field(default_factory=dict)

    @cached_property
    def row_counts(self) -> Ints:
        """int32 by slot: the number of its rows."""
        return np.diff(self.first_row, append=np.int32(len(self.alive)))

    @cached_property
    def rows_are_slots(self) -> bool:
        """Whether row i is of slot i, as where every product has one variant."""
        return _counts_up(self.slot_of_row)

    @cached_property
    def rows_are_variants(self) -> bool:
        """Whether row i is of variant i, as after the first indexing."""
        return len(self.row_of_variant) == len(self.alive) and _counts_up(self.row_of_variant)

    @cached_property
    def variants_are_products(self) -> bool:
        """Whether variant i is of product i, as where every product has one variant."""
        return len(self.product_of) == len(self.slot_of) and _counts_up(self.product_of)

    @cached_property
    def everything(self) -> Bools:
        """bool by variant number: alive. Not to be written to."""
        return _sealed(self.row_of_variant > 0)

    @cached_property
    def all_products(self) -> Bools:
        """bool by product number: has a variant that is alive. Not to be written to."""
        return _sealed(self.slot_of > 0)

    def column(self, name: str, where: str) -> Column | None:
        """A field's column, None for a reserved field that no variant has had yet. Raises UnknownFieldError."""
        found = self.columns.get(name)
        if found is None and name not in RESERVED_FIELDS:
            raise unknown_field(name, where, self.columns)
        return found

    @cached_property
    def kept(self) -> dict[Where, Bools]:
        """Masks by variant number of the filters asked last."""
        return {}

    def mask(self, where: Where) -> Bools:
        """bool by variant number: alive and meeting the filter. Not to be written to. Raises UnknownFieldError.

        Kept for the filters asked last, up to `KEPT_BYTES`: a shop's filters, and what its queries are understood to
        mean, come again and again ("in_stock", "color=red"). A view never changes, so what is kept stays right.
        """
        kept = self.kept.get(where)
        if kept is None:
            kept = _sealed(self.to_variants(self.rows_meeting(where)))
            if (len(self.kept) + 1) * len(kept) > KEPT_BYTES:
                self.kept.clear()
            self.kept[where] = kept
        return kept

    def rows_meeting(self, where: Where) -> Bools:
        """bool by row: the filter is met, whether the row is alive or not. Raises UnknownFieldError."""
        if isinstance(where, Not):
            return ~self.rows_meeting(where.term)
        if isinstance(where, All):
            if not where.terms:
                return np.ones(len(self.alive), bool)
            out = self.rows_meeting(where.terms[0])
            for term in where.terms[1:]:
                out &= self.rows_meeting(term)
            return out
        out = np.zeros(len(self.alive), bool)
        if isinstance(where, Any_):
            for term in where.terms:
                out |= self.rows_meeting(term)
            return out
        column = self.column(where.field, "filter_by")
        if column is not None:
            self._mark(column, where, out)
        return out

    def _mark(self, column: Column, where: Has | Compare | In, out: Bools) -> None:
        """Sets ``out`` for the rows of a column that meet a condition."""
        hits: Bools | None = None
        if isinstance(where, Has):
            if column.floats is not None:
                out[: len(column.floats)] |= ~np.isnan(column.floats)
            if column.flags is not None:
                out[: len(column.flags)] |= column.flags == 1
        else:
            equal = where.values if isinstance(where, In) else ()
            conditions = [where] if isinstance(where, Compare) else [Compare(where.field, "=", v) for v in equal]
            for condition in conditions:
                if column.floats is not None:
                    out[: len(column.floats)] |= number_hits(column.floats, condition)
                if column.flags is not None:
                    out[: len(column.flags)] |= flag_hits(column.flags, condition)
            hits = column.values.any_hits(conditions)
            if not hits.any():
                return
        column.own.mark(hits, out)
        if len(column.shared.at):
            slots = np.zeros(len(self.first_row), bool)
            column.shared.mark(hits, slots)
            out |= slots if self.rows_are_slots else np.take(slots, self.slot_of_row)

    def to_variants(self, rows: Bools) -> Bools:
        """A mask by row as a mask by variant number."""
        rows &= self.alive
        return rows if self.rows_are_variants else np.take(rows, self.row_of_variant)

    def to_rows(self, variants: Bools) -> Bools:
        """A mask by variant number (of this view or another) as a mask by row; dead rows are never in it."""
        fitted = fit(variants, len(self.row_of_variant))
        return np.take(fitted, self.variant_of_row) & self.alive

    def to_slots(self, rows: Bools) -> Bools:
        """bool by slot: it has a row in the mask."""
        out = np.zeros(len(self.first_row), bool)
        out[pick(self.slot_of_row, rows)] = True
        return out


def unknown_field(name: str, where: str, columns: Iterable[str]) -> UnknownFieldError:
    """The refusal of a field that no product has; the hint names similar ones of these columns."""
    known = sorted({*RESERVED_FIELDS, *columns})
    same = [other for other in known if other.casefold() == name.casefold()]
    close = [*same, *difflib.get_close_matches(name, known, 3, 0.6)]
    names = list(dict.fromkeys(close)) or known[:12]
    ask = "did you mean" if close else "fields there are, among others:"
    return UnknownFieldError(f"no product has a field named {name!r}", where=where, hint=f"{ask} {', '.join(names)}")


def _counts_up(numbers: Ints | Numbers) -> bool:
    return bool((numbers == np.arange(len(numbers))).all())


def _sealed(mask: Bools) -> Bools:
    mask.flags.writeable = False
    return mask
