"""Points that hang together: every index of every axis of every tensor of a graph, and what ties or pins them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import onnx

from shoplens.encoders.shrinking.graphs import Seen

Slot = tuple[str, int]
"""A tensor and one of its axes."""
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Read:
    """``weight`` reads ``tensor``: its axis ``weight_axis`` is summed with the tensor's ``axis``."""

    node: int
    tensor: str
    axis: int
    weight: str
    weight_axis: int


@dataclass(frozen=True, slots=True)
class Fix:
    """A number that must follow when a slot shrinks. ``kind``: "group" (of a depthwise convolution), "heads" (of an
    attention, a unit each), "shape" (the entry ``axis`` of what a Reshape is told).
    """

    node: int
    kind: str
    slot: Slot


@dataclass(slots=True)
class Points:
    """Where the points of each slot begin, how they are tied in pairs, and which are pinned."""

    starts: dict[Slot, int] = field(default_factory=dict)
    sizes: dict[Slot, int] = field(default_factory=dict)
    pairs: list[tuple[Numbers, Numbers]] = field(default_factory=list)
    pins: list[Numbers] = field(default_factory=list)
    total: int = 0


class Ties:
    """What the rules write down while they go through a graph. ``reads``: products with fixed weights, in order;
    ``made``: the axes of weights that make channels; ``fixes``: numbers that follow.
    """

    def __init__(self, model: onnx.ModelProto, seen: Seen) -> None:
        self._seen = seen
        self._weights = {tensor.name for tensor in model.graph.initializer}
        self._maker = {name: node for node in model.graph.node for name in node.output}
        self._ties = Points()
        self.reads: list[Read] = []
        self.fixes: list[Fix] = []
        self._made: set[Slot] = set()

    def _shape(self, name: str) -> tuple[int, ...]:
        return self._seen.shapes.get(name, ())

    def _points(self, name: str, axis: int) -> Numbers:
        slot = (name, axis)
        ties = self._ties
        if slot not in ties.starts:
            ties.starts[slot], ties.sizes[slot] = ties.total, self._shape(name)[axis]
            ties.total += ties.sizes[slot]
        return np.arange(ties.starts[slot], ties.starts[slot] + ties.sizes[slot], dtype=np.int64)

    def _tie(self, a: str, axis_a: int, b: str, axis_b: int) -> None:
        left, right = self._points(a, axis_a), self._points(b, axis_b)
        self._ties.pairs.append((left, right))

    def _pin(self, name: str, axes: Sequence[int] | None = None) -> None:
        for axis in range(len(self._shape(name))) if axes is None else axes:
            self._ties.pins.append(self._points(name, axis))

    def _same(self, a: str, b: str, but: Sequence[int] = ()) -> None:
        for axis in range(len(self._shape(a))):
            if axis not in but:
                self._tie(a, axis, b, axis)

    def _reads(self, number: int, tensor: str, axis: int, weight: str, weight_axis: int) -> None:
        self._tie(tensor, axis, weight, weight_axis)
        self.reads.append(Read(number, tensor, axis, weight, weight_axis))

    def _makes(self, weight: str, weight_axis: int, out: str, axis: int) -> None:
        self._tie(weight, weight_axis, out, axis)
        self._made.add((weight, weight_axis))


def connected(count: int, pairs: Sequence[tuple[Numbers, Numbers]]) -> Numbers:
    """The least point that each point hangs together with, int64 [count]."""
    label = np.arange(count, dtype=np.int64)
    if not pairs:
        return label
    left, right = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
    while True:
        a, b = label[left], label[right]
        apart = a != b
        if not apart.any():
            return label
        np.minimum.at(label, np.maximum(a, b)[apart], np.minimum(a, b)[apart])
        while (label[label] != label).any():
            label = label[label]


__all__ = ["Fix", "Numbers", "Read", "Slot", "Ties", "connected"]
