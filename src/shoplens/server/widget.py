"""``/widget.js``: the search box that a shop puts into a page of its own, under an address that stays."""

from __future__ import annotations

import hashlib

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from shoplens.server.assets import built
from shoplens.server.conditions import reading

NAME = "widget.js"
HEADERS = {
    # Pages of shops name this address, so that a new version has to reach them by itself: an hour at most.
    "Cache-Control": "public, max-age=3600, stale-while-revalidate=86400",
    "X-Content-Type-Options": "nosniff",
    # It is there to be used by pages of other origins, those that isolate themselves (COEP) included.
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def mount_widget(app: FastAPI) -> None:
    """Adds ``/widget.js`` to the service."""
    script = built().files[NAME]
    headers = {**HEADERS, "ETag": f'"{hashlib.sha256(script).hexdigest()[:16]}"'}

    @app.get(f"/{NAME}", include_in_schema=False)
    async def widget(request: Request) -> Response:
        return reading(Response(script, media_type="text/javascript", headers=headers), request)
