"""Quality facts, perceptual hash, repainting."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from shoplens.core.ports import Decoded
from shoplens.pictures import findings, hamming, quality, repaint
from shoplens.pictures.decode import decode
from shoplens.pictures.fingerprint import PART, fingerprint, fingerprints
from shoplens.pictures.phash import _dct_basis, phash
from tests.pictures.pictures_made import encoded, psnr, scene, stored_as


def seen(picture: Image.Image) -> Decoded:
    return decode(encoded(picture, "PNG", compress_level=1), 256)


def words(picture: Image.Image) -> list[str]:
    return [finding.word for finding in findings(seen(picture))]


def test_a_good_picture_has_no_findings() -> None:
    assert words(scene(600, 500, detail=8)) == []


def test_faults_are_named() -> None:
    good = scene(600, 500, detail=8)
    assert words(good.filter(ImageFilter.GaussianBlur(12))) == ["blurred"]
    assert "dark" in words(good.point(lambda v: v // 5))
    assert words(Image.new("RGB", (600, 500), (255, 255, 255))) == ["flat"]
    assert words(scene(80, 90, detail=4)) == ["tiny"]
    assert words(scene(2000, 300, detail=8)) == ["thin"]
    for finding in findings(seen(Image.new("RGB", (3, 1)))):
        assert finding.message


def test_facts_are_what_their_formulas_say() -> None:
    board = (np.indices((256, 256)).sum(0) % 2 * 200 + 20).astype(np.uint8)
    facts = quality(seen(Image.fromarray(np.repeat(board[:, :, None], 3, 2))))
    assert facts.brightness == pytest.approx(120 / 255, abs=0.001)
    assert facts.contrast == pytest.approx(100 / 255, abs=0.001)
    assert facts.sharpness == pytest.approx(800**2, rel=0.001)  # the Laplacian of a checkerboard is +-4 * 200
    assert (facts.width, facts.height) == (256, 256)


def test_blurring_more_is_less_sharp() -> None:
    good = scene(512, 512, detail=8)
    values = [quality(seen(good.filter(ImageFilter.GaussianBlur(r)))).sharpness for r in (0, 1, 2, 4, 8)]
    assert values == sorted(values, reverse=True)


def test_the_hash_survives_what_shops_do_to_pictures() -> None:
    picture = scene(640, 480, detail=60)
    same = phash(seen(picture).pixels)
    assert same < 2**64
    for other in (
        picture.resize((200, 150)),
        picture.resize((1280, 960)),
        picture.point(lambda v: int(v * 0.8 + 10)),
        Image.open(io.BytesIO(encoded(picture, quality=30))).convert("RGB"),
        picture.convert("L").convert("RGB"),
    ):
        assert hamming(same, phash(seen(other).pixels)) <= 8


def test_other_pictures_have_other_hashes() -> None:
    hashes = [phash(seen(scene(320, 240, seed, detail=60)).pixels) for seed in range(12)]
    apart = [hamming(a, b) for n, a in enumerate(hashes) for b in hashes[:n]]
    assert min(apart) > 12
    assert np.mean(apart) == pytest.approx(32, abs=4)  # as for independent bits


def test_bits_of_the_hash_are_those_above_the_median() -> None:
    rng = np.random.default_rng(3)
    basis = _dct_basis()
    for _ in range(20):
        pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
        low = (basis @ np.asarray(Image.fromarray(pixels).convert("L"), np.float64) @ basis.T).ravel()
        assert phash(pixels) == int("".join("01"[int(v > np.median(low[1:]))] for v in low), 2)


def test_fingerprints_of_a_photo_are_of_the_whole_and_of_what_may_have_been_around_it() -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    expected = {fingerprint(pixels)[:PART]}
    for y, x in ((2, 2), (3, 4)):  # 2.5 and 5 % of 60 and 90
        for sides in (((y, y), (x, x)), ((2 * y, 0), (2 * x, 0)), ((0, 2 * y), (0, 2 * x))):
            wider = np.pad(pixels, (*sides, (0, 0)), mode="edge")
            thumb = np.asarray(Image.fromarray(wider).resize((6, 6), Image.Resampling.BOX), np.uint8)
            expected.add(phash(wider).to_bytes(8, "big") + thumb.tobytes())
    assert set(fingerprints(pixels)) == expected


def test_the_transform_is_orthonormal() -> None:
    assert np.allclose(_dct_basis() @ _dct_basis().T, np.eye(8))


@settings(deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_hamming_counts_bits(a: int, b: int) -> None:
    assert hamming(a, b) == sum((a >> n & 1) != (b >> n & 1) for n in range(64))


@pytest.mark.parametrize("format", ["JPEG", "WEBP"])
def test_a_repainted_picture_has_pixels_and_nothing_else(format: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretPhone"
    exif.get_ifd(0x8825)[1] = "N"
    picture = scene(600, 400, detail=40)
    data = encoded(picture, exif=exif.tobytes(), comment=b"SecretComment", xmp=b"<x:xmpmeta>SecretPlace</x:xmpmeta>")
    assert data.count(b"Secret") == 3
    painted = repaint(decode(data, 200), 200, 90, format)  # type: ignore[arg-type]
    assert b"Secret" not in painted
    with Image.open(io.BytesIO(painted)) as again:
        assert again.format == format
        assert again.size == (300, 200)
        assert not again.getexif()
        assert not {"exif", "xmp", "icc_profile", "comment"} & set(again.info)
        assert psnr(np.asarray(again.convert("RGB")), decode(data, 200).pixels) > 35


def test_repainting_reduces_never_enlarges_and_keeps_upright() -> None:
    upright = decode(stored_as(scene(300, 200), 6), 200)
    for side, size in ((100, (150, 100)), (200, (300, 200)), (1000, (300, 200))):
        with Image.open(io.BytesIO(repaint(upright.pixels, side))) as painted:
            assert painted.size == size
