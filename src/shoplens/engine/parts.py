"""The parts of a query (its words, each photo, each seed) and what each source says of the candidates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shoplens.core.ports import Mask, Numbers, WordMatches
from shoplens.core.spaces import Calibration, Modality
from shoplens.engine.copy_ports import RowIndex

Vector = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


SAME_PICTURE = 0.97
"""Cosine of two photos from which on they are one picture, perhaps compressed, scaled or turned anew.

No logistic over photos of like products can say so: it is fitted where the cosines of different pictures lie.
"""

IN_PROSE = 0.4
"""How sure a match of all terms in descriptions is."""

IN_FILLED = 0.05
"""How sure a match of all terms in what was told from pictures is: those pictures are looked at for themselves."""


@dataclass(frozen=True, slots=True)
class VectorPart:
    """One vector of a query against one index.

    ``source`` names the pair of modalities ("words>picture"), ``part`` the part of the query that the vector stands
    for ("words", "image 1", "like P7"), ``weight`` its say; negative: unlike it. ``sure``: whether its likeness is what
    was asked for, so that it may make a match. ``alike``: the cosine from which on it counts, where likeness is to say
    "this very thing"; what is less like it is none the worse.
    """

    source: str
    part: str
    vector: Vector
    modality: Modality
    index: RowIndex
    calibration: Calibration
    weight: float
    sure: bool = True
    alike: float | None = None

    def near(self, depth: int, variants: Mask | None) -> tuple[Numbers, Numbers]:
        """Products near it, both rising: those that are not "nothing like it", and the best ``depth`` of these."""
        found = self.index.neighbours(self.vector, depth, variants)
        like = found.scores >= self.calibration.floor
        products, scores = found.products[like], found.scores[like]
        if len(scores) <= depth:
            return products, products
        return products, products[scores >= np.partition(scores, len(scores) - depth)[len(scores) - depth]]


@dataclass(frozen=True, slots=True)
class PartScores:
    """What one source says of each candidate; arrays parallel to the candidates.

    ``raw``: BM25 or cosine, NaN where the source cannot tell (no picture, say). ``contributions``: its share of the
    score. ``confidence``: probability of relevance by this source alone. ``variants``: the variants that the best
    rows of candidates at some places show, 0 where none; ``key``: the best row's key (a picture hash) at a place.
    """

    source: str
    part: str
    raw: Floats
    contributions: Floats
    confidence: Floats
    variants: Callable[[npt.NDArray[np.intp]], Numbers]
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
    beyond = raw - floor if part.alike is None else np.maximum(raw - part.alike, 0.0)
    contributions = part.weight * slope * beyond
    logit = slope * raw + offset
    if not known.all():
        contributions[~known] = contributions[known].mean() if known.any() else 0.0
        logit[~known] = -50.0
    confidence = part.sure / (1.0 + np.exp(-np.minimum(np.maximum(logit, -50.0), 50.0)))
    if part.sure and part.source == "picture>picture":
        confidence[known & (raw >= SAME_PICTURE)] = 1.0
    return PartScores(part.source, part.part, raw, contributions, confidence, found.variants, found.key)


def score_words(candidates: Numbers, words: WordMatches, weight: float, power: float = 2.0) -> PartScores:
    """Scores of the candidates by the words as written: weight * (BM25 / best BM25)^2 * how sure the best match is
    (see `surely`); 0 where they do not match. Squared, as BM25 hardly tells many occurrences of a word from more.
    ``power``: instead of 2; small where the words only say among what a photo is to choose.

    The confidence is the same without the weight. If the best match is not what the words ask for (two of three
    terms), the other sources have more to say.
    """
    matched = np.concatenate([words.products, words.partly])
    bm25 = np.concatenate([words.scores, words.partly_scores])
    raw = np.zeros(len(candidates))
    if len(matched) and len(candidates):
        order = np.argsort(matched)
        at = np.minimum(np.searchsorted(matched[order], candidates), len(matched) - 1)
        same = matched[order][at] == candidates
        raw[same] = bm25[order][at[same]]
    sure = words.coverage * np.power(raw / max(float(raw.max(initial=0.0)), 1e-9), power)
    return PartScores("words", "words", raw, weight * sure, sure, no_variants, lambda _: "")


def surely(named: Sequence[float], share: Sequence[float], coverage: float, prose: float = IN_PROSE) -> float:
    """How sure the best matches of some words are, 0..1: the greatest of share of the best BM25 * named^3.

    ``named``: share of the query's terms by which the match is called. Cubed, because two of three terms are more
    often another thing ("black leather armchair" for "black leather bag") than the thing itself. A match in prose
    alone gets at most ``prose`` * ``coverage``: something like it, no match.
    """
    best = max((s * n**3 for n, s in zip(named, share, strict=True)), default=0.0)
    return max(best, prose * coverage)


def no_variants(places: npt.NDArray[np.intp]) -> Numbers:
    """The variants of a source that knows none."""
    return np.zeros(len(places), np.int64)


def distinct(numbers: Sequence[Numbers]) -> Numbers:
    """All numbers of some arrays, each once, rising. For thousands of them faster than numpy's, which hashes."""
    every = np.sort(np.concatenate(numbers)) if numbers else np.empty(0, np.int64)
    first = np.ones(len(every), np.bool_)
    first[1:] = every[1:] != every[:-1]
    return every[first]


def within(numbers: Numbers, inside: Mask) -> Numbers:
    """The numbers that a mask by number allows; those beyond its end are not."""
    known = numbers if not len(numbers) or numbers.max() < len(inside) else numbers[numbers < len(inside)]
    return known[inside[known]]


def without(numbers: Numbers, gone: Sequence[int]) -> Numbers:
    """The numbers that are not among a few others."""
    return numbers[~np.isin(numbers, gone)] if len(gone) else numbers
