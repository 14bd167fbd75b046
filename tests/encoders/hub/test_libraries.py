"""Models as their own libraries save them: each is the encoder that its library makes of it, and none is a pickle.

Covered here, where the library is installed: CLIP, Chinese-CLIP and SigLIP 2 of transformers; open_clip with its own
tokenizer and as the shop-trained models of the hub are laid out; towers of timm for pictures alone.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shoplens.core.spaces import Vectors
from shoplens.encoders import parity
from shoplens.encoders.hub_sources import PICKLES
from shoplens.encoders.onnx_dual import sha256
from shoplens.encoders.opening import load_hub, open_encoder
from shoplens.errors import EncoderError
from tests.encoders.hub.conftest import Saved
from tests.encoders.hub.kinds import KINDS, need
from tests.encoders.hub.models import scenes, timm_model
from tests.encoders.hub.test_opening import Trap
from tests.suites import encoder as suite

pytestmark = pytest.mark.train


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def least_cosine(a: Vectors, b: Vectors) -> float:
    return float((a * b).sum(axis=1).min())


def test_it_is_an_encoder(saved: Saved, kind: str) -> None:
    encoder = open_encoder(KINDS[kind].name(saved(kind)))
    suite.check(encoder, scenes(20))
    assert encoder.card.modalities == (("picture", "words") if KINDS[kind].words else ("picture",))


def test_it_is_what_its_library_makes_of_it(saved: Saved, kind: str) -> None:
    """Whole pictures of every shape and texts of every sort: our preparation against the library's own."""
    model = load_hub(KINDS[kind].name(saved(kind)))
    encoder = model.encoder()
    pictures = parity.sample_pictures(16)
    seen, read = model.reference(pictures, parity.SAMPLE_TEXTS)
    assert least_cosine(seen, encoder.encode_pictures(pictures)) > 0.9999
    assert len(np.unique(seen.round(4), axis=0)) == len(pictures)
    if KINDS[kind].words:
        assert least_cosine(read, encoder.encode_words(parity.SAMPLE_TEXTS)) > 0.9999
        assert len(np.unique(read.round(4), axis=0)) > len(parity.SAMPLE_TEXTS) // 2


def test_the_card_says_which_files_it_is(saved: Saved, kind: str) -> None:
    folder = saved(kind)
    card = open_encoder(KINDS[kind].name(folder)).card
    weights = KINDS[kind].weights
    assert card.files[weights] == sha256(folder / weights)
    assert {name for name in card.files if name.endswith(".json")} == {p.name for p in folder.glob("*.json")}
    assert card.name == folder.name
    assert card.space == open_encoder(KINDS[kind].name(folder)).card.space, "the same files are the same space"


def test_other_weights_are_another_space(saved: Saved, kind: str, tmp_path: Path) -> None:
    other = changed(saved(kind), tmp_path, KINDS[kind].weights, lambda state: {k: v * 0.5 for k, v in state.items()})
    before, after = (open_encoder(KINDS[kind].name(folder)).card for folder in (saved(kind), other))
    assert before.dimension == after.dimension
    assert before.revision != after.revision


def test_a_pickle_is_refused_by_name_and_never_read(saved: Saved, kind: str, tmp_path: Path) -> None:
    """The weights as torch.save writes them, in a file that would act when it is unpickled."""
    import torch

    folder = tmp_path / "model"
    shutil.copytree(saved(kind), folder)
    (folder / KINDS[kind].weights).unlink()
    name = {"open_clip": "open_clip_pytorch_model.bin"}.get(KINDS[kind].library, "pytorch_model.bin")
    torch.save({"trap": Trap(tmp_path / "sprung")}, folder / name)
    with pytest.raises(EncoderError, match="can run code") as caught:
        open_encoder(KINDS[kind].name(folder))
    assert name in str(caught.value)
    assert "safetensors" in str(caught.value.hint)
    assert not (tmp_path / "sprung").exists()
    torch.load(folder / name, weights_only=False)  # the trap is a real one
    assert (tmp_path / "sprung").exists()


def test_a_pickle_by_the_name_of_safetensors_is_not_read_either(saved: Saved, kind: str, tmp_path: Path) -> None:
    import torch

    folder = tmp_path / "model"
    shutil.copytree(saved(kind), folder)
    torch.save({"trap": Trap(tmp_path / "sprung")}, folder / KINDS[kind].weights)
    with pytest.raises(EncoderError, match="cannot load it"):
        open_encoder(KINDS[kind].name(folder))
    assert not (tmp_path / "sprung").exists()


def test_a_weight_that_is_missing_is_not_drawn_by_chance(saved: Saved, kind: str, tmp_path: Path) -> None:
    def without_one(state: dict[str, Any]) -> dict[str, Any]:
        heads = ("logit", "head", "fc.", "classifier")
        chosen = next(name for name in sorted(state) if state[name].ndim > 1 and not name.startswith(heads))
        return {name: value for name, value in state.items() if name != chosen}

    folder = changed(saved(kind), tmp_path, KINDS[kind].weights, without_one)
    with pytest.raises(EncoderError, match=r"(?i)missing"):
        open_encoder(KINDS[kind].name(folder))


@pytest.mark.parametrize("config", ["{", "[]", '{"model_type": "gpt2"}', '{"architecture": "none"}', "{}"])
def test_a_config_that_makes_no_sense_is_told(saved: Saved, kind: str, tmp_path: Path, config: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(saved(kind), folder)
    (folder / ("open_clip_config.json" if KINDS[kind].library == "open_clip" else "config.json")).write_text(config)
    with pytest.raises(EncoderError) as caught:
        open_encoder(KINDS[kind].name(folder))
    assert caught.value.hint


def test_a_hub_name_is_read_from_the_cache_and_pickles_beside_it_are_not(
    saved: Saved, kind: str, hub_cache: Callable[[str, Path], None]
) -> None:
    """As after a fetch: the same encoder as of the folder, under the hub's name; ``hf-hub:`` as open_clip writes it."""
    hub_cache("some-owner/some-model", saved(kind))
    here = open_encoder(KINDS[kind].name(saved(kind))).card
    names = [f"{KINDS[kind].library}:some-owner/some-model", f"{KINDS[kind].library}:some-owner/some-model@main"]
    if KINDS[kind].library == "open_clip":
        names.append("open_clip:hf-hub:some-owner/some-model")
    for name in names:
        card = open_encoder(name).card
        assert card.name == "some-model"
        assert (card.revision, card.dimension) == (here.revision, here.dimension)
        assert not [file for file in card.files if file.endswith(PICKLES)]


def test_timm_knows_where_its_own_names_are_kept(tmp_path: Path, hub_cache: Callable[[str, Path], None]) -> None:
    need("timm")
    hub_cache("timm/resnet10t.c3_in1k", timm_model(tmp_path / "model", "resnet10t"))
    assert open_encoder("timm:resnet10t").card.name == "resnet10t"
    for unknown in ("resnet11", "no-such-tower"):
        with pytest.raises(EncoderError, match="no model") as caught:
            open_encoder(f"timm:{unknown}")
        assert "timm.list_models" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("name", "side", "arguments"),
    [
        ("resnet50", 64, {}),
        ("vgg16", 64, {"mlp_ratio": 0.02}),
        ("inception_v3", 96, {}),
        ("vit_base_patch16_224", 224, {"depth": 1}),
    ],
)
def test_the_towers_that_the_documentation_names_are_read(
    tmp_path: Path, name: str, side: int, arguments: dict[str, Any]
) -> None:
    """Each in its own architecture (thinner where it can be), with its classifier, as the hub has it."""
    need("timm")
    folder = timm_model(tmp_path / name, name, arguments=arguments, input_size=(3, side, side))
    model = load_hub(f"timm:{folder}")
    pictures = parity.sample_pictures(3)
    seen, _ = model.reference(pictures, ())
    found = model.encoder().encode_pictures(pictures)
    assert least_cosine(seen, found) > 0.9999
    assert found.shape[1] in (768, 2048, 4096)


def test_models_of_another_kind_are_refused_with_what_to_take_instead(saved: Saved, tmp_path: Path) -> None:
    folder = tmp_path / "naflex"
    shutil.copytree(saved("siglip2"), folder)
    said = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**said, "model_type": "siglip2"}))
    with pytest.raises(EncoderError, match="siglip2") as caught:
        open_encoder(f"transformers:{folder}")
    assert "fixed resolution" in str(caught.value.hint)


def changed(folder: Path, tmp_path: Path, weights: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Path:
    """A copy of a model with other weights."""
    from safetensors.torch import load_file, save_file

    other = tmp_path / "changed"
    shutil.copytree(folder, other)
    state = change(load_file(other / weights))
    save_file({name: value.contiguous() for name, value in state.items()}, other / weights, {"format": "pt"})
    return other
