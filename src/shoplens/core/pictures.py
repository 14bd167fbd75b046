"""What of a picture passes through the ports: its bytes, and its pixels."""

from __future__ import annotations

from dataclasses import dataclass

from shoplens.core.spaces import Pixels


@dataclass(frozen=True, slots=True)
class PictureBytes:
    """The bytes of a picture, or that they are the same as last time.

    ``fingerprint`` tells cheaply whether the source has changed (size and time of a file, ETag of a URL);
    ``data`` is None when it equals the fingerprint that was asked about.
    """

    data: bytes | None
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """Safe, upright pixels.

    ``pixels`` uint8 [h, w, 3] sRGB, shortest side about the side asked for, never enlarged. ``width``, ``height``:
    the upright picture's (the crop's, where one was asked for) before it was reduced. ``sha256``: of the bytes, hex.
    """

    pixels: Pixels
    width: int
    height: int
    format: str
    sha256: str
    warnings: tuple[str, ...] = ()
