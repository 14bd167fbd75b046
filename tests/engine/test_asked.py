"""What shoppers' words ask for holds: prices, denials; colours and sizes count; chips can be removed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shoplens.app import Shop
from tests.conftest import SmallShop


def ids(answer: object) -> list[str]:
    return [hit.product.id for hit in answer.hits]  # type: ignore[attr-defined]


@pytest.fixture
def shop(coloured: Callable[[], Shop]) -> Shop:
    return coloured()


@pytest.mark.parametrize(
    ("words", "limit"),
    [("cushion under €20", 20.0), ("20欧元以下的靠垫", 20.0), ("cushion below 30", 30.0), ("靠垫 不到30", 30.0)],
)
def test_a_price_limit_holds_and_its_words_are_not_looked_for(shop: Shop, words: str, limit: float) -> None:
    answer = shop.search(words)
    assert answer.hits
    assert all(hit.variant.price is not None and float(hit.variant.price.amount) < limit for hit in answer.hits)
    assert [chip.filter for chip in answer.understood if chip.kind == "price"] == [f"price<{limit:g}"]
    whole = shop.search(words, understand=False)
    assert not whole.understood


def test_a_limit_alone_is_a_filter_alone(shop: Shop) -> None:
    assert set(ids(shop.search("under 20"))) == set(ids(shop.search(where="price<20"))) == {"C1", "C2", "M1"}


def test_a_chip_that_is_removed_leaves_its_words(shop: Shop) -> None:
    words = "cushion under 20"
    chips = shop.search(words).understood
    plain = shop.search(words, without_chips=tuple(chip.id for chip in chips))
    assert ids(plain) == ids(shop.search(words, understand=False))
    assert not plain.understood


def test_another_currency_is_told_and_not_converted(shop: Shop) -> None:
    answer = shop.search("red cushion under $5")
    assert ids(answer)[0] == "C1"
    told = [note for note in answer.notes if note.code == "price_other_currency"]
    assert [note.values for note in told] == [{"written": "under $5", "asked": "USD", "currency": "EUR"}]
    assert [(c.filter, c.boost) for c in answer.understood if c.kind == "price"] == [("", "")]


def test_a_shop_without_prices_keeps_the_words(small: SmallShop) -> None:
    shop = small.open()
    small.index(shop, [{"id": "B1", "title": "Under 50: a book"}])
    answer = shop.search("under 50", semantic_ratio=0)
    assert ids(answer) == ["B1"]
    assert not answer.understood
