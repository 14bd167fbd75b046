"""The HTTP service: search, products, pictures, health, and the page."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio.to_thread
import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shoplens import __version__
from shoplens.app import Shop
from shoplens.core.wire import answer_to_fields
from shoplens.errors import PictureError, ShopLensError
from shoplens.server.comparing import mount_comparing
from shoplens.server.describing import describe
from shoplens.server.direct import answer_directly
from shoplens.server.doctor import mount_doctor
from shoplens.server.encoders import mount_encoders
from shoplens.server.fronting import add_cors, front
from shoplens.server.gates import Busy, Gate, Gates, gates_of
from shoplens.server.guarding import add_guard, busy_told, guards_of
from shoplens.server.heads import add_heads
from shoplens.server.heating import mount_heat
from shoplens.server.idempotency import Idempotency
from shoplens.server.jobs import mount_jobs
from shoplens.server.keys import mount_keys
from shoplens.server.mcp import mount_mcp
from shoplens.server.metrics import mount_metrics
from shoplens.server.observing import Watch
from shoplens.server.overview import mount_overview
from shoplens.server.packing import Packing
from shoplens.server.page import mount_page
from shoplens.server.photos import mount_photos
from shoplens.server.problems import from_error, problem
from shoplens.server.products import mount_products
from shoplens.server.queries import mount_queries
from shoplens.server.reading import TooLargeError, TooSlowError, read_query
from shoplens.server.restricting import restricted
from shoplens.server.rules import mount_rules
from shoplens.server.schemas import FIELDS, ref
from shoplens.server.sending import mount_sending
from shoplens.server.similar import mount_similar, mount_synonyms
from shoplens.server.suggesting import mount_suggestions
from shoplens.server.ucp import mount_ucp
from shoplens.server.widget import mount_widget
from shoplens.stores.write_answers import WriteAnswers

log = structlog.get_logger("shoplens")

FOLLOW_S = 1.0
"""How often the store is asked whether the shop was switched to another encoder, in seconds."""
FOLLOW_AGAIN_S = 30.0
"""How long a switch that could not be followed is left alone, in seconds."""


class AnyText(Convertor[str]):
    """The rest of an address, with slashes and line breaks: the ids of a shop's feed are theirs to choose."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        """The text as it is."""
        return value

    def to_string(self, value: str) -> str:
        """The text as it is."""
        return value


register_url_convertor("any_text", AnyText())


def create_app(shop: Shop, gates: Gates | None = None) -> FastAPI:
    """The service of one shop, as an ASGI application. The caller opens and closes the shop.

    Args:
        gates: those of the process, where several shops share its capacity.
    """
    settings = shop.config.server
    gates = gates or gates_of(settings.max_waiting, shop.config.guard.max_wait_ms / 1e3, shop.config.search.batch)
    gate, pictures, fetches = gates.search, gates.pictures, gates.fetches
    watch = Watch(shop, gates)
    state = {"ready": False, "failed": ""}

    async def warm() -> None:
        try:
            await anyio.to_thread.run_sync(shop.warm_up)
            settle = getattr(app.state, "when_ready", None)
            if settle is not None:
                settle()
            state["ready"] = True
        except Exception as error:
            state["failed"] = str(error)
            log.exception("warm-up failed")

    def keep() -> None:
        shop.copies.start_keeper(lambda error: log.error("copies cannot be kept current", error=str(error)))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        keep()
        warming = asyncio.create_task(warm())
        following = asyncio.create_task(_follow(shop, keep))
        if not shop.store.read_only:
            shop.jobs.start()
        yield
        following.cancel()
        await anyio.to_thread.run_sync(shop.jobs.close)
        await anyio.to_thread.run_sync(trials.close)
        with suppress(asyncio.CancelledError):
            await following
        await warming

    app = FastAPI(
        title="ShopLens",
        version=__version__,
        description="Visual and multimodal product search: words, photos, and both.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        # The framework's own: asked for at each request, and it would tell others what `observe` does not allow.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    # The innermost: who asks must be known before what was answered is looked up.
    app.add_middleware(Idempotency, answers=WriteAnswers(shop.store.database), settings=settings)
    _handle_errors(app)
    _health(app, shop, state)
    _search(app, shop, gate, fetches, watch)
    mount_metrics(app, watch.metrics)
    mount_photos(app, shop, gate, fetches, watch)
    mount_products(app, shop, gate, pictures)
    mount_sending(app, shop)
    mount_jobs(app, shop, gate)
    mount_similar(app, shop, gate, fetches, lambda query: watch.search(restricted(shop, query)), _never)
    mount_synonyms(app, shop, gate)
    mount_encoders(app, shop)
    mount_suggestions(app, shop)
    mount_rules(app, shop, gate)
    mount_heat(app, shop, gate, fetches, _never)
    mount_overview(app, shop, watch.metrics.traffic)
    mount_queries(app, shop)
    mount_doctor(app, shop, gate)
    trials = mount_comparing(app, shop)
    mount_ucp(app, shop, gate, watch.search)
    mount_mcp(app, shop, gate, watch.search)
    mount_page(app, shop, gate)
    mount_widget(app)
    guards = guards_of(shop, gates)
    mount_keys(app, shop, guards)
    describe(app)
    answer_directly(app, "/v1/search")
    add_heads(app)
    add_guard(app, guards)
    add_cors(app, shop.config)
    app.add_middleware(Packing)
    front(app, shop.config.guard, guards.end)
    watch.around(app)
    app.state.watch, app.state.health = watch, state
    return app


def json_response(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON as bytes: several times quicker than FastAPI's own model of a response."""
    return Response(
        orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY), status, media_type="application/json", headers=headers
    )


async def _follow(shop: Shop, keep: Callable[[], None]) -> None:
    """Takes up a switch to another encoder within a second or two, searches going on meanwhile."""
    while True:
        await asyncio.sleep(FOLLOW_S)
        try:
            before = shop.space
            if await anyio.to_thread.run_sync(shop.follow) and shop.space != before:
                keep()
                log.info("switched", encoder=str(shop.space), before=str(before))
        except Exception as error:  # the folder of the new encoder is not on this machine, say: the old one goes on
            log.error("a switch to another encoder cannot be followed", error=str(error), serves=str(shop.space))
            await asyncio.sleep(FOLLOW_AGAIN_S)


def _search(app: FastAPI, shop: Shop, gate: Gate, fetches: Gate, watch: Watch) -> None:
    async def search(request: Request) -> Response:
        asked = await read_query(request, shop.config.server)
        fetched = await fetches.run(lambda: asked.make(shop.photo_fetcher())) if asked.fetches else None

        def work() -> bytes:
            answer = watch.search(restricted(shop, fetched or asked.make(_never)))
            return orjson.dumps(answer_to_fields(answer), option=orjson.OPT_SERIALIZE_NUMPY)

        return Response(await gate.run(work), media_type="application/json")

    fields = [
        {"name": name, "in": "query", "required": False, "description": meaning, "schema": {"type": "string"}}
        for name, meaning in FIELDS.items()
    ]
    properties = {name: {"description": meaning} for name, meaning in FIELDS.items()}
    body = {
        "content": {
            "application/json": {
                "schema": ref("SearchRequest"),
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


def _never(url: str) -> bytes:
    raise PictureError("the address of a photo stands where none is looked for", reason="refused", where=url)


def _health(app: FastAPI, shop: Shop, state: dict[str, Any]) -> None:
    @app.get("/healthz", summary="Whether the process lives")
    async def healthz() -> Response:
        return json_response({"status": "ok", "version": __version__})

    @app.get("/readyz", summary="Whether it can answer: only after a warm-up")
    async def readyz() -> Response:
        if state["ready"]:
            degraded = await anyio.to_thread.run_sync(lambda: shop.copies.degraded)
            told = {"status": "degraded", "degraded": list(degraded)} if degraded else {"status": "ready"}
            return json_response(told)
        return problem(503, "not_ready", state["failed"] or "the service is warming up", hint="ask again in a second")


def _handle_errors(app: FastAPI) -> None:
    @app.exception_handler(ShopLensError)
    async def known(_: Request, error: ShopLensError) -> Response:
        if isinstance(error, TooLargeError):
            return problem(413, error.code, error.message, where=error.where, hint=error.hint)
        if isinstance(error, TooSlowError):
            response = problem(408, error.code, error.message, where=error.where, hint=error.hint)
            response.headers["connection"] = "close"  # what is still to come of the body is no next request
            return response
        return from_error(error)

    @app.exception_handler(Busy)
    async def busy(_: Request, error: Busy) -> Response:
        return busy_told(error)

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
