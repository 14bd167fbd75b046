"""Suggestions of a small shop: what is proposed, exact counts, a copy that follows the store."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from shoplens.app import Shop
from shoplens.core.logged import LoggedQuery
from shoplens.core.query import Query
from shoplens.engine.phrase_counts import PhraseCounts
from shoplens.engine.spelling import two_letters_away
from shoplens.errors import ConfigError
from shoplens.indexes.suggestion_file import SuggestionFile
from shoplens.suggestions import LEAST_ASKED, ShopSuggestions, read_log
from tests.conftest import SmallShop, cushions

WAIT_S = 60.0


def rows_of(small: SmallShop) -> list[Mapping[str, Any]]:
    """Five cushions (the blue one sold out), a mug in two colours, and handbags that have no Chinese words."""
    rows = list(cushions(small))
    for number, colour in enumerate(("black", "black", "red"), 1):
        row = {"id": f"H{number}", "title": f"Milano {colour} leather handbag", "brand": "Bellini", "color": colour}
        rows.append(row | {"category": ["Bags", "Handbags"], "price": "99.00", "currency": "EUR", "in_stock": True})
    return rows


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    small = SmallShop(tmp_path_factory.mktemp("suggesting") / "small")
    made = small.open()
    small.index(made, rows_of(small))
    assert made.suggestions.wait(WAIT_S)
    yield made
    small.close()


def texts(shop: Shop, typed: str, limit: int = 8) -> list[str]:
    return [one.text for one in shop.suggest(typed, limit)]


def test_words_brands_categories_and_products_are_completed(shop: Shop) -> None:
    found = {one.kind: one for one in reversed(shop.suggest("b", 20))}
    assert (found["brand"].text, found["brand"].count, found["brand"].filter) == ("Bellini", 3, 'brand in ["Bellini"]')
    assert (found["category"].text, found["category"].field, found["category"].value) == ("Bags", "category", "Bags")
    assert "black" in texts(shop, "b", 20)
    assert [(one.kind, one.product_id) for one in shop.suggest("yellow cush")] == [("query", ""), ("product", "C4")]


def test_the_most_popular_come_first_and_counts_are_those_of_products_in_stock(shop: Shop) -> None:
    assert [(one.text, one.count) for one in shop.suggest("h")][:2] == [("Home", 5), ("Handbags", 3)]
    assert {one.text: one.count for one in shop.suggest("cushion", 20)}["Cushions"] == 4  # the blue one is sold out
    assert texts(shop, "blue cushion") == []


@pytest.mark.parametrize("typed", ["黑色皮包", "黑色皮", "heise pibao", "heisepi", "黑se皮", "hei se pi bao", "黑涩皮"])
def test_chinese_and_pinyin_find_what_an_english_catalogue_has(shop: Shop, typed: str) -> None:
    found = {one.text: one.count for one in shop.suggest(typed)}
    assert found["黑色皮包"] == 2


def test_a_slip_in_the_first_word_is_forgiven_where_nothing_starts_so(shop: Shop) -> None:
    for typed in ("cushoin", "cusion", "cuhsi", "xushion", "mialno bl"):
        assert texts(shop, typed), typed
        assert texts(shop, typed)[0].lower().startswith(("cushion", "milano black")), typed
    assert texts(shop, "qqqqqq") == texts(shop, "") == texts(shop, "   ") == texts(shop, "\x00😀") == []


def test_words_that_no_title_has_side_by_side_are_tried_together(shop: Shop) -> None:
    found = shop.suggest("leather mil")
    assert [(one.text, one.count) for one in found][:1] == [("leather milano", 3)]
    assert texts(shop, "mug leat") == []  # there is no leather mug


def test_every_suggestion_is_answered(shop: Shop) -> None:
    for typed in ("b", "c", "h", "m", "r", "黑", "红", "le", "milano "):
        for one in shop.suggest(typed, 20):
            words, where = ("", one.filter) if one.filter else (one.text, None)
            assert shop.search(words, where=where, per_page=1).found >= 1, one


def test_a_limit_and_long_words_are_kept_to(shop: Shop) -> None:
    assert len(shop.suggest("b", 3)) == 3
    assert shop.suggest("b", 0) == ()
    assert shop.suggest("handbag " * 1_000) == shop.suggest(("handbag " * 1_000)[:64])


def test_the_copy_follows_what_is_written_sold_out_and_removed(small: SmallShop) -> None:
    shop = small.open()
    rows = rows_of(small)
    small.index(shop, rows)
    assert shop.suggestions.wait(WAIT_S)
    assert texts(shop, "bell") == ["Bellini"]
    changed = [{**row, "brand": "Nordwind"} if row["id"] in ("H1", "H2") else row for row in rows]
    small.index(shop, changed)
    assert shop.suggestions.wait(WAIT_S)
    assert [(one.text, one.count) for one in shop.suggest("nordw")] == [("Nordwind", 2)]
    assert [one.count for one in shop.suggest("bell")] == [1]
    sold = [{**row, "in_stock": False} if row["id"] == "H3" else row for row in changed if row["id"] != "H1"]
    small.index(shop, sold)
    assert shop.suggestions.wait(WAIT_S)
    assert [one.count for one in shop.suggest("nordw")] == [1]
    assert texts(shop, "bell") == []


def test_a_question_never_waits_for_the_copy(small: SmallShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the thread stands still in the middle of its work, questions and searches are answered."""
    shop = small.open()
    small.index(shop, rows_of(small))
    going, begun = threading.Event(), threading.Event()
    put = PhraseCounts.put

    def slow(*args: Any) -> None:
        begun.set()
        assert going.wait(WAIT_S)
        put(*args)

    monkeypatch.setattr(PhraseCounts, "put", slow)
    assert shop.suggest("b") == ()
    assert begun.wait(WAIT_S)
    assert shop.suggest("b") == ()
    assert shop.search("red cushion").hits[0].product.id == "C1"
    going.set()
    assert shop.suggestions.wait(WAIT_S)
    assert shop.suggest("b")


def test_a_snapshot_is_taken_up_and_a_damaged_one_is_not(shop: Shop, tmp_path: Path) -> None:
    def fresh() -> ShopSuggestions:
        return ShopSuggestions(shop.store, lambda: shop.copies, tmp_path, None)

    path = tmp_path / "suggestions" / "counts"
    first = fresh()
    first.copy._saved = -1_000  # as if it stood far behind
    assert first.wait(WAIT_S)
    first.copy._snapshots.write(first.copy._counts)  # type: ignore[arg-type]
    second = fresh()
    kept = second.copy._snapshots.read()
    assert kept is not None
    assert (kept.seq, sorted(kept.items()), kept.titles) == (
        shop.store.last_seq(),
        sorted(first.copy._counts.items()),  # type: ignore[union-attr]
        first.copy._counts.titles,  # type: ignore[union-attr]
    )
    assert second.wait(WAIT_S)
    assert second.suggest("h") == first.suggest("h") == shop.suggest("h")
    other = SuggestionFile(path, PhraseCounts.load, "another lexicon")
    assert other.read() is None
    whole = path.read_bytes()
    for damaged in (b"", b"x" * 40, whole[:-5], whole[:60] + b"?" + whole[61:]):
        path.write_bytes(damaged)
        again = fresh()
        assert again.copy._snapshots.read() is None
        assert again.wait(WAIT_S)
        assert again.suggest("h") == shop.suggest("h")
        again.close()


def test_what_shoppers_ask_for_goes_first(shop: Shop, tmp_path: Path) -> None:
    log = tmp_path / "queries.csv"
    log.write_text("query,count\nhandbag milano,500\nhovercraft,900\n", "utf-8")
    own = ShopSuggestions(shop.store, lambda: shop.copies, tmp_path, log)
    assert own.wait(WAIT_S)
    assert next((one.text, one.count) for one in own.suggest("h")) == ("handbag milano", 3)
    assert "hovercraft" not in [one.text for one in own.suggest("ho", 20)]  # asked for often, and not to be had
    own.close()


def test_a_log_that_is_none_is_refused(tmp_path: Path) -> None:
    log = tmp_path / "queries.tsv"
    log.write_text("query\tcount\nred  Cushion\t3\nred cushion\t4\n", "utf-8")
    assert read_log(log) == {"red cushion": 3 + 4}
    for count in ("many", "\u00b2", "9" * 5000, "-1"):
        log.write_text(f"query\tcount\nred cushion\t{count}\n", "utf-8")
        with pytest.raises(ConfigError, match="line 2 has no count"):
            read_log(log)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_log(tmp_path / "missing")


@pytest.mark.parametrize(("first", "second", "away"), [
    ("cushion", "cuhsiosn", 2), ("cushion", "cushion", 0), ("backpack", "bakcpcak", 2), ("handbag", "hatbag", 2),
    ("handbag", "teabag", 3), ("kitten", "sitting", 3),
])  # fmt: skip
def test_two_letters_away(first: str, second: str, away: int) -> None:
    assert two_letters_away(first, second) == two_letters_away(second, first) == (away <= 2)


def test_the_log_of_a_shop_itself_is_read(tmp_path: Path) -> None:
    words = ["Red  cushion"] * LEAST_ASKED + ["my secret"] * (LEAST_ASKED - 1)
    lines = [LoggedQuery("2026-01-01T00:00:00Z", one, found=4) for one in words]
    lines += [LoggedQuery("2026-01-01T00:00:00Z", "hovercraft", found=0)] * 9
    today = datetime.now(UTC).date().isoformat()
    (tmp_path / f"{today}.jsonl").write_bytes(b"".join(orjson.dumps(line.to_fields()) + b"\n" for line in lines))
    assert read_log(tmp_path) == {"red cushion": LEAST_ASKED}


# --- did you mean ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("balck handbag", "black handbag"),
        ("Mialno handbag", "milano handbag"),
        ("cushoin", "cushion"),
        ("cuhsiosn", "cushions"),  # two letters, in a long word
        ("heise pibao", "黑色皮包"),
        ("heisepibao", "黑色皮包"),
        ("黑色皮报", "黑色皮包"),
        ("皮保", "皮包"),
        ("黑色 pibao", "黑色 皮包"),
        ("under 50 cushoin", "under 50 cushion"),
        ("leather hadbag", "leather handbag"),
        ("bleck cushion", "black cushion"),
    ],
)
def test_other_words_are_proposed_for_those_that_do_not_find(shop: Shop, words: str, meant: str) -> None:
    assert shop.search(words).did_you_mean == meant
    assert shop.search(meant).did_you_mean == ""


def test_what_is_corrected_is_not_told_a_second_time(shop: Shop) -> None:
    found = shop._answerer.search(Query("leather hadbag"))
    assert [(note.code, note.values["written"]) for note in found.notes] == [("typo", "hadbag")]
    answer = shop.search("leather hadbag")
    assert (answer.did_you_mean, answer.notes) == ("leather handbag", ())
    assert [hit.product.id for hit in answer.hits] == [hit.product.id for hit in found.hits]


@pytest.mark.parametrize(
    "words",
    ["black handbag", "黑色皮包", "红色靠垫", "Milano", "mug", "cushions", "red", "", "qwxzv", "香蕉", "sofa", "table",
     "H1", "bell", "hao", "Bellini leather"],
)  # fmt: skip
def test_nothing_is_proposed_for_words_that_find_or_that_are_words(shop: Shop, words: str) -> None:
    assert shop.search(words).did_you_mean == ""


def test_odd_words_are_no_trouble(shop: Shop) -> None:
    odd = (
        "😀" * 50,
        "a" * 10_000,
        "皮" * 500,
        "<script>",
        "'; DROP TABLE",
        "\ud800",
        "كرة حمراء",
        "a b c d e f g h i j k l",
    )
    for words in odd:
        shop.suggest(words)
        shop.search(Query(words=words, per_page=1))
