"""A rule as JSON data, and back: what files, the store and HTTP hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from shoplens.core.fields import clean, finite, items_of, refuse_unknown, text_of, whole_of, wrong, yes_of
from shoplens.core.phrases import phrase
from shoplens.core.rules import (
    DEFAULT_BY,
    Action,
    Boost,
    Condition,
    Hide,
    Pin,
    Redirect,
    Rule,
    RuleVersion,
    Synonyms,
    Target,
)
from shoplens.core.where import Where, parse_where
from shoplens.errors import FilterError, QueryError, RuleError

MAX_PHRASES = 200
MAX_PHRASE = 200
"""Characters of a phrase."""
MAX_IDS = 1_000
MAX_PINS = 100
MAX_POSITION = 1_000
MAX_BY = 20.0
"""Most that a boost adds, in log odds."""
MAX_NOTE = 2_000
MAX_URL = 2_000

RULE_FIELDS: Mapping[str, str] = {
    "id": "its name: letters, digits, . _ - (100 at most)",
    "when": "when it holds: query, match, filter; without it, always",
    "then": "what it does: pin, hide, boost, bury, redirect, synonyms",
    "priority": "of rules that contradict each other the higher one wins (0)",
    "starts": "from when on, in UTC: 2026-11-27T00:00:00Z",
    "ends": "until when, in UTC, this moment not included",
    "enabled": "false: kept, but not applied (true)",
    "note": "why, for people",
}
"""Every field of a rule, with its meaning."""
_WHEN = ("query", "match", "filter")
_THEN = ("pin", "hide", "boost", "bury", "redirect", "synonyms")
_ID = re.compile(r"\w[\w.\-]{0,99}")
_URL = re.compile(r"(?:https?://[^\s\\]+|/(?!/)[^\s\\]*)", re.IGNORECASE)


def rule_from_fields(fields: Any, rule_id: str = "") -> Rule:
    """A Rule from JSON data. ``rule_id``: its id where that is told elsewhere (in an address).

    Raises:
        RuleError: naming the field that makes no sense, and what to write instead.
    """
    if not isinstance(fields, Mapping):
        raise RuleError("a rule is a JSON object", hint=f"give {', '.join(RULE_FIELDS)}")
    given = {name: value for name, value in fields.items() if value is not None}
    name = given.get("id", rule_id)
    inside = f"rule {str(name)[:60]}".rstrip()
    try:
        refuse_unknown(given, RULE_FIELDS)
        rule = Rule(
            id=_id(name, rule_id),
            when=_condition(_object(given, "when", _WHEN)),
            then=tuple(_actions(_object(given, "then", _THEN))),
            priority=whole_of(given, "priority", 0),
            starts=_moment(given, "starts"),
            ends=_moment(given, "ends"),
            enabled=yes_of({"enabled": True, **given}, "enabled"),
            note=_short(text_of(given, "note"), "note", MAX_NOTE),
        )
        _refuse_senseless(rule)
    except QueryError as error:  # the words of fields that queries have, too
        place = f"{inside}, {error.where}" if error.where and error.where != "filter_by" else inside
        raise RuleError(error.message, where=place, hint=error.hint) from error
    return rule


def rule_to_fields(rule: Rule) -> dict[str, Any]:
    """A rule as JSON data, from which ``rule_from_fields`` makes an equal one; what is not set is left out."""
    out: dict[str, Any] = {"id": rule.id}
    when: dict[str, Any] = {}
    if rule.when.query:
        when |= {"query": list(rule.when.query), "match": rule.when.match}
    if rule.when.filter is not None:
        when["filter"] = str(rule.when.filter)
    if when:
        out["when"] = when
    out["then"] = _then_to_fields(rule.then)
    out["priority"] = rule.priority
    for name, moment in (("starts", rule.starts), ("ends", rule.ends)):
        if moment is not None:
            out[name] = moment_to_text(moment)
    out["enabled"] = rule.enabled
    if rule.note:
        out["note"] = rule.note
    return out


def version_to_fields(version: RuleVersion) -> dict[str, Any]:
    """An entry of a rule's history as JSON data; ``rule`` null: it was deleted."""
    return {
        "rule_id": version.rule_id,
        "version": version.version,
        "what": version.what,
        "at": moment_to_text(version.at),
        "by": version.by,
        "seq": version.seq,
        "rule": None if version.rule is None else rule_to_fields(version.rule),
    }


def moment_to_text(moment: datetime) -> str:
    """A moment as text in UTC: 2026-11-27T00:00:00Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment_from_text(text: str, where: str = "at") -> datetime:
    """A moment in UTC from ISO 8601 text; without a zone it is UTC already. Raises RuleError."""
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise RuleError(
            f"{text[:40]!r} is no moment", where=where, hint="write it in UTC, such as 2026-11-27T00:00:00Z"
        ) from error


# --- reading -------------------------------------------------------------------------------------


def _id(name: Any, told: str) -> str:
    if not isinstance(name, str) or not _ID.fullmatch(name) or clean(name) != name:
        raise QueryError("a rule needs an id", where="id", hint="1 to 100 letters, digits, dots, dashes")
    if told and name != told:
        raise QueryError(f"the id is not {told!r}, by which the rule is called", where="id", hint="leave the id out")
    return name


def _object(given: Mapping[str, Any], name: str, known: tuple[str, ...]) -> Mapping[str, Any]:
    value = given.get(name, {})
    if not isinstance(value, Mapping):
        raise wrong(name, "an object", value)
    refuse_unknown(value, known, name)
    return {key: one for key, one in value.items() if one is not None}


def _condition(given: Mapping[str, Any]) -> Condition:
    phrases = tuple(_short(clean(text), "when.query", MAX_PHRASE) for text in items_of(given, "query", (str,)))
    if len(phrases) > MAX_PHRASES:
        raise QueryError(f"{len(phrases)} phrases are too many", where="when.query", hint=f"at most {MAX_PHRASES}")
    match = text_of(given, "match", "contains")
    if match not in ("exact", "contains"):
        raise QueryError(f"there is no way {match!r} to match", where="when.match", hint="use exact or contains")
    for text in phrases:
        if not phrase(text) and (text.strip() or match != "exact"):
            raise QueryError(
                f"{text!r} holds no word",
                where="when.query",
                hint='leave it out; "" with match "exact" is a query of nothing at all',
            )
    where = _filter(text_of(given, "filter"), "when.filter")
    return Condition(phrases, "exact" if match == "exact" else "contains", where)


def _actions(given: Mapping[str, Any]) -> Iterator[Action]:
    pins = items_of(given, "pin", (str, Mapping))
    if len(pins) > MAX_PINS:
        raise QueryError(f"{len(pins)} products are pinned", where="then.pin", hint=f"pin {MAX_PINS} at most")
    for n, item in enumerate(pins):
        yield _pin(item, n)
    ids: list[str] = []
    for n, item in enumerate(items_of(given, "hide", (str, Mapping))):
        if isinstance(item, str):
            ids.append(clean(item))
        else:
            where = f"then.hide[{n}]"
            refuse_unknown(item, ("filter",), where)
            yield Hide(_target(item, where))
    if ids:
        yield Hide(_bounded(tuple(dict.fromkeys(ids)), "then.hide"))
    for name, sign in (("boost", 1.0), ("bury", -1.0)):
        for n, item in enumerate(items_of(given, name, (Mapping,))):
            where = f"then.{name}[{n}]"
            refuse_unknown(item, ("ids", "filter", "by"), where)
            by = finite(item.get("by", DEFAULT_BY), f"{where}.by")
            if not 0 < by <= MAX_BY:
                raise QueryError(f"{by:g} is not between 0 and {MAX_BY:g}", where=f"{where}.by", hint="try 2")
            yield Boost(_target(item, where), sign * by)
    if "redirect" in given:
        yield Redirect(_url(text_of(given, "redirect")))
    for n, item in enumerate(items_of(given, "synonyms", (Mapping,))):
        yield _synonyms(item, f"then.synonyms[{n}]")


def _pin(item: str | Mapping[str, Any], n: int) -> Pin:
    """A pin; an id alone stands at its place in the list."""
    where = f"then.pin[{n}]"
    if isinstance(item, str):
        return Pin(_product(item, where), n + 1)
    refuse_unknown(item, ("id", "position"), where)
    position = whole_of({"position": n + 1, **item}, "position", n + 1)
    if not 1 <= position <= MAX_POSITION:
        raise QueryError(f"there is no position {position}", where=where, hint=f"count from 1, to {MAX_POSITION}")
    return Pin(_product(item.get("id"), where), position)


def _product(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise wrong(f"{where}.id", "a product id as text", value)
    return clean(value)


def _target(item: Mapping[str, Any], where: str) -> Target:
    if ("ids" in item) == ("filter" in item):
        raise QueryError("what it is about is not clear", where=where, hint="give either ids or a filter")
    if "ids" in item:
        ids = tuple(dict.fromkeys(clean(i) for i in items_of(item, "ids", (str,))))
        return _bounded(ids, f"{where}.ids")
    found = _filter(text_of(item, "filter"), f"{where}.filter")
    if found is None:
        raise QueryError("the filter is empty", where=f"{where}.filter", hint="for example: brand=Luma")
    return found


def _bounded(ids: tuple[str, ...], where: str) -> tuple[str, ...]:
    if not 0 < len(ids) <= MAX_IDS:
        raise QueryError(f"{len(ids)} products are named", where=where, hint=f"name 1 to {MAX_IDS}, or give a filter")
    return ids


def _filter(text: str, where: str) -> Where | None:
    try:
        return parse_where(text)
    except FilterError as error:
        raise QueryError(error.message, where=where, hint=error.hint) from error


def _url(text: str) -> str:
    if len(text) > MAX_URL or not _URL.fullmatch(text) or not text.isprintable():
        raise QueryError(
            f"{text[:60]!r} is no address to go to",
            where="then.redirect",
            hint="write https://shop.example/page, or /page for one of the same shop",
        )
    return text


def _synonyms(item: Mapping[str, Any], where: str) -> Synonyms:
    refuse_unknown(item, ("words", "of"), where)
    words = tuple(dict.fromkeys(_short(clean(w), where, MAX_PHRASE) for w in items_of(item, "words", (str,))))
    of = _short(text_of(item, "of"), where, MAX_PHRASE)
    if not all(map(phrase, words)) or (of and not phrase(of)):
        raise QueryError("one of the synonyms holds no word", where=where, hint="leave it out")
    if len({phrase(word) for word in (*words, of) if word}) < 2 or len(words) > MAX_PHRASES:
        raise QueryError(
            "synonyms are two different words or more",
            where=where,
            hint='{"words": ["sofa", "couch"]}, or one way: {"words": ["trainers"], "of": "sneakers"}',
        )
    return Synonyms(words, of)


def _short(text: str, where: str, limit: int) -> str:
    if len(text) > limit:
        raise QueryError(f"the text has {len(text)} characters", where=where, hint=f"at most {limit}")
    return text


def _moment(given: Mapping[str, Any], name: str) -> datetime | None:
    return moment_from_text(text_of(given, name), name) if name in given else None


def _refuse_senseless(rule: Rule) -> None:
    if not rule.then:
        raise QueryError("the rule does nothing", where="then", hint=f"give one of {', '.join(_THEN)}")
    if rule.starts and rule.ends and rule.starts >= rule.ends:
        raise QueryError("it ends before it starts", where="ends", hint="give a later moment")
    if abs(rule.priority) > 1_000_000:
        raise QueryError("the priority is too far from 0", where="priority", hint="-1000000 to 1000000")
    pinned = [action.product_id for action in rule.then if isinstance(action, Pin)]
    if twice := {i for i in pinned if pinned.count(i) > 1}:
        raise QueryError(f"{min(twice)!r} is pinned twice", where="then.pin", hint="pin it once")
    hidden = {
        i for action in rule.then if isinstance(action, Hide) and isinstance(action.what, tuple) for i in action.what
    }
    if both := hidden.intersection(pinned):
        raise QueryError(f"{min(both)!r} is pinned and hidden", where="then.hide", hint="take it out of one of them")


# --- writing -------------------------------------------------------------------------------------


def _then_to_fields(actions: tuple[Action, ...]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for action in actions:
        if isinstance(action, Pin):
            out.setdefault("pin", []).append({"id": action.product_id, "position": action.position})
        elif isinstance(action, Hide):
            hide = out.setdefault("hide", [])
            hide.extend(action.what if isinstance(action.what, tuple) else [{"filter": str(action.what)}])
        elif isinstance(action, Boost):
            name = "boost" if action.by > 0 else "bury"
            out.setdefault(name, []).append({**_target_to_fields(action.what), "by": abs(action.by)})
        elif isinstance(action, Redirect):
            out["redirect"] = action.url
        else:
            one = {"words": list(action.words), **({"of": action.of} if action.of else {})}
            out.setdefault("synonyms", []).append(one)
    return out


def _target_to_fields(what: Target) -> dict[str, Any]:
    return {"ids": list(what)} if isinstance(what, tuple) else {"filter": str(what)}
