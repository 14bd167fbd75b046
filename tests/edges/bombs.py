"""Requests that are small on the wire and large inside: pixels, frames, text in pictures, gzip, zip, Parquet, JSON."""

from __future__ import annotations

import base64
import gzip
import io
import json
import struct
import zipfile
import zlib
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "TIFF")


@dataclass(frozen=True)
class Hostile:
    """One request. ``kind``: what is odd about it, for the report."""

    kind: str
    path: str
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)


def originals() -> dict[str, bytes]:
    """A picture in each format, of noise and shapes."""
    pixels = np.random.default_rng(1).integers(0, 255, (96, 128, 3), np.uint8)
    pixels[20:60, 30:90] = (200, 30, 30)
    out = {}
    for name in FORMATS:
        buffer = io.BytesIO()
        more = {"save_all": True, "append_images": [Image.new("RGB", (128, 96))]} if name == "GIF" else {}
        Image.fromarray(pixels).save(buffer, name, **more)
        out[name] = buffer.getvalue()
    return out


def form(kind: str, data: bytes, path: str = "/v1/search") -> Hostile:
    """A photo as a browser sends it."""
    edge = "hostile-edge-7f3a"
    head = f'--{edge}\r\nContent-Disposition: form-data; name="images"; filename="p"\r\n\r\n'.encode()
    body = head + data + f"\r\n--{edge}--\r\n".encode()
    return Hostile(kind, path, body, {"content-type": f"multipart/form-data; boundary={edge}"})


def bombs() -> list[Hostile]:
    """Forty requests that are small on the wire and large inside."""
    found = [form(f"pixels: {name}", data) for name, data in _pixel_bombs().items()]
    found += [form(f"frames: {name}", data) for name, data in _frame_bombs().items()]
    found += [form(f"text in a picture: {name}", data) for name, data in _text_bombs().items()]
    # Imports go on beside what comes after them: what takes long is asked before.
    for name, data in (("photos", _pixel_bombs()["PNG of 49 megapixels, whole"]), ("costly photos", costly_png(3_000))):
        eight = json.dumps({"images": [{"base64": base64.b64encode(data).decode()}] * 8}).encode()
        found.append(Hostile(f"eight {name}", "/v1/search", eight, _JSON))
    found.append(form("each thing on a photo of 49 megapixels", costly_png(7_000), "/v1/crops?search=true"))
    zeros = gzip.compress(b" " * 50_000_000)
    for path in ("/v1/search", "/v1/crops", "/v1/products", "/ucp/catalog/search"):
        found.append(Hostile(f"gzip body to {path}", path, zeros, {**_JSON, "content-encoding": "gzip"}))
    found.append(
        Hostile(
            "deflate body", "/v1/search", zlib.compress(b" " * 50_000_000), {**_JSON, "content-encoding": "deflate"}
        )
    )
    found += [form("a zip of zeros as a photo", _zip_bomb()), form("gzip as a photo", zeros)]
    feed = {"content-type": "application/octet-stream"}
    rows = b'{"id": "1", "title": "' + b"x" * 200_000_000 + b'"}\n'
    found.append(Hostile("gzip feed with one line of 200 MB", "/v1/jobs/import", gzip.compress(rows, 9), feed))
    found.append(Hostile("zip feed of zeros", "/v1/jobs/import", _zip_bomb(), feed))
    found += [Hostile(f"Parquet: {name}", "/v1/jobs/import", data, feed) for name, data in _parquet_bombs().items()]
    deep = b"[" * 1_000_000
    for path in ("/v1/search", "/v1/products", "/v1/rules/preview", "/ucp/catalog/search"):
        found.append(Hostile(f"JSON a million deep to {path}", path, deep, _JSON))
    closed = b'{"q":' * 100_000 + b"1" + b"}" * 100_000
    found.append(Hostile("JSON objects 100,000 deep, closed", "/v1/search", closed, _JSON))
    found.append(Hostile("a number of a million digits", "/v1/search", b'{"page": ' + b"9" * 1_000_000 + b"}", _JSON))
    for name, one in (("sort_by", "price:asc"), ("facet_by", "brand"), ("without_chips", "x")):
        found.append(Hostile(f"100,000 of {name}", "/v1/search", json.dumps({name: [one] * 100_000}).encode(), _JSON))
    found.append(Hostile("a million ids", "/v1/search", json.dumps({"like": ["x"] * 1_000_000}).encode(), _JSON))
    found.append(
        Hostile("a filter 100,000 deep", "/v1/search", json.dumps({"filter_by": "(" * 100_000}).encode(), _JSON)
    )
    parts = (
        b"".join(b'--e\r\nContent-Disposition: form-data; name="q"\r\n\r\nx\r\n' for _ in range(100_000)) + b"--e--\r\n"
    )
    found.append(
        Hostile("a form of 100,000 parts", "/v1/search", parts, {"content-type": "multipart/form-data; boundary=e"})
    )
    return found


_JSON = {"content-type": "application/json"}


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, data: bytes, *more: bytes, kind: tuple[int, int] = (8, 0)) -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, *kind, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _pixel_bombs() -> dict[str, bytes]:
    rows = zlib.compress(b"\0" * 20_001 * 20_000, 9)
    whole = originals()
    jpeg = bytearray(whole["JPEG"])
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = struct.pack(">HH", 65_500, 65_500)
    gif = bytearray(whole["GIF"])
    gif[6:10] = struct.pack("<HH", 65_535, 65_535)
    webp = bytearray(whole["WEBP"])
    key = webp.index(b"\x9d\x01\x2a") if b"\x9d\x01\x2a" in webp else 26
    webp[key + 3 : key + 7] = struct.pack("<HH", 16_383, 16_383)
    tiff = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(tiff, "TIFF", compression="group4")
    return {
        "PNG of 400 megapixels, whole": _png(20_000, 20_000, rows),
        "PNG that says 2**31": _png(2**31 - 1, 2**31 - 1, b"x"),
        "PNG one pixel high, 100 million wide": _png(100_000_000, 1, zlib.compress(bytes(100_000_001), 9)),
        "JPEG that says 65,500": bytes(jpeg),
        "GIF that says 65,535": bytes(gif),
        "WebP that says 16,383": bytes(webp),
        "TIFF of 900 megapixels": tiff.getvalue(),
        "PNG of 49 megapixels, whole": _png(7_000, 7_000, zlib.compress(b"\0" * 7_001 * 7_000, 9)),
        "PNG of 49 megapixels, costly": costly_png(7_000),
        "JPEG of 49 megapixels in 200 scans": _scans(7_000, 200),
    }


def costly_png(side: int) -> bytes:
    """Sixteen bits, four channels, the filter that takes longest: eight bytes a pixel, all zeros."""
    packer, row = zlib.compressobj(9), b"\x04" + bytes(8 * side)
    return _png(side, side, b"".join(packer.compress(row) for _ in range(side)) + packer.flush(), kind=(16, 6))


def _scans(side: int, times: int) -> bytes:
    """A progressive JPEG that says its last scan so often: each is work for the whole picture."""
    buffer = io.BytesIO()
    Image.new("L", (side, side), 128).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * times + data[-2:]


def _frame_bombs() -> dict[str, bytes]:
    frame = originals()["GIF"]
    body = frame[13 + 3 * 2 ** ((frame[10] & 7) + 1) : -1]
    gif = frame[: len(frame) - len(body) - 1] + body * 400 + b";"
    first = b"GIF89a" + struct.pack("<HHBBB", 5_000, 5_000, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    tiny = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    control = _chunk(b"acTL", struct.pack(">II", 1_000_000, 0))
    webp = io.BytesIO()
    some = [Image.new("RGB", (64, 64), (n % 255, 0, 0)) for n in range(200)]
    some[0].save(webp, "WEBP", save_all=True, append_images=some[1:])
    return {
        "GIF of 800 frames": gif,
        "GIF of 100,000 frames of a pixel on 25 megapixels": first + tiny * 100_000 + b";",
        "PNG that says a million frames": _png(64, 64, zlib.compress(bytes(65 * 64)), control),
        "WebP of 200 frames": webp.getvalue(),
    }


def _text_bombs() -> dict[str, bytes]:
    much = zlib.compress(b"x" * 200_000_000, 9)
    pixel = zlib.compress(bytes(65 * 64))
    exif = bytearray(originals()["JPEG"])
    long = b"\xff\xe1\xff\xffExif\0\0" + b"\xff" * 65_527
    return {
        "zTXt of 200 MB": _png(64, 64, pixel, _chunk(b"zTXt", b"a\0\0" + much)),
        "iTXt of 200 MB": _png(64, 64, pixel, _chunk(b"iTXt", b"a\0\1\0\0\0" + much)),
        "iCCP of 200 MB": _png(64, 64, pixel, _chunk(b"iCCP", b"a\0\0" + much)),
        "a hundred segments of EXIF": bytes(exif[:2] + long * 100 + exif[2:]),
    }


def _zip_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for n in range(10):
            out.writestr(f"products{n}.csv", b"id,title\n" + b"0" * 50_000_000)
    return buffer.getvalue()


def _parquet_bombs() -> dict[str, bytes]:
    """Without pyarrow: files that only claim to be Parquet."""
    footer = struct.pack("<I", 2**31 - 1)
    claims = {
        "a footer that says 2 GB": b"PAR1" + bytes(64) + footer + b"PAR1",
        "nothing between the marks": b"PAR1" + struct.pack("<I", 0) + b"PAR1",
    }
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        return claims
    buffer = io.BytesIO()
    same = pa.DictionaryArray.from_arrays(np.zeros(20_000_000, np.int32), pa.array(["x" * 100_000]))
    pq.write_table(pa.table({"id": same}), buffer, compression="zstd")
    return claims | {"20 million times the same 100 kB": buffer.getvalue()}
