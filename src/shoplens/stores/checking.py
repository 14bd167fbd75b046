"""What doctor asks of the store: is the file whole, do the tables agree, which products lack a vector."""

from __future__ import annotations

from sqlalchemy import Connection, distinct, exists, func, select

from shoplens.core.spaces import Modality, Space
from shoplens.errors import StoreError
from shoplens.stores.rows import pack_hash, unpack_product
from shoplens.stores.schema import changes, counters, product_pictures, products, variants, vectors
from shoplens.stores.vector_rows import set_id_of

_SHOWN = 5
_BODIES = select(products.c.id, products.c.body).execution_options(yield_per=1000)


def problems(connection: Connection) -> list[str]:
    """What is wrong, one sentence each, with the names of a few of those concerned."""
    found: list[str] = []
    if connection.dialect.name == "sqlite":
        said = connection.exec_driver_sql(f"PRAGMA quick_check({_SHOWN})").scalars().all()
        found += [f"the file is damaged: {line}" for line in said if line != "ok"]
        if found:
            return found  # what a damaged file says of its rows means nothing
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            tables = sorted({row[0] for row in broken})
            found.append(f"{len(broken)} rows name a row that is not there (in {', '.join(tables)})")
    has_variant = exists().where(variants.c.product == products.c.number)
    bare = connection.execute(select(products.c.id).where(~has_variant).limit(_SHOWN)).scalars().all()
    if bare:
        found.append(f"products without a variant: {', '.join(bare)}")
    unreadable = [product_id for product_id, body in connection.execute(_BODIES) if not _can_be_read(body)]
    if unreadable:
        found.append(f"products that cannot be read: {', '.join(unreadable[:_SHOWN])}")
    has_entry = exists().where(changes.c.number == products.c.number, changes.c.seq == products.c.seq)
    silent = connection.execute(select(products.c.id).where(~has_entry).limit(_SHOWN)).scalars().all()
    if silent:
        found.append(f"products whose last change is not in the change log: {', '.join(silent)}")
    row = connection.execute(select(counters)).first()
    if row is None:
        return [*found, "the counters are gone"]
    for name, column, counted in (
        ("change", changes.c.seq, row.seq),
        ("product", products.c.number, row.product),
        ("variant", variants.c.number, row.variant),
    ):
        largest = connection.execute(select(func.coalesce(func.max(column), 0))).scalar_one()
        if largest > counted:
            found.append(f"the counter of {name} numbers stands at {counted}, but {largest} is in use")
    return found


def _can_be_read(body: str) -> bool:
    try:
        unpack_product(body)
    except StoreError:
        return False
    return True


def missing_vectors(connection: Connection, space: Space) -> dict[Modality, int]:
    """How many products lack a vector of a picture that they show, and how many one of their words."""
    pictures = _set(connection, space, "picture")
    shown = exists().where(vectors.c.set_id == pictures, vectors.c.key == product_pictures.c.hash)
    lacking = select(func.count(distinct(product_pictures.c.product))).where(~shown)
    words = _set(connection, space, "words")
    kept = connection.execute(select(vectors.c.key).where(vectors.c.set_id == words)).scalars()
    have = {bytes(key) for key in kept}
    hashes = connection.execute(select(products.c.words_hash)).scalars()
    return {
        "picture": int(connection.execute(lacking).scalar_one()),
        "words": sum(pack_hash(digest) not in have for digest in hashes),
    }


def _set(connection: Connection, space: Space, modality: Modality) -> int:
    found = set_id_of(connection, space, modality)
    return -1 if found is None else found
