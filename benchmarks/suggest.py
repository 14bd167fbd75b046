"""How long suggestions take while a shopper types, and what it costs to build them.

    python benchmarks/suggest.py --shop FOLDER [--queries 200]

Any indexed shop; it is not written to (the copy of suggestions is built in a folder of its own). Queries are what its
own products are called: titles, brands, categories, names of the lexicon in Chinese and their pinyin, one in five with
a slip, each typed key by key, so that every beginning counts. One thread; what is asked the first time counts, too.
On a busy machine the processor time of that thread ("cpu") says more than what went by meanwhile.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from harness import save, table
from shoplens.app import open_shop
from shoplens.core.query import Query
from shoplens.core.suggestion import slips
from shoplens.suggestions import ShopSuggestions
from shoplens.understanding.pinyin import sounds

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def texts(shop: object, count: int, chance: random.Random) -> list[str]:
    """What shoppers of this shop might type."""
    products = [stored.product for some in shop.store.scan() for stored in chance.sample(some, min(len(some), 10))]  # type: ignore[attr-defined]
    chance.shuffle(products)
    chinese = ["黑色手提包", "红色连衣裙", "白色运动鞋", "皮革钱包", "木制椅子", "羊毛围巾"]
    out: list[str] = []
    for product in products[:count]:
        title = product.title.lower()
        out += [title, " ".join(chance.sample(title.split(), min(3, len(title.split())))), product.brand]
        out += product.category[-1:]
        name = chance.choice(chinese)
        out += [name, sounds(name)[0]]
    for place in range(0, len(out), 5):
        words = [w for w in out[place].split() if w.isascii() and w.isalpha() and len(w) > 4]
        if words:
            out[place] = out[place].replace(words[0], chance.choice(list(slips(words[0], LETTERS))))
    return [text for text in out if text]


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shop", type=Path, required=True, help="an indexed shop")
    parser.add_argument("--queries", type=int, default=200, help="products whose names are typed")
    args = parser.parse_args()
    with open_shop(args.shop) as shop, tempfile.TemporaryDirectory(prefix="shoplens-suggest-") as folder:
        shop.search(Query("warm-up", per_page=1))
        typed = texts(shop, args.queries, random.Random(4))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        own = ShopSuggestions(shop.store, lambda: shop.copies, Path(folder), None)
        cpu, started = time.process_time(), time.perf_counter()
        own.wait(900)
        built, built_cpu = time.perf_counter() - started, time.process_time() - cpu
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6
        again = ShopSuggestions(shop.store, lambda: shop.copies, Path(folder), None)
        started = time.perf_counter()
        again.wait(900)
        loaded = time.perf_counter() - started
        took: list[float] = []
        worked: list[float] = []
        answered = 0
        for text in typed:
            for end in range(1, len(text) + 1):
                started, cpu = time.perf_counter(), time.thread_time()
                found = own.suggest(text[:end])
                worked.append(1e3 * (time.thread_time() - cpu))
                took.append(1e3 * (time.perf_counter() - started))
                answered += bool(found)
        rows = own.copy.table
        p50, p95, p99, worst = np.percentile(took, [50, 95, 99, 100])
        figures = {
            "products": shop.about()["products"], "texts": len(rows), "keys": len(rows.written), "typed": len(took),
            "answered": round(answered / len(took), 3), "p50 ms": round(p50, 3), "p95 ms": round(p95, 3),
            "p99 ms": round(p99, 3), "worst ms": round(worst, 2),
            **{f"p{q} cpu ms": round(float(np.percentile(worked, q)), 3) for q in (50, 99, 100)},
            "built s": round(built, 1), "built cpu s": round(built_cpu, 1), "memory MB": round(grown),
            "snapshot MB": round(size, 1), "loaded s": round(loaded, 2),
        }  # fmt: skip
        print(table([figures]))
        save("suggest", figures)
        own.close()
        again.close()


if __name__ == "__main__":
    main()
