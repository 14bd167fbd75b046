"""Product feeds of shop agents.

``acp``: the Agentic Commerce Protocol's feed of 2026-04-17 (``products.jsonl``: one Product a line, with its variants).
``openai``: OpenAI's file upload for ChatGPT as of November 2026 (a row a variant; JSONL, CSV or TSV).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shoplens.core.catalogue import Money, Product, Variant, category_path
from shoplens.exporting.values import (
    amount,
    cell,
    clean,
    description_of,
    grouped,
    link,
    minor_units,
    own_attributes,
    pictures_of,
    prices,
    title_of,
    variant_title,
)


@dataclass(frozen=True, slots=True)
class Publishing:
    """What a feed says of who publishes it. ``pictures_url``: the address below which pictures lie that the catalogue
    knows by their paths. ``countries``: ISO 3166-1 alpha-2 codes of where the shop sells."""

    seller: str = ""
    seller_url: str = ""
    pictures_url: str = ""
    countries: tuple[str, ...] = ()


# --- ACP -----------------------------------------------------------------------------------------


def acp(product: Product, publishing: Publishing) -> dict[str, Any]:
    """A product as the feed of the Agentic Commerce Protocol has it; what is not known is left out."""
    out: dict[str, Any] = {"id": clean(product.id), "title": clean(title_of(product))}
    if description := clean(description_of(product)):
        out["description"] = {"plain": description}
    if url := link(product.link):
        out["url"] = url
    media = media_of(
        [i.location for i in product.images] and pictures_of(product, Variant(""), publishing.pictures_url)
    )
    if media:
        out["media"] = media
    out["variants"] = [_acp_variant(product, variant, publishing) for variant in product.variants]
    return out


def media_of(addresses: list[str]) -> list[dict[str, str]]:
    """Pictures that have an address on the net."""
    return [{"type": "image", "url": url} for one in addresses if (url := link(one))]


def price_of(money: Money) -> dict[str, Any] | None:
    """Integer minor units and a currency; None where there is no currency to name."""
    if len(money.currency) != 3 or not money.currency.isascii() or not money.currency.isupper():
        return None
    return {"amount": minor_units(money), "currency": money.currency}


def _acp_variant(product: Product, variant: Variant, publishing: Publishing) -> dict[str, Any]:
    out: dict[str, Any] = {"id": clean(variant.id), "title": clean(variant_title(product, variant))}
    if url := link(variant.link or product.link):
        out["url"] = url
    if variant.gtin:
        out["barcodes"] = [{"type": "GTIN", "value": clean(variant.gtin)}]
    regular, sale = prices(variant)
    for name, money in (("price", sale or regular), ("list_price", regular if sale else None)):
        if money is not None and (told := price_of(money)) is not None:
            out[name] = told
    if variant.in_stock is not None:
        status = "in_stock" if variant.in_stock else "out_of_stock"
        out["availability"] = {"available": variant.in_stock, "status": status}
    paths = [category_path(path) for path in (product.category, *product.categories) if path]
    if paths:
        out["categories"] = [{"value": clean(path), "taxonomy": "merchant"} for path in paths]
    condition = own_attributes(product, variant).get("condition")
    if condition:
        out["condition"] = [clean(value) for value in condition]
    if variant.attributes:
        out["variant_options"] = [
            {"name": clean(name), "value": clean(value)}
            for name, values in variant.attributes.items()
            for value in values
        ]
    if media := media_of(pictures_of(product, variant, publishing.pictures_url)):
        out["media"] = media
    if publishing.seller:
        out["seller"] = {"name": publishing.seller}
    return out


# --- OpenAI --------------------------------------------------------------------------------------

OPENAI_COLUMNS = (
    "is_eligible_search", "is_eligible_checkout", "item_id", "title", "description", "url", "brand", "image_url",
    "additional_image_urls", "price", "sale_price", "availability", "group_id", "listing_has_variations",
    "variant_dict", "item_group_title", "gtin", "mpn", "product_category", "condition", "color", "size", "material",
    "gender", "age_group", "seller_name", "seller_url", "target_countries", "store_country",
)  # fmt: skip
_OPENAI_NEEDS = ("title", "description", "url", "brand", "image_url", "price", "availability", "seller_name")
_WORDS = ("condition", "color", "size", "material", "gender", "age_group")


def openai(product: Product, publishing: Publishing) -> Iterator[dict[str, Any]]:
    """The rows of a product in OpenAI's file upload, one a variant; what is not known is left out. Found in searches,
    never for checkout: that is agreed on with OpenAI first."""
    for variant in product.variants:
        yield {name: value for name, value in _openai(product, variant, publishing).items() if value not in ("", None)}


def _openai(product: Product, variant: Variant, publishing: Publishing) -> dict[str, Any]:
    regular, sale = prices(variant)
    pictures = [url for one in pictures_of(product, variant, publishing.pictures_url) if (url := link(one))]
    attributes = own_attributes(product, variant)
    several = len(product.variants) > 1
    apart = {clean(name): clean(" ".join(values)) for name, values in variant.attributes.items()}
    available = {None: "unknown", True: "in_stock", False: "out_of_stock"}[variant.in_stock]
    return {
        "is_eligible_search": True,
        "is_eligible_checkout": False,
        "item_id": clean(variant.id),
        "title": clean(variant_title(product, variant)),
        "description": clean(description_of(product)),
        "url": link(variant.link or product.link),
        "brand": clean(product.brand),
        "image_url": pictures[0] if pictures else "",
        "additional_image_urls": ",".join(url.replace(",", "%2C") for url in pictures[1:]),
        "price": amount(regular) if regular else "",
        "sale_price": amount(sale) if sale else "",
        "availability": available,
        "group_id": clean(product.id) if grouped(product) else "",
        "listing_has_variations": several,
        "variant_dict": json.dumps(apart, ensure_ascii=False) if several and apart else "",
        "item_group_title": clean(title_of(product)) if several else "",
        "gtin": clean(variant.gtin),
        "mpn": clean(variant.mpn),
        "product_category": clean(category_path(product.category)),
        **{name: clean("/".join(attributes.get(name, ()))) for name in _WORDS},
        "seller_name": publishing.seller,
        "seller_url": publishing.seller_url,
        "target_countries": ",".join(publishing.countries),
        "store_country": publishing.countries[0] if publishing.countries else "",
    }


def lacking(row: Mapping[str, Any]) -> list[str]:
    """Fields that OpenAI asks for and a row has not."""
    return [name for name in _OPENAI_NEEDS if not row.get(name)]


def table_line(row: Mapping[str, Any] | None, delimiter: str) -> str:
    """A row as a line of a table, the header for None; cells that a spreadsheet would run are neutral."""
    cells = OPENAI_COLUMNS if row is None else [cell(_plain(row.get(name, ""))) for name in OPENAI_COLUMNS]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerow(cells)
    return out.getvalue()


def _plain(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
