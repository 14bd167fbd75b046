"""A search whose answers are written down beforehand, and files for it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shoplens.core.answer import Answer, Hit
from shoplens.core.catalogue import Product, Variant
from shoplens.core.query import Query
from shoplens.errors import NotFoundError


def catalogue_search(titles: Mapping[str, str]) -> Callable[[Query], Answer]:
    """A real, small search: products whose title shares words with the query, most shared words first, ties by id."""

    def search(query: Query) -> Answer:
        wanted = set(query.words.lower().split())
        scores = {pid: len(wanted & set(title.lower().split())) for pid, title in titles.items()}
        best = sorted((pid for pid, score in scores.items() if score), key=lambda pid: (-scores[pid], pid))
        hits = []
        for position, pid in enumerate(best[: query.per_page], 1):
            product = Product(pid, titles[pid], variants=(Variant(f"{pid}-v"),))
            hits.append(Hit(product, product.variants[0], float(scores[pid]), position))
        return Answer(tuple(hits), len(best), 1, query.per_page, "q", 0.1, model_version="shared words")

    return search


def write_queries(path: Path, queries: Sequence[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(q, ensure_ascii=False) + "\n" for q in queries), "utf-8")
    return path


def dcg(gains: Sequence[float]) -> float:
    """Discounted cumulative gain, as the formula is written: sum of gain / log2(rank + 1)."""
    return float(sum(gain / np.log2(rank + 1) for rank, gain in enumerate(gains, 1)))


def refused() -> Callable[[Query], Answer]:
    """A search that opens and refuses."""

    def search(query: Query) -> Answer:
        raise NotFoundError("no product 'P9' in this shop", hint="search for it")

    return search


def struck() -> Callable[[Query], Answer]:
    """A search whose process is ended from outside, as when memory runs out."""
    os._exit(9)
