"""What every benchmark needs: the machine's line, percentiles, memory, where results go."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[1]
RUNS = ROOT / "runs" / "bench"
DATA = Path(os.environ.get("SHOPLENS_DATA", ROOT.parent / "shared" / "data"))


def pace() -> float:
    """Milliseconds of a million additions in Python now: a shared machine's speed halves and doubles by the minute."""

    def once() -> float:
        start, total = time.perf_counter(), 0
        for n in range(1_000_000):
            total += n
        return 1e3 * (time.perf_counter() - start)

    return round(min(once() for _ in range(3)), 1)


def machine() -> str:
    """One line about the machine, its pace now and the versions that matter."""
    import faiss
    import onnxruntime
    import tantivy

    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    pinned = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    return (
        f"{model}, {os.cpu_count()} cores (using {pinned}), a million additions {pace()} ms, "
        f"Linux {platform.release()}, Python {platform.python_version()}, numpy {np.__version__}, "
        f"faiss {faiss.__version__}, tantivy {tantivy.__version__}, onnxruntime {onnxruntime.__version__}"
    )


def pin(cores: Sequence[int]) -> None:
    """Keeps this process and its future children on these cores."""
    os.sched_setaffinity(0, set(cores))


def timed(work: Callable[[Any], T], items: Iterable[Any], warm: int = 5) -> tuple[list[float], list[T]]:
    """Milliseconds of each call, and what came back; the first ``warm`` calls are made twice and timed once."""
    every = list(items)
    for item in every[:warm]:
        work(item)
    times, out = [], []
    for item in every:
        start = time.perf_counter()
        result = work(item)
        times.append(1e3 * (time.perf_counter() - start))
        out.append(result)
    return times, out


def quantiles(times: Sequence[float]) -> dict[str, float]:
    """p50, p99 in milliseconds and calls a second."""
    return {
        "p50_ms": round(float(np.percentile(times, 50)), 3),
        "p99_ms": round(float(np.percentile(times, 99)), 3),
        "per_s": round(1e3 * len(times) / sum(times), 1),
    }


def rss_mb() -> float:
    """Resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def save(name: str, results: Any) -> Path:
    """Writes results with the machine and the time to runs/bench; returns the file."""
    RUNS.mkdir(parents=True, exist_ok=True)
    path = RUNS / f"{name}.json"
    stamped = {"machine": machine(), "at": datetime.now(UTC).isoformat(timespec="seconds"), "results": results}
    path.write_text(json.dumps(stamped, indent=1, ensure_ascii=False))
    print(f"# {stamped['machine']}\n# written to {path.relative_to(ROOT)}")
    return path


def table(rows: Sequence[dict[str, Any]]) -> None:
    """Prints rows as a table in Markdown."""
    if not rows:
        return
    names = list(dict.fromkeys(name for row in rows for name in row))
    print("| " + " | ".join(names) + " |")
    print("|" + "---|" * len(names))
    for row in rows:
        print("| " + " | ".join(str(row.get(name, "")) for name in names) + " |", flush=True)
