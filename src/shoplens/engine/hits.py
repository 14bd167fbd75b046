"""From ranked products to hits: which variant is shown, and the reasons that add up to the score."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import repeat
from threading import Lock

import numpy as np
import numpy.typing as npt

from shoplens.core.answer import Hit, Reason
from shoplens.core.catalogue import Variant
from shoplens.core.making import maker
from shoplens.core.ports import Mask, Numbers, StoredProduct
from shoplens.core.query import Query
from shoplens.engine.parts import Floats, PartScores

_MAX_KEPT = 800_000
"""Tokens of variants that are kept, and places where they stand, counted together: those of some 50,000 variants (about
50 MB), be they of as many products or of one hundred."""


class VariantPicker:
    """Chooses the variant of a product to show: the red one for "red"."""

    def __init__(self, tokens: Callable[[str], Iterable[str]]) -> None:
        self._tokens = tokens
        self._said: dict[tuple[int, int], dict[str, tuple[int, ...]]] = {}
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
        if len(stored.variant_numbers) == 1:  # allowed or not
            return stored.product.variants[0], stored.variant_numbers[0]
        ranks = self._ranks(stored, words, allowed, shown)
        best = min(ranks)[-1] if ranks else 0
        return stored.product.variants[best], stored.variant_numbers[best]

    def in_order(self, stored: StoredProduct, words: str, allowed: Mask, shown: int = 0) -> list[tuple[Variant, int]]:
        """All allowed variants, best first, as `pick` chooses; equals stay in the shop's order."""
        variants, numbers = stored.product.variants, stored.variant_numbers
        if len(variants) == 1:
            return [(variants[0], numbers[0])] if numbers[0] >= len(allowed) or allowed[numbers[0]] else []
        return [(variants[i], numbers[i]) for *_, i in sorted(self._ranks(stored, words, allowed, shown))]

    def _ranks(self, stored: StoredProduct, words: str, allowed: Mask, shown: int) -> list[tuple[int, bool, bool, int]]:
        """For each allowed variant what it is ordered by; its place last."""
        variants, numbers = stored.product.variants, stored.variant_numbers
        said = [0] * len(variants)
        if words:
            own = self._own_words(stored)
            for token in frozenset(self._tokens(words)):
                for place in own.get(token, ()):
                    said[place] -= 1
        inside = len(allowed)
        return [
            (said[i], number != shown, variants[i].in_stock is False, i)
            for i, number in enumerate(numbers)
            if number >= inside or allowed[number]
        ]

    def _own_words(self, stored: StoredProduct) -> dict[str, tuple[int, ...]]:
        """Token -> the places of the variants that have it, kept for the products that were asked for last."""
        key = stored.number, stored.seq
        known = self._said.get(key)
        if known is None:
            places: dict[str, dict[int, None]] = {}
            for place, variant in enumerate(stored.product.variants):
                for text in _texts(variant):
                    for token in self._tokens(text):
                        places.setdefault(token, {})[place] = None
            known = {token: tuple(own) for token, own in places.items()}
            size = len(known) + sum(map(len, known.values()))
            if size <= _MAX_KEPT:
                self._keep(key, known, size)
        return known

    def _keep(self, key: tuple[int, int], said: dict[str, tuple[int, ...]], size: int) -> None:
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
    return PartScores(
        scores.source,
        scores.part,
        scores.raw[order],
        scores.contributions[order],
        scores.confidence[order],
        lambda positions: scores.variants(order[positions]),
        lambda position: scores.key(int(order[position])),
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
    numbers = [product.number for product, _ in stored]
    places = _places(numbers, ranked, start)
    said = _said(scores, sorted({at for at in places if at is not None}))
    hits = []
    for position, ((product, chosen), at) in enumerate(zip(stored, places, strict=True), start + 1):
        reasons, confidence, looked = _NOTHING if at is None else said[at]
        shown, picture = best_rows.get(product.number) or looked
        if chosen:
            number = chosen
            variant = product.product.variants[product.variant_numbers.index(chosen)]
        else:
            variant, number = picker.pick(product, query.words, allowed, shown)
        hits.append(
            _make_hit(
                product.product,
                variant,
                sum([reason.contribution for reason in reasons]),
                position,
                reasons,
                _picture_of(product, variant, picture, number == shown),
                confidence,
                product.number in pinned,
            )
        )
    return tuple(hits)


_make_hit, _make_reason = maker(Hit), maker(Reason)


_Shown = tuple[int, str]
"""Variant and picture that a picture source looked at; 0 where it knows no variant, "" where it saw no picture."""

_Said = tuple[tuple[Reason, ...], float, _Shown]
"""What all sources say of one candidate: reasons, confidence, and what the loudest picture source looked at."""

_UNSEEN: _Shown = (0, "")
_NOTHING: _Said = ((), 0.0, _UNSEEN)
_CONTRIBUTION = [f.name for f in fields(Reason)].index("contribution")


def _places(numbers: list[int], ranked: Numbers, start: int) -> list[int] | list[int | None]:
    """Where some products stand among the candidates, None where they do not."""
    if ranked[start : start + len(numbers)].tolist() == numbers:  # nothing pinned, sorted or left out
        return list(range(start, start + len(numbers)))
    place = dict(zip(ranked.tolist(), range(len(ranked)), strict=True))
    return [place.get(number) for number in numbers]


def _said(scores: Sequence[PartScores], places: Sequence[int]) -> dict[int, _Said]:
    """Candidate -> what all sources say of it, for the candidates at these places, rising.

    A rank counts from 1; equals share the best one. Works on whole columns, as a page has a hundred reasons.
    """
    if not scores or not places:
        return dict.fromkeys(places, _NOTHING)
    at = np.array(places, np.intp)
    every = np.array([part.contributions for part in scores])
    own, raw = every[:, at], np.array([part.raw[at] for part in scores])
    unknown = np.isnan(raw)
    every.sort(axis=1)
    below = [some.searchsorted(few, "right") for some, few in zip(every, own, strict=True)]
    ranks = 1 + every.shape[1] - np.array(below)
    raw[unknown], ranks[unknown] = 0.0, 0
    looks = {n: _looked(p, at, unknown[n]) for n, p in enumerate(scores) if p.source.endswith("picture")}
    rows = {n: look for n, look in looks.items() if scores[n].source.endswith(">picture")}  # these know variants
    keys = [[key for _, key in looks[n]] if n in looks else repeat("") for n in range(len(scores))]
    # The arguments of a reason, for each source and place; each place's sources turned so that the loudest comes first.
    columns = zip(scores, raw.tolist(), own.tolist(), ranks.tolist(), keys, strict=True)
    told = [list(zip(repeat(part.source), repeat(part.part), *column)) for part, *column in columns]
    loudest_first = (-np.abs(own)).argsort(axis=0, kind="stable").T.tolist()
    sure = np.array([part.confidence[at] for part in scores]).max(axis=0).tolist()
    return {
        place: (tuple([_make_reason(*row[n]) for n in order if row[n][_CONTRIBUTION] != 0]), confidence, shown)
        for place, row, order, confidence, shown in zip(
            places, zip(*told, strict=True), loudest_first, sure, _loudest(rows, own, unknown), strict=True
        )
    }


def _looked(part: PartScores, places: npt.NDArray[np.intp], unknown: Mask) -> list[_Shown]:
    variants = part.variants(places).tolist()
    return [
        _UNSEEN if none else (variant, part.key(place))
        for place, variant, none in zip(places.tolist(), variants, unknown.tolist(), strict=True)
    ]


def _loudest(looks: Mapping[int, list[_Shown]], own: Floats, unknown: Mask) -> Iterable[_Shown]:
    """Of each place what the picture source looked at that speaks loudest; of equals the first."""
    if len(looks) < 2:
        return next(iter(looks.values()), [_UNSEEN] * own.shape[1])
    rows = list(looks)
    which = np.where(unknown[rows], -np.inf, own[rows]).argmax(axis=0).tolist()
    return [looks[rows[n]][i] for i, n in enumerate(which)]


def _picture_of(stored: StoredProduct, variant: Variant, matched: str, same_variant: bool) -> str:
    """The hash of the picture to show: the one that matched if it shows this variant, else the variant's first."""
    pictures, first = stored.pictures, None
    for image in stored.product.variant_images(variant):
        own = pictures.get(image.location)
        if own is None:  # rejected, so it is not there to be shown
            continue
        if own == matched:
            return own
        if first is None:
            first = own
    if first is not None:
        return first
    return matched if matched and same_variant else next(iter(pictures.values()), "")
