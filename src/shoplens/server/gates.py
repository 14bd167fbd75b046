"""How many requests are worked on at once, and how many may wait, by kind of work. What is refused is refused at once.

Who waits is let go when its client has gone or its deadline has passed: such work is never begun.
"""

from __future__ import annotations

import asyncio
import contextvars
import math
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from shoplens.core.cores import cores
from shoplens.server.waiting import ASKING, ClientGone

T = TypeVar("T")

THREADS = 8
"""Pictures to show that are worked on at once: they may have to be fetched from the shop's own server first."""
FETCHES = 8
"""Requests whose photos are fetched at once: strangers' servers may be slow, and searches must not wait for them."""
LASTING = 1.25
"""Times as many requests as can be answered, from which on it is overload and not chance ..."""
_SPAN = 30
"""... within about so many turns: at 70 % five standard deviations away, at three times it seen after sixteen turns."""
BORNE = ((0.9, 4, 20), (LASTING, 2, 10), (math.inf, 1, 2))
"""Below which load how long a wait is borne: in patiences, and in turns of work where those are longer. A handful of
pages opened at once may queue; at what can just be done ten turns are what chance needs (simulated, for work whose
length varies by three tenths); under overload two, so that no thread is ever without work."""
_LEARNING = 0.1
"""Weight of the newest turn in what turns take."""
LONGEST_AFTER_S = 10


def search_threads(batch: int = 1) -> int:
    """Searches worked on at once: one more than there are cores. More would only take turns at Python's lock and the
    cores, each becoming slower; one more, since a disk or a decode process may be waited for. As many as are encoded in
    one ``batch``, though, or none would ever be full."""
    return max(cores() + 1, min(batch, THREADS))


class Busy(Exception):
    """More requests wait than are admitted. ``status``, ``code``: how that is told. ``after_s``: when to ask again."""

    status = 429
    after_s = 1
    code = "busy"
    message = "more requests wait than the service admits"
    hint = "try again in a second"


class PhotosBusy(Busy):
    """As many photos are being fetched by their addresses as is allowed; all else is still answered."""

    status = 503
    code = "photos_busy"
    message = "as many photos as is allowed are being fetched by their addresses"
    hint = "send the photo itself, or try again in a few seconds"


class Pressure:
    """How many come against how many can be answered, and whether one more may wait. Pure: the clock is the caller's.

    Args:
        patience_s: longest wait that is expected of whoever is let in while more come than can be answered; more in a
            burst (as in "Fail at Scale", Maurer 2015: bursts may queue, lasting overload may not): ``BORNE``.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience = patience_s
        self.turn_s = 0.0
        """What one turn takes while all threads are at work, in seconds; 0 as long as that is not known."""
        self._ended_at = 0.0
        self._come, self._come_at = 0.0, 0.0

    def load(self, now: float) -> float:
        """How many come for each that can be answered, lately: at 1 all that can be done is done."""
        span = _SPAN * self.turn_s
        return self._come * math.exp((self._come_at - now) / span) / _SPAN if span else 0.0

    def came(self, now: float) -> None:
        """Counts one who came, let in or not."""
        self._come, self._come_at = self.load(now) * _SPAN + 1, now

    def ended(self, now: float, behind: int) -> None:
        """A thread is free, and so many wait for one."""
        if behind and self._ended_at:  # all threads were at work since
            turn = now - self._ended_at
            self.turn_s = self.turn_s + _LEARNING * (turn - self.turn_s) if self.turn_s else turn
        self._ended_at = now if behind else 0.0

    def is_too_much(self, now: float, behind: int) -> bool:
        """Whether who comes now, behind so many that wait, would wait for too long."""
        load = self.load(now)
        patiences, turns = next((waits, turns) for below, waits, turns in BORNE if load < below)
        return (behind + 1) * self.turn_s > max(patiences * self._patience, turns * self.turn_s)


class Gate:
    """Admits requests to worker threads of its own; past ``waiting`` they are refused at once, and the admitted stay
    quick. Of one event loop at a time.

    Args:
        threads: requests worked on at once.
        waiting: requests that may wait for a thread.
        refusal: what is raised past that.
        patience_s: see ``Pressure``; None: no bound but ``waiting``.
    """

    def __init__(
        self, threads: int, waiting: int, refusal: type[Busy] = Busy, *, patience_s: float | None = None
    ) -> None:
        self._threads, self._waiting, self._refusal = threads, waiting, refusal
        self._pressure = None if patience_s is None else Pressure(patience_s)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="shoplens-gate")
        self._running = 0
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def working(self) -> int:
        """Requests that are worked on."""
        return self._running

    @property
    def waiting(self) -> int:
        """Requests that wait for a thread."""
        return len(self._queue)

    def refuse(self) -> Busy | None:
        """The refusal for whoever comes now, counted as one that came; None where there is room. To be asked before
        a body is read."""
        if self._running < self._threads:
            return None
        behind, pressure, now = len(self._queue), self._pressure, time.monotonic()
        if behind < self._waiting and (pressure is None or not pressure.is_too_much(now, behind)):
            return None
        told = self._refusal()
        if pressure is not None:
            pressure.came(now)
            # The more come, the later they are to come again: at once they would be refused again.
            told.after_s = max(1, min(LONGEST_AFTER_S, math.ceil(pressure.load(now))))
        return told

    async def run(self, work: Callable[[], T]) -> T:
        """Runs the work in a thread; when the caller is cancelled meanwhile, its result is dropped.

        Raises:
            Busy: too many are there already.
            ClientGone: the client went away before its turn.
        """
        if (refusal := self.refuse()) is not None:
            raise refusal
        if self._pressure is not None:
            self._pressure.came(time.monotonic())
        if self._running < self._threads:
            self._running += 1
        else:
            await self._turn()
        loop = asyncio.get_running_loop()
        # What knows itself stays until it is looked for: an error knows the frames through which it came, so none of
        # them may know the error, or the future that has it, once it is told.
        waits: list[asyncio.Future[T]] = [loop.create_future()]
        context = contextvars.copy_context()

        def finish(result: T | None, error: BaseException | None) -> None:
            self._next()
            for out in waits:  # none where nobody waits any more
                if out.done():
                    continue
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
            del error

        self._pool.submit(job)
        try:
            return await waits[0]
        finally:
            waits.clear()

    async def _turn(self) -> None:
        """Waits for a thread. Raises ClientGone."""
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
        if self._pressure is not None:
            self._pressure.ended(time.monotonic(), len(self._queue))
        if self._queue:
            self._queue.popleft().set_result(None)
        else:
            self._running -= 1


@dataclass(frozen=True, slots=True)
class Gates:
    """The gates of a whole service: several shops in one process share them."""

    search: Gate
    pictures: Gate
    """Pictures to show may have to be fetched from the shop's own server first; a page asks for dozens at once."""
    fetches: Gate


def gates_of(waiting: int, patience_s: float, batch: int = 1) -> Gates:
    """The gates of a service whose settings are these."""
    search = Gate(search_threads(batch), waiting, patience_s=patience_s)
    return Gates(search, Gate(THREADS, waiting), Gate(FETCHES, 0, PhotosBusy))
