"""Pictures as the towers want them: sizes by formula, nothing moved, the libraries' roundings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplens.encoders.picture_steps import FILTERS, PictureSteps

SIDES = st.integers(1, 300)
STEPS = st.builds(
    PictureSteps,
    resize=st.sampled_from(["shortest", "longest", "squash", "none"]),
    scaled=st.tuples(st.integers(1, 80), st.integers(1, 80)),
    size=st.tuples(st.integers(1, 64), st.integers(1, 64)),
    filter=st.sampled_from(sorted(FILTERS)),
    length_rounding=st.sampled_from(["down", "even"]),
    crop_rounding=st.sampled_from(["down", "even"]),
    fill=st.tuples(*[st.integers(0, 255)] * 3),
    mean=st.tuples(*[st.floats(0, 1, width=32)] * 3),
    std=st.tuples(*[st.floats(0.125, 1, width=32)] * 3),
)


@given(STEPS, SIDES, SIDES)
def test_what_comes_out_has_the_size_asked_for(steps: PictureSteps, height: int, width: int) -> None:
    out = steps.prepare(np.full((height, width, 3), 77, np.uint8))
    assert out.shape == (*steps.size, 3)
    assert out.dtype == np.uint8
    assert set(np.unique(out)) <= {77, *steps.fill}


@given(STEPS)
def test_a_card_gives_the_steps_back(steps: PictureSteps) -> None:
    assert PictureSteps.from_fields(steps.to_fields()) == steps


@given(STEPS, SIDES, SIDES)
def test_the_side_that_is_aimed_at_is_met(steps: PictureSteps, height: int, width: int) -> None:
    new_h, new_w = steps.scaled_size(height, width)
    aim_h, aim_w = steps.scaled
    if steps.resize == "none":
        assert (new_h, new_w) == (height, width)
    elif steps.resize == "squash":
        assert (new_h, new_w) == (aim_h, aim_w)
    else:
        assert new_h == aim_h or new_w == aim_w


@pytest.mark.parametrize(("height", "width", "expected"), [(100, 151, (36, int(36 * 151 / 100))), (151, 100, (54, 36))])
def test_the_free_side_is_cut_to_whole_pixels_as_torchvision_does(
    height: int, width: int, expected: tuple[int, int]
) -> None:
    steps = PictureSteps("shortest", (36, 36), (32, 32))
    assert steps.scaled_size(height, width) == expected


def test_the_longest_side_is_met_and_the_rest_filled_odd_pixels_below() -> None:
    steps = PictureSteps("longest", (8, 8), (8, 8), fill=(9, 9, 9))
    out = steps.prepare(np.full((3, 8, 3), 200, np.uint8))
    # 8 - 3 = 5 rows are free: 5 // 2 above, the rest below.
    assert [int(row[0, 0]) for row in out] == [9, 9, 200, 200, 200, 9, 9, 9]


@pytest.mark.parametrize(("rounding", "first"), [("even", 2), ("down", 1)])
def test_a_margin_of_one_and_a_half_is_rounded_as_the_library_does(rounding: str, first: int) -> None:
    # 7 columns to 4: (7 - 4) / 2 = 1.5 -> 2 (torchvision: round half to even), 1 (transformers: down).
    picture = np.broadcast_to(np.arange(7, dtype=np.uint8)[None, :, None], (4, 7, 3)).copy()
    steps = PictureSteps("none", (4, 4), (4, 4), crop_rounding=rounding)  # type: ignore[arg-type]
    assert steps.prepare(picture)[0, :, 0].tolist() == list(range(first, first + 4))


def test_normalising_is_the_formula() -> None:
    steps = PictureSteps("squash", (2, 2), (2, 2), mean=(0.5, 0.4, 0.3), std=(0.5, 0.25, 0.2))
    batch = np.full((1, 2, 2, 3), 51, np.uint8)  # 51 / 255 = 0.2
    out = steps.normalize(batch)
    assert out.shape == (1, 3, 2, 2)
    assert out[0, :, 0, 0] == pytest.approx([(0.2 - 0.5) / 0.5, (0.2 - 0.4) / 0.25, (0.2 - 0.3) / 0.2], abs=1e-6)


@pytest.mark.parametrize(
    "fields",
    [
        {"resize": "stretch"},
        {"filter": "magic"},
        {"std": [0.0, 1.0, 1.0]},
        {"size": [0, 4]},
        {"size": [100_000, 4]},
        {"scaled": [4]},
        {"mean": [0.5]},
        {"crop_rounding": "up"},
        {"colour": "blue"},
    ],
)
def test_steps_that_make_no_sense_are_refused(fields: dict[str, object]) -> None:
    good = PictureSteps("squash", (4, 4), (4, 4)).to_fields()
    with pytest.raises((ValueError, TypeError)):
        PictureSteps.from_fields({**good, **fields})


@pytest.mark.parametrize("picture", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)])
def test_what_is_no_picture_is_refused(picture: np.ndarray) -> None:
    with pytest.raises(ValueError, match="a picture is"):
        PictureSteps("squash", (4, 4), (4, 4)).prepare(picture)
