"""What can be taken out of a graph, and that what is left computes what the whole does with the same units silent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="draws ONNX graphs with the package onnx (extra `onnx`)")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from shoplens.encoders.shrinking.cutting import cut, silence  # noqa: E402
from shoplens.encoders.shrinking.graphs import look, session, weights_of  # noqa: E402
from shoplens.encoders.shrinking.units import Anatomy  # noqa: E402
from tests.encoders.shrinking.towers import Drawing, pictures, residual, transformer  # noqa: E402

PIXELS = {"pixels": np.stack(pictures(3))}
IDS = {"ids": np.random.default_rng(2).integers(0, 40, (3, 5))}


def embed(model: Any, feed: dict[str, Any]) -> Any:
    return session(model).run(["embedding"], feed)[0]


def shapes(model: Any) -> dict[str, tuple[int, ...]]:
    return {name: value.shape for name, value in weights_of(model).items()}


def test_channels_of_a_residual_network_go_together() -> None:
    anatomy = Anatomy(residual(), look(residual(), PIXELS))
    width, *inner = sorted(anatomy.groups, key=lambda group: group.units)
    assert width.units == 16
    assert {read.weight for read in width.reads} == {"one.first.weight", "two.first.weight", "project"}
    for layer in ("stem", "one.second", "two.second"):  # what is added together is one channel
        assert (f"{layer}.weight", 0) in width.places
        assert (f"{layer}.bias", 0) in width.places
    assert [group.units for group in inner] == [32, 32]
    assert ("two.deep.weight", 0) in inner[1].places, "a depthwise convolution has the channels of what it reads"


def test_heads_and_hidden_units_of_a_transformer() -> None:
    model = transformer()
    heads, hidden = Anatomy(model, look(model, IDS)).groups
    assert (heads.units, hidden.units) == (3, 64)
    for name in ("query", "key", "value"):
        np.testing.assert_array_equal(heads.places[f"{name}.weight", 1], np.arange(24).reshape(3, 8))
        assert (f"{name}.bias", 0) in heads.places
    assert {read.weight for read in heads.reads} == {"out"}
    assert {read.weight for read in hidden.reads} == {"down"}


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10**6), data=st.data())
def test_a_cut_network_is_the_one_with_silent_channels_exactly(seed: int, data: st.DataObject) -> None:
    """Weights and pixels are whole numbers, so every sum is exact, and so is the claim."""
    model = residual(seed, width=8, inner=6, whole=True)
    feed = {"pixels": np.random.default_rng(seed).integers(0, 2, (2, 16, 16, 3)).astype(np.uint8)}
    anatomy = Anatomy(model, look(model, feed))
    assert len(anatomy.groups) == 3
    kept = {
        number: np.asarray(data.draw(st.lists(st.booleans(), min_size=g.units, max_size=g.units).filter(any)))
        for number, g in enumerate(anatomy.groups)
    }
    small = cut(model, anatomy, kept)
    np.testing.assert_array_equal(embed(small, feed), embed(silence(model, anatomy, kept), feed))
    for number, units in kept.items():
        for (name, axis), places in anatomy.groups[number].places.items():
            if name in shapes(model):
                assert shapes(small)[name][axis] == units.sum() * places.shape[1], "really smaller"


@pytest.mark.parametrize("kept", [[True, False, True], [False, True, False]])
def test_a_cut_transformer_is_the_one_with_silent_heads(kept: list[bool]) -> None:
    model = transformer()
    anatomy = Anatomy(model, look(model, IDS))
    hidden = np.arange(64) % 3 == 0
    chosen = {0: np.asarray(kept), 1: hidden}
    small = cut(model, anatomy, chosen)
    assert shapes(small)["query.weight"] == (24, 8 * sum(kept))
    assert shapes(small)["out"] == (8 * sum(kept), 24)
    assert shapes(small)["up"] == (24, 22)
    for length in (1, 5, 7):
        feed = {"ids": np.random.default_rng(length).integers(0, 40, (2, length))}
        np.testing.assert_allclose(embed(small, feed), embed(silence(model, anatomy, chosen), feed), atol=1e-5)
    assert np.abs(embed(small, IDS) - embed(model, IDS)).max() > 0.1, "and it is another one"


def test_the_silent_network_is_the_formula() -> None:
    """relu(x A + a) B with some hidden units gone: their columns of A and rows of B."""
    d = Drawing(3)
    high = d.add("Gemm", ["pixels", d.weight("A", 5, 9), d.weight("a", 9)], "high")
    d.add("Gemm", [d.add("Relu", [high], "kept"), d.weight("B", 4, 9)], "embedding", transB=1)
    model = d.model({"pixels": (TensorProto.FLOAT, ["n", 5])}, {"embedding": ["n", 4]})
    x = d.rng.normal(size=(6, 5)).astype(np.float32)
    (group,) = (anatomy := Anatomy(model, look(model, {"pixels": x}))).groups
    assert group.units == 9
    stay = np.arange(9) % 2 == 0
    wanted = np.maximum(x @ d.weights["A"][:, stay] + d.weights["a"][stay], 0) @ d.weights["B"][:, stay].T
    for model_of in (cut, silence):
        np.testing.assert_allclose(embed(model_of(model, anatomy, {0: stay}), {"pixels": x}), wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("operator", "attributes"),
    [("Softmax", {"axis": -1}), ("LpNormalization", {"axis": -1, "p": 2}), ("CumSum", {}), ("Hardmax", {"axis": -1})],
)
def test_what_looks_across_channels_keeps_them(operator: str, attributes: dict[str, Any]) -> None:
    """Known to do so, and not known at all."""
    d = Drawing(4)
    high = d.add("MatMul", ["pixels", d.weight("A", 5, 8)], "high")
    more = [d.fixed("axis", np.asarray(1, np.int64))] if operator == "CumSum" else []
    across = d.add(operator, [high, *more], "across", **attributes)
    d.add("MatMul", [across, d.weight("B", 8, 4)], "embedding")
    model = d.model({"pixels": (TensorProto.FLOAT, ["n", 5])}, {"embedding": ["n", 4]})
    assert Anatomy(model, look(model, {"pixels": np.ones((2, 5), np.float32)})).groups == []


def test_channels_side_by_side_are_units_of_their_own() -> None:
    """Two branches joined (Concat): each has its channels, and the layer behind reads both at their places."""
    d = Drawing(6)
    one = d.add("Relu", [d.convolve("pixels", "left", 2, 3)], "left.out")
    two = d.add("Relu", [d.convolve("pixels", "right", 2, 5)], "right.out")
    both = d.add("Concat", [one, two], "both", axis=1)
    d.add("ReduceMean", [d.convolve(both, "last", 8, 4)], "embedding", axes=[2, 3], keepdims=0)
    model = d.model({"pixels": (TensorProto.FLOAT, ["n", 2, 6, 6])}, {"embedding": ["n", 4]})
    feed = {"pixels": d.rng.normal(size=(2, 2, 6, 6)).astype(np.float32)}
    anatomy = Anatomy(model, look(model, feed))
    assert sorted(group.units for group in anatomy.groups) == [3, 5]
    kept = {n: np.arange(group.units) > 0 for n, group in enumerate(anatomy.groups)}
    small = cut(model, anatomy, kept)
    assert shapes(small)["last.weight"] == (4, 6, 3, 3)
    np.testing.assert_allclose(embed(small, feed), embed(silence(model, anatomy, kept), feed), atol=1e-5)


def test_weights_that_two_places_share_are_cut_once() -> None:
    """A picture and its mirror image through the same layers, as the bundled encoder reads them."""
    d = Drawing(7)
    sums = []
    for turn in ("plain", "mirror"):
        x = "pixels"
        if turn == "mirror":
            ends = [d.fixed(f"end.{n}", np.asarray([v], np.int64)) for n, v in enumerate((-1, -(2**62), 3, -1))]
            x = d.add("Slice", [x, *ends], "turned")
        for layer, (inputs, outputs) in enumerate(((2, 6), (6, 4))):
            if turn == "plain":
                d.weight(f"{layer}", outputs, inputs, 3, 3)
            x = d.add("Relu", [d.add("Conv", [x, f"{layer}"], f"{turn}.{layer}")], f"{turn}.{layer}.out")
        sums.append(x)
    d.add("ReduceMean", [d.add("Add", sums, "sum")], "embedding", axes=[2, 3], keepdims=0)
    model = d.model({"pixels": (TensorProto.FLOAT, ["n", 2, 8, 8])}, {"embedding": ["n", 4]})
    feed = {"pixels": d.rng.normal(size=(2, 2, 8, 8)).astype(np.float32)}
    (group,) = (anatomy := Anatomy(model, look(model, feed))).groups
    assert (group.units, len(group.reads)) == (6, 2)
    kept = {0: np.asarray([True, False, True, True, False, True])}
    small = cut(model, anatomy, kept)
    assert shapes(small)["0"] == (4, 2, 3, 3)
    np.testing.assert_allclose(embed(small, feed), embed(silence(model, anatomy, kept), feed), atol=1e-5)


def test_a_shape_that_cannot_be_told_anew_keeps_its_axis() -> None:
    """The length of an axis comes out of a sum: where it shrinks, the Reshape would be told the old one."""
    d = Drawing(8)
    high = d.add("MatMul", ["pixels", d.weight("A", 5, 8)], "high")
    half = d.fixed("half", np.asarray([0, 4], np.int64))
    told = d.add("Add", [half, d.fixed("other", np.asarray([0, 4], np.int64))], "told")
    d.add("MatMul", [d.add("Reshape", [high, told], "again"), d.weight("B", 8, 4)], "embedding")
    model = d.model({"pixels": (TensorProto.FLOAT, ["n", 5])}, {"embedding": ["n", 4]})
    assert Anatomy(model, look(model, {"pixels": np.ones((2, 5), np.float32)})).groups == []


def test_constants_may_be_nodes() -> None:
    from shoplens.encoders.shrinking.plain import plain

    model = transformer()
    kept = [tensor for tensor in model.graph.initializer if tensor.name not in ("up", "joined")]
    moved = [tensor for tensor in model.graph.initializer if tensor.name in ("up", "joined")]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    for tensor in moved:
        value = numpy_helper.from_array(numpy_helper.to_array(tensor), "value")
        model.graph.node.insert(0, helper.make_node("Constant", [], [tensor.name], value=value))
    made = plain(model)
    assert [group.units for group in Anatomy(made, look(made, IDS)).groups] == [3, 64]
    np.testing.assert_array_equal(embed(made, IDS), embed(transformer(), IDS))
