"""How sure a mean is, and whether one run is better than another: bootstrap and sign-flip permutation, seeded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 10_000
LEVEL = 0.95
SEED = 20_251_121
EXACT_UP_TO = 13
"""Up to this many queries that differ, all 2^n sign flips are counted instead of drawn."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the range in which it lies with the level's probability, over other queries of the same kind."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One measure of two runs over the same queries.

    ``difference``: ours less theirs. ``p_value``: how often chance alone would make a difference as large, in either
    direction, if it were chance which of the two values of a query is whose. Wins, losses, ties count queries.
    """

    ours: float
    theirs: float
    difference: Interval
    p_value: float
    wins: int
    losses: int
    ties: int


def intervals(values: Values, *, resamples: int = RESAMPLES, level: float = LEVEL, seed: int = SEED) -> list[Interval]:
    """Percentile bootstrap intervals of the mean (Efron and Tibshirani 1993, chapter 13) over queries.

    Args:
        values: float64 [queries, measures]; all measures see the same resamples.

    Returns:
        One interval a measure; of a single query, or of none (mean 0), it is as wide as a point.
    """
    queries, measures = values.shape
    if queries == 0:
        return [Interval(0.0, 0.0, 0.0)] * measures
    generator = np.random.default_rng(seed)
    means = np.empty((resamples, measures))
    step = max(1, 4_000_000 // queries)
    for start in range(0, resamples, step):
        rows = min(start + step, resamples) - start
        drawn = generator.integers(0, queries, size=(rows, queries)) + queries * np.arange(rows)[:, None]
        # How often each query was drawn in each resample: one product of matrices then serves all measures.
        counts = np.bincount(drawn.ravel(), minlength=rows * queries).reshape(rows, queries)
        means[start : start + rows] = counts.astype(np.float64) @ values / queries
    tail = (1 - level) / 2
    low, high = np.quantile(means, (tail, 1 - tail), axis=0)
    return [
        Interval(float(mean), float(a), float(b)) for mean, a, b in zip(values.mean(axis=0), low, high, strict=True)
    ]


def compare(
    ours: Values, theirs: Values, *, resamples: int = RESAMPLES, level: float = LEVEL, seed: int = SEED
) -> list[Comparison]:
    """Compares two runs, measure by measure: paired bootstrap interval and paired permutation test.

    Args:
        ours, theirs: float64 [queries, measures], rows of the same queries.
    """
    differences = ours - theirs
    # Values that differ only in the last bits of a sum are ties, not wins.
    differences[np.abs(differences) < 1e-12] = 0.0
    spans = intervals(differences, resamples=resamples, level=level, seed=seed)
    return [
        Comparison(
            ours=float(ours[:, n].mean()) if len(ours) else 0.0,
            theirs=float(theirs[:, n].mean()) if len(theirs) else 0.0,
            difference=spans[n],
            p_value=sign_flip_p_value(differences[:, n], resamples=resamples, seed=seed),
            wins=int((differences[:, n] > 0).sum()),
            losses=int((differences[:, n] < 0).sum()),
            ties=int((differences[:, n] == 0).sum()),
        )
        for n in range(ours.shape[1])
    ]


def sign_flip_p_value(differences: Values, *, resamples: int = RESAMPLES, seed: int = SEED) -> float:
    """Two-sided p-value of paired differences [queries] under random signs (Fisher's randomisation test).

    Exact for few queries; else (1 + as extreme) / (1 + drawn), which is never 0 (Phipson and Smyth 2010).
    """
    moved = differences[differences != 0]
    if moved.size == 0:
        return 1.0
    observed = abs(moved.sum()) - 1e-12 * np.abs(moved).sum()
    if moved.size <= EXACT_UP_TO:
        bits = (np.arange(2**moved.size)[:, None] >> np.arange(moved.size)) & 1
        return float(np.mean(np.abs((1.0 - 2.0 * bits) @ moved) >= observed))
    generator = np.random.default_rng(seed)
    extreme = 0
    step = max(1, 4_000_000 // moved.size)
    for start in range(0, resamples, step):
        drawn = min(start + step, resamples) - start
        signs = 1.0 - 2.0 * generator.integers(0, 2, size=(drawn, moved.size))
        extreme += int((np.abs(signs @ moved) >= observed).sum())
    return (1 + extreme) / (1 + resamples)
