"""Connections: one reading connection per thread, one writing connection per process, snapshots for long reads."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Dialect, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from shoplens.errors import MissingExtraError, ShopLensError, StoreError
from shoplens.stores.as_it_lies import FileConnection, Stamp
from shoplens.stores.problems import WAIT_S, locked, translate

T = TypeVar("T")

_NO_ROOM_BESIDE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL)
_SETTLED_S = 0.5
"""How long a log without its locks is waited for: the last writer takes them away one after the other."""
_REOPENED = 8
_CACHE_KIB = 8192
_WAL_LIMIT_BYTES = 64 * 2**20


class _Reader:
    """A thread's own connection; closed with the thread, or with the database."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.raw: Any = connection.connection.dbapi_connection

    def is_old(self) -> bool:
        return isinstance(self.raw, FileConnection) and self.raw.is_old()

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self.connection.close()

    def __del__(self) -> None:
        self.close()


class Database:
    """Connections to one SQLite file or PostgreSQL database.

    All are in autocommit mode; transactions are opened and ended by name, because on SQLite only
    BEGIN IMMEDIATE makes a writer wait its turn instead of failing at its commit.
    """

    def __init__(self, url: URL, *, read_only: bool = False, wait_s: float = WAIT_S) -> None:
        self.where = url.database or "" if url.get_backend_name() == "sqlite" else url.render_as_string()
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.read_only = read_only
        self._wait_s = wait_s
        self._engine = self._make_engine(url)
        self._driver_error: type[Exception] = self._engine.dialect.loaded_dbapi.Error
        self._local = threading.local()
        self._readers: weakref.WeakSet[_Reader] = weakref.WeakSet()
        self._write_lock = threading.Lock()
        self._writer: Connection | None = None
        self._closed = False
        _LIVING.add(self)

    # --- reading ---------------------------------------------------------------------------------

    def read(self, work: Callable[[Connection], T]) -> T:
        """Runs one statement's worth of reading on the thread's connection."""
        return self._tried(lambda reader: work(reader.connection))

    def read_raw(self, work: Callable[[Any], T]) -> T:
        """The same with the driver's own connection, past SQLAlchemy: what has to take microseconds."""
        return self._tried(lambda reader: work(reader.raw))

    def _tried(self, work: Callable[[_Reader], T]) -> T:
        for _ in range(_REOPENED):
            fresh = getattr(self._local, "reader", None) is None
            reader = self._reader()
            try:
                found = work(reader)
                if not _is_mixed(reader.raw):
                    return found
                self._forget_reader()
            except (DBAPIError, self._driver_error) as error:
                gone, mixed = bool(getattr(reader.raw, "closed", False)), _is_mixed(reader.raw)
                self._forget_reader()
                if mixed:
                    continue
                # A server that was started anew gets a new connection; a new connection that fails is an answer.
                if fresh or not gone:
                    raise translate(error, self.where, self._wait_s) from error
            except ShopLensError as error:
                if not _is_mixed(reader.raw):
                    raise translate(error, self.where, self._wait_s) from error
                self._forget_reader()
        raise self._written_meanwhile()

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection of its own that sees one moment for as long as it is open."""
        self._refuse_closed()
        try:
            with self._engine.connect() as connection:
                connection.exec_driver_sql(self._begin_reading)
                raw = connection.connection.dbapi_connection
                try:
                    yield connection
                except (DBAPIError, self._driver_error, ShopLensError) as error:
                    if _is_mixed(raw):
                        raise self._written_meanwhile() from error
                    raise
                finally:
                    with contextlib.suppress(DBAPIError):
                        connection.exec_driver_sql("ROLLBACK")
                if _is_mixed(raw):
                    raise self._written_meanwhile()
        except (DBAPIError, self._driver_error, ShopLensError) as error:
            raise translate(error, self.where, self._wait_s) from error

    # --- writing ---------------------------------------------------------------------------------

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """The writing connection inside a transaction; on the disk when the block ends, or not at all when it raises.

        Raises:
            ShopLockedError: other writers took longer than ``wait_s`` seconds.
            StoreError: the database refuses.
        """
        self._refuse_closed()
        if self.read_only:
            raise StoreError("the shop was opened for reading only", where=self.where, hint="open it for writing")
        if not self._write_lock.acquire(timeout=self._wait_s):
            raise locked(self.where, self._wait_s)
        try:
            try:
                connection = self._open_writer()
                connection.exec_driver_sql("BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                self._roll_back()
                raise
        except (DBAPIError, self._driver_error, UnicodeError, ShopLensError) as error:
            raise translate(error, self.where, self._wait_s) from error
        finally:
            self._write_lock.release()

    def close(self) -> None:
        """Closes every connection. The last one to close a SQLite file folds its write-ahead log into it."""
        with self._write_lock:
            self._closed = True
            for reader in list(self._readers):
                reader.close()
            self._local = threading.local()
            if self._writer is not None:
                with contextlib.suppress(Exception):
                    self._writer.close()
                self._writer = None
            self._engine.dispose()

    @property
    def dialect(self) -> Dialect:
        """What statements are compiled for."""
        return self._engine.dialect

    # --- parts -----------------------------------------------------------------------------------

    @property
    def _begin_reading(self) -> str:
        return "BEGIN" if self.is_sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

    def _reader(self) -> _Reader:
        reader: _Reader | None = getattr(self._local, "reader", None)
        if reader is not None and reader.is_old():
            # Each thread lets go of its own: another's may be in the midst of reading.
            self._forget_reader()
            reader = None
        if reader is None:
            self._refuse_closed()
            try:
                reader = _Reader(self._engine.connect())
            except (DBAPIError, self._driver_error, ShopLensError) as error:
                raise translate(error, self.where, self._wait_s) from error
            self._local.reader = reader
            self._readers.add(reader)
        return reader

    def _forget_reader(self) -> None:
        reader: _Reader | None = getattr(self._local, "reader", None)
        if reader is not None:
            reader.close()
            self._local.reader = None

    def _open_writer(self) -> Connection:
        if self._writer is None:
            self._writer = self._engine.connect()
        return self._writer

    def _roll_back(self) -> None:
        if self._writer is None:
            return
        try:
            self._writer.exec_driver_sql("ROLLBACK")
        except Exception:
            # SQLite rolls back by itself on a full disk; a server that went away has done so too.
            with contextlib.suppress(Exception):
                self._writer.close()
            self._writer = None

    def _after_fork(self) -> None:
        # Connections cannot be shared with the parent, nor closed without harm to it: the child lets them be.
        _LEFT_ALONE.extend([*self._readers, self._writer])
        self._local = threading.local()
        self._readers = weakref.WeakSet()
        self._write_lock = threading.Lock()
        self._writer = None

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreError("the store is closed", where=self.where, hint="open the shop again")

    def _make_engine(self, url: URL) -> Engine:
        if self.is_sqlite:
            engine = create_engine(
                "sqlite://", creator=self._connect_sqlite, poolclass=NullPool, isolation_level="AUTOCOMMIT"
            )
            event.listen(engine, "connect", self._set_up_sqlite)
            return engine
        try:
            engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        except ModuleNotFoundError as error:
            raise MissingExtraError("a shop in PostgreSQL", extra="postgres") from error
        event.listen(engine, "connect", self._set_up_postgres)
        return engine

    def _connect_sqlite(self) -> sqlite3.Connection:
        if not self.read_only:
            return self._open_file("mode=rw")  # never makes a file: that is open_store's, on purpose
        until = time.monotonic() + _SETTLED_S
        while True:
            raw = self._open_file("mode=ro")
            try:
                raw.execute("PRAGMA schema_version").fetchone()
                return raw
            except sqlite3.OperationalError as error:
                raw.close()
                # Readers of a write-ahead file take part in its locks, so they need to write beside it, or a writer who
                # is there to have done so. Where they may not and no log is waiting, the file can be read as it lies.
                if error.sqlite_errorcode & 0xFF not in _NO_ROOM_BESIDE:
                    raise
                stamp = Stamp.of(self.where)
                if stamp.log and stamp.log[1]:
                    if time.monotonic() > until:
                        raise
                    time.sleep(0.01)
                    continue
            raw = self._open_file("mode=ro&immutable=1")
            raw.path, raw.stamp = self.where, stamp
            return raw

    def _open_file(self, how: str) -> FileConnection:
        return sqlite3.connect(
            f"file:{quote(self.where)}?{how}",
            uri=True,
            timeout=self._wait_s,
            isolation_level=None,
            check_same_thread=False,
            factory=FileConnection,
        )

    def _written_meanwhile(self) -> StoreError:
        return StoreError(
            "somebody wrote to the file while it was read as it lies", where=self.where, hint="do it again"
        )

    def _set_up_sqlite(self, raw: Any, _record: object) -> None:
        for pragma in (
            "synchronous=FULL",
            "foreign_keys=ON",
            f"cache_size=-{_CACHE_KIB}",
            "temp_store=MEMORY",
            f"journal_size_limit={_WAL_LIMIT_BYTES}",
            f"query_only={int(self.read_only)}",
        ):
            raw.execute(f"PRAGMA {pragma}")

    def _set_up_postgres(self, raw: Any, _record: object) -> None:
        before, raw.autocommit = raw.autocommit, True
        raw.execute(f"SET lock_timeout = '{int(self._wait_s * 1000)}ms'")
        raw.execute("SET synchronous_commit = on")
        raw.autocommit = before


def _is_mixed(raw: Any) -> bool:
    return isinstance(raw, FileConnection) and raw.is_mixed()


_LIVING: weakref.WeakSet[Database] = weakref.WeakSet()
_LEFT_ALONE: list[object] = []


def _let_go_in_child() -> None:
    for database in list(_LIVING):
        database._after_fork()


os.register_at_fork(after_in_child=_let_go_in_child)
