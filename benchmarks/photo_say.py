"""How much a photo should count beside words that do not edit it: learned of each query, against one weight for all.

    python benchmarks/photo_say.py [--shops FOLDER] [--most 120] [--test]

Tasks of a photo and words, both languages in turn; relevant by the data's own labels:

- grocery: a phone photo and its group ("Apple") or only its aisle ("fruit"), among the product pages;
- magento: another view (alt, back) of a product and its category ("jacket"), among main pictures;
- fashion: a photo and its own kind (relevant: kind, colour and gender alike), or another kind (relevant: that kind;
  those of the photo's colour and gender more): its own product is hidden from the answer.

Grocery and fashion are parted by group and by split: learned and cross-validated on dev, ``--test`` looks once at the
other groups and at fashion's test. Each query is asked once; since scores are sums, other weights only re-order its
candidates. The model says log2 of the photo's weight, a linear function of what is known before the answer is made,
fitted so that the nDCG@10 expected under p(weight) ~ exp(say * log2 weight - kappa * log2(weight)^2) is greatest.
Left out: photos that are files of the gallery; fashion's train, which the encoder has seen.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

import relevance_fusions as fusions
from fusion import shop_of
from harness import DATA, save, table
from shoplens.app import Shop, open_shop
from shoplens.core.query import Query, QueryPicture
from shoplens.encoders.lexicon import load_lexicon
from shoplens.engine import answering, photo_say
from shoplens.engine.balance import Balance
from shoplens.engine.parts import PartScores
from shoplens.evaluation.intervals import compare

Floats = npt.NDArray[np.float64]
WEIGHTS = photo_say.WEIGHTS
FIXED = Balance(beside=1.0, learned=0.0)
NOW = WEIGHTS.index(2.0)
LOGS = np.log2(WEIGHTS)
FEATURES = photo_say.TRAITS
APART = "fashion another kind"
RIDGE, STEPS, RATE = 0.02, 3000, 0.2


@dataclass(frozen=True)
class Case:
    """A query of a task, what is relevant, and the group that is never parted by folds."""

    task: str
    group: str
    query: Query
    grades: Mapping[str, float]


def _photo(path: Path) -> tuple[QueryPicture, ...]:
    return (QueryPicture(path.read_bytes()),)


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def grocery(most: int, test: bool) -> Iterator[Case]:
    """Phone photos; half of the groups, by a checksum of their names, are kept for test."""
    rows = [r for r in _read(DATA / "grocery" / "photo_queries.csv") if r["split"] != "train"]
    rows = [r for r in rows if (zlib.crc32(r["coarse"].encode()) % 2 == 1) == test]
    for row in random.Random(0).sample(rows, min(most, len(rows))):
        photo, grades = _photo(DATA / "grocery" / row["image"]), {row["product_id"]: 1.0}
        aisle = "fruit" if row["top"] == "Fruit" else row["top"].lower()
        for task, words in (("group", row["coarse"]), ("aisle", aisle)):
            yield Case(f"grocery {task}", row["coarse"], Query(words, photo, per_page=1), grades)


def _texts(some: object) -> set[str]:
    """A text, or the texts of a picture's record."""
    return {one for one in (some.values() if isinstance(some, dict) else [some]) if isinstance(one, str)}


def magento_shop(folder: Path) -> Shop:
    """magento with the main picture of each colour alone."""
    shop = open_shop(folder / "magento-main", create=True)
    if shop.store.last_seq():
        return shop
    main = {row["image"] for row in _read(DATA / "magento" / "gallery_main.csv")}
    every = {row["image"] for row in _read(DATA / "magento" / "item_images.csv")}

    def without(some: object) -> object:
        if isinstance(some, dict):
            return {name: without(value) for name, value in some.items()}
        if isinstance(some, list):
            return [without(one) for one in some if not (_texts(one) & (every - main))]
        return None if isinstance(some, str) and some in every - main else some

    feed = folder / "magento-main.jsonl"
    lines = (DATA / "magento" / "products.jsonl").read_text("utf-8").splitlines()
    feed.write_text("\n".join(json.dumps(without(json.loads(one))) for one in lines), encoding="utf-8")
    shop.index(feed, pictures=DATA / "magento")
    return shop


def magento(most: int) -> Iterator[Case]:
    """Other views and the name of the category."""
    products = {row["id"]: row for row in map(json.loads, (DATA / "magento" / "products.jsonl").open(encoding="utf-8"))}
    main = {row["image"] for row in _read(DATA / "magento" / "gallery_main.csv")}
    of = {row["item_id"]: row["product_id"] for row in _read(DATA / "magento" / "item_images.csv")}
    rows = [row for row in _read(DATA / "magento" / "q_view.csv") if row["query_image"] not in main]
    for row in random.Random(0).sample(rows, min(most, len(rows))):
        product = of[row["item_id"]]
        words = products[product]["category"][-1].split(" & ")[0].lower()
        photo = _photo(DATA / "magento" / row["query_image"])
        yield Case("magento category", product, Query(words, photo, per_page=1), {product: 1.0})


def fashion(most: int, split: str, folder: Path) -> Iterator[Case]:
    """A photo with its own kind, and with another."""
    lexicon = load_lexicon()
    rows = [r for r in _read(DATA / "fashion" / "products.csv") if r["split"] == split]
    kinds = {r["article_type"]: lexicon.by_label.get(("kind", f"fashion:{r['article_type']}")) for r in rows}
    named = [r for r in rows if kinds[r["article_type"]] is not None]
    draw = random.Random(0)
    for n, row in enumerate(draw.sample(named, min(most, len(named)))):
        photo = _photo(folder / f"fashion-{split}" / row["image"])
        other = draw.choice(sorted({r["article_type"] for r in named} - {row["article_type"]}))
        for task, kind in (("own kind", row["article_type"]), ("another kind", other)):
            entry = kinds[kind]
            if entry is None:
                continue
            grades = {
                r["id"]: 1.0 + (task == "another kind")
                for r in rows
                if r["article_type"] == kind
                and r["id"] != row["id"]
                and (r["base_colour"], r["gender"]) == (row["base_colour"], row["gender"])
            }
            if task == "another kind":
                grades = {r["id"]: 1.0 for r in rows if r["article_type"] == kind} | grades
            words = (entry.english, entry.chinese)[n % 2][0]
            query = Query(words, photo, per_page=1, hidden_hits=(row["id"],))
            if grades:
                yield Case(f"fashion {task}", row["id"], query, grades)


@dataclass(frozen=True)
class Asked:
    """A case's features [4] and the nDCG@10 at each weight."""

    case: Case
    features: Floats
    values: Floats


def ask(shop: Shop, case: Case) -> Asked:
    """Asks once, and puts the candidates in order anew for each weight of the photo."""
    seen: list[tuple[Sequence[PartScores], npt.NDArray[np.int64]]] = []

    def looked(scores: Sequence[PartScores], candidates: npt.NDArray[np.int64], words: object) -> list[PartScores]:
        seen.append((scores, candidates))
        return list(scores)

    shown, answering.exact_first = answering.exact_first, looked
    try:
        shop.search(case.query)
    finally:
        answering.exact_first = shown
    scores, candidates = seen[0]
    if not {photo_say.PHOTO, photo_say.WORDS} <= {s.source for s in scores}:
        return Asked(case, np.eye(len(FEATURES))[0], np.zeros(len(WEIGHTS)))
    numbers = shop.store.numbers_of(list(case.grades))
    grades = {str(numbers[name]): grade for name, grade in case.grades.items() if name in numbers}
    photo = np.sum([s.contributions for s in scores if s.source == photo_say.PHOTO], axis=0)
    rest = np.sum([s.contributions for s in scores if s.source != photo_say.PHOTO], axis=0)
    values = []
    for weight in WEIGHTS:
        order = np.lexsort((candidates, -(weight * photo + rest)))[:10]
        values.append(fusions.ndcg([str(n) for n in candidates[order]], grades))
    return Asked(case, photo_say.traits(scores), np.array(values))


def learn(rows: Sequence[Asked]) -> Floats:
    """The model's numbers [5]: one a feature, and kappa."""
    x, v = np.stack([row.features for row in rows]), np.stack([row.values for row in rows])
    tasks = [row.case.task for row in rows]
    # Each task alike, but that of words that want another thing as much as all where they go with the photo.
    alike = len(set(tasks)) - (APART in tasks)
    share = np.array([(alike if task == APART else 1) / tasks.count(task) for task in tasks])
    share /= share.sum()
    theta, kappa = np.zeros(x.shape[1]), 0.1
    theta[0] = 2 * kappa  # the peak at 2
    for _ in range(STEPS):
        p = photo_say.chances(x @ theta, kappa)
        gain = p * (v - (p * v).sum(axis=1, keepdims=True)) * share[:, None]
        theta += RATE * ((gain @ LOGS) @ x - RIDGE * share.mean() * theta)
        kappa = max(0.02, kappa - RATE * float((gain @ LOGS**2).sum()))
    return np.array([*theta, kappa])


def chosen(model: Floats, rows: Sequence[Asked]) -> npt.NDArray[np.int64]:
    """The place of the weight nearest to the expected log2."""
    x = np.stack([row.features for row in rows])
    mean = photo_say.chances(x @ model[:-1], float(model[-1])) @ LOGS
    return np.abs(LOGS[None, :] - mean[:, None]).argmin(axis=1)


def folds(rows: Sequence[Asked]) -> npt.NDArray[np.int64]:
    """A fold of each row; the photos of one group stay together."""
    return np.array([zlib.crc32(row.case.group.encode()) % fusions.FOLDS for row in rows])


def best_fixed(rows: Sequence[Asked]) -> int:
    """The place of the one weight that is best for all tasks alike."""
    tasks = sorted({row.case.task for row in rows})
    return int(np.mean([_of(rows, task).mean(axis=0) for task in tasks], axis=0).argmax())


def _of(rows: Sequence[Asked], task: str) -> Floats:
    return np.stack([row.values for row in rows if row.case.task == task])


def report(name: str, rows: Sequence[Asked], fixed: npt.NDArray[np.int64], learned: npt.NDArray[np.int64]) -> None:
    """One table: each task with 2, the best fixed weight, the learned ones, and the best of each query."""
    every, at = np.stack([row.values for row in rows]), np.arange(len(rows))
    ways = {"2": every[:, NOW], "fixed": every[at, fixed], "learned": every[at, learned], "best of each": every.max(1)}
    tasks = np.array([row.case.task for row in rows])
    lines: list[dict[str, object]] = []
    for task in (*sorted(set(tasks)), "mean of tasks"):
        some = tasks == task
        line: dict[str, object] = {name: task, "queries": int(some.sum()) or len(rows)}
        for way, values in ways.items():
            mean = values[some].mean() if some.any() else np.mean([values[tasks == t].mean() for t in set(tasks)])
            line[way] = round(float(mean), 3)
        if some.any():
            span = compare(ways["learned"][some, None], ways["2"][some, None])[0]
            line["learned less 2, 95 %"] = f"{span.difference.low:+.3f} to {span.difference.high:+.3f}"
            line["weights"] = " ".join(f"{x:g}" for x in np.quantile(LOGS[learned[some]], (0.1, 0.5, 0.9)).round(1))
        lines.append(line)
    table(lines)
    save(f"photo-say-{name}", lines)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shops", type=Path, help="where shops are kept between runs")
    parser.add_argument("--most", type=int, default=120, help="photos of a set")
    parser.add_argument("--test", action="store_true", help="look at the other groups and at fashion's test: once")
    given = parser.parse_args()
    folder = given.shops or Path(tempfile.mkdtemp(prefix="shoplens-say-"))
    folder.mkdir(parents=True, exist_ok=True)

    def asked(shop: Shop, cases: Iterator[Case]) -> list[Asked]:
        shop.balance(FIXED)
        found = [ask(shop, case) for case in cases]
        shop.close()
        print("asked", len(found), found[0].case.task, flush=True)
        return found

    dev = asked(shop_of(folder, "grocery"), grocery(given.most, test=False))
    dev += asked(magento_shop(folder), magento(given.most))
    dev += asked(shop_of(folder, "fashion"), fashion(given.most, "dev", folder))
    own = folds(dev)
    fixed, learned = np.zeros(len(dev), np.int64), np.zeros(len(dev), np.int64)
    for held in range(fusions.FOLDS):
        seen = [row for row, fold in zip(dev, own, strict=True) if fold != held]
        mine = [row for row, fold in zip(dev, own, strict=True) if fold == held]
        fixed[own == held] = best_fixed(seen)
        learned[own == held] = chosen(learn(seen), mine)
    report("dev", dev, fixed, learned)
    model = learn(dev)
    print("model:", dict(zip((*FEATURES, "kappa"), model.round(4).tolist(), strict=True)))
    if given.test:
        test = asked(shop_of(folder, "grocery"), grocery(given.most, test=True))
        test += asked(shop_of(folder, "fashion", "test"), fashion(given.most, "test", folder))
        report("test", test, np.full(len(test), best_fixed(dev)), chosen(model, test))
    if not given.shops:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
