"""What the word index knows of words beside the catalogue's own: which Chinese words there are, what they are called in
English, which English words are words, not slips of the pen, and which are kinds of what another names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shoplens.indexes.tokens import chunks, is_unspaced, normalise, tokens, word

MIN_NAME = 2
"""Characters of the shortest Chinese name that parts a run: a single one stands in too many others."""


@dataclass(frozen=True, slots=True, eq=False)  # hashed by identity: it is a key of caches
class Vocabulary:
    """``english``: words that are spelt rightly, lower case. ``others``: Chinese name -> the tokens of each English
    name of the same thing. ``longest``: characters of the longest Chinese name. ``compounds``: token of an English word
    -> the tokens of each word that ends in it and is such a thing (bag: handbag). ``things``: what names of things end
    in: stems, and Chinese names whole."""

    english: frozenset[str] = frozenset()
    others: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    longest: int = 0
    compounds: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    things: frozenset[str] = frozenset()

    def pieces(self, run: str) -> list[str]:
        """A run of Chinese characters cut into the names that it holds, from the left, the longest first, and what
        stands between them."""
        found, start, at = [], 0, 0
        while at < len(run):
            ends = range(min(len(run), at + self.longest), at + MIN_NAME - 1, -1)
            end = next((end for end in ends if run[at:end] in self.others), 0)
            if end:
                found += [run[start:at], run[at:end]]
                start = at = end
            else:
                at += 1
        return [piece for piece in (*found, run[start:]) if piece]


NONE = Vocabulary()


def vocabulary(
    entries: Iterable[tuple[Iterable[str], Iterable[str]]],
    compounds: Mapping[str, Iterable[str]] | None = None,
    things: Iterable[str] = (),
) -> Vocabulary:
    """The vocabulary of some (English names, Chinese names) of one thing each; ``compounds``: an English word -> words
    that end in it and are such a thing; ``things``: names of things, see there."""
    english: set[str] = set()
    others: dict[str, dict[tuple[str, ...], None]] = {}
    for names, chinese in entries:
        spelt = [name.casefold() for name in names]
        english.update(word for name in spelt for word in name.split())
        for name in chinese:
            if len(name) >= MIN_NAME and not name.isascii():
                others.setdefault(name.casefold(), {}).update(dict.fromkeys(tuple(tokens(n)) for n in spelt))
    kept = {name: tuple(some) for name, some in others.items()}
    kinds: dict[str, tuple[tuple[str, ...], ...]] = {}
    for head, words in (compounds or {}).items():
        kinds[word(head).whole] = tuple(tuple(tokens(name)) for name in words)
        english.update((head, *words))
    return Vocabulary(frozenset(english), kept, max(map(len, kept), default=0), kinds, _things(things))


def _things(names: Iterable[str]) -> frozenset[str]:
    found = set()
    for name in names:
        last = chunks(normalise(name))[-1:]
        if last and is_unspaced(last[0][0]):
            found.add(name.casefold())
        elif last:
            found.add(word(last[0]).whole)
    return frozenset(filter(None, found))
