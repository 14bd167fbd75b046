"""The lock of a shop's folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from shoplens.errors import ShopLockedError, StoreError
from shoplens.stores import FolderLock

_SRC = Path(__file__).resolve().parents[2] / "src"
_HOLDER = """
import sys, time
from shoplens.stores import FolderLock
lock = FolderLock(sys.argv[1])
lock.acquire()
print("held", flush=True)
time.sleep(600)
"""


def _holder(folder: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(_SRC)}
    child = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(folder)], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout
    assert child.stdout.readline() == "held\n"
    return child


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    one, two = FolderLock(tmp_path), FolderLock(tmp_path)
    with one:
        assert (one.held, two.held) == (True, False)
        assert one.try_acquire(), "taking it again is no harm"
        assert not two.try_acquire()
        with pytest.raises(ShopLockedError, match=f"process {os.getpid()}"):
            two.acquire(timeout_s=0.05)
    assert two.try_acquire()
    two.release()
    two.release()
    assert not two.held


def test_waiting_for_it(tmp_path: Path) -> None:
    one, two = FolderLock(tmp_path), FolderLock(tmp_path)
    one.acquire()
    threading.Timer(0.2, one.release).start()
    before = time.monotonic()
    two.acquire(timeout_s=30)
    assert two.held
    assert time.monotonic() - before >= 0.1
    two.release()


def test_death_of_the_holder_releases_it(tmp_path: Path) -> None:
    child, lock = _holder(tmp_path), FolderLock(tmp_path)
    with pytest.raises(ShopLockedError, match=f"process {child.pid} is at work"):
        lock.acquire()
    child.send_signal(signal.SIGKILL)
    child.wait(30)
    lock.acquire(timeout_s=5)
    assert lock.holder() == os.getpid()
    lock.release()
    assert child.stdout
    child.stdout.close()


def test_a_forked_child_does_not_hold_it(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    lock.acquire()
    started, alive = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover
        os.close(alive[1])
        os.write(started[1], b"1")
        os.read(alive[0], 1)  # lives until the parent says so
        os._exit(1 if lock.held else 0)
    assert os.read(started[0], 1) == b"1"
    assert lock.held
    assert lock._fd is not None
    os.close(lock._fd)  # what the kernel does when the parent is killed
    lock._fd = None
    other = FolderLock(tmp_path)
    assert other.try_acquire(), "the child still holds it"
    other.release()
    for end in (*started, *alive):
        os.close(end)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        FolderLock(tmp_path / "none").try_acquire()
