"""Is a photo a picture of the shop? How often copies of pictures are known again, and others taken for one.

    python benchmarks/same_picture.py [--most 150]

Pictures of three sets, each a shop of its own: studio photos (fashion dev and test), a shop's photos of models
(magento), phone photos (clothing). A fixed sample of each is changed as the net changes pictures, and looked up among
the fingerprints of all. "others": looked up with its own fingerprint left out, a false alarm if anything is found.
Nothing is trained or chosen here; what is the same file, or a copy that is in the set on purpose, is told and left out.
"""

from __future__ import annotations

import argparse
import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from harness import DATA, save, table
from shoplens.engine.same_picture import SamePictures
from shoplens.pictures.fingerprint import PART, fingerprint, fingerprints

Edit = Callable[[Image.Image], Image.Image]


class Prints:
    """A store of fingerprints in memory."""

    def __init__(self, rows: Sequence[bytes]) -> None:
        self._rows = rows

    def prints_after(self, last: int, limit: int) -> list[tuple[int, str, bytes]]:
        return [(n + 1, str(n), self._rows[n]) for n in range(last, min(last + limit, len(self._rows)))]

    def showing(self, keys: Sequence[str]) -> Mapping[str, list[int]]:
        return {key: [int(key)] for key in keys}


def saved(quality: int) -> Edit:
    """Compressed as JPEG."""

    def change(picture: Image.Image) -> Image.Image:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        return Image.open(out).convert("RGB")

    return change


def cut(left: float, top: float, right: float, bottom: float) -> Edit:
    """Without these shares of its sides."""

    def change(picture: Image.Image) -> Image.Image:
        wide, high = picture.size
        box = round(left * wide), round(top * high), round((1 - right) * wide), round((1 - bottom) * high)
        return picture.crop(box)

    return change


def scaled(share: float) -> Edit:
    """Larger or smaller."""
    return lambda picture: picture.resize((round(picture.width * share), round(picture.height * share)))


def marked(picture: Image.Image) -> Image.Image:
    """With a watermark: half-transparent words across it."""
    layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(layer)
    size = max(10, picture.width // 9)
    for line in (0.2, 0.5, 0.8):
        draw.text(
            (picture.width * 0.06, picture.height * line), "www.example.com", (128, 128, 128, 120), font_size=size
        )
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def badge(picture: Image.Image) -> Image.Image:
    """With a red badge in a corner, a fifth of its sides: "sale"."""
    out = picture.copy()
    side = round(0.2 * min(picture.size))
    ImageDraw.Draw(out).ellipse((0, 0, side, side), (200, 20, 20))
    return out


def after(*edits: Edit) -> Edit:
    """One after the other."""

    def change(picture: Image.Image) -> Image.Image:
        for edit in edits:
            picture = edit(picture)
        return picture

    return change


EDITS: Mapping[str, Edit] = {
    "half the size": scaled(0.5),
    "JPEG 30": saved(30),
    "1.7 times the size, JPEG 60": after(scaled(1.7), saved(60)),
    "white frame, a tenth": after(lambda p: ImageOps.expand(p, p.width // 10, "white"), saved(80)),
    "black frame, a twelfth": after(lambda p: ImageOps.expand(p, p.width // 12, "black"), saved(80)),
    "cut by 3 % at all sides": after(cut(0.03, 0.03, 0.03, 0.03), saved(80)),
    "cut by 5 % at all sides (10 % of a side)": after(cut(0.05, 0.05, 0.05, 0.05), saved(80)),
    "cut by 6 % at two sides": after(cut(0.06, 0.06, 0, 0), saved(80)),
    "cut by 10 % at one side": after(cut(0, 0.1, 0, 0), saved(80)),
    "mirrored": after(ImageOps.mirror, saved(80)),
    "watermark": after(marked, saved(80)),
    "badge in a corner": after(badge, saved(80)),
    "half, JPEG 50 and watermark": after(scaled(0.5), marked, saved(50)),
}


def fashion() -> Iterator[Image.Image]:
    """Its photos of dev and test."""
    with (DATA / "fashion" / "products.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] != "train"]
    with zipfile.ZipFile(DATA / "fashion" / "images.zip") as pack:
        names = set(pack.namelist())
        for row in rows:
            name = row["image"] if row["image"] in names else Path(row["image"]).name
            yield Image.open(io.BytesIO(pack.read(name))).convert("RGB")


def magento() -> Iterator[Image.Image]:
    """All its photos."""
    for path in sorted((DATA / "magento" / "images").glob("*.jpg")):
        yield Image.open(path).convert("RGB")


def clothing() -> Iterator[Image.Image]:
    """Every fourth photo."""
    with (DATA / "clothing" / "items.csv").open(encoding="utf-8", newline="") as file:
        for row in list(csv.DictReader(file))[::4]:
            yield Image.open(DATA / "clothing" / row["image"]).convert("RGB")


def measure(name: str, pictures: Sequence[Image.Image], most: int) -> dict[str, object]:
    """One column: the share of each kind of copies that are found, and of others that are taken for one."""
    prints = [fingerprint(np.asarray(picture)) for picture in pictures]
    same = SamePictures(Prints(prints), fingerprints, PART)
    copies = same.groups()
    twins = set(copies) | set(copies.values())
    alone = [n for n in range(len(pictures)) if str(n) not in twins]
    chosen = sorted(np.random.default_rng(0).permutation(alone)[:most].tolist())
    print(f"{name}: {len(pictures)} pictures, {len(chosen)} looked up; left out, as the set has a copy: {len(twins)}")
    row: dict[str, object] = {"set": name}
    for edit, change in EDITS.items():
        found = [same.find(np.asarray(change(pictures[n]))) for n in chosen]
        row[edit] = round(float(np.mean([str(n) in some for n, some in zip(chosen, found, strict=True)])), 3)
        wrong = [bool(set(some) - {str(n)}) for n, some in zip(chosen, found, strict=True)]
        row[f"{edit}, wrong"] = round(float(np.mean(wrong)), 3)
    others = [bool(set(same.find(np.asarray(pictures[n]))) - {str(n)}) for n in chosen]
    row["others"] = round(float(np.mean(others)), 3)
    return row


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=150, help="pictures of a set that are looked up")
    given = parser.parse_args()
    sets = {"fashion": fashion, "magento": magento, "clothing": clothing}
    rows = [measure(name, list(read()), given.most) for name, read in sets.items()]
    shown: list[dict[str, object]] = [
        {"photo": edit, **{str(row["set"]): f"{row[edit]}, {row[f'{edit}, wrong']}" for row in rows}} for edit in EDITS
    ]
    print("\nfound, and another picture found too:")
    table([*shown, {"photo": "others, its own left out", **{str(row["set"]): f"-, {row['others']}" for row in rows}}])
    save("same_picture", rows)


if __name__ == "__main__":
    main()
