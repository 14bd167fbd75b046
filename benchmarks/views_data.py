"""Magento for `views.py`: a shop that knows main photos alone and hides its product ids, and who asks it with what."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from harness import DATA
from shoplens.app import Shop, open_shop

BASE = DATA / "magento"
_KEPT = ("title", "description", "category", "gender", "price")
_ATTRIBUTES = ("material", "pattern")


@dataclass(frozen=True)
class View:
    """A photo that is not in the shop, and the items (product and colour) whose main photo is to be found."""

    image: str
    item: str
    right: frozenset[str]
    product: str


@dataclass(frozen=True)
class Change:
    """A photo, the words beside it in both languages, and the item that is meant."""

    image: str
    words: str
    chinese: str
    target: str
    product: str
    colour: str


@dataclass
class Magento:
    """``gallery``: item -> main photo; ``products``: item -> product; ``excluded``: what is not asked, and why."""

    gallery: dict[str, str]
    products: dict[str, str]
    colours: dict[str, str]
    views: list[View]
    changes: list[Change]
    excluded: list[str]

    @classmethod
    def read(cls) -> Magento:
        rows = _rows("gallery_main.csv")
        gallery = {row["item_id"]: row["image"] for row in rows}
        products = {row["item_id"]: row["product_id"] for row in rows}
        colours = {row["item_id"]: row["color"] for row in rows}
        showing: dict[str, set[str]] = defaultdict(set)
        for item, image in gallery.items():
            showing[image].add(item)
        known = {_digest(image): image for image in gallery.values()}
        own = sorted({row["query_image"] for row in _rows("q_view.csv") if _digest(row["query_image"]) in known})
        views = [
            View(
                row["query_image"], row["item_id"], frozenset(showing[row["relevant_image"]]), products[row["item_id"]]
            )
            for row in _rows("q_view.csv")
            if row["query_image"] not in own
        ]
        others: dict[str, list[str]] = defaultdict(list)
        for row in _rows("item_images.csv"):
            if row["view"] != "main" and _digest(row["image"]) not in known:
                others[row["item_id"]].append(row["image"])
        asked = _rows("q_color_change.csv")
        changes = [
            Change(image, row["text"], row["text_zh"], row["target_item"], products[row["target_item"]],
                   colours[row["target_item"]])
            for row in asked
            for image in others[row["source_item"]]
        ]  # fmt: skip
        listed = {row["image"] for row in _rows("item_images.csv")}
        excluded = [
            f"from the shop: {len(listed - set(gallery.values()))} photos that are no item's main photo: all that ask",
            f"from the other views: {', '.join(own)} (also the main photo of another product: looked up, not searched)",
            f"from the colours: the main photos of the {len(asked)} cases as queries, since they are the shop's own "
            f"files; {sum(not others[row['source_item']] for row in asked)} cases by that, whose item has no other",
            "product ids: replaced by P000, P001, ... in the feed; links, reviews and the splits' names are not in it",
            "from training: nothing to exclude, no picture of magento trained the encoder (training/baselines.py)",
        ]
        return cls(gallery, products, colours, views, changes, excluded)

    def shop(self, folder: Path) -> tuple[Shop, Mapping[str, str]]:
        """The shop, indexed once, and its product ids -> those of the data."""
        listed = [json.loads(line) for line in (BASE / "products.jsonl").read_text("utf-8").splitlines()]
        of: dict[str, list[str]] = defaultdict(list)
        for item, product in self.products.items():
            of[product].append(item)
        rows, names = [], {}
        for number, row in enumerate(one for one in listed if of[one["id"]]):
            hidden = f"P{number:03}"
            names[hidden] = row["id"]
            variants = [
                {"id": f"{hidden}-{n}", "color": self.colours[item], "images": [self.gallery[item]]}
                for n, item in enumerate(of[row["id"]])
            ]
            kept = {key: row[key] for key in _KEPT if row.get(key)}
            kept |= {key: row["attributes"][key] for key in _ATTRIBUTES if row["attributes"].get(key)}
            rows.append(
                {"id": hidden, **kept, "currency": "USD", "variants": variants, "images": variants[0]["images"]}
            )
        shop = open_shop(folder / "magento-main", create=True)
        if not shop.store.last_seq():
            feed = folder / "magento-main.jsonl"
            feed.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
            shop.index(feed, pictures=BASE)
        return shop, names


def pixels(image: str) -> Image.Image:
    """A photo of the data."""
    return Image.open(BASE / image).convert("RGB")


def jpeg(picture: Image.Image, quality: int = 92) -> bytes:
    """The bytes of a JPEG."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def turned(degrees: float, fill: tuple[int, int, int] = (0, 0, 0)) -> Callable[[Image.Image], Image.Image]:
    """Turns a photo as a program does, its frame kept: empty corners are black."""
    return lambda picture: picture.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=fill)


def lit(red: float, green: float, blue: float, gamma: float = 1.0) -> Callable[[Image.Image], Image.Image]:
    """A photo in another light: each channel, 0 to 1, is raised to gamma and scaled."""

    def change(picture: Image.Image) -> Image.Image:
        values = (np.asarray(picture, np.float32) / 255) ** gamma * np.array([red, green, blue], np.float32)
        return Image.fromarray((np.clip(values, 0, 1) * 255).astype(np.uint8))

    return change


Edit = Callable[[Image.Image], Image.Image]


def both(*edits: Edit) -> Edit:
    """One after the other."""

    def change(picture: Image.Image) -> Image.Image:
        for edit in edits:
            picture = edit(picture)
        return picture

    return change


WARM = lit(0.92, 0.88, 0.80)
EDITS: Mapping[str, Sequence[Edit]] = {
    "as they are": (lambda picture: picture,),
    "turned by 15°": (turned(15), turned(-15)),
    "re-lit: a little warm and dark": (WARM,),
    "re-lit: 65 % of the light": (lit(0.65, 0.65, 0.65),),
    "re-lit: very warm and dark": (lit(0.95, 0.86, 0.68, 1.25),),
    "turned by 15° and a little warm": (both(turned(15), WARM), both(turned(-15), WARM)),
    "turned by 15° and 65 % of the light": (
        both(turned(15), lit(0.65, 0.65, 0.65)),
        both(turned(-15), lit(0.65, 0.65, 0.65)),
    ),
}
"""What is done to the photos that ask; turned ones ask once each way."""


def _rows(name: str) -> list[dict[str, str]]:
    with (BASE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _digest(image: str) -> str:
    """The same pixels are the same photo, whatever the file is called."""
    return hashlib.sha256(pixels(image).tobytes()).hexdigest()
