"""Encoders and spaces over HTTP: which one serves, another one built beside it, switched to, switched back from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Request
from starlette.responses import Response

from shoplens.app import Shop
from shoplens.core.fields import refuse_unknown, text_of
from shoplens.errors import (
    ConfigError,
    EncoderError,
    MissingExtraError,
    QueryError,
    SpaceIncompleteError,
    SpaceInUseError,
)
from shoplens.server.bodies import kind_of, object_in
from shoplens.server.gates import Gate
from shoplens.server.idempotency import caller_of
from shoplens.server.jobs import job_to_fields
from shoplens.server.schemas import ref
from shoplens.switching import serving_name, settled

_EXAMPLE = '{"encoder": "onnx:encoders/mine"}'


def mount_encoders(app: FastAPI, shop: Shop) -> None:
    """Adds ``/v1/encoders``."""
    settings, spaces = shop.config.server, shop.spaces
    gate = Gate(1, settings.max_waiting)  # an encoder takes seconds to load, and memory

    async def named(work: Callable[[], Mapping[str, Any]], status: int = 200) -> Response:
        try:
            return _json(await gate.run(work), status)
        except (SpaceIncompleteError, SpaceInUseError):
            raise
        except (ConfigError, EncoderError, MissingExtraError) as error:  # what the caller has named
            raise QueryError(error.message, where="encoder", hint=error.hint) from error

    @app.get("/v1/encoders", summary="The encoder that serves, and the spaces of which vectors are kept")
    async def listed() -> Response:
        return await named(lambda: _told(shop))

    @app.post("/v1/encoders/build", summary="Encode the catalogue with another encoder, as a job", openapi_extra=_BUILD)
    async def build(request: Request) -> Response:
        given = await object_in(request, settings, _EXAMPLE)
        refuse_unknown(given, ("encoder",))
        name = _name(given)

        def work() -> dict[str, Any]:
            settled(name, shop.folder)  # a name that makes no sense is told now, not by the job
            return job_to_fields(shop.jobs.encode(name, by=caller_of(request.scope)))

        return await named(work, 202)

    @app.post("/v1/encoders/switch", summary="Have another encoder serve", openapi_extra=_SWITCH)
    async def switch(request: Request) -> Response:
        given = await object_in(request, settings, _EXAMPLE)
        refuse_unknown(given, ("encoder", "incomplete"))
        name, incomplete = _name(given), given.get("incomplete", False)
        if not isinstance(incomplete, bool):
            raise QueryError("neither true nor false", where="incomplete", hint="give true or false")

        def work() -> dict[str, Any]:
            spaces.switch(settled(name, shop.folder), incomplete=incomplete)
            return _told(shop)

        return await named(work)

    @app.post("/v1/encoders/rollback", summary="Have the encoder serve again that did before the last switch")
    async def rollback(request: Request) -> Response:
        if kind_of(request) and await object_in(request, settings, "nothing"):
            raise QueryError("the body makes no sense", where="body", hint="send nothing")

        def work() -> dict[str, Any]:
            spaces.switch()
            return _told(shop)

        return await named(work)

    @app.delete("/v1/encoders/spaces/{space:any_text}", summary="Drop the vectors of a space that does not serve")
    async def forget(space: str) -> Response:
        return await named(lambda: {"space": space, "vectors": spaces.forget(space)})


def _told(shop: Shop) -> dict[str, Any]:
    choice = shop.spaces.chosen()
    kept = [
        {
            "space": str(one.space),
            "vectors": one.vectors,
            "bytes": one.bytes,
            "missing": dict(one.missing),
            "complete": one.complete,
            "serves": one.serves,
        }
        for one in shop.spaces.kept()
    ]
    name = serving_name(shop.config)
    return {"serves": name, "before": choice.before if choice else "", "space": str(shop.space), "spaces": kept}


def _name(given: Mapping[str, Any]) -> str:
    name = text_of(given, "encoder").strip()
    if not name:
        raise QueryError("no encoder is named", where="encoder", hint=f"send {_EXAMPLE}")
    return name


def _json(data: Mapping[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(data), status, media_type="application/json", headers={"Cache-Control": "no-store"})


def _body(schema: str) -> dict[str, Any]:
    content = {"schema": ref(schema), "example": orjson.loads(_EXAMPLE)}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


_BUILD, _SWITCH = _body("EncoderBuild"), _body("EncoderSwitch")
