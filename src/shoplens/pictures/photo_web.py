"""The photos of queries that are given by their addresses: whoever asks chooses the server, so time is short."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic

from shoplens.core.catalogue import ImageRef
from shoplens.errors import PictureError
from shoplens.pictures.addresses import PORTS, Door
from shoplens.pictures.fetch import Fetcher
from shoplens.pictures.routing import is_url
from shoplens.pictures.web import WebSource

SECONDS = 5.0
"""For all photos of a query together, with looking up, connecting, redirects and waiting."""


class PhotosByAddress:
    """Fetches photos as carefully as those of a catalogue. Safe to use from several threads."""

    def __init__(self, cache: Path, allow_private: bool, max_bytes: int) -> None:
        door = Door(allow_private, None if allow_private else PORTS)
        fetcher = Fetcher(door, max_bytes=max_bytes, timeout_s=SECONDS)
        self._web = WebSource(cache, fetcher, timeout_s=SECONDS)

    def fetcher(self) -> Callable[[str], bytes]:
        """Fetches the photos of one query; its time counts from now.

        The function raises PictureError: a photo cannot be fetched, its address is refused, or the time is over.
        """
        deadline = monotonic() + SECONDS

        def fetch(url: str) -> bytes:
            if not is_url(url):
                # Anything else would be a path: of a file of ours, chosen by a visitor.
                raise PictureError(
                    "the address of a photo starts with http:// or https://",
                    reason="refused",
                    where=url,
                    hint="give a URL",
                )
            got = self._web.fetch(ImageRef(url), deadline=deadline)
            if got.data is None:
                raise PictureError("the photo came back empty", reason="empty", where=url, hint="send the photo itself")
            return got.data

        return fetch

    def close(self) -> None:
        """Closes all connections."""
        self._web.close()
