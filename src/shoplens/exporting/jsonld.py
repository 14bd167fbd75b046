"""schema.org JSON-LD: a Product, or a ProductGroup with its variants; money as decimals."""

from __future__ import annotations

import json
from typing import Any

from shoplens.core.catalogue import Product, Variant, category_path
from shoplens.exporting.agents import Publishing
from shoplens.exporting.values import (
    clean,
    decimal,
    description_of,
    grouped,
    link,
    own_attributes,
    pictures_of,
    title_of,
    variant_title,
)

_KNOWN = ("color", "size", "material", "pattern")
_CONDITIONS = {"new": "NewCondition", "used": "UsedCondition", "refurbished": "RefurbishedCondition"}


def jsonld(product: Product, publishing: Publishing) -> dict[str, Any]:
    """A product for a page or a graph, without ``@context``; what is not known is left out."""
    if not grouped(product):
        (variant,) = product.variants
        return _full(_shared(product) | _variant(product, variant, publishing) | {"name": title_of(product)})
    group: dict[str, Any] = {"@type": "ProductGroup", "productGroupID": product.id, "name": title_of(product)}
    group |= _shared(product)
    varies = dict.fromkeys(name for variant in product.variants for name in variant.attributes if name in _KNOWN)
    group["variesBy"] = [f"https://schema.org/{name}" for name in varies]
    group["hasVariant"] = [_full(_variant(product, variant, publishing)) for variant in product.variants]
    return _full(group)


def script(data: Any) -> str:
    """JSON that may stand inside of <script>: no tag ends it, whatever the product is called."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _shared(product: Product) -> dict[str, Any]:
    return {
        "description": description_of(product),
        "url": link(product.link),
        "brand": {"@type": "Brand", "name": clean(product.brand)} if product.brand else "",
        "category": category_path(product.category),
    }


def _variant(product: Product, variant: Variant, publishing: Publishing) -> dict[str, Any]:
    attributes = own_attributes(product, variant)
    out: dict[str, Any] = {
        "@type": "Product",
        "name": variant_title(product, variant),
        "productID": variant.id,
        "sku": variant.sku or variant.id,
        "gtin": variant.gtin,
        "mpn": variant.mpn,
        "image": [url for one in pictures_of(product, variant, publishing.pictures_url) if (url := link(one))],
        "url": link(variant.link or product.link),
        "offers": _offer(product, variant, publishing),
    }
    out |= {name: " / ".join(attributes[name]) for name in _KNOWN if name in attributes}
    out["additionalProperty"] = [
        {"@type": "PropertyValue", "name": clean(name), "value": clean(" / ".join(values))}
        for name, values in attributes.items()
        if name not in (*_KNOWN, "condition")
    ]
    return out


def _offer(product: Product, variant: Variant, publishing: Publishing) -> dict[str, Any] | str:
    if variant.price is None:
        return ""
    offer: dict[str, Any] = {
        "@type": "Offer",
        "price": f"{decimal(variant.price):f}",
        "priceCurrency": variant.price.currency,
        "url": link(variant.link or product.link),
    }
    if variant.in_stock is not None:
        offer["availability"] = f"https://schema.org/{'InStock' if variant.in_stock else 'OutOfStock'}"
    condition = "".join(own_attributes(product, variant).get("condition", ())).lower()
    if condition in _CONDITIONS:
        offer["itemCondition"] = f"https://schema.org/{_CONDITIONS[condition]}"
    if publishing.seller:
        offer["seller"] = {"@type": "Organization", "name": publishing.seller}
    return _full(offer)


def _full(data: dict[str, Any]) -> dict[str, Any]:
    found = {name: clean(value) if isinstance(value, str) else value for name, value in data.items()}
    return {name: value for name, value in found.items() if value not in ("", [], None)}
