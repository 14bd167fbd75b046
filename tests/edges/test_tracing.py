"""Traces of requests, by the real SDK of OpenTelemetry: what spans there are, and that they are sent by OTLP."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from fastapi.testclient import TestClient

from shoplens.app import Shop
from shoplens.errors import ConfigError, MissingExtraError
from shoplens.server import create_app
from shoplens.server.tracing import Tracing
from tests.conftest import SmallShop, cushions

sdk = pytest.importorskip("opentelemetry.sdk.trace.export")
memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    small = SmallShop(tmp_path_factory.mktemp("traces") / "small")
    opened = small.open()
    small.index(opened, cushions(small))
    yield opened
    small.close()


def traced(shop: Shop, share: float, *asked: tuple[str, dict[str, str]]) -> list[Any]:
    """The spans of some requests, the first ones first."""
    exporter = memory.InMemorySpanExporter()
    app = create_app(shop)
    app.state.watch.tracing = Tracing(sdk.SimpleSpanProcessor(exporter), share, "small")
    with TestClient(app, raise_server_exceptions=False) as client:
        for path, headers in asked:
            client.get(path, headers=headers)
    return sorted(exporter.get_finished_spans(), key=lambda span: span.start_time)


def test_a_search_is_a_span_with_its_stages(shop: Shop) -> None:
    spans = traced(shop, 1.0, ("/v1/search?q=red+cushion", {"traceparent": PARENT, "x-request-id": "abc"}))
    by_name = {span.name: span for span in spans}
    root, search = by_name["GET /v1/search"], by_name["search"]
    assert f"{root.context.trace_id:032x}" == PARENT.split("-")[1]
    assert f"{root.parent.span_id:016x}" == PARENT.split("-")[2]
    assert dict(root.attributes) == {
        "http.request.method": "GET",
        "http.route": "/v1/search",
        "http.response.status_code": 200,
        "url.scheme": "http",
        "shoplens.request_id": "abc",
        "shoplens.search.kind": "words",
    }
    assert root.resource.attributes["service.name"] == "shoplens"
    assert search.parent.span_id == root.context.span_id
    stages = [span for span in spans if span.parent is not None and span.parent.span_id == search.context.span_id]
    assert {"filter", "vectors", "words", "rank", "page"} <= {span.name for span in stages}
    assert root.start_time <= search.start_time <= search.end_time <= root.end_time
    ends = [search.start_time, *(span.end_time for span in stages)]
    assert [span.start_time for span in stages] == ends[:-1]  # one after the other
    assert ends[-1] <= search.end_time
    told = "".join(span.to_json() for span in spans)
    assert "red" not in told.replace("sha", "")  # what was asked is nobody's business


def test_health_is_not_traced_refusals_are_and_a_share_is_kept_to(shop: Shop) -> None:
    spans = traced(shop, 1.0, ("/healthz", {}), ("/metrics", {}), ("/v1/jobs", {}), ("/nowhere", {}))
    assert [(s.name, s.attributes["http.response.status_code"]) for s in spans] == [
        ("GET /v1/jobs", 401),
        ("GET none", 404),
    ]
    assert traced(shop, 0.0, ("/v1/search?q=red", {})) == []
    assert traced(shop, 0.0, ("/v1/search?q=red", {"traceparent": PARENT})) != []  # who sends a trace wants it whole


def test_traces_are_sent_by_otlp(tmp_path_factory: pytest.TempPathFactory) -> None:
    got: list[tuple[str, str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append((self.path, self.headers["content-type"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing on the terminal."""

    server = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    small = SmallShop(tmp_path_factory.mktemp("otlp") / "small")
    url = f"http://127.0.0.1:{server.server_port}/v1/traces"
    opened = small.open(observe={"traces_url": url})
    small.index(opened, cushions(small)[:1])
    with TestClient(create_app(opened)) as client:
        assert client.get("/v1/search?q=red").status_code == 200
    small.close()
    server.shutdown()
    server.server_close()
    pb = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    names = []
    for path, kind, body in got:
        assert (path, kind) == ("/v1/traces", "application/x-protobuf")
        sent = pb.ExportTraceServiceRequest.FromString(body)
        names += [s.name for one in sent.resource_spans for some in one.scope_spans for s in some.spans]
    assert {"GET /v1/search", "search", "rank"} <= set(names)


def test_neither_sdk_nor_exporter_is_loaded_where_it_is_not_wanted() -> None:
    """The API alone is: FastAPI or another package of the base install asks for it."""
    said = (
        "import sys, shoplens.server.http, shoplens.config as c\n"
        "from shoplens.server.tracing import tracing_of\n"
        "assert tracing_of(c.ObserveSettings(), 'x') is None\n"
        "parts = tuple('opentelemetry.' + one for one in ('sdk', 'exporter', 'proto'))\n"
        "print([name for name in sys.modules if name.startswith(parts)])"
    )
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_the_extra_the_settings_are_refused(small: SmallShop, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = small.open(observe={"traces_url": "http://127.0.0.1:1/v1/traces"})
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(MissingExtraError, match="otel"):
        create_app(opened)
    with pytest.raises(ConfigError):
        small.open(observe={"traces_url": "collector:4318"})
