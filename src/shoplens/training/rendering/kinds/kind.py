"""What a kind of product is to the renderer: how to draw it, how it stands, and what it is plausibly made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from shoplens.training.rendering.canvas import Canvas
from shoplens.training.rendering.design import METAL_COLOURS, Design

Draw = Callable[[Canvas, Design, np.random.Generator], None]

DYES = (
    "black",
    "white",
    "grey",
    "beige",
    "cream",
    "brown",
    "tan",
    "red",
    "burgundy",
    "pink",
    "coral",
    "orange",
    "yellow",
    "mustard",
    "olive",
    "green",
    "mint",
    "teal",
    "light blue",
    "blue",
    "navy",
    "purple",
    "lavender",
)
HIDES = (
    "black",
    "brown",
    "tan",
    "beige",
    "cream",
    "white",
    "grey",
    "red",
    "burgundy",
    "pink",
    "mustard",
    "olive",
    "green",
    "teal",
    "light blue",
    "blue",
    "navy",
    "purple",
    "orange",
    "yellow",
)
DENIMS = ("blue", "navy", "light blue", "black", "grey", "white")
WOODS = ("brown", "tan", "beige", "black", "white")
METALS = METAL_COLOURS

PRINTS = (
    "plain",
    "plain",
    "plain",
    "stripes",
    "polka dots",
    "checks",
    "plaid",
    "floral",
    "zigzag",
    "colour-block",
    "leopard",
    "camouflage",
)


@dataclass(frozen=True)
class Kind:
    """One kind. `pose`: standing, flat (seen from above) or hanging; `focus`: what the detail view shows."""

    name: str
    draw: Draw
    pose: str
    materials: tuple[str, ...]
    patterns: tuple[str, ...] = ("plain",)
    colours: tuple[str, ...] = DYES
    focus: tuple[float, float] = (0.0, -0.2)
    zoom: float = 1.0
    centre: tuple[float, float] = (0.0, 0.0)
    """The point in units that stands in the middle of the picture."""
