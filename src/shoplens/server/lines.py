"""The access log: a line for each request, gathered and written many at a time by a thread of its own.

A line costs a request what a list's append costs. Written through structlog it was a quarter of what the service itself
needs for a request, and stood between the answer and the network. Other messages of the log do not wait.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, BinaryIO

import orjson

from shoplens.core.secrets import masked

GATHER_S = 0.05
"""How long lines are gathered: one write instead of many."""
MOST_WAITING = 10_000
"""Lines that may wait, when whoever reads them is slow; past that they are dropped, and their number is told."""
_BATCH = 1_000
_END_S = 5.0
_ODD = frozenset(" \t=\r\n\"'")
_WIDTH = 30


class Lines:
    """Writes lines. Safe to use from several threads.

    Args:
        out: where to.
        json: one object a line; else text as structlog's console has it.
    """

    def __init__(self, out: BinaryIO, *, json: bool) -> None:
        self._out, self._render = out, _json_line if json else _text_line
        self._waiting: queue.SimpleQueue[tuple[float, Mapping[str, Any]] | None] = queue.SimpleQueue()
        self._dropped = 0
        self._thread = threading.Thread(target=self._write_all, name="shoplens-lines", daemon=True)
        self._thread.start()

    def put(self, told: Mapping[str, Any]) -> None:
        """A request that was answered. Texts may hold what others wrote: secrets in them are masked."""
        if self._waiting.qsize() >= MOST_WAITING:
            self._dropped += 1
        else:
            self._waiting.put((time.time(), told))

    def close(self) -> None:
        """Writes what waits, and ends."""
        self._waiting.put(None)
        self._thread.join(_END_S)

    def _write_all(self) -> None:
        last = False
        while not last:
            batch = [self._waiting.get()]
            if batch[0] is not None:
                time.sleep(GATHER_S)
            with suppress(queue.Empty):
                while len(batch) < _BATCH:
                    batch.append(self._waiting.get_nowait())
            last = batch[-1] is None
            made: list[bytes] = []
            for one in batch:
                with suppress(TypeError, ValueError):  # a line that cannot be written must not end all others
                    if one is not None:
                        made.append(self._render(*one))
            dropped, self._dropped = self._dropped, 0
            if dropped:
                made.append(self._render(time.time(), {"event": "lines dropped", "count": dropped}))
            with suppress(OSError, ValueError):  # nobody reads them any more
                self._out.write(b"".join(made))
                self._out.flush()


def _said(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: masked(value) if isinstance(value, str) else value for name, value in told.items()}


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")[:26] + "Z"


def _json_line(at: float, told: Mapping[str, Any]) -> bytes:
    line = {"event": "request", **_said(told), "level": "info", "timestamp": _when(at)}
    return orjson.dumps(line, default=str, option=orjson.OPT_APPEND_NEWLINE)


def _text_line(at: float, told: Mapping[str, Any]) -> bytes:
    said = _said(told)
    event = said.pop("event", "request")
    pairs = " ".join(f"{name}={_shown(said[name])}" for name in sorted(said))
    return f"{_when(at)} [info     ] {event:<{_WIDTH}} {pairs}\n".encode("utf-8", "backslashreplace")


def _shown(value: Any) -> str:
    if not isinstance(value, str):
        return repr(value)
    return repr(value) if not value.isprintable() or _ODD.intersection(value) else value


_open: Lines | None = None


def open_lines(lines: Lines | None) -> None:
    """From now on requests leave their lines here; None: in structlog's log, as of any other message."""
    global _open
    _open = lines


def lines() -> Lines | None:
    """Where requests leave their lines."""
    return _open
