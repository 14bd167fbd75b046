"""Conformance of RuleStore: what it says of rules and their history, a list of all versions says too."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from shoplens.core.rules import Action, Boost, Condition, Hide, Pin, Redirect, Rule, RuleVersion, Synonyms
from shoplens.core.where import Where, parse_where
from shoplens.errors import RuleConflictError

START = datetime(2026, 11, 27, tzinfo=UTC)
_FILTERS = ('brand="Luma"', "price<49.90 and in_stock", 'not (color in ["红", "blue"])', "brand")
_WHERE: st.SearchStrategy[Where] = st.sampled_from([found for found in map(parse_where, _FILTERS) if found is not None])
_ID = st.sampled_from(["P1", "P2", 'odd "id", with commas', "鞋 3", "p\n4"])
_IDS = st.lists(_ID, min_size=1, max_size=3, unique=True).map(tuple)
_TARGET = _IDS | _WHERE
_BY = st.sampled_from([0.5, 2.0, 3.25])


@st.composite
def _actions(draw: st.DrawFn) -> tuple[Action, ...]:
    """Actions in the order in which a rule's JSON lists them."""
    pinned = draw(st.lists(_ID, max_size=2, unique=True))
    hidden = draw(st.lists(_ID.filter(lambda i: i not in pinned), max_size=2, unique=True))
    found: list[Action] = [Pin(i, n) for n, i in enumerate(pinned, draw(st.integers(1, 30)))]
    found += [Hide(where) for where in draw(st.lists(_WHERE, max_size=1))]
    found += [Hide(tuple(hidden))] if hidden else []
    found += [Boost(what, draw(_BY)) for what in draw(st.lists(_TARGET, max_size=2))]
    found += [Boost(what, -draw(_BY)) for what in draw(st.lists(_TARGET, max_size=1))]
    found += [Redirect(url) for url in draw(st.lists(st.just("https://shop.example/卖?a=1"), max_size=1))]
    found += draw(st.lists(st.sampled_from([Synonyms(("sofa", "couch")), Synonyms(("沙发",), "sofa")]), max_size=1))
    return tuple(found) or (Redirect("/sale"),)


def _moments() -> st.SearchStrategy[datetime | None]:
    return st.none() | st.integers(0, 10_000_000).map(lambda s: START + timedelta(seconds=s))


@st.composite
def rules(draw: st.DrawFn, ids: st.SearchStrategy[str]) -> Rule:
    """Any rule that makes sense."""
    ends = draw(_moments())
    phrases = draw(st.lists(st.sampled_from(["sandals", "红色 靠垫", "T-shirt"]), max_size=2, unique=True))
    when = Condition(tuple(phrases), draw(st.sampled_from(["exact", "contains"])) if phrases else "contains", None)
    return Rule(
        id=draw(ids),
        when=replace(when, filter=draw(st.none() | _WHERE)),
        then=draw(_actions()),
        priority=draw(st.integers(-5, 5)),
        starts=draw(st.none() | st.just(START - timedelta(days=1))),
        ends=ends,
        enabled=draw(st.booleans()),
        note=draw(st.sampled_from(["", "für den Herbst", "a\nb", "\0"])),
    )


IDS = st.sampled_from(["summer", "夏季", "a.b-c_1"])
CHANGES = st.lists(st.one_of(rules(IDS), IDS), min_size=1, max_size=8)
"""Each a rule to put, or the id of one to delete."""


@dataclass
class Naive:
    """The reference: all versions in a list."""

    log: list[RuleVersion] = field(default_factory=list)

    @property
    def rules_seq(self) -> int:
        return len(self.log)

    def rules(self) -> tuple[int, list[RuleVersion]]:
        last = {version.rule_id: version for version in self.log}
        return len(self.log), sorted((v for v in last.values() if v.rule), key=lambda v: v.rule_id)

    def rule_history(self, rule_id: str = "") -> list[RuleVersion]:
        return [v for v in self.log if rule_id in ("", v.rule_id)]

    def add_rule(self, made: RuleVersion) -> RuleVersion:
        if made.version != len(self.rule_history(made.rule_id)) + 1:
            raise RuleConflictError("another version")
        self.log.append(replace(made, seq=len(self.log) + 1))
        return self.log[-1]


def change_of(change: Rule | str, number: int, version: int) -> RuleVersion:
    """The version that a change makes."""
    at = START + timedelta(seconds=number, microseconds=number)
    if isinstance(change, str):
        return RuleVersion(change, version, None, "delete", at, "anna")
    return RuleVersion(change.id, version, change, "put", at, "王芳")
