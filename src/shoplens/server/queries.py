"""The log of queries over HTTP: the most frequent, those that found nothing, those of which nothing was certain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Literal

import orjson
from fastapi import FastAPI, Query
from starlette.responses import Response

from shoplens.app import Shop
from shoplens.core.logged import LoggedQuery, QueryCount, top, totals, unsure_of, without_results
from shoplens.server.gates import Gate
from shoplens.stores.query_log import FOLDER, read_log

ListName = Literal["top", "no_result", "low_confidence"]
CHOOSE: Mapping[str, Callable[[Iterable[LoggedQuery]], Sequence[QueryCount]]] = {
    "top": top,
    "no_result": without_results,
    "low_confidence": unsure_of,
}
"""As ``shoplens queries`` lists them."""
_THREADS, _WAITING = 1, 16
Listed = Annotated[ListName, Query(alias="list", description="top, no_result or low_confidence")]
Days = Annotated[int, Query(ge=1, le=3_650, description="days to look back, today being one")]
Limit = Annotated[int, Query(ge=1, le=1_000, description="queries at most")]


def mount_queries(app: FastAPI, shop: Shop) -> None:
    """Adds ``/v1/queries``."""
    gate = Gate(_THREADS, _WAITING)

    @app.get("/v1/queries", summary="What shoppers ask, and what they do not find")
    async def queries(which: Listed = "top", days: Days = 30, limit: Limit = 50) -> Response:
        data = await gate.run(lambda: told(shop, which, days, limit))
        return Response(data, media_type="application/json", headers={"Cache-Control": "no-store"})


def told(shop: Shop, which: str, days: int, limit: int) -> bytes:
    """A list of the log as JSON."""
    lines = list(read_log(shop.folder / FOLDER, days))
    found = CHOOSE[which](lines)
    return orjson.dumps(
        {
            "list": which,
            "days": days,
            "enabled": shop.config.query_log.enabled,
            "totals": asdict(totals(lines)),
            "queries": [one.to_fields() for one in found[:limit]],
            "more": max(0, len(found) - limit),
        }
    )
