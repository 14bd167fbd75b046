"""The splits that make the figures honest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shoplens.encoders.lexicon import load_lexicon
from shoplens.training.data import (
    HELD_OUT_GROCERY,
    clothing_items,
    data_root,
    fashion_items,
    grocery_items,
    product_masks,
)

ROOT = data_root()
needs_data = pytest.mark.skipif(
    not (ROOT / "fashion" / "products.csv").exists(), reason="needs the data sets (SHOPLENS_DATA or ../shared/data)"
)


def test_the_mask_is_the_thing_on_white() -> None:
    square = np.full((1, 40, 40, 3), 255, np.uint8)
    square[0, 10:30, 12:28] = (200, 20, 20)
    square[0, 18:22, 18:22] = 255  # a white spot inside belongs to the thing: the flood does not reach it
    expected = np.zeros((40, 40), np.uint8)
    expected[10:30, 12:28] = 255
    assert np.array_equal(product_masks(square)[0], expected)


def test_without_white_ground_all_is_product() -> None:
    photo = np.random.default_rng(0).integers(0, 200, (1, 32, 32, 3)).astype(np.uint8)
    blank = np.full((1, 32, 32, 3), 255, np.uint8)
    assert (product_masks(np.concatenate([photo, blank])) == 255).all()


@needs_data
def test_no_sender_and_no_group_is_on_both_sides() -> None:
    clothing = clothing_items(ROOT, load_lexicon())
    sides = {split: {i.group for i in clothing if i.split == split} for split in ("train", "dev")}
    assert sides["train"]
    assert sides["dev"]
    assert not sides["train"] & sides["dev"]
    grocery = grocery_items(ROOT)
    assert {i.group for i in grocery if i.split == "unseen"} == HELD_OUT_GROCERY
    assert not {i.group for i in grocery if i.split == "train"} & HELD_OUT_GROCERY


@needs_data
def test_fashion_keeps_its_own_split() -> None:
    items = fashion_items(ROOT, load_lexicon())
    assert [sum(i.split == s for i in items) for s in ("train", "dev", "test")] == [6095, 746, 749]
    assert len({i.product for i in items}) == len(items)


def test_nothing_of_magento_is_read() -> None:
    import shoplens.training.data as data

    text = Path(data.__file__).read_text(encoding="utf-8")
    assert 'root / "magento"' not in text
