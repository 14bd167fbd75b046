"""Reading typed values out of JSON fields, with errors that name the field. What ``wire`` is made of."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shoplens.errors import QueryError

MAX_COMMAS = 10_000
"""In a list that is spelt in JSON within a text."""


def refuse_unknown(given: Iterable[str], known: Iterable[str], inside: str = "") -> None:
    """Refuses names that are not known, with the nearest one that is.

    Raises:
        QueryError: naming the first unknown field.
    """
    names = list(known)
    for name in given:
        if name not in names:
            close = difflib.get_close_matches(str(name).lower(), names, n=1, cutoff=0.6)
            raise QueryError(
                f"there is no field {str(name)[:60]!r}" + (f" in {inside}" if inside else ""),
                where=f"{inside}.{str(name)[:60]}" if inside else str(name)[:60],
                hint=f"did you mean {close[0]}?" if close else f"known fields: {', '.join(names)}",
            )


def wrong(where: str, expected: str, value: Any) -> QueryError:
    """The error for a value of a wrong type."""
    kind = {bool: "true or false", str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    got = kind.get(type(value), type(value).__name__)
    return QueryError(f"{got} where {expected} belongs", where=where, hint=f"give {expected}")


def clean(text: str) -> str:
    """Text that can be written as UTF-8: half surrogate pairs, which JSON can spell, become U+FFFD."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def text_of(given: Mapping[str, Any], name: str, default: str = "") -> str:
    """A field that is text. Raises QueryError for anything else, as all of these do."""
    value = given.get(name, default)
    if not isinstance(value, str):
        raise wrong(name, "text", value)
    return clean(value)


def finite(value: Any, where: str) -> float:
    """A finite number; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong(where, "a number", value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise QueryError("the number is not finite", where=where, hint="give a finite number")
    return number


def number_of(given: Mapping[str, Any], name: str, default: float) -> float:
    """A field that is a finite number."""
    return finite(given.get(name, default), name)


def whole_of(given: Mapping[str, Any], name: str, default: int) -> int:
    """A field that is a whole number (2.0 is one)."""
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or value % 1 != 0:
        raise wrong(name, "a whole number", value)
    return int(value)


def yes_of(given: Mapping[str, Any], name: str) -> bool:
    """A field that is true or false."""
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise wrong(name, "true or false", value)
    return value


MAX_ITEMS = 10_000
"""Of a list in a request."""


def items_of(given: Mapping[str, Any], name: str, kinds: tuple[type, ...]) -> Sequence[Any]:
    """A field that is a list of these kinds; a single one stands for a list of one."""
    value = given.get(name, ())
    items = (value,) if isinstance(value, kinds) else value
    if not isinstance(items, (list, tuple)):
        raise wrong(name, "a list", value)
    if len(items) > MAX_ITEMS:  # before each of them is looked at
        raise QueryError(f"{len(items)} items are more than {MAX_ITEMS}", where=name, hint="send fewer")
    for n, item in enumerate(items):
        if not isinstance(item, kinds):
            raise wrong(f"{name}[{n}]", "text" if kinds == (str,) else "text or an object", item)
    return items


def ids_of(given: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A field that is a list of ids, untouched."""
    return tuple(clean(item) for item in items_of(given, name, (str,)))


def names_of(given: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A field that is a list of names, or one text with commas between them; each once."""
    value = given.get(name, ())
    items = value.split(",") if isinstance(value, str) else items_of(given, name, (str,))
    return tuple(dict.fromkeys(clean(item).strip() for item in items if item.strip()))


def spelt_json(name: str, text: str) -> Any:
    """The value that a text spells in JSON; refused unread if it has more items than any list of a query."""
    if (commas := text.count(",")) > MAX_COMMAS:
        raise QueryError(f"a list of up to {commas + 1} items is too long", where=name, hint="send fewer items")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise QueryError("the value is no JSON", where=name, hint=f"repeat {name}, one item each") from error


def spelt_number(name: str, text: str) -> float | int:
    """The number that a text spells."""
    try:
        return int(text) if text.strip().lstrip("+-").isdecimal() else float(text)
    except ValueError as error:
        raise QueryError(f"{text[:40]!r} is no number", where=name, hint="give a number") from error


def spelt_yes(name: str, text: str) -> bool:
    """The yes or no that a text spells; an empty text is a yes, as in ``?explain``."""
    try:
        return {"true": True, "1": True, "yes": True, "": True, "false": False, "0": False, "no": False}[text.lower()]
    except KeyError as error:
        raise QueryError(f"{text[:40]!r} is neither true nor false", where=name, hint="give true or false") from error
