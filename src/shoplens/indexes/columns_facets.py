"""Facet counts over the filter columns: values, levels of categories, ranges of numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from shoplens.core.answer import Facet, FacetLevel, FacetRange, FacetValue
from shoplens.core.catalogue import category_path
from shoplens.core.where import fold
from shoplens.indexes.columns_ranges import ranges
from shoplens.indexes.columns_values import Bools, Floats, Ints, pick
from shoplens.indexes.columns_view import Column, View

_BELOW = category_path(("", ""))
"""Between a category and the one below it."""


@dataclass(slots=True)
class _Count:
    """What has been found of one facet: slots that have the field, numbers' ends, counts by value."""

    have: Bools
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    values: list[FacetValue] = field(default_factory=list)
    numbers: list[Floats] = field(default_factory=list)
    numbers_at: list[npt.NDArray[Any]] = field(default_factory=list)


def facets(
    view: View, rows: Bools, names: tuple[str, ...], limit: int, chosen: tuple[str, ...] = ()
) -> tuple[Facet, ...]:
    """The facets of some fields over the rows of a mask (alive ones only). Raises UnknownFieldError.

    ``chosen``: categories whose children are listed.
    """
    slots = view.to_slots(rows)
    allowed = int(np.count_nonzero(slots))
    return tuple(_facet(view, rows, slots, allowed, name, limit, chosen) for name in names)


def _facet(
    view: View, rows: Bools, slots: Bools, allowed: int, name: str, limit: int, chosen: tuple[str, ...]
) -> Facet:
    column = view.column(name, "facet_by")
    if column is None:
        return Facet(name, missing=allowed)
    count = _Count(np.zeros(len(slots), bool))
    if column.floats is not None:
        inside = rows[: len(column.floats)] & ~np.isnan(column.floats)
        found = pick(column.floats, inside)
        count.have[pick(view.slot_of_row, inside)] = True
        if len(found):
            count.low.append(float(found.min()))
            count.high.append(float(found.max()))
            count.numbers.append(found)
            count.numbers_at.append(pick(view.slot_of_row, inside))
    yes_no: list[tuple[Ints, str]] = []
    if column.flags is not None:
        for value, text in ((1, "true"), (0, "false")):
            inside = (column.flags == value) & rows[: len(column.flags)]
            with_it = np.zeros(len(slots), bool)
            with_it[pick(view.slot_of_row, inside)] = True
            count.have |= with_it
            if len(column.values):
                yes_no.append((np.flatnonzero(with_it).astype(np.int32), text))
            else:
                count.values.append(FacetValue(text, int(np.count_nonzero(with_it))))
    if len(column.values):
        _texts(view, column, rows, slots, count, yes_no)
    kept = [value for value in count.values if value.count]
    levels = _levels(kept, chosen, limit) if name == "category" else ()
    missing = allowed - int(np.count_nonzero(count.have))
    low, high = min(count.low, default=None), max(count.high, default=None)
    return Facet(name, _first(kept, limit), low, high, missing, _ranges(count), levels)


def _first(values: list[FacetValue], limit: int) -> tuple[FacetValue, ...]:
    """The most frequent values, in order."""
    if len(values) > 4 * limit:  # only values at least as frequent as the last one shown need sorting
        least = np.partition([value.count for value in values], -limit)[-limit]
        values = [value for value in values if value.count >= least]
    return tuple(sorted(values, key=lambda v: (-v.count, fold(v.value), v.value))[:limit])


def _ranges(count: _Count) -> tuple[FacetRange, ...]:
    if not count.numbers:
        return ()
    return ranges(np.concatenate(count.numbers), np.concatenate(count.numbers_at), len(count.have))


def _levels(values: list[FacetValue], chosen: tuple[str, ...], limit: int) -> tuple[FacetLevel, ...]:
    """The topmost categories, then the children of each part of the chosen paths, and of a category that stands alone
    on the last level; what has no children is left out."""
    children: dict[str, list[FacetValue]] = {"": []}
    spelt: dict[str, str] = {}
    for value in values:
        parent = value.value.rpartition(_BELOW)[0]
        children.setdefault(fold(parent), []).append(value)
        spelt.setdefault(fold(value.value), value.value)
    paths: dict[str, None] = {"": None}
    for path in chosen:
        steps = path.split(_BELOW)
        paths.update(dict.fromkeys(fold(_BELOW.join(steps[:n])) for n in range(1, len(steps) + 1)))
    levels = [path for path in paths if path in children and (path in spelt or not path)]
    while len(children[levels[-1]]) == 1 and (only := fold(children[levels[-1]][0].value)) in children:
        if only in levels:
            break
        levels.append(only)
    return tuple(FacetLevel(spelt.get(path, ""), _first(children[path], limit)) for path in levels)


def _texts(
    view: View, column: Column, rows: Bools, slots: Bools, count: _Count, yes_no: list[tuple[Ints, str]]
) -> None:
    """Counts texts; ``yes_no``: slots that have a yes/no value in the same field, with the text that it equals."""
    shared_at, shared = column.shared.within(slots)
    own_rows, own = column.own.within(rows)
    own_at = view.slot_of_row.take(own_rows)
    count.have[shared_at] = True
    count.have[own_at] = True
    classes, texts = column.values.classes(), column.values.texts
    size = len(classes)
    plain = not yes_no and column.values.all_differ()
    if plain:
        # Entries of a product stand in order of their codes: those that are the same are neighbours.
        first = np.ones(len(own), bool)
        first[1:] = (own[1:] != own[:-1]) | (own_at[1:] != own_at[:-1])
        repeated = np.ones(len(shared), bool)
        repeated[1:] = (shared[1:] != shared[:-1]) | (shared_at[1:] != shared_at[:-1])
        counts = np.bincount(pick(shared, repeated), minlength=size) + np.bincount(pick(own, first), minlength=size)
        present = counts > 0
    else:
        codes, at = np.concatenate([shared, own]), np.concatenate([shared_at, own_at])
        present = np.bincount(codes, minlength=size) > 0
        for more, text in yes_no:
            code = next((c for c in range(size) if fold(texts[c]) == text), len(classes))
            if code == len(classes):
                classes, texts = np.append(classes, np.int32(code)), [*texts[:code], text]
            codes, at = np.concatenate([codes, np.full(len(more), code, np.int32)]), np.concatenate([at, more])
        counts = _by_class(at, classes[codes], len(classes))
    by_code = column.values.numbers()[:size]
    numbers = by_code[present[:size]]
    if len(numbers) and not np.isnan(numbers).any():
        count.low.append(float(numbers.min()))
        count.high.append(float(numbers.max()))
        count.numbers += [by_code[shared], by_code[own]]
        count.numbers_at += [shared_at, own_at]
    count.values += [FacetValue(texts[code], int(counts[code])) for code in np.flatnonzero(counts)]


def _by_class(at: npt.NDArray[Any], classes: Ints, size: int) -> npt.NDArray[np.int64]:
    """int64 by class: the number of distinct slots."""
    keys = np.unique(at.astype(np.int64) * size + classes)
    return np.bincount(keys % size, minlength=size)
