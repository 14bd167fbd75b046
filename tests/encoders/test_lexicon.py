"""The lexicon that ships: whole, bilingual, and without entries that fight each other."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

import pytest

from shoplens.encoders.lexicon import Entry, load_lexicon
from shoplens.training.corpus import is_chinese

FOUNDED = 529
"""Rows that the first encoder was trained with: the order within a facet is the order of its labels."""
FOUNDED_KEYS = "3fc152ff7df04906191b7b2b5e00fc068147e43d7654df3e50b059596e3e1691"
FACETS = {
    "kind", "colour", "gender", "usage", "goods", "material", "pattern", "style", "occasion", "shade", "size", "age",
    "part",
}  # fmt: skip
SHARED = {
    ("kind", "trousers"), ("kind", "长裤"), ("kind", "裤子"), ("kind", "jacket"), ("kind", "外套"),
    ("kind", "undershirt"), ("kind", "汗衫"), ("kind", "帽子"), ("kind", "裙子"), ("colour", "古铜色"),
    ("pattern", "印花"), ("goods", "cup"), ("goods", "杯子"), ("goods", "水杯"), ("goods", "花器"), ("goods", "水壶"),
}  # fmt: skip
"""Words that two of the founded rows have in common; no other row may share a word within its facet."""
NO_SINGULAR = set(
    """
    noodles chives greens leaves vegetables berries grains tears breadcrumbs beans herbs fries cornflakes checkers
    clothes scrubs blocks
    """.split()
)
"""Last words of goods that are said in the plural alone."""


def founded() -> tuple[Entry, ...]:
    return load_lexicon().entries[:FOUNDED]


def added() -> tuple[Entry, ...]:
    return load_lexicon().entries[FOUNDED:]


def sounds_singular(first: str) -> bool:
    """Whether a first English word is a singular, a pair, or one of the goods that have no singular."""
    last = first.split()[-1]
    return (
        first.startswith("pair of ")
        or last in NO_SINGULAR
        or re.search(r"(?<![sui])s$", last) is None
        or (last in {"lens", "canvas", "nas"})
    )


def test_there_are_entries_enough_in_every_facet() -> None:
    counts = Counter(entry.facet for entry in load_lexicon().entries)
    assert set(counts) == FACETS
    assert counts.total() >= 2000
    for facet in ("goods", "shade", "material", "pattern", "style", "occasion", "size", "part"):
        assert counts[facet] >= 100, facet


def test_every_entry_speaks_both_languages() -> None:
    for entry in load_lexicon().entries:
        assert entry.english, entry
        assert entry.chinese, entry
        assert not any(is_chinese(word) for word in entry.english), entry
        assert all(is_chinese(word) for word in entry.chinese), entry


def test_english_is_plain_and_lower_case() -> None:
    for entry in load_lexicon().entries:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.key), entry
        for word in entry.english:
            assert re.fullmatch(r"[A-Za-z0-9 '&./%+-]+", word), entry
            assert entry.facet == "size" or word == word.lower(), entry


def test_keys_are_unique_within_a_facet() -> None:
    counts = Counter((entry.facet, entry.key) for entry in load_lexicon().entries)
    assert [key for key, count in counts.items() if count > 1] == []


def test_a_word_stands_once_in_its_entry() -> None:
    for entry in load_lexicon().entries:
        for words in (entry.english, entry.chinese):
            assert len(set(words)) == len(words), entry


def test_a_word_stands_for_one_entry_of_its_facet() -> None:
    keys: dict[tuple[str, str], set[str]] = {}
    for entry in load_lexicon().entries:
        for word in (*entry.english, *entry.chinese):
            keys.setdefault((entry.facet, word.casefold()), set()).add(entry.key)
    assert {word for word, owners in keys.items() if len(owners) > 1} == SHARED


def test_the_first_word_of_goods_is_a_singular() -> None:
    goods = [entry for entry in added() if entry.facet == "goods"]
    assert [entry.english[0] for entry in goods if not sounds_singular(entry.english[0])] == []
    pairs = [entry for entry in goods if entry.english[0].startswith("pair of ")]
    assert [entry for entry in pairs if entry.english[1] != entry.english[0].removeprefix("pair of ")] == []


@pytest.mark.parametrize(
    ("word", "singular"),
    [("boots", False), ("pair of boots", True), ("dress", True), ("camera lens", True), ("cactus", True),
     ("rice noodles", True), ("sofas", False)],
)  # fmt: skip
def test_what_sounds_singular(word: str, singular: bool) -> None:
    assert sounds_singular(word) is singular


def test_a_shade_names_its_colour() -> None:
    colours = {entry.key for entry in load_lexicon().facet("colour")}
    for entry in added():
        if entry.facet == "shade":
            assert any(entry.key.endswith(f"-{colour}") for colour in colours), entry


def test_rows_that_encoders_were_trained_with_keep_their_places() -> None:
    keys = "\n".join(f"{entry.facet}\t{entry.key}\t{','.join(entry.labels)}" for entry in founded())
    assert hashlib.sha256(keys.encode()).hexdigest() == FOUNDED_KEYS
    assert {entry.facet for entry in added()}.isdisjoint({"kind", "colour", "gender"})  # the encoder's heads
    assert not any(entry.labels for entry in added())


def test_labels_point_to_one_entry() -> None:
    lexicon = load_lexicon()
    counts = Counter((e.facet, label) for e in lexicon.entries for label in e.labels)
    assert max(counts.values()) == 1
    assert lexicon.by_label["kind", "fashion:Tshirts"].key == "t-shirt"
    assert lexicon.by_key["kind", "handbag"].chinese[:2] == ("手提包", "手袋")
