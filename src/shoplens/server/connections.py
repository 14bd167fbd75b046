"""Connections that are not let stand open for ever: a head that does not arrive, an answer that is not taken."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shoplens.config import GuardSettings


def protocol_of(settings: GuardSettings) -> type[asyncio.Protocol]:
    """uvicorn's HTTP protocol with the time limits of the settings."""

    class Limited(GuardedProtocol):
        header_s, write_s = settings.header_timeout_s, settings.write_timeout_s

    return Limited


class GuardedProtocol(HttpToolsProtocol):
    """One connection.

    ``header_s``: longest time for a request's head, from the opening of the connection or its first byte on.
    ``write_s``: longest time for which nothing of an answer is taken: what waits here is told of by the server's flow
    control, what waits in the kernel by TCP_USER_TIMEOUT.
    """

    header_s = 10.0
    write_s = 20.0
    max_head = 65_536
    """Bytes that may come without a head being complete or any of a body: the parser itself has no such bound."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._head: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None
        self._idle_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come."""
        super().connection_made(transport)
        raw = transport.get_extra_info("socket")
        option = getattr(socket, "TCP_USER_TIMEOUT", None)
        if raw is not None and option is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
            raw.setsockopt(socket.IPPROTO_TCP, option, int(self.write_s * 1_000))
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Something has come of a request."""
        self._idle_bytes += len(data)
        super().data_received(data)
        if self._idle_bytes > self.max_head:
            self._cut()
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self._drop_head()
        elif self._head is None:  # the beginning of the next one
            self._await_head()

    def on_headers_complete(self) -> None:
        """A head is there."""
        self._idle_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some of a body is there."""
        self._idle_bytes = 0
        super().on_body(body)

    def on_response_complete(self) -> None:
        """An answer is written; what follows on this connection is waited for as uvicorn's keep-alive says."""
        self._drop_head()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The client takes less than is sent."""
        super().pause_writing()
        if self._stuck is None:
            self._stuck = self.loop.call_later(self.write_s, self._cut)

    def resume_writing(self) -> None:
        """The client has taken enough."""
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._drop_head()
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._head = self.loop.call_later(self.header_s, self._cut)

    def _drop_head(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _cut(self) -> None:
        # Not closed but cut: a close waits until all is written that the client does not take.
        self.transport.abort()
