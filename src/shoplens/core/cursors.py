"""Cursors: where a query's next hits begin, as a text that a shopper's browser can hold.

A cursor names the last hits that were shown, not a count alone, so that what is written meanwhile shifts nothing: the
next page begins behind them, wherever they stand by then. It checks itself (a checksum over all of it, a digest of the
query that it belongs to, a mark of each product's id), so that one that is damaged, or of another query or shop, is
refused. It is no secret: it opens nothing that a page number does not.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from shoplens.core.query import Query, QueryPicture
from shoplens.core.spaces import Space
from shoplens.errors import QueryError

ANCHORS = 6
"""Hits that a cursor names."""

_VERSION = 1
_DIGEST, _SUM, _MARK = 8, 6, 2
_PHOTO_PART = 4_096
"""Bytes of a photo, at three places, that tell it from others."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A hit that was shown: product number, variant number (0: one hit a product), and a mark of the product's id."""

    product: int
    variant: int
    mark: bytes

    @classmethod
    def of(cls, product: int, variant: int, product_id: str) -> Anchor:
        """The anchor of a hit."""
        return cls(product, variant, _mark(product_id))

    def is_of(self, product_id: str) -> bool:
        """Whether it was made of a product of this id."""
        return self.mark == _mark(product_id)


@dataclass(frozen=True, slots=True)
class Cursor:
    """``seq``: the shop's state when it was made. ``shown``: how many hits came before. ``anchors``: the last of them,
    those first that are to be believed first."""

    seq: int
    shown: int
    anchors: tuple[Anchor, ...]


def write_cursor(cursor: Cursor, query: Query, space: Space) -> str:
    """A cursor of a query in a space as text."""
    parts = [bytes([_VERSION]), _digest(query, space), _number(cursor.seq), _number(cursor.shown)]
    for anchor in cursor.anchors:
        parts += [_number(anchor.product), _number(anchor.variant), anchor.mark]
    body = b"".join(parts)
    return base64.urlsafe_b64encode(body + _sum(body)).decode().rstrip("=")


def read_cursor(query: Query, space: Space) -> Cursor | None:
    """The cursor of a query; None where it has none.

    Raises:
        QueryError: it is damaged, or was given for another query, or in another space.
    """
    text = query.cursor
    if not text:
        return None
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise _damaged() from error
    body, told = data[:-_SUM], data[-_SUM:]
    if len(body) <= 1 + _DIGEST or told != _sum(body) or body[0] != _VERSION:
        raise _damaged()
    if body[1 : 1 + _DIGEST] != _digest(query, space):
        raise foreign("it belongs to another query, or the shop was switched to another encoder")
    rest = _Bytes(body[1 + _DIGEST :])
    seq, shown = rest.number(), rest.number()
    return Cursor(seq, shown, tuple(rest.anchors()))


def foreign(why: str) -> QueryError:
    """The error for a cursor of something else."""
    return QueryError(
        f"this cursor is not of this search: {why}",
        where="cursor",
        hint="send the fields of the search that gave it, all but page and per_page; or begin without a cursor",
    )


def _damaged() -> QueryError:
    return QueryError(
        "this is no cursor, or a damaged one",
        where="cursor",
        hint="send next_cursor of an answer as it is, or begin without a cursor",
    )


class _Bytes:
    """Reads what ``write_cursor`` wrote; what the checksum covers is whole."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def number(self) -> int:
        """The next number: seven bits a byte, the least first."""
        out = shift = 0
        while True:
            byte = self._take(1)[0]
            out |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return out

    def anchors(self) -> Iterator[Anchor]:
        """All that are left."""
        while self._at < len(self._data):
            yield Anchor(self.number(), self.number(), self._take(_MARK))

    def _take(self, size: int) -> bytes:
        out = self._data[self._at : self._at + size]
        if len(out) < size:  # only a forged one: the checksum covers all
            raise _damaged()
        self._at += size
        return out


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _sum(body: bytes) -> bytes:
    return blake2b(body, digest_size=_SUM, person=b"shoplens cursor").digest()


def _mark(product_id: str) -> bytes:
    return blake2b(product_id.encode("utf-8", "surrogatepass"), digest_size=_MARK).digest()


def _digest(query: Query, space: Space) -> bytes:
    """Of all that decides which hits there are and in what order; not of the page, facets or explanations."""
    told: Sequence[object] = (
        str(space),
        query.words,
        query.words_weight,
        [_photo(picture) for picture in query.pictures],
        [(seed.product_id, seed.weight) for seed in query.seeds],
        "" if query.where is None else str(query.where),
        [(key.field, key.descending) for key in query.sort_by],
        query.group_by,
        query.pinned_hits,
        sorted(query.hidden_hits),
        query.semantic_ratio,
        query.understand,
        sorted(query.without_chips),
        query.diversity,
    )
    return blake2b(json.dumps(told, ensure_ascii=True).encode(), digest_size=_DIGEST).digest()


def _photo(picture: QueryPicture) -> tuple[object, ...]:
    """A photo as a whole: which part of it is looked at may be chosen anew for each page, by the same means."""
    data = picture.data
    middle = max(0, len(data) // 2 - _PHOTO_PART // 2)
    some = data[:_PHOTO_PART] + data[middle : middle + _PHOTO_PART] + data[-_PHOTO_PART:]
    return (len(data), blake2b(some, digest_size=_DIGEST).hexdigest(), picture.weight)
