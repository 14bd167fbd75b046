"""Photos with several things on them: in Python, on the command line, over HTTP."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from shoplens.app import Shop
from shoplens.core.query import Crop, Query, QueryPicture
from shoplens.core.where import parse_where
from shoplens.engine.saliency import overlap
from shoplens.errors import PictureError, QueryError
from shoplens.photos import search_each
from tests.edges.test_cli import answer, run
from tests.photos.scenes import jpeg, scene
from tests.serving import serving
from tests.understanding.pictures import DEMO, rows

HANDBAG = DEMO / rows()[0]["variants"][0]["images"][0]


@pytest.fixture(scope="module")
def photo() -> tuple[bytes, list[tuple[float, float, float, float]]]:
    """Two things on grass."""
    other = DEMO / rows()[160]["variants"][0]["images"][0]
    made, boxes = scene([HANDBAG, other], [(30, 150), (290, 40)])
    return jpeg(made), boxes


def test_the_things_on_a_photo_are_found(
    demo_few: Shop, photo: tuple[bytes, list[tuple[float, float, float, float]]]
) -> None:
    found = demo_few.crops(photo[0])
    boxes = [(one.crop.x0, one.crop.y0, one.crop.x1, one.crop.y1) for one in found]
    assert 1 <= len(found) <= 5
    for thing in photo[1]:
        assert max(overlap(thing, box) for box in boxes) >= 0.5
    assert [one.confidence for one in found] == sorted((one.confidence for one in found), reverse=True)
    assert found[0].confidence > 0.5
    bag = max(found, key=lambda one: overlap(photo[1][0], boxes[found.index(one)]))
    assert bag.kind.english == "handbag"
    # With the crop it is found; the whole photo need not do that.
    assert demo_few.search(photos=QueryPicture(photo[0], bag.crop)).hits[0].product.id == rows()[0]["id"]


def test_each_thing_is_searched_with_in_one_call(
    demo_few: Shop, photo: tuple[bytes, list[tuple[float, float, float, float]]], tmp_path: Path
) -> None:
    """In Python, over HTTP and on the command line: what two calls tell, in one."""
    asked = Query(pictures=(QueryPicture(photo[0]),), per_page=2, where=parse_where("price>0"))
    every = search_each(demo_few, asked)
    assert [one for one, _ in every] == list(demo_few.crops(photo[0]))
    for one, found in every:
        alone = demo_few.search(replace(asked, pictures=(QueryPicture(photo[0], one.crop),)))
        assert [(h.product.id, h.score) for h in found.hits] == [(h.product.id, h.score) for h in alone.hits]
    first = {found.hits[0].product.id for _, found in every if found.hits}
    assert {rows()[0]["id"], rows()[160]["id"]} <= first
    nothing = search_each(demo_few, replace(asked, where=parse_where("price<0")))
    assert [one for one, _ in nothing] == [one for one, _ in every]
    assert not any(found.hits for _, found in nothing)
    with pytest.raises(QueryError, match="2 photos"):
        search_each(demo_few, Query(pictures=(QueryPicture(photo[0]),) * 2))

    ids = [[hit.product.id for hit in found.hits] for _, found in every]
    with serving(demo_few) as address, httpx.Client(base_url=address, timeout=60) as client:
        sent = {"images": [{"base64": base64.b64encode(photo[0]).decode()}], "per_page": 2, "filter_by": "price>0"}
        told = client.post("/v1/crops?search=true", json=sent).json()["crops"]
        assert [[hit["product"]["id"] for hit in one["answer"]["hits"]] for one in told] == ids
        assert client.post("/v1/crops?search=perhaps", json=sent).status_code == 422
        unknown = client.post("/v1/crops?search=true", json={**sent, "like": ["nowhere"]})
        assert unknown.status_code == 404
    (tmp_path / "scene.jpg").write_bytes(photo[0])
    shop = ("--shop", str(demo_few.folder), "--search", "-n", "2")
    told = answer("crops", "scene.jpg", *shop, cwd=tmp_path)["crops"]
    assert [[hit["product"]["id"] for hit in one["answer"]["hits"]] for one in told] == ids
    printed = run("crops", "scene.jpg", *shop, cwd=tmp_path).stdout
    assert all(some in printed for few in ids for some in few)


def test_within_a_crop_of_the_shopper(
    demo_few: Shop, photo: tuple[bytes, list[tuple[float, float, float, float]]]
) -> None:
    found = demo_few.crops(QueryPicture(photo[0], Crop(0.0, 0.3, 0.5, 1.0)))
    assert found
    assert all(one.crop.x1 <= 0.5 and one.crop.y0 >= 0.3 for one in found)


def test_on_the_command_line_and_over_http(
    demo_few: Shop, photo: tuple[bytes, list[tuple[float, float, float, float]]], tmp_path: Path
) -> None:
    (tmp_path / "scene.jpg").write_bytes(photo[0])
    told = answer("crops", "scene.jpg", "--shop", str(demo_few.folder), cwd=tmp_path)["crops"]
    assert set(told[0]) == {"crop", "confidence", "likeness", "kind"}
    with serving(demo_few) as address, httpx.Client(base_url=address, timeout=60) as client:
        sent = {"images": [{"base64": base64.b64encode(photo[0]).decode()}]}
        answered = client.post("/v1/crops", json=sent)
        assert answered.status_code == 200
        assert answered.json()["crops"] == told
        assert client.post("/v1/crops", files={"images": ("a.jpg", photo[0])}).json()["crops"] == told
        assert client.post("/v1/crops", json={}).status_code == 400
        assert client.post("/v1/crops", json={"images": [{"path": "/etc/hostname"}]}).status_code == 422
        assert client.post("/v1/crops", files={"images": ("a.jpg", b"none")}).status_code == 422


def test_what_is_no_photo_is_named(demo_few: Shop, tmp_path: Path) -> None:
    (tmp_path / "none.jpg").write_bytes(b"none")
    with pytest.raises(PictureError, match="none"):
        demo_few.crops(tmp_path / "none.jpg")
    done = run("crops", "none.jpg", "--shop", str(demo_few.folder), cwd=tmp_path)
    assert done.returncode == 1
    assert "none.jpg" in done.stderr


def test_a_photo_that_is_like_nothing_is_searched_with_its_best_part_and_told(demo_few: Shop) -> None:
    photo = QueryPicture(jpeg(scene([HANDBAG], [(250, 120)], longest=110)[0]))
    answer = demo_few.search(Query(pictures=(photo,)))
    assert [note.code for note in answer.notes] == ["cropped"]
    assert answer.hits[0].product.id == rows()[0]["id"]
    whole = demo_few.search(Query(pictures=(photo,), find_crop=False))
    assert not any(note.code == "cropped" for note in whole.notes)
    plain = demo_few.search(Query(pictures=(QueryPicture(HANDBAG.read_bytes()),)))
    assert not any(note.code == "cropped" for note in plain.notes)
