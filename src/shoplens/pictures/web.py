"""Pictures from the net: guarded, cached by ETag, and polite to the servers that give them."""

from __future__ import annotations

import email.utils
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from shoplens.core.catalogue import ImageRef
from shoplens.core.ports import PictureBytes
from shoplens.errors import PictureError
from shoplens.pictures.addresses import Door
from shoplens.pictures.fetch import Fetcher, Reply
from shoplens.pictures.webcache import Entry, WebCache

_TRIES = 4
_LONGEST_WAIT_S = 30.0
_ETAG, _MODIFIED, _BODY = "web:etag:", "web:date:", "web:body:"


class WebSource:
    """http(s) addresses as a PictureSource. Safe to call from several threads.

    A URL seen before is asked for with If-None-Match or If-Modified-Since; a 304 costs no body. At most ``per_host``
    GETs run against one host at a time; a 429 or 503 is tried again, after the server's Retry-After where it gives
    one, as long as ``timeout_s`` allows, and the whole host is left alone for that while.

    Args:
        cache: folder for what was fetched; None keeps nothing.
        fetcher: how one GET is made: its door, byte cap and time limit.
        timeout_s: for one picture, tries and waiting included.
    """

    def __init__(
        self,
        cache: Path | None,
        fetcher: Fetcher | None = None,
        *,
        per_host: int = 4,
        timeout_s: float = 60.0,
        backoff_s: float = 0.5,
    ) -> None:
        self._cache = WebCache(cache) if cache is not None else None
        self._fetcher = fetcher or Fetcher(Door())
        self._hosts = _Hosts(per_host)
        self._timeout_s = timeout_s
        self._backoff_s = backoff_s

    def fetch(self, ref: ImageRef, known: str = "", *, deadline: float | None = None) -> PictureBytes:
        """The picture's bytes; the fingerprint is the server's ETag, its Last-Modified, or the hash of the body.

        ``deadline``, on the clock of ``time.monotonic``, comes before that of ``timeout_s`` if it is earlier.

        Raises:
            FetchRefusedError: the address may not be fetched.
            PictureError: "missing", "refused", "timeout", "too_large", "broken".
        """
        url = ref.location
        entry = self._cache.head(url) if self._cache else None
        body = self._cache.body(entry) if self._cache and entry and entry.fingerprint != known else None
        held = entry is not None and (entry.fingerprint == known or body is not None)
        reply = self._polite(url, _conditions(entry if held else None, known), deadline)
        if reply.status == 304:
            if entry is not None and held:
                return PictureBytes(None if entry.fingerprint == known else body, entry.fingerprint)
            return PictureBytes(None, known)
        if reply.status != 200:
            raise _status_error(url, reply.status)
        digest = hashlib.sha256(reply.body).hexdigest()
        etag, modified = reply.headers.get("etag", "").strip(), reply.headers.get("last-modified", "").strip()
        fingerprint = _ETAG + etag if etag else _MODIFIED + modified if modified else _BODY + digest
        if self._cache is not None:
            self._cache.put(Entry(url, etag, modified, fingerprint, digest, len(reply.body)), reply.body)
        return PictureBytes(None if fingerprint == known else reply.body, fingerprint)

    def kept(self, ref: ImageRef) -> bytes | None:
        """What was fetched from an address last, without asking its server; None where it is not kept."""
        entry = self._cache.head(ref.location) if self._cache else None
        return self._cache.body(entry) if self._cache and entry else None

    def close(self) -> None:
        """Closes all connections."""
        self._fetcher.close()

    def _polite(self, url: str, headers: dict[str, str], deadline: float | None) -> Reply:
        latest = monotonic() + self._timeout_s
        deadline = latest if deadline is None else min(latest, deadline)
        host = ImageRef(url).host
        for attempt in range(_TRIES):
            with self._hosts.turn(host, deadline):
                reply = self._fetcher.get(url, headers, deadline)
            if reply.status not in (429, 503) or attempt == _TRIES - 1:
                return reply
            asked = _retry_after(reply.headers.get("retry-after", ""))
            wait = asked if asked is not None else self._backoff_s * 2**attempt
            if wait > min(_LONGEST_WAIT_S, deadline - monotonic()):
                return reply
            self._hosts.pause(host, wait)
        raise PictureError("the server is busy", reason="timeout", where=url, hint="try again later")


class _Hosts:
    """How many GETs run against each host, and until when it is to be left alone."""

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._running: dict[str, int] = {}
        self._not_before: dict[str, float] = {}
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, host: str, deadline: float) -> Iterator[None]:
        """Waits for a turn at the host. Raises PictureError ("timeout") at the deadline."""
        with self._changed:
            while True:
                now = monotonic()
                if now >= deadline:
                    raise PictureError("the server is busy", reason="timeout", where=host, hint="try again later")
                pause = self._not_before.get(host, 0.0) - now
                if pause > 0:
                    self._changed.wait(min(pause, deadline - now))
                elif self._running.get(host, 0) >= self._per_host:
                    self._changed.wait(deadline - now)
                else:
                    break
            self._running[host] = self._running.get(host, 0) + 1
        try:
            yield
        finally:
            with self._changed:
                self._running[host] -= 1
                if not self._running[host]:
                    del self._running[host]
                self._not_before = {name: at for name, at in self._not_before.items() if at > monotonic()}
                self._changed.notify_all()

    def pause(self, host: str, seconds: float) -> None:
        """Leaves the host alone for a while."""
        with self._changed:
            self._not_before[host] = max(self._not_before.get(host, 0.0), monotonic() + seconds)


def _conditions(entry: Entry | None, known: str) -> dict[str, str]:
    """Headers that let the server say "unchanged": of the cache's copy, else of the fingerprint asked about."""
    if entry is not None:
        etag, modified = entry.etag, entry.modified
    else:
        etag = known.removeprefix(_ETAG) if known.startswith(_ETAG) else ""
        modified = known.removeprefix(_MODIFIED) if known.startswith(_MODIFIED) else ""
    if etag and etag.isprintable() and etag.isascii():
        return {"if-none-match": etag}
    if modified and modified.isprintable() and modified.isascii():
        return {"if-modified-since": modified}
    return {}


def _retry_after(text: str) -> float | None:
    """Seconds, from a number or a date (RFC 9110, 10.2.3); None where there is neither."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, IndexError):
        return None


def _status_error(url: str, status: int) -> PictureError:
    if status in (401, 403, 407, 451):
        return PictureError(
            f"the server does not give it to us ({status})", reason="refused", where=url, hint="make the picture public"
        )
    if status == 429 or status >= 500:
        return PictureError(f"the server is busy or broken ({status})", reason="timeout", where=url, hint="try later")
    return PictureError(
        f"the server has no such picture ({status})", reason="missing", where=url, hint="check the address in the feed"
    )
