"""The cache of word vectors: the same answers, fewer calls, bounded."""

from __future__ import annotations

import numpy as np
import pytest

from shoplens.encoders.cached import CachedEncoder
from shoplens.encoders.onnx_dual import DualOnnxEncoder, bundled_encoder


class Counting(DualOnnxEncoder):
    """The real encoder, which also writes down what it was asked."""

    def __init__(self) -> None:
        self.__dict__.update(bundled_encoder().__dict__)
        self.asked: list[list[str]] = []

    def encode_words(self, texts):  # type: ignore[no-untyped-def]
        self.asked.append(list(texts))
        return super().encode_words(texts)


def test_vectors_are_the_inner_encoders() -> None:
    inner = Counting()
    cached = CachedEncoder(inner)
    texts = ["red dress", "红色连衣裙", "red dress", ""]
    expected = bundled_encoder().encode_words(texts)
    assert np.array_equal(cached.encode_words(texts), expected)
    assert np.array_equal(cached.encode_words(texts[::-1]), expected[::-1])
    assert inner.asked == [["red dress", "红色连衣裙", ""]]


def test_the_least_recently_used_goes_first() -> None:
    inner = Counting()
    cached = CachedEncoder(inner, size=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        cached.encode_words([text])
    assert inner.asked == [["a"], ["b"], ["c"], ["b"]]


def test_more_texts_than_room_in_one_call() -> None:
    cached = CachedEncoder(Counting(), size=2)
    texts = [f"shirt {i}" for i in range(9)]
    assert np.array_equal(cached.encode_words(texts), bundled_encoder().encode_words(texts))


def test_what_is_given_out_is_not_what_is_kept() -> None:
    cached = CachedEncoder(Counting())
    first = cached.encode_words(["red dress"])
    first[:] = 0
    assert np.linalg.norm(cached.encode_words(["red dress"])[0]) == pytest.approx(1, abs=1e-5)


def test_a_cache_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="0 vectors"):
        CachedEncoder(Counting(), size=0)
