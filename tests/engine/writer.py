"""A process that indexes feeds one after the other and tells on a pipe what was acknowledged; killed by tests.

    python -m tests.engine.writer FOLDER FIRST_ROUND

Round r: the feed has products 0..39 and one new product "new-r"; the price of every product is r, product r % 40 gets
a new title and a new picture. After each batch that is safe the line "written ID ROUND" is printed, and "done ROUND"
after each round.
"""

from __future__ import annotations

import sys
from pathlib import Path

import orjson

from shoplens.app import open_shop
from shoplens.engine import indexing
from shoplens.engine.indexing import IndexOptions, Progress
from tests.support import ColourEncoder, picture

PRODUCTS = 40


def rows(folder: Path, turn: int) -> list[dict[str, object]]:
    """The feed of a round; writes its pictures."""
    photos = folder / "photos"
    photos.mkdir(exist_ok=True)
    out: list[dict[str, object]] = []
    for number in range(PRODUCTS):
        changed = max((r for r in range(turn + 1) if r % PRODUCTS == number), default=-1)
        name = f"{number}-{changed}.png"
        if not (photos / name).exists():
            (photos / name).write_bytes(picture((number * 6, (changed * 7) % 250, 90), side=16))
        out.append({"id": f"p{number}", "title": f"thing{changed} item", "price": turn, "images": [name]})
    return [*out, *({"id": f"new-{r}", "title": f"new number{r}"} for r in range(turn + 1))]


def main(folder: Path, turn: int) -> None:
    """Indexes round after round until killed."""
    indexing.BATCH = 8  # many small transactions: many places to die in
    with open_shop(folder / "shop", create=True, encoder=ColourEncoder(), pictures={"workers": 1}) as shop:
        print("open", flush=True)
        while True:
            feed = folder / "feed.jsonl"
            temporary = folder / "feed.tmp"
            temporary.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows(folder, turn)))
            temporary.replace(feed)

            def on_progress(progress: Progress, turn: int = turn) -> None:
                print(f"written {progress.last_id} {turn}", flush=True)

            options = IndexOptions(remove_missing=False)
            shop.index(feed, pictures=folder / "photos", options=options, on_progress=on_progress)
            if turn % 3 == 2:
                shop.copies.save()
            print(f"done {turn}", flush=True)
            turn += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
