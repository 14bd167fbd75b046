"""What readers hand on and interpreters make of it: rows, and parts of products."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from shoplens.core.catalogue import ColumnUse, Product, RowProblem, Variant


class Row(NamedTuple):
    """One row of a feed: column -> value as read (text; lists, numbers and objects from JSON and Parquet).

    ``line``: physical line on which the row starts, from 1 (Parquet: the row's number).
    """

    line: int
    values: dict[str, Any]


class Reader(Protocol):
    """A format: bytes -> rows."""

    @property
    def columns(self) -> list[str]:
        """The columns that the feed has, so far as its beginning shows."""

    def rows(self) -> Iterator[Row | RowProblem]:
        """All rows, from the start. Can be called again. Raises FeedError."""


@dataclass(slots=True)
class Part:
    """What one row says about a product.

    ``product`` carries words, attributes and pictures; the row's variants are ``variants``, whatever
    ``product.variants`` are (a row may have none: it only adds a picture). ``key`` is the product's id. ``parent``:
    the row speaks for the product as a whole; if other rows have variants, it is none itself. ``options``: Shopify's
    (position, name, value).
    """

    line: int
    key: str
    product: Product
    variants: tuple[Variant, ...] = ()
    parent: bool = False
    problems: list[RowProblem] = field(default_factory=list)
    options: tuple[tuple[int, str, str], ...] = ()


class Interpreter(Protocol):
    """A dialect: rows -> parts of products -> products."""

    @property
    def grouped(self) -> bool:
        """Whether several rows can make one product; then the feed is looked through first."""

    def uses(self, headers: Sequence[str]) -> list[ColumnUse]:
        """What each column is taken for, in the feed's order."""

    def prepare(self, reader: Reader) -> None:
        """Learns what must be known of the whole feed before the first product."""

    def key(self, row: Row) -> str:
        """The id of the product that a row belongs to, "" if it names none. Cheap: called for all rows first."""

    def part(self, row: Row) -> Part | RowProblem:
        """What the row says, or why it cannot be used."""

    def merge(self, parts: list[Part]) -> tuple[Product | None, list[RowProblem]]:
        """One product of all its parts; None when nothing is left of it."""
