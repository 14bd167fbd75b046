"""Small random models, saved by each library in its own format. Wide weights, so that pictures and words tell apart."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

WORDS = (
    "red dress", "black leather handbag", "a photo of a blue shoe", "wireless mouse, 2.4 GHz", "men's watch",
    "红色连衣裙", "黑色真皮手提包", "女士运动鞋", "red 连衣裙", "summer sandals for women", "green umbrella",
)  # fmt: skip
"""What the tokenizers are trained on."""


def widen(model: Any, seed: int = 0) -> None:
    """Weights drawn anew, wider than usual: vectors of different things lie far apart."""
    import torch

    drawn = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1:
                fan = weight[0].numel() if weight.ndim > 2 else weight.shape[-1]
                weight.copy_(torch.randn(weight.shape, generator=drawn) * 1.5 * fan**-0.5)
            elif name.endswith("bias"):
                weight.copy_(torch.randn(weight.shape, generator=drawn) * 0.1)


def word_level_bpe(**more: Any) -> Any:
    """A byte-pair tokenizer trained on ``WORDS``."""
    from tokenizers import Tokenizer, models, trainers

    tokenizer = Tokenizer(models.BPE(**{k: v for k, v in more.items() if k in ("end_of_word_suffix", "byte_fallback")}))
    if "pre_tokenizer" in more:
        tokenizer.pre_tokenizer = more["pre_tokenizer"]
    if "normalizer" in more:
        tokenizer.normalizer = more["normalizer"]
    ends = {"end_of_word_suffix": more["end_of_word_suffix"]} if "end_of_word_suffix" in more else {}
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=more["special"],
        initial_alphabet=more.get("alphabet", []),
        show_progress=False,
        **ends,
    )
    tokenizer.train_from_iterator(WORDS, trainer)
    return tokenizer


def clip(folder: Path) -> Path:
    """A CLIP of transformers: shortest side 36, crop 32, BPE with ends of words."""
    from tokenizers import pre_tokenizers
    from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

    bpe = word_level_bpe(
        end_of_word_suffix="</w>",
        special=["<|startoftext|>", "<|endoftext|>"],
        alphabet=pre_tokenizers.ByteLevel.alphabet(),
        pre_tokenizer=pre_tokenizers.ByteLevel(add_prefix_space=False),
    )
    said = json.loads(bpe.to_str())["model"]
    merges = [tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in said["merges"]]
    tokenizer = CLIPTokenizer(vocab=said["vocab"], merges=merges, model_max_length=24)
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id, "pad_token_id": 1}
    config = CLIPConfig(
        text_config={"vocab_size": len(said["vocab"]), "max_position_embeddings": 24, **ends, **_small()},
        vision_config={"image_size": 32, "patch_size": 8, **_small()},
        projection_dim=24,
    )
    _seed()
    return _save(folder, CLIPModel(config), tokenizer, _clip_processor())


def chinese_clip(folder: Path) -> Path:
    """A Chinese-CLIP of transformers: BERT with word pieces, Chinese characters apart."""
    from transformers import BertTokenizer, ChineseCLIPConfig, ChineseCLIPModel

    letters = sorted({c for text in WORDS for c in text.lower() if not c.isspace()})
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters if c.isascii())]
    tokenizer = BertTokenizer(vocab={piece: n for n, piece in enumerate(pieces)}, model_max_length=20)
    config = ChineseCLIPConfig(
        text_config={"vocab_size": len(pieces), "max_position_embeddings": 20, **_small()},
        vision_config={"image_size": 32, "patch_size": 8, **_small()},
        projection_dim=24,
    )
    _seed()
    return _save(folder, ChineseCLIPModel(config), tokenizer, _clip_processor())


def siglip2(folder: Path) -> Path:
    """A SigLIP 2 of fixed resolution (saved as ``siglip``, as the hub's are): squashed to 32, Gemma's tokenizer."""
    from transformers import GemmaTokenizer, SiglipConfig, SiglipImageProcessor, SiglipModel

    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    from tokenizers import normalizers

    bytes_of = [f"<0x{n:02X}>" for n in range(256)]
    bpe = word_level_bpe(special=special + bytes_of, normalizer=normalizers.Replace(" ", "▁"))
    said = json.loads(bpe.to_str())["model"]
    merges = [tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in said["merges"]]
    tokenizer = GemmaTokenizer(
        vocab=said["vocab"],
        merges=merges,
        padding_side="right",
        add_bos_token=False,
        add_eos_token=True,
        model_input_names=["input_ids"],
        model_max_length=16,
    )
    config = SiglipConfig(
        text_config={
            "vocab_size": len(said["vocab"]),
            "max_position_embeddings": 16,
            "projection_size": 32,
            **_small(),
        },
        vision_config={"image_size": 32, "patch_size": 8, **_small()},
    )
    _seed()
    processor = _processor("SiglipImageProcessorPil", SiglipImageProcessor)(
        size={"height": 32, "width": 32}, resample=2, image_mean=[0.5] * 3, image_std=[0.5] * 3
    )
    return _save(folder, SiglipModel(config), tokenizer, processor)


def open_clip_model(folder: Path, **more: Any) -> Path:
    """An open_clip model: its own tokenizer, shortest side 32, as ``push_to_hf_hub`` lays it out."""
    import open_clip
    from safetensors.torch import save_file

    said: dict[str, Any] = {
        "embed_dim": 24,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
        "text_cfg": {"context_length": 20, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
        **more.get("model_cfg", {}),
    }
    preprocess = {
        "mean": [0.48145466, 0.4578275, 0.40821073],
        "std": [0.26862954, 0.26130258, 0.27577711],
        "interpolation": "bicubic",
        "resize_mode": "shortest",
        **more.get("preprocess_cfg", {}),
    }
    folder.mkdir(parents=True)
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": said, "preprocess_cfg": preprocess}))
    if said["text_cfg"].get("hf_tokenizer_name"):
        _t5_like().save_pretrained(folder)
    _seed()
    model = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    widen(model)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "open_clip_model.safetensors")
    return folder


def timm_model(
    folder: Path, name: str = "resnet10t", *, arguments: Mapping[str, Any] | None = None, **data: Any
) -> Path:
    """A timm tower with its classifier, as timm saves it for the hub."""
    import timm

    _seed()
    overlay = {"input_size": (3, 64, 64), "crop_pct": 0.875, "interpolation": "bicubic", **data}
    more = dict(arguments or {})
    model = timm.create_model(name, num_classes=7, pretrained_cfg_overlay=overlay, **more).eval()
    widen(model)
    timm.models.save_for_hf(model, folder, model_args=more or None, safe_serialization=True)
    return folder


def scenes(count: int, seed: int = 0, sides: tuple[int, int] = (20, 160)) -> list[np.ndarray]:
    """Pictures of coloured boxes on coloured ground, of many shapes."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        height, width = (int(n) for n in rng.integers(*sides, 2))
        picture = np.empty((height, width, 3), np.uint8)
        picture[:] = rng.integers(0, 256, 3)
        for _ in range(3):
            top, left = int(rng.integers(0, height)), int(rng.integers(0, width))
            picture[top : top + height // 2, left : left + width // 2] = rng.integers(0, 256, 3)
        found.append(picture)
    return found


def _seed() -> None:
    import torch

    torch.manual_seed(0)


def _small() -> dict[str, int]:
    return {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}


def _clip_processor() -> Any:
    from transformers import CLIPImageProcessor

    return _processor("CLIPImageProcessorPil", CLIPImageProcessor)(
        size={"shortest_edge": 36}, crop_size={"height": 32, "width": 32}
    )


def _processor(pil: str, other: Any) -> Any:
    """The library's processor in PIL; before version 5 it has another name."""
    import transformers

    return getattr(transformers, pil, other)


def _t5_like() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = sorted({c for text in WORDS for c in text.lower() if not c.isspace()})
    scored = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), *((c, -3.0) for c in letters)]
    tokenizer = Tokenizer(models.Unigram(scored, unk_id=2))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="</s>", eos_token="</s>", unk_token="<unk>", model_max_length=12
    )


def _save(folder: Path, model: Any, tokenizer: Any, processor: Any) -> Path:
    widen(model)
    parts: Iterable[Any] = (model, tokenizer, processor)
    for part in parts:
        part.save_pretrained(folder)
    return folder
