"""Folders of smaller towers: written whole or not at all, signed, served, held against what they were made from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="draws ONNX graphs with the package onnx (extra `onnx`)")
pytest.importorskip("tokenizers", reason="reads words with the package tokenizers (extra `tokenizers`)")

import shoplens.encoders  # noqa: E402
from shoplens.core.spaces import Calibration, unit  # noqa: E402
from shoplens.encoders.calibrating import Sample  # noqa: E402
from shoplens.encoders.onnx_folder import open_folder  # noqa: E402
from shoplens.encoders.shrinking import feeds, likeness  # noqa: E402
from shoplens.encoders.shrinking.folders import shrink  # noqa: E402
from shoplens.encoders.shrinking.graphs import session, weights_of  # noqa: E402
from shoplens.encoders.shrinking.lean8 import lean8  # noqa: E402
from shoplens.encoders.shrinking.plain import plain  # noqa: E402
from shoplens.errors import EncoderError  # noqa: E402
from tests.encoders.shrinking.towers import folder, pictures, residual, transformer  # noqa: E402
from tests.suites import encoder as suite  # noqa: E402

BUNDLED = Path(shoplens.encoders.__file__).parent / "bundled"
TITLES = [f"{colour} {kind}" for colour in ("red", "black", "blue", "green") for kind in ("dress", "shoe", "watch")]
SAMPLE = Sample(pictures(160), TITLES)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("drawn") / "fp32", image=residual(), text=transformer(pieces=60))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures only."""
    return folder(tmp_path_factory.mktemp("seen") / "fp32", image=residual(3))


@pytest.fixture(scope="module")
def small(drawn: Path) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feeds, "_WORDS", 150)  # of the lexicon: a tower so small needs no more
        return shrink(drawn, drawn.parent / "small", precision="int8", pruned=0.25, sample=SAMPLE, least=0.3)


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    return {name: value.shape for name, value in weights_of(plain(onnx.load(str(path)))).items()}


def test_the_graphs_are_smaller(drawn: Path, small: Any) -> None:
    # What quantises folds names; the shapes of convolutions tell: 16 of width and 32 inside, less a quarter.
    graph = onnx.load(str(small.folder / "image.onnx"))
    sizes = sorted(tuple(t.dims) for t in graph.graph.initializer if len(t.dims) == 4)
    assert sizes == sorted(
        [(12, 3, 3, 3), (24, 12, 3, 3), (12, 24, 3, 3), (24, 12, 3, 3), (24, 1, 3, 3), (12, 24, 3, 3)]
    )
    assert small.bytes[0] < 0.6 * small.bytes[1]
    assert small.towers["image.onnx"]["units"] == [[12, 16], [24, 32], [24, 32]]
    assert small.towers["text.onnx"]["units"] == [[2, 3], [48, 64]]


def test_the_card_tells_what_was_done(drawn: Path, small: Any) -> None:
    card = open_folder(small.folder).card
    assert card.revision.startswith("1-p25-int8-")
    assert card.space != open_folder(drawn).card.space, "another space: a shop's index must be built anew"
    told = card.metrics["made smaller"]
    assert (told["from"], told["precision"], told["pruned"]) == ("drawn@1/12", "int8", 0.25)
    assert card.metrics["recall@10 against the original"]["picture"] == pytest.approx(small.recall["picture"], abs=1e-4)
    assert "made from drawn@1/12: int8; image.onnx without" in card.notes
    assert set(card.files) == {"image.onnx", "text.onnx", "tokenizer.json"}
    assert card.preprocessing["alone"] == ["words"], "dynamic int8 runs row by row"


def test_it_serves(small: Any) -> None:
    suite.check(open_folder(small.folder), pictures(20, seed=9, side=30))


def test_recall_is_that_of_pictures_that_mended_nothing(drawn: Path, small: Any) -> None:
    before, after = (open_folder(path).encode_pictures(SAMPLE.pictures) for path in (drawn, small.folder))
    found = []
    for row in range(0, len(before), likeness.HELD):
        tens = []
        for vectors in (before, after):
            score = vectors @ vectors[row]
            score[row] = -9
            tens.append(set(np.argsort(-score, kind="stable")[:10].tolist()))
        found.append(len(tens[0] & tens[1]) / 10)
    assert small.recall["picture"] == pytest.approx(np.mean(found), abs=0.01)


def test_int8_alone_is_close_to_fp32(drawn: Path, tmp_path: Path) -> None:
    """7 bits of weights and 8 of activations: half a step is 0.8 % and 0.2 % of the largest, over six layers."""
    report = shrink(drawn, tmp_path / "int8", precision="int8", sample=SAMPLE, least=0.5)
    whole, less = open_folder(drawn), open_folder(report.folder)
    cosines = (whole.encode_pictures(SAMPLE.pictures) * less.encode_pictures(SAMPLE.pictures)).sum(1)
    assert cosines.min() > 0.995
    assert (whole.encode_words(TITLES) * less.encode_words(TITLES)).sum(1).min() > 0.99
    assert report.card.revision.startswith("1-int8-")
    assert not report.towers


def test_halves_are_the_same_space(drawn: Path, tmp_path: Path) -> None:
    report = shrink(drawn, tmp_path / "fp16", precision="fp16", sample=SAMPLE)
    assert report.card.space == open_folder(drawn).card.space
    assert report.recall["picture"] > 0.98


def test_the_same_sample_makes_the_same_encoder(seen: Path, tmp_path: Path) -> None:
    one, two = (
        shrink(seen, tmp_path / name, precision="fp32", pruned=0.25, sample=SAMPLE, least=0.3) for name in ("1", "2")
    )
    assert one.card.files == two.card.files
    assert one.card.revision == two.card.revision
    other = Sample(pictures(160, seed=6))
    three = shrink(seen, tmp_path / "3", precision="fp32", pruned=0.25, sample=other, least=0.3)
    assert three.card.revision != one.card.revision, "other pictures make another encoder, and another space"


@pytest.mark.parametrize(
    ("wish", "message", "hint"),
    [
        ({"precision": "int8", "pruned": 0.95}, "a share of 0.95 cannot be pruned", "0 to 0.9"),
        ({"precision": "int8", "pruned": -0.1}, "a share of -0.1 cannot be pruned", "0 to 0.9"),
        ({"precision": "fp32"}, "nothing would become smaller", "--prune"),
        ({"precision": "int8", "least": 1.01}, "loses too much", "--precision fp16; or accept it: --least-recall"),
    ],
)
def test_refusals(seen: Path, tmp_path: Path, wish: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(EncoderError, match=message) as caught:
        shrink(seen, tmp_path / "out", sample=SAMPLE, **wish)
    assert hint in str(caught.value.hint)
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


def test_a_handful_of_pictures_judges_nothing(drawn: Path, tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="at least 50 pictures, here are 49"):
        shrink(drawn, tmp_path / "out", precision="int8", sample=Sample(pictures(49)))


def test_int8_is_not_made_of_int8(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="in int8 already") as caught:
        shrink(BUNDLED, tmp_path / "out", precision="int8", sample=SAMPLE)
    assert "--prune" in str(caught.value.hint)


def test_dynamic_int8_of_a_hub_tower_is_not_undone(small: Any, tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="int8 already, in a way that cannot be undone") as caught:
        shrink(small.folder, tmp_path / "out", precision="int8", pruned=0.2, sample=SAMPLE)
    assert "export the original" in str(caught.value.hint)


def test_calibration_is_carried_over() -> None:
    """Cosines that are half of the old ones plus a tenth mean what the old ones meant."""
    rng = np.random.default_rng(0)
    old = unit(rng.normal(size=(40, 8)))
    known = {"picture>picture": Calibration(10.0, -4.0, 0.3)}

    class Moved(likeness.Look):
        """Vectors that are not units: their products are the cosines that they stand for."""

    share = np.concatenate([old * np.sqrt(0.5), np.full((40, 1), np.sqrt(0.1))], axis=1).astype(np.float32)
    before, after = likeness.Look(old, old[:0]), Moved(share, share[:0])
    found = likeness.carried(known, before, after)["picture>picture"]
    for cosine in (-0.2, 0.3, 0.8):
        moved = 0.5 * cosine + 0.1
        assert found.probability(moved) == pytest.approx(known["picture>picture"].probability(cosine), abs=1e-3)
    assert found.floor == pytest.approx(0.5 * 0.3 + 0.1, abs=1e-3)


def test_the_bundled_text_tower_comes_back_to_the_bit() -> None:
    """int8 as numbers, and the numbers as int8: the same weights, and the same answers."""
    shipped = onnx.load(str(BUNDLED / "text.onnx"))
    again = lean8(plain(shipped))
    whole = [
        sorted(v.tobytes() for v in weights_of(m).values() if v.dtype in (np.int8, np.uint8)) for m in (shipped, again)
    ]
    assert whole[0] == whole[1]
    rng = np.random.default_rng(0)
    feed = {"ids": rng.integers(2, 9000, (8, 6)), "mask": np.ones((8, 6), np.int64)}
    vectors = [session(model).run(["embedding"], feed)[0] for model in (shipped, again, plain(shipped))]
    np.testing.assert_allclose(vectors[1], vectors[0], atol=2e-3)
    assert (vectors[2] * vectors[0]).sum(1).min() > 0.999


@pytest.mark.slow
def test_the_bundled_encoder_a_quarter_smaller(tmp_path: Path) -> None:
    """On the demo shop's pictures; a minute. Figures on real photos: benchmarks/smaller.py."""
    from shoplens.cli import samples

    report = shrink(BUNDLED, tmp_path / "p25", precision="int8", pruned=0.25, sample=samples.of_demo(96))
    assert report.recall["picture"] > 0.75
    assert report.recall["words"] > 0.8
    assert report.towers["image.onnx"]["weights"] > 0.33
    assert report.towers["text.onnx"]["units"] == [[3, 4], [768, 1024]] * 4
    encoder = open_folder(report.folder)
    suite.check(encoder, pictures(20, seed=9, side=30))
    assert json.loads((report.folder / "card.json").read_text())["preprocessing"]["details"] == [192, 256]
