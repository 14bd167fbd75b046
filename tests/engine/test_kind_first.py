"""Things of the kind that is asked for come before other things in the colour that is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import shoplens
from shoplens.app import Shop, open_shop

DEMO = Path(shoplens.__file__).parent / "demo" / "shop"
TITLES = ("Bram Floral Cotton Dress", "Jasper Satin Dress", "Vega Red Linen Lamp", "Alba Red Plaid Wool Skirt")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("kinds")
    rows = (DEMO / "products.jsonl").read_text("utf-8").splitlines()
    some = [row for row in rows if json.loads(row)["title"] in TITLES]
    assert len(some) == len(TITLES)
    (folder / "feed.jsonl").write_text("\n".join(some), encoding="utf-8")
    shop = open_shop(folder / "shop", create=True)
    shop.index(folder / "feed.jsonl", pictures=DEMO)
    yield shop
    shop.close()


@pytest.mark.parametrize("words", ["red dress", "红色连衣裙"])
def test_the_kind_comes_before_the_colour(shop: Shop, words: str) -> None:
    found = [hit.product.title for hit in shop.search(words).hits]
    assert found[:2] == ["Bram Floral Cotton Dress", "Jasper Satin Dress"]
