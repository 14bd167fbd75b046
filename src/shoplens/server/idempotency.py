"""``Idempotency-Key``: a write that is sent again with the same key is answered as before, and done once.

A caller that got no answer cannot know whether its write was done; with a key it just sends it again. The answer is
kept for a day, before it is sent. Of the same write sent several times at once one is done, the others wait for it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import MutableMapping
from typing import Any

import anyio.to_thread
import orjson
import structlog
from fastapi import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shoplens.config import ServerSettings
from shoplens.errors import ShopError
from shoplens.server.problems import problem
from shoplens.server.reading import TooLargeError, TooSlowError, read_body
from shoplens.server.waiting import ASKING
from shoplens.stores.write_answers import WriteAnswer, WriteAnswers

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
WAIT_S = 30.0
"""How long the same write waits for the one that is being done."""
LONGEST = 255
COVERED = ("/v1/products", "/v1/rules", "/v1/synonyms", "/v1/jobs", "/v1/encoders")
"""Where writes lie. Keys are not among them: their answer holds a secret that is kept nowhere."""
NOT_COVERED = ("/v1/rules/preview", "/v1/jobs/import")
"""What stores nothing; and what sees to it itself, as its body may be too large to be kept."""
_NOT_KEPT = frozenset({401, 403, 408, 409, 412, 413, 429})
"""Refusals before anything was done, which another try may not meet."""
_TOLD = (b"content-type", b"etag", b"location")

log = structlog.get_logger("shoplens")


class Idempotency:
    """ASGI middleware; within the one that knows the callers (``scope["state"]["caller"]``)."""

    def __init__(self, app: ASGIApp, answers: WriteAnswers, settings: ServerSettings) -> None:
        self._app, self._answers, self._settings = app, answers, settings
        self._running: dict[tuple[str, str], asyncio.Event] = {}
        self._tasks: set[asyncio.Task[Response]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request that has a key; all others pass."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS") or not _covered(_path(scope)):
            return await self._app(scope, receive, send)
        request = Request(scope, receive)
        given = request.headers.get(HEADER)
        if given is None:
            return await self._app(scope, receive, send)
        key = given.strip().strip('"')
        if not 1 <= len(key) <= LONGEST or not key.isascii() or not key.isprintable():
            refusal = problem(
                400,
                "idempotency_key",
                f"the key has no form that can be kept: 1 to {LONGEST} printable ASCII characters",
                where=HEADER,
                hint="send a fresh UUID",
            )
            return await refusal(scope, receive, send)
        try:
            body = await read_body(request, self._settings.max_body_bytes, self._settings.body_timeout_s)
        except (TooLargeError, TooSlowError) as error:
            status = 413 if isinstance(error, TooLargeError) else 408
            refusal = problem(status, error.code, error.message, where=error.where, hint=error.hint)
            return await refusal(scope, receive, send)
        response = await self._answered((caller_of(scope), key), scope, body)
        await response(scope, receive, send)

    async def _answered(self, entry: tuple[str, str], scope: Scope, body: bytes) -> Response:
        asked = fingerprint(scope["method"], _path(scope), scope.get("query_string", b""), body)
        end = asyncio.get_running_loop().time() + WAIT_S
        while (running := self._running.get(entry)) is not None:
            left = end - asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(running.wait(), max(left, 0.001))
            except TimeoutError:
                response = problem(
                    409, "idempotency_running", "the same write is still being done", where=HEADER, hint="ask again"
                )
                response.headers["Retry-After"] = "5"
                return response
        self._running[entry] = asyncio.Event()
        # A task of its own: when the client goes away, the write is done to its end and its answer kept.
        task = asyncio.create_task(self._do(entry, asked, scope, body))
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: asyncio.Task[Response]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # told to whoever waits for it; where nobody does any more, it is no fault of the loop

    async def _do(self, entry: tuple[str, str], asked: bytes, scope: Scope, body: bytes) -> Response:
        ASKING.set(None)
        try:
            found = await anyio.to_thread.run_sync(lambda: self._answers.find(*entry))
            if found is not None:
                return _again(found) if found.request == asked else reused()
            status, headers, answer = await _run(self._app, scope, body)
            if status < 500 and status not in _NOT_KEPT:
                kept = WriteAnswer(asked, status, _packed(headers, answer))
                try:
                    await anyio.to_thread.run_sync(lambda: self._answers.keep(*entry, kept))
                except ShopError as error:  # the write is done, and is told
                    log.error("the answer to a write cannot be kept", error=str(error))
            response = Response(answer, status)
            response.raw_headers = headers
            return response
        finally:
            self._running.pop(entry).set()


def caller_of(scope: Scope) -> str:
    """Who asks, as the guard of keys has told; "" where there are none."""
    state: MutableMapping[str, Any] = scope.get("state") or {}
    return str(state.get("caller") or "")


def fingerprint(method: str, path: str, query: bytes, body: bytes) -> bytes:
    """SHA-256 of what a request asks for."""
    digest = hashlib.sha256()
    for part in (method.encode(), path.encode("utf-8", "replace"), query, body):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def reused() -> Response:
    """The refusal of a key under which something else was asked before."""
    return problem(
        422,
        "idempotency_key_reused",
        "another write was sent with this Idempotency-Key before",
        where=HEADER,
        hint="send a fresh key with each write; the same one only to send the same write again",
    )


def _path(scope: Scope) -> str:
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path.removeprefix(root) if root else path


def _covered(path: str) -> bool:
    below = any(path == one or path.startswith(f"{one}/") for one in COVERED)
    return below and path not in NOT_COVERED


async def _run(app: ASGIApp, scope: Scope, body: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    status, headers, parts = 500, list[tuple[bytes, bytes]](), list[bytes]()
    sent = False
    forever = asyncio.Event()

    async def receive() -> Message:
        nonlocal sent
        if sent:
            await forever.wait()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], list(message["headers"])
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return status, headers, b"".join(parts)


def _packed(headers: list[tuple[bytes, bytes]], body: bytes) -> bytes:
    told = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers if name.lower() in _TOLD}
    return orjson.dumps(told) + b"\n" + body


def _again(found: WriteAnswer) -> Response:
    told, _, body = found.answer.partition(b"\n")
    return Response(body, found.status, headers={**orjson.loads(told), REPLAYED: "true"})
