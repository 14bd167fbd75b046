"""Pictures listed in a file beside the feed: within the limits of a feed's own columns, in linear time."""

from __future__ import annotations

import gzip
import time
import tracemalloc
from pathlib import Path

import pytest

from shoplens.feeds import companion
from shoplens.feeds.companion import Companion
from shoplens.feeds.values import MAX_ADDRESS, MAX_IMAGES
from tests.feeds.helpers import read


def test_a_companion_has_the_limits_of_a_feed(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("id,title,color\n" + "".join(f"{n},Bag {n},red\n" for n in range(3)))
    rows = ["product_id,image,color", "0," + "x" * (MAX_ADDRESS + 1) + ".jpg,", "0,fits.jpg,"]
    rows += [f"1,{n}.jpg," for n in range(3 * MAX_IMAGES)]
    rows += [f"2,{n}.jpg,red" for n in range(3 * MAX_IMAGES)]
    (tmp_path / "f_images.csv").write_text("\n".join(rows) + "\n")
    products, _ = read(tmp_path / "f.csv")
    assert [i.location for i in products[0].all_images()] == ["fits.jpg"]
    assert [len(p.all_images()) for p in products[1:]] == [MAX_IMAGES, MAX_IMAGES]


def test_very_many_variants_and_pictures_of_a_product_take_no_time(tmp_path: Path) -> None:
    count = 4_000
    (tmp_path / "f.csv").write_text(
        "id,item_group_id,title,size\n" + "".join(f"v{n},g,Bag,{n}\n" for n in range(count)), encoding="utf-8"
    )
    rows = ["product_id,image,variant", *(f"g,{n}.jpg,v{n}" for n in range(count))]
    (tmp_path / "f_images.csv").write_text("\n".join(rows) + "\n")
    started = time.perf_counter()
    products, _ = read(tmp_path / "f.csv")
    variants = [v for p in products for v in p.variants]
    assert time.perf_counter() - started < 5
    assert [[i.location for i in v.images] for v in variants[:2]] == [["0.jpg"], ["1.jpg"]]


def test_a_picture_listed_many_times_is_kept_once(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("id,title\n1,Bag\n")
    repeated = b"1,a.jpg\n" * 20_000
    (tmp_path / "f_images.csv.gz").write_bytes(gzip.compress(b"product_id,image\n" + repeated + b"1,b.jpg\n"))
    tracemalloc.start()
    try:
        found = Companion.beside(tmp_path / "f.csv")
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert found is not None
    assert kept < len(repeated), "kept once each, not a hundred bytes a row"
    products, _ = read(tmp_path / "f.csv")
    assert [i.location for i in products[0].all_images()] == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize(("limit", "most"), [("MAX_BYTES", 1000), ("MAX_ROWS", 100)])
def test_a_packed_companion_counts_as_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    monkeypatch.setattr(companion, limit, most)
    path = tmp_path / "f_images.csv.gz"
    for rows, fit in ((50, True), (200, False)):
        path.write_bytes(gzip.compress(b"product_id,image\n" + b"".join(b"1,%d.jpg\n" % n for n in range(rows))))
        assert path.stat().st_size < 1000
        assert (Companion.beside(tmp_path / "f.csv") is not None) is fit
