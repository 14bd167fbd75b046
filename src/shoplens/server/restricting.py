"""What a key with a filter sees: outside of it nothing is there, whatever is asked and however."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from shoplens.app import Shop
from shoplens.core.ports import StoredProduct
from shoplens.core.query import Query
from shoplens.core.suggestion import Suggestion
from shoplens.core.where import Where, both, meets, parse_where
from shoplens.errors import NotFoundError
from shoplens.server.callers import CALLER

_IN_STOCK = parse_where("not in_stock=false")
_LOOKED_AT = 4
"""Suggestions looked at for each that is wanted: the others are of what the caller does not see."""


def restricted(shop: Shop, query: Query) -> Query:
    """The query as its caller may ask it.

    Raises:
        NotFoundError: a seed is not among what the caller sees: told as if it were not in the shop.
    """
    where = CALLER.get().where
    if where is None:
        return query
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


def seen(stored: StoredProduct) -> StoredProduct:
    """A product that the caller sees. Raises NotFoundError for one that it does not: told as if there were none."""
    if not meets(stored.product, CALLER.get().where):
        product_id = stored.product.id
        raise NotFoundError(f"no product {product_id!r} in this shop", hint="search for it to learn its id")
    return stored


def seen_of(some: Iterable[StoredProduct | None]) -> list[StoredProduct]:
    """Those of some products that are there and that the caller sees."""
    where = CALLER.get().where
    return [stored for stored in some if stored is not None and meets(stored.product, where)]


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
