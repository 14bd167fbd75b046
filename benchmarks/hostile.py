"""Every hostile picture through ``index`` and through ``/v1/search``: what came of it, how long, how much memory.

    python benchmarks/hostile.py [--folder DIR] [--slowest 5]

The service is the real one, in a process of its own, reached over a socket; the memory is the peak of that process and
of each of its decode processes. The bar: no crash, no request over 1 s or 500 MB, each bad picture named. Needs the
data set ``hostile_images``.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx

from harness import DATA, save, table
from shoplens.app import open_shop

_URL = re.compile(r"http://127\.0\.0\.1:\d+")


def peaks_mb(pid: int) -> dict[int, float]:
    """The most memory that a process and those that it started have held, in MB, by their numbers."""
    known: dict[int, tuple[int, float]] = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:  # it has ended meanwhile
            continue
        if "VmHWM" in lines:
            known[int(lines["Pid"])] = int(lines["PPid"]), int(lines["VmHWM"].split()[0]) / 1024
    family = {pid}
    while more := {own for own, (parent, _) in known.items() if parent in family} - family:
        family |= more
    return {own: known[own][1] for own in family if own in known}


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=DATA / "hostile_images")
    parser.add_argument("--slowest", type=int, default=5, help="requests told by name")
    args = parser.parse_args()
    with (args.folder / "manifest.csv").open(newline="") as manifest:
        names = [row["file"] for row in csv.DictReader(manifest)]
    with tempfile.TemporaryDirectory(prefix="shoplens-hostile-") as made:
        feed, folder = Path(made) / "feed.jsonl", Path(made) / "shop"
        feed.write_text("\n".join(json.dumps({"id": n, "title": "odd picture", "image": n}) for n in names))
        started = time.perf_counter()
        with open_shop(folder, create=True) as shop:
            report = shop.index(feed, pictures=args.folder)
        indexed = time.perf_counter() - started
        command = [sys.executable, "-m", "shoplens", "serve", "--shop", str(folder), "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
            try:
                rows = _ask(server, args.folder, names)
                most = peaks_mb(server.pid)
            finally:
                server.terminate()
    rows.sort(key=lambda row: -row["ms"])
    told = Counter(f"{row['status']} {row['code']}".strip() for row in rows)
    table(rows[: args.slowest])
    summary = {
        "files": len(names),
        "good": report.pictures,
        "named as bad": report.pictures_rejected,
        "index s": round(indexed, 1),
        "slowest ms": rows[0]["ms"],
        "median ms": rows[len(rows) // 2]["ms"],
        "service MB": round(most.pop(server.pid, 0.0)),
        "decoder MB": round(max(most.values(), default=0.0)),
    }
    table([summary])
    print(dict(told.most_common()))
    save("hostile", {"summary": summary, "answers": dict(told), "slowest": rows[:20]})


def _ask(server: subprocess.Popen[str], folder: Path, names: list[str]) -> list[dict[str, object]]:
    assert server.stdout is not None
    address = next(found[0] for line in server.stdout if (found := _URL.search(line)))
    rows: list[dict[str, object]] = []
    with httpx.Client(base_url=address, timeout=60) as client:
        while client.get("/readyz").status_code != 200:
            time.sleep(0.1)
        for name in names:
            data = (folder / name).read_bytes()
            started = time.perf_counter()
            answer = client.post("/v1/search", files={"images": ("photo", data)})
            took = round(1e3 * (time.perf_counter() - started), 1)
            code = "" if answer.status_code == 200 else answer.json()["code"]
            rows.append({"ms": took, "status": answer.status_code, "code": code, "bytes": len(data), "file": name})
        assert client.get("/healthz").status_code == 200, "the service does not live any more"
    return rows


if __name__ == "__main__":
    main()
