"""How many requests are worked on at once, and how many may wait, by kind of work. What is refused is refused at once.

Who waits is let go when its client has gone or its deadline has passed: such work is never begun.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from shoplens.server.waiting import ASKING, ClientGone

T = TypeVar("T")

THREADS = 8
"""Requests worked on at once: FAISS, tantivy and onnxruntime release Python's lock; decoding waits for a process."""
FETCHES = 8
"""Requests whose photos are fetched at once: strangers' servers may be slow, and searches must not wait for them."""
BURST_S = 0.1
"""A queue that was empty so short a time ago is a burst: it may fill. One that stays is too much load."""
_LEARNING = 0.1
"""Weight of the newest turn in what turns take."""


class Busy(Exception):
    """More requests wait than are admitted. ``status``, ``code``: how that is told."""

    status = 429
    code = "busy"
    message = "more requests wait than the service admits"
    hint = "try again in a second"


class PhotosBusy(Busy):
    """As many photos are being fetched by their addresses as is allowed; all else is still answered."""

    status = 503
    code = "photos_busy"
    message = "as many photos as is allowed are being fetched by their addresses"
    hint = "send the photo itself, or try again in a few seconds"


class Gate:
    """Admits requests to worker threads of its own; past ``waiting`` they are refused at once, and the admitted stay
    quick. Of one event loop at a time.

    Args:
        threads: requests worked on at once.
        waiting: requests that may wait for a thread.
        refusal: what is raised past that.
        patience_s: longest wait that is expected of whoever is let in while the queue does not get empty (as in
            "Fail at Scale", Maurer 2015: bursts may queue, lasting overload may not); None: no such bound.
    """

    def __init__(
        self, threads: int, waiting: int, refusal: type[Busy] = Busy, *, patience_s: float | None = None
    ) -> None:
        self._threads, self._waiting, self._refusal, self._patience = threads, waiting, refusal, patience_s
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="shoplens-gate")
        self._running = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._filled_at = 0.0
        self._ended_at = 0.0
        self._turn_s = 0.0

    @property
    def working(self) -> int:
        """Requests that are worked on."""
        return self._running

    @property
    def waiting(self) -> int:
        """Requests that wait for a thread."""
        return len(self._queue)

    @property
    def is_full(self) -> bool:
        """Whether whoever comes now is refused: known before a body is read."""
        if self._running < self._threads:
            return False
        behind = len(self._queue)
        if behind >= self._waiting:
            return True
        if self._patience is None or not behind or time.monotonic() - self._filled_at < BURST_S:
            return False
        return (behind + 1) * self._turn_s > self._patience

    async def run(self, work: Callable[[], T]) -> T:
        """Runs the work in a thread; when the caller is cancelled meanwhile, its result is dropped.

        Raises:
            Busy: too many are there already.
            ClientGone: the client went away before its turn.
        """
        if self.is_full:
            raise self._refusal
        if self._running < self._threads:
            self._running += 1
        else:
            await self._turn()
        loop = asyncio.get_running_loop()
        out: asyncio.Future[T] = loop.create_future()
        context = contextvars.copy_context()

        def finish(result: T | None, error: BaseException | None) -> None:
            self._next()
            if out.done():
                return
            if error is None:
                out.set_result(result)  # type: ignore[arg-type]
            else:
                out.set_exception(error)

        def job() -> None:
            result: T | None = None
            error: BaseException | None = None
            try:
                result = context.run(work)
            except BaseException as raised:
                error = raised
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                loop.call_soon_threadsafe(finish, result, error)

        self._pool.submit(job)
        return await out

    async def _turn(self) -> None:
        """Waits for a thread. Raises ClientGone."""
        if not self._queue:
            self._filled_at = self._ended_at = time.monotonic()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        asking = ASKING.get()
        gone = None if asking is None else asyncio.ensure_future(asking.gone())
        try:
            await asyncio.wait({turn} if gone is None else {turn, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not turn.done():
                raise ClientGone
        except BaseException:
            if turn.done():  # it was given a thread in the same moment
                self._next()
            else:
                self._queue.remove(turn)
            raise
        finally:
            if gone is not None:
                gone.cancel()

    def _next(self) -> None:
        """A thread is free: for the next one that waits."""
        if not self._queue:
            self._running -= 1
            return
        now = time.monotonic()
        self._turn_s += _LEARNING * (now - self._ended_at - self._turn_s)
        self._ended_at = now
        self._queue.popleft().set_result(None)


@dataclass(frozen=True, slots=True)
class Gates:
    """The gates of a whole service: several shops in one process share them."""

    search: Gate
    pictures: Gate
    """Pictures to show may have to be fetched from the shop's own server first; a page asks for dozens at once."""
    fetches: Gate


def gates_of(waiting: int, patience_s: float) -> Gates:
    """The gates of a service whose settings are these."""
    return Gates(Gate(THREADS, waiting, patience_s=patience_s), Gate(THREADS, waiting), Gate(FETCHES, 0, PhotosBusy))
