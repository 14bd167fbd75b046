"""Two-tower models of transformers: CLIP, SigLIP (and SigLIP 2 of fixed resolution), Chinese-CLIP."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from shoplens.encoders import torchvision_operators
from shoplens.encoders.hub import HubModel, Words, cannot_load, three
from shoplens.encoders.hub_sources import open_source
from shoplens.encoders.picture_steps import FILTERS, PictureSteps
from shoplens.encoders.word_reader import WordSteps
from shoplens.errors import EncoderError, MissingExtraError

_PADDED = {"clip": False, "chinese_clip": False, "siglip": True}
"""Kinds of models, and whether their texts are filled up: SigLIP pools at the last place, so it must be."""
_IN_PIL: dict[bool, dict[str, Any]] = {True: {"backend": "pil"}, False: {"use_fast": False}}
"""How the picture processor in PIL, which the models were trained with, is asked for since version 5 and before it."""
_FILTER_NAMES = {int(value): name for name, value in FILTERS.items()}


class _Pictures(nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        return _features(self.model.get_image_features(pixel_values=x))


class _Words(nn.Module):
    def __init__(self, model: Any, masked: bool) -> None:
        super().__init__()
        self.model, self.masked = model, masked

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        more = {"attention_mask": mask} if self.masked else {}
        return _features(self.model.get_text_features(input_ids=ids, **more))


def load(asked: str, reference: str) -> HubModel:
    """The model of a folder or of a hub's name, with its processor, in fp32 on the processor.

    Raises:
        EncoderError: it cannot be read, is of another kind, or has only pickles.
        MissingExtraError: transformers is not installed.
    """
    try:
        torchvision_operators.make_importable()
        import transformers
        from transformers import AutoImageProcessor, AutoModel, AutoTokenizer
    except ImportError as error:
        raise MissingExtraError(f"the encoder {asked}", extra="hub") from error
    source = open_source(asked, reference, config="config.json", prefer=("model.safetensors",))
    kind = str(source.json("config.json").get("model_type"))
    if kind not in _PADDED:
        raise EncoderError(
            f"models of the kind {kind!r} are not served; there are {', '.join(sorted(_PADDED))}",
            where=source.asked,
            hint="of SigLIP 2 take a model of fixed resolution, such as google/siglip2-base-patch16-256"
            if kind == "siglip2"
            else "or export it to two ONNX towers yourself: see docs/howto/hub-encoders.md",
        )
    try:
        folder = str(source.folder)
        given: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        # Attention as plain products: what the ONNX exporter can follow.
        model, told = AutoModel.from_pretrained(
            folder,
            use_safetensors=True,
            dtype=torch.float32,
            attn_implementation="eager",
            output_loading_info=True,
            **given,
        )
        _whole(model.eval(), told)
        new = int(transformers.__version__.partition(".")[0]) >= 5
        looker = AutoImageProcessor.from_pretrained(folder, **_IN_PIL[new], **given)
        tokenizer = AutoTokenizer.from_pretrained(folder, **given)
        steps = picture_steps(looker)
        words = _words(model, tokenizer, kind)
    except EncoderError:
        raise
    except Exception as error:  # the library raises what it likes
        raise cannot_load(source, error, "transformers") from error
    return HubModel(
        source=source,
        library="transformers",
        picture=_Pictures(model),
        steps=steps,
        library_pictures=_library_pictures(model, looker),
        words=words,
        library_words=_library_words(model, tokenizer, words.steps),
        facts={"kind": kind},
    )


def picture_steps(processor: Any) -> PictureSteps:
    """The steps of an image processor of transformers. Raises EncoderError for steps that are not known."""
    said = processor.to_dict() if hasattr(processor, "to_dict") else dict(processor)
    size, crop = dict(said.get("size") or {}), said.get("crop_size")
    size = {name: value for name, value in size.items() if value}
    if not said.get("do_resize", True) or not said.get("do_rescale", True) or said.get("do_pad"):
        raise _unknown("it does not resize or rescale pictures, or it pads them")
    if abs(float(said.get("rescale_factor", 1 / 255)) * 255 - 1) > 1e-6:
        raise _unknown(f"a rescale factor of {said['rescale_factor']}")
    resample = 2 if said.get("resample") is None else int(said["resample"])
    normal = bool(said.get("do_normalize", True))
    mean = three(said["image_mean"]) if normal else (0.0, 0.0, 0.0)
    std = three(said["image_std"]) if normal else (1.0, 1.0, 1.0)
    cropped = dict(crop) if said.get("do_center_crop") and crop else None
    if set(size) == {"shortest_edge"}:
        side = int(size["shortest_edge"])
        if cropped is None:
            raise _unknown("pictures of no fixed shape")
        resize, scaled = "shortest", (side, side)
    elif set(size) == {"height", "width"}:
        resize, scaled = "squash", (int(size["height"]), int(size["width"]))
    else:
        raise _unknown(f"a size of {size}")
    out = (int(cropped["height"]), int(cropped["width"])) if cropped else scaled
    return PictureSteps(
        resize="shortest" if resize == "shortest" else "squash",
        scaled=scaled,
        size=out,
        filter=_FILTER_NAMES[resample],
        crop_rounding="down",
        mean=mean,
        std=std,
    )


def _whole(model: Any, told: Mapping[str, Any]) -> None:
    """Raises ValueError where weights are missing: the library would draw them by chance, with a warning."""
    weights = {name for name, _ in model.named_parameters()}
    odd = [one if isinstance(one, str) else str(one[0]) for one in told.get("mismatched_keys", ())]
    if lacking := sorted(weights & {*told.get("missing_keys", ()), *odd}):
        raise ValueError(f"the weights do not fit: {len(lacking)} are missing, such as {', '.join(lacking[:3])}")


def _unknown(what: str) -> EncoderError:
    return EncoderError(
        f"its pictures are prepared in a way that is not served: {what}",
        where="preprocessor_config.json",
        hint="take a model of fixed resolution",
    )


def _words(model: Any, tokenizer: Any, kind: str) -> Words:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise EncoderError(
            f"its tokenizer ({type(tokenizer).__name__}) has no tokenizer.json",
            where="tokenizer_config.json",
            hint="save the fast tokenizer beside the model: AutoTokenizer.from_pretrained(..., use_fast=True)",
        )
    from tokenizers import Tokenizer

    longest = int(model.config.text_config.max_position_embeddings)
    longest = min(longest, int(tokenizer.model_max_length))
    padded = _PADDED[kind]
    own = Tokenizer.from_str(backend.to_str())
    own.enable_truncation(longest)
    if padded:
        own.enable_padding(
            direction=tokenizer.padding_side,
            pad_id=int(tokenizer.pad_token_id),
            pad_token=str(tokenizer.pad_token),
            length=longest,
        )
    else:
        own.no_padding()
    masked = "attention_mask" in tokenizer.model_input_names
    steps = WordSteps(length=longest, padded=padded, masked=masked)
    return Words(_Words(model, masked), steps, own.to_str())


def _library_pictures(model: Any, processor: Any) -> Callable[[Sequence[Image.Image]], Tensor]:
    def run(pictures: Sequence[Image.Image]) -> Tensor:
        return _features(model.get_image_features(**processor(images=list(pictures), return_tensors="pt")))

    return run


def _library_words(model: Any, tokenizer: Any, steps: WordSteps) -> Callable[[Sequence[str]], Tensor]:
    def run(texts: Sequence[str]) -> Tensor:
        given = tokenizer(
            list(texts),
            padding="max_length" if steps.padded else True,
            truncation=True,
            max_length=steps.length,
            return_tensors="pt",
        )
        given.pop("token_type_ids", None)  # all zeros for a single text, which is what the models assume
        return _features(model.get_text_features(**given))

    return run


def _features(out: Any) -> Tensor:
    """Before version 5 the features themselves, since then an object that holds them."""
    features: Tensor = out if isinstance(out, Tensor) else out.pooler_output
    return features


__all__ = ["load", "picture_steps"]
