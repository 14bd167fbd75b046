"""The names by which a service is asked: which are answered, and which are believed where an address is told."""

from __future__ import annotations

import re

from starlette.types import Scope

from shoplens.config import GuardSettings

HEALTH = frozenset({"/healthz", "/readyz"})
"""Asked by machines that know an address only."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?")


def host_of(scope: Scope) -> str:
    """The name and port that a request was sent to, as it says itself; "" where it says none, several or nonsense."""
    found = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    return found[0].lower() if len(found) == 1 and _HOST.fullmatch(found[0]) else ""


def is_answered(scope: Scope, settings: GuardSettings) -> bool:
    """Whether a request was sent to one of the service's names; always so where none are set."""
    trusted = settings.trusted_hosts
    return not trusted or scope["path"] in HEALTH or _is_one_of(host_of(scope), trusted)


def is_believed(scope: Scope, settings: GuardSettings) -> bool:
    """Whether the name that a request was sent to may be told to others: it is one of the service's, this machine's
    own, or the very address at which the connection was taken."""
    host = host_of(scope)
    name = _without_port(host)
    server = scope.get("server")
    own = str(server[0]).lower() if server else ""
    return bool(host) and (_is_one_of(host, settings.trusted_hosts) or name in LOOPBACK or name in (own, f"[{own}]"))


def _is_one_of(host: str, trusted: tuple[str, ...]) -> bool:
    name = _without_port(host)
    return bool(name) and any(
        name == one or (one.startswith("*.") and name.endswith(one[1:])) or host == one for one in trusted
    )


def _without_port(host: str) -> str:
    return re.sub(r":\d+$", "", host).rstrip(".")
