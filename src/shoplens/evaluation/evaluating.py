"""The use case: ask a search the queries of a file, measure the answers, compare them with another run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shoplens.errors import EvaluationError
from shoplens.evaluation.asking import Opening, Search
from shoplens.evaluation.intervals import compare, intervals
from shoplens.evaluation.judged_ids import Catalogue, judged_ids
from shoplens.evaluation.judgements import JudgedQuery, Judgements
from shoplens.evaluation.measures import MEASURES, measure_run, need_measures
from shoplens.evaluation.report import Report
from shoplens.evaluation.runs import Run, Timings, run_queries


def evaluate(
    search: Search,
    queries: Sequence[JudgedQuery],
    judgements: Judgements,
    *,
    other: Run | None = None,
    other_name: str = "",
    depth: int = 100,
    workers: int = 1,
    opening: Opening | None = None,
    on_answer: Callable[[], None] = lambda: None,
    catalogue: Catalogue | None = None,
) -> tuple[Report, Run]:
    """Asks all queries, measures those that have a relevant product, and compares with another run if given.

    Args:
        opening: opens the same search in a process of its own, see ``run_queries``.
        catalogue: where to look whether what was judged is there (a shop's ``store``).

    Returns:
        The report, and the run of this search.

    Raises:
        EvaluationError: no query is judged; the catalogue has none of the judged ids; a query fails.
        MissingExtraError: ir-measures is not installed; told before any query is asked.
    """
    need_measures()
    measurable(queries, judgements)
    present = None if catalogue is None else judged_ids(queries, judgements, catalogue)
    run, timings = run_queries(queries, search, depth=depth, workers=workers, opening=opening, on_answer=on_answer)
    report = report_of(queries, judgements, run, timings, other=other, other_name=other_name, depth=depth)
    return report.with_judged_ids(present), run


def measurable(queries: Sequence[JudgedQuery], judgements: Judgements) -> list[str]:
    """Ids of the queries that have a relevant product. Raises EvaluationError where there is none."""
    found = [q.query_id for q in queries if any(grade > 0 for grade in judgements.get(q.query_id, {}).values())]
    if not found:
        raise EvaluationError(
            "none of the queries has a product judged relevant",
            where="judgements",
            hint="the query_id of the queries must be the first column of the judgements",
        )
    return found


def report_of(
    queries: Sequence[JudgedQuery],
    judgements: Judgements,
    run: Run,
    timings: Timings,
    *,
    other: Run | None = None,
    other_name: str = "",
    depth: int = 100,
) -> Report:
    """Measures a run that is there, and compares it with another one if given.

    Raises:
        EvaluationError: no query is judged.
        MissingExtraError: ir-measures is not installed.
    """
    measured = measurable(queries, judgements)
    values = measure_run(judgements, run, measured)
    comparison = None
    missing: tuple[str, ...] = ()
    if other is not None:
        found = compare(values, measure_run(judgements, other, measured))
        comparison = dict(zip(MEASURES, found, strict=True))
        missing = tuple(query_id for query_id in measured if query_id not in other.rankings)
    known, counted = {query.query_id for query in queries}, set(measured)
    judged = [q.query_id for q in queries if q.query_id in judgements]
    return Report(
        measures=dict(zip(MEASURES, intervals(values), strict=True)),
        per_query={
            query_id: dict(zip(MEASURES, map(float, row), strict=True))
            for query_id, row in zip(measured, values, strict=True)
        },
        timings=timings,
        depth=depth,
        unjudged=tuple(query.query_id for query in queries if query.query_id not in judgements),
        nothing_relevant=tuple(query_id for query_id in judged if query_id not in counted),
        not_asked=tuple(query_id for query_id in judgements if query_id not in known),
        compared_with=other_name,
        comparison=comparison,
        missing_in_other=missing,
    )
