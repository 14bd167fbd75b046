"""What a picture may be, and the words for why one is rejected. Standard library only: decode processes import it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

MB = 1024 * 1024

REASONS = MappingProxyType(
    {
        "empty": "there are no bytes",
        "too_large": "the file has more bytes than allowed",
        "unsupported_format": "the bytes are not of an allowed format, whatever the name says",
        "too_many_pixels": "the header announces more pixels, or a longer side, than allowed",
        "truncated": "the file ends before the picture does",
        "broken": "the bytes announce an allowed format but cannot be decoded",
        "timeout": "decoding or fetching took longer than allowed",
        "memory": "decoding needed more memory than allowed",
        "refused": "the address may not be fetched or read",
        "missing": "there is no such picture",
        "unreachable": "its server cannot be reached",
    }
)
"""Every reason of a PictureError, with its meaning. Stable: reports and shops count by these words."""

WARNINGS = MappingProxyType(
    {
        "profile_ignored": "the colour profile is damaged or of the wrong kind; the colours are taken for sRGB",
        "first_frame": "the picture moves; its first frame was taken",
    }
)
"""Every word in ``Decoded.warnings``, with its meaning."""

FORMATS = ("jpeg", "png", "webp", "gif", "avif", "heic")
"""What is decoded; heic needs the extra of that name."""

ASPECT = 4
"""The long side of reduced pixels is at most this many times the side asked for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps on one picture.

    Attributes:
        max_bytes: of the file.
        max_pixels: width * height, by the header, before anything is decoded. WebP, AVIF and HEIC decoders hold
            several copies of the picture and get ``max_pixels_heavy`` instead.
        max_side: longest width or height, in pixels. A long, thin picture within it is welcome.
    """

    max_bytes: int = 20 * MB
    max_pixels: int = 50_000_000
    max_pixels_heavy: int = 25_000_000
    max_side: int = 32_768

    def pixels_of(self, format: str) -> int:
        """The pixel cap of a format."""
        return min(self.max_pixels, self.max_pixels_heavy) if format in _HEAVY else self.max_pixels


_HEAVY = frozenset({"webp", "avif", "heic"})
