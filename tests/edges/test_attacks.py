"""What strangers do to a service to stop it: slow hosts, slow bodies, odd charsets, long lists."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from urllib.parse import quote

import httpx
import pytest

from shoplens.errors import NotFoundError
from shoplens.server.gates import FETCHES
from tests.conftest import SmallShop, cushions
from tests.pictures.web_server import Server
from tests.serving import serving
from tests.support import picture

ODD = ("A/B", "line\nbreak", "per%cent", "a?b#c", "红/色")
"""Ids of products."""
PHOTO_SECONDS = 5.0
"""The promise of docs/reference/http.md: all photos of a query are fetched within it."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a service whose photos may come from this machine, which a real one refuses."""
    small = SmallShop(tmp_path_factory.mktemp("attacks") / "small")
    rows = [*cushions(small), *({"id": i, "title": "odd"} for i in ODD)]
    shop = small.open(pictures={"workers": 1, "allow_private_addresses": True}, server={"body_timeout_s": 1.0})
    small.index(shop, rows)
    with serving(shop) as address, httpx.Client(base_url=address, timeout=60) as made:
        yield made
    small.close()


def problem(response: httpx.Response, status: int, code: str) -> httpx.Response:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == code
    return response


def drip(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then, for ever: no time limit between bytes would end it."""
    handler.send_response(200)
    handler.send_header("content-length", "1000000")
    handler.end_headers()
    for _ in range(300):
        handler.wfile.write(b"x")
        time.sleep(0.1)


def test_photos_from_slow_hosts_stop_no_search(client: httpx.Client) -> None:
    answers: list[tuple[httpx.Response, float]] = []

    def ask(url: str) -> None:
        started = time.monotonic()
        got = httpx.post(f"{client.base_url}/v1/search", json={"images": [url]}, timeout=60)
        answers.append((got, time.monotonic() - started))

    with ExitStack() as stack:
        hosts = [stack.enter_context(Server()) for _ in range(FETCHES + 4)]
        for host in hosts:
            host.answers["/slow.jpg"] = drip
        urls = [host.url("/slow.jpg") for host in hosts]
        threads = [threading.Thread(target=ask, args=(url,)) for url in urls]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        slowest = 0.0
        while any(thread.is_alive() for thread in threads):
            started = time.monotonic()
            found = client.get("/v1/search", params={"q": "red cushion"})
            slowest = max(slowest, time.monotonic() - started)
            assert found.status_code == 200
            time.sleep(0.05)
        for thread in threads:
            thread.join()
        assert slowest < 1.0
    refused = [got for got, _ in answers if got.status_code == 503]
    for got in refused:
        assert int(problem(got, 503, "photos_busy").headers["retry-after"]) >= 1
    assert len(refused) >= len(urls) - FETCHES
    for got, seconds in answers:
        if got.status_code != 503:
            problem(got, 422, "picture.timeout")
            assert seconds < PHOTO_SECONDS + 2.0


def test_photos_from_slow_hosts_for_heat_maps_stop_no_search(client: httpx.Client) -> None:
    picture = client.get("/v1/search", params={"q": "cushion"}).json()["hits"][0]["picture"]
    with Server() as host:
        host.answers["/slow.jpg"] = drip
        asked = {"images": [host.url("/slow.jpg")]}

        def ask() -> None:
            told.append(httpx.post(f"{client.base_url}/v1/pictures/{picture}/heat", json=asked, timeout=60))

        told: list[httpx.Response] = []
        threads = [threading.Thread(target=ask) for _ in range(FETCHES)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        started = time.monotonic()
        assert client.get("/v1/search", params={"q": "red cushion"}).status_code == 200
        assert time.monotonic() - started < 1.0
        assert not told, "they still wait for their photos"
        for thread in threads:
            thread.join()
    for got in told:
        problem(got, 422, "picture.timeout")


def test_several_slow_photos_of_one_query_share_its_time(client: httpx.Client) -> None:
    with Server() as host:
        host.answers["/slow.jpg"] = drip
        started = time.monotonic()
        problem(client.post("/v1/search", json={"images": [host.url("/slow.jpg")] * 4}), 422, "picture.timeout")
        assert time.monotonic() - started < PHOTO_SECONDS + 2.0


def test_a_photo_by_address_finds(client: httpx.Client) -> None:
    with Server() as host:
        host.gives("/green.png", picture("green", side=90))
        for images in ([host.url("/green.png")], [{"url": host.url("/green.png"), "crop": [0, 0, 0.5, 0.5]}]):
            found = client.post("/v1/search", json={"images": images})
            assert found.json()["hits"][0]["product"]["id"] == "C2"


@pytest.mark.parametrize("charset", ["unicode_escape", "raw_unicode_escape", "utf-7", "idna", "hex", "utf_16", "\x80"])
@pytest.mark.parametrize("name", ["q", "nope\\ud800", "facet_by", "filter_by", "like", "images"])
def test_no_charset_of_a_form_is_a_server_error(client: httpx.Client, charset: str, name: str) -> None:
    body = f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n\\ud800\\udfff<\r\n--x--\r\n'
    kind = f"multipart/form-data; boundary=x; charset={charset}".encode("latin-1")
    got = client.post("/v1/search", content=body.encode(), headers={"content-type": kind})
    assert got.status_code in (200, 400), got.text
    assert got.json()


@pytest.mark.parametrize("boundary", ["", "; boundary=", '; boundary=""'])
def test_a_form_without_a_boundary_is_refused(client: httpx.Client, boundary: str) -> None:
    body = b'--\r\nContent-Disposition: form-data; name="q"\r\n\r\ncushion\r\n----\r\n'
    got = client.post("/v1/search", content=body, headers={"content-type": f"multipart/form-data{boundary}"})
    problem(got, 400, "query")
    assert (got.json()["where"], got.json()["detail"]) == (
        "content-type",
        "the content type of a form names no boundary",
    )


def test_a_form_in_utf8_may_say_so(client: httpx.Client) -> None:
    body = '--x\r\nContent-Disposition: form-data; name="q"\r\n\r\n红色靠垫\r\n--x--\r\n'.encode()
    for charset in ("utf-8", '"UTF-8"'):
        kind = f"multipart/form-data; boundary=x; charset={charset}"
        got = client.post("/v1/search", content=body, headers={"content-type": kind})
        assert got.json()["hits"][0]["product"]["id"] == "C1"


def test_a_body_that_does_not_arrive_is_given_up(client: httpx.Client) -> None:
    head = b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
    with socket.create_connection((client.base_url.host, client.base_url.port)) as one:
        one.settimeout(10)
        one.sendall(head)
        started = time.monotonic()
        stop = threading.Event()

        def trickle() -> None:
            while not stop.wait(0.1):
                try:
                    one.sendall(b" ")
                except OSError:
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            answer = one.recv(65536)
        finally:
            stop.set()
            thread.join()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer.lower()
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("product_id", ["C1", *ODD])
def test_a_product_of_any_id_is_found_by_it(client: httpx.Client, product_id: str) -> None:
    got = client.get("/v1/products/" + quote(product_id, safe=""))
    assert got.status_code == 200, got.text
    assert got.json()["id"] == product_id


@pytest.mark.parametrize(
    "path",
    ["", "C1%0A", "C1%0Ax", "%0A", "%00", "C1%00", "%FF", "%ED%A0%80", "nope/nope", "x" * 9000, "C1/", "%2F", "%C2%85"],
)
def test_no_id_in_an_address_is_a_server_error(client: httpx.Client, path: str) -> None:
    for address in (f"/v1/products/{path}", f"/v1/products?ids={path}", f"/v1/pictures/{path}"):
        got = client.get(address)
        assert got.status_code in (200, 307, 404, 422), (address, got.text)
        if address == f"/v1/products/{path}" and path:
            assert got.status_code == 404
            assert got.json()["hint"]


def test_an_id_that_cannot_be_written_down_is_nobodys(small: SmallShop) -> None:
    shop = small.open()
    with pytest.raises(NotFoundError):
        shop.product("\ud800")
    with pytest.raises(NotFoundError):
        shop.search(like=["\ud800"])


def test_lists_in_texts_are_bounded_before_they_are_read(client: httpx.Client) -> None:
    long = {"like": "[" + "0," * 2_000_000 + "0]"}
    started = time.monotonic()
    for name in ("like", "pinned_hits", "images"):
        got = client.post("/v1/search", files={"x": b""}, data={name: long["like"]})
        assert "too long" in problem(got, 400, "query").json()["detail"]
    assert time.monotonic() - started < 3
    problem(client.get("/v1/search?" + "like=C1&" * 5_000), 413, "too_large")
    assert client.get("/v1/search", params={"like": ["C1"] * 2_000}).status_code in (200, 400)
