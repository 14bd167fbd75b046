"""Rows that are handed over one by one instead of in a file: sent to the service, or from Python."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from shoplens.core.catalogue import Product, RowProblem
from shoplens.errors import FeedError
from shoplens.feeds.columns import meant_by, recognise
from shoplens.feeds.general import General, Reading
from shoplens.feeds.grouping import products, scattered
from shoplens.feeds.jsonrows import LISTS, MAX_OBJECT, parse
from shoplens.feeds.rows import Row

_HASH = re.compile(r"[0-9a-f]{64}")


class GivenRows:
    """A feed of rows that are at hand; a ``core.ports.Feed``. Rows count from 1, as the lines of a file do.

    Args:
        rows: one JSON object each; what is none is told as a problem.
        currency: ISO code for prices that name none.
    """

    kind = "rows"

    def __init__(self, rows: Sequence[Any], currency: str = "") -> None:
        self._rows = [_row(n, given) for n, given in enumerate(rows, 1)]
        self._interpreter = General(None, currency.strip().upper())
        names: dict[str, None] = {}
        for row in self._rows:
            if isinstance(row, Row):
                names.update(dict.fromkeys(row.values))
        self.columns = list(names)

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self) -> Iterator[Row | RowProblem]:
        """The rows, in order."""
        return iter(self._rows)

    def ids(self) -> list[str]:
        """The id of the product that each row belongs to; "" for one that names none."""
        return [self._interpreter.key(row) if isinstance(row, Row) else "" for row in self._rows]

    def warnings(self) -> dict[int, list[RowProblem]]:
        """By row, what is used and perhaps not meant so: a name like one that is known, an amount of no currency."""
        out: dict[int, list[RowProblem]] = {}
        for row in self._rows:
            if not isinstance(row, Row):
                continue
            columns = self._interpreter.columns(row.values)
            doubts = [
                RowProblem(
                    row.line, header[:80], f"no field of ours, kept as an attribute: {meant} was meant?", skipped=False
                )
                for header, _ in columns.rest
                if (meant := meant_by(header))
            ]
            reading = Reading(row.line, "", row.values, columns, self._interpreter.currency)
            if any(money and not money.currency for money in _amounts(reading)):
                reason = 'no currency: send currency, or write "49.90 EUR"'
                doubts.append(RowProblem(row.line, "currency", reason, skipped=False))
            if doubts:
                out[row.line] = doubts
        return out

    def read(self) -> Iterator[Product | RowProblem]:
        """Products, and rows or fields that could not be used."""
        self._interpreter.prepare(self)
        apart = scattered(self, self._interpreter.key) if self._interpreter.grouped else {}
        return products(self, self._interpreter, apart)


def _amounts(reading: Reading) -> Iterator[Any]:
    offer = reading.offer()
    yield from (offer.get("price"), offer.get("list_price"))
    nested = reading.get("variants")
    for each in nested if isinstance(nested, list) else ():
        if isinstance(each, Mapping):
            inner = Reading(reading.line, "", each, recognise(list(each)), reading.currency).offer()
            yield from (inner.get("price"), inner.get("list_price"))


def _row(line: int, given: Any) -> Row | RowProblem:
    if isinstance(given, RowProblem):
        return given
    if not isinstance(given, Mapping):
        return RowProblem(line, "", "a JSON object is expected", str(given)[:120])
    values = {str(name): value for name, value in given.items()}
    if "images" in values and _are_hashes(values.get("pictures")):
        del values["pictures"]  # a product as the service gives it: what its pictures were, beside where they lie
        values.pop("picture_of", None)
    return Row(line, values)


def _are_hashes(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and _HASH.fullmatch(one) for one in value)


def rows_of(data: bytes, *, lines: bool) -> list[Any]:
    """The rows of a JSON text: a list, one object, or an object with a list under a usual name; or one object a line.

    Args:
        lines: one JSON object a line; a line that is none becomes a RowProblem in its place.

    Raises:
        FeedError: it is no JSON.
    """
    if lines:
        # Not splitlines: a text in JSON may hold U+2028, of which it makes an end of a line.
        texts = [line for line in data.decode("utf-8-sig", "replace").split("\n") if line.strip()]
        return [_parsed(text, n) for n, text in enumerate(texts, 1)]
    try:
        value = orjson.loads(data or b"null")
    except orjson.JSONDecodeError as error:
        raise FeedError(f"the body is no JSON: {error}", where="body", hint="send a list of products") from error
    if isinstance(value, dict):
        held = [value[name] for name in value if name.lower() in LISTS and isinstance(value[name], list)]
        return list(held[0]) if len(held) == 1 and len(value) == 1 else [value]
    if not isinstance(value, list):
        raise FeedError("the body is no list of products", where="body", hint='send [{"id": "P1", "title": "..."}]')
    return value


def _parsed(text: str, line: int) -> Any:
    if len(text) > MAX_OBJECT:
        return RowProblem(line, "", f"more than {MAX_OBJECT} characters", text[:120])
    found = parse(text, line)
    return found if isinstance(found, RowProblem) else found.values
