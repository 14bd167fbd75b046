"""Conformance of WordIndex: what every implementation must answer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from shoplens.core.catalogue import DerivedText, Product, Translation, Variant
from shoplens.core.ports import Mask, WordIndex, WordMatches

TITLES = [
    "黑色真皮手提包", "红色连衣裙 夏季", "男士跑步鞋 黑色 轻便", "女士斜挎小包 真皮", "Black leather handbag",
    "Running shoes for men", "苹果手机保护壳 iPhone 15", "保湿面霜补水", "Cotton T-shirt", "Red summer dress",
    "Blue summer dress", "Leather bag for women", "43.2cm (17\") notebook", "Toner cartridge",
]  # fmt: skip
PRODUCTS: dict[int, Product | None] = {
    n: Product(
        f"id-{n}", title=title, variants=(Variant(f"v-{n}", sku=f"SKU-{n:04}", mpn="006R90321" if n == 14 else ""),)
    )
    for n, title in enumerate(TITLES, 1)
}  # fmt: skip

FOUND = [
    # words, products that match, all of them
    ("皮包", {1, 4}), ("手提包", {1}), ("真皮", {1, 4}), ("连衣裙", {2}), ("黑色 包", {1}), ("保湿霜", {8}),
    ("黑色", {1, 3}),
    ("handbags", {5}), ("leather bag", {12}), ("shoe", {6}), ("iphone", {7}), ("RED DRESSES", {10}),
    ("ｒｅｄ dress", {10}), ("dress", {10, 11}), ("tshirt", {9}), ("t shirt", {9}), ("t-shirts", {9}),
    ("the dress", {10, 11}),
    ("iphone15", {7}), ("17 inch notebook", {13}), ("43.2 cm", {13}), ("006R90321", {14}), ("006r-90321", {14}),
    ("SKU-0003", {3}), ("id-5", {5}), ("v-6", {6}), ("dres", {10, 11}), ("lether handbag", {5}),
    ("red dress xyzzyx", {10}),
    ("summer dress red cotton", {10}), ("xyzzyx", set()), ("", set()), ("   ", set()), ("?!", set()), ("的", set()),
]  # fmt: skip


def check_found(index: WordIndex, words: str, expected: set[int]) -> None:
    """All matches, the best k of them, and the reason of each."""
    result = index.search(words, 100)
    assert set(result.matched.tolist()) == expected, words
    assert set(result.products.tolist()) == expected
    assert len(result.products) == len(expected) == len(result.matched)
    assert (np.diff(result.scores) <= 0).all()
    assert index.search(words, 1).products.tolist() == result.products[:1].tolist()
    for number in expected:
        product = PRODUCTS[number]
        assert product is not None
        assert index.terms(words, product), (words, product.title)


def check_masks(index: WordIndex, count: int, words: str) -> None:
    """Never fewer than min(k, allowed matches); the same order as without a mask; none that is not allowed."""
    everything = index.search(words, count)
    assert len(everything.products) == len(everything.matched)
    rng = np.random.default_rng(7)
    for share in (0.0, 0.001, 0.01, 0.5, 1.0):
        mask: Mask = rng.random(count + 1) < share
        allowed = [n for n in everything.products.tolist() if mask[n]]
        for k in (0, 1, 10, 1000, count):
            result = index.search(words, k, mask)
            assert result.products.tolist() == allowed[:k], (share, k)
            assert set(result.matched.tolist()) == set(everything.matched.tolist())
    short: Mask = np.ones(3, bool)  # numbers beyond the mask are not allowed
    assert all(n < 3 for n in index.search(words, 10, short).products.tolist())


def check_changes(index: WordIndex) -> None:
    """Replaced, removed and added products, and the sequence number."""
    index.replace(PRODUCTS, 5)
    assert index.reload() == 5
    index.replace({10: Product("id-10", title="Green hat"), 11: None, 99: Product("id-99", title="Red dress")}, 6)
    assert index.reload() == 6
    assert set(index.search("dress", 9).matched.tolist()) == {99}
    assert set(index.search("hat", 9).matched.tolist()) == {10}
    index.replace({}, 7)
    assert index.reload() == 7
    index.replace(dict.fromkeys([*PRODUCTS, 99]), 8)
    assert len(index.search("leather", 9).matched) == 0
    assert index.reload() == 8


def check_fields(index: WordIndex) -> None:
    """Every part of a product is found: brand, category, attributes, translations, derived text; the title first."""
    index.replace(
        {
            1: Product("a", title="Thing", description="zebra"),
            2: Product("b", title="Zebra"),
            3: Product("c", title="Thing", brand="Zebra"),
            4: Product("d", title="Thing", category=("Animals", "Zebra")),
            5: Product("e", title="Thing", variants=(Variant("e1"), Variant("e2", attributes={"pattern": ("zebra",)}))),
            6: Product("f", title="Thing", translations=(Translation("zh", "斑马"), Translation("fr", "x", "zebra"))),
            7: Product("g", title="Thing", derived=(DerivedText("caption", "a zebra", "captioner", 0.9),)),
            8: Product("h"),
        },
        1,
    )
    result: WordMatches = index.search("zebras", 10)
    assert set(result.matched.tolist()) == {1, 2, 3, 4, 5, 6, 7}
    assert result.products[0] == 2
    assert result.products[-1] == 7
    assert index.search("斑马", 5).products.tolist() == [6]


def check_any_text(index: WordIndex, words: str) -> None:
    """Whatever is typed is answered."""
    result = index.search(words, 5)
    assert len(result.products) == len(result.scores) <= 5
    assert set(result.products.tolist()) <= set(result.matched.tolist())


Make = Callable[[], WordIndex]
found_cases = pytest.mark.parametrize(("words", "expected"), FOUND)
