"""Where on a photo things stand out, by the patches of an encoder: a map, and boxes to look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shoplens.core.ports import Encoder
from shoplens.core.spaces import Pixels, unit

Floats = npt.NDArray[np.float32]
Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in shares of the photo's sides."""

_TILES = 3
"""Tiles a side, each half as long as the photo's, so that they overlap by half of one."""
_LIKE = 3
"""Patches of the rim that a patch is compared with: those most like it."""
_LEVELS = (0.35, 0.5, 0.65, 0.8)
"""Thresholds between the least and the greatest saliency at which boxes are looked for."""
_LEAST = 0.02
"""Smallest area of a box, as a share of the photo's."""
_RING = 0.06
"""How far around a box its surroundings reach, as a share of the photo's sides."""


def saliency(encoder: Encoder, photo: Pixels) -> Floats:
    """How little each place of a photo is like its rim, 0 to 1, float32 [2h, 2w] for patch maps of h x w.

    1 - the mean cosine to the three patches of the rim that are most like it, stretched so that the least is 0 and the
    greatest 1; all 0 where nothing stands out. What surrounds a thing reaches the rim as a rule, and things do not. The
    photo is looked at in nine overlapping tiles, so that a patch is half as large as one of the whole.
    """
    height, width = photo.shape[:2]
    steps = range(_TILES)
    corners = [(height * row // (_TILES + 1), width * column // (_TILES + 1)) for row in steps for column in steps]
    deep, wide = max(1, height // 2), max(1, width // 2)
    _, maps = encoder.encode_patches([_square(photo[y : y + deep, x : x + wide]) for y, x in corners])
    side = maps.shape[1]
    whole = np.zeros((2 * side, 2 * side, maps.shape[3]), np.float32)
    for n, patches in enumerate(maps):
        y, x = side * (n // _TILES) // 2, side * (n % _TILES) // 2
        whole[y : y + side, x : x + side] += unit(patches)
    grid = unit(whole)
    rim = np.concatenate([grid[0], grid[-1], grid[1:-1, 0], grid[1:-1, -1]])
    like = np.sort(grid @ rim.T, axis=-1)
    edge = np.zeros(grid.shape[:2], np.bool_)
    edge[[0, -1]] = edge[:, [0, -1]] = True
    # A patch of the rim is most like itself: that one is not counted.
    inner, outer = like[..., -_LIKE:].mean(axis=-1), like[..., -_LIKE - 1 : -1].mean(axis=-1)
    energy = 1 - np.where(edge, outer, inner)
    low, high = float(energy.min()), float(energy.max())
    if high - low < 1e-4:  # rounding
        return np.zeros(energy.shape, np.float32)
    return np.asarray((energy - low) / (high - low), np.float32)


def islands(energy: Floats) -> list[Box]:
    """Boxes around what stands out of a map of saliency, at several thresholds, each once."""
    height, width = energy.shape
    found: dict[Box, None] = {}
    for level in _LEVELS:
        for y0, x0, y1, x1 in _connected(energy > level):
            box = x0 / width, y0 / height, x1 / width, y1 / height
            if area(box) >= _LEAST:
                found[box] = None
    return list(found)


def windows() -> list[Box]:
    """Boxes of several sizes and shapes, spread over a photo."""
    out = []
    for size in (0.3, 0.42, 0.58, 0.75):
        for shape in (0.6, 1.0, 1.6):
            wide, high = size * shape**0.5, size / shape**0.5
            across, down = int(np.ceil((1 - wide) / (0.3 * wide))) + 1, int(np.ceil((1 - high) / (0.3 * high))) + 1
            lefts, tops = np.linspace(0, 1 - wide, max(1, across)), np.linspace(0, 1 - high, max(1, down))
            out += [(float(x), float(y), float(x) + wide, float(y) + high) for y in tops for x in lefts]
    return out


def contrast(energy: Floats, boxes: Sequence[Box]) -> npt.NDArray[np.float64]:
    """How much more salient boxes are than what is around them, times the root of their share of all, [n].

    (mean inside - mean of the surrounding ring) * sqrt(sum inside / sum of all)
    """
    some = np.asarray(boxes, np.float64).reshape(-1, 4)
    ring = np.clip(some + np.array([-_RING, -_RING, _RING, _RING]), 0, 1)
    size = energy.shape[0] * energy.shape[1]
    sums = np.pad(energy.astype(np.float64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    inside, both = _sum(sums, some), _sum(sums, ring)
    areas, wider = _areas(some) * size, _areas(ring) * size
    around = (both - inside) / np.maximum(wider - areas, 1e-6)
    share = np.maximum(inside, 0.0) / max(float(sums[-1, -1]), 1e-9)
    return np.asarray((inside / np.maximum(areas, 1e-6) - around) * np.sqrt(share), np.float64)


def moved(box: Box, by: float) -> list[Box]:
    """A box with one side a little further out or in, or all of them; ``by``: as a share of its own sides."""
    wide, high = box[2] - box[0], box[3] - box[1]
    step = np.array([wide, high, wide, high]) * by
    moves = [sign * np.eye(4)[side] for side in range(4) for sign in (-1, 1)]
    moves += [sign * np.array([0.5, 0.5, -0.5, -0.5]) for sign in (-1, 1)]
    out = []
    for move in moves:
        x0, y0, x1, y1 = np.clip(np.asarray(box) + move * step, 0, 1).tolist()
        if x1 - x0 > 0.08 and y1 - y0 > 0.08:
            out.append((x0, y0, x1, y1))
    return out


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes."""
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(0.0, wide) * max(0.0, high)
    return both / (area(a) + area(b) - both)


def area(box: Box) -> float:
    """Of a box, as a share of the photo's."""
    return (box[2] - box[0]) * (box[3] - box[1])


def apart(boxes: Sequence[Box], scores: Sequence[float], most: int, limit: float) -> list[int]:
    """Places of the best boxes, best first, none of which overlaps a better one by more than ``limit``."""
    kept: list[int] = []
    for at in sorted(range(len(boxes)), key=lambda n: (-scores[n], boxes[n])):
        if len(kept) == most:
            break
        if all(overlap(boxes[at], boxes[other]) <= limit for other in kept):
            kept.append(at)
    return kept


def cut(photo: Pixels, box: Box) -> Pixels:
    """The part of a photo in a box, one pixel at the least."""
    height, width = photo.shape[:2]
    x0, y0 = min(int(box[0] * width), width - 1), min(int(box[1] * height), height - 1)
    x1, y1 = max(x0 + 1, round(box[2] * width)), max(y0 + 1, round(box[3] * height))
    return np.ascontiguousarray(photo[y0:y1, x0:x1])


def _areas(boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), np.float64)


def _sum(sums: npt.NDArray[np.float64], boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The sums of a map within boxes, patches at the edges by their share, from its sums above and to the left."""
    height, width = sums.shape[0] - 1, sums.shape[1] - 1

    def at(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        x, y = x * width, y * height
        left, top = np.minimum(x.astype(np.intp), width - 1), np.minimum(y.astype(np.intp), height - 1)
        right, down = x - left, y - top
        upper = sums[top, left] * (1 - right) + sums[top, left + 1] * right
        lower = sums[top + 1, left] * (1 - right) + sums[top + 1, left + 1] * right
        return np.asarray(upper * (1 - down) + lower * down, np.float64)

    x0, y0, x1, y1 = boxes.T
    return at(x1, y1) - at(x0, y1) - at(x1, y0) + at(x0, y0)


def _connected(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """The boxes (top, left, bottom, right) of what hangs together in a mask, side by side."""
    left = {(int(y), int(x)) for y, x in np.argwhere(mask)}
    out = []
    while left:
        todo = [left.pop()]
        seen = list(todo)
        while todo:
            y, x = todo.pop()
            for near in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if near in left:
                    left.remove(near)
                    todo.append(near)
                    seen.append(near)
        rows, columns = [y for y, _ in seen], [x for _, x in seen]
        out.append((min(rows), min(columns), max(rows) + 1, max(columns) + 1))
    return sorted(out)


def _square(tile: Pixels) -> Pixels:
    """A tile stretched to a square by repeating pixels, so that its patches lie on one grid whatever its shape."""
    side = max(tile.shape[:2])
    rows, columns = np.arange(side) * tile.shape[0] // side, np.arange(side) * tile.shape[1] // side
    return np.ascontiguousarray(tile[rows][:, columns])
