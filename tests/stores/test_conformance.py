"""SqlStore against the conformance suite, on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.stores.conftest import Addresses
from tests.suites import store as suite
from tests.suites.store import SPACE, Naive, rows_of

from shoplens.core.catalogue import ImageRef, Money, Product, Variant
from shoplens.core.ports import PictureFacts, StoredProduct, VectorRows, Write
from shoplens.core.spaces import Space
from shoplens.errors import StoreError
from shoplens.stores import open_store

# Each example makes a store of its own; on PostgreSQL that is a database.
FEW = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

SHOE = Product(
    "shoe",
    title="Red shoe",
    images=(ImageRef("shoe.jpg"),),
    variants=(Variant("38", Money(4990, "EUR")), Variant("39", Money(4990, "EUR"))),
)
PICTURES = {"shoe": {"shoe.jpg": "a" * 64}}


def with_price(product: Product, minor: int) -> Product:
    return replace(product, variants=tuple(replace(v, price=Money(minor, "EUR")) for v in product.variants))


@FEW
@given(st.lists(suite.BATCH, min_size=1, max_size=6))
def test_says_what_a_dictionary_says(addresses: Addresses, batches: list[Write]) -> None:
    naive, where = Naive(), addresses()
    with open_store(where, create=True) as store:
        for batch in batches:
            assert store.write(batch) == naive.write(batch)
            suite.check(store, naive)
        assert store.check() == []
    with open_store(where) as again:
        suite.check(again, naive)


@FEW
@given(st.lists(st.tuples(suite.BATCH, st.integers(0, 3)), min_size=1, max_size=8), st.integers(1, 3))
def test_copies_that_replay_end_where_the_store_is(
    addresses: Addresses, steps: list[tuple[Write, int]], limit: int
) -> None:
    copies: list[tuple[dict[int, StoredProduct], int]] = [({}, 0) for _ in range(4)]
    with open_store(addresses(), create=True) as store:
        for batch, which in steps:
            store.write(batch)
            copies[which] = (copies[which][0], suite.replay(store, copies[which][0], copies[which][1], limit))
        truth = {product.number: product for part in store.scan(chunk=2) for product in part}
        for copy, seq in copies:
            assert suite.replay(store, copy, seq, limit) == store.last_seq() or not truth
            assert copy == truth


@FEW
@given(st.lists(suite.PRODUCT, min_size=1, max_size=8, unique_by=lambda p: p.id))
def test_any_product_comes_back_as_it_went_in(addresses: Addresses, products: list[Product]) -> None:
    with open_store(addresses(), create=True) as store:
        store.write(Write(put=products))
        numbers = store.numbers_of([p.id for p in products])
        found = store.get([numbers[p.id] for p in products])
        assert [f.product for f in found if f] == products
        assert store.write(Write(put=products)) == len(products), "the same again is no change"


def test_an_empty_shop(address: str) -> None:
    with open_store(address, create=True) as store:
        assert store.last_seq() == 0
        assert store.get([1, 2]) == [None, None]
        assert store.get([]) == []
        assert store.changes(0) == []
        assert (list(store.ids()), list(store.scan()), store.spaces()) == ([], [], {})
        assert store.write(Write()) == 0
        assert store.drop_space(SPACE) == 0


def test_the_same_again_is_no_change(address: str) -> None:
    with open_store(address, create=True) as store:
        assert store.write(Write(put=[SHOE], pictures_of=PICTURES)) == 1
        assert store.write(Write(put=[SHOE], pictures_of=PICTURES)) == 1
        assert store.write(Write(put=[SHOE])) == 1, "a batch that does not name the pictures keeps them"
        assert store.write(Write(put=[SHOE], pictures_of={"shoe": {"shoe.jpg": "b" * 64}})) == 2
        assert store.write(Write(put=[SHOE], pictures_of={"shoe": {}})) == 3
        assert not store.get([1])[0].pictures  # type: ignore[union-attr]


def test_a_new_price_is_an_offer_only_for_copies_that_saw_the_rest(address: str) -> None:
    with open_store(address, create=True) as store:
        store.write(Write(put=[SHOE], pictures_of=PICTURES))
        store.write(Write(put=[Product("other")]))
        store.write(Write(put=[with_price(SHOE, 3990)]))
        store.write(Write(put=[with_price(SHOE, 2990)]))
        assert [(c.seq, c.product_id, c.offer_only) for c in store.changes(0)] == [
            (2, "other", False),
            (4, "shoe", False),
        ]
        assert [(c.seq, c.offer_only) for c in store.changes(1)] == [(2, False), (4, True)]
        # Read in two steps, the copy that stands at 2 has seen the shoe's first entry.
        assert [(c.seq, c.offer_only) for c in store.changes(0, limit=2)] == [(1, False), (2, False)]
        assert [(c.seq, c.offer_only) for c in store.changes(2)] == [(4, True)]


@pytest.mark.parametrize(
    "changed",
    [
        replace(SHOE, title="Blue shoe"),
        replace(SHOE, images=()),
        replace(SHOE, variants=SHOE.variants[:1]),
        replace(SHOE, variants=SHOE.variants[::-1]),
        replace(SHOE, attributes={"colour": ("red",)}),
    ],
    ids=["words", "pictures", "a variant less", "their order", "an attribute, which is words"],
)
def test_more_than_the_offer(address: str, changed: Product) -> None:
    with open_store(address, create=True) as store:
        store.write(Write(put=[SHOE], pictures_of=PICTURES))
        store.write(Write(put=[changed], pictures_of=PICTURES))
        assert [(c.seq, c.offer_only) for c in store.changes(1)] == [(2, False)]


def test_numbers_stay_and_are_never_used_again(address: str) -> None:
    with open_store(address, create=True) as store:
        store.write(Write(put=[SHOE, Product("bag")]))
        assert [p.variant_numbers for p in store.get([1, 2]) if p] == [(1, 2), (3,)]
        store.write(Write(put=[replace(SHOE, variants=(Variant("40"), SHOE.variants[1]))]))
        assert store.get([1])[0].variant_numbers == (4, 2)  # type: ignore[union-attr]
        store.write(Write(put=[SHOE]))
        assert store.get([1])[0].variant_numbers == (5, 2)  # type: ignore[union-attr]
        store.write(Write(delete=["bag", "shoe"]))
        store.write(Write(put=[Product("bag")]))
    with open_store(address) as store:
        assert store.numbers_of(["bag", "shoe"]) == {"bag": 3}
        assert store.get([3])[0].variant_numbers == (6,)  # type: ignore[union-attr]
        assert [(c.number, c.deleted) for c in store.changes(0)] == [(2, True), (1, True), (3, False)]


def test_variants_of_one_id_keep_their_numbers_apart(address: str) -> None:
    twice = replace(SHOE, variants=(Variant("38"), Variant("38", Money(1))))
    with open_store(address, create=True) as store:
        store.write(Write(put=[twice]))
        store.write(Write(put=[replace(twice, title="x", variants=(*twice.variants, Variant("38")))]))
        assert store.get([1])[0].variant_numbers == (1, 2, 3)  # type: ignore[union-attr]


def test_delete_and_put_in_one_batch_is_a_new_product(address: str) -> None:
    with open_store(address, create=True) as store:
        store.write(Write(put=[SHOE]))
        assert store.write(Write(put=[SHOE], delete=["shoe", "nobody", "shoe"])) == 3
        assert store.numbers_of(["shoe"]) == {"shoe": 2}


BAD = [
    Write(put=[Product("new"), Product("")]),
    Write(put=[Product("new")], vectors=[VectorRows(SPACE, "picture", ["a"], np.zeros((1, 3), np.float32))]),
    Write(put=[Product("new")], vectors=[VectorRows(SPACE, "picture", ["a"], np.full((1, 4), np.nan, np.float32))]),
    Write(put=[Product("new")], vectors=[VectorRows(SPACE, "picture", ["a"], np.full((1, 4), 1e6, np.float32))]),
    Write(put=[Product("new"), Product("lone \ud800")]),
    # Refused by the database itself, after everything else of the batch has been written.
    Write(put=[Product("new")], delete=["shoe"], facts=[PictureFacts("x", "", width=None)]),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("batch", BAD, ids=["no id", "shape", "nan", "too large", "surrogate", "refused at the end"])
def test_a_batch_that_fails_changes_nothing(address: str, batch: Write) -> None:
    naive = Naive()
    first = Write(put=[SHOE], pictures_of=PICTURES, vectors=[rows_of(["a"], 1)])
    naive.write(first)
    with open_store(address, create=True) as store:
        store.write(first)
        with pytest.raises(StoreError) as caught:
            store.write(batch)
        assert caught.value.hint
        suite.check(store, naive)
        after = Write(put=[Product("new")])
        assert store.write(after) == naive.write(after), "the store goes on working"
        suite.check(store, naive)


def test_more_products_than_one_statement_holds(address: str) -> None:
    products = [Product(f"p{i}", variants=(Variant(f"{i}a"), Variant(f"{i}b"))) for i in range(1203)]
    with open_store(address, create=True) as store:
        assert store.write(Write(put=products, facts=[PictureFacts(p.id, "1") for p in products])) == 1203
        ids = [p.id for p in products]
        assert store.numbers_of(ids) == {p: i for i, p in enumerate(ids, 1)}
        assert list(store.facts(ids)) == ids or set(store.facts(ids)) == set(ids)
        assert [p.product for p in store.get(range(1, 1204)) if p] == products
        assert [len(part) for part in store.scan(chunk=500)] == [500, 500, 203]
        assert [p.number for part in store.scan(after_number=1200) for p in part] == [1201, 1202, 1203]
        assert store.write(Write(delete=ids[1:])) == 1203 + 1202
        assert list(store.ids()) == ["p0"]
        assert store.check() == []


def test_scan_sees_one_moment(address: str) -> None:
    with open_store(address, create=True) as store:
        store.write(Write(put=[Product("a"), Product("b"), Product("c")]))
        parts = store.scan(chunk=1)
        first = next(parts)
        store.write(Write(put=[Product("d"), Product("b", title="new")], delete=["c"]))
        seen = [p.product.id + p.product.title for part in (first, *parts) for p in part]
        assert seen == ["a", "b", "c"]


def test_vectors_in_bulk(address: str) -> None:
    keys = [f"{i:064x}" for i in range(25)]
    other = Space("other", "1", 4)
    with open_store(address, create=True) as store:
        store.write(
            Write(vectors=[rows_of(keys[:10], 1), rows_of(["words"], 2, "words"), rows_of(["o"], 3, space=other)])
        )
        store.write(Write(vectors=[rows_of(keys[10:], 4), rows_of(keys[:3], 5)]))  # the first three anew
        expected = np.concatenate([rows_of(keys[:10], 1).vectors, rows_of(keys[10:], 4).vectors])
        expected[:3] = rows_of(keys[:3], 5).vectors
        found: dict[str, np.ndarray] = {}
        for part, matrix in store.vector_chunks(SPACE, "picture", chunk=7):
            assert matrix.shape == (len(part), SPACE.dimension)
            found.update(zip(part, matrix, strict=True))
        assert sorted(found) == keys
        assert np.array_equal(np.stack([found[key] for key in keys]), expected.astype(np.float16))
        assert list(store.vector_chunks(Space("none", "1", 4), "picture")) == []
        assert store.spaces() == {SPACE: 26, other: 1}
        assert store.drop_space(SPACE) == 26
        assert store.spaces() == {other: 1}
        assert store.vectors(SPACE, "picture", keys) == {}


def test_a_name_that_the_database_cannot_hold(postgres_addresses: Addresses) -> None:
    with open_store(postgres_addresses(), create=True) as store:
        with pytest.raises(StoreError, match="cannot be stored"):
            store.write(Write(put=[Product("a"), Product("b\0")]))
        assert store.last_seq() == 0


def test_settings_of_the_shop(address: str) -> None:
    with open_store(address, create=True) as store:
        assert store.get_meta("feed") is None
        assert store.get_meta("feed", "none") == "none"
        store.set_meta("feed", "a.csv")
        store.set_meta("feed", "鞋.csv")
    with open_store(address) as store:
        assert store.get_meta("feed") == "鞋.csv"
        store.set_meta("feed", None)
        assert store.get_meta("feed") is None
        with pytest.raises(StoreError, match="own"):
            store.set_meta("schema_version", "9")


def test_touched_products_are_read_again_in_full(address: str) -> None:
    with open_store(address, create=True) as store:
        store.write(Write(put=[SHOE, Product("bag")]))
        assert store.touch(["shoe", "nobody"]) == 3
        assert [(c.seq, c.product_id, c.offer_only) for c in store.changes(2)] == [(3, "shoe", False)]
        assert store.get([1])[0].seq == 3  # type: ignore[union-attr]


def test_products_without_their_vectors_are_counted(address: str) -> None:
    bag = Product("bag", images=(ImageRef("1.jpg"), ImageRef("2.jpg")))
    pictures = PICTURES | {"bag": {"1.jpg": "a" * 64, "2.jpg": "b" * 64}}
    with open_store(address, create=True) as store:
        store.write(Write(put=[SHOE, bag], pictures_of=pictures))
        assert store.missing_vectors(SPACE) == {"picture": 2, "words": 2}
        store.write(Write(vectors=[rows_of(["a" * 64], 1), rows_of([bag.words_hash], 2, "words")]))
        assert store.missing_vectors(SPACE) == {"picture": 1, "words": 1}


def test_a_store_that_is_closed_says_so(address: str) -> None:
    store = open_store(address, create=True)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.last_seq()
    with pytest.raises(StoreError, match="closed"):
        store.write(Write())


def test_kept_products_are_told_from_changed_ones(address: str) -> None:
    ids = [f"p{n}" for n in range(1, 6)]
    with open_store(address, create=True) as store, open_store(address) as other:
        other.write(Write(put=[replace(SHOE, id=i) for i in ids], pictures_of=dict.fromkeys(ids, PICTURES["shoe"])))
        assert [p and p.product.id for p in store.get([3, 1, 2])] == ["p3", "p1", "p2"]
        other.write(Write(put=[replace(SHOE, id="p2", title="Blue shoe")], delete=["p3"]))
        # kept and current, kept and changed, kept and gone, never asked for, twice, never there
        asked = [1, 2, 3, 4, 4, 2, 99]
        with open_store(address) as fresh:
            expected = fresh.get(asked)
        assert [p and p.product.title for p in expected] == [
            *["Red shoe", "Blue shoe", None],
            *["Red shoe"] * 2,
            "Blue shoe",
            None,
        ]
        for _ in range(2):
            assert store.get(asked) == expected
        other.write(Write(put=[replace(SHOE, id="p1", title="Green shoe")]))
        assert [p and p.product.title for p in store.get([1, 2])] == ["Green shoe", "Blue shoe"]


def test_products_take_one_statement_while_nothing_is_written(sqlite_addresses: Addresses) -> None:
    address, ids = sqlite_addresses(), [f"p{n}" for n in range(1, 25)]
    with open_store(address, create=True) as store, open_store(address) as other:
        other.write(Write(put=[replace(SHOE, id=i) for i in ids]))
        run: list[str] = []
        store.last_seq()
        store._database._reader().raw.set_trace_callback(run.append)

        def statements(numbers: range) -> int:
            run.clear()
            assert all(store.get(numbers))
            return len(run)

        assert [statements(range(1, 5)), statements(range(1, 5)), statements(range(1, 20))] == [1, 1, 1]
        other.write(Write(put=[replace(SHOE, id="p1", title="Blue shoe")]))
        # those never read come with the newest number; then the numbers of those kept; then the one that changed
        assert [statements(range(1, 25)), statements(range(1, 25))] == [3, 1]
