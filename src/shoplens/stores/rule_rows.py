"""Rules in the tables: a version is added, the last one of each counts, none is ever rewritten."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache

from sqlalchemy import Connection, func, insert, select, update

from shoplens.core.rule_fields import moment_from_text, moment_to_text, rule_from_fields, rule_to_fields
from shoplens.core.rules import Rule, RuleVersion
from shoplens.errors import RuleConflictError, RuleError, StoreError
from shoplens.stores.schema import counters, rule_versions

_C = rule_versions.c
_COLUMNS = (_C.rule_id, _C.version, _C.what, _C.body, _C.at, _C.by, _C.seq)


def add(connection: Connection, made: RuleVersion) -> RuleVersion:
    """Adds a version inside the caller's transaction; returns it with its sequence number.

    Raises:
        RuleConflictError: the rule does not stand at the version before.
    """
    seq = int(connection.execute(select(counters.c.rule).with_for_update()).scalar_one()) + 1
    newest = connection.execute(select(func.max(_C.version)).where(_C.rule_id == made.rule_id)).scalar() or 0
    if made.version != newest + 1:
        raise RuleConflictError(
            f"the rule is at version {newest}, not at {made.version - 1}",
            where=f"rule {made.rule_id}",
            hint="look at what has changed (shoplens rule history ID), then change that",
        )
    body = None if made.rule is None else json.dumps(rule_to_fields(made.rule), separators=(",", ":"))
    row = {"seq": seq, "rule_id": made.rule_id, "version": made.version, "what": made.what, "body": body}
    connection.execute(insert(rule_versions), {**row, "at": moment_to_text(made.at), "by": made.by})
    connection.execute(update(counters).values(rule=seq))
    return replace(made, seq=seq)


def current(connection: Connection) -> list[RuleVersion]:
    """The last version of each rule that is not deleted, by id."""
    newest = select(_C.rule_id, func.max(_C.version).label("version")).group_by(_C.rule_id).subquery()
    same = (_C.rule_id == newest.c.rule_id) & (_C.version == newest.c.version)
    rows = connection.execute(select(*_COLUMNS).join(newest, same).where(_C.body.is_not(None)))
    return sorted((_unpack(*row) for row in rows), key=lambda version: version.rule_id)


def history(connection: Connection, rule_id: str) -> list[RuleVersion]:
    """All versions of a rule, the first one first; of all rules, in the order of their changes, for ""."""
    wanted = select(*_COLUMNS).order_by(_C.seq)
    return [_unpack(*row) for row in connection.execute(wanted.where(_C.rule_id == rule_id) if rule_id else wanted)]


def newest(connection: Connection) -> int:
    """The sequence number of the last change of a rule."""
    return int(connection.execute(select(counters.c.rule)).scalar_one())


@lru_cache(maxsize=1 << 14)
def _parsed(body: str) -> Rule:
    # One changed rule has all of them read again: thousands of them would else take half a second to parse.
    return rule_from_fields(json.loads(body))


def _unpack(rule_id: str, version: int, what: str, body: str | None, at: str, by: str, seq: int) -> RuleVersion:
    try:
        rule = None if body is None else _parsed(body)
        return RuleVersion(rule_id, version, rule, what, moment_from_text(at), by, seq)
    except (RuleError, ValueError) as error:
        raise StoreError(
            f"version {version} of the rule {rule_id} cannot be read: {error}", hint="run: shoplens doctor --shop DIR"
        ) from error
