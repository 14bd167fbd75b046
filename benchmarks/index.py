"""The vector index beside others, in one run, on one core.

    python benchmarks/index.py [--rows 200000] [--dim 256] [--engines ours,hnsw,usearch,qdrant-edge,lancedb]
                               [--scale 1000000,4000000] [--peers-python PYTHON] [--quick]

Each engine builds in a process of its own and answers in another one that opens what was built, so that memory and
reopening are its own. Rows and queries: see index_data.py. A filter is ``price < share`` for prices even in [0, 1),
evaluated inside the timed call. An engine with settings is tuned first: the fastest setting whose recall@10 for each
kind of query, unfiltered, is at least 0.95 (the best one where none is); that setting is then measured at each filter.
Engines that are not installed are skipped by name; ``--peers-python`` names the Python that has them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from harness import pin, quantiles, rss_mb, save, table, timed
from index_data import Base, base, rows
from index_engines import ENGINES, PACKAGES

SHARES = (1.0, 0.5, 0.1, 0.01, 0.001)
K = 10
ONE_THREAD = {
    **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "RAYON")},
    "LANCE_CPU_THREADS": "1",
    "TOKIO_WORKER_THREADS": "1",
    "RUST_LOG": "error",
}
ENOUGH = 0.95


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--scale", default="1000000,4000000", help="rows for ours alone; empty for none")
    parser.add_argument("--queries", type=int, default=300, help="of each kind")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--peers-python", default=sys.executable, help="the Python that has the other engines")
    parser.add_argument("--quick", action="store_true", help="20,000 rows, 60 queries, scale 100,000")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.quick:
        args.rows, args.queries, args.scale = 20_000, 60, "100000"
    pin([args.core])
    if args.step:
        step(*args.step.split(","))
        return
    start = base(args.dim)
    print(f"# rows: {start.source}")
    results: dict[str, Any] = {"rows_are": start.source, "engines": [], "scale": [], "builds": []}
    with tempfile.TemporaryDirectory(dir=os.environ.get("SHOPLENS_BENCH_TMP")) as folder:
        work = Path(folder)
        prepare(work, start, args.rows, args.queries)
        for name in args.engines.split(","):
            python = sys.executable if name in ("ours", "hnsw") else args.peers_python
            measured = measure(work, name, python, args)
            results["engines"] += measured["latency"] if measured else []
            results["builds"] += [measured["build"]] if measured else []
    for count in (int(n) for n in args.scale.split(",") if n):
        with tempfile.TemporaryDirectory(dir=os.environ.get("SHOPLENS_BENCH_TMP")) as folder:
            prepare(Path(folder), start, count, min(args.queries, 100))
            measured = measure(Path(folder), "ours", sys.executable, args)
            results["scale"] += measured["latency"] if measured else []
            results["builds"] += [measured["build"]] if measured else []
    table(results["builds"])
    print()
    table(results["engines"])
    if results["scale"]:
        print()
        table(results["scale"])
    for line in verdict(results):
        print(line)
    save("index", results)


def prepare(work: Path, start: Base, count: int, asked: int) -> None:
    """Rows, prices, queries and the exact answers to them, as files for the engines' processes."""
    price = np.random.default_rng(2).permutation(count).astype(np.float32) / np.float32(count)
    np.save(work / "price.npy", price)
    np.savez(work / "queries.npz", **{kind: found[:asked] for kind, found in start.queries.items()})
    stored = np.lib.format.open_memmap(work / "rows.npy", "w+", np.float32, (count, start.dimension))
    best: dict[tuple[str, float], tuple[np.ndarray, np.ndarray]] = {}
    done = 0
    for chunk in rows(start, count):
        stored[done : done + len(chunk)] = chunk
        for kind, queries in start.queries.items():
            scores = queries[:asked] @ chunk.T
            for share in SHARES:
                here = np.where(price[done : done + len(chunk)] < share, scores, -np.inf)
                near = np.argpartition(-here, K, axis=1)[:, :K]
                old = best.get((kind, share))
                numbers, values = near + done, np.take_along_axis(here, near, 1)
                if old is not None:
                    numbers, values = np.hstack([old[0], numbers]), np.hstack([old[1], values])
                order = np.argsort(-values, axis=1, kind="stable")[:, :K]
                best[kind, share] = np.take_along_axis(numbers, order, 1), np.take_along_axis(values, order, 1)
        done += len(chunk)
    stored.flush()
    truth = {f"{kind}-{share}": np.where(np.isneginf(v), -1, n) for (kind, share), (n, v) in best.items()}
    np.savez(work / "truth.npz", **truth)


def measure(work: Path, name: str, python: str, args: argparse.Namespace) -> dict[str, Any] | None:
    """Builds and asks one engine, each in a process of its own; None where it is not installed."""
    out: dict[str, Any] = {}
    for phase in ("build", "ask"):
        command = [python, __file__, "--core", str(args.core), "--step", f"{phase},{name},{work}"]
        environment = {**os.environ, **ONE_THREAD}
        source = str(Path(__file__).resolve().parents[1] / "src")
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH", "")]))
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if done.returncode == 3:
            print(f"# {name} is skipped, as it is not installed: pip install {PACKAGES.get(name, name)}")
            return None
        if done.returncode:
            print(f"# {name} failed in {phase}:\n{done.stderr[-2000:]}")
            return None
        out[phase] = json.loads(done.stdout.splitlines()[-1])
    count = len(np.load(work / "price.npy", mmap_mode="r"))
    print(f"# {name}, {count} rows: {out['build']} {out['ask']['open']}", flush=True)
    built = {"engine": name, "rows": count, **out["build"], **out["ask"]["open"]}
    return {"build": built, "latency": [{"engine": name, "rows": count, **row} for row in out["ask"]["latency"]]}


def step(phase: str, name: str, folder: str) -> None:
    """One phase of one engine, in the process made for it. Prints one line of JSON."""
    work = Path(folder)
    stored = np.load(work / "rows.npy", mmap_mode="r")
    price = np.load(work / "price.npy")
    own = work / name
    own.mkdir(exist_ok=True)
    try:
        engine = ENGINES[name](own, stored.shape[1])
    except ImportError:
        sys.exit(3)
    try:
        import faiss

        faiss.omp_set_num_threads(1)
    except ImportError:
        pass
    if phase == "build":
        begun = time.perf_counter()
        engine.build((np.array(stored[i : i + 50_000]) for i in range(0, len(stored), 50_000)), price)
        taken = time.perf_counter() - begun
        disk = sum(path.stat().st_size for path in own.rglob("*") if path.is_file()) / 1e6
        print(json.dumps({"build_s": round(taken, 1), "disk_mb": round(disk)}))
        return
    print(json.dumps(ask(engine, work, price)))


def ask(engine: Any, work: Path, price: np.ndarray) -> dict[str, Any]:
    """Opens what was built, tunes, and measures each kind of query at each filter."""
    queries, truth = np.load(work / "queries.npz"), np.load(work / "truth.npz")
    before = rss_mb()
    begun = time.perf_counter()
    engine.open(price)
    engine.search(queries["picture"][0], K, 1.0, "picture", engine.settings[-1])
    opened = time.perf_counter() - begun
    setting = tune(engine, queries, truth)
    out = []
    for share in SHARES:
        for kind in ("picture", "words"):
            wanted = truth[f"{kind}-{share}"]
            times, found = timed(lambda q, s=share, m=kind: engine.search(q, K, s, m, setting), queries[kind])
            out.append(
                {
                    "filter": f"{share:.1%}",
                    "query": kind,
                    "recall@10": round(recall(found, wanted), 4),
                    "fewest": min(map(len, found)),
                    "of": int(min(K, np.count_nonzero(price < share))),
                    **quantiles(times),
                }
            )
    facts = {"reopen_s": round(opened, 3), "rss_mb": round(rss_mb() - before), "setting": json.dumps(setting)}
    return {"open": facts, "latency": out}


def tune(engine: Any, queries: Any, truth: Any) -> dict[str, Any]:
    """The fastest setting of enough recall for each kind of query; the one of most recall where none has enough."""
    if len(engine.settings) == 1:
        return dict(engine.settings[0])
    tried = []
    for setting in engine.settings:
        hits, spent = [], 0.0
        for kind in ("picture", "words"):
            asked = queries[kind][:60]
            times, found = timed(lambda q, s=setting, m=kind: engine.search(q, K, 1.0, m, s), asked)
            hits.append(recall(found, truth[f"{kind}-1.0"][:60]))
            spent += sum(times)
        tried.append((min(hits), spent, setting))
    enough = [t for t in tried if t[0] >= ENOUGH]
    best = min(enough, key=lambda t: t[1]) if enough else max(tried, key=lambda t: t[0])
    return dict(best[2])


def recall(found: list[list[int]], truth: np.ndarray) -> float:
    """Share of the true ten (of all matches, where those are fewer: the rest is -1) that were found, over all."""
    return float(np.mean([np.isin(t[t >= 0], f).mean() for f, t in zip(found, truth, strict=True)]))


def verdict(results: dict[str, Any]) -> list[str]:
    """What has to hold, and whether it does."""
    ours = [row for row in results["engines"] if row["engine"] == "ours"]
    if not ours:
        return []
    build = next(b for b in results["builds"] if b["engine"] == "ours")
    whole = [row for row in ours if row["filter"] == "100.0%"]
    lines = [
        ("recall@10 >= 0.99 at each filter, both kinds", min(r["recall@10"] for r in ours), lambda v: v >= 0.99),
        ("never fewer than min(10, matches): hits missing", max(r["of"] - r["fewest"] for r in ours), lambda v: v == 0),
        ("p50 <= 1 ms unfiltered", max(r["p50_ms"] for r in whole), lambda v: v <= 1.0),
        ("reopen <= 1 s", build["reopen_s"], lambda v: v <= 1.0),
    ]
    lance = [r for r in results["engines"] if r["engine"] == "lancedb" and r["filter"] == "100.0%"]
    if lance:
        times = min(a["per_s"] / b["per_s"] for a in whole for b in lance if a["query"] == b["query"])
        lines.append(("calls a second >= 10 x LanceDB's, unfiltered", round(times, 1), lambda v: v >= 10))
    for row in (r for r in results["scale"] if r["filter"] == "100.0%"):
        base_row = next(r for r in whole if r["query"] == row["query"])
        growth = round(row["p50_ms"] / base_row["p50_ms"] / (row["rows"] / base_row["rows"]), 2)
        lines.append((f"{row['rows']} rows, {row['query']}: time grew / rows grew", growth, lambda v: v <= 1.0))
    return [f"{'ok  ' if holds(value) else 'MISS'} {what}: {value}" for what, value, holds in lines]


if __name__ == "__main__":
    main()
