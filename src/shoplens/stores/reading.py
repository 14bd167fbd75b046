"""Reading the tables: every function takes a connection and asks for at most CHUNK names or numbers at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, select

from shoplens.core.ports import Change, Digest, PictureFacts, StoredProduct
from shoplens.stores.rows import unpack_hash, unpack_product
from shoplens.stores.schema import changes, picture_facts, product_pictures, products, variants

K = TypeVar("K")

CHUNK = 500
"""Values in one IN (...): below every limit on parameters (999 in the oldest SQLite still in use)."""


def chunks(values: Iterable[K], size: int = CHUNK) -> Iterator[list[K]]:
    """Lists of at most ``size``."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part


def seqs_of(connection: Connection, numbers: Sequence[int]) -> dict[int, int]:
    """Product number -> sequence number of its last change, for those that exist."""
    found: dict[int, int] = {}
    for part in chunks(numbers):
        rows = connection.execute(select(products.c.number, products.c.seq).where(products.c.number.in_(part)))
        found.update((row[0], row[1]) for row in rows)
    return found


def products_of(connection: Connection, numbers: Sequence[int]) -> dict[int, StoredProduct]:
    """Product number -> product, for those that exist; to be called inside one read transaction."""
    found: dict[int, StoredProduct] = {}
    for part in chunks(numbers):
        found.update(_assemble(connection, products.c.number.in_(part), lambda column, p=part: column.in_(p)))
    return found


def products_after(connection: Connection, after: int, limit: int) -> list[StoredProduct]:
    """The next ``limit`` products by number; to be called inside one read transaction."""
    numbers = select(products.c.number).where(products.c.number > after).order_by(products.c.number).limit(limit)
    bounds = connection.execute(numbers).scalars().all()
    if not bounds:
        return []
    first, last = bounds[0], bounds[-1]
    found = _assemble(connection, products.c.number.between(first, last), lambda column: column.between(first, last))
    return [found[number] for number in bounds]


def _assemble(connection: Connection, which: ColumnElement[bool], among: Any) -> dict[int, StoredProduct]:
    numbers: dict[int, list[int]] = defaultdict(list)
    pictures: dict[int, dict[str, str]] = defaultdict(dict)
    v, p = variants.c, product_pictures.c
    for product, number in connection.execute(
        select(v.product, v.number).where(among(v.product)).order_by(v.product, v.position)
    ):
        numbers[product].append(number)
    for product, location, digest in connection.execute(
        select(p.product, p.location, p.hash).where(among(p.product)).order_by(p.product, p.position)
    ):
        pictures[product][location] = unpack_hash(digest)
    rows = connection.execute(select(products.c.number, products.c.body, products.c.seq).where(which))
    return {
        number: StoredProduct(number, unpack_product(body), tuple(numbers[number]), pictures[number], seq)
        for number, body, seq in rows
    }


def numbers_of(connection: Connection, product_ids: Iterable[str]) -> dict[str, int]:
    """Product id -> number, for those that exist."""
    found: dict[str, int] = {}
    for part in chunks(product_ids):
        rows = connection.execute(select(products.c.id, products.c.number).where(products.c.id.in_(part)))
        found.update((row[0], row[1]) for row in rows)
    return found


def digests_of(connection: Connection, product_ids: Iterable[str]) -> dict[str, Digest]:
    """Product id -> digest, for those that exist."""
    c = products.c
    found: dict[str, Digest] = {}
    for part in chunks(product_ids):
        for row in connection.execute(
            select(c.id, c.number, c.content_hash, c.words_hash, c.pictures_hash).where(c.id.in_(part))
        ):
            found[row[0]] = Digest(*row[1:])
    return found


def facts_of(connection: Connection, locations: Iterable[str]) -> dict[str, PictureFacts]:
    """Picture address -> what is known of it."""
    found: dict[str, PictureFacts] = {}
    for part in chunks(locations):
        for row in connection.execute(select(picture_facts).where(picture_facts.c.location.in_(part))):
            location, fingerprint, digest, problem, width, height = row
            found[location] = PictureFacts(location, fingerprint, unpack_hash(digest), problem, width, height)
    return found


def ids_after(connection: Connection, after: int, limit: int) -> list[tuple[int, str]]:
    """The next product numbers and ids, by number."""
    c = products.c
    rows = connection.execute(select(c.number, c.id).where(c.number > after).order_by(c.number).limit(limit))
    return [(row[0], row[1]) for row in rows]


def changes_after(connection: Connection, after: int, limit: int) -> list[Change]:
    """The next ``limit`` entries of the change log; of each product the last one only.

    An entry tells of the offer alone only if all entries of the product in the result do.
    """
    rows = connection.execute(select(changes).where(changes.c.seq > after).order_by(changes.c.seq).limit(limit))
    latest: dict[int, Change] = {}
    for seq, number, product_id, deleted, offer_only in rows:
        before = latest.pop(number, None)
        only = bool(offer_only) and (before is None or before.offer_only)
        latest[number] = Change(seq, number, product_id, bool(deleted), only)
    return list(latest.values())
