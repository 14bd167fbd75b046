"""The search page: one template with its first answer inside, a style sheet and a script, all from this package."""

from __future__ import annotations

from pathlib import PurePosixPath

import anyio.to_thread
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from shoplens.app import Shop
from shoplens.core.query import Query
from shoplens.core.wire import answer_to_fields
from shoplens.errors import NotFoundError
from shoplens.server.assets import HEADERS, KINDS, built, embedded, template
from shoplens.server.restricting import fields_seen, restricted

FACETS = ("category", "color", "brand", "material", "pattern", "gender", "size")
"""Fields whose values are counted beside the results, where the shop has them."""
NEW = ("kit.js", "shop.js", "office.js", "widget.js")


def mount_page(app: FastAPI, shop: Shop) -> None:
    """Adds ``/`` and ``/assets/...`` to the service."""
    made = built()
    modules = sorted(name for name in made.files if name.endswith(".js") and name not in ("app.js", *NEW))
    page_of, office_of = template("index.html"), template("office.html")

    def first(root: str) -> str:
        known = fields_seen(shop)
        facets = tuple(name for name in FACETS if name in known)
        query = Query(per_page=24, facet_by=(*facets, "price"), max_facet_values=200)
        answer = shop.search(restricted(shop, query))
        data = embedded({"answer": answer_to_fields(answer), "facets": facets})
        return str(page_of.render(assets=f"{root}/assets/{made.tag}", modules=modules, data=data, found=answer.found))

    @app.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        text = await anyio.to_thread.run_sync(first, request.scope.get("root_path", ""))
        return Response(text, media_type="text/html", headers=dict(HEADERS))

    # A shell without data: whoever signs in asks the API with a key.
    @app.get("/office/", include_in_schema=False)
    @app.get("/office/{place:path}", include_in_schema=False)
    async def office(request: Request) -> Response:
        root = request.scope.get("root_path", "")
        needs = made.needs("src/office/main.tsx")
        text = office_of.render(root=root, assets=f"{root}/assets/{made.tag}", needs=needs)
        return Response(text, media_type="text/html", headers=dict(HEADERS))

    @app.get("/assets/{version}/{name}", include_in_schema=False)
    async def asset(version: str, name: str) -> Response:
        if version != made.tag or name not in made.files:
            raise NotFoundError("no such asset", where=name, hint="reload the page")
        kind = KINDS[PurePosixPath(name).suffix]
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        return Response(made.files[name], media_type=kind, headers=headers)
