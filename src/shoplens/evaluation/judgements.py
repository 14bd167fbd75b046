"""What is asked and what would be right: queries as JSON lines, judgements in TREC format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shoplens.core.query import Query
from shoplens.core.wire import LoadPicture, query_from_fields
from shoplens.errors import EvaluationError, QueryError

Judgements = dict[str, dict[str, int]]
"""Query id -> product id -> grade: 0 or less is not relevant, 1 and more is, more is better."""


MACHINE = "machine"
"""How the second column of a TREC file begins where a machine has judged; people's is 0."""


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """One line of a file of queries. Its photos are read only when it is built: a whole set may not fit in memory."""

    query_id: str
    fields: Mapping[str, Any]
    folder: Path
    where: str

    def build(self) -> Query:
        """The Query, its photos read from ``folder``.

        Raises:
            EvaluationError: a photo cannot be read; a field makes no sense.
        """
        return self._build(self._read)

    def check(self) -> None:
        """Raises EvaluationError if the query could not be built; reads no photo, only looks whether it is there."""
        self._build(self._look)

    def _build(self, load: LoadPicture) -> Query:
        try:
            return query_from_fields(self.fields, load)
        except QueryError as error:
            place = f"{self.where}, {error.where}" if error.where else self.where
            raise EvaluationError(error.message, where=place, hint=error.hint) from error

    def _path(self, name: str) -> Path:
        if name.lower().startswith(("http://", "https://", "multipart:")):
            raise EvaluationError(
                "photos of an evaluation are files", where=f"{self.where}, images", hint="download it and name the file"
            )
        return self.folder / name

    def _read(self, name: str) -> bytes:
        path = self._path(name)
        try:
            return path.read_bytes()
        except OSError as error:
            raise EvaluationError(
                f"cannot read the photo {path}: {error.strerror}",
                where=self.where,
                hint=f"paths are relative to {self.folder}",
            ) from error

    def _look(self, name: str) -> bytes:
        path = self._path(name)
        if not path.is_file():
            raise EvaluationError(
                f"there is no photo {path}", where=self.where, hint=f"paths are relative to {self.folder}"
            )
        return b""


def read_queries(path: Path | str, folder: Path | str = ".") -> list[JudgedQuery]:
    """Queries as JSON lines: ``{"query_id": "7", "q": "red dress", ...}`` with any field of ``/v1/search``.

    Args:
        folder: what paths of ``images`` are relative to.

    Raises:
        EvaluationError: naming file and line: no JSON object, no ``query_id`` or one given twice, a field that is
            null or that ``/v1/search`` would refuse, a photo that is not there.
    """
    seen: dict[str, str] = {}
    queries = []
    for where, line in lines_of(path):
        try:
            data = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise EvaluationError(f"not JSON: {error}", where=where, hint="write one JSON object a line") from error
        if not isinstance(data, dict):
            raise EvaluationError("not a JSON object", where=where, hint='write {"query_id": "1", "q": "red dress"}')
        empty = next((name for name, value in data.items() if value is None), None)
        if empty is not None:
            # On the wire null means "not given"; in a file of queries it is an export that went wrong.
            raise EvaluationError(f"{empty} is null", where=where, hint=f"give {empty} a value, or leave it out")
        query_id = data.pop("query_id", None)
        if isinstance(query_id, int) and not isinstance(query_id, bool):
            query_id = str(query_id)
        if not isinstance(query_id, str) or not query_id.strip():
            raise EvaluationError("no query_id", where=where, hint='every line needs "query_id": "..."')
        if query_id in seen:
            raise EvaluationError(
                f"query_id {query_id!r} is used twice", where=where, hint=f"it is used at {seen[query_id]} too"
            )
        seen[query_id] = where
        query = JudgedQuery(query_id, data, Path(folder), where)
        query.check()
        queries.append(query)
    if not queries:
        raise EvaluationError("no query in the file", where=str(path), hint="write one JSON object a line")
    return queries


def read_qrels(path: Path | str) -> Judgements:
    """Judgements in TREC format: ``query_id 0 product_id grade`` a line, white space (or tabs alone) between.

    Raises:
        EvaluationError: naming file and line: not four columns, a grade that is no whole number, one product judged
            twice and differently for one query, a line that a machine has judged.
    """
    judgements: Judgements = {}
    for where, line in lines_of(path):
        query_id, by, product_id, text = split_columns(line, 4, where, "query_id 0 product_id grade")
        if by.startswith(MACHINE):
            raise EvaluationError(
                "a machine has judged this, not people",
                where=where,
                hint="give the file as --machine-qrels: its figures are then marked as a machine's",
            )
        try:
            grade = int(text)
        except ValueError as error:
            raise EvaluationError(
                f"the grade {text!r} is no whole number", where=where, hint="grades are 0, 1, 2, ..."
            ) from error
        grades = judgements.setdefault(query_id, {})
        if grades.setdefault(product_id, grade) != grade:
            raise EvaluationError(
                f"{product_id} is judged {grades[product_id]} and {grade} for query {query_id}",
                where=where,
                hint="keep one of the two lines",
            )
    if not judgements:
        raise EvaluationError("no judgement in the file", where=str(path), hint="write query_id 0 product_id grade")
    return judgements


def split_columns(line: str, count: int, where: str, form: str) -> list[str]:
    """The columns of a TREC line. A line with tabs is split at tabs alone, so that ids may hold spaces.

    Raises:
        EvaluationError: another number of columns.
    """
    parts = line.split("\t") if line.count("\t") >= count - 1 else line.split()
    if len(parts) != count or not all(parts):
        raise EvaluationError(f"{len(parts)} columns instead of {count}", where=where, hint=f"write: {form}")
    return parts


def lines_of(path: Path | str) -> Iterator[tuple[str, str]]:
    """The lines of a text file that are not empty, with their place."""
    try:
        with Path(path).open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield f"{path}:{number}", line.strip("\r\n")
    except OSError as error:
        raise EvaluationError(
            f"cannot be read: {error.strerror}", where=str(path), hint="check the path and its permissions"
        ) from error
    except UnicodeDecodeError as error:
        raise EvaluationError("not UTF-8 text", where=str(path), hint="save the file as UTF-8") from error
