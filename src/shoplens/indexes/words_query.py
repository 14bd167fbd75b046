"""Words as a shopper types them to a tantivy query.

What a match is: the words of a query (stop words left out, words that no product has left out) are its terms. A product
matches if it has both of two terms, at least two thirds of three or more; a run of Chinese characters is one
term, and asks for two thirds of its characters, all of them up to three. If no product does, one term
fewer is asked for, and so on down to one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import tantivy

from shoplens.core.ports import EXACT, MOST_TERMS
from shoplens.core.suggestion import slips
from shoplens.indexes.tokens import LIGHT, STOP_WORDS, Word, chunks, is_unspaced, join, normalise, numbered, stems, word
from shoplens.indexes.vocabulary import NONE, Vocabulary
from shoplens.indexes.words_heads import MARK, heads

MOST_LETTERS = 64
"""Letters, of all words of a query together, in which one may be wrong: each stands for some fifty words to look up."""

NUMBER = "number"
IDENTIFIERS = "identifiers"
WORDS = "words"
"""All tokens of a product, each as often as its field weighs."""
NAMED = "names"
"""The tokens of its names, each once: where a word with a slip is looked for first."""

TYPO = {NAMED: 4.0, WORDS: 1.0}
"""Score of a word that is one letter away, in a product's names and in any text: about half of what a rare word has."""
_OPTIONS = {NAMED: "basic", WORDS: "freq"}
"""How the fields are indexed."""
PART = 0.5
"""Share of the weight for the parts of a compound, beside the whole."""
MIN_TYPO = 4
"""Letters (of its stem) of the shortest word in which one may be wrong."""
OTHER = 0.7
"""Share of the weight for a name in another language, and for a compound of the word (handbag for bag)."""
PAIR = 1.0
CHARACTER = 0.4
HEAD = 1.5
"""Score of being the kind of thing that the words name: for "keyboard" of a keyboard, not of its cover."""
FEW = 10
"""Matches below which products that have only the main one of the words are looked for, too: a page of them."""

_ENDLESS = 1 << 62
_SEPARATORS = re.compile(r"[\W_]+")

_LETTERS = "abcdefghijklmnopqrstuvwxyz"

Frequency = Callable[[str, str], int]
"""Field of the index, token -> number of documents that have it."""


@dataclass(slots=True)
class Term:
    """One word of the query: as written, its word, other ways to write it together with a neighbour, and the tokens of
    each of its names in another language, or of its compounds. ``slip``: whether it may be another word with a letter
    wrong."""

    written: str
    word: Word
    joined: tuple[str, ...] = ()
    others: tuple[tuple[str, ...], ...] = ()
    slip: bool = True

    @property
    def near(self) -> frozenset[str]:
        """The tokens of all that is one letter away from it."""
        written = normalise(self.written)
        return respelt(written if written.isalpha() else self.word.whole)

    @property
    def characters(self) -> tuple[str, ...]:
        """The characters of a Chinese run that count."""
        if not self.word.parts or not is_unspaced(self.word.parts[0]):
            return ()
        distinct = tuple(dict.fromkeys(self.word.parts))
        return tuple(c for c in distinct if c not in LIGHT) or distinct


@lru_cache(maxsize=512)
def respelt(written: str) -> frozenset[str]:
    """The tokens of all words that are one letter away."""
    return frozenset(stems(slips(written, _LETTERS))) if len(written) <= 24 else frozenset()


def terms_of(words: str, vocabulary: Vocabulary = NONE) -> tuple[Term, ...]:
    """The terms of a query that count, in order, each once."""
    return all_terms(words, vocabulary)[:MOST_TERMS]


@lru_cache(maxsize=256)
def all_terms(words: str, vocabulary: Vocabulary = NONE) -> tuple[Term, ...]:
    """All terms of a query, in order, each once. A run of Chinese characters is cut into the names that it holds."""
    found: list[Term] = []
    written = [raw for raw in re.split(r"\s+", words) if raw]
    for raw in written:
        pieces = chunks(normalise(raw))
        for piece in pieces:
            if vocabulary.others and is_unspaced(piece[0]):
                names = vocabulary.pieces(piece)
                found += [Term(name, word(name), others=vocabulary.others.get(name, ())) for name in names]
                continue
            own = word(piece)
            found.append(Term(raw if len(pieces) == 1 else piece, own, others=vocabulary.compounds.get(own.whole, ())))
            if len(found) > 1:
                both = join(found[-2].word.whole, piece) or numbered(found[-2].written.lower(), piece)
                if both:
                    found[-2].joined += (both,)
                    found[-1].joined += (both,)
    for term in found:
        term.slip = _may_slip(term, vocabulary)
    useful = [t for t in found if t.written.lower() not in STOP_WORDS and not set(t.written) <= LIGHT]
    seen: dict[Word, Term] = {}
    for term in useful or found:
        seen.setdefault(term.word, term)
    return tuple(seen.values())


def _may_slip(term: Term, vocabulary: Vocabulary) -> bool:
    """A letter is forgiven in words of `MIN_TYPO` letters and more that are no words themselves."""
    whole = term.word.whole
    return len(whole) >= MIN_TYPO and whole.isalpha() and term.written.casefold() not in vocabulary.english


def required(count: int) -> int:
    """How many of ``count`` terms a product must have: all of one and two, two thirds of more."""
    return count if count < 3 else -(-2 * count // 3)


def required_characters(count: int) -> int:
    """How many of the characters of a Chinese run: all up to three, two thirds of more."""
    return count if count < 4 else -(-2 * count // 3)


class Letters:
    """The letters of a query in which one may still be wrong (see MOST_LETTERS)."""

    def __init__(self) -> None:
        self.left = MOST_LETTERS

    def take(self, word: str) -> bool:
        """Whether those of a word are among them, which they are no longer."""
        enough = len(word) <= self.left
        self.left -= len(word) if enough else 0
        return enough


@dataclass(frozen=True, slots=True)
class Looked:
    """What became of a query's terms. ``queries``: of those that products have, or nearly have. ``asked``: how many
    terms count: these, and those of which no product has even a word one letter away. ``slipped``: the terms that were
    looked for with a letter wrong."""

    queries: list[tuple[Term, Any]]
    asked: int
    slipped: tuple[Term, ...]


class QueryBuilder:
    """Builds tantivy queries for one state of the index."""

    def __init__(self, schema: Any, frequency: Frequency) -> None:
        self._schema = schema
        self._frequency = frequency

    def looked(self, terms: Sequence[Term]) -> Looked:
        """The queries of terms. Of words that no product has the first are looked for with a letter wrong, as many as
        have MOST_LETTERS together; the others are left out."""
        letters, asked = Letters(), 0
        queries: list[tuple[Term, Any]] = []
        slipped: list[Term] = []
        for term in terms:
            before = letters.left
            query = self.term(term, letters)
            if letters.left < before:
                slipped.append(term)
            if query is not None:
                queries.append((term, query))
            asked += query is not None or letters.left < before
        return Looked(queries, asked, tuple(slipped))

    def term(self, term: Term, letters: Letters) -> Any | None:
        """The query of one term; None where no product can match it."""
        characters = term.characters
        others = [every_of(some) for name in term.others if (some := self._whole_name(name))]
        if characters:
            run = self._run(term.word, characters)
            return _best([*([] if run is None else [run]), *others])
        options: list[Any] = []
        for token, weight in [(term.word.whole, 1.0), *((t, PART) for t in (*term.word.more, *term.joined))]:
            if token and (found := self._token(token, weight)) is not None:
                options.append(found)
        parts = [p for p in term.word.parts if p]
        coded = bool(options) and any(c.isdigit() for c in term.word.whole)
        if parts and not coded:  # a code that some product has is no list of parts: "ps4" is not "A4, 25 PS"
            queries = [self._token(part, PART) for part in parts]
            if all(q is not None for q in queries):
                options.append(every_of(queries))
        if others:
            options = [_best([*([] if not options else [_any(options)]), *others])]
        if not options and term.slip and letters.take(term.word.whole):
            options += [*self._part_typo(parts), *self._typo(term)]
        identifier = normalise(term.written)
        if len(identifier) >= 4 and any(c.isdigit() for c in identifier):
            options += self._identifier(identifier)
        return _any(options)

    def guessed(self, term: Term) -> bool:
        """Whether no product has the term, so that it matches by a letter more or less, if at all."""
        if term.characters:
            return False
        if any(term.word.parts):
            known = self._frequency(WORDS, term.word.whole) or all(self._frequency(WORDS, p) for p in term.word.parts)
            return term.slip and not known
        tokens = (term.word.whole, *term.word.more, *term.joined, *(token for name in term.others for token in name))
        return not any(self._frequency(WORDS, token) for token in tokens if token)

    def guessed_of(self, looked: Looked) -> tuple[str, ...]:
        """The terms, as written, that no product has and that were looked for with a letter wrong."""
        return tuple(term.written for term in looked.slipped if self.guessed(term))

    def whole(self, words: str) -> Any | None:
        """The query as a whole taken for an identifier; None where no product has it."""
        return _any(self._identifier(normalise(words)))

    def heads(self, words: str, vocabulary: Vocabulary) -> list[Any]:
        """The queries for products that are the very kind of thing that the words name (see words_heads)."""
        found = []
        for head in heads(words, vocabulary):
            others = vocabulary.others.get(head) or vocabulary.compounds.get(head, ())
            marked = dict.fromkeys([MARK + head, *(MARK + name[-1] for name in others if name)])
            known = [token for token in marked if self._frequency(NAMED, token)]
            some = [tantivy.Query.term_query(self._schema, NAMED, token, "basic") for token in known]
            if some:
                found.append(tantivy.Query.const_score_query(_any(some), HEAD))
        return found

    def partly(self, words: str, looked: Looked, vocabulary: Vocabulary) -> Any | None:
        """The query for products that have the main one of several terms, whatever they have of the others: of
        "bluetooth headphones" what it is, headphones; where no term names a thing the rarest. None of a single term."""
        known = looked.queries
        if len(known) < 2:
            return None
        kinds = set(heads(words, vocabulary))
        main = [query for term, query in known if term.word.whole in kinds or term.written.casefold() in kinds]
        if not main:
            main = [min(known, key=lambda one: self._frequency(WORDS, one[0].word.whole) or _ENDLESS)[1]]
        others = [query for _, query in known if not any(query is one for one in main)]
        return preferred(every_of(main), [*others, *self.heads(words, vocabulary)])

    def _identifier(self, text: str) -> list[Any]:
        key = identifier_key(text)
        if not key or not self._frequency(IDENTIFIERS, key):
            return []
        exact = tantivy.Query.term_query(self._schema, IDENTIFIERS, key, "basic")
        return [tantivy.Query.const_score_query(exact, EXACT)]

    def _token(self, token: str, weight: float) -> Any | None:
        if not self._frequency(WORDS, token):
            return None
        query = tantivy.Query.term_query(self._schema, WORDS, token, "freq")
        return query if weight == 1 else tantivy.Query.boost_query(query, weight)

    def _run(self, run: Word, characters: Sequence[str]) -> Any | None:
        queries = [q for c in characters if (q := self._token(c, CHARACTER)) is not None]
        if len(queries) < required_characters(len(characters)):
            return None
        core = tantivy.Query.boolean_query(
            [(tantivy.Occur.Should, q) for q in queries],
            minimum_number_should_match=required_characters(len(characters)),
        )
        pairs = [q for p in dict.fromkeys(run.pairs) if (q := self._token(p, PAIR)) is not None]
        return (
            tantivy.Query.boolean_query([(tantivy.Occur.Must, core), *((tantivy.Occur.Should, q) for q in pairs)])
            if pairs
            else core
        )

    def _whole_name(self, name: Sequence[str]) -> list[Any]:
        """The queries of all tokens of a name; none where no product has one of them."""
        queries = [self._token(token, OTHER) for token in name]
        return [] if None in queries else queries

    def _part_typo(self, parts: Sequence[str]) -> list[Any]:
        """Of a compound of which products have all parts but one, that one with a letter wrong: "berathe-easy"."""
        unknown = [part for part in parts if not self._frequency(WORDS, part)]
        if len(unknown) != 1 or len(unknown[0]) < MIN_TYPO:
            return []
        near = self._near(unknown[0])
        known = [query for part in parts if (query := self._token(part, PART)) is not None]
        return [every_of([*known, _any(near)])] if near else []

    def _typo(self, term: Term) -> list[Any]:
        """The term with a letter wrong: in its stem, or as it is written ("pllover" is no letter from "pullov")."""
        near = self._near(term.word.whole, term.near)
        return [_any(near)] if near else []

    def _near(self, word: str, further: Iterable[str] = ()) -> list[Any]:
        """The queries, one a field, for what has a token one letter away from a word, or one of some further tokens.

        Which of them products have is looked up here, once: a query that did so would do it again each time that it
        is asked with fewer terms. Letters that no English word has are left to the index.
        """
        if not word.isascii():
            return [
                tantivy.Query.boost_query(
                    tantivy.Query.fuzzy_term_query(self._schema, field, word, distance=1, transposition_cost_one=True),
                    score,
                )
                for field, score in TYPO.items()
            ]
        known = sorted(token for token in {*slips(word, _LETTERS), *further} if token and self._frequency(WORDS, token))
        out = []
        for field, score in TYPO.items():
            tokens = [token for token in known if self._frequency(field, token)]
            some = [tantivy.Query.term_query(self._schema, field, token, _OPTIONS[field]) for token in tokens]
            if some:
                out.append(tantivy.Query.const_score_query(_any(some), score))
        return out


def most_of(queries: Sequence[Any]) -> Any:
    """A query whose best score is the number of these queries that a product matches at most."""
    should = [(tantivy.Occur.Should, tantivy.Query.const_score_query(query, 1.0)) for query in queries]
    return tantivy.Query.boolean_query(should)


def at_least(queries: Sequence[Any], count: int) -> Any:
    """At least ``count`` of the queries; scores add up."""
    if len(queries) == 1:
        return queries[0]
    should = [(tantivy.Occur.Should, query) for query in queries]
    return tantivy.Query.boolean_query(should, minimum_number_should_match=count)


def preferred(query: Any, better: Sequence[Any]) -> Any:
    """The query; what one of ``better`` finds beside it scores more."""
    if not better:
        return query
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, query), *((tantivy.Occur.Should, one) for one in better)])


def either(first: Any, second: Any) -> Any:
    """One of the two or both; the better score counts."""
    return tantivy.Query.disjunction_max_query([first, second], 0.0)


def identifier_key(text: str) -> str:
    """An identifier without case, separators and white space: "006R-90321" and "006r90321" are one."""
    return _SEPARATORS.sub("", normalise(text))[:64]


def every_of(queries: Sequence[Any]) -> Any:
    """All of the queries; scores add up."""
    if len(queries) == 1:
        return queries[0]
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, query) for query in queries])


def _best(queries: Sequence[Any]) -> Any | None:
    if len(queries) < 2:
        return queries[0] if queries else None
    return tantivy.Query.disjunction_max_query(list(queries), 0.0)


def _any(queries: Sequence[Any]) -> Any | None:
    if not queries:
        return None
    if len(queries) == 1:
        return queries[0]
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])
