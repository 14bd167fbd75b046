"""What comes back: candidates of each source, hits with their reasons, the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from shoplens.core.catalogue import Product, Variant
from shoplens.core.notes import Note
from shoplens.core.understood import Chip
from shoplens.core.why import Why


@dataclass(frozen=True, slots=True)
class Candidates:
    """Scored products of one source, best first; ties broken by product number.

    ``products`` int64 [m]: product numbers, each once. ``scores`` float32 [m].
    ``variants`` int64 [m]: the variant number that the best row shows, -1 where any will do.
    ``rows`` opaque labels of the best rows (picture hash), empty where the source has none.
    ``matched`` how many products the source matched in all, at least m.
    ``kind`` "words", "picture", "text" (vectors of product texts), "seed".
    """

    source: str
    kind: str
    products: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]
    variants: npt.NDArray[np.int64]
    rows: tuple[str, ...] = ()
    matched: int = 0


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a hit's score: which source, what it compared, its own score and its share of the whole.

    ``part`` tells which part of the query spoke ("words", "image 1", "like P7") and, for pictures,
    ``picture`` which picture of the product answered. The ``contribution`` of all reasons add up to the hit's score.
    """

    source: str
    part: str
    score: float
    contribution: float
    rank: int
    picture: str = ""
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A product in the answer, the variant that answers best, the parts of its score; ``why``: where asked for."""

    product: Product
    variant: Variant
    score: float
    position: int
    reasons: tuple[Reason, ...] = ()
    picture: str = ""
    confidence: float = 0.0
    pinned: bool = False
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet and the number of products of the result set that have it."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class FacetRange:
    """Products that have a number from ``low`` on and below ``high``; None: no limit on that side."""

    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True, slots=True)
class FacetLevel:
    """The categories right below one (``path`` "": the topmost), each by its whole path ("Men > Tops")."""

    path: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True, slots=True)
class Facet:
    """Counts of a field over the result set, or over what it would be if the filter said nothing of that field.

    ``minimum``/``maximum`` and ``ranges`` for numbers; ``levels`` for categories: the topmost, then down the paths that
    the filter names. ``missing``: products without it.
    """

    field: str
    values: tuple[FacetValue, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    missing: int = 0
    ranges: tuple[FacetRange, ...] = ()
    levels: tuple[FacetLevel, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """Hits of one page, and what was found in all.

    ``verdict``: "match", "similar" (nothing certain) or "none" (nothing like it in the catalogue).
    ``degraded`` names what did not work ("encoder"), empty when all did. ``notes`` tell what was changed about the
    query (cut, a typo) and why nothing was found. ``staleness_s``: age of the oldest write that a copy has not yet
    seen, 0 when all are current. ``applied_rules``: ids of the rules that had a say; ``redirect``: the address that
    one of them names to go to instead, "" for none. ``understood``: what of the words became a filter or a boost.
    ``did_you_mean``: words that were probably meant, where those that were given do not find well; "" for none.
    ``next_cursor``: a query's ``cursor`` for the hits after these, "" when there are none.
    """

    hits: tuple[Hit, ...]
    found: int
    page: int
    per_page: int
    query_id: str
    search_time_ms: float
    verdict: str = "match"
    facets: tuple[Facet, ...] = ()
    applied_rules: tuple[str, ...] = ()
    redirect: str = ""
    model_version: str = ""
    degraded: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    understood: tuple[Chip, ...] = ()
    staleness_s: float = 0.0
    next_cursor: str = ""
    did_you_mean: str = ""
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
