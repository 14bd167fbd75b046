"""Conformance of Encoder: what every one of them does, whatever runs its towers."""

from __future__ import annotations

import numpy as np
import pytest

from shoplens.core.ports import Encoder
from shoplens.core.spaces import Pixels, Space, unit
from shoplens.errors import EncoderError

TEXTS = ("red dress", "黑色真皮手提包", "red 连衣裙", "", "x" * 3000, "🙂", "a b c d e f g", "\udcff is no text")


def check(encoder: Encoder, pictures: list[Pixels], *, company: float = 0.9999) -> None:
    """Asserts it all. ``pictures``: 18 or more, of many sizes; ``company``: least cosine between a row encoded alone
    and among others (towers that quantise by batch differ by rounding).
    """
    card = encoder.card
    assert isinstance(encoder, Encoder)
    assert Space.parse(str(card.space)) == card.space
    _rows(encoder, encoder.encode_pictures(pictures), len(pictures))
    assert encoder.encode_pictures([]).shape == (0, card.dimension)
    together = encoder.encode_pictures(pictures)
    assert np.array_equal(together, encoder.encode_pictures(pictures)), "the same call gives the same bits"
    alone = np.concatenate([encoder.encode_pictures([picture]) for picture in pictures])
    assert (together * alone).sum(axis=1).min() > company
    assert len(np.unique(together.round(4), axis=0)) > len(pictures) // 2, "different pictures, different vectors"
    vectors, maps = encoder.encode_patches(pictures[:3])
    assert vectors == pytest.approx(together[:3], abs=1e-4)
    assert unit(maps.mean(axis=(1, 2))) == pytest.approx(vectors, abs=1e-4)
    if "words" not in card.modalities:
        with pytest.raises(EncoderError, match="pictures only") as caught:
            encoder.encode_words(["red dress"])
        assert caught.value.hint
        return
    words = encoder.encode_words(TEXTS)
    _rows(encoder, words, len(TEXTS))
    assert encoder.encode_words([]).shape == (0, card.dimension)
    assert np.array_equal(words, encoder.encode_words(TEXTS))
    single = np.concatenate([encoder.encode_words([text]) for text in TEXTS])
    assert (words * single).sum(axis=1).min() > company


def _rows(encoder: Encoder, vectors: np.ndarray, count: int) -> None:
    assert vectors.shape == (count, encoder.card.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-4)
