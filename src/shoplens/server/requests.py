"""One HTTP request as it is known to whatever works on it: its id, and what was learnt of it for logs and metrics."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

from starlette.types import Scope

HEADER = b"x-request-id"
_SANE = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
"""Ids that are taken over: nothing that could break a line of a log."""


@dataclass(slots=True)
class Noted:
    """One request. ``kind``: of a search, what it was asked with. ``searches``: of each its begin and end (by
    ``time.perf_counter``) and what its stages took (ms). Written by the thread that answers it."""

    id: str
    kind: str = ""
    searches: list[tuple[float, float, Mapping[str, float]]] = field(default_factory=list)


REQUEST: ContextVar[Noted | None] = ContextVar("request", default=None)
"""The request that this task or thread answers."""


def id_of(scope: Scope) -> str:
    """The id that a request came with where it is a sane one, else a new one of 32 hexadecimal digits."""
    sent = next((value for name, value in scope["headers"] if name == HEADER), b"")
    return sent.decode("ascii") if _SANE.fullmatch(sent) else secrets.token_hex(16)


def request_id() -> str:
    """The id of the request at hand; "" outside of one."""
    noted = REQUEST.get()
    return noted.id if noted is not None else ""
