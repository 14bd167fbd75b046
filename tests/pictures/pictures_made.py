"""Pictures made for tests: bytes whose pixels are known."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]

ORIENTATION = 0x0112
# How an upright picture must be stored so that EXIF orientation n turns it upright again.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def scene(width: int, height: int, seed: int = 0, detail: int = 16) -> Image.Image:
    """A smooth coloured picture without symmetry; ``detail``: pixels from one random colour to the next."""
    rng = np.random.default_rng(seed)
    few = rng.integers(0, 256, (max(2, height // detail), max(2, width // detail), 3), dtype=np.uint8)
    return Image.fromarray(few).resize((width, height), Image.Resampling.BICUBIC)


def encoded(picture: Image.Image, format: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def stored_as(upright: Image.Image, orientation: int, format: str = "JPEG", **options: Any) -> bytes:
    """The upright picture, stored turned, with the EXIF orientation that says so."""
    turn = STORED[orientation]
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return encoded(upright if turn is None else upright.transpose(turn), format, exif=exif.tobytes(), **options)


def psnr(a: Pixels, b: Pixels) -> float:
    """10 log10(255^2 / mean squared error), in dB."""
    error = float(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2))
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(width: int, height: int) -> bytes:
    """A black 1-bit PNG: a few kilobytes that unfold to width * height pixels."""
    packer = zlib.compressobj(9)
    row = b"\0" * ((width + 7) // 8 + 1)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def matrix_profile(order: tuple[int, int, int] = (0, 1, 2), name: str = "test") -> bytes:
    """An ICC profile whose red, green and blue are sRGB's primaries in another order, gamma 2.2 (ICC.1:2001-04)."""
    primaries = [(0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)]

    def fixed(*values: float) -> bytes:
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    text = name.encode() + b"\0"
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256)) + bytes(2)
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78),
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": b"XYZ " + bytes(4) + fixed(0.9642, 1.0, 0.8249),
    }
    for tag, source in zip((b"r", b"g", b"b"), order, strict=True):
        tags[tag + b"XYZ"] = b"XYZ " + bytes(4) + fixed(*primaries[source])
        tags[tag + b"TRC"] = curve
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        data += bytes(-len(data) % 4)
        table += tag + struct.pack(">II", at + len(body), len(data))
        body += data
    size = at + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28) + fixed(0.9642, 1.0, 0.8249)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body
