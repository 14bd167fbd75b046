"""From a hub model in torch to a folder of ONNX towers that serving reads without torch, behind a parity gate."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from shoplens.core.ports import Encoder
from shoplens.core.spaces import EncoderCard, Pixels, Vectors
from shoplens.encoders import calibrating, parity, quantizing
from shoplens.encoders.calibrating import Sample
from shoplens.encoders.hub import HubModel
from shoplens.encoders.new_folder import new_folder
from shoplens.encoders.onnx_folder import open_folder, write_folder_card
from shoplens.errors import EncoderError, MissingExtraError

Precision = Literal["fp32", "fp16", "int8"]
PRECISIONS: tuple[Precision, ...] = ("fp32", "fp16", "int8")
OPSET = 17
_GATED = 64
"""Pictures and texts of the user's that are held against the original one by one (it is slow)."""
_CALIBRATED = 8
_BATCH = 8
_KEPT = ("image.onnx", "text.onnx", "tokenizer.json")


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written, and how like the original it is.

    ``parity``: modality -> count, worst cosine, worst cosine with the mean taken away (fp32 against the library).
    ``smaller``: the same for the precision asked for, against fp32. ``recall``: recall@10 of the sample's pictures
    against fp32, None for fp32 or where there are too few. ``bytes``: of all files.
    """

    card: EncoderCard
    folder: Path
    precision: Precision
    parity: Mapping[str, Mapping[str, float]]
    smaller: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    recall: float | None = None
    pictures: int = 0
    bytes: int = 0


def export(
    model: HubModel,
    out: Path,
    *,
    precision: Precision = "fp32",
    sample: Sample | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> ExportReport:
    """Writes the folder ``out``; it appears whole or not at all.

    fp32 and fp16 keep the space of the original (the gate holds that they may), so that a shop indexed with one can be
    served by the other; int8 is a space of its own.

    Raises:
        EncoderError: ``out`` is there already; the graph cannot be written; it is not the same encoder as the original;
            fp16 or int8 lose more than is allowed.
        MissingExtraError: onnx is not installed.
    """
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("exporting an encoder", extra="hub") from error
    sample = sample or Sample()
    if precision == "int8" and len(sample.pictures) < parity.LEAST_PICTURES:
        raise EncoderError(
            f"int8 is judged by the neighbours of at least {parity.LEAST_PICTURES} pictures, here are"
            f" {len(sample.pictures)}",
            where="sample",
            hint="give a shop with more pictures (--shop), or export with --precision fp16",
        )
    with new_folder(out) as part:
        report = _export(model, part, precision, sample, on_step)
    return replace(report, folder=out)


def _export(
    model: HubModel, folder: Path, precision: Precision, sample: Sample, on_step: Callable[[str], None]
) -> ExportReport:
    on_step("writing the graphs")
    _write_graphs(model, folder)
    card = replace(model.card(), notes=f"{model.library} model {model.source.asked}, exported to ONNX in {precision}")
    card = write_folder_card(folder, replace(card, metrics={"original": dict(model.source.files)}))
    on_step("comparing with the original")
    pictures = [*parity.sample_pictures(), *sample.pictures[:_GATED]]
    texts = [*parity.SAMPLE_TEXTS, *sample.texts[:_GATED]] if model.words else []
    fp32 = open_folder(folder, check=False)
    wanted = dict(zip(("pictures", "words"), model.reference(pictures, texts), strict=True))
    same = _compare(wanted, _vectors(fp32, pictures, texts))
    for what, found in same.items():
        parity.gate(what, found, "the model or its library is of a kind that is not known well; please report it")
    metrics: dict[str, Any] = {**card.metrics, "parity": {what: found.to_fields() for what, found in same.items()}}
    smaller: dict[str, parity.Likeness] = {}
    recall = None
    if precision != "fp32":
        on_step(f"making {precision}")
        before = _vectors(fp32, pictures, texts)
        gallery = fp32.encode_pictures(sample.pictures)
        del fp32
        alone = _shrink(model, folder, precision, sample)
        if precision == "int8":
            said = {**card.preprocessing, "alone": alone}
            card = replace(card, revision=f"{card.revision}-int8", preprocessing=said)
        card = write_folder_card(folder, card)
        after = open_folder(folder, check=False)
        smaller = _compare(before, _vectors(after, pictures, texts))
        enough = len(sample.pictures) >= parity.LEAST_PICTURES
        recall = parity.recall(gallery, after.encode_pictures(sample.pictures)) if enough else None
        _judge(precision, smaller, recall)
        metrics["against fp32"] = {what: found.to_fields() for what, found in smaller.items()}
        if recall is not None:
            metrics["recall@10 against fp32"] = round(recall, 4)
    on_step("calibrating")
    known = calibrating.calibrate(open_folder(folder, check=False), sample)
    card = write_folder_card(folder, replace(card, metrics=metrics, calibration=known))
    return ExportReport(
        card=card,
        folder=folder,
        precision=precision,
        parity={what: found.to_fields() for what, found in same.items()},
        smaller={what: found.to_fields() for what, found in smaller.items()},
        recall=recall,
        pictures=len(sample.pictures),
        bytes=sum(p.stat().st_size for p in folder.iterdir()),
    )


def _write_graphs(model: HubModel, folder: Path) -> None:
    height, width = model.steps.size
    pixels = torch.randint(0, 256, (2, height, width, 3), dtype=torch.uint8)
    axes = {"pixels": {0: "n"}, "embedding": {0: "n"}}
    _trace(model, model.picture_tower(), (pixels,), folder / "image.onnx", ["pixels"], axes)
    words = model.words_tower()
    if model.words is None or words is None:
        return
    length = model.words.steps.length if model.words.steps.padded else min(7, model.words.steps.length)
    ids = torch.ones((2, length), dtype=torch.int64)
    tokens = {0: "n"} if model.words.steps.padded else {0: "n", 1: "t"}
    axes = {"ids": tokens, "mask": tokens, "embedding": {0: "n"}}
    _trace(model, words, (ids, torch.ones_like(ids)), folder / "text.onnx", ["ids", "mask"], axes)
    (folder / "tokenizer.json").write_text(model.words.tokenizer, "utf-8")


def _trace(
    model: HubModel, tower: nn.Module, given: tuple[torch.Tensor, ...], path: Path, inputs: list[str], axes: Any
) -> None:
    try:
        with _for_tracing(), torch.no_grad():
            torch.onnx.export(
                tower,
                given,
                str(path),
                input_names=inputs,
                output_names=["embedding"],
                dynamic_axes=axes,
                opset_version=OPSET,
                # The newer exporter writes graphs that the static quantiser cannot fold, and needs one package more.
                dynamo=False,
            )
    except Exception as error:  # the exporter raises what it likes
        text = str(error).strip().splitlines()
        raise EncoderError(
            f"{path.name} cannot be written: {type(error).__name__}: {text[0][:300] if text else ''}",
            where=model.source.asked,
            hint=f"serve it with torch instead: encoder = '{model.source.asked}'",
        ) from error


@contextlib.contextmanager
def _for_tracing() -> Iterator[None]:
    """Attention without torch's fused fast path, which has no ONNX operator; no warnings of the plain exporter."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _shrink(model: HubModel, folder: Path, precision: Precision, sample: Sample) -> list[str]:
    """Makes the graphs smaller; returns the modalities whose rows have to run one by one from then on, since dynamic
    int8 takes its steps from all that is in a run: a row's vector would depend on its company.
    """
    alone = []
    for name in ("image.onnx", "text.onnx"):
        path = folder / name
        if not path.exists():
            continue
        small = folder / f"{path.stem}.{precision}.onnx"
        if precision == "fp16":
            quantizing.halve(path, small)
        elif name == "text.onnx":
            quantizing.quantize_words(path, small)
            alone.append("words")
        else:
            # From all over the sample, not from its beginning.
            chosen = list(sample.pictures[:: max(1, len(sample.pictures) // (_CALIBRATED * _BATCH))])
            starts = range(0, min(len(chosen), _CALIBRATED * _BATCH), _BATCH)
            batches = [model.steps.batch(chosen[n : n + _BATCH]) for n in starts]
            if quantizing.quantize_pictures(path, small, batches) == "dynamic":
                alone.append("picture")
        small.replace(path)
    for left in folder.iterdir():  # the card, and the weights of graphs that were too large for one file
        if left.name not in _KEPT:
            left.unlink()
    return alone


def _vectors(encoder: Encoder, pictures: Sequence[Pixels], texts: Sequence[str]) -> dict[str, Vectors]:
    found = {"pictures": encoder.encode_pictures(pictures)}
    if texts:
        found["words"] = encoder.encode_words(texts)
    return found


def _compare(wanted: Mapping[str, Vectors], got: Mapping[str, Vectors]) -> dict[str, parity.Likeness]:
    return {what: parity.likeness(wanted[what], vectors) for what, vectors in got.items()}


def _judge(precision: Precision, found: Mapping[str, parity.Likeness], recall: float | None) -> None:
    if precision == "fp16":
        for what, like in found.items():
            parity.gate(what, like, "its weights do not fit into halves: export it with --precision fp32")
        return
    if recall is None or recall < parity.LEAST_RECALL:
        raise EncoderError(
            f"int8 loses too much: of the ten nearest pictures it finds {recall or 0.0:.3f} of those that fp32 finds"
            f" (at least {parity.LEAST_RECALL})",
            where="recall@10",
            hint="export it with --precision fp16: half the size, nothing lost",
        )


__all__ = ["PRECISIONS", "ExportReport", "Precision", "Sample", "export"]
