"""Perceptual hash: near-identical pictures have hashes that differ in few bits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from shoplens.core.spaces import Pixels

_GRID = 32
_KEPT = 8
_MIDDLE = (_KEPT * _KEPT - 1) // 2


def _dct_basis() -> npt.NDArray[np.float64]:
    """The first rows of the orthonormal DCT-II matrix, [_KEPT, _GRID]: cos(pi * k * (2n + 1) / 2N)."""
    k, n = np.arange(_KEPT)[:, None], np.arange(_GRID)[None, :]
    basis = np.cos(np.pi * k * (2 * n + 1) / (2 * _GRID)) * np.sqrt(2 / _GRID)
    basis[0] /= np.sqrt(2)
    return np.asarray(basis, dtype=np.float64)


_BASIS = _dct_basis()


def phash(pixels: Pixels) -> int:
    """64 bits: which of the 8 x 8 lowest frequencies of a 32 x 32 grey version lie above their median.

    The method is pHash's (Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010). The
    constant term is in the grid but not in the median, so that brightness does not move the other bits.

    Args:
        pixels: uint8 [h, w, 3].
    """
    grey = Image.fromarray(pixels).convert("L").resize((_GRID, _GRID), Image.Resampling.BOX, reducing_gap=None)
    low = _BASIS @ np.asarray(grey, dtype=np.float64) @ _BASIS.T
    flat = low.ravel()
    bits = flat > np.sort(flat[1:])[_MIDDLE]  # their median, as there is an odd number of them
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def hamming(a: int, b: int) -> int:
    """In how many bits two hashes differ, 0 to 64. Up to about 8: the same picture, scaled or compressed again."""
    return (a ^ b).bit_count()
