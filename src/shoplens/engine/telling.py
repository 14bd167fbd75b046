"""What an answer tells beside its hits: which word was read as another, and why nothing was found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from shoplens.core.answer import Answer
from shoplens.core.catalogue import Product
from shoplens.core.notes import Note, note
from shoplens.core.ports import MOST_TERMS, Mask, WordMatches
from shoplens.core.query import Query
from shoplens.core.slips import one_letter_away
from shoplens.core.where import All, Any_, Not, Where, both
from shoplens.engine.copies import Copies
from shoplens.engine.pages import Found, Store

_WORD = re.compile(r"[^\W\d_]+")
_LOOKED_AT = 10
"""Hits whose texts are read for the word that was meant."""

_GLANCED = 50
"""Products with a word one letter away of which one may be shown that has the word that was meant."""

_MAX_TYPOS = 3
"""Guessed words that are told; more make no sentence that anybody reads."""

_MAX_READ = 2_000
"""Characters of a product that are read for it: its names, then what its description begins with."""

_MAX_ENDING = 8
"""Letters that a stem may be shorter than its word ("-fulness")."""

_LONG_STEM = 5
"""Letters of a stem that only forms of one word have."""


class Teller:
    """Finds the notes of an answer. Safe to call from several threads."""

    def __init__(self, store: Store, copies: Copies, tokens: Callable[[str], Iterable[str]]) -> None:
        self._store = store
        self._copies = copies
        self._tokens = tokens

    def notes(
        self,
        query: Query,
        answer: Answer,
        found: Found,
        *,
        words: WordMatches | None,
        unfiltered: Callable[[], int],
    ) -> tuple[Note, ...]:
        """The notes of an answer, beside those that were known before it was looked for.

        Args:
            query: as it was searched for.
            answer: what was found.
            found: what is known of it.
            words: what the word index said; None where it was not asked for what the answer is about.
            unfiltered: finds out how many products there would be without the filter; called where nothing was found.
        """
        notes, inside, unread = self._order(query), found.inside, found.unread
        if words is not None and words.cut:
            notes.append(note("terms_cut", limit=MOST_TERMS))
        if answer.found:
            typos = list(self._typos(() if words is None else words.guessed, answer, inside))
            notes += typos
            if unread and not typos and answer.verdict != "match":
                notes.append(note("texts_only", words=query.words))
            if beyond := found.asked.beyond_price(found.allowed):
                notes.append(note("kind_beyond_price", **dict(zip(("kind", "limit", "without"), beyond, strict=True))))
        else:
            notes += self._cause(query, inside, unread, unfiltered)
        return tuple(notes)

    def _order(self, query: Query) -> list[Note]:
        """That a field to sort by has no value in the whole shop; one that no shop has is an error."""
        missing = self._missing(key.field for key in query.sort_by)
        return [note("sort_without_values", fields=missing)] if missing else []

    def _missing(self, fields: Iterable[str]) -> list[str]:
        known = set(self._copies.parts.columns.fields())
        return [name for name in dict.fromkeys(fields) if name not in known]

    # --- nothing found ------------------------------------------------------------------------

    def _cause(self, query: Query, inside: Mask, unread: bool, unfiltered: Callable[[], int]) -> list[Note]:
        columns = self._copies.parts.columns
        seen = columns.products(columns.mask(query.within))
        total = int(np.count_nonzero(seen))
        if not total:
            return [note("shop_empty")]
        if query.where is not None and not columns.products(columns.mask(both(query.where, query.within))).any():
            missing = self._missing(fields_of(query.where))
            if missing:
                return [note("filter_without_values", fields=missing)]
            return [note("filter_leaves_none", total=total)]
        left = int(np.count_nonzero(inside))
        # What a key does not see is hidden from nobody: an answer must not tell that it is there.
        hidden = sum(
            number < len(seen) and bool(seen[number]) for number in self._store.numbers_of(query.hidden_hits).values()
        )
        if not left:
            return []  # whoever asked has hidden all that there was: neither filter nor words are to blame
        shown = total - hidden
        if query.where is not None and left < shown and (without := unfiltered()):
            return [note("filter_hides", left=left, total=shown, without=without)]
        return [note("words_unknown", words=query.words)] if unread and not hidden else []

    # --- typos --------------------------------------------------------------------------------

    def _typos(self, guessed: Sequence[str], answer: Answer, inside: Mask) -> Iterator[Note]:
        """For each of the first words that no product has: the word of the products that it was read as."""
        if not guessed:
            return
        hits = [words_of(hit.product) for hit in answer.hits[:_LOOKED_AT]]
        for written in guessed[:_MAX_TYPOS]:
            token = next(iter(self._tokens(written)), "")
            best = self._copies.parts.words.glance(written, _GLANCED).products
            best = best[best < len(inside)]
            allowed = best[inside[best]][:1].tolist()
            others = [words_of(stored.product) for stored in self._store.get(allowed) if stored is not None]
            read = next((word for words in hits + others for word in words if self._meant(written, token, word)), "")
            if read:
                yield note("typo", written=written, read=read)

    def _meant(self, written: str, token: str, word: str) -> bool:
        """Whether a product's word is what the guessed one was read as.

        The word index compares stems. A short one is that of quite another word too ("wear" of "wearing"), so a word
        with a short stem has to be one letter away as it is written as well.
        """
        if not len(token) - 1 <= len(word) <= len(token) + _MAX_ENDING:
            return False
        # A slip leaves one of the first two letters among the first two; an accent hides it.
        if word.isascii() and token.isascii() and not set(word[:2]) & set(token[:2]):
            return False
        near = [own for own in self._tokens(word) if one_letter_away(token, own)]
        return any(len(own) >= _LONG_STEM for own in near) or (bool(near) and one_letter_away(written.lower(), word))


def words_of(product: Product) -> list[str]:
    """The words of a product in lower case, each once: of its names, then of its description, at most 2,000 characters
    in all."""
    words: dict[str, None] = {}
    left = _MAX_READ
    for text in dict.fromkeys(_texts(product)):
        if len(text) > left:
            text = text[:left].rpartition(" ")[0]  # no half word
            left = 0
        words.update(dict.fromkeys(_WORD.findall(text.lower())))
        left -= len(text)
        if left <= 0:
            break
    return list(words)


def _texts(product: Product) -> Iterator[str]:
    yield product.title
    yield product.brand
    yield from product.category
    for path in product.categories:
        yield from path
    for values in (product.attributes, *(variant.attributes for variant in product.variants)):
        for texts in values.values():
            yield from texts
    for translation in product.translations:
        yield translation.title
    yield product.description


def fields_of(where: Where) -> Iterator[str]:
    """The fields that a filter names."""
    if isinstance(where, Not):
        yield from fields_of(where.term)
    elif isinstance(where, All | Any_):
        for term in where.terms:
            yield from fields_of(term)
    else:
        yield where.field
