"""Writes over HTTP: products a second against `shoplens index`, offers a second, what an Idempotency-Key costs.

    python benchmarks/writes.py [--products 2000] [--offers 2000] [--side 400]
    python benchmarks/writes.py --short

Both sides index the same files into fresh shops of the same settings, alternating, over HTTP in batches of 200 on one
connection; the ratio is HTTP / index. Offers go one by one, over one connection and over eight. The service is a
process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from harness import save, table
from ingest import make_feed

BATCH = 200


def command(*args: str) -> str:
    """Runs the command; its standard output."""
    done = subprocess.run([sys.executable, "-m", "shoplens", *args], check=True, capture_output=True, text=True)
    return done.stdout


class Service:
    """A service of its own process, and a client with a key that may write."""

    def __init__(self, shop: Path, log: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        made = command("key", "create", "--name", "bench", "--scope", "catalogue", "--scope", "search",
                       "--shop", str(shop), "--json")  # fmt: skip
        key = json.loads(made)["key"]
        environment = {**os.environ, "SHOPLENS_OBSERVE__ACCESS_LOG": "false"}
        run = [sys.executable, "-m", "shoplens", "serve", "--shop", str(shop), "--port", str(port)]
        with log.open("w") as told:
            self.process = subprocess.Popen(run, stdout=told, stderr=told, env=environment)
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=600, headers={"authorization": f"Bearer {key}"}
        )
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                if self.client.get("/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise SystemExit(f"the service did not become ready: {log.read_text()[-2000:]}")

    def close(self) -> None:
        """Ends it gracefully."""
        self.client.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def by_index(folder: Path, feed: Path, shop: Path) -> float:
    """Products a second of `shoplens index`, as its report says (without the start of the process)."""
    done = json.loads(command("index", str(feed), "--pictures", str(folder / "photos"), "--shop", str(shop), "--json"))
    return float(done["read"] / done["seconds"])


def empty_shop(folder: Path, shop: Path) -> None:
    """A shop with one product, whose pictures lie where the feed's do."""
    first = folder / "first.jsonl"
    first.write_text('{"id": "first", "title": "first"}\n')
    command("index", str(first), "--pictures", str(folder / "photos"), "--shop", str(shop))


def by_http(rows: list[dict[str, object]], service: Service) -> float:
    """Products a second through `POST /v1/products`."""
    began = time.perf_counter()
    for start in range(0, len(rows), BATCH):
        answer = service.client.post("/v1/products", json=rows[start : start + BATCH]).raise_for_status().json()
        assert answer["counts"] == {"created": len(rows[start : start + BATCH])}, answer["counts"]
    return len(rows) / (time.perf_counter() - began)


def offers(service: Service, ids: list[str], count: int, threads: int, *, keyed: bool = False) -> float:
    """`PATCH /v1/products/{id}` a second."""

    def one(n: int) -> None:
        headers = {"idempotency-key": f"{threads}-{n}-{time.time_ns()}"} if keyed else {}
        address = f"/v1/products/{ids[n % len(ids)]}"
        service.client.patch(address, json={"quantity": n, "price": n + threads}, headers=headers).raise_for_status()

    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, range(count)))
    return count / (time.perf_counter() - began)


def main() -> None:
    """Measures, prints, saves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=2000)
    parser.add_argument("--offers", type=int, default=2000)
    parser.add_argument("--side", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--short", action="store_true", help="400 products, 300 offers, one round")
    given = parser.parse_args()
    if given.short:
        given.products, given.offers, given.rounds = 400, 300, 1
    folder = Path(tempfile.mkdtemp(prefix="shoplens-writes-"))
    try:
        feed = make_feed(folder, given.products, given.side, 200)
        rows = [json.loads(line) for line in feed.read_text().splitlines()]
        indexed, posted = 0.0, 0.0
        for turn in range(given.rounds):
            indexed = max(indexed, by_index(folder, feed, folder / f"i{turn}"))
            empty_shop(folder, folder / f"h{turn}")
            service = Service(folder / f"h{turn}", folder / "service.log")
            try:
                posted = max(posted, by_http(rows, service))
                if turn == given.rounds - 1:
                    ids = [str(row["id"]) for row in rows]
                    one, eight = (offers(service, ids, given.offers, n) for n in (1, 8))
                    keyed = offers(service, ids, given.offers, 8, keyed=True)
                    batch = [{"id": i, "quantity": 7} for i in ids]
                    began = time.perf_counter()
                    service.client.patch("/v1/products", json=batch).raise_for_status()
                    many = len(batch) / (time.perf_counter() - began)
            finally:
                service.close()
        figures = {
            "index, products/s": indexed,
            "POST /v1/products in batches of 200, products/s": posted,
            "ratio": posted / indexed,
            "PATCH one by one, 1 connection, offers/s": one,
            "PATCH one by one, 8 connections, offers/s": eight,
            "the same with an Idempotency-Key, offers/s": keyed,
            "PATCH in one batch, offers/s": many,
        }
        table([{"what": name, "figure": f"{value:,.2f}"} for name, value in figures.items()])
        save("writes", {"products": given.products, "side": given.side, **figures})
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
