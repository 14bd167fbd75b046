"""The format of a picture by its first bytes. Names and content types are not believed."""

from __future__ import annotations

from shoplens.errors import PictureError

_AVIF = frozenset({b"avif", b"avis"})
_HEIC = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"})

# What people send by mistake: named, so that the hint can be about it.
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"II*\x00", "a TIFF"),
    (b"MM\x00*", "a TIFF"),
    (b"II+\x00", "a TIFF"),
    (b"MM\x00+", "a TIFF"),
    (b"BM", "a BMP"),
    (b"8BPS", "a Photoshop file"),
    (b"%PDF", "a PDF"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000"),
    (b"\xff\x0a", "a JPEG XL"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL"),
    (b"PK\x03\x04", "a zip file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"DDS ", "a DDS texture"),
)


def sniff(data: bytes) -> str:
    """One of FORMATS, by the magic at the start of the bytes.

    Raises:
        PictureError: reason "empty" or "unsupported_format".
    """
    if not data:
        raise PictureError("the picture has no bytes", reason="empty", hint="send the picture again")
    head = data[:64]
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        brands = _brands(data)
        if brands & _AVIF:
            return "avif"
        if brands & _HEIC:
            return "heic"
    raise PictureError(
        f"this is {_guess(head)}, not a picture of an allowed format",
        reason="unsupported_format",
        hint="save it as JPEG, PNG, WebP, GIF or AVIF",
    )


def _brands(data: bytes) -> set[bytes]:
    """Major and compatible brands of an ISO media file, from its first box (at most 256 bytes of it)."""
    end = min(int.from_bytes(data[:4], "big"), 256)
    return {data[8:12]} | {data[at : at + 4] for at in range(16, end - 3, 4)}


def _guess(head: bytes) -> str:
    for magic, name in _OTHERS:
        if head.startswith(magic):
            return name
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if text.startswith((b"<?xml", b"<svg")):
        return "an SVG or XML file"
    if text.startswith((b"{", b"[")):
        return "a JSON text"
    return "of an unknown kind"
