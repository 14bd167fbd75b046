"""The use case "answer a query": candidates from every source, one score, the catalogue has the last word."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import ParamSpec, TypeVar

import numpy as np

from shoplens.core.answer import Answer
from shoplens.core.catalogue import Product
from shoplens.core.making import changer
from shoplens.core.notes import note
from shoplens.core.ports import Encoder, Mask, Numbers, PictureDecoder
from shoplens.core.query import Query
from shoplens.core.rules import NO_PLAN, Plan
from shoplens.core.where import Where, both
from shoplens.engine.asked import Understands, asked
from shoplens.engine.balance import Balance
from shoplens.engine.called import called_so
from shoplens.engine.composing import NO_WISH, Composer, Wish
from shoplens.engine.copies import Copies
from shoplens.engine.crowd import Crowd
from shoplens.engine.encoded import QueryEncoder
from shoplens.engine.hits import VariantPicker, in_order
from shoplens.engine.laps import Lap
from shoplens.engine.pages import Found, Pages, Store
from shoplens.engine.parts import (
    IN_FILLED,
    IN_PROSE,
    PartScores,
    distinct,
    score_vectors,
    score_words,
    surely,
    within,
    without,
)
from shoplens.engine.photo_say import photos_said
from shoplens.engine.reasons import Explains
from shoplens.engine.ruling import Meant, Plans, Ruled, among, deeper, ruled, without_hidden
from shoplens.engine.same_picture import SamePictures
from shoplens.engine.several import several_photos
from shoplens.engine.telling import Teller
from shoplens.engine.tidying import tidy
from shoplens.engine.very_thing import very_thing_first
from shoplens.engine.weighing import exact_first, weighed
from shoplens.errors import ShopLensError

_LOOKED_AT = 3
"""Best matches of the words whose names are read, to tell how sure they are."""

_MANY = 10_000
"""Rows of vectors from which on threads pay."""

_told = changer(Answer, "hits", "applied_rules", "redirect", "notes", "understood", "search_time_ms", "timings_ms")
P = ParamSpec("P")
T = TypeVar("T")

_THREADS = 8
"""Looks into an index beside those of the queries' own threads."""


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
        composer: Composer | None = None,
        understands: Understands | None = None,
        rules: Plans | None = None,
        explains: Explains | None = None,
        same: SamePictures | None = None,
    ) -> None:
        self._store = store
        self._copies = copies
        self._balance = balance or Balance()
        self._vectors = QueryEncoder(store, copies, encoder, decoder, self._balance, composer, same)
        self._composer = composer
        self._understands = understands
        self._rules, self._meant, self._explains = rules, Meant(store), explains
        self._pages = Pages(store, copies, VariantPicker(tokens), encoder.card.space)
        self._teller = Teller(store, copies, tokens)
        self._pool, self._crowd = ThreadPoolExecutor(_THREADS, thread_name_prefix="shoplens-look"), Crowd()

    def search(self, query: Query, rules: Plans | None = None) -> Answer:
        """Answers a query; ``rules``: others than the shop's own, to try them out.

        Raises:
            QueryError: the filter, a facet or the order names an unknown field.
            PictureError: a photo of the query is rejected.
            NotFoundError: a seed is not in the shop.
        """
        with self._crowd:
            return self._search(query, rules)

    def _search(self, query: Query, rules: Plans | None) -> Answer:
        started = time.perf_counter()
        timings: dict[str, float] = {}
        query, notes = tidy(query)
        self._copies.refresh()
        columns = self._copies.parts.columns
        said, rules = query.words, rules or self._rules
        given = query
        ask = asked(query, self._understands, columns, self._copies.parts.words)
        query, understood = ask.query, ask.understood
        notes += understood.notes
        plan = NO_PLAN if rules is None else rules.plan(query, said)
        known = columns.seq  # read first: the mask is of this state or a newer one
        allowed = ask.allowed(self._allowed(query.where, query, plan))
        inside = columns.products(allowed)
        degraded = ["rules"] if rules is not None and rules.problem else []
        by_rules = ruled(plan, allowed, inside, columns, self._meant)
        found = Found(known, allowed, inside, None, [], degraded, by_rules, ask)
        lap = Lap(timings, started)
        lap("filter")
        wish = self._wish(query)
        if wish.edits:
            query = replace(query, words_weight=query.words_weight * self._balance.edited)
            notes.append(note("recoloured", colours=list(wish.written)))
        # The word index looks while the words are encoded and the vectors are scanned: none holds Python's lock long.
        asked_for = replace(query, words=" ".join(wish.written)) if wish.is_bare else query
        words = self._beside(self._match_words, asked_for, found) if query.words else None
        self._vectors.encode(query, found, lap, wish)
        notes += found.notes
        if found.wanted is not None and wish.is_bare:
            found.called = called_so(self._understands, query.words, columns, allowed)
        near = self._near(found)
        lap("vectors")
        if words is not None:
            words()
        lap("words")
        result, ranked, scores = self._rank(query, found, near, wish)
        lap("rank")
        loosened = partial(self._loosened, query, found, wish)
        answer = self._pages.make(ask.shown(query), given, found, result, ranked, scores, loosened)
        lap("page")
        notes += self._teller.notes(
            query,
            answer,
            found,
            words=None if wish.is_bare else found.words,
            unfiltered=lambda: self._unfiltered(query, found, wish),
        )
        lap("notes")
        took = 1e3 * (time.perf_counter() - started)
        chips = understood.chips
        hits = found.ruled.explained(answer.hits)
        if query.explain and self._explains is not None:
            hits = self._explains(said, chips, found, hits)
            lap("explain")
            took = 1e3 * (time.perf_counter() - started)
        return _told(answer, hits, plan.rules, plan.redirect, tuple(notes), chips, took, timings)

    # --- what the query says ------------------------------------------------------------------

    def _wish(self, query: Query) -> Wish:
        """What the words want changed of the photos; nothing where there is no photo or nothing to change."""
        if self._composer is None or not (query.words and query.pictures):
            return NO_WISH
        return self._composer.wish(query.words)

    def _match_words(self, query: Query, found: Found) -> None:
        if not query.words or self._balance.ratio(query) >= 1 or query.words_weight == 0:
            return
        try:
            index = found.ruled.heard(self._copies.parts.words)
            words = index.search(query.words, self._balance.depth, found.inside)
            if len(words.products):
                stored = self._store.get(words.products[:_LOOKED_AT].tolist())
                typos = bool(words.guessed)
                products = [s.product if s is not None else None for s in stored]
                named = [0.0 if p is None else index.named(query.words, p, typos=typos) for p in products]
                share = words.scores[:_LOOKED_AT] / max(float(words.scores[0]), 1e-9)
                told = any(named) or any(self._tells(query.words, p) for p in products if p is not None)
                sure = surely(named, share.tolist(), words.coverage, IN_PROSE if told else IN_FILLED)
                words = replace(words, coverage=sure)
            if found.ruled.lifted is not None and len(words.products) >= self._balance.depth:
                lifted = self._copies.parts.columns.products(found.ruled.lifted)
                words = deeper(words, index.search(query.words, self._balance.depth, lifted))
            found.words = words
        except ShopLensError:
            raise
        except Exception:  # a damaged word index must not take the vectors down with it
            found.degraded.append("words")

    def _tells(self, words: str, product: Product) -> bool:
        """Whether a product's own words match some of these, and not just what was filled in from its pictures."""
        return not product.derived or bool(self._copies.parts.words.terms(words, replace(product, derived=())))

    def _allowed(self, where: Where | None, query: Query, plan: Plan) -> Mask:
        """The variants that a filter leaves, less what the query and the rules hide."""
        columns = self._copies.parts.columns
        allowed = columns.mask(both(where, query.within))
        if query.hidden_hits:
            allowed = self._without(allowed, query.hidden_hits)
        return without_hidden(allowed, plan, columns, self._meant)

    def _without(self, allowed: Mask, hidden: Sequence[str]) -> Mask:
        product_of = self._copies.parts.columns.product_of
        gone = list(self._store.numbers_of(hidden).values())
        out = allowed.copy()
        out[np.isin(product_of[: len(out)], gone)] = False
        return out

    def _unfiltered(self, query: Query, found: Found, wish: Wish) -> int:
        """How many products would be found without the filter."""
        columns = self._copies.parts.columns
        allowed = self._allowed(None, query, found.ruled.plan)
        inside = columns.products(allowed)
        free = replace(found, allowed=allowed, inside=inside, words=None, degraded=[], ruled=Ruled(found.ruled.plan))
        self._match_words(query, free)
        sets = [like for like, _ in self._near(free)] + (
            [] if free.words is None or wish.is_bare else [free.words.matched, free.words.partly]
        )
        seeds = list(self._store.numbers_of([s.product_id for s in query.seeds]).values())
        return len(without(within(distinct(sets), inside), seeds))

    # --- candidates and their order -----------------------------------------------------------

    def _near(self, found: Found) -> list[tuple[Numbers, Numbers]]:
        """For each part that wants likeness the products near it, see ``VectorPart.near``; parts side by side."""
        wanted, narrow = [p for p in found.parts if p.weight > 0], self._narrow(found.allowed)
        look = [self._beside(part.near, self._balance.depth, narrow) for part in wanted[1:]]
        first = [part.near(self._balance.depth, narrow) for part in wanted[:1]]
        linked = found.wanted.linked(found.called, found.photos, self._copies.parts.pictures) if found.wanted else []
        return first + [some() for some in look] + [part.near(self._balance.depth, where) for part, where in linked]

    def _beside(self, work: Callable[P, T], *args: P.args, **given: P.kwargs) -> Callable[[], T]:
        """Begins some work beside this thread; to be called for what came out. In a small shop, and where other queries
        want the cores, it is done at once: handing Python's lock to and fro costs a query a fifth of its time."""
        if self._crowd.has_room and len(self._copies.parts.pictures) + len(self._copies.parts.texts) >= _MANY:
            return self._pool.submit(work, *args, **given).result
        done = work(*args, **given)
        return lambda: done

    def _narrow(self, allowed: Mask) -> Mask | None:
        """The mask for a vector index: None where all is allowed, which saves looking thousands of rows up."""
        return None if allowed is self._copies.parts.columns.mask(None) else allowed

    def _found(
        self, query: Query, found: Found, near: Sequence[tuple[Numbers, Numbers]], wish: Wish
    ) -> tuple[Numbers, Numbers]:
        """The result set, and the candidates in it; both rising."""
        allowed, inside, words = found.allowed, found.inside, found.words
        seeds = list(self._store.numbers_of([s.product_id for s in query.seeds]).values()) if query.seeds else []
        if not near and words is None:
            result = without(np.flatnonzero(inside).astype(np.int64), seeds)
            scored = self._balance.depth if found.parts else len(result) if found.ruled.weights else 0
            candidates = result[:scored]
        else:
            sets, best = [like for like, _ in near], [few for _, few in near]
            if words is not None and not wish.is_bare:  # whatever is red is not like the photo
                sets += [words.matched, words.partly]
                best += [words.products, words.partly]
            for same in found.same:
                sets.append(same.numbers)
                best.append(same.numbers)
            wanted = found.asked.wanted(allowed)
            sets.append(wanted)
            best.append(wanted[: self._balance.depth])
            result = without(within(distinct(sets), inside), seeds)
            if found.ruled.lifted is not None:  # what a rule boosts and stands too far down to be a candidate yet
                deep = self._near(replace(found, allowed=found.ruled.lifted))
                best += [among(few, result) for _, few in deep]
            candidates = without(within(distinct(best), inside), seeds)
        return found.asked.honest(result, candidates, self._store)

    def _loosened(self, query: Query, found: Found, wish: Wish, where: Where | None) -> tuple[Mask, Numbers]:
        """The variants that another filter allows, beside what the words demand, and the products found with it."""
        columns = self._copies.parts.columns
        whole, ask = found.asked.beside(where)
        allowed = ask.allowed(self._allowed(whole, query, found.ruled.plan))
        inside = columns.products(allowed)
        by_rules = ruled(found.ruled.plan, allowed, inside, columns, self._meant)
        free = replace(found, allowed=allowed, inside=inside, degraded=[], ruled=by_rules, asked=ask)
        if found.words is not None:  # how strictly words are to match depends on what a filter leaves
            asked_for = replace(query, words=" ".join(wish.written)) if wish.is_bare else query
            free.words = None
            self._match_words(asked_for, free)
        result, _ = self._found(query, free, self._near(free), wish)
        return allowed, self._pages.with_pins(query, free, result)

    def _rank(
        self, query: Query, found: Found, near: Sequence[tuple[Numbers, Numbers]], wish: Wish
    ) -> tuple[Numbers, Numbers, list[PartScores]]:
        """The result set, the candidates in order, and what each source said of them (in that order)."""
        allowed, words = found.allowed, found.words
        result, candidates = self._found(query, found, near, wish)
        narrow, beside = self._narrow(allowed), bool(query.pictures) and not wish.edits
        parts = weighed(found.parts, words, self._balance, beside)
        scores = [score_vectors(part, candidates, narrow) for part in parts]
        if found.wanted is None:
            scores = several_photos(scores, [part.weight > 0 for part in found.parts])
        judged = found.wanted is not None and wish.is_bare
        if found.wanted is not None:
            pictures, called = self._copies.parts.pictures, words if judged else None
            scores = found.wanted.judge(scores, candidates, pictures, narrow, called, found.called)
        if words is not None and not judged:
            say = 2 * (1 - self._balance.ratio(query)) * query.words_weight * self._balance.words
            scores.append(score_words(candidates, words, say, self._balance.level if beside else 2.0))
        if beside:
            scores = photos_said(scores, query, self._balance)
        ratio = self._balance.ratio(query)  # where one source is to speak alone, it does
        scores += found.asked.scores(candidates, allowed, 4 * ratio * (1 - ratio) * query.words_weight)
        scores += [same.scores(candidates) for same in found.same]
        scores = exact_first(scores, candidates, words) + found.ruled.scores(candidates)
        if query.pictures and not query.words:  # words tell which of its like is meant
            scores = very_thing_first(scores, parts, candidates, narrow, self._vectors.details)
        total = np.sum([s.contributions for s in scores], axis=0) if scores else np.zeros(len(candidates))
        alone = len(scores) == len(found.ruled.weights)
        order = found.ruled.order(candidates) if alone else np.lexsort((candidates, -total))
        return result, candidates[order], [in_order(s, order) for s in scores]
