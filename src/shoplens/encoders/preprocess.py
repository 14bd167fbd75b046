"""Pixels -> what the image tower reads. One definition, used in training and in serving alike.

A picture is scaled so that its longer side is ``resolution`` and laid on a white square. The resize is
antialiased (bicubic, support grown with the reduction), so that a 12 MP photo and its thumbnail give
nearly the same square. Normalisation is part of the ONNX graph: what leaves here is uint8.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]

PREPROCESSING = "letterbox-white-bicubic-v1"
"""Name of this preprocessing, kept in the encoder card: a tower trained with another one is refused."""

_WHITE = 255
# Pillow first halves by box filter down to three times the target, then filters: as sharp, several times faster.
_REDUCING_GAP = 3.0


def letterbox(picture: Pixels, resolution: int) -> Pixels:
    """The picture, centred on a white square.

    ``picture`` uint8 [h, w, 3], RGB, upright. Returns uint8 [resolution, resolution, 3].
    The longer side becomes ``resolution`` exactly; the shorter is rounded, and at least 1 pixel.
    Odd margins put the extra row or column below or to the right. Raises ValueError for another shape or type.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or 0 in picture.shape:
        raise ValueError(f"a picture is uint8 [h, w, 3], not {picture.dtype} {list(picture.shape)}")
    height, width = int(picture.shape[0]), int(picture.shape[1])
    scale = resolution / max(height, width)
    new_h, new_w = max(1, round(height * scale)), max(1, round(width * scale))
    if (new_h, new_w) == (height, width):
        small = picture
    else:
        image = Image.fromarray(np.ascontiguousarray(picture))
        resized = image.resize((new_w, new_h), Image.Resampling.BICUBIC, reducing_gap=_REDUCING_GAP)
        small = np.asarray(resized, dtype=np.uint8)
    if new_h == new_w == resolution:
        return small
    square = np.full((resolution, resolution, 3), _WHITE, dtype=np.uint8)
    top, left = (resolution - new_h) // 2, (resolution - new_w) // 2
    square[top : top + new_h, left : left + new_w] = small
    return square


def to_batch(pictures: Iterable[Pixels], resolution: int) -> Pixels:
    """Letterboxed pictures as one array, uint8 [n, resolution, resolution, 3]; n may be 0."""
    squares = [letterbox(picture, resolution) for picture in pictures]
    if not squares:
        return np.zeros((0, resolution, resolution, 3), dtype=np.uint8)
    return np.stack(squares)


def content_box(height: int, width: int, resolution: int) -> tuple[int, int, int, int]:
    """Where the picture lies in its letterboxed square: (left, top, right, bottom) in pixels of the square.

    Needed to lay a map of patches back onto the picture it came from.
    """
    scale = resolution / max(height, width)
    new_h, new_w = max(1, round(height * scale)), max(1, round(width * scale))
    top, left = (resolution - new_h) // 2, (resolution - new_w) // 2
    return left, top, left + new_w, top + new_h
