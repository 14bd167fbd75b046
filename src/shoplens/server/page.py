"""The pages: templates with their first data inside, and what web/ builds: shop window, one product, back office."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from shoplens.app import Shop
from shoplens.core.query import Query
from shoplens.core.wire import answer_to_fields
from shoplens.editing import stored_to_fields
from shoplens.errors import NotFoundError
from shoplens.server.assets import HEADERS, KINDS, built, embedded, template
from shoplens.server.gates import Busy, Gate
from shoplens.server.restricting import fields_seen, restricted, seen

FACETS = ("category", "color", "brand", "material", "pattern", "gender", "size")
"""Fields whose values are counted beside the results, where the shop has them."""
SHOWN = 12
"""Hits that stand in the page itself, for who reads it before, or without, its script."""
KEPT = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


def mount_page(app: FastAPI, shop: Shop, gate: Gate) -> None:
    """Adds ``/``, ``/p/...``, ``/office/...`` and ``/assets/...`` to the service."""
    made = built()
    window, office_page = template("shop.html"), template("office.html")

    def facets() -> list[str]:
        known = fields_seen(shop)
        return [name for name in FACETS if name in known]

    def rendered(page: Any, entry: str, root: str, **values: Any) -> Response:
        assets = f"{root}/assets/{made.tag}"
        text = page.render(root=root, assets=assets, needs=made.needs(entry), **values)
        return Response(text, media_type="text/html", headers=dict(HEADERS))

    def shop_page(root: str, product: dict[str, Any] | None, whole: bool) -> Response:
        fields, answer = facets(), None
        if whole:
            query = Query(per_page=24, facet_by=(*fields, "price"), max_facet_values=200)
            answer = answer_to_fields(shop.search(restricted(shop, query)))
        data = embedded({"answer": answer, "facets": fields, "product": product})
        hits = answer["hits"][:SHOWN] if answer else []
        return rendered(window, "src/shop/main.tsx", root, data=data, hits=hits, answer=answer, product=product)

    @app.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        # An address that asks for something is answered by the API: the page's script sends it on.
        root = request.scope.get("root_path", "")
        if not request.url.query:
            try:
                return await gate.run(lambda: shop_page(root, None, True))
            except Busy:  # the page comes all the same; its script asks, and says so if it is refused
                pass
        return await anyio.to_thread.run_sync(lambda: shop_page(root, None, False))

    @app.get("/p/{product_id:any_text}", include_in_schema=False)
    async def product(product_id: str, request: Request) -> Response:
        root = request.scope.get("root_path", "")

        def work() -> Response:
            try:
                found = stored_to_fields(seen(shop.edits.get(product_id)))
            except NotFoundError:
                gone = shop_page(root, None, False)
                gone.status_code = 404
                return gone
            return shop_page(root, found, False)

        return await anyio.to_thread.run_sync(work)

    # A shell without data: whoever signs in asks the API with a key.
    @app.get("/office/", include_in_schema=False)
    @app.get("/office/{place:path}", include_in_schema=False)
    async def office(request: Request) -> Response:
        root, keys = request.scope.get("root_path", ""), shop.config.server.keys
        return rendered(office_page, "src/office/main.tsx", root, keys=keys)

    @app.get("/assets/{version}/{name}", include_in_schema=False)
    async def asset(version: str, name: str) -> Response:
        if version != made.tag or name not in made.files:
            raise NotFoundError("no such asset", where=name, hint="reload the page")
        return Response(made.files[name], media_type=KINDS[PurePosixPath(name).suffix], headers=dict(KEPT))
