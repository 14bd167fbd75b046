"""Mutated pictures and bombs through a real service in a process of its own: each is answered or refused in time and
memory, and the service goes on.

    python -m tests.edges.hostile                    20,000 mutated pictures, 40 bombs (some ten minutes on two cores)
    python -m tests.edges.hostile --pictures 300     a short form

The bar: within 1 s and 500 MB each (the service and each of its decode processes), no 5xx but a photo's own 503, the
service answers a plain search after all of it.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import io
import json
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import psutil
from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "TIFF")
LONGEST_S, MOST_MB = 1.0, 500.0
_URL = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class Hostile:
    """One request. ``kind``: what is odd about it, for the report."""

    kind: str
    path: str
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Report:
    """What came of them."""

    asked: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest: list[tuple[float, str]] = field(default_factory=list)
    memory_mb: float = 0.0


# --- pictures ------------------------------------------------------------------------------------


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


def mutated(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """A picture with one to five faults such as broken disks, cut connections and attackers make."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(out)) if out else 0
        match chance.randrange(8):
            case 0:
                out[at : at + 1] = bytes([out[at] ^ 1 << chance.randrange(8)]) if out else b""
            case 1:
                del out[at:]
            case 2:
                out[at:at] = chance.randbytes(chance.randint(1, 64))
            case 3:
                out[at : at + chance.randint(1, 64)] = b""
            case 4:
                out[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\x80\0\0\0"))
            case 5:
                out += out[at : at + 2_000]
            case 6:
                other = chance.choice(others)
                out[at:] = other[chance.randrange(len(other)) :]
            case _:
                out[: min(32, at)] = chance.randbytes(min(32, at))
    return bytes(out)


def pictures(count: int, seed: int = 7) -> Iterator[Hostile]:
    """Mutated pictures, the same ones in each run."""
    chance = random.Random(seed)
    base = originals()
    for n in range(count):
        name = FORMATS[n % len(FORMATS)]
        yield form(f"mutated {name}", mutated(base[name], list(base.values()), chance))


def form(kind: str, data: bytes, path: str = "/v1/search") -> Hostile:
    """A photo as a browser sends it."""
    edge = "hostile-edge-7f3a"
    head = f'--{edge}\r\nContent-Disposition: form-data; name="images"; filename="p"\r\n\r\n'.encode()
    body = head + data + f"\r\n--{edge}--\r\n".encode()
    return Hostile(kind, path, body, {"content-type": f"multipart/form-data; boundary={edge}"})


# --- bombs ---------------------------------------------------------------------------------------


def bombs() -> list[Hostile]:
    """Forty requests that are small on the wire and large inside."""
    found = [form(f"pixels: {name}", data) for name, data in _pixel_bombs().items()]
    found += [form(f"frames: {name}", data) for name, data in _frame_bombs().items()]
    found += [form(f"text in a picture: {name}", data) for name, data in _text_bombs().items()]
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
    large = base64.b64encode(_pixel_bombs()["PNG of 49 megapixels, whole"]).decode()
    eight = json.dumps({"images": [{"base64": large}] * 8}).encode()
    found.append(Hostile("eight photos of 49 megapixels", "/v1/search", eight, _JSON))
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


def _png(width: int, height: int, data: bytes, *more: bytes) -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
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
    }


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


# --- the service ---------------------------------------------------------------------------------


@contextmanager
def service(folder: Path) -> Iterator[tuple[str, str, int]]:
    """A small shop served by a process of its own: its address, a key for writes, its process."""
    folder.mkdir(parents=True, exist_ok=True)
    feed, shop = folder / "feed.jsonl", folder / "shop"
    (folder / "red.png").write_bytes(originals()["PNG"])
    feed.write_text('{"id": "P1", "title": "Red thing", "image": "red.png", "price": "5 EUR"}\n')
    run = [sys.executable, "-m", "shoplens"]
    log = (folder / "log").open("wb")
    subprocess.run([*run, "index", str(feed), "--shop", str(shop)], check=True, capture_output=True)
    scopes = [word for scope in ("admin", "catalogue", "search") for word in ("--scope", scope)]
    key = ["key", "create", "--name", "hostile", *scopes, "--json"]
    made = subprocess.run([*run, *key, "--shop", str(shop)], check=True, capture_output=True)
    serving = subprocess.Popen([*run, "serve", "--port", "0", "--shop", str(shop)], stdout=log, stderr=log)
    try:
        address = ""
        end = time.monotonic() + 60
        while not address and time.monotonic() < end:
            found = _URL.search((folder / "log").read_text("utf-8", "replace"))
            address = found[0] if found else ""
            time.sleep(0.1)
        while time.monotonic() < end:
            try:
                if httpx.get(f"{address}/readyz", timeout=10).status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        yield address, str(json.loads(made.stdout)["key"]), serving.pid
    finally:
        serving.terminate()
        try:
            serving.wait(30)
        except subprocess.TimeoutExpired:
            print("the service did not stop within 30 s of SIGTERM", file=sys.stderr)
            serving.kill()
            serving.wait(30)
        log.close()


def peak_mb(pid: int) -> float:
    """The most memory that the service or one of its processes has held, in MB."""
    most = 0.0
    for one in [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]:
        try:
            text = Path(f"/proc/{one}/status").read_text()
        except OSError:
            continue
        found = re.search(r"VmHWM:\s+(\d+)", text)
        most = max(most, int(found[1]) / 1024 if found else 0.0)
    return most


def attack(requests: Iterator[Hostile], address: str, key: str, pid: int, longest_s: float, clients: int = 1) -> Report:
    """Sends them all."""
    report, lock = Report(), threading.Lock()

    def work() -> None:
        with httpx.Client(base_url=address, timeout=60, headers={"Authorization": f"Bearer {key}"}) as client:
            while True:
                with lock:
                    one = next(requests, None)
                if one is None:
                    return
                started = time.perf_counter()
                try:
                    response = client.post(one.path, content=one.content, headers=one.headers)
                    status = response.status_code
                except httpx.HTTPError as error:
                    status, response = 0, None
                    with lock:
                        report.faults.append(f"{one.kind}: no answer, {type(error).__name__}")
                took = time.perf_counter() - started
                with lock:
                    report.asked += 1
                    report.statuses[f"{one.kind.partition(':')[0]}: {status}"] += 1
                    report.slowest = sorted([*report.slowest, (took, one.kind)], reverse=True)[:5]
                    if status >= 500:
                        report.faults.append(f"{one.kind}: {status} {response.text[:200] if response else ''}")
                    if took > longest_s:
                        report.faults.append(f"{one.kind}: {took:.2f} s")

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report.memory_mb = peak_mb(pid)
    if httpx.post(f"{address}/v1/search", json={"q": "red thing"}, timeout=30).status_code != 200:
        report.faults.append("the service does not answer a plain search any more")
    if not psutil.pid_exists(pid):
        report.faults.append("the service has ended")
    return report


def main() -> int:
    """Runs it; 1 where the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=20_000)
    parser.add_argument("--longest", type=float, default=LONGEST_S, help="seconds that one request may take")
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as made, service(Path(made) / "hostile") as (address, key, pid):
        first = attack(pictures(args.pictures), address, key, pid, args.longest)
        second = attack(iter(bombs()), address, key, pid, args.longest)
        time.sleep(5)  # imports go on in the background
        memory = max(second.memory_mb, peak_mb(pid))
        jobs = httpx.get(f"{address}/v1/jobs", headers={"Authorization": f"Bearer {key}"}, timeout=30).json()["jobs"]
    faults = first.faults + second.faults
    if memory > MOST_MB:
        faults.append(f"{memory:.0f} MB")
    for report in (first, second):
        for kind, count in sorted(report.statuses.items()):
            print(f"  {count:6,}  {kind}")
        print("  slowest:", ", ".join(f"{took:.2f} s {kind}" for took, kind in report.slowest))
    for job in jobs:
        print(f"  import: {job['state']}, {str(job.get('error', job['progress']))[:150]}")
    print(f"{first.asked:,} pictures, {second.asked} bombs, {memory:.0f} MB at most, {len(faults)} faults")
    print("\n".join(faults[:50]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())


__all__ = ["attack", "bombs", "form", "main", "mutated", "pictures", "service"]
