"""Vectors in the tables: by key, in bulk, counted, dropped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, delete, func, select

from shoplens.core.spaces import Modality, Space
from shoplens.stores.compiled import Statement, number_named
from shoplens.stores.reading import chunks
from shoplens.stores.rows import pack_hash, unpack_hash, unpack_vectors
from shoplens.stores.schema import vector_sets, vectors


def set_id_of(connection: Connection, space: Space, modality: Modality) -> int | None:
    """The number of a (space, modality); None when nothing was ever stored in it."""
    c = vector_sets.c
    return connection.execute(select(c.id).where(c.space == str(space), c.modality == modality)).scalar()


def by_key(
    connection: Connection, space: Space, modality: Modality, keys: Sequence[str]
) -> dict[str, npt.NDArray[np.float16]]:
    """key -> fp16 [d], for those that exist."""
    set_id = set_id_of(connection, space, modality)
    found: dict[str, npt.NDArray[np.float16]] = {}
    if set_id is None:
        return found
    c = vectors.c
    for part in chunks(keys):
        rows = connection.execute(
            select(c.key, c.data).where(c.set_id == set_id, c.key.in_([pack_hash(key) for key in part]))
        ).all()
        matrix = unpack_vectors([row[1] for row in rows], space.dimension)
        found.update((unpack_hash(row[0]), matrix[i]) for i, row in enumerate(rows))
    return found


def in_chunks(
    connection: Connection, space: Space, modality: Modality, chunk: int
) -> Iterator[tuple[list[str], npt.NDArray[np.float16]]]:
    """All vectors of a space and modality, in the order in which they were stored."""
    set_id = set_id_of(connection, space, modality)
    if set_id is None:
        return
    c = vectors.c
    # The + keeps SQLite from walking the index of keys, which would jump through the file.
    statement = Statement(
        select(c.id, c.key, c.data)
        .where(c.set_id + 0 == number_named("set_id"), c.id > number_named("after"))
        .order_by(c.id)
        .limit(number_named("limit")),
        connection.dialect,
    )
    raw, after = connection.connection.dbapi_connection, 0
    while rows := statement.rows(raw, set_id=set_id, after=after, limit=chunk):
        ids, keys, data = zip(*rows, strict=True)
        yield [unpack_hash(key) for key in keys], unpack_vectors(data, space.dimension)
        after = ids[-1]


def count_by_space(connection: Connection) -> dict[Space, int]:
    """Each space with the number of its vectors, of both modalities."""
    counted = (
        select(vector_sets.c.space, func.count())
        .join(vectors, vectors.c.set_id == vector_sets.c.id)
        .group_by(vector_sets.c.id, vector_sets.c.space)
    )
    found: dict[Space, int] = defaultdict(int)
    for name, count in connection.execute(counted):
        found[Space.parse(name)] += count
    return dict(found)


def modalities_of(connection: Connection, space: Space) -> set[Modality]:
    """The modalities of which a space has vectors."""
    return set(connection.execute(select(vector_sets.c.modality).where(vector_sets.c.space == str(space))).scalars())


def drop_some(connection: Connection, space: Space, after: int, limit: int) -> tuple[int, int]:
    """Removes the next ``limit`` of a space's vectors, by row number, inside the caller's transaction.

    Returns:
        How many, and the last row number, to go on from; 0 when nothing is left of the space.
    """
    sets = connection.execute(select(vector_sets.c.id).where(vector_sets.c.space == str(space))).scalars().all()
    # The + keeps SQLite from walking the index of keys, which would jump through the file.
    own = vectors.c.set_id + 0
    rows = select(vectors.c.id).where(own.in_(sets), vectors.c.id > after).order_by(vectors.c.id).limit(limit)
    found = connection.execute(rows).scalars().all()
    if len(found) == limit:
        part = vectors.c.id.between(found[0], found[-1])
        return int(connection.execute(delete(vectors).where(part, own.in_(sets))).rowcount), int(found[-1])
    # The last ones, and what was stored meanwhile: row numbers of deleted rows may be given again.
    gone = connection.execute(delete(vectors).where(vectors.c.set_id.in_(sets))).rowcount
    connection.execute(delete(vector_sets).where(vector_sets.c.id.in_(sets)))
    return int(gone), 0
