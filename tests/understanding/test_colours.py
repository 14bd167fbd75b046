"""Colours from pixels: CIELAB against its published values, product against ground, shares of basic colours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from shoplens.core.spaces import Pixels
from shoplens.encoders.lexicon import load_lexicon
from shoplens.understanding.colours import BASIC, METALS, anchor_shares, basic_shares, foreground, looks, to_lab
from tests.understanding.pictures import square


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [  # CIE 15 values for the primaries of sRGB
        ((255, 255, 255), (100.0, 0.0, 0.0)), ((0, 0, 0), (0.0, 0.0, 0.0)), ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (87.73, -86.18, 83.18)), ((0, 0, 255), (32.30, 79.19, -107.86)), ((119, 119, 119), (50.03, 0, 0)),
    ],
)  # fmt: skip
def test_lab_of_known_colours(rgb: tuple[int, int, int], lab: tuple[float, float, float]) -> None:
    assert to_lab(np.asarray([rgb], np.uint8))[0] == pytest.approx(lab, abs=0.05)


@pytest.mark.parametrize("ground", [(255, 255, 255), (200, 205, 210), (40, 60, 90)])
def test_a_product_stands_out_from_a_plain_ground(ground: tuple[int, int, int]) -> None:
    found = foreground(to_lab(square((190, 30, 40), ground)))
    # Half the width and height, without a rim of one pixel.
    assert found.sum() == 48 * 48
    assert found[26:74, 26:74].all()


def test_what_the_ground_encloses_is_product() -> None:
    pixels = square((30, 60, 160))
    pixels[45:55, 45:55] = 255  # a white print
    assert foreground(to_lab(pixels))[47:53, 47:53].all()


def test_of_a_busy_picture_the_middle_counts() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (100, 100, 3)).astype(np.uint8)
    found = foreground(to_lab(noise))
    assert found.mean() == pytest.approx(np.pi * 0.36**2, abs=0.01)
    assert found[50, 50]
    assert not found[0, 0]


def test_shares_are_those_of_the_product_not_of_the_ground() -> None:
    pixels = square((196, 30, 38))
    pixels[25:75, 50:75] = (36, 88, 176)
    shares = dict(zip(BASIC, basic_shares(anchor_shares(pixels)), strict=True))
    assert shares["red"] == pytest.approx(0.5, abs=0.05)
    assert shares["blue"] == pytest.approx(0.5, abs=0.05)
    assert shares["white"] < 0.05


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((20, 20, 22), "black"), ((250, 250, 250), "white"), ((140, 140, 142), "grey"), ((216, 198, 168), "beige"),
        ((110, 70, 44), "brown"), ((200, 25, 35), "red"), ((236, 152, 176), "pink"), ((232, 118, 32), "orange"),
        ((240, 198, 48), "yellow"), ((42, 128, 70), "green"), ((34, 44, 84), "blue"), ((108, 56, 140), "purple"),
        # As drawn on a screen: CIELAB puts the blue of sRGB beside purple.
        ((0, 0, 255), "blue"), ((0, 0, 205), "blue"), ((0, 0, 128), "blue"), ((18, 10, 143), "blue"),
        ((75, 0, 130), "purple"), ((138, 43, 226), "purple"), ((128, 0, 128), "purple"), ((160, 0, 255), "purple"),
    ],
)  # fmt: skip
def test_plain_colours_have_their_names(rgb: tuple[int, int, int], name: str) -> None:
    # On a ground that none of them has.
    shares = basic_shares(anchor_shares(square(rgb, (120, 200, 190))))
    assert BASIC[int(shares.argmax())] == name


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 120), st.just(3))))
def test_shares_of_any_picture_sum_to_one(pixels: Pixels) -> None:
    shares = anchor_shares(pixels)
    assert shares.sum() == pytest.approx(1, abs=1e-5)
    assert basic_shares(shares).sum() == pytest.approx(1, abs=1e-5)
    assert (shares >= 0).all()


def test_every_colour_and_shade_of_the_lexicon_looks_like_some_basic_colour() -> None:
    lexicon = load_lexicon()
    without = {e.key for facet in ("colour", "shade") for e in lexicon.facet(facet) if not looks(e.key)}
    assert without == {"na", "transparent", "translucent-na"}
    assert {name for e in lexicon.facet("colour") for name in looks(e.key)} == set(BASIC)
    assert set(BASIC) <= {e.key for e in lexicon.facet("colour")}
    assert set(METALS) < set(BASIC)
    assert looks("sapphire-blue") == looks("blue")
    assert looks("nonsense") == ()
