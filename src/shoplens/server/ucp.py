"""UCP over REST: ``/.well-known/ucp`` tells agents what there is, ``/ucp/catalog/...`` answers them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from fastapi import FastAPI, Request
from starlette.responses import Response

from shoplens.app import Shop
from shoplens.config import Config
from shoplens.core.answer import Answer
from shoplens.core.query import Query
from shoplens.server.bodies import object_in
from shoplens.server.callers import CALLER
from shoplens.server.gates import Gate
from shoplens.server.hosts import host_of, is_believed
from shoplens.server.ucp_catalogue import LOOKUP, SEARCH, VERSION, AgentCatalogue

_SPEC = f"https://ucp.dev/{VERSION}"


def base_of(request: Request, config: Config) -> str:
    """The address of this shop's service as agents reach it: the setting ``agents.public_url``, else the name that they
    sent, if it is one of the service's own; without one of both the path alone."""
    if config.agents.public_url:
        return config.agents.public_url.rstrip("/")
    path = str(request.scope.get("root_path", "")).rstrip("/")
    if not is_believed(request.scope, config.guard):
        return path
    return f"{request.scope['scheme']}://{host_of(request.scope)}{path}"


def catalogue_of(shop: Shop, search: Callable[[Query], Answer]) -> AgentCatalogue:
    """The catalogue as who asks at the moment may see it."""
    return AgentCatalogue(shop, search, lambda: CALLER.get().where, shop.config.agents.public_url.rstrip("/"))


def profile(base: str, *, mcp: bool) -> dict[str, Any]:
    """What ``/.well-known/ucp`` says."""
    ways = [("rest", f"{base}/ucp", "rest.openapi.json")] + (
        [("mcp", f"{base}/mcp", "mcp.openrpc.json")] if mcp else []
    )
    services = [
        {
            "version": VERSION,
            "spec": f"{_SPEC}/specification/overview",
            "transport": transport,
            "schema": f"{_SPEC}/services/shopping/{schema}",
            "endpoint": endpoint,
        }
        for transport, endpoint, schema in ways
    ]
    capabilities = {
        name: [
            {
                "version": VERSION,
                "spec": f"{_SPEC}/specification/catalog/{short}",
                "schema": f"{_SPEC}/schemas/shopping/catalog_{short}.json",
            }
        ]
        for name, short in ((SEARCH, "search"), (LOOKUP, "lookup"))
    }
    ucp = {"version": VERSION, "services": {"dev.ucp.shopping": services}, "capabilities": capabilities}
    return {"ucp": ucp | {"payment_handlers": {}}}


def mount_ucp(app: FastAPI, shop: Shop, gate: Gate, search: Callable[[Query], Answer]) -> None:
    """Adds the profile and the three operations, unless the setting ``agents.ucp`` is off."""
    config, settings = shop.config, shop.config.agents
    if not settings.ucp:
        return
    catalogue = catalogue_of(shop, search)

    @app.get("/.well-known/ucp", include_in_schema=False)
    async def discover(request: Request) -> Response:
        base = base_of(request, config)
        # Where the address is only what the caller says it is, no cache may hand it to others.
        kept = "public, max-age=300" if settings.public_url else "no-store"
        return _json(profile(base, mcp=settings.mcp), {"Cache-Control": kept})

    def operation(path: str, answer: Callable[[AgentCatalogue, dict[str, Any]], dict[str, Any]], example: str) -> None:
        @app.post(f"/ucp/catalog/{path}", include_in_schema=False)
        async def asked(request: Request) -> Response:
            given = await object_in(request, shop.config.server, example)
            base = base_of(request, config)
            at = catalogue.at(base if "://" in base else "")  # pictures are told with a whole address or not at all
            return _json(await gate.run(lambda: answer(at, given)))

    operation("search", AgentCatalogue.search, '{"query": "blue running shoes"}')
    operation("lookup", AgentCatalogue.lookup, '{"ids": ["P1"]}')
    operation("product", AgentCatalogue.product, '{"id": "P1"}')


def _json(data: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(data), media_type="application/json", headers=headers)
