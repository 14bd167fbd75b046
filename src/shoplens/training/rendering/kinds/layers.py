"""Warm clothes for the upper body: jumper, hoodie, jacket."""

from __future__ import annotations

import numpy as np

from shoplens.training.rendering.canvas import Canvas
from shoplens.training.rendering.curves import (
    path,
    polygon,
    rounded_box,
    smoothed,
    spline,
)
from shoplens.training.rendering.design import Design
from shoplens.training.rendering.kinds.garment import body_folds, inner_neck, pair_of_sleeves, thread, torso
from shoplens.training.rendering.kinds.kind import DYES, HIDES, Kind
from shoplens.training.rendering.parts import Fold, ball, seam, slab, stitch, tube


def _knitted(c: Canvas, d: Design, r: np.random.Generator, hood: bool) -> None:
    """What jumper and hoodie share: long sleeves with ribbed cuffs, a ribbed hem."""
    neck, top = 0.17, -0.56 if hood else -0.64
    shoulder, chest, hem, end = r.uniform(0.46, 0.50), r.uniform(0.44, 0.48), r.uniform(0.42, 0.45), 0.58
    if not hood:
        inner_neck(c, neck, top, 0.12)
    else:
        slab(
            c,
            path(
                spline(
                    [
                        (-0.25, top + 0.06),
                        (-0.30, top - 0.10),
                        (-0.20, top - 0.26),
                        (0, top - 0.31),
                        (0.20, top - 0.26),
                        (0.30, top - 0.10),
                        (0.25, top + 0.06),
                    ]
                ),
                polygon([(0, top + 0.2)]),
            ),
            c.main.plain(),
            edge=0.06,
            dome=0.05,
        )
        slab(
            c,
            path(
                spline(
                    [
                        (-0.17, top + 0.06),
                        (-0.19, top - 0.09),
                        (-0.12, top - 0.18),
                        (0, top - 0.20),
                        (0.12, top - 0.18),
                        (0.19, top - 0.09),
                        (0.17, top + 0.06),
                    ]
                ),
                polygon([(0, top + 0.24)]),
            ),
            c.main.plain().tinted(0.42),
            edge=0.03,
        )
    low = 0.46
    sleeve = path(
        spline(
            [
                (shoulder - 0.09, top + 0.070),
                (shoulder + 0.07, top + 0.165),
                (shoulder + 0.20, top + 0.60),
                (shoulder + 0.25, low - 0.05),
            ]
        ),
        spline([(shoulder + 0.25, low - 0.05), (shoulder + 0.09, low)]),
        spline([(shoulder + 0.09, low), (chest + 0.05, 0.0), (chest - 0.08, top + 0.44)]),
    )
    folds: list[Fold] = [
        (shoulder, top + 0.2, shoulder + 0.12, 0.3, 0.04, 0.016),
        (chest + 0.02, top + 0.5, shoulder + 0.2, 0.12, 0.04, 0.018),
        (shoulder + 0.22, 0.05, shoulder + 0.1, 0.28, 0.03, 0.014),
    ]
    side = c.main.swapped() if d.pattern == "colour-block" else c.main
    pair_of_sleeves(c, side, sleeve, -0.24, folds, 0.004)
    rib = c.main.plain() if d.pattern != "colour-block" else c.main.swapped()
    for s in (1.0, -1.0):
        cuff = smoothed(
            [
                (s * (shoulder + 0.245), low - 0.07),
                (s * (shoulder + 0.25), low + 0.04),
                (s * (shoulder + 0.11), low + 0.09),
                (s * (shoulder + 0.095), low - 0.02),
            ],
            0.02,
        )
        lines: list[Fold] = [
            (s * (shoulder + 0.10 + k * 0.024), low - 0.1, s * (shoulder + 0.115 + k * 0.024), low + 0.2, 0.007, 0.006)
            for k in range(7)
        ]
        slab(c, cuff, rib, edge=0.02, folds=lines, cast=0.25)
    body = torso(neck, top, shoulder, 0.10, chest, chest - 0.005, hem + 0.02, end, 0.12)
    slab(
        c,
        body,
        c.main.sized(3.0) if d.pattern == "colour-block" else c.main,
        edge=0.05,
        dome=0.06,
        folds=body_folds(r, shoulder, chest, top, end, 0.012),
        wrinkle=0.003,
        cast=0.4,
    )
    for s in (-1, 1):
        seam(
            c, spline([(s * shoulder, top + 0.10), (s * chest * 0.95, top + 0.26), (s * chest, top + 0.42)]), 0.012, 0.3
        )
    welt = smoothed(
        [(-hem - 0.015, end - 0.02), (hem + 0.015, end - 0.02), (hem - 0.01, end + 0.10), (-hem + 0.01, end + 0.10)],
        0.03,
    )
    lines = [(x, end - 0.2, x, end + 0.3, 0.008, 0.007) for x in np.arange(-hem, hem + 0.02, 0.028)]
    slab(c, welt, rib, edge=0.025, folds=lines, cast=0.25)


def jumper(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Knitted, round neck or roll neck."""
    _knitted(c, d, r, hood=False)
    neck, top = 0.17, -0.64
    rib = c.main.plain() if d.pattern != "colour-block" else c.main.swapped()
    if r.random() < 0.35:
        roll = smoothed(
            [
                (-neck + 0.015, top - 0.14),
                (neck - 0.015, top - 0.14),
                (neck + 0.045, top + 0.05),
                (0.11, top + 0.15),
                (-0.11, top + 0.15),
                (-neck - 0.045, top + 0.05),
            ],
            0.05,
        )
        slab(
            c,
            roll,
            rib,
            edge=0.05,
            dome=0.03,
            folds=[(x, top - 0.3, x * 1.12, top + 0.3, 0.008, 0.006) for x in np.arange(-0.18, 0.19, 0.028)],
            cast=0.4,
        )
    else:
        tube(
            c,
            spline(
                [
                    (-neck, top - 0.005),
                    (-neck * 0.72, top + 0.086),
                    (0, top + 0.12),
                    (neck * 0.72, top + 0.086),
                    (neck, top - 0.005),
                ]
            ),
            0.028,
            rib,
            flat=0.3,
        )


def hoodie(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Hood, drawstrings, kangaroo pocket; with or without a zip."""
    _knitted(c, d, r, hood=True)
    top = -0.56
    for s in (1, -1):
        edge = path(
            spline([(s * 0.255, top + 0.07), (s * 0.27, top - 0.06), (s * 0.20, top - 0.20)]),
            spline(
                [
                    (s * 0.13, top - 0.17),
                    (s * 0.17, top - 0.05),
                    (s * 0.10, top + 0.10),
                    (s * 0.005, top + 0.24),
                    (s * 0.02, top + 0.28),
                    (s * 0.16, top + 0.20),
                ]
            ),
        )
        slab(c, edge, c.main.plain(), edge=0.035, dome=0.03, cast=0.4)
    pocket = smoothed([(-0.20, 0.16), (0.20, 0.16), (0.33, 0.38), (0.33, 0.55), (-0.33, 0.55), (-0.33, 0.38)], 0.02)
    slab(c, pocket, c.main.plain() if d.pattern == "colour-block" else c.main, edge=0.015, dome=0.02, cast=0.4)
    for s in (1, -1):
        stitch(c, polygon([(s * 0.195, 0.185), (s * 0.315, 0.385)]), thread(c), 0.018, 0.005)
    if r.random() < 0.4:
        seam(c, polygon([(0, top + 0.25), (0, 0.66)]), 0.035, 0.5)
        tube(c, polygon([(0, top + 0.25), (0, 0.66)]), 0.011, c.metal, flat=0.5, cast=0)
        slab(c, rounded_box(-0.014, top + 0.28, 0.014, top + 0.36, 0.008), c.metal, edge=0.008)
    cord = c.paint((236, 234, 228)) if sum(c.main.colour) < 1.8 else c.paint((90, 90, 96))
    for s in (1, -1):
        tube(
            c,
            spline([(s * 0.055, top + 0.20), (s * 0.075, top + 0.32), (s * 0.062, top + 0.44), (s * 0.07, top + 0.53)]),
            0.011,
            cord,
            cast=0.4,
        )
        ball(c, s * 0.07, top + 0.54, 0.016, cord)


def jacket(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Zipped or buttoned jacket with collar, front pockets and cuffs."""
    neck, top, end = 0.16, -0.62, 0.56
    shoulder, chest, hem = r.uniform(0.46, 0.49), r.uniform(0.43, 0.46), r.uniform(0.41, 0.44)
    inner_neck(c, neck, top - 0.02, 0.18)
    low = 0.50
    sleeve = path(
        spline(
            [
                (shoulder - 0.09, top + 0.070),
                (shoulder + 0.07, top + 0.165),
                (shoulder + 0.19, top + 0.62),
                (shoulder + 0.23, low),
            ]
        ),
        spline([(shoulder + 0.23, low), (shoulder + 0.06, low + 0.04)]),
        spline([(shoulder + 0.06, low + 0.04), (chest + 0.04, 0.0), (chest - 0.08, top + 0.44)]),
    )
    folds: list[Fold] = [
        (shoulder, top + 0.2, shoulder + 0.1, 0.3, 0.04, 0.018),
        (chest + 0.02, top + 0.5, shoulder + 0.18, 0.1, 0.03, 0.018),
        (shoulder + 0.2, -0.05, shoulder + 0.08, 0.2, 0.03, 0.016),
    ]
    pair_of_sleeves(c, c.main.swapped() if d.pattern == "colour-block" else c.main, sleeve, -0.22, folds)
    for s in (1, -1):
        stitch(
            c,
            polygon([(s * (shoulder + 0.225), low - 0.08), (s * (shoulder + 0.055), low - 0.04)]),
            thread(c),
            0.02,
            0.006,
        )
    body = torso(neck, top, shoulder, 0.10, chest, chest - 0.01, hem, end, 0.20)
    slab(
        c,
        body,
        c.main.plain() if d.pattern == "colour-block" else c.main,
        edge=0.05,
        dome=0.06,
        folds=body_folds(r, shoulder, chest, top, end, 0.014),
        wrinkle=0.003,
        cast=0.4,
    )
    for s in (-1, 1):
        seam(
            c,
            spline([(s * shoulder, top + 0.10), (s * chest * 0.95, top + 0.26), (s * chest, top + 0.42)]),
            0.014,
            0.35,
        )
        stitch(
            c,
            spline(
                [
                    (s * (shoulder - 0.02), top + 0.11),
                    (s * (chest * 0.95 - 0.02), top + 0.26),
                    (s * (chest - 0.02), top + 0.42),
                ]
            ),
            thread(c),
            0.02,
            0.006,
        )
    zipped = d.material != "denim" and r.random() < 0.7
    if zipped:
        seam(c, polygon([(0, top + 0.19), (0, end)]), 0.05, 0.5)
        tube(c, polygon([(0, top + 0.19), (0, end)]), 0.015, c.metal, flat=0.5, cast=0)
        for s in (-1, 1):
            tube(c, polygon([(s * 0.14, 0.18), (s * 0.30, 0.34)]), 0.012, c.main.plain().tinted(0.5), flat=0.4)
    else:
        slab(
            c,
            rounded_box(-0.045, top + 0.16, 0.045, end + 0.02, 0.006),
            c.main.plain() if d.pattern == "colour-block" else c.main,
            edge=0.010,
            cast=0.4,
        )
        for k in range(5):
            ball(c, 0, top + 0.26 + k * 0.205, 0.024, c.metal, 0.6, cast=0.4)
        for s in (-1, 1):
            flap = smoothed(
                [(s * 0.12, -0.22), (s * 0.32, -0.22), (s * 0.32, -0.14), (s * 0.22, -0.10), (s * 0.12, -0.14)], 0.015
            )
            slab(
                c,
                smoothed(
                    [(s * 0.125, -0.2), (s * 0.315, -0.2), (s * 0.305, 0.04), (s * 0.22, 0.08), (s * 0.135, 0.04)], 0.02
                ),
                c.main,
                edge=0.01,
                cast=0.3,
            )
            slab(c, flap, c.main, edge=0.012, cast=0.4)
            ball(c, s * 0.22, -0.135, 0.018, c.metal, 0.6)
    welt = smoothed([(-hem - 0.01, end - 0.02), (hem + 0.01, end - 0.02), (hem, end + 0.08), (-hem, end + 0.08)], 0.02)
    slab(c, welt, c.main.plain(), edge=0.02, cast=0.3)
    stitch(c, polygon([(-hem, end + 0.005), (hem, end + 0.005)]), thread(c), 0.02, 0.006)
    for s in (1, -1):
        leaf = smoothed(
            [
                (s * (neck - 0.03), top - 0.08),
                (s * (neck + 0.07), top + 0.02),
                (s * 0.17, top + 0.20),
                (s * 0.012, top + 0.21),
            ],
            0.03,
        )
        slab(c, leaf, c.main.plain(), edge=0.025, dome=0.01, cast=0.45)
        stitch(
            c,
            polygon([(s * (neck + 0.05), top + 0.035), (s * 0.158, top + 0.178), (s * 0.03, top + 0.185)]),
            thread(c),
            0.02,
            0.006,
        )


KINDS = (
    Kind(
        "jumper",
        jumper,
        "flat",
        ("knit", "knit", "wool"),
        ("plain", "plain", "stripes", "zigzag", "colour-block", "checks"),
        DYES,
        (0.05, -0.3),
        1.14,
    ),
    Kind(
        "hoodie",
        hoodie,
        "flat",
        ("cotton",),
        ("plain", "plain", "plain", "colour-block", "camouflage"),
        DYES,
        (0.0, -0.3),
        1.12,
    ),
    Kind(
        "jacket",
        jacket,
        "flat",
        ("denim", "leather", "suede", "nylon"),
        ("plain", "plain", "plain", "colour-block"),
        HIDES,
        (0.0, -0.3),
        1.16,
    ),
)
