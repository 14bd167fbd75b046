"""Every route of the service has a declared scope, and nothing is declared that does not exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.routing import Mount

from shoplens.server import create_app
from shoplens.server.scopes import SCOPES
from tests.conftest import SmallShop


def routes_of(app: Any) -> Iterator[tuple[str, str]]:
    """(method, path template) of all routes, those outside the OpenAPI document, too."""
    for route in app.routes:
        if isinstance(route, Mount):
            raise AssertionError(f"{route.path}: whatever is mounted declares its routes one by one")
        for method in (route.methods or {"GET"}) - {"HEAD"}:
            yield method, route.path


def test_every_route_has_a_scope(small: SmallShop) -> None:
    pytest.importorskip("mcp", reason="the extra mcp is not installed: its route is not there")
    app = create_app(small.open(agents={"mcp": True}))
    there = set(routes_of(app))
    assert there - set(SCOPES) == set(), "add a line to server/scopes.py: without one the route is refused"
    assert set(SCOPES) - there == set(), "server/scopes.py declares what is not there"
    paths = {(m.upper(), p) for p, methods in app.openapi()["paths"].items() for m in methods}
    assert paths <= {(m, p.replace(":any_text", "")) for m, p in SCOPES}
