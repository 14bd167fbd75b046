"""Latency of the engine: words, photo, both, at 10k, 100k and 1M products.

    python benchmarks/search.py [--sizes 10000,100000,1000000] [--queries 300] [--keep FOLDER]

Distinct queries, caches off (encoder, filters), a filter in every other query, products read from the store, the
encoder that ships. "words" are searched as written, "understood" are read first for limits, colours, kinds (ADR 0013).
Vectors of products are the encoder's own for the rendered demo pictures (and the data set `fashion` where it is here),
jittered up to the number; titles, prices and brands are made up. A photo is a JPEG of 1 megapixel, decoded in the pool
like any upload. One thread asks; nothing else runs.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from harness import DATA, pace, quantiles, rss_mb, save, table, timed
from shoplens.app import Shop, open_shop
from shoplens.config import Config
from shoplens.core.answer import Answer
from shoplens.core.catalogue import ImageRef, Money, Product, Variant
from shoplens.core.ports import Encoder, PictureFacts, VectorRows, Write
from shoplens.core.query import Query, QueryPicture
from shoplens.core.spaces import Vectors, unit
from shoplens.core.where import parse_where

KINDS = """handbag backpack t-shirt shirt dress jeans skirt hoodie sneakers boots sandals watch sunglasses cap scarf
belt umbrella mug vase lamp cushion chair bottle ring wallet socks jacket coat sweater shorts heels earrings""".split()
COLOURS = """black white red blue green yellow pink purple brown grey orange beige navy silver gold teal""".split()
STUFF = "leather cotton canvas denim wool silk linen suede ceramic steel wood glass nylon velvet jersey knit".split()
LOOKS = """classic slim relaxed vintage modern sporty elegant light sturdy soft printed striped checked plain""".split()
ZH = {
    "black": "黑色",
    "white": "白色",
    "red": "红色",
    "blue": "蓝色",
    "green": "绿色",
    "yellow": "黄色",
    "pink": "粉色",
}
BATCH = 2_000


def photos() -> list[Image.Image]:
    """Real photos where they are, else the demo shop's."""
    archive = DATA / "fashion" / "images.zip"
    if archive.exists():
        with zipfile.ZipFile(archive) as pack:
            names = sorted(n for n in pack.namelist() if n.endswith(".jpg"))[::8]
            return [Image.open(io.BytesIO(pack.read(n))).convert("RGB") for n in names]
    import shoplens.demo

    folder = Path(shoplens.demo.__file__).parent / "shop" / "pictures"
    return [Image.open(p).convert("RGB") for p in sorted(folder.glob("*.jpg"))]


def jittered(base: Vectors, count: int, rng: np.random.Generator, spread: float) -> Vectors:
    """``count`` vectors around those of ``base``, each moved along the difference of two others.

    So the noise has the covariance of the real vectors: made-up products fill the directions that real ones do.
    """
    a, b, c = (base[rng.integers(len(base), size=count)] for _ in range(3))
    return unit(a + spread * (b - c))


def product(n: int, rng: np.random.Generator) -> Product:
    """A product that is made up."""
    kind, colour, stuff, look = (str(rng.choice(some)) for some in (KINDS, COLOURS, STUFF, LOOKS))
    brand = f"Brand{int(rng.integers(800))}"
    price = Money(int(rng.integers(500, 50_000)), "EUR")
    return Product(
        id=f"P{n}",
        title=f"{brand} {look} {colour} {stuff} {kind} {n % 9973}",
        description=f"A {look} {kind} of {stuff}, in {colour}. Model {n}.",
        brand=brand,
        category=("Shop", stuff.title(), kind.title()),
        attributes={"color": (colour,), "material": (stuff,)},
        images=(ImageRef(f"{n}.jpg"),),
        variants=(Variant(f"P{n}", price=price, in_stock=bool(rng.random() < 0.9), quantity=int(rng.integers(50))),),
    )


def build(folder: Path, count: int, encoder: Encoder) -> Shop:
    """A shop of ``count`` products, written through the store as indexing does."""
    rng = np.random.default_rng(7)
    images = [np.asarray(p) for p in photos()]
    pictures = encoder.encode_pictures(images)
    said = [f"{look} {c} {s} {k}" for k in KINDS for c in COLOURS for s, look in zip(STUFF, LOOKS, strict=False)]
    texts = encoder.encode_words(said)
    space = encoder.card.space
    shop = open_shop(Config.load(folder / f"shop-{count}"), create=True, encoder=encoder)
    for start in range(0, count, BATCH):
        put = [product(n, rng) for n in range(start, min(count, start + BATCH))]
        hashes = [hashlib.sha256(p.id.encode()).hexdigest() for p in put]
        shop.store.write(
            Write(
                put=put,
                pictures_of={p.id: {p.images[0].location: h} for p, h in zip(put, hashes, strict=True)},
                facts=[PictureFacts(p.images[0].location, "", h) for p, h in zip(put, hashes, strict=True)],
                vectors=[
                    VectorRows(space, "picture", hashes, jittered(pictures, len(put), rng, 0.35)),
                    VectorRows(space, "words", [p.words_hash for p in put], jittered(texts, len(put), rng, 0.35)),
                ],
            )
        )
    return shop


def queries(count: int, what: str, rng: np.random.Generator) -> Iterator[Query]:
    """Distinct queries; every other one with a filter."""
    images = photos()
    for n in range(count):
        kind, colour, stuff = (str(rng.choice(some)) for some in (KINDS, COLOURS, STUFF))
        chinese = f"{ZH.get(colour, '灰色')}{kind}"
        words = [f"{colour} {stuff} {kind}", f"{kind} {colour}", f"Brand{n} {kind}", chinese][n % 4]
        where = [None, "price<100 and in_stock", None, f"color={colour} and price in 20..200"][n % 4]
        pictures: tuple[QueryPicture, ...] = ()
        if what != "words":
            image = images[int(rng.integers(len(images)))].resize((1000, 1000), Image.Resampling.BICUBIC)
            noise = rng.normal(0, 3, (1000, 1000, 1))
            pixels = np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)
            buffer = io.BytesIO()
            Image.fromarray(pixels).save(buffer, "JPEG", quality=88)
            pictures = (QueryPicture(buffer.getvalue()),)
        text = f"{words} {n}" if what == "words" and n % 8 == 7 else words if what != "photo" else ""
        yield Query(words=text, pictures=pictures, where=parse_where(where or ""), per_page=24)


def search(shop: Shop, query: Query) -> Answer:
    """An answer without what the columns keep of the filters asked for last."""
    shop.copies.parts.columns._view.kept.clear()  # type: ignore[attr-defined]
    return shop.search(query)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--keep", type=Path, help="build the shops here and keep them")
    args = parser.parse_args()
    rows, laps = [], {}
    from shoplens.encoders.onnx_dual import bundled_encoder

    encoder = bundled_encoder()  # without its cache: every query is encoded
    with tempfile.TemporaryDirectory(prefix="shoplens-bench-") as made:
        for size in [int(n) for n in args.sizes.split(",")]:
            started = time.perf_counter()
            shop = build(args.keep or Path(made), size, encoder)
            stored = time.perf_counter()
            shop.copies.refresh()
            shop.copies.wait_for_words(3600)
            filled = time.perf_counter()
            shop.copies.save()
            shop.close()
            opened = time.perf_counter()
            shop = open_shop(Config.load(shop.folder), encoder=encoder)
            shop.copies.refresh()
            reopened = time.perf_counter()
            shop.warm_up()
            shop.suggestions.wait(3600)  # built in the background: a minute at 100,000 products, and none afterwards
            for what in ("words", "understood", "photo", "both"):
                plain = "words" if what == "understood" else what
                asked = list(queries(args.queries, plain, np.random.default_rng(11)))
                if what == "words":
                    asked = [replace(query, understand=False) for query in asked]
                times, answers = timed(partial(search, shop), asked)
                row = {"products": size, "query": what, **quantiles(times)}
                row["pace_ms"] = pace()
                row["found_median"] = int(np.median([a.found for a in answers]))
                rows.append(row)
                names = list(dict.fromkeys(n for a in answers for n in a.timings_ms))
                laps[f"{size} {what}"] = {
                    n: round(float(np.median([a.timings_ms.get(n, 0.0) for a in answers])), 3) for n in names
                }
                print(row, laps[f"{size} {what}"], flush=True)
            rows[-1]["rss_mb"] = round(rss_mb())
            rows[-1]["store_s"] = round(stored - started, 1)
            rows[-1]["copies_s"] = round(filled - stored, 1)
            rows[-1]["reopen_s"] = round(reopened - opened, 2)
            shop.close()
    table(rows)
    save("search", {"latency": rows, "laps_ms": laps})


if __name__ == "__main__":
    main()
