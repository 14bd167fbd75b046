"""Routes that are asked all day, answered without the framework's machinery: no dependencies, no models, no stacks of
contexts. They stand in the service's description like all others, and are judged like all others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]


class Direct:
    """ASGI: an endpoint that takes the request and nothing else. Errors are told by the service's own handlers."""

    def __init__(self, app: FastAPI, endpoint: Endpoint) -> None:
        self._handlers, self._endpoint = app.exception_handlers, endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request = Request(scope, receive)
        try:
            response = await self._endpoint(request)
        except Exception as error:
            tell = self._handler(error)
            if tell is None:  # nobody expected it: told, and logged, by the layer around all others
                raise
            response = await tell(request, error)
        await response(scope, receive, send)

    def _handler(self, error: Exception) -> Any:
        kinds = (kind for kind in type(error).__mro__ if kind is not Exception)
        return next((self._handlers[kind] for kind in kinds if kind in self._handlers), None)


def answer_directly(app: FastAPI, path: str) -> None:
    """Has the routes of a path answered without machinery; to be called before the guard is put around them.

    Raises:
        ValueError: there is none, or one takes more than its request.
    """
    found = [route for route in app.routes if isinstance(route, APIRoute) and route.path == path]
    for route in found:
        needs = route.dependant
        if needs.query_params or needs.body_params or needs.dependencies or needs.header_params or needs.path_params:
            raise ValueError(f"{path} takes more than its request")
        route.app = Direct(app, route.endpoint)
    if not found:
        raise ValueError(f"there is no route {path}")
