"""How much processor time the photos of a query may take to decode. Standard library only: decode processes import it.

Processor time, not the clock: on a busy machine a good photo is late, and a hostile one is still refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from shoplens.errors import PictureError

PHOTO_S = 0.6
"""Seconds of processor time for the photos of one query: twelve times what one of 12 megapixels takes."""


@dataclass(slots=True)
class Patience:
    """What is left, in seconds, and how much of it one query may take at most."""

    left: float
    most: float = math.inf

    @property
    def now(self) -> float:
        """For the photo at hand."""
        return min(self.left, self.most)


_SHARED: ContextVar[float | Patience | None] = ContextVar("patience", default=None)


@contextmanager
def shared_patience(times: float) -> Iterator[None]:
    """Queries in this block share one patience, of so many times that of one query: they show the same photo."""
    before = _SHARED.set(times)
    try:
        yield
    finally:
        _SHARED.reset(before)


def patience_of(seconds: float) -> Patience:
    """The patience for the photos of a query, or what is left of the one that it shares."""
    shared = _SHARED.get()
    if isinstance(shared, Patience):
        return shared
    made = Patience(seconds * (shared or 1.0), seconds)
    if shared is not None:
        _SHARED.set(made)
    return made


def out_of_patience() -> PictureError:
    """The photo, or those before it, took too long."""
    return PictureError(
        "decoding it takes longer than a query can wait",
        reason="timeout",
        hint="send it smaller, or as a JPEG that is not progressive",
    )
