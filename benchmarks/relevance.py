"""How well search ranks: nDCG@10 of BM25 alone, vectors alone, four ways to fuse them, and the engine; both languages.

    python benchmarks/relevance.py [--shops FOLDER] [--test] [--only fashion,magento]

Sets: `fashion` (queries "colour kind for gender"), `magento` (templated), `grocery` (names), `chorus_icecat` (real
queries with graded judgements, no pictures). All choices are made on dev: what is trained (sum weights, learned ranker)
is measured there by cross-validation over queries, five folds, trained on the queries of all sets and languages.
`--test` measures the test split of fashion, the only one here, with what all of dev has taught. Intervals: 95 %,
bootstrap over queries; paired differences of the engine with each of the others, with a sign-flip permutation test.

Every source sees the same index: words as written with the lexicon's names ("BM25"), pictures, product texts. "ours,
plain" is the engine without what it understands of the words. Prints what was left out, and whether price limits are
obeyed.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

import relevance_fusions as fusions
from fusion import Case, chorus_cases, fashion_cases, grocery_cases, magento_cases, product_of, shop_of
from harness import DATA, save, table
from shoplens.app import Shop
from shoplens.core.query import Query
from shoplens.engine.balance import Balance
from shoplens.evaluation.intervals import Comparison, compare, intervals
from words_chorus import products as chorus_products

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

    def values(self, method: str, judged_only: bool = False) -> np.ndarray:
        """nDCG@10 of each query, float64 [n, 1]; ``judged_only``: of the judged products alone."""
        every = zip(self.orders[method], self.grades, strict=True)
        return np.array(
            [
                [fusions.ndcg([i for i in order if i in grades] if judged_only else order, grades)]
                for order, grades in every
            ]
        )


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


class PlainBM25:
    """BM25 (k1 1.2, b 0.75) on title, brand and description with a crude plural stemmer: what many shops have."""

    def __init__(self, texts: Sequence[str]) -> None:
        postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        lengths = []
        for at, text in enumerate(texts):
            counts = Counter(self.tokens(text))
            lengths.append(sum(counts.values()))
            for token, count in counts.items():
                postings[token].append((at, count))
        share = np.array(lengths) / max(np.mean(lengths), 1e-9)
        self._norm, self._count = 1.2 * (1 - 0.75 + 0.75 * share), len(texts)
        self._postings = {token: np.array(some, float).T for token, some in postings.items()}

    @staticmethod
    def tokens(text: str) -> list[str]:
        """Words and numbers in lower case, plurals cut."""
        found = re.findall(r"[a-z0-9]+", text.lower())
        return [
            re.sub(r"ies$", "y", w) if w.endswith("ies") else re.sub(r"(?<!s)s$", "", w) if len(w) > 3 else w
            for w in found
        ]

    def search(self, words: str) -> list[int]:
        """Places of the texts that have any word, best first."""
        total = np.zeros(self._count)
        for token in set(self.tokens(words)) & self._postings.keys():
            at, count = self._postings[token]
            rows = at.astype(int)
            idf = np.log(1 + (self._count - len(rows) + 0.5) / (len(rows) + 0.5))
            total[rows] += idf * count * 2.2 / (count + self._norm[rows])
        order = np.argsort(-total, kind="stable")
        return [int(i) for i in order if total[i] > 0]


def chorus_beside_plain(asked: Asked) -> list[dict[str, object]]:
    """Ours beside plain BM25 on chorus, all products and judged ones alone, with the ten worst-hit queries."""
    catalogue = list(chorus_products(DATA / "chorus_icecat"))
    plain = PlainBM25([f"{p.title} {p.brand} {p.description}" for p in catalogue])
    asked.orders["plain BM25"] = [[catalogue[i].id for i in plain.search(words)] for words in asked.words]
    rows = []
    for label, judged_only in (("all", False), ("judged", True)):
        ours, theirs = asked.values("ours", judged_only), asked.values("plain BM25", judged_only)
        rows.append({"chorus": label, **line(compare(ours, theirs)[0])})
        if not judged_only:
            worst = np.argsort((ours - theirs)[:, 0], kind="stable")[:10]
            print(
                "worst beside plain BM25:",
                "; ".join(f"{asked.words[n]} {theirs[n, 0]:.2f} -> {ours[n, 0]:.2f}" for n in worst),
            )
    return rows


def line(one: Comparison) -> dict[str, object]:
    """A comparison as cells of a table."""
    span = one.difference
    return {
        "ours": round(one.ours, 3), "theirs": round(one.theirs, 3), "difference": f"{span.mean:+.3f}",
        "95 %": f"{span.low:+.3f} to {span.high:+.3f}", "p": round(one.p_value, 4),
        "won/lost/same": f"{one.wins}/{one.losses}/{one.ties}",
    }  # fmt: skip


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


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shops", type=Path, help="where shops are kept between runs")
    parser.add_argument("--test", action="store_true", help="report fashion's test split, too: once, after all choices")
    parser.add_argument("--only", default=",".join(MAKERS), help="sets, parted by commas")
    parser.add_argument("--most", type=int, default=200, help="queries of a set and language; of more a fixed sample")
    given = parser.parse_args()

    def some(cases: Iterable[Case]) -> list[Case]:
        every = list(cases)
        return every if len(every) <= given.most else random.Random(0).sample(every, given.most)

    folder = given.shops or Path(tempfile.mkdtemp(prefix="shoplens-relevance-"))
    folder.mkdir(parents=True, exist_ok=True)
    dev, test, beside, obeyed = [], [], [], ""
    for name in given.only.split(","):
        shop = shop_of(folder, name)
        for language in ("en",) if name == "chorus_icecat" else ("en", "zh"):
            dev.append(ask(shop, f"{name} {language} dev", some(MAKERS[name](language))))
            print("asked", dev[-1].name, len(dev[-1].words), flush=True)
        if name == "chorus_icecat":
            beside = chorus_beside_plain(dev[-1])
        if name == "magento":
            obeyed = prices_obeyed(shop)
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
    print(obeyed)
    for rows in (figures, paired, beside):
        print()
        table(rows)
    save(
        "relevance" + ("-test" if given.test else ""),
        {"figures": figures, "paired": paired, "chorus": beside, "prices": obeyed},
    )
    if not given.shops:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
