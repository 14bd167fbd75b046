"""Suggestions while a shopper types, over HTTP."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import FastAPI, Query
from starlette.responses import Response

from shoplens.app import Shop
from shoplens.core.suggestion import suggestion_to_fields
from shoplens.server.gates import Gate
from shoplens.server.restricting import suggested

THREADS = 2
"""Suggestions worked on at once, beside the searches: they take less than a millisecond each and shall not wait."""
Typed = Annotated[str, Query(description="what was typed so far; the first 64 characters count")]
Limit = Annotated[int, Query(ge=1, le=50, description="suggestions at most")]


def mount_suggestions(app: FastAPI, shop: Shop) -> None:
    """Adds ``/v1/suggest`` to the service."""
    gate = Gate(THREADS, shop.config.server.max_waiting)

    @app.get("/v1/suggest", summary="What a search box proposes for the beginning of a query")
    async def suggest(q: Typed = "", limit: Limit = 8) -> Response:
        found = await gate.run(lambda: suggested(shop, q, limit))
        data = {"suggestions": [suggestion_to_fields(one) for one in found]}
        return Response(orjson.dumps(data), media_type="application/json", headers={"Cache-Control": "no-cache"})
