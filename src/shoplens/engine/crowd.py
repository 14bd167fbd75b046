"""How many queries are being answered at once, against how many cores there are for them."""

from __future__ import annotations

import threading
from typing import Self

from shoplens.core.cores import cores


class Crowd:
    """Counts who is inside. Entered by several threads at once, again and again."""

    def __init__(self, most: int | None = None) -> None:
        self._cores = most if most is not None else cores()
        self._lock = threading.Lock()
        self._inside = 0

    @property
    def has_room(self) -> bool:
        """Whether a core is left beside those of all who are inside."""
        return self._inside < self._cores

    def __enter__(self) -> Self:
        with self._lock:
            self._inside += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
