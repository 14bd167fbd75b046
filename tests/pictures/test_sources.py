"""Folder and zip: pictures are found as feeds write them, and nothing outside is ever read."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shoplens.core.catalogue import ImageRef
from shoplens.core.ports import PictureBytes, PictureSource
from shoplens.errors import ConfigError, FetchRefusedError, PictureError
from shoplens.pictures import FolderSource, ZipSource
from shoplens.pictures.sources import pictures_option

FILES = {"a.jpg": b"A" * 10, "images/b.jpg": b"B" * 20, "deep/er/c c.png": b"C" * 30, "leer/ü 包.jpg": b"D" * 40}


@pytest.fixture(params=["folder", "zip", "zip with a leading folder"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> PictureSource:
    if request.param == "folder":
        for name, data in FILES.items():
            path = tmp_path / "shop" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (tmp_path / "secret.jpg").write_bytes(b"secret")
        return FolderSource(tmp_path / "shop", max_bytes=100)
    lead = "my shop/" if "leading" in request.param else ""
    with zipfile.ZipFile(tmp_path / "shop.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in FILES.items():
            archive.writestr(lead + name, data)
    return ZipSource(tmp_path / "shop.zip", max_bytes=100)


def reason(source: PictureSource, location: str) -> str:
    with pytest.raises(PictureError) as caught:
        source.fetch(ImageRef(location))
    assert caught.value.hint
    return caught.value.reason


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("a.jpg", "a.jpg"),
        ("images/a.jpg", "a.jpg"),  # the feed knows a folder that is not there
        ("b.jpg", "images/b.jpg"),  # and does not know one that is
        ("images/b.jpg", "images/b.jpg"),
        ("./images/b.jpg", "images/b.jpg"),
        ("/images/b.jpg", "images/b.jpg"),
        ("images\\b.jpg", "images/b.jpg"),
        ("C:\\shop\\images\\b.jpg", "images/b.jpg"),
        ("/var/www/media/b.jpg", "images/b.jpg"),
        ("deep/er/c%20c.png", "deep/er/c c.png"),
        ("leer/ü 包.jpg", "leer/ü 包.jpg"),
    ],
)
def test_pictures_are_found_as_feeds_write_them(source: PictureSource, location: str, name: str) -> None:
    assert source.fetch(ImageRef(location)).data == FILES[name]


@pytest.mark.parametrize("location", ["nothing.jpg", "images/nothing.jpg", "images", "", ".", "x" * 5000])
def test_a_missing_picture_is_named_with_what_to_do(source: PictureSource, location: str) -> None:
    assert reason(source, location) == "missing"
    with pytest.raises(PictureError, match="--pictures"):
        source.fetch(ImageRef(location))


@pytest.mark.parametrize(
    "location",
    [
        "../secret.jpg",
        "images/../../secret.jpg",
        "..\\secret.jpg",
        "%2e%2e/secret.jpg",
        "/etc/passwd",
        "a\0.jpg",
        "file:///etc/passwd",
    ],
)
def test_nothing_outside_is_read(source: PictureSource, location: str) -> None:
    assert reason(source, location) in ("refused", "missing")


def test_what_is_unchanged_is_not_read_again(source: PictureSource) -> None:
    first = source.fetch(ImageRef("a.jpg"))
    assert source.fetch(ImageRef("a.jpg"), first.fingerprint) == PictureBytes(None, first.fingerprint)
    assert source.fetch(ImageRef("a.jpg"), "something else") == first
    assert source.fetch(ImageRef("images/b.jpg")).fingerprint != first.fingerprint


def test_threads_can_share_a_source(source: PictureSource) -> None:
    with ThreadPoolExecutor(8) as threads:
        results = threads.map(lambda n: source.fetch(ImageRef(list(FILES)[n % 4])).data, range(200))
        assert list(results) == [list(FILES.values())[n % 4] for n in range(200)]


def test_a_folder_refuses_every_way_out(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    root.mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "other.jpg").write_bytes(b"secret")
    (root / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (root / "way").symlink_to(tmp_path / "outside")
    (root / "loop").symlink_to(root / "loop")
    (root / "real.jpg").write_bytes(b"fine")
    (root / "alias.jpg").symlink_to(root / "real.jpg")
    os.mkfifo(root / "pipe.jpg")
    source = FolderSource(root)
    for location in ("link.jpg", "way/other.jpg", "../secret.jpg", str(tmp_path / "secret.jpg")):
        with pytest.raises(FetchRefusedError):
            source.fetch(ImageRef(location))
    for location in ("loop", "pipe.jpg", "other.jpg", "secret.jpg", "elsewhere/link.jpg"):
        assert reason(source, location) == "missing"
    assert source.fetch(ImageRef("alias.jpg")).data == b"fine"
    assert source.fetch(ImageRef(str(root / "real.jpg"))).data == b"fine"  # absolute, but inside


def test_a_changed_file_has_another_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"one")
    os.utime(path, (1000, 1000))
    source = FolderSource(tmp_path)
    first = source.fetch(ImageRef("a.jpg"))
    path.write_bytes(b"two")
    os.utime(path, (1000, 1001))
    again = source.fetch(ImageRef("a.jpg"), first.fingerprint)
    assert again.data == b"two"
    assert again.fingerprint != first.fingerprint


def test_the_byte_cap_is_kept(tmp_path: Path) -> None:
    (tmp_path / "fits.jpg").write_bytes(bytes(100))
    (tmp_path / "large.jpg").write_bytes(bytes(101))
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("fits.jpg", bytes(100))
        archive.writestr("large.jpg", bytes(101))
    for source in (FolderSource(tmp_path, max_bytes=100), ZipSource(tmp_path / "a.zip", max_bytes=100)):
        data = source.fetch(ImageRef("fits.jpg")).data
        assert data is not None
        assert len(data) == 100
        assert reason(source, "large.jpg") == "too_large"


def test_a_zip_bomb_does_not_unfold(tmp_path: Path) -> None:
    """The directory announces 50 bytes; the data is 50 MB of zeros."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.jpg", bytes(50_000_000))
    data = bytearray(out.getvalue())
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 50)
    (tmp_path / "bomb.zip").write_bytes(data)
    assert reason(ZipSource(tmp_path / "bomb.zip", max_bytes=1000), "bomb.jpg") in ("broken", "too_large")
    (tmp_path / "honest.zip").write_bytes(out.getvalue())
    assert reason(ZipSource(tmp_path / "honest.zip", max_bytes=1000), "bomb.jpg") == "too_large"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_without_a_brake_are_refused(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("a.jpg", b"data")
    assert reason(ZipSource(tmp_path / "a.zip"), "a.jpg") == "refused"


def test_encrypted_and_damaged_members_are_named(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.jpg", b"data" * 100)
    locked, damaged = bytearray(out.getvalue()), bytearray(out.getvalue())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(signature) + offset] |= 1
    damaged[damaged.index(b"datadata") + 7] ^= 1
    for data, expected in ((locked, "refused"), (damaged, "broken")):
        (tmp_path / "a.zip").write_bytes(data)
        assert reason(ZipSource(tmp_path / "a.zip"), "a.jpg") == expected


def test_what_is_no_folder_and_no_zip_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"no zip")
    with pytest.raises(ConfigError, match="--pictures"):
        ZipSource(tmp_path / "a.zip")
    with pytest.raises(ConfigError, match="--pictures"):
        ZipSource(tmp_path / "none.zip")
    with pytest.raises(ConfigError, match="--pictures"):
        FolderSource(tmp_path / "none")


def test_a_zip_beside_the_feed_is_named_where_a_picture_is_missing(tmp_path: Path) -> None:
    assert pictures_option(tmp_path) == "--pictures DIR or --pictures ZIP"
    (tmp_path / "images.zip").write_bytes(b"")
    assert pictures_option(tmp_path) == f"--pictures {tmp_path / 'images.zip'}"


@pytest.mark.parametrize("location", ["none.jpg", "../x.jpg", "/etc/passwd", "a/../../x.jpg"])
def test_a_refusal_does_not_tell_where_pictures_lie(tmp_path: Path, location: str) -> None:
    """Whoever may write products over HTTP reads it."""
    with pytest.raises(PictureError) as error:
        FolderSource(tmp_path).fetch(ImageRef(location))
    assert str(tmp_path) not in str(error.value)
