"""How a shop's service does at a glance, and its limits: what the back office opens with."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Query
from starlette.responses import Response

from shoplens import __version__
from shoplens.app import Shop
from shoplens.server.gates import Gate
from shoplens.server.traffic import MINUTES, Traffic
from shoplens.stores.key_store import KeyStore
from shoplens.switching import serving_name

_THREADS, _WAITING = 1, 16
Minutes = Annotated[int, Query(ge=1, le=MINUTES, description="how far back traffic is told, in minutes")]


def mount_overview(app: FastAPI, shop: Shop, traffic: Traffic) -> None:
    """Adds ``/v1/overview`` and ``/v1/limits``."""
    gate, since = Gate(_THREADS, _WAITING), time.time()

    @app.get("/v1/overview", summary="Traffic, latencies, freshness, encoder and room: how the service does")
    async def overview(minutes: Minutes = 60) -> Response:
        return _json(await gate.run(lambda: _overview(shop, traffic, minutes, since)))

    @app.get("/v1/limits", summary="Who needs a key, the rates and bounds in force, and how much keys have used today")
    async def limits() -> Response:
        return _json(await gate.run(lambda: _limits(shop)))


def _overview(shop: Shop, traffic: Traffic, minutes: int, since: float) -> dict[str, Any]:
    whole, points = traffic.last(minutes)
    copies, config = shop.copies, shop.config
    columns = copies.parts.columns
    newest = shop.store.last_seq()
    out: dict[str, Any] = {
        "version": __version__,
        "shop": Path(config.shop).resolve().name,
        "serving_since": _moment(since),
        "encoder": {"name": serving_name(config), "space": str(shop.space)},
        "products": int(columns.products(columns.mask(None)).sum()),
        "rows": {"pictures": len(copies.parts.pictures), "texts": len(copies.parts.texts)},
        "freshness": {
            "staleness_s": round(copies.staleness_s, 3),
            "seq": newest,
            "vectors_behind": max(0, newest - copies.seq),
            "words_behind": max(0, newest - copies.parts.words.seq),
        },
        "degraded": list(copies.degraded),
        "traffic": {
            "minutes": minutes,
            **whole.to_fields(),
            "points": [{"at": _moment(at), **point.to_fields()} for at, point in points],
        },
        "query_log": {"enabled": config.query_log.enabled, "days": config.query_log.days},
        "rules": sum(version.rule is not None and version.rule.enabled for version in shop.rules.list()),
    }
    with suppress(OSError):
        disk = shutil.disk_usage(shop.folder)
        out["disk"] = {"free_bytes": disk.free, "bytes": disk.total}
    return out


def _limits(shop: Shop) -> dict[str, Any]:
    server, guard = shop.config.server, shop.config.guard
    keys, day = KeyStore(shop.store.database), datetime.now(UTC).date().isoformat()
    used = {key.id: keys.used(key.id, day) for key in keys.all() if key.quota is not None and key.revoked is None}
    return {
        "keys": server.keys,
        "rules_writable": server.rules_writable,
        "rate_per_address": guard.rate_per_address,
        "rate_per_key": guard.rate_per_key,
        "max_waiting": server.max_waiting,
        "max_wait_ms": guard.max_wait_ms,
        "timeout_s": guard.timeout_s,
        "max_body_bytes": server.max_body_bytes,
        "used_today": used,
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _json(data: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(data), media_type="application/json", headers={"Cache-Control": "no-store"})
