"""Several photos of one thing: (1 - a) * sum + a * n * max, shared out so that parts add up."""

from __future__ import annotations

import numpy as np

from shoplens.engine.parts import PartScores, no_variants
from shoplens.engine.several import BEST, several_photos


def _part(name: str, values: list[float], source: str = "picture>picture") -> PartScores:
    own = np.array(values)
    return PartScores(source, name, own, own, np.zeros(len(own)), no_variants, lambda _: "")


def test_the_best_photo_counts_beside_the_mean() -> None:
    one, two = [1.0, 0.0, -1.0], [0.0, 0.9, 0.5]
    words = _part("words", [9.0, 9.0, 9.0], "words")
    found = several_photos([_part("image 1", one), words, _part("image 2", two)], [True, True, True])
    total = found[0].contributions + found[2].contributions
    expected = (1 - BEST) * np.add(one, two) + BEST * 2 * np.maximum(one, two)
    assert np.allclose(total, expected)
    assert found[1] is words


def test_one_photo_and_photos_to_stay_away_from_are_left_as_they_are() -> None:
    parts = [_part("image 1", [1.0, 2.0]), _part("image 2", [-1.0, -2.0])]
    assert several_photos(parts[:1], [True]) == parts[:1]
    assert several_photos(parts, [True, False]) == parts
