"""Mutated pictures and bombs through a real service in a process of its own: each is answered or refused in time and
memory, and the service goes on.

    python -m tests.edges.hostile                    20,000 mutated pictures, 40 bombs (some ten minutes on two cores)
    python -m tests.edges.hostile --pictures 300     a short form

The bar: within 1 s and 500 MB each (the service and each of its decode processes), no 5xx but a photo's own 503, the
service answers a plain search after all of it. On a machine that has other work, ``--processor`` holds the bar against
the processor time of the service and its decode processes; both times are told, with the machine's load.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from tests.edges.bombs import FORMATS, Hostile, bombs, form, originals

LONGEST_S, MOST_MB = 1.0, 500.0
_URL = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass
class Report:
    """What came of them."""

    asked: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest: list[tuple[float, float, str]] = field(default_factory=list)
    """The longest five: seconds, seconds of processor time, what it was."""
    dearest: list[tuple[float, float, str]] = field(default_factory=list)
    """The five that took most processor time: that, seconds, what it was."""
    memory_mb: float = 0.0


# --- pictures ------------------------------------------------------------------------------------


def mutated(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """A picture with one to five faults such as broken disks, cut connections and attackers make."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(out)) if out else 0
        match chance.randrange(8):
            case 0:
                out[at : at + 1] = bytes([out[at] ^ 1 << chance.randrange(8)]) if out else b""
            case 1:
                del out[at:]
            case 2:
                out[at:at] = chance.randbytes(chance.randint(1, 64))
            case 3:
                out[at : at + chance.randint(1, 64)] = b""
            case 4:
                out[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\x80\0\0\0"))
            case 5:
                out += out[at : at + 2_000]
            case 6:
                other = chance.choice(others)
                out[at:] = other[chance.randrange(len(other)) :]
            case _:
                out[: min(32, at)] = chance.randbytes(min(32, at))
    return bytes(out)


def pictures(count: int, seed: int = 7) -> Iterator[Hostile]:
    """Mutated pictures, the same ones in each run."""
    chance = random.Random(seed)
    base = originals()
    for n in range(count):
        name = FORMATS[n % len(FORMATS)]
        yield form(f"mutated {name}", mutated(base[name], list(base.values()), chance))


# --- the service ---------------------------------------------------------------------------------


@contextmanager
def service(folder: Path) -> Iterator[tuple[str, str, int]]:
    """A small shop served by a process of its own: its address, a key for writes, its process."""
    folder.mkdir(parents=True, exist_ok=True)
    feed, shop = folder / "feed.jsonl", folder / "shop"
    (folder / "red.png").write_bytes(originals()["PNG"])
    feed.write_text('{"id": "P1", "title": "Red thing", "image": "red.png", "price": "5 EUR"}\n')
    run = [sys.executable, "-m", "shoplens"]
    log = (folder / "log").open("wb")
    subprocess.run([*run, "index", str(feed), "--shop", str(shop)], check=True, capture_output=True)
    scopes = [word for scope in ("admin", "catalogue", "search") for word in ("--scope", scope)]
    key = ["key", "create", "--name", "hostile", *scopes, "--json"]
    made = subprocess.run([*run, *key, "--shop", str(shop)], check=True, capture_output=True)
    serving = subprocess.Popen([*run, "serve", "--port", "0", "--shop", str(shop)], stdout=log, stderr=log)
    try:
        address = ""
        end = time.monotonic() + 60
        while not address and time.monotonic() < end:
            found = _URL.search((folder / "log").read_text("utf-8", "replace"))
            address = found[0] if found else ""
            time.sleep(0.1)
        while time.monotonic() < end:
            try:
                if httpx.get(f"{address}/readyz", timeout=10).status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        yield address, str(json.loads(made.stdout)["key"]), serving.pid
    finally:
        serving.terminate()
        try:
            serving.wait(30)
        except subprocess.TimeoutExpired:
            print("the service did not stop within 30 s of SIGTERM", file=sys.stderr)
            serving.kill()
            serving.wait(30)
        log.close()


def peak_mb(pid: int) -> float:
    """The most memory that the service or one of its processes has held, in MB."""
    most = 0.0
    for one in [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]:
        try:
            text = Path(f"/proc/{one}/status").read_text()
        except OSError:
            continue
        found = re.search(r"VmHWM:\s+(\d+)", text)
        most = max(most, int(found[1]) / 1024 if found else 0.0)
    return most


def used_s(pid: int) -> float:
    """Seconds of processor time of a process, its children, and those of them that have ended."""
    total, hertz = 0.0, os.sysconf("SC_CLK_TCK")
    children = {int(one) for task in Path(f"/proc/{pid}/task").glob("*/children") for one in task.read_text().split()}
    for one in (pid, *children):
        with suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:15])) / hertz  # utime, stime, cutime, cstime
    return total


def attack(
    requests: Iterator[Hostile], address: str, key: str, pid: int, longest_s: float, *, processor: bool = False
) -> Report:
    """Sends them all, one after the other. ``processor``: ``longest_s`` is processor time, not by the clock."""
    report = Report()
    with httpx.Client(base_url=address, timeout=60, headers={"Authorization": f"Bearer {key}"}) as client:
        used = used_s(pid)
        for one in requests:
            started = time.perf_counter()
            try:
                response = client.post(one.path, content=one.content, headers=one.headers)
                status = response.status_code
            except httpx.HTTPError as error:
                status, response = 0, None
                report.faults.append(f"{one.kind}: no answer, {type(error).__name__}")
            took, before, used = time.perf_counter() - started, used, used_s(pid)
            report.asked += 1
            report.statuses[f"{one.kind.partition(':')[0]}: {status}"] += 1
            report.slowest = sorted([*report.slowest, (took, used - before, one.kind)], reverse=True)[:5]
            report.dearest = sorted([*report.dearest, (used - before, took, one.kind)], reverse=True)[:5]
            if status >= 500:
                report.faults.append(f"{one.kind}: {status} {response.text[:200] if response else ''}")
            if (used - before if processor else took) > longest_s:
                report.faults.append(f"{one.kind}: {took:.2f} s, {used - before:.2f} s of processor time")
    report.memory_mb = peak_mb(pid)
    if httpx.post(f"{address}/v1/search", json={"q": "red thing"}, timeout=30).status_code != 200:
        report.faults.append("the service does not answer a plain search any more")
    if not psutil.pid_exists(pid):
        report.faults.append("the service has ended")
    return report


def main() -> int:
    """Runs it; 1 where the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=20_000)
    parser.add_argument("--longest", type=float, default=LONGEST_S, help="seconds that one request may take")
    parser.add_argument("--processor", action="store_true", help="hold the bar against processor time, not the clock")
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as made, service(Path(made) / "hostile") as (address, key, pid):
        loads = [os.getloadavg()[0]]
        first = attack(pictures(args.pictures), address, key, pid, args.longest, processor=args.processor)
        loads.append(os.getloadavg()[0])
        second = attack(iter(bombs()), address, key, pid, args.longest, processor=args.processor)
        loads.append(os.getloadavg()[0])
        time.sleep(5)  # imports go on in the background
        memory = max(second.memory_mb, peak_mb(pid))
        jobs = httpx.get(f"{address}/v1/jobs", headers={"Authorization": f"Bearer {key}"}, timeout=30).json()["jobs"]
    faults = first.faults + second.faults
    if memory > MOST_MB:
        faults.append(f"{memory:.0f} MB")
    for report in (first, second):
        for kind, count in sorted(report.statuses.items()):
            print(f"  {count:6,}  {kind}")
        print("  slowest, and processor time:")
        print("\n".join(f"    {took:.2f} s {used:.2f} s {kind}" for took, used, kind in report.slowest))
        print("  dearest, and by the clock:")
        print("\n".join(f"    {used:.2f} s {took:.2f} s {kind}" for used, took, kind in report.dearest))
    for job in jobs:
        print(f"  import: {job['state']}, {str(job.get('error', job['progress']))[:150]}")
    told = ", ".join(f"{load:.1f}" for load in loads)
    print(f"load of the machine ({os.cpu_count()} cores) at the start, between and at the end: {told}")
    print(f"{first.asked:,} pictures, {second.asked} bombs, {memory:.0f} MB at most, {len(faults)} faults")
    print("\n".join(faults[:50]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())


__all__ = ["attack", "bombs", "form", "main", "mutated", "pictures", "service"]
