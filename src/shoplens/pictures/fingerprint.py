"""Fingerprints: the very picture is known again though it was scaled, compressed, framed or cut a little.

A fingerprint has two parts, of the whole picture and of what is within its plain margins, so that a missing margin
changes nothing. Each part is 8 bytes of perceptual hash (``phash``), by which candidates are found, and 6 x 6 colours,
by which they are made sure of, since the hash is blind for colours and two variants of one design have the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from shoplens.core.spaces import Pixels
from shoplens.pictures.phash import phash

_SIDE = 96
"""Longest side, in pixels, at which pictures are looked at."""
_PLAIN = 20
"""How far a margin's pixels may lie from its colour, in grey levels of the most distant channel."""
_EVEN = 6
"""The same for a frame that a program has drawn."""
_NOISE = 0.02
"""Share of a margin's line that may lie further away: noise of JPEGs, dust."""
_SMALLEST = 0.25
"""What is left within margins, as a share of a side: less is no picture but a speck."""
_PADS = (0.025, 0.05)
"""What a photo may lack at its sides, as shares of what it has, when it is guessed how the whole was."""
_THUMB = 6
PART = 8 + _THUMB * _THUMB * 3
"""Bytes of a part: of the whole, and of what is within its margins."""


def fingerprint(pixels: Pixels) -> bytes:
    """The fingerprint of a picture, uint8 [h, w, 3], upright: two parts of PART bytes."""
    small = _small(pixels)
    return _of(small) + _of(_within(small, _rim(small), _PLAIN))


def fingerprints(pixels: Pixels) -> list[bytes]:
    """Parts, any of which may be one of the picture that a photo is: of the whole, of what is within its margins or a
    drawn frame, and of the whole as it may have been before something was cut off at all sides, or at two."""
    small = _small(pixels)
    rim, whole = _rim(small), _of(small)
    out = [whole]
    for plain in (_PLAIN, _EVEN):
        within = _within(small, rim, plain)
        out.append(whole if within is small else _of(within))
    height, width = small.shape[:2]
    for pad in _PADS:
        y, x = max(1, round(pad * height)), max(1, round(pad * width))
        for (top, bottom), (left, right) in (((y, y), (x, x)), ((2 * y, 0), (2 * x, 0)), ((0, 2 * y), (0, 2 * x))):
            high = np.concatenate([*[small[:1]] * top, small, *[small[-1:]] * bottom])
            out.append(_of(np.concatenate([*[high[:, :1]] * left, high, *[high[:, -1:]] * right], axis=1)))
    return list(dict.fromkeys(out))


def _small(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    scale = _SIDE / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX), np.uint8)


def _of(pixels: Pixels) -> bytes:
    image = Image.fromarray(pixels)
    small = image.resize((_THUMB, _THUMB), Image.Resampling.BOX)
    return phash(pixels).to_bytes(8, "big") + np.asarray(small, np.uint8).tobytes()


@dataclass(frozen=True, slots=True)
class _Rim:
    """The outermost pixels, int16 [n, 3], their colour, int16 [3], and how far each pixel of the whole lies from it."""

    pixels: npt.NDArray[np.int16]
    colour: npt.NDArray[np.int16]
    far: npt.NDArray[np.int16]


def _rim(pixels: Pixels) -> _Rim:
    rim = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]).astype(np.int16)
    colour = np.median(rim, axis=0).astype(np.int16)
    return _Rim(rim, colour, _far(pixels.astype(np.int16), colour))


def _within(pixels: Pixels, rim: _Rim, plain: int) -> Pixels:
    """The picture without its plain margins; the very array where it has none, or hardly anything would be left."""
    height, width = pixels.shape[:2]
    top, left, bottom, right = _content(rim, plain)
    if (top, left, bottom, right) == (0, 0, height, width):
        return pixels
    if bottom - top < _SMALLEST * height or right - left < _SMALLEST * width:
        return pixels
    return np.ascontiguousarray(pixels[top:bottom, left:right])


def _content(rim: _Rim, plain: int) -> tuple[int, int, int, int]:
    """The box (top, left, bottom, right) of what is not like the rim; the whole where the rim has no one colour."""
    height, width = rim.far.shape
    if (_far(rim.pixels, rim.colour) > plain).mean() > 0.2:  # the thing may reach the rim
        return 0, 0, height, width
    far = rim.far > plain
    rows, columns = np.flatnonzero(far.mean(axis=1) > _NOISE), np.flatnonzero(far.mean(axis=0) > _NOISE)
    if not len(rows) or not len(columns):
        return 0, 0, height, width
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def _far(pixels: npt.NDArray[np.int16], colour: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """How far pixels [..., 3] lie from a colour, in grey levels of the most distant channel."""
    apart = np.abs(pixels - colour)
    # Three channels side by side: over a last axis of three, ``max`` takes ten times as long.
    return np.asarray(np.maximum(np.maximum(apart[..., 0], apart[..., 1]), apart[..., 2]), np.int16)


def difference(a: bytes, b: bytes) -> float:
    """How far two parts' colours lie apart: root mean square over the 6 x 6 x 3, 0 to 255."""
    one, other = (np.frombuffer(p, np.uint8, offset=8).astype(np.float32) for p in (a, b))
    return float(np.sqrt(np.mean(np.square(one - other))))


__all__ = ["PART", "difference", "fingerprint", "fingerprints"]
