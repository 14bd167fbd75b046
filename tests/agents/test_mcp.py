"""The MCP server with the official client: over HTTP, over stdio, and what it never says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.agents.conftest import EVIL, HAS_MCP, Agents
from tests.guarded import run_async

pytestmark = pytest.mark.skipif(not HAS_MCP, reason="the extra mcp is not installed: pip install 'shoplens[mcp]'")

NAMES = ["search_catalog", "lookup_catalog", "get_product"]


def talk(server: Any, work: Callable[[Any], Awaitable[Any]], mode: str = "auto") -> Any:
    from mcp import Client

    async def run() -> Any:
        async with Client(server, mode=mode, read_timeout_seconds=60) as client:
            return await work(client)

    return run_async(run())


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_three_tools_over_http(agents: Agents, mode: str) -> None:
    async def work(client: Any) -> None:
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == NAMES
        assert all(tool.annotations.read_only_hint and not tool.annotations.destructive_hint for tool in tools)
        found = await client.call_tool("search_catalog", {"catalog": {"query": "red cushion"}})
        assert not found.is_error
        assert found.structured_content["products"][0]["id"] == "C1"
        assert json.loads(found.content[0].text) == found.structured_content
        looked = await client.call_tool("lookup_catalog", {"meta": {}, "catalog": {"ids": ["M1-red", "nope"]}})
        assert looked.structured_content["products"][0]["variants"][0]["id"] == "M1-red"
        one = await client.call_tool("get_product", {"catalog": {"id": "S1"}})
        assert one.structured_content["product"]["selected"]

    talk(f"{agents.address}/mcp", work, mode)


def test_what_makes_no_sense_is_told(agents: Agents) -> None:
    from mcp import MCPError

    async def work(client: Any) -> None:
        odd = await client.call_tool("search_catalog", {"catalog": {"query": "x", "pagination": {"cursor": "?"}}})
        assert odd.is_error
        assert odd.structured_content["error"]["code"] == "query"
        for name, given in (
            ("lookup_catalog", {"catalog": {"ids": [str(n) for n in range(51)]}}),
            ("search_catalog", {}),
            ("delete_product", {"catalog": {"id": "C1"}}),
        ):
            with pytest.raises(MCPError) as caught:
                await client.call_tool(name, given)
            assert caught.value.error.code == -32602

    talk(f"{agents.address}/mcp", work)


def test_a_products_text_stays_data(agents: Agents) -> None:
    """What a product says stands in the fields of products and nowhere else."""

    async def work(client: Any) -> None:
        assert EVIL not in str(await client.list_tools())
        found = await client.call_tool("get_product", {"catalog": {"id": "E1"}})
        (content,) = found.content
        assert json.loads(content.text)["product"]["title"] == EVIL  # JSON, nothing around it
        info = client.initialize_result if hasattr(client, "initialize_result") else None
        assert EVIL not in str(info)

    talk(f"{agents.address}/mcp", work)


def test_a_key_sees_its_part_of_the_shop_only(agents: Agents) -> None:
    from mcp.client.streamable_http import streamable_http_client

    async def ask(key: str) -> set[str]:
        from mcp import Client

        async with (
            httpx.AsyncClient(headers={"X-API-Key": key}, timeout=30) as http,
            Client(streamable_http_client(f"{agents.address}/mcp", http_client=http)) as client,
        ):
            found = await client.call_tool("lookup_catalog", {"catalog": {"ids": ["C1", "C5", "S1-red-40"]}})
            return {product["id"] for product in found.structured_content["products"]}

    assert run_async(ask(agents.luma_key)) == {"C1"}


def test_pages_of_other_origins_are_refused(agents: Agents) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    headers = {"origin": "https://evil.example", "accept": "application/json, text/event-stream"}
    response = httpx.post(f"{agents.address}/mcp", json=body, headers=headers)
    assert (response.status_code, response.json()["code"]) == (403, "origin")
    assert httpx.get(f"{agents.address}/mcp", timeout=10).status_code == 405  # no stream is kept open


def test_over_stdio_by_the_command_line(agents: Agents, tmp_path: Path) -> None:
    """shoplens mcp: a process that speaks nothing but the protocol on standard output."""
    from mcp import StdioServerParameters

    demo = tmp_path / "feed.jsonl"
    demo.write_text(
        '{"id": "P1", "title": "Red mug", "price": "5 EUR"}\n{"id": "P2", "title": "Lamp", "price": "9 EUR"}\n'
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    index = [sys.executable, "-m", "shoplens", "index", str(demo), "--shop", str(tmp_path / "shop")]
    subprocess.run(index, check=True, env=environment, capture_output=True)
    command = ["-m", "shoplens", "mcp", "--shop", str(tmp_path / "shop")]
    server = StdioServerParameters(command=sys.executable, args=command, env=environment)

    async def work(client: Any) -> list[str]:
        assert [tool.name for tool in (await client.list_tools()).tools] == NAMES
        found = await client.call_tool("search_catalog", {"catalog": {"query": "red mug"}})
        return [product["id"] for product in found.structured_content["products"]]

    assert talk(server, work)[0] == "P1"


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, small: Any) -> None:
    from shoplens.errors import MissingExtraError
    from shoplens.server.mcp import serve_stdio

    for name in [n for n in sys.modules if n.split(".")[0] in ("mcp", "mcp_types")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp_types", None)
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(MissingExtraError, match="mcp"):
        serve_stdio(small.open())
