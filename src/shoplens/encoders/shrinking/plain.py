"""int8 and fp16 graphs as fp32 ones: the same weights, as the numbers that they stand for.

The encoder that ships has int8 towers only. What prunes and mends works on numbers, so weights are multiplied by their
scales; what was quantised comes back to the same int8 numbers when it is quantised again (`quantizing`, `lean8`).
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper

from shoplens.encoders.shrinking.graphs import Array, plain_constants, weights_of, with_weights
from shoplens.errors import EncoderError

_MICROSOFT = "com.microsoft"
_INTEGER = ("ConvInteger", "MatMulInteger", "MatMulIntegerToFloat", "QLinearConv", "QLinearMatMul", "MatMulNBits")


def plain(model: onnx.ModelProto, where: str = "") -> onnx.ModelProto:
    """A graph in fp32 that computes what ``model`` computes, but for the roundings of activations.

    Raises EncoderError where int8 is of a kind that is not undone here (dynamic int8 of hub towers).
    """
    made = onnx.ModelProto()
    made.CopyFrom(model)
    plain_constants(made)
    strange = sorted({node.op_type for node in made.graph.node} & set(_INTEGER))
    if strange:
        raise EncoderError(
            f"this graph is int8 already, in a way that cannot be undone ({', '.join(strange)})",
            where=where,
            hint="export the original: shoplens encoder export NAME --prune ... (in one step), or its fp32 folder",
        )
    weights = weights_of(made)
    nodes: list[onnx.NodeProto] = []
    instead: dict[str, str] = {}
    rounded: dict[str, tuple[str, bool]] = {}  # int8 tensor -> what was rounded, and whether nothing under 0 is kept

    def said(name: str) -> str:
        while name in instead:
            name = instead[name]
        return name

    for node in made.graph.node:
        for at, name in enumerate(node.input):
            node.input[at] = said(name)
        if node.op_type == "Cast" and node.input[0] in weights and weights[node.input[0]].dtype == np.float16:
            weights[node.output[0]] = weights[node.input[0]].astype(np.float32)
        elif node.op_type == "DequantizeLinear" and node.input[0] in weights:
            weights[node.output[0]] = _times(weights, node)
        elif node.op_type == "DequantizeLinear" and node.input[0] in rounded:
            source, positive = rounded[node.input[0]]
            if positive:  # the quantiser lets the rounding do what a Relu did
                nodes.append(helper.make_node("Relu", [source], [node.output[0]], name=f"{node.output[0]}/relu"))
            else:
                instead[node.output[0]] = source
        elif node.op_type == "DequantizeLinear":
            _gathered(nodes, weights, node)
            instead[node.output[0]] = node.input[0]
        elif node.op_type == "QuantizeLinear":
            zero = weights[node.input[2]] if len(node.input) > 2 else np.zeros((), np.uint8)
            rounded[node.output[0]] = node.input[0], zero.dtype == np.uint8 and not zero.any()
        elif node.op_type == "DynamicQuantizeLinear":
            rounded[node.output[0]] = node.input[0], False
        elif node.op_type == "DynamicQuantizeMatMul":
            nodes.extend(_product(weights, node))
        elif node.op_type == "QAttention":
            nodes.append(_attention(weights, node, rounded[node.input[0]][0]))
        else:
            nodes.append(node)
    outputs = {value.name for value in made.graph.output}
    for old, _ in list(instead.items()):
        if old in outputs:
            nodes.append(helper.make_node("Identity", [said(old)], [old], name=f"{old}/plain"))
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    read = {name for node in nodes for name in node.input} | outputs
    with_weights(made, {name: value for name, value in weights.items() if name in read})
    del made.graph.value_info[:]
    return made


def _times(weights: dict[str, Array], node: onnx.NodeProto) -> Array:
    """(x - zero) scale, along the node's axis."""
    numbers, scale = weights[node.input[0]], weights[node.input[1]]
    zero = weights[node.input[2]] if len(node.input) > 2 else np.zeros_like(scale, numbers.dtype)
    axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
    shape = [1] * numbers.ndim
    if scale.size > 1:
        shape[axis] = scale.size
    apart = numbers.astype(np.float32) - zero.astype(np.float32).reshape(shape if zero.size > 1 else ())
    return np.asarray(apart * scale.astype(np.float32).reshape(shape if scale.size > 1 else ()), np.float32)


def _gathered(nodes: list[onnx.NodeProto], weights: dict[str, Array], node: onnx.NodeProto) -> None:
    """Rows of an int8 table that are read and then multiplied: the table is multiplied instead."""
    reader = next((n for n in nodes if n.output[0] == node.input[0]), None)
    if reader is None or reader.op_type != "Gather" or reader.input[0] not in weights:
        raise EncoderError(
            f"{node.name or node.output[0]} undoes a rounding whose origin is not known",
            hint="export the original in fp32, and shrink that: shoplens encoder export",
        )
    table = helper.make_node("DequantizeLinear", [reader.input[0], *node.input[1:]], ["table"])
    weights[f"{reader.input[0]}/plain"] = _times(weights, table)
    reader.input[0] = f"{reader.input[0]}/plain"


def _product(weights: dict[str, Array], node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """DynamicQuantizeMatMul (A, B, scale of B, zero of B, bias) as MatMul, and Add where there is a bias."""
    left, numbers, scale, zero, bias = [*node.input, "", ""][:5]
    matrix = weights[numbers].astype(np.float32)
    if zero:
        matrix = matrix - weights[zero].astype(np.float32)
    weights[f"{numbers}/plain"] = np.asarray(matrix * weights[scale].astype(np.float32), np.float32)
    out = node.output[0]
    product = f"{out}/product" if bias else out
    made = [helper.make_node("MatMul", [left, f"{numbers}/plain"], [product], name=f"{out}/matmul")]
    return [*made, helper.make_node("Add", [product, bias], [out], name=f"{out}/bias")] if bias else made


def _attention(weights: dict[str, Array], node: onnx.NodeProto, source: str) -> onnx.NodeProto:
    """QAttention (x, W, bias, step, scale of W, mask, zero of x, zero of W) as Attention (x, W, bias, mask)."""
    _, numbers, bias, _, scale, mask, *zeros = node.input
    matrix = weights[numbers].astype(np.float32)
    if len(zeros) > 1 and zeros[1]:
        matrix = matrix - weights[zeros[1]].astype(np.float32)
    weights[f"{numbers}/plain"] = np.asarray(matrix * weights[scale].astype(np.float32), np.float32)
    made = helper.make_node(
        "Attention", [source, f"{numbers}/plain", bias, mask], [node.output[0]], name=node.name, domain=_MICROSOFT
    )
    made.attribute.extend(a for a in node.attribute if a.name in ("num_heads", "mask_filter_value"))
    return made


__all__ = ["plain"]
