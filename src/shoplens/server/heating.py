"""``/v1/pictures/{picture}/heat``: where on a picture a query is, drawn, or as numbers for who asks for JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Path, Request
from starlette.responses import Response

from shoplens.app import Shop
from shoplens.core.query import Query
from shoplens.core.wire_why import heat_to_fields
from shoplens.heating import drawn
from shoplens.server.gates import Gate
from shoplens.server.reading import read_query
from shoplens.server.restricting import must_see

HASH = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="sha256 of the picture's file, in hex")]
_SIDE = 480


def mount_heat(app: FastAPI, shop: Shop, gate: Gate, fetches: Gate, refused: Callable[[str], bytes]) -> None:
    """Adds the heat map of a picture to the service.

    Args:
        fetches: the gate of photos that are given by their addresses: searches must not wait for strangers' servers.
        refused: raises for an address of a photo that nobody may fetch here.
    """

    async def heat(request: Request, picture: HASH) -> Response:
        asked = await read_query(request, shop.config.server)
        as_json = "application/json" in request.headers.get("accept", "")
        fetched: Query | None = None
        if asked.fetches:
            await gate.run(lambda: must_see(shop, picture))
            fetched = await fetches.run(lambda: asked.make(shop.photo_fetcher()))

        def work() -> Response:
            must_see(shop, picture)
            found = shop.heat(picture, fetched or asked.make(refused))
            if as_json:
                return Response(orjson.dumps(heat_to_fields(found)), media_type="application/json")
            data = drawn(found, shop.thumbnail(picture, _SIDE))
            headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
            return Response(data, media_type="image/jpeg", headers=headers)

        return await gate.run(work)

    told: dict[str, Any] = {"summary": "Where on a picture a search is: a JPEG, or numbers as application/json"}
    app.get("/v1/pictures/{picture}/heat", **told)(heat)
    app.post("/v1/pictures/{picture}/heat", **told)(heat)
