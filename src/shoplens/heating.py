"""Heat maps on request: where on a picture of the catalogue a query is, as numbers and drawn over the picture."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from shoplens.core.ports import Encoder, PictureDecoder
from shoplens.core.query import Query
from shoplens.core.spaces import Pixels
from shoplens.core.why import Heat
from shoplens.encoders.heat import heat
from shoplens.encoders.preprocess import content_box
from shoplens.errors import PictureError, QueryError

SIDE = 256
"""Shortest side, in pixels, at which the picture is looked at."""
_CELLS = 24
"""Cells of the map along the longer side: four for each patch, as the patches are read smoothly."""
_SQUARE = 96
_HOT = np.array([255.0, 80.0, 0.0])
"""The colour that is laid over a picture where the query is."""


def heat_of(
    picture: str,
    query: Query | str,
    encoder: Encoder,
    decoder: PictureDecoder,
    thumbnail: Callable[[str, int], bytes],
) -> Heat:
    """Where on a picture the query's first photo is; without photos its words; without words its first seed's picture.

    Args:
        picture: the picture's hash.
        query: or its words alone.
        thumbnail: a picture of the catalogue, by its hash and shortest side.

    Raises:
        QueryError: there is nothing in the query to look for.
        NotFoundError, PictureError: the picture, or the photo, cannot be had.
        EncoderError: the encoder cannot tell.
    """
    query = Query(words=query) if isinstance(query, str) else query
    pixels = decoder.decode(thumbnail(picture, SIDE), SIDE).pixels
    photos = [photo for photo in query.pictures if photo.weight > 0]
    if photos:
        part = f"image {query.pictures.index(photos[0]) + 1}"
        try:
            shown = decoder.decode_photos(photos[:1], SIDE)[0].pixels
        except PictureError as error:
            error.where = photos[0].name or part
            raise
        vector = encoder.encode_pictures([shown])[0]
    elif query.words.strip():
        part, vector = "words", encoder.encode_words([query.words])[0]
    else:
        raise QueryError("there is nothing to look for on the picture", where="q", hint="give words or a photo")
    _, patches = encoder.encode_patches([pixels])
    return Heat(picture, part, _over(heat(patches[0], vector), pixels))


def drawn(found: Heat, picture: bytes) -> bytes:
    """A heat map over its picture, as a JPEG: what is cold is pale, what is hot has its colours and an orange glow.

    Args:
        picture: the picture's file.
    """
    with Image.open(BytesIO(picture)) as opened:
        image = opened.convert("RGB")
    energy = np.asarray(found.energy, np.float32)
    top = float(energy.max()) or 1.0
    small = Image.fromarray(np.uint8(255 * np.sqrt(energy / top)))
    hot = np.asarray(small.resize(image.size, Image.Resampling.BICUBIC), np.float32)[..., None] / 255
    own = np.asarray(image, np.float32)
    pale = 0.35 * own + 0.65 * 235
    mixed = (1 - hot) * pale + hot * (0.62 * own + 0.38 * _HOT)
    out = BytesIO()
    Image.fromarray(np.uint8(np.clip(mixed, 0, 255))).save(out, "JPEG", quality=85)
    return out.getvalue()


def _over(energy: npt.NDArray[np.float32], pixels: Pixels) -> tuple[tuple[float, ...], ...]:
    """The energy of patches of the letterboxed square as that of the picture's own cells, of sum 1."""
    height, width = int(pixels.shape[0]), int(pixels.shape[1])
    square = Image.fromarray(energy.astype(np.float32)).resize((_SQUARE, _SQUARE), Image.Resampling.BILINEAR)
    cut = square.crop(content_box(height, width, _SQUARE))
    scale = _CELLS / max(height, width)
    cells = cut.resize((max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BOX)
    found = np.maximum(np.asarray(cells, np.float64), 0.0)
    total = float(found.sum())
    found = found / total if total > 0 else np.full(found.shape, 1 / found.size)
    return tuple(tuple(round(float(share), 6) for share in row) for row in found)


__all__ = ["drawn", "heat_of"]
