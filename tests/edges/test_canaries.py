"""What a shopper's photo tells beside its pixels is nowhere afterwards: not in the shop's folder, a log or an answer.

Each photo has canaries, words of its own, in EXIF (with GPS), XMP, a comment and its file's name. They are looked for
in every stored byte as they are, in UTF-16, and in base64. 100 photos: ``pytest tests/edges/test_canaries.py -m slow``.
"""

from __future__ import annotations

import base64
import contextlib
import io
import logging
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

from shoplens.app import Shop
from tests.conftest import SmallShop, cushions
from tests.serving import bearer, serving

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF")
_XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description dc:creator="{word}"/></x:xmpmeta>'


def photo(number: int) -> tuple[bytes, list[str]]:
    """A photo with metadata, and the canaries in it."""
    kind = FORMATS[number % len(FORMATS)]
    words = [f"canary{number:03d}{place}" for place in ("maker", "artist", "xmp", "comment", "gps")]
    maker, artist, xmp, comment, gps = words
    rng = np.random.default_rng(number)
    image = Image.fromarray(rng.integers(0, 255, (64, 64, 3), np.uint8))
    exif = Image.Exif()
    exif[0x010F], exif[0x013B], exif[0x9286] = maker, artist, b"ASCII\0\0\0" + comment.encode()
    place = exif.get_ifd(0x8825)
    place.update(
        {1: "N", 2: tuple(IFDRational(number + n, 1) for n in (48, 12, 31)), 27: b"ASCII\0\0\0" + gps.encode()}
    )
    out = io.BytesIO()
    more: dict[str, Any] = {"exif": exif}
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("Comment", comment)
        info.add_itxt("XML:com.adobe.xmp", _XMP.format(word=xmp))
        more["pnginfo"] = info
    elif kind in ("JPEG", "WEBP"):
        more["xmp"] = _XMP.format(word=xmp).encode()
    if kind in ("JPEG", "GIF"):
        more["comment"] = comment.encode()
    if kind == "GIF":
        more.pop("exif")
    image.save(out, kind, **more)
    data = out.getvalue()
    there = [word for word in words if word.encode() in data]
    assert there, kind
    return data, there


def spellings(words: list[str]) -> list[bytes]:
    """What to look for: the words as they are, and as other forms would keep them."""
    out = []
    for word in words:
        out += [word.encode(), word.encode("utf-16-le")]
        # In base64 a word looks in one of three ways, by where it begins.
        out += [base64.b64encode(b"\0" * shift + word.encode())[4:-4] for shift in range(3)]
    return out


def found_in(folder: Path, wanted: list[bytes]) -> list[str]:
    """Files that hold any of it. By another process: to close a database's file here would drop its locks."""
    patterns = folder.parent / "patterns"
    lines = [word for word in wanted if b"\0" not in word and b"\n" not in word]
    patterns.write_bytes(b"\n".join(lines))
    plain = subprocess.run(["grep", "-rlaF", "-f", str(patterns), str(folder)], capture_output=True, text=True)
    assert plain.returncode in (0, 1), plain.stderr
    hits = plain.stdout.split()
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith("shop.db"):
            data = path.read_bytes()
            hits += [str(path) for word in wanted if b"\0" in word and word in data]
    return hits


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Shop, httpx.Client, io.StringIO]]:
    small = SmallShop(tmp_path / "small")
    shop = small.open(query_log={"enabled": True})
    small.index(shop, cushions(small))
    told = io.StringIO()
    handler = logging.StreamHandler(told)
    logging.getLogger().addHandler(handler)
    try:
        with (
            contextlib.redirect_stdout(told),
            contextlib.redirect_stderr(told),
            serving(shop) as address,
            httpx.Client(base_url=address, timeout=60, headers=bearer(shop, "search", "catalogue")) as client,
        ):
            yield shop, client, told
    finally:
        logging.getLogger().removeHandler(handler)
        small.close()


def no_canary(served: tuple[Shop, httpx.Client, io.StringIO], photos: int) -> None:
    shop, client, told = served
    canaries: list[str] = []
    answers: list[bytes] = []
    picture = next(iter(shop.stored("C1").pictures.values()))
    for number in range(photos):
        data, words = photo(number)
        canaries += words
        name = f"canary{number:03d}name.jpg"
        canaries.append(name.removesuffix(".jpg"))
        part = {"images": (name, data, "image/jpeg")}
        as_json = {"images": [{"base64": base64.b64encode(data).decode()}], "per_page": 3}
        for answer in (
            client.post("/v1/search", files=part, data={"per_page": "3", "explain": "true"}),
            client.post("/v1/search", json=as_json),
            client.post("/v1/crops", files=part),
            client.post(f"/v1/pictures/{picture}/heat", files=part),
            client.post("/v1/search", files={"images": (name, data[: len(data) // 2], "image/jpeg")}),  # broken
            client.post("/v1/search", files={"images": (name, b"<svg>" + data, "image/jpeg")}),  # no picture
        ):
            answers += [answer.content, str(answer.headers).encode()]
    shop.catch_up()
    assert answers
    wanted = spellings(canaries)
    assert [word for word in wanted if any(word in answer for answer in answers)] == []
    assert [word for word in canaries if word in told.getvalue()] == []
    assert found_in(shop.folder, wanted) == []


def test_what_photos_tell_beside_their_pixels_is_nowhere(served: tuple[Shop, httpx.Client, io.StringIO]) -> None:
    no_canary(served, 5)


@pytest.mark.slow
def test_of_a_hundred_photos_nothing_stays(served: tuple[Shop, httpx.Client, io.StringIO]) -> None:
    no_canary(served, 100)


def test_a_picture_of_the_catalogue_is_shown_without_what_is_in_its_file(tmp_path: Path) -> None:
    """The shop's own file stays as it is, in the shop's own folder; what is shown of it and cached is repainted."""
    small = SmallShop(tmp_path / "small")
    data, words = photo(0)
    (small.pictures / "p.jpg").write_bytes(data)
    shop = small.open()
    small.index(shop, [{"id": "P1", "title": "Thing", "images": ["p.jpg"]}])
    with serving(shop) as address:
        stored = httpx.get(f"{address}/v1/products/P1").json()
        shown = httpx.get(f"{address}/v1/pictures/{stored['pictures'][0]}")
    assert shown.headers["content-type"] == "image/jpeg"
    assert not any(word in shown.content for word in spellings(words))
    assert not Image.open(io.BytesIO(shown.content)).getexif()
    assert found_in(shop.folder, spellings(words)) == []
    small.close()


def test_the_search_for_canaries_finds_them(tmp_path: Path) -> None:
    data, words = photo(0)
    for name, kept in (
        ("plain", data),
        ("utf16", words[0].encode("utf-16-le")),
        ("base64", base64.b64encode(b"x" + data)),
    ):
        folder = tmp_path / name / "shop"
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(b"..." + kept)
        assert found_in(folder, spellings(words)), name
