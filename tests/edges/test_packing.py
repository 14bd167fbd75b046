"""Answers are packed as the client can read them; packed requests are refused before anything unfolds."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from shoplens.server.packing import PACKERS, SMALLEST, Packing, chosen
from tests.conftest import SmallShop, cushions
from tests.serving import serving
from tests.support import picture

LONG = b'{"a": "' + b"x" * 100_000 + b'"}'
SHORT = b'{"a": 1}'


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    small = SmallShop(tmp_path_factory.mktemp("packing") / "small")
    shop = small.open()
    small.index(shop, cushions(small))
    with serving(shop) as found:
        yield found
    small.close()


@pytest.fixture
def client() -> TestClient:
    async def long(_: Request) -> Response:
        return Response(LONG, media_type="application/json", headers={"ETag": '"one"'})

    async def short(_: Request) -> Response:
        return Response(SHORT, media_type="application/json")

    async def shown(_: Request) -> Response:
        return Response(picture("red", 200), media_type="image/png")

    async def streamed(_: Request) -> Response:
        return StreamingResponse(iter([LONG, LONG]), media_type="application/json")

    async def ready(_: Request) -> Response:
        return Response(gzip.compress(LONG), media_type="text/html", headers={"Content-Encoding": "gzip"})

    routes = [Route(f"/{f.__name__}", f) for f in (long, short, shown, streamed, ready)]
    return TestClient(Packing(Starlette(routes=routes)))


def raw(client: TestClient, path: str, accepted: str) -> tuple[httpx.Response, bytes]:
    with client.stream("GET", path, headers={"accept-encoding": accepted}) as response:
        return response, b"".join(response.iter_raw())


def test_a_long_answer_is_packed_and_says_so(client: TestClient) -> None:
    response, body = raw(client, "/long", "gzip")
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["vary"] == "Accept-Encoding"
    assert response.headers["etag"] == 'W/"one"'
    assert int(response.headers["content-length"]) == len(body) < len(LONG) / 50
    assert gzip.decompress(body) == LONG


@pytest.mark.parametrize(
    ("path", "accepted", "expected"),
    [("/long", "identity", LONG), ("/long", "br", LONG), ("/short", "gzip", SHORT), ("/streamed", "gzip", LONG * 2)],
)
def test_what_is_not_packed(client: TestClient, path: str, accepted: str, expected: bytes) -> None:
    response, body = raw(client, path, accepted)
    assert "content-encoding" not in response.headers
    assert response.headers["vary"] == "Accept-Encoding"
    assert body == expected


def test_pictures_and_what_is_packed_already_pass(client: TestClient) -> None:
    response, body = raw(client, "/shown", "gzip")
    assert "content-encoding" not in response.headers
    assert body == picture("red", 200)
    response, body = raw(client, "/ready", "gzip")
    assert gzip.decompress(body) == LONG


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (b"gzip", b"gzip"), (b"GZIP;q=0.5, deflate", b"gzip"), (b"", b""), (b"gzip;q=0", b""),
        (b"*", next(iter(PACKERS))),
        (b"identity;q=1, gzip;q=0.5", b""), (b"*;q=0", b""), (b"gzip;q=nonsense", b""), (b"br", b""),
        (b"gzip, zstd;q=0", b"gzip"), (b",,;;", b""),
    ],
)  # fmt: skip
def test_the_client_decides_the_coding(accepted: bytes, coding: bytes) -> None:
    assert chosen(accepted) == coding


def test_what_the_service_says_is_the_same_packed_or_not(address: str) -> None:
    plain = httpx.get(f"{address}/v1/openapi.json", headers={"accept-encoding": "identity"})
    packed = httpx.get(f"{address}/v1/openapi.json", headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json() == plain.json()
    assert len(plain.content) > SMALLEST
    found = httpx.post(f"{address}/v1/search", json={"q": "cushion"}, headers={"accept-encoding": "gzip"})
    assert found.headers["content-encoding"] == "gzip"
    assert found.json()["hits"]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "x-gzip", "identity, gzip", "GZIP"])
@pytest.mark.parametrize("path", ["/v1/search", "/v1/products", "/ucp/catalog/search", "/v1/crops"])
def test_packed_requests_are_refused_unread(address: str, coding: str, path: str) -> None:
    bomb: dict[str, Any] = {"gzip": gzip.compress, "deflate": zlib.compress}
    body = bomb.get(coding, gzip.compress)(b" " * 10_000_000)
    headers = {"content-type": "application/json", "content-encoding": coding}
    response = httpx.post(f"{address}{path}", content=body, headers=headers)
    assert (response.status_code, response.json()["code"]) == (415, "packed_body")


def test_a_body_that_says_it_is_not_packed_is_taken(address: str) -> None:
    headers = {"content-type": "application/json", "content-encoding": "identity"}
    assert httpx.post(f"{address}/v1/search", content=b'{"q": "red"}', headers=headers).status_code == 200
