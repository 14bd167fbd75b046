"""Conformance of CatalogueStore, CatalogueLookup and VectorStore: what a store says, a dictionary says too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from hypothesis import strategies as st

from shoplens.core.catalogue import DerivedText, ImageRef, Money, Product, Translation, Variant
from shoplens.core.ports import (
    CatalogueLookup,
    CatalogueStore,
    Change,
    Digest,
    PictureFacts,
    StoredProduct,
    VectorRows,
    VectorStore,
    Write,
)
from shoplens.core.spaces import Space, unit

SPACE = Space("encoder", "1", 4)


class Store(CatalogueStore, CatalogueLookup, VectorStore, Protocol):
    """What the engine holds: three ports in one."""


@dataclass
class Naive:
    """The reference: dictionaries, and a change log from which nothing is ever taken out."""

    stored: dict[str, StoredProduct] = field(default_factory=dict)
    log: list[Change] = field(default_factory=list)
    known: dict[str, PictureFacts] = field(default_factory=dict)
    rows: dict[tuple[Space, str, str], np.ndarray] = field(default_factory=dict)
    given_products: int = 0
    given_variants: int = 0

    def write(self, batch: Write) -> int:
        for product_id in dict.fromkeys(batch.delete):
            if product_id in self.stored:
                gone = self.stored.pop(product_id)
                self._log(gone.number, product_id, deleted=True)
        for product in {p.id: p for p in batch.put}.values():
            self._put(product, batch.pictures_of.get(product.id))
        self.known |= {fact.location: fact for fact in batch.facts}
        for rows in batch.vectors:
            for key, vector in zip(rows.keys, rows.vectors, strict=True):
                self.rows[rows.space, rows.modality, key] = np.asarray(vector).astype(np.float16)
        return self.last_seq()

    def _put(self, product: Product, given: dict[str, str] | None) -> None:
        old = self.stored.get(product.id)
        locations = [i.location for i in product.all_images()]
        kept = {k: v for k, v in (old.pictures if old else {}).items() if k in locations}
        pictures = dict(given) if given is not None else kept
        if old and old.product.content_hash == product.content_hash and old.pictures == pictures:
            return
        self.given_products += old is None
        number = old.number if old else self.given_products
        left = [(v.id, n) for v, n in zip(old.product.variants, old.variant_numbers, strict=True)] if old else []
        numbers = []
        for variant in product.variants:
            same = next((pair for pair in left if pair[0] == variant.id), None)
            if same:
                left.remove(same)
                numbers.append(same[1])
            else:
                self.given_variants += 1
                numbers.append(self.given_variants)
        offer_only = (
            old is not None
            and old.product.words_hash == product.words_hash
            and old.product.pictures_hash == product.pictures_hash
            and old.pictures == pictures
            and [v.id for v in old.product.variants] == [v.id for v in product.variants]
        )
        self._log(number, product.id, offer_only=offer_only)
        self.stored[product.id] = StoredProduct(number, product, tuple(numbers), pictures, self.last_seq())

    def _log(self, number: int, product_id: str, deleted: bool = False, offer_only: bool = False) -> None:
        self.log.append(Change(len(self.log) + 1, number, product_id, deleted, offer_only))

    def last_seq(self) -> int:
        return len(self.log)

    def changes(self, after: int) -> list[Change]:
        newer = self.log[after:]
        last = {c.number: c for c in newer}
        return [
            replace(c, offer_only=all(d.offer_only for d in newer if d.number == c.number))
            for c in sorted(last.values(), key=lambda c: c.seq)
        ]


def check(store: Store, naive: Naive) -> None:
    """Every question of the three ports, asked of both."""
    assert store.last_seq() == naive.last_seq()
    numbers = list(range(1, naive.given_products + 2))
    by_number = {p.number: p for p in naive.stored.values()}
    assert store.get(numbers) == [by_number.get(n) for n in numbers]
    assert store.get(numbers[::-1]) == [by_number.get(n) for n in numbers[::-1]], "kept parsed products differ"
    ids = [*naive.stored, "nobody"]
    assert list(store.ids()) == [p.product.id for _, p in sorted(by_number.items())]
    assert store.numbers_of(ids) == {i: p.number for i, p in naive.stored.items()}
    assert store.digests(ids) == {
        i: Digest(p.number, p.product.content_hash, p.product.words_hash, p.product.pictures_hash)
        for i, p in naive.stored.items()
    }
    for after in range(naive.last_seq() + 1):
        assert store.changes(after) == naive.changes(after), f"changes after {after}"
    assert store.facts([*naive.known, "nowhere"]) == naive.known
    counts: dict[Space, int] = {}
    for space, _modality, _key in naive.rows:
        counts[space] = counts.get(space, 0) + 1
    assert store.spaces() == counts
    for (space, modality, key), vector in naive.rows.items():
        found = store.vectors(space, modality, [key, "no such key"])  # type: ignore[arg-type]
        assert list(found) == [key]
        assert found[key].dtype == np.float16
        assert np.array_equal(found[key], vector)


def replay(store: Store, copy: dict[int, StoredProduct], after: int, limit: int) -> int:
    """Brings a copy up to date as an index does; returns the sequence number at which it then stands."""
    while found := store.changes(after, limit):
        for change, product in zip(found, store.get([c.number for c in found]), strict=True):
            if change.deleted or product is None:
                copy.pop(change.number, None)
            elif not (change.offer_only and change.number not in copy):
                copy[change.number] = product
            else:
                raise AssertionError(f"told of the offer alone of a product never seen: {change}")
        after = found[-1].seq
    return after


# --- strategies ----------------------------------------------------------------------------------

# What JSON text and a database column both hold: any Unicode but lone surrogates; PostgreSQL has no NUL in names.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAME = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
ATTRIBUTES = st.dictionaries(TEXT, st.lists(TEXT, max_size=2).map(tuple), max_size=2)
IMAGES = st.lists(st.builds(ImageRef, TEXT, TEXT), max_size=2).map(tuple)
MONEY = st.builds(Money, st.integers(-(2**53) + 1, 2**53 - 1), st.sampled_from(["", "EUR", "JPY", "KWD"]))
VARIANT = st.builds(
    Variant,
    id=NAME | st.just(""),
    price=st.none() | MONEY,
    list_price=st.none() | MONEY,
    in_stock=st.none() | st.booleans(),
    quantity=st.none() | st.integers(-(2**70), 2**70),
    sku=TEXT,
    gtin=TEXT,
    mpn=TEXT,
    link=TEXT,
    attributes=ATTRIBUTES,
    images=IMAGES,
)
PATH = st.lists(TEXT, max_size=3).map(tuple)
PRODUCT = st.builds(
    Product,
    id=NAME,
    title=TEXT,
    description=TEXT,
    brand=TEXT,
    category=PATH,
    categories=st.lists(PATH, max_size=2).map(tuple),
    link=TEXT,
    attributes=ATTRIBUTES,
    images=IMAGES,
    variants=st.lists(VARIANT, max_size=3).map(tuple),
    translations=st.lists(st.builds(Translation, TEXT, TEXT, TEXT), max_size=2).map(tuple),
    derived=st.lists(st.builds(DerivedText, TEXT, TEXT, TEXT, st.floats(0, 1)), max_size=2).map(tuple),
)
"""Any product, with every field and every odd text."""

_LOCATIONS = st.sampled_from(["1.jpg", "2.jpg"])
_HASHES = st.sampled_from(["a" * 64, "b" * 64, "not hex"])
_SMALL = st.builds(
    Product,
    id=st.sampled_from("abcd"),
    title=st.sampled_from(["", "shoe"]),
    images=st.lists(st.builds(ImageRef, _LOCATIONS), max_size=2, unique=True).map(tuple),
    variants=st.lists(st.builds(Variant, st.sampled_from("xyz"), st.builds(Money, st.integers(1, 2))), max_size=3).map(
        tuple
    ),
)
"""Few ids, few values: so that batches meet each other."""


def rows_of(keys: Sequence[str], seed: int, modality: str = "picture", space: Space = SPACE) -> VectorRows:
    """Made-up unit vectors for keys."""
    made = unit(np.random.default_rng(seed).standard_normal((len(keys), space.dimension)))
    return VectorRows(space, modality, keys, made)  # type: ignore[arg-type]


BATCH = st.builds(
    Write,
    put=st.lists(_SMALL, max_size=3),
    pictures_of=st.dictionaries(st.sampled_from("abcd"), st.dictionaries(_LOCATIONS, _HASHES, max_size=2), max_size=2),
    delete=st.lists(st.sampled_from("abcde"), max_size=1),
    facts=st.lists(
        st.builds(
            PictureFacts, _LOCATIONS, st.sampled_from("12"), _HASHES | st.just(""), st.sampled_from(["", "tiny"])
        ),
        max_size=2,
    ),
    vectors=st.lists(
        st.builds(
            rows_of,
            st.lists(_HASHES, max_size=2, unique=True),
            st.integers(0, 9),
            st.sampled_from(["picture", "words"]),
            st.sampled_from([SPACE, Space("encoder", "2", 3)]),
        ),
        max_size=2,
    ),
)
"""A batch over a small world."""
