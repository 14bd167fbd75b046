"""From JPEGs on disk to searchable: products a second, against the floor of decoding and encoding alone.

    python benchmarks/ingest.py [--products 2000] [--side 1000] [--memory 1000,10000,50000]

The floor is measured in the same run on the same cores: the same decode processes and the same encoder, fed with the
same files' bytes, and nothing else (no feed, no store, no indexes). The ratio is ours / floor. Memory is the peak of
the indexing process; the vectors and columns of the shop itself grow with the products and are told beside it.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from harness import save, table


def photo(seed: int, side: int) -> bytes:
    """A JPEG with the statistics of a product photo: a textured object on a light ground, sensor noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
    ground = 235 + 12 * y[..., None] + rng.normal(0, 2.5, (side, side, 1)).astype(np.float32)
    cx, cy, rx, ry = rng.uniform(0.4, 0.6), rng.uniform(0.4, 0.6), rng.uniform(0.2, 0.4), rng.uniform(0.2, 0.4)
    inside = (((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1)[..., None]
    waves = 25 * np.sin(x * rng.uniform(20, 120) + y * rng.uniform(20, 120))[..., None]
    body = rng.uniform(20, 220, 3).astype(np.float32) + waves + rng.normal(0, 6, (side, side, 3)).astype(np.float32)
    pixels = np.clip(np.where(inside, body, ground), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def make_feed(folder: Path, products: int, side: int, distinct: int) -> Path:
    """A feed of ``products`` with a picture each; files beyond ``distinct`` differ in a trailing comment only."""
    pictures = folder / "photos"
    pictures.mkdir(parents=True)
    originals = [photo(seed, side) for seed in range(min(distinct, products))]
    feed = folder / "products.jsonl"
    with feed.open("w") as file:
        for n in range(products):
            name = f"{n}.jpg"
            # Bytes behind the end-of-image mark are ignored by decoders, but make another file with another hash.
            (pictures / name).write_bytes(originals[n % len(originals)] + n.to_bytes(8, "big"))
            row = {"id": f"P{n}", "title": f"Thing {n} number {n % 97}", "brand": f"Brand {n % 50}", "price": n % 200}
            file.write(json.dumps(row | {"images": [name]}) + "\n")
    return feed


def floor(folder: Path) -> float:
    """Products a second of decoding and encoding alone."""
    from shoplens.app import load_encoder
    from shoplens.config import Config
    from shoplens.engine.indexing import ENCODE, IndexOptions
    from shoplens.pictures import DecodePool

    encoder = load_encoder(Config.load(folder / "floor"))
    files = sorted((folder / "photos").iterdir())
    started = time.perf_counter()
    with DecodePool() as pool:
        batch = []
        for decoded in pool.decode_many((f.read_bytes() for f in files), IndexOptions().picture_side):
            if isinstance(decoded, Exception):
                raise decoded
            batch.append(decoded.pixels)
            if len(batch) == ENCODE:
                encoder.encode_pictures(batch)
                batch.clear()
        if batch:
            encoder.encode_pictures(batch)
    return len(files) / (time.perf_counter() - started)


def ingest(folder: Path, feed: Path) -> dict[str, float]:
    """Indexes the feed in this process; products a second until all copies are current, and peak memory."""
    import resource

    from shoplens import open_shop

    shutil.rmtree(folder / "shop", ignore_errors=True)
    started = time.perf_counter()
    with open_shop(folder / "shop", create=True) as shop:
        report = shop.index(feed, pictures=folder / "photos")
        seconds = time.perf_counter() - started
        found = shop.search("thing", per_page=1).found
        parts = shop.copies.parts
        arrays = parts.pictures.stats().bytes + parts.texts.stats().bytes
    return {
        "per_s": report.read / seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "vectors_mb": arrays / 1e6,
        "found": found,
        "encoded": report.pictures_encoded,
    }


def in_process(what: str, folder: Path) -> dict[str, float]:
    """Runs a part in a process of its own, so that memory is its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--part", what, "--folder", str(folder)],
        capture_output=True,
        text=True,
        env=os.environ,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=2000)
    parser.add_argument("--side", type=int, default=1000, help="side of the square JPEGs, in pixels")
    parser.add_argument("--rounds", type=int, default=3, help="floor and ours in turn, this often")
    parser.add_argument("--memory", default="1000,10000,50000", help="sizes at which memory is taken (160 px pictures)")
    parser.add_argument("--part", choices=("floor", "ingest"))
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    if args.part:
        feed = args.folder / "products.jsonl"
        result = {"per_s": floor(args.folder)} if args.part == "floor" else ingest(args.folder, feed)
        print(json.dumps(result))
        return
    rows = []
    with tempfile.TemporaryDirectory(prefix="shoplens-bench-") as made:
        folder = Path(made)
        make_feed(folder, args.products, args.side, 200)
        for turn in range(args.rounds):
            low, ours = in_process("floor", folder)["per_s"], in_process("ingest", folder)["per_s"]
            rows.append({"round": turn + 1, "floor_per_s": round(low, 1), "ours_per_s": round(ours, 1)})
            rows[-1]["share"] = round(ours / low, 3)
    table(rows)
    memory = []
    for size in [int(n) for n in args.memory.split(",") if n]:
        with tempfile.TemporaryDirectory(prefix="shoplens-bench-") as made:
            folder = Path(made)
            make_feed(folder, size, 160, 100)
            got = in_process("ingest", folder)
            memory.append({"products": size} | {name: round(value, 1) for name, value in got.items()})
            print(memory[-1], flush=True)
    table(memory)
    save("ingest", {"speed": rows, "memory": memory, "median_share": float(np.median([r["share"] for r in rows]))})


if __name__ == "__main__":
    main()
