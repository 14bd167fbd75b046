"""A service at work while the machine's clock is set back and ahead; run with the shim, in a folder of its own.

    LD_PRELOAD=clock.so python -m tests.faults.leaps FOLDER

Prints a line of JSON: what was asked, and what is wrong (empty when all is well).
"""

from __future__ import annotations

import ctypes
import re
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import structlog

from tests.conftest import SmallShop, cushions
from tests.serving import key_for, serving

HOUR = 3_600
DAY = 24 * HOUR
LEAPS = (0, -5 * HOUR, 3 * HOUR, 30 * HOUR, -3 * 365 * DAY, 10 * 365 * DAY, -56 * 365 * DAY, 0)
"""Seconds that the clock is ahead, one after the other: back to 1970 is what a board without a battery says."""
QUOTA = 6
_SAMPLE = re.compile(r"^(\w+)(?:\{.*\})? (-[0-9.e+]+)$", re.MULTILINE)


class Watch:
    """What is asked of the service, and what is wrong."""

    def __init__(self, client: httpx.Client, keys: dict[str, str]) -> None:
        self.client, self.keys = client, keys
        self.asked, self.at, self.wrong = 0, 0, list[str]()

    def ask(self, what: str, method: str, path: str, key: str = "admin", status: int = 200, **more: Any) -> Any:
        """A request that should be answered with ``status``; its JSON data."""
        headers = {"Authorization": f"Bearer {self.keys[key]}", **more.pop("headers", {})}
        response = self.client.request(method, path, headers=headers, **more)
        self.asked += 1
        self.hold(f"{what}: {response.status_code} {response.text[:300]}", response.status_code == status)
        kind = response.headers.get("content-type", "")
        return response.json() if "json" in kind else response.text

    def hold(self, what: str, true: bool) -> None:
        """Notes what does not hold."""
        if not true:
            self.wrong.append(f"{self.at:+,} s: {what}")


def least(data: Any) -> float:
    """The least number in an answer."""
    if isinstance(data, dict):
        return min(map(least, data.values()), default=0.0)
    if isinstance(data, list):
        return min(map(least, data), default=0.0)
    return float(data) if isinstance(data, int | float) else 0.0


def price_of(product: Any) -> float:
    """Of its first variant."""
    return float(str(product.get("product", product)["variants"][0]["price"]).split()[0])


def look(watch: Watch, n: int, cursor: str) -> None:
    """What a shop does, at one setting of the clock."""
    found = watch.ask("search", "POST", "/v1/search", json={"q": "red cushion"})
    watch.hold(f"search: {found['degraded']}, {found['hits'][:1]}", not found["degraded"] and bool(found["hits"]))
    for name in ("search_time_ms", "staleness_s"):
        watch.hold(f"{name} is {found.get(name)}", 0 <= found.get(name, 0) < 60e3)
    page = watch.ask("page 2", "POST", "/v1/search", json={"q": "cushion", "per_page": 2, "cursor": cursor})
    watch.hold("page 2 is another", [hit["product"]["id"] for hit in page["hits"]] == watch.keys["page"].split())

    # A write, and one that was sent before: that is answered, and not done again.
    watch.ask("price", "PATCH", "/v1/products/C1", json={"price": f"{20 + n}.00"}, headers={"Idempotency-Key": f"k{n}"})
    again = watch.ask("again", "PATCH", "/v1/products/C1", json={"price": "19.00"}, headers={"Idempotency-Key": "once"})
    watch.hold("the write was forgotten", price_of(again) == 19.0)
    price = price_of(watch.ask("get", "GET", "/v1/products/C1"))
    watch.hold(f"a write was done again: {price}", price == 20 + n)
    title = f"Cushion of round {n}"
    watch.ask("put", "PUT", f"/v1/products/N{n}", json={"title": title, "price": "5 EUR"}, status=200)
    end = time.monotonic() + 20
    while title not in str(found := watch.ask("words", "GET", "/v1/search", params={"q": title, "semantic_ratio": 0})):
        if time.monotonic() > end:
            watch.hold(f"a write is not found by its words: {str(found)[:200]}", False)
            break
        time.sleep(0.05)

    # What has a moment of its own goes by the clock, and is right again with it.
    valid = -2 * HOUR <= watch.at < 2 * HOUR
    watch.ask("expiry", "GET", "/v1/search?q=mug", "short", 200 if watch.at < 2 * HOUR else 401)
    top = watch.ask("rule", "GET", "/v1/search?q=pinned+cushion")["hits"][0]["product"]["id"]
    watch.hold(f"the rule of these hours: {top}", (top == "M1") == valid)

    # What counts: one request a round is within the rate; the quota is that of one day, whatever the clock says.
    watch.ask("rate", "GET", "/v1/search?q=mug", "rated")
    watch.ask("quota", "GET", "/v1/search?q=mug", "quota", 200 if n < QUOTA else 429)

    job = watch.ask(
        "import", "POST", "/v1/jobs/import?keep_missing=true", status=202, content=watch.keys["feed"].encode()
    )
    end = time.monotonic() + 30
    while job["state"] in ("queued", "running") and time.monotonic() < end:
        time.sleep(0.05)
        job = watch.ask("job", "GET", f"/v1/jobs/{job['id']}")
    watch.hold(f"the job: {job}", job["state"] == "done" and least(job) >= 0)
    jobs = watch.ask("jobs", "GET", "/v1/jobs?per_page=50")["jobs"]
    watch.hold(f"{len(jobs)} of {n + 1} jobs are left", len(jobs) == n + 1)
    for path in ("/readyz", "/healthz"):
        told = watch.ask(path, "GET", path)
        watch.hold(f"{path}: {told}", least(told) >= 0)
    samples = _SAMPLE.findall(watch.ask("metrics", "GET", "/metrics"))
    watch.hold(f"metrics below nothing: {samples}", not [name for name, _ in samples if "timestamp" not in name])


def main(folder: Path) -> None:
    """Runs and tells."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # standard output is for figures
    shim = ctypes.CDLL(None)
    small, now = SmallShop(folder), datetime.now(UTC)
    shop = small.open(query_log={"enabled": True})
    small.index(shop, cushions(small))
    soon = (now + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    keys = {
        "admin": key_for(shop, "admin", "catalogue", "search"),
        "short": key_for(shop, "search", expires=soon),
        "rated": key_for(shop, "search", rate="20/min"),
        "quota": key_for(shop, "search", quota=QUOTA),
        "feed": "\n".join(orjson.dumps(row).decode() for row in cushions(small)[:2]),
    }
    with serving(shop) as address, httpx.Client(base_url=address, timeout=60) as client:
        watch = Watch(client, keys)
        rule = {"id": "hours", "when": {"query": "pinned cushion"}, "then": {"pin": ["M1"]}, "ends": soon}
        rule["starts"] = (now - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
        watch.ask("rule", "PUT", "/v1/rules/hours", json=rule)
        watch.ask("once", "PATCH", "/v1/products/C1", json={"price": "19.00"}, headers={"Idempotency-Key": "once"})
        first = watch.ask("page 1", "POST", "/v1/search", json={"q": "cushion", "per_page": 2})
        body = {"q": "cushion", "per_page": 2, "cursor": first["next_cursor"]}
        page = watch.ask("page 2", "POST", "/v1/search", json=body)
        keys["page"] = " ".join(hit["product"]["id"] for hit in page["hits"])
        for n, watch.at in enumerate(LEAPS):
            shim.clock_move(ctypes.c_long(watch.at))
            look(watch, n, first["next_cursor"])
    shop.close()
    for watch.at in (-56 * 365 * DAY, 10 * 365 * DAY, 0):  # and a start at such a moment
        shim.clock_move(ctypes.c_long(watch.at))
        shop = small.open()
        watch.hold("the words are not brought up to date", shop.catch_up())
        errors = [f.message for f in shop.doctor() if f.level == "error"]
        watch.hold(f"doctor: {errors}", not errors)
        watch.hold("a product is lost", len(list(shop.store.ids())) == 6 + len(LEAPS))
        watch.hold("nothing is found", bool(shop.search("red cushion").hits))
        shop.close()
    told = {"asked": watch.asked, "looked": shim.clock_asked(), "wrong": watch.wrong}
    sys.stdout.write(orjson.dumps(told).decode() + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
