"""Masks: bool by product, variant or row number."""

from __future__ import annotations

import numpy as np

from shoplens.core.ports import Mask


def fit(mask: Mask, size: int) -> Mask:
    """A mask cut or filled with False to a size: what an older or newer state does not know is not in it."""
    if len(mask) >= size:
        return mask[:size]
    out = np.zeros(size, np.bool_)
    out[: len(mask)] = mask
    return out
