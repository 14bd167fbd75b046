"""A photo and "the same in red": what the words ask for, how the photo's vector is edited, what is found."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from shoplens.app import Shop
from shoplens.core.query import Query, QueryPicture
from shoplens.core.spaces import unit
from shoplens.encoders.onnx_dual import bundled_encoder
from shoplens.engine.composing import Colour, Composer, Wish
from shoplens.errors import EncoderError
from shoplens.lexical import lexicon_colours, lexicon_looks
from tests.support import picture


@pytest.fixture(scope="module")
def composer() -> Composer:
    return Composer(bundled_encoder(), *lexicon_colours(), further=lexicon_looks())


@pytest.mark.parametrize(
    ("words", "colours", "rest"),
    [
        ("in red", ("red",), ""), ("this, but red", ("red",), ""), ("RED", ("red",), ""),
        ("the same in blue", ("blue",), ""),
        ("同款蓝色", ("blue",), ""), ("这款换成红色的", ("red",), ""), ("有没有黑色", ("black",), ""),
        ("navy blue please", ("navy blue",), ""), ("black with gold", ("black", "gold"), ""),
        ("a blue dress like this", ("blue",), "dress"),
        ("红色连衣裙", ("red",), "连衣裙"),
        ("换成red的", ("red",), ""), ("有没有红色", ("red",), ""), ("不过红色", ("red",), ""),
        ("not red", (), ""), ("without any red", (), ""), ("不要红色", (), ""), ("不想要红色", (), ""),
        ("不要太红", (), ""),
        ("don't want red", (), ""), ("isn’t red", (), ""), ("anything but red", (), ""), ("non-red", (), ""),
        ("less red", (), ""),
        ("orange juice", (), "orange juice"),
        ("白菜", (), "白菜"), ("redder bored", (), "redder bored"), ("", (), ""), ("'", (), ""),
    ],
)  # fmt: skip
def test_what_words_ask_for(composer: Composer, words: str, colours: tuple[str, ...], rest: str) -> None:
    assert composer.wish(words) == Wish(colours, rest)


@pytest.mark.parametrize(
    ("words", "colours", "materials", "patterns", "rest"),
    [
        ("but leather", (), ("leather",), (), ""), ("皮的", (), ("leather",), (), ""),
        ("striped", (), (), ("striped",), ""),
        ("made of silk", (), ("silk",), (), ""), ("in blue leather", ("blue",), ("leather",), (), ""),
        ("换成蓝色条纹的", ("blue",), (), ("striped",), ""), ("金属", (), ("metal",), (), ""),
        ("plaid and in wool", (), ("wool",), ("checked",), ""), ("silver", ("silver",), (), (), ""),
        ("a leather wallet", (), ("leather",), (), "wallet"), ("not leather", (), (), (), ""),
        ("皮包", (), (), (), "皮包"),
    ],
)  # fmt: skip
def test_materials_and_patterns_are_wishes_too(
    composer: Composer,
    words: str,
    colours: tuple[str, ...],
    materials: tuple[str, ...],
    patterns: tuple[str, ...],
    rest: str,
) -> None:
    assert composer.wish(words) == Wish(colours, rest, (), materials, patterns)


@pytest.mark.parametrize("asked", [{"material": ["leather"]}, {"pattern": ["striped"]}])
def test_an_edit_along_a_material_or_pattern_moves_the_photo_there(
    composer: Composer, asked: dict[str, list[str]]
) -> None:
    encoder = bundled_encoder()
    photo = encoder.encode_words(["plain red cotton shirt"])
    value = next(iter(asked.values()))[0]
    edited = composer.edit(photo, (), further=asked)
    there = encoder.encode_words([f"{value} shirt"])[0]
    assert edited[0] @ there > photo[0] @ there + 0.02
    both = composer.edit(photo, ("blue",), further=asked)
    blue, other = encoder.encode_words([f"{value} blue shirt", f"{value} blue mug"])
    assert both[0] @ blue > edited[0] @ blue + 0.05
    assert both[0] @ blue > both[0] @ other + 0.05


def test_an_encoder_without_words_is_asked_for_nothing(composer: Composer) -> None:
    class PicturesOnly:
        card = bundled_encoder().card

        def encode_words(self, words: object) -> object:
            raise EncoderError("this encoder reads no words")

    blind = Composer(PicturesOnly(), [Colour(("red", "红色"), True), Colour(("blue",), True)])  # type: ignore[arg-type]
    assert blind.wish("in red") == Wish((), "")


def test_an_edited_photo_keeps_its_kind_and_takes_the_colour(composer: Composer) -> None:
    encoder = bundled_encoder()
    photo = encoder.encode_words(["green handbag"])  # a vector whose notions are known
    edited = composer.edit(photo, ("red",))
    assert edited.shape == photo.shape
    assert np.linalg.norm(edited, axis=1) == pytest.approx(1.0, abs=1e-5)
    say = dict(zip("red handbag|green handbag|red kettle".split("|"), encoder.encode_words(
        ["red handbag", "green handbag", "red kettle"]), strict=True))  # fmt: skip
    near = {name: float(edited[0] @ vector) for name, vector in say.items()}
    assert near["red handbag"] > near["green handbag"]
    assert near["red handbag"] > near["red kettle"]
    assert composer.edit(photo, ()) is photo


def test_a_colour_already_there_changes_little(composer: Composer) -> None:
    photo = bundled_encoder().encode_words(["red handbag"])
    edited, other = composer.edit(photo, ("red",)), composer.edit(photo, ("green",))
    assert float(edited[0] @ photo[0]) > float(other[0] @ photo[0])


def test_what_no_words_say_is_left_out_of_an_edited_photo(composer: Composer) -> None:
    encoder, share = bundled_encoder(), 0.6

    class Wider:
        card = encoder.card

        def encode_words(self, words: list[str]) -> np.ndarray:
            return np.pad(encoder.encode_words(words), ((0, 0), (0, 8)))

    def beside(vectors: np.ndarray, seed: int) -> np.ndarray:
        rest = unit(np.random.default_rng(seed).standard_normal((len(vectors), 8)).astype(np.float32))
        return np.concatenate([share * vectors, (1 - share**2) ** 0.5 * rest], axis=1)

    photo, rows = encoder.encode_words(["green handbag"]), encoder.encode_words(["red handbag", "green shirt", "shoe"])
    wide = Composer(Wider(), *lexicon_colours())  # type: ignore[arg-type]
    edited = wide.edit(beside(photo, 1), ("red",))
    # Rows are multiplied as if they, too, had nothing beside what words share.
    np.testing.assert_allclose(edited @ beside(rows, 2).T, composer.edit(photo, ("red",)) @ rows.T, atol=1e-5)


@pytest.mark.parametrize("words", ["the same in {}", "this, but {}", "{}"])
@pytest.mark.parametrize(("asked", "expected"), [("blue", {"C3", "M1-blue"}), ("green", {"C2"})])
def test_the_same_in_another_colour(coloured: Callable[[], Shop], words: str, asked: str, expected: set[str]) -> None:
    # The mug comes in red and in blue, so its blue variant is as good an answer as the blue cushion.
    answer = coloured().search(words.format(asked), photos=picture("red", shade=3))
    assert answer.hits[0].variant.id in expected
    assert [(n.code, n.values) for n in answer.notes] == [("recoloured", {"colours": [asked]})]
    assert answer.hits[0].score == pytest.approx(sum(r.contribution for r in answer.hits[0].reasons))


def test_a_thing_that_does_not_come_in_the_colour_stays_in_sight(coloured: Callable[[], Shop]) -> None:
    answer = coloured().search("in silver", photos=picture("green"))
    assert "C2" in {hit.product.id for hit in answer.hits}
    assert answer.verdict == "similar"


def test_a_colour_alone_brings_in_nothing_unlike_the_photo(coloured: Callable[[], Shop]) -> None:
    shop = coloured()
    photo = QueryPicture(picture("red", shade=3))
    both = {h.product.id for h in shop.search(Query(words="in blue", pictures=(photo,), per_page=50)).hits}
    assert both
    sources = {r.source for h in shop.search(Query(words="in blue", pictures=(photo,))).hits for r in h.reasons}
    assert "words>picture" not in sources
    assert "picture>picture" in sources
