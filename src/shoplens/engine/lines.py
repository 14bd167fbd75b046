"""The hits of a query in line, one a product or one a variant: how many, which ones, and where one stands."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from shoplens.core.cursors import ANCHORS, Anchor, Cursor, foreign
from shoplens.core.ports import CatalogueStore, Mask, Numbers
from shoplens.core.query import Query
from shoplens.engine.hits import VariantPicker

Place = tuple[int, int]
"""A product's number and a variant's, 0 for "choose the best"."""


class Line(Protocol):
    """Hits in line, counted from 0."""

    def __len__(self) -> int:
        """How many hits there are."""

    def between(self, start: int, stop: int) -> list[Place]:
        """The hits at some places."""

    def find(self, product: int, variant: int) -> int | None:
        """Where a hit stands; None where it is none."""


class ProductLine:
    """One hit a product."""

    def __init__(self, order: Numbers) -> None:
        self._order = order

    def __len__(self) -> int:
        """How many hits there are."""
        return len(self._order)

    def between(self, start: int, stop: int) -> list[Place]:
        """The hits at some places."""
        return [(number, 0) for number in self._order[start:stop].tolist()]

    def find(self, product: int, variant: int) -> int | None:
        """Where a product stands."""
        at = np.flatnonzero(self._order == product)
        return int(at[0]) if len(at) else None


class VariantLine:
    """One hit a variant: products in order, the variants of each side by side. Where the query has words, the variant
    that they mean comes first; so the products at a page's edges are read whole."""

    def __init__(
        self,
        order: Numbers,
        allowed: Mask,
        product_of: Numbers,
        query: Query,
        store: CatalogueStore,
        picker: VariantPicker,
    ) -> None:
        size = min(len(allowed), len(product_of))
        variants = np.flatnonzero(allowed[:size])
        place = np.full(max(int(product_of.max(initial=0)), int(order.max(initial=0))) + 1, -1, np.int64)
        place[order] = np.arange(len(order))
        at = place[product_of[variants]]
        variants, at = variants[at >= 0], at[at >= 0]
        self._sequence = variants[np.lexsort((variants, at))]
        self._place, self._at = place, np.sort(at)
        self._allowed, self._product_of = allowed, product_of
        self._words = "" if query.sort_by else query.words
        self._store, self._picker = store, picker

    def __len__(self) -> int:
        """How many hits there are."""
        return len(self._sequence)

    def between(self, start: int, stop: int) -> list[Place]:
        """The hits at some places."""
        page = self._sequence[start:stop]
        if not len(page) or not self._words:
            return [(int(self._product_of[v]), int(v)) for v in page]
        first, last = self._block(self._at[start])[0], self._block(self._at[start + len(page) - 1])[1]
        products = list(dict.fromkeys(self._product_of[self._sequence[first:last]].tolist()))
        return self._in_order(products)[start - first : stop - first]

    def find(self, product: int, variant: int) -> int | None:
        """Where a variant stands."""
        if product >= len(self._place) or self._place[product] < 0:
            return None
        first, last = self._block(self._place[product])
        if self._words:
            own = [one for _, one in self._in_order([product])]
        else:
            own = self._sequence[first:last].tolist()
        return first + own.index(variant) if variant in own else None

    def _block(self, place: np.int64) -> tuple[int, int]:
        first, last = np.searchsorted(self._at, [place, place + 1])
        return int(first), int(last)

    def _in_order(self, products: list[int]) -> list[Place]:
        return [
            (number, variant)
            for number, stored in zip(products, self._store.get(products), strict=True)
            for _, variant in (self._picker.in_order(stored, self._words, self._allowed) if stored else ())
        ]


def begins_at(cursor: Cursor, line: Line, store: CatalogueStore, pinned: Numbers) -> int:
    """Where in line the hits after a cursor's begin.

    Behind the first anchor that still stands in line and has not changed since, for it is the others that moved; behind
    a changed or pinned one where there is no other; and where all are gone, after as many hits as were shown. Hits that
    the cursor names are not shown again right after it.

    Raises:
        QueryError: the cursor is of another shop: its numbers are those of other products.
    """
    stored = store.get([anchor.product for anchor in cursor.anchors])
    ranked: list[tuple[bool, bool, int]] = []
    for place, (anchor, one) in enumerate(zip(cursor.anchors, stored, strict=True)):
        if one is not None and not anchor.is_of(one.product.id):
            raise foreign("its products are those of another shop")
        ranked.append((one is None or one.seq > cursor.seq, bool(np.isin(anchor.product, pinned)), place))
    start = cursor.shown
    for *_, place in sorted(ranked):
        at = line.find(cursor.anchors[place].product, cursor.anchors[place].variant)
        if at is not None:
            start = at + 1
            break
    shown = {(anchor.product, anchor.variant) for anchor in cursor.anchors}
    for follows in line.between(start, start + len(shown)):
        if follows not in shown:
            break
        start += 1
    return min(start, len(line))


def cursor_after(seq: int, stop: int, chosen: list[Place], ids: dict[int, str], pinned: Numbers) -> Cursor:
    """The cursor behind a page's hits. ``ids``: of the products that could be read."""
    known = [one for one in reversed(chosen) if one[0] in ids]
    if len(pinned):
        pins = frozenset(pinned.tolist())
        known.sort(key=lambda one: one[0] in pins)  # a pin may be gone by then
    return Cursor(seq, stop, tuple(Anchor.of(*one, ids[one[0]]) for one in known[:ANCHORS]))
