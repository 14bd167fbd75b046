"""Judging many pairs by a machine: which ones, several at a time, each written down at once, to be gone on with."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from shoplens.errors import EvaluationError
from shoplens.evaluation.by_machine import MachineJudgements, line_of, read_machine
from shoplens.evaluation.judgements import JudgedQuery
from shoplens.evaluation.machine import MachineJudge, NoAnswerError, Pair
from shoplens.evaluation.runs import Run


@dataclass(frozen=True, slots=True)
class Judging:
    """What came out. ``failed``: "query product: why" of pairs without an answer; they are asked for the next time."""

    judged: int
    failed: tuple[str, ...]
    judgements: MachineJudgements


def to_judge(
    queries: Sequence[JudgedQuery],
    runs: Sequence[Run],
    people: Mapping[str, Mapping[str, int]],
    *,
    top: int = 10,
    shared: int = 50,
) -> list[tuple[str, str]]:
    """(query id, product id) of the first ``top`` hits of all runs that people have not judged; and up to ``shared``
    that they have, always the same ones, to tell how far the machine judges as they do."""
    fresh: dict[tuple[str, str], None] = {}
    both: list[tuple[str, str]] = []
    for query in queries:
        grades = people.get(query.query_id, {})
        for run in runs:
            for product_id in run.ids(query.query_id)[:top]:
                if product_id not in grades:
                    fresh[query.query_id, product_id] = None
        both += [(query.query_id, product_id) for product_id in grades]
    return [*fresh, *sorted(both, key=_lot)[:shared]]


def _lot(pair: tuple[str, str]) -> bytes:
    return hashlib.sha256("\0".join(pair).encode()).digest()


def left_to_judge(pairs: Sequence[tuple[str, str]], path: Path, model: str) -> list[tuple[str, str]]:
    """Those of the pairs that the file does not hold yet.

    Raises:
        EvaluationError: it holds judgements of another model.
    """
    if not path.exists() or not path.stat().st_size:
        return list(pairs)
    known = read_machine(path)
    others = {one.model for some in known.values() for one in some.values()} - {model}
    if others:
        raise EvaluationError(
            f"it holds judgements of {', '.join(sorted(others))}, not of {model}",
            where=str(path),
            hint="name another file: the grades of two models are not one measure",
        )
    return [(query_id, product_id) for query_id, product_id in pairs if product_id not in known.get(query_id, {})]


def judge_all(
    judge: MachineJudge,
    pairs: Sequence[Pair],
    path: Path,
    *,
    parallel: int = 4,
    on_judged: Callable[[], None] = lambda: None,
) -> Judging:
    """Judges the pairs, ``parallel`` at a time; each judgement is in the file before the next is asked for.

    What the file holds stays; whoever stops this (or kills it) goes on later with ``left_to_judge``.

    Raises:
        EvaluationError: the service refuses; the file cannot be written. What was judged until then is kept.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise _cannot(path, error) from error
    failed: list[str] = []
    count, writing, stop = 0, threading.Lock(), threading.Event()

    def one(pair: Pair) -> None:
        nonlocal count
        if stop.is_set():
            return
        try:
            grade = judge.grade(pair)
        except NoAnswerError as error:
            with writing:
                failed.append(f"{pair.query.query_id} {pair.product_id}: {error}")
        except BaseException:
            stop.set()
            raise
        else:
            with writing:
                try:
                    os.write(file, line_of(pair.query.query_id, pair.product_id, grade).encode())
                except OSError as error:
                    stop.set()
                    raise _cannot(path, error) from error
                count += 1
        on_judged()

    try:
        _mend(file)
        with ThreadPoolExecutor(parallel, thread_name_prefix="shoplens-judge") as pool:
            try:
                for _ in pool.map(one, pairs):
                    pass
            except BaseException:
                stop.set()
                raise
    finally:
        os.close(file)
    return Judging(count, tuple(failed), read_machine(path))


def _mend(file: int) -> None:
    """Takes away a last line that was torn off in the middle: its pair is judged again."""
    size = os.fstat(file).st_size
    end = size
    while end and os.pread(file, 1, end - 1) != b"\n":
        end -= 1
    if end != size:
        os.ftruncate(file, end)


def _cannot(path: Path, error: OSError) -> EvaluationError:
    return EvaluationError(
        f"cannot be written: {error.strerror}", where=str(path), hint="check the path, its permissions and the disk"
    )
