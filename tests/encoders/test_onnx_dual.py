"""The encoder that ships: unit vectors, patches that average to it, the same answer in any company, honest refusals."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import shoplens.encoders
from shoplens.core.ports import Encoder
from shoplens.core.spaces import unit
from shoplens.encoders.onnx_dual import DualOnnxEncoder, bundled_encoder, sha256
from shoplens.errors import EncoderError
from tests.encoders.test_preprocess import scene

FOLDER = Path(shoplens.encoders.__file__).parent / "bundled"
FILES = ("image.onnx", "text.onnx", "tokenizer.json", "means.npz")


@pytest.fixture(scope="module")
def encoder() -> DualOnnxEncoder:
    return bundled_encoder()


def garments(count: int, seed: int = 0) -> list[np.ndarray]:
    """Coloured boxes of many sizes and shapes on white."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        height, width = rng.integers(60, 260, 2)
        picture = np.full((height, width, 3), 255, np.uint8)
        picture[height // 5 : -height // 5, width // 5 : -width // 5] = rng.integers(0, 256, 3)
        found.append(picture)
    return found


def test_it_is_an_encoder(encoder: DualOnnxEncoder) -> None:
    assert isinstance(encoder, Encoder)
    assert encoder.card.dimension == 256
    assert encoder.card.languages == ("en", "zh")
    assert encoder.card.space.name == "shoplens-bundled"


def test_vectors_have_unit_length(encoder: DualOnnxEncoder) -> None:
    pictures = encoder.encode_pictures([*garments(5), scene(1, 1), scene(2, 900)])
    words = encoder.encode_words(["red dress", "红色连衣裙", "", " ", "🙂", "x" * 5000, "龘龘"])
    for vectors in (pictures, words):
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-4)


def test_nothing_in_nothing_out(encoder: DualOnnxEncoder) -> None:
    assert encoder.encode_pictures([]).shape == (0, 256)
    assert encoder.encode_words([]).shape == (0, 256)
    vectors, maps = encoder.encode_patches([])
    assert vectors.shape == (0, 256)
    assert maps.shape[0] == 0
    assert maps.shape[1:] == encoder.encode_patches(garments(1))[1].shape[1:]


def test_similarity_is_the_mean_over_patches(encoder: DualOnnxEncoder) -> None:
    # sim(z, t) = z . t / |z| with z = mean of patches, so it is the mean of (patch . t) / |z|.
    vectors, maps = encoder.encode_patches(garments(7))
    words = encoder.encode_words(["red dress", "手提包", "a watch"])
    mean = maps.mean(axis=(1, 2))
    norm = np.linalg.norm(mean, axis=1)
    by_patch = (maps @ words.T).mean(axis=(1, 2)) / norm[:, None]
    assert by_patch == pytest.approx(vectors @ words.T, abs=1e-4)
    assert vectors == pytest.approx(unit(mean), abs=1e-4)
    assert vectors == pytest.approx(encoder.encode_pictures(garments(7)), abs=1e-5)


def test_company_does_not_matter(encoder: DualOnnxEncoder) -> None:
    pictures = garments(19)
    together = encoder.encode_pictures(pictures)
    alone = np.concatenate([encoder.encode_pictures([p]) for p in pictures])
    assert (together * alone).sum(axis=1).min() > 0.9999
    texts = ["dress", "black leather handbag", "男士黑色运动鞋", "a", "red 连衣裙 for women in summer"] * 20
    together = encoder.encode_words(texts)
    alone = np.concatenate([encoder.encode_words([t]) for t in texts[:5]])
    # The text tower quantises activations by the batch it sees, so equal to rounding, not to the bit.
    assert (together[:5] * alone).sum(axis=1).min() > 0.995
    assert (together[5:10] * together[:5]).sum(axis=1).min() > 0.9999


def test_the_same_call_gives_the_same_bits(encoder: DualOnnxEncoder) -> None:
    pictures, texts = garments(3), ["blue jeans", "蓝色牛仔裤"]
    again = bundled_encoder(threads=2)
    assert np.array_equal(encoder.encode_pictures(pictures), encoder.encode_pictures(pictures))
    assert np.array_equal(encoder.encode_words(texts), encoder.encode_words(texts))
    assert (again.encode_pictures(pictures) * encoder.encode_pictures(pictures)).sum(axis=1).min() > 0.9999


def test_writing_does_not_matter(encoder: DualOnnxEncoder) -> None:
    # NFKC and lower case: full-width letters, capitals and double spaces are the same words.
    same = encoder.encode_words(["red t-shirt", "RED T-Shirt", "ｒｅｄ　ｔ-ｓｈｉｒｔ", " red  t-shirt "])
    assert (same @ same[0]).min() > 0.9999


def test_both_languages_say_the_same(encoder: DualOnnxEncoder) -> None:
    english = ["black handbag", "white shirt", "blue jeans", "sunglasses", "red dress", "brown leather belt", "watch"]
    chinese = ["黑色手提包", "白色衬衫", "蓝色牛仔裤", "太阳镜", "红色连衣裙", "棕色皮带", "手表"]
    scores = encoder.encode_words(english) @ encoder.encode_words(chinese).T
    assert (scores.argmax(axis=1) == np.arange(len(english))).all()
    assert (scores.argmax(axis=0) == np.arange(len(english))).all()


def test_mixed_languages_and_synonyms(encoder: DualOnnxEncoder) -> None:
    asked = encoder.encode_words(["red 连衣裙", "黑色 handbag", "black purse", "黑色手袋"])
    right = encoder.encode_words(["red dress", "black handbag", "black handbag", "black handbag"])
    wrong = encoder.encode_words(["blue shoes", "white watch", "white watch", "white watch"])
    assert ((asked * right).sum(axis=1) > (asked * wrong).sum(axis=1) + 0.2).all()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("handbga", "handbag"),
        ("sunglases", "sunglasses"),
        ("blck shoes", "black shoes"),
        ("wallte", "wallet"),
        ("swaeter", "sweater"),
    ],
)
def test_typos_stay_near(encoder: DualOnnxEncoder, typed: str, meant: str) -> None:
    near, *far = encoder.encode_words([meant, "green umbrella", "socks", "perfume"]) @ encoder.encode_words([typed])[0]
    assert near > max(far)


def test_long_texts_are_cut_at_the_token_that_the_card_names(encoder: DualOnnxEncoder) -> None:
    longest = int(encoder.card.preprocessing["longest_text"])
    whole = encoder.encode_words(["包" * longest, "包" * (longest + 50)])
    assert whole[0] @ whole[1] > 0.9999


def test_the_card_is_whole(encoder: DualOnnxEncoder) -> None:
    card = encoder.card
    assert set(card.files) == {*FILES, "heads.npz"}
    assert card.licence == "Apache-2.0"
    assert all(row["source"] and row["licence"] for row in card.data)
    assert {"fashion test", "grocery unseen", "clothing dev", "magento dev"} <= set(card.metrics)
    for modality in ("picture", "words"):
        assert 0.05 < float(np.linalg.norm(card.mean(modality))) < 1  # type: ignore[arg-type]
    for query in ("words", "picture"):
        for row in ("words", "picture"):
            found = card.calibrate(query, row)  # type: ignore[arg-type]
            assert found.slope > 0
            assert 0 < found.probability(found.floor) < found.probability(1.0) < 1
    assert sum((FOLDER / name).stat().st_size for name in FILES) < 25e6


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    shutil.copytree(FOLDER, tmp_path / "e")
    data = bytearray((tmp_path / "e" / name).read_bytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "e" / name).write_bytes(data)
    with pytest.raises(EncoderError, match="SHA-256") as caught:
        DualOnnxEncoder(tmp_path / "e")
    assert name in str(caught.value.where)
    assert caught.value.hint


@pytest.mark.parametrize("name", [*FILES, "card.json"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    shutil.copytree(FOLDER, tmp_path / "e")
    (tmp_path / "e" / name).unlink()
    with pytest.raises(EncoderError, match="missing"):
        DualOnnxEncoder(tmp_path / "e")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"name": "x"}', '{"files": 3, "preprocessing": {"name": 1}}'])
def test_a_broken_card_is_refused(tmp_path: Path, text: str) -> None:
    shutil.copytree(FOLDER, tmp_path / "e")
    (tmp_path / "e" / "card.json").write_text(text)
    with pytest.raises(EncoderError):
        DualOnnxEncoder(tmp_path / "e")


def test_towers_of_another_preprocessing_are_refused(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "e")
    card = json.loads((tmp_path / "e" / "card.json").read_text())
    card["preprocessing"]["name"] = "centre-crop-v0"
    (tmp_path / "e" / "card.json").write_text(json.dumps(card))
    with pytest.raises(EncoderError, match="centre-crop-v0"):
        DualOnnxEncoder(tmp_path / "e")


def test_garbage_with_the_right_hash_is_still_refused(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "e")
    for name in ("image.onnx", "tokenizer.json"):
        (tmp_path / "e" / name).write_bytes(b"not a model")
        card = json.loads((tmp_path / "e" / "card.json").read_text())
        card["files"][name] = sha256(tmp_path / "e" / name)
        (tmp_path / "e" / "card.json").write_text(json.dumps(card))
    with pytest.raises(EncoderError, match="damaged"):
        DualOnnxEncoder(tmp_path / "e")


def test_threads_may_share_one_encoder(encoder: DualOnnxEncoder) -> None:
    from concurrent.futures import ThreadPoolExecutor

    texts = [f"{colour} {kind}" for colour in ("red", "blue", "黑色") for kind in ("shirt", "bag", "鞋")] * 4
    expected = [encoder.encode_words([t]) for t in texts]
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda t: encoder.encode_words([t]), texts))
    assert all(np.array_equal(a, b) for a, b in zip(expected, got, strict=True))
