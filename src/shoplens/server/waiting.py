"""A request as those see it who let it wait: until when its answer is wanted, and whether its client is still there."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar

from starlette.types import Message, Receive

MOST_HELD = 384_000_000
"""Bytes of bodies that all requests of the process hold together, those that still arrive included."""
EACH_MAY = 262_144
"""Bytes that a request may hold however much the others do: words are not refused for the photos of others."""


class _Held:
    """Bytes of bodies held by the process. Several services of one process may have loops of their own."""

    def __init__(self) -> None:
        self.bytes, self._guard = 0, threading.Lock()

    def add(self, size: int) -> int:
        with self._guard:
            self.bytes += size
            return self.bytes


HELD = _Held()


class ClientGone(Exception):
    """The client has closed its connection: nobody wants the answer."""


class Asking:
    """One request. ``receive`` is handed on in the place of the server's own."""

    __slots__ = ("_gone", "_held", "_kept", "_receive", "_whole")

    def __init__(self, receive: Receive, has_body: bool) -> None:
        self._receive = receive
        self._whole = not has_body
        self._kept: Message | None = None
        self._gone = False
        self._held = 0

    def holds(self, size: int) -> bool:
        """Counts bytes of its body that are kept in memory until it is answered; whether there is room for them."""
        self._held += size
        return HELD.add(size) <= MOST_HELD or self._held <= EACH_MAY

    def end(self) -> None:
        """It is answered: nothing of its body is held any more."""
        HELD.add(-self._held)
        self._held = 0

    async def receive(self) -> Message:
        """The next message of the client."""
        if self._kept is not None:
            message, self._kept = self._kept, None
            return message
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._gone = True
        elif not message.get("more_body"):
            self._whole = True
        return message

    async def gone(self) -> None:
        """Ends when the client has gone. Never does so while its body is still to be read: that would take it away."""
        if not self._whole:
            await asyncio.Event().wait()
        while not self._gone:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._gone = True
            else:  # the empty body of a request that has none
                self._kept = message


ASKING: ContextVar[Asking | None] = ContextVar("asking", default=None)
"""The request that this task answers."""
