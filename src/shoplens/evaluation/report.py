"""What an evaluation found, as JSON data and as tables for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from shoplens.evaluation.intervals import LEVEL, RESAMPLES, SEED, Comparison, Interval
from shoplens.evaluation.judged_ids import JudgedIds
from shoplens.evaluation.runs import Timings


@dataclass(frozen=True, slots=True)
class Report:
    """What an evaluation found.

    ``per_query``: query id -> measure -> value, in the order of the queries. ``measures``: measure -> mean and
    interval over those queries. ``unjudged``: queries without a judgement; ``nothing_relevant``: queries all of whose
    judgements are 0; ``not_asked``: judged queries that the file of queries lacks. None of these is in the means.
    ``compared_with``, ``comparison``, ``missing_in_other``: the other run, where there is one, measure by measure,
    and the queries that it lacks (counted as answered with nothing). ``judged_ids``: which of what was judged the
    shop has, where that was looked up.
    """

    measures: Mapping[str, Interval]
    per_query: Mapping[str, Mapping[str, float]]
    timings: Timings
    depth: int
    unjudged: tuple[str, ...] = ()
    nothing_relevant: tuple[str, ...] = ()
    not_asked: tuple[str, ...] = ()
    compared_with: str = ""
    comparison: Mapping[str, Comparison] | None = None
    missing_in_other: tuple[str, ...] = ()
    judged_ids: JudgedIds | None = None

    def with_judged_ids(self, found: JudgedIds | None) -> Report:
        """The same report, with which of what was judged the shop has."""
        return replace(self, judged_ids=found)

    def to_fields(self) -> dict[str, Any]:
        """As JSON data."""
        out: dict[str, Any] = {
            "queries": len(self.per_query),
            "depth": self.depth,
            "measures": {name: asdict(interval) for name, interval in self.measures.items()},
            "latency_ms": {"p50": self.timings.percentile(0.5), "p99": self.timings.percentile(0.99)},
            "queries_per_second": self.timings.queries_per_second,
            "workers": self.timings.workers,
            "model_version": self.timings.model_version,
            "degraded": list(self.timings.degraded),
            "left_out": {
                "unjudged": list(self.unjudged),
                "nothing_relevant": list(self.nothing_relevant),
                "not_asked": list(self.not_asked),
            },
            "intervals": {"method": "percentile bootstrap", "level": LEVEL, "resamples": RESAMPLES, "seed": SEED},
            "per_query": {query_id: dict(values) for query_id, values in self.per_query.items()},
        }
        if self.judged_ids is not None:
            out["judged_ids"] = self.judged_ids.to_fields()
        if self.comparison is not None:
            out["comparison"] = {
                "run": self.compared_with,
                "missing_queries": list(self.missing_in_other),
                "measures": {name: asdict(comparison) for name, comparison in self.comparison.items()},
            }
        return out

    def render(self) -> Group:
        """As tables."""
        count = len(self.per_query)
        means = Table(title=f"{count} queries, {LEVEL:.0%} intervals", title_justify="left", box=None, pad_edge=False)
        means.add_column("measure")
        for name in ("mean", "low", "high"):
            means.add_column(name, justify="right")
        for name, span in self.measures.items():
            means.add_row(name, f"{span.mean:.4f}", f"{span.low:.4f}", f"{span.high:.4f}")
        timings = self.timings
        lines = [
            f"latency p50 {timings.percentile(0.5):.1f} ms, p99 {timings.percentile(0.99):.1f} ms; "
            f"{timings.queries_per_second:.0f} queries a second"
            + (f" with {timings.workers} workers" if timings.workers > 1 else "")
        ]
        for what, ids in (
            ("without a judgement, left out", self.unjudged),
            ("with nothing relevant to find, left out", self.nothing_relevant),
            ("judged but not asked", self.not_asked),
            ("answered without a part that did not work", timings.degraded),
        ):
            if ids:
                lines.append(f"{len(ids)} queries {what}: {_some(ids)}")
        if self.judged_ids is not None and self.judged_ids.missing:
            lines.append(f"warning: {self.judged_ids.text} ({self.judged_ids.hint})")
        parts: list[Table | Text] = [means, *self._comparison(), *(Text(line) for line in lines)]
        return Group(*parts)

    def _comparison(self) -> list[Table | Text]:
        if self.comparison is None:
            return []
        # One space between columns: all ten fit 80 characters.
        table = Table(
            title=f"\nagainst {self.compared_with}",
            title_justify="left",
            box=None,
            pad_edge=False,
            collapse_padding=True,
        )
        table.add_column("measure", no_wrap=True)
        for name in ("ours", "theirs", "difference", "low", "high", "p", "won", "lost", "tied"):
            table.add_column(name, justify="right", no_wrap=True)
        for name, found in self.comparison.items():
            span = found.difference
            numbers = (
                f"{found.ours:.4f}",
                f"{found.theirs:.4f}",
                *(f"{v:+.4f}" for v in (span.mean, span.low, span.high)),
            )
            table.add_row(name, *numbers, f"{found.p_value:.4f}", *map(str, (found.wins, found.losses, found.ties)))
        missing = self.missing_in_other
        note = f"{len(missing)} queries are not in that run and count as unanswered there: {_some(missing)}"
        return [table, *([Text(note)] if missing else [])]


def _some(ids: tuple[str, ...]) -> str:
    return ", ".join(ids[:5]) + (", ..." if len(ids) > 5 else "")
