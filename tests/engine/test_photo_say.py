"""How much a photo counts beside words: what is looked at, what follows, and that a query may say it itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shoplens.core.query import Query, QueryPicture
from shoplens.engine.balance import Balance
from shoplens.engine.parts import PartScores, no_variants
from shoplens.engine.photo_say import KAPPA, PHOTO, TRAITS, WEIGHTS, WORDS, photos_said, traits, weight

ASKED = Query(words="hat", pictures=(QueryPicture(b""),))


def part(source: str, contributions: list[float], confidence: list[float]) -> PartScores:
    values = np.array(contributions)
    return PartScores(source, "", values, values, np.array(confidence), no_variants, lambda _: "")


def scores(*true_of: int, sure: float = 0.8) -> list[PartScores]:
    """Twenty candidates, the photo's nearest first, and words that are true of some of them."""
    photo = np.linspace(10, 0.5, 20)
    said = np.isin(np.arange(20), true_of) * sure
    return [part(PHOTO, photo.tolist(), [0.0] * 20), part(WORDS, (12 * said).tolist(), said.tolist())]


def test_traits_are_what_they_are_said_to_be() -> None:
    found = dict(zip(TRAITS, traits(scores(0, 3, 15)), strict=True))
    assert found == pytest.approx({"one": 1, "sure": 0.8, "agree": 2 / 10, "none": 0})
    assert traits(scores(15, 16))[-1] == 1


def test_only_what_is_like_the_photo_is_near_it() -> None:
    photo, words = scores(4, 5)
    unlike = replace(photo, contributions=photo.contributions - 8.25)  # four are left above nothing
    assert dict(zip(TRAITS, traits([unlike, words]), strict=True)) == {"one": 1, "sure": 0.8, "agree": 0, "none": 1}
    unlike = replace(photo, contributions=photo.contributions - 7.25)  # six, two of them said
    assert traits([unlike, words])[2] == 2 / 6


def test_the_more_the_words_agree_with_the_photo_the_more_it_counts() -> None:
    of = [weight(traits(scores(*range(n, 11)))) for n in (0, 3, 6, 9)]
    assert of == sorted(of, reverse=True)
    assert of[0] > 2 * of[-1]
    apart = weight(traits(scores(18, 19)))
    assert WEIGHTS[0] < apart < of[0] < WEIGHTS[-1]


def test_a_photo_is_scaled_by_its_weight_and_nothing_else_is() -> None:
    before, balance = scores(0, 1, 2), Balance()
    after = photos_said(before, ASKED, balance)
    factor = weight(traits(before)) / balance.beside
    assert factor != 1
    assert after[0].contributions == pytest.approx(factor * before[0].contributions)
    assert after[1] is before[1]


@pytest.mark.parametrize(
    "query",
    [
        replace(ASKED, semantic_ratio=0.5),
        replace(ASKED, words_weight=2.0),
        replace(ASKED, pictures=(QueryPicture(b"", weight=3.0),)),
    ],
)
def test_a_query_may_say_itself_what_counts(query: Query) -> None:
    before = scores(0, 1, 2)
    assert photos_said(before, query, Balance()) == before


def test_without_words_that_match_or_without_learning_nothing_changes() -> None:
    before = scores(0, 1, 2)
    assert photos_said(before[:1], ASKED, Balance()) == before[:1]
    assert photos_said(before, ASKED, Balance(learned=0.0)) == before
    nobody = [part(PHOTO, [], []), part(WORDS, [], [])]
    assert photos_said(nobody, ASKED, Balance()) == nobody


def test_one_weight_of_all_is_the_peak_of_the_model_without_traits() -> None:
    middle = float(np.log2(WEIGHTS).mean())
    say = (2 * KAPPA * middle, *[0.0] * (len(TRAITS) - 1))
    assert np.log2(weight(np.eye(len(TRAITS))[0], say, KAPPA)) == pytest.approx(middle)
