"""The hostile pictures as one feed through ``index``: every good one found, every bad one named, no row lost."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path

import numpy as np
import pytest

from shoplens.app import open_shop
from shoplens.core.catalogue import RowProblem
from shoplens.pictures.decode import decode
from shoplens.pictures.limits import MB
from tests.pictures.pictures_made import scene, stored_as
from tests.support import need_data

pytestmark = pytest.mark.data

ALLOWED = {"JPEG", "MPO", "PNG", "WEBP", "GIF", "AVIF"}


def test_a_feed_of_hostile_pictures(tmp_path: Path) -> None:
    folder = need_data("hostile_images")
    with (folder / "manifest.csv").open(newline="") as manifest:
        rows = list(csv.DictReader(manifest))
    good = {r["file"] for r in rows if r["pillow_result"] == "ok" and r["format"] in ALLOWED}
    bad = {r["file"] for r in rows} - good
    feed = tmp_path / "feed.jsonl"
    feed.write_text("\n".join(json.dumps({"id": r["file"], "title": "odd picture", "image": r["file"]}) for r in rows))
    said: list[RowProblem] = []
    with open_shop(tmp_path / "shop", create=True) as shop:
        started = time.monotonic()
        report = shop.index(feed, pictures=folder, on_problem=said.append)
        assert time.monotonic() - started < 1.0 * len(rows)
        assert all(peak(pid) <= 500 * MB for pid in shop.decoder().pids())
        assert (report.added, report.rows_skipped) == (len(rows), 0)
        assert (report.pictures, report.pictures_rejected) == (len(good), len(bad))
        assert {p.product_id for p in said} == bad
        assert all(p.reason and not p.skipped for p in said)
        count, rejected = shop.store.rejected_pictures(1_000)
        assert count == len(bad)
        assert {Path(location).name for location, _ in rejected} == {Path(name).name for name in bad}
        shop.catch_up()
        numbers = shop.store.numbers_of([r["file"] for r in rows])
        pictures = shop.copies.parts.pictures
        assert {name for name, number in numbers.items() if pictures.rows_of(number)} == good
        # Some orientations of one scene, each compressed anew when it was turned.
        for kind in ("sharp_Landscape", "sharp_Portrait"):
            turned = [n for name, n in numbers.items() if kind in name and name[-5] in "12345678" and name in good]
            assert len(turned) >= 4
            keys = [pictures.rows_of(number)[0].key for number in turned]
            stored = shop.store.vectors(shop.encoder.card.space, "picture", keys)
            vectors = np.stack([stored[key].astype(np.float32) for key in keys])
            assert (vectors @ vectors[0]).min() > 0.98
        # All eight of one picture that is made here: the same vector, but for what JPEG loses.
        made = scene(420, 300)
        found = [
            shop.encoder.encode_pictures([decode(stored_as(made, n, quality=95), 224).pixels])[0] for n in range(1, 9)
        ]
        assert (np.stack(found) @ found[0]).min() > 0.98
        again = shop.index(feed, pictures=folder)
        assert (again.unchanged, again.pictures_encoded) == (len(rows), 0)


def peak(pid: int) -> int:
    """The most memory that a process has held, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) * 1024
