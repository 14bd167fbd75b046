"""What the encoder that ships tells of the demo shop's pictures, and what others may tell."""

from __future__ import annotations

import numpy as np
import pytest

from shoplens.attributes import SIDE, Understanding, decode_pool
from shoplens.config import Config
from shoplens.core.query import QueryPicture
from shoplens.encoders.onnx_dual import bundled_encoder
from shoplens.errors import EncoderError, PictureError
from shoplens.understanding.colours import BASIC, looks
from shoplens.understanding.describing import PictureAttributes, combined
from tests.support import COLOURS, ColourEncoder, picture
from tests.understanding.pictures import shown, square, understanding


@pytest.fixture(scope="module")
def told() -> list[PictureAttributes]:
    return understanding().describe([each.pixels() for each in shown()])


def basic_of(color: str) -> set[str]:
    found = understanding().describer().notions.colours_in(color)
    return {name for colour in found for name in looks(colour.key)}


def test_most_of_the_demo_shop_is_told_as_its_feed_says(told: list[PictureAttributes]) -> None:
    # The figures on real photos are in docs/reference/attributes.md; drawn ones are easier.
    sure = [t for t in told if t.colour and t.colour.confidence > 0.8]
    assert len(sure) > len(told) / 4
    pairs = [(t, each) for t, each in zip(told, shown(), strict=True) if basic_of(each.color)]
    right = [t.colour is not None and bool(set(looks(t.colour.key)) & basic_of(each.color)) for t, each in pairs]
    assert np.mean(right) > 0.8
    kinds = [
        t.kind is not None and t.kind.english.split()[-1].rstrip("s")[:4] in each.category.casefold()
        for t, each in zip(told, shown(), strict=True)
    ]
    assert np.mean(kinds) > 0.6
    assert all(t.calibrated for t in told)


def test_confidences_and_shares_are_what_they_say(told: list[PictureAttributes]) -> None:
    for t in told:
        for found in (t.kind, t.colour, t.material, t.pattern):
            assert found is not None
            assert 0 < found.confidence <= 1
            assert found.english
            assert found.chinese
        shares = [c.share for c in t.colours]
        assert sum(shares) == pytest.approx(1, abs=1e-4)
        assert shares == sorted(shares, reverse=True)
        assert all(c.key in BASIC and c.share > 0 for c in t.colours)


def test_the_largest_share_is_mostly_the_colour_of_the_feed(told: list[PictureAttributes]) -> None:
    pairs = [
        (t, each) for t, each in zip(told, shown(), strict=True) if each.pattern == "plain" and basic_of(each.color)
    ]
    right = [t.colours[0].key in basic_of(each.color) for t, each in pairs]
    assert np.mean(right) > 0.8


def test_stored_vectors_tell_the_same_without_shares(told: list[PictureAttributes]) -> None:
    vectors = bundled_encoder().encode_pictures([each.pixels() for each in shown()[:20]])
    stored = vectors.astype(np.float16)
    again = understanding().describer().describe_vectors(stored.astype(np.float32))
    for one, other in zip(again, told, strict=False):
        assert (one.kind, one.colour, one.material, one.pattern) == (
            other.kind, other.colour, other.material, other.pattern
        )  # fmt: skip
        assert one.colours == ()


def test_a_photo_is_read_as_when_it_is_indexed() -> None:
    pool = decode_pool(Config(pictures={"workers": 1}))  # type: ignore[arg-type]
    try:
        each = shown()[0]
        data = each.path.read_bytes()
        told = understanding().describe_photo(QueryPicture(data), pool)
        assert told == understanding().describe([pool.decode(data, SIDE).pixels])[0]
        with pytest.raises(PictureError) as caught:
            understanding().describe_photo(QueryPicture(b"no picture", name="photo.jpg"), pool)
        assert caught.value.where == "photo.jpg"
    finally:
        pool.close()


def test_heads_describe_for_their_own_encoder_only() -> None:
    with pytest.raises(EncoderError, match="the heads were made for"):
        understanding().describer().describe(ColourEncoder(), [square((200, 0, 0))])


def test_an_encoder_without_heads_tells_by_the_lexicons_names() -> None:
    other = Understanding(ColourEncoder())
    told = other.describe([square(COLOURS["red"], COLOURS["red"]), square(COLOURS["blue"], COLOURS["blue"])])
    assert [t.colour and t.colour.key for t in told] == ["red", "blue"]
    assert [t.colours[0].key for t in told] == ["red", "blue"]
    assert not any(t.calibrated for t in told)
    assert other.filling() is None


def test_an_encoder_of_pictures_alone_says_that_it_can_tell_nothing() -> None:
    class Eyes(ColourEncoder):
        @property
        def card(self):  # type: ignore[no-untyped-def]
            from dataclasses import replace

            return replace(super().card, modalities=("picture",))

    with pytest.raises(EncoderError, match="can tell no attributes"):
        Understanding(Eyes()).describe([square((200, 0, 0))])


def test_shares_weigh_pixels_by_what_the_vector_says() -> None:
    def of(**shares: float) -> np.ndarray:
        return np.asarray([shares.get(name, 0) for name in BASIC], np.float32)

    pixels, belief = of(red=0.6, white=0.3, grey=0.1), of(red=0.9, pink=0.1)
    plain, patterned = (dict(zip(BASIC, combined(pixels, belief, belief, p), strict=True)) for p in (1.0, 0.0))
    assert plain["red"] > 0.9  # highlights
    assert patterned["white"] > 0.1  # stripes
    gold = dict(zip(BASIC, combined(of(yellow=0.5, brown=0.3, white=0.2), of(gold=1), of(gold=1), 1.0), strict=True))
    assert gold["gold"] > 0.9
    many = dict(zip(BASIC, combined(of(red=0.5, blue=0.5), of(multi=1), of(multi=1), 1.0), strict=True))
    assert (many["red"], many["blue"]) == pytest.approx((0.5, 0.5), abs=0.01)
    for shares in (plain, patterned, gold, many):
        assert sum(shares.values()) == pytest.approx(1)


def test_a_picture_of_one_colour_all_over_is_of_that_colour() -> None:
    pool = decode_pool(Config(pictures={"workers": 1}))  # type: ignore[arg-type]
    try:
        told = understanding().describe_photo(QueryPicture(picture("green", side=120)), pool)
    finally:
        pool.close()
    assert told.colours[0].key == "green"
