"""A service that runs in a thread of the test, over a real socket."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import uvicorn

from shoplens.app import Shop
from shoplens.core.keys import digest, key_from_request, spelt
from shoplens.server import create_app
from shoplens.stores.key_store import KeyStore


def key_for(shop: Shop, *scopes: str, **fields: Any) -> str:
    """A new key of a shop, as it is sent."""
    made = key_from_request({"name": "test", "scopes": list(scopes), **fields}, secrets.token_hex(6), datetime.now(UTC))
    text = spelt(made.id, secrets.token_bytes(32))
    KeyStore(shop.store.database).add(made, digest(text))
    return text


def bearer(shop: Shop, *scopes: str, **fields: Any) -> dict[str, str]:
    """The headers of who has a key with these scopes."""
    return {"Authorization": f"Bearer {key_for(shop, *scopes, **fields)}"}


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
