"""A shop of small pictures, and two real encoders for it: ONNX towers with other weights, drawn for these tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shoplens.app import Shop, open_shop
from shoplens.config import Config
from shoplens.core.answer import Answer
from tests.encoders.hub.towers import card_of, picture_tower, tokenizer, words_tower

KINDS = ("lamp", "chair", "kettle", "scarf", "boot")
SPACES = {"one": "one@1/12", "two": "two@1/12"}


class Place:
    """A folder with a feed, its pictures, and the encoders ``one`` and ``two``."""

    def __init__(self, folder: Path, products: int = 30) -> None:
        self.folder = folder
        self.photos = folder / "photos"
        self.photos.mkdir(parents=True)
        self.shop = folder / "shop"
        self.rows: list[dict[str, Any]] = []
        for number in range(products):
            self.add(number)
        for seed, name in enumerate(SPACES):
            self.encoder(name, seed)

    def encoder(self, name: str, seed: int, *, words: bool = True) -> Path:
        """Draws an encoder of random towers; its space is ``name@1/12``."""
        folder = self.folder / "encoders" / name
        folder.mkdir(parents=True)
        picture_tower(folder / "image.onnx", seed=2 * seed)
        if words:
            words_tower(folder / "text.onnx", tokenizer(folder / "tokenizer.json"), seed=2 * seed + 1)
        card_of(folder, name=name)
        return folder

    def name(self, encoder: str) -> str:
        """The name of an encoder of this folder."""
        return f"onnx:{self.folder / 'encoders' / encoder}"

    def add(self, number: int) -> dict[str, Any]:
        """One more product, with a picture of its own."""
        self.paint(f"{number}.png", number)
        title = f"{KINDS[number % len(KINDS)]} number {number}"
        self.rows.append({"id": f"P{number}", "title": title, "price": f"{number}.00", "images": [f"{number}.png"]})
        return self.rows[-1]

    def paint(self, name: str, seed: int) -> Path:
        """A picture of coarse noise."""
        coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
        Image.fromarray(coarse).resize((64, 64), Image.Resampling.NEAREST).save(self.photos / name)
        return self.photos / name

    def feed(self) -> Path:
        """Writes the feed."""
        path = self.folder / "feed.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in self.rows))
        return path

    def config(self, encoder: str = "one") -> Config:
        """The settings of a shop that is begun with an encoder."""
        return Config.load(self.shop, encoder=self.name(encoder), pictures={"workers": 1})

    def index(self, shop: Shop) -> None:
        """Brings a shop in line with the feed."""
        shop.index(self.feed(), pictures=self.photos)


def said(answer: Answer) -> list[tuple[str, float]]:
    """What an answer comes to: ids and scores, in order."""
    return [(hit.product.id, hit.score) for hit in answer.hits]


def asked(shop: Shop, place: Place, photos: Sequence[int] = (3, 11)) -> list[list[tuple[str, float]]]:
    """The answers to some queries: words, photos, both."""
    answers = [shop.search("kettle"), shop.search("boot number 4", semantic_ratio=1.0)]
    answers += [shop.search(photos=place.photos / f"{n}.png") for n in photos]
    answers += [shop.search("chair", photos=place.photos / "8.png"), shop.search(like=["P5"])]
    return [said(answer) for answer in answers]


def same(ours: list[list[tuple[str, float]]], theirs: list[list[tuple[str, float]]]) -> bool:
    """Whether answers of two processes (or of one that has read its copies anew) are the same: ids in order, and scores
    to 1e-5: float32 sums depend on how many rows are multiplied at once."""
    if [[i for i, _ in one] for one in ours] != [[i for i, _ in one] for one in theirs]:
        return False
    scores = [
        (a, b) for one, other in zip(ours, theirs, strict=True) for (_, a), (_, b) in zip(one, other, strict=True)
    ]
    return all(abs(a - b) <= 1e-5 for a, b in scores)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A folder with a feed of 30 products and two encoders."""
    pytest.importorskip("onnx", reason="draws ONNX towers with the package onnx (extra `hub`)")
    pytest.importorskip("tokenizers", reason="reads words with the package tokenizers (extra `tokenizers`)")
    return Place(tmp_path / "place")


@pytest.fixture
def opened(place: Place) -> Iterator[Callable[..., Shop]]:
    """Opens the place's shop, begun with encoder ``one``, as another process would; closed at the end."""
    shops: list[Shop] = []

    def make(*, create: bool = True, **more: Any) -> Shop:
        shops.append(open_shop(place.config(), create=create, **more))
        return shops[-1]

    yield make
    for shop in shops:
        shop.close()


@pytest.fixture
def indexed(place: Place, opened: Callable[..., Shop]) -> Shop:
    """The place's shop with its 30 products in space ``one``."""
    shop = opened()
    place.index(shop)
    return shop
