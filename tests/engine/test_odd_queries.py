"""What odd queries may cost, by the work that they make and never by the clock."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from shoplens.app import Shop
from shoplens.core.ports import MOST_TERMS
from shoplens.core.query import Query
from shoplens.engine.spelling import MAX_RUNS, MIN_WORD, MOST_LETTERS, Speller
from shoplens.indexes.tokens import stem, stems
from shoplens.indexes.words_query import MOST_LETTERS as INDEX_LETTERS
from shoplens.indexes.words_query import QueryBuilder, all_terms, at_least, either, preferred, required
from shoplens.understanding.asking import MOST_CHIPS, MOST_DENIALS
from tests.conftest import SmallShop

TITLES = (
    "Red leather bag", "Blue leather belt", "Black wool scarf", "Black leather handbag", "Green cotton shirt",
    "White cotton towel", "Steel kettle", "Glass lamp with steel foot", "Red wool cushion", "Blue glass mug",
)  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    small = SmallShop(tmp_path_factory.mktemp("odd") / "small")
    made = small.open()
    small.index(made, [{"id": f"P{n}", "title": title, "price": f"{n + 1}"} for n, title in enumerate(TITLES)])
    made.suggestions.wait(60)
    yield made
    small.close()


def nonsense(count: int, seed: int = 1, length: int = 9) -> str:
    chance = random.Random(seed)
    return " ".join("".join(chance.choices("bcdfghjkmpqvwxz", k=length)) for _ in range(count))


class Counting:
    """A searcher that counts."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.searches = inner, 0

    def __getattr__(self, name: str) -> Any:
        if name == "search":
            self.searches += 1
        return getattr(self.inner, name)


def lookups(shop: Shop, words: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many tokens are looked up for words."""
    builder, asked = shop.copies.parts.words._searcher._builder, []
    real = builder._frequency
    monkeypatch.setattr(builder, "_frequency", lambda field, token: asked.append(token) or real(field, token))
    shop.copies.parts.words.search(words, 5)
    monkeypatch.setattr(builder, "_frequency", real)
    return len(asked)


def test_the_letters_of_nonsense_that_are_tried_have_an_end(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    one = lookups(shop, nonsense(1), monkeypatch)
    tried = INDEX_LETTERS // 9  # words of nine letters
    assert one > 9 * 50  # every slip of it
    for count in (tried, 31, 5_000):
        found = lookups(shop, nonsense(count), monkeypatch)
        assert 0.9 * tried * one < found < 1.1 * tried * one + 20 * MOST_TERMS, count


def test_a_term_fewer_is_not_asked_for_again_and_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    searcher = shop.copies.parts.words._searcher
    words = "kettle towel scarf mug lamp belt shirt cushion bag handbag green white blue"
    for tries in (words, f"{words} {nonsense(18)}", "kettle towel", "kettle towel mug"):
        counting = Counting(searcher._searcher)
        monkeypatch.setattr(searcher, "_searcher", counting)
        monkeypatch.setattr(searcher.tries, "_searcher", counting)
        assert len(searcher.search(tries, 5, None).matched)
        monkeypatch.undo()
        assert counting.searches <= 5  # the strictest, how many go together, these, and the main word alone


def test_fewer_tries_find_the_same(shop: Shop) -> None:
    """Against asking for one term fewer until something matches."""
    searcher, chance = shop.copies.parts.words._searcher, random.Random(3)
    pool = [*" ".join(TITLES).lower().split(), "lether", "cushoin", "xqzvw", "皮包", *nonsense(3, 5).split()]
    for _ in range(150):
        words = " ".join(chance.choices(pool, k=chance.randint(1, 9)))
        found = searcher.search(words, 20, None)
        slow = slowly(searcher, words)
        assert sorted(found.matched.tolist()) == slow, words


def slowly(searcher: Any, words: str) -> list[int]:
    builder: QueryBuilder = searcher._builder
    looked = builder.looked(all_terms(words, searcher._vocabulary)[:MOST_TERMS])
    queries, whole = [query for _, query in looked.queries], builder.whole(words)
    if not queries and whole is not None:
        queries = [whole]
    for count in range(required(looked.asked), 0, -1):
        query = preferred(at_least(queries, min(count, len(queries))), ()) if count <= len(queries) else None
        if query is None:
            continue
        query = query if whole is None else either(query, whole)
        hits = searcher._searcher.search(query, 100).hits
        if hits:
            numbers = searcher._searcher.fast_field_values("number", [address for _, address in hits])
            return sorted(int(number) for number in numbers)
    return []


def test_many_stems_at_once_are_those_of_each() -> None:
    words = ["running", "shoes", "pllover", "women", "knives", "scarf", "men's", "x"]
    assert stems(words) == [stem(word) for word in words]


def test_more_words_than_count_are_told(shop: Shop) -> None:
    words = f"red leather bag {nonsense(MOST_TERMS, length=4)}"
    notes = {note.code: note.values for note in shop.search(words).notes}
    assert notes["terms_cut"] == {"limit": MOST_TERMS}
    assert "terms_cut" not in {note.code for note in shop.search("red leather bag").notes}
    assert "terms_cut" not in {note.code for note in shop.search("red " * 100).notes}  # one word, as often as you like


def test_spellings_that_are_tried_have_an_end(shop: Shop) -> None:
    answer, table = shop.search("xqzvw"), shop.suggestions.copy.table
    asked: list[str] = []

    def matched(word: str) -> tuple[int, tuple[str, ...]]:
        asked.append(word)
        return 0, ()

    def sounds(run: str) -> tuple[str, ...]:
        heard.append(run)
        return ("xx",)

    heard: list[str] = []
    speller = Speller(table, matched, lambda _: (), frozenset(), sounds, lambda _: False)
    for count, length in ((1, 9), (7, 4), (7, 9), (8, 24), (500, 9)):
        asked.clear()
        speller.meant(nonsense(count, length=length), answer)
        assert sum(map(len, asked)) <= MOST_LETTERS
        assert len(asked) <= MOST_LETTERS // MIN_WORD
    for text in (" ".join(["皮宝"] * (MAX_RUNS + 1)), "皮宝" + " qwxz" * MAX_RUNS, "皮。" * 300):
        asked.clear()
        heard.clear()
        speller.meant(text, answer)
        assert not asked
        assert not heard


def test_a_text_of_wishes_without_end_is_looked_for_as_written(shop: Shop) -> None:
    colours = "red blue green black white yellow brown pink purple grey orange beige".split()
    few = " ".join(f"not {colour}" for colour in colours[:MOST_DENIALS])
    many = " ".join(f"not {colour}" for colour in colours[: MOST_DENIALS + 1])
    assert len(shop.search(f"bag {few}").understood) == MOST_DENIALS
    answer = shop.search(f"bag {many}")
    assert not answer.understood
    told = [note.values for note in answer.notes if note.code == "not_understood"]
    assert told == [{"chips": MOST_CHIPS, "denials": MOST_DENIALS}]
    again = shop.search("bag" + " not red" * 30)  # the same again: nothing to explain
    assert "not_understood" not in {note.code for note in again.notes}


@pytest.mark.parametrize(
    "words", ["👜" * 80, "\u202eتيق", "\ud800 bag", "a\u0301\u0327" * 2_000, "不要" * 200, "-".join(TITLES)]
)
def test_odd_words_are_answered(shop: Shop, words: str) -> None:
    answer = shop.search(Query(words.encode("utf-16", "surrogatepass").decode("utf-16", "replace")))
    assert answer.verdict in ("match", "similar", "none")
    assert np.isfinite([hit.score for hit in answer.hits]).all()
