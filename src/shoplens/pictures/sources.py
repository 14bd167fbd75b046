"""Where pictures lie on this machine: a folder or a zip. Nothing outside it is ever read."""

from __future__ import annotations

import itertools
import os
import threading
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from types import TracebackType
from urllib.parse import unquote

from shoplens.core.catalogue import ImageRef
from shoplens.core.ports import PictureBytes
from shoplens.errors import ConfigError, FetchRefusedError, PictureError
from shoplens.pictures.limits import MB

MAX_BYTES = 20 * MB
_MAX_FILES = 1_000_000


class FolderSource:
    """Pictures in a folder.

    A location is a path below the folder, with / or \\ between its parts. Where nothing lies there, the folder is
    searched for a file of that name (indexed once; the first in path order wins), so that ``images/x.jpg`` is found
    as ``x.jpg`` and the other way round. Links are followed only within the folder.
    """

    def __init__(self, root: Path, max_bytes: int = MAX_BYTES) -> None:
        """Raises ConfigError when ``root`` is no folder."""
        if not root.is_dir():
            raise ConfigError(
                "there is no such folder", where=str(root), hint="give the folder of pictures: --pictures DIR"
            )
        self._root = root.resolve()
        self._max_bytes = max_bytes
        self._names: dict[str, Path] | None = None
        self._lock = threading.Lock()

    def fetch(self, ref: ImageRef, known: str = "") -> PictureBytes:
        """The file's bytes; the fingerprint is its size and time of change.

        Raises:
            PictureError: "missing", "too_large", or "refused" (FetchRefusedError) for what lies outside the folder.
        """
        path = self._resolve(ref.location)
        if path is None:
            raise _missing(ref.location)
        try:
            with path.open("rb") as file:
                facts = os.fstat(file.fileno())
                fingerprint = f"file:{facts.st_size}:{facts.st_mtime_ns // 1_000_000}"
                if fingerprint == known:
                    return PictureBytes(None, fingerprint)
                data = file.read(self._max_bytes + 1)
        except OSError as problem:
            raise PictureError(
                f"the file cannot be read: {problem.strerror}",
                reason="refused" if isinstance(problem, PermissionError) else "missing",
                where=ref.location,
                hint="check that it is a readable file",
            ) from problem
        if len(data) > self._max_bytes:
            raise too_large(ref.location, self._max_bytes)
        return PictureBytes(data, fingerprint)

    def has(self, location: str) -> bool:
        """Whether a picture lies there; False for what would be refused."""
        try:
            return self._resolve(location) is not None
        except PictureError:
            return False

    def close(self) -> None:
        """Nothing to close."""

    def _resolve(self, location: str) -> Path | None:
        """The file meant, or None. Raises FetchRefusedError for what lies outside."""
        if "\x00" in location:
            raise FetchRefusedError("a path with a zero byte", where=repr(location), hint="give a plain path")
        outside = False
        for name in _spellings(location):
            if ".." in PurePosixPath(name).parts:
                raise self._outside(location)
            try:
                path = (self._root / name).resolve()
                if not path.is_relative_to(self._root):
                    # A path from the root of some other machine may still name a file of ours; a link may not.
                    if not PurePosixPath(name).is_absolute():
                        raise self._outside(location)
                    outside = True
                elif path.is_file():
                    return path
            except (OSError, RuntimeError, ValueError):  # a loop of links, a name too long
                continue
        index = self._index()
        for name in _last_names(location):
            found = index.get(name)
            if found is not None and found.is_file():
                return found
        if outside:
            raise self._outside(location)
        return None

    def _outside(self, location: str) -> FetchRefusedError:
        return FetchRefusedError(
            "the path leads out of the folder of pictures",
            where=location,
            hint="give paths below that folder, or another folder with --pictures DIR",
        )

    def _index(self) -> dict[str, Path]:
        """File name -> path, for the first million files; links can only be asked for by their path."""
        with self._lock:
            if self._names is None:
                names: dict[str, Path] = {}
                for path in itertools.islice(_files(self._root), _MAX_FILES):
                    if not path.is_symlink():
                        names.setdefault(path.name, path)
                self._names = names
            return self._names


class ZipSource:
    """Pictures in a zip file. Members are read one by one into memory, never unpacked to disk.

    A location is a member's name; where there is none, leading folders are dropped on either side until the names
    meet (so ``images/x.jpg`` finds ``x.jpg`` and ``shop/images/x.jpg``). Safe to call from several threads.
    """

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        """Raises ConfigError when ``path`` is no zip file."""
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as problem:
            raise ConfigError(
                f"this is no zip file that can be read: {problem}",
                where=str(path),
                hint="give the folder or zip file of pictures: --pictures DIR|ZIP",
            ) from problem
        self._path = path
        self._max_bytes = max_bytes
        self._lock = threading.Lock()  # one file handle, one reader at a time
        self._members: dict[str, zipfile.ZipInfo] = {}
        self._names: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            if not info.is_dir():
                self._members.setdefault(info.filename, info)
                self._names.setdefault(PurePosixPath(info.filename).name, info)

    def fetch(self, ref: ImageRef, known: str = "") -> PictureBytes:
        """The member's bytes; the fingerprint is its checksum and size.

        Raises:
            PictureError: "missing", "too_large", "broken", or "refused" for an encrypted member.
        """
        info = self._find(ref.location)
        if info is None:
            raise _missing(ref.location)
        if info.flag_bits & 0x1:
            raise FetchRefusedError("the zip file is encrypted", where=ref.location, hint="zip it without a password")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # The other methods' decompressors cannot be told to stop at a size.
            raise FetchRefusedError("an unusual zip method", where=ref.location, hint="zip it with plain deflate")
        fingerprint = f"zip:{info.CRC:08x}:{info.file_size}"
        if fingerprint == known:
            return PictureBytes(None, fingerprint)
        if info.file_size > self._max_bytes:
            raise too_large(ref.location, self._max_bytes)
        try:
            # The announced size is a claim: a bomb is cut off one byte past the cap.
            with self._lock, self._zip.open(info) as member:
                data = member.read(self._max_bytes + 1)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as problem:
            raise PictureError(
                f"the zip file's member cannot be read: {problem}",
                reason="broken",
                where=ref.location,
                hint="zip the pictures again",
            ) from problem
        if len(data) > self._max_bytes:
            raise too_large(ref.location, self._max_bytes)
        return PictureBytes(data, fingerprint)

    def has(self, location: str) -> bool:
        """Whether a picture of that name is in the zip file."""
        return self._find(location) is not None

    def close(self) -> None:
        """Closes the file."""
        self._zip.close()

    def __enter__(self) -> ZipSource:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _find(self, location: str) -> zipfile.ZipInfo | None:
        for name in _spellings(location):
            found = self._members.get(name)
            if found is not None:
                return found
        for name in _last_names(location):
            if name in self._names:
                return self._names[name]
        return None


def too_large(where: str, max_bytes: int) -> PictureError:
    """The rejection of a picture with more bytes than allowed."""
    return PictureError(
        f"the picture has more than the {max_bytes / MB:.1f} MB allowed",
        reason="too_large",
        where=where,
        hint="reduce the picture, or raise the byte limit",
    )


def _last_names(location: str) -> list[str]:
    return list(dict.fromkeys(PurePosixPath(way).name for way in _spellings(location)))


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):  # does not follow links to folders
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            yield Path(folder, name)


def _missing(location: str) -> PictureError:
    # Where was looked is not told: who sends products over HTTP, or asks for a picture, would learn of this machine.
    return PictureError(
        "there is no such picture",
        reason="missing",
        where=location,
        hint="send it, give its address, or say where pictures lie: shoplens index --pictures DIR|ZIP",
    )


def pictures_option(searched: Path) -> str:
    """The option to give, with the zip file that lies in the folder where the pictures were looked for, if one does."""
    try:
        packs = sorted(path for path in searched.glob("*.zip") if path.is_file())
    except OSError:
        packs = []
    return f"--pictures {packs[0]}" if len(packs) == 1 else "--pictures DIR or --pictures ZIP"


def _spellings(location: str) -> list[str]:
    """The ways a feed may have written a path: as given, from the root, with Windows' or the web's escapes."""
    plain = location.removeprefix("file://")
    ways = [plain, plain.replace("\\", "/")]
    ways += [unquote(way) for way in ways]
    ways += [way.lstrip("/") for way in ways]
    return list(dict.fromkeys(way for way in ways if way))
