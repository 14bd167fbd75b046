"""What can be asked of a photo over HTTP before it is searched with."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Request
from fastapi import Query as Parameter
from starlette.responses import Response

from shoplens.app import Shop
from shoplens.errors import PictureError
from shoplens.photos import LooksAndSearches, crop_to_fields, found_to_fields, search_each, the_photo
from shoplens.server.gates import Gate
from shoplens.server.reading import read_query
from shoplens.server.restricting import restricted
from shoplens.server.schemas import ref

_EACH = "true: search with each crop, too, as the other fields say; its answer stands beside it"


def mount_photos(app: FastAPI, shop: Shop, gate: Gate, fetches: Gate, watched: LooksAndSearches) -> None:
    """Adds ``POST /v1/crops``. ``fetches``: the gate of photos that are given by their addresses. ``watched``: looks
    and searches, and counts what came of it."""

    @app.post("/v1/crops", summary="The things on a photo, as crops to search with", openapi_extra=_BODY)
    async def crops(
        request: Request,
        search: Annotated[bool, Parameter(description=_EACH)] = False,
    ) -> Response:
        asked = await read_query(request, shop.config.server)
        # Its address is looked up by as many threads as those of searches, and no more.
        query = await fetches.run(lambda: asked.make(shop.photo_fetcher())) if asked.fetches else None

        def work() -> bytes:
            whole = query or asked.make(_never)
            if search:
                every = search_each(watched, restricted(shop, whole))
                return orjson.dumps({"crops": [found_to_fields(*one) for one in every]}, option=_NUMBERS)
            return orjson.dumps({"crops": [crop_to_fields(one) for one in watched.crops(the_photo(whole))]})

        return Response(await gate.run(work), media_type="application/json")


def _never(url: str) -> bytes:
    raise PictureError("the address of a photo stands where none is looked for", reason="refused", where=url)


_NUMBERS = orjson.OPT_SERIALIZE_NUMPY
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
