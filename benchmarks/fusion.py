"""Which balance of sources ranks best: nDCG@10 on development data for a grid of balances.

    python benchmarks/fusion.py [--shops FOLDER] [--grid]

Development data only: `fashion` (split dev: titles and pictures, queries "colour kind for gender" in both languages),
`magento` (its templated queries; photo + "in blue"), `grocery` (names), `chorus_icecat` (dev judgements; no pictures).
The chosen balance is the default of ``shoplens.engine.answering.Balance``; docs/adr/0007-fusion.md has the table.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from harness import DATA, save, table
from shoplens.app import Shop, open_shop
from shoplens.core.query import Query, QueryPicture
from shoplens.encoders.lexicon import load_lexicon
from shoplens.engine.balance import Balance
from shoplens.engine.indexing import IndexOptions

Case = tuple[Query, dict[str, float]]


def ndcg(ranked: list[str], grades: dict[str, float], k: int = 10) -> float:
    """nDCG@k with gain 2^grade - 1 and discount 1 / log2(rank + 1) (Järvelin, Kekäläinen 2002; Burges 2005)."""
    gains = [2.0 ** grades.get(i, 0.0) - 1 for i in ranked[:k]]
    best = sorted((2.0**g - 1 for g in grades.values()), reverse=True)[:k]
    discount = 1 / np.log2(np.arange(2, k + 2))
    top = float(np.dot(best, discount[: len(best)]))
    return float(np.dot(gains, discount[: len(gains)])) / top if top else 0.0


def shop_of(folder: Path, name: str, split: str = "dev") -> Shop:
    """The data set as a shop, indexed once; of `fashion` one split."""
    source = DATA / name
    shop = open_shop(folder / (name if split == "dev" else f"{name}-{split}-shop"), create=True)
    if shop.store.last_seq():
        return shop
    if name == "fashion":
        work = folder / f"fashion-{split}"
        work.mkdir(exist_ok=True)
        rows = [r for r in csv.DictReader((source / "products.csv").open()) if r["split"] == split]
        with (work / "products.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        with zipfile.ZipFile(source / "images.zip") as pack:
            for row in rows:
                name_in_zip = next(n for n in (row["image"], Path(row["image"]).name) if n in pack.NameToInfo)
                target = work / row["image"]
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(pack.read(name_in_zip))
        shop.index(work / "products.csv")
    else:
        options = IndexOptions(pictures=name != "chorus_icecat")  # its pictures are addresses on the net
        shop.index(next(source.glob("products.jsonl*")), options=options)
    return shop


def fashion_cases(language: str, split: str = "dev") -> Iterator[Case]:
    """Queries "colour kind for gender" with the products that have all three."""
    lexicon = load_lexicon()
    rows = [r for r in csv.DictReader((DATA / "fashion" / "products.csv").open()) if r["split"] == split]
    groups: dict[tuple[str, str, str], dict[str, float]] = {}
    for row in rows:
        groups.setdefault((row["base_colour"], row["article_type"], row["gender"]), {})[row["id"]] = 1.0
    for (colour, kind, gender), relevant in groups.items():
        parts = [
            lexicon.by_label.get(("colour", colour)),
            lexicon.by_label.get(("kind", f"fashion:{kind}")),
            lexicon.by_label.get(("gender", gender)),
        ]
        if any(p is None for p in parts):
            continue
        c, k, g = (p for p in parts if p is not None)
        words = (
            f"{c.english[0]} {k.english[0]} {g.english[0]}"
            if language == "en"
            else g.chinese[0] + c.chinese[0] + k.chinese[0]
        )
        yield Query(words=words, per_page=10), relevant


@lru_cache(maxsize=1)
def _magento_items() -> dict[str, str]:
    with (DATA / "magento" / "item_images.csv").open(encoding="utf-8") as file:
        return {row["item_id"]: row["product_id"] for row in csv.DictReader(file)}


def product_of(item: str) -> str:
    """The product of an item of magento: MH01-Blue is of MH01, 24-MG04 of itself."""
    return _magento_items().get(item, item)


def magento_cases(language: str) -> Iterator[Case]:
    """The templated queries, at product level."""
    for line in (DATA / "magento" / "q_text.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        words = row["text"] if language == "en" else row.get("text_zh")
        if words and not row.get("filter"):
            yield (
                Query(words=words, per_page=10),
                {product_of(i) if row["level"] == "item" else i: 1.0 for i in row["relevant"]},
            )


def magento_colour(language: str) -> Iterator[Case]:
    """A photo and "the same in blue": the same product, shown in the colour asked for (item level)."""
    for row in list(csv.DictReader((DATA / "magento" / "q_color_change.csv").open(encoding="utf-8")))[::4]:
        photo = QueryPicture((DATA / "magento" / row["query_image"]).read_bytes())
        words = row["text"] if language == "en" else row["text_zh"]
        yield Query(words=words, pictures=(photo,), per_page=10), {row["target_item"]: 1.0}


def grocery_cases(language: str) -> Iterator[Case]:
    """Names of products."""
    for row in csv.DictReader((DATA / "grocery" / "text_queries.csv").open(encoding="utf-8")):
        words = row["text_en"] if language == "en" else row["text_zh_assistant_written"]
        yield Query(words=words, per_page=10), {row["product_id"]: 1.0}


def chorus_cases(_: str) -> Iterator[Case]:
    """Graded judgements of real queries."""
    grades: dict[str, dict[str, float]] = {}
    for row in csv.DictReader((DATA / "chorus_icecat" / "qrels.csv").open()):
        grades.setdefault(row["query_id"], {})[row["product_id"]] = float(row["grade"])
    for row in csv.DictReader((DATA / "chorus_icecat" / "queries.csv").open()):
        if any(grades.get(row["query_id"], {}).values()):
            yield Query(words=row["query"], per_page=10), grades[row["query_id"]]


def item_of(hit: object) -> str:
    """Product-colour, as magento names items."""
    colour = next(iter(hit.variant.attributes.get("color", ())), "")  # type: ignore[attr-defined]
    return f"{hit.product.id}-{colour}" if colour else hit.product.id  # type: ignore[attr-defined]


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shops", type=Path, help="where shops are kept between runs")
    parser.add_argument("--grid", action="store_true", help="try many balances, not the default alone")
    args = parser.parse_args()
    folder = args.shops or Path(tempfile.mkdtemp(prefix="shoplens-fusion-"))
    folder.mkdir(parents=True, exist_ok=True)
    shops = {name: shop_of(folder, name) for name in ("fashion", "magento", "grocery", "chorus_icecat")}
    sets: list[tuple[str, Shop, list[Case], Callable[[object], str]]] = []
    for language in ("en", "zh"):
        for name, make, key in (
            ("fashion", fashion_cases, None),
            ("magento", magento_cases, None),
            ("magento", magento_colour, item_of),
            ("grocery", grocery_cases, None),
            ("chorus_icecat", chorus_cases, None),
        ):
            if name == "chorus_icecat" and language == "zh":
                continue
            label = f"{name}{' colour' if make is magento_colour else ''} {language}"
            sets.append((label, shops[name], list(make(language)), key or (lambda hit: hit.product.id)))  # type: ignore[attr-defined]
    balances = [Balance()]
    if args.grid:
        balances += [Balance(words=w, text=t) for w in (5.0, 15.0) for t in (0.25, 0.5)]
        balances += [Balance(text=0.25), Balance(picture=0.5), Balance(text=0.0)]
    rows = []
    for balance in balances:
        row: dict[str, object] = {"words": balance.words, "text": balance.text, "picture": balance.picture}
        for label, shop, cases, key in sets:
            shop.balance(balance)
            row[label] = round(
                float(np.mean([ndcg([key(h) for h in shop.search(q).hits], rel) for q, rel in cases])), 4
            )
        row["mean"] = round(float(np.nanmean([v for n, v in row.items() if n not in ("words", "text", "picture")])), 4)  # type: ignore[arg-type]
        rows.append(row)
        print(row, flush=True)
    rows.sort(key=lambda r: -float(str(r["mean"])))
    table(rows)
    save("fusion", rows)
    for shop in shops.values():
        shop.close()
    if not args.shops:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
