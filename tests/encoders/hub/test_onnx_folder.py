"""Towers that someone brings along, with a card written by hand: served as they are, refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shoplens.core.spaces import unit
from shoplens.encoders.onnx_folder import open_folder, read_folder_card
from shoplens.encoders.opening import open_encoder
from shoplens.encoders.picture_steps import PictureSteps
from shoplens.encoders.word_reader import WordSteps
from shoplens.errors import EncoderError
from tests.encoders.hub.towers import WORDS, card_of, picture_tower, scenes, tokenizer, words_tower
from tests.suites import encoder as suite

pytest.importorskip("onnx", reason="draws ONNX graphs with the package onnx (extra `train`)")


@pytest.fixture
def pictures_only(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    picture_tower(folder / "image.onnx")
    card_of(folder)
    return folder


@pytest.fixture
def both(tmp_path: Path) -> Path:
    pytest.importorskip("tokenizers", reason="reads words with the package tokenizers (extra `tokenizers`)")
    folder = tmp_path / "both"
    folder.mkdir()
    picture_tower(folder / "image.onnx")
    words_tower(folder / "text.onnx", tokenizer(folder / "tokenizer.json"))
    card_of(folder)
    return folder


def test_towers_of_ones_own_are_an_encoder(both: Path) -> None:
    encoder = open_encoder(f"onnx:{both}")
    suite.check(encoder, scenes(20))
    assert str(encoder.card.space) == "my-towers@1/12"
    assert encoder.card.modalities == ("picture", "words")


def test_pictures_alone_are_an_encoder(pictures_only: Path) -> None:
    encoder = open_encoder(str(pictures_only))
    suite.check(encoder, scenes(20))
    assert encoder.card.modalities == ("picture",)


def test_the_vector_of_a_picture_is_the_formula(pictures_only: Path) -> None:
    picture = scenes(1)[0]
    small = np.asarray(Image.fromarray(picture).resize((8, 8), Image.Resampling.BILINEAR), np.float32)
    x = (small / 255 - 0.5) / 0.5
    weights = np.random.default_rng(0).normal(size=(192, 12)).astype(np.float32)
    expected = unit(x.transpose(2, 0, 1).reshape(1, -1) @ weights)
    assert open_folder(pictures_only).encode_pictures([picture]) == pytest.approx(expected, abs=1e-5)


def test_the_vector_of_words_is_the_formula(both: Path) -> None:
    from tokenizers import Tokenizer

    pieces = Tokenizer.from_file(str(both / "tokenizer.json"))
    table = np.random.default_rng(1).normal(size=(pieces.get_vocab_size(), 12)).astype(np.float32)
    for text in WORDS:
        ids = pieces.encode(text).ids
        assert len(ids) <= 10
        expected = unit(table[ids].mean(axis=0))
        assert open_folder(both).encode_words([text])[0] == pytest.approx(expected, abs=1e-5)


def test_the_card_of_the_documentation_is_a_card(both: Path) -> None:
    """As docs/howto/hub-encoders.md has it; only what belongs to these towers is another."""
    page = (Path(__file__).resolve().parents[3] / "docs" / "howto" / "hub-encoders.md").read_text("utf-8")
    said = json.loads(page.partition("```json\n")[2].partition("```")[0])
    own = json.loads((both / "card.json").read_text())
    assert set(said["files"]) == set(own["files"])
    said |= {"files": own["files"], "dimension": 12}
    said["preprocessing"]["picture"] |= {"scaled": [8, 8], "size": [8, 8]}
    said["preprocessing"]["words"]["length"] = 10
    said["preprocessing"]["tensors"]["picture"] = "embedding"
    (both / "card.json").write_text(json.dumps(said), "utf-8")
    suite.check(open_encoder(f"onnx:{both}"), scenes(20))
    table = page.partition("| field | meaning |")[2].partition("\n\n")[0]
    for field in (*said, *said["preprocessing"], *PictureSteps.__slots__, *WordSteps.__slots__, "calibration", "alone"):
        if field not in ("preprocessing", "picture", "scaled", "fill"):  # told within the rows of others
            assert f"`{field}`" in table or f".{field}`" in table, field


def test_towers_that_follow_their_batch_run_row_by_row(both: Path) -> None:
    """A card that says so gets each row alone; the vectors are the same, since these towers do not follow theirs."""
    said = json.loads((both / "card.json").read_text())
    together = open_folder(both)
    card_of(both, preprocessing=said["preprocessing"] | {"alone": ["picture", "words"]})
    alone = open_folder(both)
    assert alone.encode_pictures(scenes(5)) == pytest.approx(together.encode_pictures(scenes(5)), abs=1e-6)
    assert alone.encode_words(WORDS) == pytest.approx(together.encode_words(WORDS), abs=1e-6)
    assert alone.encode_pictures([]).shape == (0, 12)


@pytest.mark.parametrize("name", ["image.onnx", "text.onnx", "tokenizer.json"])
def test_a_damaged_or_missing_file_is_named(both: Path, name: str) -> None:
    data = bytearray((both / name).read_bytes())
    data[len(data) // 2] ^= 0xFF
    (both / name).write_bytes(data)
    with pytest.raises(EncoderError, match="SHA-256") as caught:
        open_folder(both)
    assert name in str(caught.value.where)
    (both / name).unlink()
    with pytest.raises(EncoderError, match="missing") as caught:
        open_folder(both)
    assert caught.value.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"dimension": "many"},
        {"dimension": 0},
        {"name": "../elsewhere"},
        {"revision": "a/b"},
        {"files": {}},
        {"files": {"image.onnx": "0", "../../secret": "0"}},
        {"preprocessing": {"name": "steps-v1"}},
        {"preprocessing": {"name": "steps-v1", "picture": {"resize": "squash"}}},
        {"preprocessing": {"name": "steps-v9"}},
        {"preprocessing": 5},
        {"calibration": {"words>picture": 1}},
        {"name": None},
    ],
)
def test_a_card_that_makes_no_sense_is_refused(pictures_only: Path, changes: dict[str, object]) -> None:
    card_of(pictures_only, **changes)
    with pytest.raises(EncoderError) as caught:
        open_folder(pictures_only, check=False)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["", "[]", "{", "\x00", "null"])
def test_a_card_that_is_none_is_refused(pictures_only: Path, text: str) -> None:
    (pictures_only / "card.json").write_text(text)
    with pytest.raises(EncoderError):
        open_folder(pictures_only)
    with pytest.raises(EncoderError):
        read_folder_card(pictures_only)


def test_towers_that_are_not_what_the_card_says_are_told_apart_from_damage(pictures_only: Path) -> None:
    card_of(pictures_only, dimension=13)
    with pytest.raises(EncoderError, match=r"\[1, 12\], not \[1, 13\]"):
        open_folder(pictures_only).encode_pictures(scenes(1))
    said = json.loads((pictures_only / "card.json").read_text())
    said["preprocessing"]["tensors"]["pixels"] = "nothing"
    card_of(pictures_only, preprocessing=said["preprocessing"])
    with pytest.raises(EncoderError, match="tower fails"):
        open_folder(pictures_only).encode_pictures(scenes(1))


def test_numbers_that_are_none_never_leave(pictures_only: Path) -> None:
    said = json.loads((pictures_only / "card.json").read_text())
    said["preprocessing"]["picture"]["std"] = [1e-45, 1.0, 1.0]  # 0.0 in fp32: the pixels become infinite
    card_of(pictures_only, preprocessing=said["preprocessing"])
    with np.errstate(all="ignore"), pytest.raises(EncoderError, match="NaN"):
        open_folder(pictures_only).encode_pictures(scenes(1))


def test_garbage_with_the_right_hash_is_still_refused(pictures_only: Path) -> None:
    (pictures_only / "image.onnx").write_bytes(b"not a model")
    card_of(pictures_only)
    with pytest.raises(EncoderError, match="damaged"):
        open_folder(pictures_only)


def test_no_folder_at_all(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"card\.json is missing"):
        open_folder(tmp_path / "nowhere")
