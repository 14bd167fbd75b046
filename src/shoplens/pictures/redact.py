"""Pictures to show: painted again from pixels alone, so that nothing of the original file is in them."""

from __future__ import annotations

import io
from typing import Literal

from PIL import Image

from shoplens.core.ports import Decoded
from shoplens.core.spaces import Pixels


def repaint(picture: Decoded | Pixels, side: int, quality: int = 85, format: Literal["JPEG", "WEBP"] = "JPEG") -> bytes:
    """A new file from pixels alone: no EXIF (place, camera, names), no profile, no comment.

    Args:
        picture: uint8 [h, w, 3] sRGB, or a Decoded.
        side: longest the shortest side may be; larger pictures are reduced, smaller ones stay.
        quality: 1 to 95, as the format understands it.
    """
    image = Image.fromarray(picture.pixels if isinstance(picture, Decoded) else picture)
    factor = side / min(image.size)
    if factor < 1:
        size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
        image = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    out = io.BytesIO()
    if format == "WEBP":
        image.save(out, "WEBP", quality=quality, method=2)
    else:
        image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
