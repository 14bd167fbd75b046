"""What an answer tells beside its hits: the real cause when there are none, a typo once and rightly, idle sort keys."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplens.app import Shop
from shoplens.core.answer import Answer
from shoplens.core.catalogue import Product, Translation, Variant
from shoplens.core.notes import CAUSES, TEXTS, Note, note
from shoplens.core.ports import WordMatches
from shoplens.core.query import Query
from shoplens.core.slips import one_letter_away
from shoplens.core.where import parse_where
from shoplens.engine.balance import Balance
from shoplens.engine.pages import Found
from shoplens.engine.telling import Teller, fields_of, words_of
from shoplens.errors import PictureError
from shoplens.indexes.tokens import tokens
from tests.conftest import SmallShop
from tests.support import ColourEncoder


@pytest.fixture
def shop(coloured: Callable[[], Shop]) -> Shop:
    return coloured()


def told(answer: Answer) -> list[tuple[str, Mapping[str, Any]]]:
    return [(one.code, one.values) for one in answer.notes]


def engine(shop: Shop, words: str, **more: Any) -> Answer:
    """What the engine answers by words alone, before the spelling that was meant is looked for."""
    shop.search(Query(words, per_page=1))
    return shop._answerer.search(Query(words, semantic_ratio=0, **more))


def test_an_empty_shop_says_so(small: SmallShop) -> None:
    shop = small.open()
    for where in (None, "price<1"):
        assert told(shop.search("red", where=where)) == [("shop_empty", {})]


def test_a_filter_that_leaves_nothing_is_the_cause(shop: Shop) -> None:
    products = shop.search().found
    for words in ("", "red cushion"):
        answer = shop.search(words, where="price>1000")
        assert (answer.verdict, told(answer)) == ("none", [("filter_leaves_none", {"total": products})])


def test_a_field_without_values_is_the_cause(small: SmallShop) -> None:
    shop = small.open()
    small.index(shop, [{"id": "1", "title": "Red cushion"}])
    answer = shop.search("red", where="in_stock and price<10 and brand=Luma or in_stock")
    assert told(answer) == [("filter_without_values", {"fields": ["in_stock", "price", "brand"]})]
    assert "in_stock and price and brand" in answer.notes[0].text
    assert not shop.search("red", where="not in_stock=false").notes  # found: nothing to tell


def test_a_filter_that_hides_what_is_like_it_says_how_many_it_leaves(shop: Shop) -> None:
    left = shop.search(where='category="Home > Mugs"').found
    hidden = shop.search("cushion", semantic_ratio=0).found
    answer = shop.search("cushion", where='category="Home > Mugs"', semantic_ratio=0)
    values = {"left": left, "total": shop.search().found, "without": hidden}
    assert left
    assert hidden
    assert told(answer) == [("filter_hides", values)]
    assert answer.notes[0].text.endswith(f"none of them like it; without it the search finds {hidden}.")
    seeded = shop.search(like=["M1"], where="price>100000")
    assert [one.code for one in seeded.notes] == ["filter_leaves_none"]


def test_nothing_like_it_has_no_other_cause(shop: Shop) -> None:
    answer = shop.search("zzzzqqqq", semantic_ratio=0)
    assert (answer.verdict, answer.notes) == ("none", ())
    filtered = shop.search("zzzzqqqq", semantic_ratio=0, where="brand=Luma")
    assert (filtered.verdict, filtered.notes) == ("none", ())  # without the filter there is nothing like it either


def test_words_that_nobody_knows_are_named(shop: Shop) -> None:
    class Picky(ColourEncoder):
        def familiar(self, text: str) -> bool:
            return "zzzz" not in text

    shop.encoder = Picky()
    shop.balance(Balance())
    assert told(shop.search("zzzzqqqq")) == [("words_unknown", {"words": "zzzzqqqq"})]


@pytest.mark.parametrize(
    ("words", "written", "read"), [("cushoin", "cushoin", "cushion"), ("green cusion", "cusion", "cushion")]
)
def test_a_typo_is_told_once_with_the_word_that_was_read(shop: Shop, words: str, written: str, read: str) -> None:
    answer = engine(shop, words)
    assert answer.found
    assert told(answer) == [("typo", {"written": written, "read": read})]


@pytest.mark.parametrize("words", ["cushion", "cushions", "red cushion", "C1", "靠垫", "zzzz cushion"])
def test_words_that_products_have_are_no_typos(shop: Shop, words: str) -> None:
    assert "typo" not in [one.code for one in shop.search(words).notes]


def test_a_word_that_only_filtered_products_have_is_no_typo(small: SmallShop) -> None:
    shop = small.open()
    small.index(
        shop, [{"id": "1", "title": "Wool coat", "price": "5"}, {"id": "2", "title": "Pool coat", "price": "50"}]
    )
    answer = shop.search("pool coat", where="price<10", semantic_ratio=0)
    assert "typo" not in [one.code for one in answer.notes]


def test_a_typo_of_what_only_filtered_products_have_is_not_told(small: SmallShop) -> None:
    shop = small.open()
    small.index(shop, [{"id": "1", "title": "Wool coat", "price": "5"}, {"id": "2", "title": "Jacket", "price": "50"}])
    assert told(engine(shop, "wool jakcet")) == [("typo", {"written": "jakcet", "read": "jacket"})]
    assert told(engine(shop, "wool jakcet", where=parse_where("price<10"))) == []


def test_a_kind_that_costs_more_is_told(small: SmallShop) -> None:
    shop = small.open()
    rows = [
        ("1", "Wool jacket", "Jackets", "120"),
        ("2", "Denim jacket", "Jackets", "99"),
        ("3", "Cotton shirt", "Shirts", "20"),
    ]
    small.index(shop, [{"id": i, "title": t, "category": [c], "price": p, "currency": "EUR"} for i, t, c, p in rows])
    asked_of = shop._answerer.search
    shop.search("shirt")
    told_of = told(asked_of(Query("jacket shirt under 50")))  # something is found: the shirt
    assert (
        "kind_beyond_price",
        {"kind": "jacket", "limit": "under 50", "without": 2},
    ) not in told_of  # a kind is there
    answer = asked_of(Query("cotton jacket under 50"))
    assert answer.found == 1
    assert ("kind_beyond_price", {"kind": "jacket", "limit": "under 50", "without": 2}) in told(answer)
    assert "kind_beyond_price" not in {n.code for n in asked_of(Query("jacket under 100")).notes}
    assert "kind_beyond_price" not in {
        n.code for n in asked_of(Query("jacket under 50", where=parse_where("in_stock"))).notes
    }
    assert "kind_beyond_price" not in {n.code for n in asked_of(Query("under 50")).notes}


def test_a_short_word_is_never_told_as_read(small: SmallShop) -> None:
    shop = small.open()
    small.index(shop, [{"id": "1", "title": "Red shirt", "description": "Soft. For wearing at home, booth or roots."}])
    for words in (
        "shirt xed",
        "shirt boots",
        "shirt bear",
        "shirt weara",
        "shirt r3d",
    ):  # "wearing" is one letter from the last two
        answer = shop.search(words, semantic_ratio=0)
        assert answer.found
        assert told(answer) == []
    assert told(engine(shop, "shirrts")) == [("typo", {"written": "shirrts", "read": "shirt"})]


def test_many_guessed_words_and_long_descriptions_take_no_time(small: SmallShop) -> None:
    shop, draw, looked = small.open(), random.Random(5), list[str]()

    def noise(letters: str, count: int, length: int) -> str:
        return " ".join("".join(draw.choices(letters, k=length)) for _ in range(count))

    small.index(
        shop,
        [
            {"id": f"{n}", "title": f"Mug number {n}", "description": noise("abcdefghilmnoprstu", 2_000, 9)}
            for n in range(11)
        ],
    )

    def counted(text: str) -> Iterable[str]:
        looked.append(text)
        return tokens(text)

    def words_of_index(guessed: list[str]) -> WordMatches:
        return WordMatches(none, none.astype(np.float32), none, guessed=tuple(guessed))

    none = np.zeros(0, np.int64)

    query, answer, inside = Query("mug"), shop.search("mug"), np.ones(12, bool)
    found = Found(0, inside, inside, None, [], [])
    guessed = [*(f"numbe{c}" for c in "aeiouq"), *noise("bcdfghjkqxz", 25, 9).split()]
    teller = Teller(shop.store, shop.copies, counted)
    notes = teller.notes(query, answer, found, words=words_of_index(guessed), unfiltered=lambda: 0)
    assert [one.values["read"] for one in notes] == 3 * ["number"]
    looked.clear()
    notes = teller.notes(query, answer, found, words=words_of_index(guessed[6:]), unfiltered=lambda: 0)
    assert notes == ()
    assert len(looked) < 3 * 11 * 2_000 / 9  # of 31 words against all of 11 descriptions: 682,000


def test_the_words_of_a_product_are_its_names_first_and_bounded() -> None:
    variants = tuple(Variant(f"v{n}", attributes={"color": ("Red",), "size": (f"s{n}",)}) for n in range(3))
    product = Product(
        "1",
        "Oak Table",
        "round " * 1_000 + "end",
        "Luma",
        ("Home",),
        attributes={"material": ("oak",)},
        variants=variants,
        translations=(Translation("de", "Tisch"),),
    )
    assert words_of(product) == ["oak", "table", "luma", "home", "red", "s", "tisch", "round"]
    assert words_of(Product("1", "a " * 999 + "tables")) == ["a"]  # no half word
    assert words_of(Product("1", "x" * 3_000, "chair")) == []


def test_what_is_hidden_is_not_blamed_on_the_filter(shop: Shop) -> None:
    ratio: dict[str, Any] = {"semantic_ratio": 0}
    assert not shop.search("mug", where='category="Home > Mugs"', hidden_hits=["M1"], **ratio).notes
    everything = [hit.product.id for hit in shop.search().hits]
    assert not shop.search("mug", hidden_hits=everything, **ratio).notes
    total = len(everything)
    found = shop.search("cushion", **ratio).found
    hidden = shop.search("cushion", where='category="Home > Mugs"', hidden_hits=["C1", "C2"], **ratio)
    assert told(hidden) == [("filter_hides", {"left": 1, "total": total - 2, "without": found - 2})]
    none = shop.search("mug", where="price>1000", hidden_hits=["M1"], **ratio)
    assert told(none) == [("filter_leaves_none", {"total": total})]  # hidden or not


def test_sorting_by_what_no_product_has_is_told(small: SmallShop) -> None:
    shop = small.open()
    small.index(shop, [{"id": "1", "title": "Red cushion", "price": "3"}])
    assert told(shop.search("red", sort_by="quantity:asc,price:asc")) == [
        ("sort_without_values", {"fields": ["quantity"]})
    ]
    assert not shop.search("red", sort_by="price:asc").notes


def test_a_photo_that_is_none_is_named(shop: Shop) -> None:
    from shoplens.core.query import QueryPicture

    with pytest.raises(PictureError) as caught:
        shop.search(photos=[QueryPicture(b"no picture", name="bag.txt")])
    assert caught.value.where == "bag.txt"
    with pytest.raises(PictureError) as caught:
        shop.search(photos=[b"no picture"])
    assert caught.value.where == "image 1"


def test_every_note_has_a_sentence_that_its_values_fill() -> None:
    assert set(TEXTS) >= CAUSES
    for code, text in TEXTS.items():
        names = [part.split("}")[0] for part in text.split("{")[1:]]
        filled = note(code, **{name: f"<{name}>" for name in names}).text
        assert filled == text.replace("{", "<").replace("}", ">")
    assert note("filter_leaves_none", total=12_000).text == "The filter leaves none of the 12,000 products."
    assert str(Note("shop_empty")) == TEXTS["shop_empty"]


def test_the_fields_of_a_filter() -> None:
    where = parse_where("a=1 and not (b in [x, y] or c) and d in 1..2")
    assert where is not None
    assert sorted(set(fields_of(where))) == ["a", "b", "c", "d"]


@given(st.text("abc", min_size=1, max_size=6), st.text("abc", min_size=1, max_size=6))
def test_one_letter_away_is_what_one_slip_makes(first: str, second: str) -> None:
    at = range(len(first) + 1)
    slips = {first[:i] + first[i + 1 :] for i in at[:-1]}
    slips |= {first[:i] + c + first[i:] for i in at for c in "abc"}
    slips |= {first[:i] + c + first[i + 1 :] for i in at[:-1] for c in "abc"}
    slips |= {first[:i] + first[i + 1] + first[i] + first[i + 2 :] for i in at[:-2]}
    assert one_letter_away(first, second) == (second in slips - {first})
