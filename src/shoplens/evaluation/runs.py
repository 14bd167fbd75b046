"""Runs: what a search answered to each query, from a shop or from a file in TREC format."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from shoplens.core.query import MAX_PER_PAGE
from shoplens.errors import EvaluationError
from shoplens.evaluation.asking import Asked, Opening, Search, ask_all
from shoplens.evaluation.judgements import JudgedQuery, lines_of, split_columns


@dataclass(frozen=True, slots=True)
class Run:
    """Query id -> (product id, score) pairs, best first, each product once. The order counts, not the scores."""

    rankings: dict[str, list[tuple[str, float]]]
    tag: str = "shoplens"

    def ids(self, query_id: str) -> list[str]:
        """Product ids answered to a query, best first; none for a query that the run lacks."""
        return [product_id for product_id, _ in self.rankings.get(query_id, ())]


@dataclass(frozen=True, slots=True)
class Timings:
    """How long the queries took.

    ``latencies_ms``: of each query, the search alone. ``wall_s``: from the beginning of the first query to
    the end of the last one, reading of photos included; opening the search is not in it.
    ``degraded``: ids of queries that were answered without a part that did not work. ``model_version``: who answered.
    """

    latencies_ms: dict[str, float]
    wall_s: float
    workers: int = 1
    degraded: tuple[str, ...] = ()
    model_version: str = ""

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share (0 to 1) of the queries was answered."""
        return float(np.quantile(list(self.latencies_ms.values()), share)) if self.latencies_ms else 0.0

    @property
    def queries_per_second(self) -> float:
        """Queries answered in a second through the whole path."""
        return len(self.latencies_ms) / self.wall_s if self.wall_s > 0 else 0.0


def run_queries(
    queries: Sequence[JudgedQuery],
    search: Search,
    *,
    depth: int = 100,
    workers: int = 1,
    opening: Opening | None = None,
    on_answer: Callable[[], None] = lambda: None,
) -> tuple[Run, Timings]:
    """Asks every query for its ``depth`` best hits (page and per_page of the query do not count).

    Hits are told by product id, or by variant id where the query says ``group_by: variant``. With more than one
    worker queries share the machine and their latencies grow: keep one for latencies that you want to report.

    Args:
        opening: opens the same search in a process of its own; several workers are then processes, else threads,
            which share Python's lock.

    Raises:
        EvaluationError: ``depth`` is more than one page holds; a query fails, naming its place.
    """
    if not 1 <= depth <= MAX_PER_PAGE:
        raise EvaluationError(
            f"a depth of {depth} hits is not between 1 and {MAX_PER_PAGE}", where="depth", hint="100 is usual"
        )
    asked: dict[str, Asked] = {}
    answers = ask_all(queries, search, depth, workers, opening)
    for query, one in zip(queries, answers, strict=True):
        asked[query.query_id] = one
        on_answer()
    began = min((one.began for one in asked.values()), default=0.0)
    return Run({query_id: one.ranking for query_id, one in asked.items()}), Timings(
        {query_id: one.latency_ms for query_id, one in asked.items()},
        max((one.ended for one in asked.values()), default=0.0) - began,
        workers,
        tuple(query_id for query_id, one in asked.items() if one.degraded),
        next((one.model_version for one in asked.values() if one.model_version), ""),
    )


def write_run(run: Run, path: Path | str) -> None:
    """Writes TREC format, tabs between: ``query_id Q0 product_id rank score tag``.

    Tools for this format order by score, so where scores do not fall strictly (pinned hits, a sort) they are
    replaced by 1/rank for that query.

    Raises:
        EvaluationError: an id holds a line break or a tab; the file cannot be written.
    """
    try:
        with Path(path).open("w", encoding="utf-8", newline="\n") as file:
            for query_id, ranking in run.rankings.items():
                scores = [float(f"{score:.9g}") for _, score in ranking]
                if not all(map(math.isfinite, scores)) or any(b >= a for a, b in pairwise(scores)):
                    scores = [1.0 / rank for rank in range(1, len(ranking) + 1)]
                for rank, ((product_id, _), score) in enumerate(zip(ranking, scores, strict=True), 1):
                    _refuse_breaks((query_id, product_id), str(path))
                    file.write(f"{query_id}\tQ0\t{product_id}\t{rank}\t{score!r}\t{run.tag}\n")
    except OSError as error:
        raise EvaluationError(
            f"cannot be written: {error.strerror}", where=str(path), hint="check the path and its permissions"
        ) from error


def read_run(path: Path | str) -> Run:
    """A run in TREC format: ``query_id Q0 product_id rank score tag`` a line; ordered by score, ties by rank.

    Raises:
        EvaluationError: naming file and line: not six columns, a rank or score that is no number, a product that is
            answered twice to one query.
    """
    rows: dict[str, dict[str, tuple[float, float]]] = {}
    tag = ""
    for where, line in lines_of(path):
        query_id, _, product_id, rank, score, tag = split_columns(
            line, 6, where, "query_id Q0 product_id rank score tag"
        )
        try:
            key = (-_number(score), _number(rank))
        except ValueError as error:
            raise EvaluationError(
                f"rank {rank!r} or score {score!r} is no number", where=where, hint="write finite numbers"
            ) from error
        ranking = rows.setdefault(query_id, {})
        if product_id in ranking:
            raise EvaluationError(
                f"{product_id} is answered twice to query {query_id}", where=where, hint="keep the better of the two"
            )
        ranking[product_id] = key
    if not rows:
        raise EvaluationError("no line in the run", where=str(path), hint="write query_id Q0 product_id rank score tag")
    return Run(
        {
            query_id: [(product_id, -key[0]) for product_id, key in sorted(ranking.items(), key=lambda item: item[1])]
            for query_id, ranking in rows.items()
        },
        tag,
    )


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _refuse_breaks(ids: Iterable[str], where: str) -> None:
    for name in ids:
        if any(c in name for c in "\t\r\n"):
            raise EvaluationError(
                f"the id {name!r} holds a line break or a tab", where=where, hint="TREC format has no way to write it"
            )
