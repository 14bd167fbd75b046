"""The HTTP service over a real socket with a real client."""

from __future__ import annotations

import base64
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from shoplens.server import create_app
from tests.conftest import SmallShop, cushions
from tests.serving import serving
from tests.support import picture


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a service that runs in a thread, with the small shop of cushions."""
    small = SmallShop(tmp_path_factory.mktemp("http") / "small")
    shop = small.open(server={"max_body_bytes": 300_000})
    small.index(shop, cushions(small))
    with serving(shop) as address, httpx.Client(base_url=address, timeout=30) as made:
        yield made
    small.close()


def ids(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [hit["product"]["id"] for hit in response.json()["hits"]]


def problem(response: httpx.Response, status: int) -> dict[str, str]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["code"]
    assert body["detail"]
    return dict(body)


def test_search_by_get_post_and_form(client: httpx.Client) -> None:
    assert ids(client.get("/v1/search", params={"q": "red cushion", "per_page": 3}))[0] == "C1"
    assert ids(client.post("/v1/search", json={"q": "红色靠垫"}))[0] == "C1"
    green = picture("green", side=100, shade=2)
    assert ids(client.post("/v1/search", files={"images": ("p.png", green)}))[0] == "C2"
    encoded = base64.b64encode(green).decode()
    assert ids(client.post("/v1/search", json={"images": [{"base64": encoded}]}))[0] == "C2"
    both = client.post("/v1/search", files={"images": ("p.png", picture("red"))}, data={"q": "mug"})
    assert ids(both)[0] == "M1"
    named = {"json": '{"images": [{"multipart": "a", "weight": 1}], "per_page": 1}'}
    assert ids(client.post("/v1/search", files={"a": ("p.png", green)}, data=named)) == ["C2"]


def test_an_answer_has_all_that_the_wire_promises(client: httpx.Client) -> None:
    body = client.post("/v1/search", json={"q": "cushion", "facet_by": ["brand"], "filter_by": "price<40"}).json()
    for name in (
        "hits", "facet_counts", "found", "page", "search_time_ms", "query_id", "applied_rules", "model_version",
        "degraded", "verdict", "staleness_s",
    ):  # fmt: skip
        assert name in body
    hit = body["hits"][0]
    assert sum(r["contribution"] for r in hit["reasons"]) == pytest.approx(hit["score"])
    assert hit["product"]["variants"][0]["price"] == pytest.approx(9.9)
    assert body["facet_counts"][0]["field"] == "brand"


def test_like_filter_sort_and_pages(client: httpx.Client) -> None:
    assert "C1" not in ids(client.post("/v1/search", json={"like": ["C1"]}))
    cheap = ids(client.get("/v1/search", params={"sort_by": "price:asc", "filter_by": "brand=Fila"}))
    assert cheap == ["C3", "C4", "C5"]
    assert ids(client.get("/v1/search", params={"sort_by": "price:asc", "page": 2, "per_page": 4})) == ["C4", "C5"]


@pytest.mark.parametrize(
    ("body", "status", "code", "where"),
    [
        ({"q": 3}, 400, "query", "q"),
        ({"query": "red"}, 400, "query", "query"),
        ({"filter_by": "price<"}, 400, "filter", "filter_by"),
        ({"filter_by": "prise<3"}, 400, "unknown_field", None),
        ({"page": 0}, 400, "query", "page"),
        ({"page": 10**30}, 400, "query", "page"),
        ({"like": ["nope"]}, 404, "not_found", "like"),
        ({"images": [{"base64": "?"}]}, 400, "query", None),
        ({"images": [{"base64": base64.b64encode(b"no picture").decode()}]}, 422, "picture.unsupported_format", None),
        ({"images": ["/etc/passwd"]}, 422, "picture.refused", "images"),
        ({"images": ["http://127.0.0.1:1/x.jpg"]}, 422, "fetch_refused.refused", None),
        ({"images": ["http://[::ffff:127.0.0.1]/x.jpg"]}, 422, "fetch_refused.refused", None),
        ({"images": [{"base64": "AAAA"}] * 9}, 400, "query", "images"),
    ],
)
def test_bad_requests(client: httpx.Client, body: object, status: int, code: str, where: str | None) -> None:
    told = problem(client.post("/v1/search", json=body), status)
    assert told["code"] == code
    assert told.get("hint")
    if where:
        assert where in told["where"]


def test_bodies_that_are_no_requests(client: httpx.Client) -> None:
    for content, kind in ((b"{", "application/json"), (b"[]", "application/json"), (b"x", "text/plain")):
        problem(client.post("/v1/search", content=content, headers={"content-type": kind}), 400)
    broken = {"content-type": "multipart/form-data; boundary=x"}
    problem(client.post("/v1/search", content=b"--x\r\ngarbage", headers=broken), 400)
    problem(client.post("/v1/search", content=b"--x", headers={"content-type": "multipart/form-data"}), 400)
    problem(client.post("/v1/search", content=b"x" * 300_001), 413)
    chunks = (b"x" * 100_000 for _ in range(4))  # no content-length: counted while it arrives
    problem(client.post("/v1/search", content=chunks, headers={"content-type": "application/json"}), 413)


def test_products_and_pictures(client: httpx.Client) -> None:
    one = client.get("/v1/products/C1").json()
    assert one["title"] == "Red cushion"
    several = client.get("/v1/products", params={"ids": ["M1", "nope", "C2"]}).json()["products"]
    assert [p["id"] for p in several] == ["M1", "C2"]
    problem(client.get("/v1/products/nope"), 404)
    shown = client.get(f"/v1/pictures/{one['pictures'][0]}", params={"side": 64})
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.content[:2] == b"\xff\xd8"
    assert client.get(f"/v1/pictures/{one['pictures'][0]}", params={"side": 64}).content == shown.content
    problem(client.get("/v1/pictures/" + "0" * 64), 404)
    problem(client.get("/v1/pictures/..%2f..%2fetc%2fpasswd"), 404)
    assert client.get(f"/v1/pictures/{one['pictures'][0]}", params={"side": 5000}).status_code == 422


def test_health_page_and_document(client: httpx.Client) -> None:
    assert client.get("/healthz").json()["status"] == "ok"
    assert client.get("/readyz").json()["status"] == "ready"
    page = client.get("/")
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    for address in re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text):
        asset = client.get(address)
        assert asset.status_code == 200
        assert "immutable" in asset.headers["cache-control"]
    document = client.get("/v1/openapi.json").json()
    assert {"/v1/search", "/v1/products", "/v1/products/{product_id}", "/healthz", "/readyz"} <= set(document["paths"])
    problem(client.get("/nowhere"), 404)
    problem(client.delete("/v1/search"), 405)


def test_the_page_keeps_product_texts_as_texts(tmp_path: Path) -> None:
    small = SmallShop(tmp_path / "evil")
    shop = small.open()
    small.index(
        shop, [{"id": "X", "title": "</script><script>alert(1)</script>", "color": "</script><script>alert(2)"}]
    )
    text = TestClient(create_app(shop)).get("/").text
    assert "<script>alert(" not in text
    assert "alert(2)" in text
    small.close()


def test_half_sent_requests_block_nobody(client: httpx.Client) -> None:
    host, port = client.base_url.host, client.base_url.port
    head = b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    started = [b"POST /v1/se", head, head + b'{"q": "re', head.replace(b"1000", b"299999") + b"x" * 4096]
    # More of them than there are worker threads and places to wait: a request counts once it is whole.
    open_ones = [socket.create_connection((host, port)) for _ in range(100)]
    try:
        for number, one in enumerate(open_ones):
            one.sendall(started[number % len(started)])
        for _ in range(5):
            assert ids(client.get("/v1/search", params={"q": "red cushion"}))[0] == "C1"
        open_ones[2].close()  # and one that leaves in the middle is nobody's error
        assert client.get("/readyz").status_code == 200
    finally:
        for one in open_ones:
            one.close()
    assert ids(client.get("/v1/search", params={"q": "red cushion"}))[0] == "C1"


def test_many_at_once_are_all_answered_or_told_to_wait(client: httpx.Client) -> None:
    statuses: list[int] = []
    end = time.monotonic() + 60

    def ask() -> None:
        answers = 0
        while answers < 10 and time.monotonic() < end:
            status = client.post("/v1/search", json={"q": "red cushion", "per_page": 2}).status_code
            statuses.append(status)
            answers += status == 200
            if status == 429:
                time.sleep(0.05)

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {200, 429}
    assert statuses.count(200) == 200


def test_serve_as_a_process_becomes_ready_and_stops_gracefully(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text("id,title\n1,red t-shirt\n2,blue jeans\n")
    base = [sys.executable, "-m", "shoplens"]
    subprocess.run([*base, "index", "feed.csv", "--shop", "s"], cwd=tmp_path, check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serving = subprocess.Popen([*base, "serve", "--shop", "s", "--port", str(port)], cwd=tmp_path)
    try:
        end = time.monotonic() + 60
        while True:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                    break
            except httpx.TransportError:
                pass
            assert time.monotonic() < end
            assert serving.poll() is None
            time.sleep(0.1)
        found = httpx.get(f"http://127.0.0.1:{port}/v1/search", params={"q": "jeans"})
        assert ids(found)[0] == "2"
        # A second process writes; the service shows it within a second, words too.
        (tmp_path / "feed.csv").write_text("id,title\n1,red t-shirt\n2,blue jeans\n3,turquoise umbrella\n")
        subprocess.run([*base, "index", "feed.csv", "--shop", "s"], cwd=tmp_path, check=True, capture_output=True)
        fields = {"q": "turquoise umbrella", "semantic_ratio": 0}
        end = time.monotonic() + 1
        while ids(httpx.get(f"http://127.0.0.1:{port}/v1/search", params=fields)) != ["3"]:
            assert time.monotonic() < end
        busy = subprocess.run([*base, "serve", "--shop", "s", "--port", str(port)], cwd=tmp_path, capture_output=True)
        assert busy.returncode == 2
        assert b"--port" in busy.stderr
    finally:
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(20) in (0, -signal.SIGTERM, 128 + signal.SIGTERM, 130)
    assert os.path.exists(tmp_path / "s" / "shop.db")


def test_the_page_has_every_note_in_both_languages() -> None:
    from shoplens.core.notes import CAUSES, TEXTS

    script = (Path(__file__).resolve().parents[2] / "web" / "src" / "shop" / "texts.ts").read_text("utf-8")
    for language in ("En", "Zh"):
        notes = script.split(f"const notes{language}")[1].split("\n}")[0]
        assert re.findall(r"^  (\w+): \(", notes, re.MULTILINE) == list(TEXTS)
        for code, text in TEXTS.items():
            line = notes.split(f"  {code}: (")[1].split("\n  ")[0]
            names = set(re.findall(r"\{(\w+)\}", text))
            shown = {"crop"} if code == "cropped" else set()  # the window draws it on the photo
            assert set(re.findall(r"\w+", line.split(")")[0])) == names - shown, code
    causes = script.split("const CAUSES = [")[1].split("]")[0]
    assert set(re.findall(r'"(\w+)"', causes)) == CAUSES


def test_notes_have_a_code_a_text_and_values(client: httpx.Client) -> None:
    body = client.post("/v1/search", json={"q": "cushion", "filter_by": "price>100000"}).json()
    total = client.post("/v1/search", json={}).json()["found"]
    assert body["verdict"] == "none"
    assert body["notes"] == [
        {
            "code": "filter_leaves_none",
            "text": f"The filter leaves none of the {total} products.",
            "values": {"total": total},
        }
    ]
