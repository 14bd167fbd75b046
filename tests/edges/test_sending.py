"""Pictures sent along with products: kept painted anew, named in image_link, found, backed up."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from shoplens.app import Shop
from shoplens.backups import back_up, restore
from shoplens.client import Client
from shoplens.pictures.sent import FOLDER
from tests.conftest import SmallShop, cushions
from tests.edges.test_http import problem
from tests.serving import bearer, key_for, serving

CANARY = b"CANARY-51.4778N"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    small = SmallShop(tmp_path_factory.mktemp("sending") / "small")
    opened = small.open()
    small.index(opened, cushions(small))
    yield opened
    small.close()


@pytest.fixture(scope="module")
def client(shop: Shop) -> Iterator[httpx.Client]:
    with (
        serving(shop) as address,
        httpx.Client(base_url=address, headers=bearer(shop, "catalogue"), timeout=60) as made,
    ):
        yield made


def jpeg(colour: tuple[int, int, int], size: tuple[int, int] = (90, 70)) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = CANARY.decode()
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", exif=exif, quality=95)
    return out.getvalue()


def test_a_picture_that_was_sent_is_a_products(shop: Shop, client: httpx.Client, tmp_path: Path) -> None:
    data = jpeg((30, 160, 50))
    with Client(str(client.base_url).rstrip("/"), api_key=key_for(shop, "catalogue")) as typed:
        sent = typed.send_picture(data)
        assert typed.send_picture(data) == sent  # the same one is kept once
    assert (sent["width"], sent["height"]) == (90, 70)
    (kept,) = (shop.folder / FOLDER).iterdir()
    body = kept.read_bytes()
    assert hashlib.sha256(body).hexdigest() == sent["picture"] == kept.stem
    assert CANARY not in body  # painted anew
    rows = [{"id": "S1", "title": "Sent", "image_link": sent["location"]}]
    (told,) = client.post("/v1/products", json=rows).json()["results"]
    assert (told["status"], told.get("problems")) == ("created", None)
    assert client.get("/v1/products/S1").json()["pictures"] == [sent["picture"]]
    found = client.post("/v1/search", files={"images": data}).json()
    assert "S1" in [hit["product"]["id"] for hit in found["hits"][:2]]
    shown = client.get(f"/v1/pictures/{sent['picture']}?side=64")
    with Image.open(io.BytesIO(shown.content)) as image:
        assert np.abs(np.asarray(image).astype(int).mean((0, 1)) - (30, 160, 50)).max() < 8
    # It lies nowhere else, so a backup has it.
    path, _ = back_up(shop.config, tmp_path / "b.shoplens")
    restore(path, tmp_path / "new")
    assert (tmp_path / "new" / FOLDER / kept.name).read_bytes() == body


def test_what_is_no_picture_is_refused_and_nothing_of_it_stays(shop: Shop, client: httpx.Client) -> None:
    before = sorted((shop.folder / FOLDER).glob("*"))
    for content, kind, status in (
        (b"<svg onload=alert(1)>", "image/svg+xml", 422),
        (b"GIF89a" + b"\0" * 50, "image/gif", 422),
        (b"", "image/jpeg", 400),
        (jpeg((1, 2, 3)), "text/html", 400),
        (jpeg((1, 2, 3))[:200], "image/jpeg", 422),
    ):
        refused = client.post("/v1/pictures", content=content, headers={"content-type": kind})
        problem(refused, status)
    too_large = b"x" * (shop.config.pictures.max_bytes + 1)
    problem(client.post("/v1/pictures", content=too_large, headers={"content-type": "image/png"}), 413)
    assert sorted((shop.folder / FOLDER).glob("*")) == before
    address = client.base_url.join("/v1/pictures")
    assert httpx.post(address, content=b"x", headers={"content-type": "image/png"}).status_code == 401


@pytest.mark.parametrize("location", ["upload:" + "0" * 64, "upload:../shop.db", "upload:", "upload:x/" + "0" * 64])
def test_a_location_leads_nowhere_else(client: httpx.Client, location: str) -> None:
    (told,) = client.post("/v1/products", json=[{"id": "S9", "title": "x", "image_link": location}]).json()["results"]
    assert told["problems"][0]["reason"].split(":")[0] in ("missing", "refused")
