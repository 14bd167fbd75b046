"""Guards: rates, quotas, addresses, deadlines, admission, slow clients, headers of every answer."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st

from shoplens.app import Shop
from shoplens.config import GuardSettings
from shoplens.core.rates import Buckets, Rate, parse_rate
from shoplens.server.connections import protocol_of
from shoplens.stores.key_store import KeyStore
from tests.conftest import SmallShop, cushions
from tests.edges.test_http import problem
from tests.guarded import ask, ask_all, run_async, service
from tests.serving import bearer, key_for


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    small = SmallShop(tmp_path_factory.mktemp("guards") / "small")
    opened = small.open()
    small.index(opened, cushions(small))
    yield opened
    small.close()


# --- rates, quotas, addresses --------------------------------------------------------------------


def test_an_address_is_held_to_its_rate_and_told_when_to_come_back(shop: Shop) -> None:
    app = service(shop, {}, {"rate_per_address": "3/h", "trusted_proxies": ("10.0.0.0/8",)})
    asked: list[tuple[str, str, dict[str, Any]]] = [("GET", "/v1/suggest?q=r", {})] * 5
    answers = run_async(ask_all(asked, app, "192.0.2.1"))
    assert [one.status_code for one in answers] == [200, 200, 200, 429, 429]
    assert problem(answers[-1], 429)["code"] == "rate_limited"
    assert 0 < int(answers[-1].headers["retry-after"]) <= 1200
    assert [one.status_code for one in run_async(ask_all(asked[:1], app, "192.0.2.2"))] == [200]
    # A stranger's word about where it comes from does not count; a trusted proxy's does.
    lies = [("GET", "/v1/suggest?q=r", {"headers": {"X-Forwarded-For": f"198.51.100.{n}"}}) for n in range(3)]
    assert {one.status_code for one in run_async(ask_all(lies, app, "192.0.2.1"))} == {429}
    assert {one.status_code for one in run_async(ask_all(lies, app, "10.1.2.3"))} == {200}
    chain = [("GET", "/v1/suggest?q=r", {"headers": {"X-Forwarded-For": "203.0.113.9, 192.0.2.1, 10.9.9.9"}})]
    assert run_async(ask_all(chain, app, "10.1.2.3"))[0].status_code == 429
    # One machine has a whole /64 of IPv6 addresses.
    many = [run_async(ask_all(asked[:1], app, f"2001:db8:1:2::{n}"))[0].status_code for n in range(5)]
    assert many == [200, 200, 200, 429, 429]
    # Health and pictures are never counted.
    assert {one.status_code for one in run_async(ask_all([("GET", "/healthz", {})] * 9, app, "192.0.2.1"))} == {200}


def test_a_key_is_held_to_its_own_rate_and_quota(shop: Shop) -> None:
    app = service(shop, {}, {"rate_per_key": "1/h"})
    fast, slow = bearer(shop, "search", rate="4/h"), bearer(shop, "search")
    for headers, lets in ((fast, 4), (slow, 1)):
        got = run_async(ask_all([("GET", "/v1/suggest?q=r", {"headers": headers})] * 6, app, "::1"))
        assert [one.status_code for one in got] == [200] * lets + [429] * (6 - lets)
    text = key_for(shop, "search", quota=3)
    day = datetime.now(UTC).date().isoformat()

    async def until_written() -> list[int]:
        one, other = service(shop), service(shop)
        asked: list[tuple[str, str, dict[str, Any]]] = [("GET", "/v1/suggest?q=r", {"headers": {"X-API-Key": text}})]
        statuses = [answer.status_code for answer in await ask_all(asked * 2, one, "::1")]
        await asyncio.sleep(1.3)  # written together, a second after the first
        assert KeyStore(shop.store.database).used(text.split("_")[1], day) == 2
        statuses += [answer.status_code for answer in await ask_all(asked * 2, other, "::1")]  # as after a restart
        return statuses

    assert run_async(until_written()) == [200, 200, 200, 429]
    refused = ask(shop, "GET", "/v1/suggest?q=r", headers={"X-API-Key": text})
    assert refused.status_code in (
        200,
        429,
    )  # the third use was written or was lost with its service: one second's worth
    store = KeyStore(shop.store.database)
    assert store.add_uses(day, {text.split("_")[1]: 5})[text.split("_")[1]] >= 7
    used = ask(shop, "GET", "/v1/suggest?q=r", headers={"X-API-Key": text})
    assert problem(used, 429)["code"] == "quota_used"
    assert 0 < int(used.headers["retry-after"]) <= 86_400


# --- deadlines, headers --------------------------------------------------------------------------


def test_a_deadline_that_has_passed_is_told_as_504(shop: Shop) -> None:
    texts = ("soon", "-1", "1.5", "99999999999", "0", "30000")
    sent: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", "/v1/search", {"headers": {"X-Timeout-Ms": t}}) for t in texts
    ]
    *wrong, past, fine = run_async(ask_all(sent, service(shop), "::1"))
    assert {problem(one, 400)["where"] for one in wrong} == {"x-timeout-ms"}
    assert problem(past, 504)["code"] == "deadline"
    assert fine.status_code == 200


def test_every_answer_has_the_headers_that_browsers_are_to_obey(shop: Shop) -> None:
    origin = {"Origin": "https://shop.example"}
    on = {"keys": "all", "cors_origins": ("https://shop.example",)}
    guard = {"hsts_s": 600, "trusted_proxies": ("127.0.0.1",)}
    key = bearer(shop, "search")
    product = shop.stored("C1")
    paths = ["/", "/docs", "/healthz", "/v1/search", "/v1/openapi.json", "/nowhere", "/v1/products/none", "/v1/keys"]
    paths.append(f"/v1/pictures/{next(iter(product.pictures.values()))}")
    app = service(shop, on, guard)
    sent = {**origin, **key, "X-Forwarded-Proto": "https"}
    answers = run_async(ask_all([("GET", path, {"headers": sent}) for path in paths], app, "127.0.0.1"))
    for path, answer in zip(paths, answers, strict=True):
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["strict-transport-security"].startswith("max-age=600")
        assert headers["access-control-allow-origin"] == "https://shop.example", path
        assert "access-control-allow-credentials" not in headers
        for name in ("x-content-type-options", "content-security-policy", "referrer-policy"):
            assert len(headers.get_list(name)) == 1
    asked = {
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,idempotency-key",
    }
    evil = {"Origin": "https://evil.example"}
    preflights: list[tuple[str, str, dict[str, Any]]] = [
        ("OPTIONS", "/v1/products", {"headers": {**one, **asked}}) for one in (origin, evil)
    ]
    preflight, other, plain = run_async(ask_all([*preflights, ("GET", "/healthz", {})], app, "127.0.0.1"))
    assert preflight.status_code == 200
    assert "PATCH" in preflight.headers["access-control-allow-methods"]
    assert "access-control-allow-origin" not in other.headers
    assert "strict-transport-security" not in plain.headers


# --- rates by themselves -------------------------------------------------------------------------


@given(st.integers(1, 50), st.sampled_from([1.0, 60.0, 3600.0]), st.lists(st.floats(0, 2000), max_size=200))
def test_no_window_has_more_than_a_burst_and_what_flows_back(count: int, period: float, gaps: list[float]) -> None:
    """In any stretch of time: at most ``count`` at once and one more each ``period / count`` seconds."""
    rate, buckets, now, let = Rate(count, period), Buckets(), 0.0, list[float]()
    for gap in gaps:
        now += gap * period / 1000 / count
        wait = buckets.take("a", rate, now)
        if wait:
            assert wait <= period / count * (1 + 1e-6)
            assert buckets.take("a", rate, now + wait + 1e-6) == 0 or count > 1
            now += wait + 1e-6
        let.append(now)
        for first in range(max(0, len(let) - 60), len(let)):
            allowed = count + (now - let[first]) * count / period
            assert len(let) - first <= 2 * allowed + 2
    assert len(buckets) <= 1


def test_rates_are_remembered_for_so_many_and_no_more() -> None:
    buckets = Buckets(most=10)
    for n in range(1000):
        assert buckets.take(str(n), Rate(1, 3600), 0.0) == 0
    assert len(buckets) == 10
    assert buckets.take("999", Rate(1, 3600), 0.0) == pytest.approx(3600)
    assert parse_rate("") is None
    assert str(parse_rate("20 / s")) == "20/s"


# --- deadlines ----------------------------------------------------------------------------------


def test_a_search_past_its_deadline_is_told_so_and_its_thread_comes_back(shop: Shop) -> None:
    app = service(shop, {}, {"timeout_s": 0.2})
    block = threading.Event()
    before = shop.search

    def slow(*asked: Any, **more: Any) -> Any:
        block.wait(5)
        return before(*asked, **more)

    shop.search = slow  # type: ignore[method-assign]
    try:
        start = time.monotonic()
        late, soon = run_async(
            ask_all([("GET", "/v1/search", {}), ("GET", "/v1/search", {"headers": {"X-Timeout-Ms": "50"}})], app, "::1")
        )
        assert time.monotonic() - start < 2
    finally:
        block.set()
        shop.search = before  # type: ignore[method-assign]
    assert problem(late, 504)["where"] == "guard.timeout_s"
    assert problem(soon, 504)["where"] == "x-timeout-ms"


# --- slow clients --------------------------------------------------------------------------------


@pytest.fixture
def slow_server() -> Iterator[tuple[str, int]]:
    """A service with short limits that answers everything with 30 MB."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(300):
            await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    listener = socket.create_server(("127.0.0.1", 0))
    limits = GuardSettings(header_timeout_s=0.3, write_timeout_s=0.5)
    server = uvicorn.Server(uvicorn.Config(app, http=protocol_of(limits), log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield listener.getsockname()[:2]
    server.should_exit = True
    thread.join()


def test_a_head_that_does_not_arrive_and_a_reader_that_takes_nothing_are_cut_off(slow_server: tuple[str, int]) -> None:
    ends = {}
    for name, sent in (("silent", b""), ("half a head", b"GET / HTTP/1.1\r\nHost: x\r\nX-"), ("reads not", b"")):
        with socket.create_connection(slow_server) as client:
            client.settimeout(5)
            start = time.monotonic()
            if name == "reads not":
                client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                time.sleep(2.5)
                got = 0
                try:
                    while more := client.recv(1 << 20):
                        got += len(more)
                except ConnectionError:
                    pass
                ends[name] = float(got)
                continue
            client.sendall(sent)
            with contextlib.suppress(ConnectionResetError):
                assert client.recv(1) == b""
            ends[name] = time.monotonic() - start
    assert ends["silent"] < 3
    assert ends["half a head"] < 3
    assert ends["reads not"] < 30_000_000
    with httpx.stream(
        "GET", f"http://{slow_server[0]}:{slow_server[1]}/", timeout=30
    ) as answer:  # a reader gets it all
        assert sum(len(part) for part in answer.iter_bytes()) == 30_000_000
