"""Jobs over HTTP: imports of feeds that are sent, or lie where the settings allow; paused, gone on with, cancelled."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import anyio
import anyio.to_thread
import orjson
from fastapi import FastAPI, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from shoplens.app import Shop
from shoplens.core.fields import spelt_json, spelt_yes
from shoplens.errors import JobStateError, NotFoundError, QueryError, RemovalGuardError, StoreError
from shoplens.job_running import ENCODE
from shoplens.server.bodies import kind_of, object_in
from shoplens.server.callers import CALLER
from shoplens.server.gates import Gate
from shoplens.server.idempotency import HEADER, REPLAYED, caller_of, fingerprint, reused
from shoplens.server.reading import TooLargeError, TooSlowError
from shoplens.server.schemas import ref
from shoplens.stores.job_store import Job

PIECE = 1 << 20
"""Bytes of a feed that are gathered before they are written."""
FREE = 64_000_000
"""Bytes that stay free on the disk when a feed is taken."""


def mount_jobs(app: FastAPI, shop: Shop, gate: Gate) -> None:
    """Adds the addresses of jobs."""
    jobs, settings = shop.jobs, shop.config.server
    ordering = threading.Lock()  # of two imports with one key and different feeds the first one's is kept

    async def told(work: Callable[[], Job], status: int = 200) -> Response:
        return _json(job_to_fields(await gate.run(work)), status)

    @app.post("/v1/jobs/import", summary="Import a feed: sent here, or by its path or address", openapi_extra=_IMPORT)
    async def import_feed(request: Request) -> Response:
        caller, key = caller_of(request.scope), request.headers.get(HEADER, "").strip().strip('"')
        job_id = hashlib.blake2b(f"{caller}\0{key}".encode(), digest_size=16).hexdigest() if key else jobs.new_id()
        if kind_of(request) == "application/json":
            given = await object_in(request, settings, '{"path": "products.csv"}')
            asked = orjson.dumps(given, option=orjson.OPT_SORT_KEYS)
            sent = None
        else:
            given = _options(request)
            asked = orjson.dumps(given, option=orjson.OPT_SORT_KEYS)
            sent = await _take(request, shop, jobs.place_for(job_id))
            asked += sent[1]
        what = fingerprint("POST", "/v1/jobs/import", b"", asked).hex()

        def ordered() -> tuple[Job, bool]:
            with ordering:
                return work()

        def work() -> tuple[Job, bool]:
            with contextlib.suppress(NotFoundError):
                known = jobs.get(job_id)
                if known.body.get("request") != what:
                    raise JobStateError(
                        "another import was ordered with this key", where=HEADER, hint="take a fresh one"
                    )
                return known, True
            place = jobs.place_for(job_id)
            if sent is not None:
                sent[0].replace(place)
            try:
                return jobs.import_feed(given, by=caller, job_id=job_id, request=what), False
            except QueryError:
                place.unlink(missing_ok=True)
                raise

        try:
            job, again = await gate.run(ordered)
        except JobStateError:
            return reused()
        finally:
            if sent is not None:
                sent[0].unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                jobs.place_for(job_id).parent.rmdir()  # of a feed that was refused nothing stays
        response = _json(job_to_fields(job), 202)
        response.headers["Location"] = f"/v1/jobs/{job.id}"
        if again:
            response.headers[REPLAYED] = "true"
        return response

    @app.get("/v1/jobs", summary="Jobs, the newest first")
    async def listed(
        cursor: Annotated[str, Query(max_length=200, description="next_cursor of the page before")] = "",
        per_page: Annotated[int, Query(ge=1, le=200, description="jobs of a page")] = 50,
    ) -> Response:
        found, more = await gate.run(lambda: jobs.page(per_page, cursor))
        return _json({"jobs": [job_to_fields(job) for job in found], "next_cursor": more})

    @app.get("/v1/jobs/{job_id}", summary="One job: its state, and how far it has come")
    async def one(job_id: str) -> Response:
        return await told(lambda: jobs.get(job_id))

    @app.post("/v1/jobs/{job_id}/pause", summary="Stop a job after what it is at")
    async def pause(job_id: str) -> Response:
        return await told(lambda: jobs.pause(_allowed(jobs.get(job_id))))

    @app.post("/v1/jobs/{job_id}/resume", summary="Go on with a job that was paused or failed", openapi_extra=_RESUME)
    async def resume(job_id: str, request: Request) -> Response:
        given = await object_in(request, settings, '{"allow_removals": true}') if kind_of(request) else {}
        removals = given.get("allow_removals")
        if set(given) - {"allow_removals"} or not isinstance(removals, bool | None):
            raise QueryError("the body makes no sense", where="body", hint='send {"allow_removals": true}, or nothing')
        return await told(lambda: jobs.resume(_allowed(jobs.get(job_id)), allow_removals=removals))

    @app.post("/v1/jobs/{job_id}/cancel", summary="Stop a job for good; what it has written stays")
    async def cancel(job_id: str) -> Response:
        return await told(lambda: jobs.cancel(_allowed(jobs.get(job_id))))

    @app.get("/v1/jobs/{job_id}/report", summary="What of a feed could not be used, one JSON object a line")
    async def report(job_id: str) -> Response:
        path = await gate.run(lambda: jobs.report(job_id))
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
        if path is None:
            return Response(b"", media_type="application/x-ndjson", headers=headers)
        name = f"report-{job_id}.jsonl"
        return FileResponse(path, media_type="application/x-ndjson", headers=headers, filename=name)


def job_to_fields(job: Job) -> dict[str, Any]:
    """A job as JSON data."""
    asked = {name: value for name, value in job.body.items() if name != "request"}
    progress = {name: value for name, value in job.progress.items() if name != "error"}
    out: dict[str, Any] = {"id": job.id, "kind": job.kind, "state": job.state, "request": asked, "progress": progress}
    if "error" in job.progress and job.state in ("failed", "cancelled"):
        out["error"] = _in_words_of_http(job.progress["error"], job.id)
    return out | {"created": job.created, "changed": job.changed, "by": job.by}


def _in_words_of_http(error: Mapping[str, str], job_id: str) -> dict[str, str]:
    """An error of a job, its hint without options of the command line."""
    out = dict(error)
    if out.get("code") == RemovalGuardError.code:
        out["hint"] = (
            f'check the feed; if it is right: POST /v1/jobs/{job_id}/resume with {{"allow_removals": true}}, '
            "or import it again with keep_missing=true"
        )
    elif "--" in out.get("hint", ""):
        hint = re.sub(r"--format (\w+)( \(in Python:[^)]*\))?", r"format=\1 in the address", out["hint"])
        hint = re.sub(r"--map(ping)?\b", "mapping in the address", hint)
        out["hint"] = re.sub(r"--([a-z][a-z-]*)", lambda found: found[1].replace("-", "_"), hint)
    return out


def _allowed(job: Job) -> str:
    key = CALLER.get().key
    if job.kind == ENCODE and key is not None and not key.may("admin"):
        raise HTTPException(403, "a job of an encoder is stopped by who has the scope admin")
    return job.id


def _options(request: Request) -> dict[str, Any]:
    """What an import is told beside a feed that is sent: in the address."""
    out: dict[str, Any] = {}
    for name, text in request.query_params.multi_items():
        if name == "mapping":
            out[name] = spelt_json(name, text)
        else:
            out[name] = text if name in ("format", "path", "url") else spelt_yes(name, text)
    return out


async def _take(request: Request, shop: Shop, place: Path) -> tuple[Path, bytes]:
    """The body in a file beside its place, on the disk, and its SHA-256.

    Raises:
        TooLargeError: it is larger than the setting ``jobs.max_feed_bytes``.
        TooSlowError: nothing of it came for ``server.body_timeout_s`` seconds.
        StoreError: the disk has no room for it.
    """
    limit, stall = shop.config.jobs.max_feed_bytes, shop.config.server.body_timeout_s
    told = request.headers.get("content-length", "")
    size = int(told) if told.isdigit() else 0
    if size > limit:
        raise _too_large(size, limit)
    half = place.with_name(f"{place.name}.{os.urandom(6).hex()}.part")
    digest = hashlib.sha256()
    try:
        await anyio.to_thread.run_sync(_make_room, place.parent, size)
        with half.open("xb") as file:
            gathered, size = bytearray(), 0
            stream = request.stream()
            while True:
                with anyio.fail_after(stall):
                    chunk = await anext(stream, None)
                if chunk is None or len(gathered) >= PIECE:
                    await anyio.to_thread.run_sync(file.write, bytes(gathered))
                    digest.update(gathered)
                    gathered.clear()
                if chunk is None:
                    break
                gathered += chunk
                size += len(chunk)
                if size > limit:
                    raise _too_large(size, limit)
            await anyio.to_thread.run_sync(_settle, file)
    except BaseException as error:
        half.unlink(missing_ok=True)
        if isinstance(error, TimeoutError):
            raise TooSlowError(f"nothing came for {stall:g} seconds", where="body", hint="send it again") from error
        if isinstance(error, OSError):
            raise StoreError(
                f"the feed cannot be kept: {error.strerror or error}", where="jobs", hint="free some space"
            ) from error
        raise
    if not size:
        half.unlink(missing_ok=True)
        raise QueryError("there is nothing in it", where="body", hint="send a feed, or JSON with its path")
    return half, digest.digest()


def _make_room(folder: Path, size: int) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < size + FREE:
        raise StoreError(f"the disk has {free} bytes free, too few for this feed", where="jobs", hint="free some space")


def _settle(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _too_large(size: int, limit: int) -> TooLargeError:
    return TooLargeError(
        f"the feed has {size} bytes or more, the limit is {limit}",
        where="body",
        hint="compress it (gzip), or raise jobs.max_feed_bytes",
    )


def _json(data: Mapping[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(data), status, media_type="application/json", headers={"Cache-Control": "no-store"})


_IMPORT: dict[str, Any] = {
    "parameters": [
        {"name": name, "in": "query", "required": False, "description": f"of a feed that is sent: {said}",
         "schema": {"type": "string"}}
        for name, said in {
            "format": "insist on a kind of feed",
            "mapping": "our field: its column, as JSON",
            "keep_missing": "true: products that it lacks stay",
            "allow_removals": "true: more than half of the catalogue may go",
            "recheck_pictures": "true: ask for pictures on the net again",
            "look_at_pictures": "false: words, prices and stock only",
        }.items()
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": ref("ImportRequest"), "example": {"path": "products.csv"}},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    },
}  # fmt: skip
_RESUME = {
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {"type": "object", "properties": {"allow_removals": {"type": "boolean"}}},
                "example": {"allow_removals": True},
            }
        }
    }
}
