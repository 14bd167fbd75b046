"""A merchandiser's wishes as data: when a rule holds, what it does, and what all rules together make of one query.

Pure: the hour is given, the store and the catalogue are not known here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from shoplens.core.phrases import Phrase, phrase, replacements
from shoplens.core.query import Query
from shoplens.core.where import All, Compare, Has, In, Not, Where, fields_of, fold

MAX_ALTERNATIVES = 4
"""Most other wordings of a query that synonyms make."""
DEFAULT_BY = 2.0
"""What a boost adds if it does not say how much, in log odds: about seven times as likely."""

Target = tuple[str, ...] | Where
"""What an action is about: the ids of products, or a filter."""


@dataclass(frozen=True, slots=True)
class Condition:
    """When a rule holds: all that is given must be so; nothing given: always.

    ``query``: phrases; the words are one of them (``match`` "exact") or hold one of them as whole words side by side
    ("contains"). The phrase "" is a query of nothing at all: the home page. ``filter``: what the query's own filter
    must demand; a field alone: that it names the field.
    """

    query: tuple[str, ...] = ()
    match: Literal["exact", "contains"] = "contains"
    filter: Where | None = None


@dataclass(frozen=True, slots=True)
class Pin:
    """Puts a product at a position, counted from 1, if the query's filter leaves it."""

    product_id: str
    position: int = 1


@dataclass(frozen=True, slots=True)
class Hide:
    """Takes products (or, by a filter, variants) out of the answer."""

    what: Target


@dataclass(frozen=True, slots=True)
class Boost:
    """Adds ``by``, in log odds, to the score of products found; negative: buries them."""

    what: Target
    by: float = DEFAULT_BY


@dataclass(frozen=True, slots=True)
class Redirect:
    """Names a page to go to instead of the hits."""

    url: str


@dataclass(frozen=True, slots=True)
class Synonyms:
    """Words that stand for one another (both ways), or, with ``of``, that ``of`` stands for too (one way)."""

    words: tuple[str, ...]
    of: str = ""

    @property
    def heard(self) -> tuple[str, ...]:
        """The phrases of a query that it has others for."""
        return (self.of,) if self.of else self.words


Action = Pin | Hide | Boost | Redirect | Synonyms


@dataclass(frozen=True, slots=True)
class Rule:
    """A merchandiser's wish. Of rules that contradict each other the higher ``priority`` wins, then the lesser id.

    ``starts`` (included) and ``ends`` (not included) are UTC. ``note`` says why, for people.
    """

    id: str
    when: Condition = Condition()
    then: tuple[Action, ...] = ()
    priority: int = 0
    starts: datetime | None = None
    ends: datetime | None = None
    enabled: bool = True
    note: str = ""

    def is_live(self, now: datetime) -> bool:
        """Whether it is enabled and its time has come and is not over."""
        begun = self.starts is None or self.starts <= now
        return self.enabled and begun and (self.ends is None or now < self.ends)


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """What a rule was from one moment on, and who made it so: an entry of the audit log, never rewritten.

    ``version`` counts from 1 for each rule; ``seq`` counts the changes of all rules. ``rule`` None: it was deleted.
    ``what``: "put", "delete" or "restore". ``at``: UTC.
    """

    rule_id: str
    version: int
    rule: Rule | None
    what: str
    at: datetime
    by: str
    seq: int = 0


# --- what the rules make of a query --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is hidden; ``kept`` are the ids of products that stronger rules pin."""

    what: Target
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Weight:
    """What a rule adds to the score of what."""

    rule_id: str
    what: Target
    by: float


@dataclass(frozen=True, slots=True)
class Placed:
    """A product that a rule pins, at the position that is left to it."""

    product_id: str
    position: int
    rule_id: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What the rules want of one query. ``rules``: ids of those that have a say, the strongest first.

    ``alternatives``: other wordings of the query, by synonyms.
    """

    rules: tuple[str, ...] = ()
    pins: tuple[Placed, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    weights: tuple[Weight, ...] = ()
    redirect: str = ""
    alternatives: tuple[str, ...] = ()


NO_PLAN = Plan()


class Rulebook:
    """Rules made ready to be asked about thousands of queries: looked up by the first word of their phrases."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules = sorted((r for r in rules if r.enabled), key=lambda rule: (-rule.priority, rule.id))
        self._exact: dict[Phrase, list[int]] = defaultdict(list)
        self._within: dict[str, list[tuple[Phrase, int]]] = defaultdict(list)
        self._always: list[int] = []
        for number, rule in enumerate(self._rules):
            for text in rule.when.query:
                if rule.when.match == "exact" or not text:
                    self._exact[phrase(text)].append(number)
                else:
                    self._hear(text, number)
            if not rule.when.query:
                heard = [text for action in rule.then if isinstance(action, Synonyms) for text in action.heard]
                if all(isinstance(action, Synonyms) for action in rule.then):
                    for text in heard:  # they need not be thought of where none of their words is said
                        self._hear(text, number)
                else:
                    self._always.append(number)

    def __len__(self) -> int:
        return len(self._rules)

    def plan(self, query: Query, now: datetime, said: str | None = None) -> Plan:
        """What the rules want of a query at an hour (UTC).

        ``said``: the words as they were typed, where some of them have become the query's filter; a phrase is looked
        for in both.
        """
        found = self._matching(query.words, query.is_empty and not said)
        if said is not None and said != query.words:
            found |= self._matching(said, False)
        held = [self._rules[n] for n in sorted(found)]
        held = [r for r in held if r.is_live(now) and (not r.when.filter or demands(query.where, r.when.filter))]
        return resolved(held, query) if held else NO_PLAN

    def _hear(self, text: str, number: int) -> None:
        if words := phrase(text):
            self._within[words[0]].append((words, number))

    def _matching(self, text: str, is_nothing: bool) -> set[int]:
        """The numbers of the rules whose words match."""
        words = phrase(text)
        found = set(self._always)
        if words or is_nothing:
            found.update(self._exact.get(words, ()))
        for start, word in enumerate(words):
            for wanted, number in self._within.get(word, ()):
                if words[start : start + len(wanted)] == wanted:
                    found.add(number)
        return found


def applied(rules: Iterable[Rule], query: Query, now: datetime) -> Plan:
    """What some rules want of one query at an hour (UTC)."""
    return Rulebook(rules).plan(query, now)


def demands(where: Where | None, wanted: Where) -> bool:
    """Whether a query's filter demands what a condition names: each of its terms is implied by one that must be met."""
    terms = _terms(where)
    return all(any(_implies(term, one) for term in terms) for one in _terms(wanted))


def _terms(where: Where | None) -> Sequence[Where]:
    return () if where is None else where.terms if isinstance(where, All) else (where,)


def _implies(term: Where, wanted: Where) -> bool:
    if isinstance(wanted, Has):
        return not isinstance(term, Not) and wanted.field in fields_of(term)
    given, asked = _values(term), _values(wanted)
    if given and asked:
        return given[0] == asked[0] and given[1] <= asked[1]
    return term == wanted


def _values(term: Where) -> tuple[str, frozenset[str]] | None:
    if isinstance(term, In):
        return term.field, frozenset(map(fold, term.values))
    if isinstance(term, Compare) and term.operator == "=":
        return term.field, frozenset((fold(term.value),))
    return None


# --- who wins ------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Resolution:
    """A plan in the making. Rules come to it the strongest first: what stands, stands."""

    pins: dict[str, Placed] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    hidden: list[Hidden] = field(default_factory=list)
    weights: list[Weight] = field(default_factory=list)
    synonyms: list[Synonyms] = field(default_factory=list)
    redirect: str = ""

    def take(self, rule: Rule, action: Action, by_relevance: bool) -> bool:
        """Adds what is left of an action by stronger rules; whether anything is."""
        if isinstance(action, Pin):
            return by_relevance and self._pin(rule.id, action)
        if isinstance(action, Hide):
            return self._hide(action.what)
        if isinstance(action, Boost):
            if by_relevance:
                self.weights.append(Weight(rule.id, action.what, action.by))
            return by_relevance
        if isinstance(action, Redirect):
            said, self.redirect = not self.redirect, self.redirect or action.url
            return said
        self.synonyms.append(action)
        return True

    def _pin(self, rule_id: str, pin: Pin) -> bool:
        if pin.product_id in self.pins or pin.product_id in self.gone:
            return False
        position = pin.position
        while position in self.taken:
            position += 1
        self.taken.add(position)
        self.pins[pin.product_id] = Placed(pin.product_id, position, rule_id)
        return True

    def _hide(self, what: Target) -> bool:
        if isinstance(what, tuple):
            what = tuple(product_id for product_id in what if product_id not in self.pins)
            self.gone.update(what)
            if not what:
                return False
        self.hidden.append(Hidden(what, () if isinstance(what, tuple) else tuple(self.pins)))
        return True


def resolved(rules: Iterable[Rule], query: Query) -> Plan:
    """The plan of rules that all hold, the strongest first.

    Pins and boosts speak only where hits come in order of likeness: who sorts by price gets that order.
    """
    made, spoke = _Resolution(), []
    for rule in rules:
        actions = [a for a in rule.then if not isinstance(a, Synonyms) or _is_heard(a, query.words)]
        said = [made.take(rule, action, not query.sort_by) for action in actions]  # all of them, whatever the first did
        if any(said):
            spoke.append(rule.id)
    return Plan(
        tuple(spoke),
        tuple(sorted(made.pins.values(), key=lambda placed: placed.position)),
        tuple(made.hidden),
        tuple(made.weights),
        made.redirect,
        _other_wordings(query.words, made.synonyms),
    )


def _is_heard(synonyms: Synonyms, words: str) -> bool:
    return any(True for _ in _wordings(words, synonyms))


def _wordings(words: str, synonyms: Synonyms) -> Iterator[str]:
    for said in synonyms.heard:
        for other in synonyms.words:
            if phrase(other) != phrase(said):
                yield from replacements(words, said, other)


def _other_wordings(words: str, groups: Sequence[Synonyms]) -> tuple[str, ...]:
    """The words with phrases put for their synonyms, one group after the other; each wording once."""
    found = {phrase(words): words}
    for synonyms in groups:
        for text in list(found.values()):
            for other in _wordings(text, synonyms):
                if len(found) <= MAX_ALTERNATIVES:
                    found.setdefault(phrase(other), other)
    return tuple(found.values())[1:]
