"""Cells: regions of the space that a scan can leave out, since they hardly hold a row among the nearest.

A cell is known by its centre, its spread (the variance of its rows in each direction) and how many rows it holds. To a
query its rows' scores are a normal distribution of mean centre . q and variance spread . q^2; so how many of its rows
score above a bound can be told without a look at them. Where cells overlap all the same, as in a space whose vectors
fill all directions alike, none is left out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]

MOST = 256
"""Cells at most: the number of one is a byte."""

_ROWS = 256
"""Rows of a cell on average, at least."""

_SURE = 0.25
"""Rows that score above the bound, as a share of the depth asked for."""

_TOGETHER = (1, 4)
"""How many cells are expected to hold them, each an equal part: one, where cells are large, or a few."""

_MISSED = 0.003
"""Rows above the bound that a cell may be expected to hold and yet be left out."""

_DEPTHS = 64
"""Depths for which bounds are kept: a filter's share makes a depth of its own."""

_ROUNDS = 10
_TRIED = 64
_TRIED_DEPTH = 400
_WORTH = 0.5


def learn(turned: Floats, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Centres and spread, float32 [c, m] each, for ``count`` rows of which ``turned`` [n, m] is a sample.

    Lloyd's iteration from rows drawn at random. One cell of all rows where they are few, or where more than half of
    the rows would be looked at for a row of the sample.
    """
    cells = max(1, min(MOST, count // _ROWS, len(turned)))
    centres = turned[np.sort(rng.choice(len(turned), cells, replace=False))]
    for _ in range(_ROUNDS):
        centres, _spread = _moments(turned, nearest(turned, centres), centres)
    own = nearest(turned, centres)
    centres, spread = _moments(turned, own, centres)
    sizes = np.bincount(own, minlength=cells) * (count / len(turned))
    asked = turned[:: max(1, len(turned) // _TRIED)]
    cells_of = Sizes(sizes)
    looked_at = [sizes[promising(centres, spread, cells_of, query, _TRIED_DEPTH)].sum() for query in asked]
    if cells > 1 and np.mean(looked_at) > _WORTH * count:
        return _moments(turned, np.zeros(len(turned), np.intp), centres[:1])
    return centres, spread


def nearest(rows: Floats, centres: Floats) -> Places:
    """The cell whose centre is nearest, for rows [n, m]; int [n]."""
    found: Places = np.argmin(np.square(centres).sum(axis=1) - 2.0 * (rows @ centres.T), axis=1)
    return found


class Sizes:
    """How many rows each cell holds, and what follows from it for any query: how far above a cell's mean its best rows
    lie, in deviations. Kept for the depths asked for last, as logarithms take longer than all else of `promising`."""

    def __init__(self, rows: npt.NDArray[np.floating] | Places) -> None:
        self.rows = rows
        self.last: npt.NDArray[np.float32] = upper_quantile(_MISSED / np.maximum(rows, 1)).astype(np.float32)
        self.some = rows > 0
        self._best: dict[int, list[tuple[int, Places, npt.NDArray[np.float32]]]] = {}

    def best(self, depth: int) -> list[tuple[int, Places, npt.NDArray[np.float32]]]:
        """For each way to share a quarter of ``depth`` rows among cells: how many cells, which are large enough to
        tell, and how many deviations above their means the last row of each one's part is expected."""
        found = self._best.get(depth)
        if found is None:
            found = []
            for together in _TOGETHER:
                sure = max(1.0, _SURE * depth / together)
                able = np.flatnonzero(self.rows >= 2 * sure)
                if len(able) >= together:
                    found.append((together, able, upper_quantile(sure / self.rows[able]).astype(np.float32)))
            if len(self._best) >= _DEPTHS:
                self._best.clear()
            self._best[depth] = found
        return found


def promising(centres: Floats, spread: Floats, sizes: Sizes, query: Floats, depth: int) -> Places:
    """The cells that may hold rows among the nearest of a query [m]; int, rising.

    The bound is the best score that a quarter of ``depth`` rows reach, of one cell alone or of four cells with a part
    each; a cell stays out if it is expected to hold less than 0.003 rows above it. All cells where they hold too few
    rows each to tell.
    """
    mean = centres @ query
    deviation = np.sqrt(spread @ (query * query))
    bound = -np.inf
    for together, able, above in sizes.best(depth):
        scores = mean[able] + above * deviation[able]
        bound = max(bound, np.partition(scores, len(scores) - together)[len(scores) - together])
    return np.flatnonzero(~(mean + sizes.last * deviation < bound) & sizes.some)


def upper_quantile(share: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """The z that a normal distribution exceeds with probability ``share``, 0 < share <= 0.5, to 5e-4.

    Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23.
    """
    t = np.sqrt(-2.0 * np.log(share))
    above = 2.515517 + t * (0.802853 + t * 0.010328)
    below = 1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    z: npt.NDArray[np.float64] = t - above / below
    return z


def _moments(turned: Floats, cell: Places, centres: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of the rows of each cell; an empty cell stays where it is, with no spread."""
    many = np.bincount(cell, minlength=len(centres))[:, None]
    order = np.argsort(cell, kind="stable")
    starts = np.flatnonzero(np.diff(cell[order], prepend=-1))
    there = cell[order][starts]
    mean, square = centres.astype(np.float64), np.square(centres, dtype=np.float64)
    for out, values in ((mean, turned), (square, np.square(turned))):
        out[there] = np.add.reduceat(values[order], starts, axis=0, dtype=np.float64) / many[there]
    return mean.astype(np.float32), np.maximum(square - mean**2, 0.0).astype(np.float32)
