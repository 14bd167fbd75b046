"""int8 of a plain text tower of few nodes, as the bundled encoder's is: dynamic steps, one scale for each matrix.

The inverse of `plain` for such a tower; what shipped comes back to the bit.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper

from shoplens.encoders.shrinking.graphs import Array, weights_of, with_weights

_MICROSOFT = "com.microsoft"


def is_lean(model: onnx.ModelProto) -> bool:
    """Whether this is a plain tower with onnxruntime's own attention, which the general quantisers cannot read."""
    return any(node.op_type == "Attention" and node.domain == _MICROSOFT for node in model.graph.node)


def lean8(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with int8 weights and nodes that round what they read."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    weights = weights_of(made)
    nodes: list[onnx.NodeProto] = []
    left = list(made.graph.node)
    while left:
        node = left.pop(0)
        if node.op_type == "MatMul" and node.input[1] in weights:
            bias = ""
            out = node.output[0]
            after = left[0] if left else None
            if after is not None and after.op_type == "Add" and after.input[0] == out and after.input[1] in weights:
                bias, out = after.input[1], after.output[0]
                left.pop(0)
            numbers, scale = _round(weights, node.input[1])
            inputs = [node.input[0], numbers, scale, *(["", bias] if bias else [])]
            nodes.append(helper.make_node("DynamicQuantizeMatMul", inputs, [out], name=out, domain=_MICROSOFT))
        elif node.op_type == "Attention" and node.domain == _MICROSOFT:
            nodes.extend(_attention(weights, node))
        elif node.op_type == "Gather" and node.input[0] in weights and weights[node.input[0]].ndim == 2:
            numbers, scale, zero = _round_table(weights, node.input[0])
            pieces = f"{node.output[0]}/int8"
            nodes.append(helper.make_node("Gather", [numbers, node.input[1]], [pieces], name=pieces))
            nodes.append(helper.make_node("DequantizeLinear", [pieces, scale, zero], [node.output[0]], name=node.name))
        else:
            nodes.append(node)
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    read = {name for node in nodes for name in node.input}
    with_weights(made, {name: value for name, value in weights.items() if name in read})
    return made


def _round(weights: dict[str, Array], name: str) -> tuple[str, str]:
    """Names of the int8 numbers and of their one scale, max |w| / 127."""
    value = weights[name]
    scale = np.float32(max(float(np.abs(value).max()), 1e-30) / 127)
    numbers = f"{name}_int8"
    weights[numbers] = np.clip(np.rint(value / scale), -127, 127).astype(np.int8)
    weights[f"{name}_scale"] = np.asarray(scale, np.float32)
    return numbers, f"{name}_scale"


def _round_table(weights: dict[str, Array], name: str) -> tuple[str, str, str]:
    """Names of a table's uint8 numbers, their scale and their zero: from the least to the greatest, 0 among them."""
    value = weights[name]
    least, most = min(float(value.min()), 0.0), max(float(value.max()), 0.0)
    scale = np.float32(max(most - least, 1e-30) / 255)
    zero = np.rint(-least / scale)
    numbers = f"{name}_uint8"
    weights[numbers] = np.clip(np.rint(value / scale) + zero, 0, 255).astype(np.uint8)
    weights[f"{name}_scale"], weights[f"{name}_zero"] = np.asarray(scale), np.asarray(zero, np.uint8)
    return numbers, f"{name}_scale", f"{name}_zero"


def _attention(weights: dict[str, Array], node: onnx.NodeProto) -> list[onnx.NodeProto]:
    source, matrix, bias, mask = node.input
    out = node.output[0]
    numbers, scale = _round(weights, matrix)
    small, step, zero = f"{out}/int8", f"{out}/step", f"{out}/zero"
    made = helper.make_node(
        "QAttention", [small, numbers, bias, step, scale, mask, zero], [out], name=out, domain=_MICROSOFT
    )
    made.attribute.extend(node.attribute)
    return [helper.make_node("DynamicQuantizeLinear", [source], [small, step, zero], name=small), made]


__all__ = ["is_lean", "lean8"]
