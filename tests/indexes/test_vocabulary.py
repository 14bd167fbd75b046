"""Words beside the catalogue's own: Chinese names in a run, their English names, English words that are no slips."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplens.core.catalogue import Product
from shoplens.encoders.lexicon import load_compounds
from shoplens.indexes.tokens import word
from shoplens.indexes.vocabulary import NONE, vocabulary
from shoplens.indexes.words import TantivyWords
from shoplens.lexical import lexicon_words

SMALL = vocabulary(
    [(("black", "jet black"), ("黑色",)), (("handbag", "purse"), ("手提包", "皮包")), (("sofa",), ("沙发",))]
)


@pytest.mark.parametrize(
    ("run", "pieces"),
    [
        ("黑色皮包", ["黑色", "皮包"]),
        ("我要黑色的手提包吗", ["我要", "黑色", "的", "手提包", "吗"]),
        ("包", ["包"]),
        ("", []),
    ],
)
def test_runs_are_cut_at_names(run: str, pieces: list[str]) -> None:
    assert SMALL.pieces(run) == pieces


@given(st.text("黑色皮包手提沙发的我", max_size=30))
def test_pieces_add_up_to_the_run(run: str) -> None:
    for some in (SMALL, lexicon_words(), NONE):
        assert "".join(some.pieces(run)) == run


@pytest.fixture
def index(tmp_path: Path) -> TantivyWords:
    words = TantivyWords(tmp_path / "words", writer=True, vocabulary=SMALL)
    titles = ["Black purse", "Black armchair", "Soft black socks", "黑色皮革扶手椅", "红色手提包"]
    words.replace({n: Product(f"p{n}", title=title) for n, title in enumerate(titles, 1)}, 1)
    return words


def test_chinese_words_find_english_products(index: TantivyWords) -> None:
    assert index.search("黑色皮包", 5).products[0] == 1
    assert index.search("手提包", 5).products.tolist()[:2] in ([5, 1], [1, 5])
    bag = Product("p1", title="Black purse")
    assert index.terms("黑色皮包", bag) == ("黑色", "皮包")
    assert index.named("黑色皮包", bag) == 1.0
    assert index.named("黑色皮包", Product("p4", title="黑色皮革扶手椅")) == 1 / 2


def test_a_word_is_no_slip_of_another(index: TantivyWords) -> None:
    assert not len(index.search("sofa", 5).products)  # not "soft"
    assert index.search("softt", 5).products.tolist() == [3]
    assert index.named("sofa", Product("p3", title="Soft black socks")) == 0.0


def test_a_compound_is_found_by_its_head(tmp_path: Path) -> None:
    words = TantivyWords(tmp_path / "words", writer=True, vocabulary=lexicon_words())
    titles = ["Black canvas tote bag", "Leather handbag, black", "Gold earring", "Handbags", "Bag"]
    words.replace({n: Product(f"p{n}", title=title) for n, title in enumerate(titles, 1)}, 1)
    assert set(words.search("black bag", 5).products.tolist()) == {1, 2}
    assert words.search("black leather bag", 5).products[0] == 2
    assert words.search("bag", 5).products[0] == 5  # the word itself before its compounds
    assert words.search("handbag", 5).products.tolist() == [4, 2]  # not every bag
    assert not len(words.search("ring", 5).products)
    bag = Product("p2", title="Leather handbag, black")
    assert words.named("black leather bag", bag) == 1.0
    assert words.terms("black bag", bag) == ("black", "bag")
    assert words.search("bags", 5).guessed == ()


def test_no_compound_hangs_on_a_word_that_means_something_else() -> None:
    heads = [word(head).whole for head in load_compounds()]
    assert len(set(heads)) == len(heads)  # glass and glasses have one stem
    for head, compounds in load_compounds().items():
        assert all(name.endswith(head) and name != head for name in compounds), head
