"""Photos made of pictures of the demo shop: on a busy ground, rescaled, framed, cut."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

Box = tuple[float, float, float, float]


def jpeg(picture: Image.Image, quality: int = 85) -> bytes:
    """The bytes of a JPEG."""
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()


def opened(path: Path) -> Image.Image:
    """A picture from a file."""
    return Image.open(path).convert("RGB")


def thing(path: Path, longest: int) -> Image.Image:
    """What a picture shows on its white ground, cut tightly, without the ground."""
    picture = opened(path)
    dark = np.asarray(picture.convert("L")) < 235
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    alpha = Image.fromarray((dark * 255).astype(np.uint8))
    picture.putalpha(alpha)
    cut = picture.crop((int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1))
    cut.thumbnail((longest, longest))
    return cut


def scene(
    things: Sequence[Path], places: Sequence[tuple[int, int]], longest: int = 150
) -> tuple[Image.Image, list[Box]]:
    """Things laid on a ground of grass, 480 x 360, and their boxes in shares."""
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 70, (90, 120, 1)) + np.array([20, 70, 15])
    ground = Image.fromarray(noise.astype(np.uint8)).resize((480, 360), Image.Resampling.BICUBIC)
    boxes = []
    for path, (x, y) in zip(things, places, strict=True):
        some = thing(path, longest)
        ground.paste(some, (x, y), some)
        boxes.append((x / 480, y / 360, (x + some.width) / 480, (y + some.height) / 360))
    return ground, boxes
