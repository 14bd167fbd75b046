"""Which products are called by certain names: what a query's denials are held against."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tantivy

from shoplens.indexes.tokens import chunks, is_unspaced, normalise, tokens, word

DENYING = ("without", "non", "no", "free", "无")
"""Words of a product's names that may deny what follows: such a product is not one that is called so."""
_MOST = 64


def saying(
    schema: Any, field: str, option: str, names: Iterable[str], unless: Iterable[str], known: Callable[[str, str], int]
) -> Any | None:
    """A query for the products that have one of the names in a field of the index; None where none can.

    Args:
        option: how the field is indexed.
        names: what products may be called, lower case; all tokens of one of them must be there.
        unless: longer names: a product that has one of these is not meant.
        known: field, token -> number of products that have it.
    """

    def every(name: str) -> Any | None:
        some = tokens_of(name)
        if not some or not all(known(field, token) for token in some):
            return None
        terms = [tantivy.Query.term_query(schema, field, token, option) for token in some]
        return terms[0] if len(terms) == 1 else tantivy.Query.boolean_query([(tantivy.Occur.Must, t) for t in terms])

    should = [(tantivy.Occur.Should, query) for name in names if (query := every(name)) is not None][:_MOST]
    if not should:
        return None
    never = [(tantivy.Occur.MustNot, query) for name in unless if (query := every(name)) is not None][:_MOST]
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, tantivy.Query.boolean_query(should)), *never])


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
