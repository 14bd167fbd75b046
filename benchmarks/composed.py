"""A photo and "in red": what is found among photos of `fashion`, by vectors alone and by the engine.

    python benchmarks/composed.py [--test] [--cases 1500] [--shops FOLDER]

Every photo of a split is asked for in each colour that some other product of its kind and gender has; relevant are
these products. P@10: the share of ten hits that are. Two shops: pictures alone (titles say nothing), the whole feed.
The weight of the weighted sum is chosen on dev; test (``--test``) takes it as it is. docs/adr/0010-composed-queries.md.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import shutil
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness import DATA, save, table
from shoplens.app import Shop, open_shop
from shoplens.attributes import composer_of
from shoplens.core.query import Query, QueryPicture
from shoplens.encoders.lexicon import Entry, load_lexicon

Vectors = npt.NDArray[np.float32]
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
"""Of the photo in the weighted sum of photo and words."""


@dataclass(frozen=True)
class Case:
    """The photo of a product (its place among the rows), a colour, and the places of what is relevant."""

    row: int
    colour: Entry
    relevant: frozenset[int]


@dataclass
class Split:
    """One split: its rows, cases, photos, and what was left out."""

    name: str
    rows: list[dict[str, str]]
    cases: list[Case]
    photos: list[bytes]
    excluded: dict[str, int]

    @classmethod
    def read(cls, name: str, limit: int) -> Split:
        lexicon = load_lexicon()
        with (DATA / "fashion" / "products.csv").open(encoding="utf-8", newline="") as file:
            every = list(csv.DictReader(file))
        rows = [row for row in every if row["split"] == name]
        with zipfile.ZipFile(DATA / "fashion" / "images.zip") as pack:
            names = set(pack.namelist())
            photos = [pack.read(r["image"] if r["image"] in names else Path(r["image"]).name) for r in rows]
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, row in enumerate(rows):
            groups[row["article_type"], row["gender"]].append(place)
        cases, unnamed, lonely = [], 0, 0
        for place, row in enumerate(rows):
            group = groups[row["article_type"], row["gender"]]
            colours = sorted({rows[other]["base_colour"] for other in group} - {row["base_colour"]})
            lonely += not colours
            for colour in colours:
                entry = lexicon.by_label.get(("colour", colour))
                if entry is None:
                    unnamed += 1
                else:
                    cases.append(Case(place, entry, frozenset(p for p in group if rows[p]["base_colour"] == colour)))
        random.Random(0).shuffle(cases)
        return cls(
            name, rows, cases[:limit] if limit else cases, photos,
            {
                "products of the other splits, in neither gallery nor queries": len(every) - len(rows),
                "photos whose kind and gender come in no other colour, not asked": lonely,
                "cases of colours that the lexicon does not name": unnamed,
                "cases beyond --cases": max(0, len(cases) - limit) if limit else 0,
            },
        )  # fmt: skip

    def shop(self, folder: Path, titles: bool) -> Shop:
        """The split as a shop, indexed once: its whole feed, or pictures and titles that say nothing."""
        shop = open_shop(folder / f"{self.name}-{'titles' if titles else 'pictures'}", create=True)
        if not shop.store.last_seq():
            work = folder / f"{self.name}-photos"
            for row, photo in zip(self.rows, self.photos, strict=True):
                target = work / row["image"]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(photo)
            feed = work / ("titles.csv" if titles else "pictures.jsonl")
            if titles:
                with feed.open("w", encoding="utf-8", newline="") as file:
                    writer = csv.DictWriter(file, self.rows[0].keys())
                    writer.writeheader()
                    writer.writerows(self.rows)
            else:
                lines = [{"id": r["id"], "title": f"Article {r['id']}", "image": r["image"]} for r in self.rows]
                feed.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
            shop.index(feed, pictures=work)
        return shop

    def p10(self, found: Iterable[Sequence[int]]) -> float:
        """Mean precision of the first ten, for what was found of each case."""
        got = [len(case.relevant & set(ten)) / 10 for case, ten in zip(self.cases, found, strict=True)]
        return round(float(np.mean(got)), 4)


def vectors_of(shop: Shop, split: Split) -> Vectors:
    """The vectors of the split's photos as the shop has stored them, in the order of its rows."""
    numbers = shop.store.numbers_of([row["id"] for row in split.rows])
    stored = shop.store.get([numbers[row["id"]] for row in split.rows])
    keys = [next(iter(one.pictures.values())) for one in stored if one is not None]
    kept = shop.store.vectors(shop.space, "picture", keys)
    return np.stack([kept[key].astype(np.float32) for key in keys])


def by_vectors(split: Split, vectors: Vectors, query: Callable[[Case], Vectors]) -> float:
    """P@10 of one query vector a case."""

    def ten(case: Case) -> list[int]:
        scores = vectors @ query(case)
        scores[case.row] = -np.inf
        return [int(place) for place in np.argpartition(-scores, 10)[:10]]

    return split.p10(map(ten, split.cases))


class Remembering:
    """The shop's encoder, which reads each photo once: thousands of cases ask for the same hundreds."""

    def __init__(self, encoder: object) -> None:
        self._encoder = encoder
        self._known: dict[bytes, Vectors] = {}

    def __getattr__(self, name: str) -> object:
        return getattr(self._encoder, name)

    def encode_pictures(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> Vectors:
        for picture in pictures:
            if picture.tobytes() not in self._known:
                self._known[picture.tobytes()] = self._encoder.encode_pictures([picture])[0]  # type: ignore[attr-defined]
        return np.stack([self._known[picture.tobytes()] for picture in pictures])


def by_engine(split: Split, shop: Shop, language: str) -> dict[str, float]:
    """P@10 of the engine, the share of answers that it calls a match, and its median time for scores and order."""
    place = {row["id"]: n for n, row in enumerate(split.rows)}
    shop.encoder = Remembering(shop.encoder)  # type: ignore[assignment]
    shop.balance(shop._balance)
    found, matches, times = [], 0, []
    for case in split.cases:
        words = f"this in {case.colour.english[0]}" if language == "en" else f"同款{case.colour.chinese[0]}"
        own = split.rows[case.row]["id"]
        query = Query(words=words, pictures=(QueryPicture(split.photos[case.row]),), per_page=10, hidden_hits=(own,))
        answer = shop.search(query)
        found.append([place[hit.product.id] for hit in answer.hits])
        matches += answer.verdict == "match"
        times.append(answer.timings_ms["rank"])
    return {
        "P@10": split.p10(found),
        "called a match": round(matches / len(split.cases), 3),
        "rank, ms": round(float(np.median(times)), 2),
    }


def measure(split: Split, folder: Path, share: float | None) -> tuple[list[dict[str, object]], float]:
    """All rows of a split; and the photo's share in the weighted sum, chosen here where none is given."""
    shop = split.shop(folder, titles=False)
    vectors, encoder = vectors_of(shop, split), shop.encoder
    composer = composer_of(encoder, shop.spaces.name())
    names = sorted({case.colour.english[0] for case in split.cases})
    said = dict(zip(names, encoder.encode_words(names), strict=True))
    edits = {name: composer.edit(vectors, (name,)) for name in names}

    def mixed(part: float) -> float:
        return by_vectors(split, vectors, lambda c: part * vectors[c.row] + (1 - part) * said[c.colour.english[0]])

    if share is None:
        share = max(SHARES, key=mixed)
    rows: list[dict[str, object]] = [
        {"what": "all that there is (ceiling)", "P@10": split.p10([sorted(c.relevant)[:10] for c in split.cases])},
        {"what": "photo alone", "P@10": by_vectors(split, vectors, lambda c: vectors[c.row])},
        {"what": "words alone", "P@10": by_vectors(split, vectors, lambda c: said[c.colour.english[0]])},
        {"what": f"weighted sum, {share:.1f} of the photo", "P@10": mixed(share)},
        {"what": "edited vector", "P@10": by_vectors(split, vectors, lambda c: edits[c.colour.english[0]][c.row])},
    ]
    for titles in (False, True):
        for language in ("en", "zh"):
            with split.shop(folder, titles) as open_one:
                what = f"engine, {'titles and pictures' if titles else 'pictures alone'}, {language}"
                rows.append({"what": what, **by_engine(split, open_one, language)})
                print(rows[-1], flush=True)
    shop.close()
    return [{"split": split.name, **row} for row in rows], share


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--test", action="store_true", help="measure test, too: once, at the end")
    parser.add_argument("--cases", type=int, default=0, help="a random part of the cases (0: all)")
    parser.add_argument("--shops", type=Path, help="where shops are kept between runs")
    given = parser.parse_args()
    folder = given.shops or Path(tempfile.mkdtemp(prefix="shoplens-composed-"))
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = []
    share: float | None = None
    for name in ("dev", "test") if given.test else ("dev",):
        split = Split.read(name, given.cases)
        print(f"\n{name}: {len(split.rows)} photos, {len(split.cases)} cases. Left out:")
        print("  the photo of the query itself, from the answer to each case")
        for why, count in split.excluded.items():
            print(f"  {why}: {count}")
        found, share = measure(split, folder, share)
        rows += found
        table(found)
    save("composed", rows)
    if not given.shops:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
