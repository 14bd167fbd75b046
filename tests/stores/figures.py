"""The figures of docs/reference/store.md: run ``PYTHONPATH=src python tests/stores/figures.py [FOLDER]``."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from shoplens.core.catalogue import ImageRef, Money, Product, Variant
from shoplens.core.ports import PictureFacts, VectorRows, Write
from shoplens.core.spaces import Space, unit
from shoplens.stores import SqlStore, open_store

SPACE = Space("encoder", "1", 256)
ROWS = 200_000


def product(i: int, price: int = 4990) -> Product:
    """Of a size that shops have: 200 characters of text, three variants, a picture."""
    variants = tuple(
        Variant(f"{i}-{size}", Money(price, "EUR"), attributes={"size": (str(size),)}) for size in range(3)
    )
    return Product(
        f"p{i}",
        f"Title {i}",
        "word " * 40,
        "Luma",
        ("Women", "Shoes"),
        images=(ImageRef(f"{i}.jpg"),),
        variants=variants,
    )


def batch(first: int, count: int, price: int = 4990) -> Write:
    """Products with their pictures, facts and two vectors each, as indexing writes them."""
    products = [product(i, price) for i in range(first, first + count)]
    hashes = [f"{i:064x}" for i in range(first, first + count)]
    made = unit(np.random.default_rng(first).standard_normal((count, SPACE.dimension)))
    return Write(
        put=products,
        pictures_of={p.id: {p.images[0].location: h} for p, h in zip(products, hashes, strict=True)},
        facts=[PictureFacts(p.images[0].location, "1", h) for p, h in zip(products, hashes, strict=True)],
        vectors=[
            VectorRows(SPACE, "picture", hashes, made),
            VectorRows(SPACE, "words", [p.words_hash for p in products], made),
        ],
    )


def timed(what: str, times: int, work: Callable[[int], object], unit_: float = 1e3, name: str = "ms") -> None:
    """Runs ``work(0) .. work(times - 1)``; prints median, smallest, and the mean processor time."""
    took, spent = [], time.process_time()
    for i in range(times):
        before = time.perf_counter()
        work(i)
        took.append((time.perf_counter() - before) * unit_)
    cpu = (time.process_time() - spent) * unit_ / times
    print(f"{what:36} median {statistics.median(took):9.3f}  least {min(took):9.3f}  processor {cpu:9.3f} {name}")


def measure(store: SqlStore, path: Path) -> None:
    """All figures on one store."""
    batches = [batch(1000 * i, 256) for i in range(12)]
    timed("write 256 products", 12, lambda i: store.write(batches[i]))
    ones = [batch(100_000 + i, 1) for i in range(50)]
    timed("write 1 product", 50, lambda i: store.write(ones[i]))
    offers = [Write(put=[product(i, 3990)]) for i in range(50)]
    timed("write 1 new price", 50, lambda i: store.write(offers[i]))
    timed("last_seq", 20_000, lambda i: store.last_seq(), 1e6, "us")
    last = store.last_seq()
    timed("get 24, from the tables", 60, lambda i: store.get(range(24 * i + 1, 24 * i + 25)))
    timed("get 24, parsed before", 60, lambda i: store.get(range(24 * i + 1, 24 * i + 25)))
    timed("get 100, parsed before", 10, lambda i: store.get(range(100 * i + 1, 100 * i + 101)))
    timed("changes, the newest 100", 50, lambda i: store.changes(last - 100))
    timed("scan of 3,122 products", 3, lambda i: list(store.scan()))
    for first in range(0, ROWS, 10_000):
        keys = [f"{1_000_000 + first + i:x}".rjust(64, "f") for i in np.random.default_rng(first).permutation(10_000)]
        made = unit(np.random.default_rng(first).standard_normal((10_000, SPACE.dimension)))
        store.write(Write(vectors=[VectorRows(SPACE, "picture", keys, made)]))
    print(f"{'file':42} {path.stat().st_size / 2**20:.0f} MiB")
    timed(
        f"vector_chunks of {ROWS} x {SPACE.dimension}",
        3,
        lambda i: sum(len(k) for k, _ in store.vector_chunks(SPACE, "picture")),
    )
    some = [f"{1_000_000 + 7 * i:x}".rjust(64, "f") for i in range(1000)]
    timed("vectors by key, 1,000", 10, lambda i: store.vectors(SPACE, "picture", some))
    timed("check", 1, lambda i: store.check())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        file = Path(folder) / "store.db"
        with open_store(file, create=True) as opened:
            measure(opened, file)
