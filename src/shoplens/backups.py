"""Backups of a shop: one archive, taken while the shop is in use, and put in place only when it is proved whole.

The archive is a plain tar file: the store as one SQLite file, the settings, the log of queries, the folders of encoders
that lie in the shop's own folder, and last of all ``manifest.json``, which tells version, sequence, counts, and bytes
and SHA-256 of each part. Copies (indexes) and caches are not in it: they are built anew from the store. Nor are the
catalogue's pictures, which stay where the feed says, nor kept photos of shoppers, which must not outlive their time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sqlite3
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO

import orjson

from shoplens import __version__
from shoplens.config import FILE, Config
from shoplens.errors import BackupError, ShopLockedError
from shoplens.indexes.durable import replacing
from shoplens.stores import FolderLock
from shoplens.stores.carrying import StoreFacts, copy_store, facts_of, fill_store, make_ready, read_meta, refuse_damaged
from shoplens.stores.query_log import FOLDER as QUERIES
from shoplens.stores.schema import check_version
from shoplens.switching import CHOICE_KEY, DATABASE, choice_from, setting_name

FORMAT = 1
"""Version of the archive's layout; an archive of a later one is refused."""
MANIFEST = "manifest.json"
ENDING = ".shoplens"
_CHUNK = 1 << 20
_MOST_MANIFEST = 8 << 20
_NAME = re.compile(r"[^\x00/\\]+(/[^\x00/\\]+)*")


@dataclass(frozen=True, slots=True)
class Part:
    """One file of an archive, by its name in the shop's folder: its bytes and SHA-256 (hex)."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds. ``made``: when (UTC, ISO 8601). ``rows``: of each table of the store."""

    format: int
    shoplens: str
    made: str
    schema: int
    sequence: int
    rows: Mapping[str, int]
    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return sum(part.size for part in self.parts)


def back_up(config: Config, out: Path) -> tuple[Path, Manifest]:
    """Writes a backup of a shop while it is in use: all of one moment, on the disk when this returns.

    Args:
        out: the file to write, or a folder, in which one is named after the moment. A backup of the same name is
            replaced when the new one is whole.

    Returns:
        The file, and what it holds.

    Raises:
        ShopNotFoundError: there is no shop.
        BackupError: the file is something else than a backup, or cannot be written.
        StoreError: the store cannot be read.
    """
    folder, made = Path(config.shop), datetime.now(UTC)
    if out.is_dir():
        out = out / f"{folder.resolve().name}-{made:%Y%m%dT%H%M%SZ}{ENDING}"
    _refuse_other(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as beside:
            copy = Path(beside, DATABASE)
            facts = copy_store(config.store_url or str(folder / DATABASE), copy)
            with replacing(out) as file:
                os.fchmod(file.fileno(), 0o600)  # settings may hold keys
                return out, _write(file, copy, config, facts, made)
    except OSError as error:
        raise BackupError(
            f"the backup cannot be written: {error.strerror or error}",
            where=str(out),
            hint="name a file on a disk with room for twice the store",
        ) from error


def read_backup(path: Path) -> Manifest:
    """Reads an archive from end to end and proves each part by its SHA-256.

    Raises:
        BackupError: it is torn, changed, or of a later version; the message says what is wrong.
    """
    return _unpack(path, None)


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
            manifest = _unpack(path, new)
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


# --- writing ---------------------------------------------------------------------------------------


def _write(file: BinaryIO, copy: Path, config: Config, facts: StoreFacts, made: datetime) -> Manifest:
    parts = []
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, path in ((DATABASE, copy), *_files(config, copy)):
            with contextlib.suppress(FileNotFoundError), path.open("rb") as source:  # an old log removed just now
                parts.append(_add(tar, name, source, made))
        manifest = Manifest(
            FORMAT, __version__, f"{made:%Y-%m-%dT%H:%M:%SZ}", facts.version, facts.sequence, facts.rows, tuple(parts)
        )
        data = _manifest_bytes(manifest)
        info = _info(MANIFEST, len(data), made)
        tar.addfile(info, _Bytes(data))
    return manifest


def _add(tar: tarfile.TarFile, name: str, source: BinaryIO, made: datetime) -> Part:
    # The size as it is now: a log of queries grows while it is read.
    size = os.fstat(source.fileno()).st_size
    reader = _Hashing(source)
    tar.addfile(_info(name, size, made), reader)
    return Part(name, size, reader.digest.hexdigest())


def _info(name: str, size: int, made: datetime) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, int(made.timestamp()), 0o600
    return info


def _files(config: Config, copy: Path) -> Iterator[tuple[str, Path]]:
    """What belongs to a shop beside its store: (name in the folder, path)."""
    folder = Path(config.shop)
    if (folder / FILE).is_file():
        yield FILE, folder / FILE
    for path in sorted((folder / QUERIES).glob("*.jsonl")):
        yield f"{QUERIES}/{path.name}", path
    home = folder.resolve()
    choice = choice_from(read_meta(copy, CHOICE_KEY))
    for name in sorted({setting_name(config), *((choice.name, choice.before) if choice else ())}):
        reference = name.partition(":")[2]
        inside = folder / reference
        if reference and inside.is_dir() and inside.resolve().is_relative_to(home) and inside.resolve() != home:
            for path in sorted(p for p in inside.rglob("*") if p.is_file()):
                yield path.relative_to(folder).as_posix(), path


class _Hashing:
    """A file that is hashed while it is read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self.digest = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        return data


class _Bytes:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def read(self, size: int = -1) -> bytes:
        end = len(self._data) if size < 0 else self._at + size
        part, self._at = self._data[self._at : end], end
        return part


def _manifest_bytes(manifest: Manifest) -> bytes:
    told = asdict(manifest)
    return orjson.dumps(told | {"sha256": _own_hash(told)}, option=orjson.OPT_INDENT_2)


def _own_hash(told: Mapping[str, Any]) -> str:
    fields = {name: value for name, value in told.items() if name != "sha256"}
    return hashlib.sha256(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _refuse_other(out: Path) -> None:
    if not out.exists():
        return
    with contextlib.suppress(tarfile.TarError, OSError), tarfile.open(out, "r:") as tar:
        first = tar.next()
        if first is not None and first.name == DATABASE:
            return
    raise BackupError("there is a file that is no backup", where=str(out), hint="name another file")


# --- reading ---------------------------------------------------------------------------------------


def _unpack(path: Path, target: Path | None) -> Manifest:
    """Reads an archive, into a folder if there is one, and holds each part against the manifest."""
    found: dict[str, Part] = {}
    manifest: Manifest | None = None
    try:
        with tarfile.open(path, "r:") as tar:
            for info in tar:
                if (
                    manifest is not None
                    or info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE)
                    or info.name in found
                    or not _is_safe(info.name)
                ):
                    raise _broken(path, f"it holds {info.name!r}, which no backup does")
                source = tar.extractfile(info)
                if source is None:
                    raise _broken(path, f"{info.name} cannot be read")
                if info.name == MANIFEST:
                    manifest = _manifest_of(path, source.read(min(info.size, _MOST_MANIFEST)))
                else:
                    found[info.name] = _take(source, info, target)
    except FileNotFoundError as error:
        raise BackupError("there is no such file", where=str(path), hint="name the file that backup wrote") from error
    except tarfile.TarError as error:
        raise _broken(path, f"it is torn or no backup at all: {error}") from error
    except OSError as error:
        if target is not None and error.filename and Path(os.fsdecode(error.filename)).is_relative_to(target):
            raise
        raise _broken(path, f"it cannot be read: {error.strerror or error}") from error
    if manifest is None:
        raise _broken(path, "it is torn: its manifest, which comes last, is missing")
    wanted = {part.name: part for part in manifest.parts}
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            raise _broken(path, f"{name} is missing")
        if name not in wanted:
            raise _broken(path, f"{name} is not in its manifest")
        if found[name] != wanted[name]:
            raise _broken(path, f"{name} was changed: its SHA-256 is not that of the manifest")
    if DATABASE not in found:
        raise _broken(path, "the store is missing")
    return manifest


def _take(source: IO[bytes], info: tarfile.TarInfo, target: Path | None) -> Part:
    reader, size = _Hashing(source), 0
    with contextlib.ExitStack() as stack:
        out = None
        if target is not None:
            place = target / info.name
            place.parent.mkdir(parents=True, exist_ok=True)
            out = stack.enter_context(place.open("xb"))
            os.fchmod(out.fileno(), 0o600 if info.name == FILE else 0o644)
        while data := reader.read(_CHUNK):
            size += len(data)
            if out is not None:
                out.write(data)
    if size != info.size:
        raise tarfile.ReadError("unexpected end of data")
    return Part(info.name, size, reader.digest.hexdigest())


def _is_safe(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(_NAME.fullmatch(name)) and not path.is_absolute() and not {"..", "."} & set(name.split("/"))


def _manifest_of(path: Path, data: bytes) -> Manifest:
    try:
        told = orjson.loads(data)
        if told["format"] != FORMAT:
            raise BackupError(
                f"it was written by another ShopLens (layout {told['format']}, this one knows {FORMAT})",
                where=str(path),
                hint="run: pip install --upgrade shoplens",
            )
        if told.pop("sha256") != _own_hash(told):
            raise _broken(path, "its manifest was changed")
        parts = tuple(Part(**part) for part in told.pop("parts"))
        return Manifest(**told, parts=parts)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _broken(path, "its manifest makes no sense") from error


def _broken(path: Path, why: str) -> BackupError:
    return BackupError(f"the backup cannot be used: {why}", where=str(path), hint="take another backup")


def _prove_store(database: Path, manifest: Manifest, path: Path) -> None:
    check_version(manifest.schema)
    refuse_damaged(database)
    facts = facts_of(database)
    if (facts.version, facts.sequence, dict(facts.rows)) != (manifest.schema, manifest.sequence, dict(manifest.rows)):
        raise _broken(path, "its store does not hold what its manifest counts")


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
        _sync(folder.parent)
        return None
    lock = FolderLock(folder)
    if not lock.try_acquire():
        raise ShopLockedError("a process is at work in this shop", where=str(folder), hint="end it first")
    try:
        _refuse_used(folder / DATABASE)
        moment = datetime.now(UTC)
        aside = folder.with_name(f"{folder.name}.before-{moment:%Y%m%dT%H%M%S.%f}Z")
        folder.rename(aside)
        try:
            new.rename(folder)
        except OSError:
            aside.rename(folder)
            raise
        _sync(folder.parent)
        return aside
    finally:
        lock.release()


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
