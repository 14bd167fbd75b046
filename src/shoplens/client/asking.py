"""A request as data, and an answer read: what the clients that wait and those that do not have in common."""

from __future__ import annotations

import email.utils
import json
import random
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from shoplens import __version__
from shoplens.client.errors import UnreadableError, error_of

AGAIN = frozenset({429, 503})
"""Answers after which a request is sent again."""
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo of a query. ``source``: a path, the bytes of a file, or an http(s) address. ``crop``: the part to look
    at, as shares of 1 (x0, y0, x1, y1). ``weight``: -10 to 10; negative: not like it."""

    source: str | Path | bytes
    crop: tuple[float, float, float, float] | None = None
    weight: float = 1.0


Photos = Photo | str | Path | bytes | Sequence[Photo | str | Path | bytes]
"""What ``photos=`` takes: one of them, or several."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. ``path``: a template, filled from ``names``. ``read``: it changes nothing, though it be a POST."""

    method: str
    path: str
    names: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    read: bool = False

    @property
    def address(self) -> str:
        """The path with its names filled in: the ids of a shop may hold anything, slashes too."""
        out = self.path
        for name, value in self.names.items():
            out = out.replace(f"{{{name}}}", quote(value, safe=""))
        return out

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        return self.method in WRITES and not self.read

    def parts(self, idempotency_key: str) -> dict[str, Any]:
        """The arguments of httpx for it."""
        headers = {"Accept": "application/json, */*;q=0.5", "User-Agent": f"shoplens-client/{__version__}"}
        headers |= dict(self.headers)
        out: dict[str, Any] = {"params": _query(self.query), "headers": headers}
        if self.writes and idempotency_key:
            headers.setdefault("Idempotency-Key", idempotency_key)
        if self.files:
            # A part named json holds all fields: their kinds survive, where a form has only text.
            whole = {"json": (None, json.dumps(self.json, ensure_ascii=False).encode())}
            out["files"] = {**whole, **{name: (name, data) for name, data in self.files.items()}}
        elif self.content is not None:
            out["content"] = self.content
        elif self.json is not None:
            out["content"] = json.dumps(self.json, ensure_ascii=False).encode("utf-8", "surrogatepass")
            headers["Content-Type"] = "application/json"
        return out


def new_key() -> str:
    """A fresh idempotency key: the same for all attempts of one call."""
    return uuid.uuid4().hex


def if_match(tag: str, *, new: bool = False) -> dict[str, str]:
    """The headers of a write that expects what it changes, or that it is not there yet; none without either."""
    return ({"If-Match": tag} if tag else {}) | ({"If-None-Match": "*"} if new else {})


class Tagged(dict[str, Any]):
    """An answer that came with an entity tag."""

    etag = ""


def etag_of(answer: Mapping[str, Any]) -> str:
    """The entity tag of an answer, for ``match`` of a write; "" for one that has none."""
    return answer.etag if isinstance(answer, Tagged) else ""


def search_ask(path: str, fields: Mapping[str, Any], photos: Photos, **more: Any) -> Ask:
    """A request with the fields of a search; photos that are bytes or files travel as parts of a form."""
    given = {name: value for name, value in fields.items() if value is not None}
    some = [photos] if isinstance(photos, Photo | str | Path | bytes) else list(photos)
    images: list[Any] = list(given.pop("images", ()))
    files: dict[str, bytes] = {}
    for one in some:
        photo = one if isinstance(one, Photo) else Photo(one)
        image: dict[str, Any] = {}
        if isinstance(photo.source, str) and photo.source[:8].lower().startswith(("http://", "https://")):
            image["url"] = photo.source
        else:
            data = photo.source if isinstance(photo.source, bytes) else Path(photo.source).read_bytes()
            name = f"photo{len(files)}"
            files[name] = data
            image["multipart"] = name
        if photo.crop is not None:
            image["crop"] = list(photo.crop)
        if photo.weight != 1.0:
            image["weight"] = photo.weight
        images.append(image)
    if images:
        given["images"] = images
    return Ask("POST", path, json=given, files=files, read=True, **more)


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a request is sent again, and how long may be waited before.

    ``retries``: attempts after the first. ``longest_s``: longest single wait; a service that asks for more is not
    waited for. ``first_s``: the first wait where the service names none; it doubles, and is spread by chance so that
    many clients do not come back at once.
    """

    retries: int = 3
    longest_s: float = 30.0
    first_s: float = 0.25

    def wait(self, attempt: int, retry_after: float | None) -> float | None:
        """Seconds until the attempt after this one (counted from 0); None: give up."""
        if attempt >= self.retries:
            return None
        if retry_after is not None:
            return retry_after if retry_after <= self.longest_s else None
        doubled: float = self.first_s * 2.0**attempt
        return min(self.longest_s, doubled) * random.uniform(0.5, 1.0)


def retry_after_of(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asks to wait: a number or a date (RFC 9110, 10.2.3); None where it says nothing."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return max(0.0, moment.timestamp() - time.time())


def answer_of(status: int, headers: Mapping[str, str], body: bytes) -> Any:
    """What an answer holds: JSON data, or bytes where it is a picture; None where it is empty.

    Raises:
        ApiError: the service refused.
        UnreadableError: it is neither.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    number = headers.get("x-request-id", "")
    if kind in ("application/json", "application/problem+json"):
        try:
            data = json.loads(body)
        except ValueError as error:
            raise UnreadableError(f"the answer ({status}) is no JSON: {error}") from error
    elif status < 300:
        return body or None
    elif status < 400:
        to = headers.get("location", "nowhere")
        raise UnreadableError(f"the answer ({status}) leads to {to}: a key is not taken there; give that address")
    else:
        # A proxy in between, say: its page is for people, and its status says enough.
        data = {"detail": f"the answer is {kind or 'of no kind'}, not the service's"}
    if status >= 400:
        problem = data if isinstance(data, Mapping) else {}
        number = str(problem.get("request_id") or number)
        raise error_of(status, problem, request_id=number, retry_after=retry_after_of(headers))
    if isinstance(data, dict) and (tag := headers.get("etag")):
        data = Tagged(data)
        data.etag = tag
    return data


def _query(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    out: list[tuple[str, str]] = []
    for name, value in given.items():
        values = value if isinstance(value, list | tuple) else [value]
        out += [(name, _text(one)) for one in values if one is not None]
    return out


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
