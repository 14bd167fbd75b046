"""Outlines: smooth closed curves, arcs, offsets and dashes, as arrays of points in shape units, shape (k, 2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shoplens.training.rendering.frame import Points

Pairs = Sequence[tuple[float, float] | Points] | Points


def polygon(points: Pairs) -> Points:
    """Points as an array; corners stay sharp."""
    return np.asarray(points, dtype=np.float64)


def spline(points: Pairs, closed: bool = False, steps: int = 12, tension: float = 0.5) -> Points:
    """Catmull-Rom curve through the points, `steps` samples per span."""
    p = np.asarray(points, dtype=np.float64)
    if closed:
        p = np.concatenate([p[-1:], p, p[:2]])
    else:
        p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = []
    for i in range(1, len(p) - 2):
        a, b, c, d = p[i - 1], p[i], p[i + 1], p[i + 2]
        m0, m1 = (c - a) * tension, (d - b) * tension
        parts.append(
            (2 * t**3 - 3 * t**2 + 1) * b + (t**3 - 2 * t**2 + t) * m0 + (-2 * t**3 + 3 * t**2) * c + (t**3 - t**2) * m1
        )
    if not closed:
        parts.append(p[-2:-1])
    return np.concatenate(parts)


def path(*parts: Pairs) -> Points:
    """Several pieces joined end to end into one outline."""
    return np.concatenate([np.asarray(part, dtype=np.float64) for part in parts])


def mirrored(half: Pairs) -> Points:
    """A closed outline, symmetric about x = 0, from its right half given from top to bottom."""
    h = np.asarray(half, dtype=np.float64)
    return np.concatenate([h, h[::-1] * (-1, 1)])


def moved(points: Points, dx: float, dy: float) -> Points:
    """Points shifted by (dx, dy)."""
    out: Points = points + np.asarray([dx, dy])
    return out


def flipped(points: Points) -> Points:
    """Mirror image about x = 0."""
    return points * (-1, 1)


def ellipse(
    cx: float, cy: float, rx: float, ry: float, start: float = 0.0, stop: float = 360.0, steps: int = 72
) -> Points:
    """Arc of an ellipse; angles in degrees, clockwise on the picture from the right."""
    a = np.radians(np.linspace(start, stop, steps))
    return np.stack([cx + rx * np.cos(a), cy + ry * np.sin(a)], axis=1)


def rounded_box(x0: float, y0: float, x1: float, y1: float, radius: float, steps: int = 8) -> Points:
    """Box with corners rounded by `radius`."""
    r = min(radius, abs(x1 - x0) / 2, abs(y1 - y0) / 2)
    return path(
        ellipse(x1 - r, y0 + r, r, r, -90, 0, steps),
        ellipse(x1 - r, y1 - r, r, r, 0, 90, steps),
        ellipse(x0 + r, y1 - r, r, r, 90, 180, steps),
        ellipse(x0 + r, y0 + r, r, r, 180, 270, steps),
    )


def smoothed(points: Pairs, radius: float, steps: int = 6) -> Points:
    """Closed polygon whose corners are rounded by at most `radius` (quadratic curve through each corner)."""
    p = np.asarray(points, dtype=np.float64)
    t = np.linspace(0, 1, steps)[:, None]
    out = []
    for i in range(len(p)):
        before, here, after = p[i - 1], p[i], p[(i + 1) % len(p)]
        la, lb = float(np.linalg.norm(before - here)), float(np.linalg.norm(after - here))
        a = here + (before - here) * (min(radius, la * 0.48) / max(la, 1e-9))
        b = here + (after - here) * (min(radius, lb * 0.48) / max(lb, 1e-9))
        out.append((1 - t) ** 2 * a + 2 * t * (1 - t) * here + t**2 * b)
    return np.concatenate(out)


def softened(outline: Points, radius: float) -> Points:
    """A closed outline whose corners are rounded by about `radius`, however finely it is drawn (a moving mean)."""
    pitch = radius / 3
    ring = resample(np.concatenate([outline, outline[:1]]), pitch)[:-1]
    out = np.zeros_like(ring)
    for k in range(-2, 3):
        out += np.roll(ring, k, axis=0)
    mean: Points = out / 5
    return mean


def resample(curve: Points, pitch: float) -> Points:
    """Points at equal distances of about `pitch` along an open curve."""
    steps = np.linalg.norm(np.diff(curve, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    count = max(2, round(along[-1] / pitch) + 1)
    at = np.linspace(0, along[-1], count)
    return np.stack([np.interp(at, along, curve[:, 0]), np.interp(at, along, curve[:, 1])], axis=1)


def normals(curve: Points) -> Points:
    """Unit normals (to the right of the direction of travel on the picture) of an open curve."""
    tangent = np.gradient(curve, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    return np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)


def offset(curve: Points, distance: float) -> Points:
    """An open curve moved sideways by `distance`."""
    return curve + normals(curve) * distance


def ribbon(curve: Points, width: float | Points) -> Points:
    """Closed outline of a band of `width` (a number, or one per point) around an open curve."""
    half = np.broadcast_to(np.asarray(width, dtype=np.float64) / 2, (len(curve),))[:, None]
    side = normals(curve) * half
    return np.concatenate([curve + side, (curve - side)[::-1]])


def dashes(curve: Points, pitch: float, width: float, share: float = 0.62) -> list[Points]:
    """Stitches along an open curve: small boxes of `width`, one per `pitch`, each `share` of it long."""
    nodes = resample(curve, pitch)
    a = nodes[:-1]
    b = a + (nodes[1:] - a) * share
    direction = b - a
    direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-9)
    side = np.stack([-direction[:, 1], direction[:, 0]], axis=1) * (width / 2)
    return list(np.stack([a + side, b + side, b - side, a - side], axis=1))


def inset(outline: Points, distance: float) -> Points:
    """A closed outline moved inwards by `distance` (whichever way round it runs; corners may bunch up)."""
    closed = np.concatenate([outline[-1:], outline, outline[:1]])
    tangent = closed[2:] - closed[:-2]
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    side = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    x, y = outline[:, 0], outline[:, 1]
    area = float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
    return outline + side * (distance if area > 0 else -distance)


def between(a: Points, b: Points, t: float) -> Points:
    """Point by point between two outlines of equal length."""
    return a * (1 - t) + b * t


def thinned(curve: Points, tolerance: float) -> Points:
    """The curve with points left out that lie within `tolerance` of a straight line between those kept."""
    keep = [0]
    start = 0
    for end in range(2, len(curve)):
        a, b = curve[start], curve[end]
        chord = b - a
        length = float(np.hypot(*chord))
        middle = curve[start + 1 : end] - a
        gap = np.abs(middle[:, 0] * chord[1] - middle[:, 1] * chord[0]) / max(length, 1e-9)
        if float(gap.max()) > tolerance or length > 0.5:
            start = end - 1
            keep.append(start)
    keep.append(len(curve) - 1)
    return curve[keep]
