"""What ``explain`` costs: each query asked with and without it in turn, in one process.

    python benchmarks/explain.py [--shop FOLDER] [--rounds 15]

Without a shop, the demo shop is indexed into a temporary folder. Of each query the best of all rounds counts, with and
without; told are the ratios. The bar: 2 at most.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from harness import machine, save, table
from shoplens.app import Shop, open_shop
from shoplens.core.query import Query, QueryPicture, Seed

WORDS = (
    "navy leather handbag for women", "black mug", "striped cushion", "cotton t-shirt", "wool scarf under $50",
    "red dress not striped", "gift for men", "黑色皮包", "红色马克杯", "条纹 靠垫", "strped cushon", "running shoes",
)  # fmt: skip


def queries(shop: Shop, photo: bytes, seed: str) -> dict[str, list[Query]]:
    """Kind of query -> queries; a page of 24 hits each."""
    return {
        "words": [Query(words=words) for words in WORDS],
        "photo": [Query(pictures=(QueryPicture(photo),))],
        "photo and words": [
            Query(words=words, pictures=(QueryPicture(photo),)) for words in ("in blue", "but leather")
        ],
        "product": [Query(seeds=(Seed(seed),))],
    }


def best(shop: Shop, query: Query, rounds: int) -> tuple[float, float]:
    """Milliseconds of the fastest answer without and with ``explain``, asked in turn."""
    from dataclasses import replace

    plain, told = [], []
    for _ in range(rounds + 2):
        for one, times in ((query, plain), (replace(query, explain=True), told)):
            started = time.perf_counter()
            shop.search(one)
            times.append(1e3 * (time.perf_counter() - started))
    return min(plain[2:]), min(told[2:])


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shop", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    demo = Path(__file__).resolve().parents[1] / "src" / "shoplens" / "demo" / "shop"
    with tempfile.TemporaryDirectory(prefix="shoplens-explain-") as made:
        shop = open_shop(given.shop or Path(made) / "shop", create=True)
        with shop:
            if not shop.store.last_seq():
                shop.index(demo / "products.jsonl", pictures=demo)
            shop.warm_up()
            first = json.loads((demo / "products.jsonl").read_text("utf-8").splitlines()[0])
            photo = next((demo / "pictures").iterdir()).read_bytes()
            seed = first["id"] if not given.shop else next(iter(shop.store.ids()))
            rows = []
            for kind, some in queries(shop, photo, seed).items():
                pairs = [best(shop, query, given.rounds) for query in some]
                ratios = [told / plain for plain, told in pairs]
                rows.append(
                    {
                        "query": kind,
                        "plain, ms": round(float(np.median([p for p, _ in pairs])), 2),
                        "explained, ms": round(float(np.median([t for _, t in pairs])), 2),
                        "ratio, median": round(float(np.median(ratios)), 2),
                        "ratio, worst": round(max(ratios), 2),
                    }
                )
    print(machine())
    table(rows)
    save("explain", rows)


if __name__ == "__main__":
    main()
