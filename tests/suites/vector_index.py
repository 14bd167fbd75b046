"""Conformance of VectorIndex: whatever a fast implementation says, the naive reference says too."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from shoplens.core.ports import Mask, VectorIndex, VectorMatches, VectorRow
from shoplens.core.spaces import Modality, Space, unit

SPACE = Space("suite", "1", 8)

Halves = npt.NDArray[np.float16]
Rows = list[tuple[VectorRow, Halves]]


class Naive:
    """The reference: a dictionary of rows, and the definitions written out."""

    def __init__(self) -> None:
        self.rows: dict[int, Rows] = {}
        self.seq = 0

    def replace(self, changed: Mapping[int, Sequence[tuple[VectorRow, Halves]]], seq: int) -> None:
        for product, rows in changed.items():
            self.rows.pop(product, None)
            if rows:
                self.rows[product] = list(rows)
        self.seq = seq

    def search(
        self,
        query: npt.NDArray[np.float32],
        k: int,
        variants: Mask | None = None,
        *,
        query_modality: Modality = "picture",
        exact: bool = False,
    ) -> VectorMatches:
        best = []
        for product, rows in self.rows.items():
            scored = []
            for place, (row, vector) in enumerate(rows):
                shown = [v for v in row.variants if variants is None or (v < len(variants) and variants[v])]
                if shown or variants is None:
                    score = float(vector.astype(np.float32) @ query)
                    scored.append((-score, place, shown[0] if shown else 0, row.key))
            if scored:
                lowest = min(scored)
                best.append((lowest[0], product, lowest[2], lowest[3]))
        best = sorted(best)[: max(k, 0)]
        return VectorMatches(
            np.array([b[1] for b in best], np.int64),
            np.array([-b[0] for b in best], np.float32),
            np.array([b[2] for b in best], np.int64),
            tuple(b[3] for b in best),
        )

    def save(self, folder: Path) -> None:
        """The reference has no snapshot."""


def key(number: int) -> str:
    """A key as pictures have them."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def vector(number: int, dimension: int = SPACE.dimension) -> Halves:
    """One of a few unit vectors, whose products are far apart or exactly equal: ties happen, rounding decides nothing.

    Two of its dimensions are set, to 3/4 and to +-1/4 or 1/2: sums of halves are exact in float32.
    """
    out = np.zeros(dimension, np.float16)
    out[number % dimension] = 0.75
    out[(number // dimension + number + 1) % dimension] += 0.25 if number % 3 else -0.5
    return out


@st.composite
def batches(draw: st.DrawFn) -> list[dict[int, Rows]]:
    """Replacements: products 1 to 12 with no row, one or several; keys and vectors are shared between products."""
    row = st.tuples(st.integers(0, 40), st.lists(st.integers(1, 30), max_size=4, unique=True))
    product = st.lists(row, max_size=3)
    drawn = draw(st.lists(st.dictionaries(st.integers(1, 12), product, max_size=6), min_size=1, max_size=6))
    return [
        {number: [(VectorRow(number, key(n), tuple(v)), vector(n)) for n, v in rows] for number, rows in batch.items()}
        for batch in drawn
    ]


MASKS = st.one_of(st.none(), st.lists(st.booleans(), max_size=40).map(lambda flags: np.array(flags, np.bool_)))
QUERIES = st.integers(0, 40).map(lambda n: unit(vector(n).astype(np.float32) + np.float32(0.125)))


def same(found: VectorMatches, expected: VectorMatches) -> None:
    """Asserts that two searches gave the same, scores to 1e-3."""
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-3)
    np.testing.assert_array_equal(found.products, expected.products)
    np.testing.assert_array_equal(found.variants, expected.variants)
    assert found.keys == expected.keys


def check(index: VectorIndex, naive: Naive, query: npt.NDArray[np.float32], k: int, variants: Any) -> None:
    """Asserts that an index answers as the reference, by codes and exactly."""
    expected = naive.search(query, k, variants)
    same(index.search(query, k, variants), expected)
    same(index.search(query, k, variants, query_modality="words", exact=True), expected)
    assert index.seq == naive.seq
