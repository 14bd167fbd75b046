"""How like the encoder that it was made from a smaller one is, on pictures and titles that did not mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shoplens.core.ports import Encoder
from shoplens.core.spaces import Calibration, Modality, Vectors, exact_top_k
from shoplens.encoders import parity
from shoplens.encoders.calibrating import Sample

HELD = 4
"""Every fourth picture and title is kept for judging."""
_LEAST = 30
"""Rows of a modality below which its calibration and mean are taken as they were."""


@dataclass(frozen=True, slots=True)
class Look:
    """A sample as an encoder sees it; without words ``words`` is empty."""

    pictures: Vectors
    words: Vectors

    def of(self, modality: str) -> Vectors:
        """Vectors of a modality by its name in calibrations."""
        return self.pictures if modality == "picture" else self.words


def look(encoder: Encoder, sample: Sample) -> Look:
    """Encodes the sample."""
    reads = "words" in encoder.card.modalities and len(sample.texts) > 0
    words = encoder.encode_words(sample.texts) if reads else np.zeros((0, encoder.card.dimension), np.float32)
    return Look(encoder.encode_pictures(sample.pictures), words)


def held(count: int) -> npt.NDArray[np.int64]:
    """Numbers of the rows that judge."""
    return np.arange(0, count, HELD)


def mending(count: int) -> npt.NDArray[np.int64]:
    """Numbers of the rows that mend."""
    return np.setdiff1d(np.arange(count), held(count))


def recall(before: Look, after: Look, k: int = parity.NEIGHBOURS) -> dict[str, float]:
    """Share of the ``k`` nearest pictures by ``before`` that are among those by ``after``: of held pictures ("picture")
    and of held titles ("words").
    """
    found: dict[str, float] = {}
    for modality in ("picture", "words"):
        rows = held(len(before.of(modality)))
        if not len(rows) or len(before.pictures) <= 1:
            continue
        own = [int(n) for n in rows] if modality == "picture" else [-1] * len(rows)
        nearest = [_nearest(one.of(modality)[rows], one.pictures, own, k) for one in (before, after)]
        found[modality] = float(np.mean([len(a & b) / max(1, len(a)) for a, b in zip(*nearest, strict=True)]))
    return found


def carried(known: Mapping[str, Calibration], before: Look, after: Look) -> dict[str, Calibration]:
    """The calibrations of the encoder before, for the cosines of the one after: old = a new + b by least squares, put
    into slope, offset and floor.
    """
    found = {}
    for pair, calibration in known.items():
        query, _, row = pair.partition(">")
        if min(len(before.of(query)), len(before.of(row))) < _LEAST:
            found[pair] = calibration
            continue
        old = (before.of(query) @ before.of(row).T).ravel().astype(np.float64)
        new = (after.of(query) @ after.of(row).T).ravel().astype(np.float64)
        spread = new - new.mean()
        a = max(float((spread * (old - old.mean())).sum() / max(float((spread**2).sum()), 1e-12)), 1e-3)
        b = float(old.mean() - a * new.mean())
        found[pair] = Calibration(
            round(calibration.slope * a, 4),
            round(calibration.offset + calibration.slope * b, 4),
            round((calibration.floor - b) / a, 4),
        )
    return found


def moved(mean: Vectors, modality: Modality, before: Look, after: Look) -> Vectors:
    """A modality's mean, moved as far as the sample's has moved. float32 [d]."""
    if len(before.of(modality)) < _LEAST:
        return mean
    return np.asarray(mean + after.of(modality).mean(axis=0) - before.of(modality).mean(axis=0), np.float32)


def _nearest(queries: Vectors, rows: Vectors, own: Sequence[int], k: int) -> list[set[int]]:
    numbers, _ = exact_top_k(queries, rows, k + 1)
    return [set([int(n) for n in found if n != me][:k]) for found, me in zip(numbers, own, strict=True)]


__all__ = ["HELD", "Look", "carried", "held", "look", "mending", "moved", "recall"]
