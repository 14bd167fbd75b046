"""Agents of one shop see nothing of another that the same process serves."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from shoplens.server.tenants import create_tenants
from tests.agents.conftest import HAS_MCP
from tests.conftest import SmallShop


def test_each_shop_has_agents_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    small = {name: SmallShop(tmp_path_factory.mktemp("agents") / name) for name in ("one", "two")}
    shops = {name: made.open(agents={"mcp": HAS_MCP}) for name, made in small.items()}
    for name, shop in shops.items():
        small[name].index(shop, [{"id": f"{name}-1", "title": "Red mug", "price": "5 EUR"}])
    with TestClient(create_tenants(shops), base_url="http://lens.example") as client:
        for name, other in (("one", "two"), ("two", "one")):
            services = client.get(f"/shops/{name}/.well-known/ucp").json()["ucp"]["services"]["dev.ucp.shopping"]
            assert services[0]["endpoint"] == f"http://lens.example/shops/{name}/ucp"
            found = client.post(f"/shops/{name}/ucp/catalog/search", json={"query": "red mug"}).json()
            assert [one["id"] for one in found["products"]] == [f"{name}-1"]
            asked = {"ids": [f"{other}-1"]}
            assert client.post(f"/shops/{name}/ucp/catalog/lookup", json=asked).json()["products"] == []
            if HAS_MCP:
                call: dict[str, Any] = {"name": "lookup_catalog", "arguments": {"catalog": {"ids": ["one-1", "two-1"]}}}
                body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
                accept = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-06-18"}
                told = client.post(f"/shops/{name}/mcp", json=body, headers=accept).json()
                assert [one["id"] for one in told["result"]["structuredContent"]["products"]] == [f"{name}-1"]
    for made in small.values():
        made.close()
