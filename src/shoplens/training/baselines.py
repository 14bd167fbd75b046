"""What the encoder is held against: chance, and a colour histogram with histograms of gradients (HOG), in plain numpy.

    nice python -m shoplens.training.baselines

Prints a Markdown table on the galleries, queries and exclusions of `shoplens.training.report`, which it lists. The
weight of HOG beside colour is chosen on fashion's dev photos and used everywhere. Needs the data sets, not torch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shoplens.core.spaces import Pixels, Vectors, unit
from shoplens.encoders.lexicon import load_lexicon
from shoplens.encoders.preprocess import letterbox
from shoplens.training import measure
from shoplens.training.data import HELD_OUT_GROCERY, clothing_items, data_root, fashion_items, grocery_items
from shoplens.training.report import (
    Encoded,
    asked_of_grocery,
    grocery_figures,
    look_at,
    magento_views,
    other_senders,
)

_SIDE = 128
_BINS = 6
_TURNS = 8
_CELL = 8
WEIGHTS = (0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)


def colours(square: Pixels) -> Vectors:
    """Roots of the shares of 6 x 6 x 6 bins of RGB, of pixels not white (of all, where those are fewer than 50)."""
    pixels = square.reshape(-1, 3)
    product = pixels[pixels.min(axis=1) < 240]
    bins = (product if len(product) > 50 else pixels).astype(np.int64) * _BINS // 256
    count = np.bincount(bins @ (_BINS * _BINS, _BINS, 1), minlength=_BINS**3).astype(np.float32)
    return np.asarray(np.sqrt(count / count.sum()), np.float32)


def gradients(square: Pixels) -> Vectors:
    """HOG (Dalal, Triggs 2005): 8 unsigned directions, cells of 8 x 8 at 64 px, blocks of 2 x 2 of unit length."""
    grey = square.astype(np.float32).mean(axis=2)
    grey = grey.reshape(64, _SIDE // 64, 64, _SIDE // 64).mean(axis=(1, 3))
    dy, dx = np.zeros_like(grey), np.zeros_like(grey)
    dy[1:-1] = grey[2:] - grey[:-2]
    dx[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    strength = np.hypot(dx, dy)
    direction = (np.arctan2(dy, dx) % np.pi) / np.pi * _TURNS
    cells = np.zeros((64 // _CELL, 64 // _CELL, _TURNS), np.float32)
    rows, columns = np.indices(grey.shape) // _CELL
    np.add.at(cells, (rows, columns, np.minimum(direction.astype(int), _TURNS - 1)), strength)
    parts = [cells[:-1, :-1], cells[1:, :-1], cells[:-1, 1:], cells[1:, 1:]]
    blocks = np.concatenate(parts, axis=2)
    blocks /= np.linalg.norm(blocks, axis=2, keepdims=True) + 1e-3
    return np.asarray(blocks.ravel() / (np.linalg.norm(blocks) + 1e-9), np.float32)


def features(pictures: Sequence[Pixels], weight: float) -> Vectors:
    """Unit vectors [n, d] whose inner product is weight * HOG + (1 - weight) * colour."""
    squares = [letterbox(picture, _SIDE) for picture in pictures]
    hog = np.stack([gradients(square) for square in squares]) * np.float32(weight**0.5)
    colour = np.stack([colours(square) for square in squares]) * np.float32((1 - weight) ** 0.5)
    return unit(np.concatenate([hog, colour], axis=1))


def weighed(vectors: Vectors, weight: float) -> Vectors:
    """Vectors of `features` at weight 0.5, at another weight."""
    cut = vectors.shape[1] - _BINS**3
    scale = np.ones(vectors.shape[1], np.float32)
    scale[:cut], scale[cut:] = weight**0.5, (1 - weight) ** 0.5
    return unit(vectors * scale)


def main() -> None:
    """Measures and prints."""
    root = data_root()
    lexicon = load_lexicon()
    fashion = [item for item in fashion_items(root, lexicon) if item.split != "train"]
    clothing = [item for item in clothing_items(root, lexicon) if item.split == "dev"]
    grocery = [item for item in grocery_items(root) if asked_of_grocery(item)]
    galleries: dict[str, Encoded] = {}
    for name, items in (("fashion", fashion), ("clothing", clothing), ("grocery", grocery)):
        galleries[name] = look_at(root, items, lambda pictures: features(pictures, 0.5))
    dev = {w: _alike(galleries["fashion"].of_split("dev"), w) for w in WEIGHTS}
    best = max(WEIGHTS, key=lambda w: dev[w])
    print(f"weight of HOG {best} by fashion dev: { {w: round(p, 3) for w, p in dev.items()} }\n")
    print("| data | measure | chance | colour | HOG | HOG + colour |\n|---|---|---|---|---|---|")
    columns = (0.0, 1.0, best)
    for split in ("dev", "test"):
        gallery = galleries["fashion"].of_split(split)
        _row(f"fashion {split}", "photo P@10", _chance(gallery), [_alike(gallery, w) for w in columns])
    clothes = galleries["clothing"]
    by_weight = [other_senders(Encoded(clothes.items, weighed(clothes.vectors, w))) for w in columns]
    for key in ("mAP", "P@10"):
        _row(
            "clothing, senders held out",
            f"photo {key}",
            by_weight[0]["photo chance"],
            [f[f"photo {key}"] for f in by_weight],
        )
    goods = galleries["grocery"]
    pages = sum(item.name.startswith("iconic") for item in goods.items)
    found = [grocery_figures(Encoded(goods.items, weighed(goods.vectors, w))) for w in columns]
    for part in ("grocery seen", "grocery unseen"):
        for key in ("R@1", "R@5", "group R@1"):
            chance = {"R@1": 1 / pages, "R@5": 5 / pages}.get(key, float("nan"))
            _row(part, key, chance, [f[part][key] for f in found])
    views = [magento_views(root, partial(features, weight=w))[0] for w in columns]
    _row("magento", "view R@1", views[0]["view chance"], [f["view R@1"] for f in views])
    print("\nExcluded from what is asked with, since the encoder trained on it:")
    for line in excluded(root):
        print(f"- {line}")


def excluded(root: Path) -> list[str]:
    """What the encoder trained on, and which is therefore neither asked with nor, but for pages of groceries, found."""
    lexicon = load_lexicon()
    fashion = Counter(item.split for item in fashion_items(root, lexicon))
    clothing = clothing_items(root, lexicon)
    senders = {split: {i.group for i in clothing if i.split == split} for split in ("train", "dev")}
    grocery = [item for item in grocery_items(root) if not item.name.startswith("iconic")]
    parts = Counter(item.split for item in grocery)
    return [
        f"fashion: {fashion['train']} photos of train; {fashion['dev']} of dev, {fashion['test']} of test stay",
        f"clothing: {sum(i.split == 'train' for i in clothing)} photos of {len(senders['train'])} senders; "
        f"{sum(i.split == 'dev' for i in clothing)} of {len(senders['dev'])} stay",
        f"grocery: {parts['train']} photos of groups seen; {parts['dev']} of theirs stay, and all {parts['unseen']} of "
        f"the groups {', '.join(sorted(HELD_OUT_GROCERY))}; of those no page trained either",
        "magento: nothing, no picture of it trains",
    ]


def _alike(gallery: Encoded, weight: float) -> float:
    groups: npt.NDArray[np.int64] = np.unique([item.alike for item in gallery.items], return_inverse=True)[1]
    return measure.photo_to_photo(weighed(gallery.vectors, weight), groups)["P@10"]


def _chance(gallery: Encoded) -> float:
    rng = np.random.default_rng(0)
    groups: npt.NDArray[np.int64] = np.unique([item.alike for item in gallery.items], return_inverse=True)[1]
    noise = unit(rng.standard_normal((len(gallery.items), 64)).astype(np.float32))
    return measure.photo_to_photo(noise, groups)["P@10"]


def _row(data: str, name: str, chance: float, values: Sequence[float]) -> None:
    print(f"| {data} | {name} | " + " | ".join(f"{v:.3f}" for v in (chance, *values)) + " |", flush=True)


__all__ = ["colours", "excluded", "features", "gradients", "main"]

if __name__ == "__main__":
    main()
