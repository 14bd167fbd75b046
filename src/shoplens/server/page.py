"""The search page: one template with its first answer inside, a style sheet and a script, all from this package."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from pathlib import PurePosixPath

import anyio.to_thread
from fastapi import FastAPI
from jinja2 import Environment, select_autoescape
from starlette.requests import Request
from starlette.responses import Response

from shoplens.app import Shop
from shoplens.core.query import Query
from shoplens.core.wire import answer_to_fields
from shoplens.errors import NotFoundError
from shoplens.server.restricting import restricted

FACETS = ("category", "color", "brand", "material", "pattern", "gender", "size")
"""Fields whose values are counted beside the results, where the shop has them."""
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""Not asked of the machine: a registry that calls .js plain text would leave the page without its script."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def mount_page(app: FastAPI, shop: Shop) -> None:
    """Adds ``/`` and ``/assets/...`` to the service."""
    folder = resources.files("shoplens.server") / "ui"
    assets = {f.name: f.read_bytes() for f in folder.iterdir() if PurePosixPath(f.name).suffix in KINDS}
    # The folder's name in the address changes with any content, so that browsers may keep assets for good; and as it is
    # one folder, a script finds the others beside itself.
    digest = hashlib.sha256()
    for name in sorted(assets):
        digest.update(name.encode() + b"\0" + hashlib.sha256(assets[name]).digest())
    tag = digest.hexdigest()[:12]
    modules = sorted(name for name in assets if name.endswith(".js") and name != "app.js")
    template = Environment(autoescape=select_autoescape(default=True)).from_string(
        (folder / "index.html").read_text("utf-8")
    )

    def first(root: str) -> str:
        known = shop.copies.parts.columns.fields()
        facets = tuple(name for name in FACETS if name in known)
        query = Query(per_page=24, facet_by=(*facets, "price"), max_facet_values=200)
        answer = shop.search(restricted(shop, query))
        data = json.dumps({"answer": answer_to_fields(answer), "facets": facets})
        # Inside <script>, "<" could end the element; JSON may spell it otherwise.
        data = data.replace("<", "\\u003c")
        return template.render(assets=f"{root}/assets/{tag}", modules=modules, data=data, found=answer.found)

    @app.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        text = await anyio.to_thread.run_sync(first, request.scope.get("root_path", ""))
        return Response(text, media_type="text/html", headers=HEADERS)

    @app.get("/assets/{version}/{name}", include_in_schema=False)
    async def asset(version: str, name: str) -> Response:
        if version != tag or name not in assets:
            raise NotFoundError("no such asset", where=name, hint="reload the page")
        kind = KINDS[PurePosixPath(name).suffix]
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        return Response(assets[name], media_type=kind, headers=headers)
