"""Rules without a shop: when one holds, and who wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplens.core.phrases import phrase, replacements
from shoplens.core.query import Query, Seed, parse_sort
from shoplens.core.rule_fields import rule_from_fields, rule_to_fields, version_to_fields
from shoplens.core.rules import (
    MAX_ALTERNATIVES,
    Boost,
    Condition,
    Hide,
    Pin,
    Placed,
    Plan,
    Redirect,
    Rule,
    Rulebook,
    RuleVersion,
    Synonyms,
    applied,
    demands,
)
from shoplens.core.where import parse_where
from shoplens.errors import RuleError
from tests.suites.rule_store import IDS, rules

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
HERE = (Pin("P1"),)


def rule(name: str = "r", **fields: Any) -> Rule:
    return Rule(name, then=fields.pop("then", HERE), **fields)


def holds(when: Condition, query: Query | str, said: str | None = None) -> bool:
    asked = Query(query) if isinstance(query, str) else query
    return bool(Rulebook([rule(when=when)]).plan(asked, NOON, said).rules)


@pytest.mark.parametrize(
    ("phrases", "match", "words", "expected"),
    [
        (("sandals",), "contains", "red SANDALS for her", True),
        (("sandals",), "contains", "sandalwood", False),
        (("beach towel",), "contains", "a beach-towel", True),
        (("beach towel",), "contains", "towel beach", False),
        (("靠垫",), "contains", "红色靠垫套", True),
        (("垫靠",), "contains", "红色靠垫套", False),
        (("T-Shirt",), "exact", "t shirt", True),
        (("t-shirt",), "exact", "red t-shirt", False),
        (("cafe",), "exact", "Café", True),
        (("ＡＢＣ",), "exact", "abc", True),
        (("sofa", "couch"), "exact", "couch", True),
        ((), "contains", "anything", True),
        ((), "contains", "", True),
        (("",), "exact", "", True),
        (("",), "exact", "?!", False),
        (("",), "exact", "red", False),
    ],
)
def test_words(phrases: tuple[str, ...], match: Any, words: str, expected: bool) -> None:
    assert holds(Condition(phrases, match), words) is expected


def test_the_home_page_is_a_query_of_nothing_at_all() -> None:
    assert not holds(Condition(("",), "exact"), Query(seeds=(Seed("P2"),)))
    assert not holds(Condition(("",), "exact"), Query(""), said="under $50")


def test_words_as_typed_and_words_that_are_left_both_count() -> None:
    # "under $50" has become a filter: what is left is still a query for sandals, and what was typed still says $50.
    assert holds(Condition(("sandals",), "exact"), "sandals", said="sandals under $50")
    assert holds(Condition(("under $50",), "contains"), "sandals", said="sandals under $50")


@pytest.mark.parametrize(
    ("demanded", "wanted", "expected"),
    [
        ("brand=Luma", "brand=luma", True),
        ("brand=Luma and price<50", "brand=Luma", True),
        ("brand in [Luma, Fila]", "brand=Luma", False),
        ("brand=Luma", "brand in [Luma, Fila]", True),
        ("brand=Luma or in_stock", "brand=Luma", False),
        ("price<50 and brand=Luma", "brand=Luma and price<50", True),
        ("price<50", "price", True),
        ("not price<50", "price", False),
        ("not brand=Luma", "brand=Luma", False),
        ("", "brand=Luma", False),
    ],
)
def test_what_a_filter_demands(demanded: str, wanted: str, expected: bool) -> None:
    condition = parse_where(wanted)
    assert condition is not None
    assert demands(parse_where(demanded), condition) is expected
    assert holds(Condition(filter=condition), Query(where=parse_where(demanded))) is expected


def test_a_rule_has_its_time() -> None:
    timed = rule(starts=NOON, ends=NOON + timedelta(hours=1))
    at = {
        minutes: bool(applied([timed], Query(), NOON + timedelta(minutes=minutes)).rules) for minutes in (-1, 0, 59, 60)
    }
    assert at == {-1: False, 0: True, 59: True, 60: False}
    assert not applied([rule(enabled=False)], Query(), NOON).rules


def plan(*given: Rule, query: Query | None = None) -> Plan:
    return applied(given, query or Query(), NOON)


def test_the_higher_priority_wins_then_the_lesser_id() -> None:
    first, second = rule("b", then=(Redirect("/b"),), priority=1), rule("a", then=(Redirect("/a"),))
    assert (plan(second, first).redirect, plan(second, first).rules) == ("/b", ("b",))
    assert plan(second, replace(first, priority=0)).redirect == "/a"


def test_a_place_that_is_taken_becomes_the_next_free_one() -> None:
    given = [
        rule("a", then=(Pin("P1", 1), Pin("P2", 2)), priority=2),
        rule("b", then=(Pin("P3", 1), Pin("P1", 5)), priority=1),
        rule("c", then=(Pin("P1", 1),)),
    ]
    assert plan(*given).pins == (Placed("P1", 1, "a"), Placed("P2", 2, "a"), Placed("P3", 3, "b"))
    assert plan(*given).rules == ("a", "b")


def test_pinned_and_hidden() -> None:
    pins, hides = rule("p", then=(Pin("P1"), Pin("P2", 2))), rule("h", then=(Hide(("P1", "P3")),))
    weak = plan(pins, replace(hides, priority=-1))
    assert [p.product_id for p in weak.pins] == ["P1", "P2"]
    assert [h.what for h in weak.hidden] == [("P3",)]
    strong = plan(pins, replace(hides, priority=1))
    assert [p.product_id for p in strong.pins] == ["P2"]
    assert [h.what for h in strong.hidden] == [("P1", "P3")]
    where = parse_where("brand=Fila")
    assert where is not None
    by_filter = plan(pins, rule("h", then=(Hide(where),), priority=-1))
    assert by_filter.hidden[0].kept == ("P1", "P2")


def test_pins_and_boosts_leave_an_order_by_price_alone() -> None:
    given = rule(then=(Pin("P1"), Boost(("P2",)), Hide(("P3",))))
    sorted_by_price = plan(given, query=Query(sort_by=parse_sort("price")))
    assert (sorted_by_price.pins, sorted_by_price.weights) == ((), ())
    assert sorted_by_price.hidden
    assert plan(given).weights[0].by == 2.0


def test_synonyms_both_ways_and_one_way() -> None:
    both, one = rule("s", then=(Synonyms(("sofa", "couch")),)), rule("o", then=(Synonyms(("sneaker",), "trainers"),))
    book = [both, one]
    said = {words: plan(*book, query=Query(words)).alternatives for words in
            ("Red Sofa bed", "couch", "trainers", "sneaker", "sofas", "sofa trainers")}  # fmt: skip
    assert said == {
        "Red Sofa bed": ("red couch bed",),
        "couch": ("sofa",),
        "trainers": ("sneaker",),
        "sneaker": (),
        "sofas": (),
        "sofa trainers": ("sofa sneaker", "couch trainers", "couch sneaker"),
    }
    assert plan(*book, query=Query("couch")).rules == ("s",)
    assert plan(*book, query=Query("chair")).rules == ()
    many = rule(then=(Synonyms(tuple(f"word{n}" for n in range(30))),))
    assert len(plan(many, query=Query("word3")).alternatives) == MAX_ALTERNATIVES


def test_a_phrase_is_replaced_where_it_stands() -> None:
    assert list(replacements("a sofa, a SOFA", "sofa", "couch")) == ["a couch, a sofa", "a sofa, a couch"]
    assert list(replacements("红色沙发床", "沙发", "长椅")) == ["红色长椅床"]


@given(st.text(max_size=30), st.text(max_size=10))
def test_phrases_of_any_text(text: str, other: str) -> None:
    words = phrase(text)
    assert phrase(" ".join(words)) == words
    for replaced in replacements(text, text, other):
        assert phrase(replaced) == phrase(other) or not words


@given(rules(IDS))
def test_a_rule_is_its_json(one: Rule) -> None:
    assert rule_from_fields(rule_to_fields(one)) == one
    version = RuleVersion(one.id, 3, one, "put", NOON, "anna", 7)
    assert version_to_fields(version)["at"] == "2026-11-27T12:00:00Z"


def test_short_forms() -> None:
    short = {
        "when": {"query": "sofa"},
        "then": {"pin": ["P1", {"id": "P2", "position": 9}], "hide": "P3", "bury": {"ids": ["P4"]}},
        "starts": "2026-11-27",
        "ends": "2026-11-28T00:00:00+01:00",
    }
    made = rule_from_fields(short, "x")
    assert made.then == (Pin("P1", 1), Pin("P2", 9), Hide(("P3",)), Boost(("P4",), -2.0))
    assert made.when == Condition(("sofa",))
    assert (made.starts, made.ends) == (datetime(2026, 11, 27, tzinfo=UTC), datetime(2026, 11, 27, 23, tzinfo=UTC))


THEN = {"pin": ["P1"]}


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"id": "r", "then": {}}, "then"),
        ({"id": "", "then": THEN}, "id"),
        ({"id": "a b", "then": THEN}, "id"),
        ({"id": "r", "than": THEN}, "than"),
        ({"id": "r", "then": {"pin": [1]}}, "pin"),
        ({"id": "r", "then": {"pin": [{"id": "P1", "position": 0}]}}, "then.pin[0]"),
        ({"id": "r", "then": {"pin": ["P1", "P1"]}}, "then.pin"),
        ({"id": "r", "then": {"pin": ["P1"], "hide": ["P1"]}}, "then.hide"),
        ({"id": "r", "then": {"hide": [{"filter": "price<"}]}}, "then.hide[0].filter"),
        ({"id": "r", "then": {"boost": [{"by": 2}]}}, "then.boost[0]"),
        ({"id": "r", "then": {"boost": [{"ids": []}]}}, "then.boost[0].ids"),
        ({"id": "r", "then": {"bury": [{"ids": ["P1"], "by": -1}]}}, "then.bury[0].by"),
        ({"id": "r", "then": {"redirect": "javascript:alert(1)"}}, "then.redirect"),
        ({"id": "r", "then": {"redirect": "//evil.example"}}, "then.redirect"),
        ({"id": "r", "then": {"synonyms": [{"words": ["sofa", "Sofa"]}]}}, "then.synonyms[0]"),
        ({"id": "r", "then": {"synonyms": [{"words": ["sofa", "?"]}]}}, "then.synonyms[0]"),
        ({"id": "r", "then": THEN, "when": {"query": "?"}}, "when.query"),
        ({"id": "r", "then": THEN, "when": {"match": "regex"}}, "when.match"),
        ({"id": "r", "then": THEN, "when": {"filter": "and"}}, "when.filter"),
        ({"id": "r", "then": THEN, "starts": "soon"}, "starts"),
        ({"id": "r", "then": THEN, "starts": "2026-02-02", "ends": "2026-02-02"}, "ends"),
        ({"id": "r", "then": THEN, "priority": 1e9}, "priority"),
        ({"id": "r", "then": THEN, "enabled": "no"}, "enabled"),
        ([], None),
    ],
)
def test_what_makes_no_sense_is_named(fields: Mapping[str, Any], where: str | None) -> None:
    with pytest.raises(RuleError) as told:
        rule_from_fields(fields)
    assert told.value.hint
    assert where is None or where in (told.value.where or "")
