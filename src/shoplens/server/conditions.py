"""``If-Match`` and ``If-None-Match`` (RFC 9110, 13.1): a write is done only if what it changes is as is thought."""

from __future__ import annotations

import re
from typing import NamedTuple

from fastapi import Request
from starlette.responses import Response

from shoplens.editing import matches
from shoplens.errors import ProductChangedError, QueryError

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS = re.compile(rf"\*|{_TAG}(?:[ \t]*,[ \t]*{_TAG})*")


class Conditions(NamedTuple):
    """Tags of which what is changed must have one, and tags of which it may have none; None where not asked."""

    match: str | None
    unless: str | None


def conditions_of(request: Request) -> Conditions:
    """The conditions of a write. Raises QueryError for a header that holds no entity tags: it is not guessed at."""
    return Conditions(_asked(request, "if-match"), _asked(request, "if-none-match"))


def refuse_conditions(request: Request, instead: str) -> None:
    """Raises QueryError where a write has a condition and what it changes has no tags: it would be done regardless."""
    for name in ("if-match", "if-none-match"):
        if name in request.headers:
            raise QueryError("this address has no entity tags to compare", where=name, hint=instead)


def reading(response: Response, request: Request) -> Response:
    """What is answered to who reads a representation with an ``ETag``.

    Raises:
        ProductChangedError: it is another one than ``If-Match`` says.
    """
    tag = response.headers["etag"]
    match, unless = _lines(request, "if-match"), _lines(request, "if-none-match")
    if match is not None and not matches(match, tag):
        raise ProductChangedError("it is another one than If-Match says", where="if-match", hint="read it without")
    if unless is not None and matches(unless, tag):
        kept = {name: response.headers[name] for name in ("etag", "cache-control") if name in response.headers}
        return Response(status_code=304, headers=kept)
    return response


def _asked(request: Request, name: str) -> str | None:
    text = _lines(request, name)
    if text is not None and not _TAGS.fullmatch(text):
        raise QueryError(
            f"{name} holds no entity tags: {text[:80]!r}", where=name, hint="send the ETag as it was told, quoted, or *"
        )
    return text


def _lines(request: Request, name: str) -> str | None:
    """A header's value; several lines of it are one list."""
    found = request.headers.getlist(name)
    return ", ".join(found).strip() if found else None
