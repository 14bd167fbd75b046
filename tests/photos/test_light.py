"""Photos in lamplight: what was white is white again, and what must not be touched is not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import floats, integers
from PIL import Image

from shoplens.engine.light import _percentile, in_daylight
from tests.photos.scenes import opened, scene
from tests.understanding.pictures import DEMO, rows


def paper(level: tuple[int, int, int] = (250, 250, 250)) -> np.ndarray:
    """A red thing on paper."""
    photo = np.full((90, 120, 3), level, np.uint8)
    photo[30:60, 40:80] = (180, 20, 30)
    return photo


def test_dusk_and_lamplight_are_taken_out() -> None:
    day = paper()
    for light in ((0.7, 0.7, 0.7), (0.92, 0.85, 0.7), (0.6, 0.7, 0.85)):
        lamp = (day * np.array(light)).astype(np.uint8)
        assert np.abs(in_daylight(lamp).astype(int) - day).max() <= 4


def test_daylight_and_night_are_left_alone() -> None:
    for photo in (paper(), paper((240, 238, 235)), np.full((40, 40, 3), 30, np.uint8)):
        assert in_daylight(photo) is photo


def test_a_photo_without_a_plain_ground_is_left_alone() -> None:
    grass = np.asarray(scene([DEMO / rows()[0]["variants"][0]["images"][0]], [(100, 100)])[0])
    assert in_daylight(grass) is grass


def test_black_corners_of_a_turned_photo_are_filled_and_a_black_thing_is_not() -> None:
    turned = np.asarray(Image.fromarray(paper()).rotate(15, fillcolor=(0, 0, 0)))
    out = in_daylight(turned)
    assert out[0, 0].tolist() == out[-1, -1].tolist() == [255, 255, 255]
    assert (out[40:50, 50:70] == turned[40:50, 50:70]).all()
    black = paper()
    black[30:60, 40:80] = 5
    assert in_daylight(black) is black


def test_a_real_picture_that_was_dimmed_is_what_it_was() -> None:
    day = np.asarray(opened(DEMO / rows()[0]["variants"][0]["images"][0]))
    dim = (day * 0.6).astype(np.uint8)
    before, after = (np.abs(some.astype(int) - day).mean() for some in (dim, in_daylight(dim)))
    assert after < before / 4


@given(arrays(np.uint8, integers(1, 300)), floats(0, 100))
def test_a_percentile_from_a_histogram_is_numpys(values: npt.NDArray[np.uint8], percent: float) -> None:
    assert _percentile(values, percent) == pytest.approx(np.percentile(values, percent), abs=1e-9)
