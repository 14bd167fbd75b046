"""How strictly words are looked for: with as many of a query's terms as some product has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from shoplens.core.glance import Glance
from shoplens.indexes.vocabulary import Vocabulary
from shoplens.indexes.words_query import (
    NUMBER,
    Looked,
    QueryBuilder,
    at_least,
    either,
    most_of,
    preferred,
    required,
    terms_of,
)

_TRIED = 2
"""Terms up to which one fewer is asked for without looking first how many of them any product has."""


class Tries:
    """Asks one committed state of the index."""

    def __init__(self, searcher: Any, builder: QueryBuilder, vocabulary: Vocabulary) -> None:
        self._searcher, self._builder, self._vocabulary = searcher, builder, vocabulary

    def queries(self, words: str, looked: Looked, terms: int) -> Iterator[tuple[Any, float]]:
        """Queries, the strictest first, each with the share of the ``terms`` that it asks for; to be taken until one of
        them matches. Three at the most, however many terms there are: a product has all that are asked for, or as many
        as any has, or two, or one."""
        queries = [query for _, query in looked.queries]
        whole = self._builder.whole(words)
        if not queries and whole is not None:
            yield whole, 1.0
        better = self._builder.heads(words, self._vocabulary)
        count = min(required(looked.asked), len(queries))
        while count:
            query = preferred(at_least(queries, count), better)
            yield query if whole is None else either(query, whole), count / terms
            count = self._most(queries, count - 1) if count > _TRIED else count - 1

    def _most(self, queries: Sequence[Any], limit: int) -> int:
        """How many of the queries a product matches at most; ``limit`` where it is more."""
        hits = self._searcher.search(most_of(queries), 1, count=False).hits
        return min(limit, round(hits[0][0])) if hits else 0

    def glance(self, words: str, most: int) -> Glance:
        """See ``TantivyWords.glance``."""
        terms = terms_of(words, self._vocabulary)
        looked = self._builder.looked(terms)
        for query, _ in self.queries(words, looked, len(terms)):
            found = self._searcher.search(query, most, count=True)
            if found.count:
                numbers, _ = read(self._searcher, found)
                return Glance(numbers, int(found.count), self._builder.guessed_of(looked))
        return Glance(np.empty(0, np.int64), 0, ())


def read(searcher: Any, found: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Product numbers and scores of what was found."""
    hits = found.hits
    if not hits:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    scores, addresses = zip(*hits, strict=True)
    return np.array(searcher.fast_field_values(NUMBER, list(addresses)), np.int64), np.array(scores, np.float32)
