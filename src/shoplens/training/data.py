"""What the bundled encoder learns from: pictures with their labels and titles, split so that figures are honest.

* ``fashion``: its own train/dev/test split.
* ``clothing``: by sender (a quarter of the senders, by hash, is dev).
* ``grocery``: whole coarse groups are held out (`HELD_OUT_GROCERY`, split "unseen"); of the other groups the
  photos of its train and val parts train, those of its test part are "dev".
* ``rendered``: pictures made by `shoplens.training.rendering`; all of them train.

Nothing of ``magento`` is read here: it only measures.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from shoplens.encoders.lexicon import Entry, Lexicon
from shoplens.encoders.preprocess import Pixels, letterbox

HELD_OUT_GROCERY = frozenset({"Melon", "Pepper", "Peach", "Lime", "Oatghurt", "Sour-Milk", "Ginger"})
"""Coarse groups of which no picture trains: unseen goods are what counts for a shop that is not ours."""


@dataclass(frozen=True, slots=True)
class Item:
    """A picture and what is known about it. Empty strings are unknown.

    ``kind``, ``colour``, ``gender``, ``usage`` are lexicon keys. ``product``: pictures of one and the same
    thing share it. ``alike``: pictures that a shopper would take for each other (same kind and colour).
    """

    source: str
    split: str
    name: str
    product: str
    alike: str
    kind: str = ""
    colour: str = ""
    gender: str = ""
    usage: str = ""
    title: str = ""
    title_zh: str = ""
    group: str = ""
    cut_out: bool = False
    words: tuple[str, ...] = ()
    words_zh: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()


@dataclass
class Pool:
    """Items with their pixels: ``pixels`` uint8 [n, R, R, 4], the fourth channel 255 on the product, 0 on white."""

    items: list[Item] = field(default_factory=list)
    pixels: Pixels = field(default_factory=lambda: np.zeros((0, 1, 1, 4), np.uint8))

    def rows(self, source: str, *splits: str) -> npt.NDArray[np.int64]:
        """Row numbers of a source ("" for any), restricted to splits where some are given."""
        found = [
            i
            for i, item in enumerate(self.items)
            if (not source or item.source == source) and (not splits or item.split in splits)
        ]
        return np.asarray(found, dtype=np.int64)


def data_root() -> Path:
    """The folder of the data sets: ``SHOPLENS_DATA``, or ``../shared/data`` beside the repository."""
    named = os.environ.get("SHOPLENS_DATA")
    return Path(named) if named else Path(__file__).resolve().parents[3].parent / "shared" / "data"


def fashion_items(root: Path, lexicon: Lexicon) -> list[Item]:
    """The items of ``fashion``, in the order of its file."""
    with (root / "fashion" / "products.csv").open(encoding="utf-8", newline="") as file:
        return [_fashion_item(row, lexicon) for row in csv.DictReader(file)]


def _fashion_item(row: dict[str, str], lexicon: Lexicon) -> Item:
    kind = lexicon.by_label["kind", f"fashion:{row['article_type']}"].key
    colour = lexicon.by_label["colour", row["base_colour"]].key
    usage = lexicon.by_label.get(("usage", row["usage"]))
    return Item(
        source="fashion",
        split=row["split"],
        name=row["image"],
        product=f"fashion/{row['id']}",
        alike=f"fashion/{kind}/{colour}",
        kind=kind,
        colour=colour,
        gender=lexicon.by_label["gender", row["gender"]].key,
        usage=usage.key if usage else "",
        title=row["title"],
        cut_out=True,
    )


def clothing_items(root: Path, lexicon: Lexicon) -> list[Item]:
    """The items of ``clothing``; a sender is dev when the hash of its number says so (one in four)."""
    items = []
    with (root / "clothing" / "items.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            entry = lexicon.by_label["kind", f"clothing:{row['label']}"]
            held = hashlib.sha256(row["sender"].encode()).digest()[0] % 4 == 0
            items.append(
                Item(
                    source="clothing",
                    split="dev" if held else "train",
                    name=row["image"],
                    product=f"clothing/{row['id']}",
                    alike=f"clothing/{row['label']}",
                    kind=entry.key,
                    title=f"kids {entry.english[0]}" if row["kids"] == "True" else entry.english[0],
                    title_zh=("儿童" if row["kids"] == "True" else "") + entry.chinese[0],
                    group=row["sender"],
                )
            )
    return items


def grocery_items(root: Path) -> list[Item]:
    """The page pictures (name "iconic/...") and photos of ``grocery``."""
    base = root / "grocery"
    pages = {}
    with (base / "products.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            page = json.loads(line)
            pages[page["id"]] = page
    with (base / "text_queries.csv").open(encoding="utf-8", newline="") as file:
        chinese = {row["product_id"]: row["text_zh_assistant_written"] for row in csv.DictReader(file)}
    items = []
    for key, page in pages.items():
        coarse = page["category"][1]
        items.append(_grocery_item(key, page, coarse, chinese, page["image"], "train", cut_out=True))
    with (base / "photo_queries.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            split = "dev" if row["split"] == "test" else "train"
            page = pages[row["product_id"]]
            items.append(_grocery_item(row["product_id"], page, row["coarse"], chinese, row["image"], split, False))
    return items


def _grocery_item(
    key: str, page: dict[str, str], coarse: str, chinese: dict[str, str], image: str, split: str, cut_out: bool
) -> Item:
    return Item(
        source="grocery",
        split="unseen" if coarse in HELD_OUT_GROCERY else split,
        name=image,
        product=f"grocery/{key}",
        alike=f"grocery/{key}",
        title=_grocery_title(page["title"], coarse),
        title_zh=chinese.get(key, ""),
        group=coarse,
        cut_out=cut_out,
    )


def _grocery_title(title: str, coarse: str) -> str:
    """The page's title, with its group where the title does not say it ("Royal Gala" -> "Royal Gala apple")."""
    noun = coarse.replace("-", " ").lower()
    return title if noun.rstrip("s")[:5] in title.lower() else f"{title} {noun}"


@contextmanager
def picture_reader(root: Path) -> Iterator[Callable[[Item], Pixels]]:
    """Reads pictures of items, uint8 [h, w, 3]; those of fashion stay in their archive."""
    with zipfile.ZipFile(root / "fashion" / "images.zip") as archive:

        def read(item: Item) -> Pixels:
            if item.source == "fashion":
                raw = archive.read(item.name)
            else:
                raw = (root / item.source / item.name).read_bytes()
            with Image.open(BytesIO(raw)) as image:
                return np.asarray(image.convert("RGB"))

        yield read


def build_pool(root: Path, items: list[Item], resolution: int) -> Pool:
    """Reads and letterboxes the pictures of ``items``; cut-outs on white get their mask."""
    pixels = np.full((len(items), resolution, resolution, 4), 255, dtype=np.uint8)
    with picture_reader(root) as read:
        for i, item in enumerate(items):
            pixels[i, :, :, :3] = letterbox(read(item), resolution)
    cut = np.asarray([item.cut_out for item in items], dtype=bool)
    for start in range(0, len(items), 512):
        block = slice(start, start + 512)
        rows = np.flatnonzero(cut[block]) + start
        if len(rows):
            pixels[rows, :, :, 3] = product_masks(pixels[rows, :, :, :3])
    return Pool(items, pixels)


def product_masks(squares: Pixels, white: int = 246) -> Pixels:
    """255 on the product and 0 on the white ground that touches the border; uint8 [n, R, R].

    A flood from the border through near-white pixels. Where that would leave less than 4 % or more
    than 95 % of the square (a white thing on white, no white ground) the whole square counts as product.
    """
    pale = squares.min(axis=3) >= white
    ground = np.zeros_like(pale)
    for edge in (np.s_[:, 0], np.s_[:, -1], np.s_[:, :, 0], np.s_[:, :, -1]):
        ground[edge] = pale[edge]
    size = -1
    while (now := int(ground.sum())) != size:
        size = now
        for _ in range(8):
            ground[:, 1:] |= ground[:, :-1] & pale[:, 1:]
            ground[:, :-1] |= ground[:, 1:] & pale[:, :-1]
            ground[:, :, 1:] |= ground[:, :, :-1] & pale[:, :, 1:]
            ground[:, :, :-1] |= ground[:, :, 1:] & pale[:, :, :-1]
    share = 1.0 - ground.mean(axis=(1, 2))
    ground[(share < 0.04) | (share > 0.95)] = False
    return np.where(ground, 0, 255).astype(np.uint8)


def entry_or_none(lexicon: Lexicon, facet: str, key: str) -> Entry | None:
    """The lexicon entry of a key; None for the empty key."""
    return lexicon.by_key[facet, key] if key else None
