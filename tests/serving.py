"""A service that runs in a thread of the test, over a real socket."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn

from shoplens.app import Shop
from shoplens.server import create_app


@contextmanager
def serving(shop: Shop) -> Iterator[str]:
    """Serves the shop until the block is left; gives its address once it is ready."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(shop), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        end = time.monotonic() + 30
        while httpx.get(f"{address}/readyz", timeout=30).status_code != 200:
            assert time.monotonic() < end, "the service did not become ready"
            time.sleep(0.05)
        yield address
    finally:
        server.should_exit = True
        thread.join()
