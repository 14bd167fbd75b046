"""Things worn or carried: watch, sunglasses, cap, hat, beanie, belt, umbrella, ring, earrings, necklace, headphones."""

from __future__ import annotations

import numpy as np

from ..canvas import Canvas
from ..curves import ellipse, offset, path, polygon, ribbon, rounded_box, smoothed, spline
from ..design import Design
from ..parts import Fold, ball, flat, seam, shade, slab, stitch, tube
from .kind import DYES, HIDES, METALS, PRINTS, Kind


def watch(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A wristwatch from the front: strap of the design's colour, or a metal bracelet."""
    wide, case = r.uniform(0.15, 0.18), r.uniform(0.33, 0.38)
    square = r.random() < 0.25
    steel = d.material == "metal"
    body = c.main.plain() if steel else c.metal
    thread = c.paint((0.75, 0.72, 0.66)) if sum(c.main.colour) < 0.9 else c.main.plain().tinted(0.5)
    for s in (-1.0, 1.0):
        strap = path(spline([(wide * 0.78, s * 0.93), (wide * 0.9, s * 0.6), (wide * 1.05, s * 0.30)]), spline([(-wide * 1.05, s * 0.30), (-wide * 0.9, s * 0.6), (-wide * 0.78, s * 0.93)]))
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
        lug = smoothed([(-wide * 1.25, s * 0.22), (wide * 1.25, s * 0.22), (wide * 1.15, s * 0.40), (-wide * 1.15, s * 0.40)], 0.03)
        slab(c, lug, body, edge=0.02, holes=[rounded_box(-wide * 0.98, min(s * 0.33, s * 0.5), wide * 0.98, max(s * 0.33, s * 0.5), 0.01)], cast=0.3)
    slab(c, rounded_box(case - 0.02, -0.045, case + 0.07, 0.045, 0.02), body, edge=0.02)
    shape = rounded_box(-case * 0.86, -case * 0.95, case * 0.86, case * 0.95, 0.10) if square else ellipse(0, 0, case, case)
    slab(c, shape, body, edge=0.05, cast=0.5)
    inner = shape * 0.86
    slab(c, shape * 0.91, body.tinted(0.75), edge=0.015)
    dials = [(242, 240, 234), (28, 30, 36), (30, 44, 80), (226, 214, 190)]
    dial_tone = dials[int(r.integers(4))]
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
    glare = path(spline([(-case * 0.7, -case * 0.25), (-case * 0.45, -case * 0.62), (-case * 0.1, -case * 0.76)]), spline([(case * 0.12, -case * 0.66), (-case * 0.25, -case * 0.3), (-case * 0.55, case * 0.12)]))
    flat(c, glare, c.paint("white", "felt"), opacity=0.10)


def sunglasses(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """Sunglasses from the front: round, square, aviator or cat-eye; the design's colour is the frame's."""
    style = int(r.integers(4))
    x, w, h = 0.36, 0.29, 0.23
    shapes = (
        ellipse(x, 0, 0.27, 0.26),
        rounded_box(x - w, -h, x + w, h, 0.09),
        spline([(x - 0.27, -0.15), (x - 0.05, -0.20), (x + 0.25, -0.17), (x + 0.30, 0.0), (x + 0.20, 0.22), (x - 0.02, 0.27), (x - 0.20, 0.12)], closed=True),
        spline([(x - 0.27, -0.10), (x - 0.05, -0.19), (x + 0.20, -0.24), (x + 0.36, -0.30), (x + 0.31, 0.02), (x + 0.14, 0.20), (x - 0.12, 0.20), (x - 0.26, 0.06)], closed=True),
    )
    lens = shapes[style]
    thin = d.material == "metal" or style == 2
    bar = 0.018 if thin else r.uniform(0.034, 0.046)
    frame = c.main.plain() if thin else c.main
    for s in (1.0, -1.0):
        temple = spline([(s * (x + 0.27), -0.15), (s * (x + 0.34), -0.22), (s * (x + 0.24), -0.34), (s * (x + 0.05), -0.38)])
        tube(c, temple, np.linspace(bar * 0.9, bar * 0.55, len(temple)), frame.tinted(0.7), flat=0.3)
    tints = [(46, 42, 44), (70, 48, 36), (40, 58, 52), (58, 62, 84)]
    tint = tints[int(r.integers(4))]
    top = c.paint(tint, "plastic")
    for s in (1.0, -1.0):
        shape = lens * (s, 1)
        slab(c, shape, top, edge=0.02, dome=0.05, bulge=0.14, cast=0.4)
        light = c.paint(tuple(min(255, int(v * 2.1 + 40)) for v in tint), "felt")  # type: ignore[arg-type]
        lower = path(ellipse(s * x, 0.16, 0.20, 0.07))
        for k, size in enumerate((1.0, 0.7)):
            flat(c, (lower - (s * x, 0.14)) * size + (s * x, 0.12), light, opacity=0.10 + 0.06 * k)
        flat(c, polygon([(s * x - 0.16, -0.12), (s * x - 0.06, -0.16), (s * x - 0.13, 0.06), (s * x - 0.18, 0.03)]), c.paint("white", "felt"), opacity=0.20)
        closed = path(shape, shape[:2])
        tube(c, closed, bar, frame, flat=0.0 if thin else 0.35, cast=0.4)
        ball(c, s * (x + 0.285 + (0.02 if style == 3 else 0)), -0.16 - (0.06 if style == 3 else 0), 0.014, c.metal, 0.6)
    bridge = spline([(-0.115, -0.05), (0, -0.10), (0.115, -0.05)])
    tube(c, bridge, bar * 1.05, frame, flat=0.2, cast=0.3)
    if style == 2:
        tube(c, spline([(-0.20, -0.19), (0, -0.215), (0.20, -0.19)]), bar, frame, cast=0.3)


def cap(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A baseball cap, three-quarter view: panels, eyelets, button, curved peak."""
    peak_paint = c.main.swapped() if d.pattern != "plain" or r.random() < 0.2 else c.main.plain()
    y1 = 0.24
    dome = path(spline([(-0.62, y1), (-0.61, -0.06), (-0.46, -0.36), (-0.12, -0.52), (0.16, -0.46), (0.36, -0.22), (0.42, 0.06), (0.42, 0.20)]), spline([(0.42, 0.20), (0.10, 0.30), (-0.25, 0.31), (-0.62, y1)]))
    under = path(spline([(0.30, 0.12), (0.62, 0.16), (0.84, 0.30), (0.88, 0.42)]), spline([(0.88, 0.42), (0.60, 0.44), (0.2, 0.42), (-0.12, 0.30)]))
    slab(c, under, peak_paint.tinted(0.5), edge=0.02)
    slab(c, dome, c.main, edge=0.10, dome=0.18, bulge=0.26, wrinkle=0.004, cast=0.2)
    thread = c.main.plain().tinted(0.6)
    top = (-0.10, -0.52)
    for points in ([top, (0.10, -0.30), (0.19, 0.0), (0.20, 0.28)], [top, (-0.30, -0.30), (-0.33, 0.0), (-0.30, 0.30)]):
        line = spline(points)
        seam(c, line, 0.012, 0.4)
        for side in (-0.022, 0.022):
            stitch(c, offset(line, side), thread, 0.022, 0.005)
    for x, y in ((0.0, -0.26), (0.29, -0.18), (-0.44, -0.18)):
        tube(c, ellipse(x, y, 0.022, 0.024, steps=20), 0.008, thread, cast=0.2)
        flat(c, ellipse(x, y, 0.014, 0.016, steps=16), c.paint((30, 28, 30)))
    ball(c, *top, 0.040, peak_paint, 0.8)
    peak = path(spline([(-0.10, 0.25), (0.12, 0.17), (0.40, 0.12), (0.66, 0.17), (0.84, 0.30), (0.90, 0.42)]), spline([(0.90, 0.43), (0.72, 0.36), (0.46, 0.33), (0.20, 0.36), (-0.10, 0.30)]))
    slab(c, peak, peak_paint, edge=0.03, dome=0.05, bulge=0.08, cast=0.45, lean=(0.0, -0.15))
    for k in range(3):
        t = 0.18 + 0.22 * k
        a = spline([(-0.06, 0.262), (0.13, 0.20), (0.40, 0.155), (0.63, 0.20), (0.79, 0.31), (0.85, 0.395)])
        b = spline([(-0.06, 0.285), (0.20, 0.345), (0.46, 0.318), (0.70, 0.345), (0.78, 0.37), (0.86, 0.41)])
        stitch(c, a * (1 - t) + b * t, thread, 0.022, 0.005)
    if d.pattern == "plain" and r.random() < 0.5:
        badge = spline([(0.24 + 0.07 * np.cos(t), -0.02 + 0.10 * np.sin(t)) for t in np.linspace(0, 6.283, 12)[:-1]], closed=True) + (0.06, 0)
        slab(c, badge, c.main.swapped(), edge=0.015, cast=0.3)


def hat(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A brimmed hat with a ribbon: pinched or flat crown."""
    brim_w, brim_h = r.uniform(0.78, 0.86), r.uniform(0.20, 0.25)
    y = 0.24
    rx = r.uniform(0.40, 0.45)
    slab(c, ellipse(0, y, brim_w, brim_h), c.main, edge=0.03, dome=-0.04, bulge=0.12, cast=0.2)
    shade(c, ellipse(0.03, y + 0.02, rx * 1.15, brim_h * 0.66), 0.4, 0.04)
    pinch = r.random() < 0.6
    top = y - r.uniform(0.50, 0.60)
    crown_top = [(-rx * 0.86, top + 0.08), (-rx * 0.5, top - 0.01), (0, top + (0.05 if pinch else -0.03)), (rx * 0.5, top - 0.01), (rx * 0.86, top + 0.08)]
    crown = path(spline([(-rx, y - 0.02), (-rx * 0.97, y - 0.2), *crown_top, (rx * 0.97, y - 0.2), (rx, y - 0.02)]), ellipse(0, y - 0.02, rx, brim_h * 0.52, 0, 180, 40))
    folds: list[Fold] = [(0.0, top - 0.1, 0.02, y - 0.2, 0.05, -0.03), (-rx * 0.55, top + 0.02, -rx * 0.2, y - 0.12, 0.05, -0.022), (rx * 0.55, top + 0.02, rx * 0.25, y - 0.12, 0.05, -0.022)] if pinch else []
    slab(c, crown, c.main, edge=0.08, dome=0.22, bulge=0.24, folds=folds, wrinkle=0.002, cast=0.0)
    ribbon_paint = c.main.swapped() if d.colour not in ("black",) else c.paint((70, 66, 70), "satin")
    if r.random() < 0.5 and d.colour not in ("black", "navy", "brown"):
        ribbon_paint = c.paint((42, 36, 36), "satin")
    band = path(ellipse(0, y - 0.15, rx * 0.995, brim_h * 0.52, 180, 0, 40), ellipse(0, y - 0.025, rx * 1.005, brim_h * 0.52, 0, 180, 40))
    slab(c, band, ribbon_paint, edge=0.02, cast=0.25)
    shade(c, polygon([(rx * 0.55, y - 0.2), (rx * 1.02, y - 0.2), (rx * 1.02, y + 0.1), (rx * 0.65, y + 0.12)]), 0.35, 0.05)
    for q in (-1, 1):
        slab(c, smoothed([(-rx * 0.80, y + 0.0), (-rx * 0.80 + q * 0.09, y - 0.09), (-rx * 0.80 + q * 0.09, y + 0.05)], 0.015), ribbon_paint, edge=0.015, cast=0.3)
    tube(c, ellipse(0, y, brim_w - 0.008, brim_h - 0.008, 5, 175, 60), 0.011, c.main.plain(), flat=0.4, cast=0)


def beanie(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A knitted hat with turned-up ribbed cuff, with or without a bobble."""
    w, top = 0.52, r.uniform(-0.56, -0.46)
    if r.random() < 0.55:
        bobble = c.main.swapped() if r.random() < 0.5 else c.main.plain()
        fur = np.random.default_rng(d.seed)
        tufts = []
        for a in np.linspace(0, 2 * np.pi, 64)[:-1]:
            q = 0.19 * fur.uniform(0.86, 1.10)
            tufts.append((q * np.cos(a), top - 0.10 + q * np.sin(a)))
        slab(c, polygon(tufts), bobble, edge=0.09, dome=0.10, bulge=0.12, wrinkle=0.010, grain=(0.25, 0.25))
    body = path(spline([(-w, 0.40), (-w * 0.98, 0.05), (-w * 0.80, top + 0.22), (-w * 0.36, top + 0.02), (0, top), (w * 0.36, top + 0.02), (w * 0.80, top + 0.22), (w * 0.98, 0.05), (w, 0.40)]))
    folds: list[Fold] = [(x * 0.28, top - 0.02, x, 0.6, 0.014, 0.012) for x in np.arange(-w * 0.96, w, 0.072)]
    slab(c, body, c.main, edge=0.12, dome=0.14, bulge=0.22, folds=folds, cast=0.3)
    cuff = path(spline([(-w - 0.015, 0.18), (0, 0.24), (w + 0.015, 0.18)]), spline([(w + 0.02, 0.26), (w + 0.012, 0.50), (w - 0.03, 0.54)]), spline([(w - 0.05, 0.545), (0, 0.60), (-w + 0.05, 0.545)]), spline([(-w + 0.03, 0.54), (-w - 0.012, 0.50), (-w - 0.02, 0.26)]))
    ribs: list[Fold] = [(x, -0.3, x * 0.99, 1.0, 0.013, 0.014) for x in np.arange(-w, w + 0.03, 0.052)]
    slab(c, cuff, c.main.plain() if d.pattern != "colour-block" else c.main.swapped(), edge=0.07, dome=0.04, folds=ribs, cast=0.45)
    if r.random() < 0.4:
        slab(c, rounded_box(0.12, 0.34, 0.30, 0.46, 0.012), c.paint("tan", "leather"), edge=0.01, cast=0.3)


def belt(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A fastened belt seen from the front and a little above, buckle in the middle."""
    h = r.uniform(0.075, 0.10)
    rx, ry = 0.78, 0.26
    back = path(ellipse(0, -0.08 - h, rx * 0.985, ry, 180, 360, 60), ellipse(0, -0.08 + h, rx * 0.985, ry, 360, 180, 60))
    slab(c, back, c.paint((150, 116, 84), "suede").tinted(0.55) if d.material == "leather" else c.main.plain().tinted(0.45), edge=0.02)
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
    tip = path(spline([(0.14, y - h - 0.004), (0.44, y - h - 0.036)]), spline([(0.50, y - 0.065), (0.505, y - 0.045), (0.50, y - 0.02)]), spline([(0.44, y + h - 0.052), (0.14, y + h - 0.012)]))
    slab(c, tip, c.main, edge=0.02, cast=0.35)
    stitch(c, path(spline([(0.16, y - h + 0.018), (0.43, y - h - 0.014)]), spline([(0.475, y - 0.06), (0.48, y - 0.044), (0.475, y - 0.03)]), spline([(0.43, y + h - 0.074), (0.16, y + h - 0.034)])), thread, 0.028, 0.007)
    slab(c, rounded_box(-0.165, y - h - 0.05, 0.10, y + h + 0.045, 0.05 if r.random() < 0.5 else 0.02), c.metal, edge=0.026, holes=[rounded_box(-0.12, y - h - 0.005, 0.055, y + h, 0.025)], cast=0.5)
    tube(c, polygon([(-0.13, y - 0.003), (0.095, y - 0.003)]), 0.017, c.metal, cast=0.5)
    slab(c, rounded_box(0.155, y - h - 0.012, 0.215, y + h + 0.002, 0.008), c.main.plain(), edge=0.015, cast=0.4)


def umbrella(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """An open umbrella from the side with a hooked handle."""
    top, rim_y, w = -0.62, 0.08, 0.82
    panels = 6
    wood = c.paint("brown", "wood") if r.random() < 0.6 else c.paint((44, 42, 44), "plastic")
    steel = c.paint("silver", "metal")
    xs = w * np.sin(np.linspace(-np.pi / 2, np.pi / 2, panels + 1))
    inner = path(spline([(-w, rim_y), (0, rim_y - 0.10), (w, rim_y)]), spline([(w, rim_y), (0, rim_y + 0.08), (-w, rim_y)]))
    slab(c, inner, c.main.plain().tinted(0.42), edge=0.02)
    tube(c, polygon([(0, top), (0, 0.50)]), 0.016, steel)
    tube(c, spline([(0, 0.46), (0, 0.66), (0.02, 0.76), (0.10, 0.81), (0.18, 0.76), (0.20, 0.68)]), 0.034, wood)
    bottom = []
    for i in range(panels):
        a, b = xs[i], xs[i + 1]
        dip = 0.06 * np.sqrt(max(0.05, 1 - ((a + b) / 2 / w) ** 2)) + 0.012
        bottom.append(spline([(a, rim_y + 0.03 * (1 - (a / w) ** 2)), ((a + b) / 2, rim_y - dip + 0.03), (b, rim_y + 0.03 * (1 - (b / w) ** 2))])[:-1])
    arc = [(w * np.cos(t), rim_y + (top - rim_y) * np.sin(t)) for t in np.linspace(0, np.pi, 50)[1:-1]]
    canopy = path(*bottom, polygon([(w, rim_y)]), polygon(arc))
    folds: list[Fold] = []
    for i in range(1, panels):
        folds.append((xs[i] * 0.1, top - 0.1, xs[i], rim_y + 0.3, 0.02, 0.022))
    slab(c, canopy, c.main, edge=0.06, dome=0.24, bulge=0.30, folds=folds, cast=0.3)
    for i in range(1, panels):
        line = [(xs[i] * np.sin(t * np.pi / 2), top + (rim_y + 0.03 - top) * (1 - np.cos(t * np.pi / 2))) for t in np.linspace(0.02, 1, 14)]
        seam(c, polygon(line), 0.010, 0.4)
    if d.pattern == "colour-block":
        for i in range(0, panels, 2):
            left = [(xs[i] * np.sin(t), top + (rim_y + 0.03 * (1 - (xs[i] / w) ** 2) - top) * (1 - np.cos(t))) for t in np.linspace(0, np.pi / 2, 20)]
            right = [(xs[i + 1] * np.sin(t), top + (rim_y + 0.03 * (1 - (xs[i + 1] / w) ** 2) - top) * (1 - np.cos(t))) for t in np.linspace(np.pi / 2, 0, 20)]
            slab(c, path(polygon(left), bottom[i], polygon(right)), c.main.swapped(), edge=0.02, dome=0.02, cast=0)
    for i in range(panels + 1):
        ball(c, xs[i], rim_y + 0.03 * (1 - (xs[i] / w) ** 2) + 0.008, 0.014, steel)
    tube(c, polygon([(0, top + 0.01), (0, top - 0.12)]), 0.015, steel)


def ring(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A ring with a cut stone, or a plain band; standing, seen a little from above."""
    gems = ["red", "blue", "green", "purple", "pink", "teal", "white"]
    metal = c.main.plain()
    cy, rx, ry = 0.18, 0.46, r.uniform(0.46, 0.50)
    bar = r.uniform(0.038, 0.055)
    stone = r.random() < 0.8
    band = ellipse(0, cy, rx, ry, -90, 270, 120)
    tube(c, ellipse(0, cy, rx * 0.93, ry * 0.93, -90, 270, 100), bar * 0.9, metal.tinted(0.55), flat=0.3)
    tube(c, band, bar * (1.0 if stone else 1.5), metal, flat=0.15, cast=0.2)
    if stone:
        gem = c.paint(d.second_colour if d.second_colour in gems else gems[int(r.integers(len(gems)))], "plastic")
        size = r.uniform(0.17, 0.23)
        top = cy - ry - size * 0.62
        slab(c, smoothed([(-size * 0.8, top + size * 0.4), (size * 0.8, top + size * 0.4), (0.05, cy - ry + 0.02), (-0.05, cy - ry + 0.02)], 0.02), metal, edge=0.03)
        ball(c, 0, top, size, gem, facet=8, cast=0.4)
        ball(c, 0, top, size * 0.42, gem.tinted(1.25), 0.3, facet=8, cast=0)
        for k in range(4):
            a = np.pi / 4 + k * np.pi / 2
            tube(c, polygon([(size * 1.02 * np.cos(a), top + size * 1.02 * np.sin(a)), (size * 0.80 * np.cos(a), top + size * 0.80 * np.sin(a))]), 0.022, metal, cast=0.3)
        for s in (-1, 1):
            for k in range(3):
                a = np.radians(-90 + s * (22 + 11 * k))
                ball(c, rx * np.cos(a), cy + ry * np.sin(a), 0.026, c.paint("white", "plastic"), facet=6, cast=0.2)


def earrings(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A pair: hoops, drops with a stone, or pearls."""
    style = int(r.integers(3))
    metal = c.main.plain()
    gem = c.paint(d.second_colour, "plastic")
    size = r.uniform(0.24, 0.29)
    for x in (-0.38, 0.38):
        if style == 0:
            tube(c, ellipse(x, 0.08, size, size * 1.1, -80, 260, 90), r.uniform(0.030, 0.034), metal)
            tube(c, spline([(x + 0.05, 0.08 - size * 1.08), (x + 0.02, -0.02 - size * 1.3), (x - 0.05, 0.08 - size * 1.06)]), 0.012, metal)
        else:
            tube(c, spline([(x, -0.30), (x + 0.005, -0.46), (x + 0.06, -0.56), (x + 0.13, -0.50), (x + 0.14, -0.34)]), 0.013, metal)
            tube(c, ellipse(x, -0.27, 0.035, 0.035, steps=24), 0.011, metal)
            if style == 1:
                drop = spline([(x, -0.24), (x + 0.09, -0.02), (x + 0.155, 0.18), (x + 0.10, 0.36), (x, 0.42), (x - 0.10, 0.36), (x - 0.155, 0.18), (x - 0.09, -0.02)], closed=True)
                slab(c, drop, gem, edge=0.07, dome=0.06, bulge=0.08)
                tube(c, path(drop, drop[:2]), 0.018, metal, cast=0.2)
            else:
                tube(c, polygon([(x, -0.24), (x, 0.0)]), 0.009, metal)
                ball(c, x, -0.08, 0.036, metal)
                ball(c, x, 0.14, 0.155, c.paint("cream", "ceramic"))
                ball(c, x, 0.0, 0.045, metal, 0.8)


def necklace(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A chain in a V with a pendant, or a string of beads."""
    metal = c.main.plain()
    beads = r.random() < 0.4
    chain = spline([(-0.20, -0.82), (-0.46, -0.50), (-0.46, -0.10), (-0.26, 0.24), (0, 0.38), (0.26, 0.24), (0.46, -0.10), (0.46, -0.50), (0.20, -0.82)], steps=24)
    steps = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(chain, axis=0), axis=1))])
    count = 44 if beads else 92
    at = np.linspace(0, steps[-1], count)
    points = np.stack([np.interp(at, steps, chain[:, 0]), np.interp(at, steps, chain[:, 1])], axis=1)
    gem = c.paint(d.second_colour, "plastic")
    if beads:
        for k, (x, y) in enumerate(points):
            grow = 0.026 + 0.024 * np.sin(np.pi * k / (count - 1)) ** 2
            ball(c, x, y, grow, gem if k % 4 else metal, cast=0.2)
    else:
        tube(c, chain, 0.006, metal.tinted(0.7), cast=0)
        for k, (x, y) in enumerate(points):
            ball(c, x, y, 0.015 if k % 2 else 0.011, metal, 0.9, cast=0)
    style = int(r.integers(3))
    tube(c, ellipse(0, 0.40, 0.03, 0.035, steps=24), 0.012, metal)
    if style == 0:
        ball(c, 0, 0.58, 0.155, metal, 0.35)
        ball(c, 0, 0.58, 0.115, gem, facet=8, cast=0.3)
    elif style == 1:
        heart = spline([(0, 0.50), (0.07, 0.44), (0.15, 0.47), (0.165, 0.57), (0.08, 0.68), (0, 0.76), (-0.08, 0.68), (-0.165, 0.57), (-0.15, 0.47), (-0.07, 0.44)], closed=True)
        slab(c, heart, metal, edge=0.06, dome=0.05, bulge=0.08)
    else:
        drop = spline([(0, 0.44), (0.07, 0.56), (0.11, 0.68), (0.06, 0.78), (0, 0.80), (-0.06, 0.78), (-0.11, 0.68), (-0.07, 0.56)], closed=True)
        slab(c, drop, gem, edge=0.06, dome=0.05, bulge=0.06)
        tube(c, path(drop, drop[:2]), 0.014, metal, cast=0.2)


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
        slab(c, rounded_box(s * w - 0.20 if s > 0 else s * w - 0.0, 0.06, s * w + 0.0 if s > 0 else s * w + 0.20, 0.60, 0.09), pad, edge=0.07, dome=0.03, bulge=0.06)
        x0, x1 = (w - 0.04, w + 0.17) if s > 0 else (-w - 0.17, -w + 0.04)
        slab(c, rounded_box(x0, 0.04, x1, 0.62, 0.10), c.main, edge=0.08, dome=0.05, bulge=0.08, cast=0.4)
        seam(c, rounded_box(x0 + 0.045, 0.10, x1 - 0.045, 0.56, 0.07), 0.010, 0.35)


KINDS = (
    Kind("watch", watch, "flat", ("leather", "leather", "rubber", "metal", "nylon"), ("plain",), HIDES, (0.0, 0.0)),
    Kind("sunglasses", sunglasses, "flat", ("plastic", "plastic", "metal"), ("plain", "plain", "plain", "leopard"), DYES, (0.3, 0.0), 1.15),
    Kind("cap", cap, "standing", ("cotton", "canvas", "denim", "wool"), ("plain", "plain", "plain", "camouflage", "checks", "colour-block"), DYES, (0.1, 0.0), 1.05),
    Kind("hat", hat, "standing", ("felt", "felt", "straw", "wool"), ("plain",), DYES, (0.0, 0.0), 1.05),
    Kind("beanie", beanie, "standing", ("knit", "wool"), ("plain", "plain", "stripes", "zigzag", "checks"), DYES, (0.0, 0.2), 1.1, (0.0, 0.02)),
    Kind("belt", belt, "standing", ("leather", "leather", "suede", "canvas"), ("plain", "plain", "plain", "leopard"), HIDES, (0.1, 0.18), 1.12, (0.0, 0.04)),
    Kind("umbrella", umbrella, "standing", ("nylon", "cotton"), PRINTS, DYES, (0.2, -0.2), 1.08, (0.0, 0.04)),
    Kind("ring", ring, "standing", ("metal",), ("plain",), METALS, (0.0, -0.3), 1.3, (0.0, 0.02)),
    Kind("earrings", earrings, "flat", ("metal",), ("plain",), METALS, (0.38, 0.0), 1.5, (0.0, -0.06)),
    Kind("necklace", necklace, "flat", ("metal",), ("plain",), METALS, (0.0, 0.4), 1.04),
    Kind("headphones", headphones, "standing", ("plastic", "plastic", "leather"), ("plain",), DYES, (0.5, 0.2), 1.12, (0.0, -0.04)),
)
