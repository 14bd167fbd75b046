"""Backups of a shop: one archive, taken while the shop is in use, and put in place only when it is proved whole.

In the archive: the store as one SQLite file, the settings, the log of queries, what people have judged, the folders of
encoders that lie in the shop's own folder. Copies (indexes) and caches are not in it: they are built anew from the
store. Nor are the catalogue's pictures, which stay where the feed says, nor kept photos of shoppers, which must not
outlive their time.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import orjson

from shoplens.archives import ENDING, Manifest, broken, read_archive, refuse_other, write_archive
from shoplens.config import FILE, Config
from shoplens.encoders.onnx_folder import CARD
from shoplens.errors import BackupError, ShopLockedError
from shoplens.indexes.durable import replacing
from shoplens.judgement_files import FOLDER as JUDGEMENTS
from shoplens.judgement_files import QRELS
from shoplens.judgement_files import QUERIES as JUDGED
from shoplens.pictures.sent import FOLDER as SENT
from shoplens.stores import FolderLock
from shoplens.stores.carrying import copy_store, facts_of, fill_store, make_ready, read_meta, refuse_damaged
from shoplens.stores.foreign import refuse_foreign
from shoplens.stores.query_log import FOLDER as QUERIES
from shoplens.stores.schema import check_version
from shoplens.switching import CHOICE_KEY, DATABASE, choice_from, setting_name

_RESERVED = frozenset({"copies", "cache", "jobs", "uploads", "backups", QUERIES, JUDGEMENTS})
"""Folders of a shop that are its own: no encoder lies in them."""
_CARDS = frozenset({CARD, "config.json", "open_clip_config.json"})
"""By one of these a folder is that of an encoder."""


def back_up(config: Config, out: Path, *, overwrite: bool = False) -> tuple[Path, Manifest]:
    """Writes a backup of a shop while it is in use: all of one moment, on the disk when this returns.

    Args:
        out: the file to write, or a folder, in which one is named after the moment.
        overwrite: replace a backup of the same name, when the new one is whole.

    Returns:
        The file, and what it holds.

    Raises:
        ShopNotFoundError: there is no shop.
        BackupError: the file is there already, is something else than a backup, or cannot be written.
        StoreError: the store cannot be read.
    """
    folder, made = Path(config.shop), datetime.now(UTC)
    if out.is_dir():
        out = out / f"{folder.resolve().name}-{made:%Y%m%dT%H%M%SZ}{ENDING}"
    refuse_other(out)
    if out.exists() and not overwrite:
        raise BackupError(
            "there is a backup of this name", where=str(out), hint="name another file, or replace it: --overwrite"
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as beside:
            copy = Path(beside, DATABASE)
            facts = copy_store(config.store_url or str(folder / DATABASE), copy)
            refuse_foreign(copy)  # else it could be written and not be restored
            with replacing(out) as file:
                os.fchmod(file.fileno(), 0o600)  # settings may hold keys
                return out, write_archive(file, ((DATABASE, copy), *_files(config, copy)), facts, made)
    except OSError as error:
        raise BackupError(
            f"the backup cannot be written: {error.strerror or error}",
            where=str(out),
            hint="name a file on a disk with room for twice the store",
        ) from error


def restore(path: Path, folder: Path, *, force: bool = False, database: str = "") -> tuple[Manifest, Path | None]:
    """Puts a backup in the place of a shop that is not there: unpacked beside it, proved, fsynced, renamed.

    Args:
        force: replace a shop that is there, which is kept beside the new one under another name.
        database: PostgreSQL address of an empty database that takes the store; "" for a file in the folder.

    Returns:
        What was restored, and where the shop now lies that was there before (None: there was none).

    Raises:
        BackupError: the archive is torn or changed; the folder is not empty and ``force`` is not given; the disk
            refuses.
        ShopLockedError: a process is at work in the shop that is to be replaced.
        StoreError: the store in the archive is damaged, of a newer ShopLens, or the database refuses.
    """
    folder = folder.absolute()
    there = _occupied(folder)
    if there and not force:
        raise BackupError(
            "the folder is not empty", where=str(folder), hint="name a new folder, or replace what is there: --force"
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as beside:
            new = Path(beside, "shop")
            new.mkdir()
            manifest = read_archive(path, new)
            _refuse_strange_parts(path, manifest, new)
            _prove_store(new / DATABASE, manifest, path)
            _point_to(new / FILE, database)
            if database:
                fill_store(new / DATABASE, database)
                (new / DATABASE).unlink()
            else:
                make_ready(new / DATABASE)
            _sync_tree(new)
            return manifest, _put_in_place(new, folder)
    except OSError as error:
        raise BackupError(
            f"the shop cannot be put in place: {error.strerror or error}",
            where=str(folder),
            hint="name a folder on a disk with room for the shop, and not itself a mount",
        ) from error


def prove(path: Path) -> Manifest:
    """Proves a backup from end to end, its store too, as ``restore`` does; nothing stays.

    Raises:
        BackupError: the archive is torn or changed, or there is no room to unpack it.
        StoreError: the store in it is damaged, holds what no shop does, or is of a newer ShopLens.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="shoplens-check-") as beside:
            manifest = read_archive(path, Path(beside))
            _refuse_strange_parts(path, manifest, Path(beside))
            _prove_store(Path(beside) / DATABASE, manifest, path)
            return manifest
    except OSError as error:
        raise BackupError(
            f"the backup cannot be unpacked to look through it: {error.strerror or error}",
            where=str(path),
            hint="point TMPDIR to a disk with room for it",
        ) from error


def _files(config: Config, copy: Path) -> Iterator[tuple[str, Path]]:
    """What belongs to a shop beside its store: (name in the folder, path)."""
    folder = Path(config.shop)
    if (folder / FILE).is_file():
        yield FILE, folder / FILE
    for path in sorted((folder / QUERIES).glob("*.jsonl")):
        yield f"{QUERIES}/{path.name}", path
    for path in (folder / JUDGEMENTS / name for name in (JUDGED, QRELS)):
        if path.is_file():
            yield f"{JUDGEMENTS}/{path.name}", path
    for path in sorted((folder / SENT).glob("*.jpg")):  # these lie nowhere else
        yield f"{SENT}/{path.name}", path
    home = folder.resolve()
    choice = choice_from(read_meta(copy, CHOICE_KEY))
    for name in sorted({setting_name(config), *((choice.name, choice.before) if choice else ())}):
        reference = name.partition(":")[2]
        inside = folder / reference
        if reference and inside.is_dir() and inside.resolve().is_relative_to(home) and inside.resolve() != home:
            for path in sorted(p for p in inside.rglob("*") if p.is_file()):
                yield path.relative_to(folder).as_posix(), path


def _refuse_strange_parts(path: Path, manifest: Manifest, unpacked: Path) -> None:
    """Refuses files that no backup holds: what is put into a shop's folder is read there by name."""
    names = {part.name for part in manifest.parts}
    encoders = {f"{name.rpartition('/')[0]}/" for name in names if name.rpartition("/")[2] in _CARDS and "/" in name}
    encoders |= {f"{PurePosixPath(one)}/" for one in _encoders_named(unpacked)}
    for name in sorted(names):
        first = name.partition("/")[0]
        inside = first not in _RESERVED and not first.startswith(".")
        if not (
            name in (DATABASE, FILE, f"{JUDGEMENTS}/{JUDGED}", f"{JUDGEMENTS}/{QRELS}")
            or re.fullmatch(rf"{re.escape(QUERIES)}/[^/]+\.jsonl|{re.escape(SENT)}/[0-9a-f]{{64}}\.jpg", name)
            or (inside and any(name.startswith(one) for one in encoders))
        ):
            raise broken(path, f"it holds {name!r}, which no backup does")


def _encoders_named(folder: Path) -> Iterator[str]:
    """The folders of encoders that the settings and the choice of an unpacked backup name."""
    choice = choice_from(read_meta(folder / DATABASE, CHOICE_KEY))
    named = [choice.name, choice.before] if choice else []
    if (folder / FILE).is_file():
        with contextlib.suppress(tomllib.TOMLDecodeError, UnicodeDecodeError):
            named.append(str(tomllib.loads((folder / FILE).read_text("utf-8")).get("encoder", "")))
    yield from (one.partition(":")[2] for one in named if one.partition(":")[2] not in ("", "."))


def _prove_store(database: Path, manifest: Manifest, path: Path) -> None:
    check_version(manifest.schema)
    refuse_foreign(database)
    refuse_damaged(database)
    facts = facts_of(database)
    if (facts.version, facts.sequence, dict(facts.rows)) != (manifest.schema, manifest.sequence, dict(manifest.rows)):
        raise broken(path, "its store does not hold what its manifest counts")


# --- putting in place ------------------------------------------------------------------------------


def _occupied(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except FileNotFoundError:
        return False
    except NotADirectoryError as error:
        raise BackupError("it is a file", where=str(folder), hint="name a folder: --shop DIR") from error


def _point_to(settings: Path, database: str) -> None:
    """Sees to it that the settings name the database that is restored into, and never the one that was backed up."""
    line = f"store_url = {orjson.dumps(database).decode()}"
    if not settings.is_file():
        if database:
            settings.touch(0o600)
            settings.write_text(f"{line}\n", "utf-8")
        return
    text = settings.read_text("utf-8")
    before = tomllib.loads(text)
    if before.get("store_url", "") == database:
        return
    lines = text.splitlines()
    tables = next((n for n, one in enumerate(lines) if one.lstrip().startswith("[")), len(lines))
    kept = [one for n, one in enumerate(lines) if n >= tables or not re.match(r"\s*store_url\s*=", one)]
    text = "\n".join([line, *kept, ""])
    if tomllib.loads(text) != before | {"store_url": database}:
        raise BackupError(
            "store_url in the backup's settings cannot be changed", where=FILE, hint="write it on one line"
        )
    settings.write_text(text, "utf-8")


def _put_in_place(new: Path, folder: Path) -> Path | None:
    if not _occupied(folder):
        new.replace(folder)  # over an empty folder, too

        def away() -> None:
            try:
                folder.rename(new)
            except OSError:  # the disk takes no rename any more; what was refused must not stay
                shutil.rmtree(folder, ignore_errors=True)

        _sync_or(folder.parent, away)
        return None
    lock = FolderLock(folder)
    if not lock.try_acquire():
        raise ShopLockedError("a process is at work in this shop", where=str(folder), hint="end it first")
    try:
        _refuse_used(folder / DATABASE)
        aside = folder.with_name(f"{folder.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z")

        def back() -> None:
            try:
                if folder.exists():
                    folder.rename(new)
                aside.rename(folder)
            except OSError as error:
                raise BackupError(
                    f"the disk refused half-way: {error.strerror or error}",
                    where=str(folder),
                    hint=f"the shop that was here is whole and lies in {aside}: mend the disk, then rename it",
                ) from error

        folder.rename(aside)
        try:
            new.rename(folder)
        except OSError:
            back()
            raise
        _sync_or(folder.parent, back)
        return aside
    finally:
        lock.release()


def _sync_or(folder: Path, undo: Callable[[], object]) -> None:
    """What was renamed is on the disk, or it is as it was before."""
    try:
        _sync(folder)
    except OSError:
        undo()
        raise


def _refuse_used(database: Path) -> None:
    """A database that another process has open does not leave write-ahead mode: what it wrote would be put aside."""
    if not database.is_file():
        return
    try:
        with contextlib.closing(sqlite3.connect(database, timeout=1.0, isolation_level=None)) as raw:
            raw.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        if (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise ShopLockedError(
                "a process has this shop open", where=str(database.parent), hint="stop the service first"
            ) from error
        # Damaged: the very reason for which it is replaced.


def _sync_tree(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
