"""The picture and text vector index: flat scan of 1-bit codes, exact rescoring from fp16, best row per product."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shoplens.core.ports import Mask, Numbers, VectorMatches, VectorRow
from shoplens.core.spaces import Modality, Space
from shoplens.errors import EncoderError, SpaceMismatchError
from shoplens.indexes.codes import Floats, Halves, distances, inner_products, nearest, sign_codes
from shoplens.indexes.snapshot import DamagedSnapshotError, read_snapshot, snapshot_path, write_snapshot
from shoplens.indexes.vectors_view import View

ABOVE_DEPTH = 2_000
"""How many of the nearest rows ``above`` looks at."""

_DEPTH_BITS = 300 * 256
"""Rows rescored x bits of their codes: the fewer bits, the less a code says, the deeper the search has to go."""

_EXACT_ROWS = 2_000
_EXACT_SHARE = 50
_MAX_SPREAD = 8
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

    @property
    def variants(self) -> Numbers:
        """The first allowed variant that the best row shows, int64 [n]; 0 where there is none."""
        return self._view.variants_at(self._rows, self._variants)

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
        means: mean embedding of each modality, float32 [d] (``EncoderCard.means``); zeros where one is missing.
            A row's code is taken after subtracting the mean of the rows' modality, a query's after subtracting
            that of the query's.
    """

    def __init__(self, space: Space, modality: Modality, means: Mapping[str, Floats]) -> None:
        self.space = space
        self.modality = modality
        self._means = {name: np.asarray(mean, np.float32) for name, mean in means.items()}
        self._view = View.empty(space.dimension)
        self._writing = threading.Lock()

    @classmethod
    def open(cls, folder: Path, space: Space, modality: Modality, means: Mapping[str, Floats]) -> FlatVectors:
        """The index as last saved in ``folder``; an empty one (seq 0, to be replayed) where that cannot be used.

        Raises:
            SpaceMismatchError: the snapshot was built in another space; the hint names the command that repairs it.
        """
        index = cls(space, modality, means)
        try:
            view = read_snapshot(folder, space, modality, index._mean(modality))
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
        write_snapshot(folder, self.space, self.modality, self._mean(self.modality), self._view)

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
            view = self._view.changed(changed, vectors, self._mean(self.modality), seq)
            if view.dead * _COMPACT_SHARE > view.count:
                view = view.compacted()
            self._view = view

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
            query_modality: whose mean is subtracted before the query's code is taken.
            exact: score every allowed row, without codes: the reference.

        Raises:
            SpaceMismatchError: the query has another dimension than the space.
        """
        view = self._view
        query = self._query(query)
        allowed, count = view.allowed(variants)
        if k <= 0 or not count:
            return _NOTHING
        if exact or count <= _exact_limit(view.count):
            rows = None if allowed is None else np.flatnonzero(allowed)
            products = view.products[: view.count] if rows is None else view.products[rows]
            scores = inner_products(query, view.vectors[: view.count], rows)
            best = _best(products, scores, k)
            return _matches(view, best if rows is None else rows[best], scores[best], variants)
        hamming = self._distances(view, query, query_modality)
        depth = self._depth(view, k)
        while True:
            rows = nearest(hamming, depth, allowed, count, view.products)
            scores = inner_products(query, view.vectors, rows)
            best = _best(view.products[rows], scores, k)
            if len(best) >= k or len(rows) >= count:
                return _matches(view, rows[best], scores[best], variants)
            depth *= 4

    def above(
        self,
        query: npt.NDArray[np.float32],
        threshold: float,
        variants: Mask | None = None,
        *,
        query_modality: Modality = "picture",
        depth: int = ABOVE_DEPTH,
    ) -> Numbers:
        """Products with an allowed row of cosine >= threshold among the ``depth`` rows nearest by code.

        Rows that are few enough are all scored. Scores are exact, so every product returned belongs to the set;
        where more than ``depth`` rows are above the threshold the set is cut at about ``depth`` rows.

        Returns:
            Product numbers int64, rising.
        """
        view = self._view
        query = self._query(query)
        allowed, count = view.allowed(variants)
        if not count:
            return np.empty(0, np.int64)
        if count <= max(depth, _exact_limit(view.count)):
            rows = np.arange(view.count) if allowed is None else np.flatnonzero(allowed)
        else:
            rows = nearest(self._distances(view, query, query_modality), depth, allowed, count, view.products)
        return np.unique(view.products[rows[inner_products(query, view.vectors, rows) >= threshold]])

    def scores_of(
        self, query: npt.NDArray[np.float32], products: Numbers, variants: Mask | None = None
    ) -> ProductScores:
        """Exact scores of these products (each named once), each by its best allowed row. Raises as ``search``."""
        view = self._view
        query = self._query(query)
        products = np.asarray(products, np.int64)
        rows, owners = view.rows_of(products)
        if variants is not None:
            allowed = view.shown_by(rows, variants)
            rows, owners = rows[allowed], owners[allowed]
        scores = inner_products(query, view.vectors, rows)
        order = np.lexsort((-scores, owners))
        _, first = np.unique(owners[order], return_index=True)
        best = order[first]
        out = np.full(len(products), np.nan, np.float32)
        out[owners[best]] = scores[best]
        best_rows = np.full(len(products), -1, np.int64)
        best_rows[owners[best]] = rows[best]
        return ProductScores(view, out, best_rows, variants)

    def _mean(self, modality: str) -> Floats:
        found = self._means.get(modality)
        return found if found is not None else np.zeros(self.space.dimension, np.float32)

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

    def _distances(self, view: View, query: Floats, modality: Modality) -> npt.NDArray[np.int32]:
        code = sign_codes(query[None], self._mean(modality))[0]
        return distances(code, view.codes[: view.count])

    def _depth(self, view: View, k: int) -> int:
        """Rows to rescore for k products: k x 4 at least, more for short codes and for products with many rows."""
        spread = min(_MAX_SPREAD, max(1.0, (view.count - view.dead) / max(1, view.product_count)))
        return int(spread * max(_DEPTH_BITS // self.space.dimension, 4 * k))


_NOTHING = VectorMatches(np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.int64), ())


def _exact_limit(rows: int) -> int:
    """Up to how many allowed rows it is as cheap to score all of them as to compare all codes."""
    return max(_EXACT_ROWS, rows // _EXACT_SHARE)


def _best(products: Numbers, scores: Floats, k: int) -> npt.NDArray[np.intp]:
    """Positions of the best row of each of the k best products, best first; ties by product, then by row."""
    want = 4 * k + 64
    while True:
        if want >= len(scores):
            pick = np.arange(len(scores))
        else:
            # Everything that ties with the last one comes too: a product number decides, not a row's place.
            cut = np.partition(scores, len(scores) - want)[len(scores) - want]
            pick = np.flatnonzero(scores >= cut)
        order = pick[np.lexsort((products[pick], -scores[pick]))]
        _, first = np.unique(products[order], return_index=True)
        if len(first) >= k or len(pick) == len(scores):
            return order[np.sort(first)][:k]
        want *= 4


def _matches(view: View, rows: npt.NDArray[np.intp], scores: Floats, variants: Mask | None) -> VectorMatches:
    return VectorMatches(
        products=view.products[rows],
        scores=scores,
        variants=view.variants_at(rows, variants),
        keys=tuple(map(view.key_of, rows.tolist())),
    )
