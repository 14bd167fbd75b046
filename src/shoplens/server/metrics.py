"""What an operator watches, as Prometheus reads it. Each service has a registry of its own; there are no globals.

Counted here: requests, searches and what came of them, pictures that were decoded, batches of the encoder, recall of
samples. Asked for when they are read: queues, how far the copies are behind, products, the disk. All names are listed
in docs/howto/observe.md.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from shoplens import __version__
from shoplens.app import Shop
from shoplens.core.answer import Answer
from shoplens.core.query import Query
from shoplens.errors import PictureError, ShopLensError
from shoplens.server.gates import Gates
from shoplens.server.traffic import Traffic

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
BATCHES = (1, 2, 4, 8, 16)
RECALL_AT = 10


class Metrics:
    """The metrics of one shop's service."""

    def __init__(self, shop: Shop, gates: Gates) -> None:
        self.registry = registry = CollectorRegistry()
        self.traffic = Traffic()
        self._known: dict[tuple[object, ...], Any] = {}
        named = "shoplens"
        self.requests = Counter(
            "requests", "requests, by route and status", ("method", "route", "status"), named, registry=registry
        )
        self.request_seconds = Histogram(
            "request_seconds", "from a request's head to the end of its answer", ("route",), named,
            registry=registry, buckets=SECONDS,
        )  # fmt: skip
        self.refused = Counter(
            "refused", "requests that were refused for want of room or by a rate", ("route", "status"), named,
            registry=registry,
        )  # fmt: skip
        self.search_seconds = Histogram(
            "search_seconds", "requests that search, waiting included, by what they ask with", ("kind",), named,
            registry=registry, buckets=SECONDS,
        )  # fmt: skip
        self.stage_seconds = Counter(
            "stage_seconds", "time of searches, by stage of the work", ("stage",), named, registry=registry
        )
        self.searches = Counter(
            "searches", "searches answered, by what they ask with and how sure the answer is", ("kind", "verdict"),
            named, registry=registry,
        )  # fmt: skip
        self.found_nothing = Counter(
            "found_nothing", "searches that found nothing", ("kind",), named, registry=registry
        )
        self.low_confidence = Counter(
            "low_confidence", "searches whose best hit is no sure match", ("kind",), named, registry=registry
        )
        self.degraded_answers = Counter(
            "degraded_answers", "answers that had to do without a part", ("part",), named, registry=registry
        )
        self.failed = Counter("failed_searches", "searches that were not answered", ("code",), named, registry=registry)
        self.decodes = Counter(
            "decodes", "photos of queries, by what came of them", ("outcome",), named, registry=registry
        )
        self.batches = Histogram(
            "encoder_batch_size", "texts or pictures that were encoded in one call", ("modality",), named,
            registry=registry, buckets=BATCHES,
        )  # fmt: skip
        self.recall = Counter(
            "sampled_recall", f"sum of the recalls@{RECALL_AT} of sampled searches, exact search being 1",
            ("selectivity", "index"), named, registry=registry,
        )  # fmt: skip
        self.recall_samples = Counter(
            "sampled_searches", "searches that were answered exactly, too", ("selectivity", "index"), named,
            registry=registry,
        )  # fmt: skip
        with suppress(OSError):
            ProcessCollector(registry=registry)
        registry.register(Standing(shop, gates))

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts a request."""
        self._of(self.requests, method, route, str(status)).inc()
        self._of(self.request_seconds, route).observe(seconds)

    def took(self, kind: str, seconds: float) -> None:
        """Counts what a request that searched took, waiting included."""
        self._of(self.search_seconds, kind).observe(seconds)
        self.traffic.took(seconds)

    def searched(self, query: Query, answer: Answer) -> None:
        """Counts a search that was answered."""
        kind = kind_of(query)
        self._of(self.searches, kind, answer.verdict).inc()
        self.traffic.answered(answer.found, answer.verdict)
        if not answer.found:
            self._of(self.found_nothing, kind).inc()
        if answer.verdict != "match":
            self._of(self.low_confidence, kind).inc()
        for part in answer.degraded:
            self.degraded_answers.labels(part).inc()
        for stage, ms in answer.timings_ms.items():
            self._of(self.stage_seconds, stage).inc(max(0.0, ms / 1e3))
        if query.pictures:
            self._of(self.decodes, "ok").inc(len(query.pictures))

    def not_answered(self, error: Exception) -> None:
        """Counts a search that failed."""
        self.traffic.failed()
        self.failed.labels(error.code if isinstance(error, ShopLensError) else "unexpected").inc()
        if isinstance(error, PictureError):
            self.not_decoded(error)

    def not_decoded(self, error: PictureError) -> None:
        """Counts a photo that cannot be used."""
        self.decodes.labels(error.reason).inc()

    def _of(self, metric: MetricWrapperBase, *labels: str) -> Any:
        """As ``metric.labels``, which makes all its texts anew and takes a lock: looked up, in a fifth of the time."""
        found = self._known.get((metric, *labels))
        if found is None:
            found = self._known[(metric, *labels)] = metric.labels(*labels)
        return found

    def encoded(self, modality: str, size: int) -> None:
        """Counts a call of the encoder."""
        self.batches.labels(modality).observe(size)


class Standing(Collector):
    """How the service stands, read when somebody asks."""

    def __init__(self, shop: Shop, gates: Gates) -> None:
        self._shop, self._gates, self._since = shop, gates, time.time()

    def describe(self) -> Iterable[Metric]:
        """Nothing: asking would cost what collecting does."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The gauges. What cannot be read (a store on a broken disk) is left out; the others are told."""
        shop, copies = self._shop, self._shop.copies
        info = GaugeMetricFamily("shoplens_build_info", "version and encoder, as labels", labels=("version", "encoder"))
        info.add_metric((__version__, str(shop.space)), 1)
        yield info
        yield GaugeMetricFamily("shoplens_serving_since_seconds", "when this service began (Unix time)", self._since)
        waiting = GaugeMetricFamily("shoplens_waiting", "requests that wait for a thread", labels=("gate",))
        working = GaugeMetricFamily("shoplens_working", "requests that are worked on", labels=("gate",))
        for name in ("search", "pictures", "fetches"):
            gate = getattr(self._gates, name)
            waiting.add_metric((name,), gate.waiting)
            working.add_metric((name,), gate.working)
        yield waiting
        yield working
        yield GaugeMetricFamily(
            "shoplens_staleness_seconds", "age of the oldest write that the words do not have yet", copies.staleness_s
        )
        with suppress(ShopLensError):
            newest = shop.store.last_seq()
            behind = GaugeMetricFamily("shoplens_changes_behind", "changes that a copy lacks", labels=("copy",))
            behind.add_metric(("vectors",), max(0, newest - copies.seq))
            behind.add_metric(("words",), max(0, newest - copies.parts.words.seq))
            yield behind
            lacking = GaugeMetricFamily("shoplens_degraded", "1 while a part answers nothing", labels=("part",))
            lacking.add_metric(("words",), float("words" in copies.degraded))
            yield lacking
        columns = copies.parts.columns
        products = int(columns.products(columns.mask(None)).sum())
        yield GaugeMetricFamily("shoplens_products", "products that can be found", products)
        rows = GaugeMetricFamily("shoplens_rows", "rows of the vector indexes", labels=("index",))
        rows.add_metric(("pictures",), len(copies.parts.pictures))
        rows.add_metric(("texts",), len(copies.parts.texts))
        yield rows
        with suppress(OSError):
            disk = shutil.disk_usage(shop.folder)
            yield GaugeMetricFamily("shoplens_disk_free_bytes", "free space where the shop's folder lies", disk.free)
            yield GaugeMetricFamily("shoplens_disk_bytes", "all space there", disk.total)


def kind_of(query: Query) -> str:
    """What a query asks with: "words", "photo", "both", "like" (seed products), or "browse" (nothing but filters)."""
    if query.pictures:
        return "both" if query.words else "photo"
    return "words" if query.words else "like" if query.seeds else "browse"


def exposition(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """What Prometheus reads, and its content type."""
    encode, kind = choose_encoder(accept)
    return encode(registry), kind


def mount_metrics(app: FastAPI, metrics: Metrics) -> None:
    """Adds ``GET /metrics``."""

    @app.get("/metrics", include_in_schema=False)
    async def read(request: Request) -> Response:
        accept = request.headers.get("accept", "")
        body, kind = await anyio.to_thread.run_sync(exposition, metrics.registry, accept)
        return Response(body, headers={"Content-Type": kind, "Cache-Control": "no-store"})
