"""Captions: true, in both languages, in several orders; slips of one letter."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from shoplens.encoders.lexicon import load_lexicon
from shoplens.training import captions
from shoplens.training.corpus import is_chinese

LEXICON = load_lexicon()
BAG = LEXICON.by_key["kind", "handbag"]
BLACK = LEXICON.by_key["colour", "black"]
WOMEN = LEXICON.by_key["gender", "women"]


def test_the_plain_caption_comes_first() -> None:
    assert captions.english(BAG, BLACK, WOMEN)[:2] == ["black handbags women", "black handbag for women"]
    assert captions.chinese(BAG, BLACK, WOMEN)[:2] == ["女士黑色手提包", "黑色手提包女士"]
    assert captions.english(BAG, None, None)[0] == "handbags"
    assert captions.chinese(None, BLACK, None)[0] == "黑色商品"


def test_every_kind_colour_and_gender_can_be_said() -> None:
    for kind in (*LEXICON.facet("kind"), *LEXICON.facet("goods")):
        for said in (captions.english(kind, BLACK, WOMEN), captions.chinese(kind, BLACK, WOMEN)):
            assert len(said) >= 5
            assert len(set(said)) == len(said)
            assert all(text == text.strip() and "  " not in text for text in said)
        assert all(is_chinese(text) for text in captions.chinese(kind, BLACK, WOMEN))
        assert not any(is_chinese(text) for text in captions.english(kind, BLACK, WOMEN))
        assert all(is_chinese(text) for text in captions.mixed(kind, BLACK, WOMEN))


@given(
    st.integers(0, 10_000),
    st.sampled_from(["black handbag for women", "red 连衣裙", "女士黑色手提包", "a b c", "sunglasses"]),
)
def test_a_typo_is_one_slip_in_one_word(seed: int, text: str) -> None:
    slipped = captions.typo(text, random.Random(seed))
    before, after = text.split(" "), slipped.split(" ")
    assert len(before) == len(after)
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert len(changed) <= 1
    for a, b in changed:
        assert a.isascii()
        assert len(a) >= 4
        assert abs(len(a) - len(b)) <= 1
