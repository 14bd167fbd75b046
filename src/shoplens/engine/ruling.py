"""Merchandising rules at work on a query: what they hide, pin and weigh, as numbers of products and variants.

What a filter excludes stays out: rules take from what the filter has left, and never add to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt

from shoplens.core.answer import Hit, Reason
from shoplens.core.catalogue import Product
from shoplens.core.ports import CatalogueLookup, Mask, Numbers, RuleStore, WordIndex, WordMatches
from shoplens.core.query import Query
from shoplens.core.rules import NO_PLAN, Plan, Rulebook, Target
from shoplens.engine.copy_ports import Columns
from shoplens.engine.parts import PartScores, distinct
from shoplens.errors import ShopLensError, UnknownFieldError

SOURCE = "rule"
"""The source of reasons that are a rule's."""

_MAX_BITS = 12
"""Most boosts whose sums are tabled."""
_MAX_KEPT = 256
"""Targets of rules whose variants are remembered: a byte a variant each."""


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

    def order(self, candidates: Numbers) -> npt.NDArray[np.intp]:
        """The order of candidates whose numbers rise and of which only the rules say anything: of a whole shop."""
        if len(self.weights) > _MAX_BITS:
            return np.lexsort((candidates, -np.sum([s.contributions for s in self.scores(candidates)], axis=0)))
        code = np.zeros(len(candidates), np.int16)  # which rules weigh a product: a bit each
        for bit, weight in enumerate(self.weights):
            code |= _holds(weight.products, candidates).astype(np.int16) << np.int16(bit)
        bits = np.arange(1 << len(self.weights))[:, None] >> np.arange(len(self.weights)) & 1
        level = np.unique(-bits @ np.array([weight.by for weight in self.weights]), return_inverse=True)[1]
        return np.argsort(level.astype(np.int16)[code], kind="stable")  # of so small numbers a radix sort

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


def among(some: Numbers, result: Numbers) -> Numbers:
    """Those of some products that are in a result set, whose numbers rise."""
    return some[_holds(_mask(result), some)]


def _mask(numbers: Numbers) -> Mask:
    out = np.zeros(int(numbers.max(initial=0)) + 1, np.bool_)
    out[numbers] = True
    return out


def _holds(mask: Mask, numbers: Numbers) -> Mask:
    """Whether a mask holds these numbers; one made before the newest of them were given does not."""
    known = numbers < len(mask)
    known[known] = mask[numbers[known]]
    return known


class Meant:
    """Which variants the targets of rules are, remembered while the catalogue stays as it is. Safe to call from several
    threads."""

    def __init__(self, store: CatalogueLookup) -> None:
        self._store = store
        self._kept: tuple[int, dict[Target, Mask], dict[tuple[str, ...], Numbers]] = (-1, {}, {})

    def variants(self, what: Target, columns: Columns) -> Mask:
        """bool by variant number, not to be written to. None at all for a field that the catalogue no longer has."""
        known = self._known(columns)[1]
        found = known.get(what)
        if found is None:
            if isinstance(what, tuple):
                numbers = self.numbers(what, columns)
                found = np.isin(columns.product_of, numbers[numbers > 0])
            else:
                try:
                    found = columns.mask(what)
                except UnknownFieldError:
                    found = np.zeros(0, np.bool_)
            known[what] = found
        return found

    def numbers(self, ids: tuple[str, ...], columns: Columns) -> Numbers:
        """The numbers of products, 0 for one that is not there; parallel to the ids."""
        known = self._known(columns)[2]
        found = known.get(ids)
        if found is None:
            numbers = self._store.numbers_of(ids)
            found = known[ids] = np.array([numbers.get(product_id, 0) for product_id in ids], np.int64)
        return found

    def _known(self, columns: Columns) -> tuple[int, dict[Target, Mask], dict[tuple[str, ...], Numbers]]:
        # The number is read first: what is looked up after it is of that state or of a newer one, never of an older.
        seq, kept = columns.seq, self._kept
        if kept[0] != seq or len(kept[1]) + len(kept[2]) > _MAX_KEPT:
            kept = self._kept = (seq, {}, {})
        return kept


def without_hidden(allowed: Mask, plan: Plan, columns: Columns, meant: Meant) -> Mask:
    """The allowed variants less those that rules hide."""
    if not plan.hidden:
        return allowed
    product_of, out = columns.product_of, allowed.copy()
    size = min(len(product_of), len(out))
    for hidden in plan.hidden:
        gone = meant.variants(hidden.what, columns)[:size]
        if hidden.kept:
            gone = gone & ~meant.variants(hidden.kept, columns)[: len(gone)]
        out[: len(gone)] &= ~gone
    return out


def ruled(plan: Plan, allowed: Mask, inside: Mask, columns: Columns, meant: Meant) -> Ruled:
    """A plan in numbers. ``allowed``, ``inside``: the variants and products that the filter and the rules leave."""
    if not (plan.pins or plan.weights):
        return Ruled(plan) if plan.rules else NOT_RULED
    shown: tuple[tuple[int, int], ...] = ()
    if plan.pins:
        numbers = meant.numbers(tuple(placed.product_id for placed in plan.pins), columns)
        wanted = zip((placed.position for placed in plan.pins), numbers.tolist(), strict=True)
        shown = tuple((at, number) for at, number in wanted if 0 < number < len(inside) and inside[number])
    if not plan.weights:
        return Ruled(plan, shown)
    product_of = columns.product_of
    size = min(len(product_of), len(allowed))
    weights, lifted = [], np.zeros(len(inside), np.bool_)
    for weight in plan.weights:
        of_it = meant.variants(weight.what, columns)[:size]
        products = np.zeros(len(inside), np.bool_)
        products[product_of[: len(of_it)][of_it & allowed[: len(of_it)]]] = True
        weights.append(Weighed(weight.rule_id, weight.by, products))
        if weight.by > 0:
            lifted |= products
    variants = np.zeros(len(allowed), np.bool_)
    variants[:size] = allowed[:size] & lifted[product_of[:size]]
    return Ruled(plan, shown, tuple(weights), variants if variants.any() else None)


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
    new = _holds(_mask(words.matched), more.products) & ~_holds(_mask(words.products), more.products)
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
