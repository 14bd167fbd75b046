"""A head has a bound, in bytes, whatever it is made of; bodies and heads below it go through."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from shoplens.config import GuardSettings
from shoplens.server.connections import GuardedProtocol, protocol_of

LIMIT = GuardedProtocol.max_head


async def counting(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the number of bytes of the body."""
    if scope["type"] != "http":
        return
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = bool(message.get("more_body"))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    settings = uvicorn.Config(counting, http=protocol_of(GuardSettings()), lifespan="off", log_level="critical")
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield int(listener.getsockname()[1])
    server.should_exit = True
    thread.join()


def test_bodies_of_any_size_and_long_heads_go_through(port: int) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        for size in (0, 10, 10 * LIMIT):
            assert client.post("/", content=b"x" * size).text == str(size)
        assert client.post("/", content=(b"y" * 1_000 for _ in range(300))).text == "300000"
        assert client.get("/", headers={"X-Long": "z" * (LIMIT // 2)}).text == "0"


@pytest.mark.parametrize(
    "begins",
    [
        b"GET / HTTP/1.1\r\nX-Endless: ",
        b"GET /",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Trailer: ",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;extension=",
    ],
    ids=["a header", "an address", "a trailer", "an extension of a chunk"],
)
def test_what_never_ends_is_cut(port: int, begins: bytes) -> None:
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=20) as link:
        link.sendall(begins)
        end = time.monotonic() + 20
        with pytest.raises(OSError):  # noqa: PT012 - any of these bytes may be the one that meets a closed connection
            while time.monotonic() < end:
                link.sendall(b"a" * 8_192)
                sent += 8_192
                if sent > LIMIT and not link.recv(65_536):
                    raise ConnectionError
    assert sent < 200 * LIMIT
