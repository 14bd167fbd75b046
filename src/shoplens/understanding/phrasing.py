"""What of a catalogue may be proposed to a shopper who types: phrases of titles, brands, categories, and what the
lexicon calls the things that a shop has, in English and Chinese.

A product has *keys*, of which a shop's counts are kept; a key has *forms*, the texts that are proposed for it:

    w:running shoes                  words of titles as they stand
    b:Luma                           a brand
    c:Men > Tops                     a category, with its path
    n:colour/black+kind/handbag      what the lexicon names: "black handbag", 黑色手提包, 黑色皮包
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from shoplens.core.catalogue import Product
from shoplens.core.phrases import plain
from shoplens.understanding.known import CATEGORY, FIELDS, heads, spoken
from shoplens.understanding.reading import Meaning, Reading, kind_of, of_group

WORDS, BRAND, PATH, NAMED = "w:", "b:", "c:", "n:"
_STEP = " > "
_MOST_WORDS = 3
"""Words of a phrase of a title."""
_READ_WORDS = 10
_LONGEST = 40
_MOST_KEYS = 60
"""Keys of one product."""
_MOST_NAMES = 6
"""Names of one thing that are proposed, in each language."""
_FEATURES = ("color", "material", "gender")
"""What is put before a kind: "black handbag", "leather handbag"."""
_ANYBODY = ("gender/unisex", "age/adult")
_STOP = frozenset("a an and as at by for from in into is it its of on or our the this to up with without your".split())
_RUN = re.compile(r"[a-z]{2,}(?:['’&-][a-z]+)*|[a-z](?:-[a-z]+)+|[^\sa-z]+|[a-z]")
_WORD = re.compile(r"[a-z][a-z'’&-]+")
_VALUE = re.compile(r"[a-z][a-z-]+(?: [a-z-]+){0,2}")
_LETTER = re.compile(r"(?<![a-z])[a-z](?![a-z])")
"""A letter alone in Chinese: T恤."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]{2,}")


@dataclass(frozen=True, slots=True)
class Form:
    """A text that is proposed for a key: its kind, the facet that stands for it, and what else it is found under."""

    text: str
    kind: str = "query"
    field: str = ""
    value: str = ""
    also: tuple[str, ...] = ()


class Phrasing:
    """Tells the keys of products and the forms of keys. Safe to use from several threads.

    Args:
        reading: what names mean.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def names(self) -> Iterable[tuple[Meaning, tuple[str, ...]]]:
        """What the lexicon calls things: what keys and forms are made of."""
        return self._reading.names_of.items()

    def keys(self, product: Product) -> frozenset[str]:
        """The keys of a product; nothing of one that is sold out."""
        if all(variant.in_stock is False for variant in product.variants):
            return frozenset()
        out: dict[str, None] = {}
        if brand := product.brand.strip():
            out[BRAND + brand] = None
            out.update(dict.fromkeys(f"{WORDS}{word}" for word in _WORD.findall(plain(brand[:_LONGEST]))))
        paths = [path for path in (product.category, *product.categories) if path]
        for path in paths:
            out.update(dict.fromkeys(PATH + _STEP.join(path[: n + 1]) for n in range(len(path))))
        said = (plain(value[:_LONGEST]) for group in _FEATURES for value in _values(product, group))
        out.update(dict.fromkeys(WORDS + value for value in said if _VALUE.fullmatch(value)))
        titles = [product.title, *(t.title for t in product.translations)]
        out.update(dict.fromkeys(NAMED + one for one in self._named(product, titles, paths)))
        for title in titles:
            out.update(dict.fromkeys(WORDS + one for one in self._phrases(title)))
        return frozenset(list(out)[:_MOST_KEYS])

    def _named(self, product: Product, titles: Iterable[str], paths: Iterable[tuple[str, ...]]) -> Iterator[str]:
        """What the lexicon calls the product: its kinds, each alone and after each of its colours, materials."""
        said = {title: [(start, m) for start, _, m in self._reading.names.spans(_head(title))] for title in titles}
        kinds: dict[Meaning, None] = {}
        for spans in said.values():
            last = next((m for _, m in reversed(spans) if kind_of(m) == "kind"), None)
            kinds.update(dict.fromkeys(sorted(of_group(last, "kind")) if last else ()))
        for text in (*_values(product, "kind"), *(path[-1] for path in paths)):
            for meant in heads(self._reading, text):
                kinds.update(dict.fromkeys(sorted(of_group(meant, "kind"))))
        features: dict[Meaning, None] = {}
        for group in _FEATURES:
            for text in _values(product, group):
                for meant in spoken(self._reading, text):
                    features.update(dict.fromkeys(sorted(of_group(meant, group))))
            for spans in said.values():
                for _, meant in spans:
                    if kind_of(meant) == group:
                        features.update(dict.fromkeys(sorted(of_group(meant, group))))
        some = [one for one in features if _spelt(one) not in _ANYBODY and "multi" not in one[1]][:8]
        yield from (_spelt(one) for one in kinds)
        yield from (_spelt(one) for one in some)
        yield from (f"{_spelt(feature)}+{_spelt(kind)}" for kind in list(kinds)[:3] for feature in some)

    def _phrases(self, title: str) -> Iterator[str]:
        """Neighbouring words of a title; of Chinese its runs, from each name of the lexicon to the run's end."""
        text = plain(title[:200])
        run: list[str] = []
        for token in [*_RUN.findall(text)[: 2 * _READ_WORDS], "."]:
            if _WORD.fullmatch(token) and len(run) < _READ_WORDS:
                run.append(token)
                if "-" in token:
                    yield from (part for part in token.split("-") if len(part) > 2 and part not in _STOP)
                continue
            yield from _grams(run)
            run = []
        for match in _CHINESE.finditer(text):
            chunk = match[0][-12:]
            starts = {0, *(start for start, _, _ in self._reading.names.spans(chunk))}
            yield from (chunk[start:] for start in sorted(starts) if len(chunk) - start > 1)

    @lru_cache(maxsize=1 << 14)  # noqa: B019 - one Phrasing lives as long as its shop
    def forms(self, key: str) -> tuple[Form, ...]:
        """The texts that are proposed for a key."""
        kind, text = key[:2], key[2:]
        if kind == BRAND:
            return (Form(text, "brand", "brand", text),)
        if kind == PATH:
            return (Form(text.rpartition(_STEP)[2], "category", CATEGORY, text),)
        if kind == WORDS:
            return (Form(text),)
        first, _, second = text.partition("+")
        if not second:
            english, chinese = self._names(first)
            if not first.startswith(("kind/", "goods/")):  # "black" stands in titles, if anywhere
                english = []
            return tuple(Form(name) for name in (*english, *chinese))
        feature, thing = self._names(first), self._names(second)
        english = [f"{feature[0][0]} {name}" for name in thing[0][:1]] if feature[0] else []
        if english and first.startswith("gender/"):
            english = [f"{name} for {feature[0][0]}" for name in thing[0][:1]]
        made = [Form(text, also=() if text.startswith(name) else (name,)) for text in english for name in thing[0][:1]]
        return (*made, *(Form(feature[1][0] + name, also=(name,)) for name in thing[1] if feature[1]))

    def _names(self, spelt: str) -> tuple[list[str], list[str]]:
        facet, _, key = spelt.partition("/")
        names = self._reading.names_of.get((facet, key), ())
        english = [name for name in names if name.isascii() and not name.startswith("pair of ")]
        chinese = [_LETTER.sub(lambda one: one[0].upper(), n) for n in names if not n.isascii() and len(n) > 1]
        return english[:_MOST_NAMES], chinese[:_MOST_NAMES]


def _grams(run: list[str]) -> Iterator[str]:
    for start, first in enumerate(run):
        if first in _STOP:
            continue
        for end in range(start + 1, min(start + _MOST_WORDS, len(run)) + 1):
            if run[end - 1] not in _STOP and run[end - 1][-2:] not in ("'s", "’s"):
                text = " ".join(run[start:end])
                if len(text) <= _LONGEST:
                    yield text


def _head(title: str) -> str:
    """A title up to where it says what the thing goes with."""
    text = title[:200].casefold()
    return re.split(r"\s(?:for|with)\s|\s[-–|]\s|[,(]", text, maxsplit=1)[0] or text


def _values(product: Product, group: str) -> Iterator[str]:
    for field in FIELDS[group]:
        yield from product.attributes.get(field, ())
        for variant in product.variants:
            yield from variant.attributes.get(field, ())


def _spelt(meaning: Meaning) -> str:
    return f"{meaning[0]}/{meaning[1]}"
