"""What was asked of a service in the last day, minute by minute: counts and latencies in bounded memory.

Prometheus keeps a history where there is one; the back office has to tell without it.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shoplens.stores.steady import steady_now

MINUTES = 1_440
"""How far back it is remembered."""
_GROWTH = 1.15
BOUNDS = tuple(0.0005 * _GROWTH**n for n in range(90))
"""Upper bounds of the buckets of latencies, seconds: half a millisecond to two minutes, each 15 % above the last."""
POINTS = 60
"""Most points of a series: a curve on a page needs no more."""


@dataclass(slots=True)
class Minute:
    """One minute, or several together. ``unsure``: searches with hits of which none is certain."""

    searches: int = 0
    nothing: int = 0
    unsure: int = 0
    failed: int = 0
    buckets: dict[int, int] = field(default_factory=dict)

    def add(self, other: Minute) -> None:
        """Counts another one in."""
        self.searches += other.searches
        self.nothing += other.nothing
        self.unsure += other.unsure
        self.failed += other.failed
        for n, count in other.buckets.items():
            self.buckets[n] = self.buckets.get(n, 0) + count

    def quantile_ms(self, share: float) -> float | None:
        """Milliseconds within which this share of the requests was answered, at most 15 % too many; None for none."""
        total = sum(self.buckets.values())
        if not total:
            return None
        seen = 0
        for n in sorted(self.buckets):
            seen += self.buckets[n]
            if seen >= share * total:
                return round(1e3 * BOUNDS[min(n, len(BOUNDS) - 1)], 2)
        return None

    def to_fields(self) -> dict[str, Any]:
        """As JSON data."""
        return {
            "searches": self.searches,
            "nothing": self.nothing,
            "unsure": self.unsure,
            "failed": self.failed,
            "p50_ms": self.quantile_ms(0.5),
            "p99_ms": self.quantile_ms(0.99),
        }


class Traffic:
    """Counts searches by minute. Safe to use from several threads.

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float] = lambda: steady_now().timestamp()) -> None:
        self._clock, self._guard = clock, threading.Lock()
        self._minutes: dict[int, Minute] = {}

    def answered(self, found: int, verdict: str) -> None:
        """A search was answered: how much was found, how sure it is (``match``, ``similar``, ``none``)."""
        with self._guard:
            minute = self._now()
            minute.searches += 1
            minute.nothing += not found
            minute.unsure += bool(found) and verdict != "match"

    def failed(self) -> None:
        """A search was not answered."""
        with self._guard:
            self._now().failed += 1

    def took(self, seconds: float) -> None:
        """A request that searched took so long, waiting included."""
        bucket = bisect_left(BOUNDS, seconds)
        with self._guard:
            buckets = self._now().buckets
            buckets[bucket] = buckets.get(bucket, 0) + 1

    def last(self, minutes: int) -> tuple[Minute, Sequence[tuple[int, Minute]]]:
        """The last minutes (at most ``MINUTES``) together, and as a series: (Unix time of its beginning, counts)."""
        minutes = max(1, min(minutes, MINUTES))
        step = -(-minutes // POINTS)
        end = int(self._clock() // 60) + 1
        first = end - -(-minutes // step) * step
        with self._guard:
            points = []
            for start in range(first, end, step):
                point = Minute()
                for at in range(start, start + step):
                    if at in self._minutes:
                        point.add(self._minutes[at])
                points.append((60 * start, point))
        whole = Minute()
        for _, point in points:
            whole.add(point)
        return whole, points

    def _now(self) -> Minute:
        at = int(self._clock() // 60)
        found = self._minutes.get(at)
        if found is None:
            found = self._minutes[at] = Minute()
            for old in [one for one in self._minutes if one <= at - MINUTES]:
                del self._minutes[old]
        return found
