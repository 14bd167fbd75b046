"""Jobs over HTTP: imports with their progress and report, paused, cancelled, refused; killed and gone on with."""

from __future__ import annotations

import random
import re
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from shoplens.app import Shop, open_shop
from shoplens.engine import indexing
from shoplens.errors import JobStateError, NotFoundError
from shoplens.stores.job_store import Job, JobStore
from tests.command import _server as forks
from tests.conftest import SmallShop, cushions
from tests.edges import job_service
from tests.edges.job_service import PRODUCTS, write_feed
from tests.serving import bearer, serving
from tests.support import ColourEncoder

OVER = ("done", "failed", "cancelled", "paused")


class Place:
    """A shop that is served, with a folder of feeds beside it."""

    def __init__(self, small: SmallShop, shop: Shop, client: httpx.Client) -> None:
        self.small, self.shop, self.client = small, shop, client

    def order(self, **given: Any) -> dict[str, Any]:
        response = self.client.post("/v1/jobs/import", json=given)
        assert response.status_code == 202, response.text
        assert response.headers["location"] == f"/v1/jobs/{response.json()['id']}"
        return dict(response.json())

    def send(
        self, feed: bytes, kind: str = "text/csv", address: str = "/v1/jobs/import", **headers: str
    ) -> httpx.Response:
        return self.client.post(address, content=feed, headers={"content-type": kind, **headers})

    def wait(self, job: dict[str, Any], states: tuple[str, ...] = OVER) -> dict[str, Any]:
        end = time.monotonic() + 60
        while (now := self.client.get(f"/v1/jobs/{job['id']}").json())["state"] not in states:
            assert time.monotonic() < end, now
            time.sleep(0.02)
        return dict(now)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    small = SmallShop(tmp_path_factory.mktemp("jobs") / "small")
    rows = cushions(small)
    shop = small.open(jobs={"feeds": str(small.folder), "feed_hosts": ["feeds.example"], "max_feed_bytes": 100_000})
    small.index(shop, rows[:3])
    small.write(rows)
    with (
        serving(shop) as address,
        httpx.Client(base_url=address, timeout=60, headers=bearer(shop, "catalogue", "search")) as client,
    ):
        yield Place(small, shop, client)
    small.close()


def test_a_feed_by_its_path_tells_how_far_it_has_come(place: Place) -> None:
    rows = cushions(place.small)
    place.small.write([*rows, {"id": "bad", "title": "bad", "image_link": "none.png"}, {"title": "nobody's"}])
    done = place.wait(place.order(path="products.jsonl"))
    assert done["state"] == "done", done
    progress = done["progress"]
    assert (progress["products"], progress["total"], progress["added"], progress["unchanged"]) == (7, 7, 4, 3)
    assert (progress["problems"], progress["rows_skipped"], progress["pictures_rejected"]) == (2, 1, 1)
    assert progress["rate"] > 0
    assert (progress["eta_s"], progress["attempts"]) == (0.0, 1)
    assert done["by"].startswith("key ")
    report = place.client.get(f"/v1/jobs/{done['id']}/report")
    told = [orjson.loads(line) for line in report.content.splitlines()]
    assert [(one["line"], one["field"]) for one in told] == [(8, "id"), (None, "image")]
    assert place.client.get("/v1/products/M1").status_code == 200
    assert [job["id"] for job in place.client.get("/v1/jobs").json()["jobs"]] == [done["id"]]


def test_a_feed_that_is_sent_leaves_the_pictures_where_they_are(place: Place) -> None:
    base = place.shop.store.get_meta("feed_base"), place.shop.store.get_meta("pictures")
    feed = b"id,title,price,image_link\nS1,Sent thing,3 EUR,red.png\n"
    done = place.wait(place.send(feed, address="/v1/jobs/import?keep_missing=true").json())
    assert (done["state"], done["progress"]["added"], done["progress"]["pictures"]) == ("done", 1, 1), done
    assert (place.shop.store.get_meta("feed_base"), place.shop.store.get_meta("pictures")) == base
    assert place.shop.stored("S1").pictures
    assert list((place.small.folder / "shop" / "jobs").rglob("feed*")) == [], "what was sent is not kept"


def test_the_same_import_sent_again_is_the_same_job(place: Place) -> None:
    feed, headers = b"id,title\nI1,Again\n", {"idempotency-key": "import"}
    address = "/v1/jobs/import?keep_missing=true"
    first = place.send(feed, address=address, **headers)
    again = place.send(feed, address=address, **headers)
    place.wait(first.json())
    later = place.send(feed, address=address, **headers)
    assert {r.json()["id"] for r in (first, again, later)} == {first.json()["id"]}
    assert (again.headers["idempotent-replayed"], later.json()["state"]) == ("true", "done")
    other = place.send(feed + b"I2,More\n", address=address, **headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert place.send(feed, **headers).status_code == 422


def test_of_two_feeds_with_one_key_the_one_that_was_taken_is_read(place: Place) -> None:
    for turn in range(3):
        headers = {"Idempotency-Key": f"race-{turn}"}
        feeds = [f"id,title\nR{turn}-{n},race\n".encode() for n in range(4)]
        address = "/v1/jobs/import?keep_missing=true"
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda feed: place.send(feed, address=address, **headers), feeds))  # noqa: B023
        assert sorted(a.status_code for a in answers) == [202, 422, 422, 422]
        taken = next(n for n, a in enumerate(answers) if a.status_code == 202)
        assert place.wait(answers[taken].json())["state"] == "done"
        there = [place.client.get(f"/v1/products/R{turn}-{n}").status_code == 200 for n in range(4)]
        assert there == [n == taken for n in range(4)]


def test_too_many_removals_fail_until_they_are_allowed(place: Place) -> None:
    rows = [{"id": f"G{n}", "title": f"G number {n}"} for n in range(30)]
    body = b"".join(orjson.dumps(row) + b"\n" for row in rows)
    place.wait(place.send(body, "application/x-ndjson", "/v1/jobs/import?keep_missing=true").json())
    failed = place.wait(place.send(orjson.dumps({"id": "G0", "title": "alone"}), "application/x-ndjson").json())
    assert (failed["state"], failed["error"]["code"]) == ("failed", "removal_guard")
    hint = failed["error"]["hint"]  # in the words of HTTP, not of the command line
    assert f"POST /v1/jobs/{failed['id']}/resume" in hint
    assert "--" not in hint
    assert "Python" not in hint
    assert place.client.get("/v1/products/G29").status_code == 200
    address = f"/v1/jobs/{failed['id']}/resume"
    assert place.client.post(address, json={"allow": True}).status_code == 400
    assert place.client.post(address, json={"allow_removals": True}).status_code == 200
    done = place.wait(failed)
    assert (done["state"], done["progress"]["attempts"]) == ("done", 2)
    assert list(place.shop.store.ids()) == ["G0"]


def test_a_job_is_paused_gone_on_with_and_cancelled(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "BATCH", 8)
    going, waits = threading.Semaphore(0), threading.Semaphore(0)
    encode = ColourEncoder.encode_words

    def slow(self: ColourEncoder, texts: Any) -> Any:
        if len(texts) > 4:
            waits.release()
            going.acquire(timeout=30)
        return encode(self, texts)

    monkeypatch.setattr(ColourEncoder, "encode_words", slow)
    rows = [{"id": f"W{n}", "title": f"thing number {n}"} for n in range(64)]
    body = b"".join(orjson.dumps(row) + b"\n" for row in rows)
    job = place.send(body, "application/x-ndjson", "/v1/jobs/import?keep_missing=true").json()

    def begun() -> None:
        assert waits.acquire(timeout=30)

    begun()
    going.release()
    begun()
    assert place.client.post(f"/v1/jobs/{job['id']}/pause").json()["state"] == "pausing"
    going.release()
    paused = place.wait(job)
    assert paused["state"] == "paused"
    kept = sum(i.startswith("W") for i in place.shop.store.ids())
    assert 0 < kept < 64, "what was written stays, the rest waits"
    waiting = place.send(b"id,title\nQ1,waits\n", address="/v1/jobs/import?keep_missing=true").json()
    assert place.wait(waiting)["state"] == "done", "another job does not wait for a paused one"
    assert place.client.post(f"/v1/jobs/{job['id']}/resume").json()["state"] == "queued"
    begun()
    assert place.client.post(f"/v1/jobs/{job['id']}/cancel").json()["state"] == "cancelling"
    for _ in range(8):
        going.release()
    assert place.wait(job, ("cancelled",))["progress"]["unchanged"] >= kept
    refused = place.client.post(f"/v1/jobs/{job['id']}/resume")
    assert (refused.status_code, refused.json()["code"]) == (409, "job_state")
    assert sum(i.startswith("W") for i in place.shop.store.ids()) >= kept


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({}, 400, "query"),
        ({"path": "a", "url": "b"}, 400, "query"),
        ({"path": "a\0b"}, 400, "query"),
        ({"path": "x" * 5_000}, 400, "query"),
        ({"path": "products.jsonl", "more": 1}, 400, "query"),
        ({"path": "products.jsonl", "keep_missing": 1}, 400, "query"),
        ({"path": "../x"}, 403, "feed_refused"),
        ({"path": "/etc/passwd"}, 403, "feed_refused"),
        ({"path": "nothing.csv"}, 400, "feed"),
        ({"url": "http://other.example/feed.csv"}, 403, "feed_refused"),
        ({"url": "http://user@feeds.example@other.example/x"}, 403, "feed_refused"),
        ({"url": "file:///etc/passwd"}, 403, "feed_refused"),
        ({"url": "feeds.example/x"}, 403, "feed_refused"),
    ],
)
def test_what_may_not_be_imported_is_refused(place: Place, given: dict[str, Any], status: int, code: str) -> None:
    response = place.client.post("/v1/jobs/import", json=given)
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_a_body_that_cannot_be_taken_leaves_nothing_behind(place: Place) -> None:
    before = sorted((place.small.folder / "shop" / "jobs").rglob("feed*"))
    assert place.send(b"x" * 100_001).status_code == 413
    assert place.send(b"").status_code == 400
    chunks = (b"y" * 10_000 for _ in range(12))
    assert place.client.post("/v1/jobs/import", content=chunks, headers={"content-type": "text/csv"}).status_code == 413
    assert sorted((place.small.folder / "shop" / "jobs").rglob("feed*")) == before
    failed = place.wait(place.send(b"%PDF-1.4 no feed", "application/octet-stream").json())
    assert (failed["state"], failed["error"]["code"]) == ("failed", "feed_format")
    assert place.client.post(f"/v1/jobs/{failed['id']}/cancel").json()["state"] == "cancelled"


def test_pages_of_jobs(place: Place) -> None:
    store = place.shop.store.database
    moment = [datetime(2026, 1, 1, tzinfo=UTC)]
    jobs = JobStore(store, lambda: moment[0])
    for n in range(5):
        moment[0] += timedelta(seconds=n % 2)  # two at a time share a moment
        jobs.add(Job(f"old{n}", "import", "done"))
    seen, cursor = [], ""
    while True:
        page = place.client.get("/v1/jobs", params={"per_page": 2, "cursor": cursor}).json()
        seen += [job["id"] for job in page["jobs"]]
        if not (cursor := page["next_cursor"]):
            break
    assert len(seen) == len(set(seen))
    assert sorted(i for i in seen if i.startswith("old")) == [f"old{n}" for n in range(5)]
    assert place.client.get("/v1/jobs", params={"cursor": "nonsense"}).status_code == 400
    assert place.client.get("/v1/jobs/nope").status_code == 404
    moment[0] += timedelta(days=1)
    assert sorted(jobs.forget(moment[0] - timedelta(hours=1))) == [f"old{n}" for n in range(5)]


def test_the_store_lets_a_job_go_only_where_it_can(small: SmallShop) -> None:
    jobs = JobStore(small.open().store.database)
    jobs.add(Job("one", "import"))
    assert jobs.add(Job("one", "encode")).kind == "import", "the first one counts"
    taken = jobs.take()
    assert taken is not None
    assert (taken.id, taken.state, jobs.take()) == ("one", "running", None)
    with pytest.raises(JobStateError, match="running"):
        jobs.move("one", {"paused": "queued"})
    with pytest.raises(NotFoundError):
        jobs.move("two", {"paused": "queued"})
    jobs.move("one", {"running": "cancelling"})
    assert (jobs.pick_up(), jobs.get("one").state) == (1, "cancelled")
    jobs.add(Job("three", "import"))
    jobs.take()
    assert (jobs.pick_up(), jobs.get("three").state) == (1, "queued")


def test_an_import_that_was_killed_is_gone_on_with(tmp_path: Path) -> None:
    assert killed(tmp_path, 1, random.Random(7)) == 2


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(10))
def test_an_import_that_was_killed_often_is_gone_on_with(tmp_path: Path, seed: int) -> None:
    killed(tmp_path, 5, random.Random(seed))


def killed(folder: Path, times: int, chance: random.Random) -> int:
    """Kills the service so many times while its job runs; how often the job was begun when it is done."""
    write_feed(folder / "feeds")
    seq = 0
    for turn in range(times + 1):
        to_be = seq + chance.randrange(1, 2 * PRODUCTS // (times + 2))
        (folder / "told").unlink(missing_ok=True)
        # A fork of a process that has loaded what it takes: starting Python anew costs more than the import.
        child = forks().Process(target=job_service.main, args=(folder,))
        child.start()
        while child.is_alive():
            told = (folder / "told").read_text() if (folder / "told").exists() else ""
            if match := re.search(r"(\w+) (\d+)\n\Z", told):
                assert int(match[2]) >= seq, "what was written is lost"
                seq = int(match[2])
                if turn < times and match[1] == "running" and seq >= to_be:
                    child.kill()
                    break
            time.sleep(0.01)
        child.join(60)
        assert child.exitcode == (-signal.SIGKILL if turn < times else 0)
    with open_shop(folder / "shop", encoder=ColourEncoder(), pictures={"workers": 1}) as shop:
        (job,) = shop.jobs.page()[0]
        assert (job.state, job.progress["products"]) == ("done", PRODUCTS)
        assert sorted(shop.store.ids()) == sorted(f"p{n}" for n in range(PRODUCTS))
        assert shop.store.last_seq() == PRODUCTS, "none was written twice"
        assert shop.search(photos=folder / "feeds" / "7.png").hits[0].product.id == "p7"
        assert [f for f in shop.doctor() if f.level == "error"] == []
        return int(job.progress["attempts"])
