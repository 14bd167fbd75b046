"""Linear probes: multinomial logistic regression in numpy, its temperature, and how well it is calibrated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Allowed = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Probe:
    """Scores are ``features @ weights.T + bias``: weights float32 [classes, d], bias float32 [classes]."""

    weights: Array
    bias: Array

    def scores(self, features: Array) -> Array:
        """float32 [n, classes]."""
        return np.asarray(features @ self.weights.T + self.bias, dtype=np.float32)


def softmax(scores: Array) -> Array:
    """Rows that sum to 1."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)


def fit(features: Array, allowed: Allowed, weight: Array, penalty: float, steps: int = 300) -> Probe:
    """The probe that makes the allowed classes of each row likely.

        minimise  - sum_i w_i log sum_{k allowed for i} p_ik / sum_i w_i  +  penalty |W|^2 / 2

    A row may allow several classes: a photo of "shoes" is a sneaker or a sandal, nobody said which. Nesterov's method
    with a fixed step from the largest eigenvalue of the features; no randomness.

    Args:
        features: float32 [n, d].
        allowed: bool [n, classes], some class in every row.
        weight: float32 [n], how much each row counts.
    """
    x = np.concatenate([features, np.ones((len(features), 1), np.float32)], axis=1)
    share = (weight / weight.sum()).astype(np.float32)
    weights = np.zeros((allowed.shape[1], x.shape[1]), np.float32)
    keep = np.ones(x.shape[1], np.float32)
    keep[-1] = 0  # the bias is not held down
    # The Hessian of the logistic loss is at most half of the features' second moments.
    step = 1.0 / (0.5 * float(np.linalg.eigvalsh((x * share[:, None]).T @ x)[-1]) + penalty)
    ahead, before = weights.copy(), weights.copy()
    for count in range(steps):
        p = softmax(x @ ahead.T)
        wanted = p * allowed
        wanted /= np.maximum(wanted.sum(axis=1, keepdims=True), 1e-12)
        slope = ((p - wanted) * share[:, None]).T @ x + penalty * ahead * keep
        weights = ahead - np.float32(step) * slope
        ahead = weights + np.float32(count / (count + 3)) * (weights - before)
        before = weights
    return Probe(weights[:, :-1].copy(), weights[:, -1].copy())


def temperature(scores: Array, allowed: Allowed) -> float:
    """The T that makes softmax(scores / T) likeliest on held-out rows (Guo et al. 2017), by a search over T."""
    grid = np.exp(np.linspace(np.log(0.3), np.log(5), 120))
    losses = [-np.log((softmax(scores / np.float32(t)) * allowed).sum(axis=1) + 1e-9).mean() for t in grid]
    return float(grid[int(np.argmin(losses))])


def calibration_error(confidence: Array, right: Allowed, bins: int = 10) -> float:
    """Expected calibration error: |share that is right - mean confidence| over bins of equal size, by their size."""
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [abs(float(right[part].mean()) - float(confidence[part].mean())) * len(part) for part in parts]
    return float(sum(gaps) / max(len(order), 1))


def threshold(confidence: Array, right: Allowed, precision: float) -> float:
    """The lowest confidence from which on ``precision`` of the answers are right, with a point to spare for chance:
    Wilson's lower bound at one sigma. 2.0, which nothing reaches, where there is none."""
    order = np.argsort(-confidence, kind="stable")
    n = np.arange(1, len(order) + 1)
    share = right[order].cumsum() / n
    lower = (share + 1 / (2 * n) - np.sqrt(share * (1 - share) / n + 1 / (4 * n * n))) / (1 + 1 / n)
    good = np.flatnonzero(lower >= precision)
    return float(confidence[order[good[-1]]]) if len(good) else 2.0
