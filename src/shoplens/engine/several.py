"""Several photos of one thing: the best of them counts beside their mean.

A thing seen from behind is like no picture of the shop, and draws the mean down; the photo that is like one says more.
Of n photos with contributions c a candidate gets (1 - a) sum(c) + a n max(c); the share of the maximum goes to the
photo that has it, so that reasons still add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from shoplens.engine.parts import PartScores

BEST = 0.5
"""a: chosen on magento dev (docs/adr/0017-reasons-and-edits.md)."""
_SOURCE = "picture>picture"


def several_photos(scores: Sequence[PartScores], wanted: Sequence[bool]) -> list[PartScores]:
    """The scores with those of photos weighed so; ``wanted``: parallel, whether a part wants likeness."""
    which = [n for n, (s, like) in enumerate(zip(scores, wanted, strict=True)) if like and s.source == _SOURCE]
    out = list(scores)
    if len(which) < 2:
        return out
    every = np.stack([scores[n].contributions for n in which])
    best = every.argmax(axis=0)
    for row, n in enumerate(which):
        own = every[row] * ((1 - BEST) + BEST * len(which) * (best == row))
        out[n] = replace(scores[n], contributions=own)
    return out
