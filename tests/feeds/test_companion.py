"""Pictures listed in a file beside the feed: within the limits of a feed's own columns, in linear time."""

from __future__ import annotations

import time
from pathlib import Path

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
