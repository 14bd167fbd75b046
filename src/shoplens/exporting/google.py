"""Google Merchant: a row a variant, as XML (RSS 2.0) or as a table of tabs.

Names and values are those of the product data specification; what Google has no name for goes along as
``product_detail`` (attributes) or in the namespace of custom attributes ``c`` (SKU, quantity, further languages), so
that ``shoplens index`` reads the same products out of it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

from shoplens.core.catalogue import Product, Variant, category_path
from shoplens.exporting.values import (
    address,
    amount,
    cell,
    clean,
    grouped,
    own_attributes,
    prices,
)

NAMESPACE = "http://base.google.com/ns/1.0"
CUSTOM = "http://base.google.com/cns/1.0"
_NAMED = ("color", "size", "material", "pattern", "gender", "age_group", "condition", "google_product_category")
_JOINED = ("color", "material")
"""Several values of these are one, with slashes between."""
_COLUMNS = (
    "id", "item_group_id", "title", "description", "link", "image_link", "additional_image_link", "availability",
    "price", "sale_price", "brand", "gtin", "mpn", "product_type", *_NAMED, "product_detail", "sku", "quantity",
)  # fmt: skip
HEADER = "\t".join(_COLUMNS) + "\n"

Row = Mapping[str, Sequence[str]]
"""Name -> values; details are (attribute, value) by the names ``detail:ATTRIBUTE``."""


def rows(product: Product, pictures_url: str) -> Iterator[Row]:
    """The rows of a product; what is empty is left out."""
    for variant in product.variants:
        yield {name: values for name, values in _row(product, variant, pictures_url).items() if any(values)}


def _row(product: Product, variant: Variant, pictures_url: str) -> dict[str, Sequence[str]]:
    price, sale = prices(variant)
    # A variant's own picture first, then those of the product; ``index`` finds what all rows share.
    shown = product.variant_images(variant) if len(product.variants) == 1 else (*variant.images, *product.images)
    images = list(dict.fromkeys(address(image, pictures_url) for image in shown))
    available = {None: "", True: "in_stock", False: "out_of_stock"}[variant.in_stock]
    out: dict[str, Sequence[str]] = {
        "id": [variant.id],
        "item_group_id": [product.id if grouped(product) else ""],
        "title": [product.title],
        "description": [product.description],
        "link": [variant.link or product.link],
        "image_link": images[:1],
        "additional_image_link": images[1:],
        "availability": [available],
        "price": [amount(price) if price else ""],
        "sale_price": [amount(sale) if sale else ""],
        "brand": [product.brand],
        "gtin": [variant.gtin],
        "mpn": [variant.mpn],
        "product_type": [category_path(path) for path in (product.category, *product.categories) if path],
    }
    for name, values in own_attributes(product, variant).items():
        if name in _JOINED:
            out[name] = ["/".join(values)]
        elif name in _NAMED and len(values) == 1:
            out[name] = values
        else:
            out[f"detail:{name}"] = values
    out["c:sku"] = [variant.sku]
    out["c:quantity"] = ["" if variant.quantity is None else str(variant.quantity)]
    for other in product.translations:
        out[f"c:title_{other.language}"] = [other.title]
        out[f"c:description_{other.language}"] = [other.description]
    return out


# --- XML -----------------------------------------------------------------------------------------


def head(title: str, url: str) -> str:
    """What stands before the items."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<rss version="2.0" xmlns:g="{NAMESPACE}" xmlns:c="{CUSTOM}">\n<channel>\n'
        f"<title>{_text(title)}</title>\n<link>{_text(url)}</link>\n<description>{_text(title)}</description>\n"
    )


FOOT = "</channel>\n</rss>\n"


def item(row: Row) -> str:
    """A row as an item."""
    parts = ["<item>"]
    for name, values in row.items():
        if name.startswith("detail:"):
            parts += [_detail(name[7:], value) for value in values if value]
            continue
        tag = name if name.startswith("c:") else f"g:{name}"
        if not _is_name(tag[2:]):
            continue
        parts += [f"  <{tag}>{_text(value)}</{tag}>" for value in values if value]
    return "\n".join([*parts, "</item>", ""])


def _detail(name: str, value: str) -> str:
    named = f"<g:attribute_name>{_text(name)}</g:attribute_name>"
    return f"  <g:product_detail>{named}<g:attribute_value>{_text(value)}</g:attribute_value></g:product_detail>"


def _text(text: str) -> str:
    return escape(clean(text))


def _is_name(text: str) -> bool:
    return text.isascii() and text.replace("_", "").replace("-", "").isalnum()


# --- a table -------------------------------------------------------------------------------------


def line(row: Row) -> str:
    """A row as a line of the table; cells that a spreadsheet would run are neutral."""
    found: dict[str, str] = {}
    details = []
    for name, values in row.items():
        if name.startswith("detail:"):
            details += [":".join(("", _flat(name[7:]), _flat(value))) for value in values]
        else:
            found[name.removeprefix("c:")] = ",".join(map(_comma, values)) if len(values) > 1 else values[0]
    found["product_detail"] = ",".join(details)
    out = io.StringIO()
    csv.writer(out, delimiter="\t", lineterminator="\n").writerow([cell(found.get(name, "")) for name in _COLUMNS])
    return out.getvalue()


def _flat(text: str) -> str:
    return text.replace(":", " ").replace(",", " ")


def _comma(text: str) -> str:
    return text.replace(",", "%2C") if text.startswith(("http://", "https://")) else text.replace(",", " ")
