"""The OpenAPI document with what each address answers, and the page that shows it at ``/docs`` without a network."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from fastapi import FastAPI
from jinja2 import Environment, select_autoescape
from starlette.requests import Request
from starlette.responses import Response

from shoplens.server import schemas_keys as keys
from shoplens.server import schemas_office as office
from shoplens.server import schemas_writes as writes
from shoplens.server.schemas import SCHEMAS, ref

_SEARCH = {"400": "the query makes no sense", "404": "a product of like or unlike is not in the shop"}
_SEARCH |= {"408": "the body took too long", "413": "the body or a photo is too large"}
_SEARCH |= {"422": "a photo cannot be used", "503": "the shop cannot be read"}
_ONE = {"404": "not in the shop", "422": "a parameter has a wrong form", "503": "the shop cannot be read"}
_STORE = {"503": "the shop cannot be read"}
_RULE = _STORE | {"400": "the rule makes no sense", "404": "no such rule"}
_RULE |= {"408": "the body took too long", "413": "the body is too large", "422": "a parameter has a wrong form"}
_RULE |= {"409": "the rule has a newer version than the one to be changed"}
ANSWERS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "/v1/search": ("Answer", _SEARCH),
    "/v1/suggest": ("Suggestions", {"422": "a parameter has a wrong form", "503": "the shop cannot be read"}),
    "/v1/crops": ("Crops", _SEARCH),
    "/v1/products": ("Products", {"422": "a parameter has a wrong form", "503": "the shop cannot be read"}),
    "/v1/products/{product_id}": ("StoredProduct", {"404": "not in the shop", "503": "the shop cannot be read"}),
    "/v1/pictures/{picture}": ("image/jpeg", _ONE),
    "/v1/pictures/{picture}/heat": ("image/jpeg or Heat", _SEARCH),
    "/v1/rules": ("Rules", _STORE),
    "/v1/rules/preview": ("RulePreview", _SEARCH),
    "/v1/rules/{rule_id}": ("RuleVersion", _RULE),
    "/v1/rules/{rule_id}/history": ("RuleHistory", _STORE | {"404": "there never was such a rule"}),
    "/v1/rules/{rule_id}/restore": ("RuleVersion", _RULE),
    "/healthz": ("Health", {}),
    "/readyz": ("Readiness", {"503": "not ready yet; ask again"}),
    **writes.ANSWERS,
    **keys.ANSWERS,
    **office.ANSWERS,
}
"""Address, or method and address -> the schema (or the media type, or one of each) of its answer, a status before it
where it is not 200; and the errors of its own by status."""
_EVERYWHERE = {"429": "more requests wait than the service admits", "500": "a fault of ShopLens"}
_EVERYWHERE |= {"400": "a header makes no sense", "415": "the body is packed (Content-Encoding), which is refused"}


def describe(app: FastAPI) -> None:
    """Completes the service's OpenAPI document with schemas, answers and errors, and adds the page ``/docs``."""
    bare = app.openapi
    page = resources.files("shoplens.server") / "ui" / "docs.html"
    template = Environment(autoescape=select_autoescape(default=True)).from_string(page.read_text("utf-8"))

    @cache
    def whole() -> dict[str, Any]:
        return completed(bare())

    app.openapi = whole  # type: ignore[method-assign]

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        # The examples are to be copied into a shell: an address of letters, digits and ports, or the usual one.
        host = request.headers.get("host", "")
        known = re.fullmatch(r"[A-Za-z0-9.:-]+", host)
        at = f"{request.url.scheme}://{host if known else '127.0.0.1:8000'}{request.scope.get('root_path', '')}"
        text = template.render(document=whole(), name_of=name_of, at=at)
        style = text.split("<style>", 1)[1].split("</style>", 1)[0]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"
        headers = {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
        return Response(text, media_type="text/html", headers=headers)


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the answers of every address; FastAPI's own schemas of errors, which we never send, go."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answer, errors = ANSWERS.get(f"{method.upper()} {path}") or ANSWERS[path]
            more = {**(_EVERYWHERE if path.startswith("/v1/") else {}), **keys.errors_of(method.upper(), path)}
            operation["responses"] = _answers(answer, {**more, **errors})
    order = list(dict.fromkeys(address.rpartition(" ")[2] for address in ANSWERS))
    document["paths"] = dict(sorted(document["paths"].items(), key=lambda item: order.index(item[0])))
    document["components"] = {"schemas": {**SCHEMAS, **writes.SCHEMAS, **keys.SCHEMAS, **office.SCHEMAS}}
    keys.tell_of_keys(document)
    return document


def _answers(answer: str, errors: Mapping[str, str]) -> dict[str, Any]:
    """The responses of an operation: "Answer", "image/jpeg or Heat", "Written or 202 Job"."""
    out: dict[str, Any] = {}
    for one in answer.split(" or "):
        status, _, name = one.rpartition(" ")
        told = out.setdefault(status or "200", {"description": name, "content": {}})
        kind, schema = (name, {}) if "/" in name else ("application/json", {"schema": ref(name)})
        told["content"][kind] = schema
    problem = {"application/problem+json": {"schema": ref("Problem")}}
    for status, why in sorted(errors.items()):
        out[status] = {"description": why} | ({} if status == "304" else {"content": problem})
    return out


def name_of(schema: Mapping[str, Any]) -> str:
    """A schema in a few words: Hit, list of Hit, text or null."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "oneOf" in schema:
        return " or ".join(name_of(one) for one in schema["oneOf"])
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {name_of(schema['items'])}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"name: {name_of(schema['additionalProperties'])}"
    if kind == "object" and "properties" in schema:
        return "{" + ", ".join(schema["properties"]) + "}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)
