"""Who calls: the key that was sent, looked up, and whether it may what is asked."""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime

import anyio.to_thread
from starlette.responses import Response
from starlette.types import Scope

from shoplens.core.keys import ApiKey, digest, id_of
from shoplens.core.where import Where
from shoplens.server.problems import problem
from shoplens.server.scopes import PRIVATE, need_of, writes
from shoplens.stores.key_store import KeyStore

KEPT_S = 0.5
"""How long a key is not looked up again: one that was revoked counts at most so long."""
MOST_KEPT = 10_000
REALM = 'Bearer realm="shoplens"'
_MAKE = "make a key: shoplens key create --name NAME --scope {scope}; send it as Authorization: Bearer KEY"
_FAULTS: Mapping[str, str] = {
    "key_unknown": "there is no such key",
    "key_revoked": "the key was revoked",
    "key_expired": "the key has expired",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. ``key``: None for somebody without one. ``fault``: why the key that was sent does not count; "" for
    none. ``address``: where it comes from, as trusted proxies say."""

    key: ApiKey | None = None
    fault: str = ""
    address: str = ""

    @property
    def name(self) -> str:
        """Who it is, for histories and logs: nothing secret."""
        return f"key {self.key.id}" if self.key is not None else f"http {self.address or 'unknown'}"

    @property
    def where(self) -> Where | None:
        """The filter outside of which nothing is there for this caller."""
        return None if self.key is None else self.key.where


CALLER: ContextVar[Caller] = ContextVar("caller", default=Caller())  # noqa: B039 - it is frozen
"""Who asked what this task answers."""


def key_sent(scope: Scope) -> str:
    """The key of a request: ``X-API-Key``, else ``Authorization: Bearer``; "" where none is sent.

    Other kinds of Authorization are somebody else's, a proxy's say.
    """
    bearer = ""
    for name, value in scope["headers"]:
        if name == b"x-api-key":
            return value.decode("latin-1").strip() or "?"
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            bearer = value[7:].decode("latin-1").strip() or "?"
    return bearer


@dataclass(slots=True)
class _Known:
    found: tuple[ApiKey, bytes] | None
    at: float


@dataclass(slots=True)
class Keyring:
    """The keys of a shop, each looked up at most every ``KEPT_S`` seconds."""

    store: KeyStore
    _known: OrderedDict[str, _Known] = field(default_factory=OrderedDict)

    async def caller(self, text: str, address: str) -> Caller:
        """Who sent a key. Raises StoreError where the store cannot be read."""
        if not text:
            return Caller(address=address)
        key_id = id_of(text)
        found = await self._find(key_id) if key_id else None
        if found is None or not hmac.compare_digest(found[1], digest(text)):
            return Caller(fault="key_unknown", address=address)
        fault = found[0].fault(datetime.now(UTC))
        return Caller(fault=fault, address=address) if fault else Caller(found[0], address=address)

    def forget(self, key_id: str) -> None:
        """Has a key looked up again: it was changed by this process."""
        self._known.pop(key_id, None)

    async def _find(self, key_id: str) -> tuple[ApiKey, bytes] | None:
        known, now = self._known.get(key_id), time.monotonic()
        if known is None or now - known.at > KEPT_S:
            # Stamped with the moment before it was read: what is revoked while it is read is seen half a second later.
            known = _Known(await anyio.to_thread.run_sync(self.store.get, key_id), now)
            self._known[key_id] = known
            if len(self._known) > MOST_KEPT:
                self._known.popitem(last=False)
        return known.found


def refusal(caller: Caller, method: str, template: str, mode: str, rules_writable: bool) -> Response | None:
    """The problem document for a caller that may not ask this; None for one that may.

    Args:
        method, template: the route.
        mode: the setting ``server.keys``.
        rules_writable: the setting ``server.rules_writable``.
    """
    need = need_of(method, template)
    if need is None:
        return problem(403, "undeclared", "nobody has declared who may ask this", hint="report it: it is a fault")
    if need == "public":
        return None
    changes = writes(method, template)
    if mode != "all" and changes and rules_writable and template.startswith("/v1/rules") and caller.key is None:
        return None
    if mode == "off":
        if not changes:
            return None
        return problem(
            403,
            "writes_off",
            "nothing can be changed over HTTP here",
            where="server.keys",
            hint='set server.keys = "writes" and make a key: shoplens key create --name NAME --scope catalogue',
        )
    if caller.fault:
        return _asked_for_key(caller.fault, _FAULTS[caller.fault], _MAKE.format(scope=need))
    # What is open to who has no key is open to who has one; a key with a filter stays within it.
    is_open = mode == "writes" and not changes and (method, template) not in PRIVATE and need != "admin"
    if is_open and caller.where is None:
        return None
    if caller.key is None:
        return _asked_for_key("key_missing", f"this needs a key with the scope {need}", _MAKE.format(scope=need))
    if caller.key.may(need):
        return None
    told = problem(
        403,
        "scope_missing",
        f"this needs the scope {need}; the key {caller.key.id} has {', '.join(caller.key.scopes)}",
        hint=_MAKE.format(scope=need),
    )
    told.headers["WWW-Authenticate"] = f'{REALM}, error="insufficient_scope", scope="{need}"'
    return told


def _asked_for_key(code: str, detail: str, hint: str) -> Response:
    told = problem(401, code, detail, where="authorization", hint=hint)
    told.headers["WWW-Authenticate"] = REALM if code == "key_missing" else f'{REALM}, error="invalid_token"'
    return told
