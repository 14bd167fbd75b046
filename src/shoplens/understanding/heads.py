"""Heads: linear probes on an encoder's vectors, one each for kind, colour, material and pattern.

``heads.npz`` lies beside the encoder for which it was made: ``space`` (the encoder's, as text), for each head
``NAME.keys`` (the lexicon's keys), ``NAME.weights`` fp16 [classes, d], ``NAME.bias`` fp32 [classes] (the temperature is
in both), and ``limits``: the thresholds, chosen on dev.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shoplens.core.spaces import Space, Vectors
from shoplens.errors import EncoderError

FILE = "heads.npz"
Probabilities = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Head:
    """Classes of one attribute. ``weights`` float32 [classes, d] and ``bias`` [classes] are calibrated."""

    name: str
    keys: tuple[str, ...]
    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]

    def probabilities(self, vectors: Vectors) -> Probabilities:
        """float32 [n, classes], rows that sum to 1: softmax of a linear map of unit vectors [n, d]."""
        scores = np.asarray(vectors, np.float32) @ self.weights.T + self.bias
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Heads:
    """All heads of one space.

    ``limits``: "kind", "colour", "basic", "material", "pattern": the confidence from which on nine of ten are right on
    dev, for filling (over 1: never). "contradiction": the probability under which a colour is contradicted, if it has
    less than the share "trace" of the pixels; "alone": the same where there are no pixels. ``calibrated`` is False
    where nothing was fitted.
    """

    space: Space
    heads: Mapping[str, Head]
    limits: Mapping[str, float]
    calibrated: bool = True


def save_heads(path: Path, heads: Heads) -> None:
    """Writes ``heads.npz``: the same bytes for the same heads."""
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "space": np.asarray(str(heads.space)),
        "limits": np.asarray(list(heads.limits.values()), np.float64),
        "limits.names": np.asarray(list(heads.limits)),
    }
    for name, head in heads.heads.items():
        arrays |= {
            f"{name}.keys": np.asarray(head.keys),
            f"{name}.weights": head.weights.astype(np.float16),
            f"{name}.bias": head.bias.astype(np.float32),
        }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, array in arrays.items():
            buffer = BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{key}.npy", (2026, 1, 1, 0, 0, 0)), buffer.getvalue())


def load_heads(path: Path, space: Space, sha256: str = "") -> Heads | None:
    """The heads of a file, if they were made for this space; None if not, or where there is no file.

    Args:
        sha256: what the encoder's card says of the file; "" where it says nothing.

    Raises:
        EncoderError: the file is damaged.
    """
    try:
        data = path.read_bytes()
    except OSError:
        return None
    try:
        with np.load(BytesIO(data), allow_pickle=False) as kept:
            if str(kept["space"]) != str(space):
                return None  # of another encoder, so the card does not speak of it
            if sha256 and hashlib.sha256(data).hexdigest() != sha256:
                raise _damaged(path, "its SHA-256 is not what the card says")
            names = [name.removesuffix(".keys") for name in kept.files if name.endswith(".keys")]
            heads = {name: _head(name, kept, space.dimension) for name in names}
            limits = dict(zip(kept["limits.names"].tolist(), kept["limits"].tolist(), strict=True))
    except (KeyError, ValueError, OSError, EOFError, RuntimeError, zlib.error, zipfile.BadZipFile) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    return Heads(space, heads, limits)


def _head(name: str, kept: Mapping[str, npt.NDArray[np.generic]], dimension: int) -> Head:
    keys = tuple(str(key) for key in kept[f"{name}.keys"])
    weights, bias = kept[f"{name}.weights"].astype(np.float32), kept[f"{name}.bias"].astype(np.float32)
    if weights.shape != (len(keys), dimension) or bias.shape != (len(keys),):
        raise ValueError(f"the head {name} has weights {weights.shape} for {len(keys)} classes")
    return Head(name, keys, weights, bias)


def _damaged(path: Path, why: str) -> EncoderError:
    return EncoderError(
        f"the heads of the encoder are damaged: {why}",
        where=str(path),
        hint="reinstall the package, or make them anew: python -m shoplens.training.heads",
    )
