"""Heads: what is kept is what is read; those of another space or damaged ones are not used; what ships is whole."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

import shoplens
from shoplens.attributes import Understanding, lexicon_notions
from shoplens.config import Config
from shoplens.core.spaces import Space
from shoplens.encoders.onnx_dual import DualOnnxEncoder, bundled_encoder
from shoplens.errors import EncoderError
from shoplens.understanding.colours import looks
from shoplens.understanding.heads import FILE, Head, Heads, load_heads, save_heads
from shoplens.understanding.notions import FIELDS
from tests.support import ColourEncoder

SPACE = Space("towers", "1", 4)
SHIPPED = Path(shoplens.__file__).parent / "encoders" / "bundled" / FILE


def some_heads() -> Heads:
    weights = np.random.default_rng(1).standard_normal((3, 4)).astype(np.float16).astype(np.float32)
    head = Head("colour", ("red", "blue", "navy-blue"), weights, np.asarray([0.1, -0.2, 0.0], np.float32))
    return Heads(SPACE, {"colour": head}, {"colour": 0.75})


def test_probabilities_are_the_softmax_of_a_linear_map() -> None:
    head = some_heads().heads["colour"]
    vectors = np.random.default_rng(2).standard_normal((5, 4)).astype(np.float32)
    raised = np.exp(vectors @ head.weights.T + head.bias)
    assert head.probabilities(vectors) == pytest.approx(raised / raised.sum(axis=1, keepdims=True), abs=1e-6)


def test_what_is_kept_is_what_is_read(tmp_path: Path) -> None:
    made = some_heads()
    save_heads(tmp_path / FILE, made)
    read = load_heads(tmp_path / FILE, SPACE, hashlib.sha256((tmp_path / FILE).read_bytes()).hexdigest())
    assert read is not None
    assert (read.space, read.limits, read.calibrated) == (made.space, made.limits, True)
    assert read.heads["colour"].keys == made.heads["colour"].keys
    assert np.array_equal(read.heads["colour"].weights, made.heads["colour"].weights)
    save_heads(tmp_path / "again.npz", made)
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / FILE).read_bytes()


def test_heads_of_another_space_are_not_used(tmp_path: Path) -> None:
    save_heads(tmp_path / FILE, some_heads())
    assert load_heads(tmp_path / FILE, Space("towers", "2", 4)) is None
    assert load_heads(tmp_path / "nothing.npz", SPACE) is None
    assert Understanding(ColourEncoder()).heads() is None


def test_an_encoder_in_a_folder_has_the_heads_that_lie_beside_it(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED.parent, tmp_path / "own")
    encoder = DualOnnxEncoder(tmp_path / "own")
    own = Understanding(encoder, f"onnx:{tmp_path / 'own'}")
    assert own.heads() is not None
    (tmp_path / "own" / FILE).unlink()
    assert Understanding(encoder, str(tmp_path / "own")).heads() is None
    assert Understanding(encoder, "transformers:of/some-hub").heads() is None


def test_damaged_heads_are_refused_by_name(tmp_path: Path) -> None:
    save_heads(tmp_path / FILE, some_heads())
    with pytest.raises(EncoderError, match="SHA-256"):
        load_heads(tmp_path / FILE, SPACE, "0" * 64)
    assert load_heads(tmp_path / FILE, Space("other", "1", 4), "0" * 64) is None
    whole = (tmp_path / FILE).read_bytes()
    entry = whole.index(b"PK\x01\x02")  # of the first member: flags at 8, method of compression at 10
    flagged = [whole[: entry + at] + bytes([value]) + whole[entry + at + 1 :] for at, value in ((8, 1), (10, 99))]
    for damaged in (b"", b"no zip", whole[: len(whole) // 2], *flagged):
        (tmp_path / FILE).write_bytes(damaged)
        with pytest.raises(EncoderError, match="damaged"):
            load_heads(tmp_path / FILE, SPACE)
    save_heads(tmp_path / FILE, Heads(Space("towers", "1", 5), some_heads().heads, {}))
    with pytest.raises(EncoderError, match="weights"):
        load_heads(tmp_path / FILE, Space("towers", "1", 5))


def test_doctor_tells_of_damaged_heads_and_of_all_else(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED.parent, tmp_path / "own")
    (tmp_path / "feed.jsonl").write_text('{"id": "1", "title": "Red bag"}\n', "utf-8")
    config = Config.load(tmp_path / "shop", encoder=f"onnx:{tmp_path / 'own'}")
    with shoplens.open_shop(config, create=True) as shop:
        shop.index(tmp_path / "feed.jsonl")
    (tmp_path / "own" / FILE).write_bytes(b"no zip")
    with shoplens.open_shop(config) as shop:
        found = shop.doctor()
    assert [f.level for f in found if f.code == "heads_damaged"] == ["error"]
    assert len(found) > 1


def test_the_heads_that_ship_belong_to_the_encoder_that_ships() -> None:
    encoder = bundled_encoder()
    assert encoder.card.files[FILE] == hashlib.sha256(SHIPPED.read_bytes()).hexdigest()
    assert SHIPPED.stat().st_size < 300_000
    heads = Understanding(encoder).heads()
    assert heads is not None
    assert heads.space == encoder.card.space
    assert set(heads.heads) == set(FIELDS)
    assert {*FIELDS, "basic", "contradiction", "trace", "alone"} == set(heads.limits)
    assert "heads" in encoder.card.metrics


def test_every_class_has_a_name_in_both_languages() -> None:
    heads = Understanding(bundled_encoder()).heads()
    assert heads is not None
    named = lexicon_notions().by_key
    for name, head in heads.heads.items():
        for key in head.keys:
            notion = next(named[facet, key] for facet in sorted(FIELDS[name][1], reverse=True) if (facet, key) in named)
            assert notion.english, key
            assert notion.chinese, key
            assert name != "colour" or looks(key), key
