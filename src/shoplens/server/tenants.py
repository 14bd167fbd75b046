"""Several shops in one process, each under ``/shops/NAME/``: they share its capacity and its encoder, and nothing else.

A shop is a service of its own, with its own store, keys, rules and jobs; here is decided by the address alone which one
is asked. A key of one shop is a stranger's to all others.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shoplens import __version__
from shoplens.app import Shop, open_shop
from shoplens.config import Config
from shoplens.core.ports import Encoder
from shoplens.encoders.cached import CachedEncoder
from shoplens.encoders.opening import open_encoder
from shoplens.errors import ConfigError
from shoplens.server.fronting import Front
from shoplens.server.gates import gates_of
from shoplens.server.http import create_app
from shoplens.server.problems import problem
from shoplens.switching import serving_name, settled

UNDER = "/shops/"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def names_of(folders: Sequence[Path]) -> dict[str, Path]:
    """The name of each shop in addresses: that of its folder.

    Raises:
        ConfigError: a folder has a name that cannot stand in an address, or two have the same.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        name = folder.resolve().name
        if not _NAME.fullmatch(name):
            raise ConfigError(
                f"the folder's name {name!r} cannot stand in an address",
                where="--shop",
                hint="call it by letters, digits, dots and dashes",
            )
        if name in found:
            raise ConfigError(f"two shops are called {name!r}", where="--shop", hint="rename the folder of one")
        found[name] = folder
    return found


@contextmanager
def open_shops(configs: Mapping[str, Config]) -> Iterator[dict[str, Shop]]:
    """Opens several shops, with one encoder for all that have the same one; closes them at the end of the block.

    What they cache of queries is their own: the time of an answer tells nothing of what others ask.

    Raises:
        ShopError, EncoderError, ConfigError: one of them cannot be opened.
    """
    known: dict[tuple[str, int], Encoder] = {}
    with ExitStack() as stack:
        shops = {}
        for name, config in configs.items():
            card = settled(serving_name(config), config.shop), config.search.threads
            if card not in known:
                known[card] = open_encoder(card[0], threads=card[1])
            shops[name] = stack.enter_context(open_shop(config, encoder=CachedEncoder(known[card])))
        yield shops


def create_tenants(shops: Mapping[str, Shop]) -> Tenants:
    """The service of several shops, as one ASGI application; its capacity is that of the first one's settings.

    Args:
        shops: name in the address -> shop; one at least. The caller opens and closes them.
    """
    first = next(iter(shops.values())).config
    gates = gates_of(first.server.max_waiting, first.guard.max_wait_ms / 1e3, first.search.batch)
    return Tenants({name: create_app(shop, gates) for name, shop in shops.items()}, first)


class Tenants:
    """ASGI: hands each request to the shop that its address names.

    Args:
        apps: name -> the service of that shop.
        config: whose proxies are believed, and whose headers are told, where no shop is asked.
    """

    def __init__(self, apps: Mapping[str, FastAPI], config: Config) -> None:
        self.apps = dict(apps)
        self._lives = {name: _Life(app) for name, app in apps.items()}
        self._root = Front(self._at_the_root, config.guard, _nothing)

    @property
    def ready(self) -> bool:
        """Whether all shops can answer."""
        return all(app.state.health["ready"] for app in self.apps.values())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the service."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        root = str(scope.get("root_path", ""))
        path = str(scope["path"]).removeprefix(root)
        name, slash, _ = path.removeprefix(UNDER).partition("/") if path.startswith(UNDER) else ("", "", "")
        app = self.apps.get(name)
        if app is None or scope["type"] != "http":
            await self._root(scope, receive, send)
        elif not slash:
            await RedirectResponse(f"{root}{UNDER}{name}/")(scope, receive, send)
        else:
            # What one shop leaves in a request's state is no other's.
            own = {**scope, "root_path": f"{root}{UNDER}{name}", "state": dict(self._lives[name].state)}
            await app(own, receive, send)

    async def _at_the_root(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What is told without a shop: nothing about them, not even their names."""
        if scope["type"] != "http":
            return
        path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
        told: Response
        if path == "/readyz" and not self.ready:
            told = problem(503, "not_ready", "the service is warming up", hint="ask again in a second")
        elif path == "/readyz":
            told = _json({"status": "ready"})
        elif path == "/healthz":
            told = _json({"status": "ok", "version": __version__})
        elif path == "/":
            told = _json({"service": "ShopLens", "shops": f"{UNDER}NAME/"})
        else:
            told = problem(404, "http_404", "Not Found", hint=f"each shop is under {UNDER}NAME/")
        await told(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            for life in self._lives.values():
                await life.begin()
        except RuntimeError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.gather(*(life.end() for life in self._lives.values()))
        await send({"type": "lifespan.shutdown.complete"})


@dataclass(slots=True)
class _Life:
    """The life of one shop's service within the whole."""

    app: ASGIApp
    state: dict[str, Any]
    _asked: asyncio.Queue[Message]
    _told: asyncio.Queue[Message]
    _task: asyncio.Task[None] | None

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.state, self._task = app, {}, None

    async def begin(self) -> None:
        """Starts it. Raises RuntimeError with what it says where it fails."""
        self._asked, self._told = asyncio.Queue(), asyncio.Queue()
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self.state}
        self._task = asyncio.create_task(self._run(scope))
        await self._say("startup")

    async def end(self) -> None:
        """Ends it, and waits until it has."""
        if self._task is not None:
            await self._say("shutdown")
            await self._task

    async def _run(self, scope: Scope) -> None:
        try:
            await self.app(scope, self._asked.get, self._told.put)
        except Exception as error:
            await self._told.put({"type": "failed", "message": str(error)})

    async def _say(self, what: str) -> None:
        await self._asked.put({"type": f"lifespan.{what}"})
        told = await self._told.get()
        if not told["type"].endswith(".complete"):
            raise RuntimeError(told.get("message") or f"a shop's service failed at its {what}")


def _json(data: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(data), media_type="application/json", headers={"Cache-Control": "no-cache"})


async def _nothing() -> None:
    return None
