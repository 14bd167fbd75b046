"""Sign codes and the arithmetic on them: take, compare, pick the nearest, rescore exactly.

Everything here works on plain numpy arrays through FAISS's functions, never through a FAISS index object: arrays
can be published to readers as immutable views while a writer appends behind them, an index object cannot.
"""

from __future__ import annotations

from typing import Any

import faiss as _faiss
import numpy as np
import numpy.typing as npt

from shoplens.core.ports import Mask, Numbers

# FAISS's own type hints leave out most of what it exports.
faiss: Any = _faiss

Codes = npt.NDArray[np.uint8]
Halves = npt.NDArray[np.float16]
Floats = npt.NDArray[np.float32]

_BLOCK = 4096
"""Rows rescored at once: 4096 x 256 x 2 bytes stay in the second-level cache."""

_SAMPLE = 4096
"""Rows looked at to guess how near the nearest ones are."""

_TIES = 16
"""How many times the rows asked for may come back because they tie at the last distance."""


def code_size(dimension: int) -> int:
    """Bytes of a sign code: one bit per dimension, padded to whole bytes."""
    return (dimension + 7) // 8


def sign_codes(vectors: npt.ArrayLike, mean: Floats) -> Codes:
    """Bit j of row i is set where vectors[i, j] > mean[j].

    Args:
        vectors: [n, d] of any float type.
        mean: float32 [d], of the modality that the vectors belong to. Pictures and words lie in different regions
            of a space; without its own mean, half of a vector's signs say which modality it is and nothing else.

    Returns:
        uint8 [n, ceil(d / 8)].
    """
    array = np.asarray(vectors)
    out = np.empty((len(array), code_size(len(mean))), np.uint8)
    for start in range(0, len(array), _BLOCK):
        block = array[start : start + _BLOCK].astype(np.float32, copy=False)
        out[start : start + len(block)] = np.packbits(block > mean, axis=1)
    return out


def distances(query: Codes, codes: Codes) -> npt.NDArray[np.int32]:
    """Hamming distances int32 [n] of one code [b] to codes [n, b]. Runs without Python's lock."""
    n, size = codes.shape
    out = np.empty(n, np.int32)
    if n:
        # The pointers are taken from contiguous arrays that live until the call is over.
        query, codes = np.ascontiguousarray(query), np.ascontiguousarray(codes)
        faiss.hammings(faiss.swig_ptr(query), faiss.swig_ptr(codes), 1, n, size, faiss.swig_ptr(out))
    return out


def nearest(
    hamming: npt.NDArray[np.int32], depth: int, allowed: Mask | None, allowed_count: int, prefer: Numbers
) -> npt.NDArray[np.intp]:
    """Positions of the ``depth`` smallest distances among the allowed, in rising order of position.

    All that tie at the last distance come too, so that the outcome does not depend on the order of the rows, up to
    16 x depth; beyond that (thousands of rows with one and the same picture) those of lowest ``prefer``.

    Args:
        hamming: int32 [n].
        depth: how many at least; all allowed ones where there are fewer.
        allowed: bool [n], or None for all.
        allowed_count: number of True in ``allowed``; n for None.
        prefer: int64 [n], decides among ties when there are too many.
    """
    if allowed_count <= depth:
        return np.arange(len(hamming)) if allowed is None else np.flatnonzero(allowed)
    step = max(1, len(hamming) // _SAMPLE)
    sample = hamming[::step] if allowed is None else hamming[::step][allowed[::step]]
    # Twice the depth in the sample's quantile: a second pass costs more than a few hundred more candidates.
    rank = min(len(sample) - 1, 2 * depth * len(sample) // allowed_count + 1)
    radius = int(np.partition(sample, rank)[rank]) if len(sample) else int(hamming.min())
    widen = 2
    while True:
        near = hamming <= radius
        if allowed is not None:
            near &= allowed
        found = _positions(near)
        if len(found) >= depth:
            break
        radius += widen
        widen *= 2
    of_found = hamming[found]
    last = int(np.searchsorted(np.cumsum(np.bincount(of_found)), depth))
    kept = found[of_found <= last]
    if len(kept) > _TIES * depth:
        inside, ties = found[of_found < last], found[of_found == last]
        room = _TIES * depth - len(inside)
        ties = ties[np.argpartition(prefer[ties], room)[:room]]
        kept = np.sort(np.concatenate([inside, ties]))
    return kept


def _positions(flags: Mask) -> npt.NDArray[np.intp]:
    """np.flatnonzero for flags that are rarely set: looks at eight at a time, three times as fast at 200,000."""
    whole = len(flags) & ~7
    words = np.flatnonzero(flags[:whole].view(np.uint64))
    where, bit = np.nonzero(flags[:whole].reshape(-1, 8)[words])
    head = words[where] * 8 + bit
    tail = np.flatnonzero(flags[whole:])
    return np.concatenate([head, tail + whole]) if len(tail) else head


def inner_products(query: Floats, vectors: Halves, rows: npt.NDArray[np.intp] | None) -> Floats:
    """Exact inner products float32 of a query [d] with fp16 vectors [n, d], or with those rows of them.

    FAISS's scalar-quantiser scanner widens fp16 in registers: 8 to 12 times as fast as numpy's conversion.
    """
    dimension = vectors.shape[1]
    count = len(vectors) if rows is None else len(rows)
    out = np.full(count, -np.inf, np.float32)
    if not count:
        return out
    query = np.ascontiguousarray(query, np.float32)
    quantiser = faiss.ScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16)
    scanner = quantiser.select_InvertedListScanner(faiss.METRIC_INNER_PRODUCT, None, True, None, False)
    scanner.set_query(faiss.swig_ptr(query))
    scanner.set_list(0, 0.0)
    for start in range(0, count, _BLOCK):
        stop = min(count, start + _BLOCK)
        block = vectors[start:stop] if rows is None else vectors.take(rows[start:stop], axis=0)
        block = np.ascontiguousarray(block)
        # A heap as large as the block keeps every score; the labels say which row each belongs to.
        scores = np.full(stop - start, -np.inf, np.float32)
        labels = np.full(stop - start, -1, np.int64)
        scanner.scan_codes(
            stop - start,
            faiss.swig_ptr(block.view(np.uint8)),
            None,
            faiss.swig_ptr(scores),
            faiss.swig_ptr(labels),
            stop - start,
        )
        kept = labels >= 0
        out[start + labels[kept]] = scores[kept]
    return out
