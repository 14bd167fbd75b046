"""Archives of public data: fetched in one piece or in several goes, checked, and unpacked within bounds."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import re
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from shoplens.errors import FeedError, PictureError
from shoplens.pictures.addresses import Door
from shoplens.pictures.fetch import Fetcher

if TYPE_CHECKING:
    from typing_extensions import Buffer

MB = 1_000_000
_WHOLE_S = 3 * 3600.0
"""Longest time for an archive; a stalled server is given up after half a minute all the same."""
_AGAIN = "run the same command again: it goes on where it stopped, if the server lets it"


@dataclass(frozen=True)
class Bounds:
    """What an archive may cost. A file over ``file_bytes`` or any total over its bound refuses the archive."""

    archive_bytes: int
    unpacked_bytes: int
    file_bytes: int = 30 * MB
    files: int = 50_000


def fetch(url: str, target: Path, bounds: Bounds, door: Door, hint: str, on_bytes: Callable[[int, int], None]) -> None:
    """Brings ``url`` to ``target``; what a broken run got lies in ``target`` with ".part" and is gone on with.

    Args:
        hint: what to do where there is no net.
        on_bytes: told of the bytes that are there and those announced (0: not announced).

    Raises:
        FeedError: no net, another answer than the file, a file that is too large, or one that ended early.
    """
    part, tag = target.with_name(target.name + ".part"), target.with_name(target.name + ".tag")
    have, headers = _begun(part, tag)
    fetcher = Fetcher(door, timeout_s=_WHOLE_S, max_redirects=5)
    try:
        with fetcher.stream(url, headers) as (reply, chunks):
            start = _start(reply.headers.get("content-range", "")) if reply.status == 206 else 0
            if reply.status not in (200, 206) or start not in (0, have):
                part.unlink(missing_ok=True)
                raise FeedError(
                    f"the server answers {reply.status} instead of the file", where=url, hint=f"{_AGAIN}; {hint}"
                )
            length = reply.headers.get("content-length", "")
            whole = start + int(length) if length.isdigit() else 0
            if whole > bounds.archive_bytes:
                raise _too_large(url, bounds.archive_bytes)
            target.parent.mkdir(parents=True, exist_ok=True)
            etag = reply.headers.get("etag", "")
            tag.write_text("" if etag.startswith("W/") else etag, "utf-8")
            with part.open("ab" if start else "wb") as file:
                got = start
                for chunk in chunks:
                    got += len(chunk)
                    if got > bounds.archive_bytes:
                        file.close()
                        part.unlink()
                        raise _too_large(url, bounds.archive_bytes)
                    file.write(chunk)
                    on_bytes(got, whole)
    except PictureError as problem:
        again = f"{_AGAIN}; " if part.exists() else ""
        raise FeedError(problem.message, where=url, hint=f"{again}{hint}") from problem
    except OSError as problem:
        raise FeedError(
            f"cannot be kept: {problem.strerror or problem}",
            where=str(part),
            hint="make room, or choose another --shop",
        ) from problem
    finally:
        fetcher.close()
    if whole and got != whole:
        raise FeedError(f"ended after {got:,} of {whole:,} bytes", where=url, hint=_AGAIN)
    part.replace(target)
    tag.unlink(missing_ok=True)


def _begun(part: Path, tag: Path) -> tuple[int, dict[str, str]]:
    """Bytes of an earlier run, and the headers that ask for the rest of the very same file; 0 where it cannot be."""
    try:
        have, etag = part.stat().st_size, tag.read_text("utf-8").strip()
    except OSError:
        return 0, {}
    if not have or not etag:
        return 0, {}
    return have, {"range": f"bytes={have}-", "if-range": etag}


def _start(content_range: str) -> int:
    found = re.match(r"bytes (\d+)-", content_range)
    return int(found[1]) if found else -1


def _too_large(where: str, limit: int) -> FeedError:
    return FeedError(
        f"more than the {limit / MB:,.0f} MB that this data may have", where=where, hint="this is not that data"
    )


def digest(path: Path) -> str:
    """The SHA-256 of a file, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpack(archive: Path, folder: Path, commit: str, wanted: Callable[[PurePosixPath], bool], bounds: Bounds) -> int:
    """Unpacks the wanted files of a tar.gz as GitHub makes it (all in one top folder, which is left out).

    Only plain files come out of it, with plain names, into ``folder``; it appears when all is there.

    Returns:
        How many files.

    Raises:
        FeedError: no such archive, one of another commit, a name that leads out of it, or one beyond its bounds.
    """
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        files = _unpack(archive, part, commit, wanted, bounds)
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return files


def _unpack(archive: Path, part: Path, commit: str, wanted: Callable[[PurePosixPath], bool], bounds: Bounds) -> int:
    files = 0
    try:
        part.mkdir(parents=True)
        with gzip.open(archive) as packed, tarfile.open(fileobj=_Bounded(packed, archive, bounds), mode="r|") as tar:
            for member in tar:
                _same(tar.pax_headers.get("comment", ""), commit, archive)
                path = _inside(member.name, archive)
                if not member.isfile() or path is None or not wanted(path):
                    continue
                files += 1
                if files > bounds.files or member.size > bounds.file_bytes:
                    raise FeedError(f"{member.name[:120]!r} is beyond what this data may have", where=str(archive))
                target = part.joinpath(*path.parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                source = tar.extractfile(member)
                if source is not None:
                    with target.open("wb") as file:
                        shutil.copyfileobj(source, file)
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as problem:
        raise FeedError(
            f"not a whole tar.gz: {problem}", where=str(archive), hint="remove it, and fetch it again"
        ) from problem
    except OSError as problem:
        raise FeedError(
            f"cannot be unpacked: {problem.strerror or problem}", where=str(part), hint="make room for it"
        ) from problem
    if not files:
        raise FeedError(
            "holds none of this data's files", where=str(archive), hint="take the archive that the docs name"
        )
    return files


def _same(comment: str, commit: str, archive: Path) -> None:
    """git writes the commit into the archive's comment: another one is not what was asked for."""
    if re.fullmatch(r"[0-9a-f]{40}", comment) and comment != commit:
        raise FeedError(
            f"of commit {comment[:12]}, not {commit[:12]}", where=str(archive), hint="take the archive of that commit"
        )


def _inside(name: str, archive: Path) -> PurePosixPath | None:
    """The path below the top folder; None for that folder itself. Raises FeedError for a name that leads elsewhere."""
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or any("\\" in part or ":" in part or "\0" in part for part in parts):
        raise FeedError(f"holds a file named {name[:120]!r}", where=str(archive), hint="this archive cannot be trusted")
    return PurePosixPath(*parts[1:]) if len(parts) > 1 else None


class _Bounded(io.RawIOBase):
    """Reads what gzip unfolds, and stops where there is more of it than may be."""

    def __init__(self, inner: io.BufferedIOBase, archive: Path, bounds: Bounds) -> None:
        self._inner = inner
        self._left = bounds.unpacked_bytes
        self._error = _too_large(str(archive), bounds.unpacked_bytes)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        data = self._inner.read(len(view))
        self._left -= len(data)
        if self._left < 0:
            raise self._error
        view[: len(data)] = data
        return len(data)


def plain_text(path: Path, most: int = 100_000) -> str:
    """A small text file, whatever its encoding: what is no UTF-8 is shown as such; "" where there is none."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(most).decode("utf-8-sig", "replace")
    return ""


def lines(path: Path) -> Iterator[str]:
    """The lines of a text file, without their ends. Raises FeedError where there is none."""
    if not path.is_file():
        raise FeedError("is not in the archive", where=path.name, hint="take the archive that the docs name")
    yield from path.read_text("utf-8-sig", "replace").splitlines()
