"""The bodies of writes: JSON that is bounded while it arrives, one object, a list, or one object a line."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import Request

from shoplens.config import ServerSettings
from shoplens.errors import QueryError
from shoplens.feeds.given import rows_of
from shoplens.server.reading import read_body

LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
"""Media types of one JSON object a line."""


def kind_of(request: Request) -> str:
    """The media type of a request's body, "" where none is named."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def rows_in(request: Request, settings: ServerSettings) -> list[Any]:
    """The rows of a body: a JSON list, one object, or one object a line.

    Raises:
        QueryError: another media type; too large, too slow.
        FeedError: it is no JSON.
    """
    kind = _json_kind(request, *LINES)
    body = await read_body(request, settings.max_body_bytes, settings.body_timeout_s)
    return rows_of(body, lines=kind in LINES)


async def object_in(request: Request, settings: ServerSettings, example: str) -> dict[str, Any]:
    """The JSON object of a body. Raises QueryError."""
    _json_kind(request)
    body = await read_body(request, settings.max_body_bytes, settings.body_timeout_s)
    try:
        data = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise QueryError(f"the body is no JSON: {error}", where="body", hint=f"send {example}") from error
    if not isinstance(data, dict):
        raise QueryError("the body is no JSON object", where="body", hint=f"send {example}")
    return data


def _json_kind(request: Request, *others: str) -> str:
    kind = kind_of(request)
    if kind not in ("application/json", *others):  # what a page of another origin cannot send unasked
        raise QueryError(
            f"the content type {kind or 'none'!r} is not understood",
            where="content-type",
            hint="send " + " or ".join(("application/json", *others[:1])),
        )
    return kind
