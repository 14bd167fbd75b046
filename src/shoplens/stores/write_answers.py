"""What writes were answered, for a day: the same write sent again is answered the same and not done again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from shoplens.stores.connections import Database
from shoplens.stores.schema import answered_writes
from shoplens.stores.steady import steady_now

KEPT = timedelta(hours=24)
_CLEARED_EVERY_S = 60.0
_C = answered_writes.c


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """An answer as it was given. ``request``: SHA-256 of what was asked; ``answer``: the body with what belongs to it,
    as whoever keeps it packs them."""

    request: bytes
    status: int
    answer: bytes


class WriteAnswers:
    """The answers of one shop's writes, by caller and key. Safe to use from several threads and processes."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = steady_now) -> None:
        self._database, self._clock = database, clock
        self._cleared = float("-inf")

    def find(self, caller: str, key: str) -> WriteAnswer | None:
        """What was answered, if that is not longer ago than a day. Raises StoreError."""
        return self._database.read(lambda c: self._found(c, caller, key))

    def keep(self, caller: str, key: str, given: WriteAnswer) -> WriteAnswer:
        """Keeps an answer, on the disk when this returns; returns the one that counts: the first that was kept.

        Raises:
            StoreError: the store refuses.
        """
        with self._database.transaction() as connection:
            self._clear(connection)
            found = self._found(connection, caller, key)
            if found is not None:
                return found
            connection.execute(delete(answered_writes).where(_C.caller == caller, _C.key == key))
            row = {"caller": caller, "key": key, "request": given.request, "status": given.status}
            connection.execute(insert(answered_writes), {**row, "answer": given.answer, "at": _text(self._clock())})
        return given

    def _found(self, connection: Connection, caller: str, key: str) -> WriteAnswer | None:
        wanted = select(_C.request, _C.status, _C.answer).where(_C.caller == caller, _C.key == key)
        row = connection.execute(wanted.where(_C.at > self._oldest())).first()
        return None if row is None else WriteAnswer(bytes(row[0]), int(row[1]), bytes(row[2]))

    def _clear(self, connection: Connection) -> None:
        if time.monotonic() - self._cleared > _CLEARED_EVERY_S:
            self._cleared = time.monotonic()
            connection.execute(delete(answered_writes).where(_C.at <= self._oldest()))

    def _oldest(self) -> str:
        return _text(self._clock() - KEPT)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
