"""Runs a graph piece by piece over many batches, so that weights further on can be changed on the way.

What has been made and will still be read is kept between pieces, for every batch: to mend a tower of fifty layers costs
one run of it, not fifty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import helper

from shoplens.encoders.shrinking.graphs import Array, Feed, session, weights_of


class Walk:
    """A model on its way. ``weights`` may be changed for nodes that have not been reached."""

    def __init__(self, model: onnx.ModelProto, feeds: Sequence[Feed]) -> None:
        self._model = model
        self._nodes = list(model.graph.node)
        self.weights = weights_of(model)
        self._at = 0
        self._made_by = {name: number for number, node in enumerate(self._nodes) for name in node.output}
        self._last = {name: number for number, node in enumerate(self._nodes) for name in node.input}
        takes = {value.name for value in model.graph.input}
        self._live: list[dict[str, Array]] = [{n: v for n, v in feed.items() if n in takes} for feed in feeds]

    def reaches(self, output: str) -> int:
        """The number of the node that makes ``output``."""
        return self._made_by[output]

    def to(self, output: str) -> None:
        """Runs everything before the node that makes ``output``."""
        end = self._made_by[output]
        if end <= self._at or not self._live:
            return
        nodes = self._nodes[self._at : end]
        made = {name for node in nodes for name in node.output if name}
        read = {name for node in nodes for name in node.input if name}
        given = [name for name in self._live[0] if name in read]
        wanted = sorted(name for name in made if self._last.get(name, -1) >= end)
        run = session(self._piece(nodes, given, wanted, {n: v for n, v in self.weights.items() if n in read}))
        for live in self._live:
            live |= dict(zip(wanted, run.run(wanted, {name: live[name] for name in given}), strict=True))
            for name in [name for name in live if self._last.get(name, -1) < end]:
                del live[name]
        self._at = end

    def seen(self, tensor: str) -> list[Array] | None:
        """The tensor for every batch; None where it is not made yet, or no longer read."""
        return [live[tensor] for live in self._live] if self._live and tensor in self._live[0] else None

    def _piece(
        self, nodes: Sequence[onnx.NodeProto], given: Sequence[str], wanted: Sequence[str], weights: Mapping[str, Array]
    ) -> onnx.ModelProto:
        inputs = [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), [None] * value.ndim)
            for name, value in ((name, np.asarray(self._live[0][name])) for name in given)
        ]
        tensors = [onnx.numpy_helper.from_array(value, name) for name, value in weights.items()]
        outputs = [onnx.ValueInfoProto(name=name) for name in wanted]
        graph = helper.make_graph(nodes, "piece", inputs, outputs, tensors)
        return helper.make_model(graph, opset_imports=self._model.opset_import, ir_version=self._model.ir_version)


__all__ = ["Walk"]
