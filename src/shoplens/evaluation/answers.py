"""What another engine answers today: a run in TREC format, or JSON lines of a query and its ids."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shoplens.errors import EvaluationError
from shoplens.evaluation.judgements import JudgedQuery, lines_of
from shoplens.evaluation.runs import Run, read_run

_FORM = 'write {"query": "red dress", "ids": ["P1", "P2"]}, or "query_id" instead of "query"'


def read_answers(path: Path | str, queries: Sequence[JudgedQuery]) -> Run:
    """A file of answers, recognised by its first sign: JSON lines where it is ``{``, else TREC format.

    A JSON line has ``ids``, best first, and ``query_id``, or ``query`` (or ``q``): then it answers every query of
    these words, case and spaces aside. Lines of queries that were not asked are left out, and a line may answer with
    no ids.

    Raises:
        EvaluationError: naming file and line: a line that is neither; a product answered twice; a query answered
            twice; none of the queries is answered.
    """
    first = next(iter(lines_of(path)), None)
    if first is None or not first[1].lstrip().startswith("{"):
        run = read_run(path)
    else:
        run = _read_json(path, queries)
    if not any(query.query_id in run.rankings for query in queries):
        raise EvaluationError(
            "it answers none of the queries",
            where=str(path),
            hint="its query_id (or words) must be those of the file of queries",
        )
    return run


def _read_json(path: Path | str, queries: Sequence[JudgedQuery]) -> Run:
    by_words: dict[str, list[str]] = {}
    for query in queries:
        by_words.setdefault(_folded(query.fields.get("q") or ""), []).append(query.query_id)
    known = {query.query_id for query in queries}
    rankings: dict[str, list[tuple[str, float]]] = {}
    for where, line in lines_of(path):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise EvaluationError(f"not JSON: {error}", where=where, hint=_FORM) from error
        if not isinstance(row, dict):
            raise EvaluationError("not a JSON object", where=where, hint=_FORM)
        ids = _ids(row, where)
        for query_id in _answered(row, where, known, by_words):
            if query_id in rankings:
                raise EvaluationError(f"query {query_id} is answered twice", where=where, hint="keep one of the lines")
            rankings[query_id] = [(product_id, 1.0 / rank) for rank, product_id in enumerate(ids, 1)]
    return Run(rankings, Path(path).stem)


def _ids(row: Mapping[str, Any], where: str) -> list[str]:
    ids = row.get("ids")
    if not isinstance(ids, list):
        raise EvaluationError("no list of ids", where=where, hint=_FORM)
    found = [str(i) if isinstance(i, int) and not isinstance(i, bool) else i for i in ids]
    seen: dict[str, None] = {}
    for one in found:
        if not isinstance(one, str) or not one:
            raise EvaluationError(f"{one!r} is no id", where=where, hint="ids are text")
        if one in seen:
            raise EvaluationError(f"{one} is answered twice", where=where, hint="keep the better of the two")
        seen[one] = None
    return list(seen)


def _answered(
    row: Mapping[str, Any], where: str, known: set[str], by_words: Mapping[str, Sequence[str]]
) -> Sequence[str]:
    """Ids of the queries that a line answers."""
    query_id = row.get("query_id")
    if query_id is not None:
        return [str(query_id)] if str(query_id) in known else []
    words = row.get("query", row.get("q"))
    if not isinstance(words, str) or not words.strip():
        raise EvaluationError("neither query_id nor query", where=where, hint=_FORM)
    return by_words.get(_folded(words), [])


def _folded(words: Any) -> str:
    return " ".join(str(words).casefold().split())
