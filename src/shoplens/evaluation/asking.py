"""Asking a search many queries: one after another, several at a time, or in processes of their own."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import partial

from shoplens.core.answer import Answer
from shoplens.core.cores import cores
from shoplens.core.query import Query
from shoplens.errors import EvaluationError, ShopLensError
from shoplens.evaluation.judgements import JudgedQuery

Search = Callable[[Query], Answer]
"""What is evaluated: a shop's ``search``, or anything that answers like it."""

Opening = Callable[[], Search]
"""Opens a search in another process; to be pickled."""

_WORTH = 200
"""Queries from which on processes of their own pay: each takes about a second to open the shop."""

_CHUNK = 16
"""Queries that a process is given at a time."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of one query: product (or variant) ids with scores, best first, each once; and what it took.

    ``began``, ``ended``: seconds of the machine's clock, which its processes share. ``latency_ms``: the search alone.
    """

    ranking: list[tuple[str, float]]
    latency_ms: float
    began: float
    ended: float
    degraded: bool
    model_version: str


def processes_for(queries: int) -> int:
    """How many processes to ask that many queries in, where nobody says: one a core, or one for few queries."""
    return cores() if queries >= _WORTH else 1


def ask_all(
    queries: Sequence[JudgedQuery], search: Search, depth: int, workers: int, opening: Opening | None
) -> Iterator[Asked]:
    """What came of each query, in order. With several workers in processes of their own if there is an ``opening`` of
    the same search, else in threads.

    Raises:
        EvaluationError: a query fails, naming its place; a process was ended from outside.
    """
    if workers <= 1:
        yield from (ask(search, depth, query) for query in queries)
    elif opening is None:
        with ThreadPoolExecutor(workers) as pool:
            yield from pool.map(partial(ask, search, depth), queries)
    else:
        yield from _in_processes(queries, depth, workers, opening)


def ask(search: Search, depth: int, query: JudgedQuery) -> Asked:
    """Asks one query for its ``depth`` best hits. Raises EvaluationError, naming its place, if it fails."""
    began = time.perf_counter()
    built = replace(query.build(), page=1, per_page=depth)
    started = time.perf_counter()
    try:
        answer = search(built)
    except EvaluationError:
        raise
    except ShopLensError as error:
        raise EvaluationError(str(error), where=f"{query.where}, query {query.query_id}", hint=error.hint) from error
    latency = 1e3 * (time.perf_counter() - started)
    by_variant = built.group_by == "variant"
    best: dict[str, float] = {}
    for hit in answer.hits:
        best.setdefault(hit.variant.id if by_variant else hit.product.id, float(hit.score))
    ended = time.perf_counter()
    return Asked(list(best.items()), latency, began, ended, bool(answer.degraded), answer.model_version)


def _in_processes(queries: Sequence[JudgedQuery], depth: int, workers: int, opening: Opening) -> Iterator[Asked]:
    size = max(1, min(_CHUNK, len(queries) // (2 * workers)))
    chunks = [queries[start : start + size] for start in range(0, len(queries), size)]
    # Not forked: the shop that this process has open has threads and locks.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max(1, min(workers, len(chunks))), context, _begin, (opening, depth)) as pool:
        try:
            for answered in pool.map(_ask_some, chunks):
                yield from answered
        except BrokenProcessPool as error:
            raise EvaluationError(
                "a process that asked queries was ended from outside",
                hint="it may have run out of memory: ask with one worker",
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


_asks: Callable[[JudgedQuery], Asked] | None = None
"""How a process of its own asks. Its search is opened with its first queries, so that errors come back as theirs do."""


def _begin(opening: Opening, depth: int) -> None:
    def first(query: JudgedQuery) -> Asked:
        global _asks
        _asks = partial(ask, opening(), depth)
        return _asks(query)

    global _asks
    _asks = first


def _ask_some(queries: Sequence[JudgedQuery]) -> list[Asked]:
    if _asks is None:
        raise RuntimeError("this process was not told what to ask")
    return [_asks(query) for query in queries]
