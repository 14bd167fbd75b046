"""Evaluation: judgements and runs, measures with intervals, two runs compared. Needs the extra ``evaluation``.

queries + judgements ─► runs.run_queries(search) ─► measures ─► intervals ─► report
"""

from __future__ import annotations

from shoplens.evaluation.evaluating import evaluate
from shoplens.evaluation.intervals import Comparison, Interval, compare, intervals
from shoplens.evaluation.judgements import JudgedQuery, Judgements, read_qrels, read_queries
from shoplens.evaluation.measures import MEASURES, measure_run
from shoplens.evaluation.report import Report
from shoplens.evaluation.runs import Run, Timings, read_run, run_queries, write_run

__all__ = [
    "MEASURES",
    "Comparison",
    "Interval",
    "JudgedQuery",
    "Judgements",
    "Report",
    "Run",
    "Timings",
    "compare",
    "evaluate",
    "intervals",
    "measure_run",
    "read_qrels",
    "read_queries",
    "read_run",
    "run_queries",
    "write_run",
]
