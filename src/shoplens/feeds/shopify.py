"""Shopify's product CSV, both dialects: rows of one handle are variants and further pictures of one product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from shoplens.core.catalogue import ColumnUse, ImageRef, Money, Product, RowProblem, Variant
from shoplens.feeds import values as read
from shoplens.feeds.columns import attribute_name, fold
from shoplens.feeds.merging import merge
from shoplens.feeds.money import choose_prices, parse_money
from shoplens.feeds.rows import Part, Reader, Row

# Meaning -> headers of the old dialect and of the new one (compared without case, spaces and punctuation).
FIELDS: dict[str, tuple[str, ...]] = {
    "handle": ("Handle", "URL handle"),
    "title": ("Title",),
    "description": ("Body (HTML)", "Body HTML", "Description"),
    "brand": ("Vendor",),
    "category": ("Product Category", "Standard Product Type"),
    "type": ("Type", "Custom Product Type"),
    "tags": ("Tags",),
    "published": ("Published", "Published on online store"),
    "status": ("Status",),
    "sku": ("Variant SKU", "SKU"),
    "gtin": ("Variant Barcode", "Barcode"),
    "price": ("Variant Price", "Price"),
    "list_price": ("Variant Compare At Price", "Compare-at price"),
    "quantity": ("Variant Inventory Qty", "Inventory quantity"),
    "tracker": ("Variant Inventory Tracker", "Inventory tracker"),
    "policy": ("Variant Inventory Policy",),
    "continue": ("Continue selling when out of stock",),
    "image": ("Image Src", "Product image URL"),
    "image_alt": ("Image Alt Text",),
    "variant_image": ("Variant Image", "Variant image URL"),
    "google_product_category": ("Google Shopping / Google Product Category",),
    "gender": ("Google Shopping / Gender",),
    "age_group": ("Google Shopping / Age Group",),
    "mpn": ("Google Shopping / MPN", "Google Shopping / Manufacturer part number (MPN)"),
}
OPTIONS = tuple((f"Option{n} Name", f"Option{n} Value") for n in (1, 2, 3))

_MEANINGS = {fold(header): target for target, headers in FIELDS.items() for header in headers}
_OPTIONS = {fold(header): (n, part) for n, pair in enumerate(OPTIONS) for part, header in enumerate(pair)}
_METAFIELD = ".metafields."


def _use(header: str) -> ColumnUse:
    name = fold(header)
    if target := _MEANINGS.get(name):
        return ColumnUse(
            header, {"handle": "id", "variant_image": "image", "type": "category"}.get(target, target), "field"
        )
    if name in _OPTIONS:
        return ColumnUse(header, f"option {_OPTIONS[name][0] + 1}", "field")
    if _METAFIELD in header:
        return ColumnUse(header, attribute_name(header.split("(")[0]) or attribute_name(header), "extra")
    return ColumnUse(header, "", "unused")


def is_shopify(headers: Sequence[str]) -> bool:
    """Whether a header is one of Shopify's."""
    names = {fold(header) for header in headers}
    old = {"handle", "title"} <= names and bool(names & {"bodyhtml", "variantprice", "option1value", "imagesrc"})
    new = {"urlhandle", "title"} <= names and bool(names & {"option1value", "productimageurl", "price", "sku"})
    return old or new


class Shopify:
    """Interprets Shopify's columns; what it does not know (metafields apart) is Shopify's bookkeeping and left out."""

    grouped = True

    def __init__(self, currency: str = "") -> None:
        self._currency = currency
        self._headers: dict[str, str] = {}
        self._options: dict[tuple[int, int], str] = {}
        self._metafields: list[tuple[str, str]] = []

    def uses(self, headers: Sequence[str]) -> list[ColumnUse]:
        """What each column is taken for."""
        return [_use(header) for header in headers]

    def prepare(self, reader: Reader) -> None:
        """Finds the columns."""
        for header in reader.columns:
            name = fold(header)
            if target := _MEANINGS.get(name):
                self._headers.setdefault(target, header)
            elif name in _OPTIONS:
                self._options.setdefault(_OPTIONS[name], header)
            elif _METAFIELD in header:
                self._metafields.append((header, attribute_name(header.split("(")[0]) or attribute_name(header)))

    def key(self, row: Row) -> str:
        """The handle."""
        return self._text(row.values, "handle")

    def part(self, row: Row) -> Part | RowProblem:
        """A variant, or only a picture; words and attributes from the handle's first row."""
        values = row.values
        handle = self.key(row)
        if not handle:
            return RowProblem(row.line, "id", "there is no handle", self._text(values, "title"))
        status, published = self._text(values, "status").casefold(), self._text(values, "published").casefold()
        if status in ("draft", "archived") or published in ("false", "no"):
            reason = "not for sale in the shop: " + (
                f"status {status}" if status not in ("", "active") else "not published"
            )
            return RowProblem(row.line, "status", reason, handle, handle)
        problems: list[RowProblem] = []
        options = tuple((n, self._option(values, n, 0), self._option(values, n, 1)) for n in range(len(OPTIONS)))
        product = Product(
            id=handle,
            title=read.words(self._get(values, "title")),
            description=read.words(self._get(values, "description")),
            brand=self._text(values, "brand"),
            attributes=self._attributes(values),
            images=self._images(row, "image", problems, self._text(values, "image_alt")),
            **self._categories(values),
        )
        variants: tuple[Variant, ...] = ()
        if any(value for _, _, value in options) or any(self._text(values, name) for name in ("sku", "price")):
            variants = (self._variant(row, problems),)
        return Part(row.line, handle, product, variants, False, problems, options)

    def merge(self, parts: list[Part]) -> tuple[Product | None, list[RowProblem]]:
        """One product: option names come from its first row that has them, pictures from all rows."""
        names: dict[int, str] = {}
        for part in parts:
            for n, name, _ in part.options:
                if name:
                    names.setdefault(n, name)
        pictures: dict[str, ImageRef] = {}
        taken: set[str] = set()
        flat: list[Part] = []
        problems: list[RowProblem] = []
        for part in parts:
            for image in part.product.images:
                pictures.setdefault(image.location, image)
            chosen = [(names.get(n, f"Option{n + 1}"), value) for n, _, value in part.options if value]
            if [value for _, value in chosen] == ["Default Title"]:
                chosen = []
            variants = []
            for variant in part.variants:
                own = _variant_id(part.key, variant.sku, chosen, taken)
                taken.add(own)
                attributes = read.attributes((attribute_name(name), (value,)) for name, value in chosen)
                variants.append(replace(variant, id=own, attributes=attributes))
            flat.extend(replace(part, product=replace(part.product, images=()), variants=(v,)) for v in variants)
            if not variants:
                problems.extend(part.problems)
        if not flat:
            flat = [replace(parts[0], variants=(Variant(parts[0].key),))]
        head = parts[0].product
        merged, found = merge([replace(part, product=replace(part.product, attributes={})) for part in flat])
        if merged is None:
            return None, problems + found
        attributes = {**head.attributes, **merged.attributes}
        return replace(merged, attributes=attributes, images=tuple(pictures.values())), problems + found

    def _variant(self, row: Row, problems: list[RowProblem]) -> Variant:
        values = row.values
        price, was, odd = choose_prices(
            self._money(row, "price", problems), None, self._money(row, "list_price", problems)
        )
        if odd:
            problems.append(self._problem(row, "price", odd, self._text(values, "price")))
        quantity = self._attempt(row, "quantity", read.whole, problems)
        oversold = self._text(values, "policy").casefold() == "continue" or self._text(
            values, "continue"
        ).casefold() in (
            "true",
            "yes",
        )
        in_stock: bool | None = None
        if "quantity" in self._headers or "tracker" in self._headers:
            # Without a tracker Shopify counts nothing: the quantity of such exports is 0 or 1 and means little.
            untracked = "tracker" in self._headers and not self._text(values, "tracker") and quantity is None
            in_stock = oversold or untracked or (quantity is not None and quantity > 0)
        return Variant(
            id=self.key(row),
            price=price,
            list_price=was,
            in_stock=in_stock,
            quantity=quantity,
            sku=self._text(values, "sku"),
            gtin=self._attempt(row, "gtin", read.digits, problems) or "",
            mpn=self._text(values, "mpn"),
            images=self._images(row, "variant_image", problems),
        )

    def _attributes(self, values: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        pairs = [("tags", read.texts(self._get(values, "tags"), ","))]
        if self._text(values, "type") and self._text(values, "category"):
            pairs.append(("type", (self._text(values, "type"),)))
        pairs += [(name, read.texts(self._get(values, name))) for name in ("gender", "age_group")]
        pairs += [(name, read.texts(values.get(header), ";")) for header, name in self._metafields]
        return read.attributes(pairs)

    def _categories(self, values: Mapping[str, Any]) -> dict[str, Any]:
        for name in ("category", "type", "google_product_category"):
            found = self._text(values, name)
            if found and not found.isdigit():
                paths = read.category_paths(found)
                return {"category": paths[0] if paths else ()}
        return {}

    def _images(self, row: Row, name: str, problems: list[RowProblem], alt: str = "") -> tuple[ImageRef, ...]:
        try:
            return read.images(self._get(row.values, name), alt)
        except ValueError as error:
            problems.append(self._problem(row, name, str(error), self._text(row.values, name)))
            return ()

    def _money(self, row: Row, name: str, problems: list[RowProblem]) -> Money | None:
        found = self._attempt(row, name, lambda value: parse_money(value, self._currency), problems)
        return found if isinstance(found, Money) else None

    def _attempt(self, row: Row, name: str, parse: Any, problems: list[RowProblem]) -> Any:
        value = self._text(row.values, name)
        if not value:
            return None
        try:
            return parse(value)
        except ValueError as error:
            problems.append(self._problem(row, name, str(error), value))
            return None

    def _problem(self, row: Row, name: str, reason: str, value: str) -> RowProblem:
        return RowProblem(row.line, name, reason, value[:120], self.key(row), skipped=False)

    def _get(self, values: Mapping[str, Any], name: str) -> Any:
        header = self._headers.get(name)
        return None if header is None else values.get(header)

    def _text(self, values: Mapping[str, Any], name: str) -> str:
        return read.text(self._get(values, name))

    def _option(self, values: Mapping[str, Any], n: int, part: int) -> str:
        header = self._options.get((n, part))
        return "" if header is None else read.text(values.get(header))


def _variant_id(handle: str, sku: str, chosen: list[tuple[str, str]], taken: set[str]) -> str:
    """The SKU; without one (or when it comes twice) the handle with the options' values."""
    if sku and sku not in taken:
        return sku
    return ":".join((handle, *(value for _, value in chosen))) if chosen else handle
