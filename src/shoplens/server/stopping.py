"""A service that stops in order: it says so, goes on answering for a moment, answers what is under way, and ends."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType

import anyio.to_thread
import structlog
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shoplens.errors import ShopLensError
from shoplens.server import systemd
from shoplens.server.problems import problem

log = structlog.get_logger("shoplens")


class Door:
    """ASGI: the outermost layer. While the service stops, it is not ready any more, and connections are not kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.stopping = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the service."""
        if scope["type"] != "http" or not self.stopping:
            await self._app(scope, receive, send)
            return

        async def last(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        if scope["path"] == "/readyz":
            told = problem(503, "stopping", "the service is stopping", hint="ask another one")
            await told(scope, receive, last)
        else:
            await self._app(scope, receive, last)


class Service(uvicorn.Server):
    """uvicorn's server, which drains before it stops, reads its settings again on SIGHUP, and tells systemd.

    Args:
        config: uvicorn's settings; its application is ``door``.
        drain_s: seconds between SIGTERM and the end of listening; a second signal and SIGINT skip them.
        ready: whether the service can answer.
        reload: reads the settings again and takes them up.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        door: Door,
        *,
        drain_s: float,
        ready: Callable[[], bool],
        reload: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._door, self._drain_s, self._ready, self._reload = door, drain_s, ready, reload
        self._stop_at = 0.0
        self._told_ready = self._asked_again = False
        self._every = systemd.life_sign_every()
        self._next_sign = 0.0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to listen."""
        await super().startup(sockets)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._ask_again)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM: drains, then stops; SIGINT, or a second signal: stops; a further SIGINT leaves all behind.

        Unlike uvicorn's, signals are not raised again at the end: what comes after the serving has to be done.
        """
        if self._door.stopping or sig == signal.SIGINT:
            self.force_exit = self.should_exit and sig == signal.SIGINT
            self.should_exit = True
        self._stop_at = self._stop_at or time.monotonic() + self._drain_s
        self._door.stopping = True

    async def on_tick(self, counter: int) -> bool:
        """Every tenth of a second: what is due."""
        now = time.monotonic()
        if self._door.stopping and not self.should_exit and now >= self._stop_at:
            self.should_exit = True
        if not self._told_ready and self._ready():
            self._told_ready = True
            systemd.notify("READY=1")
        if self._asked_again:
            self._asked_again = False
            await self._read_again()
        if self._every is not None and now >= self._next_sign:
            self._next_sign = now + self._every
            systemd.notify("WATCHDOG=1")
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends listening, waits for what is under way, for no longer than uvicorn's settings say."""
        self._door.stopping = True
        systemd.notify("STOPPING=1")
        log.info("stopping", under_way=len(self.server_state.tasks))
        await super().shutdown(sockets)

    def _ask_again(self) -> None:
        self._asked_again = True

    async def _read_again(self) -> None:
        systemd.reloading()
        try:
            await anyio.to_thread.run_sync(self._reload)
        except ShopLensError as error:
            log.error("the settings cannot be read again; those before go on", error=str(error))
        finally:
            systemd.notify("READY=1")
