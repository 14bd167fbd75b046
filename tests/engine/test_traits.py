"""What heads tell beside an edited photo: the formula, the best picture of a product, what words add, who is sure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shoplens import attributes
from shoplens.attributes import Understanding, composer_of
from shoplens.core.ports import VectorRow, WordMatches
from shoplens.core.spaces import Calibration, Space
from shoplens.encoders.onnx_dual import bundled_encoder
from shoplens.encoders.opening import BUNDLED
from shoplens.engine.balance import Balance
from shoplens.engine.composing import Wish
from shoplens.engine.parts import PartScores, VectorPart, no_variants, score_vectors
from shoplens.engine.traits import AS_IS, EPSILON, SOURCE, Traits, Wanted, wearer_axis
from shoplens.errors import EncoderError
from shoplens.indexes.vectors import FlatVectors
from shoplens.understanding.heads import Head
from tests.conftest import SmallShop, cushions
from tests.support import picture

_PLACES = {"red": 0, "blue": 1, "cup": 2, "boot": 3, "man": 4}
"""What each axis of a tiny space of eight says."""


def _vector(**much: float) -> np.ndarray:
    out = np.zeros(8, np.float32)
    for name, value in much.items():
        out[_PLACES[name]] = value
    return out


def _head(name: str, *keys: str) -> Head:
    weights = np.stack([6 * _vector(**{key: 1.0}) for key in keys])
    return Head(name, keys, weights, np.zeros(len(keys), np.float32))


TRAITS = Traits(_head("colour", "red", "blue"), _head("kind", "cup", "boot"), {"red": [0]}, _vector(man=1.0))


def _index(**products: list[np.ndarray]) -> FlatVectors:
    index = FlatVectors(Space("tiny", "1", 8), "picture")
    rows = {
        number: [(VectorRow(number, f"{name}{n}", (number,)), v.astype(np.float16)) for n, v in enumerate(vectors)]
        for number, (name, vectors) in enumerate(products.items(), 1)
    }
    index.replace(rows, 1)
    return index


def _wanted(photo: np.ndarray, *, like: bool = True, weight: float = 0.5) -> Wanted:
    return TRAITS.wanted(photo[None], [1.0], ("red",), weight, like=like)


def _p(head: Head, vector: np.ndarray) -> np.ndarray:
    return head.probabilities(vector[None].astype(np.float16).astype(np.float32))[0]


def test_each_agreement_adds_its_log_probability() -> None:
    photo, own = _vector(blue=0.5, cup=0.8, man=0.1), _vector(red=0.6, cup=0.7, man=-0.1)
    found = _wanted(photo).judge([], np.array([1]), _index(a=[own]), None, None)
    assert [(s.source, s.part) for s in found] == [(SOURCE, "image 1"), (SOURCE, "words")]
    kind = float(_p(TRAITS.kind, photo) @ _p(TRAITS.kind, own))  # type: ignore[arg-type]
    men = TRAITS.men(np.stack([photo, own.astype(np.float16)]).astype(np.float32))
    who = float((men[0] * men[1] + (1 - men[0]) * (1 - men[1])) / max(men[0], 1 - men[0]))
    colour = float(_p(TRAITS.colour, own)[0])  # type: ignore[arg-type]
    assert found[0].contributions[0] == pytest.approx(
        0.5 * (np.log1p(kind / EPSILON) + np.log1p(who / EPSILON)), rel=1e-3
    )
    assert found[1].contributions[0] == pytest.approx(0.5 * np.log1p(colour / EPSILON), rel=1e-3)
    assert found[1].confidence[0] == pytest.approx(colour * kind * who, rel=1e-2)
    assert found[0].confidence[0] == 0


def test_a_product_speaks_by_its_best_picture_and_one_without_gets_the_mean() -> None:
    photo = _vector(blue=0.5, cup=0.8)
    index = _index(a=[_vector(blue=0.6, cup=0.7), _vector(red=0.6, cup=0.7)], b=[_vector(blue=0.6, boot=0.7)])
    both = _wanted(photo).judge([], np.array([1, 2, 3]), index, None, None)
    alone = _wanted(photo).judge([], np.array([1]), _index(a=[_vector(red=0.6, cup=0.7)]), None, None)
    for part, best in zip(both, alone, strict=True):
        assert part.contributions[0] == best.contributions[0] > part.contributions[1]
        assert part.contributions[2] == pytest.approx(part.contributions[:2].mean())
        assert np.isnan(part.raw[2])
        assert part.confidence[2] == 0


def test_who_is_called_by_the_colour_has_it_whatever_the_picture_shows() -> None:
    photo = _vector(blue=0.5, cup=0.8)
    index = _index(a=[_vector(blue=0.6, cup=0.7)], b=[_vector(red=0.6, cup=0.7)], c=[_vector(blue=0.6, cup=0.7)])
    words = WordMatches(np.array([1, 2]), np.array([2.0, 2.0], np.float32), np.array([1, 2]), coverage=1.0)
    _, shown, said = _wanted(photo).judge([], np.array([1, 2, 3]), index, None, words)
    both = shown.contributions + said.contributions
    assert both[0] == pytest.approx(0.5 * np.log1p(1 / EPSILON))
    assert both[1] == pytest.approx(both[0], rel=1e-3)
    assert said.contributions[2] == 0
    assert both[2] < both[0] - 1
    assert shown.confidence[0] > 0.5 > shown.confidence[2]


def test_the_very_thing_is_sure_by_its_colour_alone() -> None:
    # Two pictures: the one of the query, and one in the colour that looks like another kind.
    photo = _vector(blue=0.6, cup=0.8)
    found = _wanted(photo).judge([], np.array([1]), _index(a=[photo, _vector(red=0.6, boot=0.8)]), None, None)
    assert found[1].confidence[0] > 0.5 or found[1].raw[0] < 0.5
    other = _wanted(photo).judge([], np.array([1]), _index(a=[_vector(red=0.6, boot=0.8)]), None, None)
    assert other[1].confidence[0] < 0.2


def test_where_the_words_say_more_the_photo_s_kind_is_not_asked_for() -> None:
    found = _wanted(_vector(cup=1.0), like=False)
    assert not found.tells
    assert [s.part for s in found.judge([], np.array([1]), _index(a=[_vector(red=1.0)]), None, None)] == ["words"]


def test_without_pictures_nothing_is_told() -> None:
    assert _wanted(_vector(cup=1.0)).judge([], np.array([1, 2]), _index(), None, None) == []


def test_the_very_thing_gains_as_far_as_it_has_the_colour() -> None:
    index, two = _index(a=[_vector(red=0.6, cup=0.8)], b=[_vector(blue=0.6, cup=0.8)]), np.array([1, 2])
    gain = np.array([3.0, 3.0])
    own, other = (
        PartScores("picture>picture", name, gain, gain, gain, no_variants, lambda _: "")
        for name in (f"image 1 {AS_IS}", "image 1")
    )
    found = _wanted(_vector(blue=0.6, cup=0.8)).judge([own, other], two, index, None, None)
    has = next(s.raw for s in found if (s.source, s.part) == (SOURCE, "words"))
    assert found[0].contributions == pytest.approx(gain * has)
    assert has[0] > 0.9 > 0.1 > has[1]
    assert found[1] is other
    untold = _wanted(_vector(blue=0.6, cup=0.8), like=False).judge([own, other], two, index, None, None)
    assert untold[0] is own


def test_a_colour_without_a_class_leaves_the_kind() -> None:
    wanted = TRAITS.wanted(_vector(cup=1.0)[None], [1.0], ("puce",), 0.5, like=True)
    assert not wanted.tells
    assert [s.part for s in wanted.judge([], np.array([1]), _index(a=[_vector(red=1.0)]), None, None)] == ["image 1"]


def test_a_photo_as_it_is_counts_only_where_it_may_be_the_very_thing() -> None:
    index = _index(a=[_vector(cup=1.0)], b=[_vector(cup=0.7, red=0.7141)])
    known = Calibration(5, 0, 0.2)
    part = VectorPart("picture>picture", "as it is", _vector(cup=1.0), "picture", index, known, 2.0, False, 0.8)
    found = score_vectors(part, np.array([1, 2]), None)
    assert found.contributions == pytest.approx([2.0 * 5 * (1 - 0.8), 0.0], abs=1e-2)
    assert not found.confidence.any()


def test_the_wearer_is_read_from_words() -> None:
    encoder = bundled_encoder()
    axis = wearer_axis(encoder)
    assert np.linalg.norm(axis) == pytest.approx(1, abs=1e-5)
    men, women = encoder.encode_words(["shirt for men", "blouse for women"]) @ axis
    assert men > women


def test_a_shade_without_a_class_of_its_own_is_called_by_its_basic_colour() -> None:
    keys = ("blue", "navy-blue", "red", "grey")
    assert attributes._called("navy-blue", keys) == [1]
    assert attributes._called("royal-blue", keys) == [0, 1]
    assert attributes._called("no-colour-at-all", keys) == []


def test_the_bundled_encoder_has_traits_and_one_without_heads_has_none(tmp_path: Path) -> None:
    encoder = bundled_encoder()
    photo, weights, wish = encoder.encode_words(["green handbag"]), [1.0], Wish(("red",), "", ("red",))
    index = FlatVectors(encoder.card.space, "picture")
    index.replace({1: [(VectorRow(1, "a", (1,)), photo[0].astype(np.float16))]}, 1)

    def edited(name: str) -> tuple[bool, list[tuple[str, bool]]]:
        composer = composer_of(encoder, name)
        found = composer.edited(wish, photo, weights, index, Calibration(), Balance())
        return found.wanted is not None, [(part.part, part.sure) for part in found.parts]

    assert edited(BUNDLED) == (True, [("image 1 as it is", False), ("image 1", False)])
    assert edited(f"onnx:{tmp_path}") == (False, [("image 1 as it is", False), ("image 1", True)])


def test_damaged_heads_leave_the_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(_: Understanding) -> None:
        raise EncoderError("the heads of the encoder are damaged")

    monkeypatch.setattr(Understanding, "heads", damaged)
    assert attributes._traits(Understanding(bundled_encoder())) is None


def test_reasons_of_a_photo_in_another_colour_name_what_heads_told(small: SmallShop) -> None:
    small.encoder = bundled_encoder()  # type: ignore[assignment]
    shop = small.open()
    small.index(shop, cushions(small))
    answer = shop.search("this in blue", photos=picture("red", shade=3))
    told = {(r.source, r.part) for hit in answer.hits for r in hit.reasons}
    assert told >= {(SOURCE, "image 1"), (SOURCE, "words"), ("words", "words")}
    assert answer.hits[0].variant.id in {"C3", "M1-blue"}
    for hit in answer.hits:
        assert hit.score == pytest.approx(sum(r.contribution for r in hit.reasons))


def test_a_single_picture_links_nothing_another_one_does() -> None:
    """Half red and not very like the photo: alone it is no other picture of its thing; beside a red one it is."""
    photo = _vector(blue=0.5, cup=0.8)
    half, red = _vector(red=0.3, blue=0.3, cup=0.4), _vector(red=0.9, cup=0.1)
    index, candidates = _index(a=[half], b=[half, red]), np.array([1, 2])
    own = VectorPart("picture>picture", f"image 1 {AS_IS}", photo, "picture", index, Calibration(), 1.0, alike=0.9)
    wanted = replace(_wanted(photo), link=5.0)
    found = wanted.judge([score_vectors(own, candidates, None)], candidates, index, None, None)
    assert found[0].contributions[0] == 0.0
    assert found[0].contributions[1] > 0.0
