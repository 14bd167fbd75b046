"""How often one caller may ask: rates by key or address, quotas by key and day."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from ipaddress import ip_address
from math import ceil

import anyio.to_thread
import structlog
from starlette.responses import Response

from shoplens.config import GuardSettings
from shoplens.core.rates import Buckets, parse_rate
from shoplens.errors import ShopError
from shoplens.server.callers import Caller
from shoplens.server.problems import problem
from shoplens.stores.key_store import KeyStore
from shoplens.stores.steady import steady_now

log = structlog.get_logger("shoplens")

KEEP_S = 1.0
"""How long uses are gathered before they are written: one transaction instead of many; a kill loses no more."""


_rate = lru_cache(parse_rate)
"""Asked for at each request, since settings may be read again."""


class Limits:
    """Counts requests of callers and refuses what is too much. Of one event loop."""

    def __init__(self, settings: GuardSettings, store: KeyStore) -> None:
        self._settings = settings
        self._buckets = Buckets()
        self.quotas = Quotas(store)

    async def refusal(self, caller: Caller) -> Response | None:
        """Counts a request; the problem document where it is one too many. Raises StoreError."""
        key = caller.key
        if key is None:
            rate = _rate(self._settings.rate_per_address)
            name = f"a {network(caller.address)}" if rate is not None else ""
        else:
            rate, name = key.rate or _rate(self._settings.rate_per_key), f"k {key.id}"
        if rate is not None and (wait := self._buckets.take(name, rate, time.monotonic())):
            who = "this key" if key is not None else "this address"
            told = problem(
                429, "rate_limited", f"{who} may ask {rate}", hint=f"ask again in {ceil(wait)} s; Retry-After says when"
            )
            told.headers["Retry-After"] = str(ceil(wait))
            return told
        if key is None or key.quota is None or await self.quotas.take(key.id, key.quota):
            return None
        now = steady_now()
        left = (now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1) - now).total_seconds()
        told = problem(
            429, "quota_used", f"the {key.quota:,} requests of this key for today (UTC) are used", hint="ask tomorrow"
        )
        told.headers["Retry-After"] = str(ceil(left))
        return told


class Quotas:
    """Requests of keys by day. Counted here, written together; other processes' uses are learnt with each writing."""

    def __init__(self, store: KeyStore, today: Callable[[], str] = lambda: steady_now().date().isoformat()) -> None:
        self._store, self._today = store, today
        self._day = ""
        self._used: dict[str, int] = {}
        self._fresh: dict[str, int] = {}
        self._writing: asyncio.Task[None] | None = None

    async def take(self, key_id: str, quota: int) -> bool:
        """Counts a request; whether it was within the quota. Raises StoreError."""
        day = self._today()
        if day != self._day:
            await self.write()
            self._day, self._used = day, {}
        if key_id not in self._used:
            counted = await anyio.to_thread.run_sync(self._store.used, key_id, day)
            # Others may have asked with it while this one waited for the store.
            self._used.setdefault(key_id, counted + self._fresh.get(key_id, 0))
        if self._used[key_id] >= quota:
            return False
        self._used[key_id] += 1
        self._fresh[key_id] = self._fresh.get(key_id, 0) + 1
        if self._writing is None or self._writing.done():
            self._writing = asyncio.ensure_future(self._write_soon())
        return True

    async def write(self) -> None:
        """Writes what was counted since the last time."""
        fresh, day = self._fresh, self._day
        if not fresh or self._store.read_only:
            return
        self._fresh = {}
        try:
            counted = await anyio.to_thread.run_sync(self._store.add_uses, day, fresh)
        except ShopError as error:  # kept for the next time: a full disk must not stop the searches
            log.error("uses of keys cannot be written", error=str(error))
            for key_id, more in fresh.items():
                self._fresh[key_id] = self._fresh.get(key_id, 0) + more
            return
        if day == self._day:
            self._used |= {key_id: used + self._fresh.get(key_id, 0) for key_id, used in counted.items()}

    async def _write_soon(self) -> None:
        await asyncio.sleep(KEEP_S)
        await self.write()


def network(address: str) -> str:
    """What one client has: an IPv4 address, or the /64 of an IPv6 address, of which it can choose any."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped) if mapped is not None else found.exploded[:19]
