"""Patterns: from surface coordinates to the shares of a second and a third colour.

Coordinates u, v are float32 arrays in pattern units (one unit is about one repeat); `soft` is the size of a pixel in
these units, used to antialias edges.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from shoplens.training.rendering.frame import Field, sample_noise

Shares = tuple[Field, Field | None]


def _step(x: Field, soft: float) -> Field:
    """Antialiased step: 0 for negative x, 1 for positive."""
    out: Field = np.clip(x * np.float32(1 / max(soft, 1e-4)) + np.float32(0.5), 0, 1)
    return out


def _band(x: Field, width: float, soft: float) -> Field:
    """1 inside of bands of `width` (share of a repeat of 1) centred on whole numbers."""
    distance = np.abs(x - np.round(x))
    return _step(np.float32(width / 2) - distance, soft)


def stripes(u: Field, v: Field, soft: float, rng: np.random.Generator) -> Shares:
    """Bands across v; the width and an optional thin companion vary with the seed."""
    width = float(rng.choice([0.5, 0.36, 0.28]))
    w = _band(v, width, soft)
    if rng.random() < 0.3:
        w = np.maximum(w, _band(v + 0.5, 0.08, soft))
    return w, None


def polka_dots(u: Field, v: Field, soft: float, rng: np.random.Generator) -> Shares:
    """Discs on a staggered grid."""
    radius = float(rng.uniform(0.2, 0.29))
    row = np.round(v)
    su = u + 0.5 * (row - 2 * np.floor(row / 2))
    distance = np.hypot(su - np.round(su), v - row)
    return _step(radius - distance, soft), None


def checks(u: Field, v: Field, soft: float, rng: np.random.Generator) -> Shares:
    """Gingham: two crossed bands, full where they meet, half where only one runs."""
    return (_band(u, 0.5, soft) + _band(v, 0.5, soft)) * np.float32(0.5), None


def plaid(u: Field, v: Field, soft: float, rng: np.random.Generator) -> Shares:
    """Tartan: wide and narrow crossed bands with a thin line of the third colour."""
    u, v = u * 0.55, v * 0.55
    w = (_band(u, 0.42, soft) + _band(v, 0.42, soft)) * np.float32(0.42)
    w += (_band(u + 0.5, 0.06, soft) + _band(v + 0.5, 0.06, soft)) * np.float32(0.35)
    line = np.maximum(_band(u + 0.36, 0.035, soft), _band(v + 0.36, 0.035, soft)) * np.float32(0.85)
    return np.clip(w, 0, 1), line


def zigzag(u: Field, v: Field, soft: float, rng: np.random.Generator) -> Shares:
    """Chevrons."""
    wave = np.abs(u - np.floor(u) - 0.5)
    return _band(v + wave * np.float32(0.9), 0.46, soft * 1.3), None


def colour_block(u: Field, v: Field, soft: float, rng: np.random.Generator) -> Shares:
    """One straight edge: level, or slanting; v = 0 is the middle of the object."""
    slope = float(rng.choice([0.0, 0.0, 0.35, -0.35]))
    at = float(rng.uniform(-0.2, 0.8))
    return _step(v + slope * u - np.float32(at), soft), None


@lru_cache(maxsize=24)
def _flower_tile(seed: int) -> tuple[Field, Field]:
    """Flowers and leaves strewn over a tile of 512 samples (3 repeats wide) that repeats without a seam."""
    rng = np.random.default_rng(seed)
    size, extra = 512, 2
    petals = Image.new("L", (size * extra, size * extra), 0)
    others = Image.new("L", (size * extra, size * extra), 0)
    draw_petals, draw_others = ImageDraw.Draw(petals), ImageDraw.Draw(others)
    big = size * extra
    cells = 5
    for i in range(cells):
        for j in range(cells):
            cx = (i + 0.5 * (j % 2) + rng.uniform(-0.24, 0.24)) * big / cells
            cy = (j + rng.uniform(-0.24, 0.24)) * big / cells
            turn = rng.uniform(0, 6.283)
            r = big / cells * rng.uniform(0.22, 0.42)
            count = int(rng.choice([5, 5, 6]))
            leaf = rng.uniform(0, 6.283)
            for dx in (-big, 0, big):
                for dy in (-big, 0, big):
                    x, y = cx + dx, cy + dy
                    if not (-r * 2 < x < big + r * 2 and -r * 2 < y < big + r * 2):
                        continue
                    for side in (0.0, 2.4):
                        t = np.linspace(0, 6.283, 24)
                        lx, ly = r * (1.0 + 0.45 * np.cos(t)), r * 0.2 * np.sin(t)
                        a = leaf + side
                        draw_others.polygon(
                            [
                                (float(x + p * np.cos(a) - q * np.sin(a)), float(y + p * np.sin(a) + q * np.cos(a)))
                                for p, q in zip(lx, ly, strict=True)
                            ],
                            fill=255,
                        )
                    t = np.linspace(0, 6.283, 90)
                    rr = r * (0.52 + 0.4 * np.abs(np.cos(count * (t - turn) / 2)))
                    outline = [(float(x + q * np.cos(a)), float(y + q * np.sin(a))) for a, q in zip(t, rr, strict=True)]
                    draw_petals.polygon(outline, fill=255)
                    draw_others.polygon(outline, fill=0)
                    c = r * 0.24
                    draw_petals.ellipse([x - c, y - c, x + c, y + c], fill=0)
                    draw_others.ellipse([x - c, y - c, x + c, y + c], fill=255)
    scale = np.float32(1 / 255)
    return (
        np.asarray(petals.reduce(extra), dtype=np.float32) * scale,
        np.asarray(others.reduce(extra), dtype=np.float32) * scale,
    )


def _look_up(tile: Field, u: Field, v: Field) -> Field:
    size = tile.shape[0]
    out: Field = tile[v.astype(np.int32) & (size - 1), u.astype(np.int32) & (size - 1)]
    return out


def floral(u: Field, v: Field, soft: float, rng: np.random.Generator) -> Shares:
    """Flowers of the second colour with leaves and hearts of the third."""
    petals, others = _flower_tile(int(rng.integers(8)))
    per = np.float32(512 / 3.2)
    if soft * 512 / 3.2 > 3:
        petals, others = petals[::2, ::2], others[::2, ::2]
        per = np.float32(256 / 3.2)
    return _look_up(petals, u * per, v * per), _look_up(others, u * per, v * per)


def leopard(u: Field, v: Field, soft: float, rng: np.random.Generator) -> Shares:
    """Broken dark rings (third colour, drawn dark) around patches of the second colour."""
    turn = np.float32(rng.uniform(0, 9))
    su, sv = u * np.float32(1.7), v * np.float32(1.7)
    row = np.round(sv)
    su = su + 0.5 * (row - 2 * np.floor(row / 2))
    cell = np.round(su)
    dx = su - cell + np.sin(cell * 12.9 + row * 78.2 + turn) * np.float32(0.18)
    dy = sv - row + np.sin(cell * 39.3 + row * 11.1 + turn) * np.float32(0.16)
    wobble = sample_noise("fine", u, v, 0.35) * np.float32(0.045)
    stretch = 1 + np.sin(cell * 7.7 + row * 5.3) * np.float32(0.25)
    r = np.hypot(dx * stretch, dy / stretch) + wobble
    gap = np.cos(np.arctan2(dy, dx) - cell * 2.4 - row * 4.1)
    ring = (
        _step(np.float32(0.085) - np.abs(r - np.float32(0.30)), soft * 2) * (gap < 0.72) * (np.abs(gap + 0.25) > 0.10)
    )
    return _step(np.float32(0.27) - r, soft * 2), ring.astype(np.float32)


def camouflage(u: Field, v: Field, soft: float, rng: np.random.Generator) -> Shares:
    """Blots of two further colours."""
    shift = np.float32(rng.uniform(0, 7))
    a = sample_noise("soft", u + shift, v, 1.1, 1.5)
    b = sample_noise("soft", u, v + shift * 2 + 3, 1.0, 1.5)
    return _step(a - np.float32(0.35), soft * 3), _step(b - np.float32(0.75), soft * 3)


def speckled(u: Field, v: Field, soft: float, rng: np.random.Generator) -> Shares:
    """Small spots strewn at random, as on stoneware."""
    n = sample_noise("fine", u, v, 0.3)
    return _step(n - np.float32(1.45), 0.5), None


def marbled(u: Field, v: Field, soft: float, rng: np.random.Generator) -> Shares:
    """Veins: where a slow noise crosses zero."""
    shift = np.float32(rng.uniform(0, 7))
    a = sample_noise("soft", u + shift, v, 2.2, 1.4) + sample_noise("soft", v, u, 0.7) * np.float32(0.3)
    vein = np.exp(-((a * np.float32(5.5)) ** 2))
    haze = np.clip(a * np.float32(0.16), 0, 0.3)
    return np.clip(vein * np.float32(0.75) + haze, 0, 1).astype(np.float32), None


Pattern = Callable[[Field, Field, float, np.random.Generator], Shares]

DRAW: dict[str, Pattern] = {
    "stripes": stripes,
    "polka dots": polka_dots,
    "checks": checks,
    "plaid": plaid,
    "zigzag": zigzag,
    "colour-block": colour_block,
    "floral": floral,
    "leopard": leopard,
    "camouflage": camouflage,
    "speckled": speckled,
    "marbled": marbled,
}
