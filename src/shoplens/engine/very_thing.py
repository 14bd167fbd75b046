"""Among the first hits of a photo, the very thing comes first: what tells it from its like counts for more there.

A photo asks for two things at once. Things like it: of its kind, in its colour; and the very thing, seen from elsewhere
perhaps. An encoder may say in some of its dimensions what tells a thing from its like (`EncoderCard.details`); one that
gives them more say finds more other views of an item, and fewer things like it. So the whole vector says which ten come
first, and among these ten the details say in which order:

    contribution + weight * slope * (d - min d),   d = max over rows (q + MORE * details(q)) r - max over rows q r

with the minimum over the ten, so that none falls behind the eleventh, and contributions still add up to the score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from shoplens.core.ports import Mask, Numbers
from shoplens.engine.copy_ports import RowScores
from shoplens.engine.parts import PartScores, VectorPart

FIRST = 10
"""Hits whose order the details have a say in."""
MORE = 0.5
"""How much more the details count among these; by cross-validation over magento's products (ADR 0018)."""


def very_thing_first(
    scores: Sequence[PartScores],
    parts: Sequence[VectorPart],
    candidates: Numbers,
    variants: Mask | None,
    details: tuple[int, int],
) -> list[PartScores]:
    """The scores with those of photos changed so for the first ten candidates by the sum of all.

    Args:
        scores: what each source says of the candidates; the first ones of ``parts``, in their order.
        parts: the vectors of the query.
        candidates: the products' numbers, as in ``scores``.
        variants: the variants that are allowed, None for all.
        details: the dimensions, from and up to, that tell a thing from its like; none where they are equal.
    """
    out, (start, stop) = list(scores), details
    photos = [n for n, part in enumerate(parts) if part.source == "picture>picture" and part.weight > 0]
    if start >= stop or not photos or len(candidates) < 2:
        return out
    total = np.sum([one.contributions for one in scores], axis=0)
    first = np.lexsort((candidates, -total))[:FIRST]
    for n in photos:
        closer = parts[n].vector.copy()
        closer[start:stop] *= 1 + MORE
        found = parts[n].index.scores_of(closer, candidates[first], variants)
        gain = found.scores.astype(np.float64) - scores[n].raw[first]
        known = ~np.isnan(gain)
        if not known.any():
            continue
        given = np.zeros(len(candidates))
        gain = np.where(known, gain - gain[known].min(), 0.0)
        given[first] = parts[n].weight * parts[n].calibration.slope * gain
        out[n] = _looked(replace(scores[n], contributions=scores[n].contributions + given), first, found)
    return out


class _Rows:
    """Which row was looked at: of the first ones that which is nearest by the details too, else the part's own."""

    def __init__(self, own: PartScores, first: npt.NDArray[np.intp], found: RowScores) -> None:
        self._own, self._found = own, found
        self._place = {int(at): n for n, at in enumerate(first)}

    def variants(self, positions: npt.NDArray[np.intp]) -> Numbers:
        """As of PartScores."""
        numbers = self._own.variants(positions).copy()
        closer = [(n, self._place[at]) for n, at in enumerate(positions.tolist()) if at in self._place]
        if closer:
            numbers[[n for n, _ in closer]] = self._found.variants(np.array([at for _, at in closer], np.intp))
        return numbers

    def key(self, position: int) -> str:
        """As of PartScores."""
        place = self._place.get(position)
        return self._own.key(position) if place is None else self._found.key(place)


def _looked(scores: PartScores, first: npt.NDArray[np.intp], found: RowScores) -> PartScores:
    rows = _Rows(scores, first, found)
    return replace(scores, variants=rows.variants, key=rows.key)
