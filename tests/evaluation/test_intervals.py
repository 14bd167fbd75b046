"""Intervals and comparisons, against what can be counted by hand and against plain loops."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplens.evaluation.intervals import EXACT_UP_TO, Interval, compare, intervals, sign_flip_p_value

VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=40).map(lambda v: np.array(v)[:, None])


def test_equal_values_leave_no_doubt() -> None:
    assert intervals(np.full((20, 2), 0.25)) == [Interval(0.25, 0.25, 0.25)] * 2


def test_no_queries() -> None:
    assert intervals(np.zeros((0, 2))) == [Interval(0.0, 0.0, 0.0)] * 2


def test_the_interval_is_the_quantile_of_means_of_resamples() -> None:
    values = np.random.default_rng(1).random((30, 1))
    found = intervals(values, seed=5)[0]
    # The slow and plain way: draw 30 with replacement, ten thousand times.
    generator = np.random.default_rng(99)
    means = [generator.choice(values[:, 0], 30).mean() for _ in range(10_000)]
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(np.quantile(means, 0.025), abs=0.005)
    assert found.high == pytest.approx(np.quantile(means, 0.975), abs=0.005)


def test_the_interval_of_a_coin_is_that_of_the_normal_approximation() -> None:
    values = np.array([0.0, 1.0] * 200)[:, None]
    found = intervals(values)[0]
    half = 1.96 * math.sqrt(0.25 / 400)
    assert (found.low, found.high) == (pytest.approx(0.5 - half, abs=0.004), pytest.approx(0.5 + half, abs=0.004))


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(3)
    held = 0
    for _ in range(200):
        found = intervals(generator.random((60, 1)), resamples=1000)[0]
        held += found.low <= 0.5 <= found.high
    assert 0.89 <= held / 200 <= 0.99


def test_many_queries_are_resampled_in_parts_with_the_same_care() -> None:
    values = np.random.default_rng(0).random((3000, 1))
    found = intervals(values)[0]
    half = 1.96 * values.std() / math.sqrt(3000)
    assert found.high - found.low == pytest.approx(2 * half, rel=0.05)


@given(VALUES)
def test_the_same_seed_gives_the_same_interval_around_the_mean(values: np.ndarray) -> None:
    one, two = (intervals(values, resamples=500)[0] for _ in range(2))
    assert one == two
    assert one.low - 1e-12 <= one.mean <= one.high + 1e-12
    assert values.min() - 1e-9 <= one.low
    assert one.high <= values.max() + 1e-9


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=8))
def test_few_queries_are_counted_exactly(differences: list[int]) -> None:
    observed = abs(sum(differences))
    flips = [abs(sum(s * d for s, d in zip(signs, differences, strict=True))) for signs in
             product((1, -1), repeat=len(differences))]  # fmt: skip
    expected = sum(flip >= observed for flip in flips) / len(flips)
    assert sign_flip_p_value(np.array(differences, float)) == pytest.approx(expected)


def test_drawn_signs_agree_with_counted_ones() -> None:
    differences = np.random.default_rng(4).normal(0.5, 1, EXACT_UP_TO + 1)
    bits = np.array(list(product((1.0, -1.0), repeat=EXACT_UP_TO + 1)))
    exact = float(np.mean(np.abs(bits @ differences) >= abs(differences.sum()) - 1e-9))
    assert sign_flip_p_value(differences) == pytest.approx(exact, abs=0.015)


def test_p_value_of_clear_and_of_no_difference() -> None:
    assert sign_flip_p_value(np.zeros(50)) == 1.0
    assert sign_flip_p_value(np.full(50, 0.1)) == pytest.approx(1 / 10_001)
    assert sign_flip_p_value(np.full(10, 0.1)) == 2 / 2**10
    assert sign_flip_p_value(np.array([0.1, -0.1] * 25)) == 1.0


def test_under_no_difference_small_p_values_are_as_rare_as_they_say() -> None:
    generator = np.random.default_rng(8)
    small = sum(sign_flip_p_value(generator.normal(0, 1, 30), resamples=500) <= 0.1 for _ in range(300))
    assert 0.05 <= small / 300 <= 0.16


def test_a_comparison() -> None:
    ours = np.array([[1.0, 0.5], [0.5, 0.5], [1.0, 0.5], [0.0, 0.5]])
    theirs = np.array([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5], [0.5, 0.5]])
    first, second = compare(ours, theirs)
    assert (first.ours, first.theirs, first.difference.mean) == (0.625, 0.5, 0.125)
    assert (first.wins, first.losses, first.ties) == (2, 1, 1)
    assert first.p_value == 1.0  # +++, ---, and six of mixed signs: |sum| >= 0.5 for all eight
    assert (second.wins, second.losses, second.ties, second.p_value) == (0, 0, 4, 1.0)


def test_swapping_the_runs_turns_the_comparison_around() -> None:
    generator = np.random.default_rng(2)
    ours, theirs = generator.random((25, 1)), generator.random((25, 1))
    (one,), (two,) = compare(ours, theirs), compare(theirs, ours)
    assert one.p_value == two.p_value
    assert one.difference.mean == pytest.approx(-two.difference.mean)
    assert (one.difference.low, one.difference.high) == (
        pytest.approx(-two.difference.high), pytest.approx(-two.difference.low),
    )  # fmt: skip
    assert (one.wins, one.losses) == (two.losses, two.wins)
