"""Clothes for the lower body and small knitwear: trousers, jeans, shorts, skirt, socks, glove, scarf, tie."""

from __future__ import annotations

import numpy as np

from ..canvas import Canvas, Paint
from ..curves import Points, flipped, path, polygon, ribbon, rounded_box, smoothed, spline
from ..design import Design
from ..parts import Fold, ball, drape, seam, shade, slab, stitch, tube
from .kind import DENIMS, DYES, PRINTS, Kind


def _thread(c: Canvas, d: Design) -> Paint:
    if d.material == "denim" and d.colour != "white":
        return c.paint((196, 142, 78))
    r, g, b = c.main.colour
    factor, add = (0.6, 0.05) if r + g + b < 0.3 else (0.6, 0.0)
    return c.paint((r * factor + add, g * factor + add, b * factor + add))


def _legs(c: Canvas, d: Design, r: np.random.Generator, end: float, knee: float, ankle: float, hip: float) -> None:
    """Waistband, two legs with an inseam, fly, pockets and belt loops."""
    waist, y0, crotch = r.uniform(0.25, 0.28), -0.80, -0.28
    gap = 0.02
    inner_end = ankle * 0.12 + gap
    thread = _thread(c, d)
    back = path(spline([(-waist, y0), (0, y0 - 0.035), (waist, y0)]), spline([(waist, y0 + 0.05), (0, y0 + 0.07), (-waist, y0 + 0.05)]))
    slab(c, back, c.main.plain().tinted(0.5), edge=0.01)
    for s in (-1.0, 1.0):
        short = end < 0.3
        spread = 0.025 if short else 0.16
        side = hip + 0.03 if short else hip * 0.55 + spread * 0.6 + knee * 0.42
        outer = spline([(waist, y0 + 0.08), (hip, y0 + 0.30), (hip + 0.015, crotch + 0.05), (side, (crotch + end) / 2),
                        (spread + inner_end + ankle, end)])
        inner = spline([(spread + inner_end, end), (spread * 0.55 + gap, (crotch + end) / 2), (gap * 0.4, crotch + 0.04), (-0.004, crotch - 0.03), (-0.004, y0 + 0.10)])
        outline = path(outer, inner)
        folds: list[Fold] = [(0.03, crotch, hip * 0.8, crotch + 0.14, 0.03, 0.014), (0.02, crotch + 0.05, hip * 0.75, crotch + 0.25, 0.03, 0.012),
                             (hip, crotch - 0.1, 0.08, crotch - 0.04, 0.03, 0.010)]
        if not short:
            middle = (crotch + end) / 2
            folds += [(spread * 0.6, middle + 0.02, hip * 0.9, middle - 0.05, 0.03, 0.012), (hip, middle + 0.1, spread * 0.7, middle + 0.08, 0.025, 0.010),
                      (spread + 0.1, end - 0.18, spread + ankle, end - 0.10, 0.025, 0.013), (spread + 0.02, end - 0.06, spread + ankle, end - 0.02, 0.02, 0.010)]
        if d.material != "denim":
            folds.append((hip * 0.55, y0 + 0.15, spread + inner_end + ankle * 0.5, end + 0.2, 0.010, 0.007))
        turned = [(s * f[0], f[1], s * f[2], f[3], f[4], f[5]) for f in folds]
        shape = outline if s > 0 else flipped(outline)
        slab(c, shape, c.main.turned(-0.10 * s), edge=0.05, dome=0.05, bulge=0.10, folds=turned, wrinkle=0.0035, grain=(1.0, 1.6), cast=0.3 if s > 0 else 0.1)
        hem = polygon([(s * (spread + inner_end - 0.005), end - 0.035), (s * (spread + inner_end + ankle - 0.008), end - 0.035)])
        stitch(c, hem, thread, 0.02, 0.006)
        if d.material == "denim":
            stitch(c, outer[6:-2] * (s, 1) - (0.022 * s, 0), thread, 0.02, 0.005)
        pocket = spline([(s * waist * 0.52, y0 + 0.10), (s * waist * 0.66, y0 + 0.19), (s * (hip - 0.02), y0 + 0.24)])
        seam(c, pocket, 0.014, 0.45)
        stitch(c, pocket + (0, 0.018), thread, 0.018, 0.005)
    seam(c, spline([(0, y0 + 0.1), (0.004, crotch - 0.1), (0, crotch + 0.02)]), 0.014, 0.4)
    fly = spline([(0.055, y0 + 0.10), (0.055, y0 + 0.26), (0.03, y0 + 0.34), (0.0, y0 + 0.37)])
    stitch(c, fly, thread, 0.018, 0.005)
    if d.material == "denim":
        fade = 0.16
        for s in (-1, 1):
            region = smoothed([(s * 0.09, crotch + 0.05), (s * 0.22, crotch + 0.02), (s * 0.26, crotch + 0.5), (s * 0.16, crotch + 0.52)], 0.05)
            shade(c, region, -fade, 0.05)
    band = path(spline([(-waist - 0.004, y0), (0, y0 + 0.045), (waist + 0.004, y0)]), spline([(waist + 0.012, y0 + 0.09), (0, y0 + 0.135), (-waist - 0.012, y0 + 0.09)]))
    slab(c, band, c.main.plain(), edge=0.016, cast=0.35)
    for x in (-0.19, -0.09, 0.09, 0.19):
        y = y0 + 0.045 * (1 - (x / waist) ** 2)
        slab(c, rounded_box(x - 0.013, y - 0.012, x + 0.013, y + 0.105, 0.005), c.main.plain(), edge=0.008, cast=0.35)
    ball(c, 0.0, y0 + 0.092, 0.024, c.metal if d.material == "denim" else c.main.plain().tinted(0.6), 0.5)


def trousers(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Long trousers from the front."""
    _legs(c, d, r, 0.80, r.uniform(0.22, 0.27), r.uniform(0.14, 0.22), 0.33)


def shorts(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Shorts from the front."""
    _legs(c, d, r, r.uniform(-0.02, 0.10), 0.34, r.uniform(0.33, 0.37), 0.35)


def skirt(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A flared, pleated or straight skirt with a waistband."""
    waist, y0, end = r.uniform(0.26, 0.30), -0.60, r.uniform(0.46, 0.62)
    style = int(r.integers(3))
    wide = (0.64, 0.58, 0.38)[style] * r.uniform(0.95, 1.05)
    count = (5, 9, 2)[style]
    side = spline([(waist, y0 + 0.06), (waist + (wide - waist) * (0.5 if style < 2 else 0.9), y0 + 0.40), (wide, end)])
    xs = np.linspace(wide, -wide, count * 2 + 1)
    wave = (0.026, 0.014, 0.002)[style]
    hem = spline([(float(x), end + (wave if i % 2 else -wave) + 0.05 * (1 - (x / wide) ** 2)) for i, x in enumerate(xs)])
    outline = path(side, hem[1:-1], flipped(side)[::-1])
    if style == 1:
        folds: list[Fold] = []
        for i in range(count * 2):
            t = -1 + 2 * (i + 0.5) / (count * 2)
            folds.append((t * waist, y0 - 0.2, t * wide, end + 0.2, 0.022, 0.020 if i % 2 else -0.014))
    else:
        folds = drape(r, -waist * 0.95, waist * 0.95, y0 + 0.05, end, count + 1, 0.04, 0.024 if style == 0 else 0.008, wide / waist)
    slab(c, outline, c.main, edge=0.035, dome=0.06, folds=folds, wrinkle=0.003, cast=0.2)
    thread = _thread(c, d)
    stitch(c, hem[2:-2] - (0, 0.03), thread, 0.02, 0.005)
    if style == 2 and r.random() < 0.6:
        for k in range(5):
            ball(c, 0, y0 + 0.18 + 0.19 * k, 0.022, c.metal, 0.6)
        for s in (-0.045, 0.045):
            stitch(c, polygon([(s, y0 + 0.1), (s, end + 0.02)]), thread, 0.02, 0.005)
    band = path(spline([(-waist, y0), (0, y0 + 0.02), (waist, y0)]), spline([(waist + 0.008, y0 + 0.10), (0, y0 + 0.125), (-waist - 0.008, y0 + 0.10)]))
    slab(c, band, c.main.plain() if d.pattern != "colour-block" else c.main.swapped(), edge=0.02, cast=0.4)


def socks(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A pair of socks, one half behind the other, with contrasting cuff, heel and toe or without."""
    leg = r.uniform(0.55, 0.72)
    contrast = r.random() < 0.6
    accent = c.main.swapped() if contrast else c.main.plain()
    for k, shift in enumerate(((-0.24, -0.07), (0.10, 0.05))):
        at = np.asarray(shift)
        y0 = 0.22 - leg
        outline = path(polygon([(-0.20, y0), (0.14, y0)]), spline([(0.14, y0 + 0.1), (0.13, 0.05), (0.22, 0.24), (0.48, 0.38), (0.58, 0.50), (0.52, 0.60), (0.36, 0.62), (0.0, 0.56), (-0.18, 0.44), (-0.21, 0.22), (-0.18, 0.0), (-0.20, y0 + 0.1)])) + at
        folds: list[Fold] = [(0.14 + at[0], 0.10 + at[1], -0.05 + at[0], 0.30 + at[1], 0.03, 0.016), (0.18 + at[0], 0.2 + at[1], 0.0 + at[0], 0.36 + at[1], 0.025, 0.014)]
        slab(c, outline, c.main.sized(0.8), edge=0.06, dome=0.05, bulge=0.10, folds=folds, wrinkle=0.003, cast=0.5 if k else 0.2)
        if contrast:
            heel = path(spline([(-0.205, 0.18), (-0.20, 0.36), (-0.15, 0.46), (0.02, 0.552)]), spline([(0.02, 0.552), (0.0, 0.40), (-0.10, 0.26), (-0.205, 0.18)])) + at
            toe = path(spline([(0.40, 0.335), (0.50, 0.40), (0.58, 0.50), (0.52, 0.60), (0.34, 0.618)]), spline([(0.34, 0.618), (0.33, 0.48), (0.40, 0.335)])) + at
            for piece in (heel, toe):
                slab(c, piece, accent, edge=0.03, dome=0.03, cast=0.1)
        lines: list[Fold] = [(x + at[0], y0 - 0.1 + at[1], x + at[0], y0 + 0.4 + at[1], 0.007, 0.006) for x in np.arange(-0.2, 0.16, 0.026)]
        slab(c, smoothed([(-0.21, y0 - 0.01), (0.15, y0 - 0.01), (0.148, y0 + 0.13), (-0.206, y0 + 0.13)], 0.02) + at, accent, edge=0.03, folds=lines, cast=0.2)


def glove(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A pair of five-fingered gloves."""
    for s in (1.0, -1.0):
        at = np.asarray([0.36 * s, 0.08])

        def hand(points: Points, at: Points = at, s: float = s) -> Points:
            return points * (s, 1.0) + at

        fingers = [((0.14, -0.12), (0.21, -0.50)), ((0.055, -0.16), (0.075, -0.62)), ((-0.045, -0.15), (-0.07, -0.58)), ((-0.13, -0.08), (-0.20, -0.42))]
        thumb = hand(ribbon(spline([(0.10, 0.22), (0.26, 0.06), (0.34, -0.14)]), 0.13))
        slab(c, [thumb, hand(smoothed([(0.29, -0.10), (0.41, -0.12), (0.38, -0.22), (0.32, -0.22)], 0.06))], c.main, edge=0.055, cast=0.2)
        for (x0, y0), (x1, y1) in fingers:
            tube(c, hand(polygon([(x0, y0 + 0.1), (x1, y1)])), 0.056, c.main, flat=0.3, cast=0.25)
        palm = hand(path(spline([(-0.19, -0.10), (0, -0.16), (0.20, -0.14)]), spline([(0.21, 0.0), (0.19, 0.2), (0.16, 0.40)]), spline([(-0.15, 0.40), (-0.18, 0.2), (-0.19, -0.05)])))
        slab(c, palm, c.main, edge=0.055, dome=0.03, wrinkle=0.003, cast=0.05)
        for k in (-0.09, 0.0, 0.09):
            seam(c, hand(spline([(k * 1.0, -0.10), (k * 0.95, 0.02), (k * 0.9, 0.12)])), 0.014, 0.22)
        lines: list[Fold] = [(0.36 * s + x, 0.2, 0.36 * s + x, 0.9, 0.008, 0.007) for x in np.arange(-0.17, 0.18, 0.028)]
        slab(c, hand(smoothed([(-0.165, 0.38), (0.175, 0.38), (0.165, 0.60), (-0.155, 0.60)], 0.03)), c.main.plain(), edge=0.035, folds=lines, cast=0.25)


def scarf(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A loop around an unseen neck with two hanging ends, fringed or hemmed."""
    w = r.uniform(0.15, 0.18)
    fringe = d.material != "silk"
    ends = ((0.10, 0.62, 0.08), (-0.14, 0.50 + r.uniform(0, 0.12), -0.10))
    slab(c, path(spline([(-0.34, -0.44), (0, -0.62), (0.34, -0.44)]), spline([(0.30, -0.30), (0, -0.40), (-0.30, -0.30)])), c.main.tinted(0.55), edge=0.05, dome=0.03, wrinkle=0.004)
    for k, (x, end, lean) in enumerate(ends):
        line = spline([(x * 0.6, -0.20), (x, 0.1), (x + lean * 0.5, 0.35), (x + lean, end)])
        if fringe:
            for q in np.linspace(-w * 0.92, w * 0.92, 13):
                sway = r.uniform(-0.012, 0.012)
                tube(c, spline([(x + lean + q, end - 0.02), (x + lean + q + sway, end + 0.06), (x + lean * 1.1 + q * 1.03, end + 0.13)]), 0.009, c.main.plain(), cast=0.1)
        folds: list[Fold] = [(x * 0.6 + q, -0.25, x + lean + q * 1.1, end + 0.2, 0.025, 0.022 if i % 2 else -0.012) for i, q in enumerate(np.linspace(-w * 0.7, w * 0.7, 5))]
        slab(c, ribbon(line, np.linspace(w * 1.5, w * 2, len(line))), c.main.turned(0.08 * (1 if k else -1)), edge=0.03, dome=0.02, folds=folds, wrinkle=0.003, cast=0.5)
    loop = spline([(-0.36, -0.42), (-0.36, -0.22), (-0.20, -0.04), (0.0, 0.0), (0.20, -0.06), (0.36, -0.24), (0.35, -0.44), (0.24, -0.37), (0.12, -0.28), (0.0, -0.25), (-0.12, -0.27), (-0.25, -0.36)], closed=True)
    folds = []
    for q in (0.15, 0.4, 0.65, 0.85):
        y = -0.30 + 0.26 * q
        folds += [(-0.36, -0.42 + 0.16 * q, 0.0, y, 0.022, 0.024), (0.36, -0.44 + 0.16 * q, 0.0, y, 0.022, 0.024)]
    slab(c, loop, c.main.turned(1.57), edge=0.06, dome=0.06, bulge=0.10, folds=folds, wrinkle=0.004, cast=0.55)
    knot = spline([(-0.02, -0.14), (0.13, -0.12), (0.20, 0.0), (0.13, 0.11), (0.0, 0.12), (-0.08, 0.02)], closed=True)
    slab(c, knot, c.main.turned(0.6), edge=0.05, dome=0.05, bulge=0.08, folds=[(0.0, -0.14, 0.1, 0.12, 0.022, 0.02), (0.12, -0.12, 0.04, 0.14, 0.02, -0.015)], cast=0.5)


def tie(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A necktie with its knot, hanging."""
    wide = r.uniform(0.145, 0.18)
    top, tip = -0.58, 0.84
    slab(c, polygon([(-0.04, -0.45), (0.05, -0.45), (0.10, 0.62), (0.04, 0.70), (-0.03, 0.62)]) + (0.035, 0), c.main.turned(-0.75).tinted(0.72), edge=0.02)
    blade = smoothed([(-0.055, top + 0.11), (0.055, top + 0.11), (wide, tip - 0.22), (0, tip), (-wide, tip - 0.22)], 0.012)
    slab(c, blade, c.main.turned(-0.75).sized(0.9), edge=0.03, dome=0.02, bulge=0.06, folds=[(0.0, top + 0.05, 0.015, top + 0.55, 0.022, -0.02)], wrinkle=0.001, cast=0.5)
    stitch(c, polygon([(-wide + 0.012, tip - 0.225), (0, tip - 0.02), (wide - 0.012, tip - 0.225)]), _thread(c, d), 0.02, 0.004)
    for s in (-1, 1):
        slab(c, smoothed([(s * 0.02, top - 0.05), (s * 0.05, top - 0.16), (s * 0.26, top - 0.27), (s * 0.27, top - 0.20)], 0.015), c.main.turned(0.6 * s), edge=0.02, cast=0.2)
    knot = smoothed([(-0.105, top - 0.11), (0.105, top - 0.11), (0.062, top + 0.12), (-0.062, top + 0.12)], 0.03)
    slab(c, knot, c.main.turned(0.75).sized(0.9), edge=0.035, dome=0.035, bulge=0.06, folds=[(-0.08, top - 0.1, 0.06, top + 0.1, 0.02, 0.008)], cast=0.5)


KINDS = (
    Kind("trousers", trousers, "flat", ("cotton", "linen", "wool"), ("plain", "plain", "plain", "checks", "stripes", "plaid", "camouflage"), DYES, (0.1, -0.5), 1.06),
    Kind("jeans", trousers, "flat", ("denim",), ("plain",), DENIMS, (0.1, -0.5), 1.06),
    Kind("shorts", shorts, "flat", ("cotton", "linen", "denim"), ("plain", "plain", "floral", "stripes", "checks", "camouflage"), DYES, (0.1, -0.5), 1.4, (0.0, -0.36)),
    Kind("skirt", skirt, "flat", ("cotton", "satin", "denim", "wool", "linen"), PRINTS, DYES, (0.1, -0.2), 1.1),
    Kind("socks", socks, "flat", ("knit", "cotton"), ("plain", "stripes", "polka dots", "zigzag", "checks"), DYES, (0.0, 0.0), 1.3, (0.08, 0.08)),
    Kind("glove", glove, "flat", ("knit", "wool", "leather"), ("plain", "plain", "stripes", "zigzag"), DYES, (0.3, 0.1), 1.12),
    Kind("scarf", scarf, "flat", ("wool", "knit", "silk", "cotton"), ("plain", "stripes", "plaid", "checks", "floral", "polka dots", "leopard"), DYES, (0.0, -0.1), 1.25),
    Kind("tie", tie, "flat", ("silk", "satin", "wool"), ("plain", "stripes", "polka dots", "checks", "floral", "plaid"), DYES, (0.0, -0.35)),
)
