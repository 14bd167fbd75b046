"""The photo of a query, from wherever a caller has it."""

from __future__ import annotations

from pathlib import Path

from shoplens.core.query import QueryPicture
from shoplens.errors import PictureError
from shoplens.pictures.sources import MAX_BYTES

Photo = str | Path | bytes | QueryPicture
"""A path, the bytes of a file, or a picture with its weight and crop."""


def photo_of(photo: Photo) -> QueryPicture:
    """A photo of a query from a path, bytes, or as it is. Raises PictureError when the file cannot be read."""
    if isinstance(photo, QueryPicture):
        return photo
    if isinstance(photo, bytes):
        return QueryPicture(photo)
    path = Path(photo)
    try:
        if path.exists() and not path.is_file():  # a pipe or a device may never end
            raise PictureError("this is no file", reason="refused", where=str(path), hint="give the photo's file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise PictureError(
                f"a photo of more than {MAX_BYTES >> 20} MB",
                reason="too_large",
                where=str(path),
                hint="make it smaller",
            )
        return QueryPicture(data, name=str(path))
    except OSError as error:
        raise PictureError(
            f"the photo cannot be read: {error.strerror}", reason="missing", where=str(path), hint="check the path"
        ) from error
