"""HEAD wherever there is GET (RFC 9110, 9.3.2): the same answer without its body."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def add_heads(app: FastAPI) -> None:
    """Adds HEAD to all routes of a service that has its guard not yet. They stand in no description: it is GET's."""
    for route in list(app.routes):
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
            head = Route(route.path, _endpoint, methods=["HEAD"], include_in_schema=False)
            head.methods = {"HEAD"}  # which is GET's own if only that was given
            head.app = route.app
            app.router.routes.append(head)


async def _endpoint(_: Request) -> Response:
    raise TypeError("a route of HEAD answers as that of GET does")
