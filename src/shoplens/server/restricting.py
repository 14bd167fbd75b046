"""What a key with a filter sees: outside of it nothing is there, whatever is asked and however."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from shoplens.app import Shop
from shoplens.core.catalogue import RESERVED_FIELDS
from shoplens.core.narrowing import stored_within
from shoplens.core.ports import StoredProduct
from shoplens.core.query import Query
from shoplens.core.suggestion import Suggestion
from shoplens.core.where import Any_, Compare, Has, Where, both, fields_of, meets, parse_where
from shoplens.errors import NotFoundError
from shoplens.indexes.columns_view import unknown_field
from shoplens.server.callers import CALLER

_IN_STOCK = parse_where("not in_stock=false")
_LOOKED_AT = 4
"""Suggestions looked at for each that is wanted: the others are of what the caller does not see."""


def restricted(shop: Shop, query: Query) -> Query:
    """The query as its caller may ask it.

    Raises:
        NotFoundError: a seed is not among what the caller sees: told as if it were not in the shop.
        UnknownFieldError: it names a field that no product has which the caller sees: told as if none had it.
    """
    where = CALLER.get().where
    if where is None:
        return query
    asked = {"filter_by": () if query.where is None else fields_of(query.where)}
    asked |= {"facet_by": query.facet_by, "sort_by": tuple(key.field for key in query.sort_by)}
    for part, names in asked.items():
        for name in names:
            if not _has(shop, name, where):
                raise unknown_field(name, part, fields_seen(shop))
    numbers = shop.store.numbers_of([seed.product_id for seed in query.seeds])
    there = {s.product.id for s in shop.store.get(list(numbers.values())) if s is not None and meets(s.product, where)}
    for seed in query.seeds:
        if seed.product_id not in there:
            raise NotFoundError(
                f"no product {seed.product_id!r} in this shop",
                where="like",
                hint="give the id of a product of the catalogue",
            )
    return replace(query, within=where)


def fields_seen(shop: Shop) -> tuple[str, ...]:
    """The fields of which what the caller sees has a value, sorted."""
    fields, where = shop.copies.parts.columns.fields(), CALLER.get().where
    return fields if where is None else tuple(name for name in fields if _has(shop, name, where))


def seen(stored: StoredProduct) -> StoredProduct:
    """What the caller sees of a product. Raises NotFoundError for nothing: told as if there were none."""
    part = stored_within(stored, CALLER.get().where)
    if part is None:
        product_id = stored.product.id
        raise NotFoundError(f"no product {product_id!r} in this shop", hint="search for it to learn its id")
    return part


def seen_of(some: Iterable[StoredProduct | None]) -> list[StoredProduct]:
    """What the caller sees of some products; those of which it sees nothing are left out."""
    where = CALLER.get().where
    return [part for stored in some if (part := stored_within(stored, where)) is not None]


def must_see(shop: Shop, picture: str) -> None:
    """Raises NotFoundError where the caller sees no product with this picture: told as if there were none."""
    where = CALLER.get().where
    if where is not None and not any(
        picture in part.pictures.values()
        for stored in shop.store.get(shop.store.shown_by(picture))
        if (part := stored_within(stored, where)) is not None
    ):
        raise NotFoundError("no product shows this picture", hint="it may have been removed since")


def _has(shop: Shop, name: str, where: Where) -> bool:
    """Whether a variant within a filter has a value of a field; true of those that every shop has."""
    columns = shop.copies.parts.columns
    if name in RESERVED_FIELDS:
        return True
    if not columns.has(name):
        return False
    return bool(columns.mask(both(where, Any_((Has(name), Compare(name, "=", "false"))))).any())


def suggested(shop: Shop, typed: str, limit: int) -> tuple[Suggestion, ...]:
    """Suggestions that lead to what the caller sees, with how much of it they lead to."""
    where = CALLER.get().where
    if where is None:
        return shop.suggest(typed, limit)
    out: list[Suggestion] = []
    for one in shop.suggest(typed, _LOOKED_AT * limit):
        if count := _count(shop, one, where):
            out.append(replace(one, count=count))
        if len(out) == limit:
            break
    return tuple(out)


def _count(shop: Shop, suggestion: Suggestion, where: Where) -> int:
    """Products in stock that a suggestion leads to within a filter."""
    parts = shop.copies.parts
    if suggestion.product_id:
        numbers = shop.store.numbers_of([suggestion.product_id]).values()
        return len([s for s in shop.store.get(list(numbers)) if s is not None and meets(s.product, where)])
    asked = both(_IN_STOCK, where)
    if suggestion.filter:
        return int(parts.columns.products(parts.columns.mask(both(asked, parse_where(suggestion.filter)))).sum())
    inside = parts.columns.products(parts.columns.mask(asked))
    found = parts.words.search(suggestion.text, 1, inside)
    if found.coverage < 1 or found.guessed:
        return 0
    return int(inside[found.matched[found.matched < len(inside)]].sum())
