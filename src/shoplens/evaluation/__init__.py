"""Evaluation: judgements and runs, measures with intervals, two runs compared. Needs the extra ``evaluation``.

queries + judgements ─► runs.run_queries(search) ─► measures ─► intervals ─► report
"""

from __future__ import annotations

from shoplens.evaluation.evaluating import evaluate
from shoplens.evaluation.intervals import Comparison, Interval, compare, intervals
from shoplens.evaluation.judged_ids import JudgedIds, judged_ids
from shoplens.evaluation.judgements import JudgedQuery, Judgements, read_qrels, read_queries
from shoplens.evaluation.measures import MEASURES, measure_run
from shoplens.evaluation.report import Report
from shoplens.evaluation.runs import Run, Timings, read_run, run_queries, write_run
from shoplens.evaluation.side_by_side import Difference, SideBySide, side_by_side

__all__ = [
    "MEASURES",
    "Comparison",
    "Difference",
    "Interval",
    "JudgedIds",
    "JudgedQuery",
    "Judgements",
    "Report",
    "Run",
    "SideBySide",
    "Timings",
    "compare",
    "evaluate",
    "intervals",
    "judged_ids",
    "measure_run",
    "read_qrels",
    "read_queries",
    "read_run",
    "run_queries",
    "side_by_side",
    "write_run",
]
