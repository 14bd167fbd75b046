"""A request as those see it who let it wait: until when its answer is wanted, and whether its client is still there."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

from starlette.types import Message, Receive


class ClientGone(Exception):
    """The client has closed its connection: nobody wants the answer."""


class Asking:
    """One request. ``receive`` is handed on in the place of the server's own."""

    __slots__ = ("_gone", "_kept", "_receive", "_whole")

    def __init__(self, receive: Receive, has_body: bool) -> None:
        self._receive = receive
        self._whole = not has_body
        self._kept: Message | None = None
        self._gone = False

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
