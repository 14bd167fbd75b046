"""A service that is killed by tests in the midst of an import.

    python -m tests.edges.job_service FOLDER

Tells the state of the job and the shop's last change in FOLDER/told, again and again until it is over.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import orjson

from shoplens.app import open_shop
from shoplens.core.spaces import Pixels, Vectors
from shoplens.engine import indexing
from tests.support import ColourEncoder, picture

PRODUCTS = 40


class Slow(ColourEncoder):
    """Takes its time, so that a job can be killed at any place of it."""

    def encode_pictures(self, pictures: Sequence[Pixels]) -> Vectors:
        """As that of its base."""
        time.sleep(0.01)
        return super().encode_pictures(pictures)


def write_feed(folder: Path, products: int = PRODUCTS) -> Path:
    """A feed of products with a picture of their own each."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(products):
        (folder / f"{number}.png").write_bytes(picture((number * 4 % 256, number % 250, 90), side=16))
        rows.append({"id": f"p{number}", "title": f"thing number {number}", "images": [f"{number}.png"]})
    path = folder / "products.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def main(folder: Path) -> None:
    """Does the jobs of the shop until it is killed."""
    indexing.BATCH = 4  # many small transactions: many places to die in
    feeds = {"feeds": str(folder / "feeds")}
    with (
        (folder / "told").open("w", buffering=1) as told,
        open_shop(folder / "shop", create=True, encoder=Slow(), pictures={"workers": 1}, jobs=feeds) as shop,
    ):
        shop.jobs.start()
        if not shop.jobs.page()[0]:
            shop.jobs.import_feed({"path": "products.jsonl"}, by="test")
        while True:
            job = shop.jobs.page()[0][0]
            told.write(f"{job.state} {shop.store.last_seq()}\n")
            if job.state in ("done", "failed"):
                return
            time.sleep(0.05)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
