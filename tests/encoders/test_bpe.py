"""The tokenizer of the text tower: by hand, and piece by piece against the tokenizers library."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplens.encoders.bpe import BytePairTokenizer, normalize, words_of
from shoplens.errors import EncoderError

PIECES = ["[PAD]", "[UNK]", "a", "b", "c", "红", "色", "1", "ab", "abc"]
DATA: dict[str, Any] = {
    "normalizer": {
        "type": "Sequence",
        "normalizers": [
            {"type": "NFKC"},
            {
                "type": "BertNormalizer",
                "clean_text": True,
                "handle_chinese_chars": True,
                "strip_accents": None,
                "lowercase": True,
            },
        ],
    },
    "pre_tokenizer": {
        "type": "Sequence",
        "pretokenizers": [{"type": "BertPreTokenizer"}, {"type": "Digits", "individual_digits": True}],
    },
    "model": {
        "type": "BPE",
        "unk_token": "[UNK]",
        "vocab": {piece: n for n, piece in enumerate(PIECES)},
        "merges": [["a", "b"], ["ab", "c"]],
    },
}


def pieces(text: str, longest: int | None = None) -> list[str]:
    return [PIECES[n] for n in BytePairTokenizer(DATA).encode(text, longest)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abc", ["abc"]),
        ("ABÇ", ["abc"]),
        ("cab ba", ["c", "ab", "b", "a"]),
        ("a红色b", ["a", "红", "色", "b"]),
        ("11a", ["1", "1", "a"]),
        ("１", ["1"]),
        ("axb", ["a", "[UNK]", "b"]),
        ("a-b", ["a", "[UNK]", "b"]),
        ("a\u0000b", ["ab"]),
        ("a\nb", ["a", "b"]),
        ("[PAD]", ["[UNK]", "[UNK]", "a", "[UNK]", "[UNK]"]),
        ("", []),
        (" \t ", []),
        ("\ud800a", ["a"]),
    ],
)
def test_by_hand(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_longest_cuts() -> None:
    assert pieces("abc a b c", 2) == ["abc", "a"]
    assert pieces("cab", 1) == ["c"]


@given(st.text(max_size=40))
def test_no_text_breaks_it_and_every_word_is_one_word_again(text: str) -> None:
    tokenizer = BytePairTokenizer(DATA)
    assert all(0 <= n < len(tokenizer) for n in tokenizer.encode(text))
    for word in words_of(text):
        assert not any(c.isspace() for c in word)
    assert list(words_of(normalize(text))) == list(words_of(text))


@pytest.mark.parametrize("change", ["model", "normalizer", "merges", "nothing"])
def test_tokenizers_of_another_kind_are_refused(change: str) -> None:
    data = copy.deepcopy(DATA)
    if change == "model":
        data["model"]["type"] = "WordPiece"
    elif change == "normalizer":
        data["normalizer"]["normalizers"][1]["lowercase"] = False
    elif change == "merges":
        data["model"]["merges"] = [["a"]]
    with pytest.raises(EncoderError):
        BytePairTokenizer({} if change == "nothing" else data)


def test_files_that_are_damaged_are_named(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    for content in (None, "{", "[]"):
        if content is not None:
            path.write_text(content)
        with pytest.raises(EncoderError) as caught:
            BytePairTokenizer.from_file(path)
        assert caught.value.where == str(path)
    path.write_text(json.dumps(DATA))
    assert BytePairTokenizer.from_file(path).encode("ab") == [PIECES.index("ab")]


# What the two versions of Unicode agree on; the library's table of combining marks is some years behind Python's.
COMMON = st.text(
    st.characters(max_codepoint=0x2FFF, exclude_categories=["Cs", "Cn", "Mn"])
    | st.characters(min_codepoint=0x3000, max_codepoint=0x9FFF, exclude_categories=["Cn", "Mn"])
    | st.sampled_from("éÉçñŠαΣςİıßﬁ①½Ⅳ\u0301\u0308\u200d\ufeff\u3000\u00a0，。！"),
    max_size=30,
)


@pytest.mark.train
@given(COMMON)
def test_agrees_with_the_library(text: str) -> None:
    theirs, ours = _both()
    assert ours.encode(text) == theirs.encode(text, add_special_tokens=False).ids


@pytest.mark.train
def test_agrees_with_the_library_on_words_as_shops_write_them() -> None:
    theirs, ours = _both()
    for text in TEXTS:
        assert ours.encode(text) == theirs.encode(text, add_special_tokens=False).ids


TEXTS = [
    "Women's red cotton dress, size M (2-pack)", "黑色真皮手提包", "红色dress 连衣裙 49.90€", "T-shirt 100% Baumwolle",
    "Crème brûlée Schälchen 3½ cm", "ΟΔΥΣΣΕΥΣ σανδάλια", "Ｎｏ．５ 香水", "iPhone 15 Pro Max/256GB", "ワンピース 赤",
    "",
]  # fmt: skip
_MADE: list[Any] = []


def _both() -> Any:
    if not _MADE:
        from shoplens.training.tokenizer import train_tokenizer

        made = train_tokenizer(TEXTS * 3, 300)
        _MADE.append((made, BytePairTokenizer(json.loads(made.to_str()))))
    return _MADE[0]
