"""API keys in the tables: what a key may, the hash of it, and how much of its quota is used."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from shoplens.core.keys import ApiKey, key_from_fields, key_to_fields
from shoplens.core.rule_fields import moment_to_text
from shoplens.errors import NotFoundError, ShopLensError, StoreError
from shoplens.stores.connections import Database
from shoplens.stores.schema import api_keys, key_uses

_K, _U = api_keys.c, key_uses.c


class KeyStore:
    """The keys of a shop. Safe to use from several threads and processes; raises StoreError where the database refuses.

    Args:
        database: the connections of the shop's store (``store.database``).
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written: keys count, their use is not kept."""
        return self._database.read_only

    def add(self, key: ApiKey, hashed: bytes) -> None:
        """Keeps a new key with the SHA-256 of what its owner was shown."""
        row = {"id": key.id, "hash": hashed, "body": _body(key), "created": moment_to_text(key.created)}
        with self._database.transaction() as connection:
            connection.execute(insert(api_keys), {**row, "revoked": None})

    def get(self, key_id: str) -> tuple[ApiKey, bytes] | None:
        """A key and its hash; None where there is none."""
        wanted = select(_K.id, _K.hash, _K.body).where(_K.id == key_id)
        row = self._database.read(lambda c: c.execute(wanted).one_or_none())
        return None if row is None else (_key(row.id, row.body), bytes(row.hash))

    def all(self) -> list[ApiKey]:
        """All keys that there ever were, the newest first."""
        wanted = select(_K.id, _K.body).order_by(_K.created.desc(), _K.id)
        return [_key(row.id, row.body) for row in self._database.read(lambda c: c.execute(wanted).all())]

    def revoke(self, key_id: str, at: datetime) -> ApiKey:
        """Ends a key for good; one that was ended before stays as it is.

        Raises:
            NotFoundError: there is no such key.
        """
        with self._database.transaction() as connection:
            body = connection.execute(select(_K.body).where(_K.id == key_id)).scalar()
            if body is None:
                raise NotFoundError(f"there is no key {key_id[:40]!r}", where="key", hint="look: shoplens key list")
            key = _key(key_id, body)
            if key.revoked is None:
                key = replace(key, revoked=at)
                values = {"body": _body(key), "revoked": moment_to_text(at)}
                connection.execute(update(api_keys).where(_K.id == key_id).values(**values))
        return key

    def used(self, key_id: str, day: str) -> int:
        """Requests that count against a key's quota of a day (UTC, 2026-11-27)."""
        wanted = select(_U.used).where(_U.key_id == key_id, _U.day == day)
        return int(self._database.read(lambda c: c.execute(wanted).scalar()) or 0)

    def add_uses(self, day: str, uses: dict[str, int]) -> dict[str, int]:
        """Adds uses of some keys on a day, in one transaction; what is counted of them now, other processes included.
        What was counted on other days goes."""
        counted: dict[str, int] = {}
        with self._database.transaction() as connection:
            for key_id, more in sorted(uses.items()):
                same = (_U.key_id == key_id) & (_U.day == day)
                changed = connection.execute(update(key_uses).where(same).values(used=_U.used + more))
                if not changed.rowcount:
                    connection.execute(delete(key_uses).where(_U.key_id == key_id, _U.day < day))
                    connection.execute(insert(key_uses), {"key_id": key_id, "day": day, "used": more})
                counted[key_id] = int(connection.execute(select(_U.used).where(same)).scalar_one())
        return counted


def _body(key: ApiKey) -> str:
    return json.dumps(key_to_fields(key), separators=(",", ":"))


def _key(key_id: str, body: Any) -> ApiKey:
    try:
        return key_from_fields(json.loads(body))
    except (ShopLensError, KeyError, TypeError, ValueError) as error:
        raise StoreError(f"the key {key_id} cannot be read", hint="revoke it and make another one") from error
