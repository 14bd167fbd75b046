"""Pictures to show, kept on disk by the hash of their file and their side. A copy: any file may be lost at any time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Protocol

from shoplens.core.catalogue import ImageRef
from shoplens.core.ports import PictureBytes, PictureDecoder
from shoplens.errors import NotFoundError, PictureError, StoreError
from shoplens.pictures.limits import MB
from shoplens.pictures.redact import repaint
from shoplens.pictures.webcache import prune, put

SIDES = (64, 128, 256, 480, 640, 1024)
"""Sides that thumbnails have: whoever asks for every side there is makes no more files of a picture than these."""
FETCH_S = 10.0
"""Longest time in which a picture that lies on the net is fetched again to be shown."""
_PRUNE_EVERY = 200


def side_of(side: int) -> int:
    """The side that a thumbnail has for the side asked for: the next larger of SIDES, else the largest."""
    return next((each for each in SIDES if each >= side), SIDES[-1])


class Thumbnails:
    """A folder of JPEGs. When all of them exceed ``max_bytes`` the oldest go. Safe to use from several threads and
    processes: files are written aside and renamed into place."""

    def __init__(self, folder: Path, max_bytes: int = 512 * MB) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._writes = 0
        self._lock = threading.Lock()

    def get(self, picture_hash: str, side: int, make: Callable[[int], bytes]) -> bytes:
        """The thumbnail, made by ``make`` (of the side it is to have) where it is not kept yet.

        A folder that cannot be written to is no error: the thumbnail is then made anew each time.
        """
        side = side_of(side)
        path = self._folder / picture_hash[:2] / f"{picture_hash}-{side}.jpg"
        with suppress(OSError):
            return path.read_bytes()
        data = make(side)
        with suppress(OSError):
            self._keep(path, data)
        return data

    def kept(self, picture_hash: str, least: int) -> bytes | None:
        """The largest thumbnail of a picture that is kept, its side at least ``least``; None where there is none."""
        for side in reversed(SIDES):
            if side >= least:
                with suppress(OSError):
                    return (self._folder / picture_hash[:2] / f"{picture_hash}-{side}.jpg").read_bytes()
        return None

    def _keep(self, path: Path, data: bytes) -> None:
        put(path, data)
        with self._lock:
            self._writes += 1
            due = self._writes % _PRUNE_EVERY == 1
        if due:
            prune(self._folder, self._max_bytes)


class Source(Protocol):
    """Where the pictures of a catalogue lie."""

    def fetch(self, ref: ImageRef, known: str = "", *, deadline: float | None = None) -> PictureBytes:
        """The picture's bytes, by the deadline if they come from the net."""

    def close(self) -> None:
        """Closes files and connections."""


class Store(Protocol):
    """What is asked of the store."""

    def location_of(self, picture_hash: str) -> ImageRef | None:
        """Where a picture lies, as the feed gave it; None when no product shows it."""

    def get_meta(self, key: str, default: str | None = None) -> str | None:
        """A setting of the shop."""


class CataloguePictures:
    """The pictures of a shop to show, read again from where they were indexed. Safe to use from several threads.

    Args:
        decoder: called when the first picture has to be decoded.
        open_source: opens the pictures of a feed, given the folder or zip named for them (None: beside the feed) and
            the feed's folder.
    """

    def __init__(
        self,
        folder: Path,
        store: Store,
        decoder: Callable[[], PictureDecoder],
        open_source: Callable[[Path | None, Path], Source],
    ) -> None:
        self._kept = Thumbnails(folder)
        self._store = store
        self._decoder = decoder
        self._open_source = open_source
        self._lock = threading.Lock()
        self._source: Source | None = None
        self._source_of: tuple[object, ...] = ()

    def thumbnail(self, picture_hash: str, side: int) -> bytes:
        """See ``Shop.thumbnail``."""
        if not (len(picture_hash) == 64 and all(c in "0123456789abcdef" for c in picture_hash)):
            raise NotFoundError("not the hash of a picture", hint="take it from a hit's picture")
        with suppress(StoreError):  # while the store cannot be read, what was made is shown
            self._location_of(picture_hash)  # of what was taken out of the shop nothing is shown, made before or not
        return self._kept.get(picture_hash, side, lambda wanted: self._repainted(picture_hash, wanted))

    def kept(self, picture_hash: str, least: int) -> bytes | None:
        """A thumbnail of the picture that is there already, its side at least ``least``; nothing is made."""
        return self._kept.kept(picture_hash, least)

    def forget_source(self) -> None:
        """Lets go of where the pictures lay; the next one is looked for where the store says then."""
        with self._lock:
            if self._source is not None:
                self._source.close()
                self._source = None

    def _location_of(self, picture_hash: str) -> ImageRef:
        location = self._store.location_of(picture_hash)
        if location is None:
            raise NotFoundError("no product shows this picture", hint="it may have been removed since")
        return location

    def _repainted(self, picture_hash: str, side: int) -> bytes:
        location = self._location_of(picture_hash)
        got = self._where_it_lies().fetch(location, deadline=monotonic() + FETCH_S)
        if got.data is None:
            raise PictureError("the picture could not be read again", reason="missing", where=location.location)
        decoded = self._decoder().decode(got.data, side)
        if decoded.sha256 != picture_hash:
            # Under the hash that was asked for only that file is ever shown, or browsers keep another one for good.
            raise NotFoundError(
                "the picture's file is another one than was indexed",
                where=location.location,
                hint="run index with the feed again: it takes up pictures that changed",
            )
        return repaint(decoded.pixels, side)

    def _where_it_lies(self) -> Source:
        named, base = self._store.get_meta("pictures") or "", self._store.get_meta("feed_base") or "."
        asked = (named, base, _changed(named))
        # One thread opens it: the names of a whole archive or folder are read only once.
        with self._lock:
            if self._source is None or self._source_of != asked:  # another process may have indexed since
                # The one before is not closed: another thread may be reading from it.
                self._source = self._open_source(Path(named) if named else None, Path(base))
                self._source_of = asked
            return self._source


def _changed(path: str) -> int:
    """When the folder or archive was last changed; 0 where there is none."""
    with suppress(OSError, ValueError):
        return Path(path).stat().st_mtime_ns if path else 0
    return 0
