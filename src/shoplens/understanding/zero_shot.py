"""Heads for an encoder for which none were fitted: the lexicon's names, read by its text tower.

Confidences are those of a softmax over cosines times a customary scale; nothing was fitted, so they order answers and
say no more. Nothing is filled or contradicted by them.
"""

from __future__ import annotations

import numpy as np

from shoplens.core.ports import Encoder
from shoplens.core.spaces import unit
from shoplens.understanding.colours import looks
from shoplens.understanding.heads import Head, Heads
from shoplens.understanding.notions import Notions

_FACETS = {"kind": "kind", "colour": "colour", "material": "material", "pattern": "pattern"}
_MOST = {"material": 48, "pattern": 24}
"""Of the lexicon's commonest entries, which come first: materials and patterns that pictures can show."""
_SCALE = 40.0
_NAMES = 3


def zero_shot(encoder: Encoder, notions: Notions) -> Heads | None:
    """Heads of an encoder that reads words; None for one that does not. Reads some five hundred words once."""
    if "words" not in encoder.card.modalities:
        return None
    heads = {}
    for head, facet in _FACETS.items():
        some = [n for (of, _), n in notions.by_key.items() if of == facet and (facet != "colour" or looks(n.key))]
        some = some[: _MOST.get(head)]
        said = [(n.english[:_NAMES] if "en" in encoder.card.languages or not n.chinese else n.chinese) for n in some]
        vectors = encoder.encode_words([name for names in said for name in names])
        ends = np.cumsum([len(names) for names in said])
        rows = [vectors[end - len(names) : end].mean(axis=0) for end, names in zip(ends, said, strict=True)]
        weights = unit(np.stack(rows)) * np.float32(_SCALE)
        heads[head] = Head(head, tuple(n.key for n in some), weights, np.zeros(len(some), np.float32))
    return Heads(encoder.card.space, heads, {}, calibrated=False)
