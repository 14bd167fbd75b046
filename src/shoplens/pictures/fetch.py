"""One guarded GET: the address is resolved once, checked, and exactly that address is connected to.

The guard sits where connections are made (a network backend of httpcore), below redirects, retries and connection
reuse, so that there is no way around it; TLS still verifies the host's name, and the Host header is the URL's.
"""

from __future__ import annotations

import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import Any

import httpcore
import httpx

from shoplens.errors import FetchRefusedError, PictureError
from shoplens.pictures.addresses import Door
from shoplens.pictures.limits import MB

Resolver = Callable[[str, int], list[str]]
"""Host and port -> IP addresses, as text. Raises OSError."""

_CONNECT_S = 5.0
_ELSEWHERE = (301, 302, 303, 307, 308)
_AGENT = "ShopLens (+https://github.com/shoplens/shoplens)"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered: status, headers (names in lower case), and the body, decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Fetcher:
    """GETs pictures from strangers' servers. Safe to call from several threads.

    Args:
        door: which addresses may be fetched.
        max_bytes: of a body, also after decompression; reading stops there.
        timeout_s: for one GET with all its redirects, from the first look-up to the last byte.
        max_redirects: how often a server may send us elsewhere; each hop is checked like the first.
        resolve: the look-up of names, for tests.
    """

    def __init__(
        self,
        door: Door | None = None,
        *,
        max_bytes: int = 20 * MB,
        timeout_s: float = 20.0,
        max_redirects: int = 3,
        resolve: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._door = door or Door()
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._max_redirects = max_redirects
        self._clock = _Clock()
        self._guard = _Guard(self._door, resolve or look_up, self._clock)
        self._client = httpx.Client(
            transport=_Transport(self._guard, tls or _trusted()),
            trust_env=False,  # a proxy from the environment would connect on our behalf, unguarded
            follow_redirects=False,
            headers={"user-agent": _AGENT, "accept": "image/*,*/*;q=0.5", "accept-encoding": "identity"},
        )

    def get(self, url: str, headers: Mapping[str, str] | None = None, deadline: float | None = None) -> Reply:
        """Follows redirects to a reply of any other status.

        Args:
            deadline: on the clock of ``time.monotonic``; at most ``timeout_s`` from now.

        Raises:
            FetchRefusedError: the address, or one it redirects to, may not be fetched.
            PictureError: "timeout", "too_large", "missing" (no such host, no answer), "broken" (not HTTP).
        """
        latest = monotonic() + self._timeout_s
        self._clock.deadline = min(latest, deadline) if deadline is not None else latest
        with _told(url):
            at = url
            for _ in range(self._max_redirects + 1):
                self._door.check_url(at)
                reply, elsewhere = self._hop(at, headers or {})
                if elsewhere is None:
                    return reply
                at = elsewhere
        raise self._too_many(url)

    @contextmanager
    def stream(
        self, url: str, headers: Mapping[str, str] | None = None, stall_s: float = 30.0
    ) -> Iterator[tuple[Reply, Iterator[bytes]]]:
        """Like ``get``, for files too large for memory: the reply without its body, and the body as it comes.

        The body comes as the server packed it and unbounded: the caller counts. Nothing may stall for longer than
        ``stall_s``; an https address is left for https ones only.

        Raises:
            FetchRefusedError, PictureError: as ``get``; also while the body is read.
        """
        latest = monotonic() + self._timeout_s

        def paced(chunks: Iterator[bytes]) -> Iterator[bytes]:
            for chunk in chunks:
                self._clock.deadline = latest  # what the caller does with it is not the server's delay
                yield chunk
                self._clock.deadline = min(latest, monotonic() + stall_s)

        with _told(url):
            at = url
            for _ in range(self._max_redirects + 1):
                self._door.check_url(at)
                if url.startswith("https:") and not at.startswith("https:"):
                    raise FetchRefusedError(f"the server sends us to {at}", where=url, hint="use another network")
                self._clock.deadline = min(latest, monotonic() + stall_s)
                with self._client.stream("GET", at, headers=dict(headers or {})) as response:
                    names = {name.lower(): value for name, value in response.headers.items()}
                    location = names.get("location")
                    if response.status_code not in _ELSEWHERE or not location:
                        yield Reply(response.status_code, names, b"", at), paced(response.iter_raw())
                        return
                    at = str(httpx.URL(at).join(location))
        raise self._too_many(url)

    def _too_many(self, url: str) -> FetchRefusedError:
        return FetchRefusedError(
            f"more than {self._max_redirects} redirects", where=url, hint="give the picture's final address"
        )

    def close(self) -> None:
        """Closes all connections."""
        self._client.close()
        self._guard.close()

    def _hop(self, url: str, headers: Mapping[str, str]) -> tuple[Reply, str | None]:
        with self._client.stream("GET", url, headers=dict(headers)) as response:
            names = {name.lower(): value for name, value in response.headers.items()}
            location = names.get("location")
            if response.status_code in _ELSEWHERE and location:
                return Reply(response.status_code, names, b"", url), str(httpx.URL(url).join(location))
            body = self._body(response, names, url) if response.status_code == 200 else b""
            return Reply(response.status_code, names, body, url), None

    def _body(self, response: httpx.Response, headers: Mapping[str, str], url: str) -> bytes:
        encoding = headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "", "gzip", "x-gzip", "deflate"):
            raise PictureError(
                f"the server compressed the picture by {encoding[:40]!r}, unasked",
                reason="broken",
                where=url,
                hint="have the server send pictures as they are",
            )
        # 32: zlib or gzip by their headers. Asked for at most one byte too many, so a bomb does not unfold.
        unfold = None if encoding in ("identity", "") else zlib.decompressobj(zlib.MAX_WBITS | 32)
        announced = headers.get("content-length", "")
        if unfold is None and announced.isdigit() and int(announced) > self._max_bytes:
            raise self._too_large(url)
        body, raw = bytearray(), 0
        for chunk in response.iter_raw():
            raw += len(chunk)
            body += chunk if unfold is None else unfold.decompress(chunk, self._max_bytes + 1 - len(body))
            if max(raw, len(body)) > self._max_bytes:
                raise self._too_large(url)
            self._clock.left()
        if unfold is not None and not unfold.eof:
            raise PictureError("the answer ended early", reason="truncated", where=url, hint="try again later")
        return bytes(body)

    def _too_large(self, url: str) -> PictureError:
        return PictureError(
            f"the picture has more than the {self._max_bytes / MB:.1f} MB allowed",
            reason="too_large",
            where=url,
            hint="reduce the picture, or raise the byte limit",
        )


@contextmanager
def _told(url: str) -> Iterator[None]:
    """What goes wrong with the net, as PictureErrors."""
    try:
        yield
    except (httpx.TimeoutException, TimeoutError) as problem:
        raise PictureError("the server took too long", reason="timeout", where=url, hint="try again later") from problem
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as problem:
        raise FetchRefusedError(f"not an address: {problem}", where=url, hint="give a full http(s) URL") from problem
    except httpx.ConnectError as problem:
        raise PictureError(
            f"cannot connect to the server: {problem}", reason="unreachable", where=url, hint="check the address"
        ) from problem
    except (httpx.HTTPError, zlib.error) as problem:
        raise PictureError(
            f"the server's answer cannot be read: {problem}", reason="broken", where=url, hint="try again later"
        ) from problem


def look_up(host: str, port: int) -> list[str]:
    """All addresses of a host, by the system's resolver. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@cache
def _trusted() -> ssl.SSLContext:
    """Reading the certificates takes tens of milliseconds: once for all fetchers."""
    return httpx.create_ssl_context()


class _Clock(threading.local):
    """The deadline of the GET that this thread is in: httpcore reads and writes in the caller's thread."""

    deadline: float = float("inf")

    def left(self) -> float:
        """Seconds left. Raises TimeoutError when there are none."""
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left


class _Guard(httpcore.NetworkBackend):
    """Makes connections, to checked addresses only."""

    def __init__(self, door: Door, resolve: Resolver, clock: _Clock) -> None:
        self._door = door
        self._resolve = resolve
        self._clock = clock
        self._inner = httpcore.SyncBackend()
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="shoplens-lookup")

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        # In a thread of its own, as a look-up cannot be told how long it may take.
        try:
            addresses = self._threads.submit(self._resolve, host, port).result(timeout=self._clock.left())
        except TimeoutError as problem:
            raise httpcore.ConnectTimeout("looking up the host took too long") from problem
        except (OSError, UnicodeError) as problem:
            raise httpcore.ConnectError(f"no such host: {host}") from problem
        if not addresses:
            raise httpcore.ConnectError(f"no such host: {host}")
        self._door.check_addresses(host, addresses)
        for number, address in enumerate(addresses, 1):
            try:
                seconds = min(_CONNECT_S, self._clock.left())
                return _Stream(self._inner.connect_tcp(address, port, seconds, None, socket_options), self._clock)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(addresses):
                    raise
        raise httpcore.ConnectError(f"no such host: {host}")

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        raise FetchRefusedError("this address may not be fetched: a local socket", where=path)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Stream(httpcore.NetworkStream):
    """A connection on which no read or write outlasts the deadline, however slowly the bytes drip."""

    def __init__(self, inner: httpcore.NetworkStream, clock: _Clock) -> None:
        self._inner = inner
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._left(httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._inner.start_tls(ssl_context, server_hostname, self._left(httpcore.ConnectTimeout))
        return _Stream(secured, self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def _left(self, error: type[httpcore.TimeoutException]) -> float:
        try:
            return self._clock.left()
        except TimeoutError as problem:
            raise error(str(problem)) from problem


class _Transport(httpx.BaseTransport):
    """httpx over a pool of guarded connections."""

    def __init__(self, backend: httpcore.NetworkBackend, tls: ssl.SSLContext) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=64,
            max_keepalive_connections=16,
            keepalive_expiry=15,
            network_backend=backend,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not isinstance(request.stream, httpx.SyncByteStream):
            raise TypeError("only plain requests are sent")
        with _named():
            response = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=request.url.raw_scheme,
                        host=request.url.raw_host,
                        port=request.url.port,
                        target=request.url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions={**request.extensions, "timeout": {"pool": 60.0}},
                )
            )
        if not isinstance(response.stream, Iterable):
            raise TypeError("the answer is no stream")
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response.stream))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, inner: Iterable[bytes]) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        with _named():
            yield from self._inner

    def close(self) -> None:
        if hasattr(self._inner, "close"):
            self._inner.close()


class _named:
    """httpcore's errors as httpx's, which is what ``Fetcher.get`` looks for."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, problem: BaseException | None, trace: Any) -> None:
        if isinstance(problem, httpcore.TimeoutException):
            raise httpx.ReadTimeout(str(problem)) from problem
        if isinstance(problem, httpcore.ConnectError):
            raise httpx.ConnectError(str(problem)) from problem
        if isinstance(problem, httpcore.NetworkError | httpcore.ProtocolError | httpcore.UnsupportedProtocol):
            raise httpx.ReadError(str(problem)) from problem
