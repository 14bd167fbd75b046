"""From ranked products to hits: which variant is shown, and the reasons that add up to the score."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from shoplens.core.answer import Hit, Reason
from shoplens.core.catalogue import Variant
from shoplens.core.ports import Mask, Numbers, StoredProduct
from shoplens.core.query import Query
from shoplens.engine.parts import PartScores


class VariantPicker:
    """Chooses the variant of a product to show: the red one for "red"."""

    def __init__(self, tokens: Callable[[str], Iterable[str]]) -> None:
        self._tokens = lru_cache(maxsize=20_000)(lambda text: frozenset(tokens(text)))

    def pick(self, stored: StoredProduct, words: str, allowed: Mask, shown: int) -> tuple[Variant, int]:
        """The allowed variant that says most of the words, then the one that the best picture shows, then in stock.

        Args:
            stored: the product.
            words: the query's words, may be empty.
            allowed: bool by variant number.
            shown: number of the variant that the best picture row shows, 0 for none.
        """
        wanted = self._tokens(words) if words else frozenset()
        best: tuple[tuple[int, bool, bool], Variant, int] | None = None
        for variant, number in zip(stored.product.variants, stored.variant_numbers, strict=True):
            if number < len(allowed) and not allowed[number]:
                continue
            said: set[str] = set()
            if wanted:
                for values in variant.attributes.values():
                    for value in values:
                        said |= wanted & self._tokens(value)
            rank = (len(said), number == shown, variant.in_stock is not False)
            if best is None or rank > best[0]:
                best = (rank, variant, number)
        if best is None:
            return stored.product.variants[0], stored.variant_numbers[0]
        return best[1], best[2]


def in_order(scores: PartScores, order: npt.NDArray[np.intp]) -> PartScores:
    """The scores of one source with the candidates in another order."""
    places = order.tolist()
    return PartScores(
        scores.source,
        scores.part,
        scores.raw[order],
        scores.contributions[order],
        scores.confidence[order],
        scores.variants[order],
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
    place = {number: at for at, number in enumerate(ranked.tolist())}
    ranks = [_ranks(part) for part in scores]
    hits = []
    for position, (product, chosen) in enumerate(stored, start + 1):
        at = place.get(product.number)
        shown, picture = best_rows.get(product.number) or _shown(scores, at)
        if chosen:
            number = chosen
            variant = product.product.variants[product.variant_numbers.index(chosen)]
        else:
            variant, number = picker.pick(product, query.words, allowed, shown)
        reasons = _reasons(scores, ranks, at)
        hits.append(
            Hit(
                product=product.product,
                variant=variant,
                score=sum(r.contribution for r in reasons),
                position=position,
                reasons=reasons,
                picture=_picture_of(product, variant, picture, number == shown),
                confidence=max((float(s.confidence[at]) for s in scores), default=0.0) if at is not None else 0.0,
                pinned=product.number in pinned,
            )
        )
    return tuple(hits)


def _shown(scores: Sequence[PartScores], at: int | None) -> tuple[int, str]:
    """The variant and the picture of the picture source that speaks loudest for a candidate."""
    if at is None:
        return 0, ""
    pictures = [s for s in scores if s.source.endswith(">picture") and not np.isnan(s.raw[at])]
    if not pictures:
        return 0, ""
    loudest = max(pictures, key=lambda s: float(s.contributions[at]))
    return int(loudest.variants[at]), loudest.key(at)


def _picture_of(stored: StoredProduct, variant: Variant, matched: str, same_variant: bool) -> str:
    """The hash of the picture to show: the one that matched if it shows this variant, else the variant's first."""
    own = [stored.pictures[i.location] for i in stored.product.variant_images(variant) if i.location in stored.pictures]
    if matched and (matched in own or (same_variant and not own)):
        return matched
    if own:
        return own[0]
    return next(iter(stored.pictures.values()), "")


def _ranks(part: PartScores) -> npt.NDArray[np.int64]:
    """The rank of each candidate by one source, from 1; equals share the best one."""
    falling = np.sort(-part.contributions)
    return np.searchsorted(falling, -part.contributions) + 1


def _reasons(
    scores: Sequence[PartScores], ranks: Sequence[npt.NDArray[np.int64]], at: int | None
) -> tuple[Reason, ...]:
    """What each source added, the largest first; sources that added nothing are left out."""
    if at is None:
        return ()
    out = []
    for part, rank in zip(scores, ranks, strict=True):
        raw = float(part.raw[at])
        if part.contributions[at] == 0:
            continue
        unknown = math.isnan(raw)
        out.append(
            Reason(
                source=part.source,
                part=part.part,
                score=0.0 if unknown else raw,
                contribution=float(part.contributions[at]),
                rank=0 if unknown else int(rank[at]),
                picture=part.key(at) if part.source.endswith(">picture") else "",
            )
        )
    return tuple(sorted(out, key=lambda r: -abs(r.contribution)))
