"""The preprocessing is part of the encoder: golden pictures made by code hold it still."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplens.encoders.preprocess import content_box, letterbox, to_batch


def scene(height: int, width: int) -> np.ndarray:
    """A red disc on a blue ramp: edges, a gradient and all three channels."""
    y, x = np.mgrid[0:height, 0:width]
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 1] = 255 * x // max(width - 1, 1)
    picture[..., 2] = 200
    disc = (x - width / 2) ** 2 + (y - height / 2) ** 2 < (min(height, width) / 3) ** 2
    picture[disc] = (220, 30, 30)
    return picture


def test_a_square_of_the_right_size_is_untouched() -> None:
    picture = scene(96, 96)
    assert np.array_equal(letterbox(picture, 96), picture)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from([64, 112, 113]))
def test_the_margin_is_white_and_the_picture_where_the_box_says(height: int, width: int, side: int) -> None:
    square = letterbox(np.zeros((height, width, 3), np.uint8), side)
    left, top, right, bottom = content_box(height, width, side)
    expected = np.full((side, side, 3), 255, np.uint8)
    expected[top:bottom, left:right] = 0
    assert square.shape == (side, side, 3)
    assert np.array_equal(square, expected)
    assert max(right - left, bottom - top) == side


def test_a_flat_colour_stays_itself_at_any_scale() -> None:
    picture = np.full((400, 200, 3), (12, 130, 250), np.uint8)
    left, top, right, bottom = content_box(400, 200, 112)
    inside = letterbox(picture, 112)[top:bottom, left:right]
    assert np.array_equal(inside, np.broadcast_to(np.uint8([12, 130, 250]), inside.shape))


def test_shrinking_is_antialiased() -> None:
    # A checkerboard of single pixels averages to grey; without antialiasing it would stay black and white.
    board = (np.indices((512, 512)).sum(axis=0) % 2 * 255).astype(np.uint8)
    square = letterbox(np.repeat(board[:, :, None], 3, axis=2), 64)
    assert np.abs(square.astype(int) - 127).max() <= 3


def test_the_reducing_gap_changes_next_to_nothing() -> None:
    from PIL import Image

    picture = scene(1600, 1200)
    exact = np.asarray(Image.fromarray(picture).resize((84, 112), Image.Resampling.BICUBIC))
    left, top, right, bottom = content_box(1600, 1200, 112)
    near = letterbox(picture, 112)[top:bottom, left:right]
    assert np.abs(near.astype(int) - exact.astype(int)).mean() < 1.0


# Of Pillow's fixed-point resampling: the same on every processor. A change here is a change of the space, and needs
# a new PREPROCESSING name and new towers.
GOLDEN = {
    (300, 200): "5c215832eb899087",
    (90, 160): "702b049826fcca7e",
    (40, 40): "4f3d94e11d514673",
}


@pytest.mark.parametrize("size", GOLDEN)
def test_golden_pictures(size: tuple[int, int]) -> None:
    square = letterbox(scene(*size), 112)
    assert hashlib.sha256(square.tobytes()).hexdigest()[:16] == GOLDEN[size]


def test_batches_are_the_pictures_one_by_one() -> None:
    pictures = [scene(50, 80), scene(112, 112), scene(300, 20)]
    assert np.array_equal(to_batch(pictures, 112), np.stack([letterbox(p, 112) for p in pictures]))
    assert to_batch([], 112).shape == (0, 112, 112, 3)


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="a picture is uint8"):
        letterbox(bad, 64)
