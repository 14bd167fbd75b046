"""The step from a query's photos to their vectors: in daylight, and where the whole is like nothing, its best part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shoplens.core.notes import Note, note
from shoplens.core.ports import Encoder
from shoplens.core.query import Query
from shoplens.core.spaces import Pixels, Vectors
from shoplens.engine.copy_ports import RowIndex
from shoplens.engine.cropping import Cropper, nearest
from shoplens.engine.light import in_daylight

_LIKE = 0.65
"""Likeness of a whole photo to some picture of the shop from which on it is searched with as it is."""
_BETTER = 0.15
"""How much liker its best part has to be to be taken instead. Both chosen on dev (ADR 0018)."""


def vectors_of(query: Query, pixels: Sequence[Pixels], encoder: Encoder, index: RowIndex) -> tuple[Vectors, list[Note]]:
    """The vectors of a query's photos, float32 [n, d], and what was done that a shopper should know.

    ``pixels``: the photos, decoded and cropped as the query says, in its order.
    """
    lit = [in_daylight(photo) for photo in pixels]
    vectors, notes = encoder.encode_pictures(lit), []
    if not (query.find_crop and len(index)):
        return vectors, []
    for n, (photo, asked) in enumerate(zip(lit, query.pictures, strict=True)):
        if asked.crop is not None or asked.weight <= 0:
            continue
        like = nearest(index, vectors[n])
        if like >= _LIKE:
            continue
        looked = Cropper(encoder, index).look(photo, closely=False)
        best = looked.best(1)[0]
        if looked.likeness[best] >= like + _BETTER:
            vectors[n] = looked.vectors[best]
            crop = ",".join(f"{side:.3g}" for side in looked.boxes[best])
            notes.append(note("cropped", photo=n + 1, crop=crop))
    return np.asarray(vectors, np.float32), notes
