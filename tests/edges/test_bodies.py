"""Bodies of requests: what never lies on a disk, and what ends before it is whole."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from shoplens.server import create_app, waiting
from tests.conftest import SmallShop, cushions
from tests.guarded import run_async


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """The service of a small shop."""
    small = SmallShop(tmp_path_factory.mktemp("bodies") / "small")
    shop = small.open(pictures={"workers": 1})
    small.index(shop, cushions(small))
    yield create_app(shop)
    small.close()


def test_a_large_photo_of_a_form_lies_in_no_file(app: FastAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (900, 900, 3), dtype=np.uint8)
    Image.fromarray(noise).save(out, "JPEG", quality=98)
    assert out.tell() > 1 << 20, "smaller ones would stay in memory anyway"
    client = TestClient(app)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "there is none"))
    got = client.post("/v1/search", files={"images": ("p.jpg", out.getvalue(), "image/jpeg")})
    assert got.status_code == 200, got.text


@pytest.mark.parametrize("path", ["/v1/search", "/v1/crops", "/v1/similar"])
def test_who_goes_amid_a_body_is_no_fault_of_the_service(app: FastAPI, path: str) -> None:
    messages = iter([{"type": "http.request", "body": b'{"q"', "more_body": True}, {"type": "http.disconnect"}])
    headers = [(b"content-type", b"application/json"), (b"content-length", b"500"), (b"host", b"shop.example")]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": ("203.0.113.9", 1),
        "server": ("127.0.0.1", 80),
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    run_async(app(scope, receive, send))  # a fault would be raised, for its traceback to be logged
    assert sent == []


@pytest.mark.parametrize("path", ["/v1/search", "/v1/crops", "/v1/similar"])
def test_bodies_take_no_more_memory_than_there_is(app: FastAPI, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = waiting.HELD.bytes
    monkeypatch.setattr(waiting, "MOST_HELD", before + 1_000_000)
    client = TestClient(app)
    asked = b'{"q": "red cushion"}'
    for _ in range(2):  # what was held is given back
        got = client.post(path, content=asked + b" " * 1_000_000, headers={"content-type": "application/json"})
        assert (got.status_code, got.json()["code"]) == (429, "busy")
        assert int(got.headers["retry-after"]) >= 1
        assert waiting.HELD.bytes == before
    waiting.HELD.add(2_000_000)
    try:
        assert client.post("/v1/search", json={"q": "red"}).status_code == 200, "words need no room"
    finally:
        waiting.HELD.add(-2_000_000)
