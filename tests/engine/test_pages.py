"""The order of a page's products."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shoplens.engine.pages import in_line


@given(st.sets(st.integers(1, 300)), st.randoms())
def test_candidates_come_first_and_nothing_is_lost(result: set[int], chance: random.Random) -> None:
    whole = np.array(sorted(result), np.int64)
    ranked = np.array(chance.sample(sorted(result), chance.randint(0, len(result))), np.int64)
    place = {number: at for at, number in enumerate(ranked.tolist())}
    expected = sorted(result, key=lambda number: (place.get(number, len(place)), number))
    assert in_line(whole, ranked).tolist() == expected
