"""Which variant of a product is shown, and that what is kept to tell it is bounded by variants, not by products."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable

import numpy as np
import pytest

from shoplens.core.catalogue import Product, Variant
from shoplens.core.ports import StoredProduct
from shoplens.engine import hits
from shoplens.engine.hits import VariantPicker


def plain(text: str) -> Iterable[str]:
    return text.lower().split()


def product(number: int, variants: int, words: str = "") -> StoredProduct:
    made = tuple(
        Variant(f"{number}-{n}", sku=f"sku {number} {n} {words}", attributes={"size": (f"s{n}",)})
        for n in range(variants)
    )
    return StoredProduct(number, Product(str(number), variants=made), tuple(range(1, variants + 1)), {}, 1)


ALL = np.ones(1_000, bool)


def kept(picker: VariantPicker) -> int:
    return sum(1 + len(places) for said in picker._said.values() for places in said.values())


def test_the_variant_that_says_most_of_the_words_is_first() -> None:
    picker = VariantPicker(plain)
    stored = product(1, 9)
    for _ in range(2):  # read, then kept
        assert [v.id for v, _ in picker.in_order(stored, "sku s7", ALL)] == ["1-7", *(f"1-{n}" for n in (*range(7), 8))]
        assert picker.pick(stored, "", ALL, 3)[0].id == "1-2"


def test_what_is_kept_counts_by_variants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hits, "_MAX_KEPT", 6 * 1_000)
    picker = VariantPicker(plain)
    for number in range(1, 40):
        stored = product(number, 100)  # each variant: itself, sku, the product, its number, its size, its id
        assert picker.in_order(stored, f"s{number}", ALL)[0][0].id == f"{number}-{number}"
        assert kept(picker) == picker._kept <= 6 * 1_000
    assert kept(picker) > 0
    before = kept(picker)
    for stored in (product(50, 1_000, "more"), product(51, 2, " ".join(f"w{n}" for n in range(6_000)))):
        assert picker.in_order(stored, "s1", ALL)[0][0].id.endswith("-1")
        assert kept(picker) == before  # too large to be kept at all


def test_words_of_queries_are_not_kept() -> None:
    picker, stored = VariantPicker(plain), product(1, 2)
    picker.in_order(stored, "s1", ALL)
    tracemalloc.start()
    for number in range(300):
        picker.in_order(stored, " ".join(f"{number}x{n}" for n in range(100)), ALL)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 300_000  # 300 queries of 100 words take 3 MB
