"""From products in order to the page that is answered: window, the catalogue's last word, hits, facets, verdict."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from shoplens.core.answer import Answer, Facet, Hit
from shoplens.core.cursors import read_cursor, write_cursor
from shoplens.core.narrowing import hits_within
from shoplens.core.notes import Note
from shoplens.core.ports import CatalogueLookup, CatalogueStore, Mask, Numbers, StoredProduct, VectorStore, WordMatches
from shoplens.core.query import Query
from shoplens.core.spaces import Space
from shoplens.core.where import Where, both, meets
from shoplens.engine.asked import NOT_ASKED, Asked
from shoplens.engine.called import Called
from shoplens.engine.copies import Copies
from shoplens.engine.faceting import count_facets
from shoplens.engine.hits import VariantPicker, as_hits
from shoplens.engine.lines import Line, ProductLine, VariantLine, begins_at, cursor_after
from shoplens.engine.parts import PartScores, VectorPart
from shoplens.engine.ruling import NOT_RULED, Ruled, placed
from shoplens.engine.same_picture import Same
from shoplens.engine.sorting import in_sorted_line, matches
from shoplens.engine.spreading import Spread, spread
from shoplens.engine.traits import Wanted


class Store(CatalogueStore, CatalogueLookup, VectorStore, Protocol):
    """What answering needs of the store."""


@dataclass(slots=True)
class Found:
    """What is known of a query on its way to an answer.

    ``known``: the columns' sequence number when the filter was applied. ``inside``: products with an allowed variant.
    ``ruled``: what merchandising rules make of it. ``asked``: what was understood of its words. ``unread``: the encoder
    has never met the words. ``telling``: the vector that tells a product's pictures apart, where the parts' own are
    made to tell products apart. ``wanted``: what candidates' pictures are asked for beside a photo in another colour.
    ``photos``: of each photo its name, its weight and its vector as it is. ``called``: which variants the catalogue's
    fields call what the photo is to become.
    """

    known: int
    allowed: Mask
    inside: Mask
    words: WordMatches | None
    parts: list[VectorPart]
    degraded: list[str]
    ruled: Ruled = NOT_RULED
    asked: Asked = NOT_ASKED
    unread: bool = False
    telling: npt.NDArray[np.float32] | None = None
    wanted: Wanted | None = None
    notes: list[Note] = field(default_factory=list)
    same: list[Same] = field(default_factory=list)
    photos: list[tuple[str, float, npt.NDArray[np.float32]]] = field(default_factory=list)
    called: Called | None = None

    @property
    def shown(self) -> Mask:
        """The variants that may be shown."""
        return self.allowed if self.called is None else self.called.shown(self.allowed)


class Pages:
    """Makes pages of answers. Safe to call from several threads."""

    def __init__(self, store: Store, copies: Copies, picker: VariantPicker, space: Space) -> None:
        self._store, self._copies, self._picker, self._space = store, copies, picker, space

    def make(
        self,
        query: Query,
        given: Query,
        found: Found,
        result: Numbers,
        ranked: Numbers,
        scores: list[PartScores],
        loosened: Callable[[Where | None], tuple[Mask, Numbers]],
    ) -> Answer:
        """The page of the query.

        Args:
            query: the query, as it was looked for.
            given: the query as it was asked, before its words were understood.
            found: what is known of it.
            result: the numbers of the result set, rising.
            ranked: the candidates among them, best first; the rest of the result follows them.
            scores: what each source says of the candidates, in their order.
            loosened: what would be found with another filter: variants that it allows, numbers of products.
        """
        columns = self._copies.parts.columns
        # A snapshot of the columns may have grown since the filter was computed; both arrays are cut to the shorter.
        product_of = columns.product_of
        allowed = found.allowed
        cursor = read_cursor(given, self._space)
        order, spread_out = in_line(result, ranked), None
        if query.sort_by:
            order = in_sorted_line(columns, order, allowed, query.sort_by, matches(found.words, ranked, scores))
        elif query.diversity:
            spread_out = self._spread(order, ranked, scores, query.diversity, allowed)
            order = spread_out.order
        pinned = self._pinned(query, found.inside)
        if len(pinned) or found.ruled.pins:
            refused = found.asked.refused([*pinned.tolist(), *(n for _, n in found.ruled.pins)], self._store)
            pins = [(at, number) for at, number in found.ruled.pins if number not in refused]
            order, pinned = placed(order, pinned[~np.isin(pinned, list(refused))], pins)
            result = np.union1d(result, pinned)
        line: Line = ProductLine(order)
        if query.group_by == "variant":
            line = VariantLine(order, allowed, product_of, query, self._store, self._picker)
        start = (query.page - 1) * query.per_page
        if cursor is not None:
            start = begins_at(cursor, line, self._store, pinned)
        total, stop = len(line), start + query.per_page
        chosen = line.between(start, stop)
        read = self._store.get([number for number, _ in chosen])
        stored = self._last_word(query, found, chosen, read)
        best_rows = self._best_rows(found, [s for s, _ in stored])
        hits = as_hits(
            query, stored, ranked, scores, found.shown, self._picker, start, frozenset(pinned.tolist()), best_rows
        )
        if spread_out is not None:
            hits = self._told(hits, [one.number for one, _ in stored], spread_out)
        hits = hits_within(hits, query.within)
        facets: tuple[Facet, ...] = ()
        if query.facet_by:
            facets = count_facets(query, given.where, (allowed, result), loosened, columns)
        after = None
        if chosen and stop < total:
            ids = {one.number: one.product.id for one in read if one is not None}
            after = cursor_after(found.known, stop, chosen, ids, pinned)
        sure = query.is_empty or any(s.confidence.max(initial=0.0) >= 0.5 and s.contributions.any() for s in scores)
        verdict = "none" if not total else "match" if sure else "similar"
        return Answer(
            hits=hits,
            found=total,
            page=query.page if cursor is None else 1 + start // max(query.per_page, 1),
            per_page=query.per_page,
            query_id=uuid.uuid4().hex,
            search_time_ms=0.0,
            verdict=verdict,
            facets=facets,
            model_version=str(self._space),
            degraded=tuple(found.degraded),
            staleness_s=round(self._copies.staleness_s, 3),
            next_cursor=write_cursor(after, given, self._space) if after is not None else "",
        )

    def _best_rows(self, found: Found, stored: Sequence[StoredProduct]) -> dict[int, tuple[int, str]]:
        """Product number -> the variant and the picture that answer best, where several parts of the query look at
        pictures: the sum over the parts decides, so that "the same in blue" shows the blue one."""
        parts = [p for p in found.parts if p.index is self._copies.parts.pictures]
        if len(parts) < 2 and found.telling is None:
            return {}
        rows = {s.number: self._copies.parts.pictures.rows_of(s.number) for s in stored}
        keys = list({row.key for some in rows.values() for row in some})
        vectors = self._store.vectors(self._space, "picture", keys)
        wanted, allowed = found.telling, found.shown
        if wanted is None:
            wanted = np.sum([p.weight * p.calibration.slope * p.vector for p in parts], axis=0)
        best: dict[int, tuple[int, str]] = {}
        for number, some in rows.items():
            shown = [
                (float(vectors[row.key].astype(np.float32) @ wanted), -position, row.key, variant)
                for position, row in enumerate(some)
                if row.key in vectors
                for variant in [next((v for v in row.variants if v < len(allowed) and allowed[v]), 0)]
                if variant
            ]
            if shown:
                _, _, key, variant = max(shown)
                best[number] = (variant, key)
        return best

    def with_pins(self, query: Query, found: Found, result: Numbers) -> Numbers:
        """A result set with what is pinned of what the filter leaves, rising."""
        pins = [*self._pinned(query, found.inside).tolist(), *(number for _, number in found.ruled.pins)]
        refused = found.asked.refused(pins, self._store)
        kept = [number for number in pins if number not in refused]
        return np.union1d(result, np.array(kept, np.int64)) if kept else result

    def _pinned(self, query: Query, inside: Mask) -> Numbers:
        """The products to put first, without those that the filter excludes: a pin never brings one back."""
        if not query.pinned_hits:
            return np.zeros(0, np.int64)
        numbers = self._store.numbers_of(query.pinned_hits)
        kept = [numbers[i] for i in dict.fromkeys(query.pinned_hits) if i in numbers]
        return np.array([n for n in kept if n < len(inside) and inside[n]], np.int64)

    def _spread(
        self, order: Numbers, ranked: Numbers, scores: list[PartScores], diversity: float, allowed: Mask
    ) -> Spread:
        parts = self._copies.parts
        narrow = None if allowed is parts.columns.mask(None) else allowed
        return spread(order, ranked, scores, diversity, (parts.pictures, parts.texts), narrow)

    def _told(self, hits: tuple[Hit, ...], numbers: list[int], spread_out: Spread) -> tuple[Hit, ...]:
        """The hits, with the reason why one stands elsewhere than by its score."""
        like = dict.fromkeys(spread_out.moved[number][1] for number in numbers if number in spread_out.moved)
        names = {one.number: one.product.id for one in self._store.get(list(like)) if one is not None}
        pairs = zip(hits, numbers, strict=True)
        return tuple(replace(hit, reasons=(*hit.reasons, *spread_out.reason(n, names))) for hit, n in pairs)

    def _last_word(
        self, query: Query, found: Found, chosen: list[tuple[int, int]], read: Sequence[StoredProduct | None]
    ) -> list[tuple[StoredProduct, int]]:
        """The products as the catalogue has them now; what no longer meets the filter stays out."""
        return [
            (product, variant)
            for product, (_, variant) in zip(read, chosen, strict=True)
            # The columns have applied the filter to what they know; only what changed since has to be looked at.
            if product is not None
            and (product.seq <= found.known or meets(product.product, both(query.where, query.within)))
            and not found.asked.refuses_now(product)
        ]


def in_line(result: Numbers, ranked: Numbers) -> Numbers:
    """A result set in order: the candidates, which are some of it, as ranked; then the others as they stand."""
    if not len(ranked):
        return result
    seen = np.zeros(int(result.max(initial=0)) + 1, bool)
    seen[ranked] = True
    rest = result[~seen[result]]
    return np.concatenate([ranked, rest]) if len(rest) else ranked
