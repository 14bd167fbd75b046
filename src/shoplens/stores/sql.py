"""SqlStore: the truth of a shop in one SQLite file or PostgreSQL database."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import delete, select

from shoplens.core.catalogue import ImageRef
from shoplens.core.ports import Change, Digest, PictureFacts, StoredProduct, Write
from shoplens.core.rules import RuleVersion
from shoplens.core.spaces import Modality, Space
from shoplens.errors import StoreError
from shoplens.stores import checking, picture_rows, print_rows, reading, rule_rows, vector_rows
from shoplens.stores.backup import copy_file
from shoplens.stores.connections import Database
from shoplens.stores.problems import translate
from shoplens.stores.products_reader import ProductsReader
from shoplens.stores.schema import VERSION_KEY, meta
from shoplens.stores.writing import prepare_batch, refuse_changed, touch, upsert, write_batch

CACHED_PRODUCTS = 4096
"""Products kept parsed in memory; each is checked against the sequence number in the store before it is used."""


DROPPED = 5_000
"""Vectors removed in one transaction."""
_TURN_S = 0.03
"""A pause after a transaction of many: longer than SQLite lets a waiting writer sleep."""


class SqlStore:
    """Implements CatalogueStore, CatalogueLookup, VectorStore and RuleStore. Safe to use from several threads and
    processes.

    Every method raises StoreError (or ShopLockedError) when the database refuses. Made by ``open_store``.
    """

    def __init__(self, database: Database, *, cached_products: int = CACHED_PRODUCTS) -> None:
        self._database = database
        self._reader = ProductsReader(database.dialect)
        self._parsed = _Parsed(cached_products)
        self._seen = threading.local()

    @property
    def where(self) -> str:
        """The file, or the database's address without its password."""
        return self._database.where

    @property
    def database(self) -> Database:
        """The connections, for the other stores of the same shop (keys, jobs)."""
        return self._database

    @property
    def read_only(self) -> bool:
        """Whether writes are refused."""
        return self._database.read_only

    def close(self) -> None:
        """Closes all connections, those of other threads too."""
        self._database.close()

    def __enter__(self) -> SqlStore:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    # --- CatalogueStore --------------------------------------------------------------------------

    def write(self, batch: Write, expected: Mapping[str, int | None] | None = None) -> int:
        """Commits a batch, all of it or nothing; on the disk when this returns.

        Deletions come before puts; of equal ids in ``put`` the last one counts. A product that equals what is stored,
        pictures included, makes no change. A product that ``pictures_of`` does not name keeps the stored hashes of
        those pictures that it still has. ``expected``: product id -> the ``seq`` at which the change was made for it
        (None: it is not there); a product that stands elsewhere by now has the whole batch refused.

        Returns:
            The sequence number of the last change, or the newest one where nothing changed.

        Raises:
            ProductChangedError: a product of ``expected`` is another one by now.
            ShopLockedError: other writers took longer than 30 s.
            StoreError: disk full, read-only, damaged; a product without id; vectors that do not fit their space.
        """
        try:
            prepared = prepare_batch(batch)
        except UnicodeError as error:
            raise translate(error, self.where) from error
        with self._database.transaction() as connection:
            refuse_changed(connection, expected or {})
            return write_batch(connection, prepared)

    def get(self, numbers: Sequence[int]) -> list[StoredProduct | None]:
        """Products by number, in the order asked; None where there is none."""
        wanted = [int(number) for number in numbers]
        unknown = self._parsed.unknown(wanted)
        if unknown:
            now, fresh = self._database.read_raw(lambda raw: self._reader.by_number(raw, list(unknown)))
        else:
            now, fresh = self.last_seq(), []
        found = self._parsed.take(wanted, now)
        self._parsed.keep(fresh, now)
        found |= {product.number: product for product in fresh}
        doubtful = [number for number in dict.fromkeys(wanted) if number not in found and number not in unknown]
        if doubtful:  # kept, but since then there was a write
            found |= self._again(doubtful, now)
        return [found.get(number) for number in wanted]

    def _again(self, doubtful: list[int], now: int) -> dict[int, StoredProduct]:
        """Products that are kept, or were: as they are kept if they are current, else read anew."""
        seqs = self._database.read_raw(lambda raw: self._reader.seqs(raw, doubtful))
        found = self._parsed.confirm(seqs, now)
        changed = [number for number in seqs if number not in found]
        if changed:
            then, fresh = self._database.read_raw(lambda raw: self._reader.by_number(raw, changed))
            self._parsed.keep(fresh, then)
            found |= {product.number: product for product in fresh}
        return found

    def changes(self, after: int, limit: int = 10_000) -> list[Change]:
        """Changes with seq > after, oldest first, the last one only of each product within the result.

        The log is pruned: of each product it keeps the last full change and the last one of the offer after it.
        """
        return self._database.read(lambda c: reading.changes_after(c, after, limit))

    def last_seq(self) -> int:
        """The newest sequence number, other processes' included; 0 for an empty shop."""
        seq, self._seen.rules = self._database.read_raw(_newest_seqs)
        return seq

    # --- CatalogueLookup -------------------------------------------------------------------------

    def numbers_of(self, product_ids: Sequence[str]) -> dict[str, int]:
        """Product id -> number, for those that exist."""
        return self._database.read(lambda c: reading.numbers_of(c, product_ids))

    def variant_ids(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids that variants have."""
        return self._database.read(lambda c: reading.variant_ids(c, ids))

    def digests(self, product_ids: Sequence[str]) -> dict[str, Digest]:
        """Product id -> digest, for those that exist."""
        return self._database.read(lambda c: reading.digests_of(c, product_ids))

    def facts(self, locations: Sequence[str]) -> dict[str, PictureFacts]:
        """Picture address -> what is known of it."""
        return self._database.read(lambda c: reading.facts_of(c, locations))

    def ids(self) -> Iterator[str]:
        """All product ids, by product number, as they stood at one moment."""
        after = 0
        with self._database.snapshot() as connection:
            while part := reading.ids_after(connection, after, limit=10_000):
                yield from (product_id for _, product_id in part)
                after = part[-1][0]

    # --- pictures --------------------------------------------------------------------------------

    def location_of(self, picture_hash: str) -> ImageRef | None:
        """Where a picture of the catalogue lies, as the feed gave it; None when no product shows it."""
        return self._database.read(lambda c: picture_rows.location_of(c, picture_hash))

    def shown_by(self, picture_hash: str) -> list[int]:
        """The numbers of the products that have a picture with this hash, rising."""
        return self._database.read(lambda c: picture_rows.shown_by(c, picture_hash))

    def rejected_pictures(self, limit: int) -> tuple[int, list[tuple[str, str]]]:
        """How many pictures were rejected, and (location, reason) of the first ``limit``."""
        return self._database.read(lambda c: picture_rows.rejected(c, limit))

    def prints_after(self, last: int, limit: int) -> list[tuple[int, str, bytes]]:
        """Fingerprints that were added after number ``last``: (number, picture hash, fingerprint)."""
        return self._database.read(lambda c: print_rows.after(c, last, limit))

    def printed(self, keys: Sequence[str]) -> set[str]:
        """Those of the picture hashes that have a fingerprint."""
        return self._database.read(lambda c: print_rows.known(c, keys))

    def missing_prints(self) -> int:
        """How many pictures that products show have no fingerprint."""
        return self._database.read(print_rows.missing)

    def showing(self, keys: Sequence[str]) -> Mapping[str, list[int]]:
        """Picture hash -> numbers of the products that show it."""
        return self._database.read(lambda c: print_rows.showing(c, keys))

    # --- VectorStore -----------------------------------------------------------------------------

    def vectors(self, space: Space, modality: Modality, keys: Sequence[str]) -> dict[str, npt.NDArray[np.float16]]:
        """key -> fp16 [d], read-only, for those that exist."""
        return self._database.read(lambda c: vector_rows.by_key(c, space, modality, keys))

    def spaces(self) -> dict[Space, int]:
        """Each space with the number of its vectors, of both modalities."""
        return self._database.read(vector_rows.count_by_space)

    def modalities(self, space: Space) -> set[Modality]:
        """The modalities of which a space has vectors."""
        return self._database.read(lambda c: vector_rows.modalities_of(c, space))

    def drop_space(self, space: Space) -> int:
        """Removes a space's vectors; returns how many. In parts, between which other writers get their turn: one that
        is killed half-way is to be done again."""
        dropped = after = 0
        while True:
            with self._database.transaction() as connection:
                gone, after = vector_rows.drop_some(connection, space, after, DROPPED)
            dropped += gone
            if not after:
                return dropped
            time.sleep(_TURN_S)

    # --- RuleStore -------------------------------------------------------------------------------

    @property
    def rules_seq(self) -> int:
        """The newest change of a rule, as this thread's last call of ``last_seq`` has seen it: read along with it."""
        if not hasattr(self._seen, "rules"):
            self.last_seq()
        return int(self._seen.rules)

    def rules(self) -> tuple[int, list[RuleVersion]]:
        """The rules that there are, by id, and the newest change among them or of one that is gone; of one moment."""
        with self._database.snapshot() as connection:
            return rule_rows.newest(connection), rule_rows.current(connection)

    def rule_history(self, rule_id: str = "") -> list[RuleVersion]:
        """All versions of a rule, the first one first; for "" of all rules, in the order of their changes."""
        return self._database.read(lambda c: rule_rows.history(c, rule_id))

    def add_rule(self, made: RuleVersion) -> RuleVersion:
        """Adds a version, on the disk when this returns, and gives it its ``seq``.

        Raises:
            RuleConflictError: the rule does not stand at the version before.
        """
        with self._database.transaction() as connection:
            return rule_rows.add(connection, made)

    # --- for rebuilding copies -------------------------------------------------------------------

    def scan(self, after_number: int = 0, chunk: int = 1000) -> Iterator[list[StoredProduct]]:
        """All products with number > after_number, by number, in lists of at most ``chunk``, all of one moment.

        That moment is not before the call of ``last_seq`` that precedes the first ``next``; replay changes from there.
        """
        with self._database.snapshot() as connection:
            raw = connection.connection.dbapi_connection
            while part := self._reader.after(raw, after_number, chunk):
                yield part
                after_number = part[-1].number

    def vector_chunks(
        self, space: Space, modality: Modality, chunk: int = 10_000
    ) -> Iterator[tuple[list[str], npt.NDArray[np.float16]]]:
        """All vectors of a space and modality as (keys, read-only fp16 [n, d]), in no order, all of one moment."""
        with self._database.snapshot() as connection:
            yield from vector_rows.in_chunks(connection, space, modality, chunk)

    def touch(self, product_ids: Sequence[str]) -> int:
        """Enters products into the change log as changed in full, so that every copy reads them and their vectors
        again; for vectors that were stored later than their products. Returns the last sequence number."""
        with self._database.transaction() as connection:
            return touch(connection, product_ids)

    # --- settings and care -----------------------------------------------------------------------

    def get_meta(self, key: str, default: str | None = None) -> str | None:
        """A setting of the shop."""
        found = self._database.read(lambda c: c.execute(select(meta.c.value).where(meta.c.key == key)).scalar())
        return default if found is None else str(found)

    def set_meta(self, key: str, value: str | None) -> None:
        """Stores a setting of the shop; None takes it out. Raises StoreError for the store's own key."""
        if key == VERSION_KEY:
            raise StoreError(f"{key} is the store's own", where=self.where, hint="choose another key")
        with self._database.transaction() as connection:
            if value is None:
                connection.execute(delete(meta).where(meta.c.key == key))
            else:
                upsert(connection, meta, [{"key": key, "value": value}], ("key",))

    def check(self) -> list[str]:
        """What is wrong with the store itself, one sentence each; empty when all is well."""
        try:
            with self._database.snapshot() as connection:
                return checking.problems(connection)
        except StoreError as error:  # too damaged to be asked
            return [error.message]

    def missing_vectors(self, space: Space) -> dict[Modality, int]:
        """How many products lack a vector in a space: of a picture they show, and of their words."""
        with self._database.snapshot() as connection:
            return checking.missing_vectors(connection, space)

    def backup(self, path: str | os.PathLike[str]) -> None:
        """Writes a copy of one moment to a file while reading and writing go on; a file of that name is replaced.

        The copy is a store: ``open_store(path)`` opens it.

        Raises:
            StoreError: it cannot be written, or the store is not a SQLite file.
        """
        if not self._database.is_sqlite:
            raise StoreError(
                "a store in PostgreSQL is no file to copy",
                where=self.where,
                hint="run: shoplens backup OUT --shop DIR, or pg_dump DATABASE",
            )
        with self._database.snapshot() as connection:
            copy_file(connection.connection.dbapi_connection, self.where, Path(path))


def _newest_seqs(raw: Any) -> tuple[int, int]:
    seq, rule = raw.execute("SELECT seq, rule FROM counters").fetchone()
    return int(seq), int(rule)


class _Parsed:
    """The products used last, parsed; bounded; shared by all threads.

    With each goes the sequence number at which it was last known to be current: read from the store after that
    number had been read. While the store's newest number is still the same, so is the product.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._products: OrderedDict[int, tuple[StoredProduct, int]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, numbers: Sequence[int], now: int) -> dict[int, StoredProduct]:
        """Those of the products that are known to be current at ``now``."""
        found: dict[int, StoredProduct] = {}
        with self._lock:
            for number in numbers:
                kept = self._products.get(number)
                if kept is not None and kept[1] == now:
                    self._products.move_to_end(number)
                    found[number] = kept[0]
        return found

    def unknown(self, numbers: Iterable[int]) -> dict[int, None]:
        """Those of the products that are not kept at all, each once."""
        return {number: None for number in numbers if number not in self._products}

    def confirm(self, seqs: Mapping[int, int], now: int) -> dict[int, StoredProduct]:
        """Those of the products whose sequence number is still the one given; they are current at ``now``."""
        found: dict[int, StoredProduct] = {}
        with self._lock:
            for number, seq in seqs.items():
                kept = self._products.get(number)
                if kept is not None and kept[0].seq == seq:
                    self._products[number] = (kept[0], now)
                    found[number] = kept[0]
        return found

    def keep(self, products: Iterable[StoredProduct], now: int) -> None:
        """Keeps products that are current at ``now``, and lets go of those that were not used for longest."""
        with self._lock:
            for product in products:
                self._products[product.number] = (product, now)
                self._products.move_to_end(product.number)
            while len(self._products) > self._limit:
                self._products.popitem(last=False)
