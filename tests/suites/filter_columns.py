"""Conformance of FilterColumns and ProductMap: whatever a fast implementation says, the naive reference says too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from hypothesis import strategies as st

from shoplens.core.answer import Facet, FacetValue
from shoplens.core.catalogue import ImageRef, Money, Product, Variant, record
from shoplens.core.ports import FilterColumns, Mask, Numbers, ProductMap, StoredProduct
from shoplens.core.query import SortKey
from shoplens.core.where import All, Any_, Compare, Has, In, Not, Where, fold, number


class Columns(FilterColumns, ProductMap, Protocol):
    """What the engine holds: both ports in one."""


class Naive:
    """The reference: dictionaries of records, and the definitions written out."""

    def __init__(self) -> None:
        self.stored: dict[int, StoredProduct] = {}

    def replace(self, changed: Mapping[int, StoredProduct | None]) -> None:
        for key, stored in changed.items():
            self.stored.pop(key, None)
            if stored is not None:
                self.stored[key] = stored

    def rows(self) -> Iterator[tuple[int, int, dict[str, tuple[Any, ...]]]]:
        """Product number, variant number, record."""
        for key, stored in self.stored.items():
            for variant, variant_number in zip(stored.product.variants, stored.variant_numbers, strict=True):
                yield key, variant_number, record(stored.product, variant)

    def mask(self, where: Where | None) -> set[int]:
        return {v for _, v, values in self.rows() if where is None or where.matches(values)}

    def facet(self, variants: set[int], field: str) -> tuple[dict[float | str, int], float | None, float | None, int]:
        """Class of equal values -> products; least and greatest number; products without the field."""
        per_product: dict[int, list[Any]] = {}
        for key, variant, values in self.rows():
            if variant in variants:
                per_product.setdefault(key, []).extend(values.get(field, ()))
        counts = Counter(
            c for some in per_product.values() for c in {class_of(v) for v in some if not isinstance(v, float)}
        )
        everything = [v for some in per_product.values() for v in some]
        floats = [v for v in everything if isinstance(v, float)]
        texts = [v for v in everything if isinstance(v, str)]
        spelled = [n for n in map(number, texts) if n is not None]
        numbers = floats + (spelled if len(spelled) == len(texts) else [])
        missing = sum(not some for some in per_product.values())
        return dict(counts), min(numbers, default=None), max(numbers, default=None), missing

    def order(self, products: Sequence[int], variants: set[int], keys: Sequence[SortKey]) -> list[int]:
        out = list(products)
        for key in reversed(keys):
            best: dict[int, tuple[int, float, str]] = {}
            for product, variant, values in self.rows():
                if variant in variants:
                    for value in values.get(key.field, ()):
                        mine = sort_value(value)
                        held = best.setdefault(product, mine)
                        best[product] = max(held, mine) if key.descending else min(held, mine)
            have = sorted((p for p in out if p in best), key=lambda p: best[p])
            if key.descending:
                levels = sorted({best[p] for p in have}, reverse=True)
                have = [p for level in levels for p in out if p in best and best[p] == level]
            out = have + [p for p in out if p not in best]
        return out

    def best_variant(self, product: int, variants: set[int]) -> int:
        stored = self.stored.get(product)
        if stored is None:
            return 0
        pairs = zip(stored.product.variants, stored.variant_numbers, strict=True)
        ranked = [({True: 0, None: 1, False: 2}[v.in_stock], n) for v, n in pairs if n in variants]
        return min(ranked, key=lambda pair: pair[0])[1] if ranked else 0


def class_of(value: Any) -> float | str:
    """Values that ``=`` does not tell apart."""
    if isinstance(value, bool):
        return "true" if value else "false"
    spelled = number(value)
    return fold(value) if spelled is None else spelled


def sort_value(value: Any) -> tuple[int, float, str]:
    """Numbers (yes is 1) before texts; texts by folded text."""
    if isinstance(value, bool):
        return 0, float(value), ""
    spelled = number(value)
    return (1, 0.0, fold(value)) if spelled is None else (0, spelled, "")


def check(columns: Columns, naive: Naive, wheres: Sequence[Where | None], keys: Sequence[SortKey]) -> None:
    """Everything that the ports answer, for each filter, against the reference."""
    fields = sorted({name for _, _, values in naive.rows() for name in values} | {"price", "in_stock", "brand"})
    owner = {variant: product for product, variant, _ in naive.rows()}
    product_of = columns.product_of
    assert {n: int(product_of[n]) for n in np.flatnonzero(product_of)} == owner
    for where in wheres:
        mask, expected = columns.mask(where), naive.mask(where)
        assert set(np.flatnonzero(mask).tolist()) == expected, str(where)
        products = {owner[v] for v in expected}
        assert set(np.flatnonzero(columns.products(mask)).tolist()) == products
        for facet in columns.facets(mask, fields, 1_000_000):
            check_facet(facet, naive, expected)
        given: Numbers = np.array(sorted(products, key=lambda p: (p * 7919) % 101), np.int64)
        assert columns.order(given, mask, keys).tolist() == naive.order(given.tolist(), expected, keys), keys
        everyone: Numbers = np.array([*naive.stored, 999_999], np.int64)
        best = [naive.best_variant(int(p), expected) for p in everyone]
        assert columns.best_variant(everyone, mask).tolist() == best


def check_facet(facet: Facet, naive: Naive, variants: set[int]) -> None:
    counts, low, high, missing = naive.facet(variants, facet.field)
    assert {class_of(v.value): v.count for v in facet.values} == counts, facet.field
    assert len(facet.values) == len(counts)
    assert (facet.minimum, facet.maximum, facet.missing) == (low, high, missing), facet.field
    assert list(facet.values) == sorted(facet.values, key=lambda v: (-v.count, fold(v.value), v.value))


# --- what hypothesis draws -----------------------------------------------------------------------

TEXTS = st.sampled_from(
    [
        "Red",
        "red",
        "RED ",
        "blue",
        "10",
        "10.0",
        "1e1",
        "９",
        "²",
        "true",
        "No",
        "",
        "手提包",
        "Straße",
        "STRASSE",
        "a,b",
    ]
)
NAMES = st.sampled_from(["color", "size", "price", "in_stock", "brand", "on_sale", "Größe", "material type"])
VALUES = st.lists(TEXTS, max_size=3).map(tuple)
ATTRIBUTES = st.dictionaries(NAMES, VALUES, max_size=4)
MONEY = st.none() | st.builds(Money, st.integers(0, 20_00), st.sampled_from(["EUR", "JPY", ""]))
PATHS = st.lists(st.sampled_from(["Men", "Tops", "Bags", "10"]), max_size=3).map(tuple)


@st.composite
def products(draw: st.DrawFn, key: int) -> StoredProduct:
    """A product with number ``key``; its variants' numbers are key * 10 and up."""
    count = draw(st.integers(1, 4))
    variants = tuple(
        Variant(
            id=f"{key}-{i}",
            price=draw(MONEY),
            list_price=draw(MONEY),
            in_stock=draw(st.none() | st.booleans()),
            quantity=draw(st.none() | st.integers(0, 12)),
            sku=draw(st.sampled_from(["", "A1", "10"])),
            attributes=draw(ATTRIBUTES),
            images=draw(st.sampled_from([(), (ImageRef("a.jpg"),)])),
        )
        for i in range(count)
    )
    product = Product(
        id=f"P{key}",
        title=draw(st.sampled_from(["", "Red bag", "手提包"])),
        brand=draw(TEXTS),
        category=draw(PATHS),
        categories=tuple(draw(st.lists(PATHS, max_size=2))),
        attributes=draw(ATTRIBUTES),
        variants=variants,
    )
    numbers = tuple(key * 10 + i for i in draw(st.permutations(range(count))))
    return StoredProduct(key, product, numbers, {}, 1)


@st.composite
def batches(draw: st.DrawFn) -> list[dict[int, StoredProduct | None]]:
    """Calls of ``replace``, one after the other."""
    return [
        {key: draw(st.none() | products(key)) for key in draw(st.lists(st.integers(1, 12), max_size=8, unique=True))}
        for _ in range(draw(st.integers(1, 4)))
    ]


FIELDS = NAMES | st.sampled_from(["title", "category", "sku", "quantity", "has_picture", "id", "list_price", "gtin"])
OPERANDS = TEXTS | st.sampled_from(["9.99", "Men > Tops", "Men", "yes", "1", "0", "r", "P3", "-1", "nan"])
CONDITIONS: st.SearchStrategy[Where] = st.one_of(
    st.builds(Has, FIELDS),
    st.builds(Compare, FIELDS, st.sampled_from(["=", "<", "<=", ">", ">=", "~"]), OPERANDS),
    st.builds(In, FIELDS, st.lists(OPERANDS, max_size=3, unique=True).map(tuple)),
)
_TWO: Callable[[st.SearchStrategy[Where]], st.SearchStrategy[tuple[Where, ...]]] = lambda inner: st.lists(  # noqa: E731
    inner, min_size=2, max_size=3
).map(tuple)
WHERES: st.SearchStrategy[Where] = st.recursive(
    CONDITIONS,
    lambda inner: st.one_of(st.builds(Not, inner), st.builds(All, _TWO(inner)), st.builds(Any_, _TWO(inner))),
    max_leaves=5,
)
SORTS = st.lists(st.builds(SortKey, FIELDS, st.booleans()), max_size=3)

__all__ = ["SORTS", "WHERES", "Columns", "FacetValue", "Mask", "Naive", "batches", "check", "products"]
