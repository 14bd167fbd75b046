"""Reading the tables: every function takes a connection and asks for at most CHUNK names or numbers at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from sqlalchemy import Connection, select

from shoplens.core.fields import clean
from shoplens.core.ports import Change, Digest, PictureFacts
from shoplens.stores.rows import unpack_hash
from shoplens.stores.schema import changes, picture_facts, products, variants

K = TypeVar("K")

CHUNK = 500
"""Values in one IN (...): below every limit on parameters (999 in the oldest SQLite still in use)."""


def chunks(values: Iterable[K], size: int = CHUNK) -> Iterator[list[K]]:
    """Lists of at most ``size``."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part


def numbers_of(connection: Connection, product_ids: Iterable[str]) -> dict[str, int]:
    """Product id -> number, for those that exist. What no database could hold as text is no product's id."""
    found: dict[str, int] = {}
    for part in chunks(_possible(connection, product_ids)):
        rows = connection.execute(select(products.c.id, products.c.number).where(products.c.id.in_(part)))
        found.update((row[0], row[1]) for row in rows)
    return found


def variant_ids(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Those of the ids that variants have."""
    found: set[str] = set()
    for part in chunks(_possible(connection, ids)):
        found.update(connection.execute(select(variants.c.id).where(variants.c.id.in_(part))).scalars())
    return found


def _possible(connection: Connection, ids: Iterable[str]) -> Iterator[str]:
    nul = connection.dialect.name == "sqlite"  # PostgreSQL holds no NUL
    return (i for i in ids if clean(i) == i and (nul or "\0" not in i))


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
