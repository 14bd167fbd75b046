"""A change of what a variant is offered for, from the columns that feeds use: price, stock, link; no words."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shoplens.core.catalogue import Product, Variant
from shoplens.errors import QueryError
from shoplens.feeds import values as read
from shoplens.feeds.columns import recognise
from shoplens.feeds.general import Reading

PRICES = ("price", "sale_price", "list_price")
OFFER = (*PRICES, "currency", "in_stock", "quantity", "link")
"""What a change may name: none of it is among the words that a vector or the word index is made of."""


def with_offer(product: Product, given: Mapping[str, Any]) -> Product:
    """The product with a change of its offer.

    Fields beside ``variants`` count for every variant (``link`` for the product); ``variants`` holds objects with the
    ``id`` of a variant and fields of its own, which go before. ``null`` takes a value away; a ``sale_price`` of
    ``null`` ends a sale.

    Raises:
        QueryError: a field that is none of an offer, a value that cannot be read, a variant that is not there.
    """
    shared = _fields({name: value for name, value in given.items() if name not in ("id", "variants")})
    own = _of_variants(product, given.get("variants"))
    if not shared and not own:
        raise QueryError("nothing to change", where="body", hint="name one of: " + ", ".join(OFFER))
    link = _address(shared.pop("link")) if "link" in shared else product.link
    variants = (_changed(variant, {**shared, **own.get(variant.id, {})}) for variant in product.variants)
    return replace(product, link=link, variants=tuple(variants))


def _address(given: Any) -> str:
    link = read.text(given)
    if len(link) > read.MAX_ADDRESS:
        told = f"an address of {len(link):,} characters, more than {read.MAX_ADDRESS:,}"
        raise QueryError(told, where="link", hint="send the address of a page")
    return link


def _of_variants(product: Product, listed: Any) -> dict[str, dict[str, Any]]:
    if listed is not None and not isinstance(listed, list):
        raise QueryError("variants is no list", where="variants", hint='send {"variants": [{"id": "V1", "price": 9}]}')
    known = {variant.id for variant in product.variants}
    own: dict[str, dict[str, Any]] = {}
    for n, one in enumerate(listed or ()):
        if not isinstance(one, Mapping) or not isinstance(one.get("id"), str) or one["id"] not in known:
            raise QueryError(
                "there is no such variant", where=f"variants[{n}].id", hint="one of: " + ", ".join(sorted(known)[:20])
            )
        own[one["id"]] = _fields({name: value for name, value in one.items() if name != "id"})
    return own


def _fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Target -> value, whatever the columns are called."""
    found = {header: target for target, header in recognise(list(given)).one.items() if target in OFFER}
    for name in given:
        if name not in found:
            close = difflib.get_close_matches(name.lower(), OFFER, n=1, cutoff=0.6)
            raise QueryError(
                f"{name[:60]!r} is not part of an offer",
                where=name[:60],
                hint=f"did you mean {close[0]}?"
                if close
                else f"{', '.join(OFFER)} can be changed; send the whole product to change its words or pictures",
            )
    out = {found[name]: value for name, value in given.items()}
    if "currency" in out and not any(name in out for name in PRICES):
        raise QueryError("a currency without a price", where="currency", hint="send the price along")
    return out


def _changed(variant: Variant, given: Mapping[str, Any]) -> Variant:
    if not given:
        return variant
    now = {name: given[name] for name in ("currency", "in_stock", "quantity") if name in given}
    if any(name in given for name in PRICES):
        now |= _prices(variant, given)
    before = variant.price or variant.list_price
    reading = Reading(1, variant.id, now, recognise(list(now)), before.currency if before else "")
    offer = reading.offer()
    if reading.problems:
        wrong = reading.problems[0]
        raise QueryError(f"{wrong.reason}: {wrong.value[:80]!r}", where=wrong.field, hint="write it as feeds do")
    changed = variant
    if any(name in given for name in PRICES):
        changed = replace(changed, price=offer["price"], list_price=offer["list_price"])
    if "quantity" in given:
        changed = replace(changed, quantity=offer["quantity"])
    if "in_stock" in given or (offer["in_stock"] is not None and "quantity" in given):
        changed = replace(changed, in_stock=offer["in_stock"])
    return replace(changed, link=_address(given["link"])) if "link" in given else changed


def _prices(variant: Variant, given: Mapping[str, Any]) -> dict[str, Any]:
    """The price columns as a feed would have them after the change."""
    price, was = variant.price, variant.list_price
    if "sale_price" in given and "price" not in given:
        price, was = was or price, None  # what it costs beside the sale
    out: dict[str, Any] = {}
    for name, money in (("price", price), ("list_price", was)):
        if money is not None:
            out[name] = {"minor": money.minor, "currency": money.currency}
    if "price" in given and given["price"] is None:
        out.pop("list_price", None)  # what it cost before says nothing where there is no price
    return out | {name: given[name] for name in PRICES if name in given}
