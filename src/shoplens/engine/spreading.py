"""Diversity at work on a query's hits: the first hundred in an order in which neighbours differ.

All pages see the same reordered hundred, so pages neither repeat nor lose a hit; what follows stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from shoplens.core.answer import Reason
from shoplens.core.diversity import Floats, mmr
from shoplens.core.ports import Mask, Numbers
from shoplens.engine.copy_ports import RowIndex
from shoplens.engine.parts import PartScores

SPREAD = 100
"""Hits that are put into another order."""

SOURCE = "diversity"
"""The source of reasons that tell of it."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Products in their new order; of those that moved the old place (from 1), the one before them that they are most
    like, and how much."""

    order: Numbers
    moved: Mapping[int, tuple[int, int, float]] = field(default_factory=dict)

    def reason(self, number: int, names: Mapping[int, str]) -> tuple[Reason, ...]:
        """Why a product stands where it stands: ``part`` names the product before it that it is most like, ``score`` is
        how much, ``rank`` where it would stand. It contributes nothing: the score stays as it was."""
        if number not in self.moved:
            return ()
        rank, like, how = self.moved[number]
        return (Reason(SOURCE, names.get(like, ""), round(how, 6), 0.0, rank),)


def spread(
    order: Numbers,
    ranked: Numbers,
    scores: Sequence[PartScores],
    diversity: float,
    indexes: Sequence[RowIndex],
    narrow: Mask | None,
) -> Spread:
    """Products in an order of relevance and unlikeness.

    Args:
        order: the products, best first.
        ranked: the candidates among them, to which ``scores`` run parallel.
        diversity: 0 to 1.
        indexes: of pictures and of texts. Two products are as like as the mean over both of the cosines of their mean
            vectors; where one has no picture, as their texts.
        narrow: the variants whose pictures count; None for all.
    """
    some = order[:SPREAD]
    if len(some) < 3 or not diversity:
        return Spread(order)
    likeness = _likeness(some, indexes, narrow)
    new, nearest = mmr(_relevance(some, ranked, scores), likeness, diversity)
    moved = {
        int(some[old]): (old + 1, int(some[like]), float(likeness[old, like]))
        for at, (old, like) in enumerate(zip(new, nearest, strict=True))
        if at != old
    }
    return Spread(np.concatenate([some[new], order[SPREAD:]]), moved)


def _relevance(some: Numbers, ranked: Numbers, scores: Sequence[PartScores]) -> Floats:
    """0..1: scores between the least and the greatest; of products that are no candidates 0."""
    total = np.sum([part.contributions for part in scores], axis=0) if scores else np.zeros(len(ranked))
    known = dict(zip(ranked.tolist(), total.tolist(), strict=True))
    own = [known.get(number) for number in some.tolist()]
    least = min((value for value in own if value is not None), default=0.0)
    out = np.array([least if value is None else value for value in own])
    width = float(out.max() - least)
    return (out - least) / width if width > 0 else np.zeros(len(out))


def _likeness(some: Numbers, indexes: Sequence[RowIndex], narrow: Mask | None) -> Floats:
    total, count = np.zeros((len(some), len(some))), np.zeros((len(some), len(some)))
    for index in indexes:
        vectors, owners = index.vectors_of(some, narrow)
        means = np.zeros((len(some), vectors.shape[1]))
        np.add.at(means, owners, vectors.astype(np.float64))
        length = np.linalg.norm(means, axis=1)
        means[length > 0] /= length[length > 0, None]
        both = np.outer(length > 0, length > 0)
        total += np.where(both, means @ means.T, 0.0)
        count += both
    return np.divide(total, count, out=np.zeros_like(total), where=count > 0)
