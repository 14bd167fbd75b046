"""Sorting by a field: what was asked for first, what is only like it after that, each in the order of the field.

By price alone the cheapest of whatever is like the words somehow would come first: a towel for "dress".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shoplens.core.ports import Mask, Numbers, WordMatches
from shoplens.core.query import SortKey
from shoplens.engine.copy_ports import Columns
from shoplens.engine.parts import PartScores

SURE = 0.5
"""Confidence from which on a source calls a product a match, as in an answer's verdict."""


def in_sorted_line(
    columns: Columns, order: Numbers, allowed: Mask, keys: Sequence[SortKey], matches: Numbers
) -> Numbers:
    """The products sorted: those that match, then the others; all alike where none does or all do."""
    real = np.isin(order, matches)
    if not real.any() or real.all():
        return columns.order(order, allowed, keys)
    return np.concatenate([columns.order(order[some], allowed, keys) for some in (real, ~real)])


def matches(words: WordMatches | None, ranked: Numbers, scores: Sequence[PartScores]) -> Numbers:
    """The products that are what was asked for: all that have the words, where the best of them are called so; and the
    candidates of which another source is sure. ``scores`` run parallel to ``ranked``."""
    found = [ranked[part.confidence >= SURE] for part in scores]
    if words is not None and words.coverage >= SURE:
        found.append(words.matched)
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)
