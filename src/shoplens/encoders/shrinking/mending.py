"""Brings back what the channels that are gone said, as far as those that stay can say it.

Layer by layer, first to last: what a layer read in the whole tower is X, what it reads in the cut one is Y. The map A
for which Y A comes closest to X (least squares, drawn in towards leaving everything as it is) goes into the layer's
weights, which then read A's channels: W' = A W. So no step more is computed in serving, there is nothing to train, and
a layer also takes back what those before it lost. (He et al. 2017, "Channel pruning for accelerating very deep neural
networks", solve for the weights themselves; A has a fraction of their unknowns, so that some hundred pictures suffice.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import onnx

from shoplens.encoders.shrinking.choosing import Moments
from shoplens.encoders.shrinking.cutting import Kept, lost
from shoplens.encoders.shrinking.graphs import Array, Feed, session, with_weights
from shoplens.encoders.shrinking.units import Anatomy, Read, Slot
from shoplens.encoders.shrinking.walking import Walk

RIDGE = 1e-3
"""Of the mean second moment of a channel: how much a map costs that is not the one of doing nothing."""
_ROWS = 40_000
"""Rows (patches, tokens) that a run of a layer adds at most."""

Moment = npt.NDArray[np.float64]


def moments(model: onnx.ModelProto, reads: Sequence[Read], feeds: Sequence[Feed]) -> dict[Slot, Moment]:
    """Second moments of what each weight reads, over all feeds."""
    tensors = list(dict.fromkeys(read.tensor for read in reads))
    run = session(model, tensors)
    wanted = {name: number for number, name in enumerate(tensors)}
    found: dict[Slot, Moment] = {}
    takes = {one.name for one in run.get_inputs()}
    for feed in feeds:
        values = run.run(None, {name: value for name, value in feed.items() if name in takes})
        for read in reads:
            rows = _rows(values[wanted[read.tensor]], read.axis)
            slot = (read.weight, read.weight_axis)
            found[slot] = found.get(slot, 0) + (rows.T @ rows).astype(np.float64)
    return found


def mend(
    whole: onnx.ModelProto, small: onnx.ModelProto, anatomy: Anatomy, kept: Mapping[int, Kept], feeds: Sequence[Feed]
) -> onnx.ModelProto:
    """The cut graph with weights that read what is left as if nothing were gone."""
    gone = lost(anatomy, kept)
    before, after = Walk(whole, feeds), Walk(small, feeds)
    nodes = list(whole.graph.node)
    for slot in dict.fromkeys((read.weight, read.weight_axis) for read in anatomy.reads):
        if slot not in gone:
            continue
        reads = [read for read in anatomy.reads if (read.weight, read.weight_axis) == slot]
        here = nodes[reads[0].node].output[0]
        before.to(here)
        after.to(here)
        own, cross = _both(before, after, reads)
        full = before.weights[slot[0]]
        for (name, axis), places in gone.items():  # what it makes is cut as well
            if name == slot[0] and axis != slot[1]:
                full = np.delete(full, places, axis)
        stays = np.setdiff1d(np.arange(full.shape[slot[1]]), gone[slot])
        after.weights[slot[0]] = _through(_map(own, cross, stays), full, slot[1])
    made = onnx.ModelProto()
    made.CopyFrom(small)
    with_weights(made, after.weights)
    return made


def _both(before: Walk, after: Walk, reads: Sequence[Read]) -> tuple[Moment, Moment]:
    """Y^T Y and Y^T X of what a weight reads. Where it reads in several places (a picture and its mirror image) those
    count that have been reached: the first at least.
    """
    own: Moment | None = None
    cross: Moment | None = None
    for tensor, axis in dict.fromkeys((read.tensor, read.axis) for read in reads):
        wanted, got = before.seen(tensor), after.seen(tensor)
        if wanted is None or got is None:
            continue
        for whole, small in zip(wanted, got, strict=True):
            x, y = _rows(whole, axis), _rows(small, axis)
            a, b = (y.T @ y).astype(np.float64), (y.T @ x).astype(np.float64)
            own, cross = (a, b) if own is None or cross is None else (own + a, cross + b)
    if own is None or cross is None:
        raise ValueError("nothing to mend with")
    return own, cross


def _map(own: Moment, cross: Moment, stays: npt.NDArray[np.int64]) -> Moment:
    """A [kept, all]: argmin |Y A - X|^2 + r |A - E|^2, where E lets what stays be as it is."""
    same = np.zeros_like(cross)
    same[np.arange(len(stays)), stays] = 1.0
    ridge = RIDGE * float(np.trace(own)) / len(own) + 1e-12
    return same + np.asarray(np.linalg.solve(own + ridge * np.eye(len(own)), cross - own @ same))


def _through(a: Moment, full: Array, axis: int) -> Array:
    """The weights of the whole layer behind the map, [..., all, ...] -> [..., kept, ...]."""
    mixed = np.moveaxis(np.tensordot(a, full.astype(np.float64), axes=(1, axis)), 0, axis)
    return np.ascontiguousarray(mixed, full.dtype)


def _rows(value: Array, axis: int) -> npt.NDArray[np.float32]:
    """A tensor as rows of channels, [n, c]; every so manieth where there are many."""
    rows = np.moveaxis(np.asarray(value, np.float32), axis, -1).reshape(-1, np.shape(value)[axis])
    step = -(-len(rows) // _ROWS)
    return rows[::step]


__all__ = ["RIDGE", "Moments", "mend", "moments"]
