"""The port of face detectors: where on a picture faces are."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from shoplens.core.spaces import Pixels

Boxes = npt.NDArray[np.int64]
"""int64 [n, 4]: left, top, right, bottom in pixels, the last two outside; within the picture."""


class FaceDetector(Protocol):
    """Finds faces. Safe to call from several threads."""

    def faces(self, pixels: Pixels) -> Boxes:
        """The faces on a picture, uint8 [h, w, 3] sRGB."""
