"""Fingerprints of pictures in the tables: added once, read on from the last one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, select

from shoplens.stores.reading import chunks
from shoplens.stores.rows import pack_hash, unpack_hash
from shoplens.stores.schema import picture_prints, product_pictures

Row = tuple[int, str, bytes]


def after(connection: Connection, last: int, limit: int) -> list[Row]:
    """(number, picture hash, fingerprint) of those that were added after number ``last``, in that order."""
    c = picture_prints.c
    rows = connection.execute(select(c.id, c.key, c.data).where(c.id > last).order_by(c.id).limit(limit)).all()
    return [(int(number), unpack_hash(key), bytes(data)) for number, key, data in rows]


def known(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Those of the picture hashes that have a fingerprint."""
    c, found = picture_prints.c, set[str]()
    for part in chunks(keys):
        rows = connection.execute(select(c.key).where(c.key.in_([pack_hash(key) for key in part]))).all()
        found.update(unpack_hash(row[0]) for row in rows)
    return found


def missing(connection: Connection) -> int:
    """How many pictures that products show have none."""
    p, c = product_pictures.c, picture_prints.c
    lacking = select(p.hash).distinct().where(~select(c.id).where(c.key == p.hash).exists()).subquery()
    return int(connection.execute(select(func.count()).select_from(lacking)).scalar_one())


def showing(connection: Connection, keys: Sequence[str]) -> Mapping[str, list[int]]:
    """Picture hash -> the numbers of the products that show it."""
    p, found = product_pictures.c, dict[str, list[int]]()
    for part in chunks(keys):
        wanted = [pack_hash(key) for key in part]
        rows = connection.execute(select(p.hash, p.product).where(p.hash.in_(wanted)).distinct()).all()
        for key, number in rows:
            found.setdefault(unpack_hash(key), []).append(int(number))
    return found
