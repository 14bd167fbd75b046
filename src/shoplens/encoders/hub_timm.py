"""Towers of timm for pictures alone: resnet50, vgg16, inception_v3, vit and the like."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from shoplens.encoders import torchvision_operators
from shoplens.encoders.hub import HubModel, cannot_load, three
from shoplens.encoders.hub_sources import open_source
from shoplens.encoders.picture_steps import FILTERS, PictureSteps
from shoplens.errors import EncoderError, MissingExtraError

_CONFIG = "config.json"
_WEIGHTS = "model.safetensors"
_OURS = ("num_classes", "pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "checkpoint_path", "cache_dir")
"""Arguments of timm's that a model's file has no say in: among them, paths of pickles."""


def load(asked: str, reference: str) -> HubModel:
    """A tower of a folder, a hub's ``owner/model``, or one of timm's own names, which timm places on the hub.

    Raises:
        EncoderError: it cannot be read, or has only pickles.
        MissingExtraError: timm is not installed.
    """
    try:
        torchvision_operators.make_importable()
        import timm
    except ImportError as error:
        raise MissingExtraError(f"the encoder {asked}", extra="hub") from error
    hub_id = _hub_id(timm, asked, reference)
    source = open_source(
        asked, reference, config=_CONFIG, prefer=(_WEIGHTS,), hub_id=hub_id, hub_name=reference if hub_id else ""
    )
    said = source.json(_CONFIG)
    try:
        from safetensors.torch import load_file

        known = dict(said.get("pretrained_cfg") or {})
        arguments = {k: v for k, v in dict(said.get("model_args") or {}).items() if k not in _OURS}
        model = timm.create_model(
            said["architecture"], pretrained=False, pretrained_cfg_overlay=known, num_classes=0, **arguments
        )
        weights = load_file(source.weights[0])
        # The classifier is left out on purpose; all else must be there, and nothing else may be.
        missing, unexpected = model.load_state_dict(weights, strict=False)
        head = _head_names(known)
        strange = [name for name in unexpected if not name.startswith(head)]
        if missing or strange:
            raise ValueError(f"the weights do not fit: missing {list(missing)[:3]}, unknown {strange[:3]}")
        model.eval()
        data = timm.data.resolve_model_data_config(model)
        steps = picture_steps(data)
        transform = timm.data.create_transform(**data, is_training=False)
    except EncoderError:
        raise
    except Exception as error:  # the library raises what it likes
        raise cannot_load(source, error, "timm") from error

    def library_pictures(pictures: Sequence[Image.Image]) -> Tensor:
        features: Tensor = model(torch.stack([transform(picture) for picture in pictures]))
        return features

    return HubModel(source, "timm", model, steps, library_pictures, facts={"kind": str(said["architecture"])})


def picture_steps(data: Mapping[str, Any]) -> PictureSteps:
    """The steps of timm's evaluation transform from its data configuration."""
    _, height, width = (int(n) for n in data["input_size"])
    share = float(data.get("crop_pct") or 0.875)
    scaled = (math.floor(height / share), math.floor(width / share))
    mode = data.get("crop_mode") or "center"
    mean, std = three(data["mean"]), three(data["std"])
    name = str(data["interpolation"])
    if name not in FILTERS or mode not in ("center", "squash", "border"):
        raise EncoderError(
            f"its pictures are prepared in a way that is not served: {mode}, {name}",
            where=_CONFIG,
            hint="take another model",
        )
    free = mode == "border" or (mode == "center" and scaled[0] != scaled[1])
    return PictureSteps(
        resize={"center": "shortest", "squash": "squash", "border": "longest"}[mode],  # type: ignore[arg-type]
        scaled=scaled,
        size=(height, width),
        filter=name,
        length_rounding="even" if free else "down",
        fill=tuple(round(255 * v) for v in mean) if mode == "border" else (0, 0, 0),  # type: ignore[arg-type]
        mean=mean,
        std=std,
    )


def _hub_id(timm: Any, asked: str, reference: str) -> str:
    """Where timm keeps the weights of one of its own names; "" for a folder or a hub's name."""
    if "/" in reference or reference.startswith((".", "~")):
        return ""
    known = timm.get_pretrained_cfg(reference, allow_unregistered=True)
    if known is None or not timm.is_model(reference):
        raise EncoderError(
            f"timm has no model {reference!r}",
            where=asked,
            hint="name a folder (timm:./folder), a hub's owner/model, or one of timm.list_models(pretrained=True)",
        )
    if not known.hf_hub_id:
        raise EncoderError(
            "timm keeps the weights of this model outside the hub, not as safetensors", where=asked, hint="take another"
        )
    return str(known.hf_hub_id)


def _head_names(known: Mapping[str, Any]) -> tuple[str, ...]:
    """Beginnings of the names of weights that belong to the classifier."""
    said = known.get("classifier") or ()
    names = [said] if isinstance(said, str) else list(said)
    return tuple(f"{name}." for name in (*names, "head.fc", "head", "fc", "classifier", "AuxLogits"))


__all__ = ["load", "picture_steps"]
