"""Pinyin: the table, and what sounds alike."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from shoplens.encoders.lexicon import load_lexicon
from shoplens.understanding.pinyin import heard, is_chinese, readings, sounds


def test_names_are_found_by_how_they_are_typed() -> None:
    assert sounds("黑色皮包")[0] == "heisepibao"
    assert "cangqun".replace("ng", "n") in sounds("长裙")  # 长 is read chang and zhang
    assert "xinlixian" in sounds("行李箱")
    assert sounds("女鞋")[0] == heard("nv xie") == heard("nü xie") == "nuxie"
    assert sounds("T恤")[0] == "txu"


def test_what_many_do_not_tell_apart_is_the_same() -> None:
    assert heard("zhong shan zhuang") == heard("zong san zuan")
    assert heard("xi'an") == "xian"


def test_every_character_of_the_lexicon_has_a_reading() -> None:
    characters = {c for e in load_lexicon().entries for name in e.chinese for c in name if "\u4e00" <= c <= "\u9fff"}
    assert characters - set(readings()) == set()


@given(st.text(st.sampled_from("黑色皮包红长行乐T-a 1"), max_size=6))
def test_sounds_are_what_is_heard(text: str) -> None:
    ways = [heard("".join(chosen)) for chosen in product(*(readings().get(c, (c,)) for c in text if c != " "))]
    assert set(sounds(text)) <= set(ways)
    assert len(sounds(text)) <= 4
    assert not any(is_chinese(sound) for sound in sounds(text))
