"""Daylight on a wall or a table: the pattern of window panes, or of leaves before the window."""

from __future__ import annotations

import numpy as np

from shoplens.training.rendering.curves import ellipse, spline
from shoplens.training.rendering.frame import Field, Frame, blur, region_of


def axes(size: int) -> tuple[Field, Field]:
    """x and y of each pixel in -1 to 1."""
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    return x, y


def daylight(size: int, rng: np.random.Generator) -> Field:
    """Light that falls in through a window: that of its panes, or the shade of leaves; (size, size), about 1."""
    if rng.random() < 0.55:
        return _panes(size, rng)
    return _leaves(size, rng)


def _panes(size: int, rng: np.random.Generator) -> Field:
    x, y = axes(size)
    slant = float(rng.uniform(0.35, 0.6))
    u = (x + y * np.float32(slant) + np.float32(rng.uniform(-0.2, 0.2))) / np.float32(1.35)
    v = (y - x * np.float32(0.16) + np.float32(rng.uniform(-0.1, 0.15))) / np.float32(1.5)
    inside = (np.abs(u) < 0.5) & (np.abs(v) < 0.62)
    bars = (np.abs(u) < 0.022) | (np.abs(np.abs(v) - 0.2) < 0.018)
    lit = blur((inside & ~bars).astype(np.float32), size * 0.012)
    return np.float32(0.86) + lit * np.float32(0.20)


def _leaves(size: int, rng: np.random.Generator) -> Field:
    """Two twigs with leaves between the window and the wall, out of focus."""
    frame = Frame.of(size)
    dark = np.zeros((size, size), dtype=np.float32)
    for _ in range(3):
        start = np.asarray([float(rng.uniform(-1.25, 0.5)), -1.2])
        heading = float(rng.uniform(0.7, 1.9))
        length = float(rng.uniform(0.9, 1.5))
        outlines = []
        for step in np.linspace(0.15, 1, 9):
            at = start + step * length * np.asarray([np.cos(heading), np.sin(heading)])
            for side in (-1, 1):
                angle = heading + side * float(rng.uniform(0.5, 0.9))
                long, wide = float(rng.uniform(0.16, 0.24)), float(rng.uniform(0.03, 0.05))
                middle = at + np.asarray([np.cos(angle), np.sin(angle)]) * long / 2
                leaf = ellipse(0, 0, long / 2, wide, 0, 360, 20)
                turned = leaf @ np.asarray([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
                outlines.append(turned + middle)
        end = start + length * np.asarray([np.cos(heading), np.sin(heading)])
        stem = np.asarray([[start[0] - 0.008, start[1]], [start[0] + 0.008, start[1]], end])
        region = region_of(frame, [*outlines, spline([tuple(p) for p in stem], closed=True)], pad=0.02)
        window = region.window()
        if window is None:
            continue
        rows, columns, inner_rows, inner_columns = window
        dark[rows, columns] = np.maximum(dark[rows, columns], region.mask[inner_rows, inner_columns])
    return np.float32(1.05) - blur(dark, size * 0.014) * np.float32(0.24)
