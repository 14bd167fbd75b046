"""ArrayColumns: the conformance suite, snapshots, readers beside a writer, unknown fields."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.suites import filter_columns as suite

from shoplens.core.catalogue import RESERVED_FIELDS, Money, Product, Variant, record
from shoplens.core.ports import FilterColumns, ProductMap, StoredProduct
from shoplens.core.query import SortKey
from shoplens.core.where import Where, fields_of, parse_where
from shoplens.errors import ShopError, UnknownFieldError
from shoplens.indexes import columns as module
from shoplens.indexes import columns_view
from shoplens.indexes.columns import ArrayColumns
from shoplens.indexes.columns_extract import extract


def stored(number: int, *variants: Variant, **fields: object) -> StoredProduct:
    product = Product(f"P{number}", variants=variants, **fields)  # type: ignore[arg-type]
    return StoredProduct(number, product, tuple(number * 10 + i for i in range(len(product.variants))), {}, 1)


def test_is_both_ports() -> None:
    columns = ArrayColumns()
    as_filter: FilterColumns = columns
    as_map: ProductMap = columns
    assert as_filter is as_map


@settings(max_examples=40, deadline=None)
@given(suite.batches(), st.lists(suite.WHERES, min_size=1, max_size=3), suite.SORTS, st.booleans(), st.booleans())
def test_answers_as_the_reference(tmp_path_factory, batches, wheres, keys, compact, reopen):  # type: ignore[no-untyped-def]
    """Through any sequence of replacements, compactions and restarts."""
    folder = tmp_path_factory.mktemp("columns")
    columns, naive = ArrayColumns(), suite.Naive()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_COMPACT_FROM", 2 if compact else 10_000)
        for seq, batch in enumerate(batches, 1):
            columns.replace(batch, seq)
            naive.replace(batch)
            if reopen:
                columns.save(folder)
                columns = ArrayColumns.open(folder)
            known = {*RESERVED_FIELDS, *columns.fields()}
            asked: list[Where | None] = [w for w in wheres if set(fields_of(w)) <= known]
            suite.check(columns, naive, [None, *asked], [key for key in keys if key.field in known])
            assert columns.seq == seq


@settings(max_examples=80, deadline=None)
@given(suite.products(1))
def test_extract_is_record_in_two_parts(some: StoredProduct) -> None:
    shared, own = extract(some.product)
    for variant, fields in zip(some.product.variants, own, strict=True):
        assert not set(shared) & set(fields)
        assert {**shared, **fields} == record(some.product, variant)


def test_one_and_the_same_variant_meets_all_conditions() -> None:
    columns = ArrayColumns()
    red_s = Variant("a", attributes={"color": ("Red",), "size": ("S",)})
    blue_m = Variant("b", attributes={"color": ("Blue",), "size": ("M",)})
    columns.replace({1: stored(1, red_s, blue_m)}, 1)
    assert not columns.mask(parse_where("color=Red and size=M")).any()
    assert np.flatnonzero(columns.mask(parse_where("color=Red and size=S"))).tolist() == [10]


def test_best_variant_takes_stock_then_unknown_then_the_shops_order() -> None:
    columns = ArrayColumns()
    columns.replace({1: stored(1, Variant("a", in_stock=False), Variant("b"), Variant("c", in_stock=True))}, 1)
    mask = columns.mask(None).copy()
    assert columns.best_variant(np.array([1, 7]), mask).tolist() == [12, 0]
    mask[12] = False
    assert columns.best_variant(np.array([1]), mask).tolist() == [11]


def test_facet_limit_keeps_the_most_frequent() -> None:
    columns = ArrayColumns()
    brands = [b for i, b in enumerate("abcdefghij") for _ in range(10 - i)]
    columns.replace({n: stored(n, brand=b) for n, b in enumerate(brands, 1)}, 1)
    (facet,) = columns.facets(columns.mask(None), ["brand"], 2)
    assert [(v.value, v.count) for v in facet.values] == [("a", 10), ("b", 9)]


@pytest.mark.parametrize(("name", "hint"), [("colour", "color"), ("Color", "color"), ("prise", "price")])
def test_unknown_field_names_similar_ones(name: str, hint: str) -> None:
    columns = ArrayColumns()
    columns.replace({1: stored(1, Variant("a", attributes={"color": ("Red",)}))}, 1)
    mask = columns.mask(None)
    for ask in (
        lambda: columns.mask(parse_where(f"not {name}=x")),
        lambda: columns.facets(mask, [name], 5),
        lambda: columns.order(np.array([1]), mask, [SortKey(name)]),
    ):
        with pytest.raises(UnknownFieldError, match=f"did you mean.*{hint}"):
            ask()


def test_a_field_stays_known_when_its_last_product_goes() -> None:
    columns = ArrayColumns()
    columns.replace({1: stored(1, Variant("a", attributes={"color": ("Red",)}))}, 1)
    columns.replace({1: None}, 2)
    assert not columns.mask(parse_where("color=Red")).any()
    assert not columns.product_of.any()


def test_masks_of_an_older_state_stay_valid() -> None:
    columns = ArrayColumns()
    columns.replace({1: stored(1, brand="a")}, 1)
    old = columns.mask(None)
    columns.replace({500: stored(500, brand="b")}, 2)
    (facet,) = columns.facets(old, ["brand"], 5)
    assert [v.value for v in facet.values] == ["a"]
    assert np.flatnonzero(columns.products(old)).tolist() == [1]
    assert columns.best_variant(np.array([1, 500]), old).tolist() == [10, 0]


def test_a_kept_mask_is_of_its_state_and_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns_view, "KEPT_BYTES", 3 * 21)
    columns = ArrayColumns()
    columns.replace({1: stored(1, Variant("a", attributes={"color": ("red",)}))}, 1)
    red = columns.mask(parse_where("color=red"))
    assert columns.mask(parse_where("color=red")) is red
    with pytest.raises(ValueError, match="read-only"):
        red[:] = False
    columns.replace({2: stored(2, Variant("b", attributes={"color": ("red",)}))}, 2)
    assert np.flatnonzero(columns.mask(parse_where("color=red"))).tolist() == [10, 20]
    assert np.flatnonzero(red).tolist() == [10]
    for number in range(9):  # more than are kept
        columns.mask(parse_where(f"price<{number}"))
    assert len(columns._view.kept) <= 3
    assert np.flatnonzero(columns.mask(parse_where("color=red"))).tolist() == [10, 20]


def test_readers_never_see_half_a_replacement() -> None:
    """Prices of all variants change together; a reader that sees two prices has seen half."""
    columns = ArrayColumns()
    stop = threading.Event()
    problems: list[str] = []

    def at(price: int) -> dict[int, StoredProduct | None]:
        money = Money(price * 100, "EUR")
        variants = [Variant(str(i), price=money) for i in range(3)]
        return {n: stored(n, *variants, attributes={"p": (str(price),)}) for n in range(1, 200)}

    def read() -> None:
        while not stop.is_set():
            (facet,) = columns.facets(columns.mask(None), ["price"], 5)
            counted = int(np.count_nonzero(columns.mask(parse_where("price>=1 and p>=1"))))
            if facet.minimum != facet.maximum or counted != 199 * 3:
                problems.append(f"{facet} {counted}")

    columns.replace(at(1), 1)
    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for price in range(2, 40):
        columns.replace(at(price), price)
    stop.set()
    for reader in readers:
        reader.join()
    assert not problems


def test_a_damaged_snapshot_is_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert ArrayColumns.open(tmp_path).seq == 0
    assert not caplog.records
    columns = ArrayColumns()
    columns.replace({n: stored(n, brand=f"b{n}", title="\ud800 lone") for n in range(1, 50)}, 9)
    columns.save(tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    assert ArrayColumns.open(tmp_path).seq == 9
    flipped = [whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1 :] for i in range(0, len(whole), 97)]
    for broken in [b"", whole[:10], whole[:-1], whole + b"x", *flipped]:
        file.write_bytes(broken)
        assert ArrayColumns.open(tmp_path).seq == 0
    assert "is not used" in caplog.text


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(ShopError, match="cannot be written"):
        ArrayColumns().save(blocked)
