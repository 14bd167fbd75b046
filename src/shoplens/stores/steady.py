"""The moment, by a clock that does not follow leaps at once: for what is forgotten, or counted by days.

The clock of a machine can be set by hours or years, by mistake or because it had been wrong. What has a moment of its
own (a key's expiry, a rule's dates) goes by that clock and is right again when it is. What is removed does not come
back: the answers to writes, the records of jobs, the logs of queries. For them a leap counts once it has lasted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

SETTLED_S = 900.0
"""How long the clock must have stood where it leapt to."""
LEAP_S = 60.0
"""What is less is no leap: a time server's correction, a second too many."""


class SteadyClock:
    """Called, it gives the moment, UTC. Safe to use from several threads.

    Args:
        wall: seconds since 1970, by the machine's clock.
        running: seconds of a clock that nobody sets.
    """

    def __init__(self, wall: Callable[[], float] = time.time, running: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._running = wall, running
        self._lock = threading.Lock()
        self._ahead = wall() - running()
        self._leapt: tuple[float, float] | None = None

    def __call__(self) -> datetime:
        """The moment, UTC."""
        with self._lock:
            running = self._running()
            ahead = self._wall() - running
            if abs(ahead - self._ahead) <= LEAP_S:
                self._ahead, self._leapt = ahead, None
            elif self._leapt is None or abs(ahead - self._leapt[0]) > LEAP_S:
                self._leapt = ahead, running
            elif running - self._leapt[1] >= SETTLED_S:
                self._ahead, self._leapt = ahead, None
            return datetime.fromtimestamp(running + self._ahead, UTC)


steady_now = SteadyClock()
"""The moment, UTC, for this process."""
