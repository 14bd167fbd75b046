"""Facets: counts as if nothing were ticked in the facet itself, against products counted one by one."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from shoplens.app import Shop
from shoplens.core.answer import Facet
from shoplens.core.catalogue import Product, records
from shoplens.core.facet_fields import facet_to_fields
from shoplens.core.facet_terms import ticked, without_own
from shoplens.core.query import Query
from shoplens.core.where import All, Any_, Compare, In, Not, Where, meets, number, parse_where
from tests.engine.conftest import KINDS
from tests.support import COLOURS

FIELDS = ("color", "brand", "size", "category", "price", "in_stock", "weight")

# --- one by one ----------------------------------------------------------------------------------


def terms_of(where: Where | None) -> list[Where]:
    return [] if where is None else list(where.terms) if isinstance(where, All) else [where]


def fields_in(where: Where) -> set[str]:
    if isinstance(where, Not):
        return fields_in(where.term)
    return set().union(*map(fields_in, where.terms)) if isinstance(where, (All, Any_)) else {where.field}


Rows = list[tuple[Product, list[Mapping[str, tuple[Any, ...]]]]]
"""Products with the records of their variants."""


def left_by(rows: Rows, where: Where | None, field: str) -> Rows:
    """The products and variants that meet what is not the field's own."""
    rest = [term for term in terms_of(where) if fields_in(term) != {field}]
    some = [(p, [r for r in own if all(term.matches(r) for term in rest)]) for p, own in rows]
    return [(p, own) for p, own in some if own]


def check(facet: Facet, rows: Rows, told: str) -> None:
    """A facet against products that are counted one by one."""
    values = [{v for r in own for v in r.get(facet.field, ())} for _, own in rows]
    texts = [{"true" if v is True else "false" if v is False else v for v in some} for some in values]
    counts = Counter(v for some in texts for v in some if not isinstance(v, float))
    numbers = [[n for v in some if (n := number(v)) is not None] for some in values]
    every = [n for some in numbers for n in some]
    assert {v.value: v.count for v in facet.values} == counts, told
    assert facet.missing == sum(not some for some in values), told
    assert (facet.minimum, facet.maximum) == (min(every, default=None), max(every, default=None)), told
    for one in facet.ranges:
        low, high = one.low if one.low is not None else -math.inf, one.high if one.high is not None else math.inf
        assert one.count == sum(any(low <= n < high for n in some) for some in numbers) > 0, told
    assert (len(facet.ranges) > 1) == (len(set(every)) > 1), told
    for level in facet.levels:
        depth = level.path.count(" > ") + 1 if level.path else 0
        below = {v: n for v, n in counts.items() if v.count(" > ") == depth and v.startswith(level.path)}
        assert {v.value: v.count for v in level.values} == below, told


def some_filter(chance: random.Random) -> Where | None:
    """A filter as shops ask them: a few terms joined by `and`; some lists, denials, or joined by `or`."""

    def condition() -> Where:
        field = chance.choice(["color", "brand", "size", "category", "price", "in_stock", "weight"])
        if field in ("price", "weight"):
            limit = str(chance.choice([1, 9.99, 20, 35.5, 60]))
            return Compare(field, chance.choice(["<", "<=", ">", ">=", "="]), limit)  # type: ignore[arg-type]
        values = {
            "color": list(COLOURS), "brand": ["Luma", "fila", "Casa"], "size": ["S", "M", "L"],
            "in_stock": ["true", "no"], "category": ["Home", "Home > Mugs", "home > towels", "Gifts", "Gifts > Home"],
        }[field]  # fmt: skip
        if chance.random() < 0.4:
            return In(field, tuple(chance.sample(values, chance.randint(1, len(values)))))
        return Compare(field, "=", chance.choice(values))

    def term() -> Where:
        draw = chance.random()
        if draw < 0.15:
            return Not(condition())
        if draw < 0.3:
            return Any_((condition(), condition()))
        return condition()

    terms = [term() for _ in range(chance.randint(0, 4))]
    return All(tuple(terms)) if len(terms) > 1 else terms[0] if terms else None


def hold(varied: Shop, products: list[Product], seed: int, filters: int) -> None:
    chance = random.Random(seed)
    rows = [(product, list(records(product))) for product in products]
    for _ in range(filters):
        where, words = some_filter(chance), chance.choice(["", "", "mug", "towel"])
        answer = varied.search(
            Query(words, where=where, facet_by=FIELDS, semantic_ratio=0, understand=False, per_page=250)
        )
        said = [(p, own) for p, own in rows if words in p.title.lower() or words in str(p.category).lower()]
        assert {h.product.id for h in answer.hits} == {p.id for p, _ in said if meets(p, where)}
        for facet in answer.facets:
            check(facet, left_by(said, where, facet.field), f"{facet.field} of {where}")


def test_facets_are_what_counting_one_by_one_gives(varied: Shop, products: list[Product]) -> None:
    hold(varied, products, 1, 80)


@pytest.mark.slow
def test_facets_of_ten_thousand_filters(varied: Shop, products: list[Product]) -> None:
    hold(varied, products, 2, 10_000)


# --- as asked without the facet's own terms ------------------------------------------------------


@pytest.mark.parametrize("query", [{"words": "red mug"}, {"words": "not red"}, {"words": "blue"}, {"like": ["P3"]}])
def test_a_facet_is_that_of_the_query_without_its_own_terms(varied: Shop, query: dict[str, Any]) -> None:
    chance = random.Random(4)
    for _ in range(6):
        where = some_filter(chance)
        answer = varied.search(where=where, facet_by=FIELDS, pinned_hits=("P1", "P2"), **query)
        for facet in answer.facets:
            rest, _ = without_own(where, facet.field)
            alone = varied.search(where=rest, facet_by=(facet.field,), pinned_hits=("P1", "P2"), **query).facets[0]
            assert (facet.values, facet.missing, facet.ranges) == (alone.values, alone.missing, alone.ranges)


def test_what_was_understood_of_the_words_is_no_tick(varied: Shop) -> None:
    price = varied.search("mug under 20 euros", facet_by=("price",), where="price<60").facets[0]
    assert price.maximum is not None
    assert price.maximum <= 20


# --- which terms are the facet's own -------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rest", "own"),
    [
        ("", "", ()),
        ("color=red", "", ("red",)),
        ("brand=Luma", "brand=Luma", ()),
        ("color=red and brand=Luma", "brand=Luma", ("red",)),
        ("(color=red or color=blue) and brand=Luma and price<5", "brand=Luma and price<5", ("red", "blue")),
        ("color in [red, blue] and color!=green", "", ("red", "blue")),
        ("color=red or brand=Luma", "color=red or brand=Luma", ()),
        ("brand=Luma and (price<5 and (color=red and size=S))", "brand=Luma and price<5 and size=S", ("red",)),
        ("not (color=red)", "", ()),
        ("not (color=red and brand=Luma)", "not (color=red and brand=Luma)", ()),
        ("color ~ re", "", ()),
    ],
)
def test_a_facets_own_terms(text: str, rest: str, own: tuple[str, ...]) -> None:
    left, terms = without_own(parse_where(text), "color")
    assert (str(left or ""), ticked(terms)) == (str(parse_where(rest) or ""), own)


def test_categories_have_levels_down_the_chosen_path(varied: Shop) -> None:
    def levels(where: str) -> dict[str, list[str]]:
        facet = varied.search("", where=where, facet_by=("category",)).facets[0]
        return {level.path: sorted(v.value for v in level.values) for level in facet.levels}

    top = {"": ["Gifts", "Home"]}
    home = {"Home": ["Home > Cushions", "Home > Mugs", "Home > Towels"]}
    assert levels("") == top
    assert levels("category=home") == levels('category="Home > Mugs"') == top | home
    gifts = {"Gifts": ["Gifts > Home"], "Gifts > Home": [f"Gifts > Home > {kind}s" for kind in KINDS]}
    assert levels('category in ["Gifts > Home", Home]') == top | gifts | home
    assert levels("category=Gifts") == top | gifts, "what stands alone is opened"
    assert levels("category=Nowhere") == top


def test_ranges_on_the_wire_can_be_asked_as_they_stand(varied: Shop) -> None:
    (facet,) = varied.search("", where="price<60 and brand=Luma", facet_by=("price",)).facets
    told = facet_to_fields(facet)["ranges"]
    assert len(told) > 2
    assert "from" not in told[0]
    assert "to" not in told[-1]
    for one in told:
        found = varied.search("", where=f"brand=Luma and {one['filter']}", per_page=0).found
        assert found == one["count"]
