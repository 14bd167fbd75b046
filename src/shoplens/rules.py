"""The rules of a shop: kept, changed, restored, tried on a query before they go live."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from shoplens.core.answer import Answer
from shoplens.core.fields import clean
from shoplens.core.ports import CatalogueLookup, RuleStore
from shoplens.core.query import Query
from shoplens.core.rule_fields import rule_from_fields, rule_to_fields
from shoplens.core.rules import Boost, Hide, Pin, Rule, Rulebook, RuleVersion
from shoplens.core.where import Where
from shoplens.core.wire import answer_to_fields
from shoplens.engine.copies import Copies
from shoplens.engine.doctor import Finding
from shoplens.engine.ruling import LiveRules, Plans, RulesAt, now
from shoplens.errors import NotFoundError, RuleConflictError, RuleError, StoreError, UnknownFieldError

MAX_RULES = 10_000
"""Rules that a shop may have."""
MAX_BY = 200
"""Characters of who changed a rule."""
_TRIES = 5
_TOLD = 10
"""Parts of rules without effect that ``doctor`` prints."""


class Store(RuleStore, CatalogueLookup, Protocol):
    """What rules need of the store."""

    def variant_ids(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids that variants have."""


@dataclass(frozen=True, slots=True)
class RuleSaved:
    """A rule as it was stored. ``warnings``: what will have no effect as the shop is now, one sentence each."""

    version: RuleVersion
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """Where a product stands on the page before and after, counted from 1; None: not on the page."""

    product_id: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class RulePreview:
    """A query answered without a rule and with it, at one moment (``at``, UTC). ``applies``: whether it has a say.

    ``moves``: the products of both pages whose place is not the same, in the order after, then those that are gone.
    """

    at: datetime
    applies: bool
    before: Answer
    after: Answer
    moves: tuple[Move, ...] = ()
    warnings: tuple[str, ...] = ()


class ShopRules:
    """The merchandising rules of a shop. Every change is a new version with who made it and when; none is rewritten.

    A rule is given as a Rule or as JSON data (docs/howto/rules.md). ``by``: who changes it; the user of this process
    if not given. Safe to use from several threads and processes.
    """

    def __init__(self, store: Store, copies: Callable[[], Copies], search: Callable[[Query, Plans], Answer]) -> None:
        self._store, self._copies, self._search = store, copies, search
        self.live = LiveRules(store)
        self._changes = 0

    def list(self) -> Sequence[RuleVersion]:
        """The rules that there are, by id, each as its last version left it."""
        return self._store.rules()[1]

    def get(self, rule_id: str) -> RuleVersion:
        """A rule as its last version left it. Raises NotFoundError."""
        found = next((version for version in self.list() if version.rule_id == rule_id), None)
        if found is None:
            raise _no_rule(rule_id)
        return found

    def history(self, rule_id: str = "") -> Sequence[RuleVersion]:
        """All versions of a rule, the first one first, deletions too; without an id, of all rules, as they came.

        Raises:
            NotFoundError: there never was a rule of this id.
        """
        found = self._store.rule_history(rule_id)
        if rule_id and not found:
            raise _no_rule(rule_id)
        return found

    def put(self, rule: Rule | Mapping[str, Any], *, by: str = "", version: int | None = None) -> RuleSaved:
        """Stores a rule; it counts from the next query on, in every process. One that is the same already stays.

        Args:
            rule: the rule; of the same id it takes the place of the one before.
            by: who changes it.
            version: the version that is to be changed (0: there is none yet); None for whichever is the last.

        Raises:
            RuleError: the rule makes no sense, or a filter of it names a field that no product has.
            RuleConflictError: somebody else has changed the rule meanwhile.
        """
        checked = checked_rule(rule)
        warnings = self.warnings(checked)
        return RuleSaved(self._add(checked.id, checked, "put", by, version), warnings)

    def delete(self, rule_id: str, *, by: str = "", version: int | None = None) -> RuleVersion:
        """Takes a rule out of force; its history stays. Raises NotFoundError, RuleConflictError."""
        self.get(rule_id)
        return self._add(rule_id, None, "delete", by, version)

    def restore(self, rule_id: str, version: int, *, by: str = "") -> RuleSaved:
        """Makes an old version the newest one; of a deleted rule, too.

        Raises:
            NotFoundError: there is no such version, or it was the rule's deletion.
            RuleError: its filter names a field that no product has any more.
        """
        old = next((v for v in self.history(rule_id) if v.version == version), None)
        if old is None or old.rule is None:
            raise NotFoundError(
                f"the rule {rule_id!r} has no version {version} to go back to",
                where="version",
                hint=f"list its versions: shoplens rule history {rule_id}",
            )
        warnings = self.warnings(old.rule)
        return RuleSaved(self._add(rule_id, old.rule, "restore", by, None), warnings)

    def preview(
        self, rule: Rule | Mapping[str, Any] | None, query: Query | str, *, at: datetime | None = None
    ) -> RulePreview:
        """Answers a query without a rule and with it, beside the rules that are in force; nothing is stored.

        Args:
            rule: the rule; it takes the place of one of the same id and counts as enabled. None: all rules in force,
                against none.
            query: the query, or its words.
            at: the moment of both answers (UTC); None: now, or the rule's start where it has not begun yet.

        Raises:
            RuleError: as ``put`` does.
        """
        asked = Query(query) if isinstance(query, str) else query
        stored = [version.rule for version in self.list() if version.rule is not None]
        moment = at or now()
        warnings: tuple[str, ...] = ()
        if rule is None:
            books = Rulebook(), Rulebook(stored)
        else:
            tried = replace(checked_rule(rule), enabled=True)
            warnings = self.warnings(tried)
            if at is None and tried.starts is not None and tried.starts > moment:
                moment = tried.starts
            others = [other for other in stored if other.id != tried.id]
            books = Rulebook(stored), Rulebook([*others, tried])
        before, after = (self._search(asked, RulesAt(book, moment)) for book in books)
        applies = bool(after.applied_rules) if rule is None else tried.id in after.applied_rules
        return RulePreview(moment, applies, before, after, _moves(before, after), warnings)

    def without(self, query: Query) -> Answer:
        """Answers a query as if there were no rules: to see what they do for a shop."""
        return self._search(query, RulesAt(Rulebook(), now()))

    def warnings(self, rule: Rule) -> tuple[str, ...]:
        """What of a rule has no effect as the shop is now: products that are not there, an end that is past.

        Raises:
            RuleError: a filter of it names a field that no product has.
        """
        for where, place in _filters(rule):
            self._check_fields(rule.id, where, place)
        ids = dict.fromkeys(_ids(rule))
        known = self._store.numbers_of(list(ids))
        unknown = [product_id for product_id in ids if product_id not in known]
        variants = self._store.variant_ids(unknown) if unknown else set()
        told = [
            f"{product_id!r} is the id of a variant: name its product"
            if product_id in variants
            else f"there is no product {product_id!r} in this shop yet"
            for product_id in unknown
        ]
        if rule.ends is not None and rule.ends <= now():
            told.append("its end is past")
        return tuple(told)

    def findings(self) -> Sequence[Finding]:
        """Told by doctor: rules that cannot be read, and rules in force a part of which has no effect."""
        try:
            stored = self.list()
        except StoreError as error:
            return [Finding("error", "rules_unreadable", error.message, "restore a backup of the store")]
        told = []
        for version in stored:
            if version.rule is not None and version.rule.enabled:
                try:
                    said = self.warnings(version.rule)
                except RuleError as error:
                    said = (error.message,)
                told += [f"{version.rule_id}: {warning}" for warning in said]
        if not told:
            return []
        message = "parts of merchandising rules have no effect as the shop is now"
        hint = "change or delete them: shoplens rule show ID, put FILE, delete ID"
        return [Finding("warning", "rules_without_effect", message, hint, len(told), tuple(told[:_TOLD]))]

    def _check_fields(self, rule_id: str, where: Where, place: str) -> None:
        copies = self._copies()
        copies.refresh()
        try:
            copies.parts.columns.mask(where)
        except UnknownFieldError as error:
            raise RuleError(error.message, where=f"rule {rule_id}, {place}", hint=error.hint) from error

    def _add(self, rule_id: str, rule: Rule | None, what: str, by: str, version: int | None) -> RuleVersion:
        who = clean(by)[:MAX_BY].replace("\0", "").strip() or _this_user()
        tries = _TRIES if version is None else 1
        while True:
            last = next(iter(reversed(self._store.rule_history(rule_id))), None)
            if last is not None and last.rule == rule and version in (None, last.version):
                return last
            if rule is not None and (last is None or last.rule is None):
                self._refuse_more(rule_id)
            before = version if version is not None else last.version if last is not None else 0
            try:
                made = self._store.add_rule(RuleVersion(rule_id, before + 1, rule, what, now(), who))
                self._changes = made.seq
                return made
            except RuleConflictError:  # another process was first
                if not (tries := tries - 1):
                    raise

    def _refuse_more(self, rule_id: str) -> None:
        # There are no more rules than there were changes: as long as these are few, nothing has to be counted.
        if 0 < self._changes < MAX_RULES:
            return
        self._changes, stored = self._store.rules()
        if len(stored) >= MAX_RULES:
            raise RuleError(f"the shop has {MAX_RULES} rules", where=f"rule {rule_id}", hint="delete some first")


def checked_rule(rule: Rule | Mapping[str, Any]) -> Rule:
    """A rule that makes sense, its parts in their usual order. Raises RuleError."""
    return rule_from_fields(rule_to_fields(rule) if isinstance(rule, Rule) else rule)


def preview_to_fields(preview: RulePreview) -> dict[str, Any]:
    """A preview as JSON data."""
    return {
        "at": preview.at.isoformat().replace("+00:00", "Z"),
        "applies": preview.applies,
        "moves": [{"product_id": m.product_id, "before": m.before, "after": m.after} for m in preview.moves],
        "warnings": list(preview.warnings),
        "before": answer_to_fields(preview.before),
        "after": answer_to_fields(preview.after),
    }


def _moves(before: Answer, after: Answer) -> tuple[Move, ...]:
    was = {hit.product.id: hit.position for hit in reversed(before.hits)}
    now_at = {hit.product.id: hit.position for hit in reversed(after.hits)}
    order = list(dict.fromkeys([*(h.product.id for h in after.hits), *(h.product.id for h in before.hits)]))
    moves = (Move(product_id, was.get(product_id), now_at.get(product_id)) for product_id in order)
    return tuple(move for move in moves if move.before != move.after)


def _filters(rule: Rule) -> list[tuple[Where, str]]:
    found = [(rule.when.filter, "when.filter")] if rule.when.filter is not None else []
    for action in rule.then:
        if isinstance(action, (Hide, Boost)) and not isinstance(action.what, tuple):
            name = "hide" if isinstance(action, Hide) else "boost" if action.by > 0 else "bury"
            found.append((action.what, f"then.{name}"))
    return found


def _ids(rule: Rule) -> list[str]:
    found = []
    for action in rule.then:
        if isinstance(action, Pin):
            found.append(action.product_id)
        elif isinstance(action, (Hide, Boost)) and isinstance(action.what, tuple):
            found.extend(action.what)
    return found


def _no_rule(rule_id: str) -> NotFoundError:
    return NotFoundError(
        f"there is no rule {rule_id!r}", where="rule", hint="list them: shoplens rule list, or GET /v1/rules"
    )


def _this_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "unknown"
