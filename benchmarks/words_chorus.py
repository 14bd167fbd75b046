"""How well the word index alone ranks: nDCG@10 on the electronics catalogue of Chorus (19,406 products, 68 queries).

    python benchmarks/words_chorus.py [--without attributes] [--only]

Needs the data set chorus_icecat under $SHOPLENS_DATA or ../shared/data. Gain 2^grade - 1, products without a grade
count as 0, mean over the queries that have a relevant product; published reference: BM25 on title, brand and
description 0.792.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import math
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from shoplens.core.catalogue import Money, Product, Variant
from shoplens.indexes.words import TantivyWords


def folder() -> Path:
    """Where the data set lies."""
    root = os.environ.get("SHOPLENS_DATA") or Path(__file__).parents[1] / ".." / "shared" / "data"
    return Path(root) / "chorus_icecat"


def products(path: Path, attributes: bool = True) -> Iterator[Product]:
    """The catalogue."""
    with gzip.open(path / "products.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            codes = row.get("ean") or [""]
            price = row.get("price_raw")
            yield Product(
                row["id"],
                title=row.get("title") or "",
                description=row.get("description") or "",
                brand=row.get("brand") or "",
                attributes=texts(row.get("attributes") or {}) if attributes else {},
                variants=(
                    Variant(
                        row["id"],
                        gtin=codes[0],
                        mpn=row.get("name") or "",
                        price=Money(int(price), "USD") if price is not None else None,
                    ),
                ),
            )


def texts(attributes: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Attributes as the feeds give them: texts."""
    out = {}
    for name, value in attributes.items():
        values = value if isinstance(value, list) else [value]
        out[name] = tuple(str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in values)
    return out


def judgements(path: Path) -> tuple[dict[str, str], dict[str, dict[str, int]]]:
    """Queries by id, and grades by query and product."""
    with (path / "queries.csv").open(encoding="utf-8") as file:
        queries = {row["query_id"]: row["query"] for row in csv.DictReader(file)}
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    with (path / "qrels.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            grades[row["query_id"]][row["product_id"]] = int(row["grade"])
    return queries, grades


def ndcg(ranked: Sequence[str], grades: Mapping[str, int], depth: int = 10) -> float:
    """Discounted gain of a ranking over that of the best one: sum of (2^grade - 1) / log2(rank + 1)."""

    def gain(some: Sequence[int]) -> float:
        return sum((2**g - 1) / math.log2(rank + 1) for rank, g in enumerate(some[:depth], 1))

    best = gain(sorted(grades.values(), reverse=True))
    return gain([grades.get(p, 0) for p in ranked]) / best


def main() -> None:
    """Builds the index and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without", choices=["attributes"], help="leave a part of the products out")
    parser.add_argument("--queries", action="store_true", help="print every query's figure, worst first")
    options = parser.parse_args()
    path = folder()
    if not path.exists():
        raise SystemExit(f"the data set is not at {path}; set SHOPLENS_DATA to the folder that holds chorus_icecat")
    catalogue = list(products(path, options.without != "attributes"))
    queries, grades = judgements(path)
    with tempfile.TemporaryDirectory() as temporary:
        start = time.perf_counter()
        index = TantivyWords(Path(temporary), writer=True)
        for at in range(0, len(catalogue), 5000):
            part = catalogue[at : at + 5000]
            index.replace(dict(enumerate(part, at + 1)), at, commit=False)
        index.flush(len(catalogue))
        built = time.perf_counter() - start
        full, condensed, judged, times, found = [], [], [], [], []
        for query, words in queries.items():
            start = time.perf_counter()
            result = index.search(words, 200)
            times.append(time.perf_counter() - start)
            found.append(len(result.matched))
            ranked = [catalogue[number - 1].id for number in result.products]
            mine = grades[query]
            if not any(mine.values()):
                continue
            full.append(ndcg(ranked, mine))
            condensed.append(ndcg([p for p in ranked if p in mine], mine))
            judged.append(sum(p in mine for p in ranked[:10]) / max(1, len(ranked[:10])))
            if options.queries:
                print(f"{full[-1]:.3f} {condensed[-1]:.3f} {len(result.matched):6d}  {words}")
        index.close()
    times.sort()
    print(f"products {len(catalogue)}, built in {built:.1f} s: {len(catalogue) / built:.0f} a second")
    print(f"nDCG@10 full {mean(full):.3f}, condensed {mean(condensed):.3f}, judged@10 {mean(judged):.2f}")
    print(f"ms: p50 {times[len(times) // 2] * 1e3:.2f}, max {times[-1] * 1e3:.2f}; matched: mean {mean(found):.0f}")


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean."""
    return sum(values) / len(values)


if __name__ == "__main__":
    main()
