"""Many mixed requests to one service: its memory must not grow, nor its open files.

    python benchmarks/soak.py [--requests 20000] [--size 2000] [--warm 0.25]

The mix: words, photos, both, products like another, facets, suggestions, products, what does not exist, filters that
make no sense, broken photos, health and metrics. Memory is that of the service alone (its decode processes are told
beside it), read from the system every second. The slope is a straight line through all readings after the warm-up;
``--requests 200000`` is the long form (half an hour and more), the short one takes some four minutes. Growth that
comes of caches filling up (4,096 vectors and token lists of words, products) ends within the first 10,000. Masks of
filters, which may take 16 MB before they are dropped, are not kept here.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from harness import pace, save
from load import children, jpegs, photo_requests, service, shop_of, words_requests
from load_client import Client, form, get, post

SLOPE_MB = 1.0
"""Per 10,000 requests after the warm-up, at most."""
ASKERS = 4
DESCRIPTORS = 8
"""By so many the number of open files may differ: connections come and go."""


def rss_mb(process: int) -> float:
    """Resident memory of a process in MB."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def descriptors(process: int) -> int:
    """Open files of a process."""
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def mixed(size: int, photos: list[bytes]) -> Iterator[bytes]:
    """Requests of all kinds, without end; one in twenty has a photo."""
    words, pictures, rng = words_requests(23), photo_requests(photos), np.random.default_rng(29)
    for n in itertools.count():
        some = f"P{int(rng.integers(size))}"
        match n % 20:
            case 3:
                yield next(pictures)
            case 5:
                yield get(f"/v1/products/{some}")
            case 6:
                yield get(f"/v1/search?like={some}&per_page=12")
            case 8:
                yield get(f"/v1/search?q=red+bag+{n % 977}&facet_by=color,brand,price&per_page=12")
            case 10:
                yield get(f"/v1/suggest?q={urllib.parse.quote(['bla', 'red b', 'sne', '黑'][n // 20 % 4])}")
            case 12:
                yield get(f"/v1/search?q=bag&filter_by={urllib.parse.quote(f'no_field_{n % 977}=1')}")
            case 13:
                yield get(f"/v1/products/missing-{n % 977}")
            case 15:
                yield form({"q": "shoes"}, photos[0][: 2000 + n % 1000])
            case 16:
                yield post("/v1/search", b'{"q": "broken', "application/json")
            case 17:
                yield get("/readyz")
            case 19:
                yield get("/metrics") if n % 400 == 19 else get(f"/nothing/{n % 977}")
            case _:
                yield next(words)


async def soak(port: int, process: int, count: int, made: Iterator[bytes]) -> tuple[list[tuple[int, float, int]], Any]:
    """(requests so far, MB, open files) once a second; how many answers had which status."""
    client, readings, statuses = Client(port), [], {}
    done = 0

    async def asker() -> None:
        nonlocal done
        while done < count:
            done += 1
            status, _ = await client.ask(next(made))
            statuses[status] = statuses.get(status, 0) + 1

    async def watch() -> None:
        while True:
            readings.append((done, rss_mb(process), descriptors(process)))
            await asyncio.sleep(1)

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(asker() for _ in range(ASKERS)))
    watching.cancel()
    client.close()
    await asyncio.sleep(1.5)
    readings.append((done, rss_mb(process), descriptors(process)))
    return readings, {str(status or "lost"): n for status, n in sorted(statuses.items())}


def slope(readings: list[tuple[int, float, int]]) -> float:
    """MB per 10,000 requests, by least squares."""
    at, mb = np.array([r[0] for r in readings], float), np.array([r[1] for r in readings])
    return float(1e4 * np.polyfit(at, mb, 1)[0]) if len(set(at)) > 2 else 0.0


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--size", type=int, default=2_000, help="products of the shop")
    parser.add_argument("--warm", type=float, default=0.5, help="share of the requests that are the warm-up")
    args = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    shop, photos = shop_of(args.size, None), jpegs(8)
    before, begun = pace(), time.perf_counter()
    with service(shop, None, env={"SHOPLENS_SERVER__KEYS": "off"}) as (port, process):
        os.sched_setaffinity(0, {cores[-1]})
        made = mixed(args.size, photos)
        readings, statuses = asyncio.run(soak(port, process.pid, args.requests, made))
        decoders = [round(rss_mb(one), 1) for one in children(process.pid)]
    after = [r for r in readings if r[0] >= args.warm * args.requests]
    half = [r for r in readings if r[0] >= (1 + args.warm) / 2 * args.requests]
    files = [r[2] for r in after]
    results = {
        "requests": args.requests,
        "products": args.size,
        "seconds": round(time.perf_counter() - begun, 1),
        "statuses": statuses,
        "mb_at_start": round(readings[0][1], 1),
        "mb_after_warm_up": round(after[0][1], 1),
        "mb_at_end": round(readings[-1][1], 1),
        "slope_mb_per_10000": round(slope(after), 3),
        "slope_of_its_last_half": round(slope(half), 3),
        "decode_processes_mb": decoders,
        "open_files": {"first": files[0], "last": files[-1], "most": max(files)},
        "pace_ms": [before, pace()],
    }
    bars = {
        f"memory grows by less than {SLOPE_MB:g} MB per 10,000 requests": results["slope_mb_per_10000"] < SLOPE_MB,
        "open files stay": abs(files[-1] - files[0]) <= DESCRIPTORS,
        "nothing failed": not any(s.startswith("5") or s == "lost" for s in statuses),
    }
    for name, one in results.items():
        print(f"{name}: {one}")
    for bar, held in bars.items():
        print(f"# {bar}: {'held' if held else 'MISSED'}")
    save("soak", results | {"bars": bars})
    sys.exit(0 if all(bars.values()) else 1)


if __name__ == "__main__":
    main()
