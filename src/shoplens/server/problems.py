"""Errors on the wire: RFC 9457 problem documents with a stable code and a hint."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

from shoplens.core.fields import clean
from shoplens.errors import (
    ConfigError,
    EncoderError,
    FeedError,
    FeedRefusedError,
    JobStateError,
    NotFoundError,
    PictureError,
    ProductChangedError,
    QueryError,
    RemovalGuardError,
    RuleConflictError,
    RuleError,
    ShopError,
    ShopLensError,
    SpaceIncompleteError,
    SpaceInUseError,
)
from shoplens.server.requests import request_id

_STATUS: tuple[tuple[type[ShopLensError], int], ...] = (
    (NotFoundError, 404),
    (ProductChangedError, 412),
    (JobStateError, 409),
    (QueryError, 400),
    (PictureError, 422),
    (RemovalGuardError, 409),
    (RuleConflictError, 409),
    (RuleError, 400),
    (FeedRefusedError, 403),
    (FeedError, 400),
    (SpaceIncompleteError, 409),
    (SpaceInUseError, 409),
    (EncoderError, 503),
    (ShopError, 503),
    (ConfigError, 500),
)


def status_of(error: ShopLensError) -> int:
    """The HTTP status of an error."""
    if isinstance(error, PictureError) and error.reason in ("too_large", "too_many_pixels"):
        return 413
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def problem(status: int, code: str, detail: str, *, where: str | None = None, hint: str | None = None) -> Response:
    """A problem document. ``code`` is stable; ``detail`` is for people."""
    body: dict[str, Any] = {
        "type": f"https://shoplens.dev/problems/{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": clean(detail),
    }
    # Cleaned, as they quote what was sent: half a surrogate pair cannot be written as UTF-8.
    if where:
        body["where"] = clean(where)
    if hint:
        body["hint"] = clean(hint)
    if number := request_id():
        body["request_id"] = number
    headers = {"Retry-After": "1"} if status in (429, 503) else None
    return Response(orjson.dumps(body), status, media_type="application/problem+json", headers=headers)


def from_error(error: ShopLensError) -> Response:
    """The problem document of an error."""
    code = f"{error.code}.{error.reason}" if isinstance(error, PictureError) else error.code
    return problem(status_of(error), code, error.message, where=error.where, hint=error.hint)
