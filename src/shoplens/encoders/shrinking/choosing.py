"""Which units stay: those by which the rest can be said best, on the shop's own pictures and words.

Of every layer that reads a group the second moments of what it reads are taken, weighted by how strongly its weights
read each channel. Then units are kept one after the other, always the one that holds most of what the kept ones do not
say yet (Cholesky's decomposition with pivots; as an *interpolative decomposition* in Chee et al. 2022, "Model
preserving compression for neural networks"). Without data the lengths of weights would be left, which keep channels
that say the same thing twice.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from shoplens.encoders.shrinking.cutting import Kept
from shoplens.encoders.shrinking.graphs import Array
from shoplens.encoders.shrinking.units import Group, Slot

Moments = Mapping[Slot, npt.NDArray[np.float64]]
"""(weight, its axis) -> X^T X of what it reads, float64 [channels, channels]."""


def how_many(units: int, share: float) -> int:
    """Units that stay when ``share`` go; a multiple of 8 where there are that many, since kernels work in eights."""
    stay = units * (1 - share)
    if units % 8 == 0 and units >= 32:
        return max(8, 8 * round(stay / 8))
    return max(1, min(units, round(stay)))


def by_data(group: Group, weights: Mapping[str, Array], moments: Moments, stay: int) -> Kept:
    """The units of a group that say most of it. ``stay``: how many."""
    # Channels in the order of the units, so that one matrix serves all that read.
    total: npt.NDArray[np.float64] | None = None
    for slot in {(read.weight, read.weight_axis) for read in group.reads}:
        order = group.places[slot].ravel()
        strength = np.sqrt(strengths(weights[slot[0]], slot[1]))
        seen = moments[slot] * strength[:, None] * strength[None, :]
        seen = seen[np.ix_(order, order)]
        seen = seen / max(float(np.trace(seen)), 1e-30)
        total = seen if total is None else total + seen
    if total is None:
        raise ValueError("a group that nothing reads")
    return _pivots(total, group.units, stay)


def by_length(group: Group, weights: Mapping[str, Array], stay: int) -> Kept:
    """The units that the longest weights read: what is left without data, and what `by_data` is held against."""
    score = np.zeros(group.units)
    for slot in {(read.weight, read.weight_axis) for read in group.reads}:
        length = strengths(weights[slot[0]], slot[1])[group.places[slot]].sum(axis=1)
        score += length / max(float(length.sum()), 1e-30)
    kept = np.zeros(group.units, np.bool_)
    kept[np.argsort(-score, kind="stable")[:stay]] = True
    return kept


def strengths(weight: Array, axis: int) -> npt.NDArray[np.float64]:
    """Sums of squares of the weights that read each channel."""
    return np.asarray((np.moveaxis(weight, axis, 0).reshape(weight.shape[axis], -1).astype(np.float64) ** 2).sum(1))


def _pivots(moments: npt.NDArray[np.float64], units: int, stay: int) -> Kept:
    """Greedy choice of ``stay`` blocks; ``moments`` [units * b, units * b]."""
    width = len(moments) // units
    kept = np.zeros(units, np.bool_)
    rest = np.array(np.diagonal(moments))
    said = np.zeros((len(moments), stay * width))
    little = max(1e-9 * float(rest.sum()), 1e-30)
    for step in range(stay):
        shares = rest.reshape(units, width).sum(1)
        shares[kept] = -np.inf
        best = int(shares.argmax())
        kept[best] = True
        own = slice(best * width, (best + 1) * width)
        before = said[:, : step * width]
        column = moments[:, own] - before @ before[own].T
        root = np.linalg.cholesky(column[own] + np.eye(width) * little)
        new = np.linalg.solve(root, column.T).T
        said[:, step * width : (step + 1) * width] = new
        rest = np.maximum(rest - (new**2).sum(1), 0.0)
    return kept


__all__ = ["Moments", "by_data", "by_length", "how_many", "strengths"]
