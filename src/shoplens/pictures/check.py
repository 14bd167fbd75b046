"""Is a picture good enough to search and sell by? Plain facts of its pixels, and findings in plain words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shoplens.core.ports import Decoded
from shoplens.core.spaces import Pixels

_LOOK_AT = 256


@dataclass(frozen=True, slots=True)
class Quality:
    """Facts of a picture.

    ``brightness``: mean luma, 0 to 1. ``contrast``: standard deviation of luma, 0 to 0.5. ``sharpness``: variance of
    the Laplacian of luma (0 to 255) at a shortest side of at most 256. ``width``, ``height``: before reducing.
    """

    width: int
    height: int
    brightness: float
    contrast: float
    sharpness: float


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a picture: a stable word, and what to do about it."""

    word: str
    message: str


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a picture is remarked upon."""

    tiny_side: int = 200
    dark: float = 0.12
    flat: float = 0.03
    blur: float = 20.0
    thin_aspect: float = 4.0


def quality(picture: Decoded) -> Quality:
    """The facts. Under a millisecond for pixels of side 256."""
    luma = _luma(picture.pixels)
    return Quality(
        picture.width, picture.height, float(luma.mean()) / 255, float(luma.std()) / 255, _laplacian_variance(luma)
    )


def findings(picture: Decoded, thresholds: Thresholds | None = None) -> list[Finding]:
    """What is wrong with a picture, worst first; empty for a good one."""
    facts, limits = quality(picture), thresholds or Thresholds()
    short, long = sorted((facts.width, facts.height))
    found = []
    if facts.contrast < limits.flat:
        found.append(Finding("flat", f"shows next to nothing (contrast {facts.contrast:.2f}): take another picture"))
    elif facts.sharpness < limits.blur:
        found.append(Finding("blurred", f"is blurred (sharpness {facts.sharpness:.0f}): take a sharper picture"))
    if facts.brightness < limits.dark and facts.contrast >= limits.flat:
        found.append(Finding("dark", f"is very dark (brightness {facts.brightness:.2f}): brighten it"))
    if short < limits.tiny_side:
        found.append(
            Finding("tiny", f"is tiny ({facts.width} x {facts.height}): give at least {limits.tiny_side} pixels")
        )
    if long > limits.thin_aspect * short:
        found.append(Finding("thin", f"is very long ({facts.width} x {facts.height}): crop it to the product"))
    return found


def _luma(pixels: Pixels) -> npt.NDArray[np.float32]:
    """Rec. 601 luma, 0 to 255, float32 [h, w]; every nth pixel where the picture is larger than needed."""
    step = max(1, min(pixels.shape[:2]) // _LOOK_AT)
    few = pixels[::step, ::step].astype(np.float32)
    return np.asarray(few @ np.array([0.299, 0.587, 0.114], dtype=np.float32), dtype=np.float32)


def _laplacian_variance(luma: npt.NDArray[np.float32]) -> float:
    """Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, 2000; 0 for less than 3 x 3 pixels."""
    if min(luma.shape) < 3:
        return 0.0
    middle = luma[1:-1, 1:-1]
    edges = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * middle
    return float(edges.var())
