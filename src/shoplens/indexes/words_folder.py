"""The word index on disk: generations of a tantivy folder, and a file that names the one in use.

``words.json`` holds the version of schema and tokens and the name of the generation. A rebuild begins
another generation beside the old one, so that a process that still reads the old one is not disturbed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import tempfile
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tantivy

from shoplens.errors import ShopError, ShopLockedError
from shoplens.indexes import tokens
from shoplens.indexes.words_document import build_schema, register

VERSION = f"2.{tokens.VERSION}"
"""Of the schema and of the tokens: an index of another version is rebuilt."""

Stamp = tuple[int, ...]

_LOOKS = 10
_SYSTEM = re.compile(r"os error|Os \{|IoError|LockFailure", re.IGNORECASE)
_FOOTER_END = struct.Struct("<II")
_FOOTER_MAGIC = 1337


@dataclass(slots=True)
class Generation:
    """An open generation. ``stamp`` tells which commit of it was last looked at; ``mirror`` is where it was opened if
    its own folder cannot be written to, and shows that commit only."""

    name: str
    path: Path
    meta: str
    index: Any
    stamp: Stamp
    mirror: tempfile.TemporaryDirectory[str] | None = None


class WordFolder:
    """The folder of a word index."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._names = root / "words.json"
        self._names_path = str(self._names)
        self._sizes: dict[str, int] = {}

    def current(self) -> str:
        """The name of the generation in use; "" if there is none of this version."""
        try:
            data = json.loads(self._names.read_text("utf-8"))
            return str(data["generation"]) if data["version"] == VERSION else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def stamp(self, generation: Generation | None) -> Stamp:
        """Changes when the generation in use or its last commit does."""
        return (*_stat(self._names_path), *(_stat(generation.meta) if generation else ()))

    def open(self, create: bool) -> Generation | None:
        """The generation in use, or a fresh one if ``create``; None if there is none.

        Raises:
            ShopError: its files are damaged, or the folder cannot be written to.
        """
        name = self.current()
        if not name or not (self.root / name / "meta.json").exists():
            if not create:
                return None
            name = self._begin()
        path = self.root / name
        mirror = None if create or os.access(path, os.W_OK) else _mirror(path)
        with native(path):
            index = tantivy.Index(build_schema(), mirror.name if mirror else str(path))
            index.config_reader("manual")
            register(index)
            index.reload()
        generation = Generation(name, path, str(path / "meta.json"), index, (), mirror)
        generation.stamp = self.stamp(generation)
        return generation

    def writer(self, generation: Generation, heap: int) -> Any:
        """tantivy's writer: one thread, ``heap`` bytes. Raises ShopLockedError if another process has it."""
        try:
            with native(generation.path):
                return generation.index.writer(heap, 1)
        except ShopError as error:
            if "lock" not in error.message.lower():
                raise
            raise ShopLockedError(
                "another process is writing to the word index",
                where=str(generation.path),
                hint="write through that process, or stop it first",
            ) from error

    def signature(self) -> tuple[tuple[Any, ...], ...]:
        """Changes when a file of the generation in use does, be it by a commit or by something that damages it."""
        path = self.root / (self.current() or "none")
        try:
            with os.scandir(path) as files:
                return tuple(sorted((f.name, *_stat(f.path)) for f in files if not f.name.endswith((".lock", ".temp"))))
        except OSError:
            return ()

    def is_cut(self) -> bool:
        """Whether a file of the generation in use is smaller than when this was asked before. No commit does that, as
        files are written once. It takes microseconds a file."""
        before = self._sizes
        self._sizes = {name: stamp[-1] for name, *stamp in self.signature() if not name.endswith(".json")}
        return any(self._sizes.get(name, size) < size for name, size in before.items())

    def damage(self) -> str:
        """What is wrong with the files of the generation in use; "" if nothing is. Reads them all."""
        for _ in range(_LOOKS):
            before = self._committed()
            problem = self._damage()
            if not problem or self._committed() == before:
                break  # else a commit came in between, and took files away that it no longer needs
        return problem

    def _committed(self) -> Stamp:
        return (*_stat(self._names_path), *_stat(str(self.root / (self.current() or "none") / "meta.json")))

    def _damage(self) -> str:
        name = self.current()
        if not name:
            return "no generation of this version is in use"
        path = self.root / name
        try:
            meta = json.loads((path / "meta.json").read_bytes())
            managed = json.loads((path / ".managed.json").read_bytes())
            for segment in meta["segments"]:
                stem = segment["segment_id"].replace("-", "")
                names = {name for name in managed if name.startswith(stem) and not name.endswith((".del", ".temp"))}
                names |= {file.name for file in path.glob(f"{stem}.*") if file.suffix not in (".del", ".temp")}
                if not names:
                    return f"the files of segment {stem} are missing"
                files = [path / name for name in sorted(names)]
                if segment.get("deletes"):
                    files.append(path / f"{stem}.{segment['deletes']['opstamp']}.del")
                for file in files:
                    if not _is_whole(file.read_bytes()):
                        return f"{file.name} is damaged"
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            return str(error)
        return ""

    def retire(self) -> None:
        """Forgets the generation in use: the next ``open`` begins another."""
        with suppress(OSError):
            self._names.unlink(missing_ok=True)

    def _begin(self) -> str:
        name = f"words-{uuid.uuid4().hex[:12]}"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            old = list(self.root.glob("words-*"))
            path = self.root / name
            path.mkdir()
            with native(path):
                tantivy.Index(build_schema(), str(path))
            temporary = self._names.with_name(f"words.json.{os.getpid()}.tmp")
            with temporary.open("w", encoding="utf-8") as file:
                json.dump({"version": VERSION, "generation": name}, file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._names)
            for other in old:
                shutil.rmtree(other, ignore_errors=True)
        except OSError as error:
            raise ShopError(
                f"the word index cannot be written: {error}",
                where=str(self.root),
                hint="free some space or mend the folder's permissions; nothing is lost, it is built anew",
            ) from error
        return name


def _mirror(path: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder that leads to the same files: tantivy's readers need a lock file beside them. Raises ShopError."""
    try:
        made = tempfile.TemporaryDirectory(prefix="shoplens-words-")
        for file in path.iterdir():
            if file.suffix == ".json":
                shutil.copyfile(file, Path(made.name, file.name))
            elif file.suffix != ".lock":
                Path(made.name, file.name).symlink_to(file.resolve())
        return made
    except OSError as error:
        raise ShopError(
            f"the word index lies where nothing can be written, and cannot be opened elsewhere: {error}",
            where=str(path),
            hint="see that the folder for temporary files (TMPDIR) can be written to",
        ) from error


@contextmanager
def native(where: Path) -> Iterator[None]:
    """Turns what tantivy raises over its files, a panic of its Rust code too, into ShopError."""
    try:
        yield
    except (ValueError, OSError, RuntimeError) as error:
        raise _failed(error, where) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise _failed(error, where) from error


def by_the_system(error: ShopError) -> bool:
    """Whether the system refused (too many open files, no permission): then the files may well be whole."""
    return _SYSTEM.search(error.message) is not None


def _failed(error: BaseException, where: Path) -> ShopError:
    return ShopError(
        f"the word index failed: {error}",
        where=str(where),
        hint="the catalogue is not concerned; a damaged index is built anew when the shop is next opened for writing",
    )


def _is_whole(data: bytes) -> bool:
    """Whether a file of tantivy's ends in a footer whose checksum is that of what stands before it."""
    if len(data) < _FOOTER_END.size:
        return False
    length, magic = _FOOTER_END.unpack(data[-_FOOTER_END.size :])
    start = len(data) - _FOOTER_END.size - length
    if magic != _FOOTER_MAGIC or start < 0:
        return False
    footer = json.loads(data[start : start + length])
    return bool(zlib.crc32(memoryview(data)[:start]) == footer["crc"])


def _stat(path: str) -> Stamp:
    try:
        found = os.stat(path)  # noqa: PTH116 - before every query: twice as fast as Path.stat
    except OSError:
        return (0, 0, 0)
    return (found.st_ino, found.st_mtime_ns, found.st_size)
