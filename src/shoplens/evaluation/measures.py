"""Measures of a run against judgements, query by query, by ir-measures."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

import numpy as np
import numpy.typing as npt

from shoplens.errors import EvaluationError, MissingExtraError
from shoplens.evaluation.judgements import Judgements
from shoplens.evaluation.runs import Run

MEASURES = ("nDCG@10", "AP", "P@1", "P@10", "R@10", "R@100", "RR", "Judged@10", "condensed nDCG@10")
"""What is measured, in the order in which it is reported.

nDCG@10 with the grade as gain and 1 / log2(rank + 1) as discount (Järvelin and Kekäläinen 2002, as in trec_eval); the
others take a grade of 1 or more for relevant. ``Judged@10``: the share of the first ten hits that has a judgement.
``condensed nDCG@10``: nDCG@10 after hits without a judgement have been left out (Sakai 2007): fair to a search that
finds what nobody has judged. Where it and nDCG@10 are far apart, judge more before you trust either.
"""

_CONDENSED = "condensed "


def measure_run(judgements: Judgements, run: Run, query_ids: Sequence[str]) -> npt.NDArray[np.float64]:
    """Values float64 [queries, len(MEASURES)] in [0, 1]; a query without hits has 0 in all of them.

    Raises:
        MissingExtraError: ir-measures is not installed.
        EvaluationError: a query has no judgement.
    """
    ir = _ir_measures()
    for query_id in query_ids:
        if query_id not in judgements:
            raise EvaluationError(f"query {query_id!r} has no judgement", hint="measure judged queries only")
    qrels = {query_id: judgements[query_id] for query_id in query_ids}
    # Tools for runs order by score and break ties in their own ways; ranks as scores leave them nothing to break.
    whole = {query_id: _by_rank(run.ids(query_id)) for query_id in query_ids}
    judged = {query_id: _by_rank([i for i in run.ids(query_id) if i in qrels[query_id]]) for query_id in query_ids}
    row = {query_id: n for n, query_id in enumerate(query_ids)}
    values = np.zeros((len(query_ids), len(MEASURES)))
    for ranked, prefix in ((whole, ""), (judged, _CONDENSED)):
        asked = {q: hits for q, hits in ranked.items() if hits}
        columns = {
            str(ir.parse_measure(name.removeprefix(_CONDENSED))): n
            for n, name in enumerate(MEASURES)
            if name.startswith(_CONDENSED) == bool(prefix)
        }
        if asked:
            parsed = [ir.parse_measure(name) for name in columns]
            for metric in ir.iter_calc(parsed, {q: qrels[q] for q in asked}, asked):
                values[row[metric.query_id], columns[str(metric.measure)]] = metric.value
    return values


def need_measures() -> None:
    """Raises MissingExtraError, with the command that mends it, where ir-measures is not installed."""
    _ir_measures()


def _by_rank(ids: Sequence[str]) -> dict[str, float]:
    return {product_id: float(len(ids) - rank) for rank, product_id in enumerate(ids)}


def _ir_measures() -> ModuleType:
    try:
        import ir_measures
    except ImportError as error:
        raise MissingExtraError("evaluation", extra="evaluation") from error
    module: ModuleType = ir_measures
    return module
