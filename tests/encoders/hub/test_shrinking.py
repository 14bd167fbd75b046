"""Hub models made smaller: their heads and hidden units are found in what the exporter writes, and really go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shoplens.encoders import parity
from shoplens.encoders.calibrating import Sample
from shoplens.encoders.opening import load_hub, open_encoder
from tests.encoders.hub.conftest import Saved
from tests.encoders.hub.kinds import KINDS
from tests.encoders.hub.models import WORDS, scenes
from tests.suites import encoder as suite

pytestmark = pytest.mark.train
OURS = scenes(80, seed=3, sides=(40, 90))
SAMPLE = Sample(OURS, [f"{text} {n}" for n in range(4) for text in WORDS])
TRANSFORMERS = ["clip", "chinese_clip", "siglip2", "open_clip", "timm_vit"]


@pytest.mark.parametrize("kind", [*TRANSFORMERS, "timm_resnet"])
def test_a_hub_model_is_pruned(saved: Saved, tmp_path: Path, kind: str) -> None:
    """Random towers say nothing twice, so much is lost; that the cut is right is held inside (`pruning`)."""
    folder = saved(kind)  # skips where the library is missing
    from shoplens.encoders import exporting
    from shoplens.encoders.shrinking.folders import shrink

    whole = exporting.export(load_hub(KINDS[kind].name(folder)), tmp_path / "fp32", sample=SAMPLE)
    made: dict[float, Any] = {
        share: shrink(whole.folder, tmp_path / f"p{share}", precision="fp32", pruned=share, sample=SAMPLE, least=0.0)
        for share in (0.25, 0.5)
    }
    towers = ["image.onnx", "text.onnx"] if KINDS[kind].words else ["image.onnx"]
    for share, report in made.items():
        assert list(report.towers) == towers
        for name in towers:
            units = report.towers[name]["units"]
            assert all(stay < was for stay, was in units)
            if kind in TRANSFORMERS and share == 0.5 and kind not in ("open_clip", "timm_vit"):
                assert [1, 2] in units, "a head of two"
            size = [(place / name).stat().st_size for place in (report.folder, whole.folder)]
            assert size[0] < size[1]
        encoder = open_encoder(f"onnx:{report.folder}")
        suite.check(encoder, scenes(20))
        assert encoder.card.space != whole.card.space
        assert "picture>picture" in encoder.card.calibration
    assert made[0.25].recall["picture"] > 0.15  # chance is 10 of 79
    assert made[0.25].recall["picture"] >= made[0.5].recall["picture"] - 0.05


def test_pruned_and_in_int8(saved: Saved, tmp_path: Path) -> None:
    from shoplens.encoders import exporting
    from shoplens.encoders.shrinking.folders import shrink

    whole = exporting.export(load_hub(KINDS["clip"].name(saved("clip"))), tmp_path / "fp32", sample=SAMPLE)
    report = shrink(whole.folder, tmp_path / "small", precision="int8", pruned=0.25, sample=SAMPLE, least=0.0)
    assert report.bytes[0] < 0.8 * report.bytes[1]  # of towers so small the graph's own names are most
    encoder = open_encoder(f"onnx:{report.folder}")
    suite.check(encoder, scenes(20))
    assert encoder.card.preprocessing["alone"] == ["picture", "words"]
    rows = encoder.encode_pictures(OURS[:20])
    assert np.abs(np.linalg.norm(rows, axis=1) - 1).max() < 1e-5
    assert 0 < parity.recall(open_encoder(f"onnx:{whole.folder}").encode_pictures(OURS[:20]), rows) <= 1
