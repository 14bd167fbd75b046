"""What is known of a graph when it has run once: the shape of everything in it, and the values of what is small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnx import numpy_helper

from shoplens.errors import EncoderError

Array = npt.NDArray[Any]
Feed = Mapping[str, Array]
_SMALL = 64


@dataclass(frozen=True, slots=True)
class Seen:
    """Of one run: ``shapes`` of every tensor, ``values`` of those of at most 64 numbers, initializers included."""

    shapes: Mapping[str, tuple[int, ...]]
    values: Mapping[str, Array]


def weights_of(model: onnx.ModelProto) -> dict[str, Array]:
    """Every initializer by its name."""
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def with_weights(model: onnx.ModelProto, weights: Mapping[str, Array]) -> None:
    """Puts ``weights`` in the place of the model's initializers."""
    del model.graph.initializer[:]
    # from_array would make a vector of a single number
    tensors = [
        numpy_helper.from_array(np.ascontiguousarray(value).reshape(np.shape(value)), name)
        for name, value in weights.items()
    ]
    model.graph.initializer.extend(tensors)


def plain_constants(model: onnx.ModelProto) -> None:
    """Turns Constant nodes into initializers, so that there is one place where fixed numbers lie."""
    kept = []
    for node in model.graph.node:
        value = next((a.t for a in node.attribute if a.name == "value"), None) if node.op_type == "Constant" else None
        if value is None:
            kept.append(node)
            continue
        tensor = onnx.TensorProto()
        tensor.CopyFrom(value)
        tensor.name = node.output[0]
        model.graph.initializer.append(tensor)
    del model.graph.node[:]
    model.graph.node.extend(kept)


def session(model: onnx.ModelProto, outputs: Sequence[str] | None = None, *, threads: int = 1) -> ort.InferenceSession:
    """The model ready to run; with ``outputs`` only what leads to those tensors, instead of to its own outputs."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if outputs is not None:
        part = onnx.ModelProto()
        part.CopyFrom(model)
        del part.graph.output[:]
        part.graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs)
        model = part
    try:
        return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a family of plain exceptions
        raise EncoderError(
            f"the graph cannot be run: {str(error).splitlines()[0]}",
            hint="export the encoder anew: shoplens encoder export",
        ) from error


def look(model: onnx.ModelProto, feed: Feed) -> Seen:
    """Runs the model once with everything in it as an output. ``feed``: two rows or more, since one looks like none."""
    made = [name for node in model.graph.node for name in node.output if name]
    weights = weights_of(model)
    takes = {value.name for value in model.graph.input}
    given = {name: value for name, value in feed.items() if name in takes}
    found = session(model, made).run(None, given)
    shapes: dict[str, tuple[int, ...]] = {}
    values: dict[str, Array] = {}
    for name, value in [*given.items(), *weights.items(), *zip(made, found, strict=True)]:
        shapes[name] = tuple(np.shape(value))
        if np.size(value) <= _SMALL:
            values[name] = np.asarray(value)
    return Seen(shapes, values)


__all__ = ["Array", "Feed", "Seen", "look", "plain_constants", "session", "weights_of", "with_weights"]
