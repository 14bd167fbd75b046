"""The lexicon in the forms in which search takes it."""

from __future__ import annotations

from functools import cache

from shoplens.encoders.lexicon import load_compounds, load_lexicon
from shoplens.engine.composing import Colour
from shoplens.indexes.vocabulary import Vocabulary, vocabulary
from shoplens.understanding.asking import Asking
from shoplens.understanding.notions import Notion


@cache
def lexicon_words() -> Vocabulary:
    """The lexicon's words, for the word index."""
    return vocabulary(((entry.english, entry.chinese) for entry in load_lexicon().entries), load_compounds())


@cache
def lexicon_asking() -> Asking:
    """What understands queries by the lexicon."""
    return Asking(Notion(e.facet, e.key, e.english, e.chinese) for e in load_lexicon().entries)


def lexicon_colours() -> tuple[list[Colour], list[str]]:
    """The lexicon's colours and shades, and the names of everything else in it."""
    colours, others = [], []
    for entry in load_lexicon().entries:
        if entry.facet in ("colour", "shade"):
            colours.append(Colour(entry.english + entry.chinese, entry.facet == "colour"))
        else:
            others += [*entry.english, *entry.chinese]
    return colours, others
