"""One run or two on a shop's queries, with judgements or without: measures, the paired test, overlap, each query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rich.console import Group
from rich.text import Text

from shoplens.evaluation.by_machine import Agreement, MachineJudgements, agreement, grades_of, together
from shoplens.evaluation.evaluating import report_of
from shoplens.evaluation.intervals import LEVEL
from shoplens.evaluation.judgements import JudgedQuery, Judgements
from shoplens.evaluation.measures import MEASURES
from shoplens.evaluation.overlap import Overlaps, overlaps
from shoplens.evaluation.report import Report
from shoplens.evaluation.runs import Run, Timings
from shoplens.evaluation.side_by_side import SideBySide, check_measure, told


@dataclass(frozen=True, slots=True)
class Contender:
    """One side: what it is called, what it answered, how long it took (nothing for a file of answers)."""

    name: str
    run: Run
    timings: Timings = field(default_factory=lambda: Timings({}, 0.0))


@dataclass(frozen=True, slots=True)
class Judged:
    """Whose judgements count: people's, or a machine's too where that was asked for. Both are kept apart."""

    people: Judgements = field(default_factory=dict)
    machine: MachineJudgements = field(default_factory=dict)

    @property
    def used(self) -> Judgements:
        """What is measured against: of a pair that both have judged, people's grade."""
        return together(self.people, self.machine) if self.machine else self.people

    @property
    def by(self) -> str:
        """ "people", "machine", "both" or ""."""
        if self.people and self.machine:
            return "both"
        return "people" if self.people else "machine" if self.machine else ""

    @property
    def models(self) -> str:
        """Names of the models that judged."""
        return ", ".join(sorted({one.model for some in self.machine.values() for one in some.values() if one.model}))

    def agree(self) -> Agreement | None:
        """How far the machine judges as people do, where both have judged."""
        return agreement(self.people, self.machine)

    @property
    def warning(self) -> str:
        """What has to be said beside any figure that a machine has a part in; "" for people's alone."""
        if not self.machine:
            return ""
        pairs = sum(map(len, grades_of(self.machine).values()))
        who = f"{pairs} judgements are a machine's ({self.models or 'model unknown'}), not people's"
        if (found := self.agree()) is None:
            return f"{who}; how far it judges as people do is not known"
        return (
            f"{who}; on {found.pairs} pairs that people have judged too it gives the same grade to {found.same:.0%}, "
            f"kappa {found.kappa:.2f}"
        )


@dataclass(frozen=True, slots=True)
class Contrast:
    """What came out. ``second`` and ``overlap`` are None for a run alone; ``reports`` is empty without judgements.

    ``order``: ids of the queries: those that the first answers better come first, by how much, then those that are
    tied, then those that the second does; without judgements those whose rankings differ most come first.
    """

    first: Contender
    second: Contender | None
    queries: tuple[JudgedQuery, ...]
    judged: Judged
    measure: str
    depth: int
    reports: tuple[Report, ...] = ()
    overlap: Overlaps | None = None
    order: tuple[str, ...] = ()

    @property
    def sides(self) -> tuple[Contender, ...]:
        """One or two."""
        return (self.first,) if self.second is None else (self.first, self.second)

    @property
    def side_by_side(self) -> SideBySide | None:
        """The comparison by measures, where there are two sides and judgements."""
        if self.second is None or len(self.reports) != 2:
            return None
        names, runs = (self.first.name, self.second.name), (self.first.run, self.second.run)
        return told(names, (self.reports[0], self.reports[1]), runs, self.queries, self.measure)

    @property
    def verdict(self) -> str:
        """ "better", "worse" or "open" for the first side by the measure, "" where nothing tells."""
        if len(self.reports) != 2 or self.reports[0].comparison is None:
            return ""
        found = self.reports[0].comparison[self.measure]
        if found.p_value >= 1 - LEVEL or found.difference.low <= 0 <= found.difference.high:
            return "open"
        return "better" if found.difference.mean > 0 else "worse"

    def to_fields(self) -> dict[str, Any]:
        """As JSON data."""
        out: dict[str, Any] = {
            "a": self.first.name,
            "b": self.second.name if self.second else None,
            "queries": len(self.queries),
            "depth": self.depth,
            "judged_by": self.judged.by,
            "warning": self.judged.warning,
        }
        if self.overlap is not None:
            out["overlap"] = self.overlap.to_fields()
        pair = self.side_by_side
        if pair is not None:
            out |= {"verdict": self.verdict, "side_by_side": pair.to_fields()}
        elif self.reports:
            out["report"] = self.reports[0].to_fields()
        out["order"] = list(self.order)
        return out

    def render(self, show: int = 5) -> Group:
        """As tables."""
        parts: list[Any] = []
        pair = self.side_by_side
        if pair is not None:
            parts.append(pair.render(show))
        elif self.reports:
            parts.append(self.reports[0].render())
        elif self.second is not None:
            parts.append(Text(f"{len(self.queries)} queries; A is {self.first.name}, B is {self.second.name}"))
        if self.overlap is not None:
            parts.append(Text(self.overlap.text))
        said = _VERDICTS.get(self.verdict)
        if said:
            parts.append(Text(f"{said} by {self.measure} ({LEVEL:.0%}, paired test)"))
        if self.judged.warning:
            parts.append(Text(f"note: {self.judged.warning}", style="yellow"))
        return Group(*parts)


_VERDICTS = {"better": "A is better", "worse": "B is better", "open": "neither is shown to be better"}


def contrast(
    queries: Sequence[JudgedQuery],
    first: Contender,
    second: Contender | None = None,
    judged: Judged | None = None,
    *,
    measure: str = MEASURES[0],
    depth: int = 100,
) -> Contrast:
    """Puts together what there is to say about one run or two.

    Without judgements nothing is measured: how far the rankings agree, and each query, are told.

    Raises:
        EvaluationError: no such measure; there are judgements, but of none of these queries.
        MissingExtraError: there are judgements, and ir-measures is not installed.
    """
    check_measure(measure)
    judged = judged or Judged()
    used = judged.used
    reports: tuple[Report, ...] = ()
    if used:
        own = report_of(
            queries,
            used,
            first.run,
            first.timings,
            other=second.run if second else None,
            other_name=second.name if second else "",
            depth=depth,
        )
        theirs = (report_of(queries, used, second.run, second.timings, depth=depth),) if second else ()
        reports = (own, *theirs)
    ids = [query.query_id for query in queries]
    found = overlaps(first.run, second.run, ids) if second is not None else None
    made = Contrast(first, second, tuple(queries), judged, measure, depth, reports, found)
    return replace(made, order=tuple(sorted(ids, key=_rank(made))))


def values_of(made: Contrast, query_id: str) -> list[float] | None:
    """The measure of each side for a query; None where it was not measured."""
    if not made.reports or query_id not in made.reports[0].per_query:
        return None
    return [report.per_query[query_id][made.measure] for report in made.reports]


def _rank(made: Contrast) -> Any:
    def key(query_id: str) -> tuple[float, ...]:
        rbo = made.overlap.per_query[query_id].rbo if made.overlap is not None else 0.0
        values = values_of(made, query_id)
        if values is None:
            return (1.0, 0.0, rbo) if made.reports else (0.0, 0.0, rbo)
        return (0.0, values[1] - values[0] if len(values) == 2 else values[0], rbo)

    return key
