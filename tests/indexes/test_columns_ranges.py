"""Ranges of numbers: all values fall in one, none is empty, limits are round."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplens.indexes.columns_ranges import RANGES, limits_of, ranges

NUMBERS = st.floats(-1e6, 1e6) | st.integers(0, 20).map(float) | st.integers(0, 100_000).map(lambda n: n / 100)


@given(st.lists(st.tuples(NUMBERS, st.integers(0, 9)), max_size=60))
def test_every_product_is_counted_where_its_values_lie(given_: list[tuple[float, int]]) -> None:
    values = np.array([value for value, _ in given_], np.float64)
    places = np.array([place for _, place in given_], np.int64)
    found = ranges(values, places, 10)
    if not found:
        return
    assert 2 <= len(found) <= RANGES
    assert (found[0].low, found[-1].high) == (None, None)
    assert [r.high for r in found[:-1]] == [r.low for r in found[1:]]
    for one in found:
        low, high = (-math.inf if one.low is None else one.low), (math.inf if one.high is None else one.high)
        assert low < high
        assert one.count == len({place for value, place in given_ if low <= value < high}) > 0


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0, 1e6])
def test_limits_are_round_and_part_evenly(scale: float) -> None:
    values = np.random.default_rng(0).lognormal(3.5, 0.8, 20_000) * scale
    limits = limits_of(values)
    assert len(limits) == RANGES - 1
    for limit in limits:
        assert float(f"{limit:.1e}") == limit, "two digits at most"
    shares = np.bincount(np.searchsorted(limits, values, side="right")) / len(values)
    assert shares.min() > 0.5 / RANGES
    assert shares.max() < 1.5 / RANGES


def test_few_values() -> None:
    assert limits_of(np.array([], np.float64)) == limits_of(np.full(9, 5.0)) == []
    assert limits_of(np.array([0.0] * 9 + [7.0]))
    assert limits_of(np.array([1.0, 2.0])) == [2.0]
    assert all(limit == int(limit) for limit in limits_of(np.arange(12, dtype=np.float64)))
