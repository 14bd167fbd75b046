"""How well search ranks: nDCG@10 of BM25 alone, vectors alone, four ways to fuse them, and the engine; both languages.

    python benchmarks/relevance.py [--shops FOLDER] [--test] [--only fashion,magento] [--worst 10]
    python benchmarks/relevance.py --cross-validate [--shops FOLDER] [--most 40]

Sets: `fashion` (queries "colour kind for gender"), `magento` (templated), `grocery` (names), `chorus_icecat` (real
queries with graded judgements, no pictures). All choices are made on dev: what is trained (sum weights, learned ranker)
is measured there by cross-validation over queries, five folds, trained on the queries of all sets and languages.
`--test` measures the test split of fashion, the only one here, with what all of dev has taught. Intervals: 95 %,
bootstrap over queries; paired differences of the engine with each of the others, with a sign-flip permutation test.

Every source sees the same index: words as written with the lexicon's names ("BM25"), pictures, product texts. "ours,
plain" is the engine without what it understands of the words. Prints what was left out, whether price limits are
obeyed, and how often a known item comes first. ``--cross-validate`` does another thing: it chooses the settings of the
words' ranking and of the fusion for each fifth of chorus on the rest and the other sets.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

import relevance_fusions as fusions
from fusion import Case, chorus_cases, fashion_cases, grocery_cases, magento_cases, product_of, shop_of
from harness import DATA, save, table
from relevance_chorus import BesidePlain, cross_validated, line
from shoplens.app import Shop
from shoplens.core.query import Query
from shoplens.engine.balance import Balance
from shoplens.evaluation.intervals import compare, intervals

DEPTH = 50
METHODS = ("BM25", "vectors", "reciprocal", "weighted", "learned", "ours, plain", "ours")
MAKERS: Mapping[str, Callable[[str], Iterable[Case]]] = {
    "fashion": fashion_cases, "magento": magento_cases, "grocery": grocery_cases, "chorus_icecat": chorus_cases,
}  # fmt: skip


@dataclass
class Asked:
    """The queries of one set in one language, what each source found, and each method's order."""

    name: str
    words: list[str]
    grades: list[Mapping[str, float]]
    sources: list[fusions.Sources]
    orders: dict[str, list[list[str]]] = field(default_factory=dict)

    def values(self, method: str) -> np.ndarray:
        """nDCG@10 of each query, float64 [n, 1]."""
        every = zip(self.orders[method], self.grades, strict=True)
        return np.array([[fusions.ndcg(order, grades)] for order, grades in every])


def found_by(shop: Shop, query: Query, source: str) -> list[tuple[str, float]]:
    """What one source finds, with its own score."""
    hits = shop.search(query).hits
    return [(h.product.id, r.score) for h in hits for r in h.reasons if r.source == source]


def ask(shop: Shop, name: str, cases: Sequence[tuple[Query, Mapping[str, float]]]) -> Asked:
    """Asks each query of each source, of the vectors together, and of the engine."""
    asked = Asked(name, [q.words for q, _ in cases], [g for _, g in cases], [])
    for method in ("BM25", "vectors", "ours, plain", "ours"):
        asked.orders[method] = []
    alone = {
        "words": (Balance(), 0.0, "words"),
        "pictures": (Balance(text=0.0), 1.0, "words>picture"),
        "texts": (Balance(picture=0.0), 1.0, "words>text"),
    }
    found: list[dict[str, list[tuple[str, float]]]] = [{} for _ in cases]
    for source, (balance, ratio, reason) in alone.items():
        shop.balance(balance)
        for some, (query, _) in zip(found, cases, strict=True):
            plain = replace(query, semantic_ratio=ratio, understand=False, per_page=DEPTH)
            some[source] = found_by(shop, plain, reason)
    shop.balance(Balance())
    for query, _ in cases:
        deep = replace(query, per_page=DEPTH)
        for method, one in (
            ("vectors", replace(deep, semantic_ratio=1.0, understand=False)),
            ("ours, plain", replace(deep, understand=False)),
            ("ours", deep),
        ):
            asked.orders[method].append([hit.product.id for hit in shop.search(one).hits])
    asked.sources = list(found)
    asked.orders["BM25"] = [[i for i, _ in some["words"]] for some in found]
    asked.orders["reciprocal"] = [fusions.reciprocal(some) for some in found]
    return asked


def train_and_order(dev: Sequence[Asked], test: Sequence[Asked]) -> None:
    """Fills in what has to be trained: dev by cross-validation, test by all of dev."""
    every = [(asked, n) for asked in dev for n in range(len(asked.words))]
    fold = fusions.folds(len(every))
    for asked in (*dev, *test):
        asked.orders["weighted"] = [[] for _ in asked.words]
        asked.orders["learned"] = [[] for _ in asked.words]

    def order(asked: Asked, n: int, weights: np.ndarray, beta: np.ndarray) -> None:
        names, values = fusions.features(asked.sources[n])
        asked.orders["weighted"][n] = fusions.summed((names, values), weights)
        asked.orders["learned"][n] = fusions.ordered(names, values @ beta)

    def trained(rows: Sequence[tuple[Asked, int]]) -> tuple[np.ndarray, np.ndarray]:
        some = [a.sources[n] for a, n in rows], [a.grades[n] for a, n in rows]
        return fusions.weighted(*some), fusions.learned(*some)

    for held in range(fusions.FOLDS):
        model = trained([row for row, own in zip(every, fold, strict=True) if own != held])
        for (asked, n), own in zip(every, fold, strict=True):
            if own == held:
                order(asked, n, *model)
    if test:
        model = trained(every)
        for asked in test:
            for n in range(len(asked.words)):
                order(asked, n, *model)


def left_out() -> list[str]:
    """What is in the data and in no figure here, and why."""
    fashion = list(csv.DictReader((DATA / "fashion" / "products.csv").open(encoding="utf-8")))
    rows = [json.loads(text) for text in (DATA / "magento" / "q_text.jsonl").read_text("utf-8").splitlines()]
    change = sum(1 for _ in (DATA / "magento" / "q_color_change.csv").open(encoding="utf-8")) - 1
    judged = {
        row["query_id"] for row in csv.DictReader((DATA / "chorus_icecat" / "qrels.csv").open()) if float(row["grade"])
    }
    asked = [row["query_id"] for row in csv.DictReader((DATA / "chorus_icecat" / "queries.csv").open())]
    train = sum(row["split"] == "train" for row in fashion)
    return [
        f"fashion: {train} products of train (the encoder has seen them); a split's shop has its own products only",
        f"magento: {sum(bool(r.get('filter')) for r in rows)} queries with a price limit (obeyed or not: below); "
        f"{change} photo queries whose pictures are files of the gallery (those are looked up, not searched)",
        "grocery: photo queries (no words; benchmarks of the encoder have them)",
        f"chorus_icecat: {len([q for q in asked if q not in judged])} queries without a relevant product; its pictures "
        "(addresses on the net)",
    ]


def prices_obeyed(shop: Shop) -> str:
    """Whether all hits of magento's queries with a price limit obey it, in both languages."""
    obeyed = hits = first = 0
    rows = [json.loads(text) for text in (DATA / "magento" / "q_text.jsonl").read_text("utf-8").splitlines()]
    limited = [(row, row[key]) for row in rows if row.get("filter") for key in ("text", "text_zh")]
    for row, words in limited:
        found = shop.search(words, per_page=24).hits
        limit = float(re.findall(r"\d+(?:\.\d+)?", words)[-1])
        obeyed += sum(h.variant.price is not None and h.variant.price.minor <= 100 * limit for h in found)
        hits += len(found)
        first += bool(found) and found[0].product.id in {product_of(i) for i in row["relevant"]}
    return f"price limits: {obeyed} of {hits} hits obey, first hit relevant in {first} of {len(limited)} queries"


def known_items(shop: Shop) -> str:
    """How often magento's product comes first whose title is asked for, as it is and with one slip."""
    rows = [json.loads(text) for text in (DATA / "magento" / "q_text.jsonl").read_text("utf-8").splitlines()]
    said = []
    for kind, name in (("known-item", "its title"), ("known-item-typo", "its title with a slip")):
        asked = [row for row in rows if row["kind"] == kind]
        first = [next(iter(shop.search(row["text"], per_page=1).hits), None) for row in asked]
        right = sum(
            hit is not None and hit.product.id in row["relevant"] for hit, row in zip(first, asked, strict=True)
        )
        said.append(f"{name}: {right} of {len(asked)} first ({right / len(asked):.3f})")
    return "known items: " + "; ".join(said)


def validate(folder: Path, some: Callable[[Iterable[Case]], list[Case]]) -> None:
    """Chooses the settings by cross-validation and prints what that makes of chorus."""
    plain, others = BesidePlain(list(chorus_cases("en"))), []
    chorus = shop_of(folder, "chorus_icecat")
    for name in ("fashion", "magento", "grocery"):
        shop = shop_of(folder, name)
        others += [(shop, some(MAKERS[name](language))) for language in ("en", "zh")]
    values, chosen = cross_validated(plain, chorus, others)
    rows = [{"settings": "as shipped", **one} for one in plain.rows(plain.ask(chorus, 1))]
    rows += [{"settings": "chosen on the other folds", **one} for one in plain.rows(values)]
    print("chosen:", *chosen, sep="\n- ")
    table(rows)
    save("relevance-folds", {"rows": rows, "chosen": [str(one) for one in chosen]})
    for shop in {chorus, *(shop for shop, _ in others)}:
        shop.close()


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shops", type=Path, help="where shops are kept between runs")
    parser.add_argument("--test", action="store_true", help="report fashion's test split, too: once, after all choices")
    parser.add_argument("--only", default=",".join(MAKERS), help="sets, parted by commas")
    parser.add_argument("--most", type=int, default=200, help="queries of a set and language; of more a fixed sample")
    parser.add_argument("--worst", type=int, default=10, help="queries of chorus to list that lose most to plain BM25")
    parser.add_argument("--cross-validate", action="store_true", help="choose settings on folds, report the others")
    given = parser.parse_args()

    def some(cases: Iterable[Case]) -> list[Case]:
        every = list(cases)
        return every if len(every) <= given.most else random.Random(0).sample(every, given.most)

    folder = given.shops or Path(tempfile.mkdtemp(prefix="shoplens-relevance-"))
    folder.mkdir(parents=True, exist_ok=True)
    if given.cross_validate:
        validate(folder, some)
        return
    dev, test, beside, worst, obeyed = [], [], [], [], []
    for name in given.only.split(","):
        shop = shop_of(folder, name)
        for language in ("en",) if name == "chorus_icecat" else ("en", "zh"):
            dev.append(ask(shop, f"{name} {language} dev", some(MAKERS[name](language))))
            print("asked", dev[-1].name, len(dev[-1].words), flush=True)
        if name == "chorus_icecat":
            plain = BesidePlain(list(chorus_cases("en")))
            values = plain.ask(shop)
            beside, worst = plain.rows(values), plain.worst(values, given.worst)
        if name == "magento":
            obeyed = [prices_obeyed(shop), known_items(shop)]
        shop.close()
    if given.test:
        shop = shop_of(folder, "fashion", "test")
        test = [ask(shop, f"fashion {one} test", some(fashion_cases(one, "test"))) for one in ("en", "zh")]
        shop.close()
    train_and_order(dev, test)
    figures, paired = [], []
    for asked in (*dev, *test):
        row: dict[str, object] = {"set": asked.name, "queries": len(asked.words)}
        for method in METHODS:
            values = asked.values(method)
            span = intervals(values)[0]
            row[method] = f"{span.mean:.3f} ({span.low:.3f}-{span.high:.3f})"
            if method != "ours":
                paired.append(
                    {"set": asked.name, "ours beside": method, **line(compare(asked.values("ours"), values)[0])}
                )
        figures.append(row)
    mean: dict[str, object] = {"set": "mean of dev", "queries": sum(len(a.words) for a in dev)}
    mean |= {m: f"{np.mean([a.values(m).mean() for a in dev]):.3f}" for m in METHODS}
    figures.append(mean)
    print("Left out:", *left_out(), sep="\n- ")
    print(*obeyed, sep="\n")
    for rows in (figures, paired, beside, worst):
        print()
        table(rows)
    save(
        "relevance" + ("-test" if given.test else ""),
        {"figures": figures, "paired": paired, "chorus": beside, "worst": worst, "prices": obeyed},
    )
    if not given.shops:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
