"""API keys: what a key is, how it is written, what it may. Pure; the bytes of chance come from the caller."""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shoplens.core.fields import ids_of, names_of, refuse_unknown, text_of, whole_of
from shoplens.core.rates import Rate, parse_rate
from shoplens.core.rule_fields import moment_from_text, moment_to_text
from shoplens.core.where import Where, parse_where
from shoplens.errors import QueryError, ShopLensError

KEY_SCOPES = ("search", "catalogue", "admin")
"""What a key may be allowed. ``admin`` may all that the others may, ``catalogue`` all that ``search`` may."""
KEY_FIELDS = ("name", "scopes", "expires", "filter", "rate", "quota")
"""The fields of a new key on the wire."""
ID_BYTES, SECRET_BYTES = 6, 32
MAX_NAME = 200
_TEXT = re.compile(r"sl_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_AGE = re.compile(r"([1-9][0-9]{0,4})\s*(h|d)")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What a key is and may; the secret is not in it.

    ``scopes``: of KEY_SCOPES. ``where``: what it sees at most (only of keys that search and nothing else). ``rate``,
    ``quota``: requests at a time, and in a day (UTC); None: as the service's settings say, and no quota.
    """

    id: str
    name: str
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime | None = None
    where: Where | None = None
    rate: Rate | None = None
    quota: int | None = None
    revoked: datetime | None = None

    def may(self, need: str) -> bool:
        """Whether it is allowed what needs a scope; who writes a catalogue may search it, too."""
        return need in self.scopes or "admin" in self.scopes or (need == "search" and "catalogue" in self.scopes)

    def fault(self, now: datetime) -> str:
        """``key_revoked``, ``key_expired``, or "" for a key that counts."""
        if self.revoked is not None:
            return "key_revoked"
        return "key_expired" if self.expires is not None and now >= self.expires else ""


def spelt(key_id: str, secret: bytes) -> str:
    """The key as it is sent: ``sl_<id>_<secret>``, the secret in base64 for URLs without padding."""
    return f"sl_{key_id}_{urlsafe_b64encode(secret).rstrip(b'=').decode()}"


def id_of(text: str) -> str:
    """The id within a key as it is sent; "" for what is no key."""
    found = _TEXT.fullmatch(text)
    return found[1] if found else ""


def digest(text: str) -> bytes:
    """SHA-256 of a key as it is sent. 256 bits of chance need no slow hash: there is no list of likely ones to try."""
    return hashlib.sha256(text.encode()).digest()


def key_from_request(given: Mapping[str, Any], key_id: str, now: datetime) -> ApiKey:
    """A new key from the fields of KEY_FIELDS.

    Raises:
        QueryError: an unknown field or scope, a filter for a key that may write, a rate that is none.
    """
    refuse_unknown(given, KEY_FIELDS)
    name = text_of(given, "name").strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise QueryError("a key needs a name", where="name", hint=f"1 to {MAX_NAME} letters: who uses it, and for what")
    scopes = _scopes(names_of(given, "scopes"))
    where = _where(text_of(given, "filter"))
    if where is not None and scopes != ("search",):
        raise QueryError(
            "a filter is for keys that search and may nothing else",
            where="filter",
            hint="give it the scope search",
        )
    quota = whole_of(given, "quota", 0) if given.get("quota") is not None else None
    if quota is not None and not 1 <= quota <= 10**12:
        raise QueryError("a quota is 1 or more", where="quota", hint="requests a day; leave it out for none")
    rate = parse_rate(text_of(given, "rate"))
    return ApiKey(key_id, name, scopes, now, _expires(text_of(given, "expires"), now), where, rate, quota)


def key_to_fields(key: ApiKey) -> dict[str, Any]:
    """A key as JSON data, without anything that is secret."""
    return {
        "id": key.id,
        "name": key.name,
        "scopes": list(key.scopes),
        "created": moment_to_text(key.created),
        "expires": None if key.expires is None else moment_to_text(key.expires),
        "filter": None if key.where is None else str(key.where),
        "rate": None if key.rate is None else str(key.rate),
        "quota": key.quota,
        "revoked": None if key.revoked is None else moment_to_text(key.revoked),
    }


def key_from_fields(fields: Mapping[str, Any]) -> ApiKey:
    """The inverse of ``key_to_fields``. Raises QueryError, FilterError, KeyError, ValueError for what is none."""
    expires, revoked, where = fields["expires"], fields["revoked"], fields["filter"]
    return ApiKey(
        fields["id"],
        fields["name"],
        tuple(ids_of(fields, "scopes")),
        moment_from_text(fields["created"]),
        None if expires is None else moment_from_text(expires),
        None if where is None else parse_where(where),
        parse_rate(fields["rate"] or ""),
        fields["quota"],
        None if revoked is None else moment_from_text(revoked),
    )


def _scopes(given: Iterable[str]) -> tuple[str, ...]:
    some = set(given)
    if not some or not some <= set(KEY_SCOPES):
        wrong = ", ".join(sorted(some - set(KEY_SCOPES)))
        raise QueryError(
            f"there is no scope {wrong!r}" if wrong else "a key needs a scope",
            where="scopes",
            hint=f"one or more of {', '.join(KEY_SCOPES)}",
        )
    return tuple(scope for scope in KEY_SCOPES if scope in some)


def _where(text: str) -> Where | None:
    return parse_where(text) if text.strip() else None


def _expires(text: str, now: datetime) -> datetime | None:
    """A moment, or how long from now: ``90d``, ``12h``."""
    if not text.strip():
        return None
    age = _AGE.fullmatch(text.strip())
    try:
        if age:
            at = now + timedelta(**{"days" if age[2] == "d" else "hours": int(age[1])})
        else:
            at = moment_from_text(text.strip()).astimezone(UTC)
    except (ShopLensError, OverflowError, ValueError) as error:
        raise QueryError(
            f"{text[:40]!r} is no moment", where="expires", hint="write 90d, 12h or 2027-01-31T00:00:00Z (UTC)"
        ) from error
    if at <= now:
        raise QueryError("the key would have expired already", where="expires", hint="give a moment to come")
    return at
