"""Recall of filtered searches through the engine, and what a facet with a tick of its own costs.

    python benchmarks/filters.py [--size 20000] [--queries 60]

A shop as in search.py; filters on the price leave 50, 10, 1 and 0.1 % of it. The reference is the same engine with
every row scored and every product near a candidate: what it shows first, the engine shall show first. "short" counts
answers with fewer hits than min(10, products that the reference finds). Facets are timed against the same query without
ticks, alternating in one process.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from harness import quantiles, save, table
from search import COLOURS, KINDS, build, photos
from shoplens.app import Shop
from shoplens.core.query import Query, QueryPicture
from shoplens.core.where import parse_where
from shoplens.engine.balance import Balance

SHARES = (1.0, 0.5, 0.1, 0.01, 0.001)
K = 10


def queries(count: int, rng: np.random.Generator) -> Iterator[tuple[str, Query]]:
    """Words by their vector alone, words as shops ask them, and photos."""
    images = photos()
    for _ in range(count):
        words = f"{rng.choice(COLOURS)} {rng.choice(KINDS)}"
        yield "words as vectors", Query(words, semantic_ratio=1.0, understand=False, per_page=K)
        yield "words", Query(words, per_page=K)
        image = images[int(rng.integers(len(images)))].resize((320, 320))
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=80)
        yield "photo", Query(pictures=(QueryPicture(buffer.getvalue()),), per_page=K)


def exact(shop: Shop, size: int) -> None:
    """Lets the shop score every row and take every product near for a candidate."""
    shop.balance(Balance(depth=size))
    for index in (shop.copies.parts.pictures, shop.copies.parts.texts):
        index.neighbours = partial(type(index).neighbours, index, depth=10 * size)  # type: ignore[attr-defined]


def answers(shop: Shop, asked: list[tuple[str, Query]]) -> dict[tuple[int, float], list[str]]:
    """Ids of the first hits by number of the query and share that a filter leaves."""
    out = {}
    for n, (_, query) in enumerate(asked):
        for share in SHARES:
            where = parse_where("" if share == 1 else f"price<{5 + 495 * share:.2f}")
            found = shop.search(
                Query(query.words, query.pictures, where=where, semantic_ratio=query.semantic_ratio,
                      understand=query.understand, per_page=K)
            )  # fmt: skip
            out[n, share] = [hit.product.id for hit in found.hits]
    return out


def ticks(shop: Shop, count: int, rng: np.random.Generator) -> list[dict[str, object]]:
    """Milliseconds of a words query with facets: nothing ticked, one facet ticked, three."""
    facets = ("color", "brand", "category", "price")
    wheres = {
        "nothing ticked": "price<100",
        "a colour ticked": "price<100 and color in [black, red]",
        "three ticked": "price<100 and color in [black, red] and category=Shop and brand~1",
    }
    times: dict[str, list[float]] = {name: [] for name in wheres}
    for _ in range(count):
        words = f"{rng.choice(COLOURS)} {rng.choice(KINDS)}"
        for name, text in wheres.items():
            query = Query(words, where=parse_where(text), facet_by=facets)
            best = np.inf
            for _ in range(3):
                started = time.perf_counter()
                shop.search(query)
                best = min(best, 1e3 * (time.perf_counter() - started))
            times[name].append(best)
    return [{"facets": name, **quantiles(some)} for name, some in times.items()]


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--queries", type=int, default=60)
    args = parser.parse_args()
    from shoplens.encoders.onnx_dual import bundled_encoder

    with (
        tempfile.TemporaryDirectory(prefix="shoplens-bench-") as made,
        build(Path(made), args.size, bundled_encoder()) as shop,
    ):
        shop.copies.refresh()
        shop.copies.wait_for_words(3600)
        asked = list(queries(args.queries, np.random.default_rng(5)))
        timed = ticks(shop, args.queries, np.random.default_rng(6))
        fast = answers(shop, asked)
        exact(shop, args.size)
        slow = answers(shop, asked)
        rows: list[dict[str, object]] = []
        for kind in dict.fromkeys(kind for kind, _ in asked):
            for share in SHARES:
                pairs = [(fast[n, share], slow[n, share]) for n, (what, _) in enumerate(asked) if what == kind]
                held = [len({*a} & {*b}) / len(b) for a, b in pairs if b]
                short = sum(len(a) < len(b) for a, b in pairs)
                rows.append(
                    {"query": kind, "filter leaves": f"{100 * share:g} %", "recall@10": round(float(np.mean(held)), 4),
                     "short": short, "queries": len(pairs)}
                )  # fmt: skip
    table(rows)
    table(timed)
    save("filters", {"size": args.size, "recall": rows, "facets": timed})


if __name__ == "__main__":
    main()
