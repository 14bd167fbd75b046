"""The log of queries: JSON lines, a file a day (UTC), appended by a thread of its own, removed after some days.

A search hands a line over and goes on; it waits neither for the disk nor for a lock. What was handed over is written
within a few hundredths of a second, many lines in one append: a process that is killed loses the last few, and leaves
no half line behind that a reader would stumble over.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import orjson
import structlog

from shoplens.config import Config
from shoplens.core.answer import Answer
from shoplens.core.logged import LoggedQuery, logged, logged_from_fields
from shoplens.core.query import Query
from shoplens.stores.steady import steady_now

FOLDER = "queries"
"""In the shop's folder."""
_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})\.jsonl")
_MOST_WAITING = 10_000
"""Lines that may wait to be written; past that they are dropped and counted."""
_BATCH = 1_000
_END_S = 5.0
_GATHER_S = 0.02
"""How long lines are gathered before they are written: one append instead of many, and Python's lock left alone."""

log = structlog.get_logger("shoplens")


def _now() -> datetime:
    return datetime.now(UTC)


WARM_UP = Query("warm-up", per_page=1)
"""What a shop asks itself; no shopper's query."""


def query_log_of(config: Config) -> QueryLog:
    """The log of a shop; it does nothing where the setting is off."""
    wanted = config.query_log
    return QueryLog(Path(config.shop) / FOLDER, enabled=wanted.enabled, days=wanted.days)


class QueryLog:
    """Writes what was searched, where a shop wants that; else does nothing. Safe to use from several threads.

    Several processes may write to one folder. ``dropped``: lines that could not be written.
    """

    def __init__(self, folder: Path, *, enabled: bool, days: int, clock: Callable[[], datetime] | None = None) -> None:
        self.enabled = enabled
        self.dropped = 0
        self._folder, self._days = folder, days
        self._clock, self._today = clock or _now, clock or steady_now
        self._waiting: queue.SimpleQueue[LoggedQuery | None] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._file: tuple[str, int] | None = None
        self._failing = False
        forget_old(folder, days, self._today().date())  # of a log that was turned off, too

    def note(self, query: Query, answer: Answer) -> Answer:
        """Hands over a query that was answered; returns the answer as it is.

        A query that asks for nothing (a home page, a filter alone) is not kept.
        """
        if self.enabled and not query.is_empty and query is not WARM_UP:
            self._hand_over(query, answer)
        return answer

    def _hand_over(self, query: Query, answer: Answer) -> None:
        if self._waiting.qsize() >= _MOST_WAITING:
            self.dropped += 1
            return
        at = self._clock().isoformat(timespec="milliseconds")[:23] + "Z"
        self._waiting.put(logged(query, answer, at))
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._write_all, name="shoplens-queries", daemon=True)
                    self._thread.start()

    def close(self) -> None:
        """Writes what waits, and ends."""
        thread, self._thread = self._thread, None
        self.enabled = False
        if thread is not None:
            self._waiting.put(None)
            thread.join(_END_S)

    def _write_all(self) -> None:
        last = False
        while not last:
            batch = [self._waiting.get()]
            if batch[0] is not None:
                time.sleep(_GATHER_S)
            with contextlib.suppress(queue.Empty):
                while len(batch) < _BATCH:
                    batch.append(self._waiting.get_nowait())
            last = batch[-1] is None
            lines = [line for line in batch if line is not None]
            try:
                self._append(lines)
                self._failing = False
            except (OSError, TypeError, ValueError) as error:  # a full disk, say: searches go on, and this is told once
                self.dropped += len(lines)
                if not self._failing:
                    log.warning("queries cannot be logged", folder=str(self._folder), error=str(error))
                self._failing = True
                self._close_file()
        self._close_file()

    def _append(self, lines: list[LoggedQuery]) -> None:
        by_day: dict[str, bytearray] = {}
        for line in lines:
            by_day.setdefault(line.at[:10], bytearray()).extend(orjson.dumps(line.to_fields()) + b"\n")
        for day, data in by_day.items():
            file = self._file_of(day)
            view = memoryview(data)
            while view:
                view = view[os.write(file, view) :]

    def _file_of(self, day: str) -> int:
        if self._file is not None and self._file[0] == day:
            return self._file[1]
        self._close_file()
        forget_old(self._folder, self._days, self._today().date())
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{day}.jsonl"
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._file = day, file
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":  # the disk was full in the middle of a line
            os.write(file, b"\n")
        return file

    def _close_file(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.close(self._file[1])
            self._file = None


def forget_old(folder: Path, days: int, today: date) -> None:
    """Removes the files of days before the last ``days`` (today is one of them). What else lies there stays."""
    first = today - timedelta(days=days - 1)
    for day, path in _files(folder):
        if day < first:
            with contextlib.suppress(OSError):
                path.unlink()


def read_log(folder: Path, days: int, today: date | None = None) -> Iterator[LoggedQuery]:
    """The lines of the last ``days``, the oldest day first. What is no line of the log is left out."""
    first = (today or _now().date()) - timedelta(days=days - 1)
    for day, path in _files(folder):
        if day >= first:
            with contextlib.suppress(OSError), path.open("rb") as file:
                for raw in file:
                    with contextlib.suppress(ValueError, TypeError, AttributeError):
                        yield logged_from_fields(orjson.loads(raw))


def _files(folder: Path) -> list[tuple[date, Path]]:
    found = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if match := _NAME.fullmatch(path.name):
                with contextlib.suppress(ValueError):
                    found.append((date.fromisoformat(match[1]), path))
    return sorted(found)
