"""Which products are called by certain names: what a query's denials are held against."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
import tantivy

from shoplens.core.ports import Numbers
from shoplens.indexes.tokens import chunks, is_unspaced, normalise, tokens, word
from shoplens.indexes.words_query import NAMED, NUMBER, WORDS, every_of

DENYING = ("without", "non", "no", "free", "无")
"""Words of a product's names that may deny what follows: such a product is not one that is called so."""
_MOST = 64
_KEPT = 32


class Said:
    """What the products of one committed state of the index say of themselves."""

    def __init__(self, searcher: Any, schema: Any, frequency: Callable[[str, str], int]) -> None:
        self._searcher, self._schema, self._frequency = searcher, schema, frequency
        self._known: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Numbers] = {}

    def saying(self, names: tuple[str, ...], unless: tuple[str, ...]) -> Numbers:
        """See ``TantivyWords.saying``."""
        return self._kept(NAMED, "basic", names, (*DENYING, *unless))

    def mentioning(self, names: tuple[str, ...], among: Numbers) -> Numbers:
        """See ``TantivyWords.mentioning``."""
        every = self._kept(WORDS, "freq", names, ()) if len(among) else among
        return np.sort(among[np.isin(among, every)])

    def mentions(self, name: str) -> bool:
        """See ``TantivyWords.mentions``."""
        query = self._query(WORDS, "freq", (name,), ())
        return query is not None and bool(self._searcher.search(query, 1, count=False).hits)

    def _kept(self, field: str, option: str, names: tuple[str, ...], unless: tuple[str, ...]) -> Numbers:
        """The products that have one of the names, rising; of what was asked last they are kept, as reading thousands
        of numbers takes its time."""
        key = field, names, unless
        found = self._known.get(key)
        if found is None:
            found = self._numbers(self._query(field, option, names, unless))
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[key] = found
        return found

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
    hits = searcher.search(query, count, count=False, order_by_field=NUMBER).hits
    return np.fromiter(map(itemgetter(0), hits), np.int64, len(hits))


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
