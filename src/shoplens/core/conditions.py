"""Conditions that no value can meet: refused, where an empty answer would only puzzle ("in_stock=maybe")."""

from __future__ import annotations

from collections.abc import Iterator

from shoplens.core.where import Compare, Has, In, Not, Where, number, value_test
from shoplens.errors import FilterError

YES_NO = frozenset(["in_stock", "on_sale", "has_picture"])
"""Fields of every shop that are yes or no."""

NUMBERS = frozenset(["price", "list_price", "quantity"])
"""Fields of every shop that are numbers."""


def refuse_unmeetable(where: Where | None) -> None:
    """Refuses a filter with a condition that no value of its field can meet.

    Raises:
        FilterError: naming the condition and what the field can be compared with.
    """
    for condition in _comparisons(where):
        field, value = condition.field, condition.value
        if field in YES_NO and (condition.operator != "=" or not _is_yes_or_no(condition)):
            raise FilterError(
                f"{field} is yes or no, so {field}{condition.operator}{value} can never hold",
                where="filter_by",
                hint=f"write {field}, {field}=false or not {field}",
            )
        if field in NUMBERS and (condition.operator == "~" or number(value) is None):
            raise FilterError(
                f"{field} is a number, so {field}{condition.operator}{value} can never hold",
                where="filter_by",
                hint=f"write {field}<20, {field}=20 or {field} in 10..20",
            )


def _is_yes_or_no(condition: Compare) -> bool:
    test = value_test(condition)
    return test(True) or test(False)


def _comparisons(where: Where | None) -> Iterator[Compare]:
    if where is None or isinstance(where, Has):
        return
    if isinstance(where, Compare):
        yield where
    elif isinstance(where, In):
        yield from (Compare(where.field, "=", value) for value in where.values)
    elif isinstance(where, Not):
        yield from _comparisons(where.term)
    else:
        for term in where.terms:
            yield from _comparisons(term)
