"""How many requests are worked on at once, and how many may wait, by kind of work."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

T = TypeVar("T")


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
    quick."""

    def __init__(self, threads: int, waiting: int, refusal: type[Busy] = Busy) -> None:
        self._limiter: anyio.CapacityLimiter | None = None
        self._threads = threads
        self._room = threads + waiting
        self._inside = 0
        self._refusal = refusal

    async def run(self, work: Callable[[], T]) -> T:
        """Runs the work in a thread. Raises Busy."""
        if self._inside >= self._room:
            raise self._refusal
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self._threads)
        self._inside += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._inside -= 1
