"""Puts the folder of an encoder together: means, calibration, figures, and the card that signs the files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from shoplens.core.ports import Encoder
from shoplens.core.spaces import Calibration, Vectors
from shoplens.encoders.lexicon import Lexicon, load_lexicon
from shoplens.encoders.onnx_dual import DualOnnxEncoder, sha256
from shoplens.encoders.preprocess import PREPROCESSING
from shoplens.training import captions
from shoplens.training.data import Item, clothing_items, fashion_items, grocery_items
from shoplens.training.report import all_figures, encode_items
from shoplens.training.trials import calibrations

NAME = "shoplens-bundled"
DIMENSION = 256
DETAILS = (192, 256)
"""Where ``same`` of the side signal lies (`shoplens.training.side`)."""
DATA: tuple[Mapping[str, str], ...] = (
    {
        "name": "Fashion Product Images (compact), train split",
        "source": "Kaggle, paramaggarwal/fashion-product-images-dataset",
        "licence": "said to be MIT on its page; not verified",
    },
    {
        "name": "clothing-dataset, three quarters of the senders",
        "source": "github.com/alexeygrigorev/clothing-dataset",
        "licence": "CC0-1.0",
    },
    {
        "name": "GroceryStoreDataset, groups seen in training",
        "source": "github.com/marcusklasson/GroceryStoreDataset",
        "licence": "MIT (page pictures and texts come from a shop, whose rights it does not address)",
    },
    {"name": "category names in English and Chinese", "source": "shared data set `lexicon`", "licence": "project data"},
    {
        "name": "Chorus / Open Icecat titles (words only)",
        "source": "github.com/querqy/chorus",
        "licence": "Apache-2.0; texts: Open Icecat licence (Specs Icecat)",
    },
    {"name": "rendered pictures, captions, lexicon", "source": "shoplens.training", "licence": "Apache-2.0"},
    {
        "name": "all-MiniLM-L6-v2 (teacher of words, in training only)",
        "source": "huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
        "licence": "Apache-2.0",
    },
)


def write_card(folder: Path, resolution: int, longest: int, revision: str, **more: Any) -> None:
    """Writes ``card.json``; ``more``: metrics, calibration, notes. The other files must lie in the folder."""
    files = {name: sha256(folder / name) for name in ("image.onnx", "text.onnx", "tokenizer.json", "means.npz")}
    calibration: Mapping[str, Calibration] = more.get("calibration", {})
    card = {
        "name": NAME,
        "revision": revision,
        "dimension": DIMENSION,
        "preprocessing": {
            "name": PREPROCESSING,
            "resolution": resolution,
            "patch_map": -(-resolution // 16),
            "longest_text": longest,
            "details": list(DETAILS),
        },
        "languages": ["en", "zh"],
        "data": [dict(row) for row in DATA],
        "metrics": more.get("metrics", {}),
        "calibration": {pair: asdict(found) for pair, found in calibration.items()},
        "files": files,
        "licence": "Apache-2.0",
        "notes": more.get("notes", ""),
    }
    (folder / "card.json").write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def finish_folder(folder: Path, root: Path, resolution: int, longest: int, notes: str = "") -> dict[str, Any]:
    """Means, calibration and figures of the towers in ``folder``, through the encoder as it serves; then the card.

    The revision is the start of the hash of both towers and the tokenizer: another training is another space.
    """
    zeros = np.zeros(DIMENSION, np.float32)
    np.savez(folder / "means.npz", picture=zeros, words=zeros)
    write_card(folder, resolution, longest, "draft")
    encoder = DualOnnxEncoder(folder, threads=2)
    lexicon = load_lexicon()
    means = modality_means(encoder, root, lexicon)
    np.savez(folder / "means.npz", picture=means["picture"], words=means["words"])
    calibration, points = calibrations(encoder, root, lexicon)
    figures = {
        name: {key: round(value, 4) for key, value in part.items()} for name, part in all_figures(encoder, root).items()
    }
    metrics: dict[str, Any] = {**figures, "no match": points}
    digests = "".join(sha256(folder / name) for name in ("image.onnx", "text.onnx", "tokenizer.json"))
    revision = _short_hash(digests)
    write_card(folder, resolution, longest, revision, metrics=metrics, calibration=calibration, notes=notes)
    return metrics


def modality_means(encoder: Encoder, root: Path, lexicon: Lexicon) -> dict[str, Vectors]:
    """Mean vectors of every fourth training picture, and of their titles and captions in both languages."""
    items = [i for i in fashion_items(root, lexicon) if i.split == "train"][::4]
    items += [i for i in clothing_items(root, lexicon) if i.split == "train"][::4]
    items += [i for i in grocery_items(root) if i.split == "train"][::4]
    pictures = encode_items(encoder, root, items).vectors
    texts = [text for item in items for text in _texts(item, lexicon)]
    return {"picture": pictures.mean(axis=0), "words": encoder.encode_words(texts).mean(axis=0)}


def _caption(lexicon: Lexicon, kind: str, colour: str) -> tuple[str, str]:
    k, c = lexicon.by_key["kind", kind], lexicon.by_key["colour", colour]
    return captions.english(k, c, None)[0], captions.chinese(k, c, None)[0]


def _texts(item: Item, lexicon: Lexicon) -> Sequence[str]:
    if item.kind and item.colour:
        return [item.title, *_caption(lexicon, item.kind, item.colour)]
    return [text for text in (item.title, item.title_zh) if text]


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


__all__ = ["DATA", "NAME", "calibrations", "finish_folder", "modality_means", "write_card"]
