"""What can be asked of a photo over HTTP before it is searched with."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import FastAPI, Request
from starlette.responses import Response

from shoplens.app import Shop
from shoplens.core.query import Query
from shoplens.errors import PictureError, QueryError
from shoplens.photos import crop_to_fields
from shoplens.server.gates import Gate
from shoplens.server.reading import read_query
from shoplens.server.schemas import ref


def mount_photos(app: FastAPI, shop: Shop, gate: Gate, fetches: Gate) -> None:
    """Adds ``POST /v1/crops``. ``fetches``: the gate of photos that are given by their addresses."""

    @app.post("/v1/crops", summary="The things on a photo, as crops to search with", openapi_extra=_BODY)
    async def crops(request: Request) -> Response:
        asked = await read_query(request, shop.config.server)
        # Its address is looked up by as many threads as those of searches, and no more.
        query = await fetches.run(lambda: asked.make(shop.photo_fetcher())) if asked.fetches else None

        def work() -> bytes:
            photo = _one(query or asked.make(_never)).pictures[0]
            return orjson.dumps({"crops": [crop_to_fields(one) for one in shop.crops(photo)]})

        return Response(await gate.run(work), media_type="application/json")


def _one(query: Query) -> Query:
    if len(query.pictures) != 1:
        raise QueryError(
            f"{len(query.pictures)} photos were sent", where="images", hint="send one: its parts are looked for"
        )
    return query


def _never(url: str) -> bytes:
    raise PictureError("the address of a photo stands where none is looked for", reason="refused", where=url)


_BODY: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/json": {
                "schema": ref("SearchRequest"),
                "example": {"images": ["https://example.com/photo.jpg"]},
            },
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"images": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            },
        }
    }
}
