"""Addresses that lead inside, sent to the service as a shopper and as a shop send them: none is fetched."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import pytest

from shoplens.app import Shop
from tests.conftest import SmallShop, cushions
from tests.pictures.web_server import Server, reply
from tests.serving import key_for, serving
from tests.support import picture

HOSTS = [
    # this machine, written in every way that some library reads
    "127.0.0.1", "localhost", "LOCALHOST", "localhost.", "127.1", "127.0.1", "127.255.255.254", "0.0.0.0", "0", "00",
    "2130706433", "017700000001", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "0x7f.1", "0177.1", "127.0.0.0x1",
    "127.000.000.001", "127.0.0.1.", "①②⑦.⓪.⓪.①", "127。0。0。1", "127．0．0．1", "4294967297",
    # the same through IPv6
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[fe80::1]", "[fe80::1%25lo]", "[fc00::1]",
    "[fec0::1]", "[ff02::1]", "[::ffff:0:7f00:1]",
    # own networks, and what clouds tell machines about themselves
    "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254", "[fd00:ec2::254]", "2852039166",
    "0xa9fea9fe", "[::ffff:169.254.169.254]", "198.18.0.1", "224.0.0.1", "255.255.255.255", "metadata.inside.example",
]  # fmt: skip
"""Hosts; ``:PORT`` of a server that must not be asked goes behind them."""
OTHERS = [
    "http://user:pw@127.0.0.1:{port}/x.png", "http://public.example@127.0.0.1:{port}/x.png",
    "http://127.0.0.1:{port}#@public.example/", "http://127.0.0.1:{port}\\@public.example/x.png",
    "http://mixed.example:{port}/x.png", "http://rebind.example:{port}/x.png", "http://empty.example:{port}/x.png",
    "HTTP://127.0.0.1:{port}/x.png", "http://127.0.0.1:{port}/x.png\r\nHost: public.example",
    "https://127.0.0.1:{port}/x.png", "http:/127.0.0.1:{port}/x.png", "http:127.0.0.1:{port}/x.png",
]  # fmt: skip
REDIRECTS = [
    "http://169.254.169.254/latest/meta-data/", "http://[::ffff:169.254.169.254]/", "file:///etc/passwd",
    "gopher://127.0.0.1:25/_x", "ftp://127.0.0.1/x.png", "//169.254.169.254/x.png", "http://0.0.0.0/x.png",
    "http://user:pw@127.0.0.1/x.png", "data:image/png;base64,AAAA", "http://[fe80::1]/x.png",
]  # fmt: skip
PORTS = (8080, 8443, 80, 443)
"""Those that a picture may lie at: the trap stands at one of them, so that no port is what saves us."""


@dataclass
class Resolver:
    """Names as an attacker's server would resolve them; counts how often each was asked for."""

    real: Any = socket.getaddrinfo
    asked: dict[str, int] = field(default_factory=dict)

    def __call__(self, host: Any, port: Any, *args: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        count = self.asked[name] = self.asked.get(name, 0) + 1
        answers = {
            "mixed.example": ["93.184.216.34", "127.0.0.1"],
            "rebind.example": ["93.184.216.34"] if count == 1 else ["127.0.0.1"],
            "metadata.inside.example": ["169.254.169.254"],
            "empty.example": [],
        }.get(name)
        if answers is None:
            return self.real(host, port, *args, **more)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, int(port or 0))) for one in answers]


class Connections:
    """Counts what this process opens: no connection may go to an address that is not public."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened: list[str] = []
        real = socket.socket.connect

        def connect(sock: socket.socket, address: Any) -> None:
            if isinstance(address, tuple) and str(address[0]) == "93.184.216.34":
                self.opened.append(str(address[0]))
                raise ConnectionRefusedError("the net ends here")  # what is public is not asked by a test
            real(sock, address)

        monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(scope="module")
def trap() -> Iterator[Server]:
    """A server on this machine that must not be asked, at a port that pictures may lie at."""
    with ExitStack() as stack:
        server = Server()
        for port in PORTS:
            try:
                server._http.server_close()
                server._http = type(server._http)(("127.0.0.1", port), server._http.RequestHandlerClass)
            except OSError:
                continue
            break
        else:
            pytest.skip("all ports at which pictures may lie are taken on this machine")
        server._http.daemon_threads = True
        server._thread = threading.Thread(target=server._http.serve_forever, args=(0.02,), daemon=True)
        stack.enter_context(server)
        server.gives("/x.png", picture("red"))
        yield server


def opened(tmp_path_factory: pytest.TempPathFactory, name: str, **settings: Any) -> tuple[SmallShop, Shop]:
    small = SmallShop(tmp_path_factory.mktemp(name) / "small")
    shop = small.open(**settings)
    small.index(shop, cushions(small))
    return small, shop


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Shop]]:
    small, shop = opened(tmp_path_factory, "ssrf")
    with serving(shop) as address:
        yield address, shop
    small.close()


def addresses(port: int) -> list[str]:
    found = [f"http://{host}:{port}/x.png" for host in HOSTS] + [one.replace("{port}", str(port)) for one in OTHERS]
    assert len(set(found)) >= 60
    return found


def test_no_photo_of_a_query_is_fetched_inside(
    service: tuple[str, Shop], trap: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap.requests.clear()
    monkeypatch.setattr(socket, "getaddrinfo", Resolver())
    Connections(monkeypatch)
    let_in = []
    with httpx.Client(base_url=service[0], timeout=30) as client:
        for url in addresses(trap.port):
            body = {"images": [{"url": url}]}
            response = client.post("/v1/search", json=body)
            if response.status_code not in (400, 422):
                let_in.append((url, response.status_code))
    assert let_in == []
    assert trap.requests == []


def test_no_picture_of_a_product_is_fetched_inside(
    service: tuple[str, Shop], trap: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, shop = service
    trap.requests.clear()
    monkeypatch.setattr(socket, "getaddrinfo", Resolver())
    Connections(monkeypatch)
    rows = [{"id": f"P{n}", "title": f"Thing {n}", "image_link": url} for n, url in enumerate(addresses(trap.port))]
    key = {"Authorization": f"Bearer {key_for(shop, 'catalogue')}"}
    response = httpx.post(f"{address}/v1/products", json=rows, headers=key, timeout=120)
    assert response.status_code == 200, response.text
    numbers = shop.store.numbers_of([row["id"] for row in rows])
    stored = shop.store.get(list(numbers.values()))
    assert [one.product.id for one in stored if one is not None and one.pictures] == []
    assert trap.requests == []


def test_no_redirect_leads_inside_even_where_own_networks_are_open(
    tmp_path_factory: pytest.TempPathFactory, trap: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trap is the shop's own picture server here; what it sends clients on to is what must not be asked."""
    small, shop = opened(tmp_path_factory, "redirects", pictures={"workers": 1, "allow_private_addresses": True})
    asked: list[Any] = []
    real = socket.socket.connect

    def connect(sock: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1"):
            asked.append(address)
            raise ConnectionRefusedError("inside")
        real(sock, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    trap.requests.clear()
    with serving(shop) as address:
        for n, to in enumerate(REDIRECTS):

            def sent_on(handler: BaseHTTPRequestHandler, to: str = to) -> None:
                reply(handler, 302, location=to)

            trap.answers[f"/r{n}.png"] = sent_on
            response = httpx.post(
                f"{address}/v1/search", json={"images": [f"http://127.0.0.1:{trap.port}/r{n}.png"]}, timeout=30
            )
            assert response.status_code == 422, (to, response.text)
    small.close()
    assert asked == []
    assert {path for path, _ in trap.requests} == {f"/r{n}.png" for n in range(len(REDIRECTS))}
