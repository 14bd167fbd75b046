"""How much a photo counts beside words that do not edit it: learned, of each query, from how sure each side is.

log2 of its weight is the mean of p(weight) ~ exp(say * log2 weight - kappa * log2(weight)^2) over the weights that were
tried, say being a linear function of the traits below. `benchmarks/photo_say.py` fits it and prints the numbers; what
it was fitted on and what it gains stands in docs/adr/0007-fusion.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from shoplens.core.query import Query
from shoplens.engine.balance import Balance
from shoplens.engine.parts import Floats, PartScores

WEIGHTS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
TRAITS = ("one", "sure", "agree", "none")
SAY = (1.4783, 1.4203, 2.871, -1.8055)
"""What each trait adds."""
KAPPA = 0.7384

PHOTO, WORDS = "picture>picture", "words"
_NEAREST = 10
_LOGS = np.log2(WEIGHTS)


def traits(scores: Sequence[PartScores]) -> Floats:
    """float64 [4], each 0 to 1. sure: how sure the words are; agree: share of the photo's ten nearest that the words
    are true of; none: whether they are true of none, so that the words want another thing than the photo shows. Only
    what is like the photo at all is near it: in a small shop the tenth is anything."""
    photo = np.sum([s.contributions for s in scores if s.source == PHOTO], axis=0)
    words = np.max([s.confidence for s in scores if s.source == WORDS], axis=0)
    nearest = np.argsort(-photo, kind="stable")[:_NEAREST]
    nearest = nearest[photo[nearest] > 0]
    agree = float((words[nearest] > 0).sum()) / max(len(nearest), 1)
    return np.array([1.0, float(words.max()), agree, float(agree == 0)])


def weight(of: Floats, say: Sequence[float] = SAY, kappa: float = KAPPA) -> float:
    """The photo's weight for some traits: between the smallest and the greatest that was tried."""
    return float(2.0 ** (chances(np.atleast_1d(float(of @ np.asarray(say))), kappa) @ _LOGS)[0])


def chances(say: Floats, kappa: float) -> Floats:
    """p(weight), float64 [n, weights], for the say of n queries."""
    logits = say[:, None] * _LOGS - kappa * _LOGS**2
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def photos_said(scores: Sequence[PartScores], query: Query, balance: Balance) -> list[PartScores]:
    """The scores, those of photos weighing what was learned; as they are where the query says itself what counts
    (`semantic_ratio`, the weight of its words or of a photo)."""
    said = query.semantic_ratio is not None or query.words_weight != 1 or any(p.weight != 1 for p in query.pictures)
    both = {PHOTO, WORDS} <= {s.source for s in scores}
    if said or not (both and balance.learned and len(scores[0].contributions)):
        return list(scores)
    factor = (weight(traits(scores)) / balance.beside) ** balance.learned
    return [replace(s, contributions=factor * s.contributions) if s.source == PHOTO else s for s in scores]
