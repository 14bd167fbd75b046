"""Names in texts: the longest first, Latin words whole, against a plain reading length by length."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shoplens.core.names import Names

LETTERS = st.text(alphabet="ab 红色x1-", max_size=12)


def plainly(names: dict[str, int], text: str) -> list[tuple[int, int, int]]:
    def cuts(at: int) -> bool:  # whether a boundary at `at` cuts a Latin word
        pair = text[at - 1 : at + 1] if 0 < at < len(text) else ""
        return len(pair) == 2 and all(c.isascii() and c.isalnum() for c in pair)

    found, at = [], 0
    while at < len(text):
        for end in range(len(text), at, -1):
            if text[at:end] in names and not cuts(at) and not cuts(end):
                found.append((at, end, names[text[at:end]]))
                at = end
                break
        else:
            at += 1
    return found


@given(st.dictionaries(LETTERS.map(str.strip), st.integers(), max_size=12), LETTERS)
def test_names_are_found_as_if_every_length_was_tried(names: dict[str, int], text: str) -> None:
    assert list(Names(names).spans(text)) == plainly(names, text)


def test_the_longest_name_wins_and_words_are_whole() -> None:
    names = Names({"orange": "colour", "orange juice": "drink", "红": "colour", "红茶": "drink", "tan": "colour"})
    assert [what for _, _, what in names.spans("orange juice, orange")] == ["drink", "colour"]
    assert [what for _, _, what in names.spans("红茶和红的")] == ["drink", "colour"]
    assert [what for _, _, what in names.spans("titanium tan红")] == ["colour", "colour"]
    assert list(Names({}).spans("red")) == []


@given(st.dictionaries(LETTERS.map(str.strip), st.integers(), max_size=12), LETTERS)
def test_the_name_at_a_place_is_the_longest_that_starts_there(names: dict[str, int], text: str) -> None:
    found = Names(names)
    for start, end, meaning in found.spans(text):
        assert found.at(text, start) == (end, meaning)
    for at in range(len(text)):
        one = found.at(text, at)
        assert one is None or names[text[at : one[0]]] == one[1]
