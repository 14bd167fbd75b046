"""Products that are listed twice, and what only looks so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from shoplens.app import open_shop
from shoplens.engine.same_picture import SamePictures
from shoplens.pictures.fingerprint import PART, fingerprint, fingerprints
from tests.photos.scenes import jpeg, opened
from tests.photos.test_same_picture import Rows
from tests.understanding.pictures import DEMO, rows


def picture(row: int) -> Path:
    return DEMO / rows()[row]["variants"][0]["images"][0]


def test_doctor_lists_pairs_with_their_reason(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(opened(picture(0)), 92))
    smaller = opened(picture(0))
    (tmp_path / "a-small.jpg").write_bytes(jpeg(smaller.resize((300, 300)), 70))
    (tmp_path / "b.jpg").write_bytes(jpeg(opened(picture(160)), 92))
    (tmp_path / "c.jpg").write_bytes(jpeg(opened(picture(80)), 92))
    listed = [
        ("1", "Leather handbag Quill", "a.jpg", ""),
        ("2", "Quill leather handbag", "a-small.jpg", ""),
        ("3", "Desk lamp", "a.jpg", ""),  # the same picture of another thing: a mistake, but no duplicate
        ("4", "Teal cotton shorts", "b.jpg", ""),
        ("5", "Red cotton shorts", "b.jpg", ""),  # one design, one picture for all colours
        ("6", "Cap", "c.jpg", "green"),
        ("7", "Cap", "c.jpg", "blue"),
    ]
    feed = tmp_path / "feed.jsonl"
    made = [{"id": i, "title": t, "images": [p]} | ({"color": c} if c else {}) for i, t, p, c in listed]
    feed.write_text("".join(json.dumps(row) + "\n" for row in made), "utf-8")
    with open_shop(tmp_path / "shop", create=True, pictures={"workers": 1}) as shop:
        shop.index(feed)
        found = [finding for finding in shop.doctor() if finding.code == "listed_twice"]
    assert [finding.count for finding in found] == [1]
    assert found[0].examples == ("1 = 2: 1 of 1 pictures the same, the same title",)
    assert "item_group_id" in found[0].hint


def test_copies_in_a_catalogue_are_grouped_and_others_are_not() -> None:
    store = Rows()
    for n, row in enumerate((0, 80, 160, 240)):
        shown = opened(picture(row))
        for copy, some in enumerate((shown, shown.resize((240, 240)))):
            store.rows.append((2 * n + copy + 1, f"{n}{'ab'[copy]}", fingerprint(np.asarray(some))))
    groups = SamePictures(store, fingerprints, PART).groups()
    assert groups == {f"{n}b": f"{n}a" for n in range(4)}
