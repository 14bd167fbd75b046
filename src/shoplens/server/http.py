"""The HTTP service: search, products, pictures, health, and the page."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypeVar

import anyio
import anyio.to_thread
import orjson
import structlog
from fastapi import FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shoplens import __version__
from shoplens.app import Shop
from shoplens.core.wire import QUERY_FIELDS, answer_to_fields, product_to_fields
from shoplens.errors import ShopLensError
from shoplens.server.page import mount_page
from shoplens.server.problems import from_error, problem
from shoplens.server.reading import TooLargeError, read_query

log = structlog.get_logger("shoplens")
T = TypeVar("T")

THREADS = 8
"""Requests worked on at once: FAISS, tantivy and onnxruntime release Python's lock; decoding waits for a process."""
IDS = Annotated[list[str], Query(description="product ids; repeat the name", max_length=100)]
HASH = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="sha256 of the picture's file, in hex")]


class Busy(Exception):
    """More requests wait than the service admits."""


class Gate:
    """Admits requests to worker threads; past ``waiting`` the answer is 429 at once, and the admitted stay quick."""

    def __init__(self, threads: int, waiting: int) -> None:
        self._limiter: anyio.CapacityLimiter | None = None
        self._threads = threads
        self._room = threads + waiting
        self._inside = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Runs the work in a thread. Raises Busy."""
        if self._inside >= self._room:
            raise Busy
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self._threads)
        self._inside += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._inside -= 1


def create_app(shop: Shop) -> FastAPI:
    """The service of one shop, as an ASGI application. The caller opens and closes the shop."""
    settings = shop.config.server
    gate = Gate(THREADS, settings.max_waiting)
    state = {"ready": False, "failed": ""}

    async def warm() -> None:
        try:
            await anyio.to_thread.run_sync(shop.warm_up)
            state["ready"] = True
        except Exception as error:
            state["failed"] = str(error)
            log.exception("warm-up failed")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        shop.copies.start_keeper(lambda error: log.error("copies cannot be kept current", error=str(error)))
        warming = asyncio.create_task(warm())
        yield
        await warming

    app = FastAPI(
        title="ShopLens",
        version=__version__,
        description="Visual and multimodal product search: words, photos, and both.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
    )
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
        )
    _handle_errors(app)
    _health(app, state)
    _search(app, shop, gate)
    _products(app, shop, gate)
    mount_page(app, shop)
    return app


def json_response(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON as bytes: several times quicker than FastAPI's own model of a response."""
    return Response(
        orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY), status, media_type="application/json", headers=headers
    )


def _search(app: FastAPI, shop: Shop, gate: Gate) -> None:
    async def search(request: Request) -> Response:
        make = await read_query(request, shop.config.server.max_body_bytes)

        def work() -> bytes:
            answer = shop.search(make(shop.fetch_photo))
            return orjson.dumps(answer_to_fields(answer), option=orjson.OPT_SERIALIZE_NUMPY)

        return Response(await gate.run(work), media_type="application/json")

    fields = [
        {"name": name, "in": "query", "required": False, "description": meaning, "schema": {"type": "string"}}
        for name, meaning in QUERY_FIELDS.items()
    ]
    properties = {name: {"description": meaning} for name, meaning in QUERY_FIELDS.items()}
    body = {
        "content": {
            "application/json": {
                "schema": {"type": "object", "properties": properties},
                "example": {"q": "black leather bag", "filter_by": "price<100 and in_stock", "per_page": 10},
            },
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": properties
                    | {"images": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            },
        }
    }
    app.get("/v1/search", summary="Search, with the fields in the address", openapi_extra={"parameters": fields})(
        search
    )
    app.post("/v1/search", summary="Search, with JSON or a form", openapi_extra={"requestBody": body})(search)


def _products(app: FastAPI, shop: Shop, gate: Gate) -> None:
    @app.get("/v1/products", summary="Several products by their ids")
    async def products(
        ids: Annotated[list[str], Query(description="product ids; repeat the name", max_length=100)],
    ) -> Response:
        def work() -> list[dict[str, Any]]:
            numbers = shop.store.numbers_of(ids)
            found = shop.store.get([numbers[i] for i in ids if i in numbers])
            return [_product_fields(s) for s in found if s is not None]

        return json_response({"products": await gate.run(work)})

    @app.get("/v1/products/{product_id:path}", summary="One product")
    async def product(product_id: str) -> Response:
        return json_response(await gate.run(lambda: _product_fields(shop.stored(product_id))))

    @app.get("/v1/pictures/{picture}", summary="A picture of the catalogue, as a JPEG without metadata")
    async def picture(picture: HASH, side: Annotated[int, Query(ge=32, le=1024)] = 480) -> Response:
        data = await gate.run(lambda: shop.thumbnail(picture, side))
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        return Response(data, media_type="image/jpeg", headers=headers)


def _product_fields(stored: Any) -> dict[str, Any]:
    return product_to_fields(stored.product) | {"pictures": list(dict.fromkeys(stored.pictures.values()))}


def _health(app: FastAPI, state: dict[str, Any]) -> None:
    @app.get("/healthz", summary="Whether the process lives")
    async def healthz() -> Response:
        return json_response({"status": "ok", "version": __version__})

    @app.get("/readyz", summary="Whether it can answer: only after a warm-up")
    async def readyz() -> Response:
        if state["ready"]:
            return json_response({"status": "ready"})
        return problem(503, "not_ready", state["failed"] or "the service is warming up", hint="ask again in a second")


def _handle_errors(app: FastAPI) -> None:
    @app.exception_handler(ShopLensError)
    async def known(_: Request, error: ShopLensError) -> Response:
        if isinstance(error, TooLargeError):
            return problem(413, error.code, error.message, where=error.where, hint=error.hint)
        return from_error(error)

    @app.exception_handler(Busy)
    async def busy(_: Request, __: Busy) -> Response:
        return problem(429, "busy", "more requests wait than the service admits", hint="try again in a second")

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> Response:
        hint = "see /v1/openapi.json for what there is" if error.status_code == 404 else None
        response = problem(error.status_code, f"http_{error.status_code}", str(error.detail), hint=hint)
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return problem(422, "invalid", str(first["msg"]), where=where, hint="see /v1/openapi.json")

    @app.exception_handler(Exception)
    async def unexpected(request: Request, _: Exception) -> Response:
        # The traceback is logged by the server that called us; the number ties the two lines together.
        number = uuid.uuid4().hex[:12]
        log.error("unexpected error", number=number, method=request.method, path=request.url.path)
        return problem(
            500, "unexpected", f"an unexpected error, kept in the log as {number}", hint="report it with this number"
        )


__all__ = ["create_app"]
