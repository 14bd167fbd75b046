"""Pictures fetched from the net, kept on disk by URL, with what is needed to ask whether they have changed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from shoplens.pictures.limits import MB

_MAX_HEAD = 16 * 1024
_PRUNE_EVERY = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept of a URL: its validators, our fingerprint, and the SHA-256 and size of the body."""

    url: str
    etag: str
    modified: str
    fingerprint: str
    sha256: str
    size: int


class WebCache:
    """A folder of entries, one file each: a line of JSON, then the body. Any file may be lost at any time.

    Safe to use from several threads and processes: files are written aside and renamed into place, and a body that
    does not have the announced size and hash counts as absent. When all files together exceed ``max_bytes`` the
    oldest go.
    """

    def __init__(self, folder: Path, max_bytes: int = 2048 * MB) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._writes = 0
        self._lock = threading.Lock()

    def head(self, url: str) -> Entry | None:
        """What is known of a URL, without its body."""
        try:
            with self._path(url).open("rb") as file:
                entry = Entry(**json.loads(file.readline(_MAX_HEAD)))
        except (OSError, ValueError, TypeError):
            return None
        return entry if entry.url == url else None

    def body(self, entry: Entry) -> bytes | None:
        """The body of an entry, or None when it is gone or damaged."""
        try:
            with self._path(entry.url).open("rb") as file:
                file.readline(_MAX_HEAD)
                data = file.read(entry.size + 1)
        except OSError:
            return None
        return data if len(data) == entry.size and hashlib.sha256(data).hexdigest() == entry.sha256 else None

    def put(self, entry: Entry, body: bytes) -> None:
        """Keeps a body. A full or read-only disk is no error: the cache only saves time."""
        path = self._path(entry.url)
        head = json.dumps(asdict(entry)).encode() + b"\n"
        if len(head) > _MAX_HEAD:
            return
        with contextlib.suppress(OSError):
            put(path, head, body)
        with self._lock:
            self._writes += 1
            due = self._writes % _PRUNE_EVERY == 1
        if due:
            prune(self._folder, self._max_bytes)

    def _path(self, url: str) -> Path:
        name = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / name[:2] / name


def put(path: Path, *parts: bytes) -> None:
    """Puts a whole file of a cache in place, or none: what fails half-way leaves nothing. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def prune(folder: Path, max_bytes: int) -> None:
    """Removes the oldest files of a cache until at most four fifths of ``max_bytes`` remain, if there are more than
    that. The files lie in folders of the folder; those that a killed process left half-written are among them."""
    files = []
    for path in folder.glob("*/*"):
        with contextlib.suppress(OSError):
            facts = path.stat()
            files.append((facts.st_mtime_ns, facts.st_size, path))
    total = sum(size for _, size, _ in files)
    if total <= max_bytes:
        return
    for _, size, path in sorted(files, key=lambda file: file[0]):
        if total <= max_bytes * 4 // 5:
            return
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        total -= size
