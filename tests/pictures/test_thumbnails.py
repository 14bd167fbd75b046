"""Pictures to show: of the file that was indexed and no other, of a few sides, in a folder that stays small."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from shoplens.app import Shop
from shoplens.errors import NotFoundError, StoreError
from shoplens.pictures import ZipSource
from shoplens.pictures.thumbnails import SIDES, Thumbnails, side_of
from tests.conftest import SmallShop
from tests.support import picture

HASH = hashlib.sha256(b"x").hexdigest()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def one_picture(small: SmallShop) -> tuple[Shop, str]:
    shop = small.open()
    small.index(shop, [{"id": "R", "title": "Red", "images": [small.paint("red.png", "red")]}])
    return shop, next(iter(shop.stored("R").pictures.values()))


def test_a_file_swapped_after_indexing_is_not_shown(small: SmallShop) -> None:
    shop, picture_hash = one_picture(small)
    small.paint("red.png", "blue")
    with pytest.raises(NotFoundError, match="another one"):
        shop.thumbnail(picture_hash)
    assert files(shop.folder / "cache" / "thumbs") == []
    small.paint("red.png", "red")  # the very file is back
    with Image.open(io.BytesIO(shop.thumbnail(picture_hash))) as shown:
        red, green, blue = shown.getpixel((5, 5))  # type: ignore[misc]
    assert red > 150 > max(green, blue)


def test_a_picture_taken_out_of_the_shop_is_shown_no_more(small: SmallShop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, picture_hash = one_picture(small)
    made = shop.thumbnail(picture_hash)
    with monkeypatch.context() as broken:

        def fails(_: str) -> None:
            raise StoreError("it cannot be read")

        broken.setattr(shop.store, "location_of", fails)
        assert shop.thumbnail(picture_hash) == made, "what was made needs no store"
    shop.edits.delete("R")
    with pytest.raises(NotFoundError, match="no product shows"):
        shop.thumbnail(picture_hash)


def test_every_side_there_is_makes_few_files(small: SmallShop) -> None:
    shop, picture_hash = one_picture(small)
    for side in range(32, 1025):
        shop.thumbnail(picture_hash, side)
    assert len(files(shop.folder / "cache" / "thumbs")) == len(SIDES)
    assert [side_of(n) for n in (1, 64, 65, 480, 1024, 9999)] == [64, 64, 128, 480, 1024, 1024]


def test_the_folder_is_bounded(tmp_path: Path) -> None:
    kept = Thumbnails(tmp_path, max_bytes=50_000)
    for n in range(402):  # looked at after every 200 files
        kept.get(hashlib.sha256(str(n).encode()).hexdigest(), 64, lambda _: bytes(1000))
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 50_000
    newest = hashlib.sha256(b"400").hexdigest()
    assert kept.get(newest, 64, lambda _: b"made anew") == bytes(1000)


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    code = f"""
import resource, signal
from pathlib import Path
from shoplens.pictures.thumbnails import Thumbnails
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
assert Thumbnails(Path({str(tmp_path)!r})).get({HASH!r}, 64, lambda _: bytes(1000)) == bytes(1000)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert files(tmp_path) == []


def test_the_names_of_an_archive_are_read_once(small: SmallShop, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = []
    archive = small.folder / "photos.zip"
    with zipfile.ZipFile(archive, "w") as into:
        for n in range(12):
            into.writestr(f"{n}.png", picture("green", shade=n))
            rows.append({"id": str(n), "title": "Green", "images": [f"{n}.png"]})
    shop = small.open()
    shop.index(small.write(rows), pictures=archive)
    opened: list[Path] = []
    really = ZipSource.__init__

    def counted(self: ZipSource, path: Path, *more: int) -> None:
        opened.append(path)
        really(self, path, *more)

    monkeypatch.setattr(ZipSource, "__init__", counted)
    for n in range(12):
        (picture_hash,) = shop.stored(str(n)).pictures.values()
        shop.thumbnail(picture_hash)
    assert opened == [archive.resolve()]
    # Another process put a new archive in its place: its pictures are the ones that count.
    with zipfile.ZipFile(small.folder / "new.zip", "w") as into:
        for n in range(12):
            into.writestr(f"{n}.png", picture("red", shade=n))
    (small.folder / "new.zip").replace(archive)
    (picture_hash,) = shop.stored("0").pictures.values()
    with pytest.raises(NotFoundError, match="another one"):
        shop.thumbnail(picture_hash, 640)
