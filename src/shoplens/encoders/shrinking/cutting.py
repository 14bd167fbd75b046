"""Takes units out of a graph, or only silences them: both compute the same."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper

from shoplens.encoders.shrinking.graphs import Array, weights_of, with_weights
from shoplens.encoders.shrinking.units import Anatomy, Fix, Slot

Kept = npt.NDArray[np.bool_]
"""Which units of a group stay, bool [units]."""


def cut(model: onnx.ModelProto, anatomy: Anatomy, kept: Mapping[int, Kept]) -> onnx.ModelProto:
    """The graph without the units that are not kept; ``kept``: number of a group in ``anatomy.groups`` -> units."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    weights = weights_of(made)
    gone = lost(anatomy, kept)
    for (name, axis), places in gone.items():
        if name in weights:
            weights[name] = np.delete(weights[name], places, axis)
    _follow(made, anatomy, kept, {slot: len(places) for slot, places in gone.items()}, weights)
    with_weights(made, weights)
    del made.graph.value_info[:]
    return made


def lost(anatomy: Anatomy, kept: Mapping[int, Kept]) -> dict[Slot, npt.NDArray[np.int64]]:
    """Which indices of each axis go."""
    gone: dict[Slot, list[npt.NDArray[np.int64]]] = {}
    for number, units in kept.items():
        for slot, places in anatomy.groups[number].places.items():
            gone.setdefault(slot, []).append(places[~units].ravel())
    return {slot: np.sort(np.concatenate(parts)) for slot, parts in gone.items()}


def silence(model: onnx.ModelProto, anatomy: Anatomy, kept: Mapping[int, Kept]) -> onnx.ModelProto:
    """The graph as large as it was, with all weights at zero that read units which are not kept. The slow twin of
    `cut`, by which that is checked.
    """
    made = onnx.ModelProto()
    made.CopyFrom(model)
    weights = weights_of(made)
    for number, units in kept.items():
        group = anatomy.groups[number]
        for slot in {(read.weight, read.weight_axis) for read in group.reads}:
            value = np.moveaxis(np.array(weights[slot[0]]), slot[1], 0)
            value[group.places[slot][~units].ravel()] = 0
            weights[slot[0]] = np.ascontiguousarray(np.moveaxis(value, 0, slot[1]))
    with_weights(made, weights)
    return made


def _follow(
    model: onnx.ModelProto,
    anatomy: Anatomy,
    kept: Mapping[int, Kept],
    less: Mapping[Slot, int],
    weights: dict[str, Array],
) -> None:
    """Numbers in the graph that say how many units there are."""
    nodes = list(model.graph.node)
    for place, fix in enumerate(anatomy.fixes):
        if not less.get(fix.slot):
            continue
        node = nodes[fix.node]
        if fix.kind == "group":
            _set(node, "group", _number(node, "group") - less[fix.slot])
        elif fix.kind == "heads":
            group = next(g for n, g in enumerate(anatomy.groups) if n in kept and fix.slot in g.places)
            _set(node, "num_heads", _number(node, "num_heads") - less[fix.slot] // group.places[fix.slot].shape[1])
        else:
            _tell(model, node, fix, less[fix.slot], weights, place)


def _tell(
    model: onnx.ModelProto, node: onnx.NodeProto, fix: Fix, less: int, weights: dict[str, Array], place: int
) -> None:
    """A Reshape's own copy of the shape, with a shorter axis."""
    told, axis = node.input[1], fix.slot[1]
    name = f"{told}/{place}"
    if told in weights:
        shape = np.array(weights[told])
        if shape[axis] > 0:
            shape[axis] -= less
            weights[name] = shape
            node.input[1] = name
        return
    maker = next((n for n in model.graph.node if told in n.output), None)
    if maker is None or maker.op_type != "Concat" or maker.input[axis] not in weights:
        return  # it says -1, or takes it from a tensor that is shorter itself
    size = weights[maker.input[axis]]
    if size.ravel()[0] <= 0:
        return
    weights[f"{name}/size"] = size - less
    parts = [*maker.input]
    parts[axis] = f"{name}/size"
    own = helper.make_node("Concat", parts, [name], name=name, axis=0)
    at = list(model.graph.node).index(node)
    node.input[1] = name
    model.graph.node.insert(at, own)


def _number(node: onnx.NodeProto, name: str) -> int:
    return next(int(a.i) for a in node.attribute if a.name == name)


def _set(node: onnx.NodeProto, name: str, value: int) -> None:
    next(a for a in node.attribute if a.name == name).i = value


def parameters(model: onnx.ModelProto) -> int:
    """Numbers in the weights, scales and tables of a graph."""
    return sum(int(np.prod(tensor.dims)) for tensor in model.graph.initializer)


__all__ = ["Kept", "cut", "lost", "parameters", "silence"]
