"""A product's fields, parted into what all its variants share and what each has of its own.

The two together are exactly ``core.catalogue.record`` of each variant (a test holds it to that); shared values are
worked out and kept once per product.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoplens.core.catalogue import Product, Variant, category_path

Values = tuple[Any, ...]

_OWN = frozenset(
    ["variant_id", "sku", "gtin", "mpn", "quantity", "in_stock", "has_picture", "price", "currency", "on_sale",
     "list_price"]
)  # fmt: skip


def extract(product: Product) -> tuple[dict[str, Values], list[dict[str, Values]]]:
    """Fields that all variants share, and for each variant those of its own. No field is in both."""
    names = _OWN.union(*(variant.attributes for variant in product.variants))
    own_names = [name for name in names if product.attributes.get(name)]
    shared = {name: tuple(v) for name, v in product.attributes.items() if v and name not in names}
    paths = (product.category, *product.categories)
    ancestors = tuple(dict.fromkeys(category_path(p[:n]) for p in paths for n in range(1, len(p) + 1)))
    for name, value in (("id", product.id), ("title", product.title), ("brand", product.brand)):
        _put(shared, name, value)
    if ancestors:
        shared["category"] = ancestors
    else:
        shared.pop("category", None)
    inherited = {name: tuple(product.attributes[name]) for name in own_names}
    variants = [_own(product, variant, inherited) for variant in product.variants]
    for name in ("id", "title", "brand", "category"):
        for fields in variants:
            fields.pop(name, None)
    return shared, variants


def _own(product: Product, variant: Variant, inherited: Mapping[str, Values]) -> dict[str, Values]:
    out = dict(inherited)
    for name, values in variant.attributes.items():
        if values:
            out[name] = tuple(values)
    price, was = variant.price, variant.list_price
    _put(out, "variant_id", variant.id)
    _put(out, "sku", variant.sku)
    _put(out, "gtin", variant.gtin)
    _put(out, "mpn", variant.mpn)
    _put(out, "quantity", None if variant.quantity is None else float(variant.quantity))
    _put(out, "in_stock", variant.in_stock)
    out["has_picture"] = (bool(product.variant_images(variant)),)
    if price is not None:
        # The quotient of two integers is rounded once, as the float of the exact decimal is.
        out["price"] = (price.minor / 10**price.exponent,)
        _put(out, "currency", price.currency)
        out["on_sale"] = (was is not None and was.minor > price.minor,)
    if was is not None:
        out["list_price"] = (was.minor / 10**was.exponent,)
    return out


def _put(out: dict[str, Values], name: str, value: Any) -> None:
    if value is None or value == "":
        out.pop(name, None)
    else:
        out[name] = (value,)
