"""Writing a batch: what changed is worked out against what is stored, inside the writer's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from shoplens.core.catalogue import Product
from shoplens.core.ports import Digest, PictureFacts, VectorRows, Write
from shoplens.errors import ProductChangedError, StoreError
from shoplens.stores.reading import chunks, digests_of
from shoplens.stores.rows import pack_hash, pack_product, pack_vectors
from shoplens.stores.schema import (
    changes,
    counters,
    picture_facts,
    picture_prints,
    product_pictures,
    products,
    variants,
    vector_sets,
    vectors,
)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch made ready before the lock is taken: hashes, JSON and fp16 cost more than the transaction itself."""

    put: Mapping[str, tuple[Product, str, Digest]]
    pictures_of: Mapping[str, Mapping[str, str]]
    delete: Sequence[str]
    facts: Sequence[Row]
    vectors: Sequence[tuple[str, str, Mapping[bytes, bytes]]]
    touch: Sequence[str]
    prints: Mapping[str, bytes]


def prepare_batch(batch: Write) -> Prepared:
    """Checks a batch and does all that needs no database. Of products with the same id the last one counts.

    Raises:
        StoreError: a product without an id, or vectors that do not fit their space.
    """
    put: dict[str, tuple[Product, str, Digest]] = {}
    for product in batch.put:
        if not product.id:
            raise StoreError("a product has no id", where=product.title or None, hint="give every product an id")
        digest = Digest(0, product.content_hash, product.words_hash, product.pictures_hash)
        put[product.id] = (product, pack_product(product), digest)
    facts = {fact.location: _fact_row(fact) for fact in batch.facts}
    return Prepared(
        put=put,
        pictures_of=batch.pictures_of,
        delete=list(dict.fromkeys(batch.delete)),
        facts=list(facts.values()),
        vectors=[_vector_set(rows) for rows in batch.vectors if len(rows.keys)],
        touch=[product_id for product_id in dict.fromkeys(batch.touch) if product_id not in put],
        prints=batch.prints,
    )


def _fact_row(fact: PictureFacts) -> Row:
    return {
        "location": fact.location,
        "fingerprint": fact.fingerprint,
        "hash": pack_hash(fact.hash),
        "problem": fact.problem,
        "width": fact.width,
        "height": fact.height,
    }


def _vector_set(rows: VectorRows) -> tuple[str, str, Mapping[bytes, bytes]]:
    return str(rows.space), rows.modality, pack_vectors(rows)


class Counters:
    """The counters of the shop, locked until the transaction ends: what they give is in the order of commits."""

    def __init__(self, connection: Connection) -> None:
        # On SQLite BEGIN IMMEDIATE holds the lock already and FOR UPDATE is left out.
        row = connection.execute(select(counters).with_for_update()).one()
        self._connection = connection
        self._before = (int(row.seq), int(row.product), int(row.variant))
        self.seq, self.product, self.variant = self._before

    def next_seq(self) -> int:
        """The next number of the change log."""
        self.seq += 1
        return self.seq

    def next_product(self) -> int:
        """The next product number."""
        self.product += 1
        return self.product

    def next_variant(self) -> int:
        """The next variant number."""
        self.variant += 1
        return self.variant

    def save(self) -> None:
        """Stores the counters, if they moved."""
        if (self.seq, self.product, self.variant) != self._before:
            self._connection.execute(update(counters).values(seq=self.seq, product=self.product, variant=self.variant))


def write_batch(connection: Connection, batch: Prepared) -> int:
    """Writes a batch inside the caller's transaction; returns the sequence number of the last change.

    Deletions come before puts: an id in both becomes a new product with a new number.
    """
    count = Counters(connection)
    _delete(connection, count, batch.delete)
    _put(connection, count, batch)
    upsert(connection, picture_facts, batch.facts, ("location",))
    for space, modality, data in batch.vectors:
        set_id = _set_id(connection, space, modality)
        upsert(
            connection,
            vectors,
            [{"set_id": set_id, "key": key, "data": blob} for key, blob in data.items()],
            ("set_id", "key"),
        )
    rows = [{"key": pack_hash(key), "data": data} for key, data in batch.prints.items()]
    upsert(connection, picture_prints, rows, ("key",))
    _touch(connection, count, batch.touch)
    count.save()
    return count.seq


def refuse_changed(connection: Connection, expected: Mapping[str, int | None]) -> None:
    """Refuses a change of products that are not as it was made for: id -> ``seq``, None for one that is not there.

    Raises ProductChangedError. Inside the caller's transaction, once the counters are locked or on SQLite.
    """
    if not expected:
        return
    Counters(connection)  # on PostgreSQL nobody else may write from here on
    found: dict[str, int] = {}
    for part in chunks(expected):
        rows = connection.execute(select(products.c.id, products.c.seq).where(products.c.id.in_(part)))
        found.update((row[0], int(row[1])) for row in rows)
    for product_id, seq in expected.items():
        if found.get(product_id) != seq:
            raise ProductChangedError(
                f"the product {product_id!r} has been changed meanwhile", hint="read it again, then change that"
            )


def touch(connection: Connection, product_ids: Iterable[str]) -> int:
    """Enters products into the change log as changed in full, so that every copy reads them again."""
    count = Counters(connection)
    _touch(connection, count, product_ids)
    count.save()
    return count.seq


def _touch(connection: Connection, count: Counters, product_ids: Iterable[str]) -> None:
    entries = []
    for product_id, digest in digests_of(connection, product_ids).items():
        entries.append(_entry(count.next_seq(), digest.number, product_id))
    _log(connection, entries)
    for entry in entries:
        connection.execute(update(products).where(products.c.number == entry["number"]).values(seq=entry["seq"]))


def _delete(connection: Connection, count: Counters, product_ids: Sequence[str]) -> None:
    gone = digests_of(connection, product_ids)
    entries = [
        _entry(count.next_seq(), gone[product_id].number, product_id, deleted=True)
        for product_id in product_ids
        if product_id in gone
    ]
    for part in chunks([entry["number"] for entry in entries]):
        connection.execute(delete(variants).where(variants.c.product.in_(part)))
        connection.execute(delete(product_pictures).where(product_pictures.c.product.in_(part)))
        connection.execute(delete(products).where(products.c.number.in_(part)))
    _log(connection, entries)


def _put(connection: Connection, count: Counters, batch: Prepared) -> None:
    if not batch.put:
        return
    before = digests_of(connection, batch.put)
    known = [digest.number for digest in before.values()]
    old_pictures = _pictures_of(connection, known)
    old_variants = _variants_of(connection, known)
    product_rows, variant_rows, picture_rows, entries = [], [], [], []
    renewed_variants: list[int] = []
    renewed_pictures: list[int] = []
    for product_id, (product, body, digest) in batch.put.items():
        old = before.get(product_id)
        number = old.number if old else count.next_product()
        kept = old_pictures[number]
        pictures = _pictures_to_be(product, batch.pictures_of.get(product_id), kept)
        same_pictures = old is not None and pictures == kept
        if old and same_pictures and old.content == digest.content:
            continue
        seq = count.next_seq()
        product_rows.append(
            {
                "number": number,
                "id": product_id,
                "body": body,
                "content_hash": digest.content,
                "words_hash": digest.words,
                "pictures_hash": digest.pictures,
                "seq": seq,
            }
        )
        offered = old_variants[number]
        same_variants = [variant.id for variant in product.variants] == [row["id"] for row in offered]
        if not same_variants:
            renewed_variants.append(number)
            variant_rows += _variant_rows(product, number, offered, count)
        if not same_pictures:
            renewed_pictures.append(number)
            picture_rows += [
                {"product": number, "position": i, "location": location, "hash": pictures[location]}
                for i, location in enumerate(pictures)
            ]
        offer_only = (
            old is not None
            and same_pictures
            and same_variants
            and (old.words, old.pictures) == (digest.words, digest.pictures)
        )
        entries.append(_entry(seq, number, product_id, offer_only=offer_only))
    upsert(connection, products, product_rows, ("number",))
    known_numbers = set(known)
    _replace(connection, variants, [n for n in renewed_variants if n in known_numbers], variant_rows)
    _replace(connection, product_pictures, [n for n in renewed_pictures if n in known_numbers], picture_rows)
    _log(connection, entries)


def _pictures_to_be(
    product: Product, given: Mapping[str, str] | None, kept: Mapping[str, bytes]
) -> Mapping[str, bytes]:
    # A batch that says nothing of a product's pictures keeps what is stored of those that it still has.
    if given is not None:
        return {location: pack_hash(digest) for location, digest in given.items()}
    named = {image.location for image in product.all_images()}
    return {location: digest for location, digest in kept.items() if location in named}


def _variant_rows(product: Product, number: int, offered: Sequence[Row], count: Counters) -> list[Row]:
    # A shop may list the same variant id twice; the first keeps the first's number, and so on.
    free: dict[str, list[int]] = defaultdict(list)
    for row in offered:
        free[row["id"]].append(row["number"])
    return [
        {
            "number": free[variant.id].pop(0) if free[variant.id] else count.next_variant(),
            "product": number,
            "position": position,
            "id": variant.id,
        }
        for position, variant in enumerate(product.variants)
    ]


def _variants_of(connection: Connection, numbers: Sequence[int]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    c = variants.c
    for part in chunks(numbers):
        rows = connection.execute(
            select(c.product, c.number, c.id).where(c.product.in_(part)).order_by(c.product, c.position)
        )
        for product, number, variant_id in rows:
            found[product].append({"number": number, "id": variant_id})
    return found


def _pictures_of(connection: Connection, numbers: Sequence[int]) -> dict[int, dict[str, bytes]]:
    found: dict[int, dict[str, bytes]] = defaultdict(dict)
    c = product_pictures.c
    for part in chunks(numbers):
        rows = connection.execute(
            select(c.product, c.location, c.hash).where(c.product.in_(part)).order_by(c.product, c.position)
        )
        for product, location, digest in rows:
            found[product][location] = bytes(digest)
    return found


def _entry(seq: int, number: int, product_id: str, *, deleted: bool = False, offer_only: bool = False) -> Row:
    return {"seq": seq, "number": number, "product_id": product_id, "deleted": deleted, "offer_only": offer_only}


def _log(connection: Connection, entries: Sequence[Row]) -> None:
    """Appends to the change log and takes out what the new entries make needless.

    Of each product two entries are kept at most: its last full change, and after it the last one of the offer
    alone. The full one has to stay: a copy that stands before both must not be told that only the offer changed.
    """
    numbers = [entry["number"] for entry in entries if not entry["offer_only"]]
    for part in chunks(numbers):
        connection.execute(delete(changes).where(changes.c.number.in_(part)))
    offers = [entry["number"] for entry in entries if entry["offer_only"]]
    for part in chunks(offers):
        connection.execute(delete(changes).where(changes.c.number.in_(part), changes.c.offer_only))
    if entries:
        connection.execute(insert(changes), list(entries))


def _replace(connection: Connection, table: Table, numbers: Sequence[int], rows: Sequence[Row]) -> None:
    for part in chunks(numbers):
        connection.execute(delete(table).where(table.c.product.in_(part)))
    if rows:
        connection.execute(insert(table), list(rows))


def upsert(connection: Connection, table: Table, rows: Sequence[Row], key: Sequence[str]) -> None:
    """Inserts rows; where one with the same key columns exists, its other columns are overwritten."""
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in key}
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=changed), list(rows))


def _set_id(connection: Connection, space: str, modality: str) -> int:
    c = vector_sets.c
    wanted = select(c.id).where(c.space == space, c.modality == modality)
    found = connection.execute(wanted).scalar()
    if found is None:
        connection.execute(insert(vector_sets), {"space": space, "modality": modality})
        found = connection.execute(wanted).scalar_one()
    return int(found)
