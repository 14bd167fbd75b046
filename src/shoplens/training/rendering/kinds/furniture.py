"""For the home: cushion, chair, stool, armchair, clock, plate."""

from __future__ import annotations

import numpy as np

from shoplens.training.rendering.canvas import Canvas
from shoplens.training.rendering.curves import ellipse, path, polygon, smoothed, spline
from shoplens.training.rendering.design import Design
from shoplens.training.rendering.kinds.kind import DYES, PRINTS, Kind
from shoplens.training.rendering.parts import Fold, ball, flat, lathe, seam, shade, slab, tube


def cushion(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A square or oblong cushion with pinched corners, piped, tasselled or plain."""
    w, h = (0.70, 0.70) if r.random() < 0.65 else (0.78, 0.50)
    p = r.uniform(0.045, 0.075)
    k = 0.985
    outline = path(
        spline([(-w, -h), (-w * 0.5, -h + p * 0.9), (0, -h + p), (w * 0.5, -h + p * 0.9), (w, -h)])[:-1],
        spline([(w, -h), (w - p * 0.9, -h * 0.5), (w - p, 0), (w - p * 0.9, h * 0.5), (w, h)])[:-1],
        spline([(w, h), (w * 0.5, h - p * 0.9), (0, h - p), (-w * 0.5, h - p * 0.9), (-w, h)])[:-1],
        spline([(-w, h), (-w + p * 0.9, h * 0.5), (-w + p, 0), (-w + p * 0.9, -h * 0.5), (-w, -h)])[:-1],
    )
    style = d.seed % 3
    folds: list[Fold] = []
    for sx in (-1, 1):
        for sy in (-1, 1):
            for turn in (-0.16, 0.0, 0.17):
                folds.append(
                    (
                        sx * w * k,
                        sy * h * k,
                        sx * (w * 0.55 + turn),
                        sy * (h * 0.55 - turn),
                        0.022,
                        0.016 if turn else -0.012,
                    )
                )
    if style == 1:
        for sx in (-1, 1):
            for sy in (-1, 1):
                ball(c, sx * w * 1.02, sy * h * 1.02, 0.045, c.main.swapped())
    slab(
        c,
        outline,
        c.main.sized(1.35),
        edge=0.10,
        dome=0.30,
        bulge=0.24,
        folds=folds,
        wrinkle=0.005,
        grain=(1.4, 1.4),
        cast=0.2,
    )
    if style == 0:
        tube(
            c,
            path(outline, outline[:2]),
            0.018,
            c.main.swapped() if d.pattern != "plain" or r.random() < 0.4 else c.main.plain(),
            cast=0.15,
        )
    elif style == 2 and d.pattern == "plain":
        ball(c, 0, 0, 0.045, c.main.plain(), 0.7, cast=0.5)
        shade(c, ellipse(0, 0.01, 0.11, 0.10), 0.22, 0.05)
        ball(c, 0, 0, 0.042, c.main.plain(), 0.7, cast=0.3)


def chair(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A dining chair, from the front and a little from above: wooden legs, coloured seat and back."""
    wood = (
        c.paint(("tan", "brown", "beige", (44, 42, 42))[int(r.integers(4))], "wood")
        if d.material != "wood"
        else c.main.plain()
    )
    seat_y, w = 0.14, r.uniform(0.36, 0.40)
    splay = r.uniform(0.02, 0.08)
    for s in (-1, 1):
        tube(
            c,
            polygon([(s * (w - 0.10), seat_y), (s * (w - 0.06 + splay * 0.5), 0.66)]),
            np.asarray([0.030, 0.022]),
            wood.tinted(0.68),
        )
    for s in (-1, 1):
        tube(c, spline([(s * (w - 0.05), seat_y - 0.05), (s * (w - 0.03), -0.3), (s * (w - 0.02), -0.80)]), 0.030, wood)
    style = d.seed % 3
    if style == 0:
        back = smoothed([(-w - 0.01, -0.84), (w + 0.01, -0.84), (w - 0.03, -0.28), (-w + 0.03, -0.28)], 0.12, 10)
        slab(c, back, c.main, edge=0.05, dome=0.06, bulge=0.12, cast=0.3)
    elif style == 1:
        for y in (-0.74, -0.52, -0.30):
            slab(
                c,
                path(
                    spline([(-w, y - 0.05), (0, y - 0.085), (w, y - 0.05)]),
                    spline([(w, y + 0.05), (0, y + 0.02), (-w, y + 0.05)]),
                ),
                wood if d.material != "wood" else c.main,
                edge=0.025,
                cast=0.3,
            )
        if d.material != "wood":
            slab(
                c,
                smoothed([(-w + 0.03, -0.66), (w - 0.03, -0.66), (w - 0.05, -0.36), (-w + 0.05, -0.36)], 0.05),
                c.main,
                edge=0.04,
                dome=0.04,
                bulge=0.1,
                cast=0.3,
            )
    else:
        back = path(
            spline(
                [
                    (-w, -0.30),
                    (-w * 1.02, -0.62),
                    (-w * 0.7, -0.82),
                    (0, -0.88),
                    (w * 0.7, -0.82),
                    (w * 1.02, -0.62),
                    (w, -0.30),
                ]
            ),
            spline([(w, -0.28), (0, -0.24), (-w, -0.28)]),
        )
        slab(c, back, c.main, edge=0.06, dome=0.07, bulge=0.14, cast=0.3)
        for x in (-0.12, 0.12):
            for y in (-0.66, -0.46):
                if d.material in ("velvet", "leather", "linen"):
                    shade(c, ellipse(x, y, 0.05, 0.05), 0.25, 0.03)
                    ball(c, x, y, 0.020, c.main.plain(), 0.6)
    seat = smoothed(
        [(-w + 0.04, seat_y - 0.13), (w - 0.04, seat_y - 0.13), (w + 0.06, seat_y + 0.08), (-w - 0.06, seat_y + 0.08)],
        0.06,
        10,
    )
    slab(
        c,
        smoothed(
            [
                (-w - 0.055, seat_y + 0.03),
                (w + 0.055, seat_y + 0.03),
                (w + 0.05, seat_y + 0.15),
                (-w - 0.05, seat_y + 0.15),
            ],
            0.03,
        ),
        wood if d.material != "wood" else c.main.plain().tinted(0.8),
        edge=0.025,
        cast=0.2,
    )
    slab(c, seat, c.main, edge=0.045, dome=0.04, bulge=0.08, cast=0.35, lean=(0, 0.25))
    slab(
        c,
        smoothed(
            [
                (-w - 0.06, seat_y + 0.055),
                (w + 0.06, seat_y + 0.055),
                (w + 0.05, seat_y + 0.11),
                (-w - 0.05, seat_y + 0.11),
            ],
            0.03,
        ),
        c.main.plain().tinted(0.9),
        edge=0.028,
        cast=0.1,
    )
    for s in (-1, 1):
        leg = polygon([(s * (w + 0.01), seat_y + 0.13), (s * (w + 0.02 + splay), 0.86)])
        tube(c, leg, np.asarray([0.038, 0.026]), wood, cast=0.3)


def stool(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A round stool with four legs and a foot rail."""
    wood = c.paint(("tan", "brown", "beige")[int(r.integers(3))], "wood") if d.material != "wood" else c.main.plain()
    rx = r.uniform(0.40, 0.46)
    y0 = r.uniform(-0.50, -0.40)
    legs = ((-0.50, -0.62, 0.66), (0.50, 0.62, 0.66), (-0.70, -0.95, 0.80), (0.70, 0.95, 0.80))
    tube(c, ellipse(0, 0.36, rx * 0.80, rx * 0.15, 180, 360, 40), 0.020, wood.tinted(0.7))
    for k, (a, b, end) in enumerate(legs):
        tube(
            c,
            polygon([(a * rx, y0 + 0.06), (b * rx, end)]),
            np.asarray([0.034, 0.026]),
            wood.tinted(0.7 if k < 2 else 1.0),
        )
    tube(c, ellipse(0, 0.36, rx * 0.84, rx * 0.15, 0, 180, 40), 0.021, wood, cast=0.3)
    thick = 0.13 if d.material != "wood" else 0.07
    lathe(
        c,
        [(y0, rx * 0.94), (y0 + thick * 0.3, rx), (y0 + thick * 0.8, rx), (y0 + thick, rx * 0.95)],
        c.main,
        tilt=0.24,
        cast=0.45,
    )
    if d.material != "wood":
        seam(c, ellipse(0, y0 + thick * 0.55, rx * 1.0, rx * 0.245, 0, 180, 40), 0.012, 0.35)


def armchair(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A padded chair from the front: back, arms, seat cushion, short legs."""
    wood = c.paint("brown", "wood") if r.random() < 0.6 else c.paint((40, 38, 38), "wood")
    w = r.uniform(0.56, 0.62)
    for s in (-1, 1):
        tube(c, polygon([(s * (w - 0.06), 0.55), (s * (w - 0.01), 0.80)]), np.asarray([0.042, 0.024]), wood)
        tube(c, polygon([(s * (w - 0.26), 0.55), (s * (w - 0.24), 0.72)]), np.asarray([0.034, 0.020]), wood.tinted(0.6))
    round_back = r.random() < 0.5
    top = -0.66
    back = (
        path(
            spline(
                [
                    (-w + 0.06, 0.3),
                    (-w + 0.05, -0.25),
                    (-w + 0.13, top + 0.10),
                    (-w * 0.4, top - 0.01),
                    (0, top - 0.03),
                    (w * 0.4, top - 0.01),
                    (w - 0.13, top + 0.10),
                    (w - 0.05, -0.25),
                    (w - 0.06, 0.3),
                ]
            )
        )
        if round_back
        else smoothed([(-w + 0.05, top), (w - 0.05, top), (w - 0.05, 0.3), (-w + 0.05, 0.3)], 0.12, 10)
    )
    slab(c, back, c.main.sized(1.3), edge=0.10, dome=0.12, bulge=0.2, wrinkle=0.003)
    if d.pattern == "plain" and r.random() < 0.5:
        for row, y in enumerate((-0.48, -0.30, -0.12)):
            for x in np.arange(-0.30, 0.31, 0.20) + (0.10 if row % 2 else 0.0):
                if abs(x) < w - 0.22:
                    shade(c, ellipse(x, y, 0.05, 0.05), 0.28, 0.028)
                    ball(c, x, y, 0.018, c.main.plain(), 0.6)
    base = smoothed([(-w + 0.02, 0.30), (w - 0.02, 0.30), (w - 0.03, 0.60), (-w + 0.03, 0.60)], 0.05)
    slab(c, base, c.main.sized(1.3), edge=0.05, cast=0.3)
    seat = smoothed([(-w + 0.12, 0.08), (w - 0.12, 0.08), (w - 0.10, 0.36), (-w + 0.10, 0.36)], 0.10, 10)
    slab(c, seat, c.main.sized(1.3), edge=0.09, dome=0.06, bulge=0.12, wrinkle=0.003, cast=0.5)
    seam(c, spline([(-w + 0.13, 0.20), (0, 0.215), (w - 0.13, 0.20)]), 0.012, 0.35)
    for s in (-1, 1):
        arm = smoothed(
            [(s * (w - 0.15), -0.12), (s * (w + 0.04), -0.12), (s * (w + 0.03), 0.60), (s * (w - 0.13), 0.60)], 0.09, 10
        )
        slab(c, arm, c.main.sized(1.3), edge=0.085, dome=0.05, bulge=0.08, cast=0.5)


def clock(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A round wall clock; the rim wears the design's colour and material."""
    outer = r.uniform(0.70, 0.76)
    slab(c, ellipse(0, 0, outer, outer, steps=120), c.main, edge=0.06)
    face_r = outer * r.uniform(0.84, 0.90)
    face = (
        c.paint("white", "cotton")
        if d.colour not in ("white", "cream") or r.random() < 0.5
        else c.paint((52, 54, 60), "cotton")
    )
    dark = c.paint((44, 44, 48), "plastic") if sum(face.colour) > 1 else c.paint((230, 228, 222), "plastic")
    flat(c, ellipse(0, 0, face_r, face_r, steps=120), face)
    shade(
        c,
        path(
            ellipse(0.0, 0.0, face_r * 1.03, face_r * 1.03, 150, 320, 60),
            ellipse(0.03, 0.045, face_r * 0.97, face_r * 0.97, 320, 150, 60),
        ),
        0.35,
        0.02,
    )
    for k in range(60):
        a = np.pi * k / 30
        direction = np.asarray([np.sin(a), -np.cos(a)])
        if k % 5 == 0:
            tube(
                c,
                polygon([direction * face_r * 0.90, direction * face_r * (0.74 if k % 15 == 0 else 0.79)]),
                0.016 if k % 15 == 0 else 0.011,
                dark,
                flat=0.5,
                cast=0.1,
            )
        elif d.seed % 2:
            tube(c, polygon([direction * face_r * 0.90, direction * face_r * 0.875]), 0.005, dark, flat=0.5, cast=0)
    hands = ((304.0, 0.50, 0.026), (58.0, 0.74, 0.018))
    for angle, length, width in hands:
        a = np.radians(angle)
        tip = np.asarray([np.sin(a), -np.cos(a)]) * face_r * length
        tube(c, polygon([-tip * 0.16, tip]), width, dark, flat=0.5, cast=0.4)
    a = np.radians(200.0)
    tip = np.asarray([np.sin(a), -np.cos(a)]) * face_r * 0.8
    tube(c, polygon([-tip * 0.2, tip]), 0.007, c.paint("red", "plastic"), cast=0.3)
    ball(c, 0, 0, 0.040, dark, 0.6)


def plate(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A plate from above: rim, well, and a band or pattern on the rim."""
    outer = 0.78
    well = r.uniform(0.50, 0.58)
    slab(c, ellipse(0, 0, outer, outer, steps=120), c.main, edge=0.03, dome=-0.05, bulge=0.14)
    if d.pattern == "plain" and r.random() < 0.6:
        tube(c, ellipse(0, 0, outer - 0.035, outer - 0.035, steps=120), 0.014, c.main.swapped(), flat=0.7, cast=0)
    slab(
        c,
        ellipse(0, 0, well, well, steps=120),
        c.main
        if d.pattern in ("speckled", "marbled") or r.random() < 0.5
        else (c.paint("white", "ceramic") if d.pattern != "plain" else c.main.plain()),
        edge=0.02,
        dome=-0.03,
        bulge=0.1,
    )
    seam(c, ellipse(0, 0, well, well, steps=120), 0.022, 0.22)
    seam(c, ellipse(0.004, 0.008, well - 0.03, well - 0.03, 150, 330, 60), 0.03, 0.15)


KINDS = (
    Kind("cushion", cushion, "flat", ("cotton", "linen", "velvet", "knit", "silk"), PRINTS, DYES, (0.3, -0.3), 1.08),
    Kind("chair", chair, "standing", ("velvet", "leather", "linen", "plastic", "wood"), ("plain",), DYES, (0.0, -0.4)),
    Kind(
        "stool",
        stool,
        "standing",
        ("leather", "velvet", "wood", "cotton"),
        ("plain",),
        DYES,
        (0.0, -0.3),
        1.12,
        (0.0, 0.10),
    ),
    Kind(
        "armchair",
        armchair,
        "standing",
        ("velvet", "linen", "leather", "cotton"),
        ("plain", "plain", "plain", "stripes", "floral", "checks"),
        DYES,
        (0.0, -0.2),
        1.08,
    ),
    Kind("clock", clock, "hanging", ("wood", "plastic", "metal"), ("plain",), DYES, (0.3, -0.3), 1.05),
    Kind(
        "plate",
        plate,
        "flat",
        ("ceramic",),
        ("plain", "plain", "stripes", "polka dots", "floral", "speckled", "marbled", "checks"),
        DYES,
        (0.4, -0.3),
        1.08,
    ),
)
