"""Evaluation: judgements and runs, measures with intervals, two runs compared. Needs the extra ``evaluation``.

queries + judgements ─► runs.run_queries(search) ─► measures ─► intervals ─► report
"""

from __future__ import annotations

from shoplens.evaluation.answers import read_answers
from shoplens.evaluation.by_machine import MachineGrade, read_machine, write_machine_qrels
from shoplens.evaluation.contrast import Contender, Contrast, Judged, contrast
from shoplens.evaluation.evaluating import evaluate, measurable, report_of
from shoplens.evaluation.intervals import Comparison, Interval, compare, intervals
from shoplens.evaluation.judged_ids import JudgedIds, judged_ids
from shoplens.evaluation.judgements import JudgedQuery, Judgements, read_qrels, read_queries
from shoplens.evaluation.measures import MEASURES, measure_run
from shoplens.evaluation.overlap import Overlap, Overlaps, overlaps, rank_biased_overlap
from shoplens.evaluation.report import Report
from shoplens.evaluation.runs import Run, Timings, read_run, run_queries, write_run
from shoplens.evaluation.sheet import page_of, sheet_of, write_sheet
from shoplens.evaluation.side_by_side import Difference, SideBySide, side_by_side

__all__ = [
    "MEASURES",
    "Comparison",
    "Contender",
    "Contrast",
    "Difference",
    "Interval",
    "Judged",
    "JudgedIds",
    "JudgedQuery",
    "Judgements",
    "MachineGrade",
    "Overlap",
    "Overlaps",
    "Report",
    "Run",
    "SideBySide",
    "Timings",
    "compare",
    "contrast",
    "evaluate",
    "intervals",
    "judged_ids",
    "measurable",
    "measure_run",
    "overlaps",
    "page_of",
    "rank_biased_overlap",
    "read_answers",
    "read_machine",
    "read_qrels",
    "read_queries",
    "read_run",
    "report_of",
    "run_queries",
    "sheet_of",
    "side_by_side",
    "write_machine_qrels",
    "write_run",
    "write_sheet",
]
