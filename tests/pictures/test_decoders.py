"""Conformance of PictureDecoder: what holds for one implementation holds for the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from shoplens.core.ports import Decoded, PictureDecoder
from shoplens.core.query import Crop
from shoplens.errors import PictureError, QueryError, ShopLensError
from shoplens.pictures import DecodePool, InlineDecoder, Limits
from shoplens.pictures.decode import decode
from tests.pictures.pictures_made import encoded, scene


@pytest.fixture(params=["inline", "pool"], scope="module")
def decoder(request: pytest.FixtureRequest) -> Iterator[PictureDecoder]:
    made: PictureDecoder = InlineDecoder() if request.param == "inline" else DecodePool(workers=2, timeout_s=30)
    yield made
    made.close()


def same(a: Decoded, b: Decoded) -> bool:
    facts = ("width", "height", "format", "sha256", "warnings")
    return np.array_equal(a.pixels, b.pixels) and all(getattr(a, name) == getattr(b, name) for name in facts)


def test_it_decodes_as_the_function_does(decoder: PictureDecoder) -> None:
    for format in ("JPEG", "PNG", "WEBP", "GIF", "AVIF"):
        data = encoded(scene(300, 200), format)
        for side, crop in ((64, None), (500, None), (30, Crop(0.1, 0.2, 0.5, 0.9))):
            assert same(decoder.decode(data, side, crop), decode(data, side, crop))


def test_pixels_are_the_callers_own_to_read(decoder: PictureDecoder) -> None:
    a, b = (decoder.decode(encoded(scene(80, 80, seed)), 40).pixels for seed in (1, 2))
    assert a.dtype == np.uint8
    assert a.flags.c_contiguous
    assert np.array_equal(a, decode(encoded(scene(80, 80, 1)), 40).pixels)
    assert not np.array_equal(a, b)


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff\xe0", encoded(scene(90, 90))[:900]])
def test_a_rejection_is_the_same_everywhere(decoder: PictureDecoder, data: bytes) -> None:
    with pytest.raises(PictureError) as expected:
        decode(data, 64)
    with pytest.raises(PictureError) as caught:
        decoder.decode(data, 64)
    assert (caught.value.reason, str(caught.value)) == (expected.value.reason, str(expected.value))


def test_many_come_in_order_with_the_rejected_ones_in_place(decoder: PictureDecoder) -> None:
    pictures = [b"junk" if n % 3 == 0 else encoded(scene(60 + 40 * (n % 5), 50, n)) for n in range(30)]
    results = list(decoder.decode_many(pictures, 40))
    assert len(results) == 30
    for data, result in zip(pictures, results, strict=True):
        if data == b"junk":
            assert isinstance(result, PictureError)
            assert result.reason == "unsupported_format"
        else:
            assert isinstance(result, Decoded)
            assert same(result, decode(data, 40))


def test_many_are_streamed(decoder: PictureDecoder) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield encoded(scene(50, 50))

    stream = decoder.decode_many(endless(), 20)
    for done in range(1, 20):
        assert isinstance(next(stream), Decoded)
        assert taken - done <= 2 * 2 + 2
    stream.close()  # type: ignore[attr-defined]


def test_none_gives_none(decoder: PictureDecoder) -> None:
    assert list(decoder.decode_many([], 20)) == []


def test_a_source_that_fails_fails_the_stream(decoder: PictureDecoder) -> None:
    def failing() -> Iterator[bytes]:
        yield encoded(scene(50, 50))
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(decoder.decode_many(failing(), 20))
    assert decoder.decode(encoded(scene(50, 50)), 20).width == 50


def test_threads_can_share_it(decoder: PictureDecoder) -> None:
    pictures = [encoded(scene(120, 80, seed)) for seed in range(8)]
    expected = [decode(data, 40) for data in pictures]
    barrier = threading.Barrier(8)

    def work(n: int) -> bool:
        barrier.wait()
        mine = all(same(decoder.decode(pictures[n], 40), expected[n]) for _ in range(5))
        return mine and all(
            isinstance(got, Decoded) and same(got, want)
            for got, want in zip(decoder.decode_many(pictures, 40), expected, strict=True)
        )

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(8)))


@pytest.mark.parametrize("side", [0, 100_000])
def test_a_senseless_side_is_the_callers_mistake(decoder: PictureDecoder, side: int) -> None:
    with pytest.raises(QueryError):
        decoder.decode(encoded(scene(20, 20)), side)
    with pytest.raises(QueryError):
        list(decoder.decode_many([encoded(scene(20, 20))], side))


@pytest.mark.parametrize("kind", [InlineDecoder, DecodePool])
def test_limits_are_kept_and_a_closed_one_refuses(kind: type[InlineDecoder] | type[DecodePool]) -> None:
    data = encoded(scene(100, 100))
    made = kind(limits=Limits(max_pixels=9_999))
    with pytest.raises(PictureError) as caught:
        made.decode(data, 40)
    assert caught.value.reason == "too_many_pixels"
    made.close()
    made.close()
    with pytest.raises(ShopLensError, match="closed"):
        made.decode(data, 40)
    with pytest.raises(ShopLensError, match="closed"):
        list(made.decode_many([data], 40))
