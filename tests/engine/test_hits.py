"""The hits of a page, made from whole columns, against a reference that asks each source of each product."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplens.core.answer import Hit, Reason
from shoplens.core.catalogue import ImageRef, Product, Variant
from shoplens.core.ports import Numbers, StoredProduct
from shoplens.core.query import Query
from shoplens.engine.hits import VariantPicker, as_hits, in_order
from shoplens.engine.parts import PartScores

SOURCES = ("words>picture", "words>text", "words", "picture>picture", "seed>picture", "seed>text")
NUMBERS = st.sampled_from([0.0, -0.0, 0.1, -0.1, 0.2, 1 / 3, -1 / 3, 7.5, 1e-9])  # few, so that many are equal


def plainly(
    query: Query,
    stored: Sequence[tuple[StoredProduct, int]],
    ranked: Numbers,
    scores: Sequence[PartScores],
    start: int,
    pinned: frozenset[int],
    best_rows: Mapping[int, tuple[int, str]],
    allowed: np.ndarray,
    picker: VariantPicker,
) -> list[Hit]:
    hits = []
    for position, (product, chosen) in enumerate(stored, start + 1):
        place = ranked.tolist().index(product.number) if product.number in ranked else None
        saw = [
            s for s in scores if place is not None and s.source.endswith(">picture") and s.raw[place] == s.raw[place]
        ]
        shown, picture = 0, ""
        if saw:
            loudest = max(saw, key=lambda s: s.contributions[place])
            shown, picture = int(loudest.variants(np.array([place]))[0]), loudest.key(place)
        if product.number in best_rows:
            shown, picture = best_rows[product.number]
        reasons = [
            Reason(
                s.source,
                s.part,
                0.0 if math.isnan(s.raw[place]) else s.raw[place],
                s.contributions[place],
                0 if math.isnan(s.raw[place]) else 1 + sum(other > s.contributions[place] for other in s.contributions),
                s.key(place) if s in saw else "",
            )
            for s in (scores if place is not None else ())
            if s.contributions[place] != 0
        ]
        reasons.sort(key=lambda r: -abs(r.contribution))
        number = chosen or picker.in_order(product, query.words, allowed, shown)[0][1]
        variant = product.product.variants[product.variant_numbers.index(number)]
        own = [
            product.pictures[i.location]
            for i in product.product.variant_images(variant)
            if i.location in product.pictures
        ]
        if picture and (picture in own or (number == shown and not own)):
            best = picture
        else:
            best = [*own, *product.pictures.values(), ""][0]
        sure = max((s.confidence[place] for s in scores), default=0.0) if place is not None else 0.0
        score = sum(r.contribution for r in reasons)
        hits.append(
            Hit(product.product, variant, score, position, tuple(reasons), best, sure, product.number in pinned)
        )
    return hits


@st.composite
def products(draw: st.DrawFn, number: int) -> StoredProduct:
    places = st.lists(st.sampled_from("abcd"), max_size=3, unique=True)
    variants = tuple(
        Variant(
            f"{number}-{n}", sku=draw(st.sampled_from(["red", "blue", ""])), images=tuple(map(ImageRef, draw(places)))
        )
        for n in range(draw(st.integers(1, 3)))
    )
    product = Product(str(number), images=tuple(map(ImageRef, draw(places))), variants=variants)
    accepted = {i.location: f"{number}{i.location}" for i in product.all_images() if draw(st.booleans())}
    numbers = tuple(10 * number + n for n in range(len(variants)))
    return StoredProduct(number, product, numbers, accepted, seq=1)


@st.composite
def said(draw: st.DrawFn, source: str, part: str, ranked: Numbers) -> PartScores:
    def column(of: st.SearchStrategy[float]) -> np.ndarray:
        return np.array([draw(of) for _ in ranked], np.float64)

    shown = np.array([draw(st.sampled_from([0, 10 * n, 10 * n + 1])) for n in ranked.tolist()], np.int64)
    keys = [draw(st.sampled_from([f"{n}a", f"{n}b", "other"])) for n in ranked.tolist()]
    unknown = st.sampled_from([math.nan, 0.0, 0.5])
    return PartScores(
        source,
        part,
        column(unknown),
        column(NUMBERS),
        column(st.floats(0, 1)),
        lambda at: shown[at],
        lambda at: keys[at],
    )


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_hits_are_those_of_the_reference(data: st.DataObject) -> None:
    draw = data.draw
    ranked = np.array(draw(st.permutations(range(1, draw(st.integers(0, 8)) + 1))), np.int64)
    scores = [
        draw(said(source, f"part {n}", ranked))
        for n, source in enumerate(draw(st.lists(st.sampled_from(SOURCES), max_size=4)))
    ]
    start = draw(st.integers(0, 5))
    how = draw(st.sampled_from(["best first", "any", "by variant"]))
    few = st.lists(st.integers(1, 10), unique=how == "any", max_size=5)
    chosen = ranked[start:].tolist() if how == "best first" else draw(few)
    shop = {n: draw(products(n)) for n in dict.fromkeys(chosen)}
    page = [(shop[n], draw(st.sampled_from(shop[n].variant_numbers)) if how == "by variant" else 0) for n in chosen]
    pinned = frozenset(draw(st.lists(st.integers(1, 10), max_size=2)))
    best_rows = {n: (10 * n + 1, f"{n}b") for n in draw(st.lists(st.integers(1, 10), max_size=2))}
    query, allowed = Query(words=draw(st.sampled_from(["", "red", "blue"]))), np.ones(200, bool)
    picker = VariantPicker(str.split)  # a new one: it would keep the variants of the last example's products
    hits = as_hits(query, page, ranked, scores, allowed, picker, start, pinned, best_rows)
    assert list(hits) == plainly(query, page, ranked, scores, start, pinned, best_rows, allowed, picker)
    for hit in hits:  # what goes out as JSON is made of Python's own numbers
        assert {type(n) for r in hit.reasons for n in (r.score, r.contribution)} <= {float}
        assert {type(r.rank) for r in hit.reasons} <= {int}


def test_the_key_of_a_picture_is_asked_for_once() -> None:
    ranked, asked = np.arange(1, 41), Counter[int]()
    values = np.linspace(1, 2, 40)
    scores = PartScores(
        "words>picture", "words", values, values, values, np.zeros_like, lambda at: asked.update([at]) or f"key {at}"
    )
    order = np.arange(40)[::-1]
    page = [(StoredProduct(n, Product(str(n)), (n,), {}, 1), 0) for n in ranked[::-1][:24].tolist()]
    hits = as_hits(
        Query(words="a"),
        page,
        ranked[order],
        [in_order(scores, order)],
        np.ones(50, bool),
        VariantPicker(str.split),
        0,
        frozenset(),
        {},
    )
    assert asked == Counter(order[:24].tolist())
    assert [hit.reasons[0].picture for hit in hits] == [f"key {at}" for at in order[:24]]
    assert [hit.reasons[0].rank for hit in hits] == list(range(1, 25))


def test_a_picture_that_was_not_wanted_is_not_the_one_to_show() -> None:
    def saw(key: str, say: float) -> PartScores:
        column = np.array([say])
        return PartScores("seed>picture", key, column, column, column, lambda at: np.array([7]), lambda _: key)

    page = [(StoredProduct(1, Product("cup"), (7,), {}, 1), 0)]
    for scores in ([saw("unlike", -5.0), saw("like", 1.0)], [saw("like", 1.0), saw("unlike", -5.0)]):
        (hit,) = as_hits(
            Query(), page, np.array([1]), scores, np.ones(9, bool), VariantPicker(str.split), 0, frozenset(), {}
        )
        assert hit.picture == "like"
        assert [r.part for r in hit.reasons] == ["unlike", "like"]
        assert hit.score == -5.0 + 1.0
