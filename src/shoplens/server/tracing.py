"""Traces of requests for OpenTelemetry: a span for each, with its searches and their stages below; sent by OTLP.

Only where the setting ``observe.traces_url`` names a collector; no SDK and no exporter is imported otherwise. Spans
are made when a request is over, from the times that were taken anyway: a search is not slowed by being watched.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from starlette.types import Scope

from shoplens import __version__
from shoplens.config import ObserveSettings
from shoplens.errors import MissingExtraError
from shoplens.server.requests import Noted

EXPORT_S = 10.0
"""Longest time that an export, or the last one at the end, may take."""


class Tracing:
    """Makes spans of requests.

    Args:
        processor: of the SDK; takes the spans that are over.
        share: of the requests that come without a trace of their own; 1: all of them.
        shop: name of the shop's folder.
    """

    def __init__(self, processor: Any, share: float, shop: str) -> None:
        from opentelemetry import propagate, trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

        resource = Resource.create({"service.name": "shoplens", "service.version": __version__, "shoplens.shop": shop})
        # A provider of our own and not the process's: several shops, and whoever embeds us, have theirs.
        self._provider = TracerProvider(
            sampler=ParentBasedTraceIdRatio(share), resource=resource, shutdown_on_exit=False
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("shoplens", __version__)
        self._trace, self._propagate = trace, propagate

    def told(
        self, scope: Scope, noted: Noted, method: str, route: str, status: int, began: float, seconds: float
    ) -> None:
        """One request that is over. ``began``: by ``time.perf_counter``. What was asked is not told."""
        trace, zero = self._trace, time.time_ns() - round(1e9 * time.perf_counter())

        def at(moment: float) -> int:
            return zero + round(1e9 * moment)

        sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"] if name in _CARRIED}
        attributes: dict[str, str | int | float] = {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "url.scheme": str(scope.get("scheme", "http")),
            "shoplens.request_id": noted.id,
        }
        if noted.kind:
            attributes["shoplens.search.kind"] = noted.kind
        span = self._tracer.start_span(
            f"{method} {route}",
            context=self._propagate.extract(sent),
            kind=trace.SpanKind.SERVER,
            attributes=attributes,
            start_time=at(began),
        )
        if status >= 500:
            span.set_status(trace.StatusCode.ERROR)
        if span.is_recording():
            below = trace.set_span_in_context(span)
            for start, end, stages in noted.searches:
                self._searched(below, at(start), at(end), stages)
        span.end(end_time=at(began + seconds))

    def _searched(self, context: Any, start: int, end: int, stages: Mapping[str, float]) -> None:
        search = self._tracer.start_span("search", context=context, start_time=start)
        below, moment = self._trace.set_span_in_context(search), start
        for name, took_ms in stages.items():
            stage = self._tracer.start_span(name, context=below, start_time=moment)
            moment = min(moment + round(1e6 * took_ms), end)
            stage.end(end_time=moment)
        search.end(end_time=end)

    def close(self) -> None:
        """Sends what waits, for a few seconds at most, and ends the exporter's thread."""
        self._provider.force_flush(round(1e3 * EXPORT_S))
        self._provider.shutdown()


_CARRIED = frozenset({b"traceparent", b"tracestate"})


def tracing_of(settings: ObserveSettings, shop: str) -> Tracing | None:
    """The traces of a service; None where the settings name no collector.

    Raises:
        MissingExtraError: they do, and OpenTelemetry is not installed.
    """
    if not settings.traces_url:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise MissingExtraError("sending traces", extra="otel", where="observe.traces_url") from error
    exporter = OTLPSpanExporter(endpoint=settings.traces_url, timeout=EXPORT_S)
    return Tracing(BatchSpanProcessor(exporter), settings.traces_share, shop)


__all__ = ["Tracing", "tracing_of"]
