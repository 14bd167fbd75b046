"""Public data as a demo shop: fetched from a server on this machine that gives archives of the same layout."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from shoplens import open_shop
from shoplens.cli.demo import Data
from shoplens.config import Config
from shoplens.demo import archive, public
from shoplens.demo.public import PUBLIC, index_public
from shoplens.errors import FeedError, FetchRefusedError
from shoplens.pictures.addresses import Door
from shoplens.pictures.fetch import Fetcher
from tests.pictures.web_server import Server, reply
from tests.support import picture

PAGES: dict[str, tuple[int, str, str, str | tuple[int, int, int]]] = {
    "Golden-Delicious": (0, "Apple", "Fruit/Apple/Golden-Delicious", "yellow"),
    "Royal-Gala": (4, "Apple", "Fruit/Apple/Royal-Gala", "red"),
    "Bravo-Orange-Juice": (29, "Juice", "Packages/Juice/Bravo-Orange-Juice", (232, 118, 32)),
}
CLOTHES = [
    ("4285fab0-751a-4b74-8e9b-43af05deee22", "Not sure", "False", "white"),
    ("ea7b6656-3f84-4eb3-9099-23e623fc1018", "T-Shirt", "False", "red"),
    ("1c4c974b-47b3-40bb-a3e2-913e4874dd75", "Dress", "True", "blue"),
    ("8659edca-30a6-4cd2-b2f0-8c9358f2a785", "Other", "False", "green"),
    ("f97dba0a-37f7-452b-9159-90d4d6757473", "Pants", "False", "black"),
    ("00000000-gone-from-the-folder", "Hat", "False", ""),
]


def packed(files: dict[str, bytes], top: str, commit: str) -> bytes:
    """A tar.gz as GitHub makes it: one top folder, the commit in the archive's comment."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.PAX_FORMAT, pax_headers={"comment": commit}) as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


def grocery(commit: str = "") -> bytes:
    head = "Class Name (str),Class ID (int),Coarse Class Name (str),Coarse Class ID (int)"
    rows = [f"{head},Iconic Image Path (str),Product Description Path (str)"]
    files: dict[str, bytes] = {"README.md": b"# not needed", "sample_images/natural/Lemon.jpg": picture("yellow")}
    train = []
    for name, (number, coarse, path, colour) in PAGES.items():
        base = f"iconic-images-and-descriptions/{path}/{name}"
        # The real list has a path without its ending, too.
        rows.append(f"{name},{number},{coarse},0,/{base}_Iconic.jpg,/{base}_Description")
        files[f"dataset/{base}_Iconic.jpg"] = picture(colour, side=198)
        files[f"dataset/{base}_Description.txt"] = f"{name} tastes\n sweet.\n".encode()
        files[f"dataset/{base}_Description_Swedish.txt"] = "Smakar sött.".encode()
        information = f"Title: {name} Class 1 \nDescription: other words\nURL: https://shop.example/p/{number}\n"
        files[f"dataset/{base}_Information.txt"] = information.encode()
        for shot in range(5):
            photo = f"train/{path}/{name}_{shot:03d}.jpg"
            train.append(f"{photo}, {number}, 0")
            files[f"dataset/{photo}"] = picture(colour, side=120 + shot)
    files["dataset/test/Fruit/Apple/Royal-Gala/Royal-Gala_900.jpg"] = picture("red", side=150)
    files["dataset/classes.csv"] = "\n".join(rows).encode()
    files["dataset/train.txt"] = "\n".join([*train, "../../outside.jpg, 0, 0", "a line of another kind"]).encode()
    return packed(files, "GroceryStoreDataset-x", commit or PUBLIC["grocery"].commit)


def clothing() -> bytes:
    rows = [
        "image,sender_id,label,kids",
        *(f"{key},{at},{label},{kids}" for at, (key, label, kids, _) in enumerate(CLOTHES)),
    ]
    files = {"images.csv": "\n".join(rows).encode(), "LICENSE": b"CC0", "images/readme.txt": b"no picture"}
    files |= {f"images/{key}.jpg": picture(colour, side=90) for key, _, _, colour in CLOTHES if colour}
    return packed(files, "clothing-dataset-x", PUBLIC["clothing"].commit)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        running.gives("/grocery.tar.gz", grocery())
        running.gives("/clothing.tar.gz", clothing())
        yield running


def test_the_command_offers_what_there_is() -> None:
    assert {each.value for each in Data} == {"own", *PUBLIC}
    for each in PUBLIC.values():
        assert each.url == f"https://github.com/{each.repository}/archive/{each.commit}.tar.gz"
        assert len(each.commit) == 40


def test_groceries_become_a_shop(server: Server, tmp_path: Path) -> None:
    config = Config.load(tmp_path / "shop")
    seen: list[tuple[int, int]] = []
    report = index_public(
        config, "grocery", server.url("/grocery.tar.gz"), lambda got, whole: seen.append((got, whole))
    )
    assert (report.read, report.added, report.problems) == (3, 3, 0)
    # Each page's own picture and some of its photos, which are of different sizes, so that none is another.
    assert report.pictures_encoded == 3 * (1 + public.PHOTOS_EACH)
    size = len(grocery())
    assert seen[-1] == (size, size)
    folder = tmp_path / "shop" / "public" / "grocery"
    rows = [json.loads(line) for line in (folder / "products.jsonl").read_text("utf-8").splitlines()]
    juice = rows[2]
    assert (juice["id"], juice["title"]) == ("G29", "Bravo Orange Juice")
    assert juice["title_zh"] == "果汁 Bravo Orange Juice"
    assert juice["description"] == "Bravo-Orange-Juice tastes sweet."
    assert juice["category"] == ["Packages", "Juice"]
    assert juice["link"] == "https://shop.example/p/29"
    assert not (folder / "README.md").exists()
    assert (folder / "dataset/test/Fruit/Apple/Royal-Gala/Royal-Gala_900.jpg").is_file()
    with open_shop(config) as shop:
        assert {hit.product.id for hit in shop.search("苹果").hits[:2]} == {"G00", "G04"}
        answer = shop.search(photos=folder / "dataset/test/Fruit/Apple/Royal-Gala/Royal-Gala_900.jpg")
        assert answer.hits[0].product.id == "G04"
    facts = json.loads((tmp_path / "shop/public/grocery.json").read_text("utf-8"))
    assert facts["commit"] == PUBLIC["grocery"].commit
    again = index_public(config, "grocery", server.url("/grocery.tar.gz"))
    assert (again.unchanged, again.pictures_encoded) == (3, 0)
    assert len(server.requests) == 1


def test_clothes_without_a_name_or_a_picture_are_left_out(server: Server, tmp_path: Path) -> None:
    address = server.url("/clothing.tar.gz").replace("http:", "HTTP:")  # an address all the same, no file's name
    report = index_public(Config.load(tmp_path / "shop"), "clothing", address)
    assert (report.read, report.problems, report.pictures_encoded) == (3, 0, 3)
    with open_shop(tmp_path / "shop") as shop:
        titles = {hit.product.title for hit in shop.search("").hits}
    assert titles == {"T-Shirt", "Kids' Dress", "Pants"}


def test_from_the_command_line(server: Server, tmp_path: Path) -> None:
    words = ["demo", "--no-serve", "--data", "clothing", "--from", server.url("/clothing.tar.gz")]
    done = subprocess.run(
        [sys.executable, "-m", "shoplens", *words],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False, env=os.environ | {"COLUMNS": "160"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "licence: CC0 1.0" in done.stdout
    assert "demo shop in demo-clothing: 3 products, 3 pictures encoded" in done.stdout


def test_a_file_is_taken_as_well_and_stays(tmp_path: Path) -> None:
    (tmp_path / "mine.tar.gz").write_bytes(grocery())
    report = index_public(Config.load(tmp_path / "shop"), "grocery", str(tmp_path / "mine.tar.gz"))
    assert report.read == 3
    assert (tmp_path / "mine.tar.gz").is_file()
    with pytest.raises(FeedError, match="no such file"):
        index_public(Config.load(tmp_path / "other"), "grocery", str(tmp_path / "none.tar.gz"))
    assert not (tmp_path / "other").exists()


def test_without_the_net_the_error_says_what_to_do_and_leaves_no_folder(tmp_path: Path) -> None:
    with Server() as gone:
        url = gone.url("/grocery.tar.gz")
    with pytest.raises(FeedError) as caught:
        index_public(Config.load(tmp_path / "shop"), "grocery", url)
    assert caught.value.where == url
    assert "--from" in str(caught.value.hint)
    assert PUBLIC["grocery"].url in str(caught.value.hint)
    assert not (tmp_path / "shop").exists()


def test_what_is_no_archive_of_this_commit_is_refused(server: Server, tmp_path: Path) -> None:
    server.gives("/missing.tar.gz", status=404)
    server.gives("/page.tar.gz", b"<html>log in</html>")
    server.gives("/half.tar.gz", grocery()[:-2000])
    server.gives("/other.tar.gz", grocery("0" * 40))
    server.gives("/clothes.tar.gz", packed({"a.txt": b"a"}, "x", PUBLIC["grocery"].commit))
    for name, why in {
        "missing": "answers 404",
        "page": "not a whole tar.gz",
        "half": "not a whole tar.gz",
        "other": "of commit 000000000000, not fc80ba90f803",
        "clothes": "none of this data's files",
    }.items():
        with pytest.raises(FeedError, match=why):
            index_public(Config.load(tmp_path / name), "grocery", server.url(f"/{name}.tar.gz"))
        left = [path for path in (tmp_path / name).rglob("*") if path.is_file()]
        assert left == [], name


def test_rows_that_cannot_be_are_passed_over(tmp_path: Path) -> None:
    head = "Class Name (str),Class ID (int),Coarse Class Name (str),Iconic Image Path (str)"
    rows = [f"{name},{number},Apple,{path}" for name, number, path in [
        ("Gala", "4", "/a.jpg"), ("Raised", "²", "/a.jpg"), ("Large", "9" * 5000, "/a.jpg"), ("Long", "5", "a" * 300),
    ]]  # fmt: skip
    files = {
        "dataset/classes.csv": "\n".join([head, *rows]).encode(),
        "dataset/train.txt": f"a.jpg, ², 0\n{'b' * 300}.jpg, 5, 0\na.jpg, 5, 0".encode(),
        "dataset/a.jpg": picture("red"),
    }
    (tmp_path / "a.tar.gz").write_bytes(packed(files, "top", PUBLIC["grocery"].commit))
    folder = public.bring(PUBLIC["grocery"], tmp_path / "public", str(tmp_path / "a.tar.gz"), lambda got, whole: None)
    read = [json.loads(line) for line in (folder / "products.jsonl").read_text("utf-8").splitlines()]
    assert [(row["id"], row["images"]) for row in read] == [("G04", ["dataset/a.jpg"]), ("G05", ["dataset/a.jpg"])]
    files["dataset/classes.csv"] = f"{head}\n{'x' * 200_000},1,Apple,/a.jpg".encode()
    (tmp_path / "b.tar.gz").write_bytes(packed(files, "top", PUBLIC["grocery"].commit))
    with pytest.raises(FeedError, match="its table cannot be read"):
        public.bring(PUBLIC["grocery"], tmp_path / "other", str(tmp_path / "b.tar.gz"), lambda got, whole: None)


@pytest.mark.parametrize("name", ["../out.jpg", "a/../../out.jpg", "/etc/out.jpg", "c:\\out.jpg"])
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    made = tmp_path / "bad.tar.gz"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        member = tarfile.TarInfo(name if name.startswith("/") else f"top/{name}")
        member.size = 3
        tar.addfile(member, io.BytesIO(b"abc"))
    made.write_bytes(out.getvalue())
    bounds = PUBLIC["grocery"].bounds
    with pytest.raises(FeedError, match="holds a file named"):
        archive.unpack(made, tmp_path / "into", "", lambda path: True, bounds)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.tar.gz"]


def test_links_and_devices_are_not_unpacked(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        link = tarfile.TarInfo("top/link.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
        device = tarfile.TarInfo("top/device.jpg")
        device.type = tarfile.CHRTYPE
        tar.addfile(device)
        plain = tarfile.TarInfo("top/plain.jpg")
        tar.addfile(plain, io.BytesIO(b""))
    (tmp_path / "made.tar.gz").write_bytes(out.getvalue())
    files = archive.unpack(tmp_path / "made.tar.gz", tmp_path / "into", "", lambda path: True, PUBLIC["grocery"].bounds)
    assert files == 1
    assert [path.name for path in (tmp_path / "into").iterdir()] == ["plain.jpg"]


def test_what_unfolds_without_end_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "bomb.tar.gz").write_bytes(packed({"a.jpg": bytes(3_000_000)}, "top", ""))
    bounds = replace(PUBLIC["grocery"].bounds, unpacked_bytes=1_000_000)
    with pytest.raises(FeedError, match="more than the 1 MB"):
        archive.unpack(tmp_path / "bomb.tar.gz", tmp_path / "into", "", lambda path: True, bounds)
    assert not (tmp_path / "into").exists()
    assert not (tmp_path / "into.part").exists()


def test_a_file_that_is_too_large_is_not_fetched(server: Server, tmp_path: Path) -> None:
    body = bytes(50_000)
    server.gives("/announced", body)

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(50):
            handler.wfile.write(bytes(1000))
        handler.close_connection = True

    server.answers["/endless"] = endless
    bounds = replace(PUBLIC["grocery"].bounds, archive_bytes=20_000)
    door = Door(allow_private=True, ports=None)
    for path in ("/announced", "/endless"):
        with pytest.raises(FeedError, match="more than the 0 MB"):
            archive.fetch(server.url(path), tmp_path / "a", bounds, door, "", lambda got, whole: None)
        assert not (tmp_path / "a.part").exists()


def test_a_broken_download_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    body = os.urandom(300_000)

    def breaks(handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("range", "")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if start and handler.headers.get("if-range") != '"one"':
            start = 0
        handler.send_response(206 if start else 200)
        handler.send_header("etag", '"one"')
        if start:
            handler.send_header("content-range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        handler.send_header("content-length", str(len(body) - start))
        handler.end_headers()
        handler.wfile.write(body[start:] if start else body[:200_000])
        handler.close_connection = True

    server.answers["/a"] = breaks
    bounds, door = PUBLIC["grocery"].bounds, Door(allow_private=True, ports=None)
    target = tmp_path / "a"
    with pytest.raises(FeedError) as caught:
        archive.fetch(server.url("/a"), target, bounds, door, "", lambda got, whole: None)
    assert "goes on where it stopped" in str(caught.value.hint)
    assert not target.exists()
    archive.fetch(server.url("/a"), target, bounds, door, "", lambda got, whole: None)
    assert target.read_bytes() == body
    begun = int(server.requests[1][1]["range"].removeprefix("bytes=").rstrip("-"))
    assert 0 < begun <= 200_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]
    # Another file behind the same address: the server sends it whole, and nothing of the first is in it.
    (tmp_path / "b.part").write_bytes(b"x" * 1000)
    (tmp_path / "b.tag").write_text('"another"', "utf-8")
    server.gives("/b", body, etag='"one"')
    archive.fetch(server.url("/b"), tmp_path / "b", bounds, door, "", lambda got, whole: None)
    assert (tmp_path / "b").read_bytes() == body


def test_the_published_address_is_left_for_public_https_only(server: Server) -> None:
    server.answers["/away"] = lambda handler: reply(handler, 302, location=server.url("/clothing.tar.gz"))
    fetcher = Fetcher(Door(allow_private=True, ports=None))
    with fetcher.stream(server.url("/away")) as (answered, chunks):
        assert answered.status == 200
        assert b"".join(chunks) == clothing()
    fetcher.close()
    guarded = Fetcher(Door(ports=None))
    with pytest.raises(FetchRefusedError), guarded.stream(server.url("/away")):
        pass
    guarded.close()
