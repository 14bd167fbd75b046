"""The hostile set: no crash, nothing slow or large, every bad file named, every good one decoded."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from shoplens.errors import PictureError
from shoplens.pictures import REASONS, DecodePool
from shoplens.pictures.decode import decode
from shoplens.pictures.limits import MB
from tests.pictures.pictures_made import psnr
from tests.support import need_data

pytestmark = pytest.mark.data

ALLOWED = {"JPEG", "MPO", "PNG", "WEBP", "GIF", "AVIF"}


@pytest.fixture(scope="module")
def files() -> list[tuple[Path, bool]]:
    """Each file, with whether it must be decoded: Pillow can, in an allowed format."""
    folder = need_data("hostile_images")
    with (folder / "manifest.csv").open(newline="") as manifest:
        return [
            (folder / row["file"], row["pillow_result"] == "ok" and row["format"] in ALLOWED)
            for row in csv.DictReader(manifest)
        ]


def test_each_is_decoded_or_named_in_time_and_memory(files: list[tuple[Path, bool]]) -> None:
    assert len(files) > 200
    with DecodePool(workers=1) as pool:
        pool.decode((files[0][0].parent / "sharp_low-contrast.jpg").read_bytes(), 224)
        first = pool.pids()
        slow, wrong = [], []
        for path, good in files:
            data = path.read_bytes()
            started = time.process_time(), time.monotonic()
            worker = psutil.Process(pool.pids()[0])
            before = sum(worker.cpu_times()[:2])
            try:
                decoded = pool.decode(data, 224)
                if not good or decoded.pixels.shape[2] != 3:
                    wrong.append(path.name)
            except PictureError as problem:
                if good or problem.reason not in REASONS:
                    wrong.append(f"{path.name}: {problem}")
            # The machine may be busy with other things: a file is slow if it cost processor time, or very long.
            cost = sum(worker.cpu_times()[:2]) - before + time.process_time() - started[0]
            if cost > 1.0 or time.monotonic() - started[1] > 4.0:
                slow.append((path.name, cost))
        assert wrong == []
        assert slow == []
        assert pool.pids() == first  # no worker had to be replaced
        peak = int(
            next(line for line in Path(f"/proc/{first[0]}/status").read_text().splitlines() if "VmHWM" in line).split()[
                1
            ]
        )
        assert peak * 1024 <= 500 * MB


def test_orientations_of_one_picture_are_near_identical() -> None:
    folder = need_data("hostile_images") / "files"
    for kind in ("Landscape", "Portrait"):
        found = sorted(folder.glob(f"sharp_{kind}_[1-8].jpg"))
        if len(found) < 2:
            pytest.skip("the oriented pictures are not here")
        # Each was compressed anew when it was turned, so they differ by that: 31 dB by full decoding, too.
        upright = [decode(path.read_bytes(), 64) for path in found]
        for other in upright[1:]:
            assert (other.width, other.height) == (upright[0].width, upright[0].height)
            assert psnr(other.pixels, upright[0].pixels) > 30


def test_a_batch_with_them_still_gives_every_good_one(files: list[tuple[Path, bool]]) -> None:
    with DecodePool(workers=2) as pool:
        results = list(pool.decode_many((path.read_bytes() for path, _ in files), 64))
    good = [not isinstance(result, Exception) for result in results]
    assert np.array_equal(good, [expected for _, expected in files])
