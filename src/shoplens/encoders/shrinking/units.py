"""Which channels, heads and hidden units of a graph can be taken out whole, and where each of them lies.

Every index of every axis of every tensor is a point. Operators tie points together: a Relu ties channel 7 of what goes
in to channel 7 of what comes out, an Add ties the channels of both its terms, a product of matrices ties the rows of
its weights to the channels that they read. Points that hang together are one *unit*: it is taken out everywhere or
nowhere. What normalises, sums or sorts along an axis, what is not known here, and what goes into or out of the graph
*pins* its points: those stay. A unit that some weights make and others read, with no pin in it, can go; taking it out
is the same as setting the weights that read it to zero. (As the dependency graph of Fang et al. 2023, DepGraph, but by
index, and on ONNX.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx

from shoplens.encoders.shrinking.graphs import Seen
from shoplens.encoders.shrinking.rules import RULES, Rules
from shoplens.encoders.shrinking.ties import Fix, Numbers, Read, Slot, connected


@dataclass(slots=True)
class Group:
    """Units that lie in the same slots: the channels between two layers, the heads of an attention.

    ``places``: slot -> the indices of each unit, int64 [units, indices of one unit].
    """

    places: dict[Slot, Numbers]
    reads: list[Read]
    units: int
    name: str
    first: int


class Anatomy(Rules):
    """The units of a graph. ``groups``: those that can go. ``reads``: every product with fixed weights, in order."""

    def __init__(self, model: onnx.ModelProto, seen: Seen) -> None:
        super().__init__(model, seen)
        for name in [v.name for v in model.graph.input] + [v.name for v in model.graph.output]:
            self._pin(name)
        for number, node in enumerate(model.graph.node):
            RULES.get(node.op_type, Rules.unknown)(self, number, node)
        self.groups = self._grouped()

    def _grouped(self) -> list[Group]:
        unit = connected(self._ties.total, self._ties.pairs)
        pinned = np.zeros(self._ties.total, np.bool_)
        for points in self._ties.pins:
            pinned[unit[points]] = True
        where: dict[int, list[Slot]] = {}
        own: dict[tuple[int, Slot], Numbers] = {}
        for slot, start in self._ties.starts.items():
            labels = unit[start : start + self._ties.sizes[slot]]
            if not len(labels):  # the empty shape of a single number
                continue
            order = np.argsort(labels, kind="stable")
            found, first = np.unique(labels[order], return_index=True)
            for label, indices in zip(found, np.split(order, first[1:]), strict=True):
                if not pinned[label]:
                    where.setdefault(int(label), []).append(slot)
                    own[int(label), slot] = indices
        alike: dict[tuple[tuple[Slot, int], ...], list[int]] = {}
        for label, slots in where.items():
            alike.setdefault(tuple((slot, len(own[label, slot])) for slot in slots), []).append(label)
        return sorted(self._of_slots(alike, own), key=lambda group: group.first)

    def _of_slots(
        self, alike: dict[tuple[tuple[Slot, int], ...], list[int]], own: dict[tuple[int, Slot], Numbers]
    ) -> Iterator[Group]:
        for sized, labels in alike.items():
            slots = {slot for slot, _ in sized}
            reads = [read for read in self.reads if (read.weight, read.weight_axis) in slots]
            made = sorted(slots & self._made)
            if len(labels) < 2 or not reads or not made:
                continue
            labels = sorted(labels, key=lambda label: int(own[label, made[0]][0]))
            places = {slot: np.stack([own[label, slot] for label in labels]) for slot in slots}
            first = min(read.node for read in reads)
            yield Group(places, reads, len(labels), made[0][0], first)


__all__ = ["Anatomy", "Fix", "Group", "Read", "Slot"]
