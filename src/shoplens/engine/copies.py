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
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shoplens.core.ports import CatalogueStore, Change, StoredProduct, VectorRow, VectorStore
from shoplens.core.spaces import Modality, Space
from shoplens.engine.copy_ports import Lock, Parts, RowIndex, SwitchableWords
from shoplens.engine.copy_rows import picture_rows, text_row
from shoplens.errors import ShopError

_CHUNK = 2_000
Rows = list[tuple[VectorRow, npt.NDArray[np.float16]]]


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
                    if self.parts.words.is_cut() or time.monotonic() - inspected > inspect_every:
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
