"""From a folder of towers to a folder of smaller ones: pruned, in fewer bits, with a card that says so."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx

from shoplens.core.ports import Encoder
from shoplens.core.spaces import EncoderCard
from shoplens.encoders import calibrating, parity, quantizing
from shoplens.encoders.calibrating import Sample
from shoplens.encoders.new_folder import new_folder
from shoplens.encoders.onnx_dual import sha256
from shoplens.encoders.onnx_folder import open_folder, write_folder_card
from shoplens.encoders.preprocess import PREPROCESSING
from shoplens.encoders.shrinking import likeness
from shoplens.encoders.shrinking.feeds import picture_feeds, texts_for, words_feeds
from shoplens.encoders.shrinking.graphs import Feed
from shoplens.encoders.shrinking.lean8 import is_lean, lean8
from shoplens.encoders.shrinking.plain import plain
from shoplens.encoders.shrinking.pruning import prune
from shoplens.errors import EncoderError

Precision = Literal["fp32", "fp16", "int8"]
LEAST_PRUNED = 0.7
"""A pruned encoder must keep this share of the ten nearest pictures, unless another bar is asked for."""
MOST = 0.9
_TOWERS = ("image.onnx", "text.onnx")
_STATIC = 8
"""Batches that int8 of convolutions takes its ranges from."""
_MENDED = (
    {
        "name": "pictures and titles by which it was pruned and mended",
        "source": "who exported it",
        "licence": "their own",
    },
)
_LARGEST = 2**31 - 2**24
"""Bytes of a graph that still fit into one message."""


@dataclass(frozen=True, slots=True)
class ShrinkReport:
    """What was written. ``towers``: file -> what went (`Pruned.to_fields`), or {"whole": why nothing did}.

    ``recall``: "picture", "words" -> share of the ten nearest pictures of ``origin`` that are found still, by every
    fourth of the sample, which mended nothing. ``bytes``: of the towers, after and before.
    """

    card: EncoderCard
    folder: Path
    origin: str
    precision: Precision
    pruned: float
    towers: Mapping[str, Mapping[str, Any]]
    recall: Mapping[str, float]
    pictures: int
    bytes: tuple[int, int] = (0, 0)
    steps: Mapping[str, str] = field(default_factory=dict)


def shrink(
    source: Path,
    out: Path,
    *,
    precision: Precision,
    pruned: float = 0.0,
    sample: Sample,
    least: float | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> ShrinkReport:
    """Writes the encoder in ``source`` to ``out``, smaller; ``out`` appears whole or not at all. Needs onnx, no torch.

    Args:
        source: a folder of towers, as `open_folder` reads it.
        out: a folder that is new or empty.
        precision: what the weights are kept in.
        pruned: share of channels, heads and hidden units to take out of every group, 0 (none) to 0.9.
        sample: a shop's pictures and titles: three quarters of them choose and mend, the rest judges.
        least: share of the ten nearest pictures that must be found still; 0.85 without pruning, 0.7 with.

    Raises:
        EncoderError: nothing would become smaller; the graphs cannot be pruned; too few pictures; too much is lost.
    """
    if not 0.0 <= pruned <= MOST:
        raise EncoderError(f"a share of {pruned:g} cannot be pruned", where="--prune", hint=f"give 0 to {MOST:g}")
    if len(sample.pictures) < parity.LEAST_PICTURES:
        raise EncoderError(
            f"a smaller encoder is judged by the neighbours of at least {parity.LEAST_PICTURES} pictures, here are"
            f" {len(sample.pictures)}",
            where="sample",
            hint="give a shop (--shop) or a folder (--pictures) with more pictures",
        )
    bar = least if least is not None else LEAST_PRUNED if pruned else parity.LEAST_RECALL
    parent = open_folder(source)
    with new_folder(out) as part:
        report = _shrink(parent, source, part, _Wish(precision, pruned, bar), sample, on_step)
    return replace(report, folder=out)


@dataclass(frozen=True, slots=True)
class _Wish:
    precision: Precision
    pruned: float
    least: float


def _shrink(
    parent: Encoder, source: Path, part: Path, wish: _Wish, sample: Sample, on_step: Callable[[str], None]
) -> ShrinkReport:
    card = parent.card
    towers = [name for name in _TOWERS if (source / name).exists() and name in card.files]
    graphs = {name: _load(source / name) for name in towers}
    rounded = any(_rounded(graph) for graph in graphs.values())
    _worthwhile(wish, rounded, source)
    whole = {name: plain(graph, where=str(source / name)) for name, graph in graphs.items()}
    del graphs
    on_step("looking with the encoder as it is")
    before = likeness.look(parent, sample)
    feeds = _feeds(card, source, towers, sample)
    told: dict[str, Mapping[str, Any]] = {}
    refused: list[EncoderError] = []
    for name in towers if wish.pruned else ():
        on_step(f"pruning {name}")
        try:
            made = prune(whole[name], feeds[name], wish.pruned, where=str(source / name))
        except EncoderError as error:
            refused.append(error)
            told[name] = {"whole": error.message}
            continue
        told[name] = made.to_fields()
        whole[name] = made.model
    if wish.pruned and len(refused) == len(towers):
        raise refused[0]
    on_step(f"writing {wish.precision}")
    steps: dict[str, str] = {}
    for name in towers:
        steps[name] = _write(whole[name], part / name, wish.precision, feeds[name])
    if (source / "tokenizer.json").exists():
        shutil.copyfile(source / "tokenizer.json", part / "tokenizer.json")
    on_step("judging")
    return _signed(card, before, part, wish, sample, _Made(source, told, steps, rounded))


@dataclass(frozen=True, slots=True)
class _Made:
    source: Path
    told: Mapping[str, Mapping[str, Any]]
    steps: Mapping[str, str]
    rounded: bool


def _signed(
    card: EncoderCard, before: likeness.Look, part: Path, wish: _Wish, sample: Sample, made: _Made
) -> ShrinkReport:
    """Judges what lies in ``part`` and writes its card."""
    size = sum((part / name).stat().st_size for name in made.steps)
    was = sum((made.source / name).stat().st_size for name in made.steps)
    said = {key: value for key, value in card.preprocessing.items() if key != "alone"}
    alone = [m for m, name in (("picture", "image.onnx"), ("words", "text.onnx")) if made.steps.get(name) == "dynamic"]
    origin = str(card.space)
    new = replace(
        card,
        revision=_revision(card, part, wish, made),
        preprocessing={**said, **({"alone": alone} if alone else {})},
        data=(*card.data, *(_MENDED if wish.pruned else ())),
        metrics={},
        notes=_notes(origin, wish, made.told),
    )
    if said["name"] == PREPROCESSING:
        np.savez(part / "means.npz", picture=card.mean("picture"), words=card.mean("words"))
    write_folder_card(part, new)
    encoder = open_folder(part, check=False)
    after = likeness.look(encoder, sample)
    recall = likeness.recall(before, after)
    if said["name"] == PREPROCESSING:
        np.savez(
            part / "means.npz",
            picture=likeness.moved(card.mean("picture"), "picture", before, after),
            words=likeness.moved(card.mean("words"), "words", before, after),
        )
    known = likeness.carried(card.calibration, before, after) or calibrating.calibrate(encoder, sample)
    facts = {
        "made smaller": {
            "from": origin,
            "precision": wish.precision,
            "pruned": wish.pruned,
            "towers": {name: dict(fields) for name, fields in made.told.items()},
            "bytes": [size, was],
        },
        "recall@10 against the original": {name: round(value, 4) for name, value in recall.items()},
        "judged by": {
            "pictures": len(likeness.held(len(sample.pictures))),
            "titles": len(likeness.held(len(before.words))),
        },
    }
    _judge(recall, wish)
    new = write_folder_card(part, replace(new, metrics=facts, calibration=known))
    return ShrinkReport(
        card=new,
        folder=part,
        origin=origin,
        precision=wish.precision,
        pruned=wish.pruned,
        towers=made.told,
        recall=recall,
        pictures=len(sample.pictures),
        bytes=(size, was),
        steps=made.steps,
    )


def _load(path: Path) -> onnx.ModelProto:
    model = onnx.load(str(path))
    if model.ByteSize() > _LARGEST:
        raise EncoderError(
            "this graph has more than two gigabytes, which cannot be cut here",
            where=str(path),
            hint="export it with --precision int8 or fp16, without --prune",
        )
    return model


def _rounded(graph: onnx.ModelProto) -> bool:
    """Whether a graph is in int8."""
    return any("Quantize" in node.op_type for node in graph.graph.node)


def _worthwhile(wish: _Wish, rounded: bool, source: Path) -> None:
    if wish.pruned:
        return
    if wish.precision == "int8" and rounded:
        raise EncoderError(
            "this encoder is in int8 already", where=str(source), hint="give --prune .25 to make it smaller still"
        )
    if wish.precision == "fp32" and not rounded:
        raise EncoderError(
            "nothing would become smaller", where=str(source), hint="give --precision fp16 or int8, or --prune .25"
        )


def _feeds(card: EncoderCard, source: Path, towers: Sequence[str], sample: Sample) -> dict[str, list[Feed]]:
    """What the towers read, made of the part of the sample that mends."""
    rows = likeness.mending(len(sample.pictures))
    found = {"image.onnx": picture_feeds(card, [sample.pictures[row] for row in rows])}
    if "text.onnx" in towers:
        titles = [sample.texts[row] for row in likeness.mending(len(sample.texts))]
        found["text.onnx"] = words_feeds(card, source, texts_for(card, titles))
    return found


def _write(model: onnx.ModelProto, path: Path, precision: Precision, feeds: Sequence[Feed]) -> str:
    """Writes one tower; returns how its steps of int8 are taken: "static", "dynamic", "lean" or "" for none."""
    if precision == "int8" and is_lean(model):
        onnx.save(lean8(model), str(path))
        return "lean"
    whole = path.with_suffix(".whole.onnx")
    onnx.save(model, str(whole))
    try:
        if precision == "fp32":
            whole.replace(path)
        elif precision == "fp16":
            quantizing.halve(whole, path)
        elif path.name == "text.onnx":
            quantizing.quantize_words(whole, path)
            return "dynamic"
        else:
            (name,) = feeds[0]
            every = max(1, len(feeds) // _STATIC)
            return quantizing.quantize_pictures(whole, path, [feed[name] for feed in feeds[::every]][:_STATIC], name)
    finally:
        whole.unlink(missing_ok=True)
    return ""


def _revision(card: EncoderCard, part: Path, wish: _Wish, made: _Made) -> str:
    """The parent's, and what was done; with the hash of the towers, as other pictures make another encoder of it."""
    if not wish.pruned and wish.precision != "int8" and not made.rounded:
        return card.revision  # the same numbers, rounded to halves at most
    done = [*([f"p{100 * wish.pruned:.4g}".replace(".", "_")] if wish.pruned else []), wish.precision]
    digest = hashlib.sha256("".join(sha256(part / name) for name in made.steps).encode()).hexdigest()
    return "-".join([card.revision, *done, digest[:8]])


def _notes(origin: str, wish: _Wish, told: Mapping[str, Mapping[str, Any]]) -> str:
    said = f"made from {origin}: {wish.precision}"
    for name, fields in told.items():
        if "weights" in fields:
            said += f"; {name} without {100 * fields['weights']:.0f} % of its weights ({wish.pruned:g} of its units)"
        else:
            said += f"; {name} whole"
    return said


def _judge(recall: Mapping[str, float], wish: _Wish) -> None:
    found = recall.get("picture", 0.0)
    if found < wish.least:
        done = f"{wish.precision}, {wish.pruned:g} pruned," if wish.pruned else wish.precision
        hint = "prune less, or give pictures that are more like the shop's" if wish.pruned else "take --precision fp16"
        raise EncoderError(
            f"{done} loses too much: of the ten nearest pictures it finds {found:.3f} of those that the original finds"
            f" (at least {wish.least:g})",
            where="recall@10",
            hint=f"{hint}; or accept it: --least-recall {max(0.0, found - 0.005):.2f}",
        )


__all__ = ["LEAST_PRUNED", "MOST", "Precision", "ShrinkReport", "shrink"]
