"""The decode process: reads requests on its standard input (a socket), decodes, answers. Ends when the parent does.

The protocol is fixed structs, JSON and raw pixels; nothing is unpickled on either side, so that a decoder that was
taken over by a hostile picture cannot talk the parent into running code.

Request:  REQUEST header, then the bytes of the picture.
Answer:   ANSWER header (length of the JSON, length of the pixels), JSON, pixels.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import resource
import signal
import socket
import struct
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

from PIL import AvifImagePlugin, Image

from shoplens.errors import MissingExtraError, PictureError
from shoplens.pictures.limits import Limits
from shoplens.pictures.patience import out_of_patience
from shoplens.pictures.raster import rasterise

REQUEST = struct.Struct("<IQddddd")
"""Side, number of bytes, seconds of processor time (inf: no limit), crop x0, y0, x1, y1 (NaN: no crop)."""
ANSWER = struct.Struct("<IQ")
READY = b"R"
CRASH_TEST = 0xFFFF_FFFF
"""A side that means: do as the bytes say (tests only; the parent never sends it, as it caps the side)."""


def receive(link: socket.socket, size: int, deadline: float | None = None) -> bytearray | None:
    """Exactly ``size`` bytes, or None when the other side is gone."""
    buffer = bytearray(size)
    return buffer if receive_into(link, memoryview(buffer), deadline) else None


def receive_into(link: socket.socket, view: memoryview, deadline: float | None = None) -> bool:
    """Fills the view; False when the other side is gone. Raises TimeoutError at the deadline (time.monotonic)."""
    at = 0
    while at < len(view):
        if deadline is not None:
            link.settimeout(max(0.001, deadline - time.monotonic()))
        got = link.recv_into(view[at:])
        if got == 0:
            return False
        at += got
        if deadline is not None and time.monotonic() > deadline:
            raise TimeoutError
    return True


def main(limits: dict[str, int], timeout_s: float, memory_bytes: int) -> None:
    """Serves requests until the parent closes its side of the socket or dies."""
    _confine(memory_bytes)
    link = socket.socket(fileno=0)
    caps = Limits(**limits)
    try:
        link.sendall(READY)
        while True:
            head = receive(link, REQUEST.size)
            if head is None:
                return
            side, size, seconds, *crop = REQUEST.unpack(head)
            data = receive(link, size)
            if data is None:
                return
            _start_clock(timeout_s)
            box = None if math.isnan(crop[0]) else (*crop,)
            about, rgb = _within(seconds, partial(_answer, bytes(data), side, box, caps))
            signal.setitimer(signal.ITIMER_REAL, 0)
            text = json.dumps(about).encode()
            link.sendall(ANSWER.pack(len(text), len(rgb)) + text)
            link.sendall(rgb)
    except ConnectionError:
        return


class _Spent(BaseException):
    """The processor time is used up. Not an Exception: those of a damaged picture are swallowed here and there."""


def _within(seconds: float, work: Callable[[], tuple[dict[str, Any], bytes]]) -> tuple[dict[str, Any], bytes]:
    """What the work answers, with the processor time that it took; refused where that is more than ``seconds``.

    Most decoders come back to Python now and then and are stopped there, so that this process can go on. One that
    does not is ended with the process.
    """
    began = time.process_time()
    try:
        try:
            if seconds < math.inf:
                signal.setitimer(signal.ITIMER_VIRTUAL, seconds + 0.05)
                signal.setitimer(signal.ITIMER_PROF, max(seconds, 0.001), 0.05)
            about, rgb = work()
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except _Spent:
        problem = out_of_patience()
        about, rgb = {"error": problem.message, "reason": problem.reason, "hint": problem.hint}, b""
    return {**about, "cpu_s": time.process_time() - began}, rgb


def _spent(_: int, __: object) -> None:
    raise _Spent


def _answer(data: bytes, side: int, crop: Any, limits: Limits) -> tuple[dict[str, Any], bytes]:
    try:
        if side == CRASH_TEST:
            _misbehave(data)
        raster = rasterise(data, side, crop, limits)
    except PictureError as problem:
        return {"error": problem.message, "reason": problem.reason, "hint": problem.hint}, b""
    except MissingExtraError as problem:
        return {"extra": problem.extra}, b""
    except MemoryError:
        return {"error": "decoding it needs more memory than allowed", "reason": "memory", "hint": None}, b""
    return {
        "columns": raster.columns,
        "rows": raster.rows,
        "width": raster.width,
        "height": raster.height,
        "format": raster.format,
        "warnings": raster.warnings,
    }, raster.rgb


def _confine(memory_bytes: int) -> None:
    """Takes from this process what a decoder does not need: memory, files to write, core dumps, chatter."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which closes us
    signal.signal(signal.SIGPROF, _spent)
    if memory_bytes and hasattr(resource, "RLIMIT_AS"):
        with contextlib.suppress(ValueError, OSError):  # macOS refuses; the clock still guards
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    warnings.simplefilter("ignore")
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # one process, one core; threads' stacks would eat the memory cap
    Image.MAX_IMAGE_PIXELS = None  # our own cap, on the header, is stricter and not a warning


def _start_clock(timeout_s: float) -> None:
    """A little after the parent would have killed us we die by ourselves: the parent may itself be gone."""
    signal.setitimer(signal.ITIMER_REAL, timeout_s + 0.5)
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = math.ceil(used.ru_utime + used.ru_stime + timeout_s) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    if hard == resource.RLIM_INFINITY or seconds <= hard:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))


def _misbehave(data: bytes) -> None:
    """What hostile pictures do to decoders, on demand, so that tests need no real exploit."""
    if data == b"sleep":
        time.sleep(3600)
    elif data == b"spin":
        while True:
            pass
    elif data == b"deaf":
        sum(range(10**12))  # one call that lets no handler in
    elif data == b"crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif data == b"exit":
        os._exit(3)
    elif data == b"memory":
        Image.new("RGB", (40_000, 40_000))
    elif data == b"modules":
        raise PictureError(" ".join(sorted(sys.modules)), reason="broken")
