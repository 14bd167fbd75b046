"""What a shopper gets: the right things first, filters with the last word, reasons that add up."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shoplens.app import Shop
from shoplens.core.catalogue import DerivedText, Product
from shoplens.core.ports import Write
from shoplens.core.query import MAX_WORDS, Crop, Query, QueryPicture, Seed, SortKey
from shoplens.core.where import parse_where
from shoplens.engine.balance import Balance
from shoplens.engine.parts import IN_FILLED, IN_PROSE, surely
from shoplens.errors import NotFoundError, PictureError, QueryError, UnknownFieldError
from tests.conftest import SmallShop
from tests.support import COLOURS, picture


def ids(answer: object) -> list[str]:
    return [hit.product.id for hit in answer.hits]  # type: ignore[attr-defined]


@pytest.fixture
def shop(coloured: Callable[[], Shop]) -> Shop:
    return coloured()


def test_words_find_what_they_name(shop: Shop) -> None:
    answer = shop.search("red cushion")
    assert ids(answer)[0] == "C1"
    assert answer.verdict == "match"
    assert not answer.degraded


def test_a_match_of_one_word_of_many_is_no_certain_match(shop: Shop) -> None:
    # Only the last of these terms is in the shop, and what is red is no boat: something similar at best.
    answer = shop.search("inflatable rowing boat paddle cushion", semantic_ratio=0)
    assert answer.hits
    assert answer.hits[0].confidence == pytest.approx(max((1 / 5) ** 3, IN_PROSE / 5))
    assert answer.verdict == "similar"


def test_words_of_a_description_are_no_match(small: SmallShop) -> None:
    shop = small.open()
    prose = "Machine wash warm. Goes with a yoga mat."
    small.index(shop, [{"id": "T1", "title": "Beach towel", "description": prose}])
    for words, verdict in (("machine wash", "similar"), ("yoga mat", "similar"), ("beach towel", "match")):
        answer = shop.search(words, semantic_ratio=0)
        assert (ids(answer)[:1], answer.verdict) == (["T1"], verdict), words


def test_words_told_from_pictures_count_little(small: SmallShop) -> None:
    """The pictures are looked at for themselves: their words beside them would be one witness heard twice."""
    shop = small.open()
    filled = DerivedText(field="kind", text="handbag", source="picture", confidence=0.9)
    shop.store.write(Write(put=[Product("F1", title="Article 1", derived=(filled,))]))
    shop.catch_up()
    answer = shop.search("handbag", semantic_ratio=0)
    assert ids(answer) == ["F1"]
    assert answer.hits[0].confidence == pytest.approx(IN_FILLED)
    shop.store.write(Write(put=[Product("F2", title="Article 2", description="A handbag.", derived=(filled,))]))
    shop.catch_up()
    answer = shop.search("handbag", semantic_ratio=0)
    assert ids(answer)[0] == "F2"
    assert answer.hits[0].confidence == pytest.approx(IN_PROSE)


@pytest.mark.parametrize(
    ("named", "share", "coverage", "sure"),
    [([1.0], [1.0], 1.0, 1.0), ([2 / 3], [1.0], 2 / 3, (2 / 3) ** 3), ([0.0, 1.0], [1.0, 0.9], 1.0, 0.9),
     ([0.0], [1.0], 0.5, IN_PROSE * 0.5), ([], [], 0.0, 0.0)],
)  # fmt: skip
def test_how_sure_words_are(named: list[float], share: list[float], coverage: float, sure: float) -> None:
    assert surely(named, share, coverage) == pytest.approx(sure)


def test_chinese_words_find_the_same(shop: Shop) -> None:
    assert ids(shop.search("红色靠垫"))[0] == ids(shop.search("red cushion"))[0] == "C1"


@pytest.mark.parametrize(("colour", "expected"), [("green", "C2"), ("yellow", "C4"), ("black", "C5")])
def test_a_photo_finds_its_like(shop: Shop, colour: str, expected: str) -> None:
    answer = shop.search(photos=picture(colour, side=120, shade=4))
    assert ids(answer)[0] == expected
    assert answer.hits[0].reasons[0].source == "picture>picture"


def test_a_picture_of_the_catalogue_itself_is_a_match(shop: Shop) -> None:
    answer = shop.search(photos=picture("green"))
    assert answer.verdict == "match"
    assert answer.hits[0].confidence == 1.0


def test_a_photo_and_words_together(shop: Shop) -> None:
    # A red photo finds the red cushion and the red mug; the word decides between them.
    red = picture("red", shade=3)
    assert set(ids(shop.search(photos=red))[:2]) == {"C1", "M1"}
    assert ids(shop.search("mug", photos=red))[0] == "M1"
    assert ids(shop.search("cushion", photos=red))[0] == "C1"


def test_the_crop_counts_not_the_rest(shop: Shop) -> None:
    import io

    import numpy as np
    from PIL import Image

    half = np.zeros((80, 160, 3), np.uint8)
    half[:, :80] = COLOURS["green"]
    half[:, 80:] = COLOURS["yellow"]
    buffer = io.BytesIO()
    Image.fromarray(half).save(buffer, "PNG")
    for crop, expected in ((Crop(0, 0, 0.5, 1), "C2"), (Crop(0.5, 0, 1, 1), "C4")):
        answer = shop.search(Query(pictures=(QueryPicture(buffer.getvalue(), crop),)))
        assert ids(answer)[0] == expected


def test_the_variant_that_was_asked_for_is_shown(shop: Shop) -> None:
    for colour in ("red", "blue"):
        hit = next(h for h in shop.search(f"{colour} mug").hits if h.product.id == "M1")
        assert hit.variant.id == f"M1-{colour}"
        photo = next(h for h in shop.search(photos=picture(colour)).hits if h.product.id == "M1")
        assert photo.variant.id == f"M1-{colour}"


def test_one_variant_must_meet_all_conditions(shop: Shop) -> None:
    # The mug is red, and it is in stock, but the red one is not.
    found = ids(shop.search("mug", where="color=red and in_stock"))
    assert "M1" not in found
    assert ids(shop.search("mug", where="color=blue and in_stock"))[0] == "M1"


def test_contributions_add_up_to_the_score(shop: Shop) -> None:
    for answer in (shop.search("red cushion"), shop.search("red", photos=picture("red")), shop.search(like=["C1"])):
        assert answer.hits
        for hit in answer.hits:
            assert hit.score == pytest.approx(sum(r.contribution for r in hit.reasons))
        scores = [hit.score for hit in answer.hits]
        assert scores == sorted(scores, reverse=True)


def test_seeds_find_others_and_never_themselves(shop: Shop) -> None:
    answer = shop.search(like=["C1"])
    assert "C1" not in ids(answer)
    assert ids(answer)[0] == "M1"  # the mug has a red variant
    with pytest.raises(NotFoundError, match="no product 'nope'"):
        shop.search(like=["nope"])


def test_unlike_pushes_away(shop: Shop) -> None:
    red = picture("red")
    plain = {h.product.id: h.score for h in shop.search(photos=red).hits}
    pushed = {h.product.id: h.score for h in shop.search(photos=red, unlike=["C1"]).hits}
    assert "C1" not in pushed
    assert pushed["M1"] < plain["M1"]


def test_nothing_like_it_is_said(shop: Shop) -> None:
    answer = shop.search("zzqxw flurble")
    assert (answer.verdict, answer.found, answer.hits) == ("none", 0, ())


def test_an_empty_query_is_the_whole_shop(shop: Shop) -> None:
    answer = shop.search("", facet_by=["category", "brand", "price"])
    assert answer.found == 6
    assert ids(answer) == ["C1", "C2", "C3", "C4", "C5", "M1"]
    facets = {f.field: f for f in answer.facets}
    assert {v.value: v.count for v in facets["brand"].values} == {"Fila": 3, "Luma": 3}
    assert {v.value: v.count for v in facets["category"].values} == {
        "Home": 6,
        "Home > Cushions": 5,
        "Home > Mugs": 1,
    }
    assert (facets["price"].minimum, facets["price"].maximum) == (5.0, 49.9)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("price<19.90", {"C1", "M1"}),
        ("price<=19.90", {"C1", "C2", "M1"}),
        ("brand in [Luma, Nobody]", {"C1", "C2", "M1"}),
        ("not in_stock", {"C3", "M1"}),
        ('category="Home > Mugs" or color=black', {"M1", "C5"}),
    ],
)
def test_filters_are_exact_for_every_kind_of_query(shop: Shop, where: str, expected: set[str]) -> None:
    assert set(ids(shop.search("", where=where))) == expected
    for answer in (shop.search("cushion red mug", where=where), shop.search(photos=picture("red"), where=where)):
        assert set(ids(answer)) <= expected


def test_sort_and_pages_agree(shop: Shop) -> None:
    cheap = [h.product.id for h in shop.search("", sort_by="price:asc").hits]
    assert cheap == ["M1", "C1", "C2", "C3", "C4", "C5"]
    pages = [i for page in (1, 2, 3) for i in ids(shop.search("", sort_by="-price", page=page, per_page=2))]
    assert pages == cheap[::-1]
    words = [i for page in (1, 2, 3) for i in ids(shop.search("cushion", page=page, per_page=2))]
    assert words == ids(shop.search("cushion"))
    assert shop.search(Query(words="cushion", sort_by=(SortKey("price", True),))).hits[0].product.id == "C5"


def test_pinned_come_first_and_hidden_never(shop: Shop) -> None:
    answer = shop.search("cushion", pinned_hits=("M1", "C4", "nope"), hidden_hits=("C1",))
    assert ids(answer)[:2] == ["M1", "C4"]
    assert [h.pinned for h in answer.hits[:3]] == [True, True, False]
    assert "C1" not in ids(answer)
    kept_out = shop.search("cushion", pinned_hits=("M1",), where='category="Home > Cushions"')
    assert "M1" not in ids(kept_out)


def test_group_by_variant(shop: Shop) -> None:
    answer = shop.search("mug", where='category="Home > Mugs"', group_by="variant")
    assert [h.variant.id for h in answer.hits] == ["M1-blue", "M1-red"]  # what is in stock first
    assert answer.found == 2


@pytest.mark.parametrize("words", ["blue mug", "M1-blue"])
def test_group_by_variant_puts_the_variant_that_the_words_mean_first(shop: Shop, words: str) -> None:
    answer = shop.search(words, where='category="Home > Mugs"', group_by="variant")
    assert [h.variant.id for h in answer.hits] == ["M1-blue", "M1-red"]
    pages = [shop.search(words, where='category="Home > Mugs"', group_by="variant", per_page=1, page=n) for n in (1, 2)]
    assert [h.variant.id for page in pages for h in page.hits] == ["M1-blue", "M1-red"]


def test_a_product_with_many_variants_on_a_page_is_scored_once(shop: Shop) -> None:
    for words in ("mug", "blue mug"):
        one = shop.search(words, where='category="Home > Mugs"').hits[0]
        for hit in shop.search(words, where='category="Home > Mugs"', group_by="variant").hits:
            assert hit.score == pytest.approx(one.score)
            assert [r.source for r in hit.reasons] == [r.source for r in one.reasons]


def test_semantic_ratio_steers(shop: Shop) -> None:
    words_only = shop.search("red cushion", semantic_ratio=0)
    assert {r.source for h in words_only.hits for r in h.reasons} == {"words"}
    vectors_only = shop.search("red cushion", semantic_ratio=1)
    assert "words" not in {r.source for h in vectors_only.hits for r in h.reasons}


def test_words_too_long_are_cut_and_said(shop: Shop) -> None:
    answer = shop.search("red cushion " * 200)
    assert [(note.code, note.values["limit"]) for note in answer.notes] == [("words_cut", MAX_WORDS)]
    assert ids(answer)[0] == "C1"


@pytest.mark.parametrize("words", ["", "   ", "\x00\x07", "🙂", "'; drop table products", "a" * 5000, "((", '"', "的"])
def test_odd_words_have_an_answer(shop: Shop, words: str) -> None:
    assert shop.search(words).found >= 0


def test_bad_queries_say_what_and_where(shop: Shop) -> None:
    with pytest.raises(UnknownFieldError, match="colour") as caught:
        shop.search("", where="colour=red")
    assert "color" in (caught.value.hint or "")
    with pytest.raises(UnknownFieldError):
        shop.search("", sort_by="nonsense")
    with pytest.raises(UnknownFieldError):
        shop.search("", facet_by=["nonsense"])
    with pytest.raises(PictureError, match="picture"):
        shop.search(photos=b"this is no picture")
    for bad in ({"page": 0}, {"per_page": -1}, {"per_page": 251}, {"page": 10_000}, {"semantic_ratio": 2.0}):
        with pytest.raises(QueryError):
            shop.search("", **bad)
    with pytest.raises(QueryError):
        Query(seeds=(Seed("C1", float("nan")),))


def test_where_can_be_given_parsed(shop: Shop) -> None:
    assert ids(shop.search("", where=parse_where("brand=Luma"))) == ["C1", "C2", "M1"]


def test_words_that_the_encoder_never_met_get_no_vectors(tmp_path: object, coloured: Callable[[], Shop]) -> None:
    from shoplens.encoders.cached import CachedEncoder
    from tests.support import ColourEncoder

    class Picky(ColourEncoder):
        def familiar(self, text: str) -> bool:
            return "qwerty" not in text

    shop = coloured()
    shop.encoder = CachedEncoder(Picky())
    shop.balance(Balance())
    answer = shop.search("qwerty red")
    assert {r.source for h in answer.hits for r in h.reasons} <= {"words", "understood"}
    assert [note.code for note in answer.notes] == ["texts_only"]
    assert not shop.search("red").notes


def test_the_same_in_another_colour_shows_that_variant(shop: Shop) -> None:
    # 蓝色 is in no attribute of the mug: the pictures must tell which variant is the blue one.
    for words, expected in (("同款蓝色", "M1-blue"), ("同款红色", "M1-red"), ("杯子", "M1-red")):
        answer = shop.search(words, photos=picture("red", shade=9), where='category="Home > Mugs"')
        assert answer.hits[0].variant.id == expected, words
