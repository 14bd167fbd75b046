"""Short codes of vectors: learn how, take them, find the rows nearest by code, and score rows exactly.

A code names the row's cell and holds 4 bits for each of m directions. The directions are the rows' own leading
principal components, turned by a random rotation so that each carries the same share of the variance; an encoder of 256
dimensions may well spend 99 % of its variance in 30 of them. A query is not coded: its product with each of the 16
levels of each direction is looked up (Jegou et al., Product Quantization, 2011; Andre et al., Quicker ADC, 2019), so it
does not matter from which modality's region of the space the query comes. Cells that hardly hold a near row are left
out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import faiss as _faiss
import numpy as np
import numpy.typing as npt

from shoplens.core.ports import Mask, Numbers
from shoplens.indexes import cells

# FAISS's own type hints leave out most of what it exports.
faiss: Any = _faiss

Codes = npt.NDArray[np.uint8]
Halves = npt.NDArray[np.float16]
Floats = npt.NDArray[np.float32]

_LEVELS = 16
_BLOCK = 4096
"""Rows scored or coded at once: 4096 x 256 x 2 bytes stay in the second-level cache."""

_LEARN_ROWS = 16_384
_VARIANCE = 0.9
_STEP = 16
_SEED = 20_240
_PACK = 32
"""Rows that the fast scan looks at together."""


@dataclass(frozen=True, slots=True)
class Codebook:
    """How codes are taken: ``mean`` float32 [d], ``projection`` [d, m], ``levels`` [m, 16], each row rising, ``cells``
    [c, m]: the centres of the cells, ``spread`` [c, m]: the variance of a cell's rows in each direction.

    ``rows``: how many rows there were when it was learned.
    """

    mean: Floats
    projection: Floats
    levels: Floats
    cells: Floats
    spread: Floats
    rows: int

    @classmethod
    def learn(cls, vectors: Halves, alive: Mask) -> Codebook:
        """From the rows' vectors [n, d], those alive, at least one; looks at 16,384 at most.

        The same rows give the same book.
        """
        rng = np.random.default_rng(_SEED)
        count, dimension = vectors.shape
        chosen = np.flatnonzero(alive)
        if len(chosen) > _LEARN_ROWS:
            chosen = np.sort(rng.choice(chosen, _LEARN_ROWS, replace=False))
        sample = vectors[chosen].astype(np.float32)
        mean = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
        centred = sample - mean
        variance, directions = np.linalg.eigh(centred.T.astype(np.float64) @ centred / len(centred))
        variance, directions = np.maximum(variance[::-1], 0.0), directions[:, ::-1]
        share = np.cumsum(variance) / max(float(variance.sum()), 1e-12)
        # As many directions as hold 90 % of the variance, in steps of 16 (8 bytes a row): the scan's time is theirs,
        # and what they leave out is made good by the depth of the rescoring.
        wanted = _STEP * (int(np.searchsorted(share, _VARIANCE)) // _STEP + 1)
        kept = min(wanted, dimension)
        turn = np.linalg.qr(rng.standard_normal((kept, kept)))[0]
        projection = np.zeros((dimension, kept + kept % 2), np.float32)
        projection[:, :kept] = directions[:, :kept] @ turn
        turned = centred @ projection
        return cls(mean, projection, _lloyd(turned), *cells.learn(turned, count, rng), count)

    @property
    def code_size(self) -> int:
        """Bytes of a code."""
        return 1 + int(self.projection.shape[1]) // 2

    def encode(self, vectors: Halves) -> Codes:
        """Codes uint8 [n, 1 + m / 2] of vectors [n, d]: the cell; then direction 2j in the low half of byte 1 + j and
        direction 2j + 1 in the high one."""
        out = np.empty((len(vectors), self.code_size), np.uint8)
        borders = (self.levels[:, 1:] + self.levels[:, :-1]) / 2
        for start in range(0, len(vectors), _BLOCK):
            block = (vectors[start : start + _BLOCK].astype(np.float32) - self.mean) @ self.projection
            level = np.zeros(block.shape, np.uint8)
            for border in borders.T:
                level += block > border
            part = out[start : start + len(block)]
            part[:, 1:] = level[:, ::2] | (level[:, 1::2] << 4)
            # Of the levels, not of the vector: rows of one code lie in one cell, and are found or missed together.
            part[:, 0] = cells.nearest(self.decode(part), self.cells)
        return out

    def decode(self, codes: Codes) -> Floats:
        """The levels that codes [n, 1 + m / 2] stand for: float32 [n, m], turned, without the mean."""
        level = np.empty((len(codes), self.projection.shape[1]), np.intp)
        level[:, ::2], level[:, 1::2] = codes[:, 1:] & 15, codes[:, 1:] >> 4
        return self.levels[np.arange(level.shape[1]), level]


class Sketch:
    """The codes of the first ``count`` rows, laid out for FAISS's fast scan. Never changed once it is made."""

    def __init__(self, book: Codebook, codes: Codes) -> None:
        count, directions = book.cells.shape
        centres = faiss.IndexFlatL2(directions)
        lists = faiss.IndexIVFPQ(centres, directions, count, directions, 4, faiss.METRIC_INNER_PRODUCT)
        lists.by_residual = False
        faiss.copy_array_to_vector(np.ascontiguousarray(book.levels.reshape(-1)), lists.pq.centroids)
        lists.is_trained = True
        if len(codes):
            # One cell has a number of no bytes in FAISS's codes, but one byte in ours.
            lists.add_sa_codes(np.ascontiguousarray(codes[:, 1 - lists.coarse_code_size() :]))
        self.book = book
        self._index = faiss.IndexIVFPQFastScan(lists)
        self._centres = centres  # the index points to it
        self._sizes = cells.Sizes(np.bincount(codes[:, 0], minlength=count))

    @property
    def count(self) -> int:
        """Rows."""
        return int(self._index.ntotal)

    @property
    def bytes(self) -> int:
        """Bytes of memory."""
        padded = -(-self._sizes.rows // _PACK) * _PACK
        return int(padded.sum() * (self.book.code_size - 1) + self.count * 8)

    def nearest(self, query: Floats, depth: int) -> tuple[Numbers, Floats]:
        """Up to ``depth`` rows of largest estimated inner product, best first, with the estimates: those of the cells
        that may hold rows among the nearest.

        Runs without Python's lock. ``query``: float32 [d].
        """
        depth = min(depth, self.count)
        rows, estimates = np.empty(depth, np.int64), np.empty(depth, np.float32)
        if depth:
            turned = np.ascontiguousarray(query @ self.book.projection)
            chosen = cells.promising(self.book.cells, self.book.spread, self._sizes, turned, depth)
            settings = faiss.IVFSearchParameters(nprobe=len(chosen))
            # The C++ call itself: the Python around it costs a twentieth of a search.
            # One thread a query: a service answers several at once, and OpenMP's threads spin while they wait. The
            # limit belongs to the calling thread, so it is set here and not once.
            faiss.omp_set_num_threads(1)
            no_bias = np.zeros(len(chosen), np.float32)
            pointers = [faiss.swig_ptr(array) for array in (chosen, no_bias, estimates, rows)]
            self._index.search_preassigned_c(1, faiss.swig_ptr(turned), depth, *pointers, False, settings)
            if rows[-1] < 0:
                found = rows >= 0
                rows, estimates = rows[found], estimates[found]
        return rows, estimates


def _lloyd(values: Floats) -> Floats:
    """Sixteen levels for each column of [n, m], by Lloyd's iteration from the quantiles; float32 [m, 16], rising."""
    n, m = values.shape
    ordered = np.sort(values, axis=0)
    levels = np.quantile(ordered, (np.arange(_LEVELS) + 0.5) / _LEVELS, axis=0).T
    sums = np.vstack([np.zeros((1, m)), np.cumsum(ordered, axis=0, dtype=np.float64)])
    for _ in range(12):
        borders = (levels[:, 1:] + levels[:, :-1]) / 2
        for column in range(m):
            cuts = np.concatenate([[0], np.searchsorted(ordered[:, column], borders[column]), [n]])
            counts = np.diff(cuts)
            mean = np.diff(sums[cuts, column]) / np.maximum(counts, 1)
            levels[column] = np.sort(np.where(counts > 0, mean, levels[column]))
    return levels.astype(np.float32)


def inner_products(query: Floats, vectors: Halves, rows: Numbers | None = None) -> Floats:
    """Exact inner products float32 of a query [d] with fp16 vectors [n, d], or with those rows of them.

    FAISS's scalar-quantiser scanner widens fp16 in registers: 5 to 10 times as fast as numpy's conversion.
    """
    count = len(vectors) if rows is None else len(rows)
    if not count:
        return np.empty(0, np.float32)
    scan = _Scan(query, vectors.shape[1])
    blocks = (slice(start, start + _BLOCK) for start in range(0, count, _BLOCK))
    return scan.every(vectors[b] if rows is None else vectors.take(rows[b], axis=0) for b in blocks)


def largest(query: Floats, vectors: Halves, rows: Numbers, count: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """The ``count`` largest exact inner products among some rows: (positions in ``rows``, scores), in no order.

    Rows that tie with the smallest of them may be missing. A small heap, filled from rows that come best first by
    estimate, takes half the time of keeping every score.
    """
    scores, labels = _Scan(query, vectors.shape[1]).best(vectors.take(rows, axis=0), min(count, len(rows)))
    return labels, scores


@lru_cache(maxsize=16)
def _halves(dimension: int) -> Any:
    """FAISS's reader of fp16 vectors; it is never changed, so all scans share it."""
    return faiss.ScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16)


class _Scan:
    """Inner products of a query with blocks of fp16 rows. Keeps what FAISS points to alive."""

    def __init__(self, query: Floats, dimension: int) -> None:
        self._query = np.ascontiguousarray(query, np.float32)
        self._scanner = _halves(dimension).select_InvertedListScanner(
            faiss.METRIC_INNER_PRODUCT, None, True, None, False
        )
        self._scanner.set_query(faiss.swig_ptr(self._query))
        self._scanner.set_list(0, 0.0)

    def every(self, blocks: Iterable[Halves]) -> Floats:
        """All of them, in order. A range search without a limit: no heap to keep, a third less time."""
        result = faiss.RangeSearchResult(1)
        partial = faiss.RangeSearchPartialResult(result)
        kept = partial.new_result(0)
        total = 0
        for block in blocks:
            block = np.ascontiguousarray(block)
            pointer = faiss.swig_ptr(block.view(np.uint8))
            self._scanner.scan_codes_range(len(block), pointer, None, -np.inf, kept)
            total += len(block)
        if kept.nres != total:  # a query that is not finite has no inner products
            return np.full(total, np.nan, np.float32)
        labels, scores = np.empty(total, np.int64), np.empty(total, np.float32)
        partial.copy_range(0, total, faiss.swig_ptr(labels), faiss.swig_ptr(scores))
        return scores

    def best(self, block: Halves, count: int) -> tuple[Floats, npt.NDArray[np.int64]]:
        """The ``count`` largest of one block, and their places in it."""
        block = np.ascontiguousarray(block)
        scores = np.full(count, -np.inf, np.float32)
        labels = np.full(count, -1, np.int64)
        pointers = (faiss.swig_ptr(block.view(np.uint8)), None, faiss.swig_ptr(scores), faiss.swig_ptr(labels))
        if len(block):
            self._scanner.scan_codes(len(block), *pointers, count)
        if labels.min(initial=0) < 0:
            kept = labels >= 0
            scores, labels = scores[kept], labels[kept]
        return scores, labels
