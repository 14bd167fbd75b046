"""How much each source of one query counts, from how sure the others are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from shoplens.core.ports import EXACT, Numbers, WordMatches
from shoplens.engine.balance import Balance
from shoplens.engine.parts import PartScores, VectorPart

_SURE = 0.5
"""How sure the words are at least where an identifier is asked for, not a number that a product happens to have."""
_AHEAD = 1.0
"""Log odds by which it leads."""


def weighed(
    parts: Iterable[VectorPart], words: WordMatches | None, balance: Balance, beside: bool = False
) -> list[VectorPart]:
    """The vectors of a query as they count beside the words as written; as they are where there are none.

    Those of the words against product texts are the quieter the surer the words are: both read the same texts, and
    where the best matches are called what was asked for, the vector only reorders equals. ``beside``: whether photos
    stand beside words that do not edit them; the words then say among what the photos choose, and these count more.
    """
    if words is None:
        return list(parts)
    left = 1 - balance.restraint * min(words.coverage, 1.0)
    factors = {"words>text": left, "picture>picture": balance.beside if beside else 1.0}
    return [replace(part, weight=part.weight * factors.get(part.source, 1.0)) for part in parts]


def exact_first(scores: Sequence[PartScores], candidates: Numbers, words: WordMatches | None) -> list[PartScores]:
    """The scores of the candidates, the words' raised as far as it takes for a product with the identifier asked
    for to come first: whatever else speaks, nobody types an article number to find another thing."""
    own = next((n for n, part in enumerate(scores) if part.source == "words"), None)
    if own is None or words is None or words.coverage < _SURE or not len(words.scores) or words.scores[0] < EXACT:
        return list(scores)
    exact = np.isin(candidates, words.products[words.scores >= EXACT])
    total = np.sum([part.contributions for part in scores], axis=0)
    if not exact.any() or exact.all():
        return list(scores)
    lacking = total[~exact].max() + _AHEAD - total[exact].min()
    if lacking <= 0:
        return list(scores)
    raised = replace(scores[own], contributions=scores[own].contributions + lacking * exact)
    return [*scores[:own], raised, *scores[own + 1 :]]
