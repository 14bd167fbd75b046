"""Which part of a filter belongs to a facet: what a shopper ticked there.

A facet counts as if nothing were ticked in it, so that "red" ticked still shows how many are blue. Nobody has to say
what was ticked: of the filter's terms that are joined by `and` at its top, those that name the facet's field and no
other are the facet's own.
"""

from __future__ import annotations

from collections.abc import Iterator

from shoplens.core.where import All, Any_, Compare, In, Where, fields_of


def without_own(where: Where | None, field: str) -> tuple[Where | None, tuple[Where, ...]]:
    """A filter without a facet's own terms, and these terms."""
    terms = tuple(_terms(where)) if where is not None else ()
    own = tuple(term for term in terms if fields_of(term) == (field,))
    if not own:
        return where, ()
    rest = tuple(term for term in terms if fields_of(term) != (field,))
    return (All(rest) if len(rest) > 1 else rest[0] if rest else None), own


def ticked(terms: tuple[Where, ...]) -> tuple[str, ...]:
    """The values that some terms ask for by `=` or `in`, in order; of what is denied none."""
    return tuple(dict.fromkeys(value for term in terms for value in _values(term)))


def _terms(where: Where) -> Iterator[Where]:
    if isinstance(where, All):
        for term in where.terms:
            yield from _terms(term)
    else:
        yield where


def _values(term: Where) -> Iterator[str]:
    if isinstance(term, In):
        yield from term.values
    elif isinstance(term, Compare):
        if term.operator == "=":
            yield term.value
    elif isinstance(term, (All, Any_)):
        for inner in term.terms:
            yield from _values(inner)
