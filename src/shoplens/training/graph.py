"""The text tower's int8 graph written anew with few, large nodes: the same weights, the same answers, less time.

What the exporter writes has some 400 nodes, of which onnxruntime runs 180: a query of a few words spends as long on
looking up shapes as on products. Here the weights are taken out by their names and put into 82 nodes:

- ``QAttention`` is one node for the int8 product of q, k and v, the scaled scores, the mask and the weighted sum;
- ``DynamicQuantizeMatMul`` is one for every other product with its bias (onnxruntime would fuse that by itself);
- the mean over tokens is a product with the mask, whose rows are divided by their sums (LpNormalization, p = 1);
- the half in GELU's tanh formula (Hendrycks & Gimpel 2016) goes into the scale of the next weights, to the bit.

What stays as it was, stays so that no rounding differs: an activation that differs in its last bit may be rounded to
another of the 256 steps, and that is carried on. ``FastGelu`` and ``SkipLayerNormalization`` are such (figures in
docs/reference/encoder.md). Both operators of the domain com.microsoft are in every onnxruntime from 1.22 on.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from shoplens.errors import EncoderError

_MICROSOFT = "com.microsoft"
_MASKED = -1e4
"""What `TextTower` adds to the scores of tokens that are none."""


def lean(source: Path, target: Path, heads: int) -> None:
    """Writes the tower at ``source`` (`export_text`, then `quantize_text`) to ``target`` with fewer nodes.

    ``ids`` and ``mask`` int64 [n, t] -> ``embedding`` float32 [n, d], as before. ``target`` may be ``source``.

    Args:
        heads: of attention, which the file does not name.

    Raises:
        EncoderError: the file is not such a tower.
    """
    model = onnx.load(str(source))
    nodes = _write(_Tower(model.graph, source), heads)
    graph = helper.make_graph(nodes.made, "text", model.graph.input, model.graph.output, list(nodes.constants.values()))
    opsets = [*model.opset_import, helper.make_opsetid(_MICROSOFT, 1)]
    made = helper.make_model(graph, opset_imports=opsets, ir_version=model.ir_version, producer_name="shoplens")
    onnx.checker.check_model(made)
    onnx.save(made, str(target))


class _Tower:
    """Weights of an exported and quantised `TextTower`, by the names of its modules."""

    def __init__(self, graph: onnx.GraphProto, path: Path) -> None:
        self._path = path
        self._arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        self._nodes = {node.name: node for node in graph.node}
        self.depth = sum(name.endswith("/qkv/MatMul_quant") for name in self._nodes)
        if not self.depth:
            raise self._alien("no layers")

    def array(self, name: str) -> npt.NDArray[np.generic]:
        if name not in self._arrays:
            raise self._alien(f"no {name}")
        return self._arrays[name]

    def product(self, module: str) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
        """The weights [in, out] and their one scale."""
        node = self._node(f"/{_path(module)}/MatMul_quant")
        name = str(node.input[1]).removesuffix("_quantized")
        weights, scale = self.array(f"{name}_quantized"), self.array(f"{name}_scale")
        if weights.dtype != np.int8 or scale.size != 1 or self.array(f"{name}_zero_point").any():
            raise self._alien(f"{module} is not int8 of one scale around zero")
        return weights.astype(np.int8), scale.astype(np.float32).reshape(())

    def epsilon(self, module: str) -> float:
        node = self._node(f"/{_path(module)}/LayerNormalization")
        return float(next(helper.get_attribute_value(a) for a in node.attribute if a.name == "epsilon"))

    def _node(self, name: str) -> onnx.NodeProto:
        if name not in self._nodes:
            raise self._alien(f"no node {name}")
        return self._nodes[name]

    def _alien(self, why: str) -> EncoderError:
        return EncoderError(
            f"this is not an int8 text tower as the recipe exports it: {why}",
            where=str(self._path),
            hint="write it with export_text and quantize_text of shoplens.training.export",
        )


def _path(module: str) -> str:
    """layers.0.qkv -> layers.0/qkv, as the exporter names nodes."""
    return "/".join(module.rsplit(".", 1))


class _Nodes:
    """The graph that is being written; a value bears the name of the node that makes it."""

    def __init__(self) -> None:
        self.made: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: npt.ArrayLike) -> str:
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value).reshape(np.shape(value)), name)
        return name

    def add(self, operator: str, inputs: list[str], output: str, domain: str = "", **attributes: object) -> str:
        self.several(operator, inputs, [output], domain, **attributes)
        return output

    def several(
        self, operator: str, inputs: list[str], outputs: list[str], domain: str = "", **attributes: object
    ) -> None:
        node = helper.make_node(operator, inputs, outputs, name=outputs[0], domain=domain, **attributes)
        self.made.append(node)


def _write(tower: _Tower, heads: int) -> _Nodes:
    to = _Nodes()
    to.several("Cast", ["mask"], ["kept"], to=TensorProto.INT32)
    x = _read(tower, to)
    for place in range(tower.depth):
        layer = f"layers.{place}"
        heard = _attend(tower, to, layer, _normal(tower, to, f"{layer}.norm_a", x), heads)
        x = to.add("Add", [x, _product(tower, to, f"{layer}.out", heard)], f"{layer}.heard")
        up = _product(tower, to, f"{layer}.up", _normal(tower, to, f"{layer}.norm_b", x))
        x = to.add("Add", [x, _product(tower, to, f"{layer}.down", _twice_gelu(to, up), 0.5)], f"{layer}.thought")
    x = _normal(tower, to, "norm", x)
    one = to.constant("one", np.asarray([1], np.int64))
    to.several("Cast", ["mask"], ["kept_float"], to=TensorProto.FLOAT)
    share = to.add("LpNormalization", [to.add("Unsqueeze", ["kept_float", one], "kept_rows")], "share", axis=-1, p=1)
    mean = to.add("MatMul", [share, x], "mean")  # [n, 1, t] x [n, t, w]
    flat = to.add("Squeeze", [_product(tower, to, "project", mean), one], "projected")
    to.add("LpNormalization", [flat], "embedding", axis=-1, p=2)
    return to


def _read(tower: _Tower, to: _Nodes) -> str:
    """Tokens and their places, [n, t, w]."""
    table = [to.constant(name, tower.array(f"tokens.weight_{name}")) for name in ("quantized", "scale", "zero_point")]
    tokens = to.add("DequantizeLinear", [to.add("Gather", [table[0], "ids"], "pieces"), *table[1:]], "tokens")
    zero = to.constant("zero", np.asarray([0], np.int64))
    to.several("Shape", ["ids"], ["length"], start=1, end=2)
    places = to.add("Slice", [to.constant("table", tower.array("places")), zero, "length", zero], "places")
    return to.add("Add", [tokens, places], "read")


def _normal(tower: _Tower, to: _Nodes, module: str, x: str) -> str:
    parts = [to.constant(name, tower.array(name)) for name in (f"{module}.weight", f"{module}.bias")]
    return to.add("LayerNormalization", [x, *parts], module, axis=-1, epsilon=tower.epsilon(module))


def _attend(tower: _Tower, to: _Nodes, layer: str, x: str, heads: int) -> str:
    weights, scale = tower.product(f"{layer}.qkv")
    if weights.shape[1] % (3 * heads):
        raise EncoderError(
            f"{weights.shape[1] // 3} channels do not divide into {heads} heads",
            where=layer,
            hint="give the number of heads that the tower was trained with",
        )
    small, step, zero = f"{layer}.int8", f"{layer}.step", f"{layer}.zero"
    to.several("DynamicQuantizeLinear", [x], [small, step, zero])
    inputs = [
        small,
        to.constant(f"{layer}.qkv.weight", weights),
        to.constant(f"{layer}.qkv.bias", tower.array(f"{layer}.qkv.bias")),
        step,
        to.constant(f"{layer}.qkv.scale", scale),
        "kept",
        zero,
    ]
    return to.add("QAttention", inputs, f"{layer}.attention", _MICROSOFT, num_heads=heads, mask_filter_value=_MASKED)


def _product(tower: _Tower, to: _Nodes, module: str, x: str, times: float = 1.0) -> str:
    weights, scale = tower.product(module)
    inputs = [
        x,
        to.constant(f"{module}.weight", weights),
        to.constant(f"{module}.scale", (scale * times).astype(np.float32)),
    ]
    if module.startswith("layers."):
        inputs += ["", to.constant(f"{module}.bias", tower.array(f"{module}.bias"))]
    return to.add("DynamicQuantizeMatMul", inputs, module, _MICROSOFT)


def _twice_gelu(to: _Nodes, x: str) -> str:
    """x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), in the order of the exported graph."""

    def number(name: str, value: float) -> str:
        return to.constant(name, np.asarray(value, np.float32))

    cube = to.add("Mul", [x, to.add("Mul", [x, x], f"{x}.square")], f"{x}.cube")
    part = to.add("Mul", [number("cubic", 0.044715), cube], f"{x}.part")
    inner = to.add("Mul", [to.add("Add", [x, part], f"{x}.sum"), number("slope", (2 / np.pi) ** 0.5)], f"{x}.inner")
    gate = to.add("Add", [to.add("Tanh", [inner], f"{x}.tanh"), number("unity", 1.0)], f"{x}.gate")
    return to.add("Mul", [x, gate], f"{x}.gelu")
