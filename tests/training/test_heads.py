"""The heads' recipe: logistic regression against its own optimality conditions, calibration, labels; figures on dev."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from shoplens.attributes import Understanding
from shoplens.encoders.lexicon import load_lexicon
from shoplens.encoders.onnx_dual import bundled_encoder
from shoplens.training.data import Item, fashion_items, picture_reader
from shoplens.training.heads import PLANS, Labels, fit_head
from shoplens.training.heads_data import Looked
from shoplens.training.labelled import classes_of
from shoplens.training.probing import calibration_error, fit, softmax, temperature, threshold
from shoplens.understanding.notions import FIELDS
from tests.support import need_data

LEXICON = load_lexicon()


def clouds(n: int = 600, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three overlapping clouds: features [n, 6], allowed [n, 3], classes [n]."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(3, size=n)
    features = (rng.standard_normal((n, 6)) + 1.2 * np.eye(6)[classes]).astype(np.float32)
    return features, np.eye(3, dtype=bool)[classes], classes


def test_a_fitted_probe_is_where_the_gradient_vanishes() -> None:
    features, allowed, _ = clouds()
    weight = np.random.default_rng(1).uniform(0.5, 2, len(features)).astype(np.float32)
    penalty = 1e-2
    probe = fit(features, allowed, weight, penalty, steps=2000)
    excess = (softmax(probe.scores(features)) - allowed) * (weight / weight.sum())[:, None]
    assert np.abs(excess.T @ features + penalty * probe.weights).max() < 1e-4
    assert np.abs(excess.sum(axis=0)).max() < 1e-4


def test_a_set_of_classes_asks_for_any_of_them() -> None:
    features, allowed, classes = clouds()
    allowed = allowed.copy()
    allowed[::2, :2] |= (classes[::2] < 2)[:, None]  # half of the pictures say "the first or the second" of these two
    probe = fit(features, allowed, np.ones(len(features), np.float32), 1e-3, steps=500)
    right = (probe.scores(features).argmax(axis=1) == classes).mean()
    plain = fit(features, np.eye(3, dtype=bool)[classes], np.ones(len(features), np.float32), 1e-3, steps=500)
    assert right > (plain.scores(features).argmax(axis=1) == classes).mean() - 0.03


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_a_scale(scale: float) -> None:
    features, allowed, _ = clouds(4000)
    probe = fit(features[:2000], allowed[:2000], np.ones(2000, np.float32), 1e-4, steps=1000)
    scores = probe.scores(features[2000:])
    assert temperature(scores * np.float32(scale), allowed[2000:]) == pytest.approx(
        scale * temperature(scores, allowed[2000:]), rel=0.05
    )


def test_calibration_error_is_the_gap_between_promise_and_truth() -> None:
    confidence = np.repeat(np.asarray([0.6, 0.9], np.float32), 100)
    right = np.concatenate([np.arange(100) < 60, np.arange(100) < 90])
    assert calibration_error(confidence, right, bins=2) == pytest.approx(0, abs=1e-6)
    wrong = np.concatenate([np.arange(100) < 40, np.arange(100) < 90])
    assert calibration_error(confidence, wrong, bins=2) == pytest.approx(0.5 * 0.2, abs=1e-6)


def test_the_threshold_keeps_the_precision_and_nothing_reaches_what_cannot_be() -> None:
    confidence = np.linspace(0, 1, 1000, dtype=np.float32)
    right = np.random.default_rng(0).uniform(size=1000) < confidence
    limit = threshold(confidence, right, 0.9)
    assert right[confidence >= limit].mean() >= 0.9
    assert 0.5 < limit < 0.95
    assert threshold(confidence, np.zeros(1000, bool), 0.9) > 1


def test_what_titles_and_labels_allow() -> None:
    plain = Item("fashion", "train", "", "", "", kind="shirt", colour="red", title="Luma Men Solid Red Shirt")
    assert classes_of("pattern", plain, LEXICON) == ("plain",)
    assert classes_of("colour", plain, LEXICON) == ("red",)
    assert classes_of("material", plain, LEXICON) == ()
    both = dataclasses.replace(plain, title="Luma Solid Striped Leather Shirt")
    assert classes_of("pattern", both, LEXICON) == ()
    assert classes_of("material", both, LEXICON) == ("leather",)
    phone = Item("clothing", "train", "", "", "", kind="shoes")
    assert {"casual-shoes", "sandals"} < set(classes_of("kind", phone, LEXICON))
    drawn = Item("rendered", "train", "", "", "", traits=("jumper", "red", "white", "wool", "stripes"))
    assert [classes_of(head, drawn, LEXICON) for head in ("kind", "material", "pattern")] == [
        ("sweater",), ("wool",), ("striped",)
    ]  # fmt: skip


def test_every_drawn_thing_has_its_names_in_the_lexicon() -> None:
    from shoplens.training.rendering import KINDS, MATERIALS, PATTERNS

    for head, place, names in (("kind", 0, KINDS), ("material", 3, MATERIALS), ("pattern", 4, PATTERNS)):
        for name in names:
            traits = ["t-shirt", "red", "white", "cotton", "plain"]
            traits[place] = name
            keys = classes_of(head, Item("rendered", "train", "", "", "", traits=tuple(traits)), LEXICON)
            assert len(keys) == 1
            assert any((facet, keys[0]) in LEXICON.by_key for facet in FIELDS[head][1]), (head, name)


def test_a_head_is_fitted_and_calibrated_from_labels() -> None:
    features, _, classes = clouds(1200)
    names = ("red", "blue", "green")
    items = [
        Item("fashion", "dev" if n % 4 == 0 else "train", "", "", "", colour=names[c]) for n, c in enumerate(classes)
    ]
    unit = (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)
    looked = Looked(items, unit, np.zeros((len(items), 1), np.float32))
    labels = Labels("colour", looked, LEXICON)
    head, limit = fit_head("colour", looked, labels)
    rows = labels.rows("dev")
    p = head.probabilities(unit[rows])
    right = labels.allowed[rows, p.argmax(axis=1)]
    assert right.mean() > 0.6
    assert calibration_error(p.max(axis=1), right) < 0.08
    sure = p.max(axis=1) >= limit
    assert not sure.any() or right[sure].mean() >= 0.9


@pytest.mark.data
def test_figures_on_real_photos() -> None:
    """Every third photo of fashion's dev split, through the encoder and heads that ship."""
    root = need_data("fashion").parent
    items = [item for item in fashion_items(root, LEXICON) if item.split == "dev"][::3]
    with picture_reader(Path(root)) as read:
        vectors = bundled_encoder().encode_pictures([read(item) for item in items])
    told = Understanding(bundled_encoder()).describer().describe_vectors(vectors)
    for head, least, gap in (("kind", 0.80, 0.08), ("colour", 0.63, 0.10)):
        found = [getattr(t, head) for t in told]
        right = np.asarray([f.key == getattr(item, head) for f, item in zip(found, items, strict=True)])
        confidence = np.asarray([f.confidence for f in found], np.float32)
        assert right.mean() >= least
        assert calibration_error(confidence, right, bins=5) <= gap
        limit = Understanding(bundled_encoder()).describer().heads.limits[head]
        assert right[confidence >= limit].mean() >= 0.85
    assert set(PLANS) == set(FIELDS)
