"""The very picture of the catalogue: fingerprints, the scan against a plain loop, and what a shop says of it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps
from sqlalchemy import create_engine, text

from shoplens.app import Shop, open_shop
from shoplens.core.query import Query, QueryPicture
from shoplens.core.where import parse_where
from shoplens.engine.same_picture import ALTOGETHER, APART, FAR, SOURCE, SamePictures, near_bits
from shoplens.pictures import hamming
from shoplens.pictures.fingerprint import PART, difference, fingerprint, fingerprints
from tests.conftest import SmallShop, cushions
from tests.photos.scenes import jpeg, opened
from tests.understanding.pictures import DEMO, rows

FIRST = rows()[0]
PICTURE = DEMO / FIRST["variants"][0]["images"][0]


def changed(how: str) -> bytes:
    """The bytes of a picture of the demo shop as it comes back from the net."""
    picture = opened(PICTURE)
    wide, high = picture.size
    return {
        "smaller": lambda: jpeg(picture.resize((wide // 2, high // 2))),
        "compressed": lambda: jpeg(picture, 30),
        "black frame": lambda: jpeg(ImageOps.expand(picture, wide // 12, "black")),
        "white frame": lambda: jpeg(ImageOps.expand(picture, wide // 8, "white")),
        "cut": lambda: jpeg(picture.crop((wide // 30, high // 25, wide - wide // 40, high - high // 30)), 70),
    }[how]()


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize("how", ["smaller", "compressed", "black frame", "white frame", "cut"])
def test_a_picture_that_came_back_is_the_first_hit_and_told_as_the_same(demo_few: Shop, how: str) -> None:
    answer = demo_few.search(photos=changed(how))
    hit = answer.hits[0]
    assert (hit.product.id, answer.verdict) == (FIRST["id"], "match")
    same = [reason for reason in hit.reasons if reason.source == SOURCE]
    assert [reason.part for reason in same] == ["image 1"]
    assert same[0].picture == hit.picture
    assert same[0] == max(hit.reasons, key=lambda reason: reason.contribution)
    assert sum(reason.contribution for reason in hit.reasons) == pytest.approx(hit.score)


def test_a_variant_in_another_colour_is_not_the_same_picture() -> None:
    """The hash is blind for colours; the sketch is not."""
    tan = next(v["images"][0] for row in rows() for v in row["variants"] if v.get("color") == "tan")
    shown = np.asarray(opened(DEMO / tan))
    a, b = (fingerprint(some)[:PART] for some in (shown, shown[..., ::-1].copy()))  # red is blue
    assert hamming(int.from_bytes(a[:8], "big"), int.from_bytes(b[:8], "big")) <= FAR
    assert difference(a, b) > APART


def test_other_pictures_are_not_the_same(demo_few: Shop) -> None:
    few = {row["id"] for row in rows()[::16][:20]}
    others = [row for row in rows() if row["id"] not in few][::37]
    for row in others:
        answer = demo_few.search(photos=DEMO / row["variants"][0]["images"][0])
        assert not any(reason.source == SOURCE for hit in answer.hits for reason in hit.reasons)


def test_a_filter_and_words_stand_above_it(demo_few: Shop) -> None:
    photo = QueryPicture(changed("smaller"))
    price = max(float(v.price.amount) for v in demo_few.product(FIRST["id"]).variants if v.price)
    dearer = demo_few.search(Query(pictures=(photo,), where=parse_where(f"price>{price}")))
    assert FIRST["id"] not in {hit.product.id for hit in dearer.hits}
    worded = demo_few.search(Query("in red", pictures=(photo,)))
    assert not any(reason.source == SOURCE for hit in worded.hits for reason in hit.reasons)


@given(st.lists(st.integers(0, 2**64 - 1), max_size=60), st.integers(0, 2**64 - 1), st.integers(0, 40))
def test_the_scan_finds_what_a_loop_finds(hashes: list[int], wanted: int, most: int) -> None:
    bits = np.array(hashes, np.uint64)
    slow = sorted((hamming(one, wanted), at) for at, one in enumerate(hashes) if hamming(one, wanted) <= most)
    assert near_bits(bits, wanted, most, 1_000).tolist() == [at for _, at in slow]
    assert near_bits(bits, wanted, most, 3).tolist() == [at for _, at in slow[:3]]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 255))
def test_any_picture_has_fingerprints_of_one_size(wide: int, high: int, grey: int) -> None:
    picture = np.full((high, wide, 3), grey, np.uint8)
    assert len(fingerprint(picture)) == 2 * PART
    assert fingerprints(picture)[0] == fingerprint(picture)[:PART]
    assert {len(data) for data in fingerprints(picture)} == {PART}


class Rows:
    """A store of fingerprints that grows."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, str, bytes]] = []

    def prints_after(self, last: int, limit: int) -> list[tuple[int, str, bytes]]:
        return [row for row in self.rows if row[0] > last][:limit]

    def showing(self, keys: list[str]) -> dict[str, list[int]]:
        return {key: [int(key)] for key in keys if key != "gone"}


def test_the_copy_follows_the_store() -> None:
    rng = np.random.default_rng(0)
    some = [rng.integers(0, 255, (40, 40, 3)).astype(np.uint8) for _ in range(9)]
    store = Rows()
    same = SamePictures(store, fingerprints, PART)
    assert same.products(some[0]) == {}
    for n, picture in enumerate(some):
        store.rows.append((2 * n + 1, str(n), fingerprint(picture)))
        assert same.products(picture) == {n: (1.0, str(n))}
        assert len(same) == 2 * (n + 1)
    store.rows.append((99, "gone", fingerprint(255 - some[3])))
    assert same.products(255 - some[3]) == {}


@pytest.mark.parametrize("bits", [0, 6, 9, FAR, FAR + 1])
@pytest.mark.parametrize("apart", [0, 4, 8, 9, 11, 12])
def test_what_is_far_off_in_both_is_another_picture(bits: int, apart: int) -> None:
    store = Rows()
    store.rows.append((1, "1", (0).to_bytes(8, "big") + bytes([100] * (PART - 8))))
    photo = (2**bits - 1).to_bytes(8, "big") + bytes([100 + apart] * (PART - 8))
    same = SamePictures(store, lambda _: [photo], PART)
    found = same.find(np.zeros((8, 8, 3), np.uint8))
    expected = bits <= FAR and apart <= APART and bits + apart <= ALTOGETHER
    assert found == ({"1": pytest.approx(1 - apart / (2 * APART))} if expected else {})


def test_a_shop_of_the_version_before_gets_fingerprints_when_it_is_indexed_again(small: SmallShop) -> None:
    shop = small.open()
    listed = cushions(small)
    small.index(shop, listed)
    shop.close()
    engine = create_engine(f"sqlite:///{small.folder / 'shop' / 'shop.db'}")
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE picture_prints"))
        connection.execute(text("UPDATE meta SET value = '2' WHERE key = 'schema_version'"))
    engine.dispose()
    again = small.open()
    assert again.store.missing_prints() == 7
    assert any(finding.code == "prints_missing" for finding in again.doctor())
    encoded = small.encoder.encoded_pictures
    report = small.index(again, listed)
    assert (report.changed, report.pictures_encoded) == (0, 0)
    assert small.encoder.encoded_pictures == encoded
    assert again.store.missing_prints() == 0
    assert small.index(again, listed).unchanged == 6
    assert not any(finding.code == "prints_missing" for finding in again.doctor())


def test_a_product_that_goes_takes_its_picture_along(tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl"
    two = [json.dumps(row) for row in rows()[:2]]
    with open_shop(tmp_path / "shop", create=True, pictures={"workers": 1}) as shop:
        feed.write_text("\n".join(two))
        shop.index(feed, pictures=DEMO)
        assert shop.search(photos=PICTURE).hits[0].reasons[0].source == SOURCE
        feed.write_text(two[1])
        shop.index(feed, pictures=DEMO)
        assert not any(r.source == SOURCE for hit in shop.search(photos=PICTURE).hits for r in hit.reasons)
