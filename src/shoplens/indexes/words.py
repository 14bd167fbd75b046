"""The word index: tantivy, fed tokens of ours. A copy of the catalogue's words that can always be rebuilt.

One process writes (whoever holds the lock of the shop's folder), every process reads. The sequence number
stands in a sentinel document, so words and number are committed together. A folder that is damaged, or was
written with another schema or other tokens, is left behind for a fresh one that stands at 0 and is replayed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tantivy

from shoplens.core.catalogue import Product
from shoplens.core.glance import Glance
from shoplens.core.ports import EXACT, MOST_TERMS, Mask, Numbers, WordMatches
from shoplens.errors import ShopError, ShopLockedError
from shoplens.indexes import words_reasons as reasons
from shoplens.indexes.vocabulary import NONE, Vocabulary
from shoplens.indexes.words_document import (
    SENTINEL,
    SEQ,
    document,
    sentinel,
)
from shoplens.indexes.words_folder import Generation, WordFolder, by_the_system, native
from shoplens.indexes.words_query import (
    FEW,
    NUMBER,
    Looked,
    QueryBuilder,
    all_terms,
)
from shoplens.indexes.words_saying import Said, all_numbers
from shoplens.indexes.words_tries import Tries, read

_LOG = logging.getLogger(__name__)
_HEAP = 64_000_000
_FIRST = 10_000
"""Matches fetched with their scores at first; more only where a filter leaves too few of them."""

_MAX_FREQUENCIES = 100_000


_NOTHING = WordMatches(np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.int64))


class TantivyWords:
    """Implements the port WordIndex. ``search``, ``reload`` and ``terms`` may be called from any thread at any time;
    ``replace`` by one process at a time, which must be the writer.

    Args:
        folder: where the index lies; made where it is missing (by a writer).
        writer: whether this process holds the shop's lock and may write.
        vocabulary: words beside the catalogue's own.
    """

    def __init__(self, folder: Path, *, writer: bool = False, vocabulary: Vocabulary = NONE) -> None:
        self._folder = WordFolder(folder)
        self._vocabulary = vocabulary
        self._lock = threading.RLock()
        self._writing = writer
        self._writer: Any = None
        self._generation: Generation | None = None
        self._searcher: _Searcher | None = None
        self._seq = 0
        self._seen: tuple[object, ...] = ()
        self._problem = ""
        self.reload()

    # --- reading -------------------------------------------------------------------------------

    @property
    def seq(self) -> int:
        """The sequence number up to which this copy stands."""
        return self._seq

    @property
    def problem(self) -> str:
        """What is wrong with the files, as far as they were read; "" when nothing is or a fresh index was begun."""
        return self._problem

    def is_cut(self) -> bool:
        """Whether one of the files has become smaller, which only another hand does: time to ``inspect``."""
        return self._folder.is_cut()

    def inspect(self) -> str:
        """Reads all files if one has changed since they were last read; returns what is wrong with them.

        A damaged index answers nothing from then on and stands at 0; the writer begins a fresh one.
        """
        with self._lock:
            if self._generation is not None and self._folder.signature() != self._seen:
                self._seen = self._folder.signature()
                if problem := self._folder.damage():
                    self._lose(problem)
                    return problem
            return self._problem

    def reload(self) -> int:
        """Looks for what another process committed (microseconds when there is nothing); returns the sequence number
        at which this copy now stands: 0 if it is missing, damaged, or was written by another version.

        Raises:
            ShopError: its files are whole but cannot be opened (too many open files, no permission).
        """
        generation = self._generation
        if generation is not None and self._folder.stamp(generation) == generation.stamp:
            return self._seq
        with self._lock:
            try:
                self._look()
            except ShopError as error:
                cause = "" if by_the_system(error) else error.message
                self._lose(self._folder.damage() or cause, error)
            return self._seq

    def _look(self) -> None:
        generation = self._generation
        if generation is None or generation.mirror or self._folder.current() != generation.name:
            self._drop()
            if (seen := self._folder.signature()) != self._seen:
                self._seen = seen
                self._problem = self._folder.damage() if self._folder.current() else ""
            if self._problem:
                # A bit that fell over would else go unnoticed until a search stumbles over it, or never.
                if not self._writing:
                    return
                self._begin(self._problem)
            self._generation = generation = self._folder.open(create=self._writing)
        if generation is not None:
            # The stamp before the look: a commit in between is then seen the next time.
            generation.stamp = self._folder.stamp(generation)
            with native(generation.path):
                generation.index.reload()
                self._show(generation)

    def _show(self, generation: Generation) -> None:
        searcher = generation.index.searcher()
        query = tantivy.Query.term_query(generation.index.schema, NUMBER, SENTINEL)
        hits = searcher.search(query, 1, count=False, order_by_field=SEQ).hits
        self._searcher, self._seq = _Searcher(searcher, generation, self._vocabulary), int(hits[0][0]) if hits else 0

    def _drop(self) -> None:
        self._searcher = self._writer = self._generation = None
        self._seq = 0

    def _begin(self, problem: str) -> None:
        if self._folder.current():
            _LOG.warning("the word index in %s is damaged and is built anew: %s", self._folder.root, problem)
        self._folder.retire()
        self._problem, self._seen = "", ()

    def _lose(self, problem: str, error: ShopError | None = None) -> None:
        """A damaged index is begun anew by the writer, waited for by a reader. Without a problem the failure has
        other causes and is passed on."""
        if error is not None and not problem:
            raise error
        self._drop()
        self._problem, self._seen = problem, self._folder.signature()
        if self._writing:
            self._begin(problem)
            self._look()

    def search(self, words: str, k: int, products: Mask | None = None) -> WordMatches:
        """The k best products for the words, among those allowed (bool mask by product number; numbers beyond it
        are not allowed): never fewer than min(k, allowed matches). ``matched`` are all matches, allowed or not;
        ``words_query`` says what a match is. Scores are BM25 over all texts, tokens weighed by their
        field; an exact identifier scores 1000. Ties are in order of product number. A damaged index answers nothing,
        and stands at 0.

        Raises:
            ShopError: the search failed though the files are whole.
        """
        searcher = self._searcher
        if searcher is None or not words.strip():
            return _NOTHING
        try:
            with native(searcher.generation.path):
                return searcher.search(words, k, products)
        except ShopError as error:
            with self._lock:
                if self._generation is searcher.generation:
                    self._lose(self._folder.damage(), error)
            return _NOTHING

    def glance(self, words: str, most: int) -> Glance:
        """What ``search`` would find, as far as some of the best products and their number tell. Raises as that does.

        To read the number of each match takes ten times as long as to find them.
        """
        searcher = self._searcher
        if searcher is None or not words.strip():
            return Glance(_NOTHING.products, 0, ())
        with native(searcher.generation.path):
            return searcher.tries.glance(words, most)

    def saying(self, names: Sequence[str], unless: Sequence[str]) -> Numbers:
        """Numbers, rising, of products that are called by one of the names: in what they are, and not by a longer one
        of ``unless`` or beside a word that denies it."""
        searcher = self._searcher
        if searcher is None:
            return _NOTHING.products
        with native(searcher.generation.path):
            return searcher.said.saying(tuple(names), tuple(unless))

    def mentioning(self, names: Sequence[str], among: Numbers) -> Numbers:
        """Those of some products, rising, that have one of the names in any text."""
        searcher = self._searcher
        if searcher is None:
            return _NOTHING.products
        with native(searcher.generation.path):
            return searcher.said.mentioning(tuple(names), among)

    def mentions(self, name: str) -> bool:
        """Whether any product has all tokens of a name in its texts. Raises as ``search`` does."""
        searcher = self._searcher
        if searcher is None:
            return False
        with native(searcher.generation.path):
            return searcher.said.mentions(name)

    def terms(self, words: str, product: Product) -> tuple[str, ...]:
        """Which of the words, as written, the product matches: the reason of a hit. One-letter typos count."""
        return reasons.terms(words, product, self._vocabulary)

    def named(self, words: str, product: Product, *, typos: bool = True) -> float:
        """The share of the words' terms that the product's names have: title, brand, category, attributes and
        identifiers, in every language; 0..1. A description says what a thing goes with ("machine wash", "for your
        yoga mat"), not what it is. ``typos``: whether a term may be one letter away."""
        return reasons.named(words, product, self._vocabulary, typos=typos)

    # --- writing -------------------------------------------------------------------------------

    def become_writer(self) -> None:
        """From now on this process holds the shop's lock and may write. A missing or damaged index is made anew."""
        with self._lock:
            self._writing = True
            self._drop()
            self.reload()

    def become_reader(self) -> None:
        """From now on another process may hold the shop's lock: the writer is closed, reading goes on."""
        with self._lock:
            self.close()
            self._writing = False
            self.reload()

    def replace(self, changed: Mapping[int, Product | None], seq: int, *, commit: bool = True) -> None:
        """Product number -> product from now on (None: gone); committed with ``seq``, searchable when this returns.

        ``commit=False``: only added; ``flush(seq)`` commits and shows all of it. A commit takes about a tenth
        of a second, so a rebuild adds thousands of products to one.

        Raises:
            ShopError: the folder cannot be written to (disk full); what was committed before stands.
            ShopLockedError: this process is not the writer, or another one is.
        """
        with self._lock:
            writer = self._open_writer()
            try:
                with native(self._folder.root):
                    self._delete(writer, list(changed))
                    for number, product in changed.items():
                        if product is not None:
                            writer.add_document(document(number, product, self._vocabulary))
            except ShopError:
                self._writer = None  # what was added is taken back; the next call opens another
                raise
            if commit:
                self.flush(seq)

    def _delete(self, writer: Any, numbers: list[int]) -> None:
        # By query: tantivy-py takes a Python int for a signed term, which no document of ours has.
        if numbers and self._generation is not None:
            schema = self._generation.index.schema
            writer.delete_documents_by_query(tantivy.Query.term_set_query(schema, NUMBER, numbers))

    def flush(self, seq: int) -> None:
        """Commits what was added, with ``seq``, and shows it. Raises as ``replace`` does."""
        with self._lock:
            writer = self._open_writer()
            try:
                with native(self._folder.root):
                    self._delete(writer, [SENTINEL])
                    writer.add_document(sentinel(seq))
                    writer.commit()
                self._look()
            except ShopError as error:
                self._writer = None
                if "FileAlreadyExists" in error.message:
                    # Left behind by a writer that was killed, and in the way for good: a fresh index, replayed from 0.
                    self._drop()
                    self._begin(error.message)
                raise

    def close(self) -> None:
        """Lets go of the files and of tantivy's own lock; what was not committed is lost."""
        with self._lock:
            writer = self._writer
            self._drop()
            if writer is not None:
                with suppress(ShopError), native(self._folder.root):  # a full disk; what was not committed is lost
                    writer.rollback()
            del writer

    def _open_writer(self) -> Any:
        if not self._writing:
            raise ShopLockedError(
                "this process does not hold the shop's lock, so it cannot write the word index",
                where=str(self._folder.root),
                hint="write through the process that does, or stop it first",
            )
        self.reload()
        if self._writer is None and self._generation is not None:
            self._writer = self._folder.writer(self._generation, _HEAP)
            with native(self._folder.root):
                # A writer that was killed leaves files under names that the next commit would take again.
                self._writer.garbage_collect_files()
        return self._writer


class _Searcher:
    """One committed state of the index, with the frequencies that queries asked for."""

    def __init__(self, searcher: Any, generation: Generation, vocabulary: Vocabulary) -> None:
        self.generation = generation
        self._searcher = searcher
        self._known: dict[tuple[str, str], int] = {}
        self._vocabulary = vocabulary
        self._builder = QueryBuilder(generation.index.schema, self._frequency)
        self.tries = Tries(searcher, self._builder, vocabulary)
        self.said = Said(searcher, generation.index.schema, self._frequency)

    def _frequency(self, field: str, token: str) -> int:
        found = self._known.get((field, token))
        if found is None:
            if len(self._known) >= _MAX_FREQUENCIES:
                self._known.clear()
            found = self._known[field, token] = int(self._searcher.doc_freq(field, token))
        return found

    def search(self, words: str, k: int, products: Mask | None) -> WordMatches:
        """See ``TantivyWords.search``."""
        every = all_terms(words, self._vocabulary)
        looked = self._builder.looked(every[:MOST_TERMS])
        cut = len(every) > MOST_TERMS
        for query, share in self.tries.queries(words, looked, len(every[:MOST_TERMS])):
            found = self._searcher.search(query, _FIRST, count=True)
            if found.count:
                # Whatever the filter: what it leaves is a part of what is found without it.
                best = self._best(query, found, k, products)
                exact = len(best.scores) > 0 and best.scores[0] >= EXACT
                best = replace(
                    best, coverage=1.0 if exact else share, guessed=self._builder.guessed_of(looked), cut=cut
                )
                return best if exact or found.count >= FEW else self._partly(best, words, looked, products)
        return replace(_NOTHING, cut=cut)

    def _partly(self, best: WordMatches, words: str, looked: Looked, products: Mask | None) -> WordMatches:
        """The matches with what has the main one of the terms."""
        query = self._builder.partly(words, looked, self._vocabulary)
        if query is None:
            return best
        numbers, scores = read(self._searcher, self._searcher.search(query, FEW, count=False))
        keep = np.flatnonzero(~np.isin(numbers, best.matched))[: FEW - len(best.matched)]
        if products is not None:  # after the choice: what a filter leaves is a part of what is found without it
            keep = keep[_allowed(numbers[keep], products)]
        most = best.scores[-1] if len(best.scores) else np.float32(np.inf)
        return replace(best, partly=numbers[keep], partly_scores=np.minimum(scores[keep], most))

    def _best(self, query: Any, found: Any, k: int, products: Mask | None) -> WordMatches:
        """The k best of a query's matches that are allowed, and all of them."""
        numbers, scores = read(self._searcher, found)
        matched = numbers
        if found.count > len(numbers):
            matched = all_numbers(self._searcher, query, found.count)
            have, can = (len(n) if products is None else _allowed(n, products).sum() for n in (numbers, matched))
            if have < min(k, can):
                numbers, scores = read(self._searcher, self._searcher.search(query, found.count, count=False))
        if products is not None:
            keep = _allowed(numbers, products)
            numbers, scores = numbers[keep], scores[keep]
        best = np.lexsort((numbers, -scores))[: max(k, 0)]
        return WordMatches(numbers[best], scores[best], matched)


def _allowed(numbers: npt.NDArray[np.int64], products: Mask) -> npt.NDArray[np.bool_]:
    out = np.zeros(len(numbers), bool)
    inside = numbers < len(products)
    out[inside] = products[numbers[inside]]
    return out
