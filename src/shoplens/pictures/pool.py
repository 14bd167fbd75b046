"""Decode processes that can be killed: the port PictureDecoder for pictures of unknown origin.

Each picture is one exchange over a socket with one worker process, made in the caller's thread. A worker that exceeds
its time is killed, one that crashes is replaced, and only the picture at hand is rejected. Workers are plain child
programs (not multiprocessing): nothing is forked from a threaded process, and the user's own main module is not
imported again. They read from a socket whose other end only we hold, so they end when we do, even by kill -9.
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import hashlib
import heapq
import itertools
import json
import math
import os
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from shoplens.core.cores import cores
from shoplens.core.ports import Decoded
from shoplens.core.query import Crop, QueryPicture
from shoplens.core.spaces import Pixels
from shoplens.errors import MissingExtraError, PictureError, ShopLensError
from shoplens.pictures.decode import box_of, check_side, closed_error, decode, each_photo
from shoplens.pictures.limits import FORMATS, MB, REASONS, WARNINGS, Limits
from shoplens.pictures.patience import PHOTO_S, Patience, out_of_patience, patience_of
from shoplens.pictures.worker import ANSWER, READY, REQUEST, receive, receive_into

_START_S = 60.0
_BOOT = (
    "import sys; sys.path[:] = {path!r}; from shoplens.pictures.worker import main; "
    "main({limits!r}, {timeout!r}, {memory!r})"
)
_NOW, _LATER = 0, 1
_MAX_ABOUT = 1 * MB
_MAX_MESSAGE = 16_384


class DecodePool:
    """Worker processes behind the port PictureDecoder. Safe to call from several threads.

    Args:
        workers: how many processes at most; None: one per core. They start when first needed.
        limits: caps on one picture.
        timeout_s: longest time for one picture; then its worker is killed and the picture rejected ("timeout").
        photo_s: most processor time for the photos of one query, all together; then they are rejected ("timeout").
        memory_bytes: address space of one worker; 0 for no limit. Pictures that need more are rejected ("memory").
    """

    def __init__(
        self,
        workers: int | None = None,
        limits: Limits | None = None,
        timeout_s: float = 5.0,
        memory_bytes: int = 500 * MB,
        photo_s: float = PHOTO_S,
    ) -> None:
        self._count = max(1, workers if workers is not None else cores())
        self._limits = limits or Limits()
        self._timeout_s = timeout_s
        self._memory_bytes = memory_bytes
        self._photo_s = photo_s
        self._turns = _Turns(self._count)
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._closed = False
        _open_pools.add(self)

    def decode(self, data: bytes, side: int, crop: Crop | None = None) -> Decoded:
        """One picture, before those that wait in ``decode_many``; see ``decode.decode``.

        Raises:
            PictureError: the picture is rejected, also when it took too long or crashed its decoder.
            ShopLensError: the pool was closed, or no worker can be started.
        """
        check_side(side)
        return self._exchange(data, side, crop, _NOW)

    def decode_photos(self, photos: Sequence[QueryPicture], side: int) -> list[Decoded]:
        """The photos of one query, one after the other, before those that wait in ``decode_many``, within ``photo_s``
        of processor time for all of them.

        Raises:
            PictureError, ShopLensError: as ``decode`` does; ``where`` names the photo.
        """
        check_side(side)
        patience = patience_of(self._photo_s)
        return each_photo(photos, lambda photo: self._exchange(photo.data, side, photo.crop, _NOW, patience))

    def decode_many(self, pictures: Iterable[bytes], side: int) -> Iterator[Decoded | Exception]:
        """Results in order; at most ``2 * workers + 2`` pictures are held at a time.

        A rejected picture is a PictureError (MissingExtraError for HEIC without the extra) in its place.
        """
        check_side(side)
        threads = self._executor()
        waiting: deque[Future[Decoded]] = deque()
        source = iter(pictures)
        try:
            while True:
                for data in itertools.islice(source, 2 * self._count + 2 - len(waiting)):
                    waiting.append(threads.submit(self._exchange, data, side, None, _LATER))
                if not waiting:
                    return
                try:
                    yield waiting.popleft().result()
                except (PictureError, MissingExtraError) as problem:
                    yield problem
                except CancelledError as problem:
                    raise closed_error() from problem
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """Ends the processes; pictures at hand are rejected, later calls refused. Can be called twice."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            for worker in self._busy:
                worker.stop()  # its thread notices and discards it
            threads, self._threads = self._threads, None
        self._turns.close()
        for worker in idle:
            worker.discard()
        if threads is not None:
            threads.shutdown(wait=False, cancel_futures=True)
        _open_pools.discard(self)

    def pids(self) -> list[int]:
        """Process ids of the workers alive now, for `doctor` and tests."""
        with self._lock:
            return [worker.pid for worker in (*self._idle, *self._busy)]

    def __enter__(self) -> DecodePool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _executor(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._closed:
                raise closed_error()
            if self._threads is None:
                self._threads = ThreadPoolExecutor(self._count, thread_name_prefix="shoplens-decode")
            return self._threads

    def _exchange(
        self, data: bytes, side: int, crop: Crop | None, priority: int, patience: Patience | None = None
    ) -> Decoded:
        if len(data) > self._limits.max_bytes or not data:  # never reaches a worker; the worker's own words
            return decode(data, side, crop, self._limits)
        self._turns.take(priority)
        try:
            # A worker found dead before it answered a single picture was killed from outside while idle: not the
            # picture's fault, so the picture gets another one.
            for _ in range(self._count + 1):
                worker = self._checkout()
                try:
                    return worker.decode(data, side, crop, self._timeout_s, patience or Patience(math.inf))
                except _Stale:
                    continue
                finally:
                    self._checkin(worker)
            raise ShopLensError("decode processes keep dying while idle", where="pictures", hint="run: shoplens doctor")
        finally:
            self._turns.give()

    def _checkout(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise closed_error()
            if self._idle:
                worker = self._idle.pop()
                self._busy.add(worker)
                return worker
        worker = _Worker(self._limits, self._timeout_s, self._memory_bytes)
        with self._lock:
            self._busy.add(worker)
            closed = self._closed
        if closed:
            self._checkin(worker)
            raise closed_error()
        return worker

    def _checkin(self, worker: _Worker) -> None:
        with self._lock:
            self._busy.discard(worker)
            if worker.alive and not self._closed:
                self._idle.append(worker)
                return
        worker.discard()


class _Stale(Exception):
    """The worker was dead before it could look at the picture."""


class _Worker:
    """One child process and our end of its socket. Used by one thread at a time (kill: by any)."""

    def __init__(self, limits: Limits, timeout_s: float, memory_bytes: int) -> None:
        self._link, theirs = socket.socketpair()
        # The child searches modules where we do, and where this file was found (an editable install may have a finder
        # of its own for that); -S and -E spare it site-packages' start-up code.
        path = [os.path.abspath(entry) for entry in (*sys.path, str(Path(__file__).parents[2]))]  # noqa: PTH100
        boot = _BOOT.format(path=path, limits=dataclasses.asdict(limits), timeout=timeout_s, memory=memory_bytes)
        with theirs:
            for end in (self._link, theirs):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 * MB)
            self._process = subprocess.Popen(
                [sys.executable, "-S", "-E", "-c", boot],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd="/" if os.name == "posix" else None,
            )
        self.pid = self._process.pid
        self.alive = True
        self._link.settimeout(_START_S)
        try:
            ready = self._link.recv(1)
        except OSError:
            ready = b""
        if ready != READY:
            self.discard()
            said = self._process.stderr.read().decode(errors="replace").strip() if self._process.stderr else ""
            raise ShopLensError(
                f"a decode process could not start: {said[-300:] or 'it said nothing'}",
                where="pictures",
                hint="run: shoplens doctor",
            )
        if self._process.stderr:
            self._process.stderr.close()

    def decode(self, data: bytes, side: int, crop: Crop | None, timeout_s: float, patience: Patience) -> Decoded:
        """One exchange, which costs patience. After a timeout or a crash this worker is dead (``alive`` is False)."""
        if patience.left <= 0:
            raise out_of_patience()
        deadline = monotonic() + timeout_s
        digest = ""
        try:
            self._link.settimeout(timeout_s)
            try:
                self._link.sendall(REQUEST.pack(side, len(data), patience.now, *(box_of(crop) or (math.nan,) * 4)))
                self._link.sendall(data)
            except ConnectionError as problem:
                self.alive = False
                raise _Stale from problem
            digest = hashlib.sha256(data).hexdigest()  # while the worker decodes
            head = receive(self._link, ANSWER.size, deadline)
            if head is None:
                raise self._crashed()
            about_size, pixels_size = ANSWER.unpack(head)
            if about_size > _MAX_ABOUT or pixels_size > 3 * 4 * side * side:
                raise self._spoilt()
            about = receive(self._link, about_size, deadline)
            pixels = np.empty(pixels_size, dtype=np.uint8)
            if about is None or not receive_into(self._link, pixels.data, deadline):
                raise self._crashed()
        except TimeoutError as problem:
            self.alive = False
            raise PictureError(
                f"decoding took longer than {timeout_s:g} s",
                reason="timeout",
                hint="save it again in a picture program",
            ) from problem
        except ConnectionError as problem:
            raise self._crashed() from problem
        try:
            told = json.loads(about)
            patience.left -= max(0.0, float(told["cpu_s"]))
            return _understood(told, pixels, digest)
        except (ValueError, KeyError, TypeError) as problem:
            raise self._spoilt() from problem

    def stop(self) -> None:
        """Ends the process now; a thread that waits for it wakes up. Can be called by any thread, and twice."""
        self.alive = False
        with contextlib.suppress(OSError):
            self._link.shutdown(socket.SHUT_RDWR)
        self._process.kill()

    def discard(self) -> None:
        """Ends and reaps the process; for the thread that holds this worker."""
        self.stop()
        self._process.wait()
        self._link.close()

    def _crashed(self) -> PictureError:
        """Why the worker hung up in the middle of a picture."""
        self.alive = False
        self._process.kill()
        code = self._process.wait()
        if -code in (signal.SIGVTALRM, signal.SIGPROF):
            return out_of_patience()
        if -code in (signal.SIGXCPU, signal.SIGALRM):
            return PictureError("decoding took too long", reason="timeout", hint="save it again in a picture program")
        if -code == signal.SIGKILL:
            return PictureError("its decoder was killed", reason="broken", hint="try again")
        said = f"signal {-code}" if code < 0 else f"exit status {code}"
        return PictureError(f"it crashed its decoder ({said})", reason="broken", hint="save it in a picture program")

    def _spoilt(self) -> PictureError:
        self.alive = False
        return PictureError("its decoder gave nonsense", reason="broken", hint="save it in a picture program")


def _understood(about: dict[str, Any], pixels: Pixels, digest: str) -> Decoded:
    """A worker's answer. Raises what the worker met; ValueError, KeyError or TypeError when it makes no sense."""
    if "error" in about:
        if about["reason"] not in REASONS:
            raise ValueError("not a reason")
        hint = about["hint"]
        message = str(about["error"])[:_MAX_MESSAGE]
        raise PictureError(message, reason=about["reason"], hint=None if hint is None else str(hint)[:_MAX_MESSAGE])
    if "extra" in about:
        raise MissingExtraError("reading HEIC pictures", extra="heic")
    if about["format"] not in FORMATS or not set(about["warnings"]) <= set(WARNINGS):
        raise ValueError("not a format or warning of ours")
    return Decoded(
        pixels.reshape(int(about["rows"]), int(about["columns"]), 3),
        int(about["width"]),
        int(about["height"]),
        about["format"],
        digest,
        tuple(about["warnings"]),
    )


class _Turns:
    """A counting semaphore that lets interactive callers pass those of a batch; first come, first served otherwise."""

    def __init__(self, free: int) -> None:
        self._free = free
        self._waiting: list[tuple[int, int, threading.Event]] = []
        self._order = itertools.count()
        self._lock = threading.Lock()
        self._closed = False

    def take(self, priority: int) -> None:
        with self._lock:
            if self._closed:
                raise closed_error()
            if self._free:
                self._free -= 1
                return
            turn = threading.Event()
            heapq.heappush(self._waiting, (priority, next(self._order), turn))
        turn.wait()

    def give(self) -> None:
        with self._lock:
            if self._waiting:
                heapq.heappop(self._waiting)[2].set()  # the turn is handed over, not freed
            else:
                self._free += 1

    def close(self) -> None:
        """Wakes everybody; they find the pool closed at checkout."""
        with self._lock:
            self._closed = True
            while self._waiting:
                heapq.heappop(self._waiting)[2].set()


_open_pools: weakref.WeakSet[DecodePool] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for pool in list(_open_pools):
        pool.close()
