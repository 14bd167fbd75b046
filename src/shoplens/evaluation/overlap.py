"""How much two rankings agree, where nobody has judged: rank-biased overlap, products shared among the first ten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from shoplens.evaluation.intervals import Interval, intervals
from shoplens.evaluation.runs import Run

PERSISTENCE = 0.9
"""How probably a shopper looks at one more hit: the first ten hits have 86 % of the weight."""

TOP = 10


@dataclass(frozen=True, slots=True)
class Overlap:
    """Agreement of two runs on one query, each in [0, 1].

    ``rbo``: of the whole rankings. ``shared``: products in both first tens, over those of the longer of the two.
    ``first``: whether the first hit is the same one. Two empty rankings agree; an empty one agrees with no other.
    """

    rbo: float
    shared: float
    first: bool


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Agreement of two runs: means with intervals over queries, and each query. ``same``: queries with RBO 1."""

    rbo: Interval
    shared: Interval
    first: Interval
    same: int
    per_query: dict[str, Overlap]

    def to_fields(self) -> dict[str, Any]:
        """As JSON data."""
        return asdict(self) | {"persistence": PERSISTENCE}

    @property
    def text(self) -> str:
        """In one sentence."""
        return (
            f"overlap of {len(self.per_query)} queries: RBO {self.rbo.mean:.3f} ({self.rbo.low:.3f} to "
            f"{self.rbo.high:.3f}), {self.shared.mean:.0%} of the first ten shared, the same first hit in "
            f"{self.first.mean:.0%}; {self.same} answered alike"
        )


def overlaps(first: Run, second: Run, query_ids: Sequence[str]) -> Overlaps:
    """How much two runs agree on these queries."""
    found = {query_id: overlap(first.ids(query_id), second.ids(query_id)) for query_id in query_ids}
    rows = [(one.rbo, one.shared, float(one.first)) for one in found.values()]
    rbo, shared, first_hit = intervals(np.array(rows, np.float64).reshape(len(rows), 3))
    same = sum(one.rbo >= 1 - 1e-9 for one in found.values())
    return Overlaps(rbo, shared, first_hit, same, found)


def overlap(first: Sequence[str], second: Sequence[str]) -> Overlap:
    """How much two rankings agree, each without repeats, best first."""
    longer = max(len(first[:TOP]), len(second[:TOP]))
    shared = len(set(first[:TOP]) & set(second[:TOP])) / longer if longer else 1.0
    return Overlap(rank_biased_overlap(first, second), shared, list(first[:1]) == list(second[:1]))


def rank_biased_overlap(first: Sequence[str], second: Sequence[str], p: float = PERSISTENCE) -> float:
    """RBO, extrapolated, of rankings of any two lengths (Webber, Moffat and Zobel 2010, equation 32)."""
    short, long = sorted((first, second), key=len)
    s, m = len(short), len(long)
    if s == 0:
        return 1.0 if m == 0 else 0.0
    seen_short: set[str] = set()
    seen_long: set[str] = set()
    common = at_s = 0
    total = 0.0
    for depth in range(1, m + 1):
        new = long[depth - 1]
        seen_long.add(new)
        common += new in seen_short
        if depth <= s:
            other = short[depth - 1]
            seen_short.add(other)
            common += other in seen_long
            at_s = common
        total += common / depth * p**depth
        if depth > s:
            total += at_s * (depth - s) / (s * depth) * p**depth
    return (1 - p) / p * total + ((common - at_s) / m + at_s / s) * p**m
