"""Other ways to fuse what the sources of a query found: reciprocal ranks, a weighted sum, a learned linear model.

Each works on ``Sources``: for one query the products that each source found, best first, with the source's own score.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Sources = Mapping[str, Sequence[tuple[str, float]]]
"""Source -> (product id, its score), best first."""
Grades = Mapping[str, float]
Floats = npt.NDArray[np.float64]

SOURCES = ("words", "pictures", "texts")
WEIGHTS = (0.0, 0.15, 0.3, 0.6, 1.0)
FOLDS = 5
_MOST = 250
"""Queries on which weights are tried."""
_DISCOUNT = 1 / np.log2(np.arange(2, 12))


def ndcg(ranked: Sequence[str], grades: Grades, k: int = 10) -> float:
    """nDCG@k with gain 2^grade - 1 and discount 1 / log2(rank + 1) (Järvelin, Kekäläinen 2002; Burges 2005)."""
    gains = [2.0 ** grades.get(i, 0.0) - 1 for i in ranked[:k]]
    best = sorted((2.0**g - 1 for g in grades.values()), reverse=True)[:k]
    top = float(np.dot(best, _DISCOUNT[: len(best)]))
    return float(np.dot(gains, _DISCOUNT[: len(gains)])) / top if top else 0.0


def reciprocal(sources: Sources, k: int = 60) -> list[str]:
    """Reciprocal rank fusion: the sum of 1 / (k + rank) (Cormack, Clarke, Büttcher 2009)."""
    total: dict[str, float] = {}
    for found in sources.values():
        for rank, (name, _) in enumerate(found, 1):
            total[name] = total.get(name, 0.0) + 1 / (k + rank)
    return sorted(total, key=lambda name: (-total[name], name))


def features(sources: Sources) -> tuple[list[str], Floats]:
    """The products of all sources, and of each by each source: the score scaled to 0..1 over what the source found, its
    square, whether it was found, 1 / (1 + rank), and the words' share of the best times each vector's score."""
    names = sorted({name for found in sources.values() for name, _ in found})
    place = {name: at for at, name in enumerate(names)}
    columns = []
    for source in SOURCES:
        found = sources.get(source, ())
        scaled, ranks, has = np.zeros(len(names)), np.zeros(len(names)), np.zeros(len(names))
        if found:
            scores = np.array([score for _, score in found])
            low = 0.0 if source == "words" else float(scores.min())  # no match has a BM25 of 0
            at = [place[name] for name, _ in found]
            scaled[at] = (scores - low) / max(float(scores.max()) - low, 1e-9)
            ranks[at] = 1 / (1 + np.arange(len(found)))
            has[at] = 1.0
        columns += [scaled, scaled**2, has, ranks]
    columns += [columns[0] * columns[4], columns[0] * columns[8]]
    return names, np.stack(columns, axis=1) if names else np.zeros((0, 14))


def ordered(names: Sequence[str], scores: Floats) -> list[str]:
    """Names, best score first; ties by name."""
    return [names[i] for i in np.lexsort((np.arange(len(names)), -scores))]


def weighted(queries: Sequence[Sources], grades: Sequence[Grades]) -> Floats:
    """The weights [3] of the scaled scores whose sum ranks best."""
    few = np.random.default_rng(0).permutation(len(queries))[:_MOST]
    every, grades = [features(queries[n]) for n in few], [grades[n] for n in few]
    best, found = -1.0, np.array([1.0, 0.0, 0.0])
    for weights in itertools.product((0.3, 1.0), WEIGHTS, WEIGHTS):
        mean = float(
            np.mean([ndcg(summed(one, np.array(weights)), some) for one, some in zip(every, grades, strict=True)])
        )
        if mean > best:
            best, found = mean, np.array(weights)
    return found


def summed(found: tuple[list[str], Floats], weights: Floats) -> list[str]:
    """The order by the weighted sum of scaled scores."""
    names, values = found
    return ordered(names, values[:, [0, 4, 8]] @ weights)


def learned(queries: Sequence[Sources], grades: Sequence[Grades], seed: int = 0) -> Floats:
    """A linear ranker over ``features``: logistic regression over pairs of products of a query, each pair weighed by
    what swapping it would change of nDCG@10 (LambdaRank's weights: Burges 2010), by Newton's method with a ridge."""
    generator = np.random.default_rng(seed)
    pairs, weights = [], []
    for sources, some in zip(queries, grades, strict=True):
        names, values = features(sources)
        if not names:
            continue
        gain = np.array([2.0 ** some.get(name, 0.0) - 1 for name in names])
        top = float(np.dot(np.sort(gain)[::-1][:10], _DISCOUNT[: min(10, len(gain))]))
        start = np.argsort(np.argsort(-values[:, 0] - values[:, 4] - values[:, 8]))
        discount = 1 / np.log2(start + 2.0)
        good = np.flatnonzero(gain > 0)
        for i in generator.permutation(good)[:10]:
            for j in generator.permutation(np.flatnonzero(gain < gain[i]))[:30]:
                pairs.append(values[i] - values[j])
                weights.append(abs((gain[i] - gain[j]) * (discount[i] - discount[j])) / max(top, 1e-9))
    x, w = np.array(pairs), np.array(weights)
    w *= len(w) / w.sum()
    beta = np.zeros(x.shape[1])
    for _ in range(15):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        hessian = (x * (w * p * (1 - p))[:, None]).T @ x + 10.0 * np.eye(len(beta))
        beta += np.linalg.solve(hessian, x.T @ (w * (1 - p)) - 10.0 * beta)
    return beta


def folds(count: int, seed: int = 0) -> npt.NDArray[np.int64]:
    """The fold of each of ``count`` queries."""
    return np.random.default_rng(seed).permutation(count) % FOLDS
