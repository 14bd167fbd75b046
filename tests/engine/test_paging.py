"""Pages, by number and by cursor: none repeats or loses a hit; cursors of something else are refused."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shoplens.app import Shop
from shoplens.core.answer import Answer
from shoplens.core.catalogue import Money, Product, Variant
from shoplens.core.diversity import mmr
from shoplens.core.ports import Write
from shoplens.core.query import Query, QueryPicture, parse_sort
from shoplens.core.where import All, Where, parse_where
from shoplens.errors import FilterError, QueryError
from tests.conftest import SmallShop
from tests.support import picture

WORDS = st.sampled_from(["", "mug", "red", "red mug", "not red", "number"])
SORTS = st.sampled_from(["", "", "brand:asc", "price:desc", "in_stock:desc,weight", "size"])
FILTERS = st.sampled_from(["", "brand=Luma", "price<60 and in_stock", "color in [red, blue]", "not size=S"])


def hits(answer: Answer) -> list[tuple[str, str]]:
    return [(hit.product.id, hit.variant.id) for hit in answer.hits]


def by_number(shop: Shop, query: Query, size: int) -> list[Answer]:
    pages = [shop.search(replace(query, per_page=size))]
    while len(pages) * size < pages[0].found:
        pages.append(shop.search(replace(query, per_page=size, page=len(pages) + 1)))
    return pages


def by_cursor(shop: Shop, query: Query, size: int) -> list[Answer]:
    pages = [shop.search(replace(query, per_page=size))]
    while pages[-1].next_cursor:
        pages.append(shop.search(replace(query, per_page=size, cursor=pages[-1].next_cursor)))
    return pages


@settings(max_examples=25)
@given(
    WORDS, SORTS, FILTERS, st.sampled_from(["product", "variant"]), st.sampled_from([0.0, 0.0, 0.6]),
    st.lists(st.sampled_from(["P1", "P7", "P30", "nope"]), unique=True), st.integers(3, 40),
)  # fmt: skip
def test_pages_never_repeat_or_lose_a_hit(
    varied: Shop, words: str, sort: str, where: str, group: str, diversity: float, pinned: list[str], size: int
) -> None:
    query = Query(
        words, where=parse_where(where), sort_by=parse_sort(sort), group_by=group, diversity=diversity,
        pinned_hits=tuple(pinned),
    )  # fmt: skip
    whole = varied.search(replace(query, per_page=250))
    every = hits(whole)
    assert len(set(every)) == len(every) == whole.found
    assert whole.next_cursor == ""
    if group == "product":
        assert len({product for product, _ in every}) == len(every)
    for pages in (by_number(varied, query, size), by_cursor(varied, query, size)):
        assert [one for page in pages for one in hits(page)] == every
        assert [hit.position for page in pages for hit in page.hits] == list(range(1, len(every) + 1))
        assert [page.page for page in pages] == list(range(1, len(pages) + 1))
        assert {page.found for page in pages} == {len(every)}


def test_a_photos_pages(varied: Shop) -> None:
    query = Query(pictures=(QueryPicture(picture("red")),), group_by="variant")
    every = hits(varied.search(replace(query, per_page=250)))
    assert [one for page in by_cursor(varied, query, 7) for one in hits(page)] == every
    cursor = varied.search(replace(query, per_page=7)).next_cursor
    with pytest.raises(QueryError, match="another query"):
        varied.search(Query(pictures=(QueryPicture(picture("blue")),), group_by="variant", cursor=cursor))


# --- what is no cursor of this search ------------------------------------------------------------


@given(st.data())
@settings(max_examples=40)
def test_a_damaged_cursor_is_refused(varied: Shop, data: st.DataObject) -> None:
    cursor = varied.search("mug", per_page=5).next_cursor
    at = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_é=%"))
    changed = data.draw(st.sampled_from([cursor[:at] + other + cursor[at + 1 :], cursor[:at], cursor + other]))
    padded = changed + "=" * (-len(changed) % 4)
    assume(changed.isascii() and changed != cursor and changed)
    with suppress(ValueError):  # base64 may be spelt in more than one way
        assume(base64.urlsafe_b64decode(padded) != base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    with pytest.raises(QueryError, match="cursor") as told:
        varied.search(Query("mug", per_page=5, cursor=changed))
    assert told.value.where == "cursor"


@pytest.mark.parametrize(
    "changed",
    [{"words": "towel"}, {"where": parse_where("brand=Luma")}, {"sort_by": parse_sort("price")}, {"diversity": 0.5},
     {"group_by": "variant"}, {"hidden_hits": ("P1",)}, {"semantic_ratio": 0.1}, {"understand": False}],
)  # fmt: skip
def test_a_cursor_of_another_query_is_refused(varied: Shop, changed: dict[str, Any]) -> None:
    query = Query("mug", per_page=5)
    cursor = varied.search(query).next_cursor
    with pytest.raises(QueryError, match="another query"):
        varied.search(replace(query, cursor=cursor, **changed))
    same = replace(query, cursor=cursor, per_page=3, facet_by=("color",), explain=True, user_token="u")
    assert hits(varied.search(same)) == hits(varied.search(replace(query, per_page=250)))[5:8]


def test_a_page_and_a_cursor_are_one_too_many(varied: Shop) -> None:
    cursor = varied.search("mug", per_page=5).next_cursor
    with pytest.raises(QueryError, match="both a page and a cursor"):
        Query("mug", page=2, cursor=cursor)
    with pytest.raises(QueryError, match="next_cursor"):
        Query("mug", page=1_000, per_page=24)
    with pytest.raises(QueryError, match="characters"):
        Query("mug", cursor="A" * 401)


# --- writes between pages ------------------------------------------------------------------------


def thing(n: int, price: int) -> Product:
    return Product(id=f"T{n:03}", title=f"Thing {n}", variants=(Variant(f"T{n:03}", price=Money(price, "EUR")),))


@pytest.fixture
def things(small: SmallShop) -> Callable[[], Shop]:
    def make() -> Shop:
        shop = small.open()
        shop.store.write(Write(put=[thing(n, 1_000 + 10 * (n // 2)) for n in range(40)]))
        return shop

    return make


def test_writes_between_pages(things: Callable[[], Shop]) -> None:
    shop = things()
    query = Query(sort_by=parse_sort("price"), per_page=10)

    def then(cursor: str) -> list[str]:
        return [hit.product.id for hit in shop.search(replace(query, cursor=cursor)).hits]

    first = shop.search(query)
    cursor = first.next_cursor
    second = then(cursor)
    assert second == [f"T{n:03}" for n in range(10, 20)]
    shop.store.write(Write(put=[thing(100 + n, 500) for n in range(7)]))  # before all that was shown
    assert then(cursor) == second
    shop.store.write(Write(delete=["T009", "T003", "T002"]))  # the last one shown, and others
    assert then(cursor) == second
    shop.store.write(Write(put=[thing(8, 9_000), thing(7, 1)]))  # shown ones go to the end and to the beginning
    assert then(cursor) == second
    shop.store.write(Write(delete=["T010"]))
    assert then(cursor) == [*second[1:], "T020"]
    shop.store.write(Write(delete=[f"T{n:03}" for n in range(10)]))  # all that the cursor names
    assert len(then(cursor)) == 10
    shop.store.write(Write(delete=[f"T{n:03}" for n in range(200)]))
    assert then(cursor) == []


def test_a_cursor_of_another_shop_is_refused(things: Callable[[], Shop], tmp_path_factory: Any) -> None:
    other = SmallShop(tmp_path_factory.mktemp("other"))
    try:
        shop = other.open()
        shop.store.write(Write(put=[replace(thing(n, 1_000), id=f"O{n}") for n in range(40)]))
        cursor = shop.search(Query(per_page=10)).next_cursor
    finally:
        other.close()
    with pytest.raises(QueryError, match="another shop"):
        things().search(Query(per_page=10, cursor=cursor))


def test_cursors_reach_what_page_numbers_do_not(varied: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shoplens.core.query.MAX_WINDOW", 20)
    with pytest.raises(QueryError, match="next_cursor"):
        by_number(varied, Query(per_page=9), 9)
    assert len({one for page in by_cursor(varied, Query(per_page=9), 9) for one in hits(page)}) == 48


# --- a filter takes away and never adds ----------------------------------------------------------


def both(one: Where | None, other: Where | None) -> Where | None:
    every = [where for where in (one, other) if where is not None]
    return All(tuple(every)) if len(every) > 1 else every[0] if every else None


def found(shop: Shop, words: str, where: Where | None, **more: Any) -> set[str]:
    return {hit.product.id for hit in shop.search(Query(words, where=where, per_page=250, **more)).hits}


@settings(max_examples=50)
@given(
    st.sampled_from(["", "mug", "red", "red mug", "blue towel", "green cushion number", "not red", "under 40 euros"]),
    FILTERS,
    FILTERS,
)
def test_a_filter_leaves_some_of_what_is_found_without_it(varied: Shop, words: str, one: str, other: str) -> None:
    narrow = both(parse_where(one), parse_where(other))
    assert found(varied, words, narrow) <= found(varied, words, parse_where(one))


# --- order ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["mug", "number", ""])
def test_ties_of_a_sort_are_in_order_of_relevance(varied: Shop, words: str) -> None:
    plain = [hit.product.id for hit in varied.search(words, per_page=250, semantic_ratio=0.0).hits]
    answer = varied.search(words, sort_by="brand:desc", per_page=250, semantic_ratio=0.0)
    expected = sorted(answer.hits, key=lambda hit: plain.index(hit.product.id))
    expected.sort(key=lambda hit: hit.product.brand, reverse=True)  # stable; those without a brand come last
    assert [hit.product.id for hit in answer.hits] == [hit.product.id for hit in expected]


@pytest.mark.parametrize("group", ["product", "variant"])
def test_the_variant_that_the_words_mean_is_shown(varied: Shop, group: str) -> None:
    answer = varied.search("red", group_by=group, where="color in [red, green]", per_page=250)
    seen: set[str] = set()
    for hit in answer.hits:
        colours = {c for v in hit.product.variants for c in v.attributes["color"]}
        if hit.product.id not in seen and "red" in colours:
            assert hit.variant.attributes["color"] == ("red",)
        seen.add(hit.product.id)
        assert hit.variant.attributes["color"][0] in ("red", "green"), "what the filter excludes is not shown"
    assert "red" in {hit.variant.attributes["color"][0] for hit in answer.hits}


# --- diversity -----------------------------------------------------------------------------------


def plain_mmr(relevance: list[float], likeness: np.ndarray[Any, Any], diversity: float) -> list[int]:
    """The definition, written out."""
    order = [0]
    while len(order) < len(relevance):
        left = [n for n in range(len(relevance)) if n not in order]
        order.append(
            max(
                left,
                key=lambda n: ((1 - diversity) * relevance[n] - diversity * max(likeness[n, m] for m in order), -n),
            )
        )
    return order


@given(st.integers(1, 12), st.floats(0, 1), st.integers(0, 10_000))
def test_mmr_is_its_definition(count: int, diversity: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    relevance = np.sort(rng.integers(0, 5, count) / 4)[::-1].copy()
    vectors = rng.standard_normal((count, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    likeness = vectors @ vectors.T
    order, nearest = mmr(relevance, likeness, diversity)
    assert order == plain_mmr(relevance.tolist(), likeness, diversity)
    for at, (one, like) in enumerate(zip(order, nearest, strict=True)):
        assert like == -1 if at == 0 else likeness[one, like] == likeness[one, order[:at]].max()


def test_diversity_spreads_the_first_hits(varied: Shop) -> None:
    query = Query("cushion", per_page=12)
    plain, spread = varied.search(query), varied.search(replace(query, diversity=0.7))
    assert hits(varied.search(replace(query, diversity=0.0))) == hits(plain)
    assert spread.hits[0].product.id == plain.hits[0].product.id
    assert spread.found == plain.found
    moved = [hit for hit in spread.hits if any(r.source == "diversity" for r in hit.reasons)]
    assert moved
    every = [hit.product.id for hit in varied.search(replace(query, per_page=250)).hits]
    for hit in spread.hits:
        assert hit.score == pytest.approx(sum(r.contribution for r in hit.reasons))
        for reason in (r for r in hit.reasons if r.source == "diversity"):
            assert every[reason.rank - 1] == hit.product.id, "the place without diversity"
            assert reason.part in {h.product.id for h in spread.hits[: hit.position - 1]}
            assert reason.contribution == 0
        stays = every[hit.position - 1] == hit.product.id
        assert stays == (hit not in moved)


def test_diversity_and_an_order_of_ones_own(varied: Shop) -> None:
    query = Query("cushion", sort_by=parse_sort("price"), per_page=12)
    assert hits(varied.search(replace(query, diversity=0.7))) == hits(varied.search(query))
    answer = varied.search(replace(query, diversity=0.7))
    assert "diversity_sorted" in [note.code for note in answer.notes]
    with pytest.raises(QueryError, match="between 0 and 1"):
        Query(diversity=1.5)


# --- filters that can never hold -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "field"),
    [("in_stock=maybe", "in_stock"), ("brand=Luma and not in_stock in [yes, perhaps]", "in_stock"),
     ("has_picture~x", "has_picture"), ("in_stock>0", "in_stock"), ("price=cheap", "price"), ("price ~ 9", "price"),
     ("price in [10, low] or brand=Luma", "price"), ("quantity=few", "quantity")],
)  # fmt: skip
def test_a_condition_that_no_value_can_meet_is_refused(varied: Shop, where: str, field: str) -> None:
    with pytest.raises(FilterError, match=field) as told:
        varied.search("", where=where)
    assert told.value.hint


@pytest.mark.parametrize(
    "where", ["in_stock=yes", "in_stock in [0, 1]", "in_stock=FALSE", "price=９.99", "price in 5..9"]
)
def test_what_can_be_met_is_not_refused(varied: Shop, where: str) -> None:
    assert varied.search("", where=where).found
