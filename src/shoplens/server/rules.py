"""Merchandising rules over HTTP: read, tried on a query, and, where the settings allow it, changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from shoplens.app import Shop
from shoplens.core.fields import refuse_unknown, whole_of, wrong
from shoplens.core.rule_fields import moment_from_text, version_to_fields
from shoplens.core.rules import RuleVersion
from shoplens.core.wire import query_from_fields
from shoplens.errors import PictureError, QueryError
from shoplens.rules import preview_to_fields
from shoplens.server.callers import CALLER
from shoplens.server.conditions import refuse_conditions
from shoplens.server.gates import Gate
from shoplens.server.reading import read_body
from shoplens.server.schemas import ref

LIMIT = 1_000_000
"""Bytes of a body with a rule."""
By = Annotated[str, Query(description="who changes it, for the history; the caller's key or address if not given")]
Version = Annotated[
    int | None,
    Query(ge=0, description="the version that is to be changed (0: none yet): 409 if there is a newer one"),
]


def mount_rules(app: FastAPI, shop: Shop, gate: Gate) -> None:
    """Adds the addresses of rules."""
    rules, settings = shop.rules, shop.config.server

    async def body_of(request: Request) -> Any:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":  # what a page of another origin cannot send unasked
            raise QueryError(
                f"the content type {kind or 'none'!r} is not understood",
                where="content-type",
                hint="send application/json",
            )
        data = await read_body(request, min(LIMIT, settings.max_body_bytes), settings.body_timeout_s)
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise QueryError(f"the body is no JSON: {error}", where="body", hint="send a rule as JSON") from error

    async def changed(work: Callable[[], Mapping[str, Any]]) -> Response:
        return _json(await gate.run(work))

    @app.get("/v1/rules", summary="The merchandising rules that there are, by id")
    async def listed() -> Response:
        return _json(await gate.run(lambda: {"rules": [version_to_fields(v) for v in rules.list()]}))

    @app.post(
        "/v1/rules/preview", summary="A query without a rule and with it; nothing is stored", openapi_extra=_PREVIEW
    )
    async def preview(request: Request) -> Response:
        given = await body_of(request)
        if not isinstance(given, dict):
            raise wrong("body", "an object", given)
        refuse_unknown(given, ("rule", "query", "at"))
        asked = given.get("query") or {}
        if not isinstance(asked, dict):
            raise wrong("query", "an object", asked)
        at = given.get("at")
        if at is not None and not isinstance(at, str):
            raise wrong("at", "text", at)

        def work() -> Mapping[str, Any]:
            moment = moment_from_text(at) if at else None
            return preview_to_fields(rules.preview(given.get("rule"), query_from_fields(asked, _never), at=moment))

        return _json(await gate.run(work))

    @app.get("/v1/rules/{rule_id}", summary="One rule")
    async def one(rule_id: str) -> Response:
        return _json(await gate.run(lambda: version_to_fields(rules.get(rule_id))))

    @app.put("/v1/rules/{rule_id}", summary="Store a rule", openapi_extra=_RULE)
    async def put(rule_id: str, request: Request, by: By = "", version: Version = None) -> Response:
        refuse_conditions(request, _VERSION)
        given = await body_of(request)

        def work() -> Mapping[str, Any]:
            named = {"id": rule_id, **given} if isinstance(given, dict) else given
            if isinstance(named, dict) and named["id"] != rule_id:
                raise QueryError("the id is not that of the address", where="id", hint="leave it out of the body")
            saved = rules.put(named, by=_who(by), version=version)
            return _version(saved.version, saved.warnings)

        return await changed(work)

    @app.delete("/v1/rules/{rule_id}", summary="Take a rule out of force")
    async def delete(rule_id: str, request: Request, by: By = "", version: Version = None) -> Response:
        refuse_conditions(request, _VERSION)
        return await changed(lambda: _version(rules.delete(rule_id, by=_who(by), version=version)))

    @app.get("/v1/rules/{rule_id}/history", summary="All versions of a rule: who made them, and when")
    async def history(rule_id: str) -> Response:
        return _json(await gate.run(lambda: {"versions": [version_to_fields(v) for v in rules.history(rule_id)]}))

    @app.post(
        "/v1/rules/{rule_id}/restore",
        summary="Make an old version the newest",
        openapi_extra=_RESTORE,
    )
    async def restore(rule_id: str, request: Request, by: By = "") -> Response:
        refuse_conditions(request, _VERSION)
        given = await body_of(request)
        if not isinstance(given, dict) or "version" not in given:
            raise QueryError("the body names no version", where="version", hint='send {"version": 1}')
        number = whole_of(given, "version", 0)

        def work() -> Mapping[str, Any]:
            saved = rules.restore(rule_id, number, by=_who(by))
            return _version(saved.version, saved.warnings)

        return await changed(work)


def _version(version: RuleVersion, warnings: tuple[str, ...] = ()) -> dict[str, Any]:
    return version_to_fields(version) | {"warnings": list(warnings)}


def _who(by: str) -> str:
    return by.strip() or CALLER.get().name


def _json(data: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")


def _never(source: str) -> bytes:
    raise PictureError(
        "a preview fetches no photos", reason="refused", where="query.images", hint="send the photo as base64"
    )


def _body(schema: Mapping[str, Any], example: Mapping[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"schema": schema, "example": example}}}}


_VERSION = "give ?version=, the one that is to be changed"
_EXAMPLE = {"when": {"query": "sandals"}, "then": {"pin": ["P7"], "boost": [{"filter": "brand=Luma", "by": 2}]}}
_RULE = _body(ref("Rule"), _EXAMPLE)
_PREVIEW = _body(ref("RulePreviewRequest"), {"rule": {"id": "summer", **_EXAMPLE}, "query": {"q": "red sandals"}})
_RESTORE = _body({"type": "object", "properties": {"version": {"type": "integer"}}}, {"version": 1})
