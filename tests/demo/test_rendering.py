"""The renderer: same design, same pixels; every kind draws; colours are true; captions are about the design."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplens.training.rendering import (
    BACKGROUNDS,
    COLOURS,
    KINDS,
    LIGHTS,
    MATERIALS,
    PATTERNS,
    VIEWS,
    Design,
    captions,
    layers,
    render,
    sample,
)
from shoplens.training.rendering.frame import Frame, blur, region_of
from shoplens.training.rendering.settings import SETTINGS, render_in, setting_of
from shoplens.training.rendering.words import COLOUR_WORDS, KIND_WORDS, MATERIAL_WORDS, PATTERN_WORDS

MIXED = {
    "watch", "sunglasses", "headphones", "ring", "earrings", "necklace", "clock", "plant pot", "candle", "lamp",
    "stool", "chair", "belt", "sandal", "bottle", "vase",
}  # fmt: skip
"""Kinds with much of another colour: dial, lenses, stones, leaves, legs; or seen through."""
THIN = {"necklace": 0.02, "tie": 0.06, "earrings": 0.06}


def lab(rgb: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """CIE L*a*b* (D65) of sRGB 0..255, by the definition (IEC 61966-2-1, CIE 15)."""
    c = np.asarray(rgb, dtype=np.float64) / 255
    c = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    m = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x = c @ m.T / np.array([0.9505, 1.0, 1.089])
    f = np.where(x > (6 / 29) ** 3, np.cbrt(x), x / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def test_the_same_design_gives_the_same_pixels() -> None:
    for kind in ("handbag", "dress", "mug", "sneaker"):
        design = sample(np.random.default_rng(5), kind)
        first = render(design, 96, "clutter", "warm", scene=7)
        assert first.dtype == np.uint8
        assert first.shape == (96, 96, 3)
        assert np.array_equal(first, render(replace(design), 96, "clutter", "warm", scene=7))
        assert not np.array_equal(first, render(design, 96, "clutter", "warm", scene=8))


def test_colour_variants_share_their_shape() -> None:
    red = Design("jacket", "red", "white", "leather", "plain", 11)
    shapes = [layers(replace(red, colour=colour), 96)[1] for colour in ("red", "navy", "white")]
    assert np.array_equal(shapes[0], shapes[1])
    assert np.array_equal(shapes[0], shapes[2])
    assert not np.array_equal(shapes[0], layers(replace(red, seed=12), 96)[1])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_draws_without_a_warning_and_fills_the_frame(kind: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for seed in range(2):
            design = replace(sample(np.random.default_rng(seed), kind), view="front")
            picture, alpha = layers(design, 80)
            assert picture.shape == (80, 80, 3)
            assert THIN.get(kind, 0.08) <= float((alpha > 0.5).mean()) <= 0.80, design
            edge = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
            assert float((edge > 0.5).mean()) < 0.02, f"{design} is cut by the frame"
            for view in VIEWS[1:]:
                render(replace(design, view=view), 48)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - MIXED))
def test_a_plain_product_has_the_colour_it_is_called(kind: str) -> None:
    for seed in range(3):
        design = replace(sample(np.random.default_rng(seed), kind), pattern="plain", view="front")
        picture, alpha = layers(design, 96)
        seen = np.median(lab(picture[alpha > 0.95]), axis=0)
        # 25 in CIE76: less than from any of the named colours to a clearly different one (red to orange: 48).
        assert float(np.linalg.norm(seen - lab(COLOURS[design.colour]))) < 25, design


@pytest.mark.parametrize("kind", sorted(MIXED & set(KINDS)))
def test_a_mixed_product_shows_its_colour_on_a_good_part(kind: str) -> None:
    shares = []
    for seed in range(3):
        design = replace(sample(np.random.default_rng(seed), kind), pattern="plain", view="front")
        picture, alpha = layers(design, 96)
        distance = np.linalg.norm(lab(picture[alpha > 0.7]) - lab(COLOURS[design.colour]), axis=-1)
        shares.append(float((distance < 30).mean()))
    assert min(shares) > 0.1, shares


def test_named_colours_are_told_apart_on_the_same_bag() -> None:
    names = [name for name in COLOURS if name not in ("gold", "silver", "rose gold", "cream")]
    seen = []
    for name in names:
        picture, alpha = layers(Design("handbag", name, "white", "leather", "plain", 4), 80)
        seen.append(np.median(lab(picture[alpha > 0.95]), axis=0))
    wanted = lab([COLOURS[name] for name in names])
    nearest = np.linalg.norm(np.asarray(seen)[:, None] - wanted[None], axis=-1).argmin(axis=1)
    assert [names[i] for i in nearest] == names


@pytest.mark.parametrize("pattern", [p for p in PATTERNS if p != "plain"])
def test_patterns_show_both_colours(pattern: str) -> None:
    design = Design("cushion", "navy", "yellow", "cotton", pattern, 3)
    picture, alpha = layers(design, 160)
    pixels = lab(picture[alpha > 0.95])
    for name in (design.colour, design.second_colour):
        # The light of folds and edges spreads lightness; hue and chroma are what tells.
        near = np.linalg.norm((pixels - lab(COLOURS[name]))[:, 1:], axis=-1) < 30
        assert float(near.mean()) > 0.02, (pattern, name)


def test_light_and_background_leave_the_shape_alone() -> None:
    design = Design("mug", "teal", "white", "ceramic", "plain", 2)
    shape = layers(design, 64)[1]
    pictures = [layers(design, 64, background, "soft") for background in BACKGROUNDS]
    pictures += [layers(design, 64, "studio", light) for light in LIGHTS]
    assert all(np.array_equal(alpha, shape) for _, alpha in pictures)
    flat = [picture.tobytes() for picture, _ in pictures]
    assert len(set(flat)) == len(BACKGROUNDS) + len(LIGHTS) - 1  # studio in soft light is in both lists


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_show_the_product_whole_in_its_own_colour(name: str) -> None:
    kinds = [kind for kind in KINDS if name in {setting_of(Design(kind, "red", seed=seed)) for seed in range(8)}]
    assert kinds, f"no kind is shown in {name}"
    for kind in kinds[:3]:
        design = replace(sample(np.random.default_rng(3), kind), view="front", pattern="plain")
        picture = render_in(design, 120, name)
        assert picture.shape == (120, 120, 3)
        assert picture.dtype == np.uint8
        assert np.array_equal(picture, render_in(design, 120, name))
        distance = np.linalg.norm(lab(picture.reshape(-1, 3)) - lab(COLOURS[design.colour]), axis=-1).reshape(120, 120)
        close = distance < 30
        assert float(close.mean()) > 0.015, (name, design)
        # The product stands free, before something that is not of its colour.
        edge = np.concatenate([distance[0], distance[:90, 0], distance[:90, -1]])
        assert float((edge < 15).mean()) < 0.15, (name, design)


def test_settings_suit_the_kind() -> None:
    for kind in KINDS:
        chosen = {setting_of(Design(kind, "red", seed=seed)) for seed in range(12)}
        assert chosen <= set(SETTINGS)
    assert setting_of(Design("armchair", "green")) == "room"
    assert setting_of(Design("clock", "black")) == "wall"
    with pytest.raises(KeyError):
        render_in(Design("mug", "teal"), 32, "moon")


def test_unknown_names_are_refused() -> None:
    design = Design("mug", "teal", "white", "ceramic")
    for wrong in (replace(design, kind="spaceship"), replace(design, colour="octarine"), replace(design, material="x")):
        with pytest.raises(KeyError):
            render(wrong, 32)
    with pytest.raises(KeyError):
        render(design, 32, background="moon")
    with pytest.raises(ValueError, match="fr"):
        captions(design, "fr")


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_samples_are_made_of_known_names_and_captions_are_about_them(seed: int) -> None:
    design = sample(np.random.default_rng(seed))
    assert design == sample(np.random.default_rng(seed))
    assert design.kind in KINDS
    assert {design.colour, design.second_colour} <= set(COLOURS)
    assert design.material in MATERIALS
    assert design.pattern in PATTERNS
    for at, language in enumerate(("en", "zh")):
        phrases = captions(design, language)
        assert len(phrases) == len(set(phrases)) >= 8
        kinds, colours = KIND_WORDS[design.kind][at], COLOUR_WORDS[design.colour][at]
        assert all(any(kind in phrase for kind in kinds) for phrase in phrases)
        assert sum(any(colour in phrase for colour in colours) for phrase in phrases) >= 4
        if language == "zh":
            assert all(re.search(r"[\u4e00-\u9fff]", phrase) for phrase in phrases)


def test_every_name_has_words_in_both_languages() -> None:
    assert set(KIND_WORDS) == set(KINDS)
    assert set(COLOUR_WORDS) == set(COLOURS)
    assert set(MATERIAL_WORDS) == set(MATERIALS)
    assert set(PATTERN_WORDS) == set(PATTERNS)


@pytest.mark.parametrize("sigma", [0.7, 1.3, 2.0, 6.0])
def test_the_fast_blur_is_a_gaussian_blur(sigma: float) -> None:
    region = region_of(Frame.of(96), [np.array([[-0.3, -0.4], [0.4, -0.2], [0.2, 0.5]])], pad=0.6)
    field = region.mask
    height, width = field.shape
    y, x = np.mgrid[:height, :width]
    slow = np.zeros_like(field)
    for row in range(0, height, 9):
        for column in range(0, width, 9):
            weights = np.exp(-((x - column) ** 2 + (y - row) ** 2) / (2 * sigma**2))
            slow[row, column] = (weights * field).sum() / (2 * np.pi * sigma**2)
    fast = blur(field, sigma)
    assert np.abs(fast - slow)[::9, ::9].max() < 0.05
