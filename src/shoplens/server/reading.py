"""Reading a search request: from the address, a JSON body or a form, with its size bounded while it arrives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from shoplens.core.query import Query
from shoplens.core.wire import fields_from_strings, query_from_fields
from shoplens.errors import PictureError, QueryError

FetchPicture = Callable[[str], bytes]


class TooLargeError(QueryError):
    """The request's body is larger than the service takes."""

    code = "too_large"


async def read_body(request: Request, limit: int) -> bytes:
    """The body, refused as soon as it is known to be larger than ``limit`` bytes. Raises TooLargeError."""
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > limit:
        raise _too_large(int(told), limit)
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(size, limit)
        parts.append(chunk)
    return b"".join(parts)


def _too_large(size: int, limit: int) -> TooLargeError:
    return TooLargeError(
        f"the request has {size} bytes or more, the limit is {limit}", where="body", hint="send a smaller photo"
    )


async def read_query(request: Request, limit: int) -> Callable[[FetchPicture], Query]:
    """Reads a search request.

    Returns:
        A function that makes the Query; it may fetch pictures by address, so it is called in a thread.

    Raises:
        QueryError: the body is no JSON object, no form, or too large.
    """
    if request.method == "GET":
        fields = fields_from_strings(request.query_params.multi_items())
        return lambda fetch: query_from_fields(fields, _loader({}, fetch))
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await read_body(request, limit)
    if kind == "multipart/form-data":
        fields, files = await _form(request, body, limit)
        return lambda fetch: query_from_fields(fields, _loader(files, fetch))
    if kind not in ("application/json", ""):
        raise QueryError(
            f"the content type {kind} is not understood",
            where="content-type",
            hint="send application/json or multipart/form-data",
        )
    try:
        data = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise QueryError(f"the body is no JSON: {error}", where="body", hint='send {"q": "black bag"}') from error
    if not isinstance(data, dict):
        raise QueryError("the body is no JSON object", where="body", hint='send {"q": "black bag"}')
    return lambda fetch: query_from_fields(data, _loader({}, fetch))


async def _form(request: Request, body: bytes, limit: int) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The fields of a form; its files become ``images``. A field ``json`` holds a whole request as JSON."""

    async def stream() -> Any:
        yield body

    try:
        parser = MultiPartParser(request.headers, stream(), max_files=16, max_fields=64, max_part_size=limit)
        form = await parser.parse()
        boundary = parse_options_header(request.headers["content-type"])[1][b"boundary"]
        if b"--" + boundary + b"--" not in body[-len(boundary) - 64 :]:
            raise ValueError("it breaks off before its last boundary")  # the parser drops such a part silently
    except (MultiPartException, KeyError, ValueError) as error:
        raise QueryError(f"the form cannot be read: {error}", where="body", hint="send multipart/form-data") from error
    files: dict[str, bytes] = {}
    texts: list[tuple[str, str]] = []
    images: list[Any] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            data = await value.read()
            files[name] = data
            if name in ("images", "images[]", "image", "photo"):
                images.append(data)
        else:
            texts.append((name.removesuffix("[]"), value))
    await form.close()
    whole = next((text for name, text in texts if name == "json"), None)
    if whole is not None:
        try:
            fields = dict(orjson.loads(whole))
        except (orjson.JSONDecodeError, TypeError, ValueError) as error:
            raise QueryError(
                "the field json is no JSON object", where="json", hint='send {"q": "black bag"}'
            ) from error
        listed = fields.get("images") or ()
        if not isinstance(listed, list | tuple):
            raise QueryError("images is no list", where="images", hint='send {"images": ["multipart:NAME"]}')
        # A file that the JSON names by multipart: is already placed there.
        named = any(isinstance(i, dict) and "multipart" in i for i in listed)
        if images and not named:
            fields["images"] = [*listed, *images]
        return fields, files
    fields = fields_from_strings((name, text) for name, text in texts if text != "")
    if images:
        fields["images"] = [*fields.get("images", ()), *images]
    return fields, files


def _loader(files: dict[str, bytes], fetch: FetchPicture) -> Callable[[str], bytes]:
    def load(source: str) -> bytes:
        kind, colon, name = source.partition(":")
        if colon and kind == "multipart":
            if name not in files:
                raise QueryError(f"the form has no file {name!r}", where="images", hint="name a part of the form")
            return files[name]
        if source.lower().startswith(("http://", "https://")):
            return fetch(source)
        # A path names a file of the server: never read for a client.
        raise PictureError(
            "paths are not read over HTTP", reason="refused", where="images", hint="send the photo itself, or its URL"
        )

    return load
