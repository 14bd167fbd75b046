"""Clothes for the lower body: trousers and jeans, shorts, skirt."""

from __future__ import annotations

import numpy as np

from shoplens.training.rendering.canvas import Canvas, Paint
from shoplens.training.rendering.curves import flipped, moved, path, polygon, rounded_box, smoothed, softened, spline
from shoplens.training.rendering.design import Design
from shoplens.training.rendering.kinds.kind import DENIMS, DYES, PRINTS, Kind
from shoplens.training.rendering.parts import Fold, ball, drape, seam, shade, slab, stitch


def cloth_thread(c: Canvas, d: Design) -> Paint:
    """The thread of trousers and skirts: orange on denim, else a shade of the cloth."""
    if d.material == "denim" and d.colour != "white":
        return c.paint((196, 142, 78))
    r, g, b = c.main.colour
    factor, add = (0.6, 0.05) if r + g + b < 0.3 else (0.6, 0.0)
    return c.paint((r * factor + add, g * factor + add, b * factor + add))


def _legs(c: Canvas, d: Design, r: np.random.Generator, end: float, knee: float, ankle: float, hip: float) -> None:
    """Waistband, two legs with an inseam, fly, pockets and belt loops."""
    waist, y0, crotch = r.uniform(0.25, 0.28), -0.80, -0.28
    gap = 0.02
    inner_end = ankle * 0.12 + gap
    thread = cloth_thread(c, d)
    back = path(
        spline([(-waist, y0), (0, y0 - 0.035), (waist, y0)]),
        spline([(waist, y0 + 0.05), (0, y0 + 0.07), (-waist, y0 + 0.05)]),
    )
    slab(c, back, c.main.plain().tinted(0.5), edge=0.01)
    for s in (-1.0, 1.0):
        short = end < 0.3
        spread = 0.025 if short else 0.16
        side = hip + 0.03 if short else hip * 0.55 + spread * 0.6 + knee * 0.42
        outer = spline(
            [
                (waist, y0 + 0.08),
                (hip, y0 + 0.30),
                (hip + 0.015, crotch + 0.05),
                (side, (crotch + end) / 2),
                (spread + inner_end + ankle, end),
            ]
        )
        inner = spline(
            [
                (spread + inner_end, end),
                (spread * 0.55 + gap, (crotch + end) / 2),
                (gap * 0.4, crotch + 0.04),
                (-0.004, crotch - 0.03),
                (-0.004, y0 + 0.10),
            ]
        )
        outline = softened(path(outer, inner), 0.025)
        folds: list[Fold] = [
            (0.03, crotch, hip * 0.8, crotch + 0.14, 0.03, 0.014),
            (0.02, crotch + 0.05, hip * 0.75, crotch + 0.25, 0.03, 0.012),
            (hip, crotch - 0.1, 0.08, crotch - 0.04, 0.03, 0.010),
        ]
        if not short:
            middle = (crotch + end) / 2
            folds += [
                (spread * 0.6, middle + 0.02, hip * 0.9, middle - 0.05, 0.03, 0.012),
                (hip, middle + 0.1, spread * 0.7, middle + 0.08, 0.025, 0.010),
                (spread + 0.1, end - 0.18, spread + ankle, end - 0.10, 0.025, 0.013),
                (spread + 0.02, end - 0.06, spread + ankle, end - 0.02, 0.02, 0.010),
            ]
        if d.material != "denim":
            folds.append((hip * 0.55, y0 + 0.15, spread + inner_end + ankle * 0.5, end + 0.2, 0.010, 0.007))
        turned = [(s * f[0], f[1], s * f[2], f[3], f[4], f[5]) for f in folds]
        shape = outline if s > 0 else flipped(outline)
        slab(
            c,
            shape,
            c.main.turned(-0.10 * s),
            edge=0.05,
            dome=0.05,
            bulge=0.10,
            folds=turned,
            wrinkle=0.0035,
            grain=(1.0, 1.6),
            cast=0.3 if s > 0 else 0.1,
        )
        hem = polygon(
            [(s * (spread + inner_end - 0.005), end - 0.035), (s * (spread + inner_end + ankle - 0.008), end - 0.035)]
        )
        stitch(c, hem, thread, 0.02, 0.006)
        if d.material == "denim":
            stitch(c, outer[6:-2] * (s, 1) - (0.022 * s, 0), thread, 0.02, 0.005)
        pocket = spline([(s * waist * 0.52, y0 + 0.10), (s * waist * 0.66, y0 + 0.19), (s * (hip - 0.02), y0 + 0.24)])
        seam(c, pocket, 0.014, 0.45)
        stitch(c, moved(pocket, 0, 0.018), thread, 0.018, 0.005)
    seam(c, spline([(0, y0 + 0.1), (0.004, crotch - 0.1), (0, crotch + 0.02)]), 0.014, 0.4)
    fly = spline([(0.055, y0 + 0.10), (0.055, y0 + 0.26), (0.03, y0 + 0.34), (0.0, y0 + 0.37)])
    stitch(c, fly, thread, 0.018, 0.005)
    if d.material == "denim":
        fade = 0.16
        for s in (-1, 1):
            region = smoothed(
                [
                    (s * 0.09, crotch + 0.05),
                    (s * 0.22, crotch + 0.02),
                    (s * 0.26, crotch + 0.5),
                    (s * 0.16, crotch + 0.52),
                ],
                0.05,
            )
            shade(c, region, -fade, 0.05)
    band = path(
        spline([(-waist - 0.004, y0), (0, y0 + 0.045), (waist + 0.004, y0)]),
        spline([(waist + 0.012, y0 + 0.09), (0, y0 + 0.135), (-waist - 0.012, y0 + 0.09)]),
    )
    slab(c, band, c.main.plain(), edge=0.016, cast=0.35)
    for x in (-0.19, -0.09, 0.09, 0.19):
        y = y0 + 0.045 * (1 - (x / waist) ** 2)
        slab(c, rounded_box(x - 0.013, y - 0.012, x + 0.013, y + 0.105, 0.005), c.main.plain(), edge=0.008, cast=0.35)
    ball(c, 0.0, y0 + 0.092, 0.024, c.metal if d.material == "denim" else c.main.plain().tinted(0.6), 0.5)


def trousers(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Long trousers from the front."""
    _legs(c, d, r, 0.80, r.uniform(0.22, 0.27), r.uniform(0.14, 0.22), 0.33)


def shorts(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Shorts from the front."""
    _legs(c, d, r, r.uniform(-0.02, 0.10), 0.34, r.uniform(0.33, 0.37), 0.35)


def skirt(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A flared, pleated or straight skirt with a waistband."""
    waist, y0, end = r.uniform(0.26, 0.30), -0.60, r.uniform(0.46, 0.62)
    style = d.seed % 3
    wide = (0.64, 0.58, 0.38)[style] * r.uniform(0.95, 1.05)
    count = (5, 9, 2)[style]
    side = spline([(waist, y0 + 0.06), (waist + (wide - waist) * (0.5 if style < 2 else 0.9), y0 + 0.40), (wide, end)])
    xs = np.linspace(wide, -wide, count * 2 + 1)
    wave = (0.026, 0.014, 0.002)[style]
    hem = spline(
        [(float(x), end + (wave if i % 2 else -wave) + 0.05 * (1 - (x / wide) ** 2)) for i, x in enumerate(xs)]
    )
    outline = softened(path(side, hem[1:-1], flipped(side)[::-1]), 0.02)
    if style == 1:
        folds: list[Fold] = []
        for i in range(count * 2):
            t = -1 + 2 * (i + 0.5) / (count * 2)
            folds.append((t * waist, y0 - 0.2, t * wide, end + 0.2, 0.022, 0.020 if i % 2 else -0.014))
    else:
        folds = drape(
            r,
            -waist * 0.95,
            waist * 0.95,
            y0 + 0.05,
            end,
            count + 1,
            0.04,
            0.024 if style == 0 else 0.008,
            wide / waist,
        )
    slab(c, outline, c.main, edge=0.035, dome=0.06, folds=folds, wrinkle=0.003, cast=0.2)
    thread = cloth_thread(c, d)
    stitch(c, hem[2:-2] - (0, 0.03), thread, 0.02, 0.005)
    if style == 2 and r.random() < 0.6:
        for k in range(5):
            ball(c, 0, y0 + 0.18 + 0.19 * k, 0.022, c.metal, 0.6)
        for s in (-0.045, 0.045):
            stitch(c, polygon([(s, y0 + 0.1), (s, end + 0.02)]), thread, 0.02, 0.005)
    band = path(
        spline([(-waist, y0), (0, y0 + 0.02), (waist, y0)]),
        spline([(waist + 0.008, y0 + 0.10), (0, y0 + 0.125), (-waist - 0.008, y0 + 0.10)]),
    )
    slab(c, band, c.main.plain() if d.pattern != "colour-block" else c.main.swapped(), edge=0.02, cast=0.4)


KINDS = (
    Kind(
        "trousers",
        trousers,
        "flat",
        ("cotton", "linen", "wool"),
        ("plain", "plain", "plain", "checks", "stripes", "plaid", "camouflage"),
        DYES,
        (0.1, -0.5),
        1.06,
    ),
    Kind("jeans", trousers, "flat", ("denim",), ("plain",), DENIMS, (0.1, -0.5), 1.06),
    Kind(
        "shorts",
        shorts,
        "flat",
        ("cotton", "linen", "denim"),
        ("plain", "plain", "floral", "stripes", "checks", "camouflage"),
        DYES,
        (0.1, -0.5),
        1.4,
        (0.0, -0.36),
    ),
    Kind("skirt", skirt, "flat", ("cotton", "satin", "denim", "wool", "linen"), PRINTS, DYES, (0.1, -0.2), 1.1),
)
