"""The lexicon in the forms in which search takes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from shoplens.encoders.lexicon import Entry, load_compounds, load_lexicon
from shoplens.engine.composing import Colour
from shoplens.indexes.vocabulary import Vocabulary, vocabulary
from shoplens.understanding.asking import Asking
from shoplens.understanding.notions import Notion

_LIKENESS = ("colour", "shade", "material", "pattern", "size", "age", "gender")
_MORE = "tv rest enclosure connector attachment protector memory dock replacement spare refill".split()
"""Things that go with others, which the lexicon has no entries for."""


LOOKS: Mapping[str, frozenset[str]] = {
    "material": frozenset(
        "leather suede cotton denim wool silk satin linen canvas nylon velvet knit rubber plastic metal wood straw "
        "glass ceramic felt".split()
    ),
    "pattern": frozenset(
        "plain striped checked dotted floral printed leopard camouflage colour-block zigzag marbled speckled".split()
    ),
}
"""Attributes beside colour along which a photo is edited -> the lexicon's keys of the main ones."""


@cache
def lexicon_words() -> Vocabulary:
    """The lexicon's words, for the word index."""
    entries = load_lexicon().entries
    return vocabulary(((entry.english, entry.chinese) for entry in entries), load_compounds(), _things(entries))


def _things(entries: Iterable[Entry]) -> Iterator[str]:
    """The names of kinds of goods and of their parts, less those that say what a thing is like, too ("orange")."""
    entries = list(entries)
    alike = {name.casefold() for e in entries if e.facet in _LIKENESS for name in (*e.english, *e.chinese)}
    for entry in entries:
        if entry.facet in ("kind", "goods", "part"):
            for name in (*entry.english, *entry.chinese):
                last = name.casefold().split()[-1]
                if last not in alike and (len(last) > 2 or not last.isascii()):
                    yield last
    yield from _MORE


@cache
def lexicon_asking() -> Asking:
    """What understands queries by the lexicon."""
    return Asking(Notion(e.facet, e.key, e.english, e.chinese) for e in load_lexicon().entries)


def lexicon_colours() -> tuple[list[Colour], list[str]]:
    """The lexicon's colours and shades, and the names of everything else in it (but for materials and patterns)."""
    colours, others = [], []
    for entry in load_lexicon().entries:
        if entry.facet in ("colour", "shade"):
            colours.append(Colour(entry.english + entry.chinese, entry.facet == "colour"))
        elif entry.facet not in LOOKS:
            others += [*entry.english, *entry.chinese]
    return colours, others


def lexicon_looks() -> dict[str, list[Colour]]:
    """The lexicon's materials and patterns; base are those that pictures tell well."""
    return {
        name: [Colour(entry.english + entry.chinese, entry.key in keys) for entry in load_lexicon().facet(name)]
        for name, keys in LOOKS.items()
    }
