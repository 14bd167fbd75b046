"""Light clothes for the upper body, laid flat or on an invisible figure: t-shirt, shirt, dress."""

from __future__ import annotations

import numpy as np

from shoplens.training.rendering.canvas import Canvas
from shoplens.training.rendering.curves import (
    ellipse,
    flipped,
    offset,
    path,
    polygon,
    rounded_box,
    smoothed,
    softened,
    spline,
)
from shoplens.training.rendering.design import Design
from shoplens.training.rendering.kinds.garment import body_folds, inner_neck, pair_of_sleeves, thread, torso
from shoplens.training.rendering.kinds.kind import DYES, PRINTS, Kind
from shoplens.training.rendering.parts import Fold, ball, drape, flat, seam, shade, slab, stitch, tube


def t_shirt(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Short sleeves, round or V neck."""
    neck, top, dip = r.uniform(0.16, 0.19), -0.66, r.uniform(0.12, 0.17)
    shoulder, chest, hem = r.uniform(0.44, 0.48), r.uniform(0.42, 0.46), r.uniform(0.42, 0.47)
    deep = r.random() < 0.3
    if deep:
        dip = 0.26
    inner_neck(c, neck, top, dip)
    length = r.uniform(0.22, 0.30)
    sx, sy = shoulder + 0.20 + length * 0.3, top + 0.28 + length * 0.55
    sleeve = path(
        spline([(shoulder - 0.07, top + 0.066), (shoulder + 0.05, top + 0.125), (sx + 0.05, sy - 0.08)]),
        polygon([(sx + 0.05, sy - 0.08), (sx - 0.11, sy + 0.045)]),
        spline([(sx - 0.11, sy + 0.045), (chest + 0.03, top + 0.43), (chest - 0.08, top + 0.40)]),
    )
    raglan = c.main.swapped() if d.pattern == "colour-block" else c.main
    pair_of_sleeves(
        c,
        raglan,
        sleeve,
        -0.65,
        [(shoulder, top + 0.15, sx, sy, 0.04, 0.012), (chest, top + 0.38, sx, sy - 0.1, 0.03, 0.012)],
    )
    for s in (1, -1):
        cuff = polygon([(s * (sx + 0.034), sy - 0.103), (s * (sx - 0.124), sy + 0.022)])
        stitch(c, cuff, thread(c), 0.018, 0.005)
    body = torso(neck, top, shoulder, 0.09, chest, chest - 0.015, hem, 0.68, dip, pointed=deep)
    paint = c.main.moved(0, 0) if d.pattern != "colour-block" else c.main.sized(3.0)
    slab(
        c, body, paint, edge=0.04, dome=0.05, folds=body_folds(r, shoulder, chest, top, 0.68), wrinkle=0.0035, cast=0.4
    )
    for s in (-1, 1):
        seam(
            c, spline([(s * shoulder, top + 0.09), (s * chest * 0.95, top + 0.23), (s * chest, top + 0.39)]), 0.010, 0.3
        )
    rim = [(-neck, top), (-neck * 0.72, top + dip * 0.72), (0, top + dip), (neck * 0.72, top + dip * 0.72), (neck, top)]
    collar = polygon([rim[0], (0, top + dip), rim[4]]) if deep else spline(rim)
    tube(c, collar, 0.017, c.main.plain() if d.pattern != "colour-block" else c.main.swapped(), flat=0.5, cast=0.25)
    stitch(c, offset(collar, 0.03)[2:-2] if not deep else offset(collar, 0.03), thread(c), 0.018, 0.004)
    stitch(c, spline([(-hem + 0.01, 0.64), (0, 0.662), (hem - 0.01, 0.64)]), thread(c), 0.018, 0.005)
    if d.pattern == "plain" and r.random() < 0.35:
        slab(
            c,
            smoothed([(0.14, -0.26), (0.33, -0.26), (0.33, -0.06), (0.235, -0.02), (0.14, -0.06)], 0.02),
            c.main,
            edge=0.008,
            cast=0.3,
        )
        stitch(c, polygon([(0.15, -0.235), (0.32, -0.235)]), thread(c), 0.018, 0.004)


def shirt(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Long sleeves, collar, button placket, chest pocket or two."""
    neck, top = 0.15, -0.64
    shoulder, chest, hem = r.uniform(0.42, 0.46), r.uniform(0.40, 0.44), r.uniform(0.41, 0.46)
    inner_neck(c, neck, top - 0.03, 0.16)
    sleeve = path(
        spline(
            [
                (shoulder - 0.07, top + 0.074),
                (shoulder + 0.07, top + 0.165),
                (shoulder + 0.19, top + 0.62),
                (shoulder + 0.25, 0.42),
            ]
        ),
        spline([(shoulder + 0.25, 0.42), (shoulder + 0.10, 0.47)]),
        spline([(shoulder + 0.10, 0.47), (chest + 0.05, -0.02), (chest - 0.06, top + 0.40)]),
    )
    folds: list[Fold] = [
        (shoulder, top + 0.2, shoulder + 0.12, 0.3, 0.03, 0.016),
        (chest + 0.02, top + 0.5, shoulder + 0.2, 0.1, 0.03, 0.016),
        (shoulder + 0.2, -0.1, shoulder + 0.1, 0.2, 0.025, 0.014),
        (shoulder + 0.22, 0.12, shoulder + 0.1, 0.34, 0.025, 0.012),
    ]
    pair_of_sleeves(c, c.main, sleeve, -0.25, folds)
    for s in (1.0, -1.0):
        cuff = smoothed(
            [
                (s * (shoulder + 0.255), 0.39),
                (s * (shoulder + 0.265), 0.50),
                (s * (shoulder + 0.105), 0.55),
                (s * (shoulder + 0.085), 0.44),
            ],
            0.015,
        )
        slab(c, cuff, c.main.turned(-0.3 * s), edge=0.018, cast=0.3)
        ball(c, s * (shoulder + 0.14), 0.495, 0.013, c.paint((232, 228, 216), "plastic"), 0.5)
    body = torso(neck, top, shoulder, 0.10, chest, chest - 0.02, hem, 0.66, 0.17)
    slab(
        c,
        body,
        c.main,
        edge=0.04,
        dome=0.05,
        folds=body_folds(r, shoulder, chest, top, 0.66, 0.014),
        wrinkle=0.0035,
        cast=0.4,
    )
    for s in (-1, 1):
        seam(
            c, spline([(s * shoulder, top + 0.10), (s * chest * 0.95, top + 0.24), (s * chest, top + 0.40)]), 0.010, 0.3
        )
    slab(c, rounded_box(-0.036, top + 0.14, 0.036, 0.684, 0.004), c.main.moved(0.05, 0), edge=0.008, cast=0.35)
    for side in (-0.028, 0.028):
        stitch(c, polygon([(side, top + 0.2), (side, 0.67)]), thread(c), 0.018, 0.004)
    button = c.paint((236, 232, 222), "plastic") if r.random() < 0.7 else c.paint((50, 46, 44), "plastic")
    for k in range(7):
        y = top + 0.24 + k * 0.155
        ball(c, 0, y, 0.018, button, 0.5, cast=0.4)
        for q in (-0.005, 0.005):
            flat(c, ellipse(q, y, 0.0028, 0.0028, steps=8), c.paint((70, 66, 62)))
    pockets = ((1,), (1, -1), ())[int(r.integers(3))]
    for s in pockets:
        px = s * 0.215
        slab(
            c,
            smoothed(
                [(px - 0.095, -0.24), (px + 0.095, -0.24), (px + 0.095, -0.04), (px, 0.0), (px - 0.095, -0.04)], 0.015
            ),
            c.main.moved(0.06, 0.05),
            edge=0.008,
            cast=0.35,
        )
        stitch(c, polygon([(px - 0.087, -0.205), (px + 0.087, -0.205)]), thread(c), 0.018, 0.004)
    collar_in = spline([(-neck + 0.01, top - 0.05), (0, top - 0.085), (neck - 0.01, top - 0.05)])
    slab(
        c,
        path(collar_in, spline([(neck - 0.01, top + 0.03), (0, top + 0.01), (-neck + 0.01, top + 0.03)])),
        c.main.plain().tinted(0.78),
        edge=0.012,
        cast=0.1,
    )
    shade(c, path(polygon([(-neck, top)]), polygon([(0, top + 0.19), (neck, top)])), 0.25, 0.03)
    for s in (1, -1):
        leaf = smoothed(
            [
                (s * (neck - 0.015), top - 0.065),
                (s * (neck + 0.075), top + 0.035),
                (s * 0.125, top + 0.225),
                (s * 0.002, top + 0.135),
            ],
            0.02,
        )
        slab(c, leaf, c.main.turned(0.7 * s), edge=0.018, dome=0.01, cast=0.45)
        line = polygon([(s * (neck + 0.055), top + 0.045), (s * 0.122, top + 0.198), (s * 0.02, top + 0.128)])
        stitch(c, line, thread(c), 0.018, 0.004)


def dress(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Fitted bodice, waist seam, flared or straight skirt; straps, short sleeves, or none."""
    top, waist_y, end = -0.78, r.uniform(-0.20, -0.12), r.uniform(0.72, 0.80)
    wide, waist = r.uniform(0.36, 0.54), r.uniform(0.18, 0.21)
    style = d.seed % 3
    neck = 0.13
    chest = 0.25
    if style == 0:
        for s in (-1, 1):
            tube(
                c,
                spline([(s * 0.14, top + 0.02), (s * 0.17, top + 0.12), (s * 0.18, top + 0.22)]),
                0.014,
                c.main.plain(),
                flat=0.5,
            )
        bodice = path(
            spline([(-0.20, top + 0.19), (-0.10, top + 0.20), (0, top + 0.25), (0.10, top + 0.20), (0.20, top + 0.19)]),
            spline([(0.20, top + 0.19), (chest, top + 0.30), (chest * 0.93, top + 0.42), (waist, waist_y)]),
            spline([(-waist, waist_y), (-chest * 0.93, top + 0.42), (-chest, top + 0.30), (-0.20, top + 0.19)]),
        )
    else:
        inner_neck(c, neck, top, 0.15)
        if style == 1:
            sleeve = path(
                spline([(0.22, top + 0.036), (0.33, top + 0.10), (0.44, top + 0.34)]),
                spline([(0.44, top + 0.34), (0.31, top + 0.40)]),
                spline([(0.31, top + 0.40), (0.26, top + 0.33), (0.22, top + 0.30)]),
            )
            pair_of_sleeves(c, c.main, sleeve, -0.5, [(0.28, top + 0.12, 0.38, top + 0.36, 0.03, 0.014)])
        edge = 0.28 if style == 1 else 0.23
        bodice = path(
            polygon([(neck, top)]),
            spline(
                [
                    (edge, top + 0.06),
                    (chest * 0.92, top + 0.18),
                    (chest, top + 0.31),
                    (chest * 0.9, top + 0.44),
                    (waist, waist_y),
                ]
            ),
            flipped(
                path(
                    polygon([(neck, top)]),
                    spline(
                        [
                            (edge, top + 0.06),
                            (chest * 0.92, top + 0.18),
                            (chest, top + 0.31),
                            (chest * 0.9, top + 0.44),
                            (waist, waist_y),
                        ]
                    ),
                )
            )[::-1],
            spline([(-neck, top), (-neck * 0.7, top + 0.12), (0, top + 0.18), (neck * 0.7, top + 0.12), (neck, top)]),
        )
    skirt_right = spline(
        [
            (waist, waist_y - 0.01),
            (waist + (wide - waist) * 0.45, waist_y + 0.22),
            (wide * 0.93, end - 0.28),
            (wide, end),
        ]
    )
    count = int(r.integers(5, 8))
    xs = np.linspace(wide, -wide, count * 2 + 1)
    wave = 0.012 + 0.02 * (wide - 0.36)
    hem = spline(
        [
            (float(x), end + (wave if i % 2 else -wave) * (1 - abs(x) / wide * 0.3) + 0.03 * (1 - (x / wide) ** 2))
            for i, x in enumerate(xs)
        ]
    )
    skirt = softened(path(skirt_right, hem[1:-1], flipped(skirt_right)[::-1]), 0.02)
    folds = drape(r, -waist * 0.9, waist * 0.9, waist_y + 0.02, end, count + 1, 0.035, 0.020, wide / waist)
    folds += drape(r, -waist * 0.9, waist * 0.9, waist_y + 0.02, end, 4, 0.03, -0.014, wide / waist)
    slab(c, skirt, c.main, edge=0.03, dome=0.05, folds=folds, wrinkle=0.003, cast=0.2)
    lower = c.main.swapped() if d.pattern == "colour-block" else c.main
    slab(
        c,
        bodice,
        lower,
        edge=0.035,
        dome=0.06,
        folds=[
            (0.2, top + 0.42, 0.04, waist_y + 0.02, 0.03, 0.010),
            (-0.2, top + 0.42, -0.04, waist_y + 0.02, 0.03, 0.010),
        ],
        wrinkle=0.002,
        cast=0.25,
    )
    for s in (-1, 1):
        seam(c, spline([(s * 0.13, top + 0.36), (s * 0.10, top + 0.46), (s * 0.095, waist_y)]), 0.008, 0.25)
    if style:
        line = spline([(-neck, top), (-neck * 0.7, top + 0.12), (0, top + 0.18), (neck * 0.7, top + 0.12), (neck, top)])
        tube(c, line, 0.009, c.main.plain(), flat=0.4, cast=0.2)
    if r.random() < 0.5:
        band = spline([(-waist - 0.004, waist_y - 0.005), (0, waist_y + 0.012), (waist + 0.004, waist_y - 0.005)])
        tube(c, band, 0.026, c.main.swapped() if d.pattern != "plain" else c.main.plain().tinted(0.7), flat=0.8)
    else:
        seam(c, spline([(-waist, waist_y), (0, waist_y + 0.015), (waist, waist_y)]), 0.014, 0.4)


KINDS = (
    Kind("t-shirt", t_shirt, "flat", ("cotton", "cotton", "linen"), PRINTS, DYES, (0.05, -0.35), 1.13),
    Kind(
        "shirt",
        shirt,
        "flat",
        ("cotton", "linen", "silk", "denim"),
        ("plain", "plain", "stripes", "checks", "plaid", "floral", "polka dots", "zigzag"),
        DYES,
        (0.08, -0.35),
        1.14,
    ),
    Kind("dress", dress, "flat", ("cotton", "silk", "satin", "linen", "velvet"), PRINTS, DYES, (0.0, -0.35), 1.04),
)
