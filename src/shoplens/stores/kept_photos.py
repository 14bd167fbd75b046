"""Photos of shoppers that a shop keeps for a while: encrypted (AES-256-GCM), removed when their time is over.

A file a photo: ``20261122T084100Z-ID.photo`` in the folder ``uploads/photos``: four bytes that tell the layout, the
nonce (12 random bytes), then what is encrypted, bound to the file's name. Whoever has the files and not the key has
nothing but when they came and how large they are.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shoplens.config import UploadSettings
from shoplens.errors import ConfigError, MissingExtraError, NotFoundError, StoreError

FOLDER = "uploads/photos"
"""In the shop's folder."""
_HEAD = b"SLp1"
_NONCE = 12
_KEY = 32
_FORM = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"(\d{8}T\d{6}Z)-([0-9a-f]{32})\.photo(\.part)?")
_MAKE = "make one: openssl rand -base64 32 > FILE; chmod 600 FILE; and set uploads.key_file"


@dataclass(frozen=True, slots=True)
class KeptPhoto:
    """A photo that is kept. ``at``: when it came (UTC); ``size``: bytes of its file."""

    id: str
    at: datetime
    size: int


def key_of(settings: UploadSettings) -> bytes:
    """The 32 bytes of the key, from the settings or from the file that they name.

    Raises:
        ConfigError: there is none, or it has another length.
    """
    text = settings.key.get_secret_value().encode()
    if settings.key_file is not None:
        try:
            text = settings.key_file.read_bytes()
        except OSError as error:
            raise ConfigError(
                f"the key cannot be read: {error.strerror}", where=str(settings.key_file), hint=_MAKE
            ) from error
        if len(text) == _KEY:
            return text
    if not text.strip():
        raise ConfigError("photos are to be kept, and there is no key to encrypt them", where="uploads.key", hint=_MAKE)
    compact = b"".join(text.split()).replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
    with contextlib.suppress(binascii.Error, ValueError):
        key = base64.b64decode(compact + b"=" * (-len(compact) % 4), validate=True)
        if len(key) == _KEY:
            return key
    raise ConfigError("the key is not 32 bytes in base64", where="uploads.key", hint=_MAKE)


class KeptPhotos:
    """The photos that a shop keeps. Safe to use from several threads and processes.

    Args:
        folder: see FOLDER.
        key: 32 bytes.

    Raises:
        MissingExtraError: the package ``cryptography`` is not installed.
    """

    def __init__(
        self, folder: Path, key: bytes, keep: timedelta, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ImportError as error:
            raise MissingExtraError("keeping photos", extra="uploads", where="uploads.keep_hours") from error
        self._folder, self._keep, self._clock = folder, keep, clock
        self._cipher = AESGCM(key)

    def put(self, data: bytes) -> KeptPhoto:
        """Keeps a picture's file. Raises StoreError where the disk refuses."""
        at, name = self._clock().astimezone(UTC), secrets.token_hex(16)
        path = self._folder / f"{at:{_FORM}}-{name}.photo"
        nonce = os.urandom(_NONCE)
        sealed = _HEAD + nonce + self._cipher.encrypt(nonce, data, path.name.encode())
        part = path.with_name(f"{path.name}.part")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(sealed)
            part.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink()
            raise StoreError(
                f"a photo cannot be kept: {error.strerror or error}", where=str(self._folder), hint="free some space"
            ) from error
        return KeptPhoto(name, at.replace(microsecond=0), len(sealed))

    def read(self, photo_id: str) -> bytes:
        """A picture's file. Raises NotFoundError, or StoreError for a file that was changed or has another key."""
        from cryptography.exceptions import InvalidTag

        for path in _files(self._folder):
            match = _NAME.fullmatch(path.name)
            if match and match[2] == photo_id and not match[3]:
                try:
                    sealed = path.read_bytes()
                    if sealed[: len(_HEAD)] != _HEAD:
                        raise InvalidTag
                    begin = len(_HEAD) + _NONCE
                    return self._cipher.decrypt(sealed[len(_HEAD) : begin], sealed[begin:], path.name.encode())
                except (InvalidTag, ValueError, OSError) as error:
                    hint = "it was changed, or encrypted with another key"
                    raise StoreError("a kept photo cannot be read", where=str(path), hint=hint) from error
        raise NotFoundError(f"no photo {photo_id[:40]!r} is kept", hint="list them: shoplens uploads list")

    def all(self) -> list[KeptPhoto]:
        """The photos that are kept, the newest first."""
        found = []
        for path in _files(self._folder):
            match = _NAME.fullmatch(path.name)
            if match and not match[3]:
                with contextlib.suppress(OSError):
                    found.append(KeptPhoto(match[2], _moment(match[1]), path.stat().st_size))
        return sorted(found, key=lambda one: (one.at, one.id), reverse=True)

    def forget(self) -> int:
        """Removes those whose time is over; returns how many."""
        return forget(self._folder, self._clock() - self._keep)


def forget(folder: Path, before: datetime | None = None) -> int:
    """Removes the photos that came before a moment, or all of them; no key is needed. Returns how many."""
    count = 0
    for path in _files(folder):
        match = _NAME.fullmatch(path.name)
        if match and (before is None or _moment(match[1]) <= before):
            with contextlib.suppress(OSError):
                path.unlink()
                count += 1
    return count


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)  # much quicker than by _FORM: a folder may hold a hundred thousand
    except ValueError:  # a name that nobody has given: older than all
        return datetime.min.replace(tzinfo=UTC)
