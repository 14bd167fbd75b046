"""Laced and tall shoes from the side: sneaker, boot."""

from __future__ import annotations

import numpy as np

from shoplens.training.rendering.canvas import Canvas, Paint
from shoplens.training.rendering.curves import moved, path, polygon, rounded_box, smoothed, spline
from shoplens.training.rendering.design import Design
from shoplens.training.rendering.kinds.kind import DYES, HIDES, Kind
from shoplens.training.rendering.parts import Fold, ball, seam, slab, stitch, tube


def shoe_thread(c: Canvas) -> Paint:
    """The thread of shoes: darker than a light material, lighter than a dark one, so that seams show."""
    r, g, b = c.main.colour
    if r + g + b < 0.5:
        return c.paint((r * 0.6 + 0.14, g * 0.6 + 0.14, b * 0.6 + 0.13))
    return c.paint((r * 0.6, g * 0.6, b * 0.6))


def sneaker(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Low or high sports shoe with laces, thick sole, a stripe and a heel tab."""
    high = r.random() < 0.35
    lift = -0.24 if high else 0.0
    sole_colour = "white" if d.colour != "white" or r.random() < 0.6 else "beige"
    sole = c.paint(sole_colour, "rubber")
    accent = c.main.swapped() if d.second_colour != sole_colour or d.colour == "white" else c.main.plain().tinted(0.55)
    if d.colour != "white" and r.random() < 0.4:
        accent = c.paint("white", "leather")
    under, thick = 0.47, r.uniform(0.12, 0.16)
    collar_back = (-0.70, -0.26 + lift)
    tongue = spline(
        [
            (-0.20, -0.15 + lift),
            (-0.13, -0.40 + lift),
            (0.0, -0.42 + lift * 0.98),
            (0.06, -0.28 + lift * 0.7),
            (0.12, -0.1),
        ],
        steps=8,
    )
    slab(c, tongue, c.main.plain().tinted(0.85), edge=0.04, dome=0.03)
    slab(
        c,
        path(
            spline([collar_back, (-0.45, -0.19 + lift), (-0.20, -0.24 + lift)]),
            spline([(-0.14, -0.1 + lift), (-0.4, -0.02 + lift), (-0.68, -0.08 + lift)]),
        ),
        c.main.plain().tinted(0.4),
        edge=0.03,
    )
    front = spline(
        [
            (-0.08, -0.36 + lift),
            (0.06, -0.24 + lift * 0.75),
            (0.18, -0.09 + lift * 0.3),
            (0.34, 0.02),
            (0.52, 0.09),
            (0.66, 0.17),
            (0.74, 0.27),
            (0.76, 0.40),
        ]
    )
    collar = spline(
        [
            (-0.74, 0.06 + lift * 0.3),
            (-0.735, -0.12 + lift),
            collar_back,
            (-0.62, -0.24 + lift),
            (-0.48, -0.10 + lift),
            (-0.30, -0.10 + lift),
            (-0.16, -0.22 + lift),
            (-0.08, -0.36 + lift),
        ]
    )
    upper = path(
        collar,
        front,
        polygon([(0.77, under - 0.06), (-0.75, under - 0.06)]),
        spline([(-0.75, under - 0.06), (-0.77, 0.25), (-0.74, 0.06 + lift * 0.3)]),
    )
    folds: list[Fold] = [(0.20, -0.05, 0.36, 0.18, 0.025, -0.010), (0.30, 0.02, 0.44, 0.20, 0.02, -0.008)]
    slab(c, upper, c.main, edge=0.07, dome=0.09, bulge=0.16, folds=folds, cast=0.3)
    toe = path(
        spline([(0.42, 0.055), (0.52, 0.09), (0.66, 0.17), (0.74, 0.27), (0.76, 0.40)]),
        spline([(0.76, 0.42), (0.50, 0.42)]),
        spline([(0.50, 0.42), (0.43, 0.30), (0.40, 0.15), (0.42, 0.05)]),
    )
    toe_paint = c.main.plain() if r.random() < 0.5 else (accent if d.pattern != "plain" else c.main.plain())
    slab(c, toe, toe_paint, edge=0.04, dome=0.05, bulge=0.1, cast=0.2)
    thread = shoe_thread(c)
    stitch(c, moved(spline([(0.43, 0.07), (0.415, 0.16), (0.445, 0.3), (0.505, 0.4)]), 0.015, 0), thread, 0.022, 0.006)
    quarter = path(
        spline(
            [
                (-0.20, -0.21 + lift),
                (-0.08, -0.36 + lift),
                (0.06, -0.24 + lift * 0.75),
                (0.20, -0.07 + lift * 0.3),
                (0.36, 0.03),
            ]
        ),
        spline([(0.36, 0.09), (0.22, 0.10), (0.08, 0.02 + lift * 0.4), (-0.08, -0.10 + lift), (-0.20, -0.13 + lift)]),
    )
    slab(c, quarter, c.main.plain() if d.pattern != "colour-block" else accent, edge=0.02, dome=0.01, cast=0.3)
    stitch(
        c,
        spline([(0.33, 0.085), (0.21, 0.085), (0.08, 0.005 + lift * 0.4), (-0.08, -0.115 + lift)]),
        thread,
        0.022,
        0.006,
    )
    style = d.seed % 3
    if style == 0:
        for k in range(2):
            x = -0.36 + 0.15 * k
            slab(
                c,
                polygon([(x, 0.02), (x + 0.07, 0.02), (x + 0.17, 0.18), (x + 0.07, 0.36), (x, 0.36), (x + 0.10, 0.18)]),
                accent,
                edge=0.012,
                cast=0.2,
            )
    elif style == 1:
        band = path(
            spline([(-0.60, 0.20), (-0.25, 0.23), (0.10, 0.15), (0.30, 0.12)]),
            spline([(0.34, 0.20), (0.10, 0.24), (-0.25, 0.32), (-0.59, 0.29)]),
        )
        slab(c, band, accent, edge=0.015, cast=0.2)
        stitch(c, spline([(-0.58, 0.215), (-0.25, 0.245), (0.10, 0.165), (0.30, 0.135)]), thread, 0.022, 0.005)
    elif high:
        for radius in (0.085, 0.07):
            slab(
                c,
                spline(
                    [
                        (-0.52 + radius * np.cos(a), -0.06 + lift * 0.5 + radius * np.sin(a))
                        for a in np.linspace(0, 6.28, 13)[:-1]
                    ],
                    closed=True,
                ),
                accent if radius > 0.08 else c.main.plain(),
                edge=0.01,
                cast=0.2,
            )
    heel = path(
        spline([(-0.735, -0.10 + lift), collar_back, (-0.63, -0.22 + lift), (-0.615, -0.02 + lift * 0.6)]),
        spline([(-0.615, 0.02 + lift * 0.4), (-0.60, 0.2), (-0.50, 0.42)]),
        polygon([(-0.76, 0.42)]),
        spline([(-0.77, 0.25), (-0.745, 0.06), (-0.735, -0.10 + lift)]),
    )
    slab(c, heel, accent if r.random() < 0.7 else c.main.plain(), edge=0.03, dome=0.03, bulge=0.08, cast=0.25)
    tube(
        c,
        spline(
            [
                (-0.68, -0.25 + lift),
                (-0.62, -0.22 + lift),
                (-0.48, -0.09 + lift),
                (-0.30, -0.09 + lift),
                (-0.17, -0.20 + lift),
            ]
        ),
        0.022,
        c.main.plain(),
        flat=0.2,
        cast=0.2,
    )
    lace = c.paint("white", "cotton") if d.colour != "white" or sole_colour == "white" else accent
    if d.colour in ("black", "navy", "brown") and r.random() < 0.4:
        lace = c.main.plain().tinted(1.6)
    count = 6 if high else 5
    for k in range(count):
        t = k / (count - 1)
        a = np.asarray([-0.06 + 0.36 * t, -0.30 + lift * (1 - t) ** 1.3 + 0.32 * t**0.9])
        ax, ay = float(a[0]), float(a[1])
        bx, by = ax - 0.075, ay + 0.1 - 0.02 * t
        tube(
            c,
            spline([(ax + 0.035, ay - 0.035), ((ax + bx) / 2 + 0.012, (ay + by) / 2 - 0.012), (bx, by)]),
            0.019,
            lace,
            flat=0.4,
            cast=0.4,
        )
    bottom = spline(
        [
            (0.80, under - 0.10),
            (0.76, under - 0.03),
            (0.62, under + 0.03),
            (0.40, under + 0.05),
            (0.0, under + 0.05),
            (-0.60, under + 0.05),
            (-0.74, under + 0.02),
            (-0.80, under - 0.06),
        ]
    )
    top = spline(
        [
            (-0.785, under - thick),
            (-0.4, under - thick + 0.02),
            (0.1, under - thick + 0.035),
            (0.5, under - thick + 0.05),
            (0.74, under - thick + 0.01),
            (0.80, under - thick + 0.03),
        ]
    )
    slab(c, path(top, bottom), sole, edge=0.045, dome=0.02, bulge=0.05, cast=0.35)
    stitch(c, moved(top[2:-2], 0, 0.03), c.paint((196, 190, 180)), 0.022, 0.006)
    seam(c, spline([(-0.78, under - 0.01), (0.0, under + 0.005), (0.5, under), (0.77, under - 0.06)]), 0.012, 0.35)
    tread = spline(
        [
            (-0.74, under + 0.012),
            (-0.5, under + 0.03),
            (0.4, under + 0.03),
            (0.62, under + 0.012),
            (0.74, under - 0.035),
        ]
    )
    tube(
        c,
        moved(tread, 0, 0.012),
        0.017,
        accent if r.random() < 0.4 else c.paint((150, 110, 70), "rubber") if r.random() < 0.5 else sole,
        flat=0.5,
        cast=0,
    )


def boot(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Ankle boot: laced, with elastic sides, or tall."""
    style = d.seed % 3
    top = (-0.56, -0.50, -0.78)[style]
    ground, sole_h, heel_h = 0.72, 0.07, r.uniform(0.10, 0.16)
    sole = c.paint((52, 40, 34), "rubber") if r.random() < 0.7 else c.paint((148, 104, 62), "rubber")
    base = ground - heel_h
    heel = smoothed([(-0.50, base - 0.04), (-0.14, base - 0.04), (-0.17, ground), (-0.49, ground)], 0.025)
    slab(c, heel, sole, edge=0.03)
    front_base = ground - sole_h
    welt = path(
        spline(
            [
                (-0.52, base - 0.03),
                (-0.2, base - 0.03),
                (0.0, front_base - 0.05),
                (0.3, front_base - 0.03),
                (0.66, front_base - 0.05),
            ]
        ),
        spline(
            [
                (0.68, front_base - 0.01),
                (0.62, ground - 0.01),
                (0.3, ground),
                (0.06, ground - 0.01),
                (-0.12, base + 0.05),
                (-0.5, base + 0.03),
            ]
        ),
    )
    slab(c, welt, sole, edge=0.025)
    wide = (0.0, 0.0, 0.04)[style]
    back_top, front_top = -0.50 - wide, -0.02 + wide
    rimmed = path(
        spline([(back_top, top), (-0.26, top - 0.04), (front_top, top - 0.01)]),
        spline([(front_top, top + 0.02), (-0.26, top + 0.06), (back_top, top + 0.03)]),
    )
    slab(c, rimmed, c.main.plain().tinted(0.42), edge=0.02)
    upper = path(
        spline([(back_top, top), (-0.26, top + 0.035), (front_top, top)]),
        spline(
            [
                (front_top, top),
                (0.0, (top + 0.1) / 2),
                (0.035, 0.08),
                (0.16, 0.24),
                (0.38, 0.34),
                (0.58, 0.42),
                (0.665, 0.54),
                (0.66, front_base - 0.03),
            ]
        ),
        spline([(0.66, front_base - 0.02), (0.3, front_base), (0.02, front_base - 0.02), (-0.2, base), (-0.51, base)]),
        spline([(-0.51, base), (-0.535, 0.42), (-0.49, 0.18), (-0.47, -0.1), (back_top, top)]),
    )
    folds: list[Fold] = [
        (0.06, 0.10, -0.30, 0.20, 0.03, 0.020),
        (0.10, 0.18, -0.25, 0.32, 0.03, 0.018),
        (0.22, 0.26, 0.26, 0.5, 0.03, -0.012),
        (-0.46, 0.1, -0.2, 0.02, 0.03, 0.016),
        (0.34, 0.32, 0.36, 0.5, 0.025, -0.010),
    ]
    slab(c, upper, c.main, edge=0.09, dome=0.08, bulge=0.16, folds=folds, wrinkle=0.002, cast=0.3)
    thread = shoe_thread(c)
    seam(c, spline([(0.10, 0.20), (0.05, 0.36), (0.16, 0.56), (0.2, 0.63)]), 0.012, 0.35)
    stitch(c, spline([(0.13, 0.22), (0.075, 0.36), (0.18, 0.54), (0.22, 0.62)]), thread, 0.022, 0.006)
    if style == 0:
        placket = path(
            spline([(front_top - 0.005, top + 0.01), (0.005, -0.2), (0.04, 0.08), (0.17, 0.25)]),
            spline([(0.12, 0.31), (-0.04, 0.12), (-0.10, -0.2), (front_top - 0.13, top + 0.02)]),
        )
        slab(c, placket, c.main.plain(), edge=0.02, cast=0.3)
        lace = c.paint((226, 206, 160)) if r.random() < 0.5 else c.paint((58, 46, 38))
        for k in range(7):
            t = k / 6
            x, y = -0.025 + 0.02 * t + 0.15 * t**3, top + 0.08 + (0.16 - top) * t
            tube(c, spline([(x + 0.035, y - 0.02), (x - 0.02, y + 0.0), (x - 0.085, y + 0.025)]), 0.015, lace, cast=0.4)
            ball(c, x - 0.085, y + 0.027, 0.013, c.metal, 0.5)
    elif style == 1:
        gore = smoothed([(-0.36, top + 0.05), (-0.12, top + 0.05), (-0.17, 0.08), (-0.24, 0.16), (-0.31, 0.08)], 0.04)
        lines: list[Fold] = [(x, top - 0.3, x + 0.02, 0.4, 0.007, 0.006) for x in np.arange(-0.36, -0.1, 0.024)]
        slab(c, gore, c.main.plain().tinted(0.55), edge=0.015, folds=lines, cast=0.2)
        tube(
            c,
            polygon(
                [
                    (back_top + 0.03, top + 0.10),
                    (back_top - 0.01, top - 0.06),
                    (back_top + 0.07, top - 0.06),
                    (back_top + 0.07, top + 0.06),
                ]
            ),
            0.016,
            c.main.plain().tinted(0.7),
            flat=0.6,
        )
    else:
        strap = spline([(-0.49, 0.14), (-0.25, 0.17), (0.06, 0.10)])
        tube(c, strap, 0.030, c.main.plain().tinted(0.9), flat=0.8, cast=0.4)
        slab(
            c,
            rounded_box(-0.26, 0.115, -0.16, 0.215, 0.015),
            c.metal,
            edge=0.014,
            holes=[rounded_box(-0.235, 0.14, -0.185, 0.19, 0.008)],
            cast=0.4,
        )
        stitch(
            c,
            spline([(back_top + 0.01, top + 0.05), (-0.26, top + 0.085), (front_top - 0.01, top + 0.05)]),
            thread,
            0.022,
            0.006,
        )
    tube(
        c,
        spline(
            [
                (-0.525, base + 0.005),
                (-0.2, base + 0.005),
                (0.02, front_base - 0.01),
                (0.3, front_base + 0.005),
                (0.67, front_base - 0.02),
            ]
        ),
        0.016,
        sole.tinted(1.25),
        flat=0.4,
        cast=0.3,
    )


KINDS = (
    Kind(
        "sneaker",
        sneaker,
        "standing",
        ("canvas", "leather", "suede", "nylon"),
        ("plain", "plain", "plain", "colour-block", "checks", "leopard"),
        DYES,
        (0.1, 0.1),
        1.12,
    ),
    Kind("boot", boot, "standing", ("leather", "leather", "suede", "rubber"), ("plain",), HIDES, (0.1, 0.2), 1.05),
)
