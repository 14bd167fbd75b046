"""What a service tells of itself: each request gets an id, is counted and timed, and leaves a line in the log; searches
are counted by what came of them, and some are answered exactly, too."""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio.to_thread
import structlog
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shoplens.app import Shop
from shoplens.config import ObserveSettings
from shoplens.core.answer import Answer
from shoplens.core.ports import Encoder
from shoplens.core.query import Query, QueryPicture
from shoplens.encoders.batching import BatchingEncoder
from shoplens.encoders.cached import CachedEncoder
from shoplens.engine.cropping import CropProposal
from shoplens.errors import PictureError
from shoplens.server.gates import Gates
from shoplens.server.guarding import JUDGED
from shoplens.server.keeping import keeping_of
from shoplens.server.lines import lines
from shoplens.server.metrics import Metrics, kind_of
from shoplens.server.recall import RecallWatch
from shoplens.server.requests import REQUEST, Noted, id_of
from shoplens.server.tracing import Tracing, tracing_of

log = structlog.get_logger("shoplens.access")

QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines: counted, but no lines of the log."""
FINE = ("/assets/", "/v1/pictures/")
"""Beginnings of routes of which a page asks dozens at once: counted, but lines of the log only at ``debug``."""
NO_ROUTE = "none"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Watch:
    """Watches over one shop's service."""

    def __init__(self, shop: Shop, gates: Gates) -> None:
        self._shop, self._settings = shop, shop.config.observe
        self.metrics = Metrics(shop, gates)
        self._heard: Encoder | None = None
        self._recall = RecallWatch(shop, self.metrics, self._settings.recall_every)
        self.tracing = tracing_of(self._settings, shop.folder.name)
        self._keeping = keeping_of(shop)

    def search(self, query: Query, /) -> Answer:
        """Searches, and counts what came of it. Raises what the search raises."""
        noted = REQUEST.get()
        if noted is not None:
            noted.kind = kind_of(query)
        if self._shop.encoder is not self._heard:
            self._hear()
        began = time.perf_counter()
        try:
            answer = self._shop.search(query)
        except Exception as error:
            self.metrics.not_answered(error)
            raise
        if noted is not None:
            noted.searches.append((began, time.perf_counter(), answer.timings_ms))
        if self._keeping is not None and query.pictures:
            self._keeping.offer(query)
        self.metrics.searched(query, answer)
        self._recall.offer(query)
        return answer

    def crops(self, photo: QueryPicture, /) -> tuple[CropProposal, ...]:
        """The things on a photo; one that cannot be used is counted. Raises what the shop's own raises."""
        try:
            return self._shop.crops(photo)
        except PictureError as error:
            self.metrics.not_decoded(error)
            raise

    def _hear(self) -> None:
        """Has calls of the encoder counted, also after a switch to another one."""
        self._heard = encoder = self._shop.encoder
        inner = encoder.inner if isinstance(encoder, CachedEncoder) else encoder
        if isinstance(inner, BatchingEncoder):
            inner.told = self.metrics.encoded

    def around(self, app: FastAPI) -> None:
        """Puts a layer around all others of a service that is not started yet."""
        build = app.build_middleware_stack
        app.build_middleware_stack = lambda: Observing(  # type: ignore[method-assign]
            build(), self.metrics, self._settings, self._close, self.tracing
        )

    def _close(self) -> None:
        self._recall.close()
        if self._keeping is not None:
            self._keeping.close()
        if self.tracing is not None:
            self.tracing.close()


class Observing:
    """ASGI: names, times and counts requests. What it counts by is bounded: templates of routes, never addresses."""

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        settings: ObserveSettings,
        ending: Callable[[], None] = lambda: None,
        tracing: Tracing | None = None,
    ) -> None:
        self._app, self._metrics, self._settings, self._ending = app, metrics, settings, ending
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            try:
                await self._app(scope, receive, send)
            finally:
                await anyio.to_thread.run_sync(self._ending)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        noted = Noted(id_of(scope))
        token = REQUEST.set(noted)
        sent = _Sent(send, noted.id.encode())
        try:
            await self._app(scope, receive, sent)
        finally:
            REQUEST.reset(token)
            self._count(scope, noted, sent, began, time.perf_counter() - began)

    def _count(self, scope: Scope, noted: Noted, sent: _Sent, began: float, seconds: float) -> None:
        found = scope.get("route") or scope.get(JUDGED)  # what the guard refuses is not routed
        route = str(getattr(found, "path", NO_ROUTE)).replace(":any_text", "")
        method = scope["method"] if scope["method"] in METHODS else "other"
        status = sent.status or 499  # the client had gone before there was an answer
        metrics = self._metrics
        metrics.answered(method, route, status, seconds)
        if status in (429, 503) and route not in QUIET:
            metrics.refused.labels(route, str(status)).inc()
        if noted.kind:
            metrics.took(noted.kind, seconds)
        if self._tracing is not None and route not in QUIET:
            self._tracing.told(scope, noted, method, route, status, began, seconds)
        settings = self._settings
        fine = route.startswith(FINE) and status < 400
        if settings.access_log and scope["path"] not in QUIET and (not fine or settings.log_level == "debug"):
            told: dict[str, object] = {
                "method": method,
                "path": scope["path"],
                "status": status,
                "ms": round(1e3 * seconds, 2),
                "bytes": sent.size,
                "request_id": noted.id,
            }
            if noted.kind:
                told["kind"] = noted.kind
            caller = str(scope.get("state", {}).get("caller", ""))
            if caller.startswith("key "):  # not the address: that of a shopper is personal
                told["caller"] = caller
            if settings.log_queries:
                told["query"] = scope["query_string"].decode("latin-1")
            if (written := lines()) is not None:
                written.put(told)
            else:
                log.info("request", **told)


class _Sent:
    """What goes out: adds the id, remembers status and size."""

    __slots__ = ("_header", "_send", "size", "status")

    def __init__(self, send: Send, number: bytes) -> None:
        self._send, self._header = send, (b"x-request-id", number)
        self.status = self.size = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), self._header]
        else:
            self.size += len(message.get("body", b""))
        await self._send(message)
