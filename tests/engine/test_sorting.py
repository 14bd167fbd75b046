"""Sorting by a field holds among what was asked for; what is only like it comes after."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from shoplens.app import Shop, open_shop
from shoplens.core.ports import WordMatches
from shoplens.engine.indexing import IndexOptions
from shoplens.engine.parts import PartScores, no_variants
from shoplens.engine.sorting import matches

ROWS = [
    # id, title, brand, price, sku, gtin, mpn
    ("A1", "Red cotton dress", "Luma", "59.00", "DR-RED-7", "4006381333931", "LM-4711"),
    ("A2", "Red linen dress", "Luma", "39.00", "DR-RED-8", "4006381333948", "LM-4712"),
    ("A3", "Blue dress", "Luma", "9.00", "DR-BLU-7", "4006381333955", "LM-4713"),
    ("A4", "Red cotton towel", "Luma", "5.00", "TW-RED-1", "4006381333962", "LM-4714"),
    ("A5", "Red T-shirt", "Luma", "4.00", "TS-RED-1", "4006381333979", "LM-4715"),
    ("A6", "Keyboard cover", "Fila", "3.00", "KC-1", "4006381333986", "FX-100"),
    ("A7", "Wireless keyboard", "Fila", "30.00", "KB-1", "4006381333993", "FX-1001"),
    ("A8", "Running shoe for LM-4711 fans", "Fila", "80.00", "RS-1", "4006381334006", "FX-102"),
]
HEADER = "id,title,brand,price,sku,gtin,mpn"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("sorting")
    feed = folder / "feed.csv"
    feed.write_text("\n".join([HEADER, *(",".join(row) for row in ROWS)]), encoding="utf-8")
    shop = open_shop(folder / "shop", create=True)
    shop.index(feed, options=IndexOptions(pictures=False))
    yield shop
    shop.close()


def ids(shop: Shop, words: str, **more: object) -> list[str]:
    return [hit.product.id for hit in shop.search(words, **more).hits]  # type: ignore[arg-type]


def test_by_price_the_matches_come_before_what_is_similar(shop: Shop) -> None:
    found = ids(shop, "red dress", sort_by="price:asc")
    assert found[:2] == ["A2", "A1"]
    assert set(found) == set(ids(shop, "red dress")), "sorting leaves nothing out"
    rest = [float(next(row[3] for row in ROWS if row[0] == i)) for i in found[2:]]
    assert rest == sorted(rest)


def test_without_words_the_whole_shop_is_sorted(shop: Shop) -> None:
    assert ids(shop, "", sort_by="price:asc") == [row[0] for row in sorted(ROWS, key=lambda row: float(row[3]))]


def test_matches_are_what_the_words_or_a_source_are_sure_of() -> None:
    ranked = np.array([4, 2, 9])
    part = PartScores("p", "p", np.zeros(3), np.zeros(3), np.array([0.4, 0.5, 0.1]), no_variants, lambda _: "")
    some = WordMatches(ranked[:1], np.ones(1, np.float32), np.array([4, 7]), 0.5)
    assert matches(some, ranked, [part]).tolist() == [2, 4, 7]
    assert matches(None, ranked, [part]).tolist() == [2]
    unsure = WordMatches(ranked[:1], np.ones(1, np.float32), np.array([4, 7]), 0.4)
    assert matches(unsure, ranked, []).tolist() == []
