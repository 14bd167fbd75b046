"""WebSource: cached by ETag, polite, and its failures have names."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from shoplens.core.catalogue import ImageRef
from shoplens.core.ports import PictureBytes
from shoplens.errors import FetchRefusedError, PictureError
from shoplens.pictures import WebSource, open_pictures
from shoplens.pictures.addresses import Door
from shoplens.pictures.fetch import Fetcher
from shoplens.pictures.web import _retry_after
from shoplens.pictures.webcache import Entry, WebCache, prune
from tests.pictures.web_server import Server, reply

LOCAL = Door(allow_private=True, ports=None)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def source(tmp_path: Path) -> Iterator[WebSource]:
    made = WebSource(tmp_path / "cache", Fetcher(LOCAL, timeout_s=5), timeout_s=5, backoff_s=0.05)
    yield made
    made.close()


def with_etag(server: Server, path: str, body: bytes, etag: str) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.headers.get("if-none-match") == etag:
            reply(handler, 304, etag=etag)
        else:
            reply(handler, 200, body, etag=etag)

    server.answers[path] = answer


def test_an_unchanged_picture_costs_no_body(server: Server, source: WebSource, tmp_path: Path) -> None:
    with_etag(server, "/a.jpg", b"picture", '"one"')
    ref = ImageRef(server.url("/a.jpg"))
    first = source.fetch(ref)
    assert first.data == b"picture"
    assert source.fetch(ref, first.fingerprint) == PictureBytes(None, first.fingerprint)
    assert source.fetch(ref) == first  # 304, and the body from the cache
    assert [headers.get("if-none-match") for _, headers in server.requests] == [None, '"one"', '"one"']
    other = WebSource(tmp_path / "cache", Fetcher(LOCAL))  # another process, later
    assert other.fetch(ref) == first
    lost = WebSource(tmp_path / "elsewhere", Fetcher(LOCAL))  # the cache is gone, the fingerprint is not
    assert lost.fetch(ref, first.fingerprint) == PictureBytes(None, first.fingerprint)
    assert server.requests[-1][1]["if-none-match"] == '"one"'
    assert lost.fetch(ref) == first


def test_a_changed_picture_is_fetched(server: Server, source: WebSource) -> None:
    with_etag(server, "/a.jpg", b"one", '"one"')
    ref = ImageRef(server.url("/a.jpg"))
    first = source.fetch(ref)
    with_etag(server, "/a.jpg", b"two", '"two"')
    second = source.fetch(ref, first.fingerprint)
    assert second.data == b"two"
    assert second.fingerprint != first.fingerprint
    assert source.fetch(ref, second.fingerprint).data is None


def test_a_date_or_the_body_itself_tells_change_too(server: Server, source: WebSource) -> None:
    date = formatdate(1_700_000_000, usegmt=True)

    def dated(handler: BaseHTTPRequestHandler) -> None:
        unchanged = handler.headers.get("if-modified-since") == date
        reply(handler, 304 if unchanged else 200, b"" if unchanged else b"dated", last_modified=date)

    server.answers["/dated"] = dated
    server.gives("/plain", b"plain")
    for path, requests in (("/dated", 2), ("/plain", 2)):
        ref = ImageRef(server.url(path))
        first = source.fetch(ref)
        assert first.data == path[1:].encode()
        assert source.fetch(ref, first.fingerprint) == PictureBytes(None, first.fingerprint)
        assert sum(asked == path for asked, _ in server.requests) == requests


def test_a_damaged_cache_costs_only_time(server: Server, source: WebSource, tmp_path: Path) -> None:
    with_etag(server, "/a.jpg", b"picture", '"one"')
    ref = ImageRef(server.url("/a.jpg"))
    source.fetch(ref)
    (file,) = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    whole = file.read_bytes()
    for damage in (b"", whole[:-1], whole[:20], whole[:-7] + b"PICTURE", whole + b"x", b"{}\n", b"[1]\npicture"):
        file.write_bytes(damage)
        assert source.fetch(ref).data == b"picture"


def test_the_cache_is_bounded(tmp_path: Path) -> None:
    cache = WebCache(tmp_path, max_bytes=50_000)
    for n in range(100):
        entry = Entry(f"http://shop.example/{n}", "", "", "f", "0" * 64, 1000)
        cache.put(entry, bytes(1000))
    prune(tmp_path, 50_000)
    sizes = [path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()]
    assert 20_000 < sum(sizes) <= 40_000


def test_an_unwritable_cache_is_no_error(server: Server, tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"a file where the folder should be")
    server.gives("/a.jpg", b"picture")
    assert WebSource(tmp_path / "cache", Fetcher(LOCAL)).fetch(ImageRef(server.url("/a.jpg"))).data == b"picture"
    assert WebSource(None, Fetcher(LOCAL)).fetch(ImageRef(server.url("/a.jpg"))).data == b"picture"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, "missing"),
        (410, "missing"),
        (400, "missing"),
        (401, "refused"),
        (403, "refused"),
        (500, "timeout"),
        (204, "missing"),
    ],
)
def test_refusals_of_a_server_have_names(server: Server, source: WebSource, status: int, reason: str) -> None:
    server.gives("/a.jpg", status=status)
    with pytest.raises(PictureError, match=str(status)) as caught:
        source.fetch(ImageRef(server.url("/a.jpg")))
    assert caught.value.reason == reason
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_when_it_said(server: Server, source: WebSource, status: int) -> None:
    times: list[float] = []

    def busy(handler: BaseHTTPRequestHandler) -> None:
        times.append(time.monotonic())
        if len(times) == 1:
            reply(handler, status, retry_after="1")
        else:
            reply(handler, 200, b"picture")

    server.answers["/a.jpg"] = busy
    assert source.fetch(ImageRef(server.url("/a.jpg"))).data == b"picture"
    assert times[1] - times[0] >= 1.0


def test_a_server_that_stays_busy_is_given_up(server: Server, source: WebSource) -> None:
    server.gives("/a.jpg", status=503)
    with pytest.raises(PictureError) as caught:
        source.fetch(ImageRef(server.url("/a.jpg")))
    assert caught.value.reason == "timeout"
    assert len(server.requests) == 4
    server.gives("/b.jpg", status=429, retry_after="86400")  # not waited for
    started = time.monotonic()
    with pytest.raises(PictureError):
        source.fetch(ImageRef(server.url("/b.jpg")))
    assert time.monotonic() - started < 2


def test_retry_after_is_a_number_or_a_date() -> None:
    assert _retry_after("120") == 120.0
    assert _retry_after(formatdate(time.time() + 100, usegmt=True)) == pytest.approx(100, abs=3)
    assert _retry_after(formatdate(time.time() - 100, usegmt=True)) == 0.0
    for nonsense in ("", "soon", "-1", "1e9", "²"):
        assert _retry_after(nonsense) is None


def test_a_host_is_not_crowded(server: Server, source: WebSource) -> None:
    lock, running, most = threading.Lock(), 0, 0

    def slow(handler: BaseHTTPRequestHandler) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        with lock:
            running -= 1
        reply(handler, 200, b"picture")

    for n in range(24):
        server.answers[f"/{n}"] = slow
    with ThreadPoolExecutor(16) as threads:
        got = list(threads.map(lambda n: source.fetch(ImageRef(server.url(f"/{n}"))).data, range(24)))
    assert got == [b"picture"] * 24
    assert 2 <= most <= 4


# --- the router ------------------------------------------------------------------------------------


def test_each_address_goes_where_its_picture_lies(server: Server, tmp_path: Path) -> None:
    (tmp_path / "feed").mkdir()
    (tmp_path / "feed" / "beside.jpg").write_bytes(b"beside the feed")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "x y.jpg").write_bytes(b"in the folder")
    server.gives("/images/x%20y.jpg", b"on the net")
    server.gives("/images/z.jpg", b"only on the net")

    def opened(pictures: Path | None, allow_private: bool = True) -> dict[str, bytes | str | None]:
        source = open_pictures(pictures, tmp_path / "feed", tmp_path / "cache", allow_private=allow_private)
        found: dict[str, bytes | str | None] = {}
        for location in ("beside.jpg", "x y.jpg", server.url("/images/x%20y.jpg?v=3"), server.url("/images/z.jpg")):
            try:
                found[location.rpartition("/")[2]] = source.fetch(ImageRef(location)).data
            except PictureError as problem:
                found[location.rpartition("/")[2]] = problem.reason
        source.close()
        return found

    net = {"z.jpg": b"only on the net"}
    assert opened(None) == {
        "beside.jpg": b"beside the feed",
        "x y.jpg": "missing",
        "x%20y.jpg?v=3": b"on the net",
        **net,
    }
    assert opened(tmp_path / "photos") == {
        "beside.jpg": "missing",
        "x y.jpg": b"in the folder",
        "x%20y.jpg?v=3": b"in the folder",
        **net,
    }
    assert opened(None, allow_private=False)["z.jpg"] == "refused"  # the server is on this machine


@pytest.mark.parametrize("location", ["ftp://shop.example/a.jpg", "gopher://x/a.jpg", "http://", "https://u:p@x/a.jpg"])
def test_other_addresses_are_refused(tmp_path: Path, location: str) -> None:
    with pytest.raises(FetchRefusedError):
        open_pictures(None, tmp_path, tmp_path / "cache").fetch(ImageRef(location))
