"""What is kept of a query that was answered, and what a merchandiser wants to know of many: no clock, no files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from shoplens.core.answer import Answer
from shoplens.core.query import MAX_WORDS, Query

_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")
_MAX_FILTER = 1_000


@dataclass(frozen=True, slots=True)
class LoggedQuery:
    """One query as the log keeps it: no visitor, no address, no photo (their number only).

    ``at``: UTC, ISO 8601. ``words``: as typed, e-mail addresses taken out. ``where``: the filter. ``found``,
    ``verdict``: as answered; ``confidence``: the best hit's, 0 to 1, None without hits. ``ms``: time in the engine.
    ``notes``: codes of what the answer told about the query. ``rules``: ids of those that had a say.
    """

    at: str
    words: str = ""
    where: str = ""
    photos: int = 0
    seeds: int = 0
    page: int = 1
    found: int = 0
    verdict: str = "match"
    confidence: float | None = None
    ms: float = 0.0
    notes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    def to_fields(self) -> dict[str, Any]:
        """As JSON data, without what is empty."""
        out: dict[str, Any] = {"at": self.at, "words": self.words, "found": self.found}
        for name in self.__slots__:
            value = getattr(self, name)
            if value or (name == "confidence" and value is not None):
                out[name] = value
        return out


def _clean(text: str) -> str:
    """A text without what is no character to read: escapes of a terminal, marks that turn a line, half surrogates."""
    seen = (
        text
        if text.isascii() and text.isprintable()
        else "".join(" " if unicodedata.category(c)[0] == "C" else c for c in text)
    )
    return " ".join(seen.split())


def logged(query: Query, answer: Answer, at: str) -> LoggedQuery:
    """What is kept of a query and its answer."""
    best = max((hit.confidence for hit in answer.hits), default=None)
    return LoggedQuery(
        at,
        _ADDRESS.sub("(e-mail)", _clean(query.words[:MAX_WORDS])),
        "" if query.where is None else _clean(str(query.where))[:_MAX_FILTER],
        len(query.pictures),
        len(query.seeds),
        query.page,
        answer.found,
        answer.verdict,
        None if best is None else round(float(best), 3),
        round(answer.search_time_ms, 2),
        tuple(note.code for note in answer.notes),
        answer.applied_rules,
    )


def logged_from_fields(fields: Mapping[str, Any]) -> LoggedQuery:
    """A line of the log read back. Raises TypeError or ValueError for what is none."""
    known = {name: fields[name] for name in LoggedQuery.__slots__ if name in fields}
    for name in ("notes", "rules"):
        known[name] = tuple(known.get(name, ()))
        if not all(isinstance(one, str) for one in known[name]):
            raise TypeError(name)
    for name in ("at", "words", "where", "verdict"):
        if not isinstance(known.get(name, ""), str):
            raise TypeError(name)
        if name in known:
            known[name] = _clean(known[name])
    known["ms"] = float(known.get("ms", 0.0))
    if known.get("confidence") is not None:
        known["confidence"] = float(known["confidence"])
    for name in ("photos", "seeds", "page", "found"):
        known[name] = int(known.get(name, 1 if name == "page" else 0))
    return LoggedQuery(**known)


@dataclass(frozen=True, slots=True)
class QueryCount:
    """The same question asked ``asked`` times. ``nothing``: how often nothing was found; ``unsure``: how often there
    were hits but nothing certain; ``found``: median; ``confidence``: mean of the best hits', None without hits.

    ``where`` is told only where queries are told apart by their filter. ``last``: when it was asked last.
    """

    words: str
    asked: int
    nothing: int
    unsure: int
    found: int
    confidence: float | None
    ms: float
    last: str
    where: str = ""
    photos: int = 0
    seeds: int = 0
    notes: tuple[str, ...] = ()

    def to_fields(self) -> dict[str, Any]:
        """As JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class QueryTotals:
    """All queries of the time looked at; further pages of a query are not counted again."""

    asked: int
    different: int
    nothing: int
    unsure: int
    photos: int
    ms_p50: float
    ms_p99: float


def totals(lines: Iterable[LoggedQuery]) -> QueryTotals:
    """What there is to say of all queries together."""
    first = [line for line in lines if line.page == 1]
    times = sorted(line.ms for line in first)
    return QueryTotals(
        len(first),
        len({_same(line) for line in first}),
        sum(_nothing(line) for line in first),
        sum(_unsure(line) for line in first),
        sum(line.photos > 0 for line in first),
        _quantile(times, 0.5),
        _quantile(times, 0.99),
    )


def top(lines: Iterable[LoggedQuery]) -> list[QueryCount]:
    """Queries by how often they were asked."""
    return sorted(_counted(lines, _same), key=lambda one: (-one.asked, one.words))


def without_results(lines: Iterable[LoggedQuery]) -> list[QueryCount]:
    """Queries that found nothing, told apart by their filter too, the most frequent first."""
    counted = _counted(lines, lambda line: (*_same(line), line.where), with_filter=True)
    return sorted((one for one in counted if one.nothing), key=lambda one: (-one.nothing, one.words, one.where))


def unsure_of(lines: Iterable[LoggedQuery]) -> list[QueryCount]:
    """Queries with hits of which none was certain, the most frequent first, then the least confident."""
    counted = [one for one in _counted(lines, _same) if one.unsure]
    return sorted(counted, key=lambda one: (-one.unsure, one.confidence or 0.0, one.words))


Key = tuple[Any, ...]


def _quantile(times: Sequence[float], share: float) -> float:
    return times[min(len(times) - 1, int(share * len(times)))] if times else 0.0


def _same(line: LoggedQuery) -> Key:
    """Queries are the same if their words are, case and spaces aside, with photos or seeds or without."""
    return " ".join(line.words.casefold().split()), line.photos, line.seeds


def _nothing(line: LoggedQuery) -> bool:
    return line.found == 0


def _unsure(line: LoggedQuery) -> bool:
    return line.found > 0 and line.verdict != "match"


def _counted(
    lines: Iterable[LoggedQuery], key: Callable[[LoggedQuery], Key], *, with_filter: bool = False
) -> list[QueryCount]:
    groups: dict[Key, list[LoggedQuery]] = {}
    for line in lines:
        if line.page == 1:
            groups.setdefault(key(line), []).append(line)
    return [_count(some, with_filter) for some in groups.values()]


def _count(some: Sequence[LoggedQuery], with_filter: bool) -> QueryCount:
    newest = max(some, key=lambda line: line.at)
    sure = [line.confidence for line in some if line.confidence is not None]
    return QueryCount(
        " ".join(newest.words.split()),
        len(some),
        sum(map(_nothing, some)),
        sum(map(_unsure, some)),
        int(median(line.found for line in some)),
        round(sum(sure) / len(sure), 3) if sure else None,
        median(line.ms for line in some),
        newest.at,
        newest.where if with_filter else "",
        newest.photos,
        newest.seeds,
        newest.notes,
    )
