"""Products over HTTP: read, written in batches, their offers changed, removed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Path, Query, Request
from starlette.responses import Response

from shoplens.app import Shop
from shoplens.core.fields import clean
from shoplens.editing import EditReport, stored_to_fields, tag_of_bytes
from shoplens.errors import QueryError
from shoplens.server.bodies import LINES, object_in, rows_in
from shoplens.server.conditions import conditions_of, reading, refuse_conditions
from shoplens.server.gates import Gate
from shoplens.server.restricting import seen, seen_of
from shoplens.server.schemas import ref

HASH = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="sha256 of the picture's file, in hex")]
WRITERS = 2
"""Batches that are indexed at once; each waits for pictures and for the encoder, searches must not."""
PATCHERS = 16
"""Changes of offers that are at work or wait for their turn in a transaction, which they share."""
MAX_ROWS = 1_000
"""Products of one batch that is answered when it is written; of a larger one a job is made."""
MAX_OFFERS = 10_000
"""Offers and ids of one batch."""
_ONE_BY_ONE = "send conditions with one product: PUT, PATCH or DELETE /v1/products/{product_id}"


def mount_products(app: FastAPI, shop: Shop, gate: Gate, pictures: Gate) -> None:
    """Adds products and pictures to the service. ``pictures``: the gate of those who fetch pictures to show."""
    settings, edits = shop.config.server, shop.edits
    writing, patching = Gate(WRITERS, settings.max_waiting), Gate(PATCHERS, settings.max_waiting)

    @app.get("/v1/products", summary="Several products by their ids")
    async def products(
        ids: Annotated[list[str], Query(description="product ids; repeat the name", max_length=100)],
    ) -> Response:
        def work() -> list[dict[str, Any]]:
            numbers = shop.store.numbers_of(ids)
            found = shop.store.get([numbers[i] for i in ids if i in numbers])
            return [stored_to_fields(s) for s in seen_of(found)]

        return _json({"products": await gate.run(work)})

    @app.get("/v1/catalogue", summary="All products, page by page, in the order in which they came into the shop")
    async def catalogue(
        cursor: Annotated[str, Query(max_length=64, description="next_cursor of the page before")] = "",
        per_page: Annotated[int, Query(ge=1, le=1000, description="products of a page")] = 100,
    ) -> Response:
        after = _number(cursor)

        def work() -> dict[str, Any]:
            found, last = edits.page(after, per_page)
            return {"products": [stored_to_fields(s) for s in found], "next_cursor": _cursor(last) if last else ""}

        return _json(await gate.run(work))

    @app.get("/v1/products/{product_id:any_text}", summary="One product")
    async def product(product_id: str, request: Request) -> Response:
        body = await gate.run(lambda: orjson.dumps(stored_to_fields(seen(edits.get(product_id)))))
        return reading(_tagged(body), request)

    @app.post("/v1/products", summary="Write products: a JSON list, or one object a line", openapi_extra=_BATCH)
    async def upsert(request: Request) -> Response:
        refuse_conditions(request, _ONE_BY_ONE)
        rows = _bounded(await rows_in(request, settings), MAX_ROWS, "send it as a feed: POST /v1/jobs/import")
        return _json(report_to_fields(await writing.run(lambda: edits.upsert(rows))))

    @app.patch("/v1/products", summary="Change the offers of many products", openapi_extra=_OFFERS)
    async def patch_many(request: Request) -> Response:
        refuse_conditions(request, _ONE_BY_ONE)
        rows = _bounded(await rows_in(request, settings), MAX_OFFERS, "send several batches")
        return _json(report_to_fields(await patching.run(lambda: edits.patch_many(rows))))

    @app.post("/v1/products/delete", summary="Remove products", openapi_extra=_IDS)
    async def delete_many(request: Request) -> Response:
        refuse_conditions(request, _ONE_BY_ONE)
        given = (await object_in(request, settings, '{"ids": ["P1"]}')).get("ids")
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            raise QueryError("ids is no list of product ids", where="ids", hint='send {"ids": ["P1"]}')
        ids = [clean(one) for one in _bounded(given, MAX_OFFERS, "send several batches")]
        return _json(report_to_fields(await patching.run(lambda: edits.delete_many(ids))))

    @app.put("/v1/products/{product_id:any_text}", summary="Write one product", openapi_extra=_ONE)
    async def put(product_id: str, request: Request) -> Response:
        fields = await object_in(request, settings, '{"title": "Black bag", "price": "49.90 EUR"}')
        match, unless = conditions_of(request)
        stored, _ = await writing.run(lambda: edits.put(product_id, fields, match=match, unless=unless))
        return _tagged(orjson.dumps(stored_to_fields(stored)))

    @app.patch("/v1/products/{product_id:any_text}", summary="Change a product's offer", openapi_extra=_OFFER)
    async def patch(product_id: str, request: Request) -> Response:
        offer = await object_in(request, settings, '{"price": "49.90 EUR", "quantity": 3}')
        match, unless = conditions_of(request)
        stored = await patching.run(lambda: edits.patch(product_id, offer, match=match, unless=unless))
        return _tagged(orjson.dumps(stored_to_fields(stored)))

    @app.delete("/v1/products/{product_id:any_text}", summary="Remove a product")
    async def delete(product_id: str, request: Request) -> Response:
        match, unless = conditions_of(request)
        seq = await patching.run(lambda: edits.delete(product_id, match=match, unless=unless))
        return _json({"id": product_id, "seq": seq})

    @app.get("/v1/pictures/{picture}", summary="A picture of the catalogue, as a JPEG without metadata")
    async def picture(picture: HASH, side: Annotated[int, Query(ge=32, le=1024)] = 480) -> Response:
        data = await pictures.run(lambda: shop.thumbnail(picture, side))
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        return Response(data, media_type="image/jpeg", headers=headers)


def report_to_fields(report: EditReport) -> dict[str, Any]:
    """What became of the rows of a batch, as JSON data."""
    rows = []
    for result in report.results:
        row: dict[str, Any] = {"row": result.row, "id": clean(result.id), "status": result.status}
        if result.problems:
            row["problems"] = [
                {"field": clean(p.field), "reason": clean(p.reason), "value": clean(p.value)} for p in result.problems
            ]
        if result.warnings:
            row["warnings"] = [{"field": clean(p.field), "reason": clean(p.reason)} for p in result.warnings]
        rows.append(row)
    return {"results": rows, "counts": dict(report.counts), "seq": report.seq}


def _bounded(rows: list[Any], most: int, hint: str) -> list[Any]:
    if not rows:
        raise QueryError("there is nothing in it", where="body", hint="send one item at least")
    if len(rows) > most:
        raise QueryError(f"{len(rows)} items are more than {most}", where="body", hint=hint)
    return rows


def _tagged(body: bytes) -> Response:
    headers = {"ETag": tag_of_bytes(body), "Cache-Control": "no-cache"}
    return Response(body, media_type="application/json", headers=headers)


def _cursor(number: int) -> str:
    return base64.urlsafe_b64encode(b"p%d" % number).decode().rstrip("=")


def _number(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        if text[:1] == "p" and text[1:].isdecimal() and len(text) < 20:
            return int(text[1:])
    except (binascii.Error, ValueError):
        pass
    raise QueryError("the cursor is damaged", where="cursor", hint="begin without one")


def _json(data: Mapping[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(data), status, media_type="application/json")


def _body(schema: Mapping[str, Any], example: Any, *, lines: bool = False) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": schema, "example": example}}
    if lines:
        content[LINES[0]] = {
            "schema": {"type": "string"},
            "example": "\n".join(orjson.dumps(e).decode() for e in example),
        }
    return {"requestBody": {"required": True, "content": content}}


_PRODUCT = {
    "id": "P1",
    "title": "Black leather bag",
    "brand": "Luma",
    "product_type": "Bags > Totes",
    "price": "49.90 EUR",
    "availability": "in stock",
    "image_link": "https://example.com/p1.jpg",
}
_BATCH = _body(
    {"type": "array", "items": ref("GivenProduct"), "maxItems": MAX_ROWS},
    [_PRODUCT, {"id": "P2", "title": "Red mug", "price": "5 EUR", "color": "red"}],
    lines=True,
)
_ONE = _body(ref("GivenProduct"), {name: value for name, value in _PRODUCT.items() if name != "id"})
_OFFERS = _body(
    {"type": "array", "items": ref("GivenOffer"), "maxItems": MAX_OFFERS},
    [{"id": "P1", "price": "45 EUR"}, {"id": "P2", "quantity": 0}],
    lines=True,
)
_OFFER = _body(ref("GivenOffer"), {"price": "45 EUR", "variants": [{"id": "P1-red", "in_stock": False}]})
_IDS = _body(ref("ProductIds"), {"ids": ["P1", "P2"]})
