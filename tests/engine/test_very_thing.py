"""The very thing comes first among the first ten: sums written out, none falls behind the eleventh."""

from __future__ import annotations

import numpy as np
import pytest

from shoplens.core.ports import VectorRow
from shoplens.core.spaces import Calibration, EncoderCard, Space, unit
from shoplens.engine.parts import PartScores, VectorPart, no_variants, score_vectors
from shoplens.engine.very_thing import FIRST, MORE, very_thing_first
from shoplens.indexes.vectors import FlatVectors

DETAILS = (2, 4)
SLOPE = 5.0


def _index(vectors: list[list[np.ndarray]]) -> FlatVectors:
    """Products 1, 2, ... with their rows; row n of product p shows variant 10 p + n."""
    index = FlatVectors(Space("tiny", "1", 4), "picture")
    index.replace(
        {
            p: [(VectorRow(p, f"{p}-{n}", (10 * p + n,)), row.astype(np.float16)) for n, row in enumerate(rows)]
            for p, rows in enumerate(vectors, 1)
        },
        1,
    )
    return index


def _part(index: FlatVectors, photo: np.ndarray, weight: float = 1.0) -> VectorPart:
    return VectorPart("picture>picture", "image 1", photo, "picture", index, Calibration(SLOPE, 0.0, 0.1), weight)


def _vector(*values: float) -> np.ndarray:
    return unit(np.array(values, np.float32))


PHOTO = _vector(0.8, 0.0, 0.6, 0.0)


def test_what_has_the_details_comes_before_what_is_only_alike() -> None:
    alike, same = _vector(0.95, 0.1, 0.25, 0.1), _vector(0.5, 0.5, 0.7, 0.0)
    index, candidates = _index([[alike], [same]]), np.array([1, 2])
    part = _part(index, PHOTO)
    plain = score_vectors(part, candidates, None)
    assert plain.contributions[0] > plain.contributions[1]
    (found,) = very_thing_first([plain], [part], candidates, None, DETAILS)
    given = SLOPE * MORE * (np.array([alike, same])[:, 2:] @ PHOTO[2:])
    assert found.contributions == pytest.approx(plain.contributions + given - given.min(), abs=1e-2)
    assert found.contributions[1] > found.contributions[0]
    assert np.array_equal(found.raw, plain.raw)
    assert np.array_equal(found.confidence, plain.confidence)


def test_of_a_product_the_picture_with_the_details_is_shown() -> None:
    alike, same = _vector(0.9, 0.1, 0.35, 0.0), _vector(0.6, 0.4, 0.65, 0.0)
    index, candidates = _index([[alike, same], [_vector(0.0, 1.0, 0.0, 0.0)]]), np.array([1, 2])
    part = _part(index, PHOTO)
    plain = score_vectors(part, candidates, None)
    (found,) = very_thing_first([plain], [part], candidates, None, DETAILS)
    places = np.array([1, 0])
    assert (plain.key(0), plain.variants(places).tolist()) == ("1-0", [20, 10])
    assert (found.key(0), found.key(1), found.variants(places).tolist()) == ("1-1", "2-0", [20, 11])


def test_the_first_ten_stay_the_first_ten_and_the_rest_keep_their_scores() -> None:
    rng = np.random.default_rng(3)
    rows = [[_vector(*row)] for row in rng.random((60, 4))]
    index, candidates = _index(rows), np.arange(1, 61)
    part = _part(index, PHOTO, 0.7)
    other = rng.random(60)
    say = PartScores("words", "words", other, other, other, no_variants, lambda _: "")
    plain = score_vectors(part, candidates, None)
    before = plain.contributions + other
    found, beside = very_thing_first([plain, say], [part], candidates, None, DETAILS)
    after = found.contributions + beside.contributions
    ten = np.argsort(-before)[:FIRST]
    assert set(np.argsort(-after)[:FIRST].tolist()) == set(ten.tolist())
    rest = np.setdiff1d(np.arange(60), ten)
    assert np.array_equal(after[rest], before[rest])
    assert beside is say
    assert (found.contributions[ten] >= plain.contributions[ten]).all()


def test_nothing_changes_without_details_or_for_a_photo_to_stay_away_from() -> None:
    index, candidates = _index([[PHOTO], [_vector(1.0, 0.0, 0.0, 0.0)]]), np.array([1, 2])
    for part, details in ((_part(index, PHOTO), (0, 0)), (_part(index, PHOTO, -1.0), DETAILS)):
        plain = score_vectors(part, candidates, None)
        (found,) = very_thing_first([plain], [part], candidates, None, details)
        assert found is plain


def test_a_product_without_a_picture_is_passed_over() -> None:
    index, candidates = _index([[PHOTO], [_vector(1.0, 0.0, 0.2, 0.0)]]), np.array([1, 2, 3])
    part = _part(index, PHOTO)
    plain = score_vectors(part, candidates, None)
    (found,) = very_thing_first([plain], [part], candidates, None, DETAILS)
    assert found.contributions[2] == plain.contributions[2]
    assert np.isfinite(found.contributions).all()


@pytest.mark.parametrize("said", [None, 5, [1], [3, 1], [0, 5], [-1, 2], ["a", "b"], [0, 1, 2]])
def test_a_card_that_says_no_details_in_a_way_to_be_used_has_none(said: object) -> None:
    assert EncoderCard("tiny", "1", 4, preprocessing={"details": said}).details == (0, 0)
    assert EncoderCard("tiny", "1", 4, preprocessing={"details": [2, 4]}).details == (2, 4)
