"""The service under load: what it can do on one core, at 70 % of that, at three times that.

    python benchmarks/load.py [--seconds 60] [--only words|photos] [--size 20000] [--shop FOLDER] [--port N]

``shoplens serve`` runs on one core (it, its threads, its decode processes), the generator on another, whose use is
told. Queries are distinct, and no mask of a filter is kept from one query to the next (``--kept``: as a service keeps
them). A photo is a JPEG of 300 KB and 1.1 megapixels, sent as a form; no two are the same file. Arrivals are random
(an open loop), and latency counts from when a request was meant to be sent. The shop (search.py's products) is built
once, in runs/bench/shop-load-SIZE. The short form takes some five minutes, ``--seconds 600`` is the long one.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from PIL import Image

from harness import RUNS, pace, save, table
from load_client import Client, Load, closed_loop, form, get, one_by_one, open_loop
from search import COLOURS, KINDS, LOOKS, STUFF, ZH, build, photos

PHOTO_BYTES = 300_000
PHOTO_SIZE = (1200, 900)
ASKERS = 8
"""Requests at a time while the capacity is measured."""
FIELDS = "per_page=24"
UNKEPT = "import shoplens.indexes.columns_view as view; view.KEPT_BYTES = -1; "
"""Of masks none is kept but the last."""
RUN = "import sys; from shoplens.cli import main; sys.argv[0] = 'shoplens'; main()"


@dataclass(frozen=True)
class Bar:
    """What is asked for of one kind of query."""

    per_s: float
    p99_ms: float


BARS = {"words": Bar(200, 40), "photos": Bar(40, 150)}
REFUSED_MS = 50
HTTP_MS = 0.5
NORMAL_S = 10


# --- the shop and its service -------------------------------------------------------------------


def shop_of(size: int, given: Path | None) -> Path:
    """The folder of a shop of so many products in the space of the encoder that ships; built where there is none."""
    if given is not None:
        return given
    from shoplens.encoders.onnx_dual import bundled_encoder

    encoder = bundled_encoder(threads=2)
    parent = RUNS / f"load-{size}-{str(encoder.card.revision)[:12]}"
    folder, done = parent / f"shop-{size}", parent / "built"
    if not done.exists():
        shutil.rmtree(parent, ignore_errors=True)
        parent.mkdir(parents=True)
        print(f"# building a shop of {size} products", flush=True)
        shop = build(parent, size, encoder)
        shop.copies.refresh()
        shop.copies.wait_for_words(600)
        shop.copies.save()
        shop.close()
        done.touch()
    return folder


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def service(shop: Path, core: int | None, *, kept: bool = False, env: dict[str, str] | None = None) -> Iterator[Any]:
    """`shoplens serve` on one core; gives (port, process) once it is ready, and stops it at the end."""
    port = free_port()
    command = [sys.executable, "-c", ("" if kept else UNKEPT) + RUN, "serve", "--shop", str(shop), "--port", str(port)]

    def pinned() -> None:
        if core is not None:
            os.sched_setaffinity(0, {core})

    log = (RUNS / "load-service.log").open("wb")
    process = subprocess.Popen(command, preexec_fn=pinned, env=os.environ | (env or {}), stdout=log, stderr=log)
    try:
        end = time.monotonic() + 120
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
                    if answer.status == 200:
                        break
            except OSError:
                pass
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"the service did not start; see {log.name}")
            time.sleep(0.2)
        settle(process.pid)
        yield port, process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()


def settle(process: int, longest: float = 180.0) -> None:
    """Waits until a service that is asked nothing does nothing: suggestions are built after it is ready."""
    end = time.monotonic() + longest
    while time.monotonic() < end:
        before = cpu_seconds(process)
        time.sleep(2.0)
        if cpu_seconds(process) - before < 0.1:
            return


def cpu_seconds(process: int) -> float:
    """Processor time of a process and its children now, in seconds."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for one in [process, *children(process)]:
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / ticks
        except OSError:
            continue
    return total


def children(process: int) -> list[int]:
    """The processes that a process has started."""
    try:
        tasks = Path(f"/proc/{process}/task").iterdir()
        return [int(n) for t in tasks for n in (t / "children").read_text().split()]
    except OSError:
        return []


# --- what is asked ------------------------------------------------------------------------------


def words_requests(seed: int) -> Iterator[bytes]:
    """Distinct word queries without end, every other one with a filter of its own."""
    rng, seen = np.random.default_rng(seed), set()
    for n in itertools.count():
        look, colour, stuff, kind = (str(rng.choice(some)) for some in (LOOKS, COLOURS, STUFF, KINDS))
        said = [
            f"{colour} {stuff} {kind}",
            f"{look} {kind} {colour}",
            f"Brand{int(rng.integers(800))} {kind}",
            f"{ZH.get(colour, '灰色')}{kind}",
        ][n % 4]
        limit = round(float(rng.uniform(50, 450)), 2)
        where = ["", f"price<{limit} and in_stock", "", f"color={colour} and price in 20..{limit}"][n % 4]
        if (said, where) in seen:
            said = f"{said} {n}"
        seen.add((said, where))
        yield get(f"/v1/search?{FIELDS}&q={urllib.parse.quote(said)}&filter_by={urllib.parse.quote(where)}")


def jpegs(count: int) -> list[bytes]:
    """Photos of 300 KB."""
    rng, out = np.random.default_rng(3), []
    images = photos()
    for n in rng.integers(len(images), size=count):
        image = images[int(n)].resize(PHOTO_SIZE, Image.Resampling.BICUBIC)
        noise = rng.normal(0, 6, (PHOTO_SIZE[1], PHOTO_SIZE[0], 1))
        image = Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))
        low, high, best = 30, 97, b""
        while low <= high:  # the quality at which the file is of the wanted size
            quality = (low + high) // 2
            buffer = io.BytesIO()
            image.save(buffer, "JPEG", quality=quality)
            if not best or abs(len(buffer.getvalue()) - PHOTO_BYTES) < abs(len(best) - PHOTO_BYTES):
                best = buffer.getvalue()
            low, high = (quality + 1, high) if len(buffer.getvalue()) < PHOTO_BYTES else (low, quality - 1)
        out.append(best)
    return out


def photo_requests(some: list[bytes]) -> Iterator[bytes]:
    """Forms with a photo each, no two the same file: a comment that counts stands behind the first two bytes."""
    for n in itertools.count():
        photo = some[n % len(some)]
        comment = b"%010d" % n
        yield form({"per_page": "24"}, photo[:2] + b"\xff\xfe\x00\x0c" + comment + photo[2:])


# --- the figures --------------------------------------------------------------------------------


async def measure(kind: str, port: int, process: int, seconds: float, made: Iterator[bytes]) -> dict[str, Any]:
    """All figures of one kind of query."""
    client, rng, bar = Client(port), np.random.default_rng(5), BARS[kind]
    short = min(seconds, 15.0)
    await closed_loop(client, made, 2, min(3.0, seconds))

    def engine(body: bytes) -> float:
        return float(orjson.loads(body)["search_time_ms"])

    beyond = await one_by_one(client, [next(made) for _ in range(300 if kind == "words" else 100)], engine)
    used, begun = cpu_seconds(process), time.perf_counter()
    most = await closed_loop(client, made, ASKERS, min(seconds, 10.0))
    service_cpu = (cpu_seconds(process) - used) / (time.perf_counter() - begun)
    capacity = len(most.ms(200)) / most.seconds
    print(f"# {kind}: {capacity:.1f}/s", most.told(), flush=True)
    calm = await open_loop(client, made, 0.7 * capacity, seconds, rng)
    print("# at 70 %", calm.told(), flush=True)
    storm = await open_loop(client, made, 3 * capacity, short, rng)
    print("# at 300 %", storm.told(), flush=True)
    after = await open_loop(client, made, 0.7 * capacity, short, rng)
    client.close()
    told, stormy = calm.told(), storm.told()
    normal = normal_after(after, bar.p99_ms)
    p99 = float(str(told.get("p99_ms", "inf")))
    within: dict[str, bool] = {
        f"capacity >= {bar.per_s:g}/s": capacity >= bar.per_s,
        f"at 70 %: p99 <= {bar.p99_ms:g} ms": p99 <= bar.p99_ms,
        "at 70 %: less than 0.1 % errors or refused": len(calm.ms(200)) > 0.999 * len(calm.samples),
        f"refused in < {REFUSED_MS} ms (p99)": float(str(stormy.get("refused_p99_ms", 0))) < REFUSED_MS,
        f"overload: p99 of the admitted <= {2 * bar.p99_ms:g} ms": float(str(stormy.get("p99_ms", "inf")))
        <= 2 * bar.p99_ms,
        f"normal within {NORMAL_S} s": normal <= NORMAL_S,
    }
    if kind == "words":
        within[f"HTTP <= {HTTP_MS} ms at p50"] = float(np.median(beyond)) <= HTTP_MS
    return {
        "capacity_per_s": round(capacity, 1),
        "service_cpu_at_capacity": round(service_cpu, 3),
        "beyond_engine_p50_ms": round(float(np.median(beyond)), 3),
        "capacity": most.told(),
        "calm": told,
        "overload": stormy,
        "normal_after_s": normal,
        "bars": within,
    }


def normal_after(after: Load, bar_ms: float) -> float:
    """The second from which on no second's p99 was above the bar."""
    by_second: dict[int, list[float]] = {}
    for sample in after.samples:
        by_second.setdefault(int(sample.at), []).append(sample.ms if sample.status == 200 else float("inf"))
    late = [second for second, times in by_second.items() if np.percentile(times, 99, method="lower") > bar_ms]
    return float(max(late) + 1) if late else 0.0


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="of the load at 70 percent")
    parser.add_argument("--only", choices=sorted(BARS))
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--shop", type=Path, help="a shop of your own")
    parser.add_argument("--kept", action="store_true", help="masks of filters are kept, as a service keeps them")
    args = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    shop = shop_of(args.size, args.shop)
    results: dict[str, Any] = {"products": args.size, "masks_kept": args.kept, "seconds": args.seconds}
    pictures = jpegs(40) if args.only != "words" else []
    os.sched_setaffinity(0, {cores[-1]})
    for kind in [args.only] if args.only else list(BARS):
        made = words_requests(11) if kind == "words" else photo_requests(pictures)
        with service(shop, cores[0] if len(cores) > 1 else None, kept=args.kept) as (port, process):
            before = pace()
            results[kind] = asyncio.run(measure(kind, port, process.pid, args.seconds, made))
            results[kind]["pace_ms"] = [before, pace()]
    rows = [
        {
            "query": kind,
            "capacity/s": results[kind]["capacity_per_s"],
            "HTTP beyond engine ms": results[kind]["beyond_engine_p50_ms"],
            "p50 at 70 %": results[kind]["calm"].get("p50_ms"),
            "p99 at 70 %": results[kind]["calm"].get("p99_ms"),
            "3x: p99": results[kind]["overload"].get("p99_ms"),
            "3x: refused p99": results[kind]["overload"].get("refused_p99_ms"),
            "normal after s": results[kind]["normal_after_s"],
            "generator cpu": results[kind]["calm"]["generator_cpu"],
        }
        for kind in BARS
        if kind in results
    ]
    table(rows)
    for kind in BARS:
        for bar, held in results.get(kind, {}).get("bars", {}).items():
            print(f"# {kind}: {bar}: {'held' if held else 'MISSED'}")
    save("load" if args.only is None else f"load-{args.only}", results)


if __name__ == "__main__":
    main()
