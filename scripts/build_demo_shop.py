"""Draw the demo shop anew: src/shoplens/demo/shop/products.jsonl and pictures/*.jpg. Seeded: the same every time.

    python scripts/build_demo_shop.py [--out FOLDER] [--sheet SHEET.png] [--only TEXT]

Prints how many products, variants and pictures there are, and their bytes. --sheet also writes a contact sheet
to look at; --only draws those pictures anew whose names hold TEXT (such as "-set" or "sl-042"), and leaves the others.
All take about six minutes on a free core.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from shoplens.training.rendering.shop import QUALITY, Shot, catalogue

SHOP = Path(__file__).resolve().parent.parent / "src" / "shoplens" / "demo" / "shop"


def jpeg(shot: Shot) -> bytes:
    """A shot as the bytes of its JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(shot.render()).save(buffer, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return buffer.getvalue()


def write(out: Path, sheet: Path | None = None, only: str = "") -> None:
    """Write the shop into `out`, replacing pictures that are there (but for those whose names lack `only`)."""
    started = time.perf_counter()
    pictures = out / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    listings = catalogue()
    wanted = {Path(path).name for listing in listings for path in listing.shots}
    for stale in pictures.glob("*.jpg"):
        if stale.name not in wanted:
            stale.unlink()
    thumbs = []
    total = 0
    for listing in listings:
        for path, shot in listing.shots.items():
            kept = out / path
            data = kept.read_bytes() if only not in path and kept.is_file() else jpeg(shot)
            total += len(data)
            kept.write_bytes(data)
            if sheet is not None:
                thumbs.append(np.asarray(Image.open(io.BytesIO(data)).reduce(3)))
    lines = [json.dumps(listing.row, ensure_ascii=False) for listing in listings]
    (out / "products.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if sheet is not None:
        _contact_sheet(thumbs, sheet)
    categories = Counter(tuple(listing.row["category"]) for listing in listings)
    variants = sum(len(listing.row["variants"]) for listing in listings)
    sizes = (out / "products.jsonl").stat().st_size
    print(f"{len(listings)} products in {len(categories)} categories, {variants} variants, {len(wanted)} pictures")
    print(f"{total:,} bytes of pictures ({total // len(wanted):,} each), {sizes:,} bytes of products.jsonl")
    print(f"{time.perf_counter() - started:.0f} s")


def _contact_sheet(thumbs: list[np.ndarray], path: Path, columns: int = 12) -> None:
    blank = np.full_like(thumbs[0], 255)
    padded = thumbs + [blank] * (-len(thumbs) % columns)
    rows = [np.concatenate(padded[i : i + columns], axis=1) for i in range(0, len(padded), columns)]
    Image.fromarray(np.concatenate(rows, axis=0)).save(path)


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=SHOP, help="folder to write into")
    parser.add_argument("--sheet", type=Path, help="also write a contact sheet (PNG)")
    parser.add_argument("--only", default="", metavar="TEXT", help="draw only pictures whose names hold this")
    arguments = parser.parse_args()
    write(arguments.out, arguments.sheet, arguments.only)


if __name__ == "__main__":
    main()
