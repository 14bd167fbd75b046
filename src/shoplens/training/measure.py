"""Measures of retrieval, and the tables of the encoder's reference page."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]
Relevant = npt.NDArray[np.bool_]


def ranking(scores: Scores, relevant: Relevant, k: int = 10) -> dict[str, float]:
    """P@1, P@k, nDCG@k (binary gain) and mAP, means over queries [q, n]; queries without a relevant row are dropped.

    nDCG = sum rel_i / log2(i + 1) over the first k, by its best possible value; AP = mean precision at the
    places of the relevant rows. Ties go by row number.
    """
    some = relevant.any(axis=1)
    scores, relevant = scores[some], relevant[some]
    order = np.argsort(-scores, axis=1, kind="stable")
    hits = np.take_along_axis(relevant, order, axis=1)
    count = hits.sum(axis=1)
    precision = hits.cumsum(axis=1) / np.arange(1, hits.shape[1] + 1)
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    width = min(k, hits.shape[1])
    gain = (hits[:, :width] * discount[:width]).sum(axis=1)
    best = np.asarray([discount[: min(width, c)].sum() for c in count])
    return {
        "P@1": float(hits[:, 0].mean()),
        f"P@{k}": float(hits[:, :k].mean()),
        f"nDCG@{k}": float((gain / best).mean()),
        "mAP": float(((precision * hits).sum(axis=1) / count).mean()),
        "queries": float(len(hits)),
    }


def own_rank(scores: Scores, target: npt.NDArray[np.int64]) -> dict[str, float]:
    """R@1, R@10 and MRR of one right row per query; ties share their places."""
    own = scores[np.arange(len(target)), target][:, None]
    rank = (scores > own).sum(axis=1) + ((scores == own).sum(axis=1) - 1) / 2
    return {
        "R@1": float((rank < 1).mean()),
        "R@5": float((rank < 5).mean()),
        "R@10": float((rank < 10).mean()),
        "MRR": float((1 / (rank + 1)).mean()),
    }


def photo_to_photo(vectors: Scores, groups: npt.NDArray[np.int64]) -> dict[str, float]:
    """Each picture as a query for the others of its group; itself is left out."""
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -9.0)
    relevant = groups[:, None] == groups[None]
    np.fill_diagonal(relevant, False)
    return ranking(scores, relevant)
