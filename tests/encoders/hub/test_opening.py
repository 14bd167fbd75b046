"""What an encoder may be called, and where a hub model may come from: never from a pickle."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from shoplens.encoders.hub_sources import PICKLES, open_source, slug
from shoplens.encoders.opening import load_hub, open_encoder, split
from shoplens.errors import ConfigError, EncoderError


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bundled", ("bundled", "")),
        ("onnx:some/folder", ("onnx", "some/folder")),
        ("some/folder", ("onnx", "some/folder")),
        ("/some/folder", ("onnx", "/some/folder")),
        ("open_clip:hf-hub:Marqo/x-B", ("open_clip", "hf-hub:Marqo/x-B")),
        ("transformers:google/siglip2-base-patch16-256", ("transformers", "google/siglip2-base-patch16-256")),
        (" timm:resnet50 ", ("timm", "resnet50")),
    ],
)
def test_names(name: str, expected: tuple[str, str]) -> None:
    assert split(name) == expected


@pytest.mark.parametrize("name", ["", "   ", "tensorflow:resnet50", "openclip:x", "timm:", "onnx: "])
def test_names_that_none_has(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_encoder(name)
    assert "encoder list" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["bundled", "onnx:folder"])
def test_what_is_onnx_already_is_not_exported(name: str) -> None:
    with pytest.raises(ConfigError, match="already"):
        load_hub(name)


def test_the_bundled_encoder_has_its_name() -> None:
    assert open_encoder("bundled").card.name == "shoplens-bundled"


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.path, "caught")


@pytest.mark.parametrize("kind", PICKLES)
def test_weights_that_are_only_a_pickle_are_refused_unread(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / f"pytorch_model{kind}").write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    for reference in (str(folder), str(folder / f"pytorch_model{kind}")):
        with pytest.raises(EncoderError, match="can run code") as caught:
            open_source(f"transformers:{reference}", reference, config="config.json", prefer=("model.safetensors",))
        assert "safetensors" in str(caught.value.hint)
    assert not (tmp_path / "sprung").exists()


def test_a_pickle_beside_safetensors_is_not_among_the_files(tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors", "pytorch_model.bin", "tokenizer.json", "other.safetensors"):
        (tmp_path / name).write_bytes(b"{}")
    source = open_source("timm:x", str(tmp_path), config="config.json", prefer=("model.safetensors",))
    assert [p.name for p in source.weights] == ["model.safetensors"]
    assert set(source.files) == {"model.safetensors", "config.json", "tokenizer.json"}
    assert all(len(digest) == 64 for digest in source.files.values())


def test_weights_in_parts_are_read_in_the_order_of_their_index(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    index = {"weight_map": {"b": names[1], "a": names[0]}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    source = open_source("transformers:x", str(tmp_path), config="config.json", prefer=("model.safetensors",))
    assert [p.name for p in source.weights] == names
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../../etc.safetensors"}}')
    with pytest.raises(EncoderError, match="index"):
        open_source("transformers:x", str(tmp_path), config="config.json", prefer=("model.safetensors",))


def test_another_weight_or_setting_is_another_revision(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")

    def revision(weights: bytes, *settings: object) -> str:
        (tmp_path / "model.safetensors").write_bytes(weights)
        return open_source("timm:x", str(tmp_path), config="config.json").revision(*settings)

    assert revision(b"a", {"side": 1}) == revision(b"a", {"side": 1})
    assert len({revision(b"a", {"side": 1}), revision(b"b", {"side": 1}), revision(b"a", {"side": 2})}) == 3


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("./nowhere", "no such folder"),
        ("~/nowhere", "no such folder"),
        ("a b", "neither"),
        ("x" * 9 + "/a/b", "neither"),
    ],
)
def test_places_that_are_none(reference: str, said: str) -> None:
    with pytest.raises(EncoderError, match=said) as caught:
        open_source(f"timm:{reference}", reference, config="config.json")
    assert caught.value.hint


def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"config\.json is missing"):
        open_source("timm:x", str(tmp_path), config="config.json")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(EncoderError, match="no weights"):
        open_source("timm:x", str(tmp_path), config="config.json", prefer=("model.safetensors",))


def test_a_hub_that_cannot_be_reached_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    constants = pytest.importorskip("huggingface_hub.constants", reason="needs the extra `hub`")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(EncoderError, match="could not be fetched") as caught:
        open_source("transformers:owner/model", "owner/model", config="config.json")
    hint = str(caught.value.hint)
    assert "hf download owner/model --local-dir DIR" in hint
    assert "encoder = 'transformers:DIR'" in hint


def test_names_are_fit_for_folders() -> None:
    assert slug("Marqo/marqo-ecommerce-embeddings-B") == "Marqo-marqo-ecommerce-embeddings-B"
    assert slug("../../etc") == "etc"
    assert slug("手提包") == "encoder"
