"""Smaller ONNX graphs: fp16 weights, int8 for transformers (dynamic) and for convolutions (static)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shoplens.core.spaces import Pixels
from shoplens.encoders.quiet import without_warning

_SMALL = 1024
_CONVOLUTIONS = 4
"""From this many convolutions on, a graph is a convolutional network and not a transformer with a patch embedding."""


def halve(fp32: Path, fp16: Path) -> None:
    """Weights as halves, computing in fp32.

    The processor has few kernels for halves, so onnxruntime would cast back and forth at every step. Instead each
    weight is kept as a half behind one cast, which onnxruntime folds when it opens the graph: half the file, the speed
    of fp32, and an error of the rounding of weights alone.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(fp32))
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        if values.size < _SMALL or np.abs(values).max() > np.finfo(np.float16).max:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT, name=f"{name}_cast"))
    for at, node in enumerate(casts):
        model.graph.node.insert(at, node)
    onnx.save(model, str(fp16))


def quantize_words(fp32: Path, int8: Path) -> None:
    """Dynamic int8 of the matrix products and of the table of tokens; everything else stays fp32."""
    _dynamic(fp32, int8, ["MatMul", "Gemm", "Gather"])


def quantize_pictures(fp32: Path, int8: Path, calibration: Sequence[Pixels], name: str = "pixels") -> str:
    """int8 of a tower for pictures; returns "static" for convolutional networks, "dynamic" for transformers.

    ``calibration``: batches uint8 [n, h, w, 3], or what else the input ``name`` reads. Dynamic int8 makes convolutions
    slower, so that they are quantised statically, and those of a transformer's patch embedding not at all.
    """
    import onnx

    operators = [node.op_type for node in onnx.load(str(fp32), load_external_data=False).graph.node]
    if operators.count("Conv") < _CONVOLUTIONS:
        _dynamic(fp32, int8, ["MatMul", "Gemm"])
        return "dynamic"
    quantize_convolutions(fp32, int8, calibration, name)
    return "static"


def _dynamic(fp32: Path, int8: Path, operators: list[str]) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with without_warning("run pre-processing"):  # which only folds what the exporter has folded
        quantize_dynamic(
            str(fp32),
            str(int8),
            op_types_to_quantize=operators,
            weight_type=QuantType.QInt8,
            per_channel=False,
            # Processors without VNNI add pairs of products in 16 bits, and would overflow with weights of 8 bits.
            reduce_range=True,
            extra_options={"MatMulConstBOnly": True},
        )


def quantize_convolutions(fp32: Path, int8: Path, calibration: Sequence[Pixels], name: str = "pixels") -> None:
    """Static int8 (QDQ, per channel) of the convolutions of a tower; what projects stays fp32.

    ``calibration``: batches uint8 [n, R, R, 3]. Weights keep to 7 bits, since processors without VNNI add pairs of
    products in 16 bits and would overflow with 8.
    """
    from onnxruntime.quantization import (
        CalibrationDataReader,
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left = iter(calibration)

        def get_next(self) -> dict[str, Any] | None:
            batch = next(self.left, None)
            return None if batch is None else {name: batch}

    prepared = fp32.with_suffix(".prepared.onnx")
    try:
        quant_pre_process(str(fp32), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(int8),
            Reader(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            op_types_to_quantize=["Conv", "Add", "AveragePool", "MaxPool", "Relu"],
        )
    finally:
        prepared.unlink(missing_ok=True)


__all__ = ["halve", "quantize_convolutions", "quantize_pictures", "quantize_words"]
