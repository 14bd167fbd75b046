"""Bytes of unknown origin -> Decoded, in this process. Serving goes through ``pool.DecodePool`` instead."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from shoplens.core.ports import Decoded
from shoplens.core.query import Crop, QueryPicture
from shoplens.errors import PictureError, QueryError, ShopLensError
from shoplens.pictures.limits import Limits
from shoplens.pictures.raster import Box, rasterise

MAX_SIDE = 8192
"""Largest side that can be asked for, in pixels."""


def decode(data: bytes, side: int, crop: Crop | None = None, limits: Limits | None = None) -> Decoded:
    """Safe, upright sRGB pixels of a picture.

    JPEG, PNG, WebP, GIF (first frame), AVIF, and HEIC with the extra, recognised by their first bytes alone. The EXIF
    orientation is applied, colour profiles are converted to sRGB, transparent parts are laid on white. Reduced with
    antialiasing so that the shortest side is ``side`` (never enlarged) and the long side at most 4 * ``side``; JPEGs
    are decoded at 1/2, 1/4 or 1/8 where at least 1.5 times the resolution asked for remains.

    Args:
        side: shortest side of the pixels, 1 to MAX_SIDE.
        crop: the part of the upright picture to take, before it is reduced.

    Raises:
        PictureError: the picture is rejected; ``reason`` is one of ``limits.REASONS``.
        MissingExtraError: a HEIC picture without the extra.
        QueryError: ``side`` is out of range.
    """
    check_side(side)
    raster = rasterise(data, side, box_of(crop), limits or Limits())
    pixels = np.frombuffer(raster.rgb, dtype=np.uint8).reshape(raster.rows, raster.columns, 3)
    return Decoded(
        pixels, raster.width, raster.height, raster.format, hashlib.sha256(data).hexdigest(), raster.warnings
    )


def check_side(side: int) -> None:
    """Raises QueryError unless 1 <= side <= MAX_SIDE."""
    if not 1 <= side <= MAX_SIDE:
        raise QueryError(f"a side of {side} pixels", where="side", hint=f"ask for 1 to {MAX_SIDE}")


def box_of(crop: Crop | None) -> Box | None:
    """The crop as plain numbers."""
    return None if crop is None else (crop.x0, crop.y0, crop.x1, crop.y1)


class InlineDecoder:
    """The port PictureDecoder without processes: for tests and for pictures of one's own making.

    No protection against decoders that hang or crash, nor against their memory: strangers' pictures belong in a
    DecodePool.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._closed = False

    def decode(self, data: bytes, side: int, crop: Crop | None = None) -> Decoded:
        """See ``decode``."""
        if self._closed:
            raise closed_error()
        return decode(data, side, crop, self._limits)

    def decode_photos(self, photos: Sequence[QueryPicture], side: int) -> list[Decoded]:
        """The photos of a query, however long they take; see ``DecodePool.decode_photos``."""
        return each_photo(photos, lambda photo: self.decode(photo.data, side, photo.crop))

    def decode_many(self, pictures: Iterable[bytes], side: int) -> Iterator[Decoded | Exception]:
        """One after the other; a rejected one is a PictureError (or MissingExtraError) in its place."""
        for data in pictures:
            try:
                yield self.decode(data, side)
            except (PictureError, ShopLensError) as problem:
                if self._closed or isinstance(problem, QueryError):
                    raise
                yield problem

    def close(self) -> None:
        """After this, decoding is refused."""
        self._closed = True


def each_photo(photos: Sequence[QueryPicture], decode: Callable[[QueryPicture], Decoded]) -> list[Decoded]:
    """Decodes one after the other; an error names its photo, as a query may have several."""
    out = []
    for number, photo in enumerate(photos, 1):
        try:
            out.append(decode(photo))
        except PictureError as error:
            error.where = error.where or photo.name or f"image {number}"
            raise
    return out


def closed_error() -> ShopLensError:
    """What a decoder says after ``close()``."""
    return ShopLensError("the decoder was closed", where="pictures", hint="open a new one")
