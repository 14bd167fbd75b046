"""The snapshot of a shop's suggestions: counts of phrases, so that a start need not read all products again."""

from __future__ import annotations

import json
import logging
import zlib
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from shoplens.indexes.durable import replacing

_LOG = logging.getLogger(__name__)
VERSION = 1
"""Raise it when keys change: snapshots that were written with other keys are then not read."""
_MAGIC = b"shoplens suggestions\n"


class Counts(Protocol):
    """What is written."""

    seq: int

    def dump(self) -> tuple[Sequence[str], array[int], Sequence[int], array[int], bytes, Sequence[str]]:
        """Keys, counts, product numbers, how many keys each has, those keys, titles."""


T = TypeVar("T", bound=Counts)


class SuggestionFile(Generic[T]):
    """Reads and writes one file.

    Args:
        path: of the file.
        load: makes counts of what was dumped; raises ValueError for what cannot be.
        made_with: what keys depend on; a file that was made with something else is not read.
    """

    def __init__(self, path: Path, load: Callable[..., T], made_with: str = "") -> None:
        self._path, self._load = path, load
        self._version = f"{VERSION} {made_with}"

    def write(self, counts: T) -> None:
        """Writes the counts: temporary file, fsync, rename. Raises OSError."""
        keys, numbers, products, sizes, held, titles = counts.dump()
        head = {"version": self._version, "seq": counts.seq, "keys": keys, "products": products, "titles": titles}
        parts = (json.dumps(head).encode(), numbers.tobytes(), sizes.tobytes(), held)
        body = b"".join(len(part).to_bytes(8, "little") + part for part in parts)
        with replacing(self._path) as file:
            file.write(_MAGIC + zlib.crc32(body).to_bytes(4, "little") + body)

    def read(self) -> T | None:
        """The counts that were written last; None where there are none, or they are damaged or of another version."""
        try:
            data = self._path.read_bytes()
        except OSError:
            return None
        try:
            return self._parse(data)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError) as error:
            _LOG.warning("the snapshot of suggestions in %s is not used: %s", self._path, error)
            return None

    def _parse(self, data: bytes) -> T | None:
        start = len(_MAGIC) + 4
        if data[: len(_MAGIC)] != _MAGIC:
            raise ValueError("not such a file")
        body = data[start:]
        if zlib.crc32(body) != int.from_bytes(data[len(_MAGIC) : start], "little"):
            raise ValueError("its checksum is another")
        parts, at = [], 0
        while at < len(body):
            size = int.from_bytes(body[at : at + 8], "little")
            parts.append(body[at + 8 : at + 8 + size])
            at += 8 + size
        raw, numbers, sizes, held = parts
        head: dict[str, Any] = json.loads(raw)
        if head["version"] != self._version:
            return None
        return self._load(
            head["seq"], head["keys"], _ints(numbers), head["products"], _ints(sizes), held, head["titles"]
        )


def _ints(data: bytes) -> array[int]:
    out = array("i")
    out.frombytes(data)
    return out
