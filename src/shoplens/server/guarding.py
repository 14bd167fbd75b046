"""The guard before every route: who asks, whether he may, how often, and until when the answer is wanted.

A route that is not declared in ``server.scopes`` is refused, and so is one that the guard has not judged: should what
stands between change a request's address, the route that it then reaches does not run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shoplens.app import Shop
from shoplens.config import GuardSettings, ServerSettings
from shoplens.errors import ShopLensError
from shoplens.server.callers import CALLER, Caller, Keyring, key_sent, refusal
from shoplens.server.direct import Direct
from shoplens.server.gates import Busy, Gates
from shoplens.server.limiting import Limits
from shoplens.server.problems import from_error, problem
from shoplens.server.scopes import need_of
from shoplens.server.waiting import ASKING, Asking, ClientGone
from shoplens.stores.key_store import KeyStore

MAX_TIMEOUT_MS = 3_600_000
DRAIN_S = 2.0
"""How long the rest of a body is read of a request that was refused: a client that is cut off while it sends may never
see the answer."""
JUDGED = "shoplens.judged"
_GATED = frozenset({"/v1/search", "/v1/crops"})
"""Routes whose work is done behind the gate of searches: where that is full, their bodies are not read."""


@dataclass(frozen=True, slots=True)
class Guards:
    """What guards one shop's service."""

    server: ServerSettings
    settings: GuardSettings
    keys: KeyStore
    keyring: Keyring
    limits: Limits
    gates: Gates

    async def end(self) -> None:
        """Writes what is still to be written."""
        await self.limits.quotas.write()


def guards_of(shop: Shop, gates: Gates) -> Guards:
    """The guards of a shop, with the gates that it shares with the others of its process."""
    keys = KeyStore(shop.store.database)
    config = shop.config
    return Guards(config.server, config.guard, keys, Keyring(keys), Limits(config.guard, keys), gates)


def add_guard(app: FastAPI, guards: Guards) -> None:
    """Puts the guard before a service and around what was added to it so far; all its routes are there already."""
    app.add_middleware(Guard, guards=guards, routes=tuple(app.routes), direct=_direct(app.routes))
    for route in app.routes:
        if isinstance(route, Route):
            route.app = _Judged(route.app, route)


def _direct(routes: Sequence[BaseRoute]) -> dict[int, ASGIApp]:
    return {id(one): one.app for one in routes if isinstance(one, Route) and isinstance(one.app, Direct)}


class _Judged:
    """ASGI: runs a route only if it is the one that the guard has judged."""

    def __init__(self, app: ASGIApp, route: Route) -> None:
        self._app, self._route = app, route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope.get(JUDGED) is self._route:
            await self._app(scope, receive, send)
        else:
            await problem(403, "undeclared", "nobody has judged who may ask this")(scope, receive, send)


class Guard:
    """ASGI: judges each request by its route, found as the service's own routing finds it.

    Args:
        direct: what answers routes here and now, by their identity: what lies between has nothing to do for them.
    """

    def __init__(
        self, app: ASGIApp, guards: Guards, routes: Sequence[BaseRoute], direct: Mapping[int, ASGIApp]
    ) -> None:
        self._app, self._guards, self._routes, self._direct = app, guards, routes, direct
        self._server, self._guard = guards.server, guards.settings
        self._plain: dict[tuple[str, str, str], BaseRoute] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        route = self._route(scope)
        if route is None:  # 404, 405: told by the routing
            await self._app(scope, receive, send)
            return
        scope[JUDGED], template = route, str(getattr(route, "path", ""))
        client = scope.get("client")
        asking = Asking(receive, _has_body(scope))
        need = need_of(scope["method"], template)
        caller, told = Caller(address=client[0] if client else ""), None
        if need != "public":
            caller, told = await self._judged(scope, template, caller.address)
        if told is None and template in _GATED and (busy := self._guards.gates.search.refuse()) is not None:
            told = busy_told(busy)
        seconds, wrong = _wanted_within(scope)
        told = told or wrong
        if told is not None:
            await _refuse(told, scope, asking, send)
            return
        CALLER.set(caller)
        ASKING.set(asking)
        scope.setdefault("state", {})["caller"] = caller.name
        if need in ("public", "search"):
            seconds = min(seconds or self._guard.timeout_s, self._guard.timeout_s)
        await self._answer(scope, asking, send, seconds, caller)

    def _route(self, scope: Scope) -> BaseRoute | None:
        """The route that the service's own routing takes; None for none. Addresses without parts are remembered."""
        root = str(scope.get("root_path", ""))
        asked = scope["method"], root, scope["path"]
        known = self._plain.get(asked)
        if known is not None:
            return known
        found = next((one for one in self._routes if one.matches(scope)[0] is Match.FULL), None)
        if found is not None and root + str(getattr(found, "path", "")) == asked[2]:
            self._plain[asked] = found
        return found

    async def _judged(self, scope: Scope, template: str, address: str) -> tuple[Caller, Response | None]:
        """Who asks, and the refusal if there is one."""
        mode, guards = self._server.keys, self._guards
        try:
            caller = await guards.keyring.caller("" if mode == "off" else key_sent(scope), address)
            told = refusal(caller, scope["method"], template, mode, self._server.rules_writable)
            if told is None or caller.key is None:  # whoever tries keys is counted by his address
                told = await guards.limits.refusal(caller) or told
        except ShopLensError as error:  # the store cannot be read: nobody is let in unseen
            return Caller(address=address), from_error(error)
        return caller, told

    async def _answer(self, scope: Scope, asking: Asking, send: Send, seconds: float | None, caller: Caller) -> None:
        try:
            async with asyncio.timeout(seconds) as deadline:

                async def begun(message: Message) -> None:
                    if message["type"] == "http.response.start":
                        deadline.reschedule(None)  # from here on the client's reading is what takes time
                        if caller.key is not None:  # the same address may say other things to others
                            message["headers"] = [*message.get("headers", ()), (b"vary", b"Authorization, X-API-Key")]
                    await send(message)

                await self._direct.get(id(scope[JUDGED]), self._app)(scope, asking.receive, begun)
        except (ClientGone, ClientDisconnect):  # before its turn, or before all of its body was there
            return
        except Busy as busy:  # told by a layer around those that know how to say so
            await _refuse(busy_told(busy), scope, asking, send)
        except TimeoutError:
            if not deadline.expired():
                raise
            told = problem(
                504,
                "deadline",
                f"there was no answer within {seconds:g} seconds",
                where="x-timeout-ms" if _header(scope, b"x-timeout-ms") else "guard.timeout_s",
                hint="ask for less, or wait longer; a write may have been done nevertheless",
            )
            await _refuse(told, scope, asking, send)
        finally:
            asking.end()


def busy_told(busy: Busy) -> Response:
    """The problem document for who comes when too many are there."""
    told = problem(busy.status, busy.code, busy.message, hint=busy.hint)
    told.headers["Retry-After"] = str(busy.after_s)
    return told


async def _refuse(told: Response, scope: Scope, asking: Asking, send: Send) -> None:
    """Sends a refusal at once, then reads what the client is still sending, for a moment."""
    if not _has_body(scope):
        await told(scope, asking.receive, send)
        return
    await send({"type": "http.response.start", "status": told.status_code, "headers": told.raw_headers})
    await send({"type": "http.response.body", "body": told.body, "more_body": True})
    try:
        async with asyncio.timeout(DRAIN_S):
            while True:
                message = await asking.receive()
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    break
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _has_body(scope: Scope) -> bool:
    length = _header(scope, b"content-length")
    return length not in (None, b"0") or _header(scope, b"transfer-encoding") is not None


def _header(scope: Scope, wanted: bytes) -> bytes | None:
    return next((value for name, value in scope["headers"] if name == wanted), None)


def _wanted_within(scope: Scope) -> tuple[float | None, Response | None]:
    """Seconds of ``X-Timeout-Ms``; the refusal of one that makes no sense."""
    text = _header(scope, b"x-timeout-ms")
    if text is None:
        return None, None
    if not text.isdigit() or len(text) > 9 or int(text) > MAX_TIMEOUT_MS:
        hint = f"send whole milliseconds, at most {MAX_TIMEOUT_MS}"
        return None, problem(400, "query", "X-Timeout-Ms is no such number", where="x-timeout-ms", hint=hint)
    if int(text) == 0:
        return None, problem(
            504, "deadline", "the deadline has passed already", where="x-timeout-ms", hint="wait longer"
        )
    return int(text) / 1_000, None
