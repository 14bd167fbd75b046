"""Which units stay, and how much of what went the rest can say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="draws ONNX graphs with the package onnx (extra `onnx`)")

from onnx import TensorProto  # noqa: E402

from shoplens.encoders.shrinking.choosing import by_data, by_length, how_many  # noqa: E402
from shoplens.encoders.shrinking.cutting import cut, parameters  # noqa: E402
from shoplens.encoders.shrinking.graphs import look, session, weights_of  # noqa: E402
from shoplens.encoders.shrinking.mending import mend, moments  # noqa: E402
from shoplens.encoders.shrinking.pruning import products, prune  # noqa: E402
from shoplens.encoders.shrinking.units import Anatomy  # noqa: E402
from shoplens.encoders.shrinking.walking import Walk  # noqa: E402
from shoplens.errors import EncoderError  # noqa: E402
from tests.encoders.shrinking.towers import Drawing, pictures, residual, transformer  # noqa: E402

FEEDS = [{"pixels": np.stack(pictures(24, seed))} for seed in range(8)]


def embed(model: Any, feed: dict[str, Any]) -> Any:
    return session(model).run(["embedding"], feed)[0]


def said_twice(seed: int = 0) -> tuple[Any, dict[str, Any]]:
    """relu(x A) B in which each of 8 hidden units stands a second time, twice as loud."""
    d = Drawing(seed)
    d.weight("A", 5, 8)
    d.weights["A"] = np.concatenate([d.weights["A"], 2 * d.weights["A"]], axis=1)
    high = d.add("Relu", [d.add("MatMul", ["pixels", "A"], "high")], "kept")
    d.add("MatMul", [high, d.weight("B", 16, 4)], "embedding")
    model = d.model({"pixels": (TensorProto.FLOAT, ["n", 5])}, {"embedding": ["n", 4]})
    return model, {"pixels": d.rng.normal(size=(200, 5)).astype(np.float32)}


def test_of_two_that_say_the_same_one_stays_and_speaks_for_both() -> None:
    model, feed = said_twice()
    anatomy = Anatomy(model, look(model, feed))
    known = moments(model, anatomy.reads, [feed])
    kept = by_data(anatomy.groups[0], weights_of(model), known, 8)
    assert (kept[:8] ^ kept[8:]).all(), "one of each pair"
    small = cut(model, anatomy, {0: kept})
    made = mend(model, small, anatomy, {0: kept}, [feed])
    wanted = embed(model, feed)
    assert np.abs(embed(small, feed) - wanted).max() > 0.5, "cut alone, something is missing"
    # The map is drawn in towards doing nothing by a thousandth of the mean moment.
    np.testing.assert_allclose(embed(made, feed), wanted, atol=0.02 * np.abs(wanted).max())
    loud = by_length(anatomy.groups[0], weights_of(model), 8)
    assert not (loud[:8] ^ loud[8:]).all(), "lengths of weights do not see it"


def test_the_map_is_least_squares() -> None:
    """With a single reader and no rounding the mended product is the best that the kept channels can do."""
    model, feed = said_twice(1)
    anatomy = Anatomy(model, look(model, feed))
    kept = np.arange(16) % 3 != 0
    made = mend(model, cut(model, anatomy, {0: kept}), anatomy, {0: kept}, [feed])
    high = np.maximum(feed["pixels"] @ weights_of(model)["A"], 0)
    wanted = high @ weights_of(model)["B"]
    best = high[:, kept] @ np.linalg.lstsq(high[:, kept], wanted, rcond=1e-6)[0]
    worst = np.linalg.norm(high[:, kept] @ weights_of(model)["B"][kept] - wanted)
    assert np.linalg.norm(best - wanted) <= np.linalg.norm(embed(made, feed) - wanted) < 0.1 * worst


@pytest.mark.parametrize(
    ("units", "share", "stay"),
    [
        (64, 0.25, 64 * 3 // 4),
        (64, 0.125, 64 - 8),
        (384, 0.5, 192),
        (256, 0.3, 8 * round(256 * 0.7 / 8)),  # eights, where there are many
        (32, 0.9, 8),
        (4, 0.125, 4),
        (4, 0.25, 3),
        (12, 0.25, 9),
        (3, 0.9, 1),  # never none
    ],
)
def test_how_many_stay(units: int, share: float, stay: int) -> None:
    assert how_many(units, share) == stay


def test_walking_makes_what_running_makes() -> None:
    model = residual()
    names = ["one.middle", "two.deep", "pooled"]
    wanted = [session(model, names).run(None, feed) for feed in FEEDS[:2]]
    walk = Walk(model, FEEDS[:2])
    for name, reader in (("one.middle", "one.second"), ("two.deep", "two.deeper"), ("pooled", "embedding")):
        walk.to(reader)
        found = walk.seen(name)
        assert found is not None
        for number in range(2):
            np.testing.assert_allclose(found[number], wanted[number][names.index(name)], rtol=1e-5, atol=1e-5)
    assert walk.seen("one.middle") is None, "what is no longer read is not kept"


@pytest.mark.parametrize(("tower", "share"), [("pictures", 0.25), ("pictures", 0.5), ("words", 0.34)])
def test_a_pruned_tower_is_smaller_and_mending_brings_it_back(tower: str, share: float) -> None:
    rng = np.random.default_rng(0)
    model = residual() if tower == "pictures" else transformer()
    feeds: Any = FEEDS if tower == "pictures" else [{"ids": rng.integers(0, 40, (60, t))} for t in (2, 3, 4, 5, 6)]
    made = prune(model, feeds[1:], share)
    assert made.weights == (parameters(made.model), parameters(model))
    assert made.weights[0] < (1 - 0.7 * share) * made.weights[1]
    assert made.products[0] < (1 - 0.7 * share) * made.products[1]
    for stay, was in made.units.values():
        assert stay == how_many(was, share)
    seen = look(model, feeds[0])
    anatomy = Anatomy(model, seen)
    weights = weights_of(model)
    known = {n: by_length(g, weights, how_many(g.units, share)) for n, g in enumerate(anatomy.groups)}
    wanted = embed(model, feeds[0])
    lost = [np.linalg.norm(embed(one, feeds[0]) - wanted) for one in (made.model, cut(model, anatomy, known))]
    assert lost[0] < 0.75 * lost[1], "against cutting what has the shortest weights; on rows that mended nothing"


def test_multiplications_are_counted() -> None:
    """A convolution 3 x 3 of stride 2 on 16 x 16: 64 places; and what follows, by hand."""
    model = residual(width=4, inner=6, out=2)
    stem, first, second = 64 * 4 * 27, 64 * 6 * 4 * 9, 64 * 4 * 6 * 9
    assert products(model, look(model, FEEDS[0])) == stem + 2 * (first + second) + 64 * 6 * 9 + 4 * 2


def test_a_graph_without_units_is_refused() -> None:
    d = Drawing(1)
    d.add("MatMul", ["pixels", d.weight("A", 5, 4)], "embedding")
    model = d.model({"pixels": (TensorProto.FLOAT, ["n", 5])}, {"embedding": ["n", 4]})
    with pytest.raises(EncoderError, match="nothing in this graph can be taken out whole") as caught:
        prune(model, [{"pixels": np.ones((3, 5), np.float32)}], 0.25, where="image.onnx")
    assert caught.value.where == "image.onnx"
    assert "without --prune" in str(caught.value.hint)


def test_less_than_one_unit_is_refused() -> None:
    with pytest.raises(EncoderError, match=r"0\.01 of 32 units is less than one") as caught:
        prune(residual(width=16), FEEDS[:1], 0.01)
    assert "prune more" in str(caught.value.hint)
