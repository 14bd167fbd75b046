"""Reading the pictures of a catalogue again: from where the feed said they lie, held against the hash they were indexed
with. For another encoder, which needs the pixels of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from shoplens.core.catalogue import ImageRef
from shoplens.core.ports import Decoded, PictureBytes, PictureDecoder, PictureSource, StoredProduct
from shoplens.engine.fetching import Fetching
from shoplens.errors import PictureError

LEAST_SIDE = 256
"""Shortest side, in pixels, at which pictures are decoded, as when a shop is indexed; more where a card says so."""


def places_of(products: Iterable[StoredProduct]) -> dict[str, list[ImageRef]]:
    """Picture hash -> where it lies, for all pictures that the products show; one picture may lie at several places."""
    places: dict[str, list[ImageRef]] = {}
    for stored in products:
        for image in stored.product.all_images():
            key = stored.pictures.get(image.location)
            if key is not None and all(image.location != known.location for known in places.get(key, ())):
                places.setdefault(key, []).append(image)
    return places


class Rereading:
    """Reads pictures by their hashes. One object serves one run: it remembers which servers are down.

    Args:
        source: where the pictures lie.
        kept: bytes of a picture that need not be fetched again, where there are any.
        decoder: of bytes to pixels.
        side: shortest side, in pixels, at which they are decoded.
    """

    def __init__(
        self,
        source: PictureSource,
        decoder: PictureDecoder,
        side: int,
        kept: Callable[[ImageRef], bytes | None] = lambda _: None,
    ) -> None:
        self._fetching = Fetching(_KeptFirst(source, kept))
        self._decoder = decoder
        self._side = side

    def read(self, places: Mapping[str, Sequence[ImageRef]]) -> Iterator[tuple[str, Decoded | PictureError]]:
        """(hash, pixels or why there are none) of each picture, in no order. Each place is tried until one has it: what
        lies there now must be the very file that was indexed."""
        turn = 0
        left = list(places)
        while left:
            again: list[str] = []
            wanted = ((key, places[key][turn], "") for key in left)
            for key, got in self._once(wanted):
                if isinstance(got, PictureError) and len(places[key]) > turn + 1:
                    again.append(key)
                else:
                    yield key, got
            left, turn = again, turn + 1

    def _once(self, wanted: Iterable[tuple[str, ImageRef, str]]) -> Iterator[tuple[str, Decoded | PictureError]]:
        read: list[str] = []
        lost: list[tuple[str, PictureError]] = []

        def fetched() -> Iterator[bytes]:
            for key, got in self._fetching.many(wanted):
                if isinstance(got, PictureBytes) and got.data is not None:
                    read.append(key)
                    yield got.data
                else:
                    none = PictureError("it came back empty", reason="missing", hint="try again")
                    lost.append((key, got if isinstance(got, PictureError) else none))

        for at, result in enumerate(self._decoder.decode_many(fetched(), self._side)):
            yield read[at], _checked(read[at], result)
        yield from lost


class _KeptFirst:
    """A source that is asked only for what is not kept: the hash tells whether it is what is wanted."""

    def __init__(self, source: PictureSource, kept: Callable[[ImageRef], bytes | None]) -> None:
        self._source = source
        self._kept = kept

    def fetch(self, ref: ImageRef, known: str = "") -> PictureBytes:
        """The picture's bytes. Raises PictureError."""
        data = self._kept(ref)
        return PictureBytes(data, "") if data is not None else self._source.fetch(ref, known)


def _checked(key: str, result: Decoded | Exception) -> Decoded | PictureError:
    if isinstance(result, PictureError):
        return result
    if isinstance(result, Exception):
        return PictureError(str(result), reason="broken")
    if result.sha256 == key:
        return result
    return PictureError(
        "its file is another one than was indexed",
        reason="missing",
        hint="run index with the feed again: it takes up pictures that changed",
    )
