"""Things worn or carried: watch, sunglasses, belt, umbrella, headphones."""

from __future__ import annotations

import numpy as np

from shoplens.training.rendering.canvas import Canvas
from shoplens.training.rendering.curves import ellipse, path, polygon, ribbon, rounded_box, smoothed, spline
from shoplens.training.rendering.design import Design
from shoplens.training.rendering.kinds.kind import DYES, HIDES, PRINTS, Kind
from shoplens.training.rendering.parts import Fold, ball, flat, seam, shade, slab, stitch, tube


def watch(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A wristwatch from the front: strap of the design's colour, or a metal bracelet."""
    wide, case = r.uniform(0.15, 0.18), r.uniform(0.33, 0.38)
    square = d.seed % 4 == 1
    steel = d.material == "metal"
    body = c.main.plain() if steel else c.metal
    thread = c.paint((0.75, 0.72, 0.66)) if sum(c.main.colour) < 0.9 else c.main.plain().tinted(0.5)
    for s in (-1.0, 1.0):
        strap = path(
            spline([(wide * 0.78, s * 0.93), (wide * 0.9, s * 0.6), (wide * 1.05, s * 0.30)]),
            spline([(-wide * 1.05, s * 0.30), (-wide * 0.9, s * 0.6), (-wide * 0.78, s * 0.93)]),
        )
        if steel:
            slab(c, strap, c.main.plain(), edge=0.03, dome=0.02, bulge=0.06)
            for k in range(9):
                y = s * (0.36 + k * 0.068)
                seam(c, polygon([(-wide, y), (wide, y)]), 0.012, 0.65)
            for x in (-wide * 0.42, wide * 0.42):
                seam(c, polygon([(x, s * 0.3), (x * 0.9, s * 0.93)]), 0.008, 0.45)
        else:
            slab(c, strap, c.main, edge=0.03, dome=0.03, bulge=0.06)
            for x in (-1, 1):
                stitch(c, polygon([(x * wide * 0.86, s * 0.36), (x * wide * 0.66, s * 0.90)]), thread, 0.024, 0.007)
            if s > 0:
                for k in range(4):
                    flat(c, ellipse(0, 0.58 + k * 0.085, 0.018, 0.013, steps=16), c.paint((30, 26, 24)))
        lug = smoothed(
            [(-wide * 1.25, s * 0.22), (wide * 1.25, s * 0.22), (wide * 1.15, s * 0.40), (-wide * 1.15, s * 0.40)], 0.03
        )
        slab(
            c,
            lug,
            body,
            edge=0.02,
            holes=[rounded_box(-wide * 0.98, min(s * 0.33, s * 0.5), wide * 0.98, max(s * 0.33, s * 0.5), 0.01)],
            cast=0.3,
        )
    slab(c, rounded_box(case - 0.02, -0.045, case + 0.07, 0.045, 0.02), body, edge=0.02)
    shape = (
        rounded_box(-case * 0.86, -case * 0.95, case * 0.86, case * 0.95, 0.10) if square else ellipse(0, 0, case, case)
    )
    slab(c, shape, body, edge=0.05, cast=0.5)
    inner = shape * 0.86
    slab(c, shape * 0.91, body.tinted(0.75), edge=0.015)
    dials = [(242, 240, 234), (28, 30, 36), (30, 44, 80), (226, 214, 190)]
    dial_tone = dials[d.seed % 4]
    dark = sum(dial_tone) < 300
    flat(c, inner, c.paint(dial_tone, "satin"))
    shade(c, ribbon(path(inner, inner[:1]), 0.03), 0.35, 0.02)
    mark = c.paint((226, 222, 212), "plastic") if dark else c.paint((44, 44, 48), "plastic")
    for k in range(12):
        a = np.pi * k / 6
        radius = case * 0.74
        if square:
            radius = min(case * 0.72 / max(abs(np.sin(a)), 1e-6), case * 0.80 / max(abs(np.cos(a)), 1e-6), case * 0.86)
        long = 0.05 if k % 3 else 0.085
        direction = np.asarray([np.sin(a), -np.cos(a)])
        tube(c, polygon([direction * radius, direction * (radius - long)]), 0.009 if k % 3 else 0.013, mark, cast=0.2)
    for angle, length, width in ((305.0, 0.46, 0.016), (60.0, 0.66, 0.012)):
        a = np.radians(angle)
        tip = np.asarray([np.sin(a), -np.cos(a)]) * case * length
        tube(c, polygon([-tip * 0.18, tip]), width, mark, flat=0.3, cast=0.4)
    second = np.asarray([np.sin(3.6), -np.cos(3.6)]) * case * 0.66
    tube(c, polygon([-second * 0.3, second]), 0.005, c.paint("red", "plastic"), cast=0.3)
    ball(c, 0, 0, 0.026, body, 0.6)
    glare = path(
        spline([(-case * 0.7, -case * 0.25), (-case * 0.45, -case * 0.62), (-case * 0.1, -case * 0.76)]),
        spline([(case * 0.12, -case * 0.66), (-case * 0.25, -case * 0.3), (-case * 0.55, case * 0.12)]),
    )
    flat(c, glare, c.paint("white", "felt"), opacity=0.10)


def sunglasses(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Sunglasses from the front: round, square, aviator or cat-eye; the design's colour is the frame's."""
    style = d.seed % 4
    x, w, h = 0.36, 0.29, 0.23
    shapes = (
        ellipse(x, 0, 0.27, 0.26),
        rounded_box(x - w, -h, x + w, h, 0.09),
        spline(
            [
                (x - 0.27, -0.15),
                (x - 0.05, -0.20),
                (x + 0.25, -0.17),
                (x + 0.30, 0.0),
                (x + 0.20, 0.22),
                (x - 0.02, 0.27),
                (x - 0.20, 0.12),
            ],
            closed=True,
        ),
        spline(
            [
                (x - 0.27, -0.10),
                (x - 0.05, -0.19),
                (x + 0.20, -0.24),
                (x + 0.36, -0.30),
                (x + 0.31, 0.02),
                (x + 0.14, 0.20),
                (x - 0.12, 0.20),
                (x - 0.26, 0.06),
            ],
            closed=True,
        ),
    )
    lens = shapes[style]
    thin = d.material == "metal" or style == 2
    bar = 0.018 if thin else r.uniform(0.034, 0.046)
    frame = c.main.plain() if thin else c.main
    for s in (1.0, -1.0):
        temple = spline(
            [(s * (x + 0.27), -0.15), (s * (x + 0.34), -0.22), (s * (x + 0.24), -0.34), (s * (x + 0.05), -0.38)]
        )
        tube(c, temple, np.linspace(bar * 0.9, bar * 0.55, len(temple)), frame.tinted(0.7), flat=0.3)
    tints = [(46, 42, 44), (70, 48, 36), (40, 58, 52), (58, 62, 84)]
    tint = tints[d.seed % 4]
    top = c.paint(tint, "plastic")
    for s in (1.0, -1.0):
        shape = lens * (s, 1)
        slab(c, shape, top, edge=0.02, dome=0.05, bulge=0.14, cast=0.4)
        light = c.paint(tuple(min(255, int(v * 2.1 + 40)) for v in tint), "felt")  # type: ignore[arg-type]
        lower = path(ellipse(s * x, 0.16, 0.20, 0.07))
        for k, size in enumerate((1.0, 0.7)):
            flat(c, (lower - (s * x, 0.14)) * size + (s * x, 0.12), light, opacity=0.10 + 0.06 * k)
        flat(
            c,
            polygon([(s * x - 0.16, -0.12), (s * x - 0.06, -0.16), (s * x - 0.13, 0.06), (s * x - 0.18, 0.03)]),
            c.paint("white", "felt"),
            opacity=0.20,
        )
        closed = path(shape, shape[:2])
        tube(c, closed, bar, frame, flat=0.0 if thin else 0.35, cast=0.4)
        ball(c, s * (x + 0.285 + (0.02 if style == 3 else 0)), -0.16 - (0.06 if style == 3 else 0), 0.014, c.metal, 0.6)
    bridge = spline([(-0.115, -0.05), (0, -0.10), (0.115, -0.05)])
    tube(c, bridge, bar * 1.05, frame, flat=0.2, cast=0.3)
    if style == 2:
        tube(c, spline([(-0.20, -0.19), (0, -0.215), (0.20, -0.19)]), bar, frame, cast=0.3)


def belt(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A fastened belt seen from the front and a little above, buckle in the middle."""
    h = r.uniform(0.075, 0.10)
    rx, ry = 0.78, 0.26
    back = path(
        ellipse(0, -0.08 - h, rx * 0.985, ry, 180, 360, 60), ellipse(0, -0.08 + h, rx * 0.985, ry, 360, 180, 60)
    )
    slab(c, back, c.main.plain().tinted(0.5), edge=0.02)
    front = path(ellipse(0, -0.08 - h, rx, ry, 180, 0, 60), ellipse(0, -0.08 + h, rx, ry, 0, 180, 60))
    slab(c, front, c.main, edge=0.025, dome=0.015, bulge=0.05, cast=0.3)
    for x0, x1 in ((-1.0, -0.55), (0.55, 1.0)):
        shade(c, polygon([(x0, -0.4), (x1, -0.4), (x1, 0.5), (x0, 0.5)]), 0.16, 0.1)
    thread = c.paint((0.7, 0.66, 0.6)) if sum(c.main.colour) < 0.6 else c.main.plain().tinted(0.5)
    for dy in (-h + 0.02, h - 0.02):
        line = ellipse(0, -0.08 + dy, rx * 0.985, ry, 172, 8, 60)
        stitch(c, line, thread, 0.028, 0.007)
    for k in range(4):
        x = 0.24 + 0.095 * k
        y = -0.08 + ry * np.sqrt(1 - (x / rx) ** 2)
        flat(c, ellipse(x, y, 0.014, 0.018, steps=16), c.paint((26, 22, 20)))
    y = -0.08 + ry
    tip = path(
        spline([(0.14, y - h - 0.004), (0.44, y - h - 0.036)]),
        spline([(0.50, y - 0.065), (0.505, y - 0.045), (0.50, y - 0.02)]),
        spline([(0.44, y + h - 0.052), (0.14, y + h - 0.012)]),
    )
    slab(c, tip, c.main, edge=0.02, cast=0.35)
    stitch(
        c,
        path(
            spline([(0.16, y - h + 0.018), (0.43, y - h - 0.014)]),
            spline([(0.475, y - 0.06), (0.48, y - 0.044), (0.475, y - 0.03)]),
            spline([(0.43, y + h - 0.074), (0.16, y + h - 0.034)]),
        ),
        thread,
        0.028,
        0.007,
    )
    slab(
        c,
        rounded_box(-0.165, y - h - 0.05, 0.10, y + h + 0.045, 0.05 if r.random() < 0.5 else 0.02),
        c.metal,
        edge=0.026,
        holes=[rounded_box(-0.12, y - h - 0.005, 0.055, y + h, 0.025)],
        cast=0.5,
    )
    tube(c, polygon([(-0.13, y - 0.003), (0.095, y - 0.003)]), 0.017, c.metal, cast=0.5)
    slab(c, rounded_box(0.155, y - h - 0.012, 0.215, y + h + 0.002, 0.008), c.main.plain(), edge=0.015, cast=0.4)


def umbrella(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """An open umbrella from the side with a hooked handle."""
    top, rim_y, w = -0.62, 0.08, 0.82
    panels = 6
    wood = c.paint("brown", "wood") if r.random() < 0.6 else c.paint((44, 42, 44), "plastic")
    steel = c.paint("silver", "metal")
    xs = w * np.sin(np.linspace(-np.pi / 2, np.pi / 2, panels + 1))
    inner = path(
        spline([(-w, rim_y), (0, rim_y - 0.10), (w, rim_y)]), spline([(w, rim_y), (0, rim_y + 0.08), (-w, rim_y)])
    )
    slab(c, inner, c.main.plain().tinted(0.42), edge=0.02)
    tube(c, polygon([(0, top), (0, 0.50)]), 0.016, steel)
    tube(c, spline([(0, 0.46), (0, 0.66), (0.02, 0.76), (0.10, 0.81), (0.18, 0.76), (0.20, 0.68)]), 0.034, wood)
    bottom = []
    for i in range(panels):
        a, b = xs[i], xs[i + 1]
        dip = 0.06 * np.sqrt(max(0.05, 1 - ((a + b) / 2 / w) ** 2)) + 0.012
        bottom.append(
            spline(
                [
                    (a, rim_y + 0.03 * (1 - (a / w) ** 2)),
                    ((a + b) / 2, rim_y - dip + 0.03),
                    (b, rim_y + 0.03 * (1 - (b / w) ** 2)),
                ]
            )[:-1]
        )
    arc = [(w * np.cos(t), rim_y + (top - rim_y) * np.sin(t)) for t in np.linspace(0, np.pi, 50)[1:-1]]
    canopy = path(*bottom, polygon([(w, rim_y)]), polygon(arc))
    folds: list[Fold] = []
    for i in range(1, panels):
        folds.append((xs[i] * 0.1, top - 0.1, xs[i], rim_y + 0.3, 0.02, 0.022))
    cloth = c.main.plain() if d.pattern == "colour-block" else c.main
    slab(c, canopy, cloth, edge=0.06, dome=0.24, bulge=0.30, folds=folds, cast=0.3)
    for i in range(1, panels):
        line = [
            (xs[i] * np.sin(t * np.pi / 2), top + (rim_y + 0.03 - top) * (1 - np.cos(t * np.pi / 2)))
            for t in np.linspace(0.02, 1, 14)
        ]
        seam(c, polygon(line), 0.010, 0.4)
    if d.pattern == "colour-block":
        for i in range(0, panels, 2):
            left = [
                (xs[i] * np.sin(t), top + (rim_y + 0.03 * (1 - (xs[i] / w) ** 2) - top) * (1 - np.cos(t)))
                for t in np.linspace(0, np.pi / 2, 20)
            ]
            right = [
                (xs[i + 1] * np.sin(t), top + (rim_y + 0.03 * (1 - (xs[i + 1] / w) ** 2) - top) * (1 - np.cos(t)))
                for t in np.linspace(np.pi / 2, 0, 20)
            ]
            slab(c, path(polygon(left), bottom[i], polygon(right)), c.main.swapped(), edge=0.02, dome=0.02, cast=0)
    for i in range(panels + 1):
        ball(c, xs[i], rim_y + 0.03 * (1 - (xs[i] / w) ** 2) + 0.008, 0.014, steel)
    tube(c, polygon([(0, top + 0.01), (0, top - 0.12)]), 0.015, steel)


def headphones(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Over-ear headphones from the front, slightly turned."""
    pad = c.paint((46, 44, 46), "leather") if d.colour != "black" else c.paint((70, 66, 66), "leather")
    steel = c.metal
    w = r.uniform(0.52, 0.56)
    arc = ellipse(0, 0.05, w, 0.74, 180, 360, 70)
    tube(c, arc, 0.030, steel)
    tube(c, arc[12:-12], 0.062, c.main.plain(), flat=0.3, cast=0.3)
    tube(c, ellipse(0, 0.05, w - 0.06, 0.68, 215, 325, 50), 0.035, pad, flat=0.4, cast=0.3)
    for s in (-1.0, 1.0):
        tube(c, polygon([(s * w, 0.02), (s * (w + 0.01), 0.16)]), 0.034, steel)
        slab(
            c,
            rounded_box(
                s * w - 0.20 if s > 0 else s * w - 0.0, 0.06, s * w + 0.0 if s > 0 else s * w + 0.20, 0.60, 0.09
            ),
            pad,
            edge=0.07,
            dome=0.03,
            bulge=0.06,
        )
        x0, x1 = (w - 0.04, w + 0.17) if s > 0 else (-w - 0.17, -w + 0.04)
        slab(c, rounded_box(x0, 0.04, x1, 0.62, 0.10), c.main, edge=0.08, dome=0.05, bulge=0.08, cast=0.4)
        seam(c, rounded_box(x0 + 0.045, 0.10, x1 - 0.045, 0.56, 0.07), 0.010, 0.35)


KINDS = (
    Kind("watch", watch, "flat", ("leather", "leather", "rubber", "metal", "nylon"), ("plain",), HIDES, (0.0, 0.0)),
    Kind(
        "sunglasses",
        sunglasses,
        "flat",
        ("plastic", "plastic", "metal"),
        ("plain", "plain", "plain", "leopard"),
        DYES,
        (0.3, 0.0),
        1.15,
    ),
    Kind(
        "belt",
        belt,
        "standing",
        ("leather", "leather", "suede", "canvas"),
        ("plain", "plain", "plain", "leopard"),
        HIDES,
        (0.1, 0.18),
        1.12,
        (0.0, 0.04),
    ),
    Kind("umbrella", umbrella, "standing", ("nylon", "cotton"), PRINTS, DYES, (0.2, -0.2), 1.08, (0.0, 0.04)),
    Kind(
        "headphones",
        headphones,
        "standing",
        ("plastic", "plastic", "leather"),
        ("plain",),
        DYES,
        (0.5, 0.2),
        1.12,
        (0.0, -0.04),
    ),
)
