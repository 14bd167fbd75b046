"""What a text says that a thing is, and that such a thing comes before what goes with it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplens.core.catalogue import Product, Variant
from shoplens.indexes.tokens import numbered, tokens
from shoplens.indexes.vocabulary import NONE
from shoplens.indexes.words import TantivyWords
from shoplens.indexes.words_heads import heads
from shoplens.lexical import lexicon_words


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("CHERRY WetEx Keyboard cover", {"cover"}),
        ("Kensington Gel Keyboard Wrist Rest Blue", {"rest"}),
        ("HP USB keyboard QWERTY Black", {"keyboard"}),
        ("Leather case for iPhone and keyboard", {"case"}),
        ("Mouse, wireless", {"mice"}),
        ("Newstar CPU holder - desk 312", {"holder"}),
        ("红色连衣裙", {"连衣裙"}),
        ("Aurora 500", set()),
        ("", set()),
    ],
)
def test_the_head_of_a_title(title: str, expected: set[str]) -> None:
    assert set(heads(title, lexicon_words())) == expected


def test_without_a_lexicon_there_are_no_heads() -> None:
    assert heads("keyboard cover", NONE) == ()


@given(st.text(max_size=300))
def test_any_text_has_heads_that_are_names_of_things(text: str) -> None:
    assert set(heads(text, lexicon_words())) <= lexicon_words().things


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> TantivyWords:
    titles = {
        1: "Keyboard cover", 2: "Keyboard wrist rest", 3: "Compact wireless office keyboard QWERTY black",
        4: "Case for iPhone 12", 5: "iPhone 12", 6: "Notebook with Windows 10 licence", 7: "Adapter 10 m for Windows",
        8: "Red shirt", 9: "Red cotton dress", 10: "Blue dress", 11: "Console PS4", 12: "Paper A4, 4 PS of weight",
    }  # fmt: skip
    index = TantivyWords(tmp_path_factory.mktemp("words"), writer=True, vocabulary=lexicon_words())
    index.replace({n: Product(str(n), title=t, variants=(Variant(str(n)),)) for n, t in titles.items()}, 1)
    return index


@pytest.mark.parametrize(
    ("words", "first"), [("keyboard", 3), ("case", 4), ("windows 10", 6), ("windows10", 6), ("连衣裙", 9), ("ps4", 11)]
)
def test_the_thing_itself_comes_first(index: TantivyWords, words: str, first: int) -> None:
    found = index.search(words, 12).products.tolist()
    assert found[0] == first or (words == "连衣裙" and found[0] in (9, 10))


def test_what_goes_with_a_thing_is_still_found(index: TantivyWords) -> None:
    assert set(index.search("keyboard", 12).matched.tolist()) == {1, 2, 3}


def test_a_code_that_a_product_has_is_no_list_of_parts(index: TantivyWords) -> None:
    assert index.search("ps4", 12).matched.tolist() == [11]


def test_what_a_filter_leaves_is_a_part_of_what_is_found_without_it(index: TantivyWords) -> None:
    assert index.search("red dress", 12).products.tolist() == [9]
    without_it = np.ones(20, bool)
    without_it[9] = False  # 8 is red, 10 a dress: neither is a match of both words
    assert not len(index.search("red dress", 12, without_it).products)


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [("iphone", "15", "iphone15"), ("16", "gb", "16gb"), ("for", "sale", ""), ("10", "of", ""), ("x", "99999", "")],
)
def test_names_with_numbers(first: str, second: str, both: str) -> None:
    assert numbered(first, second) == both
    assert not both or both in tokens(f"{first} {second}")


@pytest.mark.parametrize(
    ("words", "matches", "partly"),
    [
        ("red dress", [9], [10]),  # what it is, dress; what is red only is a shirt
        ("红色连衣裙", [9], [10]),
        ("keyboard black", [3], [1, 2]),
        ("dress", [10, 9], []),  # one term: there is no other to do without
        ("ps4", [11], []),
    ],
)
def test_few_matches_are_followed_by_what_has_the_main_word(
    index: TantivyWords, words: str, matches: list[int], partly: list[int]
) -> None:
    found = index.search(words, 12)
    assert (found.products.tolist(), found.partly.tolist()) == (matches, partly)
    assert sorted(found.matched.tolist()) == sorted(matches)
    assert (found.partly_scores <= found.scores.min()).all()


def test_a_filter_brings_nothing_that_is_not_found_without_it(index: TantivyWords) -> None:
    allowed = np.ones(20, bool)
    allowed[[9, 2]] = False
    assert index.search("red dress", 12, allowed).partly.tolist() == [10]
    assert index.search("keyboard black", 12, allowed).partly.tolist() == [1]
    allowed[10] = False  # the shirt is no dress: it does not come up in the dress's place
    assert not len(index.search("red dress", 12, allowed).partly)
