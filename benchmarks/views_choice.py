"""How much more a photo's details count among its first ten hits: chosen by cross-validation over magento's products.

    python benchmarks/views_choice.py [--shops FOLDER]

Vectors alone. In each of five folds the share is that with the largest sum of R@1 of the other products' views (mean of
four kinds of photos) and P@1 among fashion's dev photos (same kind and colour; no other view is there),
so that neither is bought with the other; then the fold's own views are asked. docs/adr/0018-photo-queries.md.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from composed import Split, vectors_of
from harness import save, table
from shoplens.engine.light import in_daylight
from shoplens.engine.very_thing import FIRST
from views_data import EDITS, Magento, pixels

Array = npt.NDArray[np.float32]
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
ASKED = ("as they are", "turned by 15°", "re-lit: a little warm and dark", "turned by 15° and a little warm")
FOLDS = 5


def first(asked: Array, rows: Array, share: float, details: tuple[int, int]) -> npt.NDArray[np.int64]:
    """The first row for each vector that asks: ten by the whole vector, in the order that the share gives them."""
    whole = asked @ rows.T
    start, stop = details
    ten = np.argpartition(-whole, FIRST, axis=1)[:, :FIRST]
    closer = whole + share * (asked[:, start:stop] @ rows[:, start:stop].T)
    best = np.take_along_axis(closer, ten, axis=1).argmax(axis=1)
    return np.take_along_axis(ten, best[:, None], axis=1)[:, 0]


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shops", type=Path, help="where shops are kept between runs")
    given = parser.parse_args()
    folder = given.shops or Path(tempfile.mkdtemp(prefix="shoplens-views-"))
    folder.mkdir(parents=True, exist_ok=True)
    split, data = Split.read("dev", 1), Magento.read()
    with split.shop(folder, titles=False) as shop:
        encoder, details = shop.encoder, shop.encoder.card.details
        fashion = vectors_of(shop, split)
        images = list(dict.fromkeys(data.gallery.values()))
        main_photos = encoder.encode_pictures([np.asarray(pixels(image)) for image in images])
        asked = {
            name: [
                encoder.encode_pictures([in_daylight(np.asarray(edit(pixels(view.image)))) for view in data.views])
                for edit in EDITS[name]
            ]
            for name in ASKED
        }
    labels = np.array([f"{row['article_type']}, {row['base_colour']}" for row in split.rows])
    alike = {}
    for share in SHARES:
        found = []
        for n in range(len(fashion)):
            others = np.delete(np.arange(len(fashion)), n)
            found.append(others[first(fashion[n : n + 1], fashion[others], share, details)[0]])
        alike[share] = float((labels[found] == labels).mean())
    showing = [{item for item, image in data.gallery.items() if image == one} for one in images]
    right = {
        share: np.mean(
            [
                np.mean(
                    [
                        [bool(showing[at] & view.right) for at, view in zip(
                            first(vectors, main_photos, share, details).tolist(), data.views, strict=True)]
                        for vectors in asked[name]
                    ],
                    axis=0,
                )
                for name in ASKED
            ],
            axis=0,
        )
        for share in SHARES
    }  # fmt: skip
    products = sorted({view.product for view in data.views})
    fold_of = dict(
        zip(np.random.default_rng(0).permutation(products).tolist(), np.arange(len(products)) % FOLDS, strict=True)
    )
    fold = np.array([fold_of[view.product] for view in data.views])
    rows: list[dict[str, object]] = [
        {"share": s, "R@1 of views, all": round(float(right[s].mean()), 3), "P@1 of fashion dev": round(alike[s], 3)}
        for s in SHARES
    ]
    held, before, chosen = [], [], []
    for n in range(FOLDS):
        best = max(SHARES, key=lambda s: right[s][fold != n].mean() + alike[s])
        chosen.append(best)
        held += right[best][fold == n].tolist()
        before += right[0.0][fold == n].tolist()
    table(rows)
    found = {
        "chosen in each fold": chosen,
        "R@1 held out": round(float(np.mean(held)), 3),
        "share 0": round(float(np.mean(before)), 3),
    }
    print(found)
    save("views_choice", {"shares": rows, **found})
    if not given.shops:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
