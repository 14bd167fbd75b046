"""Pictures and texts a second on one core: ours beside torch eager and OpenVINO on the very same network.

    python benchmarks/encode.py [--core N] [--seconds 3]

The network is the bundled encoder's (shoplens.training.towers, as exported), with random weights, which time alone does
not tell from trained ones; "shipped" is the bundled encoder's own file. Every engine runs on one thread of one core.
The share of the peak counts the multiplications and additions of the network's convolutions and matrix products, and
holds them against what numpy's sgemm reaches on the same core in the same run. Needs the extra ``train``; OpenVINO is
left out where it is not installed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from torch import nn

import shoplens.encoders
from harness import pace, pin, save, table
from shoplens.encoders.onnx_dual import bundled_encoder
from shoplens.encoders.quantizing import quantize_convolutions
from shoplens.training.export import ServedPictures, export_image, export_text, quantize_text
from shoplens.training.towers import ImageTower, TextTower

BATCHES = (1, 16)
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
TOKENS = 4
VOCABULARY = 10_000
BUNDLED = Path(shoplens.encoders.__file__).parent / "bundled"
Call = Callable[[], Any]
Feed = dict[str, np.ndarray]


class Network:
    """One network and its files: ``torch`` module, fp32 and int8 ONNX, the shipped file, and how a batch is made."""

    def __init__(
        self, module: nn.Module, files: dict[str, Path], batch: Callable[[int], dict[str, np.ndarray]]
    ) -> None:
        self.module = module.eval()
        self.files = files
        self.batch = batch

    def operations(self, batch: int) -> float:
        """Multiplications and additions of the convolutions and matrix products of one batch."""
        done = [0.0]

        def count(layer: nn.Module, _inputs: Any, output: torch.Tensor) -> None:
            if isinstance(layer, nn.Conv2d):
                done[0] += 2.0 * output.numel() * layer.weight[0].numel()
            elif isinstance(layer, nn.Linear):
                done[0] += 2.0 * output.numel() * layer.in_features

        hooks = [layer.register_forward_hook(count) for layer in self.module.modules()]
        self._torch(batch)()
        for hook in hooks:
            hook.remove()
        return done[0]

    def engines(self, batch: int) -> Iterator[tuple[str, str, Call]]:
        """(engine, precision, a call that encodes one batch)."""
        feed = self.batch(batch)
        for name, path in self.files.items():
            options = ort.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            yield f"onnxruntime, {name}", name.split()[-1], partial(session.run, ["embedding"], feed)
        yield "torch eager", "fp32", self._torch(batch)
        if find_spec("openvino") is None:
            print("# openvino is skipped, as it is not installed: pip install openvino")
            return
        import openvino

        core = openvino.Core()
        settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
        for name in ("same network, fp32", "same network, int8"):
            compiled = core.compile_model(str(self.files[name]), "CPU", settings)
            yield f"openvino, {name}", name.split()[-1], partial(compiled, feed)

    def _torch(self, batch: int) -> Call:
        feed = [torch.from_numpy(array) for array in self.batch(batch).values()]

        def call() -> Any:
            with torch.inference_mode():
                return self.module(*feed)

        return call


def pictures(folder: Path) -> Network:
    """The image tower as it is served: each picture and its mirror image."""
    encoder, tower = bundled_encoder(threads=1), ImageTower().eval()
    side = encoder.resolution
    rng = np.random.default_rng(1)
    fp32, int8 = folder / "image.onnx", folder / "image.int8.onnx"
    export_image(tower, side, fp32)
    quantize_convolutions(fp32, int8, [rng.integers(0, 256, (8, side, side, 3)).astype(np.uint8) for _ in range(4)])
    files = {"same network, fp32": fp32, "same network, int8": int8, "shipped, int8": BUNDLED / "image.onnx"}
    return Network(
        ServedPictures(tower, True),
        files,
        lambda batch: {"pixels": rng.integers(0, 256, (batch, side, side, 3)).astype(np.uint8)},
    )


def texts(folder: Path) -> Network:
    """The text tower, for texts of four tokens."""
    tower = TextTower(VOCABULARY).eval()
    rng = np.random.default_rng(2)
    fp32, int8 = folder / "text.onnx", folder / "text.int8.onnx"
    export_text(tower, fp32)
    quantize_text(fp32, int8)

    def batch(count: int) -> dict[str, np.ndarray]:
        ids = rng.integers(2, VOCABULARY, (count, TOKENS))
        return {"ids": ids, "mask": np.ones_like(ids)}

    files = {"same network, fp32": fp32, "same network, int8": int8, "shipped, int8": BUNDLED / "text.onnx"}
    return Network(tower, files, batch)


def measured(call: Call, seconds: float) -> list[float]:
    """Seconds of each call, for about that long."""
    for _ in range(3):
        call()
    times: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times


def sgemm_peak() -> float:
    """Operations a second of a product of two matrices of 1,024 x 1,024 fp32, the best of ten."""
    a = np.ones((1024, 1024), np.float32)
    out = np.empty_like(a)
    best = min(measured(lambda: np.matmul(a, a, out=out), 0.3))
    return 2.0 * 1024**3 / best


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    args = parser.parse_args()
    if any(os.environ.get(name) != "1" for name in ONE_THREAD):  # read by the libraries when they are loaded
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **dict.fromkeys(ONE_THREAD, "1")})
    pin([args.core])
    torch.set_num_threads(1)
    rows = []
    with tempfile.TemporaryDirectory(prefix="shoplens-bench-") as made:
        for what, network in (("pictures", pictures(Path(made))), ("texts", texts(Path(made)))):
            for batch in BATCHES:
                operations = network.operations(batch)
                for name, precision, call in network.engines(batch):
                    times, peak = measured(call, args.seconds), sgemm_peak()
                    took = float(np.median(times))
                    row = {"what": what, "batch": batch, "engine": name, "precision": precision}
                    row |= {"per_s": round(batch / took, 1), "ms": round(1e3 * took, 3), "pace_ms": pace()}
                    row["gflop_s"] = round(operations / took / 1e9, 1)
                    row["peak_gflop_s"] = round(peak / 1e9, 1)
                    row["share_of_peak"] = round(operations / took / peak, 2)
                    rows.append(row)
                    print(row, flush=True)
    table(rows)
    save("encode", rows)


if __name__ == "__main__":
    main()
