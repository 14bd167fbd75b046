"""The kinds of small models that the tests of hub encoders share: whose they are, and what saves one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.encoders.hub import models


@dataclass(frozen=True)
class Kind:
    """A kind of model: its library, whether it reads words, its weights' file, and what saves one."""

    library: str
    words: bool
    weights: str
    save: Callable[[Path], Path]

    def name(self, folder: Path) -> str:
        """What the setting ``encoder`` says to have the model of this folder."""
        return f"{self.library}:{folder}"


def need(library: str) -> None:
    """Skips the test where the library, or what it takes to read and export its models, is missing."""
    pytest.importorskip("torch", reason="runs hub models with torch (extra `hub`)")
    for package in ("onnx", "safetensors", "tokenizers"):
        pytest.importorskip(package, reason=f"hub models need {package} (extra `hub`)")
    from shoplens.encoders import torchvision_operators

    torchvision_operators.make_importable()
    pytest.importorskip(library, reason=f"a model of {library} is saved and read with {library} (extra `hub`)")
    if library == "open_clip":
        pytest.importorskip("ftfy", reason="open_clip's texts are cleaned with ftfy (extras `hub`, `tokenizers`)")


def _shop_siglip(folder: Path) -> Path:
    """Laid out as Marqo/marqo-ecommerce-embeddings-B: a tower of timm's for pictures, a tokenizer of the hub's."""
    text = {"context_length": 12, "vocab_size": 90, "width": 32, "heads": 2, "layers": 2, "pool_type": "last"}
    cleaned = {"hf_tokenizer_name": "owner/name", "tokenizer_kwargs": {"clean": "canonicalize"}}
    vision = {"image_size": 160, "timm_model_name": "test_vit3", "timm_pool": "map", "timm_proj": "none"}
    return models.open_clip_model(
        folder,
        model_cfg={
            "embed_dim": 96,
            "custom_text": True,
            "init_logit_bias": -10,
            "vision_cfg": {**vision, "timm_model_pretrained": False},
            "text_cfg": {**text, **cleaned, "no_causal_mask": True, "proj_bias": True, "norm_kwargs": {"eps": 1e-6}},
        },
        preprocess_cfg={"mean": [0.5] * 3, "std": [0.5] * 3, "resize_mode": "squash"},
    )


def _timm(name: str, **data: Any) -> Callable[[Path], Path]:
    return lambda folder: models.timm_model(folder, name, **data)


_WHOLE, _CLIP = "model.safetensors", "open_clip_model.safetensors"
KINDS: Mapping[str, Kind] = {
    "clip": Kind("transformers", True, _WHOLE, models.clip),
    "chinese_clip": Kind("transformers", True, _WHOLE, models.chinese_clip),
    "siglip2": Kind("transformers", True, _WHOLE, models.siglip2),
    "open_clip": Kind("open_clip", True, _CLIP, models.open_clip_model),
    "shop_siglip": Kind("open_clip", True, _CLIP, _shop_siglip),
    "timm_resnet": Kind("timm", False, _WHOLE, models.timm_model),
    "timm_vit": Kind("timm", False, _WHOLE, _timm("test_vit", input_size=(3, 48, 48), crop_pct=0.95)),
}
"""Every kind of model that the issue names."""
