"""Models of open_clip: CLIP, SigLIP and their shop-trained descendants, from a folder or a hub."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from shoplens.encoders import torchvision_operators
from shoplens.encoders.hub import HubModel, Words, cannot_load, three
from shoplens.encoders.hub_sources import Source, open_source
from shoplens.encoders.picture_steps import PictureSteps
from shoplens.encoders.quiet import without_warning
from shoplens.encoders.word_reader import WordSteps
from shoplens.errors import EncoderError, MissingExtraError

_CONFIG = "open_clip_config.json"
_WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "model.safetensors")
_WORD = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
"""How open_clip's own tokenizer cuts words."""


class _Pictures(nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.model.encode_image(x)
        return features


class _Words(nn.Module):
    """The text tower at its full length."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        # The mask stays an input of the graph, so that all towers are called alike.
        features: Tensor = self.model.encode_text(ids + 0 * mask)
        return features


class _CausalWords(nn.Module):
    """The text tower of CLIP at the length of the text: what stands after the end cannot be seen from the end, so the
    padding up to 77 tokens, most of the work, is left away.
    """

    def __init__(self, tower: Any) -> None:
        super().__init__()
        self.tokens, self.places = tower.token_embedding, tower.positional_embedding
        self.blocks, self.norm, self.project = tower.transformer.resblocks, tower.ln_final, tower.text_projection
        self.register_buffer("causal", tower.attn_mask, persistent=False)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        count = ids.shape[1]
        x = self.tokens(ids + 0 * mask) + self.places[:count]
        for block in self.blocks:
            x = x + block.ls_1(_attend(block.attn, block.ln_1(x), self.causal[:count, :count]))
            x = x + block.ls_2(block.mlp(block.ln_2(x)))
        last = self.norm(x)[:, -1]  # the mark of the end is the last token of an unpadded text
        if self.project is None:
            return last
        return self.project(last) if isinstance(self.project, nn.Linear) else last @ self.project


def _attend(attention: nn.MultiheadAttention, x: Tensor, bias: Tensor) -> Tensor:
    """Self-attention written out: torch's own module fixes the length of the text when it is traced."""
    n, count, width = x.shape
    heads = attention.num_heads
    drawn = F.linear(x, attention.in_proj_weight, attention.in_proj_bias)
    q, k, v = drawn.view(n, count, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
    shares = (q @ k.transpose(-1, -2) * (width // heads) ** -0.5 + bias).softmax(-1)
    return attention.out_proj((shares @ v).transpose(1, 2).reshape(n, count, width))


def load(asked: str, reference: str) -> HubModel:
    """The model of a folder or of a hub's name (``hf-hub:`` before it may be left out), in fp32 on the processor.

    Raises:
        EncoderError: it cannot be read, or has only pickles.
        MissingExtraError: open_clip is not installed.
    """
    try:
        torchvision_operators.make_importable()
        import open_clip
        from open_clip.transform import PreprocessCfg, image_transform_v2
    except ImportError as error:
        raise MissingExtraError(f"the encoder {asked}", extra="hub") from error
    reference = reference.removeprefix("hf-hub:").removeprefix("local-dir:")
    source = open_source(asked, reference, config=_CONFIG, prefer=_WEIGHTS)
    said = source.json(_CONFIG)
    try:
        where = f"local-dir:{source.folder}"
        # Built empty and filled from the one file that was checked: the library would also take a pickle.
        with without_warning("No pretrained weights"):  # it is filled next
            model = open_clip.create_model(where, load_weights=False, pretrained_text=False).eval()
        _fill(open_clip, model, source)
        tokenizer = open_clip.get_tokenizer(where)
        transform = image_transform_v2(PreprocessCfg(**model.visual.preprocess_cfg), is_train=False)
        steps = picture_steps(model.visual.preprocess_cfg)
        words = _words(open_clip, model, tokenizer, dict(said["model_cfg"]["text_cfg"]))
    except EncoderError:
        raise
    except Exception as error:  # the library raises what it likes
        raise cannot_load(source, error, "open_clip") from error

    def library_pictures(pictures: Sequence[Image.Image]) -> Tensor:
        features: Tensor = model.encode_image(torch.stack([transform(picture) for picture in pictures]))
        return features

    def library_words(texts: Sequence[str]) -> Tensor:
        features: Tensor = model.encode_text(tokenizer(list(texts)))
        return features

    return HubModel(source, "open_clip", _Pictures(model), steps, library_pictures, words, library_words)


def picture_steps(said: Mapping[str, Any]) -> PictureSteps:
    """The steps of open_clip's evaluation transform from its preprocessing configuration."""
    size = said["size"]
    height, width = (int(size), int(size)) if isinstance(size, int) else (int(size[0]), int(size[-1]))
    mode = str(said.get("resize_mode") or "shortest")
    if mode not in ("shortest", "longest", "squash"):
        raise ValueError(f"a resize mode of {mode!r}")
    even = mode == "longest" or (mode == "shortest" and height != width)
    # Where it keeps the ratio of an oblong size it ignores the interpolation asked for: bicubic.
    name = "bilinear" if said.get("interpolation") == "bilinear" and not (even and mode == "shortest") else "bicubic"
    fill = int(said.get("fill_color") or 0)
    return PictureSteps(
        resize=mode,  # type: ignore[arg-type]
        scaled=(height, width),
        size=(height, width),
        filter=name,
        length_rounding="even" if even else "down",
        fill=(fill, fill, fill),
        mean=three(said["mean"]),
        std=three(said["std"]),
    )


def _fill(open_clip: Any, model: Any, source: Source) -> None:
    from safetensors import safe_open

    path = source.weights[0]
    with safe_open(path, framework="pt") as file:  # a pickle by another name ends here
        names = list(file.keys())
    if not names:
        raise ValueError(f"{path.name} holds no weights")
    open_clip.load_checkpoint(model, str(path), strict=True)


def _words(open_clip: Any, model: Any, tokenizer: Any, said: Mapping[str, Any]) -> Words:
    kwargs = dict(said.get("tokenizer_kwargs") or {})
    length = int(said.get("context_length") or tokenizer.context_length)
    if kwargs.get("reduction_mask") or said.get("tokenizer_mode"):
        raise EncoderError(
            "its tokenizer takes texts apart in a way that is not served", where=_CONFIG, hint="take another model"
        )
    if isinstance(tokenizer, open_clip.SimpleTokenizer):
        tower = getattr(model, "text", model)
        short = _is_causal(model, tower)
        steps = WordSteps(length=length, padded=not short, clean=str(kwargs.get("clean", "lower")), masked=False)
        return Words(_CausalWords(tower) if short else _Words(model), steps, _clip_tokenizer(tokenizer, steps))
    from tokenizers import Tokenizer

    own = tokenizer.tokenizer
    backend = getattr(own, "backend_tokenizer", None)
    if backend is None:
        raise EncoderError(
            f"its tokenizer ({type(own).__name__}) has no tokenizer.json", where=_CONFIG, hint="save the fast one"
        )
    reader = Tokenizer.from_str(backend.to_str())
    reader.enable_truncation(length)
    reader.enable_padding(
        direction=own.padding_side, pad_id=int(own.pad_token_id), pad_token=str(own.pad_token), length=length
    )
    erased = int(own.sep_token_id) if kwargs.get("strip_sep_token") else -1
    clean = str(kwargs.get("clean", "whitespace"))
    steps = WordSteps(length=length, padded=True, clean=clean, masked=False, erased=erased)
    return Words(_Words(model), steps, reader.to_str())


def _is_causal(model: Any, tower: Any) -> bool:
    """Whether the end of a text sees only what is before it, and is where the vector is taken from."""
    pool = getattr(model, "text_pool_type", None) or getattr(tower, "pool_type", None)
    parts = ("token_embedding", "positional_embedding", "transformer", "ln_final", "text_projection")
    if pool != "argmax" or not all(hasattr(tower, part) for part in parts):
        return False
    if getattr(tower, "cls_emb", None) is not None or getattr(tower, "use_pad_mask", False):
        return False
    blocks = getattr(tower.transformer, "resblocks", ())
    plain = all(type(b).__name__ == "ResidualAttentionBlock" and type(b.attn) is nn.MultiheadAttention for b in blocks)
    return plain and len(blocks) > 0 and isinstance(getattr(tower, "attn_mask", None), Tensor)


def _clip_tokenizer(tokenizer: Any, steps: WordSteps) -> str:
    """open_clip's own tokenizer as a tokenizer.json: byte pairs with ends of words marked, behind the cleaning."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors

    pieces: dict[str, int] = dict(tokenizer.encoder)
    merges = sorted(tokenizer.bpe_ranks, key=tokenizer.bpe_ranks.get)
    own = Tokenizer(models.BPE(vocab=pieces, merges=merges, continuing_subword_prefix="", end_of_word_suffix="</w>"))
    words: Callable[..., Any] = pre_tokenizers.Split
    own.pre_tokenizer = pre_tokenizers.Sequence(
        [
            words(Regex(_WORD), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    names = {number: piece for piece, number in pieces.items()}
    start, end = names[tokenizer.sot_token_id], names[tokenizer.eot_token_id]
    own.add_special_tokens([start, end])
    own.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}", special_tokens=[(start, tokenizer.sot_token_id), (end, tokenizer.eot_token_id)]
    )
    own.enable_truncation(steps.length)
    if steps.padded:
        own.enable_padding(pad_id=0, pad_token=names[0], length=steps.length)
    return str(json.dumps(json.loads(own.to_str()), ensure_ascii=False))


__all__ = ["load", "picture_steps"]
