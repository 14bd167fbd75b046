"""The rows of a vector index at one moment: columns with room at the end, published as one immutable object.

A writer appends behind ``count`` of arrays that readers are looking at; they never look there. What a reader does
look at is never changed: a death copies the bitmap, growth and compaction copy the columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from shoplens.core.ports import Mask, Numbers, VectorRow
from shoplens.indexes.codes import Codebook, Codes, Halves, Sketch

COLUMNS = ("codes", "vectors", "products", "first", "keys", "alive")
"""Columns of length ``count``; ``extra_rows`` and ``extra_variants`` have length ``extra``."""

EXTRAS = ("extra_rows", "extra_variants")

SKETCH_FROM = 2_048
"""Fewer rows than this are all scored: there is nothing to win."""

_TAIL_SHARE = 512
_TAIL_ROWS = 256
_LEARN_AGAIN = 4
_LEARNED = 100_000
_HEX_KEY = 64
_PACKED = 33


@dataclass(frozen=True, slots=True)
class View:
    """What a reader sees. Arrays may be longer than ``count`` (``extra``); only what lies before is meant.

    ``codes`` uint8 [n, b], b = 0 as long as there is no sketch; ``vectors`` float16 [n, d]; ``products`` int64 [n];
    ``first`` int64 [n]: the first variant that shows the row, 0 where none does; ``keys`` uint8 [n, w]; ``alive``
    bool [n]. The variants of a row after its first one: ``extra_rows`` int64 [m], rising, and ``extra_variants``
    int64 [m]. Most rows have one variant, so a filter is one gather; those that have more pay for their own.

    ``starts`` int64 by product number: where the product's newest rows begin (they lie side by side, as a product's
    rows are only ever replaced together), -1 where it has none. It alone is shared with newer views and changed by
    the writer: a start at or behind ``count``, or on a dead row, belongs to a newer view.

    ``sketch`` holds the codes of the first rows as they are scanned; the few behind them are scored one by one.
    """

    codes: Codes
    vectors: Halves
    products: Numbers
    first: Numbers
    keys: npt.NDArray[np.uint8]
    alive: Mask
    extra_rows: Numbers
    extra_variants: Numbers
    starts: Numbers
    sketch: Sketch | None = None
    count: int = 0
    extra: int = 0
    dead: int = 0
    product_count: int = 0
    top_variant: int = 0
    seq: int = 0

    @classmethod
    def empty(cls, dimension: int) -> View:
        """A view without rows, of a space of this dimension."""
        return cls(
            codes=np.empty((0, 0), np.uint8),
            vectors=np.empty((0, dimension), np.float16),
            products=np.empty(0, np.int64),
            first=np.empty(0, np.int64),
            keys=np.empty((0, _PACKED), np.uint8),
            alive=np.empty(0, np.bool_),
            extra_rows=np.empty(0, np.int64),
            extra_variants=np.empty(0, np.int64),
            starts=np.empty(0, np.int64),
        )

    @property
    def bytes(self) -> int:
        """Bytes of all columns, with the room at their end."""
        columns: int = sum(getattr(self, name).nbytes for name in (*COLUMNS, *EXTRAS, "starts"))
        return columns + (self.sketch.bytes if self.sketch is not None else 0)

    def allowed(self, variants: Mask | None) -> tuple[Mask | None, int]:
        """Rows that may be returned: bool [count] (None: all of them) and how many they are.

        ``variants``: bool by variant number; numbers beyond its end are not allowed, and a row that no variant
        shows is allowed only when there is no mask.
        """
        n = self.count
        if variants is None:
            return (self.alive[:n], n - self.dead) if self.dead else (None, n)
        rows = _shown(self.first[:n], variants)
        if self.extra and not rows.all():
            rows[self.extra_rows[: self.extra][_shown(self.extra_variants[: self.extra], variants)]] = True
        if self.dead:
            rows &= self.alive[:n]
        return rows, int(np.count_nonzero(rows))

    def variants_of(self, row: int) -> tuple[int, ...]:
        """The variants that show a row, in the order in which they were given."""
        rows = self.extra_rows[: self.extra]
        start, stop = np.searchsorted(rows, [row, row + 1])
        first = int(self.first[row])
        return (first, *self.extra_variants[start:stop].tolist()) if first else ()

    def allowed_of(self, rows: Numbers, variants: Mask | None) -> Mask:
        """Which of some rows may be returned, bool, parallel to ``rows``; costs by their number, not by ``count``."""
        alive = self.alive[rows] if self.dead else np.ones(len(rows), np.bool_)
        if variants is None:
            return alive
        shown = _shown(self.first[rows], variants)
        if self.extra:
            more = np.flatnonzero(~shown)
            own = self.extra_rows[: self.extra]
            start = np.searchsorted(own, rows[more])
            many = np.searchsorted(own, rows[more], side="right") - start
            place = np.repeat(start - np.cumsum(many) + many, many) + np.arange(int(many.sum()))
            hit = _shown(self.extra_variants[place], variants)
            shown[more[np.repeat(np.arange(len(more)), many)[hit]]] = True
        return shown & alive

    def share(self, variants: Mask | None) -> float:
        """About which share of all rows may be returned, from about a thousand of them."""
        if variants is None and not self.dead:
            return 1.0
        rows = np.arange(0, self.count, max(1, self.count // 1024))
        return float(self.allowed_of(rows, variants).mean())

    def variants_at(self, rows: Numbers, variants: Mask | None) -> Numbers:
        """The first allowed variant that shows each row, int64, parallel to ``rows``; 0 where none does (row -1)."""
        found = np.zeros(len(rows), np.int64)
        there = rows >= 0
        found[there] = self.first[rows[there]]
        if variants is not None:
            for position in np.flatnonzero(~_shown(found, variants)).tolist():
                row = int(rows[position])
                own = self.variants_of(row) if row >= 0 else ()
                found[position] = next((v for v in own if v < len(variants) and variants[v]), 0)
        return found

    def key_of(self, row: int) -> str:
        """The key of a row."""
        return unpack_key(self.keys[row].tobytes())

    def keys_of(self, rows: Numbers) -> tuple[str, ...]:
        """The keys of some rows, at once: hundreds of them are asked for in every search."""
        block = self.keys[rows]
        if block.shape[1] != _PACKED or block[:, 0].any():
            return tuple(self.key_of(row) for row in rows.tolist())
        text = block[:, 1:].tobytes().hex()
        return tuple(text[at : at + _HEX_KEY] for at in range(0, len(text), _HEX_KEY))

    def rows_of(self, products: Numbers) -> tuple[Numbers, npt.NDArray[np.intp]]:
        """The living rows of some products (each named once): (rows, position in ``products``), products in order."""
        n = self.count
        starts = np.full(len(products), -1, np.int64)
        known = (products >= 0) & (products < len(self.starts))
        starts[known] = self.starts[products[known]]
        late = np.flatnonzero(starts >= n)
        # Replaced since this view was taken: looked up the slow way.
        for position in late.tolist():
            own = np.flatnonzero((self.products[:n] == products[position]) & self.alive[:n])
            starts[position] = own[0] if len(own) else -1
        rows: list[Numbers] = []
        owners: list[npt.NDArray[np.intp]] = []
        owner = np.flatnonzero(starts >= 0)
        row = starts[owner]
        if self.product_count == n - self.dead and not len(late):  # one row a product
            stay = (self.products[row] == products[owner]) & self.alive[row]
            return row[stay], owner[stay]
        while len(row):
            stay = self.products[row] == products[owner]
            row, owner = row[stay], owner[stay]
            stay = self.alive[row]
            rows.append(row[stay])
            owners.append(owner[stay])
            row, owner = row + 1, owner
            inside = row < n
            row, owner = row[inside], owner[inside]
        if not rows:
            return np.empty(0, np.int64), np.empty(0, np.intp)
        flat, of = np.concatenate(rows), np.concatenate(owners)
        order = np.lexsort((flat, of))
        return flat[order], of[order]

    def changed(self, changes: Mapping[int, Sequence[tuple[VectorRow, Halves]]], vectors: Halves, seq: int) -> View:
        """The view after some products got other rows. ``vectors``: those of all new rows, in order, [m, d].

        To be called on the newest view only, by one thread: it writes into the room behind ``count``.
        """
        products = np.fromiter(changes, np.int64, len(changes))
        old, _ = self.rows_of(products)
        alive = self.alive
        if len(old):
            alive = alive.copy()
            alive[old] = False
        gone = len(np.unique(self.products[old]))
        come = sum(1 for rows in changes.values() if rows)
        merged = replace(
            self, alive=alive, dead=self.dead + len(old), product_count=self.product_count - gone + come, seq=seq
        )
        return merged._appended(changes, vectors)

    def _appended(self, changes: Mapping[int, Sequence[tuple[VectorRow, Halves]]], vectors: Halves) -> View:
        n, m = self.count, len(vectors)
        if not m:
            return self
        rows = [(product, row) for product, given in changes.items() for row, _ in given]
        packed = [pack_key(row.key) for _, row in rows]
        width = max(self.keys.shape[1], max(map(len, packed)))
        keys = self.keys
        if width > keys.shape[1]:
            keys = np.pad(keys, ((0, 0), (0, width - keys.shape[1])))
        extras = [(n + i, v) for i, (_, row) in enumerate(rows) for v in row.variants[1:]]
        owners = np.array([product for product, _ in rows], np.int64)
        fresh: dict[str, npt.NDArray[Any]] = {
            "codes": (self.sketch.book.encode(vectors) if self.sketch is not None else np.empty((m, 0), np.uint8)),
            "vectors": vectors,
            "products": owners,
            "first": np.array([row.variants[0] if row.variants else 0 for _, row in rows], np.int64),
            "keys": np.frombuffer(b"".join(key.ljust(width, b"\0") for key in packed), np.uint8).reshape(m, width),
            "alive": np.ones(m, np.bool_),
        }
        grown: dict[str, Any] = {
            name: _put(keys if name == "keys" else getattr(self, name), n, fresh[name]) for name in COLUMNS
        }
        added = np.array(extras, np.int64).reshape(-1, 2)
        for column, name in enumerate(EXTRAS):
            grown[name] = _put(getattr(self, name), self.extra, added[:, column])
        starts = self.starts
        top = int(owners.max()) + 1
        if top > len(starts):
            starts = np.full(max(top, len(starts) + len(starts) // 2, 64), -1, np.int64)
            starts[: len(self.starts)] = self.starts
        _mark(starts, owners, n)
        top_variant = max(self.top_variant, max((max(row.variants, default=0) for _, row in rows), default=0))
        return replace(
            self, **grown, starts=starts, count=n + m, extra=self.extra + len(extras), top_variant=top_variant
        )

    def compacted(self) -> View:
        """The same rows without the dead ones, in columns of their own."""
        n = self.count
        alive = self.alive[:n]
        kept = np.flatnonzero(alive)
        moved = np.cumsum(alive, dtype=np.int64) - 1
        rows = self.extra_rows[: self.extra]
        stay = alive[rows]
        columns: dict[str, Any] = {name: getattr(self, name)[:n].take(kept, axis=0) for name in COLUMNS}
        columns["starts"] = starts_of(columns["products"], columns["alive"])
        if self.sketch is not None:
            columns["sketch"] = Sketch(self.sketch.book, columns["codes"])
        return replace(
            self,
            **columns,
            extra_rows=moved[rows[stay]],
            extra_variants=self.extra_variants[: self.extra][stay],
            count=len(kept),
            extra=int(np.count_nonzero(stay)),
            dead=0,
        )

    def sketched(self) -> View:
        """The same rows, with a sketch that covers all but a few of them.

        A codebook is learned when there are rows enough for one, and anew each time that there are four times as
        many, until it has seen a hundred thousand.
        """
        n, sketch = self.count, self.sketch
        if n < SKETCH_FROM:
            return self
        if sketch is None or (n >= _LEARN_AGAIN * sketch.book.rows and sketch.book.rows < _LEARNED):
            book = Codebook.learn(self.vectors[:n], self.alive[:n])
            codes = book.encode(self.vectors[:n])
            return replace(self, codes=codes, sketch=Sketch(book, codes))
        if n - sketch.count > max(_TAIL_ROWS, n // _TAIL_SHARE):
            return replace(self, sketch=Sketch(sketch.book, self.codes[:n]))
        return self


def _shown(numbers: Numbers, variants: Mask) -> Mask:
    """Which variant numbers are allowed; 0 and those beyond the mask's end are not."""
    shown = variants.take(numbers, mode="clip") if len(variants) else np.zeros(len(numbers), np.bool_)
    return shown & (numbers > 0) & (numbers < len(variants))


def starts_of(products: Numbers, alive: Mask) -> Numbers:
    """``View.starts`` for columns that hold each product's living rows side by side."""
    starts = np.full(int(products.max(initial=-1)) + 1, -1, np.int64)
    rows = np.flatnonzero(alive)[::-1]
    starts[products[rows]] = rows
    return starts


def _mark(starts: Numbers, owners: Numbers, offset: int) -> None:
    # Of an assignment that names a place twice the last one stays: backwards, so that it is a product's first row.
    starts[owners[::-1]] = np.arange(offset + len(owners) - 1, offset - 1, -1)


def _put(column: npt.NDArray[Any], used: int, added: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """``column`` with ``added`` behind its first ``used`` entries: in place where there is room, else in a copy."""
    needed = used + len(added)
    if needed > len(column):
        # Half as much again: the room is virtual memory until it is written to.
        room = np.empty((max(needed, used + used // 2, 64), *column.shape[1:]), column.dtype)
        room[:used] = column[:used]
        column = room
    column[used:needed] = added
    return column


def pack_key(key: str) -> bytes:
    """A key as few bytes: the 32 of a sha256 in hex, or UTF-8; the first byte says which."""
    if len(key) == _HEX_KEY and not key.strip("0123456789abcdef"):
        return b"\0" + bytes.fromhex(key)
    return b"\1" + key.encode() + b"\1"


def unpack_key(packed: bytes) -> str:
    """The inverse of ``pack_key``, with zeros at the end or without."""
    if packed[:1] == b"\0":
        return packed[1:_PACKED].hex()
    return packed.rstrip(b"\0")[1:-1].decode()
