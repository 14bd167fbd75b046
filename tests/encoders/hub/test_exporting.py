"""Exports: the same encoder as the original or none at all, and served by a process that could not import torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shoplens.core.spaces import Vectors, unit
from shoplens.encoders import calibrating, parity
from shoplens.encoders.calibrating import Sample
from shoplens.encoders.onnx_dual import sha256
from shoplens.encoders.opening import load_hub, open_encoder
from shoplens.errors import EncoderError, MissingExtraError
from tests.encoders.hub.conftest import Saved
from tests.encoders.hub.kinds import KINDS
from tests.encoders.hub.models import WORDS, scenes
from tests.suites import encoder as suite

pytestmark = pytest.mark.train
OURS = scenes(60, seed=3, sides=(40, 90))
"""The pictures of a shop, on which int8 is judged."""
SAMPLE = Sample(OURS, [f"{text} {n}" for n in range(4) for text in WORDS], list(range(60)), list(range(4 * len(WORDS))))
Exported = Callable[[str, str], Any]


@pytest.fixture(scope="module")
def exported(saved: Saved, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The report of an export of a kind in a precision; made once."""
    base, done = tmp_path_factory.mktemp("exported"), {}

    def of(kind: str, precision: Any) -> Any:
        folder = saved(kind)  # skips where the library is missing
        from shoplens.encoders import exporting

        if (kind, precision) not in done:
            out = base / f"{kind}-{precision}"
            model = load_hub(KINDS[kind].name(folder))
            done[kind, precision] = exporting.export(model, out, precision=precision, sample=SAMPLE)
        return done[kind, precision]

    return of


@pytest.mark.parametrize("kind", list(KINDS))
def test_an_export_is_the_original(saved: Saved, exported: Exported, kind: str) -> None:
    """Held here anew, on pictures and texts that the gate has not seen."""
    report = exported(kind, "fp32")
    original, served = open_encoder(KINDS[kind].name(saved(kind))), open_encoder(f"onnx:{report.folder}")
    suite.check(served, scenes(20))
    assert served.card.space == original.card.space, "a shop indexed with one is served by the other"
    pictures = scenes(12, seed=9)
    assert least_cosine(original.encode_pictures(pictures), served.encode_pictures(pictures)) >= parity.LEAST_COSINE
    assert report.parity["pictures"]["cosine"] >= parity.LEAST_COSINE
    if KINDS[kind].words:
        texts = ["Bright RED dress (size 38)", "蓝色 手提包", "a-b_c", ""]
        assert least_cosine(original.encode_words(texts), served.encode_words(texts)) >= parity.LEAST_COSINE
        assert report.parity["words"]["count"] == len(parity.SAMPLE_TEXTS) + len(SAMPLE.texts)
    assert set(report.parity) == ({"pictures", "words"} if KINDS[kind].words else {"pictures"})


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_card_of_an_export_holds_every_hash(saved: Saved, exported: Exported, kind: str) -> None:
    folder = exported(kind, "fp32").folder
    said = json.loads((folder / "card.json").read_text("utf-8"))
    assert said["files"] == {p.name: sha256(p) for p in folder.iterdir() if p.name != "card.json"}
    weights = KINDS[kind].weights
    assert said["metrics"]["original"][weights] == sha256(saved(kind) / weights)
    assert said["metrics"]["parity"]["pictures"]["cosine"] >= parity.LEAST_COSINE
    assert "picture>picture" in said["calibration"]


@pytest.mark.parametrize("kind", ["clip", "siglip2", "open_clip", "timm_resnet"])
def test_halves_keep_the_space_and_half_the_bytes(exported: Exported, kind: str) -> None:
    whole, half = exported(kind, "fp32"), exported(kind, "fp16")
    assert half.card.space == whole.card.space
    assert (half.folder / "image.onnx").stat().st_size < 0.85 * (whole.folder / "image.onnx").stat().st_size
    assert min(found["cosine"] for found in half.smaller.values()) >= parity.LEAST_COSINE


@pytest.mark.parametrize("kind", ["clip", "siglip2", "open_clip", "timm_resnet", "timm_vit"])
def test_int8_is_a_space_of_its_own_and_finds_the_same_neighbours(exported: Exported, kind: str) -> None:
    whole, small = exported(kind, "fp32"), exported(kind, "int8")
    assert small.card.revision == f"{whole.card.revision}-int8"
    encoder = open_encoder(f"onnx:{small.folder}")
    suite.check(encoder, scenes(20))  # whatever the company: steps of 8 bits that follow a batch would show here
    wanted = open_encoder(f"onnx:{whole.folder}").encode_pictures(OURS)
    found = parity.recall(wanted, encoder.encode_pictures(OURS))
    assert found == pytest.approx(small.recall, abs=0.02)
    assert found >= parity.LEAST_RECALL
    assert small.card.metrics["recall@10 against fp32"] == pytest.approx(small.recall, abs=1e-4)


def test_another_preparation_is_not_the_same_encoder(saved: Saved, tmp_path: Path) -> None:
    """What the gate is for: a crop that is rounded otherwise, a mean that is not the model's."""
    from shoplens.encoders import exporting

    model = load_hub(KINDS["clip"].name(saved("clip")))
    for steps in (
        replace(model.steps, resize="squash"),
        replace(model.steps, mean=(0.0, 0.0, 0.0)),
        replace(model.steps, filter="nearest"),
    ):
        with pytest.raises(EncoderError, match="not the same encoder") as caught:
            exporting.export(replace(model, steps=steps), tmp_path / "out")
        assert caught.value.where == "pictures"
    assert model.words is not None
    cut = replace(model.words, steps=replace(model.words.steps, clean="canonicalize"))
    with pytest.raises((EncoderError, MissingExtraError), match=r"not the same encoder|optional part"):
        exporting.export(replace(model, words=cut), tmp_path / "out")
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


def test_int8_that_loses_neighbours_is_refused(saved: Saved, tmp_path: Path) -> None:
    """One weight of each matrix a thousand times the others: the step of 8 bits is then wider than all of them."""
    import torch

    from shoplens.encoders import exporting

    model = load_hub(KINDS["clip"].name(saved("clip")))
    with torch.no_grad():
        for name, weight in model.picture.named_parameters():
            if "vision" in name and name.endswith("fc1.weight"):
                weight[0, 0] = 1000 * weight.abs().max()
    with pytest.raises(EncoderError, match="int8 loses too much") as caught:
        exporting.export(model, tmp_path / "out", precision="int8", sample=SAMPLE)
    assert "fp16" in str(caught.value.hint)
    assert list(tmp_path.iterdir()) == []


def test_int8_is_not_judged_by_a_handful(saved: Saved, tmp_path: Path) -> None:
    from shoplens.encoders import exporting

    model = load_hub(KINDS["clip"].name(saved("clip")))
    with pytest.raises(EncoderError, match=f"at least {parity.LEAST_PICTURES} pictures"):
        exporting.export(model, tmp_path / "out", precision="int8", sample=Sample(OURS[: parity.LEAST_PICTURES - 1]))


def test_what_is_there_is_not_written_over(saved: Saved, tmp_path: Path) -> None:
    from shoplens.encoders import exporting

    (tmp_path / "mine.txt").write_text("mine")
    model = load_hub(KINDS["clip"].name(saved("clip")))
    with pytest.raises(EncoderError, match="something here already"):
        exporting.export(model, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("kind", "precision"),
    [*((kind, "fp32") for kind in KINDS), ("clip", "fp16"), ("clip", "int8"), ("timm_resnet", "int8")],
)
def test_a_shop_is_indexed_and_searched_where_torch_cannot_be_imported(
    exported: Exported, tmp_path: Path, kind: str, precision: str
) -> None:
    report = exported(kind, precision)
    pictures = scenes(4, seed=11)
    (tmp_path / "photos").mkdir()
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(tmp_path / "photos" / f"{number}.png")
    rows = [{"id": f"P{n}", "title": WORDS[n], "images": [f"{n}.png"]} for n in range(4)]
    (tmp_path / "feed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (tmp_path / "shoplens.toml").write_text(f'encoder = "onnx:{report.folder}"\n', "utf-8")
    script = textwrap.dedent(
        """
        import importlib.abc, json, sys

        KEPT_OUT = {"torch", "torchvision", "transformers", "open_clip", "timm", "onnx", "safetensors"}

        class KeepOut(importlib.abc.MetaPathFinder):
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] in KEPT_OUT:
                    raise ImportError(f"{name} must not be imported")

        sys.meta_path.insert(0, KeepOut())
        try:
            import torch
        except ImportError:
            from shoplens import open_shop
        else:
            raise SystemExit("torch can be imported: this proves nothing")
        with open_shop("shop", create=True, pictures={"workers": 1}) as shop:
            shop.index("feed.jsonl", pictures="photos")
            card = shop.encoder.card
            by_photo = shop.search(photos="photos/2.png")
            found = {"space": str(card.space), "best": by_photo.hits[0].product.id,
                     "score": by_photo.hits[0].reasons[0].score, "degraded": by_photo.degraded}
            if "words" in card.modalities:
                found["words"] = shop.encoder.encode_words(["red dress"])[0].tolist()
                found["degraded"] += shop.search("red dress").degraded
        found["loaded"] = sorted(KEPT_OUT & {name.partition(".")[0] for name in sys.modules})
        print(json.dumps(found))
        """
    )
    paths = os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, filter(None, sys.path)))}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=paths,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["space"], found["best"], found["loaded"]) == (str(report.card.space), "P2", [])
    assert found["score"] == pytest.approx(1, abs=0.01)
    assert found["degraded"] == []
    if KINDS[kind].words:
        here = open_encoder(f"onnx:{report.folder}").encode_words(["red dress"])[0]
        assert np.asarray(found["words"], np.float32) == pytest.approx(here, abs=1e-6)


def test_recall_is_the_formula() -> None:
    """Eleven points on a quarter circle, one step of 8 degrees apart; then two of them change places."""
    angles = np.deg2rad(8.0 * np.arange(11))
    wanted = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert parity.recall(wanted, wanted, 2) == 1.0
    moved = wanted.copy()
    moved[[0, 10]] = wanted[[10, 0]]
    # The two nearest of a point are those beside it: 0 and 10 lose both of theirs, 1 and 9 the one that moved away.
    assert parity.recall(wanted, moved, 2) == pytest.approx(1 - (2 * 2 + 2 * 1) / (11 * 2))


def test_likeness_sees_what_a_narrow_space_hides() -> None:
    """All rows close to one direction: another order of them keeps cosines of 0.99 and loses everything."""
    generator = np.random.default_rng(0)
    rows = unit(np.array([20.0, *[0.0] * 15], np.float32) + generator.normal(size=(40, 16)).astype(np.float32) * 0.4)
    found = parity.likeness(rows, rows[::-1])
    assert found.cosine > 0.98
    assert found.centred < 0.5
    with pytest.raises(EncoderError, match="not the same encoder"):
        parity.gate("pictures", replace(found, cosine=1.0), "")
    parity.gate("pictures", parity.likeness(rows, rows), "")


def test_a_calibration_lies_between_chance_and_what_belongs_together() -> None:
    generator = np.random.default_rng(1)
    same = np.eye(60, dtype=np.bool_)
    cosines = np.where(same, 0.5, 0.1) + generator.normal(size=same.shape) * 0.05
    found = calibrating.from_cosines(cosines.astype(np.float32), same)
    assert found.floor == pytest.approx(0.1 + 2 * 0.05, abs=0.01)
    assert found.probability(found.floor) == pytest.approx(0.5, abs=1e-3)
    assert found.probability(0.5) > 0.99
    assert found.probability(0.0) < 0.01


def test_the_floor_is_never_above_the_picture_itself() -> None:
    """A narrow space with a long tail: chance at 0.8, two spreads above it lie beyond 1."""
    generator = np.random.default_rng(2)
    cosines = np.clip(0.8 + generator.normal(size=(60, 60)) * 0.3, -1, 1).astype(np.float32)
    own = np.eye(60, dtype=np.bool_)
    found = calibrating.from_cosines(cosines, own, ~own)
    assert cosines[~own].mean() + 2 * cosines[~own].std() > 1
    assert found.floor < 0.95
    assert found.probability(1.0) > 0.5


def least_cosine(a: Vectors, b: Vectors) -> float:
    return float((a * b).sum(axis=1).min())
