"""Where the time of an answer went."""

from __future__ import annotations

import time


class Lap:
    """Writes the time since the last call under a name, in milliseconds."""

    def __init__(self, into: dict[str, float], start: float) -> None:
        self._into = into
        self._last = start

    def __call__(self, name: str) -> None:
        now = time.perf_counter()
        self._into[name] = self._into.get(name, 0.0) + 1e3 * (now - self._last)
        self._last = now
