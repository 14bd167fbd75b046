"""What is wrong with a shop and what would mend it, over HTTP; and the last changes of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Query
from starlette.responses import Response

from shoplens.app import Shop
from shoplens.engine.doctor import Finding
from shoplens.server.gates import Gate
from shoplens.stores.change_log import newest_changes
from shoplens.switching import serving_name

_THREADS, _WAITING = 1, 8
Before = Annotated[
    int | None, Query(ge=1, le=2**63 - 1, description="changes before this sequence number: seq of the last one told")
]
PerPage = Annotated[int, Query(ge=1, le=500, description="changes of a page")]
_SEND_FEED = {"method": "POST", "path": "/v1/jobs/import"}
_BY_FEED = frozenset(
    {"empty", "pictures_rejected", "no_picture_usable", "no_title", "no_picture", "no_price", "no_category"}
    | {"same_title", "same_picture", "prints_missing"}
)
"""Findings that are mended in the feed, which is then imported again."""


def mount_doctor(app: FastAPI, shop: Shop, gate: Gate) -> None:
    """Adds ``/v1/doctor`` and ``/v1/changes``."""
    examining = Gate(_THREADS, _WAITING)  # reads the whole catalogue: searches must not wait for it

    @app.get("/v1/doctor", summary="What is wrong with the shop, and the call that would mend it")
    async def doctor() -> Response:
        return _json(await examining.run(lambda: _told(shop)))

    @app.get("/v1/changes", summary="The last changes of the catalogue, the newest first")
    async def changes(before: Before = None, per_page: PerPage = 50) -> Response:
        return _json(await gate.run(lambda: _changes(shop, before, per_page)))


def _told(shop: Shop) -> dict[str, Any]:
    found = [asdict(finding) | {"fix": fix_of(shop, finding)} for finding in shop.doctor()]
    about = {name.replace(" ", "_"): value for name, value in shop.about().items() if name not in ("folder", "store")}
    return {"findings": found, "about": about}


def fix_of(shop: Shop, finding: Finding) -> dict[str, Any] | None:
    """The call that mends a finding, or None where none does: ``method``, ``path`` and ``body`` if it takes one.

    A feed that is to be mended first is named without its body.
    """
    if finding.code == "vectors_missing":
        return {"method": "POST", "path": "/v1/encoders/build", "body": {"encoder": serving_name(shop.config)}}
    if finding.code in ("other_space", "space_incomplete"):
        space = next((one.space for one in shop.spaces.kept() if f" {one.space} " in f"{finding.hint} "), None)
        return {"method": "DELETE", "path": f"/v1/encoders/spaces/{space}"} if space is not None else None
    if finding.code == "rules_without_effect":
        return {"method": "GET", "path": "/v1/rules"}
    return dict(_SEND_FEED) if finding.code in _BY_FEED else None


def _changes(shop: Shop, before: int | None, per_page: int) -> dict[str, Any]:
    found = newest_changes(shop.store.database, before, per_page)
    stored = shop.store.get([change.number for change in found])
    titles = {one.product.id: one.product.title for one in stored if one is not None}
    return {
        "changes": [
            {
                "seq": change.seq,
                "id": change.product_id,
                "what": "removed" if change.deleted else "offer" if change.offer_only else "product",
                "title": titles.get(change.product_id, ""),
            }
            for change in found
        ],
        "next_before": found[-1].seq if len(found) == per_page else None,
    }


def _json(data: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(data), media_type="application/json", headers={"Cache-Control": "no-store"})
