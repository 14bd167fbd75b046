"""Secrets out of texts that are kept: keys, passwords in addresses, what follows Authorization. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

HIDDEN = "***"
_NAMED = re.compile(r"authorization|cookie|passw(or)?d|secret|token$|api[_-]?key|^key$|^x-api-key$", re.IGNORECASE)
"""Names of values that are never told."""
_PATTERNS = (
    # A key of ours: its id stays, by which it can be found and revoked. However much of the secret is there.
    (re.compile(r"(sl_[0-9a-f]{12})_[A-Za-z0-9_-]+"), rf"\1_{HIDDEN}"),
    (re.compile(r"(?i)\b((?:bearer|basic|digest)\s+)[A-Za-z0-9._~+/=-]{6,}"), rf"\1{HIDDEN}"),
    # The password of an address: scheme://user:password@host.
    (re.compile(r"\b([a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@]*:)[^\s/@]+@"), rf"\1{HIDDEN}@"),
    (
        re.compile(r"(?i)((?:passw(?:or)?d|secret|token|api[_-]?key|access_key|signature)\s*[=:]\s*)[^\s&,;'\"]+"),
        rf"\1{HIDDEN}",
    ),
)
_DEPTH = 6


def masked(text: str) -> str:
    """The text without what is secret in it."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def mask_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor for structlog: events without secrets, in whatever depth they stand."""
    for name, value in event.items():
        event[name] = HIDDEN if _NAMED.search(name) and value not in (None, "") else _masked(value, _DEPTH)
    return event


def _masked(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, bytes):
        return masked(value.decode("utf-8", "replace"))
    if not depth or value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {
            name: HIDDEN if isinstance(name, str) and _NAMED.search(name) else _masked(inner, depth - 1)
            for name, inner in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_masked(inner, depth - 1) for inner in value]
    if isinstance(value, BaseException):
        return masked(f"{type(value).__name__}: {value}")
    return value
