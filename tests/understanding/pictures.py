"""Pictures for these tests: those of the demo shop with what its feed says of them, and drawn squares."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import shoplens
from shoplens.attributes import Understanding
from shoplens.core.spaces import Pixels
from shoplens.encoders.onnx_dual import bundled_encoder

DEMO = Path(shoplens.__file__).parent / "demo" / "shop"


@dataclass(frozen=True)
class Shown:
    """The first picture of a variant of the demo shop, and what its feed says."""

    location: str
    category: str
    color: str
    material: str
    pattern: str

    @property
    def path(self) -> Path:
        return DEMO / self.location

    def pixels(self) -> Pixels:
        with Image.open(self.path) as image:
            return np.asarray(image.convert("RGB"))


@cache
def rows() -> tuple[Mapping[str, Any], ...]:
    """The products of the demo shop's feed."""
    return tuple(json.loads(line) for line in (DEMO / "products.jsonl").read_text("utf-8").splitlines())


@cache
def shown(every: int = 3) -> tuple[Shown, ...]:
    """One in ``every`` variants."""
    found = [
        Shown(v["images"][0], row["category"][-1], v["color"], row["material"], row["pattern"])
        for row in rows()
        for v in row["variants"]
        if v.get("color") and v.get("images")
    ]
    return tuple(found[::every])


@cache
def understanding() -> Understanding:
    """That of the encoder that ships."""
    return Understanding(bundled_encoder())


def square(colour: tuple[int, int, int], ground: tuple[int, int, int] = (255, 255, 255), side: int = 100) -> Pixels:
    """A square of half the width in the middle of a plain ground."""
    pixels = np.full((side, side, 3), ground, np.uint8)
    pixels[side // 4 : 3 * side // 4, side // 4 : 3 * side // 4] = colour
    return pixels
