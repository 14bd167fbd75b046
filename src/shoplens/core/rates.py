"""How often somebody may ask: a rate, and the buckets that count by it. Pure: the clock is the caller's."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass

from shoplens.errors import QueryError

_PERIODS = {"s": 1.0, "min": 60.0, "h": 3_600.0, "day": 86_400.0}
_SPELT = re.compile(r"([1-9][0-9]{0,8})\s*/\s*(s|min|h|day)")
MOST_KEPT = 100_000
"""Callers that are remembered; those not seen for longest are forgotten, and start anew with a full bucket."""


@dataclass(frozen=True, slots=True)
class Rate:
    """``count`` requests in ``period`` seconds: so many at once, then one each ``period / count`` seconds."""

    count: int
    period: float

    def __str__(self) -> str:
        return f"{self.count}/{next(name for name, seconds in _PERIODS.items() if seconds == self.period)}"


def parse_rate(text: str, where: str = "rate") -> Rate | None:
    """``100/min`` -> Rate; None for an empty text.

    Raises:
        QueryError: it is none.
    """
    if not text.strip():
        return None
    found = _SPELT.fullmatch(text.strip())
    if found is None:
        raise QueryError(f"{text[:40]!r} is no rate", where=where, hint="write 20/s, 600/min, 1000/h or 10000/day")
    return Rate(int(found[1]), _PERIODS[found[2]])


class Buckets:
    """Counts by the generic cell rate algorithm (ITU-T I.371, as used for ATM): one number a caller, no list of times,
    exact waits. Not for several threads at once."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._full_at: OrderedDict[str, float] = OrderedDict()
        self._most = most

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, caller: str, rate: Rate, now: float) -> float:
        """Counts a request of a caller.

        Args:
            caller: who asks.
            rate: how often he may.
            now: seconds of a clock that never goes back.

        Returns:
            0.0 if he may; else seconds after which he may, and nothing is counted.
        """
        each = rate.period / rate.count
        full_at = max(self._full_at.get(caller, now), now)
        wait = full_at + each - now - rate.period
        if wait > 1e-9:
            return wait
        self._full_at[caller] = full_at + each
        self._full_at.move_to_end(caller)
        if len(self._full_at) > self._most:
            self._full_at.popitem(last=False)
        return 0.0
