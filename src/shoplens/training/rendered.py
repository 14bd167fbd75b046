"""Pictures that the project draws itself, as training material: drawn once, kept in the run's folder."""

from __future__ import annotations

import random
from dataclasses import astuple
from pathlib import Path

import numpy as np

from shoplens.encoders.lexicon import Lexicon
from shoplens.training.data import Item, Pool
from shoplens.training.rendering import BACKGROUNDS, LIGHTS, Design, captions, layers, sample

_GROUND_SHARES = {"studio": 0.45, "white": 0.2, "colour": 0.15, "wood": 0.07, "room": 0.07, "clutter": 0.06}
_CHUNK = 100
_WORDINGS = 7


def draw_pictures(folder: Path, count: int, resolution: int, seed: int = 0) -> None:
    """Draws ``count`` pictures into ``folder`` (``rendered-000.npz``, ... of 100 each); those there are kept.

    Each chunk has a seed of its own, so a killed run goes on to the same pictures. Two pictures share a design.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shares = np.asarray([_GROUND_SHARES.get(name, 0.02) for name in BACKGROUNDS])
    lights = list(LIGHTS)
    for chunk in range(-(-count // _CHUNK)):
        path = folder / f"rendered-{chunk:03d}.npz"
        if path.exists():
            continue
        rng = np.random.default_rng((seed, chunk))
        pixels = np.full((_CHUNK, resolution, resolution, 4), 255, np.uint8)
        designs: list[Design] = []
        for i in range(_CHUNK):
            design = sample(rng) if i % 2 == 0 else designs[-1]
            ground = str(rng.choice(BACKGROUNDS, p=shares / shares.sum()))
            light = lights[int(rng.integers(len(lights)))]
            scene = 0 if i % 2 == 0 else int(rng.integers(1, 1_000_000))
            picture, cover = layers(design, resolution, ground, light, scene)
            pixels[i, :, :, :3] = picture
            if ground in ("studio", "white"):
                pixels[i, :, :, 3] = (cover * 255).astype(np.uint8)
            designs.append(design)
        part = folder / f".{path.name}.part.npz"
        np.savez_compressed(part, pixels=pixels, designs=np.asarray([astuple(d) for d in designs]))
        part.replace(path)


def load_pictures(folder: Path, lexicon: Lexicon) -> Pool:
    """All pictures drawn so far, in order; their captions in both languages are in ``Item.words`` and ``words_zh``."""
    items: list[Item] = []
    blocks = []
    for path in sorted(folder.glob("rendered-*.npz")):
        with np.load(path) as stored:
            blocks.append(stored["pixels"])
            for fields in stored["designs"].tolist():
                kind, colour, second, material, pattern, number, view = fields
                design = Design(kind, colour, second, material, pattern, int(number), view)
                items.append(_item(design, f"{path.stem}/{len(items)}", lexicon))
    if not blocks:
        return Pool()
    return Pool(items, np.concatenate(blocks))


def _item(design: Design, name: str, lexicon: Lexicon) -> Item:
    english = _some(captions(design, "en"), design)
    chinese = _some(captions(design, "zh"), design)
    return Item(
        source="rendered",
        split="train",
        name=name,
        product=f"rendered/{design.kind}/{design.seed}/{design.colour}/{design.material}/{design.pattern}",
        alike=f"rendered/{design.kind}/{design.colour}",
        kind=_key(lexicon, "kind", design.kind),
        colour=_key(lexicon, "colour", design.colour),
        title=english[0],
        title_zh=chinese[0],
        words=tuple(english),
        words_zh=tuple(chinese),
        traits=(design.kind, design.colour, design.second_colour, design.material, design.pattern),
        cut_out=True,
    )


def _key(lexicon: Lexicon, facet: str, word: str) -> str:
    """The key of the entry that has this English word; "" if none."""
    return next((e.key for e in lexicon.facet(facet) if word in e.english), "")


def _some(said: list[str], design: Design) -> list[str]:
    """A few of a design's phrases, always the same ones; those that say most come first."""
    rng = random.Random(repr(design))
    long = sorted(said, key=len, reverse=True)[: len(said) // 2]
    return [rng.choice(long), *rng.sample(said, min(_WORDINGS - 1, len(said)))]
