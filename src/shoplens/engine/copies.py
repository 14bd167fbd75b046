"""The copies of the store (filter columns, picture and text vectors, words) and how they are kept current.

The store is the truth; each copy knows the sequence number up to which it stands and replays what comes after it.
Vectors and columns live in this process and are replayed before every query, so that a write is found at once.
Words are written by whoever holds the shop's lock, within a second.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from shoplens.core.catalogue import Product
from shoplens.core.ports import (
    CatalogueStore,
    Change,
    FilterColumns,
    Mask,
    Neighbours,
    Numbers,
    ProductMap,
    StoredProduct,
    VectorIndex,
    VectorRow,
    VectorStore,
    WordIndex,
)
from shoplens.core.spaces import Modality, Space
from shoplens.core.understood import ColumnValues
from shoplens.errors import ShopError

_CHUNK = 2_000
Rows = list[tuple[VectorRow, npt.NDArray[np.float16]]]


class Columns(FilterColumns, ProductMap, ColumnValues, Protocol):
    """Filter columns together with the map of products and variants, as one copy with a snapshot."""

    @property
    def seq(self) -> int:
        """The sequence number up to which this copy stands."""

    def save(self, folder: Path) -> None:
        """Writes a snapshot: temporary file, fsync, rename."""

    def fields(self) -> tuple[str, ...]:
        """The fields that some variant has."""


class RowScores(Protocol):
    """Exact scores of chosen products, each by its best row; arrays parallel to the products asked for."""

    @property
    def scores(self) -> npt.NDArray[np.float32]:
        """Cosines; NaN where a product has no allowed row."""

    def variants(self, positions: npt.NDArray[np.intp]) -> Numbers:
        """Allowed variants that the best rows of the products at these positions show; 0 where there is none."""

    def key(self, position: int) -> str:
        """The best row's key (a picture hash) of the product at this position; "" where there is none."""


class RowIndex(VectorIndex, Protocol):
    """A vector index that tells which rows it has, and scores those asked for."""

    def __len__(self) -> int:
        """Number of live rows."""

    def neighbours(self, query: npt.NDArray[np.float32], least: int, variants: Mask | None = None) -> Neighbours:
        """The products near a vector, as many as the index looks at, min(least, products allowed) at the least."""

    def scores_of(self, query: npt.NDArray[np.float32], products: Numbers, variants: Mask | None = None) -> RowScores:
        """Exact scores of these products."""

    def vectors_of(self, products: Numbers, variants: Mask | None) -> tuple[npt.NDArray[np.float16], Numbers]:
        """The vectors of their allowed rows [m, d], and of each the place of its product among these."""

    def rows_of(self, product: int) -> list[VectorRow]:
        """The rows of a product, in the order in which they were given."""


class SwitchableWords(WordIndex, Protocol):
    """A word index that can be told to start or to stop writing."""

    @property
    def seq(self) -> int:
        """The sequence number of the last commit that this process has seen."""

    def replace(self, changed: Mapping[int, Product | None], seq: int, *, commit: bool = True) -> None:
        """As the port says; ``commit=False``: only added, ``flush`` commits."""

    def flush(self, seq: int) -> None:
        """Commits what was added, with ``seq``, and shows it."""

    def saying(self, names: Sequence[str], unless: Sequence[str]) -> Numbers:
        """Products that are called by one of the names and by none of ``unless``."""

    def mentioning(self, names: Sequence[str], among: Numbers) -> Numbers:
        """Those of some products that have one of the names in any text."""

    @property
    def problem(self) -> str:
        """What is wrong with its files, as far as is known; "" when nothing is."""

    def inspect(self) -> str:
        """Reads its files if they changed since they were read last; returns what is wrong with them."""

    def become_writer(self) -> None:
        """Opens the writer; only for the process that holds the shop's lock."""

    def become_reader(self) -> None:
        """Closes the writer."""


class Lock(Protocol):
    """The lock of the shop's folder."""

    def try_acquire(self) -> bool:
        """Takes the lock if it is free (or held by this object already)."""

    def release(self) -> None:
        """Gives it back."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The copies of one shop in one space."""

    columns: Columns
    pictures: RowIndex
    texts: RowIndex
    words: SwitchableWords


def picture_rows(stored: StoredProduct) -> list[VectorRow]:
    """The rows of the picture index for a product: one a picture, with the variants that show it.

    A picture of the product that no variant shows (all have their own) stands for every variant.
    """
    shown: dict[str, list[int]] = {}
    for image in stored.product.all_images():
        if key := stored.pictures.get(image.location):
            shown.setdefault(key, [])
    for variant, number in zip(stored.product.variants, stored.variant_numbers, strict=True):
        for image in stored.product.variant_images(variant):
            key = stored.pictures.get(image.location)
            if key is not None and number not in shown[key]:
                shown[key].append(number)
    return [VectorRow(stored.number, key, tuple(some or stored.variant_numbers)) for key, some in shown.items()]


def text_row(stored: StoredProduct) -> VectorRow:
    """The row of the text index for a product."""
    return VectorRow(stored.number, stored.product.words_hash, stored.variant_numbers)


def encoder_text(product: Product) -> str:
    """What the encoder reads of a product: its title, kind, brand and what sets it apart, the title first.

    Short on purpose: a small text tower reads 48 tokens, and a description dilutes the title.
    """
    parts = [product.title, *(t.title for t in product.translations)]
    if not any(parts):
        parts.append(product.description[:200])
    parts += [product.category[-1] if product.category else "", product.brand]
    for name in ("color", "colour", "material", "pattern"):
        parts += product.attributes.get(name, ())[:2]
    return " ".join(dict.fromkeys(p.strip() for p in parts if p.strip()))


class Copies:
    """Keeps the copies of one shop current. ``refresh`` is called before every query; safe from several threads."""

    def __init__(
        self,
        store: CatalogueStore,
        vectors: VectorStore,
        space: Space,
        parts: Parts,
        lock: Lock,
        folder: Path,
    ) -> None:
        self.parts = parts
        self._store = store
        self._vectors = vectors
        self._space = space
        self._lock = lock
        self._folder = folder
        self._busy = threading.Lock()
        self._words_busy = threading.Lock()
        self._writing = False
        self._words_late = 0.0
        self._stop = threading.Event()
        self._keeper: threading.Thread | None = None
        self._saved_seq = min(parts.columns.seq, parts.pictures.seq, parts.texts.seq)

    @property
    def seq(self) -> int:
        """The sequence number at which the slowest copy of this process stands, words apart."""
        return min(self.parts.columns.seq, self.parts.pictures.seq, self.parts.texts.seq)

    @property
    def ahead(self) -> bool:
        """Whether a copy stands beyond the store, which can only be when an older store was put in its place."""
        parts = self.parts
        standing = (parts.columns.seq, parts.pictures.seq, parts.texts.seq, parts.words.seq)
        return max(standing) > self._store.last_seq()  # the store is asked last: it only ever grows

    def refresh(self) -> int:
        """Replays what the store has committed since; returns the sequence number of vectors and filters now."""
        newest = self._store.last_seq()
        self._look_at_words(newest)
        if self.seq >= newest:
            return newest
        with self._busy:
            while self.seq < newest:
                self._replay(self._store.changes(self.seq, _CHUNK))
        return newest

    def _replay(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        seq = changes[-1].seq
        numbers = [c.number for c in changes]
        found = dict(zip(numbers, self._store.get(numbers), strict=True))
        columns = self.parts.columns
        # Columns first: a row of a vector index must never name a variant that the columns do not know yet.
        if columns.seq < seq:
            columns.replace(found, seq)
        for index, modality in _each(self.parts):
            if index.seq < seq:
                index.replace(self._moved(index, modality, found), seq)

    def _moved(self, index: RowIndex, modality: Modality, found: Mapping[int, StoredProduct | None]) -> dict[int, Rows]:
        """The products whose rows differ from what the index has: a new price or stock level moves none."""
        wanted: dict[int, list[VectorRow]] = {}
        for number, stored in found.items():
            rows = [] if stored is None else picture_rows(stored) if modality == "picture" else [text_row(stored)]
            if rows != index.rows_of(number):
                wanted[number] = rows
        keys = list(dict.fromkeys(row.key for rows in wanted.values() for row in rows))
        vectors = self._vectors.vectors(self._space, modality, keys)
        return {n: [(row, vectors[row.key]) for row in rows if row.key in vectors] for n, rows in wanted.items()}

    def _look_at_words(self, newest: int) -> None:
        words = self.parts.words
        if words.seq < newest:
            with contextlib.suppress(ShopError):  # searches go on with the vectors; ``degraded`` tells
                words.reload()
        if words.seq < newest:
            self._words_late = self._words_late or time.monotonic()
        else:
            self._words_late = 0.0

    @property
    def staleness_s(self) -> float:
        """For how many seconds this process has known of a write that its words do not have yet; 0 when current."""
        return time.monotonic() - self._words_late if self._words_late else 0.0

    @property
    def degraded(self) -> tuple[str, ...]:
        """The copies that answer nothing at all until they are built anew; ("words",) at most."""
        return ("words",) if not self.parts.words.seq and self._store.last_seq() else ()

    # --- words --------------------------------------------------------------------------------

    def words_current(self) -> bool:
        """Whether the words stand where the store does."""
        return self.parts.words.seq >= self._store.last_seq()

    def keep_words(self, *, hold: bool) -> bool:
        """Brings the word index up to date if this process may write it; else looks for what the holder committed.

        Args:
            hold: keep the shop's lock afterwards (a service) or give it back (a command).

        Returns:
            Whether the words are current.
        """
        with self._words_busy:
            words = self.parts.words
            if self.words_current():
                return True
            with contextlib.suppress(ShopError):  # a writer begins a fresh one
                words.reload()
            if self.words_current():
                return True
            if not self._writing and not self._lock.try_acquire():
                return False
            try:
                if not self._writing:
                    self._writing = True
                    words.become_writer()
                try:
                    self._write_words(words)
                except ShopError:
                    if words.seq:
                        raise  # disk full, say: what was committed before stands
                    self._write_words(words)  # the index was beyond repair and has begun anew
            finally:
                if not hold:
                    self._give_back()
            return True

    def _write_words(self, words: SwitchableWords) -> None:
        """Replays all that is new in one commit: a commit costs a tenth of a second, however much is in it."""
        at = words.seq
        while at < (newest := self._store.last_seq()):
            while changes := self._store.changes(at, _CHUNK):
                numbers = [c.number for c in changes]
                stored = self._store.get(numbers)
                changed = {n: s.product if s else None for n, s in zip(numbers, stored, strict=True)}
                at = changes[-1].seq
                words.replace(changed, at, commit=False)
            at = max(at, newest)
            words.flush(at)

    def _give_back(self) -> None:
        if self._writing:
            try:
                self.parts.words.become_reader()
            finally:
                self._lock.release()
                self._writing = False

    def wait_for_words(self, seconds: float) -> bool:
        """Waits until the words are current, writing them if nobody else does; False when the time is over."""
        end = time.monotonic() + seconds
        while not self.keep_words(hold=False):
            if time.monotonic() >= end:
                return False
            time.sleep(0.05)
        return True

    def start_keeper(
        self, on_error: Callable[[Exception], None], interval: float = 0.25, inspect_every: float = 60.0
    ) -> None:
        """Starts the thread of a service that keeps vectors, filters and words current between queries, and that looks
        for damage to the files of the words."""

        def keep() -> None:
            inspected = time.monotonic()
            while not self._stop.wait(interval):
                try:
                    self.refresh()
                    if time.monotonic() - inspected > inspect_every:
                        inspected = time.monotonic()
                        self.parts.words.inspect()
                    self.keep_words(hold=True)
                except Exception as error:  # the keeper must outlive a full disk or a locked file
                    on_error(error)

        self._keeper = threading.Thread(target=keep, name="shoplens-keeper", daemon=True)
        self._keeper.start()

    # --- snapshots ----------------------------------------------------------------------------

    def save(self) -> None:
        """Writes snapshots of the copies, so that the next start need not replay from the beginning."""
        with self._busy:
            for name, copy in (
                ("columns", self.parts.columns),
                ("pictures", self.parts.pictures),
                ("texts", self.parts.texts),
            ):
                copy.save(self._folder / name)
            self._saved_seq = self.seq

    def save_if_worth(self, changes: int = 1_000) -> None:
        """Saves when more than this many changes lie between the last snapshot and now."""
        if self.seq - self._saved_seq > changes:
            self.save()

    def close(self) -> None:
        """Stops the keeper and gives the lock back."""
        self._stop.set()
        if self._keeper is not None:
            self._keeper.join(timeout=30)
        with self._words_busy:
            self._give_back()


def _each(parts: Parts) -> tuple[tuple[RowIndex, Modality], ...]:
    return (parts.pictures, "picture"), (parts.texts, "words")


def discard(folder: Path) -> None:
    """Removes the folder of a shop's copies; the next start builds them anew from the store."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)
