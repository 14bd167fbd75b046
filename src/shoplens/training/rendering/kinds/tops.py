"""Clothes for the upper body, laid flat or on an invisible figure: t-shirt, shirt, hoodie, jumper, dress, jacket."""

from __future__ import annotations

import numpy as np

from ..canvas import Canvas, Paint
from ..curves import Points, ellipse, flipped, offset, path, polygon, rounded_box, smoothed, spline
from ..design import Design
from ..parts import Fold, ball, drape, flat, seam, shade, slab, stitch, tube
from .kind import DYES, HIDES, PRINTS, Kind


def _thread(c: Canvas) -> Paint:
    r, g, b = c.main.colour
    if r + g + b < 0.3:
        return c.paint((r * 0.6 + 0.05, g * 0.6 + 0.05, b * 0.6 + 0.05))
    return c.paint((r * 0.6, g * 0.6, b * 0.6))


def _torso(neck: float, top: float, shoulder: float, drop: float, chest: float, waist: float, hem: float, end: float,
           dip: float) -> Points:
    """Closed outline of a body piece; the neckline dips by `dip`."""
    right = path(polygon([(neck, top)]), spline([(shoulder, top + drop), (chest * 0.95, top + drop + 0.14),
                                                 (chest, top + drop + 0.30), (waist, (top + end) / 2 + 0.1), (hem, end)]))
    bottom = spline([(hem, end), (hem * 0.5, end + 0.018), (0, end + 0.022), (-hem * 0.5, end + 0.018), (-hem, end)])
    neckline = spline([(-neck, top), (-neck * 0.72, top + dip * 0.72), (0, top + dip), (neck * 0.72, top + dip * 0.72),
                       (neck, top)])
    return path(right, bottom, flipped(right)[::-1], neckline)


def _body_folds(r: np.random.Generator, shoulder: float, chest: float, top: float, end: float,
                amount: float = 0.012) -> list[Fold]:
    """Wrinkles of a worn top: from the armpits inwards, and hanging at the sides."""
    out: list[Fold] = []
    for s in (-1.0, 1.0):
        pit = (s * chest * 0.95, top + 0.38)
        for k in range(3):
            out.append((pit[0], pit[1] + 0.05 * k, s * r.uniform(0.02, 0.18), pit[1] + r.uniform(0.05, 0.45) + 0.1 * k,
                        r.uniform(0.025, 0.045), amount * r.uniform(0.5, 1.2)))
        out.append((s * chest * r.uniform(0.6, 0.9), top + 0.6, s * chest * r.uniform(0.5, 0.85), end + 0.1, 0.045,
                    amount * r.uniform(0.6, 1.2)))
    out.append((r.uniform(-0.1, 0.1), top + 0.75, r.uniform(-0.2, 0.2), end + 0.1, 0.05, amount * 0.8))
    return out


def _sleeve(c: Canvas, paint: Paint, points: Points, angle: float, folds: list[Fold], wrinkle: float = 0.003) -> None:
    """Both sleeves: the right one as given, and its mirror image."""
    mirrored_folds: list[Fold] = [(-f[0], f[1], -f[2], f[3], f[4], f[5]) for f in folds]
    slab(c, points, paint.turned(angle), edge=0.045, dome=0.03, folds=folds, wrinkle=wrinkle, cast=0.1)
    slab(c, flipped(points), paint.turned(-angle), edge=0.045, dome=0.03, folds=mirrored_folds, wrinkle=wrinkle, cast=0.1)


def _inner_neck(c: Canvas, neck: float, top: float, dip: float) -> None:
    """The inside of the back, seen through the neckline, with a label."""
    back = path(spline([(-neck, top - 0.005), (0, top + 0.035), (neck, top - 0.005)]), spline([(neck, top), (0, top + dip + 0.05),
                                                                                       (-neck, top)]))
    slab(c, back, c.main.plain().tinted(0.5), edge=0.02)
    label = c.paint((232, 230, 224)) if sum(c.main.colour) < 1.5 else c.paint((60, 60, 66))
    if dip > 0.09:
        flat(c, rounded_box(-0.035, top + 0.055, 0.035, top + 0.085, 0.005), label, opacity=0.8)


def t_shirt(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Short sleeves, round or V neck."""
    neck, top, dip = r.uniform(0.16, 0.19), -0.66, r.uniform(0.12, 0.17)
    shoulder, chest, hem = r.uniform(0.44, 0.48), r.uniform(0.42, 0.46), r.uniform(0.42, 0.47)
    deep = r.random() < 0.3
    if deep:
        dip = 0.26
    _inner_neck(c, neck, top, dip)
    length = r.uniform(0.22, 0.30)
    sx, sy = shoulder + 0.20 + length * 0.3, top + 0.28 + length * 0.55
    sleeve = path(spline([(shoulder - 0.07, top + 0.105), (shoulder + 0.05, top + 0.15), (sx + 0.05, sy - 0.08)]),
                  polygon([(sx + 0.05, sy - 0.08), (sx - 0.11, sy + 0.045)]),
                  spline([(sx - 0.11, sy + 0.045), (chest + 0.03, top + 0.43), (chest - 0.08, top + 0.40)]))
    raglan = c.main.swapped() if d.pattern == "colour-block" else c.main
    _sleeve(c, raglan, sleeve, -0.65, [(shoulder, top + 0.15, sx, sy, 0.04, 0.012), (chest, top + 0.38, sx, sy - 0.1, 0.03, 0.012)])
    for s in (1, -1):
        cuff = polygon([(s * (sx + 0.034), sy - 0.103), (s * (sx - 0.124), sy + 0.022)])
        stitch(c, cuff, _thread(c), 0.018, 0.005)
    body = _torso(neck, top, shoulder, 0.09, chest, chest - 0.015, hem, 0.68, dip)
    paint = c.main.moved(0, 0) if d.pattern != "colour-block" else c.main.sized(3.0)
    slab(c, body, paint, edge=0.04, dome=0.05, folds=_body_folds(r, shoulder, chest, top, 0.68), wrinkle=0.0035, cast=0.4)
    for s in (-1, 1):
        seam(c, spline([(s * shoulder, top + 0.09), (s * chest * 0.95, top + 0.23), (s * chest, top + 0.39)]), 0.010, 0.3)
    rim = [(-neck, top), (-neck * 0.72, top + dip * 0.72), (0, top + dip), (neck * 0.72, top + dip * 0.72), (neck, top)]
    collar = polygon([rim[0], (0, top + dip), rim[4]]) if deep else spline(rim)
    tube(c, collar, 0.017, c.main.plain() if d.pattern != "colour-block" else c.main.swapped(), flat=0.5, cast=0.25)
    stitch(c, offset(collar, 0.03)[2:-2] if not deep else offset(collar, 0.03), _thread(c), 0.018, 0.004)
    stitch(c, spline([(-hem + 0.01, 0.64), (0, 0.662), (hem - 0.01, 0.64)]), _thread(c), 0.018, 0.005)
    if d.pattern == "plain" and r.random() < 0.35:
        slab(c, smoothed([(0.14, -0.26), (0.33, -0.26), (0.33, -0.06), (0.235, -0.02), (0.14, -0.06)], 0.02), c.main, edge=0.008,
             cast=0.3)
        stitch(c, polygon([(0.15, -0.235), (0.32, -0.235)]), _thread(c), 0.018, 0.004)


def shirt(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Long sleeves, collar, button placket, chest pocket or two."""
    neck, top = 0.15, -0.64
    shoulder, chest, hem = r.uniform(0.42, 0.46), r.uniform(0.40, 0.44), r.uniform(0.41, 0.46)
    _inner_neck(c, neck, top - 0.03, 0.16)
    sleeve = path(spline([(shoulder - 0.07, top + 0.115), (shoulder + 0.06, top + 0.20), (shoulder + 0.19, top + 0.62), (shoulder + 0.25, 0.42)]),
                  spline([(shoulder + 0.25, 0.42), (shoulder + 0.10, 0.47)]),
                  spline([(shoulder + 0.10, 0.47), (chest + 0.05, -0.02), (chest - 0.06, top + 0.40)]))
    folds: list[Fold] = [(shoulder, top + 0.2, shoulder + 0.12, 0.3, 0.03, 0.016), (chest + 0.02, top + 0.5, shoulder + 0.2, 0.1, 0.03, 0.016),
                         (shoulder + 0.2, -0.1, shoulder + 0.1, 0.2, 0.025, 0.014), (shoulder + 0.22, 0.12, shoulder + 0.1, 0.34, 0.025, 0.012)]
    _sleeve(c, c.main, sleeve, -0.25, folds)
    for s in (1.0, -1.0):
        cuff = smoothed([(s * (shoulder + 0.255), 0.39), (s * (shoulder + 0.265), 0.50), (s * (shoulder + 0.105), 0.55), (s * (shoulder + 0.085), 0.44)], 0.015)
        slab(c, cuff, c.main.turned(-0.3 * s), edge=0.018, cast=0.3)
        ball(c, s * (shoulder + 0.14), 0.495, 0.013, c.paint((232, 228, 216), "plastic"), 0.5)
    body = _torso(neck, top, shoulder, 0.10, chest, chest - 0.02, hem, 0.66, 0.17)
    slab(c, body, c.main, edge=0.04, dome=0.05, folds=_body_folds(r, shoulder, chest, top, 0.66, 0.014), wrinkle=0.0035, cast=0.4)
    for s in (-1, 1):
        seam(c, spline([(s * shoulder, top + 0.10), (s * chest * 0.95, top + 0.24), (s * chest, top + 0.40)]), 0.010, 0.3)
    slab(c, rounded_box(-0.036, top + 0.14, 0.036, 0.684, 0.004), c.main.moved(0.05, 0), edge=0.008, cast=0.35)
    for side in (-0.028, 0.028):
        stitch(c, polygon([(side, top + 0.2), (side, 0.67)]), _thread(c), 0.018, 0.004)
    button = c.paint((236, 232, 222), "plastic") if r.random() < 0.7 else c.paint((50, 46, 44), "plastic")
    for k in range(7):
        y = top + 0.24 + k * 0.155
        ball(c, 0, y, 0.018, button, 0.5, cast=0.4)
        for q in (-0.005, 0.005):
            flat(c, ellipse(q, y, 0.0028, 0.0028, steps=8), c.paint((70, 66, 62)))
    pockets = ((1,), (1, -1), ())[int(r.integers(3))]
    for s in pockets:
        px = s * 0.215
        slab(c, smoothed([(px - 0.095, -0.24), (px + 0.095, -0.24), (px + 0.095, -0.04), (px, 0.0), (px - 0.095, -0.04)], 0.015),
             c.main.moved(0.06, 0.05), edge=0.008, cast=0.35)
        stitch(c, polygon([(px - 0.087, -0.205), (px + 0.087, -0.205)]), _thread(c), 0.018, 0.004)
    collar_in = spline([(-neck + 0.01, top - 0.05), (0, top - 0.085), (neck - 0.01, top - 0.05)])
    slab(c, path(collar_in, spline([(neck - 0.01, top + 0.03), (0, top + 0.01), (-neck + 0.01, top + 0.03)])), c.main.plain().tinted(0.78), edge=0.012, cast=0.1)
    shade(c, path(polygon([(-neck, top)]), polygon([(0, top + 0.19), (neck, top)])), 0.25, 0.03)
    for s in (1, -1):
        leaf = smoothed([(s * (neck - 0.015), top - 0.065), (s * (neck + 0.075), top + 0.035), (s * 0.125, top + 0.225), (s * 0.002, top + 0.135)], 0.02)
        slab(c, leaf, c.main.turned(0.7 * s), edge=0.018, dome=0.01, cast=0.45)
        line = polygon([(s * (neck + 0.055), top + 0.045), (s * 0.122, top + 0.198), (s * 0.02, top + 0.128)])
        stitch(c, line, _thread(c), 0.018, 0.004)


def _knitted(c: Canvas, d: Design, r: np.random.Generator, hood: bool) -> None:
    """What jumper and hoodie share: long sleeves with ribbed cuffs, a ribbed hem."""
    neck, top = 0.17, -0.56 if hood else -0.64
    shoulder, chest, hem, end = r.uniform(0.46, 0.50), r.uniform(0.44, 0.48), r.uniform(0.42, 0.45), 0.58
    if not hood:
        _inner_neck(c, neck, top, 0.12)
    else:
        slab(c, path(spline([(-0.25, top + 0.06), (-0.30, top - 0.10), (-0.20, top - 0.26), (0, top - 0.31), (0.20, top - 0.26),
                             (0.30, top - 0.10), (0.25, top + 0.06)]), polygon([(0, top + 0.2)])), c.main.plain(), edge=0.06, dome=0.05)
        slab(c, path(spline([(-0.17, top + 0.06), (-0.19, top - 0.09), (-0.12, top - 0.18), (0, top - 0.20), (0.12, top - 0.18),
                             (0.19, top - 0.09), (0.17, top + 0.06)]), polygon([(0, top + 0.24)])), c.main.plain().tinted(0.42), edge=0.03)
    low = 0.46
    sleeve = path(spline([(shoulder - 0.09, top + 0.115), (shoulder + 0.06, top + 0.19), (shoulder + 0.20, top + 0.60), (shoulder + 0.25, low - 0.05)]),
                  spline([(shoulder + 0.25, low - 0.05), (shoulder + 0.09, low)]),
                  spline([(shoulder + 0.09, low), (chest + 0.05, 0.0), (chest - 0.08, top + 0.44)]))
    folds: list[Fold] = [(shoulder, top + 0.2, shoulder + 0.12, 0.3, 0.04, 0.016), (chest + 0.02, top + 0.5, shoulder + 0.2, 0.12, 0.04, 0.018),
                         (shoulder + 0.22, 0.05, shoulder + 0.1, 0.28, 0.03, 0.014)]
    side = c.main.swapped() if d.pattern == "colour-block" else c.main
    _sleeve(c, side, sleeve, -0.24, folds, 0.004)
    rib = c.main.plain() if d.pattern != "colour-block" else c.main.swapped()
    for s in (1.0, -1.0):
        cuff = smoothed([(s * (shoulder + 0.245), low - 0.07), (s * (shoulder + 0.25), low + 0.04), (s * (shoulder + 0.11), low + 0.09), (s * (shoulder + 0.095), low - 0.02)], 0.02)
        lines: list[Fold] = [(s * (shoulder + 0.10 + k * 0.024), low - 0.1, s * (shoulder + 0.115 + k * 0.024), low + 0.2, 0.007, 0.006) for k in range(7)]
        slab(c, cuff, rib, edge=0.02, folds=lines, cast=0.25)
    body = _torso(neck, top, shoulder, 0.10, chest, chest - 0.005, hem + 0.02, end, 0.12)
    slab(c, body, c.main.sized(3.0) if d.pattern == "colour-block" else c.main, edge=0.05, dome=0.06,
         folds=_body_folds(r, shoulder, chest, top, end, 0.012), wrinkle=0.003, cast=0.4)
    for s in (-1, 1):
        seam(c, spline([(s * shoulder, top + 0.10), (s * chest * 0.95, top + 0.26), (s * chest, top + 0.42)]), 0.012, 0.3)
    welt = smoothed([(-hem - 0.015, end - 0.02), (hem + 0.015, end - 0.02), (hem - 0.01, end + 0.10), (-hem + 0.01, end + 0.10)], 0.03)
    lines = [(x, end - 0.2, x, end + 0.3, 0.008, 0.007) for x in np.arange(-hem, hem + 0.02, 0.028)]
    slab(c, welt, rib, edge=0.025, folds=lines, cast=0.25)


def jumper(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Knitted, round neck or roll neck."""
    _knitted(c, d, r, hood=False)
    neck, top = 0.17, -0.64
    rib = c.main.plain() if d.pattern != "colour-block" else c.main.swapped()
    if r.random() < 0.35:
        roll = smoothed([(-neck + 0.015, top - 0.14), (neck - 0.015, top - 0.14), (neck + 0.025, top + 0.05), (0.08, top + 0.10), (-0.08, top + 0.10), (-neck - 0.025, top + 0.05)], 0.05)
        slab(c, roll, rib, edge=0.05, dome=0.03, folds=[(x, top - 0.3, x * 1.12, top + 0.3, 0.008, 0.006) for x in np.arange(-0.18, 0.19, 0.028)], cast=0.4)
    else:
        tube(c, spline([(-neck, top - 0.005), (-neck * 0.72, top + 0.086), (0, top + 0.12), (neck * 0.72, top + 0.086), (neck, top - 0.005)]), 0.028, rib, flat=0.3)


def hoodie(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Hood, drawstrings, kangaroo pocket; with or without a zip."""
    _knitted(c, d, r, hood=True)
    top = -0.56
    for s in (1, -1):
        edge = path(spline([(s * 0.255, top + 0.07), (s * 0.27, top - 0.06), (s * 0.20, top - 0.20)]), spline([(s * 0.13, top - 0.17), (s * 0.17, top - 0.05), (s * 0.10, top + 0.10), (s * 0.005, top + 0.24), (s * 0.02, top + 0.28), (s * 0.16, top + 0.20)]))
        slab(c, edge, c.main.plain(), edge=0.035, dome=0.03, cast=0.4)
    pocket = smoothed([(-0.20, 0.16), (0.20, 0.16), (0.33, 0.38), (0.33, 0.55), (-0.33, 0.55), (-0.33, 0.38)], 0.02)
    slab(c, pocket, c.main.plain() if d.pattern == "colour-block" else c.main, edge=0.015, dome=0.02, cast=0.4)
    for s in (1, -1):
        stitch(c, polygon([(s * 0.195, 0.185), (s * 0.315, 0.385)]), _thread(c), 0.018, 0.005)
    if r.random() < 0.4:
        seam(c, polygon([(0, top + 0.25), (0, 0.66)]), 0.035, 0.5)
        tube(c, polygon([(0, top + 0.25), (0, 0.66)]), 0.011, c.metal, flat=0.5, cast=0)
        slab(c, rounded_box(-0.014, top + 0.28, 0.014, top + 0.36, 0.008), c.metal, edge=0.008)
    cord = c.paint((236, 234, 228)) if sum(c.main.colour) < 1.8 else c.paint((90, 90, 96))
    for s in (1, -1):
        tube(c, spline([(s * 0.055, top + 0.20), (s * 0.075, top + 0.32), (s * 0.062, top + 0.44), (s * 0.07, top + 0.53)]), 0.011, cord, cast=0.4)
        ball(c, s * 0.07, top + 0.54, 0.016, cord)


def dress(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Fitted bodice, waist seam, flared or straight skirt; straps, short sleeves, or none."""
    top, waist_y, end = -0.78, r.uniform(-0.20, -0.12), r.uniform(0.72, 0.80)
    wide, waist = r.uniform(0.36, 0.54), r.uniform(0.18, 0.21)
    style = int(r.integers(3))
    neck = 0.13
    chest = 0.25
    if style == 0:
        for s in (-1, 1):
            tube(c, spline([(s * 0.14, top + 0.02), (s * 0.17, top + 0.12), (s * 0.18, top + 0.22)]), 0.014, c.main.plain(), flat=0.5)
        bodice = path(spline([(-0.20, top + 0.19), (-0.10, top + 0.20), (0, top + 0.25), (0.10, top + 0.20), (0.20, top + 0.19)]),
                      spline([(0.20, top + 0.19), (chest, top + 0.30), (chest * 0.93, top + 0.42), (waist, waist_y)]),
                      spline([(-waist, waist_y), (-chest * 0.93, top + 0.42), (-chest, top + 0.30), (-0.20, top + 0.19)]))
    else:
        _inner_neck(c, neck, top, 0.15)
        if style == 1:
            sleeve = path(spline([(0.24, top + 0.05), (0.34, top + 0.12), (0.44, top + 0.34)]), spline([(0.44, top + 0.34), (0.31, top + 0.40)]), spline([(0.31, top + 0.40), (0.26, top + 0.33), (0.22, top + 0.30)]))
            _sleeve(c, c.main, sleeve, -0.5, [(0.28, top + 0.12, 0.38, top + 0.36, 0.03, 0.014)])
        edge = 0.28 if style == 1 else 0.23
        bodice = path(polygon([(neck, top)]), spline([(edge, top + 0.06), (chest * 0.92, top + 0.18), (chest, top + 0.31), (chest * 0.9, top + 0.44), (waist, waist_y)]),
                      flipped(path(polygon([(neck, top)]), spline([(edge, top + 0.06), (chest * 0.92, top + 0.18), (chest, top + 0.31), (chest * 0.9, top + 0.44), (waist, waist_y)])))[::-1],
                      spline([(-neck, top), (-neck * 0.7, top + 0.12), (0, top + 0.18), (neck * 0.7, top + 0.12), (neck, top)]))
    skirt_right = spline([(waist, waist_y - 0.01), (waist + (wide - waist) * 0.45, waist_y + 0.22), (wide * 0.93, end - 0.28), (wide, end)])
    count = int(r.integers(5, 8))
    xs = np.linspace(wide, -wide, count * 2 + 1)
    wave = 0.012 + 0.02 * (wide - 0.36)
    hem = spline([(float(x), end + (wave if i % 2 else -wave) * (1 - abs(x) / wide * 0.3) + 0.03 * (1 - (x / wide) ** 2)) for i, x in enumerate(xs)])
    skirt = path(skirt_right, hem[1:-1], flipped(skirt_right)[::-1])
    folds = drape(r, -waist * 0.9, waist * 0.9, waist_y + 0.02, end, count + 1, 0.035, 0.020, wide / waist)
    folds += drape(r, -waist * 0.9, waist * 0.9, waist_y + 0.02, end, 4, 0.03, -0.014, wide / waist)
    slab(c, skirt, c.main, edge=0.03, dome=0.05, folds=folds, wrinkle=0.003, cast=0.2)
    lower = c.main.swapped() if d.pattern == "colour-block" else c.main
    slab(c, bodice, lower, edge=0.035, dome=0.06, folds=[(0.2, top + 0.42, 0.04, waist_y + 0.02, 0.03, 0.010), (-0.2, top + 0.42, -0.04, waist_y + 0.02, 0.03, 0.010)], wrinkle=0.002, cast=0.25)
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


def jacket(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Zipped or buttoned jacket with collar, front pockets and cuffs."""
    neck, top, end = 0.16, -0.62, 0.56
    shoulder, chest, hem = r.uniform(0.46, 0.49), r.uniform(0.43, 0.46), r.uniform(0.41, 0.44)
    _inner_neck(c, neck, top - 0.02, 0.18)
    low = 0.50
    sleeve = path(spline([(shoulder - 0.09, top + 0.115), (shoulder + 0.06, top + 0.19), (shoulder + 0.19, top + 0.62), (shoulder + 0.23, low)]),
                  spline([(shoulder + 0.23, low), (shoulder + 0.06, low + 0.04)]), spline([(shoulder + 0.06, low + 0.04), (chest + 0.04, 0.0), (chest - 0.08, top + 0.44)]))
    folds: list[Fold] = [(shoulder, top + 0.2, shoulder + 0.1, 0.3, 0.04, 0.018), (chest + 0.02, top + 0.5, shoulder + 0.18, 0.1, 0.03, 0.018), (shoulder + 0.2, -0.05, shoulder + 0.08, 0.2, 0.03, 0.016)]
    _sleeve(c, c.main.swapped() if d.pattern == "colour-block" else c.main, sleeve, -0.22, folds)
    for s in (1, -1):
        stitch(c, polygon([(s * (shoulder + 0.225), low - 0.08), (s * (shoulder + 0.055), low - 0.04)]), _thread(c), 0.02, 0.006)
    body = _torso(neck, top, shoulder, 0.10, chest, chest - 0.01, hem, end, 0.20)
    slab(c, body, c.main.plain() if d.pattern == "colour-block" else c.main, edge=0.05, dome=0.06, folds=_body_folds(r, shoulder, chest, top, end, 0.014), wrinkle=0.003, cast=0.4)
    for s in (-1, 1):
        seam(c, spline([(s * shoulder, top + 0.10), (s * chest * 0.95, top + 0.26), (s * chest, top + 0.42)]), 0.014, 0.35)
        stitch(c, spline([(s * (shoulder - 0.02), top + 0.11), (s * (chest * 0.95 - 0.02), top + 0.26), (s * (chest - 0.02), top + 0.42)]), _thread(c), 0.02, 0.006)
    zipped = d.material != "denim" and r.random() < 0.7
    if zipped:
        seam(c, polygon([(0, top + 0.19), (0, end)]), 0.05, 0.5)
        tube(c, polygon([(0, top + 0.19), (0, end)]), 0.015, c.metal, flat=0.5, cast=0)
        for s in (-1, 1):
            tube(c, polygon([(s * 0.14, 0.18), (s * 0.30, 0.34)]), 0.012, c.main.plain().tinted(0.5), flat=0.4)
    else:
        slab(c, rounded_box(-0.045, top + 0.16, 0.045, end + 0.02, 0.006), c.main.plain() if d.pattern == "colour-block" else c.main, edge=0.010, cast=0.4)
        for k in range(5):
            ball(c, 0, top + 0.26 + k * 0.205, 0.024, c.metal, 0.6, cast=0.4)
        for s in (-1, 1):
            flap = smoothed([(s * 0.12, -0.22), (s * 0.32, -0.22), (s * 0.32, -0.14), (s * 0.22, -0.10), (s * 0.12, -0.14)], 0.015)
            slab(c, smoothed([(s * 0.125, -0.2), (s * 0.315, -0.2), (s * 0.305, 0.04), (s * 0.22, 0.08), (s * 0.135, 0.04)], 0.02), c.main, edge=0.01, cast=0.3)
            slab(c, flap, c.main, edge=0.012, cast=0.4)
            ball(c, s * 0.22, -0.135, 0.018, c.metal, 0.6)
    welt = smoothed([(-hem - 0.01, end - 0.02), (hem + 0.01, end - 0.02), (hem, end + 0.08), (-hem, end + 0.08)], 0.02)
    slab(c, welt, c.main.plain(), edge=0.02, cast=0.3)
    stitch(c, polygon([(-hem, end + 0.005), (hem, end + 0.005)]), _thread(c), 0.02, 0.006)
    for s in (1, -1):
        leaf = smoothed([(s * (neck - 0.03), top - 0.08), (s * (neck + 0.07), top + 0.02), (s * 0.17, top + 0.20), (s * 0.012, top + 0.21)], 0.03)
        slab(c, leaf, c.main.plain(), edge=0.025, dome=0.01, cast=0.45)
        stitch(c, polygon([(s * (neck + 0.05), top + 0.035), (s * 0.158, top + 0.178), (s * 0.03, top + 0.185)]), _thread(c), 0.02, 0.006)


KINDS = (
    Kind("t-shirt", t_shirt, "flat", ("cotton", "cotton", "linen"), PRINTS, DYES, (0.05, -0.35), 1.2, (0.0, 0.0)),
    Kind("shirt", shirt, "flat", ("cotton", "linen", "silk", "denim"), ("plain", "plain", "stripes", "checks", "plaid", "floral", "polka dots", "zigzag"), DYES, (0.08, -0.35), 1.14),
    Kind("jumper", jumper, "flat", ("knit", "knit", "wool"), ("plain", "plain", "stripes", "zigzag", "colour-block", "checks"), DYES, (0.05, -0.3), 1.14),
    Kind("hoodie", hoodie, "flat", ("cotton",), ("plain", "plain", "plain", "colour-block", "camouflage"), DYES, (0.0, -0.3), 1.12),
    Kind("dress", dress, "flat", ("cotton", "silk", "satin", "linen", "velvet"), PRINTS, DYES, (0.0, -0.35), 1.04),
    Kind("jacket", jacket, "flat", ("denim", "leather", "suede", "nylon"), ("plain", "plain", "plain", "colour-block"), HIDES, (0.0, -0.3), 1.16),
)
