"""Bags: handbag, tote bag, backpack, wallet, suitcase."""

from __future__ import annotations

import numpy as np

from shoplens.training.rendering.canvas import Canvas, Paint
from shoplens.training.rendering.curves import (
    ellipse,
    inset,
    mirrored,
    offset,
    path,
    polygon,
    rounded_box,
    smoothed,
    spline,
)
from shoplens.training.rendering.design import Design
from shoplens.training.rendering.kinds.kind import DYES, HIDES, PRINTS, Kind
from shoplens.training.rendering.parts import ball, drape, flat, seam, shade, slab, stitch, tube


def _thread(c: Canvas) -> Paint:
    """Stitches a little lighter or darker than the main colour."""
    r, g, b = c.main.colour
    if r + g + b < 0.5:
        return c.paint((r * 0.6 + 0.16, g * 0.6 + 0.16, b * 0.6 + 0.15))
    return c.paint((r * 0.55, g * 0.55, b * 0.55))


def _ring(c: Canvas, x: float, y: float, radius: float, bar: float = 0.011) -> None:
    tube(c, ellipse(x, y, radius, radius, steps=28), bar, c.metal)


def handbag(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A structured bag with one or two arched handles; with a flap, a zip or a clasp."""
    form = d.seed % 4
    top = r.uniform(0.46, 0.54)
    bottom = (0.66, 0.60, 0.50, 0.58)[form] + r.uniform(-0.02, 0.03)
    y0, y1 = r.uniform(-0.16, -0.08), 0.66
    style = d.seed % 3 if form < 3 else d.seed // 4 % 2
    if form < 3:
        body = smoothed(mirrored([(top, y0), (bottom, y1)]), r.uniform(0.07, 0.14), 10)
    else:
        body = path(
            polygon([(-top, y0), (top, y0)]),
            spline(
                [
                    (top, y0),
                    (bottom, y0 + 0.34),
                    (bottom * 0.86, y1 - 0.10),
                    (bottom * 0.45, y1),
                    (0, y1 + 0.015),
                    (-bottom * 0.45, y1),
                    (-bottom * 0.86, y1 - 0.10),
                    (-bottom, y0 + 0.34),
                    (-top, y0),
                ]
            )[1:-1],
        )
    rise = r.uniform(0.42, 0.56)
    half = top * r.uniform(0.48, 0.66)
    arch = path(
        polygon([(-half, y0 + 0.10)]),
        spline(
            [(-half, y0), (-half * 0.93, y0 - rise * 0.6), (0, y0 - rise), (half * 0.93, y0 - rise * 0.6), (half, y0)]
        ),
        polygon([(half, y0 + 0.10)]),
    )
    trim = c.main.plain() if d.pattern == "plain" or r.random() < 0.3 else c.main.swapped()
    if d.pattern != "plain":
        trim = c.paint(trim.colour, "leather") if d.material in ("canvas", "straw") else trim
    thread = _thread(c)
    tube(c, arch * (0.94, 1) + (0.015, -0.035), 0.026, trim.tinted(0.6))
    slab(c, body, c.main.sized(1.0), edge=0.05, dome=0.10, bulge=0.16, wrinkle=0.0022, cast=0.2)
    line = inset(body, 0.035)
    stitch(c, path(line, line[:1]), thread)
    if style == 0:
        drop = r.uniform(0.28, 0.38)
        flap = smoothed(
            [
                (-top - 0.005, y0 - 0.008),
                (top + 0.005, y0 - 0.008),
                (top + 0.02, y0 + drop * 0.45),
                (top * 0.55, y0 + drop),
                (-top * 0.55, y0 + drop),
                (-top - 0.02, y0 + drop * 0.45),
            ],
            0.12,
            10,
        )
        slab(c, flap, c.main, edge=0.03, dome=0.05, bulge=0.14, cast=0.45, lean=(0, -0.10))
        edge = inset(flap, 0.028)
        stitch(c, path(edge, edge[:1]), thread)
        slab(c, rounded_box(-0.055, y0 + drop - 0.055, 0.055, y0 + drop + 0.045, 0.018), c.metal, edge=0.015, dome=0.01)
        ball(c, 0, y0 + drop + 0.002, 0.018, c.metal, 0.8)
    elif style == 1:
        for x in (-half, half):
            slab(
                c,
                smoothed(
                    [
                        (x - 0.05, y0 + 0.02),
                        (x + 0.05, y0 + 0.02),
                        (x + 0.05, y0 + 0.24),
                        (x, y0 + 0.30),
                        (x - 0.05, y0 + 0.24),
                    ],
                    0.02,
                ),
                trim,
                edge=0.012,
                cast=0.3,
            )
            stitch(
                c,
                polygon(
                    [
                        (x - 0.035, y0 + 0.14),
                        (x - 0.035, y0 + 0.23),
                        (x, y0 + 0.27),
                        (x + 0.035, y0 + 0.23),
                        (x + 0.035, y0 + 0.14),
                    ]
                ),
                thread,
            )
        seam(c, polygon([(-top + 0.02, y0 + 0.055), (top - 0.02, y0 + 0.055)]), 0.014, 0.4)
    else:
        band = smoothed(
            [(-top - 0.012, y0 - 0.01), (top + 0.012, y0 - 0.01), (top + 0.03, y0 + 0.12), (-top - 0.03, y0 + 0.12)],
            0.03,
        )
        slab(c, band, trim, edge=0.02, cast=0.35, lean=(0, -0.08))
        for s in (-0.03, 0.03):
            ball(c, s, y0 - 0.02, 0.028, c.metal)
        base = smoothed(mirrored([(bottom - 0.028, y1 - 0.16), (bottom + 0.004, y1 + 0.004)]), 0.05)
        slab(c, base, trim, edge=0.03, dome=0.03, cast=0.15, lean=(0, 0.06))
    for x in (-half, half):
        _ring(c, x, y0 + 0.075, 0.036)
    tube(c, arch, 0.028, trim, cast=0.25)
    stitch(c, offset(arch, 0.012)[4:-4], thread)


def tote(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A soft open bag with two long straps."""
    top, bottom, y0 = r.uniform(0.50, 0.58), r.uniform(0.44, 0.54), -0.14
    strap = c.main.plain() if r.random() < 0.5 or d.pattern != "plain" else c.paint("tan", "leather")
    half, rise = 0.24, r.uniform(0.52, 0.60)
    arch = spline(
        [
            (-half, y0 + 0.1),
            (-half * 0.98, y0 - rise * 0.55),
            (-half * 0.5, y0 - rise),
            (half * 0.5, y0 - rise),
            (half * 0.98, y0 - rise * 0.55),
            (half, y0 + 0.1),
        ],
        steps=16,
    )
    tube(c, arch * (0.9, 0.94) + (0.02, -0.02), 0.030, strap.tinted(0.62), flat=1)
    slab(
        c,
        smoothed([(-top * 0.97, y0 - 0.035), (top * 0.97, y0 - 0.035), (top, y0 + 0.06), (-top, y0 + 0.06)], 0.03),
        c.main.plain().tinted(0.45),
        edge=0.01,
        cast=0.1,
    )
    sag = r.uniform(0.02, 0.045)
    body = path(
        spline([(-top, y0), (-top * 0.5, y0 + sag * 0.6), (0, y0 + sag), (top * 0.5, y0 + sag * 0.6), (top, y0)]),
        spline([(top, y0), (top * 0.97, 0.3), (bottom + 0.02, 0.68), (bottom - 0.06, 0.73)]),
        spline([(bottom - 0.06, 0.73), (0, 0.745), (-bottom + 0.06, 0.73)]),
        spline([(-bottom + 0.06, 0.73), (-bottom - 0.02, 0.68), (-top * 0.97, 0.3), (-top, y0)]),
    )
    folds = drape(r, -top * 0.8, top * 0.8, y0, 0.6, 4, 0.05, 0.010, 1.0)
    folds += [(-bottom, 0.7, -bottom * 0.3, 0.25, 0.05, 0.012), (bottom, 0.7, bottom * 0.3, 0.25, 0.05, 0.012)]
    slab(c, body, c.main.sized(1.15), edge=0.035, dome=0.07, folds=folds, wrinkle=0.0045, cast=0.35)
    thread = _thread(c)
    hem = spline(
        [
            (-top, y0 + 0.065),
            (-top * 0.5, y0 + 0.065 + sag * 0.6),
            (0, y0 + 0.065 + sag),
            (top * 0.5, y0 + 0.065 + sag * 0.6),
            (top, y0 + 0.065),
        ]
    )
    stitch(c, hem, thread)
    tube(c, arch, 0.032, strap, flat=1, cast=0.3)
    for x in (-half, half):
        slab(c, rounded_box(x - 0.033, y0 + 0.02, x + 0.033, y0 + 0.17, 0.008), strap, edge=0.008, cast=0.2)
        stitch(
            c,
            polygon([(x - 0.022, y0 + 0.06), (x + 0.022, y0 + 0.15), (x - 0.022, y0 + 0.15), (x + 0.022, y0 + 0.06)]),
            thread,
            0.02,
        )


def backpack(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Rounded rucksack from the front: top loop, zip arch, front pocket, side pockets, straps behind."""
    w, y0, y1 = r.uniform(0.46, 0.54), -0.66, 0.72
    trim = c.main.plain() if d.pattern != "plain" or r.random() < 0.5 else c.paint("tan", "leather")
    dark = c.main.plain().tinted(0.55)
    for s in (-1, 1):
        tube(
            c,
            spline([(s * 0.2, y0 + 0.04), (s * (w + 0.02), y0 + 0.18), (s * (w + 0.10), -0.1), (s * (w + 0.05), 0.5)]),
            0.05,
            dark,
            flat=0.8,
        )
    tube(
        c,
        spline([(-0.10, y0 + 0.04), (-0.09, y0 - 0.07), (0, y0 - 0.11), (0.09, y0 - 0.07), (0.10, y0 + 0.04)]),
        0.022,
        trim,
    )
    for s in (-1, 1):
        pocket = smoothed(
            [(s * (w - 0.05), 0.18), (s * (w + 0.09), 0.22), (s * (w + 0.08), 0.66), (s * (w - 0.06), 0.68)], 0.06
        )
        slab(c, pocket, c.main, edge=0.04, dome=0.04, cast=0.2)
    body = path(
        spline(
            [
                (-w, 0.2),
                (-w * 0.98, -0.25),
                (-w * 0.84, y0 + 0.13),
                (-w * 0.45, y0 + 0.005),
                (0, y0 - 0.02),
                (w * 0.45, y0 + 0.005),
                (w * 0.84, y0 + 0.13),
                (w * 0.98, -0.25),
                (w, 0.2),
            ]
        ),
        smoothed([(w, 0.3), (w * 0.98, y1), (-w * 0.98, y1), (-w, 0.3)], 0.12)[6:-6],
    )
    slab(c, body, c.main, edge=0.07, dome=0.12, wrinkle=0.004, cast=0.35)
    zip_line = spline(
        [
            (-w * 0.86, 0.12),
            (-w * 0.84, -0.28),
            (-w * 0.66, y0 + 0.20),
            (0, y0 + 0.12),
            (w * 0.66, y0 + 0.20),
            (w * 0.84, -0.28),
            (w * 0.86, 0.12),
        ]
    )
    seam(c, zip_line, 0.030, 0.5)
    tube(c, zip_line, 0.010, c.paint((60, 60, 64), "nylon"), flat=0.5, cast=0.0)
    slab(c, rounded_box(w * 0.80, -0.02, w * 0.80 + 0.035, 0.11, 0.015), c.metal, edge=0.01)
    py0, py1, pw = r.uniform(0.02, 0.1), 0.64, w * 0.80
    pocket = smoothed(
        [
            (-pw, py0 + 0.02),
            (-pw * 0.7, py0 - 0.03),
            (pw * 0.7, py0 - 0.03),
            (pw, py0 + 0.02),
            (pw * 0.98, py1),
            (-pw * 0.98, py1),
        ],
        0.10,
        10,
    )
    second = c.main.swapped() if d.pattern == "colour-block" else c.main
    slab(c, pocket, second, edge=0.05, dome=0.08, wrinkle=0.003, cast=0.4)
    line = inset(pocket, 0.03)
    stitch(c, path(line, line[:1]), _thread(c))
    seam(c, polygon([(-pw * 0.9, py0 + 0.10), (pw * 0.9, py0 + 0.10)]), 0.022, 0.45)
    tube(c, polygon([(-pw * 0.9, py0 + 0.10), (pw * 0.9, py0 + 0.10)]), 0.008, c.paint((60, 60, 64), "nylon"), cast=0)
    slab(c, rounded_box(-pw * 0.86, py0 + 0.09, -pw * 0.86 + 0.08, py0 + 0.12, 0.012), c.metal, edge=0.01)
    if r.random() < 0.55:
        slab(
            c,
            smoothed([(-0.08, -0.24), (0.08, -0.24), (0.08, -0.12), (-0.08, -0.12)], 0.03),
            trim,
            edge=0.012,
            cast=0.3,
        )
        seam(c, polygon([(-0.03, -0.18), (0.03, -0.18)]), 0.014, 0.7)
    else:
        for s in (-1, 1):
            tube(c, polygon([(s * w * 0.45, -0.30), (s * w * 0.45, 0.30)]), 0.026, trim, flat=1)
            slab(
                c,
                rounded_box(s * w * 0.45 - 0.04, 0.16, s * w * 0.45 + 0.04, 0.24, 0.012),
                c.metal,
                edge=0.012,
                holes=[rounded_box(s * w * 0.45 - 0.022, 0.178, s * w * 0.45 + 0.022, 0.222, 0.006)],
            )


def wallet(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A closed wallet: long with a flap and stud, or a folded one with a card edge showing."""
    thread = _thread(c)
    if r.random() < 0.5:
        outer = rounded_box(-0.74, -0.36, 0.74, 0.40, 0.05)
        slab(c, outer, c.main, edge=0.035, dome=0.03, cast=0.2)
        line = inset(outer, 0.03)
        stitch(c, path(line, line[:1]), thread)
        flap = smoothed(
            [(-0.745, -0.365), (0.745, -0.365), (0.745, 0.02), (0.60, 0.12), (-0.60, 0.12), (-0.745, 0.02)], 0.06
        )
        slab(c, flap, c.main, edge=0.03, dome=0.03, cast=0.5, lean=(0, -0.06))
        edge = inset(flap, 0.03)
        stitch(c, path(edge, edge[:1]), thread)
        ball(c, 0, 0.055, 0.034, c.metal, 0.7)
        slab(c, rounded_box(0.45, 0.24, 0.62, 0.29, 0.008), c.metal, edge=0.008)
    else:
        back = rounded_box(-0.60, -0.46, 0.64, 0.48, 0.05)
        slab(c, back, c.main.plain().tinted(0.75), edge=0.03, cast=0.2)
        slab(c, rounded_box(0.10, -0.42, 0.60, 0.40, 0.03), c.paint((226, 220, 208), "cotton"), edge=0.005)
        front = rounded_box(-0.62, -0.47, 0.58, 0.47, 0.05)
        slab(c, front, c.main, edge=0.04, dome=0.03, cast=0.5)
        line = inset(front, 0.034)
        stitch(c, path(line, line[:1]), thread)
        strap = rounded_box(0.34, -0.10, 0.70, 0.10, 0.05)
        slab(c, strap, c.main.plain(), edge=0.025, cast=0.45)
        edge = inset(strap, 0.022)
        stitch(c, path(edge, edge[:1]), thread)
        ball(c, 0.43, 0.0, 0.036, c.metal, 0.7)


def suitcase(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A cabin case with ribs, a telescopic handle and four wheels."""
    w, y0, y1 = r.uniform(0.42, 0.48), -0.42, 0.70
    steel = c.paint("silver", "metal")
    rubber = c.paint((40, 40, 44), "rubber")
    for s in (-1, 1):
        tube(c, polygon([(s * 0.17, y0 + 0.02), (s * 0.17, y0 - 0.40)]), 0.020, steel)
    slab(c, rounded_box(-0.20, y0 - 0.47, 0.20, y0 - 0.38, 0.035), rubber, edge=0.03)
    for s in (-1, 1):
        slab(
            c, rounded_box(s * (w - 0.10) - 0.06, y1 - 0.03, s * (w - 0.10) + 0.06, y1 + 0.05, 0.02), rubber, edge=0.02
        )
        slab(c, ellipse(s * (w - 0.10), y1 + 0.065, 0.062, 0.062), rubber, edge=0.025)
        ball(c, s * (w - 0.10), y1 + 0.065, 0.028, steel, 0.6)
    slab(c, rounded_box(-0.13, y0 - 0.05, 0.13, y0 + 0.02, 0.03), rubber, edge=0.02)
    body = rounded_box(-w, y0, w, y1, 0.11)
    ribs = int(r.choice([5, 6, 7]))
    upright = r.random() < 0.6
    folds = []
    for i in range(ribs):
        t = -w + 2 * w * (i + 0.5) / ribs if upright else y0 + (y1 - y0) * (i + 0.5) / ribs
        line = (t, y0 - 0.3, t, y1 + 0.6) if upright else (-w - 0.4, t, w + 0.8, t)
        folds.append((*line, 0.028, 0.022))
    slab(c, body, c.main, edge=0.08, dome=0.04, folds=folds, cast=0.3)
    for x in (-w + 0.06, w - 0.06):
        for y in (y0 + 0.06, y1 - 0.06):
            slab(c, ellipse(x, y, 0.075, 0.075), c.main.plain().tinted(0.8), edge=0.03, cast=0.3)
    shade(c, rounded_box(-w, y1 - 0.1, w, y1, 0.1), 0.25, 0.05)
    slab(c, rounded_box(-0.07, y0 + 0.05, 0.07, y0 + 0.085, 0.01), steel, edge=0.008, cast=0.2)
    flat(c, rounded_box(w - 0.05, -0.06, w + 0.02, 0.08, 0.015), rubber)


KINDS = (
    Kind(
        "handbag",
        handbag,
        "standing",
        ("leather", "leather", "suede", "canvas", "straw"),
        ("plain", "plain", "plain", "plain", "leopard", "checks", "colour-block"),
        HIDES,
        (0.05, 0.05),
        1.12,
        (0.0, 0.02),
    ),
    Kind(
        "tote bag", tote, "standing", ("canvas", "cotton", "leather", "straw", "denim"), PRINTS, DYES, (0.1, 0.1), 1.08
    ),
    Kind("backpack", backpack, "standing", ("nylon", "canvas", "leather", "denim"), PRINTS, DYES, (0.1, 0.0), 1.04),
    Kind(
        "wallet",
        wallet,
        "flat",
        ("leather", "leather", "suede", "canvas"),
        ("plain", "plain", "plain", "leopard"),
        HIDES,
        (0.2, 0.0),
        1.06,
    ),
    Kind(
        "suitcase",
        suitcase,
        "standing",
        ("plastic", "plastic", "metal"),
        ("plain", "plain", "colour-block"),
        DYES,
        (0.1, 0.0),
    ),
)
