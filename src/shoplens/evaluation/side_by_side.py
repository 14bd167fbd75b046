"""Two searches over the same queries, side by side: measures of both, the paired test, the queries that differ most."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from shoplens.errors import EvaluationError
from shoplens.evaluation.asking import Search
from shoplens.evaluation.evaluating import evaluate
from shoplens.evaluation.intervals import LEVEL, RESAMPLES, SEED
from shoplens.evaluation.judgements import JudgedQuery, Judgements
from shoplens.evaluation.measures import MEASURES
from shoplens.evaluation.report import Report
from shoplens.evaluation.runs import Run


@dataclass(frozen=True, slots=True)
class Difference:
    """One query: the value of both, and what each found first. ``words``: what was asked, for people."""

    query_id: str
    first: float
    second: float
    words: str
    first_hit: str
    second_hit: str

    @property
    def difference(self) -> float:
        """The first's value less the second's."""
        return self.first - self.second


@dataclass(frozen=True, slots=True)
class SideBySide:
    """What came out. ``first`` holds the comparison (ours is the first's); ``differences`` by ``measure``, best for the
    first one first, queries that are tied left out.
    """

    names: tuple[str, str]
    first: Report
    second: Report
    measure: str
    differences: tuple[Difference, ...]

    def to_fields(self) -> dict[str, Any]:
        """As JSON data."""
        comparison = self.first.comparison or {}
        return {
            "first": {"name": self.names[0], **self._of(self.first)},
            "second": {"name": self.names[1], **self._of(self.second)},
            "queries": len(self.first.per_query),
            "depth": self.first.depth,
            "comparison": {name: asdict(found) for name, found in comparison.items()},
            "measure": self.measure,
            "differences": [asdict(one) | {"difference": one.difference} for one in self.differences],
            "left_out": self.first.to_fields()["left_out"],
            "intervals": {"method": "percentile bootstrap", "level": LEVEL, "resamples": RESAMPLES, "seed": SEED},
        }

    @staticmethod
    def _of(report: Report) -> dict[str, Any]:
        fields = report.to_fields()
        return {name: fields[name] for name in ("model_version", "measures", "latency_ms", "per_query")}

    def render(self, show: int = 5) -> Group:
        """As tables: the measures, and the ``show`` queries that differ most in either direction."""
        table = Table(
            title=f"{len(self.first.per_query)} queries; A is {self.names[0]}, B is {self.names[1]}",
            title_justify="left",
            box=None,
            pad_edge=False,
            collapse_padding=True,  # one space between columns: all ten fit 80 characters
        )
        table.add_column("measure", no_wrap=True)
        for name in ("A", "B", "A − B", "low", "high", "p", "A won", "B won", "tied"):
            table.add_column(name, justify="right", no_wrap=True)
        for name, found in (self.first.comparison or {}).items():
            span = found.difference
            table.add_row(
                name,
                f"{found.ours:.4f}",
                f"{found.theirs:.4f}",
                *(f"{value:+.4f}" for value in (span.mean, span.low, span.high)),
                f"{found.p_value:.4f}",
                *map(str, (found.wins, found.losses, found.ties)),
            )
        better = [one for one in self.differences if one.difference > 0][:show]
        worse = [one for one in reversed(self.differences) if one.difference < 0][:show]
        parts: list[Table | Text] = [table]
        for which, some in (("A", better), ("B", worse)):
            if some:
                parts.append(self._queries(f"\nqueries that {which} answers better, by {self.measure}", some))
        p50 = (self.first.timings.percentile(0.5), self.second.timings.percentile(0.5))
        if all(p50):  # a file of answers has no latencies
            parts.append(Text(f"\na query takes {p50[0]:.1f} ms by A, {p50[1]:.1f} ms by B (p50, the search alone)"))
        return Group(*parts)

    @staticmethod
    def _queries(title: str, some: Sequence[Difference]) -> Table:
        table = Table(title=title, title_justify="left", box=None, pad_edge=False)
        for name in ("query", "A", "B"):
            table.add_column(name, justify="right" if name != "query" else "left")
        for name in ("asked", "A's first", "B's first"):
            table.add_column(name, overflow="fold")
        for one in some:
            cells = (one.query_id, f"{one.first:.3f}", f"{one.second:.3f}", one.words, one.first_hit, one.second_hit)
            table.add_row(*(Text(cell) for cell in cells))
        return table


def side_by_side(
    searches: tuple[Search, Search],
    names: tuple[str, str],
    queries: Sequence[JudgedQuery],
    judgements: Judgements,
    *,
    measure: str = MEASURES[0],
    depth: int = 100,
    on_answer: Callable[[], None] = lambda: None,
) -> SideBySide:
    """Asks both searches all queries and compares them by `evaluate`.

    Args:
        measure: by which the queries that differ most are told; one of MEASURES.

    Raises:
        EvaluationError: no such measure; no query is judged; a query fails.
        MissingExtraError: ir-measures is not installed.
    """
    check_measure(measure)
    second, other = evaluate(searches[1], queries, judgements, depth=depth, on_answer=on_answer)
    first, own = evaluate(
        searches[0], queries, judgements, other=other, other_name=names[1], depth=depth, on_answer=on_answer
    )
    return told(names, (first, second), (own, other), queries, measure)


def check_measure(name: str) -> None:
    """Raises EvaluationError where there is no such measure."""
    if name not in MEASURES:
        raise EvaluationError(f"no measure {name!r}", where="measure", hint=f"one of {', '.join(MEASURES)}")


def told(
    names: tuple[str, str],
    reports: tuple[Report, Report],
    runs: tuple[Run, Run],
    queries: Sequence[JudgedQuery],
    measure: str = MEASURES[0],
) -> SideBySide:
    """Two reports on the same queries, the first of which was compared with the second's run, side by side."""
    asked = {query.query_id: words_of(query.fields) for query in queries}
    found = [
        Difference(
            query_id,
            values[measure],
            reports[1].per_query[query_id][measure],
            asked[query_id],
            _first(runs[0], query_id),
            _first(runs[1], query_id),
        )
        for query_id, values in reports[0].per_query.items()
    ]
    # As the paired test does: what differs only in the last bits of a sum is a tie.
    differ = [one for one in found if abs(one.difference) > 1e-12]
    return SideBySide(names, *reports, measure, tuple(sorted(differ, key=lambda one: -one.difference)))


def _first(run: Run, query_id: str) -> str:
    return next(iter(run.ids(query_id)), "")


def words_of(fields: Mapping[str, Any]) -> str:
    """What a query asks, for people: its words, the names of its photos, its seeds."""
    photos = [one if isinstance(one, str) else one.get("path", "") for one in fields.get("images") or ()]
    return ", ".join(str(part) for part in (fields.get("q"), *photos, *(fields.get("like") or ())) if part)
