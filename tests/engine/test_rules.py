"""Rules in a real shop: what shoppers get, and what no rule may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplens.app import Shop
from shoplens.core.answer import Answer
from shoplens.core.ports import Mask, WordMatches
from shoplens.core.query import Query, parse_sort
from shoplens.core.rules import Boost, Hide, Pin, Rule, Rulebook
from shoplens.core.where import parse_where
from shoplens.engine.ruling import Ruled, RulesAt, Weighed, Wordings, among, placed
from tests.conftest import SmallShop, cushions
from tests.support import picture

IDS = ("C1", "C2", "C3", "C4", "C5", "M1")
NOW = datetime(2026, 11, 27, tzinfo=UTC)


def ids(answer: Answer) -> list[str]:
    return [hit.product.id for hit in answer.hits]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop of cushions, for tests that change nothing in it."""
    small = SmallShop(tmp_path_factory.mktemp("rules"))
    shop = small.open()
    small.index(shop, cushions(small))
    yield shop
    small.close()


@pytest.fixture
def shop(small: SmallShop) -> Shop:
    shop = small.open()
    small.index(shop, cushions(small))
    return shop


def pin(*products: str, **more: Any) -> dict[str, Any]:
    return {"id": "pins", "then": {"pin": list(products)}, **more}


def test_a_pin_holds_its_position_and_names_its_rule(shop: Shop) -> None:
    plain = ids(shop.search("cushion"))
    last = plain[-1]
    shop.rules.put({"id": "p", "when": {"query": "cushion"}, "then": {"pin": [{"id": last, "position": 2}]}})
    answer = shop.search("cushion")
    assert ids(answer) == [plain[0], last, *plain[1:-1]]
    assert answer.applied_rules == ("p",)
    assert [h.pinned for h in answer.hits][:3] == [False, True, False]
    reason = answer.hits[1].reasons[-1]
    assert (reason.source, reason.part, reason.contribution) == ("rule", "p", 0.0)
    assert ids(shop.search("mug")) == ids(shop.search("mug", hidden_hits=("nobody",)))
    assert shop.search("mug").applied_rules == ()


def test_who_asks_for_pinned_hits_gets_these_first(shop: Shop) -> None:
    shop.rules.put(pin("C5", "M1"))
    assert ids(shop.search("cushion", pinned_hits=("C4", "M1")))[:3] == ["C4", "M1", "C5"]
    assert "C5" not in ids(shop.search("cushion", hidden_hits=("C5",)))


def test_hidden_products_and_variants_are_nowhere(shop: Shop) -> None:
    shop.rules.put({"id": "h", "then": {"hide": ["C1", {"filter": "color=blue"}]}})
    answer = shop.search("", facet_by=("color",))
    assert ids(answer) == ["C2", "C4", "C5", "M1"]
    assert answer.found == 4
    mug = next(h for h in shop.search("blue mug").hits if h.product.id == "M1")
    assert mug.variant.id == "M1-red", "its blue variant is hidden"
    assert "blue" not in {v.value for v in answer.facets[0].values}


def test_a_boost_is_a_part_of_the_score(shop: Shop) -> None:
    before = {h.product.id: h for h in shop.search("cushion").hits}
    shop.rules.put({"id": "b", "when": {"query": "cushion"}, "then": {"boost": [{"filter": "brand=Fila", "by": 1.5}]}})
    shop.rules.put({"id": "d", "when": {"query": "cushion"}, "then": {"bury": [{"ids": ["C4"], "by": 4}]}})
    answer = shop.search("cushion")
    assert answer.applied_rules == ("b", "d")
    for hit in answer.hits:
        by = {"C3": 1.5, "C4": 1.5 - 4, "C5": 1.5}.get(hit.product.id, 0)
        assert hit.score == pytest.approx(before[hit.product.id].score + by)
        assert hit.score == pytest.approx(sum(r.contribution for r in hit.reasons))
        told = {r.part: r.contribution for r in hit.reasons if r.source == "rule"}
        assert told == {k: v for k, v in (("b", 1.5), ("d", -4.0)) if hit.product.id in {"b": "C3C4C5", "d": "C4"}[k]}
    scores = [hit.score for hit in answer.hits]
    assert scores == sorted(scores, reverse=True)
    assert answer.hits[0].confidence == pytest.approx(before[answer.hits[0].product.id].confidence), "no evidence"


def test_a_boost_orders_a_page_without_words(shop: Shop) -> None:
    shop.rules.put({"id": "b", "then": {"boost": [{"filter": "brand=Fila"}], "bury": [{"ids": ["C1"], "by": 1}]}})
    assert ids(shop.search("")) == ["C3", "C4", "C5", "C2", "M1", "C1"]
    assert ids(shop.search("", where="in_stock", page=2, per_page=2)) == ["C2", "M1"]
    assert ids(shop.search("", sort_by="price:asc"))[0] == "M1", "who sorts by price gets that order"


def test_a_boost_reaches_what_stands_below_the_candidates(small: SmallShop) -> None:
    shop = small.open(search={"depth": 10})
    rows: list[Mapping[str, Any]] = [
        {"id": f"S{n:02}", "title": "Shirt", "brand": "Luma" if n < 38 else "Fila"} for n in range(40)
    ]
    small.index(shop, rows)
    plain = shop.search("shirt", semantic_ratio=0, per_page=40)
    assert ids(plain)[-2:] == ["S38", "S39"]
    shop.rules.put({"id": "b", "then": {"boost": [{"filter": "brand=Fila"}]}})
    for ratio in (0, 0.5):
        lifted = shop.search("shirt", semantic_ratio=ratio, per_page=40)
        assert ids(lifted)[:2] == ["S38", "S39"]
        assert lifted.found == plain.found
        assert sorted(ids(lifted)) == sorted(ids(plain))


def test_a_boost_reaches_pictures_that_stand_below_the_candidates(small: SmallShop) -> None:
    shop = small.open(search={"depth": 10})
    rows: list[Mapping[str, Any]] = [
        {"id": f"S{n:02}", "images": [small.paint(f"{n}.png", "red", -2 * n)]} for n in range(40)
    ]
    small.index(shop, rows)
    plain = shop.search(photos=picture("red", side=99), per_page=40)
    assert plain.found == 40
    far = ids(plain)[-1]
    shop.rules.put({"id": "b", "then": {"boost": [{"ids": [far], "by": 20}]}})
    lifted = shop.search(photos=picture("red", side=99), per_page=40)
    # The photo's own picture stands before any boost.
    same = [hit.product.id for hit in plain.hits if any(reason.source == "same picture" for reason in hit.reasons)]
    assert far not in same
    assert ids(lifted) == [*same, far, *(i for i in ids(plain) if i not in (*same, far))]


def test_a_boost_looks_at_the_variants_that_the_filter_leaves(shop: Shop) -> None:
    shop.rules.put({"id": "b", "then": {"boost": [{"filter": "color=blue"}]}})

    def boosted(where: str) -> bool:
        mug = next(hit for hit in shop.search("mug", where=where).hits if hit.product.id == "M1")
        return any(reason.source == "rule" for reason in mug.reasons)

    assert {where: boosted(where) for where in ("", "color=blue", "color=red")} == {
        "": True, "color=blue": True, "color=red": False,
    }  # fmt: skip


def test_what_is_looked_for_deeper_stays_in_the_result() -> None:
    some, result = np.array([9, 2, 7, 300], np.int64), np.array([2, 7, 8], np.int64)
    assert among(some, result).tolist() == [2, 7]


def test_a_boost_does_not_find_what_the_words_do_not(shop: Shop) -> None:
    without = shop.search("cushion", semantic_ratio=0)
    shop.rules.put({"id": "b", "then": {"boost": [{"ids": ["M1"], "by": 20}]}})
    assert set(ids(shop.search("cushion", semantic_ratio=0))) == set(ids(without))


def test_a_redirect_is_told(shop: Shop) -> None:
    shop.rules.put({"id": "r", "when": {"query": "returns", "match": "exact"}, "then": {"redirect": "/returns"}})
    assert shop.search("Returns").redirect == "/returns"
    assert shop.search("returns cushion").redirect == ""


def test_a_rule_may_ask_for_a_filter(shop: Shop) -> None:
    shop.rules.put(pin("C2", when={"filter": "brand=Luma"}))
    assert ids(shop.search("", where="brand=luma and in_stock"))[0] == "C2"
    assert ids(shop.search(""))[0] == "C1"


def test_words_that_became_a_filter_are_heard_in_rules(shop: Shop) -> None:
    shop.rules.put(pin("C2", when={"query": "cushion", "match": "exact"}))
    answer = shop.search("cushion under 25")
    assert answer.applied_rules == ("pins",)
    assert set(ids(answer)) <= {"C1", "C2", "M1"}


# --- what no rule may do -------------------------------------------------------------------------

_WHERE = st.sampled_from(
    ["brand=Luma", "price<25", "in_stock", "color=red", "not brand=Luma", "brand=Nobody", "color=blue and in_stock", ""]
)
_SOME = st.lists(st.sampled_from([*IDS, "nobody"]), min_size=1, max_size=4, unique=True)
_TARGETS = _SOME.map(tuple) | _WHERE.filter(bool).map(lambda text: parse_where(text) or ())


@st.composite
def books(draw: st.DrawFn) -> list[Rule]:
    """A few rules that all hold."""
    out = []
    for number in range(draw(st.integers(1, 4))):
        pins = [Pin(i, draw(st.integers(1, 9))) for i in draw(_SOME)]
        hides = [Hide(what) for what in draw(st.lists(_TARGETS, max_size=1))]
        boosts = [Boost(what, draw(st.sampled_from([-9.0, 0.5, 9.0]))) for what in draw(st.lists(_TARGETS, max_size=2))]
        out.append(Rule(f"r{number}", then=(*pins, *hides, *boosts), priority=draw(st.integers(0, 2))))
    return out


@settings(max_examples=80)
@given(books(), _WHERE, st.sampled_from(["", "cushion", "red mug", "zzqxw"]), st.sampled_from(["", "price:asc"]))
def test_a_rule_never_brings_back_what_a_filter_excludes(
    kept: Shop, rules: list[Rule], where: str, words: str, sort: str
) -> None:
    query = Query(words, where=parse_where(where), sort_by=parse_sort(sort), facet_by=("title",), per_page=50)
    may = set(ids(kept.search(Query(where=parse_where(where), per_page=50))))
    answer = kept._answerer.search(query, RulesAt(Rulebook(rules), NOW))
    assert set(ids(answer)) <= may
    assert answer.found == len(answer.hits)
    counted = sum(v.count for v in answer.facets[0].values) if answer.facets else 0
    assert counted == len(answer.hits), "the facets count what is found"
    hidden = {
        i for rule in rules for a in rule.then if isinstance(a, Hide) and isinstance(a.what, tuple) for i in a.what
    }
    pinned = {a.product_id for rule in rules for a in rule.then if isinstance(a, Pin)}
    assert not (hidden - pinned) & set(ids(answer))
    for hit in answer.hits:
        assert hit.score == pytest.approx(sum(r.contribution for r in hit.reasons))


@settings(max_examples=60)
@given(
    books(), _WHERE, st.sampled_from(["", "cushion", "red"]), st.integers(1, 4), st.sampled_from(["product", "variant"])
)
def test_pages_with_pins_never_repeat_or_lose_a_hit(
    kept: Shop, rules: list[Rule], where: str, words: str, size: int, group: str
) -> None:
    live = RulesAt(Rulebook(rules), NOW)

    def asked(**more: Any) -> list[tuple[str, str]]:
        answer = kept._answerer.search(Query(words, where=parse_where(where), group_by=group, **more), live)
        return [(h.product.id, h.variant.id) for h in answer.hits]

    whole = asked(per_page=50)
    pages = [hit for page in range(1, len(whole) // size + 2) for hit in asked(per_page=size, page=page)]
    assert pages == whole
    assert len({key if group == "variant" else key[0] for key in whole}) == len(whole)


# --- synonyms ------------------------------------------------------------------------------------


def test_synonyms_find_what_is_called_otherwise(shop: Shop) -> None:
    assert shop.search("pillow", semantic_ratio=0).found == 0
    shop.rules.put({"id": "s", "then": {"synonyms": [{"words": ["pillow", "cushion"]}]}})
    plain, other = (shop.search(words, semantic_ratio=0) for words in ("red cushion", "red pillow"))
    assert ids(other) == ids(plain)
    assert other.applied_rules == ("s",)
    assert (other.verdict, other.hits[0].confidence) == ("match", pytest.approx(plain.hits[0].confidence))
    assert not other.notes
    assert shop.search("pillow", semantic_ratio=0, where="brand=Fila").found == 3
    assert shop.search("mug", semantic_ratio=0).applied_rules == ()


def test_synonyms_go_one_way_if_they_are_told_to(shop: Shop) -> None:
    shop.rules.put({"id": "s", "then": {"synonyms": [{"words": ["mug"], "of": "cushion"}]}})
    assert "M1" in ids(shop.search("cushion", semantic_ratio=0))
    assert ids(shop.search("mug", semantic_ratio=0)) == ["M1"]


def test_synonyms_in_chinese_and_of_words_that_are_left(shop: Shop) -> None:
    shop.rules.put({"id": "s", "then": {"synonyms": [{"words": ["抱枕", "靠垫"]}, {"words": ["pillow", "cushion"]}]}})
    assert ids(shop.search("红色抱枕", semantic_ratio=0)) == ids(shop.search("红色靠垫", semantic_ratio=0))
    assert set(ids(shop.search("pillow under 25", semantic_ratio=0))) == {"C1", "C2"}


def test_a_match_of_more_terms_leaves_out_one_of_fewer(shop: Shop) -> None:
    """No product has both words of "yellow pillow"; the yellow cushion has both of the other wording."""
    shop.rules.put({"id": "s", "then": {"synonyms": [{"words": ["pillow", "cushion"]}]}})
    answer = shop.search("yellow pillow", semantic_ratio=0)
    assert ids(answer) == ids(shop.search("yellow cushion", semantic_ratio=0))
    assert ids(answer)[0] == "C4"


# --- the fast ways against the slow ones ---------------------------------------------------------


@given(
    st.lists(st.tuples(st.sets(st.integers(1, 60)), st.sampled_from([-2.0, 0.25, 0.5, 3.0])), max_size=14),
    st.sets(st.integers(1, 70), min_size=1),
)
def test_the_order_of_a_whole_shop(weights: list[tuple[set[int], float]], products: set[int]) -> None:
    weighed = []
    for number, (some, by) in enumerate(weights):
        mask = np.zeros(61, np.bool_)
        mask[list(some)] = True
        weighed.append(Weighed(f"r{number}", by, mask))
    total = {p: sum(by for some, by in weights if p in some) for p in products}  # exact: all are quarters
    order = Ruled(weights=tuple(weighed)).order(np.array(sorted(products), np.int64))
    assert [sorted(products)[at] for at in order] == sorted(products, key=lambda p: (-total[p], p))


@given(
    st.permutations(range(1, 13)),
    st.lists(st.integers(1, 15), max_size=4, unique=True),
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 15)), max_size=6),
)
def test_places(order: list[int], first: list[int], pins: list[tuple[int, int]]) -> None:
    result, pinned = placed(np.array(order, np.int64), np.array(first, np.int64), sorted(pins))
    whole = result.tolist()
    assert sorted(whole) == sorted({*order, *first, *(n for _, n in pins)}), "none lost, none twice"
    assert whole[: len(first)] == first
    assert set(pinned.tolist()) == {*first, *(n for _, n in pins)}
    rest = [n for n in whole if n not in set(pinned.tolist())]
    assert rest == [n for n in order if n in rest], "the others keep their order"
    only = {number: position for position, number in pins}
    if len(only) == len(pins) == len(set(only.values())) and not first:
        for before, (number, position) in enumerate(sorted(only.items(), key=lambda pin: pin[1])):
            assert whole.index(number) == min(position - 1, len(rest) + before), "at its place, or at the end"


def test_other_wordings_count_each_product_once() -> None:
    def matches(products: list[int], scores: list[float], coverage: float = 1.0, *guessed: str) -> WordMatches:
        numbers = np.array(products, np.int64)
        return WordMatches(numbers, np.array(scores, np.float32), numbers, coverage, guessed)

    class Index:
        said: ClassVar[dict[str, WordMatches]] = {
            "sofa": matches([3, 1], [5.0, 2.0]),
            "couch": matches([1, 2], [4.0, 3.0]),
            "settee": matches([9], [9.0], 1.0, "settee"),
            "half": matches([8], [9.0], 0.5),
            "none": matches([], []),
        }

        def search(self, words: str, k: int, products: Mask | None = None) -> WordMatches:
            return self.said[words]

    def asked(words: str, *others: str, k: int = 9) -> list[tuple[int, float]]:
        found = Wordings(Index(), others).search(words, k)  # type: ignore[arg-type]
        assert len(set(found.matched.tolist())) == len(found.matched)
        return list(zip(found.products.tolist(), found.scores.tolist(), strict=True))

    assert asked("sofa", "couch") == [(3, 5.0), (1, 4.0), (2, 3.0)]
    assert asked("sofa", "couch", k=2) == [(3, 5.0), (1, 4.0)]
    assert asked("settee", "none", "half") == [(8, 9.0)], "as it is written, before a letter more or less"
    assert asked("half", "sofa") == [(3, 5.0), (1, 2.0)], "more terms before fewer"
    assert asked("none", "none") == []
