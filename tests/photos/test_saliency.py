"""Boxes and maps: the fast sums against plain loops, and what stands out of a drawn map."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplens.core.query import Crop
from shoplens.engine.cropping import CropProposal, Guess
from shoplens.engine.saliency import apart, area, contrast, cut, islands, moved, overlap, saliency, windows
from tests.support import ColourEncoder

SIDE = st.integers(0, 12)


@given(SIDE, SIDE, SIDE, SIDE, st.integers(0, 9))
def test_contrast_is_what_loops_over_cells_say(x0: int, y0: int, x1: int, y1: int, seed: int) -> None:
    """Boxes whose ring ends at cells too: the map has 50 cells a side, the ring is 3 of them."""
    if x0 >= x1 or y0 >= y1:
        return
    energy = np.random.default_rng(seed).random((50, 50)).astype(np.float32)
    x0, y0, x1, y1 = 4 * x0, 4 * y0, 4 * x1, 4 * y1
    inside = energy[y0:y1, x0:x1]
    ring = energy[max(0, y0 - 3) : y1 + 3, max(0, x0 - 3) : x1 + 3]
    around = (ring.sum() - inside.sum()) / (ring.size - inside.size)
    expected = (inside.mean() - around) * np.sqrt(inside.sum() / energy.sum())
    got = contrast(energy, [(x0 / 50, y0 / 50, x1 / 50, y1 / 50)])
    assert got == pytest.approx([expected], abs=1e-5)


def test_islands_are_found_and_what_touches_is_one() -> None:
    energy = np.zeros((10, 10), np.float32)
    energy[1:4, 1:3] = 1.0
    energy[6:9, 5:9] = 0.6
    found = islands(energy)
    assert (0.1, 0.1, 0.3, 0.4) in found
    assert (0.5, 0.6, 0.9, 0.9) in found
    assert len(found) == 2
    energy[3:7, 2:6] = 1.0  # a bridge
    assert (0.1, 0.1, 0.9, 0.9) in islands(energy)


def test_a_photo_of_one_colour_has_nothing_that_stands_out() -> None:
    flat = np.full((60, 80, 3), 120, np.uint8)
    assert not saliency(ColourEncoder(), flat).any()


def test_windows_and_moved_boxes_lie_within_the_photo() -> None:
    some = windows()
    assert len(some) == len(set(some))
    for box in [*some, *(b for w in some[::7] for b in moved(w, 0.16))]:
        assert 0 <= box[0] < box[2] <= 1 + 1e-9
        assert 0 <= box[1] < box[3] <= 1 + 1e-9
        assert area(box) > 0.005
    assert overlap((0, 0, 0.5, 1), (0.25, 0, 0.75, 1)) == pytest.approx(1 / 3)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0.1, 0.9))
def test_the_best_boxes_are_kept_and_lie_apart(scores: list[float], limit: float) -> None:
    boxes = windows()[: len(scores)]
    kept = apart(boxes, scores, 5, limit)
    assert scores[kept[0]] == max(scores)
    assert [scores[n] for n in kept] == sorted((scores[n] for n in kept), reverse=True)
    assert all(overlap(boxes[a], boxes[b]) <= limit for a in kept for b in kept if a != b)
    assert len(kept) == len(apart(boxes, scores, 99, limit)[:5])


def test_a_part_is_cut_out_and_is_never_empty() -> None:
    photo = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)
    assert cut(photo, (0.2, 0.1, 0.6, 0.5)).shape == (4, 4, 3)
    assert cut(photo, (0.999, 0.999, 1.0, 1.0)).shape == (1, 1, 3)


def test_a_proposal_of_a_part_is_told_in_shares_of_the_whole() -> None:
    inner = CropProposal(Crop(0.5, 0.0, 1.0, 0.5), Guess(), 0.5, 0.5)
    assert inner.within(Crop(0.2, 0.4, 0.6, 0.8)).crop == Crop(0.4, 0.4, 0.6, 0.6)
