"""Why the hits of a page are there, when asked (``explain``): the words that matched with their places, attributes that
agree and disagree with what was asked, and what photos and seeds share with a hit.

Worked out for the hits of the page alone, after everything else; nothing here moves a score. The contributions of a
hit's reasons add up to its score whether this is asked for or not (`shoplens.engine.hits`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from shoplens.core.answer import Hit, Reason
from shoplens.core.catalogue import Product, Variant
from shoplens.core.making import changer
from shoplens.core.spaces import Space
from shoplens.core.understood import Chip
from shoplens.core.why import PICTURE, Highlight, Trait, Why
from shoplens.engine.pages import Found, Store
from shoplens.errors import ShopLensError

Range = tuple[int, int, str]
Further = Callable[[str], Sequence[Range]]
"""Marks what else is to be marked in a text."""
_NOTHING: Mapping[str, Any] = {}


class Said(Protocol):
    """A value of an attribute."""

    @property
    def english(self) -> str:
        """Its English name, or the text that says it."""

    @property
    def chinese(self) -> str:
        """Its Chinese name, "" for none."""

    @property
    def source(self) -> str:
        """`shoplens.core.why.FEED` or `PICTURE`."""

    @property
    def confidence(self) -> float:
        """How sure it is, 0..1."""


S = TypeVar("S", bound=Said)
_with_terms, _with_why = changer(Reason, "terms"), changer(Hit, "reasons", "why")


class Agrees(Protocol[S]):
    """Reads attributes and compares them."""

    def asked(self, words: str) -> list[tuple[str, S, str]]:
        """The attributes that words name, each with the words that do."""

    def namer(self, asked: S) -> Callable[[str], Sequence[tuple[int, int]]]:
        """Tells where a text names what was asked, or a kind of it."""

    def of_product(self, product: Product, variant: Variant) -> Mapping[str, Sequence[S]]:
        """What is said of a variant."""

    def of_pictures(self, vectors: npt.NDArray[np.float32]) -> Sequence[Mapping[str, S]]:
        """What pictures show, by their vectors [n, d]."""

    def agree(self, attribute: str, asked: S, has: S) -> bool:
        """Whether a value is what was asked for."""


class Marks(Protocol):
    """Marks the words of one query in texts."""

    def marks(self, product: Product, further: Further | None = None) -> tuple[Highlight, ...]:
        """The highlights of a product; ``further``: what else is marked in a text."""


Explains = Callable[[str, Sequence[Chip], Found, tuple[Hit, ...]], tuple[Hit, ...]]
"""Explains the hits of a page: see `Explainer.explain`."""


@dataclass(frozen=True, slots=True)
class Ask(Generic[S]):
    """What one part of the query asks of an attribute. ``exact``: it names it; else it has it, as photos do.
    ``written``: the words that name it."""

    part: str
    attribute: str
    said: S
    exact: bool = True
    written: str = ""


class Explainer(Generic[S]):
    """Explains the hits of a page. Safe to use from several threads.

    Args:
        store: for the products of seeds, and the vectors of the hits' pictures.
        marker: makes what marks words: of the query's wordings, and of those that no product has.
        agrees: reads and compares attributes.
        space: of the vectors.
    """

    def __init__(
        self,
        store: Store,
        marker: Callable[[Sequence[str], Sequence[str]], Marks],
        agrees: Agrees[S],
        space: Space,
    ) -> None:
        self._store, self._marker, self._agrees, self._space = store, marker, agrees, space

    def explain(self, said: str, chips: Sequence[Chip], found: Found, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        """The hits with ``why``.

        Args:
            said: the query's words as they were typed.
            chips: what was understood of them.
            found: what is known of the query.
            hits: of the page.
        """
        if not hits:
            return hits
        asks = [*self._of_words(said, chips), *self._of_clues(found)]
        named = {ask.attribute for ask in asks if ask.exact}
        asks = [ask for ask in asks if ask.exact or ask.attribute not in named]
        wordings = [text for text in (said, *found.ruled.plan.alternatives) if text]
        marks = self._marker(wordings, () if found.words is None else found.words.guessed) if wordings else None
        own = [self._agrees.of_product(hit.product, hit.variant) if asks else _NOTHING for hit in hits]
        unsaid = [any(ask.attribute not in mine for ask in asks) for mine in own]
        seen = self._seen([hit if lacks else None for hit, lacks in zip(hits, unsaid, strict=True)])
        brands = self._brands(found)
        further = self._further(asks)
        return tuple(
            self._explained(hit, asks, mine, shown, marks, further, brands)
            for hit, mine, shown in zip(hits, own, seen, strict=True)
        )

    # --- what is asked ------------------------------------------------------------------------

    def _of_words(self, said: str, chips: Sequence[Chip]) -> Iterator[Ask[S]]:
        """The attributes that the words name, without those that they deny."""
        denied = " ".join(chip.text.casefold() for chip in chips if chip.denial is not None)
        asked = self._agrees.asked(said) if said else []
        gone = {value.english for _, value, _ in self._agrees.asked(denied)} if denied else set()
        for attribute, value, written in asked:
            if value.english not in gone:
                yield Ask("words", attribute, value, written=written)

    def _of_clues(self, found: Found) -> Iterator[Ask[S]]:
        """What the photos show, and what the seeds are."""
        photos = [(name, vector) for name, weight, vector in found.photos if weight > 0]
        if photos:
            shown = self._agrees.of_pictures(np.stack([vector for _, vector in photos]))
            for (name, _), attributes in zip(photos, shown, strict=True):
                for attribute, value in attributes.items():
                    yield Ask(name, attribute, value, exact=False)
        for name, product in self._seeds(found):
            own = self._agrees.of_product(product, product.variants[0])
            for attribute, values in own.items():
                for value in values[:1]:
                    yield Ask(name, attribute, value, exact=False)

    def _seeds(self, found: Found) -> list[tuple[str, Product]]:
        names = [part.part for part in found.parts if part.part.startswith("like ")]
        ids = {name.removeprefix("like "): name for name in dict.fromkeys(names)}
        if not ids:
            return []
        stored = self._store.get(list(self._store.numbers_of(list(ids)).values()))
        return [(ids[one.product.id], one.product) for one in stored if one is not None]

    def _brands(self, found: Found) -> list[tuple[str, str]]:
        """Part of the query and the brand that it has."""
        return [(name, product.brand) for name, product in self._seeds(found) if product.brand.strip()]

    def _seen(self, hits: Sequence[Hit | None]) -> Sequence[Mapping[str, S]]:
        """What the pictures of hits show; of those that need not be looked at nothing."""
        keys = list(dict.fromkeys(hit.picture for hit in hits if hit is not None and hit.picture))
        if not keys:
            return [{} for _ in hits]
        try:
            kept = self._store.vectors(self._space, "picture", keys)
        except ShopLensError:  # what the shop says of itself is left
            kept = {}
        known = [key for key in keys if key in kept]
        if not known:
            return [{} for _ in hits]
        told = self._agrees.of_pictures(np.stack([kept[key].astype(np.float32) for key in known]))
        by_key = dict(zip(known, told, strict=True))
        return [{} if hit is None else by_key.get(hit.picture, {}) for hit in hits]

    # --- one hit ------------------------------------------------------------------------------

    def _explained(
        self,
        hit: Hit,
        asks: Sequence[Ask[S]],
        own: Mapping[str, Sequence[S]],
        seen: Mapping[str, S],
        marks: Marks | None,
        further: Further | None,
        brands: Sequence[tuple[str, str]],
    ) -> Hit:
        traits = [trait for ask in asks if (trait := self._trait(ask, own.get(ask.attribute, ()), seen)) is not None]
        traits += [
            Trait(part, "brand", brand, "", brand, "", True)
            for part, brand in brands
            if brand.casefold().strip() == hit.product.brand.casefold().strip()
        ]
        highlights = () if marks is None else marks.marks(hit.product, further)
        words = tuple(dict.fromkeys(term for one in highlights for term in one.terms))
        reasons = hit.reasons
        if words:
            reasons = tuple([_with_terms(r, words) if r.source == "words" and r.score else r for r in reasons])
        because, because_zh = _because([trait for trait in traits if trait.agrees and trait.part != "words"])
        return _with_why(hit, reasons, Why(words, highlights, tuple(traits), because, because_zh))

    def _trait(self, ask: Ask[S], own: Sequence[S], seen: Mapping[str, S]) -> Trait | None:
        values = own or ([seen[ask.attribute]] if ask.attribute in seen else [])
        if not values:
            return None
        has = next((value for value in values if self._agrees.agree(ask.attribute, ask.said, value)), None)
        told = has or values[0]
        return Trait(
            ask.part,
            ask.attribute,
            ask.said.english,
            ask.said.chinese,
            told.english,
            told.chinese,
            has is not None,
            told.source,
            round(told.confidence, 3),
        )

    def _further(self, asks: Sequence[Ask[S]]) -> Further | None:
        """Marks the names that mean what the words ask for: "Navy" for "blue", Tee for 短袖. Each text is read once."""
        named = [(self._agrees.namer(ask.said), ask.written) for ask in asks if ask.exact]
        if not named:
            return None
        known: dict[str, Sequence[Range]] = {}

        def further(text: str) -> Sequence[Range]:
            found = known.get(text)
            if found is None:
                ranges = [(start, end, written) for names, written in named for start, end in names(text)]
                found = known[text] = ranges
            return found

        return further


def _because(shared: Sequence[Trait]) -> tuple[str, str]:
    """What each photo and seed has in common with a hit, in English and Chinese."""
    parts: dict[str, list[Trait]] = {}
    for trait in shared:
        parts.setdefault(trait.part, []).append(trait)
    english = [f"like {_called(part)}: {', '.join(_value(t, t.has) for t in some)}" for part, some in parts.items()]
    chinese = [
        f"和{_called_zh(part)}一样：{'、'.join(_value(t, t.has_zh or t.has, zh=True) for t in some)}"
        for part, some in parts.items()
    ]
    return "; ".join(english), "；".join(chinese)


def _value(trait: Trait, name: str, *, zh: bool = False) -> str:
    if trait.attribute == "brand":
        return f"品牌{name}" if zh else f"by {name}"
    if trait.source == PICTURE:
        return f"{name}（看图）" if zh else f"{name} (by its picture)"
    return name


def _called(part: str) -> str:
    if part.startswith("image "):
        return "the photo" if part == "image 1" else f"photo {part.removeprefix('image ')}"
    return part.removeprefix("like ")


def _called_zh(part: str) -> str:
    if part.startswith("image "):
        number = part.removeprefix("image ")
        return "照片" if number == "1" else f"第{number}张照片"
    return part.removeprefix("like ")


__all__ = ["Agrees", "Ask", "Explainer", "Explains", "Marks", "Said"]
