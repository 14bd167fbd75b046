"""Shoes without laces: loafer and heel from the side, sandals from above."""

from __future__ import annotations

import numpy as np

from shoplens.training.rendering.canvas import Canvas
from shoplens.training.rendering.curves import offset, path, polygon, rounded_box, smoothed, spline
from shoplens.training.rendering.design import Design
from shoplens.training.rendering.frame import Points
from shoplens.training.rendering.kinds.footwear import shoe_thread
from shoplens.training.rendering.kinds.kind import HIDES, Kind
from shoplens.training.rendering.parts import ball, flat, seam, shade, slab, stitch, tube


def loafer(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Slip-on shoe with a strap or tassels."""
    ground = 0.45
    sole = (
        c.paint((60, 44, 36), "rubber")
        if d.colour not in ("white", "beige", "cream")
        else c.paint((190, 150, 104), "rubber")
    )
    slab(
        c,
        smoothed([(-0.76, ground - 0.10), (-0.34, ground - 0.10), (-0.36, ground), (-0.74, ground)], 0.02),
        sole,
        edge=0.025,
    )
    slab(
        c,
        path(
            spline([(-0.76, ground - 0.10), (-0.2, ground - 0.10), (0.2, ground - 0.08), (0.80, ground - 0.10)]),
            spline(
                [
                    (0.80, ground - 0.05),
                    (0.6, ground),
                    (0.1, ground - 0.01),
                    (-0.3, ground - 0.05),
                    (-0.76, ground - 0.05),
                ]
            ),
        ),
        sole,
        edge=0.02,
    )
    slab(
        c,
        path(
            spline([(-0.70, -0.14), (-0.4, -0.12), (-0.05, -0.10)]),
            spline([(-0.05, -0.02), (-0.4, 0.04), (-0.7, -0.02)]),
        ),
        c.paint((196, 160, 118), "leather").tinted(0.6),
        edge=0.02,
    )
    upper = path(
        spline([(-0.72, -0.16), (-0.60, -0.08), (-0.35, 0.0), (-0.12, -0.06), (-0.02, -0.16)]),
        spline([(-0.02, -0.16), (0.14, -0.12), (0.36, 0.02), (0.58, 0.10), (0.76, 0.22), (0.80, 0.36)]),
        spline([(0.79, ground - 0.09), (0.2, ground - 0.07), (-0.2, ground - 0.09), (-0.75, ground - 0.09)]),
        spline([(-0.77, 0.2), (-0.755, 0.0), (-0.72, -0.16)]),
    )
    slab(c, upper, c.main, edge=0.07, dome=0.08, bulge=0.14, folds=[(0.1, 0.0, 0.2, 0.3, 0.03, -0.008)], cast=0.3)
    thread = shoe_thread(c)
    apron = spline([(0.06, 0.10), (0.18, 0.18), (0.42, 0.22), (0.62, 0.22), (0.72, 0.24)])
    tube(c, apron, 0.013, c.main.plain(), cast=0.35)
    stitch(c, offset(apron, -0.022), thread, 0.026, 0.008)
    strap = path(
        spline([(-0.03, -0.13), (0.10, -0.10), (0.20, -0.05)]),
        spline([(0.20, 0.06), (0.14, 0.22), (0.06, 0.35)]),
        spline([(-0.08, 0.35), (0.0, 0.12), (-0.03, -0.13)]),
    )
    slab(c, strap, c.main.plain(), edge=0.03, dome=0.01, cast=0.4)
    if r.random() < 0.5:
        slab(
            c,
            rounded_box(0.03, -0.05, 0.13, 0.06, 0.03),
            c.metal,
            edge=0.016,
            holes=[rounded_box(0.05, -0.03, 0.11, 0.04, 0.02)],
            cast=0.4,
        )
    else:
        flat(c, smoothed([(0.03, 0.0), (0.12, 0.02), (0.10, 0.07), (0.02, 0.05)], 0.01), c.main.plain().tinted(0.35))
        seam(c, polygon([(0.0, 0.09), (0.13, 0.12)]), 0.012, 0.4)
    stitch(c, spline([(-0.69, -0.10), (-0.57, -0.035), (-0.35, 0.035), (-0.12, -0.02)]), thread, 0.022, 0.006)
    seam(c, spline([(-0.58, -0.05), (-0.55, 0.15), (-0.52, ground - 0.1)]), 0.012, 0.35)


def heel(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Court shoe with a thin or a block heel."""
    ground = 0.50
    rise = r.uniform(0.46, 0.58)
    back = ground - rise
    block = d.seed % 3 == 0
    tip = 0.10 if block else 0.022
    heel_top = spline([(-0.64, back + 0.10), (-0.40, back + 0.22)])
    spike = path(
        heel_top,
        spline([(-0.40, back + 0.22), (-0.53 + tip, back + rise * 0.6), (-0.60 + tip, ground)]),
        spline([(-0.60 - tip, ground), (-0.60 - tip * 0.8, back + rise * 0.6), (-0.66, back + 0.10)]),
    )
    slab(c, spike, c.main.plain(), edge=0.03, dome=0.02, bulge=0.05)
    slab(
        c,
        rounded_box(-0.605 - tip, ground - 0.02, -0.595 + tip, ground + 0.012, 0.006),
        c.paint((40, 36, 36), "rubber"),
        edge=0.01,
    )
    insole = path(
        spline([(-0.62, back - 0.05), (-0.3, back + 0.12), (0.05, ground - 0.26), (0.3, ground - 0.20)]),
        spline([(0.2, ground - 0.1), (-0.1, back + 0.28), (-0.6, back + 0.1)]),
    )
    slab(c, insole, c.paint((208, 180, 150), "leather").tinted(0.75), edge=0.02)
    upper = path(
        spline(
            [
                (-0.66, back - 0.16),
                (-0.56, back - 0.06),
                (-0.34, back + 0.09),
                (-0.08, back + 0.22),
                (0.16, ground - 0.20),
                (0.32, ground - 0.24),
            ]
        ),
        spline([(0.32, ground - 0.24), (0.50, ground - 0.17), (0.68, ground - 0.08), (0.80, ground - 0.015)]),
        spline(
            [
                (0.78, ground),
                (0.5, ground - 0.005),
                (0.2, ground - 0.012),
                (0.0, ground - 0.06),
                (-0.22, back + 0.36),
                (-0.42, back + 0.21),
                (-0.64, back + 0.13),
            ]
        ),
        spline([(-0.68, back + 0.06), (-0.69, back - 0.06), (-0.66, back - 0.16)]),
    )
    slab(c, upper, c.main, edge=0.06, dome=0.07, bulge=0.11, cast=0.3)
    tube(
        c,
        spline(
            [
                (-0.64, back + 0.135),
                (-0.42, back + 0.215),
                (-0.22, back + 0.37),
                (0.0, ground - 0.05),
                (0.2, ground),
                (0.5, ground + 0.004),
                (0.78, ground + 0.0),
            ]
        ),
        0.010,
        c.paint((60, 46, 40), "leather"),
        cast=0,
    )
    if r.random() < 0.55:
        for s in (-1, 1):
            slab(
                c,
                smoothed(
                    [(0.33, ground - 0.20), (0.33 + s * 0.10, ground - 0.27), (0.33 + s * 0.11, ground - 0.14)], 0.02
                ),
                c.main.plain(),
                edge=0.02,
                cast=0.4,
            )
        ball(c, 0.33, ground - 0.20, 0.022, c.main.plain(), 0.7)


def sandal(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A pair of sandals from above: footbed and straps."""
    bed = c.main.plain().tinted(0.86)
    if r.random() < 0.35:
        bed = c.paint((206, 172, 130), "suede")
    style = d.seed % 3
    for s in (1.0, -1.0):
        at = (0.33 * s, 0.0)

        def foot(points: Points, s: float = s, at: tuple[float, float] = at) -> Points:
            return points * (s, 1.0) + at

        outline = foot(
            spline(
                [
                    (-0.02, -0.80),
                    (0.12, -0.76),
                    (0.215, -0.58),
                    (0.225, -0.30),
                    (0.165, 0.05),
                    (0.155, 0.35),
                    (0.16, 0.60),
                    (0.10, 0.76),
                    (-0.02, 0.80),
                    (-0.13, 0.75),
                    (-0.185, 0.58),
                    (-0.17, 0.30),
                    (-0.175, 0.02),
                    (-0.215, -0.30),
                    (-0.21, -0.55),
                    (-0.15, -0.74),
                ],
                closed=True,
            )
        )
        slab(c, outline * (1, 1) + (0.012, 0.02), c.paint((64, 50, 42), "rubber"), edge=0.02)
        slab(c, outline, bed, edge=0.03, dome=-0.03, bulge=0.10, cast=0.3)
        stitch(c, path(outline, outline[:1]) * 0.93 + np.asarray(at) * 0.07, c.paint((236, 222, 196)), 0.026, 0.006)

        def strap(points: list[tuple[float, float]], width: float) -> None:
            line = foot(spline(points))
            piece = ribbon_of(line, width)
            slab(c, piece, c.main, edge=0.022, dome=0.045, bulge=0.07, cast=0.55)
            for side in (-1, 1):
                stitch(c, offset(line, side * (width / 2 - 0.016)), shoe_thread(c), 0.022, 0.006)

        if style == 0:
            strap([(-0.235, -0.36), (0.0, -0.46), (0.245, -0.40)], 0.17)
            strap([(-0.205, 0.02), (0.0, -0.08), (0.20, -0.02)], 0.17)
            for y in (-0.415, -0.05):
                slab(
                    c,
                    foot(rounded_box(0.10, y - 0.065, 0.19, y + 0.065, 0.015)),
                    c.metal,
                    edge=0.014,
                    holes=[foot(rounded_box(0.122, y - 0.042, 0.168, y + 0.042, 0.008))],
                    cast=0.4,
                )
        elif style == 1:
            strap([(-0.22, -0.52), (0.0, -0.38), (0.23, -0.10)], 0.10)
            strap([(-0.21, -0.10), (0.0, -0.36), (0.23, -0.54)], 0.10)
            strap([(-0.185, 0.42), (0.0, 0.30), (0.17, 0.42)], 0.08)
            ball(c, 0.33 * s + 0.15 * s, 0.385, 0.028, c.metal, 0.6)
        else:
            strap([(-0.225, -0.12), (-0.10, -0.34), (0.0, -0.56)], 0.075)
            strap([(0.225, -0.12), (0.10, -0.34), (0.0, -0.56)], 0.075)
            ball(c, 0.33 * s, -0.555, 0.042, c.metal if r.random() < 0.5 else c.main.plain(), 0.7)
    shade(c, rounded_box(-0.9, 0.7, 0.9, 0.9, 0.1), 0.04, 0.05)


def ribbon_of(line: Points, width: float) -> Points:
    """A strap's outline around its middle line."""
    return path(offset(line, width / 2), offset(line, -width / 2)[::-1])


KINDS = (
    Kind(
        "loafer",
        loafer,
        "standing",
        ("leather", "leather", "suede"),
        ("plain", "plain", "plain", "leopard"),
        HIDES,
        (0.2, 0.1),
        1.1,
    ),
    Kind(
        "heel",
        heel,
        "standing",
        ("leather", "suede", "satin", "velvet"),
        ("plain", "plain", "plain", "leopard"),
        HIDES,
        (0.2, 0.2),
        1.1,
    ),
    Kind("sandal", sandal, "flat", ("leather", "leather", "suede", "rubber"), ("plain",), HIDES, (0.33, -0.3), 1.05),
)
