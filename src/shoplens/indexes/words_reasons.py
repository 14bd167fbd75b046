"""Why a product was found by words: the same meaning as the query's, read from the product itself."""

from __future__ import annotations

from collections.abc import Iterable, Set
from functools import lru_cache

from shoplens.core.catalogue import Product
from shoplens.core.slips import one_letter_away
from shoplens.indexes.tokens import tokens
from shoplens.indexes.vocabulary import NONE, Vocabulary
from shoplens.indexes.words_document import NAMES, WEIGHTS, identifiers_of, texts_of
from shoplens.indexes.words_query import MIN_TYPO, Term, identifier_key, required_characters, terms_of


def terms(words: str, product: Product, vocabulary: Vocabulary = NONE) -> tuple[str, ...]:
    """Which of the words, as written, the product matches. One-letter typos count."""
    identifiers = identifiers_of(product)
    have = _tokens_of(product, WEIGHTS)
    found = [t.written for t in terms_of(words, vocabulary) if _has(t, have, identifiers)]
    if not found and identifier_key(words) in identifiers:
        return (words.strip(),)
    return tuple(dict.fromkeys(found))


def named(words: str, product: Product, vocabulary: Vocabulary = NONE, *, typos: bool = True) -> float:
    """The share of the words' terms that the product's names have, 0..1; an identifier given whole has all.

    ``typos``: whether a term may be one letter away; dear, and of no use for words that the index knows.
    """
    wanted = terms_of(words, vocabulary)
    names = texts_of(product)
    have = frozenset[str]().union(*(_tokens(text) for field in NAMES for text in names[field] if text))
    shares = [_share(term, have, frozenset(), typos) for term in wanted]
    if wanted and not all(shares):  # identifiers last: they are many, and few queries hold one
        whole = identifier_key(words)
        identifiers = identifiers_of(product, {whole, *(identifier_key(term.written) for term in wanted)})
        if whole in identifiers:
            return 1.0
        shares = [share or _share(term, have, identifiers, typos) for share, term in zip(shares, wanted, strict=True)]
    return sum(shares) / len(wanted) if wanted else 0.0


def _share(term: Term, have: Set[str], identifiers: Set[str], typos: bool) -> float:
    """1 if the tokens meet the term, of a run of Chinese characters the share that they have; 0 if they do not."""
    if not _has(term, have, identifiers, typos):
        return 0.0
    characters = term.characters
    if not characters or _has_other(term, have):
        return 1.0
    return sum(c in have for c in characters) / len(characters)


@lru_cache(maxsize=50_000)
def _tokens(text: str) -> frozenset[str]:
    """Tokens of a short text: colours, sizes and categories come again and again."""
    return frozenset(tokens(text))


def _tokens_of(product: Product, fields: Iterable[str]) -> set[str]:
    texts = texts_of(product)
    return {token for field in fields for text in texts[field] if text for token in tokens(text)}


def _has(term: Term, have: Set[str], identifiers: Set[str], typos: bool = True) -> bool:
    """Whether a product with these tokens meets a term; the same meaning as the query's."""
    characters = term.characters
    if characters:
        run = sum(c in have for c in characters) >= required_characters(len(characters))
        return run or _has_other(term, have)
    word = term.word
    if any(token in have for token in (word.whole, *word.more, *term.joined) if token) or _has_other(term, have):
        return True
    if word.parts:
        if identifier_key(term.written) in identifiers:
            return True
        lacks = [part for part in word.parts if part not in have]
        if not lacks or not (typos and term.slip):
            return not lacks
        one = len(lacks) == 1 and len(lacks[0]) >= MIN_TYPO
        return (one and any(one_letter_away(lacks[0], token) for token in have)) or _nearly(term, have)
    if identifier_key(term.written) in identifiers:
        return True
    return typos and term.slip and _nearly(term, have)


def _nearly(term: Term, have: Set[str]) -> bool:
    """Whether one of the tokens is the term with a letter wrong, in its stem or as it is written."""
    return any(one_letter_away(term.word.whole, token) for token in have) or not term.near.isdisjoint(have)


def _has_other(term: Term, have: Set[str]) -> bool:
    return any(all(token in have for token in name) for name in term.others)
