"""What a drawn product is: the names of its kind, colours, material and pattern, and a seed for its shape."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

COLOURS: dict[str, tuple[int, int, int]] = {
    "black": (34, 33, 36),
    "white": (240, 239, 235),
    "grey": (138, 140, 143),
    "beige": (216, 198, 168),
    "cream": (240, 228, 200),
    "brown": (110, 70, 44),
    "tan": (186, 130, 78),
    "red": (196, 30, 38),
    "burgundy": (112, 22, 44),
    "pink": (236, 152, 176),
    "coral": (238, 112, 92),
    "orange": (232, 118, 32),
    "yellow": (240, 198, 48),
    "mustard": (204, 154, 38),
    "olive": (112, 112, 56),
    "green": (42, 128, 70),
    "mint": (160, 214, 190),
    "teal": (24, 122, 126),
    "light blue": (146, 190, 224),
    "blue": (36, 88, 176),
    "navy": (34, 44, 84),
    "purple": (108, 56, 140),
    "lavender": (186, 168, 216),
    "gold": (212, 168, 84),
    "silver": (192, 195, 200),
    "rose gold": (220, 158, 138),
}
"""Colour names and their sRGB values, as they look under the studio light."""

METAL_COLOURS = ("gold", "silver", "rose gold")

MATERIALS: tuple[str, ...] = (
    "leather",
    "suede",
    "canvas",
    "denim",
    "cotton",
    "linen",
    "silk",
    "satin",
    "wool",
    "knit",
    "velvet",
    "nylon",
    "straw",
    "rubber",
    "plastic",
    "wood",
    "metal",
    "ceramic",
    "glass",
    "felt",
)

PATTERNS: tuple[str, ...] = (
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
    "speckled",
    "marbled",
)

VIEWS: tuple[str, ...] = ("front", "angle", "detail")


@dataclass(frozen=True)
class Design:
    """One product as it is drawn. Equal designs give equal pixels; the shape depends on kind and seed alone."""

    kind: str
    colour: str
    second_colour: str = "white"
    material: str = "cotton"
    pattern: str = "plain"
    seed: int = 0
    view: str = "front"

    def rng(self, purpose: str = "shape") -> np.random.Generator:
        """Random numbers that depend on kind, seed and purpose, so that colour variants share their shape."""
        return np.random.default_rng(zlib.crc32(f"{self.kind}/{self.seed}/{purpose}".encode()))
