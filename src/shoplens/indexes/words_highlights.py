"""Where a product's texts say the words of a query: ranges of characters, by the same meaning of a match as the index.

A text is cut where its words stand (as it is written: case, accents and full-width letters count as the index reads
them), each piece is read as the index reads it, and the piece is marked if a term of the query is met by it: by its
stem, by the parts of a compound, by its name in another language, by a word one letter away where no product has the
word. Of a run of Chinese characters what it shares with a term is marked, two characters at the least.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from shoplens.core.catalogue import Product
from shoplens.core.slips import one_letter_away
from shoplens.core.why import Highlight
from shoplens.indexes.tokens import PIECES, chunks, is_unspaced, normalise, word
from shoplens.indexes.vocabulary import NONE, Vocabulary
from shoplens.indexes.words_document import texts_of
from shoplens.indexes.words_query import Term, identifier_key, terms_of

MOST = 12
"""Highlights of one product."""
_READ = 2_000
"""Characters of a text that are read."""
_SNIPPET = 160
"""Characters of a description around the first words that are marked."""
_FEW_VALUES = 200
"""Values of one field that are read: a product of a thousand variants has as many codes."""
_INNER = re.compile(r"[^\W_]+")

Range = tuple[int, int, str]
"""Start, end, and the term that stands there."""


class Marker:
    """Marks the words of one query. Made for one query, used for the products of a page.

    Args:
        wordings: the query's words, and other wordings of them that were asked for.
        guessed: terms that no product has, which match by a letter more or less.
    """

    def __init__(self, wordings: Iterable[str], vocabulary: Vocabulary = NONE, guessed: Iterable[str] = ()) -> None:
        guessed = frozenset(guessed)
        terms = [term for text in wordings for term in terms_of(text, vocabulary)]
        self._exact: dict[str, list[str]] = {}  # token -> the terms that it meets
        self._sets: list[tuple[frozenset[str], str]] = []  # tokens that meet a term together
        self._slips: list[tuple[str, str]] = []
        self._runs: list[tuple[str, str]] = []
        self._codes = {
            key: text.strip() for text in wordings if any(c.isdigit() for c in text) and (key := identifier_key(text))
        }
        for term in terms:
            self._take(term, term.written in guessed)
        of_sets = (token for tokens, _ in self._sets for token in tokens)
        self._signs = frozenset(sign for run, _ in self._runs for sign in run)
        self._slipped: dict[str, tuple[str, ...]] = {}
        self._met = frozenset((*self._exact, *of_sets))
        self._interest = self._met | self._signs | self._codes.keys()
        # Texts come again and again in a page: brands, categories, colours.
        self._known: dict[tuple[str, tuple[tuple[frozenset[str], str], ...]], list[Range]] = {}

    def _take(self, term: Term, guessed: bool) -> None:
        own = term.word
        if any(c.isdigit() for c in term.written):
            self._codes.setdefault(identifier_key(term.written), term.written)
        if term.characters:
            self._runs.append((normalise(term.written), term.written))
        else:
            for token in filter(None, (own.whole, *own.more, *term.joined)):
                self._exact.setdefault(token, []).append(term.written)
            if own.parts:
                self._sets.append((frozenset(own.parts), term.written))
            if guessed and term.slip:
                self._slips.append((own.whole, term.written))
        for name in term.others:
            self._sets.append((frozenset(name), term.written))

    def marks(self, product: Product, further: Callable[[str], Sequence[Range]] | None = None) -> tuple[Highlight, ...]:
        """The highlights of a product, names before prose.

        ``further``: what else is marked in a text (a name that means what was asked); not asked of descriptions.
        """
        some = [
            (name, text, _text(text if len(text) <= _READ else text[:_READ]))
            for name, values in texts_of(product).items()
            for text in (values if len(values) < 2 else dict.fromkeys(values[:_FEW_VALUES]))
            if text
        ]
        held = [read.tokens & self._interest for *_, read in some]
        have = frozenset[str]().union(*held) if self._sets else frozenset()
        whole = tuple([one for one in self._sets if one[0] <= have]) if have else ()
        out: list[Highlight] = []
        for (name, text, read), tokens in zip(some, held, strict=True):
            found = []
            if tokens or (self._slips and any(map(self._slip, read.tokens))):
                known = self._known.get((text, whole))
                if known is None:
                    known = self._known[text, whole] = self._ranges(read, whole)
                found = known
            if further is not None and name != "description" and (more := further(text)):
                found = [*found, *more]
            if found:
                out.append(_highlight(name, text, found))
                if len(out) == MOST:
                    break
        return tuple(out)

    def _ranges(self, text: _Text, whole: Sequence[tuple[frozenset[str], str]]) -> list[Range]:
        out: list[Range] = []
        for at, run in text.runs:
            if not self._signs.isdisjoint(run):
                out += _shared(run, at, self._runs)
        if self._codes or self._slips:
            return out + self._one_by_one(text, whole)
        for token in self._met & text.places.keys():
            if terms := self._meets(token, whole):
                for start, end, around in text.places[token]:
                    if not (around and self._meets(around, whole)):
                        out += [(start, end, term) for term in terms]
        return out

    def _one_by_one(self, text: _Text, whole: Sequence[tuple[frozenset[str], str]]) -> list[Range]:
        """What pieces of Latin text meet, also as identifiers and with a letter wrong."""
        out: list[Range] = []
        for at, end, piece in text.pieces:
            if terms := self._terms(piece, whole):
                out += [(at, end, term) for term in terms]
                continue
            for start, stop, inner in piece.inner:
                out += [(at + start, at + stop, term) for term in self._terms(inner, whole)]
        return out

    def _meets(self, token: str, whole: Sequence[tuple[frozenset[str], str]]) -> list[str]:
        """The terms that a token meets as it is."""
        return [*self._exact.get(token, ()), *(term for some, term in whole if token in some)]

    def _terms(self, piece: _Piece, whole: Sequence[tuple[frozenset[str], str]]) -> list[str]:
        """The terms that a piece of Latin text meets as a whole."""
        if not piece.token:
            return []
        found = self._meets(piece.token, whole)
        if self._codes and (code := self._codes.get(identifier_key(piece.text))):
            found.append(code)
        if not found and self._slips:
            return list(self._slip(piece.token))
        return found

    def _slip(self, token: str) -> tuple[str, ...]:
        """The terms that a token is one letter away from; each token is compared once in a page."""
        found = self._slipped.get(token)
        if found is None:
            near = [(slip, term) for slip, term in self._slips if abs(len(slip) - len(token)) < 2]
            found = self._slipped[token] = tuple(term for slip, term in near if one_letter_away(slip, token))
        return found


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of Latin text. ``token``: of it as a whole; "" where it is more than one word. ``inner``: what it
    consists of, with its places."""

    text: str
    token: str
    inner: tuple[tuple[int, int, _Piece], ...]


@dataclass(frozen=True, slots=True)
class _Text:
    """A text as the index reads it: all its tokens, its runs of Chinese characters and pieces of Latin text with their
    places. ``places``: token of a piece, or of one within -> where it stands, and the token of the one around it."""

    tokens: frozenset[str]
    runs: tuple[tuple[int, str], ...]
    pieces: tuple[tuple[int, int, _Piece], ...]
    places: Mapping[str, Sequence[tuple[int, int, str]]]


def _shared(plain: str, at: int, terms: Sequence[tuple[str, str]]) -> list[Range]:
    """What a run of Chinese characters shares with terms: the longest pieces, of two characters or a whole term."""
    out: list[Range] = []
    for term, written in terms:
        start = 0
        while start < len(plain):
            length = _common(plain, start, term)
            if length >= 2 or (length and length == len(term)):
                out.append((at + start, at + start + length, written))
                start += length
            else:
                start += 1
    return out


def _common(text: str, start: int, term: str) -> int:
    """Length of the longest piece of a term that stands at a place of a text."""
    best = 0
    for begin in range(len(term)):
        if term[begin] == text[start]:
            length = 1
            while (
                start + length < len(text)
                and begin + length < len(term)
                and (text[start + length] == term[begin + length])
            ):
                length += 1
            best = max(best, length)
    return best


def _token(piece: str) -> str:
    """The main token of a piece of Latin text as a whole; "" where it is more than one word."""
    found = chunks(normalise(piece))
    if len(found) != 1:
        return ""
    own = word(found[0])
    return next(filter(None, (own.whole, *own.more)), own.parts[0] if len(own.parts) == 1 else "")


@lru_cache(maxsize=1 << 16)
def _piece(text: str) -> _Piece:
    inner = () if text.isalnum() else tuple((m.start(), m.end(), _piece(m[0])) for m in _INNER.finditer(text))
    return _Piece(text, _token(text), inner)


@lru_cache(maxsize=1 << 13)
def _text(text: str) -> _Text:
    runs: list[tuple[int, str]] = []
    pieces: list[tuple[int, int, _Piece]] = []
    places: dict[str, list[tuple[int, int, str]]] = {}
    for match in PIECES.finditer(text):
        at, end = match.span()
        if is_unspaced(match[0][0]):
            plain = normalise(match[0])
            runs.append((at, plain if len(plain) == end - at else match[0]))
            continue
        piece = _piece(match[0])
        pieces.append((at, end, piece))
        if piece.token:
            places.setdefault(piece.token, []).append((at, end, ""))
        for start, stop, inner in piece.inner:
            if inner.token:
                places.setdefault(inner.token, []).append((at + start, at + stop, piece.token))
    tokens = frozenset(token for chunk in chunks(normalise(text)) for token in word(chunk).tokens)
    return _Text(tokens, tuple(runs), tuple(pieces), places)


def _highlight(name: str, text: str, found: Iterable[Range]) -> Highlight:
    """Ranges joined where they overlap; of a description the part around the first of them."""
    ordered = sorted(found)
    ranges: list[tuple[int, int]] = []
    for start, end, _ in ordered:
        if ranges and start <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(end, ranges[-1][1]))
        else:
            ranges.append((start, end))
    terms = tuple(dict.fromkeys(term for *_, term in ordered))
    if name == "description" and len(text) > _SNIPPET:
        begin = _begin(text, ranges[0][0])
        end = _end(text, max(begin + _SNIPPET, ranges[0][1]))
        ranges = [(a - begin, b - begin) for a, b in ranges if b <= end]
        text = text[begin:end]
    return Highlight(name, text, tuple(ranges), terms)


def _begin(text: str, first: int) -> int:
    """Where a snippet starts: before the first mark, at a word."""
    at = max(0, first - _SNIPPET // 3)
    while 0 < at < first and not text[at - 1].isspace() and not is_unspaced(text[at]):
        at += 1
    return at


def _end(text: str, at: int) -> int:
    """Where a snippet ends: at the end of a word, if one ends soon."""
    at = min(at, len(text))
    for end in range(at, min(at + 20, len(text))):
        if text[end].isspace() or is_unspaced(text[end]):
            return end
    return at
