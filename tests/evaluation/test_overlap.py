"""How far two rankings agree: formulas written out, bounds, and what the order of arguments must not change."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplens.evaluation.overlap import overlap, overlaps, rank_biased_overlap
from shoplens.evaluation.runs import Run

RANKINGS = st.lists(st.sampled_from("abcdefghijkl"), unique=True, max_size=12)


def agreement(first: Sequence[str], second: Sequence[str], depth: int) -> float:
    """Share of the first ``depth`` products that both have."""
    return len(set(first[:depth]) & set(second[:depth])) / depth


def test_equal_lengths_by_the_formula() -> None:
    """Webber et al. 2010, equation 30: A_k p^k + (1 - p) / p * sum of A_d p^d."""
    first, second, p = list("abcde"), list("bacfg"), 0.9
    a = {d: agreement(first, second, d) for d in range(1, 6)}
    expected = a[5] * p**5 + (1 - p) / p * sum(a[d] * p**d for d in a)
    assert rank_biased_overlap(first, second, p) == pytest.approx(expected)


def test_uneven_lengths_by_the_formula() -> None:
    """Equation 32, with the overlap X of both at each depth and s, l the two lengths."""
    short, long, p = list("ab"), list("bcad"), 0.8
    s, m = 2, 4
    x = {d: len(set(short[:d]) & set(long[:d])) for d in range(1, m + 1)}
    one = sum(x[d] / d * p**d for d in range(1, m + 1))
    two = sum(x[s] * (d - s) / (s * d) * p**d for d in range(s + 1, m + 1))
    expected = (1 - p) / p * (one + two) + ((x[m] - x[s]) / m + x[s] / s) * p**m
    assert rank_biased_overlap(short, long, p) == pytest.approx(expected)


@given(RANKINGS, RANKINGS)
def test_bounds_and_symmetry(first: list[str], second: list[str]) -> None:
    found = rank_biased_overlap(first, second)
    assert -1e-12 <= found <= 1 + 1e-12
    assert found == pytest.approx(rank_biased_overlap(second, first))
    assert rank_biased_overlap(first, first) == pytest.approx(1.0)
    if set(first).isdisjoint(second) and (first or second):
        assert found == 0


def test_the_top_counts_more() -> None:
    same = list("abcdefghij")
    assert rank_biased_overlap(same, list("bacdefghij")) < rank_biased_overlap(same, list("abcdefghji")) < 1


def test_a_query_and_all_of_them() -> None:
    one = overlap(["a", "b", "c"], ["a", "x"])
    assert (one.shared, one.first) == (1 / 3, True)
    assert overlap([], []).shared == overlap([], []).rbo == 1
    assert (overlap([], ["a"]).shared, overlap([], ["a"]).rbo, overlap([], ["a"]).first) == (0, 0, False)
    first = Run({"1": [("a", 1.0)], "2": [("b", 1.0)]})
    found = overlaps(first, Run({"1": [("a", 9.0)]}), ["1", "2", "3"])
    assert (found.same, found.rbo.mean, found.first.mean) == (2, pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert found.rbo.low <= found.rbo.mean <= found.rbo.high
