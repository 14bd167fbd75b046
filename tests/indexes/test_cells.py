"""Cells of the vector index: what they leave out, and what they never do."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from shoplens.core.spaces import unit
from shoplens.indexes import cells


def clumps(rng: np.random.Generator, n: int, m: int = 16, spread: float = 0.25) -> np.ndarray:
    """Unit vectors float32 [n, m] around 30 centres."""
    centres = np.random.default_rng(1).standard_normal((30, m))
    return unit(unit(centres[rng.integers(0, 30, n)]) + spread * rng.standard_normal((n, m)) / m**0.5)


def test_upper_quantile_is_that_of_the_normal_distribution() -> None:
    shares = np.array([0.5, 0.25, 0.1, 0.01, 1e-4, 1e-7])
    expected = [NormalDist().inv_cdf(1.0 - share) for share in shares]
    np.testing.assert_allclose(cells.upper_quantile(shares), expected, atol=5e-4)


def test_centres_and_spread_are_the_moments_of_the_rows() -> None:
    rng = np.random.default_rng(2)
    rows = clumps(rng, 6_000)
    centres, spread = cells.learn(rows, len(rows), rng)
    assert len(centres) == 6_000 // 256
    own = cells.nearest(rows, centres)
    for number in range(len(centres)):
        mine = rows[own == number]
        # The last move of the centres changes the cell of a few rows.
        np.testing.assert_allclose(centres[number], mine.mean(axis=0), atol=0.02)
        np.testing.assert_allclose(spread[number], mine.var(axis=0), atol=0.01)


def test_cells_left_out_hold_none_of_the_nearest() -> None:
    rng = np.random.default_rng(3)
    rows = clumps(rng, 40_000)
    centres, spread = cells.learn(rows, len(rows), rng)
    own = cells.nearest(rows, centres)
    sizes = np.bincount(own, minlength=len(centres))
    looked_at, inside = [], []
    for query in [*clumps(rng, 40), *unit(rng.standard_normal((20, 16)))]:
        chosen = cells.promising(centres, spread, cells.Sizes(sizes), query.astype(np.float32), 100)
        looked_at.append(sizes[chosen].sum() / len(rows))
        inside.append(np.isin(own[np.argsort(-(rows @ query))[:10]], chosen).mean())
    assert np.mean(inside) > 0.995
    assert np.mean(looked_at) < 0.5
    deep = cells.promising(centres, spread, cells.Sizes(sizes), rows[0], 100 * len(rows))
    assert len(deep) == len(centres)


def test_a_space_without_clumps_is_one_cell() -> None:
    rng = np.random.default_rng(4)
    rows = unit(rng.standard_normal((10_000, 64)))
    centres, spread = cells.learn(rows, len(rows), rng)
    assert len(centres) == 1
    np.testing.assert_allclose(centres[0], rows.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(spread[0], rows.var(axis=0), atol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, 0.0])
def test_a_query_that_says_nothing_leaves_no_cell_out(bad: float) -> None:
    rng = np.random.default_rng(5)
    rows = clumps(rng, 20_000)
    centres, spread = cells.learn(rows, len(rows), rng)
    sizes = np.bincount(cells.nearest(rows, centres), minlength=len(centres))
    assert len(cells.promising(centres, spread, cells.Sizes(sizes), np.full(16, bad, np.float32), 100)) == len(centres)
