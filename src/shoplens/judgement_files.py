"""People's judgements of a shop's own queries, in the files that ``evaluate`` and ``compare`` read.

In the shop's folder: ``judgements/queries.jsonl`` (what was asked, JSON lines) and ``judgements/qrels.trec`` (TREC
format, tabs between). Both are small and written whole, so they can be read, edited and given to other tools.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from shoplens.errors import QueryError, StoreError
from shoplens.indexes.durable import replacing

FOLDER = "judgements"
"""In the shop's folder."""
QUERIES, QRELS = "queries.jsonl", "qrels.trec"
GRADES = (0, 1, 2, 3)
"""Wrong, acceptable, good, just right."""
MAX_QUERIES = 10_000
MAX_GRADES = 1_000
"""Of one query."""


@dataclass(frozen=True, slots=True)
class JudgedWords:
    """A query with what people think of products as its answer. ``fields``: as a search has them."""

    query_id: str
    fields: Mapping[str, Any]
    grades: Mapping[str, int] = field(default_factory=dict)

    def to_fields(self) -> dict[str, Any]:
        """As JSON data."""
        return {"query_id": self.query_id, "query": dict(self.fields), "grades": dict(self.grades)}


class JudgementFiles:
    """The judgements of one shop. Safe to use from several threads; what ``judge`` returned is on the disk.

    Args:
        shop: the shop's folder.
    """

    def __init__(self, shop: Path) -> None:
        self._folder, self._writing = shop / FOLDER, threading.Lock()

    @property
    def queries(self) -> Path:
        """The file of queries."""
        return self._folder / QUERIES

    @property
    def qrels(self) -> Path:
        """The file of grades."""
        return self._folder / QRELS

    def all(self) -> list[JudgedWords]:
        """What was judged, in the order in which it was begun. Raises StoreError."""
        grades: dict[str, dict[str, int]] = {}
        for line in _lines(self.qrels):
            parts = line.split("\t") if line.count("\t") >= 3 else line.split()
            if len(parts) == 4:
                try:
                    grades.setdefault(parts[0], {})[parts[2]] = int(parts[3])
                except ValueError as error:
                    raise _damaged(self.qrels, line) from error
        found = []
        for line in _lines(self.queries):
            try:
                data = dict(orjson.loads(line))
                query_id = str(data.pop("query_id"))
            except (orjson.JSONDecodeError, ValueError, TypeError, KeyError) as error:
                raise _damaged(self.queries, line) from error
            found.append(JudgedWords(query_id, data, grades.get(query_id, {})))
        return found

    def judge(self, fields: Mapping[str, Any], grades: Mapping[str, int | None]) -> JudgedWords:
        """Writes grades of products for a query; None takes one back. Returns all there is of the query.

        Args:
            fields: what makes the query (``q``, ``filter_by``, ...); the same fields are the same query.

        Raises:
            QueryError: an id that TREC format cannot hold; too many.
            StoreError: the files cannot be read or written.
        """
        for product_id, grade in grades.items():
            if not product_id.strip() or any(c in product_id for c in "\t\r\n"):
                raise QueryError("an id that no file of judgements can hold", where="grades", hint="no tabs, no breaks")
            if grade is not None and grade not in GRADES:
                raise QueryError(f"{grade} is no grade", where="grades", hint="0 wrong, 1 acceptable, 2 good, 3 right")
        query_id = query_id_of(fields)
        with self._writing:
            known = {one.query_id: one for one in self.all()}
            before = known.get(query_id, JudgedWords(query_id, dict(fields)))
            now = {**before.grades, **{i: g for i, g in grades.items() if g is not None}}
            for product_id in [i for i, grade in grades.items() if grade is None]:
                now.pop(product_id, None)
            if len(now) > MAX_GRADES or (query_id not in known and len(known) >= MAX_QUERIES):
                raise QueryError("too many judgements", where="grades", hint=f"judge at most {MAX_GRADES} of a query")
            made = known[query_id] = JudgedWords(query_id, before.fields, now)
            kept = [one for one in known.values() if one.grades]
            try:
                # Queries first: a grade without its query would be a riddle, a query without grades is none.
                _write(self.queries, [orjson.dumps({"query_id": one.query_id, **one.fields}) for one in kept])
                _write(
                    self.qrels, [f"{one.query_id}\t0\t{i}\t{g}".encode() for one in kept for i, g in one.grades.items()]
                )
            except OSError as error:
                raise StoreError(
                    f"judgements cannot be written: {error.strerror or error}",
                    where=str(self._folder),
                    hint="check the folder's permissions and the disk",
                ) from error
        return made


def query_id_of(fields: Mapping[str, Any]) -> str:
    """The id of a query: twelve hexadecimal digits of what it asks; the words without spaces at the ends."""
    plain = {name: value.strip() if isinstance(value, str) else value for name, value in fields.items()}
    return hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


def _lines(path: Path) -> list[str]:
    try:
        # Not splitlines: ids and words may hold U+2028 and others of which it makes an end of a line.
        return [line for line in path.read_text("utf-8").split("\n") if line.strip()]
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"judgements cannot be read: {error}", where=str(path), hint="mend the file") from error


def _write(path: Path, lines: list[bytes]) -> None:
    with replacing(path) as file:
        file.write(b"".join(line + b"\n" for line in lines))


def _damaged(path: Path, line: str) -> StoreError:
    return StoreError(f"a line of the judgements makes no sense: {line[:60]!r}", where=str(path), hint="mend the file")
