"""Reading a search request: from the address, a JSON body or a form, with its size bounded while it arrives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import anyio
import orjson
from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from shoplens.config import ServerSettings
from shoplens.core.query import MAX_PICTURES, Query
from shoplens.core.wire import fields_from_strings, query_from_fields
from shoplens.errors import PictureError, QueryError
from shoplens.server.gates import Busy
from shoplens.server.waiting import ASKING

FetchPicture = Callable[[str], bytes]
MAX_ADDRESS = 32_768
"""Characters of an address behind its "?"."""
_CHARSETS = (b"", b"utf-8", b"utf8", b"us-ascii", b"ascii")
"""Of a form. Python would know many more, and some of them make texts that can be written nowhere."""


class TooLargeError(QueryError):
    """The request's body is larger than the service takes."""

    code = "too_large"


class TooSlowError(QueryError):
    """The request's body does not arrive."""

    code = "too_slow"


@dataclass(frozen=True, slots=True)
class Asked:
    """A search request that was read. ``make`` makes its Query, given how a photo is fetched by its address; it may
    take a while and is called in a thread. ``fetches``: whether it will fetch."""

    make: Callable[[FetchPicture], Query]
    fetches: bool


async def read_body(request: Request, limit: int, seconds: float) -> bytes:
    """The body, refused as soon as it is known to be larger than ``limit`` bytes, given up after ``seconds``.

    Raises:
        TooLargeError, TooSlowError: it is larger, it takes longer.
        Busy: all requests together hold as much as the service has room for.
    """
    try:
        with anyio.fail_after(seconds):
            return await _arriving(request, limit)
    except TimeoutError as error:
        raise TooSlowError(
            f"the body did not arrive within {seconds:g} seconds", where="body", hint="send a smaller photo"
        ) from error


async def _arriving(request: Request, limit: int) -> bytes:
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > limit:
        raise _too_large(int(told), limit)
    parts: list[bytes] = []
    size, asking = 0, ASKING.get()
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(size, limit)
        if asking is not None and not asking.holds(len(chunk)):
            raise Busy
        parts.append(chunk)
    return b"".join(parts)


def _too_large(size: int, limit: int) -> TooLargeError:
    return TooLargeError(
        f"the request has {size} bytes or more, the limit is {limit}", where="body", hint="send a smaller photo"
    )


async def read_query(request: Request, settings: ServerSettings) -> Asked:
    """Reads a search request.

    Raises:
        QueryError: the body is no JSON object, no form, too large, or does not arrive.
    """
    limit = settings.max_body_bytes
    if request.method in ("GET", "HEAD"):
        asked: bytes = request.scope["query_string"]
        if len(asked) > MAX_ADDRESS:
            raise TooLargeError(
                f"the address has {len(asked)} characters behind its '?', the limit is {MAX_ADDRESS}",
                where="address",
                hint="send the fields as JSON: POST /v1/search",
            )
        return _asked(fields_from_strings(parse_qsl(asked.decode("latin-1"), keep_blank_values=True)), {})
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await read_body(request, limit, settings.body_timeout_s)
    if kind == "multipart/form-data":
        return _asked(*await _form(request, body, limit))
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
    return _asked(data, {})


def _asked(fields: Mapping[str, Any], files: Mapping[str, bytes]) -> Asked:
    images = fields.get("images")
    some = images if isinstance(images, list | tuple) else [images]
    # More than are allowed are refused before any is fetched.
    fetches = any(_is_address(i.get("url") if isinstance(i, dict) else i) for i in some[: MAX_PICTURES + 1])
    return Asked(lambda fetch: query_from_fields(fields, _loader(files, fetch)), fetches)


def _is_address(source: Any) -> bool:
    return isinstance(source, str) and source[:8].lower().startswith(("http://", "https://"))


async def _form(request: Request, body: bytes, limit: int) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The fields of a form; its files become ``images``. A field ``json`` holds a whole request as JSON."""

    async def stream() -> Any:
        yield body

    told = parse_options_header(request.headers["content-type"])[1]
    charset = told.get(b"charset", b"").strip().lower()
    if charset not in _CHARSETS:
        raise QueryError(
            f"the charset {charset[:40].decode('ascii', 'replace')!r} of a form is not understood",
            where="content-type",
            hint="send the form in UTF-8",
        )
    boundary = told.get(b"boundary", b"")
    if not boundary:
        raise QueryError(
            "the content type of a form names no boundary",
            where="content-type",
            hint="let your HTTP library set it: multipart/form-data; boundary=...",
        )
    try:
        parser = MultiPartParser(request.headers, stream(), max_files=16, max_fields=64, max_part_size=limit)
        # It is in memory already, and bounded: a larger file would be put on the disk, as it is, for want of memory.
        parser.spool_max_size = limit + 1
        form = await parser.parse()
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


def _loader(files: Mapping[str, bytes], fetch: FetchPicture) -> Callable[[str], bytes]:
    def load(source: str) -> bytes:
        kind, colon, name = source.partition(":")
        if colon and kind == "multipart":
            if name not in files:
                raise QueryError(f"the form has no file {name!r}", where="images", hint="name a part of the form")
            return files[name]
        if _is_address(source):
            return fetch(source)
        # A path names a file of the server: never read for a client.
        raise PictureError(
            "paths are not read over HTTP", reason="refused", where="images", hint="send the photo itself, or its URL"
        )

    return load
