"""The guard of fetching, against a real server on this machine."""

from __future__ import annotations

import gzip
import socket
import time
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from shoplens.errors import FetchRefusedError, PictureError
from shoplens.pictures.addresses import Door
from shoplens.pictures.fetch import Fetcher
from tests.pictures.web_server import Server, reply

LOCAL = Door(allow_private=True, ports=None)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        running.gives("/a.jpg", b"picture")
        yield running


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    made = Fetcher(LOCAL, max_bytes=100_000, timeout_s=5.0)
    yield made
    made.close()


def reason(fetcher: Fetcher, url: str) -> str:
    with pytest.raises(PictureError) as caught:
        fetcher.get(url)
    assert caught.value.where
    assert caught.value.hint
    return caught.value.reason


def test_a_picture_comes_as_it_is(server: Server, fetcher: Fetcher) -> None:
    got = fetcher.get(server.url("/a.jpg?width=800"))
    assert (got.status, got.body) == (200, b"picture")
    assert server.requests[0][1]["host"] == f"127.0.0.1:{server.port}"
    assert server.requests[0][1]["accept-encoding"] == "identity"
    assert "cookie" not in server.requests[0][1]


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "0", "[::1]", "[::ffff:127.0.0.1]",
     "①②⑦.0.0.1", "127。0。0。1", "[::]", "[64:ff9b::7f00:1]"],
)  # fmt: skip
def test_this_machine_is_closed_however_it_is_written(server: Server, host: str) -> None:
    fetcher = Fetcher(Door(ports=None), timeout_s=5.0)
    with pytest.raises(PictureError) as caught:
        fetcher.get(server.url("/a.jpg", host))
    assert caught.value.reason in ("refused", "missing")
    assert server.requests == []


def test_the_name_is_resolved_once_and_that_answer_is_used(server: Server) -> None:
    """DNS rebinding: the second answer would lead elsewhere, so there must be no second question."""
    asked: list[tuple[str, int]] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    fetcher = Fetcher(LOCAL, resolve=resolve)
    assert fetcher.get(server.url("/a.jpg", "shop.example")).body == b"picture"
    assert asked == [("shop.example", server.port)]
    assert server.requests[0][1]["host"] == f"shop.example:{server.port}"


@pytest.mark.parametrize("answers", [["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["2606:4700::1111", "::1"]])
def test_one_bad_answer_spoils_all(server: Server, answers: list[str]) -> None:
    fetcher = Fetcher(Door(ports=None), resolve=lambda host, port: answers)
    with pytest.raises(FetchRefusedError, match="not a public address"):
        fetcher.get(server.url("/a.jpg", "shop.example"))
    assert server.requests == []


def test_a_redirect_is_checked_like_the_first_address(server: Server) -> None:
    def resolve(host: str, port: int) -> list[str]:
        return {"shop.example": ["127.0.0.1"], "metadata.example": ["169.254.169.254"]}.get(host, [host])

    fetcher = Fetcher(LOCAL, resolve=resolve)
    targets = {
        "/private": f"http://metadata.example:{server.port}/secret",
        "/literal": "http://169.254.169.254/latest/meta-data/",
        "/file": "file:///etc/passwd",
        "/user": f"http://user:pw@127.0.0.1:{server.port}/a.jpg",
    }
    for path, target in targets.items():
        server.gives(path, status=302, location=target)
        with pytest.raises(FetchRefusedError):
            fetcher.get(server.url(path, "shop.example"))
    server.gives("/moved", status=301, location="/a.jpg")
    assert fetcher.get(server.url("/moved", "shop.example")).body == b"picture"
    assert [path for path, _ in server.requests] == [*targets, "/moved", "/a.jpg"]


def test_a_redirect_to_a_closed_port_is_refused(server: Server) -> None:
    server.gives("/out", status=302, location="http://127.0.0.1:6379/")
    fetcher = Fetcher(Door(allow_private=True, ports={server.port}))
    with pytest.raises(FetchRefusedError, match="port 6379"):
        fetcher.get(server.url("/out"))


def test_redirects_are_capped(server: Server, fetcher: Fetcher) -> None:
    server.gives("/loop", status=302, location="/loop")
    with pytest.raises(FetchRefusedError, match="redirects"):
        fetcher.get(server.url("/loop"))
    assert len(server.requests) == 4
    for n in range(3):
        server.gives(f"/{n}", status=307, location=f"/{n + 1}")
    server.gives("/3", b"there")
    assert fetcher.get(server.url("/0")).body == b"there"


def test_the_byte_cap_holds_announced_and_streamed(server: Server, fetcher: Fetcher) -> None:
    sent = 0

    def endless(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.send_header("connection", "close")
        handler.end_headers()
        for _ in range(2000):
            handler.wfile.write(bytes(65536))
            sent += 65536

    server.gives("/large", bytes(100_001))
    server.gives("/fits", bytes(100_000))
    server.answers["/endless"] = endless
    assert len(fetcher.get(server.url("/fits")).body) == 100_000
    assert reason(fetcher, server.url("/large")) == "too_large"
    assert reason(fetcher, server.url("/endless")) == "too_large"
    assert sent < 60_000_000


def test_the_byte_cap_holds_after_unpacking(server: Server, fetcher: Fetcher) -> None:
    server.gives("/gzip", gzip.compress(b"picture"), content_encoding="gzip")
    server.gives("/deflate", zlib.compress(b"picture"), content_encoding="deflate")
    server.gives("/bomb", gzip.compress(bytes(90_000_000)), content_encoding="gzip")
    server.gives("/br", b"?", content_encoding="br")
    server.gives("/short", gzip.compress(bytes(range(256)) * 30)[:-20], content_encoding="gzip")
    assert fetcher.get(server.url("/gzip")).body == b"picture"
    assert fetcher.get(server.url("/deflate")).body == b"picture"
    assert reason(fetcher, server.url("/bomb")) == "too_large"
    assert reason(fetcher, server.url("/br")) == "broken"
    assert reason(fetcher, server.url("/short")) == "truncated"


@pytest.mark.parametrize("part", ["silence", "headers", "body", "redirects"])
def test_a_slow_server_is_left_at_the_deadline(server: Server, part: str) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        if part == "redirects":
            time.sleep(0.3)
            reply(handler, 302, location="/slow")
            return
        if part == "silence":
            time.sleep(3)
            return
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        if part == "body":
            handler.wfile.write(b"content-length: 100\r\n\r\n")
        for n in range(30):
            handler.wfile.write(b"x" if part == "body" else b"x-%d: y\r\n" % n)
            handler.wfile.flush()
            time.sleep(0.1)

    server.answers["/slow"] = drip
    fetcher = Fetcher(LOCAL, timeout_s=0.7, max_redirects=20)
    started = time.monotonic()
    assert reason(fetcher, server.url("/slow")) == "timeout"
    assert time.monotonic() - started < 2.5


def test_a_slow_look_up_counts_too(server: Server) -> None:
    def resolve(host: str, port: int) -> list[str]:
        time.sleep(1.5)
        return ["127.0.0.1"]

    started = time.monotonic()
    assert reason(Fetcher(LOCAL, timeout_s=0.3, resolve=resolve), server.url("/a.jpg", "shop.example")) == "timeout"
    assert time.monotonic() - started < 1.3


def test_failures_of_the_net_are_named(server: Server, fetcher: Fetcher) -> None:
    def hang_up(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.shutdown(socket.SHUT_RDWR)

    server.answers["/hangs-up"] = hang_up
    server.gives("/half", b"half", content_length="100", connection="close")
    assert reason(fetcher, server.url("/hangs-up")) == "broken"
    assert reason(fetcher, server.url("/half")) == "broken"
    assert reason(fetcher, "http://127.0.0.1:1/") == "unreachable"

    def unknown(host: str, port: int) -> list[str]:
        raise OSError("unknown name")

    assert reason(Fetcher(LOCAL, resolve=unknown), "http://no.example/") == "unreachable"
    assert reason(Fetcher(LOCAL, resolve=lambda host, port: []), "http://no.example/") == "unreachable"


def test_the_next_address_is_tried_when_one_is_down(server: Server) -> None:
    fetcher = Fetcher(LOCAL, resolve=lambda host, port: ["127.0.0.2", "127.0.0.1"])
    assert fetcher.get(server.url("/a.jpg", "shop.example")).body == b"picture"


def test_a_proxy_of_the_environment_is_not_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert Fetcher(LOCAL).get(server.url("/a.jpg")).body == b"picture"


def test_tls_verifies_the_hosts_name_not_the_address(server: Server) -> None:
    """A plain server under https: the handshake fails, and is told as such."""
    with pytest.raises(PictureError) as caught:
        Fetcher(LOCAL).get(server.url("/a.jpg").replace("http:", "https:"))
    assert caught.value.reason == "unreachable"
    assert server.requests == []
