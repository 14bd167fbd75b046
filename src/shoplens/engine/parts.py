"""The parts of a query (its words, each photo, each seed) and what each source says of the candidates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shoplens.core.ports import Mask, Numbers
from shoplens.core.spaces import Calibration, Modality
from shoplens.engine.copies import RowIndex

Vector = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VectorPart:
    """One vector of a query against one index.

    ``source`` names the pair of modalities ("words>picture"), ``part`` the part of the query that the vector stands
    for ("words", "image 1", "like P7"), ``weight`` its say; negative: unlike it.
    """

    source: str
    part: str
    vector: Vector
    modality: Modality
    index: RowIndex
    calibration: Calibration
    weight: float

    def find(self, depth: int, variants: Mask | None) -> Numbers:
        """The best ``depth`` products."""
        return self.index.search(self.vector, depth, variants, query_modality=self.modality).products

    def above(self, variants: Mask | None) -> Numbers:
        """The products that are not "nothing like it"."""
        return self.index.above(self.vector, self.calibration.floor, variants, query_modality=self.modality)


@dataclass(frozen=True, slots=True)
class PartScores:
    """What one source says of each candidate; arrays parallel to the candidates.

    ``raw``: BM25 or cosine, NaN where the source cannot tell (no picture, say). ``contributions``: its share of the
    score. ``confidence``: probability of relevance by this source alone. ``variants``: the variant that the best row
    shows, 0 where none. ``key``: the best row's key (a picture hash) of the i-th candidate.
    """

    source: str
    part: str
    raw: Floats
    contributions: Floats
    confidence: Floats
    variants: Numbers
    key: Callable[[int], str]


def score_vectors(part: VectorPart, candidates: Numbers, variants: Mask | None) -> PartScores:
    """Exact scores of all candidates by one vector part.

    The contribution is weight * slope * (cosine - floor): the log odds of relevance (see Calibration), counted from
    the point at which a row is "nothing like it". Log odds of independent evidence add up, so parts can be summed. A
    candidate that the index lacks gets the candidates' mean, so that having no picture is neither merit nor fault.
    """
    found = part.index.scores_of(part.vector, candidates, variants)
    raw = found.scores.astype(np.float64)
    known = ~np.isnan(raw)
    slope, offset, floor = part.calibration.slope, part.calibration.offset, part.calibration.floor
    contributions = part.weight * slope * (raw - floor)
    contributions[~known] = contributions[known].mean() if known.any() else 0.0
    logit = np.where(known, slope * np.nan_to_num(raw) + offset, -50.0)
    confidence = 1.0 / (1.0 + np.exp(-np.clip(logit, -50, 50)))
    return PartScores(part.source, part.part, raw, contributions, confidence, found.variants, found.key)


def score_words(candidates: Numbers, matched: Numbers, bm25: npt.NDArray[np.float32], weight: float) -> PartScores:
    """Scores of the candidates by the words as written: weight * BM25 / best BM25; 0 where they do not match."""
    raw = np.zeros(len(candidates))
    if len(matched) and len(candidates):
        order = np.argsort(matched)
        at = np.minimum(np.searchsorted(matched[order], candidates), len(matched) - 1)
        same = matched[order][at] == candidates
        raw[same] = bm25[order][at[same]]
    share = raw / max(float(raw.max(initial=0.0)), 1e-9)
    none = np.zeros(len(candidates), np.int64)
    return PartScores("words", "words", raw, weight * share, share, none, lambda _: "")
