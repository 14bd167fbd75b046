"""Judgements that a machine made: kept apart from people's, with reason and model, in files and figures alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from shoplens.errors import EvaluationError
from shoplens.evaluation.judgements import MACHINE, Judgements, lines_of

GRADES = range(4)
"""0 wrong, 1 acceptable, 2 good, 3 just right."""


@dataclass(frozen=True, slots=True)
class MachineGrade:
    """What a model said of a product as an answer to a query. ``at``: when, UTC."""

    grade: int
    reason: str = ""
    model: str = ""
    at: str = ""


MachineJudgements = dict[str, dict[str, MachineGrade]]
"""Query id -> product id -> grade."""


def read_machine(path: Path | str) -> MachineJudgements:
    """The JSON lines that ``shoplens judge`` writes; of a pair judged twice the last line counts.

    A last line that was torn off in the middle (the judge was killed) is left out.

    Raises:
        EvaluationError: naming file and line: not such a line; ``by`` is not "machine".
    """
    found: MachineJudgements = {}
    torn: EvaluationError | None = None
    for where, line in lines_of(path):
        if torn is not None:
            raise torn
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            torn = EvaluationError(f"not JSON: {error}", where=where, hint="give what shoplens judge has written")
            continue
        query_id, product_id, grade = _checked(row, where)
        found.setdefault(query_id, {})[product_id] = MachineGrade(
            grade, str(row.get("reason", "")), str(row.get("model", "")), str(row.get("at", ""))
        )
    return found


def line_of(query_id: str, product_id: str, one: MachineGrade) -> str:
    """One line of the file, with its line break."""
    row = {"query_id": query_id, "product_id": product_id, **asdict(one), "by": MACHINE}
    return json.dumps(row, ensure_ascii=False) + "\n"


def write_machine_qrels(judgements: MachineJudgements, path: Path | str) -> None:
    """The same in TREC format for other tools; the second column says who judged: ``machine:MODEL``.

    Raises:
        EvaluationError: the file cannot be written.
    """
    lines = [
        f"{query_id}\t{MACHINE}:{'_'.join(one.model.split()) or '?'}\t{product_id}\t{one.grade}\n"
        for query_id, grades in judgements.items()
        for product_id, one in grades.items()
    ]
    try:
        Path(path).write_text("".join(lines), "utf-8")
    except OSError as error:
        raise EvaluationError(
            f"cannot be written: {error.strerror}", where=str(path), hint="check the path and its permissions"
        ) from error


def grades_of(judgements: MachineJudgements) -> Judgements:
    """The grades alone."""
    return {query_id: {i: one.grade for i, one in some.items()} for query_id, some in judgements.items()}


def together(people: Mapping[str, Mapping[str, int]], machine: MachineJudgements) -> Judgements:
    """Both: what people have judged is theirs, a machine's grades stand where they have not."""
    both = grades_of(machine)
    for query_id, grades in people.items():
        both.setdefault(query_id, {}).update(grades)
    return both


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a machine judges as people do, on the pairs that both have judged.

    ``same``: share of equal grades; ``near``: of grades at most one apart; ``kappa``: quadratic weighted (Cohen 1968),
    1 for always alike, 0 for no more than chance; 0 where all grades of either are one.
    """

    pairs: int
    same: float
    near: float
    kappa: float


def agreement(people: Mapping[str, Mapping[str, int]], machine: MachineJudgements) -> Agreement | None:
    """Compares the grades of pairs that both have judged (a person's 4 and more counts as 3); None without any."""
    pairs = [
        (min(max(grade, 0), 3), some[product_id].grade)
        for query_id, grades in people.items()
        if (some := machine.get(query_id))
        for product_id, grade in grades.items()
        if product_id in some
    ]
    if not pairs:
        return None
    n = len(pairs)
    seen = sum((a - b) ** 2 for a, b in pairs) / n
    by_chance = sum((a - b) ** 2 for a, _ in pairs for _, b in pairs) / n**2
    return Agreement(
        n,
        sum(a == b for a, b in pairs) / n,
        sum(abs(a - b) <= 1 for a, b in pairs) / n,
        1 - seen / by_chance if by_chance else 0.0,
    )


def _checked(row: object, where: str) -> tuple[str, str, int]:
    if not isinstance(row, dict) or row.get("by") != MACHINE:
        raise EvaluationError(
            "no judgement by a machine", where=where, hint="people's judgements are given as --qrels, in TREC format"
        )
    query_id, product_id, grade = row.get("query_id"), row.get("product_id"), row.get("grade")
    if not isinstance(query_id, str) or not isinstance(product_id, str):
        raise EvaluationError("no query_id or product_id", where=where, hint="give what shoplens judge has written")
    if not isinstance(grade, int) or isinstance(grade, bool) or grade not in GRADES:
        raise EvaluationError(f"{grade!r} is no grade", where=where, hint="grades are 0, 1, 2, 3")
    return query_id, product_id, grade
