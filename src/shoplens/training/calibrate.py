"""From cosines to probabilities and to "nothing like it", on dev data of several galleries.

A pair of modalities gets a logistic of the cosine, fitted on the rows that a search would show (the best 20 of each
query): over all pairs the share of relevant ones is near nothing, and a hit's probability would be too. And it gets a
floor: the best cosine of a query whose answer is in the gallery is compared with that of a query whose answer is not.
A shop may sell anything, so photos of fashion, phone photos and drawn goods count alike, however many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shoplens.core.spaces import Calibration

SHOWN = 20
KEPT = 0.9
"""Share of queries with an answer that the floor must let through."""

Floats = npt.NDArray[np.float64]
Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Trial:
    """Queries on one gallery. ``scores`` [q, n] with ``relevant`` [q, n]; ``unknown`` [u, n]: scores of queries

    for which these rows have nothing. ``fit`` False: it has a say in the floor only.
    """

    scores: Scores
    relevant: npt.NDArray[np.bool_]
    unknown: Scores
    fit: bool = True


def fit_logistic(cosine: Floats, relevant: npt.NDArray[np.bool_], weight: Floats | None = None) -> tuple[float, float]:
    """(slope, offset) of P(relevant) = 1 / (1 + exp(-(slope * cosine + offset))), by Newton's method.

    Targets are drawn in a little from 0 and 1 (Platt 1999), which keeps the slope finite on separable data.
    """
    positive, negative = int(relevant.sum()), int((~relevant).sum())
    target = np.where(relevant, (positive + 1) / (positive + 2), 1 / (negative + 2))
    design = np.stack([cosine, np.ones_like(cosine)], axis=1)
    share = np.ones_like(cosine) if weight is None else weight
    line = np.zeros(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(design @ line, -30, 30)))
        gradient = design.T @ (share * (p - target))
        hessian = (design * (share * p * (1 - p))[:, None]).T @ design + 1e-6 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        line -= step
        if np.abs(step).max() < 1e-8:
            break
    return float(line[0]), float(line[1])


def choose_floor(known: Sequence[Floats], unknown: Sequence[Floats], kept: float = KEPT) -> tuple[float, float, float]:
    """(floor, share of known kept, share of unknown rejected): the floor of the largest sum of both shares

    among those that keep at least ``kept`` of the known. One array of best cosines for each gallery; shares are
    means over galleries.
    """
    places = np.unique(np.concatenate([*known, *unknown]))
    keeps = np.mean([[(part >= place).mean() for place in places] for part in known], axis=0)
    rejects = np.mean([[(part < place).mean() for place in places] for part in unknown], axis=0)
    allowed = np.flatnonzero(keeps >= kept)
    best = int(allowed[np.argmax((keeps + rejects)[allowed])])
    return float(places[best]), float(keeps[best]), float(rejects[best])


def calibrate(trials: Sequence[Trial]) -> tuple[Calibration, dict[str, float]]:
    """Calibration of a pair of modalities over all galleries, and the working point's figures."""
    cosines, rights, weights, known, unknown = [], [], [], [], []
    for trial in trials:
        some = trial.relevant.any(axis=1)
        scores, relevant = trial.scores[some], trial.relevant[some]
        top = np.argsort(-scores, axis=1)[:, :SHOWN]
        cosine = np.take_along_axis(scores, top, axis=1).ravel().astype(np.float64)
        if trial.fit:
            cosines.append(cosine)
            rights.append(np.take_along_axis(relevant, top, axis=1).ravel())
            weights.append(np.full(len(cosine), 1000.0 / len(cosine)))
        known.append(scores.max(axis=1).astype(np.float64))
        unknown.append(trial.unknown.max(axis=1).astype(np.float64))
    slope, offset = fit_logistic(np.concatenate(cosines), np.concatenate(rights), np.concatenate(weights))
    floor, keeps, rejects = choose_floor(known, unknown)
    found = Calibration(round(slope, 4), round(offset, 4), round(floor, 4))
    return found, {"known kept": round(keeps, 4), "unknown rejected": round(rejects, 4)}
