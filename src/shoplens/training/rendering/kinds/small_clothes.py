"""Small pieces of clothing: socks, glove, scarf, tie."""

from __future__ import annotations

import numpy as np

from shoplens.training.rendering.canvas import Canvas
from shoplens.training.rendering.curves import moved, path, polygon, ribbon, smoothed, spline
from shoplens.training.rendering.design import Design
from shoplens.training.rendering.frame import Points
from shoplens.training.rendering.kinds.bottoms import cloth_thread
from shoplens.training.rendering.kinds.kind import DYES, Kind
from shoplens.training.rendering.parts import Fold, seam, slab, stitch, tube


def socks(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A pair of socks, one half behind the other, with contrasting cuff, heel and toe or without."""
    leg = r.uniform(0.55, 0.72)
    contrast = r.random() < 0.6
    accent = c.main.swapped() if contrast else c.main.plain()
    for k, shift in enumerate(((-0.24, -0.07), (0.10, 0.05))):
        at = np.asarray(shift)
        y0 = 0.22 - leg
        outline = (
            path(
                polygon([(-0.20, y0), (0.14, y0)]),
                spline(
                    [
                        (0.14, y0 + 0.1),
                        (0.13, 0.05),
                        (0.22, 0.24),
                        (0.48, 0.38),
                        (0.58, 0.50),
                        (0.52, 0.60),
                        (0.36, 0.62),
                        (0.0, 0.56),
                        (-0.18, 0.44),
                        (-0.21, 0.22),
                        (-0.18, 0.0),
                        (-0.20, y0 + 0.1),
                    ]
                ),
            )
            + at
        )
        folds: list[Fold] = [
            (0.14 + at[0], 0.10 + at[1], -0.05 + at[0], 0.30 + at[1], 0.03, 0.016),
            (0.18 + at[0], 0.2 + at[1], 0.0 + at[0], 0.36 + at[1], 0.025, 0.014),
        ]
        slab(
            c,
            outline,
            c.main.sized(0.8),
            edge=0.06,
            dome=0.05,
            bulge=0.10,
            folds=folds,
            wrinkle=0.003,
            cast=0.5 if k else 0.2,
        )
        if contrast:
            heel = (
                path(
                    spline([(-0.205, 0.18), (-0.20, 0.36), (-0.15, 0.46), (0.02, 0.552)]),
                    spline([(0.02, 0.552), (0.0, 0.40), (-0.10, 0.26), (-0.205, 0.18)]),
                )
                + at
            )
            toe = (
                path(
                    spline([(0.40, 0.335), (0.50, 0.40), (0.58, 0.50), (0.52, 0.60), (0.34, 0.618)]),
                    spline([(0.34, 0.618), (0.33, 0.48), (0.40, 0.335)]),
                )
                + at
            )
            for piece in (heel, toe):
                slab(c, piece, accent, edge=0.03, dome=0.03, cast=0.1)
        lines: list[Fold] = [
            (x + at[0], y0 - 0.1 + at[1], x + at[0], y0 + 0.4 + at[1], 0.007, 0.006)
            for x in np.arange(-0.2, 0.16, 0.026)
        ]
        slab(
            c,
            smoothed([(-0.21, y0 - 0.01), (0.15, y0 - 0.01), (0.148, y0 + 0.13), (-0.206, y0 + 0.13)], 0.02) + at,
            accent,
            edge=0.03,
            folds=lines,
            cast=0.2,
        )


def glove(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A pair of five-fingered gloves."""
    for s in (1.0, -1.0):
        at = np.asarray([0.36 * s, 0.08])

        def hand(points: Points, at: Points = at, s: float = s) -> Points:
            return points * (s, 1.0) + at

        fingers = [
            ((0.14, -0.12), (0.21, -0.50)),
            ((0.055, -0.16), (0.075, -0.62)),
            ((-0.045, -0.15), (-0.07, -0.58)),
            ((-0.13, -0.08), (-0.20, -0.42)),
        ]
        thumb = hand(ribbon(spline([(0.10, 0.22), (0.26, 0.06), (0.34, -0.14)]), 0.13))
        slab(
            c,
            [thumb, hand(smoothed([(0.29, -0.10), (0.41, -0.12), (0.38, -0.22), (0.32, -0.22)], 0.06))],
            c.main,
            edge=0.055,
            cast=0.2,
        )
        for (x0, y0), (x1, y1) in fingers:
            tube(c, hand(polygon([(x0, y0 + 0.1), (x1, y1)])), 0.056, c.main, flat=0.3, cast=0.25)
        palm = hand(
            path(
                spline([(-0.19, -0.10), (0, -0.16), (0.20, -0.14)]),
                spline([(0.21, 0.0), (0.19, 0.2), (0.16, 0.40)]),
                spline([(-0.15, 0.40), (-0.18, 0.2), (-0.19, -0.05)]),
            )
        )
        slab(c, palm, c.main, edge=0.055, dome=0.03, wrinkle=0.003, cast=0.05)
        for k in (-0.09, 0.0, 0.09):
            seam(c, hand(spline([(k * 1.0, -0.10), (k * 0.95, 0.02), (k * 0.9, 0.12)])), 0.014, 0.22)
        lines: list[Fold] = [
            (0.36 * s + x, 0.2, 0.36 * s + x, 0.9, 0.008, 0.007) for x in np.arange(-0.17, 0.18, 0.028)
        ]
        slab(
            c,
            hand(smoothed([(-0.165, 0.38), (0.175, 0.38), (0.165, 0.60), (-0.155, 0.60)], 0.03)),
            c.main.plain(),
            edge=0.035,
            folds=lines,
            cast=0.25,
        )


def scarf(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A loop around an unseen neck with two hanging ends, fringed or hemmed."""
    w = r.uniform(0.15, 0.18)
    fringe = d.material != "silk"
    ends = ((0.10, 0.62, 0.08), (-0.14, 0.50 + r.uniform(0, 0.12), -0.10))
    slab(
        c,
        path(spline([(-0.34, -0.44), (0, -0.62), (0.34, -0.44)]), spline([(0.30, -0.30), (0, -0.40), (-0.30, -0.30)])),
        c.main.tinted(0.55),
        edge=0.05,
        dome=0.03,
        wrinkle=0.004,
    )
    for k, (x, end, lean) in enumerate(ends):
        line = spline([(x * 0.6, -0.20), (x, 0.1), (x + lean * 0.5, 0.35), (x + lean, end)])
        if fringe:
            for q in np.linspace(-w * 0.92, w * 0.92, 13):
                sway = r.uniform(-0.012, 0.012)
                tube(
                    c,
                    spline(
                        [
                            (x + lean + q, end - 0.02),
                            (x + lean + q + sway, end + 0.06),
                            (x + lean * 1.1 + q * 1.03, end + 0.13),
                        ]
                    ),
                    0.009,
                    c.main.plain(),
                    cast=0.1,
                )
        folds: list[Fold] = [
            (x * 0.6 + q, -0.25, x + lean + q * 1.1, end + 0.2, 0.025, 0.022 if i % 2 else -0.012)
            for i, q in enumerate(np.linspace(-w * 0.7, w * 0.7, 5))
        ]
        slab(
            c,
            ribbon(line, np.linspace(w * 1.5, w * 2, len(line))),
            c.main.turned(0.08 * (1 if k else -1)),
            edge=0.03,
            dome=0.02,
            folds=folds,
            wrinkle=0.003,
            cast=0.5,
        )
    loop = spline(
        [
            (-0.36, -0.42),
            (-0.36, -0.22),
            (-0.20, -0.04),
            (0.0, 0.0),
            (0.20, -0.06),
            (0.36, -0.24),
            (0.35, -0.44),
            (0.24, -0.37),
            (0.12, -0.28),
            (0.0, -0.25),
            (-0.12, -0.27),
            (-0.25, -0.36),
        ],
        closed=True,
    )
    folds = []
    for q in (0.15, 0.4, 0.65, 0.85):
        y = -0.30 + 0.26 * q
        folds += [(-0.36, -0.42 + 0.16 * q, 0.0, y, 0.022, 0.024), (0.36, -0.44 + 0.16 * q, 0.0, y, 0.022, 0.024)]
    slab(c, loop, c.main.turned(1.57), edge=0.06, dome=0.06, bulge=0.10, folds=folds, wrinkle=0.004, cast=0.55)
    knot = spline([(-0.02, -0.14), (0.13, -0.12), (0.20, 0.0), (0.13, 0.11), (0.0, 0.12), (-0.08, 0.02)], closed=True)
    slab(
        c,
        knot,
        c.main.turned(0.6),
        edge=0.05,
        dome=0.05,
        bulge=0.08,
        folds=[(0.0, -0.14, 0.1, 0.12, 0.022, 0.02), (0.12, -0.12, 0.04, 0.14, 0.02, -0.015)],
        cast=0.5,
    )


def tie(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A necktie with its knot, hanging."""
    wide = r.uniform(0.145, 0.18)
    top, tip = -0.58, 0.84
    slab(
        c,
        moved(polygon([(-0.04, -0.45), (0.05, -0.45), (0.1, 0.62), (0.04, 0.7), (-0.03, 0.62)]), 0.035, 0),
        c.main.turned(-0.75).tinted(0.72),
        edge=0.02,
    )
    blade = smoothed(
        [(-0.055, top + 0.11), (0.055, top + 0.11), (wide, tip - 0.22), (0, tip), (-wide, tip - 0.22)], 0.012
    )
    slab(
        c,
        blade,
        c.main.turned(-0.75).sized(0.9),
        edge=0.03,
        dome=0.02,
        bulge=0.06,
        folds=[(0.0, top + 0.05, 0.015, top + 0.55, 0.022, -0.02)],
        wrinkle=0.001,
        cast=0.5,
    )
    stitch(
        c,
        polygon([(-wide + 0.012, tip - 0.225), (0, tip - 0.02), (wide - 0.012, tip - 0.225)]),
        cloth_thread(c, d),
        0.02,
        0.004,
    )
    for s in (-1, 1):
        slab(
            c,
            smoothed(
                [(s * 0.02, top - 0.05), (s * 0.05, top - 0.16), (s * 0.26, top - 0.27), (s * 0.27, top - 0.20)], 0.015
            ),
            c.main.turned(0.6 * s),
            edge=0.02,
            cast=0.2,
        )
    knot = smoothed([(-0.105, top - 0.11), (0.105, top - 0.11), (0.062, top + 0.12), (-0.062, top + 0.12)], 0.03)
    slab(
        c,
        knot,
        c.main.turned(0.75).sized(0.9),
        edge=0.035,
        dome=0.035,
        bulge=0.06,
        folds=[(-0.08, top - 0.1, 0.06, top + 0.1, 0.02, 0.008)],
        cast=0.5,
    )


KINDS = (
    Kind(
        "socks",
        socks,
        "flat",
        ("knit", "cotton"),
        ("plain", "stripes", "polka dots", "zigzag", "checks"),
        DYES,
        (0.0, 0.0),
        1.3,
        (0.08, 0.08),
    ),
    Kind(
        "glove",
        glove,
        "flat",
        ("knit", "wool", "leather"),
        ("plain", "plain", "stripes", "zigzag"),
        DYES,
        (0.3, 0.1),
        1.12,
    ),
    Kind(
        "scarf",
        scarf,
        "flat",
        ("wool", "knit", "silk", "cotton"),
        ("plain", "stripes", "plaid", "checks", "floral", "polka dots", "leopard"),
        DYES,
        (0.0, -0.1),
        1.25,
    ),
    Kind(
        "tie",
        tie,
        "flat",
        ("silk", "satin", "wool"),
        ("plain", "stripes", "polka dots", "checks", "floral", "plaid"),
        DYES,
        (0.0, -0.35),
    ),
)
