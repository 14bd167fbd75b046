"""Products as the Universal Commerce Protocol has them: media, options, prices in minor units, selections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shoplens.core.catalogue import Money, Product, Variant, category_path
from shoplens.core.ports import StoredProduct
from shoplens.exporting.agents import price_of
from shoplens.exporting.values import clean, description_of, link, prices, title_of, variant_title

Selected = Mapping[str, str]
"""Option name -> label."""


def product_fields(
    stored: StoredProduct,
    variants: Sequence[Variant],
    base: str,
    inputs: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
) -> dict[str, Any] | None:
    """A product with some of its variants, the first of them shown; None where no variant has a price to tell, since
    the protocol has no product without one.

    Args:
        base: address of the service, for pictures that lie nowhere on the net.
        inputs: of a look-up, variant id -> the ids that were asked for and how each was met.
    """
    product = stored.product
    told = [fields for variant in variants if (fields := _variant(stored, variant, base)) is not None]
    if not told:
        return None
    if inputs is not None:
        told = [fields | {"inputs": list(inputs[fields["id"]])} for fields in told if fields["id"] in inputs]
    out: dict[str, Any] = {
        "id": clean(product.id),
        "title": clean(title_of(product)),
        "description": {"plain": clean(description_of(product)) or clean(title_of(product))},
        "price_range": _range([v.price for v in product.variants]),
    }
    if product.brand:
        out["brand"] = clean(product.brand)
    if url := link(product.link):
        out["url"] = url
    paths = [category_path(path) for path in (product.category, *product.categories) if path]
    if paths:
        out["categories"] = [{"value": clean(path), "taxonomy": "merchant"} for path in paths]
    was = [regular if sale else None for regular, sale in map(prices, product.variants)]
    if any(was):
        out["list_price_range"] = _range(was)
    if media := _media(stored, [i.location for i in product.all_images()], base):
        out["media"] = media
    axes = axes_of(product)
    if axes:
        out["options"] = [
            {"name": clean(name), "values": [{"label": clean(v)} for v in values]} for name, values in axes.items()
        ]
    return out | {"variants": told}


def axes_of(product: Product) -> dict[str, list[str]]:
    """What the variants of a product differ in: attribute -> its values, in the order of the variants."""
    out: dict[str, dict[str, None]] = {}
    for variant in product.variants:
        for name, label in labels_of(variant).items():
            out.setdefault(name, {})[label] = None
    return {name: list(values) for name, values in out.items()}


def labels_of(variant: Variant) -> dict[str, str]:
    """The options of one variant: attribute -> its value as one text. Translations are no options of their own."""
    own = variant.attributes
    return {n: " ".join(v) for n, v in own.items() if v and not (n.endswith("_zh") and n[:-3] in own)}


def chosen(
    product: Product, wanted: Selected, preferences: Sequence[str], of: Variant | None
) -> tuple[list[Variant], dict[str, str]]:
    """The variants that a selection leaves, the one to show first, and the selection that holds in fact.

    Args:
        wanted: what was selected; where no variant is so, the least preferred options are dropped first.
        preferences: option names, the most important first.
        of: the variant that was asked for by its own id; its options are the selection then.
    """
    if of is not None:
        selection = labels_of(of)
        same = [v for v in product.variants if v is not of and labels_of(v) == selection]
        return [of, *same], selection
    rank = {name: n for n, name in enumerate(preferences)}
    left = dict(sorted(wanted.items(), key=lambda item: rank.get(item[0], len(rank))))
    while not (found := [v for v in product.variants if _agrees(v, left)]):
        left.popitem()
    found.sort(key=lambda v: v.in_stock is False)  # stable: the shop's own order otherwise
    return found, (left or labels_of(found[0]))


def availability(product: Product, selection: Selected) -> list[dict[str, Any]]:
    """The options of a product, each value with whether such a variant exists and can be had, the other options being
    as selected."""
    out = []
    for name, values in axes_of(product).items():
        rest = {other: label for other, label in selection.items() if other != name}
        told = []
        for label in values:
            such = [v for v in product.variants if _agrees(v, {**rest, name: label})]
            can = any(v.in_stock is not False for v in such)
            told.append({"label": clean(label), "available": can, "exists": bool(such)})
        out.append({"name": clean(name), "values": told})
    return out


def _agrees(variant: Variant, selection: Selected) -> bool:
    own = labels_of(variant)
    return all(own.get(name) == label for name, label in selection.items())


def _variant(stored: StoredProduct, variant: Variant, base: str) -> dict[str, Any] | None:
    product = stored.product
    regular, sale = prices(variant)
    now = sale or regular
    price = price_of(now) if now is not None else None
    if price is None:
        return None
    title = clean(variant_title(product, variant))
    out: dict[str, Any] = {
        "id": clean(variant.id),
        "title": title,
        "description": {"plain": clean(description_of(product)) or title},
        "price": price,
    }
    if sale is not None and regular is not None:
        out["list_price"] = price_of(regular)
    if variant.sku:
        out["sku"] = clean(variant.sku)
    if variant.gtin:
        out["barcodes"] = [{"type": "GTIN", "value": clean(variant.gtin)}]
    if url := link(variant.link or product.link):
        out["url"] = url
    if variant.in_stock is not None:
        status = "in_stock" if variant.in_stock else "out_of_stock"
        out["availability"] = {"available": variant.in_stock, "status": status}
    if labels := labels_of(variant):
        out["options"] = [{"name": clean(name), "label": clean(label)} for name, label in labels.items()]
    if media := _media(stored, [i.location for i in product.variant_images(variant)], base):
        out["media"] = media
    return out


def _media(stored: StoredProduct, locations: Sequence[str], base: str) -> list[dict[str, str]]:
    out = []
    for location in locations:
        known = stored.pictures.get(location)
        url = link(location) or (f"{base}/v1/pictures/{known}?side=1024" if known and base else "")
        if url:
            out.append({"type": "image", "url": url, "alt_text": clean(title_of(stored.product))})
    return out


def _range(found: Sequence[Money | None]) -> dict[str, Any]:
    """The lowest and the highest price, in the currency of the first that has one."""
    some = [money for money in found if money is not None and price_of(money) is not None]
    same = [money for money in some if money.currency == some[0].currency]
    low, high = min(same, key=lambda m: m.minor), max(same, key=lambda m: m.minor)
    return {"min": price_of(low), "max": price_of(high)}
