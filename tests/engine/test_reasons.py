"""Why a hit is here: contributions that add up, words with their places, attributes that agree and disagree."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplens.app import Shop
from shoplens.core.catalogue import Product, Variant
from shoplens.core.query import Query, QueryPicture, Seed
from shoplens.core.where import parse_where
from shoplens.core.why import Heat
from shoplens.errors import QueryError
from shoplens.heating import drawn
from shoplens.indexes.words_highlights import Marker
from shoplens.lexical import lexicon_words
from tests.conftest import SmallShop, cushions
from tests.support import picture


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    small = SmallShop(tmp_path_factory.mktemp("reasons"))
    opened = small.open()
    small.index(opened, cushions(small))
    opened.rules.put({"id": "r1", "when": {"query": "cushion"}, "then": {"boost": [{"ids": ["C2"]}]}}, by="test")
    yield opened
    small.close()


PHOTOS = {colour: picture(colour, shade=3) for colour in ("red", "green", "blue")}


@given(
    words=st.sampled_from(["", "red cushion", "cushion", "红色靠垫", "green", "cushion under 20", "not red"]),
    colour=st.sampled_from(["", *PHOTOS]),
    seeds=st.lists(st.sampled_from([("C1", 1.0), ("C2", -1.0), ("M1", 0.5)]), max_size=2),
    where=st.sampled_from(["", "price<30", "in_stock"]),
    group=st.sampled_from(["product", "variant"]),
)
@settings(max_examples=40)
def test_the_parts_add_up_to_the_score(
    shop: Shop, words: str, colour: str, seeds: list[tuple[str, float]], where: str, group: str
) -> None:
    query = Query(
        words=words,
        pictures=(QueryPicture(PHOTOS[colour]),) if colour else (),
        seeds=tuple(Seed(*seed) for seed in dict(seeds).items()),
        where=parse_where(where),
        group_by=group,
        explain=True,
    )
    for hit in shop.search(query).hits:
        assert hit.score == pytest.approx(sum(reason.contribution for reason in hit.reasons), abs=1e-9)
        assert hit.why is not None
        for one in hit.why.highlights:
            flat = [at for pair in one.ranges for at in pair]
            assert flat == sorted(flat)
            assert flat[0] >= 0
            assert flat[-1] <= len(one.text)
            assert one.terms


def test_nothing_is_explained_unasked_and_the_order_is_the_same(shop: Shop) -> None:
    plain, told = shop.search("red cushion"), shop.search("red cushion", explain=True)
    assert [h.product.id for h in plain.hits] == [h.product.id for h in told.hits]
    assert [h.score for h in plain.hits] == pytest.approx([h.score for h in told.hits])
    assert all(hit.why is None for hit in plain.hits)


def test_attributes_agree_and_disagree(shop: Shop) -> None:
    hits = {h.product.id: h.why for h in shop.search("red cushion", pinned_hits=("C2",), explain=True).hits}
    first = hits["C1"]
    assert first is not None
    assert [(t.attribute, t.has, t.has_zh, t.agrees, t.source) for t in first.traits if t.attribute == "color"] == [
        ("color", "red", "红色", True, "feed")
    ]
    other = hits["C2"]
    assert other is not None
    assert any(t.attribute == "color" and t.asked == "red" and not t.agrees for t in other.traits)


def test_what_a_seed_shares_is_said_in_both_languages(shop: Shop) -> None:
    hit = shop.search(like=["C1"], explain=True).hits[0]
    assert hit.why is not None
    assert hit.why.because.startswith("like C1: ")
    assert hit.why.because_zh.startswith("和C1一样：")


def _marks(words: str, *, guessed: tuple[str, ...] = (), **fields: object) -> list[tuple[str, list[str]]]:
    product = Product("P1", variants=(Variant("V1"),), **fields)  # type: ignore[arg-type]
    found = Marker([words], lexicon_words(), guessed).marks(product)
    return [(one.field, [one.text[a:b] for a, b in one.ranges]) for one in found]


@pytest.mark.parametrize(
    ("words", "title", "marked"),
    [
        ("shoe", "Running SHOES for men", ["SHOES"]), ("shoes", "Ｓｈｏｅ 42", ["Ｓｈｏｅ"]),
        ("cafe mug", "Café-Mug", ["Café-Mug"]), ("zip", "Full-zip hoodie", ["zip"]),
        ("t-shirt", "A T Shirt", ["T", "Shirt"]), ("tshirt", "T-Shirt", ["T-Shirt"]),
        ("皮包", "黑色真皮手提包 handbag", ["handbag"]), ("手提包", "黑色真皮手提包", ["手提包"]),
        ("dv7-1211ea", "HP DV7-1211EA laptop", ["DV7-1211EA"]), ("bag", "A handbag", ["handbag"]),
        ("sofa", "Soft chair", []), ("<b>", "<b>bold</b>", ["b", "b"]), ("red", "", []),
    ],
)  # fmt: skip
def test_where_words_stand(words: str, title: str, marked: list[str]) -> None:
    found = _marks(words, title=title)
    assert [text for _, some in found for text in some] == marked


def test_a_slip_of_a_word_that_no_product_has_is_marked() -> None:
    assert _marks("cushon", title="Blue cushion", guessed=("cushon",)) == [("title", ["cushion"])]
    assert _marks("cushon", title="Blue cushion") == []


def test_of_a_description_the_part_around_the_words_is_shown() -> None:
    prose = "word " * 200 + "a waterproof zip " + "end " * 200
    product = Product("P1", description=prose, variants=(Variant("V1"),))
    (found,) = Marker(["waterproof"], lexicon_words()).marks(product)
    assert len(found.text) < 220
    assert [found.text[a:b] for a, b in found.ranges] == ["waterproof"]


@given(st.text(max_size=60), st.text(max_size=20))
@settings(max_examples=60)
def test_any_text_can_be_marked(text: str, words: str) -> None:
    product = Product("P1", title=text, description=text * 5, variants=(Variant("V1"),))
    for one in Marker([words], lexicon_words(), (words,)).marks(product):
        assert all(0 <= a < b <= len(one.text) for a, b in one.ranges)


def test_a_heat_map_covers_the_picture(shop: Shop) -> None:
    hit = shop.search("red cushion").hits[0]
    for query in ("red", Query(pictures=(QueryPicture(PHOTOS["red"]),))):
        found = shop.heat(hit.picture, query)
        assert isinstance(found, Heat)
        assert np.sum(found.energy) == pytest.approx(1.0, abs=1e-3)
    assert drawn(found, shop.thumbnail(hit.picture, 64))[:2] == b"\xff\xd8"
    with pytest.raises(QueryError):
        shop.heat(hit.picture, Query())
