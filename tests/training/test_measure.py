"""Measures against their formulas on cases that a child could check."""

from __future__ import annotations

import numpy as np
import pytest

from shoplens.training import measure
from shoplens.training.calibrate import Trial, calibrate, choose_floor, fit_logistic


def test_ranking_is_the_formula() -> None:
    scores = np.asarray([[0.9, 0.8, 0.7, 0.6], [0.1, 0.2, 0.3, 0.4], [1, 1, 1, 1]], np.float32)
    relevant = np.asarray([[1, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]], bool)
    got = measure.ranking(scores, relevant, k=2)
    # The third query has nothing relevant and is dropped; the second finds its row in the fourth place.
    assert got["queries"] == 2
    assert got["P@1"] == 1 / 2
    assert got["P@2"] == (1 / 2 + 0) / 2
    assert got["mAP"] == pytest.approx(((1 / 1 + 2 / 3) / 2 + 1 / 4) / 2)
    assert got["nDCG@2"] == pytest.approx((1 / (1 + 1 / np.log2(3)) + 0) / 2)


def test_own_rank_shares_ties() -> None:
    scores = np.asarray([[0.5, 0.4], [0.7, 0.7]], np.float32)
    got = measure.own_rank(scores, np.asarray([0, 1]))
    assert got["R@1"] == 1.0  # places 0 and 0.5 are both before 1
    assert got["MRR"] == pytest.approx((1 + 1 / 1.5) / 2)


def test_a_photo_does_not_find_itself() -> None:
    vectors = np.eye(3, dtype=np.float32)
    got = measure.photo_to_photo(vectors, np.asarray([0, 0, 1]))
    assert got["queries"] == 2  # the third is alone in its group


def test_the_logistic_finds_the_line_that_made_the_data() -> None:
    rng = np.random.default_rng(0)
    cosine = rng.uniform(-0.2, 0.8, 200_000)
    relevant = rng.random(len(cosine)) < 1 / (1 + np.exp(-(9.0 * cosine - 3.0)))
    slope, offset = fit_logistic(cosine, relevant)
    assert slope == pytest.approx(9.0, rel=0.03)
    assert offset == pytest.approx(-3.0, rel=0.03)


def test_separable_data_give_a_finite_slope() -> None:
    slope, _ = fit_logistic(np.asarray([0.0, 0.1, 0.8, 0.9]), np.asarray([False, False, True, True]))
    assert np.isfinite(slope)
    assert slope > 0


def test_the_floor_keeps_what_it_must() -> None:
    known, unknown = np.linspace(0.3, 0.9, 100), np.linspace(0.0, 0.5, 100)
    floor, keeps, rejects = choose_floor([known], [unknown])
    assert keeps == (known >= floor).mean()
    assert rejects == (unknown < floor).mean()
    assert keeps >= 0.9
    assert rejects > 0.5


def test_calibration_of_clean_scores() -> None:
    scores = np.where(np.eye(40, dtype=bool), 0.8, 0.1).astype(np.float32)
    found, figures = calibrate([Trial(scores, np.eye(40, dtype=bool), np.full((10, 40), 0.2, np.float32))])
    assert 0.2 < found.floor <= 0.8
    assert figures == {"known kept": 1.0, "unknown rejected": 1.0}
    assert found.probability(0.8) > 0.9 > 0.1 > found.probability(0.1)


def test_galleries_count_alike_however_many_queries_they_have() -> None:
    # A thousand queries of one gallery would drown the ten of the other if they were poured together.
    many, few = np.full(1000, 0.9), np.full(10, 0.4)
    floor, keeps, _ = choose_floor([many, few], [np.full(50, 0.3)], kept=0.9)
    assert floor == 0.4
    assert keeps == 1.0


def test_a_trial_may_speak_for_the_floor_only() -> None:
    rng = np.random.default_rng(0)
    own, unknown = np.eye(40, dtype=bool), np.full((9, 40), 0.2, np.float32)
    clean = Trial(np.where(own, 0.8, 0.1).astype(np.float32), own, unknown)
    noise = Trial(rng.random((40, 40), np.float32), own, unknown, fit=False)
    alone, _ = calibrate([clean])
    both, _ = calibrate([clean, noise])
    assert (both.slope, both.offset) == (alone.slope, alone.offset)
