"""What shoppers' words are understood as: a table a person has read, for each language; and what always holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplens.core.understood import Chip, Understood, rest_of
from shoplens.core.where import parse_where
from shoplens.lexical import lexicon_asking
from shoplens.understanding.asking import plain
from shoplens.understanding.prices import price_limits


class Columns:
    """A catalogue's values, as the filter columns hold them."""

    def __init__(self, **values: Sequence[str]) -> None:
        self._values = MappingProxyType(values)

    def has(self, field: str) -> bool:
        return field in self._values

    def values(self, field: str) -> Sequence[str]:
        return self._values.get(field, ())


def shop(currency: str) -> Columns:
    """A shop of clothes, bags and bottles."""
    return Columns(
        price=[],
        currency=[currency],
        brand=["Under Armour", "Nike", "Luma", "The North Face", "Free People", "耐克"],
        color=["Red", "Blue", "Black", "White", "Off White", "Navy Blue", "Crimson", "Gray", "Green", "Orange", "Pink",
               "米白色"],
        material=["Leather", "Cotton", "Faux Leather", "Wool", "Organic Cotton", "Silk"],
        pattern=["Striped", "Solid", "Floral"],
        size=["XS", "S", "M", "L", "XL", "42", "43", "8", "10"],
        volume=["500 ml", "1 l"],
        weight=["2 kg"],
        screen_size=["15 inch"],
        gender=["Men", "Women", "Unisex", "Boys", "Girls"],
        category=["Men", "Men > Jackets", "Shoes", "Shoes > Sneakers", "Bags", "Bags > Handbags", "Yoga Mats",
                  "Perfume", "Dresses", "Socks", "Sunglasses", "Bottles", "Mugs", "Hoodies & Sweatshirts", "Shirts",
                  "T-Shirts",
                  "Watches", "Baby", "Scarves"],
    )  # fmt: skip


DOLLARS, YUAN = shop("USD"), shop("CNY")

FOLDER = Path(__file__).parent


def table(name: str) -> list[str]:
    """Rows "words | chips | rest": of chips that must hold with their filter; rest "=": the words as written."""
    return [line for line in (FOLDER / name).read_text("utf-8").splitlines() if line and not line.startswith("#")]


ENGLISH, CHINESE = table("asked_en.txt"), table("asked_zh.txt")


def told(chip: Chip) -> str:
    must = f" [{chip.filter}]" if chip.filter else " [none called so]" if chip.denial is not None else ""
    return f"{chip.kind}: {chip.text}{must}"


@pytest.mark.parametrize(
    ("row", "columns"), [*((row, DOLLARS) for row in ENGLISH), *((row, YUAN) for row in CHINESE)], ids=ENGLISH + CHINESE
)
def test_what_words_are_understood_as(row: str, columns: Columns) -> None:
    words, chips, rest = (part.strip() for part in row.split("|"))
    understood = lexicon_asking().understand(words, columns)
    assert "; ".join(map(told, understood.chips)) == chips
    assert understood.rest == (words if rest == "=" else rest)


@pytest.mark.parametrize(
    ("words", "boosts"),
    [
        ("red shoes men", ['color in ["Red"]', 'category in ["Shoes"]', 'gender in ["Men"] or category in ["Men"]']),
        ("男士红色鞋", ['gender in ["Men"] or category in ["Men"]', 'color in ["Red"]', 'category in ["Shoes"]']),
        ("eu 42", ['size in ["42"]']), ("42码", ['size in ["42"]']), ("Size Medium", ['size in ["M"]']),
        ("half litre", []), ("0.5 l", ['volume in ["500 ml"]']), ("500毫升", ['volume in ["500 ml"]']),
        ("15-inch", ['screen_size in ["15 inch"]']), ("grey", ['color in ["Gray"]']),
        ("kids", ['gender in ["Boys", "Girls"]']),
        ("under armour", ['brand in ["Under Armour"]']), ("yoga mat", ['category in ["Yoga Mats"]']),
        ("cotton", ['material in ["Cotton"]']), ("条纹", ['pattern in ["Striped"]']),
    ],
)  # fmt: skip
def test_what_counts_in_favour(words: str, boosts: list[str]) -> None:
    assert [chip.boost for chip in lexicon_asking().understand(words, DOLLARS).chips] == boosts


def test_nothing_is_understood_that_the_catalogue_cannot_tell() -> None:
    bare = Columns()
    for words in ("red shoes for men size 42", "under 50", "nike bag", "500 ml", "100元以下的红色鞋"):
        assert lexicon_asking().understand(words, bare).chips == (), words
    denied = lexicon_asking().understand("not red bag", bare)
    assert [(c.filter, c.denial is not None) for c in denied.chips] == [("", True)]  # titles may tell


def test_another_currency_is_no_filter_and_is_told() -> None:
    understood = lexicon_asking().understand("bag under €50", DOLLARS)
    assert [(c.filter, c.boost) for c in understood.chips if c.kind == "price"] == [("", "")]
    assert [(n.code, dict(n.values)) for n in understood.notes] == [
        ("price_other_currency", {"written": "under €50", "asked": "EUR", "currency": "USD"})
    ]
    assert understood.without([c.id for c in understood.chips]).notes == ()
    several = Columns(price=[], currency=["USD", "EUR"])
    chip = lexicon_asking().understand("bag under €50", several).chips[0]
    assert parse_where(chip.filter) == parse_where("price<50 and currency in [EUR]")
    unnamed = Columns(price=[], currency=[])
    assert lexicon_asking().understand("bag under €50", unnamed).chips[0].filter == "price<50"


def test_pounds_are_a_weight_where_they_are_no_money() -> None:
    assert not list(price_limits("dumbbell under 5 pounds", ["USD"]))
    assert [one.filter for one in price_limits("shirt under 20 pounds", ["GBP"])] == ["price<20"]


def test_equal_parts_have_ids_of_their_own() -> None:
    chips = lexicon_asking().understand("red and Red", DOLLARS).chips
    assert [chip.id for chip in chips] == ["color:red", "color:red#2"]


def test_a_text_of_many_names_is_looked_for_as_written() -> None:
    assert not lexicon_asking().understand("red blue " * 20, DOLLARS).chips


def test_a_catalogue_that_learns_a_colour_tells_it() -> None:
    colours = ["Red"]
    columns = Columns(color=colours)
    assert not lexicon_asking().understand("green", columns).chips
    colours.append("Green")
    assert [c.boost for c in lexicon_asking().understand("green", columns).chips] == ['color in ["Green"]']


PIECES = st.sampled_from(
    (
        "under 50 $ € 不要 红色 非 黑 以下 元 100 between and 20 not without laces - free nike size 42 XL l 500 ml for "
        "men 女士 的 , 。 İ ﬁ Ａ５ \u200b \ud800 \x00 é e\u0301 ß"
    ).split(" ")
)
PHRASES = st.lists(PIECES, max_size=12)
TEXTS = st.one_of(st.text(max_size=60), PHRASES.map(" ".join), PHRASES.map("".join))


@given(TEXTS, st.sampled_from([DOLLARS, YUAN, Columns()]))
def test_any_text_can_be_read(words: str, columns: Columns) -> None:
    understood = lexicon_asking().understand(words, columns)
    assert len(plain(words)) == len(words)
    end = 0
    for chip in understood.chips:
        assert end <= chip.start < chip.end <= len(words)
        assert words[chip.start : chip.end] == chip.text
        end = chip.end
        for text in (chip.filter, chip.boost):
            assert not text or str(parse_where(text)) == str(parse_where(str(parse_where(text))))
        assert not (chip.filter and chip.boost)
    ids = [chip.id for chip in understood.chips]
    assert len(set(ids)) == len(ids)
    nothing = understood.without(ids)
    assert (nothing.rest, nothing.chips, nothing.notes) == (words, (), ())
    if ids:
        one_less = understood.without(ids[:1])
        assert [chip.id for chip in one_less.chips] == ids[1:]
        assert one_less.rest == rest_of(words, one_less.chips)


def test_without_chips_there_is_nothing_to_take_away() -> None:
    assert Understood("a  b", (), "a  b").without(["x"]).rest == "a  b"
