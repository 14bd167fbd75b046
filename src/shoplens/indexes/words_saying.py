"""Which products are called by certain names: what a query's denials are held against."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
import tantivy

from shoplens.core.ports import Numbers
from shoplens.indexes.tokens import chunks, is_unspaced, normalise, tokens, word
from shoplens.indexes.words_query import NAMED, WORDS

DENYING = ("without", "non", "no", "free", "无")
"""Words of a product's names that may deny what follows: such a product is not one that is called so."""
_MOST = 64
_KEPT = 64


class Said:
    """What the products of one committed state of the index say of themselves."""

    def __init__(self, searcher: Any, schema: Any, frequency: Callable[[str, str], int]) -> None:
        self._searcher, self._schema, self._frequency = searcher, schema, frequency
        self._called: dict[tuple[tuple[str, ...], tuple[str, ...]], Numbers] = {}

    def saying(self, names: tuple[str, ...], unless: tuple[str, ...]) -> Numbers:
        """See ``TantivyWords.saying``; what was asked last is kept, as reading thousands of numbers takes its time."""
        found = self._called.get((names, unless))
        if found is None:
            found = self._numbers(self._query(NAMED, "basic", names, (*DENYING, *unless)))
            if len(self._called) >= _KEPT:
                self._called.clear()
            self._called[names, unless] = found
        return found

    def mentioning(self, names: Iterable[str], among: Numbers) -> Numbers:
        """See ``TantivyWords.mentioning``."""
        query = self._query(WORDS, "freq", names, ()) if len(among) else None
        if query is None:
            return self._numbers(None)
        these = tantivy.Query.term_set_query(self._schema, "number", among.tolist())
        return np.sort(all_numbers(self._searcher, every_of([query, these]), len(among)))

    def _numbers(self, query: Any | None) -> Numbers:
        count = 0 if query is None else int(self._searcher.search(query, 1, count=True).count or 0)
        return np.sort(all_numbers(self._searcher, query, count)) if count else np.empty(0, np.int64)

    def _query(self, field: str, option: str, names: Iterable[str], unless: Iterable[str]) -> Any | None:
        """A query for the products that have all tokens of one of the names in a field, and of none of ``unless``; None
        where no product can. ``option``: how the field is indexed."""

        def every(name: str) -> Any | None:
            some = tokens_of(name)
            if not some or not all(self._frequency(field, token) for token in some):
                return None
            return every_of([tantivy.Query.term_query(self._schema, field, token, option) for token in some])

        should = [(tantivy.Occur.Should, query) for name in names if (query := every(name)) is not None][:_MOST]
        if not should:
            return None
        never = [(tantivy.Occur.MustNot, query) for name in unless if (query := every(name)) is not None][:_MOST]
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, tantivy.Query.boolean_query(should)), *never])


def all_numbers(searcher: Any, query: Any, count: int) -> Numbers:
    """The product numbers of all matches, in no order."""
    hits = searcher.search(query, count, count=False, order_by_field="number").hits
    return np.fromiter(map(itemgetter(0), hits), np.int64, len(hits))


def every_of(queries: Sequence[Any]) -> Any:
    """A query for what meets all of some."""
    return queries[0] if len(queries) == 1 else tantivy.Query.boolean_query([(tantivy.Occur.Must, q) for q in queries])


def tokens_of(name: str) -> Sequence[str]:
    """The tokens that a text with the name has: stems of its words, pairs of its Chinese characters."""
    out: dict[str, None] = {}
    for chunk in chunks(normalise(name)):
        found = word(chunk)
        if is_unspaced(chunk):
            out |= dict.fromkeys(found.pairs or found.parts)
        else:
            out |= dict.fromkeys(found.parts or (found.whole,))
    return tuple(out) or tuple(tokens(name))
