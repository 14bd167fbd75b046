"""Which products are called by a name: what denials are held against."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from shoplens.core.catalogue import DerivedText, Product, Translation
from shoplens.indexes.words import TantivyWords
from shoplens.indexes.words_saying import tokens_of

PRODUCTS = (
    Product("1", title="Red bag"),
    Product("2", title="Bag", description="Goes with red shoes."),
    Product("3", title="Bag", derived=(DerivedText("color", "red", "heads", 0.9),)),
    Product("4", title="Glass for red wine"),
    Product("5", title="Shoes without laces"),
    Product("6", title="Shoe with a lace"),
    Product("7", title="Bag", translations=(Translation("zh", "红色手提包"),)),
    Product("8", title="Dark blue bag", attributes={"color": ("Navy blue",)}),
)


@pytest.fixture
def words(tmp_path: Path) -> Iterator[TantivyWords]:
    index = TantivyWords(tmp_path / "words", writer=True)
    index.replace({int(product.id): product for product in PRODUCTS}, 1)
    yield index
    index.close()


def test_names_are_what_a_product_is_called_by(words: TantivyWords) -> None:
    assert words.saying(("red", "红色"), ()).tolist() == [1, 4, 7]
    assert words.saying(("red", "红色"), ("red wine",)).tolist() == [1, 7]
    assert words.saying(("laces",), ()).tolist() == [6]  # 5 denies it
    assert words.saying(("navy blue",), ()).tolist() == [8]
    assert words.saying(("no such",), ()).tolist() == words.saying((), ()).tolist() == []


def test_a_mention_is_anywhere_among_some(words: TantivyWords) -> None:
    every = np.arange(8, 0, -1)
    assert words.mentioning(("red", "红色"), every).tolist() == [1, 2, 3, 4, 7]
    assert words.mentioning(("red", "红色"), np.array([3, 5])).tolist() == [3]
    assert words.mentioning(("red",), every[:0]).tolist() == []


def test_what_is_committed_later_is_seen(words: TantivyWords) -> None:
    assert words.saying(("green",), ()).tolist() == []
    words.replace({9: Product("9", title="Green bag")}, 2)
    assert words.saying(("green",), ()).tolist() == [9]


def test_a_name_is_stems_and_pairs() -> None:
    assert tokens_of("running shoes") == ("run", "shoe")
    assert tokens_of("红色") == ("红色",)
    assert tokens_of("红") == ("红",)
    assert set(tokens_of("lace-up")) == {"lace", "up"}
