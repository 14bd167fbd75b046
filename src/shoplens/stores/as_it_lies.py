"""Files that are read as they lie: SQLite then looks for no change, so whether somebody wrote is looked at here."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import NamedTuple


class Stamp(NamedTuple):
    """What a database file and its write-ahead log look like from outside; None where there is no such file."""

    file: tuple[int, int, int] | None
    log: tuple[int, int] | None

    @classmethod
    def of(cls, path: str) -> Stamp:
        """How they look now: (inode, time of change in ns, bytes) of the file, (time of change, bytes) of its log."""
        file, log = _stat(path), _stat(f"{path}-wal")
        return cls(
            (file.st_ino, file.st_mtime_ns, file.st_size) if file else None,
            (log.st_mtime_ns, log.st_size) if log else None,
        )


def _stat(path: str) -> os.stat_result | None:
    try:
        return Path(path).stat()
    except OSError:
        return None


class FileConnection(sqlite3.Connection):
    """A connection that knows how the file looked before it was opened as it lies; None: it takes part in the locks
    of the file, and sees each change by itself."""

    path = ""
    stamp: Stamp | None = None

    def is_old(self) -> bool:
        """Whether somebody has written since, into the file or its log: what is read next has to be opened anew."""
        return self.stamp is not None and self.stamp != Stamp.of(self.path)

    def is_mixed(self) -> bool:
        """Whether the file itself is another since: what was read may be of two moments. A log alone does no harm."""
        return self.stamp is not None and self.stamp.file != Stamp.of(self.path).file
