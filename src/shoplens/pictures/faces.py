"""Faces: found by a detector in an ONNX file (YuNet, as OpenCV's model zoo has it), and made unrecognisable.

No detector comes with the package: whoever wants faces blurred names the file of one. YuNet (MIT licence) is 230 kB:
``face_detection_yunet_2023mar.onnx`` of the OpenCV model zoo. onnxruntime, which is there anyway, runs it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from PIL import Image

from shoplens.core.faces import Boxes
from shoplens.core.spaces import Pixels
from shoplens.errors import ConfigError

STRIDES = (8, 16, 32)
OUTPUTS = tuple(f"{kind}_{stride}" for kind in ("cls", "obj", "bbox") for stride in STRIDES)
SIDE = 640
"""Side of the square that a picture is laid into, where the model leaves it open."""
SURE = 0.5
"""Score from which on it is a face: rather a vase blurred than a face shown."""
_WIDER = 0.25
"""Share of a box by which it is widened on each side: hair and chin are of the face."""
_GRAINS = 5
"""Squares along a blurred face: too few to know anybody by."""
_HINT = "name the file of YuNet, face_detection_yunet_2023mar.onnx of the OpenCV model zoo"


class YuNet:
    """A face detector with the inputs and outputs of YuNet. Safe to call from several threads.

    Args:
        path: the model's file.

    Raises:
        ConfigError: it cannot be loaded, or is another model.
    """

    def __init__(self, path: Path, *, sure: float = SURE) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            self._session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises a family of plain exceptions
            raise _wrong(path, f"it cannot be loaded: {str(error).splitlines()[0]}") from error
        self._sure = sure
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].shape[1] not in (3, "3"):
            raise _wrong(path, "it takes no picture of three channels")
        if missing := sorted(set(OUTPUTS) - {one.name for one in self._session.get_outputs()}):
            raise _wrong(path, f"it has no output {missing[0]}")
        self._input = str(inputs[0].name)
        fixed = [side for side in inputs[0].shape[2:] if isinstance(side, int)]
        if len(set(fixed)) > 1 or any(side % STRIDES[-1] for side in fixed):
            raise _wrong(path, f"its picture is no square of a multiple of {STRIDES[-1]} pixels")
        self._side = fixed[0] if fixed else SIDE
        self.faces(np.zeros((self._side, self._side, 3), np.uint8))  # a model that fails is told now

    def faces(self, pixels: Pixels) -> Boxes:
        """See ``FaceDetector``. Raises ConfigError where the model fails."""
        height, width = int(pixels.shape[0]), int(pixels.shape[1])
        scale = self._side / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))
        square = np.zeros((self._side, self._side, 3), np.float32)
        square[: small.shape[0], : small.shape[1]] = small[:, :, ::-1]  # blue first, 0 to 255
        try:
            found = self._session.run(list(OUTPUTS), {self._input: square.transpose(2, 0, 1)[None]})
            boxes = _boxes(dict(zip(OUTPUTS, found, strict=True)), self._side, self._sure) / scale
        except Exception as error:  # as above: wrong shapes, a broken graph
            raise ConfigError(f"the face detector fails: {str(error).splitlines()[0]}", hint=_HINT) from error
        limits = np.array([width, height, width, height])
        edges = np.concatenate([np.floor(boxes[:, :2]), np.ceil(boxes[:, 2:])], axis=1)
        clipped = np.clip(edges, 0, limits).astype(np.int64)
        inside: Boxes = clipped[(clipped[:, 2] > clipped[:, 0]) & (clipped[:, 3] > clipped[:, 1])]
        return inside


def _boxes(told: dict[str, Any], side: int, sure: float) -> npt.NDArray[np.float64]:
    """float64 [n, 4] in pixels of the square; formulas of OpenCV's FaceDetectorYN (modules/objdetect, face_detect.cpp):
    score = sqrt(cls * obj), centre = (place + offset) * stride, size = exp(extent) * stride."""
    out = [np.zeros((0, 4))]
    for stride in STRIDES:
        across = side // stride
        cls, obj = (np.clip(np.asarray(told[f"{kind}_{stride}"]).reshape(-1), 0, 1) for kind in ("cls", "obj"))
        extents = np.asarray(told[f"bbox_{stride}"], np.float64).reshape(-1, 4)
        if len(cls) != across * across or len(obj) != len(cls) or len(extents) != len(cls):
            raise ValueError(f"its outputs of stride {stride} are not those of {across} x {across} places")
        at = np.flatnonzero(np.sqrt(cls * obj) >= sure)
        rows, columns = np.divmod(at, across)
        centre = (np.stack([columns, rows], axis=1) + extents[at, :2]) * stride
        half = np.exp(np.clip(extents[at, 2:], -10, 10)) * stride * (0.5 + _WIDER)
        out.append(np.concatenate([centre - half, centre + half], axis=1))
    return np.concatenate(out)


def blurred(pixels: Pixels, boxes: Boxes) -> Pixels:
    """The picture with coarse grains in the place of the boxes: what they are made of is gone, and cannot be brought
    back, as a soft blur may be."""
    out = pixels.copy()
    for left, top, right, bottom in boxes.tolist():
        face = Image.fromarray(pixels[top:bottom, left:right])
        grains = face.resize((min(_GRAINS, face.width), min(_GRAINS, face.height)), Image.Resampling.BOX)
        out[top:bottom, left:right] = np.asarray(grains.resize(face.size, Image.Resampling.NEAREST))
    return out


def _wrong(path: Path, why: str) -> ConfigError:
    return ConfigError(f"this is no face detector that can be used: {why}", where=str(path), hint=_HINT)


__all__ = ["OUTPUTS", "STRIDES", "YuNet", "blurred"]
