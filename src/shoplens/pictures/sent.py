"""Pictures of products that were sent to the service: kept in the shop's folder, named by what they are.

A product names one by its location, ``upload:HASH``. What is kept is painted anew from pixels: nothing else of a file
that a stranger has made lies on the disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from pathlib import Path

from shoplens.errors import StoreError

FOLDER = "uploads/sent"
"""In the shop's folder."""
PREFIX = "upload:"
_LOCATION = re.compile(rf"{PREFIX}([0-9a-f]{{64}})")


def name_of(location: str) -> str | None:
    """The file of a location in the folder; None for a location of another kind."""
    found = _LOCATION.fullmatch(location)
    return f"{found[1]}.jpg" if found else None


def keep(folder: Path, data: bytes) -> str:
    """Keeps a picture's file, on the disk when this returns; the same one is kept once. Returns its SHA-256 (hex).

    Raises:
        StoreError: the disk refuses.
    """
    digest = hashlib.sha256(data).hexdigest()
    path = folder / f"{digest}.jpg"
    part = folder / f".{digest}.{os.getpid()}.{os.urandom(4).hex()}.part"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.is_file():
            with part.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise StoreError(
            f"the picture cannot be kept: {error.strerror or error}", where=FOLDER, hint="free some space"
        ) from error
    return digest
