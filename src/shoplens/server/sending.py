"""``POST /v1/pictures``: pictures of products sent along, for shops whose pictures lie nowhere that can be asked."""

from __future__ import annotations

import shutil
from typing import Any

import orjson
from fastapi import FastAPI, Request
from starlette.responses import Response

from shoplens.app import Shop
from shoplens.errors import QueryError, StoreError
from shoplens.pictures.redact import repaint
from shoplens.pictures.sent import FOLDER, PREFIX, keep
from shoplens.server.bodies import kind_of
from shoplens.server.gates import Gate
from shoplens.server.jobs import FREE
from shoplens.server.reading import read_body

SIDE = 1024
"""Shortest side of what is kept, in pixels, at most: as large as pictures are ever shown."""
QUALITY = 92
WRITERS = 2


def mount_sending(app: FastAPI, shop: Shop) -> None:
    """Adds ``POST /v1/pictures`` to the service."""
    settings, gate = shop.config.server, Gate(WRITERS, shop.config.server.max_waiting)

    @app.post("/v1/pictures", summary="Send a picture of a product; name it in image_link", openapi_extra=_BODY)
    async def send(request: Request) -> Response:
        kind = kind_of(request)
        if not (kind.startswith("image/") or kind == "application/octet-stream"):
            raise QueryError(
                f"the content type {kind or 'none'!r} is no picture's", where="content-type", hint="send image/jpeg"
            )
        limit = min(settings.max_body_bytes, shop.config.pictures.max_bytes)
        data = await read_body(request, limit, settings.body_timeout_s)
        if not data:
            raise QueryError("there is nothing in it", where="body", hint="send the picture's file")

        def work() -> dict[str, Any]:
            if shutil.disk_usage(shop.folder).free < FREE:
                raise StoreError("the disk has too little room left", where=FOLDER, hint="free some space")
            decoded = shop.decoder().decode(data, SIDE)
            picture = keep(shop.folder / FOLDER, repaint(decoded.pixels, SIDE, QUALITY))
            return {
                "picture": picture,
                "location": f"{PREFIX}{picture}",
                "width": int(decoded.width),
                "height": int(decoded.height),
            }

        return Response(orjson.dumps(await gate.run(work)), 201, media_type="application/json")


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("image/jpeg", "image/png", "image/webp", "application/octet-stream")
        },
    }
}
