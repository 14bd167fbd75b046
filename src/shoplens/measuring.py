"""Two configurations on many queries: what `shoplens compare` tells, for whoever has a shop open.

The package ``evaluation`` stands apart from what serves: it is loaded when this is first called, never before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from shoplens.core.answer import Answer
from shoplens.core.query import Query
from shoplens.errors import MissingExtraError
from shoplens.trying import Configuration, ShopTrials

DEPTH = 100
"""Hits taken of each query."""


def agreement(first: Sequence[str], second: Sequence[str]) -> dict[str, Any]:
    """How far two rankings agree: ``rbo`` (rank-biased overlap), ``shared`` of the first ten, same ``first`` hit."""
    from shoplens.evaluation.overlap import overlap

    found = overlap(first, second)
    return {"rbo": found.rbo, "shared": found.shared, "first": found.first}


def measured(
    trials: ShopTrials,
    sides: tuple[Configuration, Configuration],
    queries: Sequence[tuple[str, Mapping[str, Any]]],
    grades: Mapping[str, Mapping[str, int]],
    measure: str,
) -> dict[str, Any]:
    """Both configurations on the same queries, as ``shoplens compare --json`` tells it.

    Args:
        queries: (query id, fields of a search).
        grades: query id -> product id -> grade; with none, or without the extra ``evaluation``, nothing is measured
            and only how far the rankings agree is told.

    Raises:
        EvaluationError: no such measure; a query fails.
        ShopLensError: a configuration's encoder cannot be opened.
    """
    from shoplens.evaluation.contrast import Contender, Judged, contrast
    from shoplens.evaluation.judgements import JudgedQuery
    from shoplens.evaluation.measures import need_measures
    from shoplens.evaluation.runs import run_queries

    asked = [JudgedQuery(query_id, fields, Path(), "queries") for query_id, fields in queries]
    used = {query_id: dict(grades[query_id]) for query_id, _ in queries if grades.get(query_id)}
    missing = ""
    if used:
        try:
            need_measures()
        except MissingExtraError as error:
            used, missing = {}, error.hint or error.message
    contenders = []
    for side in sides:
        search = partial(_answer, trials, side)
        search(Query("warm-up", per_page=1))  # what opening costs is no query's time
        run, timings = run_queries(asked, search, depth=DEPTH)
        contenders.append(Contender(side.name, run, timings))
    made = contrast(asked, contenders[0], contenders[1], Judged(used), measure=measure, depth=DEPTH)
    out = made.to_fields() | {"not_measured": missing}
    first, second = (contender.run for contender in contenders)
    out["asked"] = [
        {"query_id": query_id, "query": dict(fields), "a": first.ids(query_id)[:10], "b": second.ids(query_id)[:10]}
        for query_id, fields in queries
    ]
    out["latency_ms"] = {
        name: {"p50": one.timings.percentile(0.5), "p99": one.timings.percentile(0.99)}
        for name, one in zip(("a", "b"), contenders, strict=True)
    }
    return out


def _answer(trials: ShopTrials, side: Configuration, query: Query) -> Answer:
    return trials.search(query, side)
