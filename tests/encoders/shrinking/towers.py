"""Small towers drawn with the onnx package alone: a residual network, a transformer, an encoder's folder of both."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from shoplens.encoders.onnx_dual import sha256
from tests.encoders.hub.towers import tokenizer

Array = npt.NDArray[Any]
Rng = np.random.Generator


class Drawing:
    """A graph while it is drawn. ``whole``: weights are small whole numbers, so that every sum is exact."""

    def __init__(self, seed: int, *, whole: bool = False) -> None:
        self.rng = np.random.default_rng(seed)
        self.whole = whole
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, Array] = {}

    def weight(self, name: str, *shape: int) -> str:
        value = self.rng.integers(-2, 3, shape) if self.whole else self.rng.normal(0, 1.2 / np.sqrt(shape[0]), shape)
        self.weights[name] = np.asarray(value, np.float32)
        return name

    def fixed(self, name: str, value: npt.ArrayLike) -> str:
        self.weights[name] = np.asarray(value)
        return name

    def add(self, operator: str, inputs: Sequence[str], out: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, list(inputs), [out], name=out, domain=domain, **attributes))
        return out

    def convolve(self, x: str, out: str, inputs: int, outputs: int, size: int = 3, stride: int = 1, **more: Any) -> str:
        weight = self.weight(f"{out}.weight", outputs, inputs, size, size)
        if not self.whole:
            self.weights[weight] *= np.sqrt(outputs / (inputs * size * size))
        side = size // 2
        bias = self.weight(f"{out}.bias", outputs)
        return self.add("Conv", [x, weight, bias], out, pads=[side] * 4, strides=[stride] * 2, **more)

    def model(self, inputs: Mapping[str, tuple[int, Sequence[Any]]], outputs: Mapping[str, Sequence[Any]]) -> Any:
        graph = helper.make_graph(
            self.nodes,
            "drawn",
            [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in inputs.items()],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
            [numpy_helper.from_array(value, name) for name, value in self.weights.items()],
        )
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(made)
        return made


def residual(seed: int = 0, *, width: int = 16, inner: int = 32, out: int = 12, whole: bool = False) -> onnx.ModelProto:
    """uint8 [n, 16, 16, 3] -> [n, out]: a stem, two residual blocks (the second with a depthwise convolution), a mean.
    Channels that can go: those of the stem with both sums (``width``), those inside of each block (``inner``).
    """
    d = Drawing(seed, whole=whole)
    d.add("Cast", ["pixels"], "numbers", to=TensorProto.FLOAT)
    if not whole:
        d.add("Div", ["numbers", d.fixed("scale", np.float32(255))], "shares")
    x = d.add("Transpose", ["numbers" if whole else "shares"], "planes", perm=[0, 3, 1, 2])
    x = d.add("Relu", [d.convolve(x, "stem", 3, width, stride=2)], "stem.out")
    for block in ("one", "two"):
        y = d.add("Relu", [d.convolve(x, f"{block}.first", width, inner)], f"{block}.middle")
        if block == "two":
            y = d.add("Relu", [d.convolve(y, "two.deep", 1, inner, group=inner)], "two.deeper")
        y = d.convolve(y, f"{block}.second", inner, width)
        x = d.add("Relu", [d.add("Add", [x, y], f"{block}.sum")], f"{block}.out")
    x = d.add("ReduceMean", [x], "pooled", axes=[2, 3], keepdims=0)
    d.add("MatMul", [x, d.weight("project", width, out)], "embedding")
    return d.model({"pixels": (TensorProto.UINT8, ["n", 16, 16, 3])}, {"embedding": ["n", out]})


def transformer(
    seed: int = 1, *, pieces: int = 40, width: int = 24, heads: int = 3, hidden: int = 64, out: int = 12
) -> onnx.ModelProto:
    """ids int64 [n, t] -> [n, out]: one layer of attention (heads split by Reshape) and one of hidden units."""
    d = Drawing(seed)
    x = d.add("Gather", [d.weight("tokens", pieces, width), "ids"], "read")
    d.weights["tokens"] *= 4
    normal = [d.fixed(f"norm.{n}", np.full(width, v, np.float32)) for n, v in (("weight", 1), ("bias", 0))]
    x = d.add("LayerNormalization", [x, *normal], "norm", axis=-1)
    size = width // heads
    d.add("Shape", ["ids"], "length")
    each = [
        d.add("Gather", ["length", d.fixed(f"at.{n}", np.asarray([n], np.int64))], f"length.{n}", axis=0)
        for n in (0, 1)
    ]
    split = [*each, d.fixed("heads", np.asarray([heads], np.int64)), d.fixed("size", np.asarray([size], np.int64))]
    d.add("Concat", split, "split", axis=0)
    d.fixed("joined", np.asarray([0, -1, width], np.int64))
    parts = {}
    for name in ("query", "key", "value"):
        y = d.add("MatMul", [x, d.weight(f"{name}.weight", width, width)], f"{name}.product")
        y = d.add("Add", [y, d.weight(f"{name}.bias", width)], f"{name}.sum")
        y = d.add("Reshape", [y, "split"], f"{name}.heads")
        parts[name] = d.add("Transpose", [y], name, perm=[0, 2, 3, 1] if name == "key" else [0, 2, 1, 3])
    y = d.add("Softmax", [d.add("MatMul", [parts["query"], parts["key"]], "scores")], "shares", axis=-1)
    y = d.add("Transpose", [d.add("MatMul", [y, parts["value"]], "heard")], "heard.turned", perm=[0, 2, 1, 3])
    y = d.add("MatMul", [d.add("Reshape", [y, "joined"], "together"), d.weight("out", width, width)], "attended")
    x = d.add("Add", [x, y], "thought")
    y = d.add(
        "Add", [d.add("MatMul", [x, d.weight("up", width, hidden)], "upper"), d.weight("up.bias", hidden)], "high"
    )
    y = d.add(
        "MatMul", [d.add("Mul", [y, d.add("Sigmoid", [y], "gate")], "gated"), d.weight("down", hidden, width)], "low"
    )
    x = d.add("Add", [x, y], "said")
    x = d.add("ReduceMean", [x], "pooled", axes=[1], keepdims=0)
    d.add("MatMul", [x, d.weight("project", width, out)], "embedding")
    return d.model({"ids": (TensorProto.INT64, ["n", "t"])}, {"embedding": ["n", out]})


def pictures(count: int, seed: int = 5, side: int = 16) -> list[npt.NDArray[np.uint8]]:
    """Smooth pictures of a few colours, uint8 [side, side, 3]: neighbours mean something among them."""
    rng = np.random.default_rng(seed)
    across, down = np.meshgrid(np.linspace(0, 1, side), np.linspace(0, 1, side))
    found = []
    for _ in range(count):
        corners = rng.integers(0, 256, (3, 3)).astype(float)
        share = np.stack([across, down, 1 - (across + down) / 2], -1) / 2
        found.append(np.clip(share @ corners + rng.normal(0, 6, (side, side, 3)), 0, 255).astype(np.uint8))
    return found


def folder(place: Path, **graphs: onnx.ModelProto) -> Path:
    """An encoder's folder with a card, in fp32: ``image`` and perhaps ``text``."""
    place.mkdir()
    for name, model in graphs.items():
        onnx.save(model, str(place / f"{name}.onnx"))
    words = "text" in graphs
    if words:
        tokenizer(place / "tokenizer.json")
    said = {
        "name": "drawn",
        "revision": "1",
        "dimension": 12,
        "preprocessing": {
            "name": "steps-v1",
            "picture_side": 16,
            "picture": {
                "resize": "squash",
                "scaled": [16, 16],
                "size": [16, 16],
                "filter": "bilinear",
                "mean": [0.5, 0.5, 0.5],
                "std": [0.5, 0.5, 0.5],
            },
            "words": {"length": 10, "masked": False} if words else None,
        },
        "languages": ["en"],
        "files": {p.name: sha256(p) for p in sorted(place.iterdir())},
    }
    (place / "card.json").write_text(json.dumps(said), "utf-8")
    return place
