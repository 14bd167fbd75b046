"""What answering needs of the copies: more than their ports ask of every implementation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from shoplens.core.catalogue import Product
from shoplens.core.glance import Glance
from shoplens.core.ports import FilterColumns, Mask, Neighbours, Numbers, ProductMap, VectorIndex, VectorRow, WordIndex
from shoplens.core.understood import ColumnValues


class Columns(FilterColumns, ProductMap, ColumnValues, Protocol):
    """Filter columns together with the map of products and variants, as one copy with a snapshot."""

    @property
    def seq(self) -> int:
        """The sequence number up to which this copy stands."""

    def save(self, folder: Path) -> None:
        """Writes a snapshot: temporary file, fsync, rename."""

    def fields(self) -> tuple[str, ...]:
        """The fields that some variant has."""


class RowScores(Protocol):
    """Exact scores of chosen products, each by its best row; arrays parallel to the products asked for."""

    @property
    def scores(self) -> npt.NDArray[np.float32]:
        """Cosines; NaN where a product has no allowed row."""

    def variants(self, positions: npt.NDArray[np.intp]) -> Numbers:
        """Allowed variants that the best rows of the products at these positions show; 0 where there is none."""

    def key(self, position: int) -> str:
        """The best row's key (a picture hash) of the product at this position; "" where there is none."""


class RowIndex(VectorIndex, Protocol):
    """A vector index that tells which rows it has, and scores those asked for."""

    def __len__(self) -> int:
        """Number of live rows."""

    def neighbours(self, query: npt.NDArray[np.float32], least: int, variants: Mask | None = None) -> Neighbours:
        """The products near a vector, as many as the index looks at, min(least, products allowed) at the least."""

    def scores_of(self, query: npt.NDArray[np.float32], products: Numbers, variants: Mask | None = None) -> RowScores:
        """Exact scores of these products."""

    def vectors_of(self, products: Numbers, variants: Mask | None) -> tuple[npt.NDArray[np.float16], Numbers]:
        """The vectors of their allowed rows [m, d], and of each the place of its product among these."""

    def rows_of(self, product: int) -> list[VectorRow]:
        """The rows of a product, in the order in which they were given."""


class SwitchableWords(WordIndex, Protocol):
    """A word index that can be told to start or to stop writing."""

    @property
    def seq(self) -> int:
        """The sequence number of the last commit that this process has seen."""

    def replace(self, changed: Mapping[int, Product | None], seq: int, *, commit: bool = True) -> None:
        """As the port says; ``commit=False``: only added, ``flush`` commits."""

    def flush(self, seq: int) -> None:
        """Commits what was added, with ``seq``, and shows it."""

    def glance(self, words: str, most: int) -> Glance:
        """What ``search`` would find, as far as some of the best products and their number tell."""

    def saying(self, names: Sequence[str], unless: Sequence[str]) -> Numbers:
        """Products that are called by one of the names and by none of ``unless``."""

    def mentions(self, name: str) -> bool:
        """Whether any product has a name in its texts."""

    def mentioning(self, names: Sequence[str], among: Numbers) -> Numbers:
        """Those of some products that have one of the names in any text."""

    @property
    def problem(self) -> str:
        """What is wrong with its files, as far as is known; "" when nothing is."""

    def is_cut(self) -> bool:
        """Whether one of its files has become smaller since this was asked before; quick."""

    def inspect(self) -> str:
        """Reads its files if they changed since they were read last; returns what is wrong with them."""

    def become_writer(self) -> None:
        """Opens the writer; only for the process that holds the shop's lock."""

    def become_reader(self) -> None:
        """Closes the writer."""


class Lock(Protocol):
    """The lock of the shop's folder."""

    def try_acquire(self) -> bool:
        """Takes the lock if it is free (or held by this object already)."""

    def release(self) -> None:
        """Gives it back."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The copies of one shop in one space."""

    columns: Columns
    pictures: RowIndex
    texts: RowIndex
    words: SwitchableWords
