"""Heat maps: where on a photo the words are."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shoplens.encoders.heat import heat
from shoplens.encoders.onnx_dual import DualOnnxEncoder, bundled_encoder

SIDE = 192
WORDS = {
    "Watches": "watch",
    "Handbags": "handbag",
    "Sunglasses": "sunglasses",
    "Caps": "cap",
    "Heels": "high heels",
    "Belts": "belt",
    "Tshirts": "t-shirt",
}


@pytest.fixture(scope="module")
def encoder() -> DualOnnxEncoder:
    return bundled_encoder()


def four(photos: list[Image.Image], place: int) -> tuple[np.ndarray, np.ndarray]:
    """Four photos on one white canvas, the first one at ``place`` (0..3); and where that is, bool [6, 6]."""
    half = SIDE // 2
    canvas = Image.new("RGB", (SIDE, SIDE), "white")
    cells = [place, *(cell for cell in range(4) if cell != place)]
    for cell, photo in zip(cells, photos, strict=True):
        small = photo.copy()
        small.thumbnail((half, half))
        corner = (cell % 2 * half + (half - small.width) // 2, cell // 2 * half + (half - small.height) // 2)
        canvas.paste(small, corner)
    box = np.zeros((6, 6), bool)
    box[place // 2 * 3 : place // 2 * 3 + 3, place % 2 * 3 : place % 2 * 3 + 3] = True
    return np.asarray(canvas), box


def test_energy_is_that_of_likeness_above_its_mean(encoder: DualOnnxEncoder) -> None:
    rng = np.random.default_rng(1)
    patches, vector = rng.standard_normal((6, 6, 16)).astype(np.float32), rng.standard_normal(16).astype(np.float32)
    likeness = np.einsum("hwd,d->hw", patches, vector)
    above = np.where(likeness > likeness.mean(), likeness - likeness.mean(), 0.0) ** 2
    np.testing.assert_allclose(heat(patches, vector), above / above.sum(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(heat(np.ones((6, 6, 16), np.float32), vector), np.full((6, 6), 1 / 36), rtol=1e-6)


def test_words_light_up_what_they_name(encoder: DualOnnxEncoder, data_folder: Path) -> None:
    """Composites of four test photos: on average at least 0.6 of the energy is in the named one's quarter."""
    rng = np.random.default_rng(2)
    with (data_folder / "fashion" / "products.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
    inside: dict[str, list[float]] = {}
    with zipfile.ZipFile(data_folder / "fashion" / "images.zip") as pack:
        for kind, words in WORDS.items():
            vector = encoder.encode_words([words])[0]
            others = [row for row in rows if row["article_type"] != kind]
            for row in [row for row in rows if row["article_type"] == kind][:20]:
                chosen = [row, *(others[n] for n in rng.choice(len(others), 3, replace=False))]
                photos = [Image.open(io.BytesIO(pack.read(some["image"]))).convert("RGB") for some in chosen]
                picture, box = four(photos, int(rng.integers(4)))
                _, maps = encoder.encode_patches([picture])
                inside.setdefault(words, []).append(float(heat(maps[0], vector)[box].sum()))
    means = {words: float(np.mean(shares)) for words, shares in inside.items() if len(shares) >= 10}
    assert len(means) >= 5
    assert means["watch"] >= 0.6
    assert np.mean(list(means.values())) >= 0.6
    assert min(means.values()) > 2 * 9 / 36  # twice what falls into a quarter by chance
