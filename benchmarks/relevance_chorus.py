"""Chorus beside plain BM25: the difference with its interval, the queries that lose most, settings by cross-validation.

Two figures a query: all products (one that nobody judged counts as 0), and the order of the judged products alone. For
the second both sides are read to their end: whoever stops at fifty hits loses what stands behind them.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

import relevance_fusions as fusions
from harness import DATA
from shoplens.app import Shop
from shoplens.core.catalogue import Product
from shoplens.core.query import Query
from shoplens.engine.balance import Balance
from shoplens.evaluation.intervals import Comparison, compare
from shoplens.indexes import words as words_index
from shoplens.indexes import words_query
from words_chorus import products as chorus_products

Cases = Sequence[tuple[Query, Mapping[str, float]]]
Floats = npt.NDArray[np.float64]

PAGES, PAGE = 4, 250
"""How far an answer is read for the order of judged products; of one page while settings are tried."""


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


def line(one: Comparison) -> dict[str, object]:
    """A comparison as cells of a table."""
    span = one.difference
    return {
        "ours": round(one.ours, 3), "theirs": round(one.theirs, 3), "difference": f"{span.mean:+.3f}",
        "95 %": f"{span.low:+.3f} to {span.high:+.3f}", "p": round(one.p_value, 4),
        "won/lost/same": f"{one.wins}/{one.losses}/{one.ties}",
    }  # fmt: skip


def read_whole(shop: Shop, query: Query, pages: int = PAGES) -> list[str]:
    """The ids of an answer's hits, page by page."""
    found: list[str] = []
    for page in range(1, pages + 1):
        hits = shop.search(replace(query, page=page, per_page=PAGE)).hits
        found += [hit.product.id for hit in hits]
        if len(hits) < PAGE:
            break
    return found


def both(order: Sequence[str], grades: Mapping[str, float]) -> tuple[float, float]:
    """nDCG@10 of an order: of all products, and of the judged ones alone."""
    return fusions.ndcg(order, grades), fusions.ndcg([i for i in order if i in grades], grades)


class BesidePlain:
    """The judged queries of chorus beside plain BM25."""

    def __init__(self, cases: Cases) -> None:
        self.cases = cases
        self._catalogue: dict[str, Product] = {p.id: p for p in chorus_products(DATA / "chorus_icecat")}
        ids = list(self._catalogue)
        plain = PlainBM25([f"{p.title} {p.brand} {p.description}" for p in self._catalogue.values()])
        self.theirs = [[ids[i] for i in plain.search(query.words)] for query, _ in cases]
        self.their_values = self._values(self.theirs)
        self.ours: list[list[str]] = []

    def _values(self, orders: Sequence[Sequence[str]]) -> Floats:
        return np.array([both(order, grades) for order, (_, grades) in zip(orders, self.cases, strict=True)])

    def ask(self, shop: Shop, pages: int = PAGES) -> Floats:
        """nDCG@10 of the engine's answers, float64 [queries, 2]: all products, judged ones alone."""
        self.ours = [read_whole(shop, query, pages) for query, _ in self.cases]
        return self._values(self.ours)

    def rows(self, values: Floats) -> list[dict[str, object]]:
        """The paired comparison of some values with plain BM25's."""
        every = compare(values, self.their_values)
        return [{"chorus": name, **line(one)} for name, one in zip(("all", "judged"), every, strict=True)]

    def worst(self, values: Floats, most: int) -> list[dict[str, object]]:
        """The queries that lose most, with what stands in the first ten of each side."""
        rows: list[dict[str, object]] = []
        for n in np.argsort((values - self.their_values)[:, 0], kind="stable")[:most]:
            query, grades = self.cases[n]
            row: dict[str, object] = {"query": query.words, "relevant": sum(g > 0 for g in grades.values())}
            for side, orders, own in (("ours", self.ours, values), ("BM25", self.theirs, self.their_values)):
                first = orders[n][:10]
                row[side] = f"{own[n, 0]:.2f} ({own[n, 1]:.2f} of judged)"
                row[f"{side}: good/bad/unjudged"] = (
                    f"{sum(grades.get(i, 0) > 0 for i in first)}/{sum(grades.get(i, 1) == 0 for i in first)}"
                    f"/{sum(i not in grades for i in first)}"
                )
            unjudged = next((i for i in self.ours[n][:10] if i not in grades), None)
            row["our first that nobody judged"] = self._catalogue[unjudged].title[:60] if unjudged else ""
            rows.append(row)
        return rows


@dataclass(frozen=True, slots=True)
class Setting:
    """What cross-validation chooses among; the first of each is what the engine ships with."""

    head: float = words_query.HEAD
    few: int = words_query.FEW
    restraint: float = Balance().restraint
    words: float = Balance().words

    @contextmanager
    def on(self, shops: Sequence[Shop]) -> Iterator[None]:
        """The setting at work."""
        before = words_query.HEAD, words_index.FEW
        words_query.HEAD, words_index.FEW = self.head, self.few
        try:
            for shop in shops:
                shop.balance(Balance(restraint=self.restraint, words=self.words))
            yield
        finally:
            words_query.HEAD, words_index.FEW = before
            for shop in shops:
                shop.balance(Balance())


SETTINGS = [
    Setting(), *(
        one for head, few, restraint in itertools.product((0.75, 1.5, 3.0), (0, 10), (0.5, 1.0))
        if (one := Setting(head, few, restraint)) != Setting()
    ), Setting(words=6.0), Setting(words=24.0),
]  # fmt: skip


def cross_validated(
    beside: BesidePlain, chorus: Shop, others: Sequence[tuple[Shop, Cases]]
) -> tuple[Floats, list[Setting]]:
    """Values of chorus [queries, 2], each query with the setting that is best on the other folds: by the mean over
    chorus and the other sets, of their first ten hits; and the setting of each fold."""
    shops, sets = [chorus, *(shop for shop, _ in others)], [(chorus, beside.cases), *others]
    found: list[list[Floats]] = []
    for setting in SETTINGS:
        with setting.on(shops):
            found.append([_figures(shop, cases) for shop, cases in sets])
        print(setting, *(round(float(one.mean()), 4) for one in found[-1]), flush=True)
    folds = [fusions.folds(len(cases)) for _, cases in sets]
    chosen: list[Setting] = []
    for held in range(fusions.FOLDS):
        seen = [np.mean([one[at != held].mean() for one, at in zip(some, folds, strict=True)]) for some in found]
        chosen.append(SETTINGS[int(np.argmax(seen))])
    held_out = np.zeros_like(beside.their_values)
    for setting in dict.fromkeys(chosen):
        mine = np.isin(folds[0], [n for n, one in enumerate(chosen) if one == setting])
        with setting.on(shops):
            held_out[mine] = beside.ask(chorus, 1)[mine]
    return held_out, chosen


def _figures(shop: Shop, cases: Cases) -> Floats:
    """nDCG@10 of each query of a set."""
    found = ((shop.search(replace(query, per_page=10)).hits, grades) for query, grades in cases)
    return np.array([fusions.ndcg([hit.product.id for hit in hits], grades) for hits, grades in found])
