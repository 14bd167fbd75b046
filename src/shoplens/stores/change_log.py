"""The change log read from its end: what happened to the catalogue last."""

from __future__ import annotations

from sqlalchemy import select

from shoplens.core.ports import Change
from shoplens.stores.connections import Database
from shoplens.stores.schema import changes


def newest_changes(database: Database, before: int | None, limit: int) -> list[Change]:
    """The last entries of the change log with seq < ``before`` (None: the very last), the newest first.

    The log is pruned: of each product it keeps the last full change and the last one of its offer after it.

    Raises:
        StoreError: the database refuses.
    """
    wanted = select(changes).order_by(changes.c.seq.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(changes.c.seq < before)
    rows = database.read(lambda c: c.execute(wanted).all())
    return [Change(seq, number, product_id, bool(gone), bool(offer)) for seq, number, product_id, gone, offer in rows]
