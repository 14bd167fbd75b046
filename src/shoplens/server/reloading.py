"""Settings read again while a service runs (SIGHUP): which count at once, and which only after a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shoplens.app import Shop
from shoplens.config import Config
from shoplens.stores.query_log import query_log_of

LIVE: Mapping[str, frozenset[str]] = {
    "server": frozenset({"max_body_bytes", "body_timeout_s", "cors_origins", "keys", "rules_writable"}),
    "guard": frozenset({"rate_per_address", "rate_per_key", "timeout_s"}),
    "observe": frozenset({"access_log", "log_queries"}),
    "query_log": frozenset({"enabled", "days"}),
}
"""The settings that count at once, by their part; each is read where it is used. All others are of the start."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What of the settings was changed, by name (``guard.timeout_s``): what counts now, and what after a restart."""

    now: tuple[str, ...]
    after_restart: tuple[str, ...]


def take_up(shop: Shop, config: Config) -> Reloaded:
    """Makes new settings count in a shop that is served. Not from two threads at once."""
    now, later = [], []
    for name, (old, new) in _changed(shop.config, config).items():
        part, _, field = name.partition(".")
        if field in LIVE.get(part, ()):
            # The parts are frozen for all but this: who holds one sees the new value at the next request.
            vars(old)[field] = getattr(new, field)
            now.append(name)
        else:
            later.append(name)
    if any(name.startswith("query_log.") for name in now):
        before, shop._log = shop._log, query_log_of(shop.config)
        before.close()
    return Reloaded(tuple(now), tuple(later))


def _changed(old: Config, new: Config) -> dict[str, tuple[Any, Any]]:
    """Name of each setting that differs -> what holds it, before and now."""
    found: dict[str, tuple[Any, Any]] = {}
    for name in type(old).model_fields:
        before, after = getattr(old, name), getattr(new, name)
        fields = getattr(type(before), "model_fields", None)
        if fields is None:
            if before != after:
                found[name] = (old, new)
            continue
        for field in fields:
            if getattr(before, field) != getattr(after, field):
                found[f"{name}.{field}"] = (before, after)
    return found
