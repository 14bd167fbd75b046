"""Parts of products, in any order -> products, in bounded memory.

Rows of one product mostly follow each other, and are put together as they flow. For the rest the feed is looked
through once before (ids only): ids whose rows lie apart are noted with their last row, and in the second pass their
parts wait in a temporary file until that row has come. Ids are kept as 64-bit hashes, 16 to 32 bytes each.
"""

from __future__ import annotations

import pickle
import struct
import tempfile
from array import array
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import IO

from shoplens.core.catalogue import Product, RowProblem
from shoplens.feeds.bounds import bounded
from shoplens.feeds.rows import Interpreter, Part, Reader, Row

MAX_ROWS = 10_000
"""Rows of one product; further ones are reported and left out."""

_SPOOL = 16 * 1024 * 1024
_HEAD = struct.Struct("<qI")


class Hashes:
    """A set of texts as 64-bit hashes in one array (open addressing).

    At 10 million texts the chance that any two share a hash is 3 in a million.
    """

    def __init__(self) -> None:
        self._keys = array("Q", bytes(8 * 1024))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, text: str) -> bool:
        """Adds a text; whether it is new."""
        key = hash(text) & 0xFFFFFFFFFFFFFFFF or 1
        keys = self._keys
        mask = len(keys) - 1
        slot = key & mask
        while (found := keys[slot]) != 0:
            if found == key:
                return False
            slot = (slot + 1) & mask
        keys[slot] = key
        self._count += 1
        if 3 * self._count > 2 * len(keys):
            self._grow()
        return True

    def _grow(self) -> None:
        old = self._keys
        self._keys = keys = array("Q", bytes(16 * len(old)))
        mask = len(keys) - 1
        for key in old:
            if key:
                slot = key & mask
                while keys[slot]:
                    slot = (slot + 1) & mask
                keys[slot] = key


def scattered(reader: Reader, key: Callable[[Row], str]) -> dict[str, int]:
    """Ids whose rows do not follow each other -> how many rows come before their last one."""
    seen = Hashes()
    last: dict[str, int] = {}
    current = ""
    for number, row in enumerate(row for row in reader.rows() if isinstance(row, Row)):
        found = key(row)
        if not found:
            continue
        if found != current:
            current = found
            if not seen.add(found):
                last[found] = number
        elif found in last:
            last[found] = number
    return last


class Waiting:
    """Parts that wait for the rest of their product, in a temporary file, each with the place of the one before."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_SPOOL)  # noqa: SIM115
        self._end = 0
        self._latest: dict[str, tuple[int, int]] = {}

    def add(self, part: Part) -> bool:
        """Puts a part aside; False if its product has too many already."""
        before, count = self._latest.get(part.key, (-1, 0))
        if count >= MAX_ROWS:
            return False
        data = pickle.dumps(part, protocol=pickle.HIGHEST_PROTOCOL)
        self._file.seek(self._end)
        self._file.write(_HEAD.pack(before, len(data)) + data)
        self._latest[part.key] = (self._end, count + 1)
        self._end += _HEAD.size + len(data)
        return True

    def take(self, key: str) -> list[Part]:
        """All parts of a product, in the feed's order."""
        place, _ = self._latest.pop(key, (-1, 0))
        parts: list[Part] = []
        while place >= 0:
            self._file.seek(place)
            place, length = _HEAD.unpack(self._file.read(_HEAD.size))
            # The file is a nameless one that this object itself has written.
            parts.append(pickle.loads(self._file.read(length)))
        return parts[::-1]

    def left(self) -> list[str]:
        """Products of which parts wait still."""
        return list(self._latest)

    def close(self) -> None:
        """Removes the file."""
        self._file.close()


def products(reader: Reader, interpreter: Interpreter, apart: dict[str, int]) -> Iterator[Product | RowProblem]:
    """The products of a feed. ``apart``: what ``scattered`` has found."""
    waiting = Waiting()
    finish = Finish(interpreter)
    held: list[Part] = []
    behind: list[RowProblem] = []  # what came between the rows held, to be told after their product
    number = -1
    try:
        for row in reader.rows():
            part: Part | RowProblem = row if isinstance(row, RowProblem) else interpreter.part(row)
            number += isinstance(row, Row)
            part = bounded(part) if isinstance(part, Part) else part
            if isinstance(part, RowProblem):
                if held and len(behind) < MAX_ROWS:
                    behind.append(part)
                else:
                    yield part
                continue
            if held and held[0].key != part.key:
                yield from finish(held)
                yield from behind
                held, behind = [], []
            if part.parent and not held and not interpreter.grouped:
                yield from finish([part])  # nothing can follow it
                continue
            if part.key in apart:
                if not waiting.add(part):
                    yield _too_many(part)
                if apart[part.key] <= number:
                    yield from finish(waiting.take(part.key))
            elif len(held) >= MAX_ROWS:
                yield _too_many(part)
            else:
                held.append(part)
        if held:
            yield from finish(held)
        yield from behind
        for key in waiting.left():  # the last row of these could not be used
            yield from finish(waiting.take(key))
    finally:
        waiting.close()


def _too_many(part: Part) -> RowProblem:
    return RowProblem(part.line, "id", f"more than {MAX_ROWS} rows of one product", part.key, part.key)


class Finish:
    """Puts parts together; sees to it that no product and no variant comes twice."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._products = Hashes()
        self._variants = Hashes()

    def __call__(self, parts: list[Part]) -> Iterator[Product | RowProblem]:
        """The product, and before it what was wrong with its rows."""
        key, line = parts[0].key, parts[0].line
        if not self._products.add(key):
            for part in parts:
                yield RowProblem(part.line, "id", "this id has come before", key, key)
            return
        product, problems = self._interpreter.merge(parts)
        yield from problems
        if product is None:
            return
        fresh = []
        for variant in product.variants:
            # A variant that bears its product's id has been checked with it.
            if variant.id == product.id or self._variants.add(variant.id):
                fresh.append(variant)
            else:
                reason = "this variant's id has come before, in another product"
                yield RowProblem(line, "id", reason, variant.id, key, skipped=len(product.variants) == 1)
        if not fresh:
            return
        if len(fresh) < len(product.variants):
            product = replace(product, variants=tuple(fresh))
        yield product
