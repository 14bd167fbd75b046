"""From cosines to probabilities and to "nothing like it", on dev data.

A pair of modalities gets a logistic of the cosine, fitted on the rows that a search would show (the best 20 of each
query): over all pairs the share of relevant ones is near nothing, and a hit's probability would be too. And it gets a
floor: the best cosine of a query whose answer is in the gallery is compared with that of a query whose answer is not.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shoplens.core.spaces import Calibration

SHOWN = 20
KEPT = 0.9
"""Share of queries with an answer that the floor must let through."""

Scores = npt.NDArray[np.float32]


def fit_logistic(cosine: npt.NDArray[np.float64], relevant: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """(slope, offset) of P(relevant) = 1 / (1 + exp(-(slope * cosine + offset))), by Newton's method.

    Two pseudo-observations at each end (Platt 1999) keep the slope finite on separable data.
    """
    positive, negative = int(relevant.sum()), int((~relevant).sum())
    target = np.where(relevant, (positive + 1) / (positive + 2), 1 / (negative + 2))
    design = np.stack([cosine, np.ones_like(cosine)], axis=1)
    weights = np.zeros(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        gradient = design.T @ (p - target)
        hessian = (design * (p * (1 - p))[:, None]).T @ design + 1e-6 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return float(weights[0]), float(weights[1])


def choose_floor(
    known: npt.NDArray[np.float64], unknown: npt.NDArray[np.float64], kept: float = KEPT
) -> tuple[float, float, float]:
    """(floor, share of known kept, share of unknown rejected): the floor of the largest sum of both shares

    among those that keep at least ``kept`` of the known. ``known``, ``unknown``: best cosine of each query.
    """
    highest = float(np.quantile(known, 1 - kept))
    places = np.unique(np.concatenate([known, unknown, [highest]]))
    places = places[places <= highest]
    keeps = np.asarray([(known >= place).mean() for place in places])
    rejects = np.asarray([(unknown < place).mean() for place in places])
    best = int(np.argmax(keeps + rejects))
    return float(places[best]), float(keeps[best]), float(rejects[best])


def calibrate(scores: Scores, relevant: npt.NDArray[np.bool_], unknown: Scores) -> tuple[Calibration, dict[str, float]]:
    """Calibration of a pair of modalities, and the working point's figures.

    ``scores`` [q, n] of queries of which each has a relevant row, ``relevant`` [q, n]; ``unknown`` [u, n] scores of
    queries for which the same rows have nothing.
    """
    some = relevant.any(axis=1)
    scores, relevant = scores[some], relevant[some]
    top = np.argsort(-scores, axis=1)[:, :SHOWN]
    cosine = np.take_along_axis(scores, top, axis=1).ravel().astype(np.float64)
    slope, offset = fit_logistic(cosine, np.take_along_axis(relevant, top, axis=1).ravel())
    best = scores.max(axis=1).astype(np.float64)
    floor, keeps, rejects = choose_floor(best, unknown.max(axis=1).astype(np.float64))
    found = Calibration(round(slope, 4), round(offset, 4), round(floor, 4))
    return found, {"known kept": keeps, "unknown rejected": rejects}
