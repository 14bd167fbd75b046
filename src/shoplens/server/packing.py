"""Answers packed as the client can read them (zstd where Python has it, else gzip), requests that are packed refused.

Packed once the answer is whole: what is streamed, small, a picture or packed already passes as it is. A request's body
that is packed is refused with 415: a few kilobytes may unfold to gigabytes, and photos do not shrink anyway.
"""

from __future__ import annotations

import gzip
import importlib
from collections.abc import Callable
from typing import Any

import anyio.to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shoplens.server.problems import problem

SMALLEST = 1_024
"""Bytes below which packing costs more than it saves."""
IN_THREAD = 65_536
"""Bytes from which on it is done in a thread: a millisecond and more that other requests would wait for."""
LEVEL = 1
"""Answers are packed once and read once: level 1 takes a fifth of the time of level 6, for a tenth more bytes."""
_TEXTS = ("application/json", "application/problem+json", "text/", "application/javascript", "image/svg+xml")
_PACKED = frozenset({b"gzip", b"deflate", b"br", b"zstd", b"compress", b"x-gzip"})


def _packers() -> dict[bytes, Callable[[bytes], bytes]]:
    """Codings that we can write, the best first. zstd is in Python from 3.14 on, or in the package zstandard."""
    found: dict[bytes, Callable[[bytes], bytes]] = {}
    try:
        zstd: Any = importlib.import_module("compression.zstd")
        found[b"zstd"] = lambda data: bytes(zstd.compress(data, level=LEVEL))
    except ImportError:
        try:
            package: Any = importlib.import_module("zstandard")
            found[b"zstd"] = lambda data: bytes(package.ZstdCompressor(level=LEVEL).compress(data))
        except ImportError:
            pass
    found[b"gzip"] = lambda data: gzip.compress(data, LEVEL, mtime=0)
    return found


PACKERS = _packers()


class Packing:
    """ASGI: packs answers, refuses packed requests."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = [value.strip().lower() for value in _header(scope["headers"], b"content-encoding").split(b",")]
        if any(one in _PACKED for one in given):
            told = problem(
                415,
                "packed_body",
                "the body is packed, and packed bodies are not taken",
                where="content-encoding",
                hint="send it as it is, without Content-Encoding",
            )
            told.headers["Accept-Encoding"] = "identity"
            await told(scope, receive, send)
            return
        coding = chosen(_header(scope["headers"], b"accept-encoding"))
        held: Message | None = None

        async def packed(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                if _worth(message["headers"]):
                    message["headers"] = [*message["headers"], (b"vary", b"Accept-Encoding")]
                    if coding and scope["method"] != "HEAD":
                        held = message
                        return
                await send(message)
                return
            if held is not None:
                start, held = held, None
                body = message.get("body", b"")
                if not message.get("more_body") and len(body) >= SMALLEST:
                    pack = PACKERS[coding]
                    done = await anyio.to_thread.run_sync(pack, body) if len(body) >= IN_THREAD else pack(body)
                    start["headers"] = _with_coding(start["headers"], coding, len(done))
                    message = {**message, "body": done}
                await send(start)
            await send(message)

        await self._app(scope, receive, packed)


def chosen(accepted: bytes) -> bytes:
    """The coding that a client prefers among ours (RFC 9110, 12.5.3); "" for none. Of equal weights ours decides."""
    weights: dict[bytes, float] = {}
    for part in accepted.lower().split(b","):
        name, _, rest = part.partition(b";")
        weights[name.strip()] = _weight(rest)
    best, most = b"", 0.0
    for coding in PACKERS:
        weight = weights.get(coding, weights.get(b"*", 0.0))
        if weight > most:
            best, most = coding, weight
    # Who names the plain form as the better one gets it.
    return best if most >= weights.get(b"identity", 0.0) else b""


def _weight(rest: bytes) -> float:
    name, _, value = rest.strip().partition(b"=")
    if name.strip() != b"q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0


def _worth(headers: list[tuple[bytes, bytes]]) -> bool:
    kind = _header(headers, b"content-type").decode("latin-1").lower()
    return kind.startswith(_TEXTS) and not _header(headers, b"content-encoding")


def _with_coding(headers: list[tuple[bytes, bytes]], coding: bytes, size: int) -> list[tuple[bytes, bytes]]:
    out = []
    for name, value in headers:
        if name == b"etag" and not value.startswith(b"W/"):
            value = b"W/" + value  # the same content in another form: a weak tag (RFC 9110, 8.8.1)
        if name != b"content-length":
            out.append((name, value))
    return [*out, (b"content-encoding", coding), (b"content-length", str(size).encode())]


def _header(headers: list[tuple[bytes, bytes]], wanted: bytes) -> bytes:
    return next((value for name, value in headers if name == wanted), b"")
