"""What ``/v1/keys`` takes and gives, and what the OpenAPI document says of keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoplens.core.keys import KEY_SCOPES
from shoplens.server.schemas import TEXT, WHOLE, Schema, listed, record, ref
from shoplens.server.scopes import SCOPES, Need

_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_SCOPES = listed({**TEXT, "enum": list(KEY_SCOPES)})
_KEY = {
    "id": TEXT,
    "name": TEXT,
    "scopes": _SCOPES,
    "created": TEXT,
    "expires": _MAYBE_TEXT,
    "filter": _MAYBE_TEXT,
    "rate": _MAYBE_TEXT,
    "quota": {"type": ["integer", "null"]},
    "revoked": _MAYBE_TEXT,
}
SCHEMAS: Mapping[str, Schema] = {
    "Key": record(_KEY, {"key": {**TEXT, "description": "the key itself; never told again"}}),
    "Keys": record({"keys": listed(ref("Key"))}),
    "NewKey": record(
        {"name": TEXT, "scopes": _SCOPES},
        {
            "expires": {**TEXT, "description": "90d, 12h, or a moment (UTC)"},
            "filter": {**TEXT, "description": "what the key sees at most; only with the scope search alone"},
            "rate": {**TEXT, "description": "20/s, 600/min, 1000/h or 10000/day"},
            "quota": {**WHOLE, "minimum": 1, "description": "requests a day (UTC)"},
        },
    ),
}
"""What ``/v1/keys`` takes and gives."""
_GIVEN = {"408": "the body took too long", "413": "the body is too large", "503": "the shop cannot be read"}
ANSWERS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "GET /v1/keys": ("Keys", {"503": "the shop cannot be read"}),
    "POST /v1/keys": ("201 Key", _GIVEN | {"400": "a field makes no sense"}),
    "DELETE /v1/keys/{key_id}": ("Key", {"404": "there is no such key", "503": "the shop cannot be read"}),
}
"""Method and address -> the schema of its answer, and the errors of its own by status."""
_SCHEMES: Mapping[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "a key: sl_ID_SECRET"},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_REFUSED = {"401": "no key that counts was sent", "403": "the key lacks the scope, or the service asks for no keys"}
_LATE = {"504": "there was no answer within X-Timeout-Ms, or within guard.timeout_s"}
_TIMEOUT: Mapping[str, Any] = {
    "name": "X-Timeout-Ms",
    "in": "header",
    "required": False,
    "description": "milliseconds after which the answer is not wanted any more",
    "schema": {"type": "integer", "minimum": 0, "maximum": 3_600_000},
}
_ADDRESSES: Mapping[tuple[str, str], Need] = {(m, p.replace(":any_text", "")): need for (m, p), need in SCOPES.items()}


def errors_of(method: str, path: str) -> Mapping[str, str]:
    """The errors that guards answer with: by status what it means."""
    if not path.startswith("/v1/"):
        return {}
    return _LATE | ({} if _ADDRESSES.get((method, path)) == "public" else _REFUSED)


def tell_of_keys(document: dict[str, Any]) -> None:
    """Adds how keys are sent, which scope each operation needs (``x-scope``), and the header of deadlines."""
    document["components"]["securitySchemes"] = dict(_SCHEMES)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            need = _ADDRESSES.get((method.upper(), path))
            operation["x-scope"] = need
            if need != "public":
                # {}: whether reading needs a key is for each service to say (server.keys).
                operation["security"] = [*({name: []} for name in _SCHEMES), *([{}] if need == "search" else [])]
            if path.startswith("/v1/"):
                operation["parameters"] = [*operation.get("parameters", ()), dict(_TIMEOUT)]
