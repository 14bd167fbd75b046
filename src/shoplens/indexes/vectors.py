"""The picture and text vector index: flat scan of short codes, exact rescoring from fp16, best row per product."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shoplens.core.ports import Mask, Neighbours, Numbers, VectorMatches, VectorRow
from shoplens.core.spaces import Modality, Space
from shoplens.errors import EncoderError, SpaceMismatchError
from shoplens.indexes.codes import Floats, Halves, inner_products, largest
from shoplens.indexes.snapshot import DamagedSnapshotError, read_snapshot, snapshot_path, write_snapshot
from shoplens.indexes.vectors_view import View

NEIGHBOUR_DEPTH = 600
"""How many of the nearest rows ``neighbours`` looks at."""

_DEPTH = 500
"""Rows rescored for one query, of up to 250,000; recall@10 >= 0.99 with it is shown in docs/adr/0005."""

_DEPTH_ROWS = 250_000
_DEPTH_PER_HIT = 6
_MAX_SPREAD = 8
_EXACT_ROWS = 2_000
_EXACT_SHARE = 32
_SCAN_SHARE = 4
_COMPACT_SHARE = 3

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class VectorStats:
    """Of a vector index: rows that can be found, rows that are dead, products, bytes of memory, sequence number."""

    rows: int
    dead: int
    products: int
    bytes: int
    seq: int


class ProductScores:
    """Exact scores of chosen products, each by its best row; parallel to the products asked for."""

    def __init__(self, view: View, scores: Floats, rows: Numbers, variants: Mask | None) -> None:
        self._view = view
        self._rows = rows
        self._variants = variants
        self._scores = scores

    @property
    def scores(self) -> Floats:
        """Cosines float32 [n]; NaN where a product has no allowed row."""
        return self._scores

    def variants(self, positions: npt.NDArray[np.intp]) -> Numbers:
        """The first allowed variants that the best rows of the products at these positions show; 0 for none."""
        return self._view.variants_at(self._rows[positions], self._variants)

    def key(self, position: int) -> str:
        """The best row's key (a picture hash) of the product at this position; "" where there is none."""
        row = int(self._rows[position])
        return self._view.key_of(row) if row >= 0 else ""


class FlatVectors:
    """Rows of one modality in one space, in memory; implements ``core.ports.VectorIndex``.

    Any number of threads may search while one writes: a search works on the view that it found when it began.

    Args:
        space: of the vectors; those of another dimension are refused.
        modality: of the rows.
    """

    def __init__(self, space: Space, modality: Modality) -> None:
        self.space = space
        self.modality = modality
        self._view = View.empty(space.dimension)
        self._writing = threading.Lock()

    @classmethod
    def open(cls, folder: Path, space: Space, modality: Modality) -> FlatVectors:
        """The index as last saved in ``folder``; an empty one (seq 0, to be replayed) where that cannot be used.

        Raises:
            SpaceMismatchError: the snapshot was built in another space; the hint names the command that repairs it.
        """
        index = cls(space, modality)
        try:
            view = read_snapshot(folder, space, modality)
        except DamagedSnapshotError as error:
            log.warning(
                "snapshot %s is discarded and rebuilt from the store: %s", snapshot_path(folder, modality), error
            )
            view = None
        if view is not None:
            index._view = view
        return index

    def save(self, folder: Path) -> None:
        """Writes a snapshot of what can be found now. Raises ShopError; the snapshot before is then untouched."""
        write_snapshot(folder, self.space, self.modality, self._view)

    @property
    def seq(self) -> int:
        """The sequence number up to which this copy stands."""
        return self._view.seq

    def __len__(self) -> int:
        """Rows that can be found."""
        view = self._view
        return view.count - view.dead

    def stats(self) -> VectorStats:
        """Figures for ``shoplens doctor``."""
        view = self._view
        return VectorStats(view.count - view.dead, view.dead, view.product_count, view.bytes, view.seq)

    def rows_of(self, product: int) -> list[VectorRow]:
        """The rows of a product, in the order in which they were given; none for an unknown product."""
        view = self._view
        rows, _ = view.rows_of(np.array([product], np.int64))
        return [VectorRow(product, view.key_of(row), view.variants_of(row)) for row in rows.tolist()]

    def replace(self, changed: Mapping[int, Sequence[tuple[VectorRow, Halves]]], seq: int) -> None:
        """Product number -> its rows from now on (none: the product is gone); then stands at ``seq``.

        Readers see all of it or nothing.

        Raises:
            SpaceMismatchError: a vector has another dimension than the space.
            EncoderError: a vector is not finite.
        """
        vectors = self._stacked(changed)
        with self._writing:
            view = self._view.changed(changed, vectors, seq)
            if view.dead * _COMPACT_SHARE > view.count:
                view = view.compacted()
            self._view = view.sketched()

    def search(
        self,
        query: npt.NDArray[np.float32],
        k: int,
        variants: Mask | None = None,
        *,
        query_modality: Modality = "picture",
        exact: bool = False,
    ) -> VectorMatches:
        """The k best products, each by its best row, for one query vector [d]; ties by product number.

        Never fewer than min(k, products allowed): the scan goes deeper until there are enough.

        Args:
            query: float32 [d].
            k: how many products.
            variants: bool by variant number; a row counts if it shows an allowed variant, and the match names the
                first such variant. None: all rows.
            query_modality: of the query. Codes are compared with the query itself, so it makes no difference here.
            exact: score every allowed row, without codes: the reference.

        Raises:
            SpaceMismatchError: the query has another dimension than the space.
        """
        view = self._view
        query = self._query(query)
        if k <= 0 or not view.count:
            return _NOTHING
        sketch = view.sketch
        if exact or sketch is None:
            return _scan(view, query, k, variants)
        share = view.share(variants)
        if share * view.count <= max(_EXACT_ROWS, view.count // _EXACT_SHARE):
            return _scan(view, query, k, variants)
        # Where one row in n is allowed the best allowed ones lie deeper, but fewer rows compete with them: sqrt(n).
        fetch = int(_depth(view, k) / math.sqrt(share))
        enough = max(k, int(fetch * share) // 2)
        while fetch * _SCAN_SHARE <= view.count:
            rows, estimates = sketch.nearest(query, fetch)
            if not len(rows):  # all estimates are the same: of equal rows, or of a query that says nothing
                break
            last = estimates[-1] if len(rows) < sketch.count else -np.inf
            if variants is not None or view.dead:
                allowed = view.allowed_of(rows, variants)
                rows, estimates = rows[allowed], estimates[allowed]
            inside = len(rows)
            if sketch.count < view.count:
                tail = np.arange(sketch.count, view.count)
                rows = np.concatenate([rows, tail[view.allowed_of(tail, variants)]])
            if len(rows) >= enough:
                best, scores = _rescored(view, query, rows, k)
                # A row that ties with the last hit has its estimate too: none may be left behind the border.
                if len(best) >= k and (best[-1] >= inside or estimates[best[-1]] > last):
                    return _matches(view, rows[best], scores, variants)
            fetch *= 4
        return _scan(view, query, k, variants)

    def neighbours(
        self,
        query: npt.NDArray[np.float32],
        least: int,
        variants: Mask | None = None,
        *,
        depth: int = NEIGHBOUR_DEPTH,
    ) -> Neighbours:
        """The products with an allowed row among about ``depth`` rows nearest by code, with exact scores of these rows.

        Rows that are few enough are all scored. Never fewer than min(least, products allowed).

        Raises:
            SpaceMismatchError: the query has another dimension than the space.
        """
        view = self._view
        query = self._query(query)
        if not view.count:
            return _NO_NEIGHBOURS
        sketch = view.sketch
        share = view.share(variants)
        few = max(_EXACT_ROWS, view.count // _EXACT_SHARE)
        if sketch is not None and share * view.count > few:
            # Under a filter the nearest rows lie deeper; a part of the depth is given up for time.
            fetch = int(max(depth / math.sqrt(share), 2 * least / share))
            tail = np.arange(sketch.count, view.count)
            while fetch * _SCAN_SHARE <= view.count:
                rows = np.concatenate([sketch.nearest(query, fetch)[0], tail])
                if variants is not None or view.dead:
                    rows = rows[view.allowed_of(rows, variants)]
                found = _by_product(view, rows, inner_products(query, view.vectors, rows))
                if len(found.products) >= least:
                    return found
                fetch *= 4
        allowed, _ = view.allowed(variants)
        if allowed is None:
            return _by_product(view, np.arange(view.count), inner_products(query, view.vectors[: view.count]))
        rows = np.flatnonzero(allowed)
        return _by_product(view, rows, inner_products(query, view.vectors, rows))

    def scores_of(
        self, query: npt.NDArray[np.float32], products: Numbers, variants: Mask | None = None
    ) -> ProductScores:
        """Exact scores of these products (each named once), each by its best allowed row. Raises as ``search``."""
        view = self._view
        query = self._query(query)
        products = np.asarray(products, np.int64)
        rows, owners = view.rows_of(products)
        if variants is not None:
            allowed = view.allowed_of(rows, variants)
            rows, owners = rows[allowed], owners[allowed]
        scores = inner_products(query, view.vectors, rows)
        if len(rows) > 1 and (owners[1:] == owners[:-1]).any():
            order = np.lexsort((-scores, owners))
            rows, owners, scores = rows[order], owners[order], scores[order]
            first = np.ones(len(owners), np.bool_)
            first[1:] = owners[1:] != owners[:-1]
            rows, owners, scores = rows[first], owners[first], scores[first]
        out = np.full(len(products), np.nan, np.float32)
        out[owners] = scores
        best_rows = np.full(len(products), -1, np.int64)
        best_rows[owners] = rows
        return ProductScores(view, out, best_rows, variants)

    def vectors_of(self, products: Numbers, variants: Mask | None = None) -> tuple[Halves, Numbers]:
        """The vectors of the allowed rows of some products (each named once) [m, d]; of each its product's place."""
        view = self._view
        rows, owners = view.rows_of(np.asarray(products, np.int64))
        if variants is not None:
            allowed = view.allowed_of(rows, variants)
            rows, owners = rows[allowed], owners[allowed]
        return view.vectors[rows], owners.astype(np.int64)

    def _query(self, query: npt.NDArray[np.float32]) -> Floats:
        array = np.asarray(query, np.float32).reshape(-1)
        if len(array) != self.space.dimension:
            raise SpaceMismatchError(
                f"a query of {len(array)} dimensions for the {self.modality} index of space {self.space}",
                hint="encode the query with the encoder that built the index",
            )
        return array

    def _stacked(self, changed: Mapping[int, Sequence[tuple[VectorRow, Halves]]]) -> Halves:
        given = [(product, np.asarray(vector)) for product, rows in changed.items() for _, vector in rows]
        for product, vector in given:
            if vector.shape != (self.space.dimension,):
                raise SpaceMismatchError(
                    f"a vector of shape {vector.shape} for the {self.modality} index of space {self.space}",
                    where=f"product number {product}",
                    hint="run: shoplens index --rebuild",
                )
        if not given:
            return np.empty((0, self.space.dimension), np.float16)
        stacked = np.stack([vector for _, vector in given]).astype(np.float16, copy=False)
        finite = np.isfinite(stacked).all(axis=1)
        if not finite.all():
            raise EncoderError(
                "a vector has values that are not finite",
                where=f"product number {given[int(np.argmin(finite))][0]}",
                hint="run: shoplens doctor; the stored vector is to be encoded anew",
            )
        return stacked


_NO_NEIGHBOURS = Neighbours(np.empty(0, np.int64), np.empty(0, np.float32))
_NOTHING = VectorMatches(np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.int64), ())


def _by_product(view: View, rows: Numbers, scores: Floats) -> Neighbours:
    """Each product by its best row, products rising."""
    products = view.products[rows]
    order = np.argsort(products, kind="stable")
    products, scores = products[order], scores[order]
    first = np.ones(len(products), np.bool_)
    first[1:] = products[1:] != products[:-1]
    if first.all():
        return Neighbours(products, scores)
    starts = np.flatnonzero(first)
    return Neighbours(products[starts], np.maximum.reduceat(scores, starts))


def _depth(view: View, k: int) -> int:
    """Rows to rescore for k products: more for many products, and where a product has many rows."""
    spread = min(_MAX_SPREAD, max(1.0, (view.count - view.dead) / max(1, view.product_count)))
    # In a denser space the true neighbours lie among more that look as near: 0.985 at a million rows with 3/4.
    crowd = max(1.0, view.count / _DEPTH_ROWS) ** 0.9
    return int(spread * max(_DEPTH * crowd, _DEPTH_PER_HIT * k))


def _scan(view: View, query: Floats, k: int, variants: Mask | None) -> VectorMatches:
    """Scores all rows that are allowed: the reference, and the way where they are few."""
    allowed, count = view.allowed(variants)
    if not count:
        return _NOTHING
    vectors = view.vectors[: view.count]
    if allowed is None:
        rows, scores = np.arange(view.count), inner_products(query, vectors)
    else:
        rows = np.flatnonzero(allowed)
        scores = inner_products(query, vectors, rows)
    best = _best(view.products[rows], rows, scores, k)
    return _matches(view, rows[best], scores[best], variants)


def _rescored(view: View, query: Floats, rows: Numbers, k: int) -> tuple[Numbers, Floats]:
    """Positions in ``rows`` of the best row of each of the k best products, with their exact scores."""
    places, scores = largest(query, view.vectors, rows, _wanted(k))
    best = _best(view.products[rows[places]], rows[places], scores, k)
    whole = len(places) == len(rows) or (len(best) >= k and scores[best[-1]] > scores.min())
    if whole:
        return places[best], scores[best]
    every = inner_products(query, view.vectors, rows)
    best = _best(view.products[rows], rows, every, k)
    return best, every[best]


def _wanted(k: int) -> int:
    """How many rows to look at first for k products."""
    return 4 * k + 64


def _best(products: Numbers, rows: Numbers, scores: Floats, k: int) -> npt.NDArray[np.intp]:
    """Positions of the best row of each of the k best products, best first; ties by product, then by row."""
    want = _wanted(k)
    while True:
        if want >= len(scores):
            pick = np.arange(len(scores))
        else:
            # Everything that ties with the last one comes too: a product number decides, not a row's place.
            cut = np.partition(scores, len(scores) - want)[len(scores) - want]
            pick = np.flatnonzero(scores >= cut)
        order = pick[np.lexsort((rows[pick], products[pick], -scores[pick]))]
        first: dict[int, int] = {}
        for place, product in enumerate(products[order].tolist()):
            if first.setdefault(product, place) == place and len(first) == k:
                break
        if len(first) >= k or len(pick) == len(scores):
            return order[list(first.values())]
        want *= 4


def _matches(view: View, rows: npt.NDArray[np.intp], scores: Floats, variants: Mask | None) -> VectorMatches:
    return VectorMatches(
        products=view.products[rows],
        scores=scores,
        variants=view.variants_at(rows, variants),
        keys=view.keys_of(rows),
    )
