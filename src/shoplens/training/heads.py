"""Makes the heads of the bundled encoder: kind, colour, material and pattern from a picture's vector.

    nice python -m shoplens.training.heads --work runs/encoder

Linear probes on the encoder as it ships (int8, vectors rounded to fp16 as a shop stores them), fitted on train,
temperatures and thresholds from dev, test measured once. No randomness beyond the seeds of the drawn pictures; needs
the data sets (``SHOPLENS_DATA``), not torch. Writes ``heads.npz`` beside the encoder, and its figures and SHA-256 into
the card. Expected: docs/reference/attributes.md; five minutes on a core after the pictures are drawn (six more).
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shoplens.encoders.lexicon import Lexicon, load_lexicon
from shoplens.encoders.onnx_dual import DualOnnxEncoder, sha256
from shoplens.training import heads_figures
from shoplens.training.data import data_root
from shoplens.training.heads_data import Looked, look
from shoplens.training.labelled import classes_of
from shoplens.training.probing import Array, Probe, fit, softmax, temperature, threshold
from shoplens.understanding.describing import Describer
from shoplens.understanding.heads import FILE, Head, Heads, load_heads, save_heads
from shoplens.understanding.notions import Notion, Notions

SCALE = 16.0
"""Unit vectors of 256 dimensions times this have about unit variance in each."""
PRECISION = 0.9
FEWEST = 4
"""Training pictures that a class needs."""
FOLDS = 5
PLANS: dict[str, tuple[float, float, tuple[str, ...]]] = {
    # penalty, weight of drawn pictures in training, sources whose dev pictures set temperature and threshold
    "kind": (3e-3, 0.3, ("fashion", "clothing", "grocery")),
    "colour": (1e-2, 0.2, ("fashion",)),
    "material": (3e-3, 0.3, ("fashion", "rendered")),
    "pattern": (3e-3, 0.3, ("fashion", "rendered")),
}
"""Chosen on dev among penalties 1e-3 to 3e-2 and weights 0, .1, .2, .3, 1: a point of accuracy between most of them."""


class Labels:
    """The classes of one head, and what each picture may be: ``allowed`` bool [n, classes]."""

    def __init__(self, name: str, looked: Looked, lexicon: Lexicon) -> None:
        said = [classes_of(name, item, lexicon) for item in looked.items]
        self.known = np.asarray([bool(keys) for keys in said])
        self.split = np.asarray([item.split for item in looked.items])
        self.source = np.asarray([item.source for item in looked.items])
        single = Counter(
            keys[0] for keys, split in zip(said, self.split, strict=True) if split == "train" and len(keys) == 1
        )
        self.keys = tuple(key for key, count in single.items() if count >= FEWEST)
        place = {key: n for n, key in enumerate(self.keys)}
        self.allowed = np.zeros((len(said), len(self.keys)), np.bool_)
        for row, keys in enumerate(said):
            self.allowed[row, [place[key] for key in keys if key in place]] = True

    def rows(self, split: str, source: str = "") -> npt.NDArray[np.int64]:
        """Rows of a split (and source) of which something is known; in training, a class that there is."""
        found = self.known & (self.split == split)
        if source:
            found &= self.source == source
        return np.flatnonzero(found & self.allowed.any(axis=1) if split == "train" else found)


def fit_head(name: str, looked: Looked, labels: Labels) -> tuple[Head, float]:
    """A calibrated head, and the confidence from which on `PRECISION` of its answers are right on every dev source."""
    penalty, drawn, sources = PLANS[name]
    train = labels.rows("train")
    weight = np.where(labels.source == "rendered", drawn, 1).astype(np.float32)

    def probe(rows: npt.NDArray[np.int64]) -> Probe:
        return fit(looked.vectors[rows] * np.float32(SCALE), labels.allowed[rows], weight[rows], penalty)

    whole = probe(train)
    judged: list[tuple[Array, npt.NDArray[np.bool_]]] = []
    for source in sources:
        rows = labels.rows("dev", source)
        scores = whole.scores(looked.vectors[rows] * np.float32(SCALE))
        if len(rows) < 100:  # materials in titles are few: each fifth of those that train is judged by the others
            own = labels.rows("train", source)
            folds = [own[n::FOLDS] for n in range(FOLDS)]
            parts = [
                probe(np.setdiff1d(train, fold)).scores(looked.vectors[fold] * np.float32(SCALE)) for fold in folds
            ]
            scores, rows = np.concatenate([scores, *parts]), np.concatenate([rows, *folds])
        judged.append((scores, labels.allowed[rows]))
    # Sources count alike: a resample of as many rows of each.
    size = min(len(scores) for scores, _ in judged)
    even = [np.linspace(0, len(scores) - 1, size).astype(int) for scores, _ in judged]
    t = temperature(
        np.concatenate([scores[at] for (scores, _), at in zip(judged, even, strict=True)]),
        np.concatenate([allowed[at] for (_, allowed), at in zip(judged, even, strict=True)]),
    )
    weights = (whole.weights * np.float32(SCALE / t)).astype(np.float16).astype(np.float32)
    head = Head(name, labels.keys, weights, whole.bias / np.float32(t))
    limits = []
    for scores, allowed in judged:
        p = softmax(scores / np.float32(t))
        guess = p.argmax(axis=1)
        limits.append(threshold(p.max(axis=1), allowed[np.arange(len(guess)), guess], PRECISION))
    return head, max(limits)


def lexicon_notions(lexicon: Lexicon) -> Notions:
    """The lexicon as understanding takes it."""
    return Notions(Notion(e.facet, e.key, e.english, e.chinese) for e in lexicon.entries)


def make(folder: Path, root: Path, work: Path, drawn: int) -> dict[str, Any]:
    """Fits the heads of the encoder in ``folder``, writes ``heads.npz`` and the card; returns the figures."""
    lexicon = load_lexicon()
    encoder = DualOnnxEncoder(folder, threads=1)
    looked = look(encoder, root, work, drawn, lexicon)
    scale = said(encoder, looked.vectors)
    shared = replace(looked, vectors=looked.vectors * scale)
    heads: dict[str, Head] = {}
    limits: dict[str, float] = {}
    labelled: dict[str, Labels] = {}
    for name in PLANS:
        labelled[name] = Labels(name, looked, lexicon)
        head, limits[name] = fit_head(name, shared, labelled[name])
        heads[name] = replace(head, weights=(head.weights * scale).astype(np.float16).astype(np.float32))
        print(name, len(heads[name].keys), "classes, sure from", round(limits[name], 3), flush=True)
    notions = lexicon_notions(lexicon)
    describer = Describer(Heads(encoder.card.space, heads, limits), notions)
    limits["basic"] = heads_figures.basic_limit(describer, looked, PRECISION)
    limits |= heads_figures.contradiction_limits(describer, looked)
    made = Heads(encoder.card.space, heads, limits)
    save_heads(folder / FILE, made)
    kept = load_heads(folder / FILE, encoder.card.space)
    figures = heads_figures.all_figures(Describer(kept or made, notions), looked, labelled)
    sign(folder, figures)
    return figures


def said(encoder: DualOnnxEncoder, vectors: Array) -> Array:
    """What vectors [n, d] of pictures are multiplied by to be units of the dimensions that words use, [d].

    The side signal holds guesses at kind and colour that were fitted on the same pictures: heads that read them are as
    often right, and far too sure (kind: 0.39 of photos filled instead of 0.68 at the same precision).
    """
    used = np.abs(encoder.encode_words(["red dress", "黑色手提包", "wooden chair", "watch"])).max(axis=0) > 1e-4
    return np.asarray(used / np.linalg.norm(vectors * used, axis=1).mean(), np.float32)


def sign(folder: Path, figures: dict[str, Any]) -> None:
    """Enters the heads' SHA-256 and figures into the encoder's card; all else in it stays."""
    path = folder / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    card["files"][FILE] = sha256(folder / FILE)
    card["metrics"]["heads"] = figures
    path.write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("runs/encoder"), help="drawn pictures and caches")
    parser.add_argument("--out", type=Path, default=Path("src/shoplens/encoders/bundled"), help="the encoder's folder")
    parser.add_argument("--data", type=Path, default=data_root(), help="the data sets")
    parser.add_argument("--drawn", type=int, default=6000, help="pictures to draw")
    given = parser.parse_args(arguments)
    given.work.mkdir(parents=True, exist_ok=True)
    print(json.dumps(make(given.out, given.data, given.work, given.drawn), indent=1))


__all__ = ["PLANS", "Labels", "fit_head", "lexicon_notions", "main", "make", "said", "sign"]

if __name__ == "__main__":
    main()
