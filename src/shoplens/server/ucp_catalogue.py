"""The catalogue as agents ask for it: search, look-up, one product. What REST and MCP answer is the same.

The names are those of the Universal Commerce Protocol, version 2026-08-25 (catalog.search and catalog.lookup). Read
only. Texts of products are handed on as data, whatever they say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from shoplens.app import Shop
from shoplens.core.answer import Answer
from shoplens.core.catalogue import Money, Product, Variant
from shoplens.core.fields import clean, items_of, text_of, whole_of, wrong
from shoplens.core.narrowing import stored_within
from shoplens.core.ports import StoredProduct
from shoplens.core.query import Query, Seed
from shoplens.core.where import All, Any_, Compare, In, Where, meets
from shoplens.errors import QueryError
from shoplens.exporting.values import minor_units
from shoplens.server.ucp_products import availability, chosen, product_fields

VERSION = "2026-08-25"
SEARCH, LOOKUP = "dev.ucp.shopping.catalog.search", "dev.ucp.shopping.catalog.lookup"
MAX_IDS = 50
MAX_LIMIT = 50
LIMIT = 10
_PURPOSES = ("search", "recommendation", "swap")
_STOCK: Mapping[str, Where] = {
    "in_stock": Compare("in_stock", "=", "true"),
    "out_of_stock": Compare("in_stock", "=", "false"),
}


class TooManyIdsError(QueryError):
    """More products are looked up at once than the service takes."""

    code = "request_too_large"


class AgentCatalogue:
    """One shop's catalogue for agents.

    Args:
        search: how a query is answered; counted where the service counts.
        within: the filter outside of which nothing is there for who asks now; None for none.
        base: the address of the service as agents reach it, "" where nobody has told.
    """

    def __init__(
        self, shop: Shop, search: Callable[[Query], Answer], within: Callable[[], Where | None], base: str = ""
    ) -> None:
        self._shop, self._search, self._within, self._base = shop, search, within, base

    def at(self, base: str) -> AgentCatalogue:
        """The same, reached at another address."""
        return AgentCatalogue(self._shop, self._search, self._within, base)

    def search(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """``search_catalog``: by words, by filters, or by what products are like others. Raises QueryError."""
        purpose = text_of(request, "purpose", "search")
        references = [clean(one) for one in items_of(request, "reference_ids", (str,))]
        filters, page = _object(request, "filters"), _object(request, "pagination")
        words = text_of(request, "query")
        if purpose not in _PURPOSES:
            return _envelope(SEARCH) | {
                "products": [],
                "messages": [_message("error", "unsupported_purpose", purpose, severity="recoverable")],
            }
        if references and purpose == "search":
            raise QueryError("reference_ids need a purpose", where="purpose", hint="recommendation or swap")
        if not (words.strip() or filters or references):
            raise QueryError(
                "there is nothing to look for", where="query", hint='send {"query": "blue running shoes"}, or filters'
            )
        products = self._products_of(references) if references else {}
        query = Query(
            words=words,
            seeds=tuple(Seed(one.product.id) for one in products.values()),
            where=self._filter(filters, _object(request, "context")),
            within=self._within(),
            hidden_hits=tuple(one.product.id for one in products.values()),
            per_page=max(1, min(MAX_LIMIT, whole_of(page, "limit", LIMIT))),
            cursor=text_of(page, "cursor"),
        )
        answer = self._search(query)
        numbers = self._shop.store.numbers_of([hit.product.id for hit in answer.hits])
        found = self._shop.store.get([numbers[h.product.id] for h in answer.hits if h.product.id in numbers])
        seen = [stored_within(one, query.within) for one in found]
        stored = {one.product.id: one for one in seen if one is not None}
        out: list[dict[str, Any]] = []
        messages = [_message("info", "not_found", one) for one in references if one not in products]
        for hit in answer.hits:
            if (one := stored.get(hit.product.id)) is None:
                continue
            best = next((v for v in one.product.variants if v.id == hit.variant.id), one.product.variants[0])
            fields = product_fields(one, [best, *(v for v in one.product.variants if v is not best)], self._base)
            if fields is None:
                messages.append(_message("info", "no_price", one.product.id))
            else:
                out.append(fields)
        after = {"has_next_page": bool(answer.next_cursor), "total_count": int(answer.found)}
        if answer.next_cursor:
            after["cursor"] = answer.next_cursor  # type: ignore[assignment]
        told = {"messages": messages} if messages else {}
        return _envelope(SEARCH) | {"products": out, "pagination": after} | told

    def lookup(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """``lookup_catalog``: products by their own ids, those of variants, or SKUs.

        Raises:
            QueryError: no ids. TooManyIdsError: more than MAX_IDS.
        """
        ids = list(dict.fromkeys(clean(one) for one in items_of(request, "ids", (str,))))
        if not ids:
            raise QueryError("there are no ids", where="ids", hint='send {"ids": ["P1"]}')
        if len(ids) > MAX_IDS:
            raise TooManyIdsError(
                f"{len(ids)} ids are more than {MAX_IDS}", where="ids", hint="look them up in several requests"
            )
        where = self._filter(_object(request, "filters"), _object(request, "context"))
        products = self._products_of(ids)
        out: dict[str, dict[str, Any]] = {}
        met: dict[str, tuple[StoredProduct, dict[str, list[dict[str, str]]], list[Variant]]] = {}
        messages = []
        for asked in ids:
            found = products.get(asked)
            if found is None or not meets(found.product, where):
                messages.append(_message("info", "not_found", asked))
                continue
            exact = _variant_of(found.product, asked) if asked != found.product.id else None
            variant, match = (exact, "exact") if exact else (_featured(found.product), "featured")
            _, inputs, variants = met.setdefault(found.product.id, (found, {}, []))
            inputs.setdefault(variant.id, []).append({"id": asked, "match": match})
            if variant not in variants:
                variants.append(variant)
        for product_id, (found, inputs, variants) in met.items():
            fields = product_fields(found, variants, self._base, {clean(k): v for k, v in inputs.items()})
            if fields is None:
                messages.append(_message("info", "no_price", product_id))
            else:
                out[product_id] = fields
        return _envelope(LOOKUP) | {"products": list(out.values())} | ({"messages": messages} if messages else {})

    def product(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """``get_product``: one product in full, its variants as selected. Raises QueryError."""
        asked = clean(text_of(request, "id"))
        if not asked:
            raise QueryError("there is no id", where="id", hint='send {"id": "P1"}')
        found = self._products_of([asked]).get(asked)
        where = self._filter(_object(request, "filters"), _object(request, "context"))
        if found is None or not meets(found.product, where):
            return _unrecoverable("not_found", f"Product not found: {asked}")
        wanted: dict[str, str] = {}
        for n, item in enumerate(items_of(request, "selected", (Mapping,))):
            name, label = item.get("name"), item.get("label")
            if not isinstance(name, str) or not isinstance(label, str):
                raise wrong(f"selected[{n}]", "an object with name and label", item)
            wanted[clean(name)] = clean(label)
        preferences = [clean(one) for one in items_of(request, "preferences", (str,))]
        exact = _variant_of(found.product, asked) if asked != found.product.id else None
        variants, selection = chosen(found.product, wanted, preferences, exact)
        fields = product_fields(found, variants, self._base)
        if fields is None:
            return _unrecoverable("no_price", f"Nothing is asked for it yet: {asked}")
        options = availability(found.product, selection)
        if options:
            fields["options"] = options
            fields["selected"] = [{"name": clean(n), "label": clean(label)} for n, label in selection.items()]
        return _envelope(LOOKUP) | {"product": fields}

    def _products_of(self, ids: Sequence[str]) -> dict[str, StoredProduct]:
        """Of ids of products, of variants, and SKUs, those that are there for who asks."""
        store, within = self._shop.store, self._within()
        numbers = store.numbers_of(ids)
        some = [stored_within(one, within) for one in store.get(list(numbers.values()))]
        found = dict(zip(numbers, some, strict=True))
        rest = [one for one in ids if found.get(one) is None]
        if rest:
            either: Where = Any_((In("variant_id", tuple(rest)), In("sku", tuple(rest))))
            query = Query(where=either, within=within, per_page=MAX_IDS, understand=False)
            hits = [hit.product.id for hit in self._shop.search(query).hits]
            some = [stored_within(one, within) for one in store.get(list(store.numbers_of(hits).values()))]
            for asked in rest:
                found[asked] = next((one for one in some if one and _variant_of(one.product, asked)), None)
        return {asked: one for asked, one in found.items() if one is not None}

    def _filter(self, filters: Mapping[str, Any], context: Mapping[str, Any]) -> Where | None:
        """The filters of a request. Those that nobody knows are left out, as the protocol has it."""
        terms: list[Where] = []
        categories = [clean(one) for one in items_of(filters, "categories", (str,)) if one.strip()]
        if categories:
            terms.append(Any_(tuple(Compare("category", "~", one) for one in categories)))
        brands = [clean(one) for one in items_of(filters, "brand", (str,)) if one.strip()]
        if brands:
            terms.append(In("brand", tuple(brands)))
        stock = [_STOCK[one] for one in items_of(filters, "availability", (str,)) if one in _STOCK]
        if len(stock) == 1:
            terms += stock
        price = _object(filters, "price")
        if price:
            currency = text_of(context, "currency") or self._shop.config.currency
            terms += _price(price, currency.upper())
        return None if not terms else terms[0] if len(terms) == 1 else All(tuple(terms))


def _price(price: Mapping[str, Any], currency: str) -> list[Where]:
    """A price in minor units of a currency as a filter in the major unit; nothing is converted."""
    one = Decimal(minor_units(Money.of("1", currency)))
    terms: list[Where] = [In("currency", (currency,))] if currency else []
    for name, operator in (("min", ">="), ("max", "<=")):
        if price.get(name) is not None:
            number = Decimal(whole_of(price, name, 0)) / one
            terms.append(Compare("price", operator, f"{number:f}"))  # type: ignore[arg-type]
    return terms


def _variant_of(product: Product, asked: str) -> Variant | None:
    named = next((v for v in product.variants if v.id == asked), None)
    return named or next((v for v in product.variants if v.sku == asked), None)


def _featured(product: Product) -> Variant:
    return next((v for v in product.variants if v.in_stock is not False), product.variants[0])


def _object(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = given.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise wrong(name, "an object", value)
    return value


def _envelope(capability: str) -> dict[str, Any]:
    return {"ucp": {"version": VERSION, "capabilities": {capability: [{"version": VERSION}]}}}


def _message(kind: str, code: str, content: str, **more: str) -> dict[str, str]:
    return {"type": kind, "code": code, "content": clean(content)} | more


def _unrecoverable(code: str, content: str) -> dict[str, Any]:
    told = _envelope(LOOKUP)
    told["ucp"]["status"] = "error"
    return told | {"messages": [_message("error", code, content, severity="unrecoverable")]}


__all__ = ["LOOKUP", "MAX_IDS", "SEARCH", "VERSION", "AgentCatalogue", "TooManyIdsError"]
