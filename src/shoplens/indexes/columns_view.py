"""What readers of the filter columns see: one immutable state of all columns.

Columns are kept by row. Every version of a variant is a row of its own, added at the end; row 0 is never used.
The rows of a product stand together, in the shop's order. A replaced product's old rows are dead.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from shoplens.core.catalogue import RESERVED_FIELDS
from shoplens.core.where import All, Any_, Compare, Has, In, Not, Where
from shoplens.errors import UnknownFieldError
from shoplens.indexes.columns_values import Bools, Floats, Ints, Values, flag_hits, number_hits


@dataclass(frozen=True, slots=True)
class Column:
    """One field. Texts: entry i says that row ``rows[i]`` has the text ``codes[i]``; entries stand in order of
    product, and of code within a product. ``aligned``: entry i is of row i + 1, so that ``rows`` need not be read.
    ``floats`` and ``flags`` hold, by row, the values that are no texts (NaN and -1: none); they may be shorter
    than the rows."""

    values: Values
    rows: Ints
    codes: Ints
    aligned: bool = False
    floats: Floats | None = None
    flags: npt.NDArray[np.int8] | None = None


@dataclass(frozen=True, slots=True)
class View:
    """All columns at one moment.

    By row: ``alive``, ``product_of_row``, ``variant_of_row``. By variant number: ``row_of_variant`` (0: none).
    By product number: ``first_row`` and ``row_count``. ``product_of``: int64 by variant number.
    """

    seq: int
    alive: Bools
    product_of_row: Ints
    variant_of_row: Ints
    row_of_variant: Ints
    first_row: Ints
    row_count: Ints
    product_of: npt.NDArray[np.int64]
    columns: Mapping[str, Column] = field(default_factory=dict)

    def column(self, name: str, where: str) -> Column | None:
        """A field's column, None for a reserved field that no variant has had yet. Raises UnknownFieldError."""
        found = self.columns.get(name)
        if found is None and name not in RESERVED_FIELDS:
            raise self._unknown(name, where)
        return found

    def _unknown(self, name: str, where: str) -> UnknownFieldError:
        known = sorted({*RESERVED_FIELDS, *self.columns})
        close = difflib.get_close_matches(name, known, 3, 0.6)
        same = [other for other in known if other.casefold() == name.casefold()]
        names = list(dict.fromkeys([*same, *close])) or known[:12]
        ask = "did you mean" if same or close else "fields there are, among others:"
        return UnknownFieldError(
            f"no product has a field named {name!r}", where=where, hint=f"{ask} {', '.join(names)}"
        )

    def rows_meeting(self, where: Where) -> Bools:
        """bool by row: the filter is met, whether the row is alive or not. Raises UnknownFieldError."""
        if isinstance(where, Not):
            return ~self.rows_meeting(where.term)
        if isinstance(where, All):
            out = np.ones(len(self.alive), bool)
            for term in where.terms:
                out &= self.rows_meeting(term)
            return out
        if isinstance(where, Any_):
            out = np.zeros(len(self.alive), bool)
            for term in where.terms:
                out |= self.rows_meeting(term)
            return out
        out = np.zeros(len(self.alive), bool)
        column = self.column(where.field, "filter_by")
        if column is not None:
            _mark(column, where, out)
        return out

    def to_variants(self, rows: Bools) -> Bools:
        """A mask by row as a mask by variant number."""
        return (rows & self.alive)[self.row_of_variant]

    def to_rows(self, variants: Bools) -> Bools:
        """A mask by variant number (of this view or another) as a mask by row; dead rows are never in it."""
        fitted = fit(variants, len(self.row_of_variant))
        return np.take(fitted, self.variant_of_row, mode="clip") & self.alive


def _mark(column: Column, where: Has | Compare | In, out: Bools) -> None:
    """Sets ``out`` for the rows of a column that meet a condition."""
    if isinstance(where, Has):
        if column.floats is not None:
            out[: len(column.floats)] |= ~np.isnan(column.floats)
        if column.flags is not None:
            out[: len(column.flags)] |= column.flags == 1
        if column.aligned:
            out[1 : 1 + len(column.rows)] = True
        else:
            out[column.rows] = True
        return
    conditions = [where] if isinstance(where, Compare) else [Compare(where.field, "=", v) for v in where.values]
    for condition in conditions:
        if column.floats is not None:
            out[: len(column.floats)] |= number_hits(column.floats, condition)
        if column.flags is not None:
            out[: len(column.flags)] |= flag_hits(column.flags, condition)
    if not len(column.codes) or not conditions:
        return
    hits = column.values.hits(conditions[0])
    for condition in conditions[1:]:
        more = column.values.hits(condition)
        more[: len(hits)] |= hits
        hits = more
    found = np.take(hits, column.codes, mode="clip")
    if column.aligned:
        out[1 : 1 + len(found)] |= found
    else:
        out[column.rows[found]] = True


def fit(mask: Bools, size: int) -> Bools:
    """A mask cut or filled with False to a size: masks of an older or newer view stay valid."""
    if len(mask) >= size:
        return mask[:size]
    out = np.zeros(size, bool)
    out[: len(mask)] = mask
    return out
