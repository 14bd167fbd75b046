"""The plain features that the encoder is held against."""

from __future__ import annotations

import numpy as np
import pytest

from shoplens.training.baselines import colours, excluded, features, gradients, weighed


def striped(turn: int, colour: tuple[int, int, int] = (200, 30, 30)) -> np.ndarray:
    picture = np.full((128, 128, 3), 255, np.uint8)
    stripes = np.zeros((128, 128), bool)
    stripes[:, (np.arange(128) // 8) % 2 == 0] = True
    picture[np.rot90(stripes, turn)] = colour
    return picture


def test_colours_are_of_what_is_not_white() -> None:
    found = colours(striped(0))
    # 200 * 6 // 256 = 4, 30 * 6 // 256 = 0: one bin has all.
    assert found[4 * 36] == pytest.approx(1.0)
    assert found.sum() == pytest.approx(1.0)
    assert colours(np.full((128, 128, 3), 255, np.uint8))[-1] == pytest.approx(1.0)


def test_gradients_know_directions_and_not_colours() -> None:
    upright, lying, blue = gradients(striped(0)), gradients(striped(1)), gradients(striped(0, (30, 30, 200)))
    assert np.linalg.norm(upright) == pytest.approx(1.0, abs=1e-5)
    assert upright @ blue > 0.99
    assert upright @ lying < 0.5


@pytest.mark.parametrize("weight", [0.2, 0.5, 0.8])
def test_the_inner_product_is_the_weighted_sum(weight: float) -> None:
    one, other = striped(0), striped(1, (30, 30, 200))
    vectors = features([one, other], weight)
    wanted = weight * float(gradients(one) @ gradients(other)) + (1 - weight) * float(colours(one) @ colours(other))
    assert vectors[0] @ vectors[1] == pytest.approx(wanted, abs=1e-5)
    again = weighed(features([one, other], 0.5), weight)
    np.testing.assert_allclose(again, vectors, atol=1e-5)


@pytest.mark.data
def test_what_is_excluded_is_listed(data_folder: object) -> None:
    from pathlib import Path

    lines = excluded(Path(str(data_folder)))
    assert any("6095 photos of train; 746 of dev, 749 of test" in line for line in lines)
    assert any("Melon" in line and "706" in line for line in lines)
