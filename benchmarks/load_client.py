"""A load generator for HTTP/1.1 that costs little: raw connections in asyncio, arrivals by the clock.

Latency counts from when a request was meant to be sent (an open loop does not slow down because the service does).
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

CONNECTIONS = 4_000
"""Connections at most; a request that finds none free and none to open counts as lost."""
PATIENCE_S = 20.0
"""A request without an answer after so long counts as lost."""
LOST = 0
"""Status of a request that had no answer."""


@dataclass(slots=True)
class Sample:
    """One request: when it was meant to be sent (seconds of the clock), how long its answer took (ms), its status."""

    at: float
    ms: float
    status: int
    body: bytes = b""


@dataclass(slots=True)
class Load:
    """What came of a number of requests. ``cpu``: the generator's own share of its core."""

    samples: list[Sample] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0

    def ms(self, *statuses: int) -> list[float]:
        """Latencies of the requests that were answered with one of these."""
        return [s.ms for s in self.samples if s.status in statuses]

    def told(self) -> dict[str, object]:
        """Percentiles of what was answered and of what was refused, and shares."""
        good, refused = self.ms(200), self.ms(429, 503)
        count = Counter(s.status for s in self.samples)
        wrong = len(self.samples) - len(good) - len(refused)
        out: dict[str, object] = {
            "asked": len(self.samples),
            "per_s": round(len(good) / max(self.seconds, 1e-9), 1),
            "statuses": {str(status or "lost"): n for status, n in sorted(count.items())},
            "errors": round(wrong / max(1, len(self.samples)), 5),
            "generator_cpu": round(self.cpu, 3),
        }
        for name, times in (("", good), ("refused_", refused)):
            for share in (50, 99, 99.9):
                if times:
                    out[f"{name}p{share:g}_ms"] = round(float(np.percentile(times, share)), 2)
        return out


class Connection(asyncio.Protocol):
    """One kept connection: a request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self.open = True
        self._keep = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def ask(self, request: bytes) -> asyncio.Future[tuple[int, bytes]]:
        """Sends a request; the status and the body of its answer."""
        assert self.transport is not None
        self._buffer.clear()
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        """Bytes of an answer."""
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or self._answer is None or self._answer.done():
            return
        head = bytes(self._buffer[:end]).lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].partition(b"\r")[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        self._keep = b"connection: close" not in head
        self._answer.set_result((int(head[9:12]), bytes(self._buffer[end + 4 : end + 4 + length])))
        if not self._keep:
            self.close()

    def connection_lost(self, problem: Exception | None) -> None:
        """The other side hung up."""
        self.open = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the service hung up"))

    def close(self) -> None:
        """Hangs up."""
        self.open = False
        if self.transport is not None:
            self.transport.abort()


class Client:
    """Connections to one service."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._host, self._port = host, port
        self._free: list[Connection] = []
        self._count = 0

    async def ask(self, request: bytes, patience: float = PATIENCE_S) -> tuple[int, bytes]:
        """The status and body of an answer; (LOST, b"") where there was none."""
        connection: Connection | None = None
        while self._free and connection is None:
            connection = self._free.pop()
            if not connection.open:
                self._count -= 1
                connection = None
        try:
            if connection is None:
                if self._count >= CONNECTIONS:
                    return LOST, b""
                self._count += 1
                try:
                    loop = asyncio.get_running_loop()
                    _, connection = await loop.create_connection(Connection, self._host, self._port)
                except OSError:
                    self._count -= 1
                    return LOST, b""
            answer = await asyncio.wait_for(connection.ask(request), patience)
        except (TimeoutError, OSError, asyncio.CancelledError) as problem:
            if connection is not None:
                connection.close()
                self._count -= 1
            if isinstance(problem, asyncio.CancelledError):
                raise
            return LOST, b""
        self._free.append(connection)
        return answer

    def close(self) -> None:
        """Hangs up everywhere."""
        for connection in self._free:
            connection.close()
        self._free.clear()


async def open_loop(
    client: Client, requests: Iterator[bytes], rate: float, seconds: float, rng: np.random.Generator
) -> Load:
    """Requests at random moments, ``rate`` a second in the mean (Poisson); none waits for another."""
    load, waiting = Load(), set()
    begun, cpu = time.perf_counter(), time.process_time()
    at = begun

    async def one(meant: float, request: bytes) -> None:
        status, _ = await client.ask(request)
        load.samples.append(Sample(meant - begun, 1e3 * (time.perf_counter() - meant), status))

    while (at := at + float(rng.exponential(1 / rate))) < begun + seconds:
        while (left := at - time.perf_counter()) > 0:
            await asyncio.sleep(left)
        task = asyncio.create_task(one(at, next(requests)))
        waiting.add(task)
        task.add_done_callback(waiting.discard)
    load.seconds = time.perf_counter() - begun
    load.cpu = (time.process_time() - cpu) / load.seconds
    if waiting:
        await asyncio.wait(set(waiting))
    return load


async def closed_loop(client: Client, requests: Iterator[bytes], askers: int, seconds: float) -> Load:
    """So many askers, each with one request at a time, for so many seconds: what the service can do at most."""
    load = Load()
    begun, cpu = time.perf_counter(), time.process_time()

    async def asker() -> None:
        while (at := time.perf_counter()) < begun + seconds:
            status, _ = await client.ask(next(requests))
            load.samples.append(Sample(at - begun, 1e3 * (time.perf_counter() - at), status))
            if status != 200:
                await asyncio.sleep(0.02)

    await asyncio.gather(*(asker() for _ in range(askers)))
    load.seconds = time.perf_counter() - begun
    load.cpu = (time.process_time() - cpu) / load.seconds
    return load


async def one_by_one(client: Client, requests: Sequence[bytes], read: Callable[[bytes], float]) -> list[float]:
    """For requests sent one after the other: milliseconds beyond what ``read`` finds in the answer's body."""
    out = []
    for request in requests:
        begun = time.perf_counter()
        status, body = await client.ask(request)
        took = 1e3 * (time.perf_counter() - begun)
        if status == 200:
            out.append(took - read(body))
    return out


def get(path: str) -> bytes:
    """A GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: shop\r\n\r\n".encode()


def post(path: str, body: bytes, kind: str) -> bytes:
    """A POST request."""
    head = f"POST {path} HTTP/1.1\r\nHost: shop\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def form(fields: dict[str, str], photo: bytes = b"") -> bytes:
    """POST /v1/search as a browser sends a form, with a photo."""
    boundary = "shoplens-load-boundary"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, text in fields.items()
    ]
    if photo:
        head = 'Content-Disposition: form-data; name="images"; filename="p.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        parts.append(f"--{boundary}\r\n{head}".encode() + photo + b"\r\n")
    return post(
        "/v1/search", b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"
    )
