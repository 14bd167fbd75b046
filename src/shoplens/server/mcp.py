"""An MCP server of the catalogue: the three read-only tools of UCP, over stdio or streamable HTTP (extra ``mcp``).

What a tool answers is structured data, the same as JSON text beside it for clients that read only text. No text of a
product is ever put into a description, an instruction or a prompt.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import orjson
from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from shoplens import __version__
from shoplens.app import Shop
from shoplens.core.answer import Answer
from shoplens.core.query import Query
from shoplens.errors import MissingExtraError, ShopLensError
from shoplens.server.gates import Busy, Gate
from shoplens.server.mcp_tools import TOOLS
from shoplens.server.problems import problem
from shoplens.server.ucp import catalogue_of
from shoplens.server.ucp_catalogue import AgentCatalogue, TooManyIdsError

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

MAX_BODY = 1_000_000
Run = Callable[[Callable[[], dict[str, Any]]], Any]
"""How work is done that takes a while: awaited, in a thread."""

_ANSWERS: Mapping[str, Callable[[AgentCatalogue, Mapping[str, Any]], dict[str, Any]]] = {
    "search_catalog": AgentCatalogue.search,
    "lookup_catalog": AgentCatalogue.lookup,
    "get_product": AgentCatalogue.product,
}


def tools_server(catalogue: AgentCatalogue, run: Run) -> Server[Any]:
    """The MCP server. Raises MissingExtraError without the extra ``mcp``."""
    try:
        import mcp_types as types
        from mcp.server.lowlevel import Server
        from mcp.shared.exceptions import MCPError
    except ImportError as error:
        raise MissingExtraError("the MCP server", extra="mcp") from error

    async def list_tools(_: Any, __: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[types.Tool.model_validate(tool) for tool in TOOLS])

    async def call_tool(_: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        answer = _ANSWERS.get(params.name)
        if answer is None:
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {params.name!r}", {"tools": list(_ANSWERS)})
        given = (params.arguments or {}).get("catalog")
        if not isinstance(given, Mapping):
            raise MCPError(types.INVALID_PARAMS, "the argument catalog is no object", {"where": "catalog"})
        try:
            data = await run(lambda: answer(catalogue, given))
        except TooManyIdsError as error:
            raise MCPError(types.INVALID_PARAMS, error.message, {"code": error.code, "hint": error.hint}) from error
        except (ShopLensError, Busy) as error:
            # The caller can mend it, so it is told as an answer: models see what was wrong and try again.
            told = {"code": error.code, "detail": error.message, "hint": error.hint or ""}
            where = getattr(error, "where", None)
            return _result(types, {"error": told | ({"where": where} if where else {})}, is_error=True)
        return _result(types, data)

    return Server("shoplens", version=__version__, on_list_tools=list_tools, on_call_tool=call_tool)


def _result(types: Any, data: dict[str, Any], *, is_error: bool = False) -> Any:
    text = types.TextContent(type="text", text=orjson.dumps(data).decode())
    return types.CallToolResult(content=[text], structured_content=data, is_error=is_error)


def mount_mcp(app: FastAPI, shop: Shop, gate: Gate, search: Callable[[Query], Answer]) -> None:
    """Adds ``/mcp`` where the setting ``agents.mcp`` is on. Raises MissingExtraError without the extra ``mcp``."""
    if not shop.config.agents.mcp:
        return
    server = tools_server(catalogue_of(shop, search), gate.run)
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    # Without sessions: any process can answer any request, and nothing is kept for clients that never come back.
    manager = StreamableHTTPSessionManager(server, stateless=True, json_response=True, max_request_body_size=MAX_BODY)
    origins = frozenset(shop.config.server.cors_origins)

    class Endpoint:
        """ASGI: pages of other origins are refused, since browsers send what they are told to (DNS rebinding)."""

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            origin = next((value for name, value in scope["headers"] if name == b"origin"), None)
            if origin is not None and origin.decode("latin-1") not in origins:
                told = problem(
                    403, "origin", "pages of this origin may not ask here", where="origin", hint="server.cors_origins"
                )
                await told(scope, receive, send)
                return
            await manager.asgi_app(scope, receive, send)

    app.router.routes.append(Route("/mcp", endpoint=Endpoint(), methods=["POST"]))
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(running: Any) -> AsyncIterator[Any]:
        async with manager.run(), inner(running) as state:
            yield state

    app.router.lifespan_context = lifespan


def serve_stdio(shop: Shop) -> None:
    """Answers on standard input and output until they are closed. Raises MissingExtraError."""

    async def run(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        return await anyio.to_thread.run_sync(work)

    server = tools_server(catalogue_of(shop, shop.search), run)
    from mcp.server.stdio import stdio_server

    async def serve() -> None:
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())

    anyio.run(serve)
