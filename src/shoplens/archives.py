"""The file of a backup: a plain tar of parts, and last of all a manifest that tells bytes and SHA-256 of each."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import os
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO

import orjson

from shoplens.config import FILE
from shoplens.errors import BackupError
from shoplens.stores.carrying import StoreFacts
from shoplens.switching import DATABASE

FORMAT = 1
"""Version of the archive's layout; an archive of a later one is refused."""
# Not by an import: the package leads to shoplens.app, which stands above this.
_VERSION: str = importlib.import_module("shoplens").__version__
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


def write_archive(file: BinaryIO, files: Iterable[tuple[str, Path]], facts: StoreFacts, made: datetime) -> Manifest:
    """Writes an archive of files (name in it, path), the store first, and its manifest last.

    Args:
        facts: what the store among the files holds.
        made: the moment of the backup (UTC).

    Raises:
        OSError: as the system says.
    """
    parts = []
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, path in files:
            with contextlib.suppress(FileNotFoundError), path.open("rb") as source:  # an old log removed just now
                parts.append(_add(tar, name, source, made))
        manifest = Manifest(
            FORMAT, _VERSION, f"{made:%Y-%m-%dT%H:%M:%SZ}", facts.version, facts.sequence, facts.rows, tuple(parts)
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


def refuse_other(out: Path) -> None:
    """Refuses to write over a file that is no backup. Raises BackupError."""
    if not out.exists():
        return
    with contextlib.suppress(tarfile.TarError, OSError), tarfile.open(out, "r:") as tar:
        first = tar.next()
        if first is not None and first.name == DATABASE:
            return
    raise BackupError("there is a file that is no backup", where=str(out), hint="name another file")


def read_archive(path: Path, target: Path | None = None) -> Manifest:
    """Reads an archive from end to end, into a folder if one is given, and proves each part by its SHA-256.

    Raises:
        BackupError: it is torn, changed, or of a later version; the message says what is wrong.
        OSError: the folder cannot be written to.
    """
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
                    raise broken(path, f"it holds {info.name!r}, which no backup does")
                source = tar.extractfile(info)
                if source is None:
                    raise broken(path, f"{info.name} cannot be read")
                if info.name == MANIFEST:
                    manifest = _manifest_of(path, source.read(min(info.size, _MOST_MANIFEST)))
                else:
                    found[info.name] = _take(source, info, target)
    except FileNotFoundError as error:
        raise BackupError("there is no such file", where=str(path), hint="name the file that backup wrote") from error
    except tarfile.TarError as error:
        raise broken(path, f"it is torn or no backup at all: {error}") from error
    except _UnpackError:
        raise
    except OSError as error:
        raise broken(path, f"it cannot be read: {error.strerror or error}") from error
    if manifest is None:
        raise broken(path, "it is torn: its manifest, which comes last, is missing")
    wanted = {part.name: part for part in manifest.parts}
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            raise broken(path, f"{name} is missing")
        if name not in wanted:
            raise broken(path, f"{name} is not in its manifest")
        if found[name] != wanted[name]:
            raise broken(path, f"{name} was changed: its SHA-256 is not that of the manifest")
    if DATABASE not in found:
        raise broken(path, "the store is missing")
    return manifest


class _UnpackError(OSError):
    """The folder to unpack into refuses, not the archive."""


def _take(source: IO[bytes], info: tarfile.TarInfo, target: Path | None) -> Part:
    reader, size = _Hashing(source), 0
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(_made(target / info.name)) if target is not None else None
        while data := reader.read(_CHUNK):
            size += len(data)
            if out is not None:
                with _refused_by(target):
                    out.write(data)
    if size != info.size:
        raise tarfile.ReadError("unexpected end of data")
    return Part(info.name, size, reader.digest.hexdigest())


@contextlib.contextmanager
def _made(place: Path) -> Iterator[BinaryIO]:
    with _refused_by(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        out = place.open("xb")
        os.fchmod(out.fileno(), 0o600 if place.name == FILE else 0o644)
    try:
        yield out
    finally:
        with _refused_by(place):
            out.close()


@contextlib.contextmanager
def _refused_by(place: Path | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _UnpackError(error.errno, error.strerror, str(place)) from error


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
            raise broken(path, "its manifest was changed")
        parts = tuple(Part(**part) for part in told.pop("parts"))
        return Manifest(**told, parts=parts)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise broken(path, "its manifest makes no sense") from error


def broken(path: Path, why: str) -> BackupError:
    """The error of an archive that cannot be used."""
    return BackupError(f"the backup cannot be used: {why}", where=str(path), hint="take another backup")
