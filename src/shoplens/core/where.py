"""Filters: one grammar for the wire and the CLI, and one meaning (``matches``).

    price<49.90 and brand in [Luma, Fila] and in_stock and not category="Men > Tops"

    expression := and-terms joined by `or`;  `and` binds tighter;  `not`, parentheses
    condition  := field                         true, or any value where the field is no yes/no field
                | field (= | != | < | <= | > | >=) value
                | field [not] in [value, ...]   any of these
                | field in low..high            a range, both ends included; either may be missing
                | field ~ value                 contains the text
    value      := "quoted" | 'quoted' | words up to the next operator

Text is compared after NFKC and case folding; a field with several values meets a condition when one of its
values does. A comparison with a field that the variant lacks is false, so `not brand=Fila` and `brand!=Fila`
are true for a variant without brand. `<` and its like compare numbers; a value that is no number never meets one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from shoplens.core.catalogue import Product, record
from shoplens.errors import FilterError

Operator = Literal["=", "<", "<=", ">", ">=", "~"]
Record = Mapping[str, Sequence[Any]]

MAX_FILTER = 8_192
MAX_DEPTH = 50


def fold(text: str) -> str:
    """Text as filters compare it: NFKC, case folded, outer white space gone."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def number(value: Any) -> float | None:
    """The finite number that a value is or spells, else None. A yes/no value is no number."""
    if isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if abs(found) != float("inf") and found == found else None


@dataclass(frozen=True, slots=True)
class Has:
    """`field`: true for a yes/no field that is yes, and for any other field that has a value."""

    field: str

    def matches(self, record: Record) -> bool:
        """Whether a variant's record meets the condition."""
        return any(value is not False for value in record.get(self.field, ()))

    def __str__(self) -> str:
        return _name(self.field)


@dataclass(frozen=True, slots=True)
class Compare:
    """`field op value`. ``=`` compares numbers as numbers, yes/no fields with true/false, else folded text."""

    field: str
    operator: Operator
    value: str

    def matches(self, record: Record) -> bool:
        """Whether any value of the record's field meets the comparison."""
        test = value_test(self)
        return any(test(value) for value in record.get(self.field, ()))

    def __str__(self) -> str:
        return f"{_name(self.field)}{self.operator}{_quote(self.value)}"


@dataclass(frozen=True, slots=True)
class In:
    """`field in [a, b]`: the same as `field=a or field=b`."""

    field: str
    values: tuple[str, ...]

    def matches(self, record: Record) -> bool:
        """Whether any value of the record's field is one of those listed."""
        return any(Compare(self.field, "=", value).matches(record) for value in self.values)

    def __str__(self) -> str:
        return f"{_name(self.field)} in [{', '.join(_quote(v) for v in self.values)}]"


@dataclass(frozen=True, slots=True)
class Not:
    """`not term`."""

    term: Where

    def matches(self, record: Record) -> bool:
        """Whether the term is not met."""
        return not self.term.matches(record)

    def __str__(self) -> str:
        return f"not ({self.term})"


@dataclass(frozen=True, slots=True)
class All:
    """Terms joined by `and`."""

    terms: tuple[Where, ...]

    def matches(self, record: Record) -> bool:
        """Whether every term is met."""
        return all(term.matches(record) for term in self.terms)

    def __str__(self) -> str:
        return " and ".join(f"({t})" if isinstance(t, Any_) else str(t) for t in self.terms)


@dataclass(frozen=True, slots=True)
class Any_:
    """Terms joined by `or`."""

    terms: tuple[Where, ...]

    def matches(self, record: Record) -> bool:
        """Whether a term is met."""
        return any(term.matches(record) for term in self.terms)

    def __str__(self) -> str:
        return " or ".join(str(t) for t in self.terms)


Where = Has | Compare | In | Not | All | Any_
"""A filter. ``str(where)`` parses back to an equal filter."""


def value_test(condition: Compare) -> Callable[[Any], bool]:
    """The meaning of a comparison for one value: shared by ``matches`` and by the filter columns' dictionaries."""
    wanted = number(condition.value)
    text = fold(condition.value)
    if condition.operator == "=":

        def equal(value: Any) -> bool:
            if isinstance(value, bool):
                return text in (("true", "yes", "1") if value else ("false", "no", "0"))
            if wanted is not None and (found := number(value)) is not None:
                return found == wanted
            return not isinstance(value, float) and fold(str(value)) == text

        return equal
    if condition.operator == "~":
        return lambda value: isinstance(value, str) and text in fold(value)
    if wanted is None:
        return lambda value: False
    order = _ORDERS[condition.operator]
    limit = wanted

    def ordered(value: Any) -> bool:
        found = number(value)
        return found is not None and order(found, limit)

    return ordered


_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def fields_of(where: Where) -> tuple[str, ...]:
    """The fields that a filter names, each once, in order."""
    if isinstance(where, (Has, Compare, In)):
        return (where.field,)
    terms = (where.term,) if isinstance(where, Not) else where.terms
    return tuple(dict.fromkeys(name for term in terms for name in fields_of(term)))


def both(one: Where | None, other: Where | None) -> Where | None:
    """A filter that asks for what two ask for."""
    return other if one is None else one if other is None else All((one, other))


def meets(product: Product, where: Where | None) -> bool:
    """Whether one and the same variant of the product meets all conditions."""
    return where is None or any(where.matches(record(product, variant)) for variant in product.variants)


def parse_where(text: str) -> Where | None:
    """Parses a filter; None for an empty text.

    Raises:
        FilterError: the text is no filter; ``position`` tells where understanding ended.
    """
    if len(text) > MAX_FILTER:
        told = f"the filter has {len(text)} characters, more than {MAX_FILTER}"
        raise FilterError(told, where="filter_by", hint="shorten it")
    return _Parser(text).whole() if text.strip() else None


_TOKEN = re.compile(
    r"\s*(?:(?P<quoted>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')"
    r"|(?P<symbol><=|>=|!=|<>|==|&&|\|\||[=<>~\[\](),!]|\.\.)"
    r"|(?P<word>(?:(?!\.\.)[^\s=<>~\[\](),!\"'&|])+)"
    r"|(?P<bad>\S))"
)
_KEYWORDS = {"and", "or", "not", "in"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int

    def is_(self, *texts: str) -> bool:
        """Whether this is one of these symbols or keywords; a quoted text never is."""
        return self.kind != "quoted" and self.text.lower() in texts


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [self._token(m) for m in _TOKEN.finditer(text.rstrip())]
        self._tokens.append(_Token("end", "", len(text.rstrip())))
        self._at = 0
        self._depth = 0

    @staticmethod
    def _token(match: re.Match[str]) -> _Token:
        kind = str(match.lastgroup)
        text = match.group(kind)
        if kind == "quoted":
            text = re.sub(r"\\(.)", r"\1", text[1:-1])
        elif kind == "symbol":
            text = {"&&": "and", "||": "or", "==": "=", "<>": "!="}.get(text, text)
        return _Token(kind, text, match.start(kind))

    @property
    def _now(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._now
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _fail(self, expected: str) -> FilterError:
        token = self._now
        found = "the end" if token.kind == "end" else repr(token.text)
        return FilterError(
            f"expected {expected} but found {found} at character {token.at + 1} of {self._text!r}",
            position=token.at,
            where="filter_by",
            hint="for example: price<49.90 and brand in [Luma, Fila] and in_stock",
        )

    def whole(self) -> Where:
        where = self._or()
        if self._now.kind != "end":
            raise self._fail("and, or, or the end")
        return where

    def _or(self) -> Where:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FilterError(
                f"the filter is nested more than {MAX_DEPTH} deep",
                where="filter_by",
                hint="use fewer parentheses",
            )
        terms = [self._and()]
        while self._now.is_("or"):
            self._take()
            terms.append(self._and())
        self._depth -= 1
        return terms[0] if len(terms) == 1 else Any_(_flat(terms, Any_))

    def _and(self) -> Where:
        terms = [self._not()]
        while self._now.is_("and"):
            self._take()
            terms.append(self._not())
        return terms[0] if len(terms) == 1 else All(_flat(terms, All))

    def _not(self) -> Where:
        negative = False
        while self._now.is_("not", "!"):
            self._take()
            negative = not negative
        if self._now.is_("("):
            self._take()
            term = self._or()
            if not self._now.is_(")"):
                raise self._fail("a closing parenthesis")
            self._take()
        else:
            term = self._condition()
        return Not(term) if negative else term

    def _condition(self) -> Where:
        name = self._field()
        token = self._now
        if token.is_("not") and self._tokens[self._at + 1].is_("in"):
            self._take()
            self._take()
            return Not(self._in(name))
        if token.is_("in"):
            self._take()
            return self._in(name)
        if token.kind == "symbol" and token.text in ("=", "!=", "<", "<=", ">", ">=", "~"):
            self._take()
            if self._now.is_("[") and token.text in ("=", "!="):
                found = self._in(name)
                return Not(found) if token.text == "!=" else found
            value = self._value(stop=("and", "or"))
            if token.text in ("<", "<=", ">", ">=") and number(value) is None:
                self._at -= 1
                raise self._fail(f"a number after {token.text}")
            if token.text == "!=":
                return Not(Compare(name, "=", value))
            return Compare(name, token.text, value)  # type: ignore[arg-type]
        return Has(name)

    def _field(self) -> str:
        token = self._now
        if token.kind == "quoted" and token.text:
            return self._take().text
        if token.kind != "word" or token.text.lower() in _KEYWORDS:
            raise self._fail("the name of a field")
        return self._take().text

    def _in(self, name: str) -> Where:
        if not self._now.is_("["):
            return self._range(name)
        self._take()
        values: list[str] = []
        while not self._now.is_("]"):
            values.append(self._value(stop=()))
            if self._now.is_(","):
                self._take()
            elif not self._now.is_("]"):
                raise self._fail("a comma or a closing bracket")
        self._take()
        return In(name, tuple(dict.fromkeys(values)))

    def _range(self, name: str) -> Where:
        ends: list[Where] = []
        if not self._now.is_(".."):
            ends.append(Compare(name, ">=", self._number()))
        if not self._now.is_(".."):
            raise self._fail("a list in brackets or a range such as 20..50")
        self._take()
        if self._now.kind == "word" and number(self._now.text) is not None:
            ends.append(Compare(name, "<=", self._number()))
        if not ends:
            raise self._fail("a number")
        return ends[0] if len(ends) == 1 else All(tuple(ends))

    def _number(self) -> str:
        if self._now.kind == "end" or number(self._now.text) is None:
            raise self._fail("a list in brackets or a range such as 20..50")
        return self._take().text

    def _value(self, stop: tuple[str, ...]) -> str:
        if self._now.kind == "quoted":
            return self._take().text
        start = self._now
        end = start.at
        while self._now.kind == "word" and not self._now.is_(*stop):
            token = self._take()
            end = token.at + len(token.text)
        if end == start.at:
            raise self._fail("a value")
        return self._text[start.at : end]


def _flat(terms: list[Where], kind: type[All] | type[Any_]) -> tuple[Where, ...]:
    out: list[Where] = []
    for term in terms:
        out.extend(term.terms if isinstance(term, kind) else (term,))
    return tuple(out)


def _quote(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _name(field: str) -> str:
    plain = re.fullmatch(r"[\w][\w.\-/:]*", field) is not None and ".." not in field
    return field if plain and field.lower() not in _KEYWORDS else _quote(field)
