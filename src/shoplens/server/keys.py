"""``/v1/keys``: keys made, listed and revoked over HTTP, by who has a key with the scope ``admin``."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

import orjson
from fastapi import FastAPI, Request
from starlette.responses import Response

from shoplens.app import Shop
from shoplens.core.keys import ID_BYTES, KEY_FIELDS, SECRET_BYTES, digest, key_from_request, key_to_fields, spelt
from shoplens.errors import NotFoundError
from shoplens.server.bodies import object_in
from shoplens.server.gates import Gate
from shoplens.server.guarding import Guards
from shoplens.server.schemas import ref

_THREADS, _WAITING = 2, 16
_EXAMPLE = '{"name": "shop front", "scopes": ["search"]}'
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": ref("NewKey"),
                "example": {"name": "shop front", "scopes": ["search"], "filter": "in_stock", "rate": "20/s"},
            }
        },
    }
}


def mount_keys(app: FastAPI, shop: Shop, guards: Guards) -> None:
    """Adds ``/v1/keys``."""
    gate, settings = Gate(_THREADS, _WAITING), shop.config.server

    @app.get("/v1/keys", summary="The keys that there are and were, without their secrets")
    async def keys() -> Response:
        return _json({"keys": [key_to_fields(key) for key in await gate.run(guards.keys.all)]})

    @app.post("/v1/keys", summary="Make a key; it is shown this once", openapi_extra=_BODY)
    async def create(request: Request) -> Response:
        given = await object_in(request, settings, _EXAMPLE)
        # As the command line has them: null is the same as left out.
        told = {name: value for name, value in given.items() if value is not None or name not in KEY_FIELDS}
        made = key_from_request(told, secrets.token_hex(ID_BYTES), datetime.now(UTC))
        text = spelt(made.id, secrets.token_bytes(SECRET_BYTES))

        def work() -> None:
            shop.copies.parts.columns.mask(
                made.where
            )  # a field that no product has is refused here, not at each search
            guards.keys.add(made, digest(text))

        await gate.run(work)
        return _json(key_to_fields(made) | {"key": text}, 201)

    @app.delete("/v1/keys/{key_id}", summary="End a key for good")
    async def revoke(key_id: str) -> Response:
        if not key_id.isascii():
            raise NotFoundError(f"there is no key {key_id[:40]!r}", where="key", hint="look: GET /v1/keys")
        ended = await gate.run(lambda: guards.keys.revoke(key_id, datetime.now(UTC)))
        guards.keyring.forget(key_id)
        return _json(key_to_fields(ended))


def _json(data: dict[str, Any], status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(data), status, media_type="application/json", headers=headers)
