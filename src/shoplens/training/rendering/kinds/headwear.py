"""Worn on the head: cap, hat, beanie."""

from __future__ import annotations

import numpy as np

from shoplens.training.rendering.canvas import Canvas
from shoplens.training.rendering.curves import ellipse, offset, path, polygon, rounded_box, smoothed, softened, spline
from shoplens.training.rendering.design import Design
from shoplens.training.rendering.kinds.kind import DYES, Kind
from shoplens.training.rendering.parts import Fold, ball, flat, seam, shade, slab, stitch, tube


def cap(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A baseball cap, three-quarter view: panels, eyelets, button, curved peak."""
    peak_paint = c.main.swapped() if d.pattern != "plain" or r.random() < 0.2 else c.main.plain()
    y1 = 0.40
    dome = path(
        spline(
            [
                (-0.62, y1),
                (-0.62, -0.02),
                (-0.46, -0.36),
                (-0.12, -0.52),
                (0.16, -0.46),
                (0.36, -0.22),
                (0.43, 0.06),
                (0.43, 0.26),
            ]
        ),
        spline([(0.43, 0.26), (0.12, 0.42), (-0.25, 0.455), (-0.62, y1)]),
    )
    under = path(
        spline([(0.30, 0.20), (0.62, 0.24), (0.84, 0.34), (0.90, 0.43)]),
        spline([(0.90, 0.44), (0.62, 0.47), (0.24, 0.46), (-0.04, 0.40)]),
    )
    slab(c, under, peak_paint.tinted(0.5), edge=0.02)
    slab(c, softened(dome, 0.05), c.main, edge=0.10, dome=0.18, bulge=0.26, wrinkle=0.004, cast=0.2)
    thread = c.main.plain().tinted(0.6)
    top = (-0.10, -0.52)
    for points in (
        [top, (0.10, -0.30), (0.19, 0.02), (0.20, 0.38)],
        [top, (-0.30, -0.30), (-0.34, 0.02), (-0.31, 0.44)],
    ):
        line = spline(points)
        seam(c, line, 0.012, 0.4)
        for side in (-0.022, 0.022):
            stitch(c, offset(line, side), thread, 0.022, 0.005)
    for x, y in ((0.0, -0.26), (0.29, -0.18), (-0.44, -0.18)):
        tube(c, ellipse(x, y, 0.022, 0.024, steps=20), 0.008, thread, cast=0.2)
        flat(c, ellipse(x, y, 0.014, 0.016, steps=16), c.paint((30, 28, 30)))
    ball(c, *top, 0.040, peak_paint, 0.8)
    peak = path(
        spline([(-0.06, 0.375), (0.14, 0.31), (0.42, 0.235), (0.66, 0.25), (0.84, 0.34), (0.905, 0.435)]),
        spline([(0.905, 0.445), (0.74, 0.405), (0.48, 0.40), (0.22, 0.425), (-0.06, 0.405)]),
    )
    slab(c, peak, peak_paint, edge=0.03, dome=0.05, bulge=0.08, cast=0.45, lean=(0.0, -0.15))
    for k in range(3):
        t = 0.18 + 0.22 * k
        a = spline([(-0.03, 0.38), (0.15, 0.325), (0.42, 0.26), (0.64, 0.275), (0.79, 0.345), (0.86, 0.415)])
        b = spline([(-0.03, 0.395), (0.22, 0.41), (0.48, 0.388), (0.70, 0.388), (0.80, 0.405), (0.87, 0.425)])
        stitch(c, a * (1 - t) + b * t, thread, 0.022, 0.005)
    if d.pattern == "plain" and r.random() < 0.5:
        around = np.linspace(0, 6.283, 12)[:-1]
        badge = spline([(0.30 + 0.07 * np.cos(t), -0.02 + 0.1 * np.sin(t)) for t in around], closed=True)
        slab(c, badge, c.main.swapped(), edge=0.015, cast=0.3)


def hat(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A brimmed hat with a ribbon: pinched or flat crown."""
    brim_w, brim_h = r.uniform(0.78, 0.86), r.uniform(0.20, 0.25)
    y = 0.24
    rx = r.uniform(0.40, 0.45)
    slab(c, ellipse(0, y, brim_w, brim_h), c.main, edge=0.03, dome=-0.04, bulge=0.12, cast=0.2)
    shade(c, ellipse(0.03, y + 0.02, rx * 1.15, brim_h * 0.66), 0.4, 0.04)
    pinch = r.random() < 0.6
    top = y - r.uniform(0.50, 0.60)
    crown_top = [
        (-rx * 0.86, top + 0.08),
        (-rx * 0.5, top - 0.01),
        (0, top + (0.05 if pinch else -0.03)),
        (rx * 0.5, top - 0.01),
        (rx * 0.86, top + 0.08),
    ]
    crown = path(
        spline([(-rx, y - 0.02), (-rx * 0.97, y - 0.2), *crown_top, (rx * 0.97, y - 0.2), (rx, y - 0.02)]),
        ellipse(0, y - 0.02, rx, brim_h * 0.52, 0, 180, 40),
    )
    folds: list[Fold] = (
        [
            (0.0, top - 0.1, 0.02, y - 0.2, 0.05, -0.03),
            (-rx * 0.55, top + 0.02, -rx * 0.2, y - 0.12, 0.05, -0.022),
            (rx * 0.55, top + 0.02, rx * 0.25, y - 0.12, 0.05, -0.022),
        ]
        if pinch
        else []
    )
    slab(c, crown, c.main, edge=0.08, dome=0.22, bulge=0.24, folds=folds, wrinkle=0.002, cast=0.0)
    ribbon_paint = c.main.swapped() if d.colour not in ("black",) else c.paint((70, 66, 70), "satin")
    if r.random() < 0.5 and d.colour not in ("black", "navy", "brown"):
        ribbon_paint = c.paint((42, 36, 36), "satin")
    band = path(
        ellipse(0, y - 0.15, rx * 0.995, brim_h * 0.52, 180, 0, 40),
        ellipse(0, y - 0.025, rx * 1.005, brim_h * 0.52, 0, 180, 40),
    )
    slab(c, band, ribbon_paint, edge=0.02, cast=0.25)
    shade(
        c,
        polygon([(rx * 0.55, y - 0.2), (rx * 1.02, y - 0.2), (rx * 1.02, y + 0.1), (rx * 0.65, y + 0.12)]),
        0.35,
        0.05,
    )
    for q in (-1, 1):
        slab(
            c,
            smoothed(
                [(-rx * 0.80, y + 0.0), (-rx * 0.80 + q * 0.09, y - 0.09), (-rx * 0.80 + q * 0.09, y + 0.05)], 0.015
            ),
            ribbon_paint,
            edge=0.015,
            cast=0.3,
        )
    tube(c, ellipse(0, y, brim_w - 0.008, brim_h - 0.008, 5, 175, 60), 0.011, c.main.plain(), flat=0.4, cast=0)


def beanie(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A knitted hat with turned-up ribbed cuff, with or without a bobble."""
    w, top = 0.52, r.uniform(-0.56, -0.46)
    if r.random() < 0.55:
        bobble = c.main.swapped() if r.random() < 0.5 else c.main.plain()
        fur = np.random.default_rng(d.seed)
        tufts = []
        for a in np.linspace(0, 2 * np.pi, 64)[:-1]:
            q = 0.19 * fur.uniform(0.86, 1.10)
            tufts.append((q * np.cos(a), top - 0.10 + q * np.sin(a)))
        slab(c, polygon(tufts), bobble, edge=0.09, dome=0.10, bulge=0.12, wrinkle=0.010, grain=(0.25, 0.25))
    body = path(
        spline(
            [
                (-w, 0.40),
                (-w * 0.98, 0.05),
                (-w * 0.80, top + 0.22),
                (-w * 0.36, top + 0.02),
                (0, top),
                (w * 0.36, top + 0.02),
                (w * 0.80, top + 0.22),
                (w * 0.98, 0.05),
                (w, 0.40),
            ]
        )
    )
    folds: list[Fold] = [(x * 0.28, top - 0.02, x, 0.6, 0.014, 0.012) for x in np.arange(-w * 0.96, w, 0.072)]
    slab(c, body, c.main, edge=0.12, dome=0.14, bulge=0.22, folds=folds, cast=0.3)
    cuff = path(
        spline([(-w - 0.015, 0.18), (0, 0.24), (w + 0.015, 0.18)]),
        spline([(w + 0.02, 0.26), (w + 0.012, 0.50), (w - 0.03, 0.54)]),
        spline([(w - 0.05, 0.545), (0, 0.60), (-w + 0.05, 0.545)]),
        spline([(-w + 0.03, 0.54), (-w - 0.012, 0.50), (-w - 0.02, 0.26)]),
    )
    ribs: list[Fold] = [(x, -0.3, x * 0.99, 1.0, 0.013, 0.014) for x in np.arange(-w, w + 0.03, 0.052)]
    slab(
        c,
        cuff,
        c.main.plain() if d.pattern != "colour-block" else c.main.swapped(),
        edge=0.07,
        dome=0.04,
        folds=ribs,
        cast=0.45,
    )
    if r.random() < 0.4:
        slab(c, rounded_box(0.12, 0.34, 0.30, 0.46, 0.012), c.paint("tan", "leather"), edge=0.01, cast=0.3)


KINDS = (
    Kind(
        "cap",
        cap,
        "standing",
        ("cotton", "canvas", "denim", "wool"),
        ("plain", "plain", "plain", "camouflage", "checks", "colour-block"),
        DYES,
        (0.1, 0.0),
        1.05,
    ),
    Kind("hat", hat, "standing", ("felt", "felt", "straw", "wool"), ("plain",), DYES, (0.0, 0.0), 1.05),
    Kind(
        "beanie",
        beanie,
        "standing",
        ("knit", "wool"),
        ("plain", "plain", "stripes", "zigzag", "checks"),
        DYES,
        (0.0, 0.2),
        1.1,
        (0.0, 0.02),
    ),
)
