"""Spaces: which vectors may be compared with which, and the reference against which fast search is tested."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""float32 [n, d]; rows have unit length unless a docstring says otherwise."""

Pixels = npt.NDArray[np.uint8]
"""uint8 [height, width, 3], sRGB, upright."""

Modality = Literal["picture", "words"]


@dataclass(frozen=True, slots=True)
class Space:
    """The identity of an embedding space: two vectors may be compared only if their spaces are equal."""

    name: str
    revision: str
    dimension: int

    def __str__(self) -> str:
        return f"{self.name}@{self.revision}/{self.dimension}"

    @classmethod
    def parse(cls, text: str) -> Space:
        """The inverse of ``str(space)``. Raises ValueError when ``text`` is not of that form."""
        head, _, dimension = text.rpartition("/")
        name, _, revision = head.rpartition("@")
        if not (name and revision and dimension.isdigit()):
            raise ValueError(f"not a space: {text!r}; expected name@revision/dimension")
        return cls(name, revision, int(dimension))


@dataclass(frozen=True, slots=True)
class Calibration:
    """From a cosine to the probability that a hit is relevant: 1 / (1 + exp(-(slope * cosine + offset))).

    ``floor`` is the cosine below which a row is taken for "nothing like it"; fitted on dev data.
    """

    slope: float = 12.0
    offset: float = -3.0
    floor: float = 0.0

    def probability(self, cosine: float) -> float:
        """The probability of relevance of a row with this cosine, in (0, 1)."""
        z = self.slope * cosine + self.offset
        return 1.0 / (1.0 + math.exp(-z)) if z >= 0 else math.exp(z) / (1.0 + math.exp(z))


@dataclass(frozen=True, slots=True)
class EncoderCard:
    """What an encoder is, what it was made from and how good it is.

    ``means`` holds the mean embedding of each modality (float32 [d]), for indexes that centre their codes; the one
    that ships learns its codes from the rows and needs none (ADR 0005). ``calibration`` is keyed
    "query-modality>row-modality", e.g. "words>picture". ``modalities``: what it reads; an encoder of pictures alone
    serves photo-to-photo search.
    """

    name: str
    revision: str
    dimension: int
    preprocessing: Mapping[str, Any] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    data: tuple[Mapping[str, Any], ...] = ()
    metrics: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    calibration: Mapping[str, Calibration] = field(default_factory=dict)
    means: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict, compare=False)
    licence: str = ""
    notes: str = ""
    modalities: tuple[Modality, ...] = ("picture", "words")

    @property
    def picture_side(self) -> int:
        """Shortest side, in pixels, at which pictures are to be decoded for this encoder; 0 where it does not say."""
        return int(self.preprocessing.get("picture_side", 0))

    @property
    def details(self) -> tuple[int, int]:
        """The dimensions of a picture, from and up to, that tell a thing from its like; (0, 0) where not told."""
        match self.preprocessing.get("details"):
            case [int(start), int(stop)] if 0 <= start <= stop <= self.dimension:
                return start, stop
        return 0, 0

    @property
    def space(self) -> Space:
        """The space that this encoder maps into."""
        return Space(self.name, self.revision, self.dimension)

    def mean(self, modality: Modality) -> npt.NDArray[np.float32]:
        """Mean embedding of a modality, float32 [d]; zeros where the card has none."""
        found = self.means.get(modality)
        return found if found is not None else np.zeros(self.dimension, np.float32)

    def calibrate(self, query: Modality, row: Modality) -> Calibration:
        """Calibration of a pair of modalities; a cautious default where the card has none."""
        return self.calibration.get(f"{query}>{row}", Calibration())


def unit(vectors: npt.ArrayLike) -> Vectors:
    """Rows scaled to unit length: v / max(|v|, 1e-12). Accepts [d] or [n, d], keeps the shape."""
    array = np.asarray(vectors, dtype=np.float32)
    norm = np.linalg.norm(array, axis=-1, keepdims=True)
    return np.asarray(array / np.maximum(norm, 1e-12), dtype=np.float32)


def exact_top_k(
    queries: Vectors, rows: Vectors, k: int, allowed: npt.NDArray[np.bool_] | None = None
) -> tuple[npt.NDArray[np.int64], Vectors]:
    """The k rows of largest inner product for each query: the reference that fast paths are tested against.

    Args:
        queries: float32 [q, d].
        rows: float32 [n, d].
        k: how many; fewer are returned when fewer rows are allowed.
        allowed: bool [n], rows that may be returned; all when None.

    Returns:
        (rows int64 [q, m], scores float32 [q, m]) with m = min(k, allowed rows); best first,
        ties by row number.
    """
    numbers = np.arange(len(rows)) if allowed is None else np.flatnonzero(allowed)
    m = min(k, len(numbers))
    scores = np.asarray(queries, np.float32) @ np.asarray(rows, np.float32)[numbers].T
    order = np.argsort(-scores, axis=1, kind="stable")[:, :m]
    return numbers[order].astype(np.int64), np.take_along_axis(scores, order, axis=1)
