"""Small ONNX towers drawn with the onnx package alone: what someone might bring along. No torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from shoplens.encoders.onnx_dual import sha256
from tests.encoders.hub.models import WORDS, scenes

__all__ = ["WORDS", "card_of", "picture_tower", "scenes", "tokenizer", "words_tower"]


def picture_tower(path: Path, dimension: int = 12, seed: int = 0, *, output: str = "embedding") -> None:
    """float32 [n, 3, 8, 8] ``pixel_values`` -> [n, d], not of unit length: one matrix product."""
    from onnx import TensorProto, helper, numpy_helper, save

    weights = np.random.default_rng(seed).normal(size=(3 * 8 * 8, dimension)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["pixel_values"], ["flat"], axis=1),
            helper.make_node("MatMul", ["flat", "weights"], [output]),
        ],
        "picture",
        [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["n", 3, 8, 8])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", dimension])],
        [numpy_helper.from_array(weights, "weights")],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))


def words_tower(path: Path, pieces: int, dimension: int = 12, seed: int = 1) -> None:
    """int64 [n, t] ``input_ids`` (and no mask) -> ``text_embeds`` [n, d]: the mean of the pieces' vectors."""
    from onnx import TensorProto, helper, numpy_helper, save

    table = np.random.default_rng(seed).normal(size=(pieces, dimension)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "input_ids"], ["pieces"]),
            helper.make_node("ReduceMean", ["pieces"], ["text_embeds"], axes=[1], keepdims=0),
        ],
        "words",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["n", "t"])],
        [helper.make_tensor_value_info("text_embeds", TensorProto.FLOAT, ["n", dimension])],
        [numpy_helper.from_array(table, "table")],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))


def tokenizer(path: Path) -> int:
    """A ``tokenizer.json`` of single letters; returns its number of pieces."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    letters = sorted({c for text in WORDS for c in text.lower() if not c.isspace()})
    made = Tokenizer(models.WordLevel({c: n for n, c in enumerate(["?", *letters])}, unk_token="?"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.Split("", behavior="isolated")]
    )
    made.enable_truncation(10)
    made.save(str(path))
    return len(letters) + 1


def card_of(folder: Path, **changes: Any) -> None:
    """Writes a card as a user would, by hand, for the files that lie in the folder."""
    words = (folder / "text.onnx").exists()
    said: dict[str, Any] = {
        "name": "my-towers",
        "revision": "1",
        "dimension": 12,
        "preprocessing": {
            "name": "steps-v1",
            "picture_side": 8,
            "picture": {
                "resize": "squash",
                "scaled": [8, 8],
                "size": [8, 8],
                "filter": "bilinear",
                "mean": [0.5, 0.5, 0.5],
                "std": [0.5, 0.5, 0.5],
            },
            "words": {"length": 10, "masked": False} if words else None,
            "tensors": {"layout": "float32-nchw", "pixels": "pixel_values", "ids": "input_ids", "words": "text_embeds"},
        },
        "files": {p.name: sha256(p) for p in sorted(folder.iterdir()) if p.name != "card.json"},
        **changes,
    }
    (folder / "card.json").write_text(json.dumps(said), "utf-8")
