"""Titles by BM25 alone, and with pictures: attribute queries on the test photos of `fashion`, through the engine.

    python benchmarks/titles.py [--split test]

Queries "black tshirts men" (the data's labels), "black t-shirts for men" and "男士黑色T恤", one for each colour, kind
and gender that some product of the split has; relevant are the products that have all three. Catalogues of titles and
pictures and nothing else: whole titles, titles without the colours that the data names, titles that say nothing.
Products of the other splits are in neither catalogue nor queries.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from fusion import ndcg
from harness import DATA, save, table
from shoplens.app import Shop, open_shop
from shoplens.core.query import Query
from shoplens.encoders.lexicon import load_lexicon
from shoplens.engine.indexing import IndexOptions
from shoplens.training.data import fashion_items
from shoplens.training.report import queries_of

FORMS = ("labels", "en", "zh")


def shop_of(folder: Path, rows: list[dict[str, str]], titles: list[str], pictures: bool) -> Shop:
    """A shop of titles, with or without pictures."""
    shop = open_shop(folder / f"shop-{len(list(folder.iterdir()))}", create=True)
    lines = [{"id": r["id"], "title": t, "image": r["image"]} for r, t in zip(rows, titles, strict=True)]
    feed = folder / "feed.jsonl"
    feed.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    shop.index(feed, pictures=folder, options=IndexOptions(pictures=pictures))
    return shop


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    given = parser.parse_args()
    lexicon = load_lexicon()
    items = [item for item in fashion_items(DATA, lexicon) if item.split == given.split]
    with (DATA / "fashion" / "products.csv").open(encoding="utf-8", newline="") as file:
        every = list(csv.DictReader(file))
    rows = [row for row in every if row["split"] == given.split]
    words = sorted({row["base_colour"].lower() for row in every}, key=len, reverse=True)
    without = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in words), re.IGNORECASE)
    whole = [row["title"] for row in rows]
    titles = {
        "whole": whole,
        "without colours": [" ".join(without.sub(" ", title).split()) for title in whole],
        "none": [f"Article {row['id']}" for row in rows],
    }
    queries = queries_of(items, lexicon)
    found = []
    with (
        tempfile.TemporaryDirectory(prefix="shoplens-titles-") as name,
        zipfile.ZipFile(DATA / "fashion" / "images.zip") as pack,
    ):
        folder = Path(name)
        for row in rows:
            target = folder / row["image"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(pack.read(row["image"]))
        for what, said in titles.items():
            for how, pictures, ratio in (("BM25", False, 0.0), ("with pictures", True, None)):
                shop = shop_of(folder, rows, said, pictures)
                line: dict[str, object] = {"titles": what, "search": how}
                for form in FORMS:
                    scores = []
                    for text, right in queries[form]:
                        grades = {row["id"]: 1.0 for row, is_right in zip(rows, right, strict=True) if is_right}
                        hits = shop.search(Query(words=text, per_page=10, semantic_ratio=ratio)).hits
                        scores.append(ndcg([hit.product.id for hit in hits], grades))
                    line[form] = round(float(np.mean(scores)), 3)
                found.append(line)
                print(line, flush=True)
                shop.close()
    print(f"{len(rows)} products; {len(every) - len(rows)} of the other splits left out")
    table(found)
    save(f"titles-{given.split}", found)


if __name__ == "__main__":
    main()
