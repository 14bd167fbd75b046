"""Diversity on demand: maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def mmr(relevance: Floats, likeness: Floats, diversity: float) -> tuple[list[int], list[int]]:
    """An order in which each item is relevant and unlike those before it.

    The first item stays first. Each next one is that with the greatest (1 - diversity) * relevance - diversity * (its
    greatest likeness to an item before it); of equals the one that stood first.

    Args:
        relevance: [n], best first.
        likeness: [n, n], symmetric.
        diversity: 0 (relevance alone) to 1 (unlikeness alone).

    Returns:
        The items by their old places; and of each, in that order, the old place of the one before it that it is most
        like (-1 for the first).
    """
    count = len(relevance)
    if not count:
        return [], []
    order, nearest = [0], [-1]
    most = likeness[0].copy()
    by = np.zeros(count, np.int64)
    left = np.ones(count, np.bool_)
    left[0] = False
    for _ in range(1, count):
        value = np.where(left, (1 - diversity) * relevance - diversity * most, -np.inf)
        best = int(value.argmax())
        order.append(best)
        nearest.append(int(by[best]))
        left[best] = False
        closer = likeness[best] > most
        most[closer], by[closer] = likeness[best][closer], best
    return order, nearest
