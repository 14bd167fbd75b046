"""Merchandising rules at work on a query: what they hide, pin and weigh, as numbers of products and variants.

What a filter excludes stays out: rules take from what the filter has left, and never add to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

import numpy as np

from shoplens.core.answer import Hit, Reason
from shoplens.core.catalogue import Product
from shoplens.core.ports import CatalogueLookup, Mask, Numbers, RuleStore, WordIndex, WordMatches
from shoplens.core.query import Query
from shoplens.core.rules import NO_PLAN, Plan, Rulebook, Target
from shoplens.engine.copies import Columns
from shoplens.engine.parts import PartScores, distinct
from shoplens.errors import ShopLensError, UnknownFieldError

SOURCE = "rule"
"""The source of reasons that are a rule's."""


class Plans(Protocol):
    """Tells what rules want of a query."""

    @property
    def problem(self) -> str:
        """Why they cannot be told, "" when they can."""

    def plan(self, query: Query, said: str) -> Plan:
        """The plan for a query; ``said``: its words as they were typed."""


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


class LiveRules:
    """The rules of a shop as they stand: a change by any process counts from the next query on."""

    def __init__(self, store: RuleStore, clock: Callable[[], datetime] = now) -> None:
        self._store, self._clock = store, clock
        self._known: tuple[int, Rulebook] = (0, Rulebook())
        self._problem = ""

    @property
    def problem(self) -> str:
        """Why the newest rules cannot be read; the last ones that could are in force. "" when nothing is wrong."""
        return self._problem

    def plan(self, query: Query, said: str) -> Plan:
        """The plan for a query. Without rules: one comparison of two numbers."""
        seq = self._store.rules_seq
        if seq != self._known[0]:
            self._load(seq)
        book = self._known[1]
        return book.plan(query, self._clock(), said) if len(book) else NO_PLAN

    def _load(self, seq: int) -> None:
        try:
            newest, versions = self._store.rules()
            self._known = newest, Rulebook(v.rule for v in versions if v.rule is not None)
            self._problem = ""
        except ShopLensError as error:  # searches go on; ``degraded`` tells
            self._known, self._problem = (seq, self._known[1]), str(error)


@dataclass(frozen=True, slots=True)
class RulesAt:
    """Some rules at some moment: to try them out."""

    book: Rulebook
    moment: datetime
    problem: str = ""

    def plan(self, query: Query, said: str) -> Plan:
        """The plan for a query."""
        return self.book.plan(query, self.moment, said)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a rule adds to the score of some products (bool by product number)."""

    rule_id: str
    by: float
    products: Mask


@dataclass(frozen=True, slots=True)
class Ruled:
    """A plan in the numbers of a shop. ``pins``: (position, product number), by position, of those that may be shown.

    ``lifted``: variants whose products some rule boosts, None for none.
    """

    plan: Plan = NO_PLAN
    pins: tuple[tuple[int, int], ...] = ()
    weights: tuple[Weighed, ...] = ()
    lifted: Mask | None = None

    def scores(self, candidates: Numbers) -> list[PartScores]:
        """What the rules say of candidates, each of its own: so that the reasons of a hit add up."""
        out = []
        for weight in self.weights:
            given = np.where(_holds(weight.products, candidates), weight.by, 0.0)
            out.append(
                PartScores(SOURCE, weight.rule_id, given, given, np.zeros(len(given)), np.zeros_like, lambda _: "")
            )
        return out

    def heard(self, index: WordIndex) -> WordIndex | Wordings:
        """The word index, asked for the query's other wordings too, where rules have any."""
        return Wordings(index, self.plan.alternatives) if self.plan.alternatives else index

    def explained(self, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        """The hits, with the rule named that pinned one."""
        if not self.pins:
            return hits
        by = {placed.product_id: placed.rule_id for placed in self.plan.pins}
        return tuple(
            replace(hit, reasons=(*hit.reasons, Reason(SOURCE, by[hit.product.id], 0.0, 0.0, 0)))
            if hit.pinned and hit.product.id in by
            else hit
            for hit in hits
        )


NOT_RULED = Ruled()


def _holds(mask: Mask, numbers: Numbers) -> Mask:
    """Whether a mask holds these numbers; one made before the newest of them were given does not."""
    known = numbers < len(mask)
    known[known] = mask[numbers[known]]
    return known


def without_hidden(allowed: Mask, plan: Plan, columns: Columns, store: CatalogueLookup) -> Mask:
    """The allowed variants less those that rules hide."""
    if not plan.hidden:
        return allowed
    product_of, out = columns.product_of, allowed.copy()
    size = min(len(product_of), len(out))
    for hidden in plan.hidden:
        gone = _variants(hidden.what, columns, store)[:size]
        if hidden.kept:
            gone &= ~np.isin(product_of[: len(gone)], list(store.numbers_of(hidden.kept).values()))
        out[: len(gone)] &= ~gone
    return out


def ruled(plan: Plan, allowed: Mask, inside: Mask, columns: Columns, store: CatalogueLookup) -> Ruled:
    """A plan in numbers. ``allowed``, ``inside``: the variants and products that the filter and the rules leave."""
    if not (plan.pins or plan.weights):
        return Ruled(plan) if plan.rules else NOT_RULED
    numbers = store.numbers_of([placed.product_id for placed in plan.pins]) if plan.pins else {}
    pins = [(placed.position, numbers.get(placed.product_id, 0)) for placed in plan.pins]
    product_of = columns.product_of
    size = min(len(product_of), len(allowed))
    weights, lifted = [], np.zeros(len(inside), np.bool_)
    for weight in plan.weights:
        meant = _variants(weight.what, columns, store)[:size]
        products = np.zeros(len(inside), np.bool_)
        products[product_of[: len(meant)][meant & allowed[: len(meant)]]] = True
        weights.append(Weighed(weight.rule_id, weight.by, products))
        if weight.by > 0:
            lifted |= products
    variants = np.zeros(len(allowed), np.bool_)
    variants[:size] = allowed[:size] & lifted[product_of[:size]]
    shown = tuple((at, number) for at, number in pins if 0 < number < len(inside) and inside[number])
    return Ruled(plan, shown, tuple(weights), variants if variants.any() else None)


def _variants(what: Target, columns: Columns, store: CatalogueLookup) -> Mask:
    """The variants that an action is about; to be written to. None for a field that the catalogue no longer has."""
    if isinstance(what, tuple):
        return np.isin(columns.product_of, list(store.numbers_of(what).values()))
    try:
        return columns.mask(what).copy()
    except UnknownFieldError:
        return np.zeros(0, np.bool_)


class Wordings:
    """A word index that is asked for other wordings of a query beside its own; a product counts by its best one."""

    def __init__(self, index: WordIndex, others: Sequence[str]) -> None:
        self._index, self._others = index, others

    def search(self, words: str, k: int, products: Mask | None = None) -> WordMatches:
        """As the index does. Wordings that match as they are written leave out those that do so by a letter more or
        less, and those of which more terms match leave out the others."""
        every = [self._index.search(text, k, products) for text in (words, *self._others)]
        found = [w for w in every if len(w.matched)]
        best = max(((not w.guessed, w.coverage) for w in found), default=None)
        some = [w for w in found if (not w.guessed, w.coverage) == best]
        if len(some) < 2:
            return some[0] if some else every[0]
        numbers = np.concatenate([w.products for w in some])
        scores = np.concatenate([w.scores for w in some])
        order = np.lexsort((numbers, -scores))  # each product at its best
        _, first = np.unique(numbers[order], return_index=True)
        kept = order[np.sort(first)][:k]
        return replace(
            some[0], products=numbers[kept], scores=scores[kept], matched=distinct([w.matched for w in some])
        )

    def named(self, words: str, product: Product, *, typos: bool = True) -> float:
        """The share of the terms of its best wording by which the product is called."""
        return max(self._index.named(text, product, typos=typos) for text in (words, *self._others))


def deeper(words: WordMatches, more: WordMatches) -> WordMatches:
    """Matches of words with further ones, of products that also match but stood too far down to be scored."""
    new = np.isin(more.products, words.matched) & ~np.isin(more.products, words.products)
    if not new.any():
        return words
    products = np.concatenate([words.products, more.products[new]])
    return replace(words, products=products, scores=np.concatenate([words.scores, more.scores[new]]))


def placed(order: Numbers, first: Numbers, pins: Sequence[tuple[int, int]]) -> tuple[Numbers, Numbers]:
    """Products in order with some of them first and others at positions; and which ones these are.

    Each product stands once, none is lost. A position that is taken or lies behind the end becomes the next free one.
    """
    at = {number: position for position, number in enumerate(first.tolist(), 1)}
    taken = set(at.values())
    for wanted, number in pins:
        if number not in at:
            position = wanted
            while position in taken:
                position += 1
            taken.add(position)
            at[number] = position
    pinned = np.array(sorted(at, key=lambda number: at[number]), np.int64)
    rest = order[~np.isin(order, pinned)]
    before = np.array([at[number] for number in pinned.tolist()], np.int64) - 1 - np.arange(len(pinned))
    return np.insert(rest, np.minimum(before, len(rest)), pinned), pinned
