"""Fetching the pictures of a feed: those on the net several at a time, and not from a server that is down."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from shoplens.core.catalogue import ImageRef
from shoplens.core.ports import PictureBytes, PictureSource
from shoplens.errors import PictureError

FETCH_THREADS = 8
"""Pictures on the net asked for at once; the source keeps to what is polite for one host."""
PATIENCE = 8
"""After this many failures in a row to reach a server, it is not asked again in this run."""

Got = PictureBytes | PictureError
K = TypeVar("K")


def on_the_net(image: ImageRef) -> bool:
    """Whether a picture has to be fetched from a server."""
    return image.location.startswith(("http://", "https://"))


class Fetching:
    """Fetches pictures in order. One object serves one run: it remembers which servers are down."""

    def __init__(self, source: PictureSource) -> None:
        self._source = source
        self._down: Counter[str] = Counter()

    def many(self, wanted: Iterable[tuple[K, ImageRef, str]]) -> Iterator[tuple[K, Got]]:
        """(key, picture, fingerprint known of it) -> (key, its bytes or why there are none), in the same order."""
        ahead: deque[tuple[K, Future[Got]]] = deque()
        with ThreadPoolExecutor(FETCH_THREADS, thread_name_prefix="shoplens-fetch") as threads:
            for key, image, known in wanted:
                if on_the_net(image):
                    ahead.append((key, threads.submit(self._fetch, image, known)))
                    if len(ahead) < 2 * FETCH_THREADS:
                        continue
                else:
                    yield from self._drain(ahead)
                    yield key, self._fetch(image, known)
                    continue
                first, future = ahead.popleft()
                yield first, future.result()
            yield from self._drain(ahead)

    @staticmethod
    def _drain(ahead: deque[tuple[K, Future[Got]]]) -> Iterator[tuple[K, Got]]:
        while ahead:
            first, future = ahead.popleft()
            yield first, future.result()

    def _fetch(self, image: ImageRef, known: str) -> Got:
        host = image.host
        if host and self._down[host] >= PATIENCE:
            return PictureError(
                f"{host} could not be reached {PATIENCE} times in a row and was not asked again",
                reason="unreachable",
                where=image.location,
                hint="index again when it is up, or give the pictures with --pictures",
            )
        try:
            got = self._source.fetch(image, known)
        except PictureError as error:
            if host and error.reason == "unreachable":
                self._down[host] += 1
            return error
        self._down[host] = 0
        return got
