"""Words beside the catalogue's own: Chinese names in a run, their English names, English words that are no slips."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplens.core.catalogue import Product
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
