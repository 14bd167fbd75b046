"""Where shapes meet pixels: the affine frame, regions of it, and smooth fields over them.

Shape units: the picture spans [-1, 1] in x (to the right) and in y (downwards); a frame maps units to work pixels.
All fields are float32 arrays of shape (height, width) over a region's box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Field = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Frame:
    """Affine map from shape units to work pixels: pixel = matrix @ (x, y) + shift, on an n by n raster."""

    n: int
    matrix: tuple[float, float, float, float]
    shift: tuple[float, float]

    @staticmethod
    def of(
        n: int,
        zoom: float = 1.0,
        turn: float = 0.0,
        squeeze: float = 1.0,
        centre: tuple[float, float] = (0, 0),
        at: tuple[float, float] = (0, 0),
        mirror: bool = False,
    ) -> Frame:
        """Frame that shows `centre` at picture position `at`, zoomed, squeezed in x, and turned by `turn` radians."""
        half = n / 2
        sx = zoom * half * squeeze * (-1 if mirror else 1)
        sy = zoom * half
        cos, sin = float(np.cos(turn)), float(np.sin(turn))
        a, b, c, d = cos * sx, -sin * sy, sin * sx, cos * sy
        px = half * (1 + at[0]) - (a * centre[0] + b * centre[1])
        py = half * (1 + at[1]) - (c * centre[0] + d * centre[1])
        return Frame(n, (a, b, c, d), (px, py))

    @cached_property
    def scale(self) -> float:
        """Work pixels per shape unit (geometric mean of both axes)."""
        a, b, c, d = self.matrix
        return float(np.sqrt(abs(a * d - b * c)))

    @cached_property
    def inverse(self) -> tuple[float, float, float, float]:
        """The inverse of `matrix`, row by row."""
        a, b, c, d = self.matrix
        det = a * d - b * c
        return d / det, -b / det, -c / det, a / det

    def pixels(self, points: Points) -> Points:
        """Map points of shape (k, 2) from units to pixels."""
        a, b, c, d = self.matrix
        x, y = points[:, 0], points[:, 1]
        return np.stack([a * x + b * y + self.shift[0], c * x + d * y + self.shift[1]], axis=1)

    def rotate(self, nx: Field, ny: Field) -> tuple[Field, Field]:
        """Turn the in-plane part of normals from shape axes to picture axes."""
        a, b, c, d = (np.float32(v / self.scale) for v in self.matrix)
        return a * nx + b * ny, c * nx + d * ny


class Region:
    """A box of the raster (it may hang over the raster's edge) with the coverage of a shape in it."""

    def __init__(self, frame: Frame, x0: int, y0: int, mask: Field) -> None:
        self.frame = frame
        self.x0 = x0
        self.y0 = y0
        self.mask = mask

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the box in work pixels."""
        return self.mask.shape[0], self.mask.shape[1]

    def grid(self, step: float = 1.0) -> tuple[Field, Field]:
        """Shape coordinates (x, y) of the box's pixels, or of a grid coarser by `step`."""
        height, width = self.shape
        if step == 1.0:
            rows = np.arange(height, dtype=np.float32)
            columns = np.arange(width, dtype=np.float32)
        else:
            h, w = coarse(height, step), coarse(width, step)
            rows = (np.arange(h, dtype=np.float32) + 0.5) * (height / h) - 0.5
            columns = (np.arange(w, dtype=np.float32) + 0.5) * (width / w) - 0.5
        px = columns + np.float32(self.x0 + 0.5 - self.frame.shift[0])
        py = rows + np.float32(self.y0 + 0.5 - self.frame.shift[1])
        a, b, c, d = (np.float32(v) for v in self.frame.inverse)
        x = a * px[None, :] + (b * py)[:, None]
        y = c * px[None, :] + (d * py)[:, None]
        return x, y

    @cached_property
    def xy(self) -> tuple[Field, Field]:
        """Shape coordinates of every pixel of the box."""
        return self.grid()

    def window(self) -> tuple[slice, slice, slice, slice] | None:
        """Slices (raster rows, raster columns, box rows, box columns) of the part inside the raster, or None."""
        n = self.frame.n
        height, width = self.shape
        top, left = max(self.y0, 0), max(self.x0, 0)
        bottom, right = min(self.y0 + height, n), min(self.x0 + width, n)
        if top >= bottom or left >= right:
            return None
        return (
            slice(top, bottom),
            slice(left, right),
            slice(top - self.y0, bottom - self.y0),
            slice(left - self.x0, right - self.x0),
        )


def coarse(length: int, step: float) -> int:
    """How many samples a side of `length` pixels has on a grid coarser by `step`."""
    return max(4, round(length / step))


def box_of(frame: Frame, points: Points, pad: float) -> tuple[int, int, int, int]:
    """Pixel box (x0, y0, x1, y1) around points in units with `pad` units, clipped a fifth outside of the raster."""
    pixels = frame.pixels(points)
    margin = pad * frame.scale + 2
    low, high = -frame.n // 5, frame.n + frame.n // 5
    x0, y0 = np.clip(np.floor(pixels.min(axis=0) - margin), low, high - 4).astype(int)
    x1, y1 = np.clip(np.ceil(pixels.max(axis=0) + margin), low + 4, high).astype(int)
    return int(x0), int(y0), max(int(x1), int(x0) + 4), max(int(y1), int(y0) + 4)


def region_of(frame: Frame, shapes: Sequence[Points], holes: Sequence[Points] = (), pad: float = 0.0) -> Region:
    """Antialiased coverage of the union of closed polygons less the holes (drawn at twice the raster, then reduced)."""
    x0, y0, x1, y1 = box_of(frame, np.concatenate(list(shapes)), pad)
    image = Image.new("L", ((x1 - x0) * 2, (y1 - y0) * 2), 0)
    draw = ImageDraw.Draw(image)
    for fill, polygons in ((255, shapes), (0, holes)):
        for polygon in polygons:
            pixels = (frame.pixels(polygon) - (x0, y0)) * 2 - 0.5
            draw.polygon([(float(px), float(py)) for px, py in pixels], fill=fill)
    mask = np.asarray(image.reduce(2), dtype=np.float32) * np.float32(1 / 255)
    return Region(frame, x0, y0, mask)


def resize(field: Field, height: int, width: int, how: Image.Resampling = Image.Resampling.BICUBIC) -> Field:
    """Resample a field to (height, width)."""
    if field.shape == (height, width):
        return field
    image = Image.fromarray(np.ascontiguousarray(field, dtype=np.float32), mode="F")
    return np.asarray(image.resize((width, height), how), dtype=np.float32)


@lru_cache(maxsize=256)
def _kernel(length: int, sigma: float) -> Field:
    """Dense Gaussian matrix (length, length): rows sum to one only away from the edges (outside counts as zero)."""
    index = np.arange(length, dtype=np.float32)
    weights = np.exp(-0.5 * ((index[:, None] - index[None, :]) / np.float32(sigma)) ** 2)
    out: Field = (weights / np.float32(sigma * np.sqrt(2 * np.pi))).astype(np.float32)
    return out


def blur(field: Field, sigma: float) -> Field:
    """Gaussian blur with `sigma` in pixels; outside of the field counts as zero.

    The field is reduced until sigma is about a sample, blurred by two matrix products, and brought back.
    """
    height, width = field.shape
    if sigma < 0.4:
        return field
    if sigma < 1.6:
        return _few_taps(field, sigma)
    step = sigma / 1.25
    h, w = coarse(height, step), coarse(width, step)
    small = resize(field, h, w, Image.Resampling.BOX)
    soft = _kernel(h, round(sigma * h / height, 3)) @ small @ _kernel(w, round(sigma * w / width, 3)).T
    return resize(soft.astype(np.float32), height, width)


def _few_taps(field: Field, sigma: float) -> Field:
    """Small Gaussian blur by shifted sums along both axes."""
    reach = min(int(np.ceil(2.3 * sigma)), min(field.shape) - 1)
    weights = np.exp(-0.5 * (np.arange(reach + 1) / sigma) ** 2)
    weights = (weights / (2 * weights.sum() - weights[0])).astype(np.float32)
    for _ in range(2):
        out = field * weights[0]
        for k in range(1, reach + 1):
            out[k:] += weights[k] * field[:-k]
            out[:-k] += weights[k] * field[k:]
        field = np.ascontiguousarray(out.T)
    return field


def rounded(region: Region, radius: float) -> Field:
    """Height (units) of a slab with an edge rounded by `radius` units: 0 at the outline, `radius` inside."""
    soft = blur(region.mask, max(0.5, radius * region.frame.scale * 0.55))
    t = np.clip(soft * 2.2 - 1.1, 0, 1)
    out: Field = np.sqrt(np.maximum(1 - (1 - t) ** 2, 0)) * np.float32(radius)
    return out


def slopes(height: Field, scale: float) -> tuple[Field, Field]:
    """Gradient of a height field in units, along picture x and y, by central differences."""
    gx = np.empty_like(height)
    gy = np.empty_like(height)
    half = np.float32(scale / 2)
    np.subtract(height[:, 2:], height[:, :-2], out=gx[:, 1:-1])
    gx[:, 0] = gx[:, 1]
    gx[:, -1] = gx[:, -2]
    np.subtract(height[2:], height[:-2], out=gy[1:-1])
    gy[0] = gy[1]
    gy[-1] = gy[-2]
    gx *= half
    gy *= half
    return gx, gy


@lru_cache(maxsize=16)
def noise_tile(kind: str, size: int = 512) -> Field:
    """A tile (size, size) of band-limited noise, zero mean and unit deviation, that repeats without a seam.

    "fine": features of about 8 samples; "soft": about 40; "fibre": long along x; "cells": like pebbled leather.
    """
    rng = np.random.default_rng(20_24 + len(kind) * 7)
    fy = np.fft.fftfreq(size)[:, None] * size
    fx = np.fft.rfftfreq(size)[None, :] * size
    if kind == "fibre":
        band = np.exp(-((fx / 12) ** 2) - (fy / 90) ** 2) * (np.hypot(fx, fy) > 3)
    elif kind == "soft":
        radius = np.hypot(fx, fy)
        band = np.exp(-((radius / 14) ** 2)) * (radius > 1)
    else:
        radius = np.hypot(fx, fy)
        band = np.exp(-(((radius - 60) / 22) ** 2))
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * band
    tile = np.fft.irfft2(spectrum, s=(size, size))
    tile /= tile.std()
    if kind == "cells":
        tile = 1.0 - np.abs(tile) * 1.3
        tile -= tile.mean()
        tile /= tile.std()
    return tile.astype(np.float32)


def sample_noise(kind: str, u: Field, v: Field, cell: float, stretch: float = 1.0) -> Field:
    """Noise at coordinates u, v (units) with features of about `cell` units, `stretch` times longer along u."""
    tile = noise_tile(kind)
    size = tile.shape[0]
    per = {"soft": 40.0, "fibre": 8.0}.get(kind, 8.0) / cell
    columns = (u * np.float32(per / stretch)).astype(np.int32) & (size - 1)
    rows = (v * np.float32(per)).astype(np.int32) & (size - 1)
    out: Field = tile[rows, columns]
    return out


def smooth_noise(
    region: Region, rng: np.random.Generator, cell: float, squash: tuple[float, float] = (1, 1), turn: float = 0.0
) -> Field:
    """Smooth noise over a region, about unit deviation, features of `cell` units times `squash` along turned axes."""
    step = max(1.0, cell * min(squash) * region.frame.scale / 5)
    x, y = region.grid(step)
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    u = (x * cos + y * sin) * np.float32(1 / (cell * squash[0])) + np.float32(rng.uniform(50, 400))
    v = (y * cos - x * sin) * np.float32(1 / (cell * squash[1])) + np.float32(rng.uniform(50, 400))
    tile = noise_tile("soft")
    size = tile.shape[0]
    fu, fv = u * 16, v * 16
    iu, iv = np.floor(fu).astype(np.int32), np.floor(fv).astype(np.int32)
    au, av = fu - iu, fv - iv
    iu &= size - 1
    iv &= size - 1
    ju, jv = (iu + 1) & (size - 1), (iv + 1) & (size - 1)
    low = tile[iv, iu] * (1 - au) + tile[iv, ju] * au
    high = tile[jv, iu] * (1 - au) + tile[jv, ju] * au
    height, width = region.shape
    return resize((low * (1 - av) + high * av).astype(np.float32), height, width)
