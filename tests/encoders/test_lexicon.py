"""The lexicon that ships: whole, bilingual, and without entries that fight each other."""

from __future__ import annotations

from collections import Counter

from shoplens.encoders.lexicon import load_lexicon
from shoplens.training.corpus import is_chinese


def test_every_entry_speaks_both_languages() -> None:
    for entry in load_lexicon().entries:
        assert entry.english, entry
        assert entry.chinese, entry
        assert not any(is_chinese(word) for word in entry.english), entry
        assert all(is_chinese(word) for word in entry.chinese), entry


def test_keys_are_unique_within_a_facet() -> None:
    counts = Counter((entry.facet, entry.key) for entry in load_lexicon().entries)
    assert [key for key, count in counts.items() if count > 1] == []


def test_a_word_stands_once_in_its_entry() -> None:
    for entry in load_lexicon().entries:
        for words in (entry.english, entry.chinese):
            assert len(set(words)) == len(words), entry


def test_labels_point_to_one_entry() -> None:
    lexicon = load_lexicon()
    counts = Counter((e.facet, label) for e in lexicon.entries for label in e.labels)
    assert max(counts.values()) == 1
    assert lexicon.by_label["kind", "fashion:Tshirts"].key == "t-shirt"
    assert lexicon.by_key["kind", "handbag"].chinese[:2] == ("手提包", "手袋")
