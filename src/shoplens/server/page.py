"""The search page: one template with its first answer inside, a style sheet and a script, all from this package."""

from __future__ import annotations

import hashlib
import json
import mimetypes
from importlib import resources

import anyio.to_thread
from fastapi import FastAPI
from jinja2 import Environment, select_autoescape
from starlette.requests import Request
from starlette.responses import Response

from shoplens.app import Shop
from shoplens.core.query import Query
from shoplens.core.wire import answer_to_fields
from shoplens.errors import NotFoundError

FACETS = ("category", "color", "brand", "material", "pattern")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def mount_page(app: FastAPI, shop: Shop) -> None:
    """Adds ``/`` and ``/assets/...`` to the service."""
    folder = resources.files("shoplens.server") / "ui"
    assets = {f.name: f.read_bytes() for f in folder.iterdir() if f.name.endswith((".css", ".js", ".svg"))}
    # The name in the address changes with the content, so that browsers may keep assets for good.
    tags = {name: hashlib.sha256(data).hexdigest()[:12] for name, data in assets.items()}
    template = Environment(autoescape=select_autoescape(default=True)).from_string(
        (folder / "index.html").read_text("utf-8")
    )

    def first() -> str:
        known = shop.copies.parts.columns.fields()
        facets = tuple(name for name in FACETS if name in known)
        answer = shop.search(Query(per_page=24, facet_by=(*facets, "price")))
        data = json.dumps({"answer": answer_to_fields(answer), "facets": facets})
        # Inside <script>, "<" could end the element; JSON may spell it otherwise.
        return template.render(tags=tags, data=data.replace("<", "\\u003c"), found=answer.found)

    @app.get("/", include_in_schema=False)
    async def page(_: Request) -> Response:
        return Response(await anyio.to_thread.run_sync(first), media_type="text/html", headers=HEADERS)

    @app.get("/assets/{tag}/{name}", include_in_schema=False)
    async def asset(tag: str, name: str) -> Response:
        if tags.get(name) != tag:
            raise NotFoundError("no such asset", where=name, hint="reload the page")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        return Response(assets[name], media_type=kind, headers=headers)
