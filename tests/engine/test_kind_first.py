"""Where nothing has all that is asked for, things of the kind that is asked for come before others in the colour."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shoplens.app import Shop, open_shop
from shoplens.engine.indexing import IndexOptions

ROWS = [
    ("T1", "Red cotton top", "Clothing > Tops", "red"),
    ("T2", "Red linen top", "Clothing > Tops", "red"),
    ("S1", "Red wool skirt", "Clothing > Skirts", "red"),
    ("D1", "Yellow satin dress", "Clothing > Dresses", "yellow"),
    ("D2", "Pink cotton dress", "Clothing > Dresses", "pink"),
    ("B1", "Red tote bag", "Bags > Totes", "red"),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("kinds")
    (folder / "feed.csv").write_text(
        "\n".join(["id,title,category,color", *(",".join(row) for row in ROWS)]), encoding="utf-8"
    )
    shop = open_shop(folder / "shop", create=True)
    shop.index(folder / "feed.csv", options=IndexOptions(pictures=False))
    yield shop
    shop.close()


@pytest.mark.parametrize("words", ["red dress", "红色连衣裙"])
def test_the_kind_comes_before_the_colour(shop: Shop, words: str) -> None:
    found = [hit.product.id for hit in shop.search(words).hits]
    assert set(found[:2]) == {"D1", "D2"}, found
