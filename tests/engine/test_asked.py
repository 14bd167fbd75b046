"""What shoppers' words ask for holds: prices, denials; colours and sizes count; chips can be removed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from shoplens.app import Shop, open_shop
from shoplens.core.catalogue import DerivedText, Product, Variant
from shoplens.core.ports import Write
from shoplens.core.query import Query, QueryPicture
from shoplens.engine.asked import SOURCE, WEIGHTS
from shoplens.engine.indexing import IndexOptions
from tests.conftest import SmallShop
from tests.support import need_data, picture


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


# --- denials ------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["cushion not red", "不要红色的靠垫", "非红色靠垫", "anything but red cushions"])
def test_what_is_denied_stays_out(shop: Shop, words: str) -> None:
    answer = shop.search(words)
    assert {"C2", "C3", "C4", "C5"} <= set(ids(answer))
    assert "C1" not in ids(answer)
    assert answer.found == len(answer.hits)
    assert ids(shop.search(words, understand=False))[0] == "C1"  # what is left out is what came first


def test_a_product_of_two_colours_shows_the_other_one(shop: Shop) -> None:
    hits = {hit.product.id: hit.variant.id for hit in shop.search("mug not red").hits}
    assert hits["M1"] == "M1-blue"
    by_variant = shop.search("mug not red", group_by="variant")
    assert "M1-red" not in [hit.variant.id for hit in by_variant.hits]


def put(shop: Shop, *products: Product) -> None:
    shop.store.write(Write(put=products))
    shop.catch_up()


TITLED = (
    Product("T1", title="Red bag"),
    Product("T2", title="Blue bag"),
    Product("T3", title="Bag", derived=(DerivedText("color", "red", "heads", 0.9),)),
    Product("T4", title="Bag", description="Goes with red shoes."),
    Product("T5", title="Red Wing bag", brand="Red Wing"),
    Product("T6", title="Crimson bag"),
    Product("T7", title="包", attributes={"color": ("红色",)}),
    Product("T8", title="Bag for red wine"),
    Product("T9", title="Bag", attributes={"color": ("Blue", "Red")}),
)


def test_titles_and_what_pictures_told_say_it_too(small: SmallShop) -> None:
    shop = small.open()
    put(shop, *TITLED)
    left = {"T2", "T4", "T5", "T8"}  # prose, a brand and a wine say nothing of the bag's colour
    for words in ("bag not red", "bag 不要红色", "bag, no red ones"):
        answer = shop.search(words, semantic_ratio=0)
        assert set(ids(answer)) == left, words
    assert set(ids(shop.search("not red"))) == left
    assert answer.verdict == "match"


def test_a_colour_that_is_a_fruit_too_is_denied_by_its_own_name(small: SmallShop) -> None:
    shop = small.open()
    put(
        shop,
        Product("O1", title="Orange mug"),
        Product("O2", title="Mug for orange juice"),
        Product("O3", title="Tangerine mug"),  # a fruit that nobody spoke of
        Product("O4", title="Blue mug"),
    )
    assert set(ids(shop.search("mug not orange", semantic_ratio=0))) == {"O2", "O3", "O4"}


def test_what_is_denied_of_a_feature_is_looked_for_in_names_and_attributes(small: SmallShop) -> None:
    shop = small.open()
    put(
        shop,
        Product("S1", title="Lace-up shoes"),
        Product("S2", title="Slip-on shoes"),
        Product("S3", title="Shoes without laces"),
        Product("S4", title="Shoes", attributes={"closure": ("Laces",)}),
        Product("S5", title="Shoes", description="The laces are red."),
    )
    assert set(ids(shop.search("shoes without laces", semantic_ratio=0))) == {"S2", "S3", "S5"}
    assert set(ids(shop.search("不要鞋带的 shoes", semantic_ratio=0))) == {"S2", "S3", "S5"}


def test_materials_of_a_kind_go_together_and_faux_is_another(small: SmallShop) -> None:
    shop = small.open()
    values = ("Leather", "Suede", "Faux leather", "Cotton", "Cowhide")
    put(shop, *(Product(f"L{n}", title="Bag", attributes={"material": (v,)}) for n, v in enumerate(values)))
    assert set(ids(shop.search("bag no leather"))) == {"L2", "L3"}
    assert set(ids(shop.search("不要皮的 bag"))) == {"L2", "L3"}


def test_a_product_that_was_written_just_now_is_held_against_it(small: SmallShop) -> None:
    shop = small.open()
    put(shop, Product("T1", title="Blue bag"))
    shop.store.write(Write(put=[Product("T1", title="Red bag")]))  # the words of it are not indexed yet
    assert ids(shop.search("bag not red")) == []


def test_what_has_to_be_read_to_be_denied_is_not_counted(small: SmallShop) -> None:
    shop = small.open()
    some = (Product(f"B{n}", title=f"Blue mug {n}") for n in range(5))
    # "Red" stands in the brand, and "red laces" behind a word that denies something else.
    put(
        shop, Product("W1", title="Mug in red", brand="Red Wing"), Product("W2", title="Red shoes without laces"), *some
    )
    pinned = {"pinned_hits": ["W1", "W2", "B3"]}
    for options in ({}, {"sort_by": "title"}, {"group_by": "variant"}, {"where": "title"}, pinned):
        answer = shop.search("not red", per_page=3, facet_by=("brand",), **options)
        rest = shop.search("not red", per_page=3, page=2, **options)
        assert (len(answer.hits), len(rest.hits), answer.found) == (3, 2, 5), options
        assert answer.facets[0].values == ()
    shop.rules.put({"id": "pin", "then": {"pin": ["W1", {"id": "B4", "position": 2}]}}, by="anna")
    by_rule = shop.search("mug not red", per_page=3)
    assert (len(by_rule.hits), by_rule.found, by_rule.hits[1].product.id) == (3, 5, "B4")


def test_a_denied_brand(shop: Shop) -> None:
    assert {hit.product.brand for hit in shop.search("cushion no fila").hits} == {"Luma"}
    assert {hit.product.brand for hit in shop.search("靠垫 不要Fila的").hits} == {"Luma"}


def test_a_photo_and_a_denial(shop: Shop) -> None:
    photo = QueryPicture(picture("red"))
    answer = shop.search(Query(words="not red", pictures=(photo,)))
    assert "C1" not in ids(answer)
    assert [chip.kind for chip in answer.understood] == ["color"]
    recoloured = shop.search(Query(words="in green", pictures=(photo,)))
    assert not recoloured.understood  # the photo itself is looked for in green
    assert [note.code for note in recoloured.notes] == ["recoloured"]


# --- what counts in favour ----------------------------------------------------------------------


def test_what_counts_in_favour_adds_up_and_says_so(shop: Shop) -> None:
    answer = shop.search("red cushion luma", explain=True)
    assert ids(answer)[0] == "C1"
    reasons = {(r.part, r.contribution) for r in answer.hits[0].reasons if r.source == SOURCE}
    assert reasons == {("red", WEIGHTS["color"]), ("cushion", WEIGHTS["kind"]), ("luma", WEIGHTS["brand"])}
    for hit in answer.hits:
        assert hit.score == pytest.approx(sum(reason.contribution for reason in hit.reasons))


def test_where_one_source_is_to_speak_alone_it_does(shop: Shop) -> None:
    for ratio in (0.0, 1.0):
        hits = shop.search("red cushion", semantic_ratio=ratio).hits
        assert all(reason.source != SOURCE for hit in hits for reason in hit.reasons)


def test_a_colour_counts_within_the_kind_that_is_asked_for(small: SmallShop) -> None:
    shop = small.open()
    put(
        shop,
        Product("B1", title="Blue thing", category=("Bags",), attributes={"color": ("Blue",)}),
        Product("B2", title="Red thing", category=("Belts",), attributes={"color": ("Red",)}),
    )
    hits = {hit.product.id: hit for hit in shop.search("red bag").hits}
    said = {i: {r.part: r.contribution for r in hit.reasons if r.source == SOURCE} for i, hit in hits.items()}
    assert said == {"B1": {"bag": WEIGHTS["kind"]}, "B2": {}}


def test_a_chip_counts_where_one_variant_has_it(small: SmallShop) -> None:
    shop = small.open()
    variants = tuple(Variant(f"V-{c}", attributes={"color": (c,)}) for c in ("red", "blue"))
    put(shop, Product("V", title="Mug", variants=variants), Product("W", title="Mug", attributes={"color": ("green",)}))
    answer = shop.search("blue mug")
    assert ids(answer)[0] == "V"
    assert answer.hits[0].variant.id == "V-blue"


def test_the_variant_that_is_asked_for_in_another_language_is_shown(small: SmallShop) -> None:
    shop = small.open()
    variants = tuple(Variant(f"V-{c}", attributes={"color": (c,)}) for c in ("Red", "Blue"))
    put(shop, Product("V", title="Mug", variants=variants))
    for words, variant in (("蓝色杯子 mug", "V-Blue"), ("红色杯子 mug", "V-Red"), ("mug navy or blue", "V-Blue")):
        assert shop.search(words).hits[0].variant.id == variant, words


@pytest.mark.data
def test_price_limits_of_real_queries_are_obeyed(tmp_path: Path) -> None:
    folder = need_data("magento")
    rows = [json.loads(line) for line in (folder / "q_text.jsonl").read_text("utf-8").splitlines()]
    limited = [row for row in rows if row["filter"]]
    assert len(limited) >= 10
    shop = open_shop(tmp_path / "shop", create=True)
    try:
        shop.index(folder / "products.jsonl", options=IndexOptions(pictures=False))
        for row in limited:
            for words in (row["text"], row["text_zh"]):
                answer = shop.search(words, per_page=250)
                prices = [float(hit.variant.price.amount) for hit in answer.hits if hit.variant.price]
                assert len(prices) == answer.found > 0, words
                assert max(prices) < row["filter"]["price_lt"], words
                assert answer.hits[0].product.id in row["relevant"], words
    finally:
        shop.close()
