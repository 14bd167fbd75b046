"""Ranges of a field of numbers: a few, with round limits that the data choose, and how many products lie in each."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from shoplens.core.answer import FacetRange
from shoplens.indexes.columns_values import Floats

RANGES = 5
"""Most ranges of a facet."""

_LOOKED_AT = 4_096
"""Values that choose the limits: of more, evenly many are left out."""


def ranges(values: Floats, places: npt.NDArray[np.integer], size: int) -> tuple[FacetRange, ...]:
    """The ranges of some values; none where all values are the same.

    Args:
        values: float64 [n], finite.
        places: [n]: of each value the place of its product, below ``size``; a product may have several values, and then
            counts in each range in which it has one.

    Returns:
        Rising; a range holds its lower limit and not its upper one. The first has no lower limit, the last no upper
        one, so that none falls outside. No range is empty.
    """
    limits = limits_of(values)
    if not limits:
        return ()
    at = np.searchsorted(limits, values, side="right")
    held = np.bincount(at, minlength=len(limits) + 1) > 0
    # An empty range becomes part of the next one; the first and the last are never empty.
    limits = [limit for n, limit in enumerate(limits) if held[n]]
    at = np.searchsorted(limits, values, side="right")
    has = np.zeros((len(limits) + 1, size), bool)
    has[at, places] = True
    counts = has.sum(axis=1).tolist()
    return tuple(
        FacetRange(low, high, count) for low, high, count in zip([None, *limits], [*limits, None], counts, strict=True)
    )


def limits_of(values: Floats) -> list[float]:
    """Limits, rising, that part values into at most ``RANGES`` ranges of about as many values each.

    A limit is a quantile, rounded to the greatest step of 1, 2 or 5 times a power of ten that is no longer than the way
    to the next quantile on either side: fine where values lie close, coarse where they lie far apart.
    """
    some = np.sort(values[:: max(1, len(values) // _LOOKED_AT)])
    if not len(some) or some[0] == some[-1]:
        return []
    # Where nearly all values are the same (quantities of 0), the different ones choose.
    return _limits(some) or _limits(np.unique(some))


def _limits(some: Floats) -> list[float]:
    marks = np.quantile(some, np.linspace(0, 1, RANGES + 1))
    least = 1.0 if (some == np.floor(some)).all() else 0.0  # of whole numbers whole limits
    limits: list[float] = []
    for below, mark, above in zip(marks, marks[1:], marks[2:], strict=False):
        gap = float(min(mark - below, above - mark))
        if gap <= 0 or not math.isfinite(gap):
            continue
        limit = _rounded(float(mark), max(_step(gap), least))
        if some[0] < limit <= some[-1] and (not limits or limit > limits[-1]):
            limits.append(limit)
    return limits


def _step(gap: float) -> float:
    """The greatest of 1, 2 and 5 times a power of ten that is not above a gap."""
    power = math.floor(math.log10(gap))
    share = gap / 10.0**power
    return (5 if share >= 5 else 2 if share >= 2 else 1) * 10.0**power


def _rounded(value: float, step: float) -> float:
    """The multiple of a step that is nearest to a value, without what binary fractions add ("0.30000000000000004")."""
    return round(round(value / step) * step, max(0, -math.floor(math.log10(step))))
