"""A share of a tower's units taken out, and the rest mended: the whole way for one graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx

from shoplens.encoders.shrinking.choosing import by_data, how_many
from shoplens.encoders.shrinking.cutting import Kept, cut, parameters, silence
from shoplens.encoders.shrinking.graphs import Feed, Seen, look, session, weights_of
from shoplens.encoders.shrinking.mending import mend, moments
from shoplens.encoders.shrinking.units import Anatomy
from shoplens.errors import EncoderError

_ALIKE = 1e-3
"""Of the largest number: how much a cut graph may differ from the one with silent units (sums in another order)."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """A smaller tower. ``units``: weight that makes them -> (units that stay, units that were). ``weights`` and
    ``products`` (multiplications for one picture or one text of the feed): (after, before).
    """

    model: onnx.ModelProto = field(repr=False)
    units: Mapping[str, tuple[int, int]]
    weights: tuple[int, int]
    products: tuple[int, int]

    def to_fields(self) -> dict[str, Any]:
        """As plain data, for a card: shares that are gone."""
        return {
            "weights": round(1 - self.weights[0] / self.weights[1], 4),
            "multiplications": round(1 - self.products[0] / self.products[1], 4),
            "units": [list(pair) for pair in self.units.values()],
        }


def prune(model: onnx.ModelProto, feeds: Sequence[Feed], share: float, where: str = "") -> Pruned:
    """Takes ``share`` of the units of every group out of a plain fp32 graph, and mends what reads the rest.

    ``feeds``: batches of what the graph reads, of two rows at least in the first.

    Raises EncoderError: nothing in the graph can be taken out whole; it is not understood.
    """
    seen = look(model, feeds[0])
    anatomy = Anatomy(model, seen)
    if not anatomy.groups:
        raise EncoderError(
            "nothing in this graph can be taken out whole: no channels, heads or hidden units lie between its layers",
            where=where,
            hint="export it with --precision int8 (a quarter of the size) and without --prune",
        )
    known = moments(model, [read for group in anatomy.groups for read in group.reads], feeds)
    weights = weights_of(model)
    kept: dict[int, Kept] = {}
    for number, group in enumerate(anatomy.groups):
        stay = how_many(group.units, share)
        if stay < group.units:
            kept[number] = by_data(group, weights, known, stay)
    if not kept:
        most = max(group.units for group in anatomy.groups)
        raise EncoderError(
            f"{share:g} of {most} units is less than one",
            where=where,
            hint=f"prune more (--prune {min(0.9, 1 / most):.2g} at least), or not at all",
        )
    small = cut(model, anatomy, kept)
    _check(small, silence(model, anatomy, kept), feeds[0], where)
    made = mend(model, small, anatomy, kept, feeds)
    onnx.checker.check_model(made)
    after = look(made, feeds[0])
    return Pruned(
        model=made,
        units={anatomy.groups[n].name: (int(units.sum()), len(units)) for n, units in kept.items()},
        weights=(parameters(made), parameters(model)),
        products=(products(made, after), products(model, seen)),
    )


def products(model: onnx.ModelProto, seen: Seen) -> int:
    """Multiplications of a run's products with fixed weights, for one row of the feed: numbers made times what each
    sums.
    """
    weights = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    total = 0
    for node in model.graph.node:
        if node.op_type not in ("Conv", "MatMul", "Gemm", "Attention") or node.input[1] not in weights:
            continue
        shape = weights[node.input[1]]
        made = int(np.prod(seen.shapes[node.output[0]]))
        if node.op_type == "Conv":
            total += made * int(np.prod(shape[1:]))
        elif node.op_type == "Gemm":
            total += made * seen.shapes[node.input[0]][-1]
        else:
            total += made * (3 if node.op_type == "Attention" else 1) * shape[0]
    rows = seen.shapes[model.graph.output[0].name][0]
    return total // max(1, rows)


def _check(small: onnx.ModelProto, silent: onnx.ModelProto, feed: Feed, where: str) -> None:
    """Holds the cut graph against the one whose units are silent: the rules of `Anatomy` are many, and a graph may hold
    what none of them has met.
    """
    takes = {value.name for value in small.graph.input}
    given = {name: value for name, value in feed.items() if name in takes}
    for a, b in zip(session(small).run(None, given), session(silent).run(None, given), strict=True):
        if a.shape != b.shape or np.abs(a - b).max() > _ALIKE * max(1.0, float(np.abs(b).max())):
            raise EncoderError(
                "the cut graph does not compute what the whole one does with the same units silent",
                where=where,
                hint="a fault of ShopLens or a graph of a new kind: please report it, and export without --prune",
            )


__all__ = ["Pruned", "products", "prune"]
