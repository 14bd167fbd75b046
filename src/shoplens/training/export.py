"""From torch to ONNX: fp32, then int8 of the text tower (that of convolutions: encoders.quantizing); a parity gate."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shoplens.errors import EncoderError
from shoplens.training.side import Side
from shoplens.training.towers import ImageTower, TextTower

OPSET = 17


class ServedPictures(nn.Module):
    """The image tower as it is served: bytes in, embedding and patches out; pooling before the projection.

    With ``mirror`` the picture and its mirror image are both read and their patches averaged in place: twice the
    work for an embedding that does not depend on which way a shoe points. With ``side`` each patch has the side signal
    of the whole picture behind it, and the patches are brought to a length at which their mean is the embedding.
    """

    def __init__(self, tower: ImageTower, mirror: bool, side: Side | None = None) -> None:
        super().__init__()
        self.mirror, self.side = mirror, side
        self.stem, self.stages, self.project = copy.deepcopy(tower.stem), tower.stages, tower.project
        # (x / 255 - mean) / std, with the divisions folded into the first convolution: a pass over the pixels less.
        # The subtraction stays, since the convolution pads with zeros, which must mean the average pixel.
        first = self.stem[0][0]
        first.weight.data = first.weight.data / (255.0 * tower.pixel_std)
        self.register_buffer("average", 255.0 * tower.pixel_mean)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        values = pixels.float()
        x = values.permute(0, 3, 1, 2) - self.average
        features = self.stages(self.stem(x))
        if self.mirror:
            features = (features + self.stages(self.stem(x.flip(3))).flip(3)) * 0.5
        patches = self.project(features.permute(0, 2, 3, 1))
        if self.side is not None:
            beside = self.side(values, features.mean((2, 3)))[:, None, None, :]
            length = patches.mean((1, 2), keepdim=True).norm(dim=-1, keepdim=True)
            shared = patches / length * self.side.shares[0]
            patches = torch.cat([shared, beside.expand(-1, shared.shape[1], shared.shape[2], -1)], dim=-1)
        return F.normalize(patches.mean((1, 2)), dim=-1), patches


def export_image(tower: ImageTower, resolution: int, path: Path, mirror: bool = True, side: Side | None = None) -> None:
    """Writes the fp32 graph: ``pixels`` uint8 [n, R, R, 3] -> ``embedding`` [n, 256], ``patches`` [n, h, w, 256]."""
    sample = torch.randint(0, 256, (2, resolution, resolution, 3), dtype=torch.uint8)
    axes = {name: {0: "n"} for name in ("pixels", "embedding", "patches")}
    _export(ServedPictures(tower, mirror, side).eval(), (sample,), path, ["pixels"], ["embedding", "patches"], axes)


def export_text(tower: TextTower, path: Path) -> None:
    """Writes the fp32 graph: ``ids`` and ``mask`` int64 [n, t] -> ``embedding`` [n, 256]."""
    ids = torch.randint(2, 100, (2, 7))
    axes: dict[str, dict[int, str]] = {"ids": {0: "n", 1: "t"}, "mask": {0: "n", 1: "t"}, "embedding": {0: "n"}}
    _export(tower.eval(), (ids, torch.ones_like(ids)), path, ["ids", "mask"], ["embedding"], axes)


def quantize_text(fp32: Path, int8: Path) -> None:
    """Dynamic int8 of the matrix products and of the table of tokens."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        str(fp32),
        str(int8),
        op_types_to_quantize=["MatMul", "Gemm", "Gather"],
        weight_type=QuantType.QInt8,
        per_channel=False,
        extra_options={"MatMulConstBOnly": True},
    )


def run(path: Path, outputs: Sequence[str], inputs: dict[str, Any], threads: int = 1) -> list[npt.NDArray[np.float32]]:
    """One call of an ONNX file."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return list(session.run(list(outputs), inputs))


def gate(what: str, wanted: npt.NDArray[np.float32], got: npt.NDArray[np.float32], mean: float, least: float) -> float:
    """The mean cosine of unit rows; raises EncoderError when it is under ``mean`` or any is under ``least``."""
    cosine = (wanted * got).sum(axis=1)
    if cosine.mean() < mean or cosine.min() < least:
        raise EncoderError(
            f"{what} is not the same encoder: cosine {cosine.mean():.4f} on average (at least {mean}), "
            f"{cosine.min():.4f} at worst (at least {least})",
            hint="train longer, or calibrate the quantisation on more pictures",
        )
    return float(cosine.mean())


def _export(
    model: nn.Module,
    sample: tuple[Tensor, ...],
    path: Path,
    inputs: list[str],
    outputs: list[str],
    axes: dict[str, Any],
) -> None:
    with warnings.catch_warnings(), torch.no_grad():
        # The plain exporter is deprecated, but the newer one writes graphs that the static quantiser cannot fold.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            sample,
            str(path),
            input_names=inputs,
            output_names=outputs,
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
