"""Plausible designs, drawn at random."""

from __future__ import annotations

import numpy as np

from shoplens.training.rendering.design import COLOURS, VIEWS, Design
from shoplens.training.rendering.kinds import KINDS, TABLE

from .kinds.kind import DENIMS, DYES, HIDES, METALS, WOODS

_LIMITED = {
    "denim": DENIMS,
    "leather": HIDES,
    "suede": HIDES,
    "wood": WOODS,
    "straw": ("beige", "tan", "cream", "brown", "white", "black", "pink", "mustard"),
}

_BARE = {
    "watch": METALS,
    "candle": METALS,
    "clock": (*METALS, "black"),
    "teapot": METALS,
    "suitcase": ("silver", "rose gold", "gold", "black", "grey", "blue"),
}
"""Colours of metal where it is seldom painted."""


def palette(kind: str, material: str) -> tuple[str, ...]:
    """Colours that this kind comes in when made of this material."""
    allowed = TABLE[kind].colours
    if material == "metal" and kind in _BARE:
        return _BARE[kind]
    if material in _LIMITED:
        both = tuple(c for c in _LIMITED[material] if c in allowed)
        return both or _LIMITED[material]
    return allowed


def partner(colour: str, rng: np.random.Generator) -> str:
    """A second colour that stands out from the first."""
    first = np.asarray(COLOURS[colour], dtype=float)
    pale = ("white", "white", "cream", "white")
    choices = [c for c in (*DYES, *pale) if np.abs(first - COLOURS[c]).sum() > 170]
    return str(choices[int(rng.integers(len(choices)))])


def sample(rng: np.random.Generator, kind: str | None = None) -> Design:
    """A design of the given kind (or any): its material, pattern and colours go together as they do in shops."""
    name = kind or str(KINDS[int(rng.integers(len(KINDS)))])
    spec = TABLE[name]
    material = spec.materials[int(rng.integers(len(spec.materials)))]
    pattern = spec.patterns[int(rng.integers(len(spec.patterns)))]
    if material in ("glass", "wood", "metal", "velvet", "suede", "straw") and pattern not in ("plain", "colour-block"):
        pattern = "plain"
    if material == "denim":
        pattern = "plain"
    colours = palette(name, material)
    colour = str(colours[int(rng.integers(len(colours)))])
    if pattern == "leopard":
        colour, second = ("tan", "brown") if rng.random() < 0.6 else ("beige", "tan")
    elif pattern == "camouflage":
        colour, second = ("olive", "tan") if rng.random() < 0.6 else ("beige", "olive")
    elif colour in METALS:
        gems = ("red", "blue", "green", "purple", "pink", "teal", "white")
        second = gems[int(rng.integers(len(gems)))]
    else:
        second = partner(colour, rng)
    view = str(rng.choice(VIEWS, p=[0.55, 0.3, 0.15]))
    return Design(name, colour, second, material, pattern, int(rng.integers(1_000_000)), view)
