"""decode: every allowed kind of picture to upright sRGB pixels; everything else rejected by name."""

from __future__ import annotations

import hashlib
import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps, JpegImagePlugin

from shoplens.core.query import Crop
from shoplens.errors import PictureError, QueryError
from shoplens.pictures import raster
from shoplens.pictures.colour import to_srgb
from shoplens.pictures.decode import decode
from shoplens.pictures.limits import ASPECT, REASONS, Limits
from tests.pictures.pictures_made import ORIENTATION, encoded, matrix_profile, png_bomb, psnr, scene, stored_as

relaxed = settings(deadline=None, max_examples=50)

LOSSLESS = {"PNG": {"compress_level": 1}, "WEBP": {"lossless": True, "quality": 0, "method": 0}}
LOSSY = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"quality": 95}, "AVIF": {"quality": 95}}


def reason(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(PictureError) as caught:
        decode(data, 64, limits=limits)
    assert caught.value.reason in REASONS
    assert caught.value.hint
    return caught.value.reason


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_lossless_pixels_come_back_as_they_were(format: str) -> None:
    picture = scene(90, 60)
    data = encoded(picture, format, **LOSSLESS[format])
    decoded = decode(data, 60)
    assert np.array_equal(decoded.pixels, np.asarray(picture))
    assert (decoded.width, decoded.height, decoded.format) == (90, 60, format.lower())
    assert decoded.sha256 == hashlib.sha256(data).hexdigest()
    assert decoded.warnings == ()


@pytest.mark.parametrize("format", LOSSY)
def test_lossy_pixels_are_near_what_they_were(format: str) -> None:
    picture = scene(90, 60, detail=30)
    decoded = decode(encoded(picture, format, **LOSSY[format]), 60)
    assert psnr(decoded.pixels, np.asarray(picture)) > 35
    assert decoded.format == format.lower()


def test_heic_needs_its_extra_and_then_is_a_picture_like_others() -> None:
    heif = pytest.importorskip("pillow_heif", reason="the extra heic is not installed")
    picture = scene(96, 64, detail=30)
    out = io.BytesIO()
    heif.from_pillow(picture).save(out, format="HEIF", quality=95)
    decoded = decode(out.getvalue(), 64)
    assert decoded.format == "heic"
    assert psnr(decoded.pixels, np.asarray(picture)) > 30


def test_a_moving_picture_gives_its_first_frame() -> None:
    first, second = scene(40, 40, 1).quantize(64), scene(40, 40, 2).quantize(64)
    decoded = decode(encoded(first, "GIF", save_all=True, append_images=[second]), 40)
    assert np.array_equal(decoded.pixels, np.asarray(first.convert("RGB")))
    assert decoded.warnings == ("first_frame",)


@relaxed
@given(st.integers(1, 500), st.integers(1, 500), st.integers(1, 200))
def test_the_shortest_side_is_the_one_asked_for(width: int, height: int, side: int) -> None:
    decoded = decode(encoded(Image.new("RGB", (width, height)), "PNG", compress_level=0), side)
    factor = min(1.0, side / min(width, height), ASPECT * side / max(width, height))
    assert decoded.pixels.shape == (max(1, round(height * factor)), max(1, round(width * factor)), 3)
    assert max(decoded.pixels.shape[:2]) <= max(ASPECT * side, 1)
    assert (decoded.width, decoded.height) == (width, height)


@pytest.mark.parametrize("side", [0, -1, 100_000])
def test_a_senseless_side_is_refused(side: int) -> None:
    with pytest.raises(QueryError):
        decode(encoded(scene(20, 20)), side)


# --- orientation and crop --------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "PNG"])
def test_eight_orientations_of_one_picture_are_one_picture(format: str) -> None:
    upright = scene(240, 160)
    options = LOSSLESS.get(format) or {"quality": 95, "subsampling": 0}
    expected = decode(stored_as(upright, 1, format, **options), 100)
    assert expected.pixels.shape == (100, 150, 3)
    for orientation in range(2, 9):
        turned = decode(stored_as(upright, orientation, format, **options), 100)
        assert (turned.width, turned.height) == (240, 160)
        assert psnr(turned.pixels, expected.pixels) > 40, orientation


@relaxed
@given(
    st.integers(1, 8),
    st.tuples(*[st.floats(0, 1)] * 4).filter(lambda c: c[0] < c[2] and c[1] < c[3]),
    st.sampled_from(["PNG", "JPEG"]),
    st.integers(8, 120),
)
def test_a_crop_is_of_the_upright_picture(
    orientation: int, share: tuple[float, float, float, float], format: str, side: int
) -> None:
    """Against the slow way: decode all of it, turn it upright, cut, reduce."""
    data = stored_as(scene(320, 200), orientation, format, **({"quality": 95} if format == "JPEG" else {}))
    x0, y0, x1, y1 = share
    decoded = decode(data, side, Crop(x0, y0, x1, y1))
    with Image.open(io.BytesIO(data)) as stored:
        upright = ImageOps.exif_transpose(stored)
    wide, high = max(1, round((x1 - x0) * 320)), max(1, round((y1 - y0) * 200))
    assert (decoded.width, decoded.height) == (wide, high)
    left, top = min(x0 * 320, 319.0), min(y0 * 200, 199.0)
    box = (left, top, min(320.0, max(x1 * 320, left + 1)), min(200.0, max(y1 * 200, top + 1)))
    size = (decoded.pixels.shape[1], decoded.pixels.shape[0])
    expected = np.asarray(upright.resize(size, Image.Resampling.BICUBIC, box=box))
    # A crop thinner than a pixel is widened towards the stored picture's right and bottom: allow it one pixel.
    if min((x1 - x0) * 320, (y1 - y0) * 200) >= 1:
        assert psnr(decoded.pixels, expected) > 30


def test_the_whole_picture_is_the_crop_of_everything() -> None:
    data = encoded(scene(300, 200))
    assert np.array_equal(decode(data, 64).pixels, decode(data, 64, Crop(0, 0, 1, 1)).pixels)


def test_a_small_crop_of_a_big_photo_is_sharp() -> None:
    """Scaled decoding must look at the crop's size, not at the picture's."""
    picture = scene(3200, 2400, detail=6)
    data = encoded(picture, quality=95, subsampling=0)
    decoded = decode(data, 240, Crop(0.4, 0.4, 0.5, 0.5))
    expected = np.asarray(picture.crop((1280, 960, 1600, 1200)))
    assert decoded.pixels.shape == (240, 320, 3)
    assert psnr(decoded.pixels, expected) > 35


@pytest.mark.parametrize(("size", "wanted"), [((1200, 900), 2), ((3000, 2000), 4), ((700, 500), 1), ((5000, 4000), 8)])
def test_a_jpeg_is_decoded_no_larger_than_needed(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], wanted: int
) -> None:
    """By which factor the decoder itself reduces: of it depends what a photo of a shopper costs."""
    drafts: list[tuple[int, int]] = []
    draft = JpegImagePlugin.JpegImageFile.draft

    def noted(self: JpegImagePlugin.JpegImageFile, mode: str | None, wanted: tuple[int, int] | None) -> object:
        told = draft(self, mode, wanted)
        drafts.append(self.size)
        return told

    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "draft", noted)
    data = encoded(Image.new("RGB", size, "red"))
    assert decode(data, 256).pixels.shape[0] == 256
    assert drafts == ([] if wanted == 1 else [(-(-size[0] // wanted), -(-size[1] // wanted))])


@pytest.mark.parametrize("side", [64, 100, 224, 256, 330, 480])
def test_scaled_decoding_is_as_good_as_full_decoding(side: int) -> None:
    data = encoded(scene(2000, 1500, detail=24), quality=90)
    with Image.open(io.BytesIO(data)) as full:
        full.load()
        slow = full.resize((round(2000 * side / 1500), side), Image.Resampling.BICUBIC)
    assert psnr(decode(data, side).pixels, np.asarray(slow)) > 40


# --- colour ----------------------------------------------------------------------------------------


def solid(data: bytes, side: int = 8) -> tuple[int, ...]:
    pixels = decode(data, side).pixels
    return tuple(int(v) for v in pixels[pixels.shape[0] // 2, pixels.shape[1] // 2])


def near(a: tuple[int, ...], b: tuple[int, ...], by: int = 3) -> bool:
    return all(abs(x - y) <= by for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("alpha", [0, 1, 100, 254, 255])
@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_transparent_parts_lie_on_white(alpha: int, format: str) -> None:
    data = encoded(Image.new("RGBA", (40, 40), (200, 100, 0, alpha)), format, **LOSSLESS[format])
    expected = tuple(round((c * alpha + 255 * (255 - alpha)) / 255) for c in (200, 100, 0))
    assert near(solid(data), expected, 2)


def test_transparency_in_palettes_greys_and_keys_lies_on_white() -> None:
    palette = Image.new("P", (20, 20), 1)
    palette.putpalette([10, 20, 30, 200, 100, 50])
    assert solid(encoded(palette, "PNG")) == (200, 100, 50)
    assert solid(encoded(palette, "PNG", transparency=1)) == (255, 255, 255)
    assert solid(encoded(palette, "GIF", transparency=1)) == (255, 255, 255)
    assert near(solid(encoded(Image.new("LA", (20, 20), (100, 128)), "PNG")), (177,) * 3, 1)
    assert solid(encoded(Image.new("L", (20, 20), 7), "PNG", transparency=7)) == (255,) * 3
    assert solid(encoded(Image.new("RGB", (20, 20), (1, 2, 3)), "PNG", transparency=(1, 2, 3))) == (255,) * 3
    assert solid(encoded(Image.new("1", (20, 20), 1), "PNG")) == (255,) * 3


@pytest.mark.parametrize("value", [0, 256, 12_850, 40_000, 65_535])
def test_sixteen_bit_greys_are_scaled_not_clipped(value: int) -> None:
    data = encoded(Image.fromarray(np.full((10, 10), value, dtype=np.uint16)), "PNG")
    assert near(solid(data), (round(value / 257),) * 3, 1)


def test_large_pictures_with_alpha_go_strip_by_strip_to_the_same_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = scene(420, 300).convert("RGBA")
    picture.putalpha(scene(420, 300, 5).convert("L"))
    for mode in ("RGBA", "P"):
        data = encoded(picture if mode == "RGBA" else picture.convert("RGB").quantize(), "PNG")
        for side in (30, 50, 240):
            at_once = decode(data, side, Crop(0.11, 0.07, 0.93, 0.9)).pixels
            with monkeypatch.context() as patch:
                patch.setattr(raster, "_STRIP_PIXELS", 9_000)
                in_strips = decode(data, side, Crop(0.11, 0.07, 0.93, 0.9)).pixels
            assert psnr(in_strips, at_once) > 40, (mode, side)


def test_a_colour_profile_is_converted() -> None:
    """In this profile red's primary is sRGB's green, green's is blue, blue's is red."""
    profile = matrix_profile((1, 2, 0))
    for format in ("PNG", "WEBP"):
        red = encoded(Image.new("RGB", (16, 16), (255, 0, 0)), format, icc_profile=profile, **LOSSLESS[format])
        assert near(solid(red), (0, 255, 0), 6)
    half = Image.new("RGBA", (16, 16), (255, 0, 0, 128))
    assert near(solid(encoded(half, "PNG", icc_profile=profile)), (127, 255, 127), 6)  # white stays white
    assert decode(encoded(Image.new("RGB", (9, 9)), "PNG", icc_profile=profile), 9).warnings == ()


def test_an_srgb_profile_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = scene(50, 40)
    decoded = decode(encoded(picture, "PNG", icc_profile=profile), 40)
    assert np.array_equal(decoded.pixels, np.asarray(picture))
    assert decoded.warnings == ()


@pytest.mark.parametrize("profile", [b"nonsense", bytes(200), matrix_profile()[:140], matrix_profile()[:-60]])
def test_a_broken_profile_is_ignored_with_a_warning(profile: bytes) -> None:
    picture = scene(50, 40)
    decoded = decode(encoded(picture, "PNG", icc_profile=profile), 40)
    assert np.array_equal(decoded.pixels, np.asarray(picture))
    assert decoded.warnings == ("profile_ignored",)


def test_cmyk_and_lab_become_rgb() -> None:
    data = encoded(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), "JPEG", quality=95)
    assert near(solid(data), (255, 0, 0), 4)
    wrong = encoded(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), "JPEG", quality=95, icc_profile=matrix_profile())
    assert decode(wrong, 32).warnings == ("profile_ignored",)
    grey, ignored = to_srgb(Image.new("LAB", (4, 4), (255, 128, 128)), None)  # a = b = 0 is stored as 128
    assert not ignored
    assert near(grey.getpixel((0, 0)), (255, 255, 255))  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize(
    "exif", [b"Exif\0\0no TIFF", b"Exif\0\0II*\0\xff\xff\xff\x7f", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"]
)
def test_broken_exif_is_no_reason_to_reject(exif: bytes) -> None:
    assert decode(encoded(scene(40, 30), "JPEG", exif=exif), 30).pixels.shape == (30, 40, 3)


@pytest.mark.parametrize("value", [0, 9, 65_535])
def test_an_orientation_out_of_range_turns_nothing(value: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = value
    picture = scene(40, 30)
    decoded = decode(encoded(picture, "PNG", exif=exif.tobytes()), 30)
    assert np.array_equal(decoded.pixels, np.asarray(picture))


# --- rejections ------------------------------------------------------------------------------------


def test_bytes_that_are_no_picture_are_named() -> None:
    assert reason(b"") == "empty"
    others = [
        b"II*\x00" + bytes(60),
        b"<!DOCTYPE html><html>",
        b"<svg xmlns=''/>",
        b"%PDF-1.7",
        b"hello",
        b"\x00",
        b"BM" * 9,
    ]
    for other in others:
        assert reason(other) == "unsupported_format"
    with pytest.raises(PictureError, match="web page"):
        decode(b"  <html><body>404", 64)


def test_a_name_is_not_believed_nor_another_decoder_tried() -> None:
    bmp = encoded(scene(30, 30), "BMP")
    assert reason(bmp) == "unsupported_format"
    assert reason(b"\xff\xd8\xff" + bmp) == "broken"


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_caps_are_kept_before_decoding() -> None:
    data = encoded(scene(100, 100))
    assert reason(data, Limits(max_bytes=len(data) - 1)) == "too_large"
    decode(data, 64, limits=Limits(max_bytes=len(data)))
    assert reason(data, Limits(max_pixels=9_999)) == "too_many_pixels"
    decode(data, 64, limits=Limits(max_pixels=10_000))
    assert reason(encoded(scene(100, 10)), Limits(max_side=99)) == "too_many_pixels"
    webp = encoded(scene(100, 100), "WEBP")
    assert reason(webp, Limits(max_pixels_heavy=9_999)) == "too_many_pixels"
    for side in (8_000, 14_000):
        assert reason(png_bomb(side, side)) == "too_many_pixels"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_a_picture_cut_short_is_rejected(format: str) -> None:
    data = encoded(scene(200, 150, detail=4), format)
    for share in (0.3, 0.6, 0.9):
        assert reason(data[: math.floor(len(data) * share)]) in ("truncated", "broken")
    if format in ("JPEG", "WEBP", "PNG"):
        assert reason(data[: len(data) * 2 // 3]) == "truncated"


@relaxed
@given(st.binary(max_size=400))
def test_random_bytes_never_do_worse_than_a_rejection(noise: bytes) -> None:
    for magic in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\x10\0\0\0WEBP", b"\0\0\0\x18ftypavif"):
        with pytest.raises(PictureError):
            decode(magic + noise, 64)


@relaxed
@given(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]), st.randoms(use_true_random=False), st.integers(1, 30))
def test_damaged_pictures_are_decoded_or_rejected(format: str, dice: object, hits: int) -> None:
    data = bytearray(encoded(scene(60, 40), format))
    for _ in range(hits):
        data[dice.randrange(len(data))] = dice.randrange(256)  # type: ignore[attr-defined]
    try:
        outcome = decode(bytes(data), 32, limits=Limits(max_pixels=1_000_000)).format
    except PictureError as problem:
        outcome = problem.reason
    assert outcome in {format.lower(), *REASONS}
