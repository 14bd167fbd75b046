"""Reading what is known of pictures: where one lies, which were rejected."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from shoplens.core.catalogue import ImageRef
from shoplens.stores.rows import pack_hash
from shoplens.stores.schema import picture_facts, product_pictures


def location_of(connection: Connection, picture_hash: str) -> ImageRef | None:
    """Where a picture with this hash lies, as the feed gave it; None when no product shows it."""
    query = select(product_pictures.c.location).where(product_pictures.c.hash == pack_hash(picture_hash)).limit(1)
    found = connection.execute(query).scalar()
    return None if found is None else ImageRef(str(found))


def shown_by(connection: Connection, picture_hash: str) -> list[int]:
    """The numbers of the products that have a picture with this hash, rising."""
    query = select(product_pictures.c.product).where(product_pictures.c.hash == pack_hash(picture_hash)).distinct()
    return sorted(int(number) for number in connection.execute(query).scalars())


def rejected(connection: Connection, limit: int) -> tuple[int, list[tuple[str, str]]]:
    """How many pictures were rejected, and (location, reason) of the first ``limit`` by location."""
    bad = picture_facts.c.problem != ""
    count = connection.execute(select(func.count()).select_from(picture_facts).where(bad)).scalar_one()
    query = select(picture_facts.c.location, picture_facts.c.problem).where(bad).order_by(picture_facts.c.location)
    rows = connection.execute(query.limit(limit)).all()
    return int(count), [(str(location), str(problem)) for location, problem in rows]
