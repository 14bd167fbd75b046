"""The use case "answer a query": candidates from every source, one score, the catalogue has the last word."""

from __future__ import annotations

import time
import unicodedata
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from shoplens.core.answer import Answer, Facet
from shoplens.core.ports import (
    CatalogueLookup,
    CatalogueStore,
    Encoder,
    KnowsWords,
    Mask,
    Numbers,
    PictureDecoder,
    StoredProduct,
    VectorStore,
    WordMatches,
)
from shoplens.core.query import MAX_WORDS, Query
from shoplens.core.spaces import Modality, unit
from shoplens.core.where import meets
from shoplens.engine.copies import Copies, RowIndex
from shoplens.engine.hits import VariantPicker, as_hits, in_order
from shoplens.engine.parts import PartScores, VectorPart, distinct, score_vectors, score_words, without
from shoplens.errors import NotFoundError, QueryError, ShopLensError

QUERY_SIDE = 256
"""Shortest side, in pixels, at which the photos of a query are decoded: as those of the catalogue are."""

_THREADS = 8
"""Looks into an index beside those of the queries' own threads."""


class Store(CatalogueStore, CatalogueLookup, VectorStore, Protocol):
    """What answering needs of the store."""


@dataclass(frozen=True, slots=True)
class Balance:
    """How sources weigh against each other; chosen on dev data (docs/adr/0007-fusion.md).

    ``depth``: candidates taken from each source. ``words``: most that words as written add, in log odds.
    ``semantic_ratio``: default of the query's. ``text``, ``picture``: say of the two vector sources of words.
    """

    depth: int = 200
    words: float = 10.0
    semantic_ratio: float = 0.5
    text: float = 0.5
    picture: float = 1.0
    photo: float = 1.0


@dataclass(slots=True)
class _Found:
    """What is known of a query on its way to an answer.

    ``known``: the columns' sequence number when the filter was applied. ``inside``: products with an allowed variant.
    """

    known: int
    allowed: Mask
    inside: Mask
    words: WordMatches | None
    parts: list[VectorPart]
    notes: list[str]
    degraded: list[str]


class Answerer:
    """Answers queries against one shop. Safe to call from several threads."""

    def __init__(
        self,
        store: Store,
        copies: Copies,
        encoder: Encoder,
        decoder: Callable[[], PictureDecoder],
        tokens: Callable[[str], Iterable[str]],
        balance: Balance | None = None,
    ) -> None:
        self._store = store
        self._copies = copies
        self._encoder = encoder
        self._decoder = decoder
        self._balance = balance or Balance()
        self._picker = VariantPicker(tokens)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="shoplens-look")

    def search(self, query: Query) -> Answer:
        """Answers a query.

        Raises:
            QueryError: the filter, a facet or the order names an unknown field.
            PictureError: a photo of the query is rejected.
            NotFoundError: a seed is not in the shop.
        """
        started = time.perf_counter()
        timings: dict[str, float] = {}
        query, notes = tidy(query)
        self._copies.refresh()
        columns = self._copies.parts.columns
        known = columns.seq  # read first: the mask is of this state or a newer one
        allowed = columns.mask(query.where)
        if query.hidden_hits:
            allowed = self._without(allowed, query.hidden_hits)
        found = _Found(known, allowed, columns.products(allowed), None, [], notes, [])
        lap = _Lap(timings, started)
        lap("filter")
        self._encode(query, found, lap)
        # The word index looks while the vectors are scanned: neither holds Python's lock for long.
        words = self._pool.submit(self._match_words, query, found) if query.words else None
        near = self._near(found)
        lap("vectors")
        if words is not None:
            words.result()
        lap("words")
        result, ranked, scores = self._rank(query, found, near)
        lap("rank")
        answer = self._page(query, found, result, ranked, scores)
        lap("page")
        return replace(answer, search_time_ms=1e3 * (time.perf_counter() - started), timings_ms=timings)

    # --- what the query says ------------------------------------------------------------------

    def _encode(self, query: Query, found: _Found, lap: _Lap) -> None:
        ratio = self._ratio(query)
        parts, card, balance = self._copies.parts, self._encoder.card, self._balance

        def add(
            source: str, part: str, vector: object, modality: Modality, index: RowIndex, row: Modality, weight: float
        ) -> None:
            if weight and len(index):
                array = np.asarray(vector, np.float32)
                found.parts.append(
                    VectorPart(source, part, array, modality, index, card.calibrate(modality, row), weight)
                )

        if query.words and ratio > 0 and self._familiar(query.words, found):
            try:
                vector = self._encoder.encode_words([query.words])[0]
            except ShopLensError:
                found.degraded.append("encoder")
            else:
                say = 2 * ratio * query.words_weight
                add("words>picture", "words", vector, "words", parts.pictures, "picture", say * balance.picture)
                add("words>text", "words", vector, "words", parts.texts, "words", say * balance.text)
        lap("encode words")
        if query.pictures:
            decoder = self._decoder()
            side = max(QUERY_SIDE, card.picture_side)
            decoded = [decoder.decode(p.data, side, p.crop).pixels for p in query.pictures]
            lap("decode")
            vectors = self._encoder.encode_pictures(decoded)
            for number, (picture, vector) in enumerate(zip(query.pictures, vectors, strict=True), 1):
                say = picture.weight * balance.photo
                add("picture>picture", f"image {number}", vector, "picture", parts.pictures, "picture", say)
            lap("encode pictures")
        for seed in query.seeds:
            by_picture, by_text = self._seed(seed.product_id)
            name = f"like {seed.product_id}" if seed.weight > 0 else f"unlike {seed.product_id}"
            if by_picture is not None:
                add("seed>picture", name, by_picture, "picture", parts.pictures, "picture", seed.weight)
            if by_text is not None:
                add("seed>text", name, by_text, "words", parts.texts, "words", seed.weight * balance.text)

    def _familiar(self, words: str, found: _Found) -> bool:
        if not isinstance(self._encoder, KnowsWords) or self._encoder.familiar(words):
            return True
        found.notes.append("the encoder knows none of these words; they were searched for as written")
        return False

    def _ratio(self, query: Query) -> float:
        return self._balance.semantic_ratio if query.semantic_ratio is None else query.semantic_ratio

    def _seed(self, product_id: str) -> tuple[np.ndarray | None, np.ndarray | None]:
        """The mean of a product's picture vectors and its text vector, from the store."""
        number = self._store.numbers_of([product_id]).get(product_id)
        if number is None:
            raise NotFoundError(
                f"no product {product_id!r} in this shop",
                where="like",
                hint="give the id of a product of the catalogue",
            )
        space, parts = self._encoder.card.space, self._copies.parts
        out: list[np.ndarray | None] = []
        pairs: tuple[tuple[RowIndex, Modality], ...] = ((parts.pictures, "picture"), (parts.texts, "words"))
        for index, modality in pairs:
            keys = [row.key for row in index.rows_of(number)]
            vectors = list(self._store.vectors(space, modality, keys).values())
            out.append(unit(np.mean(np.asarray(vectors, np.float32), axis=0)) if vectors else None)
        return out[0], out[1]

    def _match_words(self, query: Query, found: _Found) -> None:
        if not query.words or self._ratio(query) >= 1 or query.words_weight == 0:
            return
        try:
            found.words = self._copies.parts.words.search(query.words, self._balance.depth, found.inside)
        except ShopLensError:
            raise
        except Exception:  # a damaged word index must not take the vectors down with it
            found.degraded.append("words")

    def _without(self, allowed: Mask, hidden: Sequence[str]) -> Mask:
        product_of = self._copies.parts.columns.product_of
        gone = list(self._store.numbers_of(hidden).values())
        out = allowed.copy()
        out[np.isin(product_of[: len(out)], gone)] = False
        return out

    # --- candidates and their order -----------------------------------------------------------

    def _near(self, found: _Found) -> list[tuple[Numbers, Numbers]]:
        """For each part that wants likeness the products near it, see ``VectorPart.near``; parts side by side."""
        wanted = [p for p in found.parts if p.weight > 0]
        look = [self._pool.submit(part.near, self._balance.depth, found.allowed) for part in wanted[1:]]
        first = [part.near(self._balance.depth, found.allowed) for part in wanted[:1]]
        return first + [some.result() for some in look]

    def _rank(
        self, query: Query, found: _Found, near: Sequence[tuple[Numbers, Numbers]]
    ) -> tuple[Numbers, Numbers, list[PartScores]]:
        """The result set, the candidates in order, and what each source said of them (in that order)."""
        allowed, inside, words = found.allowed, found.inside, found.words
        seeds = list(self._store.numbers_of([s.product_id for s in query.seeds]).values()) if query.seeds else []
        if not near and words is None:
            result = without(np.flatnonzero(inside).astype(np.int64), seeds)
            candidates = result[: self._balance.depth] if found.parts else result[:0]
        else:
            sets, best = [like for like, _ in near], [few for _, few in near]
            if words is not None:
                matched = words.matched[words.matched < len(inside)]
                sets.append(matched[inside[matched]])
                best.append(words.products)
            result = without(distinct(sets), seeds)
            candidates = without(distinct(best), seeds)
        scores = [score_vectors(part, candidates, allowed) for part in found.parts]
        if words is not None:
            say = 2 * (1 - self._ratio(query)) * query.words_weight * self._balance.words
            scores.append(score_words(candidates, words, say))
        total = np.sum([s.contributions for s in scores], axis=0) if scores else np.zeros(len(candidates))
        order = np.lexsort((candidates, -total))
        return result, candidates[order], [in_order(s, order) for s in scores]

    # --- one page -----------------------------------------------------------------------------

    def _page(self, query: Query, found: _Found, result: Numbers, ranked: Numbers, scores: list[PartScores]) -> Answer:
        columns = self._copies.parts.columns
        # A snapshot of the columns may have grown since the filter was computed; both arrays are cut to the shorter.
        product_of = columns.product_of
        allowed = found.allowed
        if query.sort_by:
            near = {int(n): i for i, n in enumerate(ranked.tolist())}
            by_match = np.array(sorted(result.tolist(), key=lambda n: (near.get(n, len(near)), n)), np.int64)
            order = columns.order(by_match, allowed, query.sort_by)
        else:
            rest = np.setdiff1d(result, ranked, assume_unique=True)
            order = np.concatenate([ranked, rest]) if len(rest) else ranked
        pinned = self._pinned(query, found.inside)
        if len(pinned):
            order = np.concatenate([pinned, order[~np.isin(order, pinned)]])
            result = np.union1d(result, pinned)
        start = (query.page - 1) * query.per_page
        chosen, total = self._window(query, order, allowed, product_of, start)
        stored = self._last_word(query, found.known, chosen)
        best_rows = self._best_rows(found, [s for s, _ in stored])
        hits = as_hits(
            query, stored, ranked, scores, allowed, self._picker, start, frozenset(pinned.tolist()), best_rows
        )
        facets: tuple[Facet, ...] = ()
        if query.facet_by:
            inside = np.zeros(int(product_of.max(initial=0)) + 1, bool)
            inside[result] = True
            size = min(len(allowed), len(product_of))
            facets = columns.facets(allowed[:size] & inside[product_of[:size]], query.facet_by, query.max_facet_values)
        best = max((float(s.confidence.max(initial=0.0)) for s in scores if s.contributions.any()), default=0.0)
        verdict = "none" if not total else "match" if query.is_empty or best >= 0.5 else "similar"
        return Answer(
            hits=hits,
            found=total,
            page=query.page,
            per_page=query.per_page,
            query_id=uuid.uuid4().hex,
            search_time_ms=0.0,
            verdict=verdict,
            facets=facets,
            model_version=str(self._encoder.card.space),
            degraded=tuple(found.degraded),
            notes=tuple(found.notes),
            staleness_s=round(self._copies.staleness_s, 3),
        )

    def _best_rows(self, found: _Found, stored: Sequence[StoredProduct]) -> dict[int, tuple[int, str]]:
        """Product number -> the variant and the picture that answer best, where several parts of the query look at
        pictures: the sum over the parts decides, so that "the same in blue" shows the blue one."""
        parts = [p for p in found.parts if p.index is self._copies.parts.pictures]
        if len(parts) < 2:
            return {}
        rows = {s.number: self._copies.parts.pictures.rows_of(s.number) for s in stored}
        keys = list({row.key for some in rows.values() for row in some})
        vectors = self._store.vectors(self._encoder.card.space, "picture", keys)
        wanted = np.sum([p.weight * p.calibration.slope * p.vector for p in parts], axis=0)
        best: dict[int, tuple[int, str]] = {}
        for number, some in rows.items():
            shown = [
                (float(vectors[row.key].astype(np.float32) @ wanted), -position, row.key, variant)
                for position, row in enumerate(some)
                if row.key in vectors
                for variant in [next((v for v in row.variants if v < len(found.allowed) and found.allowed[v]), 0)]
                if variant
            ]
            if shown:
                _, _, key, variant = max(shown)
                best[number] = (variant, key)
        return best

    def _pinned(self, query: Query, inside: Mask) -> Numbers:
        """The products to put first, without those that the filter excludes: a pin never brings one back."""
        if not query.pinned_hits:
            return np.zeros(0, np.int64)
        numbers = self._store.numbers_of(query.pinned_hits)
        kept = [numbers[i] for i in dict.fromkeys(query.pinned_hits) if i in numbers]
        return np.array([n for n in kept if n < len(inside) and inside[n]], np.int64)

    def _window(
        self, query: Query, order: Numbers, allowed: Mask, product_of: Numbers, start: int
    ) -> tuple[list[tuple[int, int]], int]:
        """(product, variant) of one page, variant 0 for "choose the best"; and how many there are in all."""
        stop = start + query.per_page
        if query.group_by == "product":
            return [(int(n), 0) for n in order[start:stop]], len(order)
        size = min(len(allowed), len(product_of))
        variants = np.flatnonzero(allowed[:size])
        place = np.full(int(product_of.max(initial=0)) + 1, -1, np.int64)
        place[order] = np.arange(len(order))
        at = place[product_of[variants]]
        variants, at = variants[at >= 0], at[at >= 0]
        sequence = variants[np.lexsort((variants, at))]
        return [(int(product_of[v]), int(v)) for v in sequence[start:stop]], len(sequence)

    def _last_word(self, query: Query, known: int, chosen: list[tuple[int, int]]) -> list[tuple[StoredProduct, int]]:
        """The products as the catalogue has them now; what no longer meets the filter stays out."""
        stored = self._store.get([number for number, _ in chosen])
        return [
            (product, variant)
            for product, (_, variant) in zip(stored, chosen, strict=True)
            # The columns have applied the filter to what they know; only what changed since has to be looked at.
            if product is not None and (product.seq <= known or meets(product.product, query.where))
        ]


class _Lap:
    """Writes the time since the last call under a name, in milliseconds."""

    def __init__(self, into: dict[str, float], start: float) -> None:
        self._into = into
        self._last = start

    def __call__(self, name: str) -> None:
        now = time.perf_counter()
        self._into[name] = self._into.get(name, 0.0) + 1e3 * (now - self._last)
        self._last = now


def tidy(query: Query) -> tuple[Query, list[str]]:
    """The query with its words cleaned (NFC, control characters and doubled white space gone) and cut to length."""
    if not isinstance(query.words, str):
        raise QueryError("the words are no text", where="q", hint="send a string")
    # Cut before it is normalised, which takes the square of the time for a run of combining marks.
    text = unicodedata.normalize("NFC", query.words[: 4 * MAX_WORDS])
    text = " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in text).split())
    notes = []
    if len(text) > MAX_WORDS or len(query.words) > 4 * MAX_WORDS:
        text = text[:MAX_WORDS]
        notes.append(f"the words were cut to their first {MAX_WORDS} characters")
    return replace(query, words=text), notes
