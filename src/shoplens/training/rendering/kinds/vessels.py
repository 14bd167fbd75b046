"""Vessels and lamps, bodies of revolution: mug, vase, bottle, bowl, lamp, candle, plant pot, teapot."""

from __future__ import annotations

import numpy as np

from shoplens.training.rendering.canvas import Canvas
from shoplens.training.rendering.curves import ellipse, path, polygon, spline
from shoplens.training.rendering.design import Design
from shoplens.training.rendering.kinds.kind import DYES, Kind
from shoplens.training.rendering.parts import ball, lathe, slab, tube

GLAZES = ("plain", "plain", "plain", "stripes", "polka dots", "speckled", "marbled", "floral", "zigzag", "colour-block")


def mug(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A cup with an ear; straight, flared or bellied."""
    y0, y1 = -0.40, 0.46
    top = r.uniform(0.40, 0.46)
    shape = d.seed % 3
    base = top * (0.96, 0.70, 0.80)[shape]
    middle = top * (0.99, 0.90, 1.06)[shape]
    ear = spline(
        [
            (top - 0.05, y0 + 0.20),
            (top + 0.16, y0 + 0.16),
            (top + 0.27, y0 + 0.34),
            (top + 0.20, y0 + 0.54),
            (base - 0.02, y0 + 0.66),
        ],
        steps=16,
    )
    tube(c, ear - (0.12, 0), 0.050, c.main.plain())
    inside = c.paint("white", "ceramic") if r.random() < 0.5 else c.main.plain()
    c_shift = -0.12
    lathe(
        c,
        [
            (y0, top),
            (y0 + 0.02, top * 1.0),
            ((y0 + y1) / 2, middle),
            (y1 - 0.10, base * 1.03),
            (y1 - 0.02, base * 0.97),
            (y1, base * 0.90),
        ],
        c.main.moved(0, (y0 + y1) / 2 if d.pattern == "colour-block" else 0),
        cx=c_shift,
        tilt=0.17,
        opening=0.93,
        inside=inside,
    )


def vase(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Shouldered, bottle-necked, hourglass or round."""
    neck, belly, foot = r.uniform(0.12, 0.20), r.uniform(0.34, 0.46), r.uniform(0.18, 0.26)
    y0, y1 = -0.70, 0.72
    shapes = (
        [
            (y0, neck * 1.25),
            (y0 + 0.08, neck),
            (y0 + 0.30, neck * 1.05),
            (y0 + 0.62, belly * 0.9),
            (0.15, belly),
            (0.5, foot * 1.35),
            (y1, foot),
        ],
        [
            (y0, neck * 0.8),
            (y0 + 0.25, neck * 0.72),
            (y0 + 0.55, neck * 0.8),
            (y0 + 0.80, belly * 0.75),
            (0.35, belly),
            (0.58, belly * 0.8),
            (y1, foot * 1.1),
        ],
        [
            (y0 + 0.1, belly * 0.8),
            (-0.3, belly * 0.62),
            (-0.05, neck * 1.2),
            (0.25, belly * 0.75),
            (0.5, belly * 0.85),
            (y1, foot * 1.2),
        ],
        [
            (y0 + 0.25, neck * 1.5),
            (y0 + 0.32, neck * 1.3),
            (-0.15, belly * 1.05),
            (0.2, belly * 1.28),
            (0.52, belly),
            (y1, foot * 1.25),
        ],
    )
    profile = shapes[d.seed % len(shapes)]
    lathe(c, profile, c.main.moved(0, 0.1), tilt=0.14, opening=0.86)


def bottle(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A drinking bottle with a screw cap, or a loop on top."""
    w = r.uniform(0.21, 0.26)
    y0, y1 = -0.48, 0.76
    neck = w * r.uniform(0.55, 0.7)
    lathe(
        c,
        [
            (y0 - 0.02, neck),
            (y0 + 0.06, neck * 1.04),
            (y0 + 0.20, w * 0.93),
            (y0 + 0.30, w),
            (0.2, w),
            (y1 - 0.06, w),
            (y1, w * 0.92),
        ],
        c.main.moved(0, 0.1),
        tilt=0.13,
        opening=0.9,
    )
    steel = r.random() < 0.5
    cap = (
        c.paint("silver", "metal")
        if steel
        else (c.paint("beige", "wood") if r.random() < 0.4 else c.paint((48, 48, 52), "plastic"))
    )
    if r.random() < 0.6:
        tube(
            c,
            spline(
                [
                    (-neck * 0.75, y0 - 0.16),
                    (-neck * 0.8, y0 - 0.30),
                    (0, y0 - 0.36),
                    (neck * 0.8, y0 - 0.30),
                    (neck * 0.75, y0 - 0.16),
                ]
            ),
            0.022,
            cap,
        )
    lathe(
        c,
        [(y0 - 0.21, neck * 0.98), (y0 - 0.19, neck * 1.08), (y0 - 0.02, neck * 1.08)],
        cap,
        tilt=0.13,
        sharp=True,
        cast=0.4,
    )


def bowl(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A wide bowl on a foot ring."""
    w, depth = r.uniform(0.66, 0.74), r.uniform(0.40, 0.52)
    y0 = -0.12
    profile = [
        (y0, w),
        (y0 + depth * 0.3, w * r.uniform(0.88, 0.96)),
        (y0 + depth * 0.65, w * 0.70),
        (y0 + depth * 0.9, w * 0.42),
        (y0 + depth, w * 0.34),
        (y0 + depth + 0.05, w * 0.34),
    ]
    inside = (
        c.paint("white", "ceramic") if d.material == "ceramic" and r.random() < 0.4 else c.main.plain().tinted(0.95)
    )
    lathe(c, profile, c.main, tilt=0.26, opening=0.955, inside=inside)


def plant_pot(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A pot with a plant in it."""
    w, y0, y1 = r.uniform(0.34, 0.40), 0.10, 0.74
    leafy = c.paint((66, 118, 62), "leather")
    dark = c.paint((44, 88, 52), "leather")
    lathe(
        c,
        [(y0, w), (y0 + 0.10, w * 0.99), (y1 - 0.05, w * 0.76), (y1, w * 0.72)],
        c.main.moved(0, 0.4),
        tilt=0.16,
        opening=0.9,
        inside=c.paint((70, 52, 40), "felt"),
    )
    n = int(r.integers(9, 14))
    spiky = r.random() < 0.45
    for i in range(n):
        t = (i + 0.5) / n
        a = np.pi * (0.06 + 0.88 * ((i * 0.618) % 1.0))
        length = r.uniform(0.62, 0.86) * (0.75 + 0.25 * np.sin(a))
        tip = (0.85 * np.cos(a) * length, y0 - 0.02 - np.sin(a) * length)
        mid = (tip[0] * 0.42, y0 - 0.02 - np.sin(a) * length * 0.62)
        stem = spline([(0.12 * np.cos(a), y0), mid, tip], steps=14)
        paint = leafy if t > 0.4 else dark
        if spiky:
            k = np.linspace(0, 1, len(stem))
            tube(c, stem, 0.052 * np.sin(np.pi * (0.25 + 0.75 * k)) + 0.004, paint, flat=0.5, cast=0.25)
        else:
            tube(c, stem, 0.010, dark, cast=0.1)
            leaf = spline(
                [
                    tip,
                    (tip[0] * 0.96 + 0.14 * np.sin(a), tip[1] + 0.09),
                    (tip[0] * 0.75 + 0.05, tip[1] + 0.24),
                    (tip[0] * 0.78 - 0.11 * np.sin(a), tip[1] + 0.10),
                ],
                closed=True,
            )
            slab(
                c,
                leaf,
                paint,
                edge=0.03,
                dome=0.04,
                folds=[(*tip, tip[0] * 0.78, tip[1] + 0.26, 0.012, -0.012)],
                cast=0.35,
            )


def lamp(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A table lamp; the shade wears the design's colour, softly lit from within."""
    top, bottom = r.uniform(0.22, 0.34), r.uniform(0.44, 0.52)
    y0, y1 = -0.74, -0.10
    wooden = r.random() < 0.5
    stand = c.paint("tan", "wood") if wooden else c.metal
    if r.random() < 0.5:
        lathe(
            c,
            [(y1 - 0.05, 0.03), (0.05, 0.05), (0.25, 0.15), (0.45, 0.21), (0.60, 0.15), (0.70, 0.13)],
            c.paint("cream", "ceramic") if r.random() < 0.5 else stand,
            tilt=0.12,
        )
        lathe(c, [(0.69, 0.20), (0.74, 0.21)], stand, tilt=0.14, sharp=True)
    else:
        tube(c, polygon([(0, y1 - 0.1), (0, 0.70)]), 0.026, stand)
        ball(c, 0, 0.26, 0.055, stand)
        lathe(c, [(0.66, 0.24), (0.72, 0.26)], stand, tilt=0.16, sharp=True)
    lathe(
        c,
        [(y0, top), (y1, bottom)],
        c.main.moved(0, -0.42),
        tilt=0.10,
        sharp=True,
        opening=0.95,
        inside=c.paint((250, 236, 200), "cotton"),
        cast=0.5,
    )


def candle(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A candle in a jar or tin, burning."""
    w = r.uniform(0.36, 0.44)
    y0, y1 = -0.14, 0.62
    wax = c.paint((244, 236, 218), "cotton")
    lathe(c, [(y0, w), (y1 - 0.05, w), (y1, w * 0.95)], c.main.moved(0, 0.25), tilt=0.20, opening=0.93, inside=wax)
    slab(c, ellipse(0, y0 + 0.015, w * 0.86, w * 0.145), wax, edge=0.01)
    label = path(
        ellipse(0, 0.16, w * 0.62, w * 0.62 * 0.20, 20, 160, 24)[::-1],
        ellipse(0, 0.44, w * 0.62, w * 0.62 * 0.20, 20, 160, 24)[::1],
    )
    slab(c, label[::-1], c.paint((240, 236, 226), "cotton"), edge=0.004)
    for k, half in enumerate((0.12, 0.08)):
        tube(c, polygon([(-half, 0.36 + k * 0.06), (half, 0.36 + k * 0.06)]), 0.008, c.paint((90, 84, 78)), cast=0)
    tube(c, spline([(0, y0 + 0.01), (0.005, y0 - 0.05), (0.0, y0 - 0.09)]), 0.009, c.paint((50, 44, 40)))
    flame = spline(
        [
            (0, y0 - 0.33),
            (0.05, y0 - 0.17),
            (0.035, y0 - 0.08),
            (0, y0 - 0.06),
            (-0.035, y0 - 0.08),
            (-0.05, y0 - 0.17),
        ],
        closed=True,
    )
    slab(c, flame, c.paint((255, 206, 96), "felt"), edge=0.02, cast=0)
    slab(c, flame * (0.5, 0.5) + (0, (y0 - 0.06) * 0.5 - 0.02), c.paint((255, 244, 206), "felt"), edge=0.01, cast=0)


def teapot(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A round pot with spout, handle and lid."""
    w = r.uniform(0.40, 0.45)
    y0, y1 = -0.16, 0.50
    body = c.main.moved(0, 0.2)
    tube(
        c,
        spline([(w * 0.7, 0.30), (w + 0.14, 0.16), (w + 0.20, -0.06), (w + 0.30, -0.20)], steps=16),
        np.linspace(0.12, 0.045, 49),
        body.plain(),
    )
    handle = spline(
        [(-w * 0.78, -0.04), (-w - 0.16, -0.16), (-w - 0.27, 0.06), (-w - 0.16, 0.30), (-w * 0.85, 0.34)], steps=14
    )
    tube(c, handle, 0.042, body.plain())
    lathe(
        c,
        [
            (y0, w * 0.52),
            (y0 + 0.05, w * 0.72),
            (y0 + 0.18, w * 0.96),
            (0.20, w * 1.04),
            (0.36, w * 0.92),
            (y1 - 0.03, w * 0.66),
            (y1, w * 0.62),
        ],
        body,
        tilt=0.13,
        top=True,
    )
    lathe(
        c,
        [(y0 - 0.13, 0.04), (y0 - 0.10, w * 0.30), (y0 - 0.03, w * 0.53), (y0 + 0.01, w * 0.55)],
        body.plain(),
        tilt=0.13,
        cast=0.45,
    )
    ball(c, 0, y0 - 0.17, 0.058, c.paint("tan", "wood") if r.random() < 0.4 else body.plain())


KINDS = (
    Kind("mug", mug, "standing", ("ceramic",), GLAZES, DYES, (-0.1, 0.0), 1.28, (0.0, 0.04)),
    Kind("vase", vase, "standing", ("ceramic", "ceramic", "glass"), GLAZES, DYES, (0.0, -0.2), 1.12),
    Kind(
        "bottle",
        bottle,
        "standing",
        ("metal", "plastic", "glass"),
        ("plain", "plain", "plain", "stripes", "marbled", "colour-block"),
        DYES,
        (0.0, -0.25),
        1.08,
    ),
    Kind("bowl", bowl, "standing", ("ceramic", "ceramic", "wood"), GLAZES, DYES, (0.1, 0.05), 1.15, (0.0, 0.12)),
    Kind("plant pot", plant_pot, "standing", ("ceramic",), GLAZES, DYES, (0.0, 0.3), 1.12),
    Kind(
        "lamp",
        lamp,
        "standing",
        ("linen", "cotton", "straw"),
        ("plain", "plain", "stripes", "floral", "checks", "zigzag"),
        DYES,
        (0.0, -0.35),
        1.06,
    ),
    Kind("candle", candle, "standing", ("ceramic", "glass", "metal"), ("plain",), DYES, (0.0, 0.1), 1.35, (0.0, 0.12)),
    Kind("teapot", teapot, "standing", ("ceramic", "ceramic", "metal"), GLAZES, DYES, (0.1, 0.0), 1.12, (0.0, 0.10)),
)
