"""Suggestions while a shopper types: a copy of what the shop's products say, by the phrases that they share.

The copy follows the store's change sequence in a thread of its own, begun when somebody asks; a question is answered
from the table that was published last and never waits. What is lost costs a rebuild: nothing lives here alone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from shoplens.core.catalogue import Product
from shoplens.core.ports import CatalogueStore
from shoplens.core.suggestion import Suggestion
from shoplens.engine.phrase_counts import PhraseCounts
from shoplens.engine.suggestion_table import EMPTY, Form, SuggestionTable, build

_LOG = logging.getLogger(__name__)
MAX_LIMIT = 50
"""Suggestions of one question at most."""
MAX_TYPED = 64
"""Characters of what was typed that count."""
_CHUNK = 50
_WORK_S, _REST_S = 0.001, 0.003
"""How long the thread works before it lets others have Python's lock, and for how long."""
_EARLY_S = 3.0
"""While a first table is being made, one is shown after so many seconds already."""
_AGAIN = 10
"""A table is made anew no sooner than after so many times as long as making it took."""
_SAVE_FROM = 200
"""Changes from which on a snapshot is written."""


class Says(Protocol):
    """Tells what of products may be proposed."""

    def keys(self, product: Product) -> frozenset[str]:
        """The keys of a product, of which counts are kept."""

    def forms(self, key: str) -> Sequence[Form]:
        """The texts that are proposed for a key."""


class Snapshots(Protocol):
    """Keeps counts on the disk."""

    def read(self) -> PhraseCounts | None:
        """What was written last; None where there is nothing, or it is damaged."""

    def write(self, counts: PhraseCounts) -> None:
        """Writes them whole or not at all. Raises OSError."""


class Polite:
    """Rests now and then, so that a thread that only computes does not hold up those that answer; not while somebody
    waits for what it does (``hurry``)."""

    def __init__(self, stop: threading.Event, hurry: threading.Event) -> None:
        self._stop, self._hurry, self._since = stop, hurry, time.perf_counter()

    def __call__(self) -> None:
        """To be called between small steps. Raises InterruptedError when all is to end."""
        if time.perf_counter() - self._since >= _WORK_S:
            if self._stop.wait(0.0 if self._hurry.is_set() else _REST_S):
                raise InterruptedError
            self._since = time.perf_counter()


class Suggesting:
    """The suggestions of one shop. Safe to use from several threads.

    Args:
        store: the truth.
        says: what of products may be proposed.
        sounds: how a text may be typed in pinyin; nothing for one without Chinese.
        stems: the tokens of a text: two texts with the same are one suggestion.
        snapshots: where counts are kept between starts.
        asked: what shoppers asked how often, by words as they are compared.
        logged: how many products in stock answer a query that was asked.
    """

    def __init__(
        self,
        store: CatalogueStore,
        says: Says,
        sounds: Callable[[str], Sequence[str]],
        stems: Callable[[str], Iterable[str]],
        snapshots: Snapshots,
        asked: Mapping[str, int],
        logged: Callable[[str], int],
    ) -> None:
        self._store, self._says, self._sounds, self._stems = store, says, sounds, stems
        self._snapshots, self._asked, self._logged = snapshots, asked, logged
        self._counts: PhraseCounts | None = None
        self._saved = 0
        self.table: SuggestionTable = EMPTY
        self._table_seq = 0
        self._took, self._made = 0.0, 0.0
        self._starting, self._stop, self._hurry = threading.Lock(), threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def seq(self) -> int:
        """The sequence number up to which the table stands."""
        return self._table_seq

    def suggest(self, typed: str, limit: int = 8) -> tuple[Suggestion, ...]:
        """What may be meant by what was typed so far, the most popular first; never waits for the copy."""
        self.follow()
        return self.table.suggest(typed[:MAX_TYPED], max(0, min(limit, MAX_LIMIT)))

    # --- following the store ------------------------------------------------------------------

    def follow(self) -> None:
        """Sees to it that the copy is brought up to the store, in the background."""
        if self._table_seq >= self._store.last_seq() or self._stop.is_set():
            return
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="shoplens-suggest", daemon=True)
                self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Waits until the copy is current, at most so long; whether it is."""
        end = time.monotonic() + seconds
        self._hurry.set()
        try:
            while self._table_seq < self._store.last_seq():
                self.follow()
                thread = self._thread
                left = end - time.monotonic()
                if thread is None or left <= 0:
                    return False
                thread.join(left)
            return True
        finally:
            self._hurry.clear()

    def close(self) -> None:
        """Ends the thread."""
        self._stop.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=10)

    def _run(self) -> None:
        try:
            self._catch_up(Polite(self._stop, self._hurry))
        except InterruptedError:
            return
        except Exception as error:  # the store cannot be read just now, say: the next question tries again
            _LOG.warning("suggestions stay as they were: %s", error)
            self._stop.wait(1.0)

    def _catch_up(self, rest: Polite) -> None:
        counts = self._counts
        if counts is None:
            counts = self._snapshots.read() or PhraseCounts()
            if counts.seq > self._store.last_seq():  # an older store was put in its place
                counts = PhraseCounts()
            self._counts, self._saved = counts, counts.seq
            if counts.seq:
                self._publish(counts, rest)
        while counts.seq < (newest := self._store.last_seq()):
            changes = self._store.changes(counts.seq, _CHUNK)
            if not changes:
                counts.seq = newest
                break
            fresh = [change for change in changes if not change.deleted]
            stored = dict(zip([c.number for c in fresh], self._store.get([c.number for c in fresh]), strict=True))
            for change in changes:
                found = stored.get(change.number)
                keys = self._says.keys(found.product) if found is not None else frozenset()
                counts.put(change.number, keys, found.product if found is not None and keys else None)
                rest()
            counts.seq = changes[-1].seq
            if time.monotonic() - self._made > max(_EARLY_S, _AGAIN * self._took):
                self._publish(counts, rest)
        if self._table_seq < counts.seq:
            pause = self._made + _AGAIN * self._took - time.monotonic() if self._table_seq else 0.0
            until = time.monotonic() + min(pause, 60.0)
            while time.monotonic() < until and not self._hurry.is_set():
                if self._stop.wait(0.05):
                    raise InterruptedError
            self._publish(counts, rest)
        if counts.seq - self._saved >= _SAVE_FROM:
            try:
                self._snapshots.write(counts)
            except OSError as error:  # a full or read-only disk: the next start builds it anew
                _LOG.info("the snapshot of suggestions was not written: %s", error)
            self._saved = counts.seq

    def _publish(self, counts: PhraseCounts, rest: Polite) -> None:
        started = time.monotonic()
        given = self._says.forms, self._sounds, self._stems, self._asked, self._logged
        table = build(counts, *given, rest)
        self._took, self._made = time.monotonic() - started, time.monotonic()
        self.table, self._table_seq = table, counts.seq
