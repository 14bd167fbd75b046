"""The lexicon in the form in which understanding takes it: what things are called, and which names a text holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shoplens.core.catalogue import Product
from shoplens.core.names import Names
from shoplens.understanding.colours import looks

KINDS = frozenset({"kind", "goods"})
COLOURS = frozenset({"colour", "shade"})
FIELDS: dict[str, tuple[str, frozenset[str]]] = {
    "kind": ("product_type", KINDS),
    "colour": ("color", COLOURS),
    "material": ("material", frozenset({"material"})),
    "pattern": ("pattern", frozenset({"pattern"})),
}
"""What a picture tells -> the catalogue's field for it, and the lexicon's facets of its names."""

_READ = 1000
"""Characters of a text that are read."""
_KIND_FIELDS = ("type", "kind", "article", "类型", "品类")


@dataclass(frozen=True, slots=True)
class Notion:
    """One entry of the lexicon: its names, the usual one first."""

    facet: str
    key: str
    english: tuple[str, ...]
    chinese: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SaidColour:
    """A colour that a text names: the lexicon's key, and the name as written."""

    key: str
    written: str


class Notions:
    """All notions, by what they are called. Safe to use from several threads."""

    def __init__(self, notions: Iterable[Notion]) -> None:
        self.by_key = {(notion.facet, notion.key): notion for notion in notions}
        meanings: dict[str, set[tuple[str, str]]] = {}
        for (facet, key), notion in self.by_key.items():
            for name in (*notion.english, *notion.chinese):
                meanings.setdefault(name.casefold(), set()).add((facet, key))
        self._names = Names(meanings)

    def colours_in(self, text: str) -> list[SaidColour]:
        """Colours that a text names, in its order. Names of something else too ("coffee", "golden") do not count, nor
        does "multicolour", with which every picture agrees."""
        text = text.casefold()
        return [
            SaidColour(key, text[start:end])
            for start, end, meant in self._names.spans(text)
            if all(facet in COLOURS for facet, _ in meant)
            for _, key in sorted(meant)
            if looks(key) and "multi" not in looks(key)
        ]

    def lacking(self, product: Product) -> list[str]:
        """Which of `FIELDS` the product says nothing about, in no field and no word: only those may be filled.

        Of colour, material and pattern the description may speak too ("100% cotton"); of the kind it speaks too
        loosely to count ("goes with any handbag").
        """
        names = {name.casefold() for name, values in _attributes(product) if any(v.strip() for v in values)}
        names |= {text.field.casefold() for text in product.derived}
        lacks = [head for head in FIELDS if not _given(head, names)]
        if lacks:
            called = self._facets(_titles(product))
            lacks = [head for head in lacks if not FIELDS[head][1] & called]
        if lacks and lacks != ["kind"]:
            said = self._facets(_prose(product))
            lacks = [head for head in lacks if head == "kind" or not FIELDS[head][1] & said]
        return lacks

    def _facets(self, texts: Iterable[str]) -> set[str]:
        return {
            facet for text in texts for _, _, meant in self._names.spans(text[:_READ].casefold()) for facet, _ in meant
        }


def _given(head: str, names: Iterable[str]) -> bool:
    field = FIELDS[head][0]
    return any(
        name == field or name.startswith(f"{field}_") or (head == "kind" and any(part in name for part in _KIND_FIELDS))
        for name in names
    )


def _titles(product: Product) -> Iterator[str]:
    yield product.title
    yield from (t.title for t in product.translations)
    for path in (product.category, *product.categories):
        yield from path


def _prose(product: Product) -> Iterator[str]:
    yield product.description
    yield from (t.description for t in product.translations)
    for name, values in _attributes(product):
        if not any(_given(head, [name.casefold()]) for head in FIELDS):  # oak, as a material, is no colour
            yield from values


def _attributes(product: Product) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield from product.attributes.items()
    for variant in product.variants:
        yield from variant.attributes.items()
