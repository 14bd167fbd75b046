"""The word index: tantivy, fed tokens of ours. A copy of the catalogue's words that can always be rebuilt.

One process writes (whoever holds the lock of the shop's folder), every process reads. The sequence number
stands in a sentinel document, so words and number are committed together. A folder that is damaged, or was
written with another schema or other tokens, is left behind for a fresh one that stands at 0 and is replayed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tantivy

from shoplens.core.catalogue import Product
from shoplens.core.ports import Mask, WordMatches
from shoplens.errors import ShopError, ShopLockedError
from shoplens.indexes.tokens import tokens
from shoplens.indexes.words_document import NUMBER, SENTINEL, SEQ, document, identifiers_of, sentinel, texts_of
from shoplens.indexes.words_folder import Generation, WordFolder, native
from shoplens.indexes.words_query import (
    QueryBuilder,
    Term,
    at_least,
    either,
    identifier_key,
    required,
    required_characters,
    terms_of,
)

_LOG = logging.getLogger(__name__)
_HEAP = 64_000_000
_FIRST = 10_000
"""Matches fetched with their scores at first; more only where a filter leaves too few of them."""

_NOTHING = WordMatches(np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.int64))


class TantivyWords:
    """Implements the port WordIndex. ``search``, ``reload`` and ``terms`` may be called from any thread at any time;
    ``replace`` by one process at a time, which must be the writer.

    Args:
        folder: where the index lies; made where it is missing (by a writer).
        writer: whether this process holds the shop's lock and may write.
    """

    def __init__(self, folder: Path, *, writer: bool = False) -> None:
        self._folder = WordFolder(folder)
        self._lock = threading.RLock()
        self._writing = writer
        self._writer: Any = None
        self._generation: Generation | None = None
        self._searcher: Any = None
        self._seq = 0
        self._pending = 0
        self.reload()

    # --- reading -------------------------------------------------------------------------------

    @property
    def seq(self) -> int:
        """The sequence number up to which this copy stands."""
        return self._seq

    def reload(self) -> int:
        """Looks for what another process committed (microseconds when there is nothing); returns the sequence number
        at which this copy now stands: 0 if it is missing, damaged, or was written by another version."""
        stamp = self._folder.stamp(self._generation)
        if self._generation is not None and stamp == self._generation.stamp:
            return self._seq
        with self._lock:
            try:
                current = self._folder.current()
                if self._generation is None or current != self._generation.name:
                    self._open()
                else:
                    self._generation.stamp = self._folder.stamp(self._generation)
                    with native(self._generation.path):
                        self._generation.index.reload()
                        self._show()
            except ShopError as error:
                self._abandon(error)
            return self._seq

    def _open(self) -> None:
        self._drop()
        generation = self._folder.open(create=self._writing)
        if generation is not None:
            self._generation = generation
            with native(generation.path):
                self._show()

    def _show(self) -> None:
        generation = self._generation
        if generation is None:
            return
        searcher = generation.index.searcher()
        query = tantivy.Query.term_query(generation.index.schema, NUMBER, SENTINEL)
        hits = searcher.search(query, 1, count=False, order_by_field=SEQ).hits
        self._searcher, self._seq = searcher, int(hits[0][0]) if hits else 0

    def _drop(self) -> None:
        self._searcher = self._writer = self._generation = None
        self._seq = self._pending = 0

    def _abandon(self, error: ShopError) -> None:
        """A damaged index: a writer begins a fresh one, a reader waits for it."""
        _LOG.warning("the word index is damaged and will be rebuilt: %s", error)
        self._drop()
        if self._writing:
            self._folder.retire()
            self._open()

    def search(self, words: str, k: int, products: Mask | None = None) -> WordMatches:
        """The k best products for the words, among those allowed (bool mask by product number; numbers beyond it
        are not allowed): never fewer than min(k, allowed matches). ``matched`` are all matches, allowed or not;
        ``words_query`` says what a match is. Scores are BM25, summed over fields by their weights; an exact
        identifier adds 1000. Ties are in order of product number.
        """
        searcher, generation = self._searcher, self._generation
        if searcher is None or generation is None or not words.strip():
            return _NOTHING
        try:
            with native(generation.path):
                return _search(searcher, generation.index.schema, words, k, products)
        except ShopError as error:
            with self._lock:
                if self._generation is generation:
                    self._abandon(error)
            return _NOTHING

    def terms(self, words: str, product: Product) -> tuple[str, ...]:
        """Which of the words, as written, the product matches: the reason of a hit. One-letter typos count."""
        have = {token for texts in texts_of(product).values() for text in texts for token in tokens(text)}
        identifiers = identifiers_of(product)
        found = [t.written for t in terms_of(words) if _has(t, have, identifiers)]
        if not found and identifier_key(words) in identifiers:
            return (words.strip(),)
        return tuple(dict.fromkeys(found))

    # --- writing -------------------------------------------------------------------------------

    def become_writer(self) -> None:
        """From now on this process holds the shop's lock and may write. A missing or damaged index is made anew."""
        with self._lock:
            self._writing = True
            self.reload()
            if self._generation is None:
                self._folder.retire()
                self._open()

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
                    for number, product in changed.items():
                        writer.delete_documents_by_term(NUMBER, number)
                        if product is not None:
                            writer.add_document(document(number, product))
            except ShopError:
                self._writer = None  # what was added is taken back; the next call opens another
                raise
            self._pending += len(changed)
            if commit:
                self.flush(seq)

    def flush(self, seq: int) -> None:
        """Commits what was added, with ``seq``, and shows it. Raises as ``replace`` does."""
        with self._lock:
            writer = self._open_writer()
            generation = self._generation
            try:
                with native(self._folder.root):
                    writer.delete_documents_by_term(NUMBER, SENTINEL)
                    writer.add_document(sentinel(seq))
                    writer.commit()
                    if generation is not None:
                        generation.stamp = self._folder.stamp(generation)
                        generation.index.reload()
                        self._show()
            except ShopError:
                self._writer = None
                raise
            self._pending = 0

    def close(self) -> None:
        """Lets go of the files and of tantivy's own lock; what was not committed is lost."""
        with self._lock:
            writer = self._writer
            self._drop()
            if writer is not None:
                with native(self._folder.root):
                    writer.rollback()
            del writer

    def _open_writer(self) -> Any:
        if not self._writing:
            raise ShopLockedError(
                "this process does not hold the shop's lock, so it cannot write the word index",
                where=str(self._folder.root),
                hint="write through the process that does, or stop it first",
            )
        if self._generation is None:
            self._open()
        if self._writer is None and self._generation is not None:
            self._writer = self._folder.writer(self._generation, _HEAP)
        return self._writer


def _search(searcher: Any, schema: Any, words: str, k: int, products: Mask | None) -> WordMatches:
    builder = QueryBuilder(schema, searcher.doc_freq)
    queries = builder.known(terms_of(words))
    whole = builder.whole(words)
    if not queries and whole is None:
        return _NOTHING
    found: Any = None
    query: Any = whole
    for count in range(required(len(queries)), 0, -1):
        query = at_least(queries, count)
        if whole is not None:
            query = either(query, whole)
        found = searcher.search(query, _FIRST, count=True)
        if found.count:
            break
    if found is None:
        found = searcher.search(query, _FIRST, count=True)
    numbers, scores = _read(searcher, found)
    matched = numbers
    if found.count > len(numbers):
        matched = _all_numbers(searcher, query, found.count)
        wanted = min(k, len(matched) if products is None else int(np.count_nonzero(_allowed(matched, products))))
        have = len(numbers) if products is None else int(np.count_nonzero(_allowed(numbers, products)))
        if have < wanted:
            numbers, scores = _read(searcher, searcher.search(query, found.count, count=False))
    if products is not None:
        keep = _allowed(numbers, products)
        numbers, scores = numbers[keep], scores[keep]
    best = np.lexsort((numbers, -scores))[: max(k, 0)]
    return WordMatches(numbers[best], scores[best], matched)


def _read(searcher: Any, found: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    hits = found.hits
    numbers = np.array(searcher.fast_field_values(NUMBER, [address for _, address in hits]), np.int64)
    return numbers, np.array([score for score, _ in hits], np.float32)


def _all_numbers(searcher: Any, query: Any, count: int) -> npt.NDArray[np.int64]:
    hits = searcher.search(query, count, count=False, order_by_field=NUMBER).hits
    return np.array([number for number, _ in hits], np.int64)


def _allowed(numbers: npt.NDArray[np.int64], products: Mask) -> npt.NDArray[np.bool_]:
    out = np.zeros(len(numbers), bool)
    inside = numbers < len(products)
    out[inside] = products[numbers[inside]]
    return out


def _has(term: Term, have: set[str], identifiers: set[str]) -> bool:
    """Whether a product with these tokens meets a term; the same meaning as the query's."""
    characters = term.characters
    if characters:
        return sum(c in have for c in characters) >= required_characters(len(characters))
    word = term.word
    if any(token in have for token in (word.whole, *word.more, *term.joined) if token):
        return True
    if word.parts:
        return all(part in have for part in word.parts) or identifier_key(term.written) in identifiers
    if identifier_key(term.written) in identifiers:
        return True
    return len(word.whole) >= 4 and word.whole.isalpha() and any(_near(word.whole, token) for token in have)


def _near(first: str, second: str) -> bool:
    """Whether one letter was changed, added, left out, or two neighbours swapped."""
    if abs(len(first) - len(second)) > 1 or first == second:
        return first == second
    start = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), len(first))
    a, b = first[start:], second[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
