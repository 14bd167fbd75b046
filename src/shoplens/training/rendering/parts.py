"""Parts that products are put together from: slabs of cloth or leather, bodies of revolution, tubes, stitches, seams.

Lengths are in shape units. Every function lays one part over what the canvas holds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shoplens.training.rendering.canvas import Canvas, Paint
from shoplens.training.rendering.curves import dashes, ellipse, path, resample, ribbon, spline, thinned
from shoplens.training.rendering.frame import (
    Field,
    Points,
    Region,
    blur,
    box_of,
    region_of,
    resize,
    rounded,
    slopes,
    smooth_noise,
)

Fold = tuple[float, float, float, float, float, float]
"""x0, y0, x1, y1, width, height of a ridge (negative: a valley)."""


def slab(
    c: Canvas,
    outline: Points | Sequence[Points],
    paint: Paint,
    edge: float = 0.03,
    dome: float = 0.0,
    folds: Sequence[Fold] = (),
    wrinkle: float = 0.0,
    grain: tuple[float, float] = (1.0, 2.2),
    holes: Sequence[Points] = (),
    cast: float = 0.3,
    bulge: float = 0.22,
    seed: int = 0,
    lean: tuple[float, float] = (0.0, 0.0),
) -> None:
    """A flat piece with rounded edges.

    edge: radius of the rounded edge; dome: how far the middle bulges (over `bulge` units from the edge); folds:
    ridges; wrinkle: height of soft random waves, `grain` their stretch; lean: an even slope of the whole piece.
    """
    shapes = [outline] if isinstance(outline, np.ndarray) else list(outline)
    region = region_of(c.frame, shapes, holes, pad=max(edge, 0.01))
    height = rounded(region, edge)
    px = c.frame.scale
    if dome:
        soft: Field = np.maximum(blur(region.mask, bulge * px), np.float32(0.04))
        height += np.sqrt(soft) * np.float32(1.7 * dome)
    if folds:
        height = height + ridges(region, folds)
    if wrinkle:
        rng = np.random.default_rng(c.design.seed * 31 + seed + 7)
        height = height + smooth_noise(region, rng, 0.11, grain) * np.float32(wrinkle)
    relief, tint, uv = c.texture(region, paint)
    if relief is not None:
        height = height + relief
    gx, gy = slopes(height, px)
    if lean != (0.0, 0.0):
        gx = gx + np.float32(lean[0])
        gy = gy + np.float32(lean[1])
    norm = 1 / np.sqrt(gx * gx + gy * gy + 1)
    c.lay(region, -gx * norm, -gy * norm, norm, paint, uv, tint, cast)


def ridges(region: Region, folds: Sequence[Fold]) -> Field:
    """Sum of soft ridges, each a Gaussian across its line and fading towards its ends."""
    step = max(1.0, min(f[4] for f in folds) * region.frame.scale / 3)
    x, y = region.grid(step)
    total = np.zeros_like(x)
    height, wide = region.shape
    per_row, per_column = total.shape[0] / height, total.shape[1] / wide
    for x0, y0, x1, y1, width, amount in folds:
        length = float(np.hypot(x1 - x0, y1 - y0)) + 1e-6
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        # Beyond these ends the fade is zero; beyond 3.2 spreads (of at most 1.3 widths, bent by 0.7) the Gaussian is.
        ends = np.asarray(
            [(x0 - 0.16 * (x1 - x0), y0 - 0.16 * (y1 - y0)), (x1 + 0.17 * (x1 - x0), y1 + 0.17 * (y1 - y0))]
        )
        pixels = region.frame.pixels(ends) - (region.x0, region.y0)
        reach = (3.2 * 1.3 + 0.7) * width * region.frame.scale + 2
        left, top = (pixels.min(axis=0) - reach) * (per_column, per_row)
        right, bottom = (pixels.max(axis=0) + reach) * (per_column, per_row) + 1
        box = (slice(max(0, int(top)), max(0, int(bottom))), slice(max(0, int(left)), max(0, int(right))))
        dx, dy = x[box] - np.float32(x0), y[box] - np.float32(y0)
        along = (dx * np.float32(ux) + dy * np.float32(uy)) * np.float32(1 / length)
        across = dy * np.float32(ux) - dx * np.float32(uy) + np.sin(along * 3) * np.float32(width * 0.7)
        fade = np.clip(along * 4 + 0.6, 0, 1) * np.clip((1 - along) * 2.5 + 0.4, 0, 1)
        spread = np.float32(width) * (np.float32(0.7) + np.float32(0.6) * np.clip(along, 0, 1))
        total[box] += np.float32(amount) * fade * np.exp(-((across / spread) ** 2))
    return resize(total.astype(np.float32), height, wide)


def drape(
    rng: np.random.Generator,
    x0: float,
    x1: float,
    top: float,
    bottom: float,
    count: int,
    width: float = 0.05,
    amount: float = 0.018,
    fan: float = 1.25,
) -> list[Fold]:
    """Folds that hang from a line and fan out downwards, as in a skirt."""
    out: list[Fold] = []
    middle = (x0 + x1) / 2
    for i in range(count):
        x = x0 + (x1 - x0) * (i + 0.5 + rng.uniform(-0.25, 0.25)) / count
        start = top + (bottom - top) * rng.uniform(0.0, 0.3)
        w = width * rng.uniform(0.7, 1.3)
        out.append((x, start, middle + (x - middle) * fan, bottom + 0.1, w, amount * rng.uniform(0.6, 1.3)))
    return out


def tube(
    c: Canvas, curve: Points, radius: float | Points, paint: Paint, flat: float = 0.0, cast: float = 0.3, seed: int = 0
) -> None:
    """A round bar along a curve (radius: one number, or one per point); flat near 1 makes it a strap."""
    px = c.frame.scale
    if np.ndim(radius) == 0:
        curve = thinned(curve, 0.12 / px)
    radii = np.broadcast_to(np.asarray(radius, dtype=np.float64), (len(curve),))
    x0, y0, x1, y1 = box_of(c.frame, curve, float(radii.max()) + 0.01)
    shape = (y1 - y0, x1 - x0)
    gap = np.full(shape, 9.0, dtype=np.float32)
    side = np.zeros(shape, dtype=np.float32)
    along = np.zeros(shape, dtype=np.float32)
    tx = np.ones(shape, dtype=np.float32)
    ty = np.zeros(shape, dtype=np.float32)
    rad = np.full(shape, float(radii.max()) * px, dtype=np.float32)
    nodes = c.frame.pixels(curve) - (x0 + 0.5, y0 + 0.5)
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    for i in range(len(nodes) - 1):
        (ax, ay), (bx, by) = nodes[i], nodes[i + 1]
        reach = max(radii[i], radii[i + 1]) * px + 2
        left, right = int(max(0, min(ax, bx) - reach)), int(min(shape[1], max(ax, bx) + reach + 2))
        t, b = int(max(0, min(ay, by) - reach)), int(min(shape[0], max(ay, by) + reach + 2))
        if left >= right or t >= b:
            continue
        length = float(np.hypot(bx - ax, by - ay))
        if length < 1e-6:
            continue
        ux, uy = (bx - ax) / length, (by - ay) / length
        dx = (np.arange(left, right, dtype=np.float32) - np.float32(ax))[None, :]
        dy = (np.arange(t, b, dtype=np.float32) - np.float32(ay))[:, None]
        raw = (dx * np.float32(ux) + dy * np.float32(uy)) * np.float32(1 / length)
        s = np.clip(raw, 0, 1)
        q = dy * np.float32(ux) - dx * np.float32(uy)
        over = (raw - s) * np.float32(length)
        distance = np.sqrt(q * q + over * over)
        here = (radii[i] + (radii[i + 1] - radii[i]) * s).astype(np.float32) * np.float32(px)
        box = (slice(t, b), slice(left, right))
        better = distance - here < gap[box]
        gap[box] = np.where(better, distance - here, gap[box])
        side[box] = np.where(better, q, side[box])
        rad[box] = np.where(better, here, rad[box])
        along[box] = np.where(better, np.float32(lengths[i]) + s * np.float32(lengths[i + 1] - lengths[i]), along[box])
        tx[box] = np.where(better, np.float32(ux), tx[box])
        ty[box] = np.where(better, np.float32(uy), ty[box])
    region = Region(c.frame, x0, y0, np.clip(0.5 - gap, 0, 1))
    across = np.clip(side / np.maximum(rad, 0.5), -1, 1)
    lift = across if flat == 0 else across * np.abs(across) ** np.float32(5 * flat) * np.float32(1 - 0.35 * flat)
    nx, ny = -ty * lift, tx * lift
    uv = (along, side * np.float32(1 / px))
    relief, tint, turned = c.texture(region, paint, uv)
    if relief is not None:
        gx, gy = slopes(relief, px)
        nx, ny = nx - gx, ny - gy
    nz = np.sqrt(np.maximum(1 - lift * lift, 0.02))
    norm = 1 / np.sqrt(nx * nx + ny * ny + nz * nz)
    c.lay(region, nx * norm, ny * norm, nz * norm, paint, turned, tint, cast)


def lathe(
    c: Canvas,
    profile: Sequence[tuple[float, float]] | Points,
    paint: Paint,
    cx: float = 0.0,
    tilt: float = 0.16,
    opening: float = 0.0,
    inside: Paint | None = None,
    cast: float = 0.3,
    top: bool = True,
    sharp: bool = False,
) -> None:
    """A body of revolution about a vertical axis, seen from slightly above.

    profile: (y, radius) from top to bottom; tilt: height of the ellipses by their width; opening: inner radius of an
    open top by the outer one (0: closed); inside: paint of the cavity; top: whether the top ellipse is a lid.
    """
    line = np.asarray(profile, dtype=np.float64)
    if not sharp:
        line = spline(line, steps=10)
    ys, rs = line[:, 0], np.maximum(line[:, 1], 1e-3)
    r_top, r_bottom = float(rs[0]), float(rs[-1])
    right = np.stack([cx + rs, ys], axis=1)
    body = path(
        ellipse(cx, float(ys[0]), r_top, r_top * tilt * (1 if top else -1), 180, 360, 40),
        right,
        ellipse(cx, float(ys[-1]), r_bottom, r_bottom * tilt, 0, 180, 40),
        right[::-1] * (-1, 1) + (2 * cx, 0),
    )
    foot = [ellipse(cx, float(ys[i]), float(rs[i]), float(rs[i]) * tilt) for i in range(max(0, len(ys) - 14), len(ys))]
    region = region_of(c.frame, [body, *foot], pad=0.01)
    x, y = region.xy
    samples = 1024
    low, high = float(ys.min()), float(ys.max())
    at = np.linspace(low, high, samples)
    table = np.interp(at, ys, rs).astype(np.float32)
    slope_table = np.gradient(table, at).astype(np.float32)
    kernel = np.ones(9) / 9
    slope_table = np.convolve(np.pad(slope_table, 4, mode="edge"), kernel, mode="valid").astype(np.float32)
    scale = np.float32((samples - 1) / max(high - low, 1e-6))

    def row(level: Field) -> npt.NDArray[np.int32]:
        out: npt.NDArray[np.int32] = np.clip((level - np.float32(low)) * scale, 0, samples - 1).astype(np.int32)
        return out

    level = y
    u = np.clip((x - np.float32(cx)) / table[row(level)], -1, 1)
    for _ in range(2):
        level = y - np.float32(tilt) * table[row(y)] * np.sqrt(np.maximum(1 - u * u, 0))
        u = np.clip((x - np.float32(cx)) / table[row(level)], -1, 1)
    index = row(level)
    slope = np.clip(slope_table[index], -6, 6)
    depth = np.sqrt(np.maximum(1 - u * u, 0))
    nx, ny, nz = u, -slope, depth + np.float32(0.02)
    around = (np.arcsin(u) * np.float32(rs.max()), level)
    relief, tint, uv = c.texture(region, paint, around)
    if relief is not None:
        gx, gy = slopes(relief, c.frame.scale)
        nx, ny = nx - gx, ny - gy
    ny = ny - np.float32(tilt * 0.4) * depth
    norm = 1 / np.sqrt(nx * nx + ny * ny + nz * nz)
    nx, ny = c.frame.rotate(nx * norm, ny * norm)
    c.lay(region, nx, ny, nz * norm, paint, uv, tint, cast)
    if opening > 0 and top:
        rim(c, cx, float(ys[0]), r_top, tilt, opening, paint.plain(), inside or paint.plain().tinted(0.8))
    elif top and r_top > 0.02:
        disc = region_of(c.frame, [ellipse(cx, float(ys[0]), r_top, r_top * tilt)])
        zero = np.zeros(disc.shape, dtype=np.float32)
        relief, tint, uv = c.texture(disc, paint)
        c.lay(disc, zero, zero - np.float32(0.5), zero + np.float32(0.866), paint.plain(), uv, tint)


def rim(
    c: Canvas,
    cx: float,
    cy: float,
    radius: float,
    tilt: float,
    opening: float,
    edge: Paint,
    inside: Paint,
    depth: float = 0.55,
) -> None:
    """The round opening of a vessel: a lip in `edge`, and the cavity, darker towards the near side's inner wall."""
    outer = region_of(c.frame, [ellipse(cx, cy, radius, radius * tilt)])
    zero = np.zeros(outer.shape, dtype=np.float32)
    c.lay(outer, zero, zero - np.float32(0.45), zero + np.float32(0.893), edge)
    inner = region_of(c.frame, [ellipse(cx, cy, radius * opening, radius * tilt * opening)], pad=0.01)
    x, y = inner.xy
    u = np.clip((x - np.float32(cx)) / np.float32(radius * opening), -1, 1)
    v = np.clip((y - np.float32(cy)) / np.float32(radius * tilt * opening), -1, 1)
    nx, nz = -u * np.float32(0.8), np.sqrt(np.maximum(1 - 0.64 * u * u, 0.05))
    ny = np.zeros_like(u) + np.float32(0.15)
    norm = 1 / np.sqrt(nx * nx + ny * ny + nz * nz)
    shade = 1 - np.float32(depth) * np.clip(0.75 - v * np.float32(0.55), 0, 1)
    nx, ny = c.frame.rotate(nx * norm, ny * norm)
    c.lay(inner, nx, ny, nz * norm, inside, tint=shade)


def stitch(c: Canvas, curve: Points, paint: Paint, pitch: float = 0.026, width: float = 0.007) -> None:
    """A row of stitches along an open curve, each with a dent below."""
    if pitch * c.frame.scale < 5:
        return
    region = region_of(c.frame, dashes(curve, pitch, width), pad=0.01)
    dent = Region(c.frame, region.x0, region.y0 + max(1, round(0.003 * c.frame.scale)), region.mask)
    c.darken(dent, 0.45)
    zero = np.zeros(region.shape, dtype=np.float32)
    c.lay(region, zero, zero - np.float32(0.3), zero + np.float32(0.954), paint)


def seam(c: Canvas, curve: Points, width: float = 0.012, amount: float = 0.35) -> None:
    """A crease: a soft dark line."""
    region = region_of(c.frame, [ribbon(resample(curve, 0.02), width)], pad=width * 2)
    soft = blur(region.mask, max(0.6, width * 0.45 * c.frame.scale))
    c.darken(Region(c.frame, region.x0, region.y0, soft), amount)


def shade(c: Canvas, outline: Points, amount: float, softness: float = 0.04) -> None:
    """Soft shadow of the given shape on what is there."""
    region = region_of(c.frame, [outline], pad=softness * 2.5)
    soft = blur(region.mask, softness * c.frame.scale)
    c.darken(Region(c.frame, region.x0, region.y0, soft), amount)


def flat(
    c: Canvas,
    outline: Points | Sequence[Points],
    paint: Paint,
    opacity: float = 1.0,
    cast: float = 0.0,
    holes: Sequence[Points] = (),
    lean: tuple[float, float] = (0.0, 0.0),
) -> None:
    """A thin even piece: a print, a label, a dial."""
    shapes = [outline] if isinstance(outline, np.ndarray) else list(outline)
    region = region_of(c.frame, shapes, holes)
    _relief, tint, uv = c.texture(region, paint)
    norm = np.float32(1 / np.sqrt(lean[0] ** 2 + lean[1] ** 2 + 1))
    zero = np.zeros(region.shape, dtype=np.float32)
    c.lay(
        region,
        zero + np.float32(lean[0]) * norm,
        zero + np.float32(lean[1]) * norm,
        zero + norm,
        paint,
        uv,
        tint,
        cast,
        opacity,
    )


def ball(
    c: Canvas, cx: float, cy: float, radius: float, paint: Paint, squash: float = 1.0, cast: float = 0.3, facet: int = 0
) -> None:
    """A ball, or with squash below 1 a button or stud; facet > 0 cuts it like a gem."""
    region = region_of(c.frame, [ellipse(cx, cy, radius, radius, steps=40)], pad=0.005)
    x, y = region.xy
    u, v = (x - np.float32(cx)) / np.float32(radius), (y - np.float32(cy)) / np.float32(radius)
    if facet:
        angle = np.arctan2(v, u)
        turn = np.round(angle * np.float32(facet / (2 * np.pi))) * np.float32(2 * np.pi / facet)
        r = np.hypot(u, v)
        level = np.where(r < 0.45, 0.0, np.where(r < 0.8, 0.55, 0.8)).astype(np.float32)
        u, v = np.cos(turn) * level, np.sin(turn) * level
    q = np.minimum(u * u + v * v, 0.97)
    nz = np.sqrt(1 - q)
    nx, ny = u * np.float32(squash), v * np.float32(squash)
    norm = 1 / np.sqrt(nx * nx + ny * ny + nz * nz)
    nx, ny = c.frame.rotate(nx * norm, ny * norm)
    c.lay(region, nx, ny, nz * norm, paint, cast=cast)
