"""What is asked of attributes, held against what a product has of them: by its own words, else by its pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from shoplens.core.catalogue import Product, Variant
from shoplens.core.why import FEED, PICTURE
from shoplens.understanding.describing import Describer
from shoplens.understanding.known import FIELDS, heads, spoken
from shoplens.understanding.reading import Meanings, Reading, holds, of_group

GROUPS = ("kind", "color", "material", "pattern", "gender")
HEADS = {"kind": "kind", "color": "colour", "material": "material", "pattern": "pattern"}
"""Attribute -> the head that tells it."""
SURE = 0.5
"""Confidence of a head from which on it is told."""
_READ = 200


@dataclass(frozen=True, slots=True)
class Said:
    """A value of an attribute: its names, and all that it means in the lexicon."""

    meanings: Meanings
    english: str
    chinese: str
    source: str = FEED
    confidence: float = 1.0


Attributes = Mapping[str, Sequence[Said]]
"""Attribute -> its values."""


class Agreeing:
    """Reads attributes of words, products and pictures, and compares them. Safe to use from several threads.

    Args:
        reading: what names mean.
        compounds: a word -> others that are such a thing (bag: handbag).
        describer: tells what pictures show; None where nothing was fitted for the encoder.
    """

    def __init__(
        self, reading: Reading, compounds: Mapping[str, Iterable[str]], describer: Callable[[], Describer | None]
    ) -> None:
        self._reading, self._describer = reading, describer
        self._compounds = {head: frozenset(words) for head, words in compounds.items()}

    def asked(self, words: str) -> list[tuple[str, Said, str]]:
        """The attributes that words name, in their order, each with the words that do."""
        out = []
        for start, end, meant in _spans(self._reading, words):
            group = next((g for g in ("color", "gender", "material", "pattern", "kind") if of_group(meant, g)), "")
            if group and not any(facet == "nothing" for facet, _ in meant):
                written = words[start:end]
                out.append((group, self._said(of_group(meant, group), written), written))
        return out

    def of_product(self, product: Product, variant: Variant) -> dict[str, list[Said]]:
        """What the shop says of a variant: in fields named so, else in categories (kind, gender), else in its title;
        and what was told from its pictures when it was indexed, marked so."""
        out: dict[str, list[Said]] = {}
        for group in GROUPS:
            own = [
                value
                for name in FIELDS[group]
                for value in (*variant.attributes.get(name, ()), *product.attributes.get(name, ()))
            ]
            found = self._read(group, own)
            if not found and group in ("kind", "gender"):
                steps = [path[-1] for path in (product.category, *product.categories) if path]
                found = self._read(group, steps if group == "kind" else [*product.category])
            if not found:
                found = self._read(group, [product.title[:_READ], *(t.title[:_READ] for t in product.translations)])
            if not found:
                names = (*FIELDS[group], f"{FIELDS[group][0]}_zh")
                found = [
                    Said(said.meanings, said.english, said.chinese, PICTURE, one.confidence)
                    for one in product.derived
                    if one.field in names
                    for said in self._read(group, [one.text])
                ]
            if found:
                out[group] = found
        return out

    def of_pictures(self, vectors: npt.NDArray[np.float32]) -> list[dict[str, Said]]:
        """What heads tell of pictures by their vectors [n, d], as far as they are sure."""
        describer = self._describer()
        if describer is None or not len(vectors):
            return [{} for _ in vectors]
        out: list[dict[str, Said]] = [{} for _ in vectors]
        for group, name in HEADS.items():
            head = describer.heads.heads.get(name)
            if head is None:
                continue
            chances = head.probabilities(vectors)
            for row, best in enumerate(chances.argmax(axis=1)):
                if chances[row, best] >= SURE:
                    told = describer.best(head, chances[row])
                    said = self._read(group, [told.english]) or [Said(frozenset(), told.english, told.chinese)]
                    meanings = said[0].meanings
                    out[row][group] = Said(meanings, told.english, told.chinese, PICTURE, told.confidence)
        return out

    def agree(self, group: str, asked: Said, has: Said) -> bool:
        """Whether a value is what was asked for, or a kind of it (crimson is red, a handbag is a bag)."""
        if asked.meanings & has.meanings or self._reading.family(asked.meanings) & has.meanings:
            return True
        if group == "kind":
            one, other = asked.english.casefold(), has.english.casefold()
            return holds(other, one) or bool({other, *other.split()} & self._compounds.get(one, frozenset()))
        if group == "gender":  # what is for everybody is for each
            return any(key in ("unisex", "everyone") for _, key in has.meanings)
        return False

    def namer(self, asked: Said) -> Callable[[str], list[tuple[int, int]]]:
        """Tells where a text names what was asked, or a kind of it."""
        wanted = self._reading.family(asked.meanings)

        def named(text: str) -> list[tuple[int, int]]:
            spans = _spans(self._reading, text[:_READ])
            return [(start, end) for start, end, meant in spans if not wanted.isdisjoint(meant)]

        return named

    def _read(self, group: str, texts: Iterable[str]) -> list[Said]:
        out: dict[Meanings, Said] = {}
        for text in texts:
            for meant in _meanings(self._reading, group, text):
                out.setdefault(meant, self._said(meant, text))
        return list(out.values())

    def _said(self, meant: Meanings, text: str) -> Said:
        english, chinese = _names(self._reading, meant)
        return Said(meant, english or text, chinese)


@lru_cache(maxsize=50_000)
def _spans(reading: Reading, text: str) -> tuple[tuple[int, int, Meanings], ...]:
    """The names in a text as it is written: start, end, what they mean."""
    plain = text.lower()
    return tuple(reading.names.spans(plain if len(plain) == len(text) else text))


@lru_cache(maxsize=50_000)
def _meanings(reading: Reading, group: str, text: str) -> tuple[Meanings, ...]:
    """What a value says of an attribute; of a kind what its last name says."""
    every = heads(reading, text) if group == "kind" else spoken(reading, text)
    return tuple(some for meant in every if (some := of_group(meant, group)))


@lru_cache(maxsize=10_000)
def _names(reading: Reading, meant: Meanings) -> tuple[str, str]:
    """The usual names of a meaning, English and Chinese."""
    for facet, key in sorted(meant):
        names = reading.names_of.get((facet, key), ())
        english = next((name for name in names if name.isascii()), "")
        chinese = next((name for name in names if not name.isascii()), "")
        if english or chinese:
            return english, chinese
    return "", ""
