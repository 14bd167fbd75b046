"""From ranked products to hits: which variant is shown, and the reasons that add up to the score."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shoplens.core.answer import Hit, Reason
from shoplens.core.catalogue import Variant
from shoplens.core.ports import Mask, Numbers, StoredProduct
from shoplens.core.query import Query
from shoplens.engine.parts import PartScores

_MAX_KEPT = 800_000
"""Tokens of variants that are kept, one more counted for each variant: those of 50,000 variants with 15 each (about
50 MB), be they of as many products or of one hundred."""


class VariantPicker:
    """Chooses the variant of a product to show: the red one for "red"."""

    def __init__(self, tokens: Callable[[str], Iterable[str]]) -> None:
        self._tokens = tokens
        self._said: dict[tuple[int, int], list[tuple[str, ...]]] = {}
        self._kept = 0
        self._lock = Lock()

    def pick(self, stored: StoredProduct, words: str, allowed: Mask, shown: int) -> tuple[Variant, int]:
        """The allowed variant that says most of the words, then the one that the best picture shows, then in stock.

        Args:
            stored: the product.
            words: the query's words, may be empty.
            allowed: bool by variant number.
            shown: number of the variant that the best picture row shows, 0 for none.
        """
        best = self.in_order(stored, words, allowed, shown)
        return best[0] if best else (stored.product.variants[0], stored.variant_numbers[0])

    def in_order(self, stored: StoredProduct, words: str, allowed: Mask, shown: int = 0) -> list[tuple[Variant, int]]:
        """All allowed variants, best first, as `pick` chooses; equals stay in the shop's order."""
        variants, numbers = stored.product.variants, stored.variant_numbers
        if len(variants) == 1:
            return [(variants[0], numbers[0])] if numbers[0] >= len(allowed) or allowed[numbers[0]] else []
        wanted = frozenset(self._tokens(words) if words else ())
        said = [len(wanted.intersection(own)) for own in self._own_words(stored)] if wanted else [0] * len(variants)
        ranks = sorted(
            (-said[i], number != shown, variants[i].in_stock is False, i)
            for i, number in enumerate(numbers)
            if number >= len(allowed) or allowed[number]
        )
        return [(variants[i], numbers[i]) for *_, i in ranks]

    def _own_words(self, stored: StoredProduct) -> list[tuple[str, ...]]:
        """The tokens of each variant, kept for the products that were asked for last."""
        key = stored.number, stored.seq
        known = self._said.get(key)
        if known is None:
            variants = stored.product.variants
            # A tuple takes a quarter of a set's memory, and is read through as fast for the few words of a query.
            known = [tuple({t for text in _texts(v) for t in self._tokens(text)}) for v in variants]
            size = sum(1 + len(own) for own in known)
            if size <= _MAX_KEPT:
                self._keep(key, known, size)
        return known

    def _keep(self, key: tuple[int, int], said: list[tuple[str, ...]], size: int) -> None:
        with self._lock:
            if key in self._said:  # another thread was first
                return
            if self._kept + size > _MAX_KEPT:
                self._said.clear()
                self._kept = 0
            self._said[key] = said
            self._kept += size


def _texts(variant: Variant) -> list[str]:
    """What tells a variant from its siblings: the values of its attributes and its own identifiers."""
    codes = (variant.id, variant.sku, variant.gtin, variant.mpn)
    return [*(value for values in variant.attributes.values() for value in values), *filter(None, codes)]


def in_order(scores: PartScores, order: npt.NDArray[np.intp]) -> PartScores:
    """The scores of one source with the candidates in another order."""
    places = order.tolist()
    return PartScores(
        scores.source,
        scores.part,
        scores.raw[order],
        scores.contributions[order],
        scores.confidence[order],
        lambda positions: scores.variants(order[positions]),
        lambda position: scores.key(places[position]),
    )


def as_hits(
    query: Query,
    stored: Sequence[tuple[StoredProduct, int]],
    ranked: Numbers,
    scores: Sequence[PartScores],
    allowed: Mask,
    picker: VariantPicker,
    start: int,
    pinned: frozenset[int],
    best_rows: Mapping[int, tuple[int, str]],
) -> tuple[Hit, ...]:
    """Hits of one page.

    ``stored``: products with the variant to show (0: the picker chooses); ``ranked``: candidates in their order, to
    which ``scores`` run parallel; a product outside them was found by filter alone and scores 0. ``best_rows``: the
    variant and picture to show of a product, where more than one part of the query looked at pictures.
    """
    place = dict(zip(ranked.tolist(), range(len(ranked)), strict=True))
    places = [place.get(product.number) for product, _ in stored]
    said = _said(scores, np.array([at for at in places if at is not None], np.intp))
    hits = []
    for position, ((product, chosen), at) in enumerate(zip(stored, places, strict=True), start + 1):
        voices = said.get(at, [])
        shown, picture = best_rows.get(product.number) or _shown(voices)
        if chosen:
            number = chosen
            variant = product.product.variants[product.variant_numbers.index(chosen)]
        else:
            variant, number = picker.pick(product, query.words, allowed, shown)
        reasons = tuple(sorted((v.reason() for v in voices if v.contribution != 0), key=lambda r: -abs(r.contribution)))
        hits.append(
            Hit(
                product=product.product,
                variant=variant,
                score=sum(r.contribution for r in reasons),
                position=position,
                reasons=reasons,
                picture=_picture_of(product, variant, picture, number == shown),
                confidence=max((v.confidence for v in voices), default=0.0),
                pinned=product.number in pinned,
            )
        )
    return tuple(hits)


class _Voice(NamedTuple):
    """What one source says of one candidate; ``raw`` is NaN where it cannot tell, ``variant`` 0 where it knows none."""

    part: PartScores
    at: int
    raw: float
    contribution: float
    confidence: float
    rank: int
    variant: int

    @property
    def saw_picture(self) -> bool:
        """Whether it looked at a picture of the candidate."""
        return self.part.source.endswith(">picture") and not math.isnan(self.raw)

    def reason(self) -> Reason:
        """As the shopper is told: what it added."""
        unknown = math.isnan(self.raw)
        return Reason(
            source=self.part.source,
            part=self.part.part,
            score=0.0 if unknown else self.raw,
            contribution=self.contribution,
            rank=0 if unknown else self.rank,
            picture=self.part.key(self.at) if self.saw_picture else "",
        )


def _said(scores: Sequence[PartScores], places: npt.NDArray[np.intp]) -> dict[int | None, list[_Voice]]:
    """Candidate -> what each source says of it, for the candidates at these places.

    A rank counts from 1; equals share the best one.
    """
    places = np.unique(places)  # a product stands on a page once for each of its variants
    said: dict[int | None, list[_Voice]] = {at: [] for at in places.tolist()}
    for part in scores:
        own = part.contributions[places]
        ranks = 1 + np.count_nonzero(part.contributions[None, :] > own[:, None], axis=1)
        columns = (places, part.raw[places], own, part.confidence[places], ranks, part.variants(places))
        for row in zip(*(column.tolist() for column in columns), strict=True):
            said[row[0]].append(_Voice(part, *row))
    return said


def _shown(voices: Sequence[_Voice]) -> tuple[int, str]:
    """The variant and the picture of the picture source that speaks loudest for a candidate."""
    loudest = max((v for v in voices if v.saw_picture), key=lambda v: v.contribution, default=None)
    return (0, "") if loudest is None else (loudest.variant, loudest.part.key(loudest.at))


def _picture_of(stored: StoredProduct, variant: Variant, matched: str, same_variant: bool) -> str:
    """The hash of the picture to show: the one that matched if it shows this variant, else the variant's first."""
    own = [stored.pictures[i.location] for i in stored.product.variant_images(variant) if i.location in stored.pictures]
    if matched and (matched in own or (same_variant and not own)):
        return matched
    if own:
        return own[0]
    return next(iter(stored.pictures.values()), "")
