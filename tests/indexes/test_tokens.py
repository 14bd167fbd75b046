"""Tokens: English stems, codes, units, Chinese; and that what is one word to a shopper is found as one."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplens.indexes.tokens import MAX_TOKEN, stem, tokens


# From the published sample vocabulary of the Snowball English stemmer.
@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("consign", "consign"), ("consigned", "consign"), ("consigning", "consign"), ("consignment", "consign"),
        ("consist", "consist"), ("consistency", "consist"), ("consistently", "consist"), ("consolation", "consol"),
        ("consolations", "consol"), ("consolatory", "consolatori"), ("consoling", "consol"),
        ("conspicuous", "conspicu"),
        ("conspiracy", "conspiraci"), ("conspirator", "conspir"), ("constable", "constabl"), ("constancy", "constanc"),
        ("knack", "knack"), ("knackeries", "knackeri"), ("knaves", "knave"), ("knavish", "knavish"),
        ("kneaded", "knead"),
        ("kneeling", "kneel"), ("knew", "knew"), ("knives", "knife"), ("knitting", "knit"), ("knots", "knot"),
        ("shoes", "shoe"), ("dresses", "dress"), ("watches", "watch"), ("running", "run"), ("batteries", "batteri"),
        ("woman", "women"), ("colour", "color"), ("grey", "gray"),
    ],
)  # fmt: skip
def test_stems(word: str, expected: str) -> None:
    assert stem(word) == expected  # knives, woman, colour and grey are united here, not by Snowball


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Running SHOES", {"run", "shoe"}),
        ("Men's", {"men"}),
        ("Men’s", {"men"}),
        ("T-shirt", {"tshirt", "t", "shirt"}),
        ("t shirt", {"tshirt", "t", "shirt"}),
        ("USB-C", {"usbc", "usb", "c"}),
        ("006R90321", {"006r90321", "006", "r", "90321"}),
        ("dv7-1211ea", {"dv71211ea", "dv7", "1211ea", "dv", "7", "1211", "ea"}),
        ("43.2cm", {"43.2cm", "43.2", "cm"}),
        ("43.2 cm", {"43.2", "cm"}),
        ('15.6" laptop', {"15.6", "inch", "laptop"}),
        ("1,000", {"1000"}),
        ("10,5", {"10.5"}),
        ("iPhone15", {"iphone15", "iphon", "15"}),
        ("red/blue", {"red", "blue"}),
        ("H&M", {"hm", "h", "m"}),
        ("café Crème", {"cafe", "creme"}),
        ("ＡＢＣ１２", {"abc12", "abc", "12"}),
        ("皮包", {"皮", "包", "皮包"}),
        ("红色dress", {"红", "色", "红色", "dress"}),
        ("Т-шорт", {"тшорт", "т", "шорт"}),
        ("", set()),
        ("?!… — ___", set()),
    ],
)
def test_tokens(text: str, expected: set[str]) -> None:
    assert set(tokens(text)) == expected


def test_chinese_is_found_inside_longer_runs() -> None:
    assert {"皮", "包"} <= set(tokens("黑色真皮手提包"))
    assert "手提" in tokens("黑色真皮手提包")


@pytest.mark.parametrize(
    ("one", "other"),
    [("tshirt", "T-Shirt"), ("tshirt", "t shirt"), ("usbc", "USB C"), ("ｔｓｈｉｒｔ", "tshirt"), ("cafés", "cafe"),
     ("women", "Woman's"), ("iphone 15", "iPhone15"), ("Jewellery", "jewelry"), ("2.5 m", "2.5m")],
)  # fmt: skip
def test_ways_to_write_one_thing_share_tokens(one: str, other: str) -> None:
    assert set(tokens(one)) <= set(tokens(other))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_gives_plain_tokens(text: str) -> None:
    found = tokens(text)
    assert all(token and not any(c.isspace() for c in token) for token in found)
    assert all(len(token) <= 2 * MAX_TOKEN for token in found)
    # Case and composition make no difference. (NFKC first: ß and its kin change with upper().)
    folded = unicodedata.normalize("NFKC", text).casefold()
    assert tokens(folded) == tokens(unicodedata.normalize("NFKC", folded).casefold())
    assert list(tokens(text)) == list(tokens(unicodedata.normalize("NFC", text)))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["Red", "shoes", "43.2cm", "皮包", "dv7-1", "a", "T-shirt", "ü"]), max_size=8))
def test_tokens_of_a_text_hold_those_of_its_words(words: list[str]) -> None:
    together = set(tokens(" ".join(words)))
    for word in words:
        assert set(tokens(word)) <= together


def test_speed() -> None:
    text = " ".join(f"Luma running shoes for men, size {i} made of {i % 7}% wool and cotton 皮包" for i in range(3_000))
    start = time.thread_time()
    count = len(tokens(text))
    assert count / (time.thread_time() - start) > 50_000  # some 400,000 on an idle core; a shared one is slower
