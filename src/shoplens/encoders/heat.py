"""Where on a photo the words are: a map of energy over its patches."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def heat(patches: Floats, vector: Floats) -> Floats:
    """The share of each patch in a photo's likeness to a vector, float32 [h, w], of sum 1; equal shares where no patch
    is more like it than another.

    Likeness is the mean over patches of patch . vector (see ``DualOnnxEncoder.encode_patches``); a patch's energy is
    the square of what it has above that mean, so that what all patches share, such as a white background, has none.

    Args:
        patches: float32 [h, w, d], of one photo. They cover the letterboxed square; where in it the photo lies is told
            by ``shoplens.encoders.preprocess.content_box``.
        vector: float32 [d], of the words.
    """
    likeness = patches @ vector
    above = np.square(np.maximum(likeness - likeness.mean(), 0.0))
    total = float(above.sum())
    if total <= 0.0:
        return np.full(likeness.shape, 1.0 / likeness.size, np.float32)
    energy: Floats = (above / total).astype(np.float32)
    return energy
