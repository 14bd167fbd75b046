"""What a database says when it refuses, in the words of the error tree."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy.exc import DataError, DBAPIError

from shoplens.errors import ShopLensError, ShopLockedError, StoreError

WAIT_S = 30.0
"""How long a write waits for the writer before it."""

_LOCKED_HINT = "wait until the other process has finished, or find it: shoplens doctor --shop DIR"
_WRITABLE_HINT = "give this user the right to write to the file and its folder, or open the shop for reading only"
DAMAGED_HINT = (
    "put back a backup: shoplens restore BACKUP --shop DIR --force, "
    "or index the feed into a new shop: shoplens index FEED --shop NEW"
)


def translate(error: BaseException, where: str, wait_s: float = WAIT_S) -> ShopLensError:
    """The error of ours that says what a driver's error means; ``where`` names the file or database.

    Errors of ours come back as they are, with ``where`` filled in when it is missing.
    """
    if isinstance(error, ShopLensError):
        error.where = error.where or where
        return error
    cause = (error.orig or error) if isinstance(error, DBAPIError) else error
    unfit = isinstance(error, DataError) and not getattr(cause, "sqlstate", None)
    if isinstance(cause, sqlite3.Error):
        return _from_sqlite(cause, where, wait_s)
    if isinstance(cause, UnicodeError):
        return StoreError(
            f"a text is not valid Unicode: {cause}", where=where, hint="mend the feed's encoding, or leave the row out"
        )
    if unfit:  # refused by the driver before the server saw it: NUL in a name
        return _unfit(str(cause), where)
    return _from_postgres(cause, where, wait_s)


def _unfit(said: str, where: str) -> StoreError:
    return StoreError(f"a value cannot be stored: {said}", where=where, hint="mend the feed, or leave the row out")


def _from_sqlite(error: sqlite3.Error, where: str, wait_s: float) -> ShopLensError:
    code = getattr(error, "sqlite_errorcode", 0) or 0
    primary, text = code & 0xFF, str(error)
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return locked(where, wait_s)
    if primary == sqlite3.SQLITE_FULL:
        return StoreError("the disk is full; nothing of this batch was stored", where=where, hint="free some space")
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return StoreError("the file cannot be written", where=where, hint=_WRITABLE_HINT)
    if primary == sqlite3.SQLITE_CANTOPEN:
        if where.startswith("/") and not Path(where).exists():
            return StoreError("the file is gone", where=where, hint=DAMAGED_HINT)
        return StoreError("the file cannot be opened", where=where, hint=_WRITABLE_HINT)
    if primary == sqlite3.SQLITE_NOTADB:
        return StoreError("the file is not a database", where=where, hint="name the shop's own file, or another folder")
    if primary == sqlite3.SQLITE_CORRUPT:
        return StoreError(f"the file is damaged: {text}", where=where, hint=DAMAGED_HINT)
    if primary == sqlite3.SQLITE_IOERR:
        return StoreError(
            f"the disk refused: {text}",
            where=where,
            hint="look for a full or failing disk and for limits on file size; nothing of this batch was stored",
        )
    if text.startswith("no such table"):  # cut to nothing under a process that has it open
        return StoreError(f"the file is damaged: {text}", where=where, hint=DAMAGED_HINT)
    return StoreError(f"the database refused: {text}", where=where, hint="run: shoplens doctor --shop DIR")


def _from_postgres(error: BaseException, where: str, wait_s: float) -> ShopLensError:
    state, text = getattr(error, "sqlstate", None) or "", str(error).strip().splitlines()
    said = text[0] if text else type(error).__name__
    if state in ("55P03", "40P01", "40001"):
        return locked(where, wait_s)
    if state in ("53100", "53200"):
        return StoreError("the database server is out of space", where=where, hint="free some space on the server")
    if state.startswith("25") or state == "42501":
        return StoreError(f"the database may not be written: {said}", where=where, hint="use a user that may write")
    if state.startswith("XX"):
        return StoreError(f"the database is damaged: {said}", where=where, hint="put back a backup")
    if state.startswith("22"):
        return _unfit(said, where)
    if not state or state.startswith(("08", "57P")):
        return StoreError(
            f"the database server cannot be reached: {said}",
            where=where,
            hint="see that it runs; a batch that was under way can be written again, that does no harm",
        )
    return StoreError(f"the database refused: {said}", where=where, hint="run: shoplens doctor --shop DIR")


def locked(where: str, wait_s: float) -> ShopLockedError:
    """Another writer has not finished within ``wait_s`` seconds."""
    return ShopLockedError(
        f"another process or thread has been writing for {wait_s:g} s", where=where, hint=_LOCKED_HINT
    )
