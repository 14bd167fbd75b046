"""What clothes for the upper body share: the body piece, its folds, sleeves, the inside of the neck."""

from __future__ import annotations

import numpy as np

from shoplens.training.rendering.canvas import Canvas, Paint
from shoplens.training.rendering.curves import flipped, path, polygon, rounded_box, softened, spline
from shoplens.training.rendering.frame import Points
from shoplens.training.rendering.parts import Fold, flat, slab


def thread(c: Canvas) -> Paint:
    """The thread of a garment: a shade darker than its cloth, or lighter where that is nearly black."""
    r, g, b = c.main.colour
    if r + g + b < 0.3:
        return c.paint((r * 0.6 + 0.05, g * 0.6 + 0.05, b * 0.6 + 0.05))
    return c.paint((r * 0.6, g * 0.6, b * 0.6))


def torso(
    neck: float,
    top: float,
    shoulder: float,
    drop: float,
    chest: float,
    waist: float,
    hem: float,
    end: float,
    dip: float,
    pointed: bool = False,
) -> Points:
    """Closed outline of a body piece; the neckline dips by `dip`, round or pointed."""
    right = path(
        polygon([(neck, top)]),
        spline(
            [
                (shoulder, top + drop),
                (chest * 0.95, top + drop + 0.14),
                (chest, top + drop + 0.30),
                (waist, (top + end) / 2 + 0.1),
                (hem, end),
            ]
        ),
    )
    bottom = spline([(hem, end), (hem * 0.5, end + 0.018), (0, end + 0.022), (-hem * 0.5, end + 0.018), (-hem, end)])
    neckline = spline(
        [(-neck, top), (-neck * 0.72, top + dip * 0.72), (0, top + dip), (neck * 0.72, top + dip * 0.72), (neck, top)]
    )
    if pointed:
        neckline = polygon([(-neck, top), (0, top + dip), (neck, top)])
    return softened(path(right, bottom, flipped(right)[::-1], neckline), 0.03)


def body_folds(
    r: np.random.Generator, shoulder: float, chest: float, top: float, end: float, amount: float = 0.012
) -> list[Fold]:
    """Wrinkles of a worn top: from the armpits inwards, and hanging at the sides."""
    out: list[Fold] = []
    for s in (-1.0, 1.0):
        pit = (s * chest * 0.95, top + 0.38)
        for k in range(3):
            out.append(
                (
                    pit[0],
                    pit[1] + 0.05 * k,
                    s * r.uniform(0.02, 0.18),
                    pit[1] + r.uniform(0.05, 0.45) + 0.1 * k,
                    r.uniform(0.025, 0.045),
                    amount * r.uniform(0.5, 1.2),
                )
            )
        out.append(
            (
                s * chest * r.uniform(0.6, 0.9),
                top + 0.6,
                s * chest * r.uniform(0.5, 0.85),
                end + 0.1,
                0.045,
                amount * r.uniform(0.6, 1.2),
            )
        )
    out.append((r.uniform(-0.1, 0.1), top + 0.75, r.uniform(-0.2, 0.2), end + 0.1, 0.05, amount * 0.8))
    return out


def pair_of_sleeves(
    c: Canvas, paint: Paint, points: Points, angle: float, folds: list[Fold], wrinkle: float = 0.003
) -> None:
    """Both sleeves: the right one as given, and its mirror image."""
    mirrored_folds: list[Fold] = [(-f[0], f[1], -f[2], f[3], f[4], f[5]) for f in folds]
    points = softened(points, 0.03)
    slab(c, points, paint.turned(angle), edge=0.045, dome=0.03, folds=folds, wrinkle=wrinkle, cast=0.1)
    slab(
        c, flipped(points), paint.turned(-angle), edge=0.045, dome=0.03, folds=mirrored_folds, wrinkle=wrinkle, cast=0.1
    )


def inner_neck(c: Canvas, neck: float, top: float, dip: float) -> None:
    """The inside of the back, seen through the neckline, with a label."""
    back = path(
        spline([(-neck, top - 0.005), (0, top + 0.035), (neck, top - 0.005)]),
        spline([(neck, top), (0, top + dip + 0.05), (-neck, top)]),
    )
    slab(c, back, c.main.plain().tinted(0.5), edge=0.02)
    label = c.paint((232, 230, 224)) if sum(c.main.colour) < 1.5 else c.paint((60, 60, 66))
    if dip > 0.09:
        flat(c, rounded_box(-0.035, top + 0.055, 0.035, top + 0.085, 0.005), label, opacity=0.8)
