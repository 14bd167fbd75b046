"""The outermost layer of the service: whose name a request bears, where it really comes from, and the headers that
every answer has."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shoplens.config import Config, GuardSettings, ServerSettings
from shoplens.server.hosts import is_answered
from shoplens.server.problems import problem

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SENT = ("Authorization", "X-API-Key", "Content-Type", "Accept", "Idempotency-Key", "If-Match", "If-None-Match")
"""Headers that a page of another origin may send, beside those that every page may."""
SHOWN = ("ETag", "Retry-After", "Link", "Location", "WWW-Authenticate", "X-Request-Id", "Idempotent-Replayed")
"""Headers of an answer that a page of another origin may read."""
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
)
"""On every answer that does not say it in its own way. The pages have policies of their own."""


def add_cors(app: FastAPI, config: Config) -> None:
    """Lets pages of the origins of the settings call the service. Cookies are never taken."""
    app.add_middleware(Cors, settings=config.server)


class Cors:
    """ASGI: CORS for the origins that the settings name now; they may be read again while the service runs."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app, self._settings = app, settings
        self._origins: tuple[str, ...] = ()
        self._serves = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        origins = self._settings.cors_origins
        if origins != self._origins:
            self._origins, self._serves = origins, self._cors(origins) if origins else self._app
        await self._serves(scope, receive, send)

    def _cors(self, origins: tuple[str, ...]) -> ASGIApp:
        return CORSMiddleware(
            self._app,
            allow_origins=list(origins),
            allow_methods=list(METHODS),
            allow_headers=[*SENT, "X-Timeout-Ms", "X-Request-Id", "traceparent", "tracestate"],
            expose_headers=list(SHOWN),
            max_age=600,
        )


def front(app: FastAPI, settings: GuardSettings, ending: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Puts this layer around all others, the one that answers faults included.

    Args:
        app: the service; not started yet.
        settings: whom to believe, and what to demand of browsers.
        ending: called when the service ends.
    """
    build = app.build_middleware_stack
    app.build_middleware_stack = lambda: Front(build(), settings, ending)  # type: ignore[method-assign]


class Front:
    """ASGI: adds headers, puts the client's address right, tells of the end."""

    def __init__(self, app: ASGIApp, settings: GuardSettings, ending: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._app, self._ending, self._settings = app, ending, settings
        self._proxies = Proxies(settings.trusted_proxies)
        hsts = f"max-age={settings.hsts_s}; includeSubDomains".encode()
        self._https = ((b"strict-transport-security", hsts),) if settings.hsts_s else ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the service."""
        if scope["type"] == "lifespan":

            async def told() -> Message:
                message = await receive()
                if message["type"] == "lifespan.shutdown":
                    await self._ending()
                return message

            await self._app(scope, told, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._proxies.put_right(scope)
        more = _ALWAYS + self._https if scope["scheme"] == "https" else _ALWAYS

        is_head = scope["method"] == "HEAD"

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [_relative(name, value, scope) for name, value in message.get("headers", ())]
                there = {name.lower() for name, _ in headers}
                message["headers"] = headers + [one for one in more if one[0] not in there]
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        if not is_answered(scope, self._settings):
            refusal = problem(
                421,
                "host_unknown",
                "the service is not asked by this name",
                where="host",
                hint="name it in guard.trusted_hosts, or ask by one that stands there",
            )
            await refusal(scope, receive, with_headers)
            return
        await self._app(scope, receive, with_headers)


def _relative(name: bytes, value: bytes, scope: Scope) -> tuple[bytes, bytes]:
    """A header; where it leads to an address of the service itself, without the name that the caller has sent."""
    if name.lower() != b"location":
        return name, value
    host = next((sent for header, sent in scope["headers"] if header == b"host"), None)
    own = b"%s://%s/" % (scope["scheme"].encode(), host) if host is not None else b""
    # One slash: two would begin the name of another host.
    return name, b"/" + value[len(own) :].lstrip(b"/") if own and value.startswith(own) else value


class Proxies:
    """The proxies that may say for whom they ask.

    Args:
        trusted: addresses and networks.
    """

    def __init__(self, trusted: tuple[str, ...]) -> None:
        self._trusted: list[IPv4Network | IPv6Network] = [ip_network(one, strict=False) for one in trusted]

    def put_right(self, scope: Scope) -> None:
        """The client's address and scheme of a request, as the last proxy says that is not trusted itself."""
        client = scope.get("client")
        if not self._trusted or client is None or not self._trusts(client[0]):
            return
        forwarded: list[str] = []
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                forwarded += value.decode("latin-1").split(",")
            elif name == b"x-forwarded-proto" and value in (b"http", b"https"):
                scope["scheme"] = value.decode()
        # From the right: what stands left of a stranger's address is the stranger's to write.
        for one in reversed([text.strip() for text in forwarded]):
            if not _is_address(one):
                return
            scope["client"] = (one, 0)
            if not self._trusts(one):
                return

    def _trusts(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in network for network in self._trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
