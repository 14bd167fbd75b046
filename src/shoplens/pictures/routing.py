"""One PictureSource for a feed: each address goes to the folder, the zip or the net, wherever the picture lies."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from shoplens.core.catalogue import ImageRef
from shoplens.core.ports import PictureBytes
from shoplens.errors import ConfigError
from shoplens.pictures.addresses import PORTS, Door
from shoplens.pictures.fetch import Fetcher
from shoplens.pictures.limits import MB
from shoplens.pictures.sent import name_of
from shoplens.pictures.sources import FolderSource, ZipSource
from shoplens.pictures.web import WebSource


class FeedPictures:
    """The pictures of a feed.

    A path is looked up in ``local``. A URL goes to ``web``, except where ``prefer_local`` is set and ``local`` has a
    file of the URL's last name: a feed full of a shop's addresses beside a folder of its pictures is the usual case.
    What was sent to the service (``upload:HASH``) lies in the folder ``sent``.
    """

    def __init__(
        self, local: FolderSource | ZipSource, web: WebSource, prefer_local: bool, sent: Path | None = None
    ) -> None:
        self._local, self._sent = local, sent
        self._web = web
        self._prefer_local = prefer_local

    def fetch(self, ref: ImageRef, known: str = "", *, deadline: float | None = None) -> PictureBytes:
        """The picture's bytes, from wherever it lies; from the net by the ``deadline``, on the clock of
        ``time.monotonic``, if there is one. Raises PictureError."""
        name = name_of(ref.location)
        if name and self._sent is not None and self._sent.is_dir():
            return FolderSource(self._sent).fetch(ImageRef(name), known)
        if not is_url(ref.location):
            return self._local.fetch(ref, known)
        if self._prefer_local:
            name = _last_name(ref.location)
            if name and self._local.has(name):
                return self._local.fetch(ImageRef(name), known)
        return self._web.fetch(ref, known, deadline=deadline)

    def kept(self, ref: ImageRef) -> bytes | None:
        """What was fetched from a picture's address last, without asking its server; None for what lies here."""
        return self._web.kept(ref) if is_url(ref.location) else None

    def close(self) -> None:
        """Closes files and connections."""
        self._local.close()
        self._web.close()


def open_pictures(
    pictures: Path | None,
    base: Path,
    cache: Path,
    allow_private: bool = False,
    max_bytes: int = 20 * MB,
    sent: Path | None = None,
) -> FeedPictures:
    """The pictures of a feed.

    Args:
        pictures: the folder or zip file that was given for them; None: they lie beside the feed, or on the net.
        base: the folder of the feed.
        cache: folder for what is fetched from the net.
        allow_private: fetch from addresses that are not public too, and from any port (own network, tests).
        max_bytes: longest picture file.
        sent: folder of the pictures that were sent to the service.

    Raises:
        ConfigError: ``pictures`` is neither a folder nor a zip file.
    """
    door = Door(allow_private, None if allow_private else PORTS)
    web = WebSource(cache, Fetcher(door, max_bytes=max_bytes))
    return FeedPictures(_local(pictures, base, max_bytes), web, prefer_local=pictures is not None, sent=sent)


def is_url(location: str) -> bool:
    """Whether a picture's location is an address rather than a path (C:\\x.jpg is a path, file:///x.jpg too)."""
    head, sign, _ = location.partition("://")
    return bool(sign) and len(head) > 1 and head.isascii() and head.isalpha() and head.lower() != "file"


def _local(pictures: Path | None, base: Path, max_bytes: int) -> FolderSource | ZipSource:
    if pictures is None:
        return FolderSource(base if base.is_dir() else base.parent, max_bytes)
    if pictures.is_dir():
        return FolderSource(pictures, max_bytes)
    if pictures.is_file():
        return ZipSource(pictures, max_bytes)
    raise ConfigError(
        "there is no such folder or zip file", where=str(pictures), hint="give the pictures: --pictures DIR|ZIP"
    )


def _last_name(url: str) -> str:
    try:
        return PurePosixPath(unquote(urlsplit(url).path)).name
    except ValueError:
        return ""
