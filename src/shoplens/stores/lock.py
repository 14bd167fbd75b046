"""The lock of a shop's folder: whoever holds it writes the word index. Writes to the store do not need it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import threading
import time
import weakref
from pathlib import Path

from shoplens.errors import ShopLockedError, StoreError

LOCK_FILE = "writer.lock"
_POLL_S = 0.05


class FolderLock:
    """An exclusive lock on a folder, among processes and among objects of one process.

    The kernel releases it when the holder dies, however it dies. The file holds the holder's process id, for
    messages only; the file stays where it is, since removing it would let two holders in.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.path = Path(folder) / LOCK_FILE
        self._fd: int | None = None
        self._guard = threading.Lock()
        _LIVING.add(self)

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._fd is not None

    def try_acquire(self) -> bool:
        """Takes the lock if it is free; True if this object now holds it (or did already).

        Raises:
            StoreError: the folder cannot be written.
        """
        with self._guard:
            if self._fd is not None:
                return True
            try:
                fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            except OSError as error:
                raise StoreError(
                    f"the folder's lock cannot be opened: {error.strerror}",
                    where=str(self.path),
                    hint="give this user the right to write to the folder",
                ) from error
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                os.close(fd)
                if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES):
                    return False
                raise StoreError(
                    f"the folder's lock cannot be taken: {error.strerror}",
                    where=str(self.path),
                    hint="see that the disk has space and that its file system knows flock",
                ) from error
            with contextlib.suppress(OSError):  # for messages only: a full disk is no reason not to lock
                os.ftruncate(fd, 0)
                os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
            self._fd = fd
            return True

    def acquire(self, timeout_s: float = 0.0) -> None:
        """Takes the lock, waiting up to ``timeout_s`` seconds for it.

        Raises:
            ShopLockedError: it is still held by another; the message names the process.
            StoreError: the folder cannot be written.
        """
        deadline = time.monotonic() + timeout_s
        while not self.try_acquire():
            left = deadline - time.monotonic()
            if left <= 0:
                holder = self.holder()
                who = f"process {holder}" if holder else "another process"
                raise ShopLockedError(
                    f"{who} is at work in this shop", where=str(self.path.parent), hint="wait for it, or end it"
                )
            time.sleep(min(_POLL_S, left))

    def release(self) -> None:
        """Gives the lock back; does nothing where it is not held."""
        with self._guard:
            if self._fd is not None:
                fcntl.flock(self._fd, fcntl.LOCK_UN)  # by name, so that a child that shares it cannot keep it
                os.close(self._fd)
                self._fd = None

    def holder(self) -> int | None:
        """The process id of whoever took the lock last; it need not hold it any more."""
        try:
            return int(self.path.read_text().strip())
        except (OSError, ValueError):
            return None

    def __enter__(self) -> FolderLock:
        self.acquire()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.release()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.release()

    def _after_fork(self) -> None:
        # A forked child shares the lock and would go on holding it after its parent's death.
        self._guard = threading.Lock()
        if self._fd is not None:
            with contextlib.suppress(OSError):
                os.close(self._fd)
            self._fd = None


class NoLock(FolderLock):
    """The lock of a folder that cannot be written to: never to be had, and so nothing is written."""

    def try_acquire(self) -> bool:
        """False."""
        return False

    def acquire(self, timeout_s: float = 0.0) -> None:
        """Raises StoreError."""
        raise StoreError(
            "the shop's folder cannot be written to, or its disk is full; it can be searched, not changed",
            where=str(self.path.parent),
            hint="give this user the right to write to it, or free some space",
        )


_LIVING: weakref.WeakSet[FolderLock] = weakref.WeakSet()


def _let_go_in_child() -> None:
    for lock in list(_LIVING):
        lock._after_fork()


os.register_at_fork(after_in_child=_let_go_in_child)
