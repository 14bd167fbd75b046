"""Magento 2's product export: configurable rows are products, the simple rows that they name are their variants."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from shoplens.core.catalogue import ColumnUse, ImageRef, Product, RowProblem, Translation, Variant
from shoplens.feeds import values as read
from shoplens.feeds.columns import LANGUAGES, attribute_name
from shoplens.feeds.merging import merge
from shoplens.feeds.money import choose_prices, parse_money, within
from shoplens.feeds.rows import Part, Reader, Row

COLUMNS = (
    "sku", "store_view_code", "attribute_set_code", "product_type", "categories", "name", "description",
    "short_description", "product_online", "price", "special_price", "special_price_from_date",
    "special_price_to_date", "url_key", "base_image", "additional_images", "additional_attributes", "qty",
    "is_in_stock", "manage_stock", "configurable_variations",
)  # fmt: skip
"""The columns that are read; the others are Magento's bookkeeping."""
ROOT = "Default Category"
_FIELDS = {
    "sku": "id", "store_view_code": "translations", "product_type": "variants", "categories": "category",
    "name": "title", "short_description": "description", "product_online": "published", "special_price": "sale_price",
    "special_price_from_date": "sale_dates", "special_price_to_date": "sale_dates", "url_key": "link",
    "base_image": "image", "additional_images": "images", "additional_attributes": "attributes", "qty": "quantity",
    "is_in_stock": "in_stock", "manage_stock": "in_stock", "configurable_variations": "variants",
}  # fmt: skip
"""Columns that have another name with us."""

_BOOKKEEPING = frozenset({"has_options", "required_options"})
_PAIR = re.compile(r"(?:^|,)\"?([A-Za-z][\w.\-]*)=")


def is_magento(headers: Sequence[str]) -> bool:
    """Whether a header is that of a Magento 2 export."""
    names = set(headers)
    return {"sku", "attribute_set_code", "product_type"} <= names and bool(
        names & {"additional_attributes", "configurable_variations", "store_view_code"}
    )


class Magento:
    """Interprets a Magento 2 export."""

    grouped = True

    def __init__(self, currency: str = "") -> None:
        self._currency = currency
        self._parents: dict[str, str] = {}

    def uses(self, headers: Sequence[str]) -> list[ColumnUse]:
        """What each column is taken for."""
        return [
            ColumnUse(h, _FIELDS.get(h, h), "field") if h in COLUMNS else ColumnUse(h, "", "unused") for h in headers
        ]

    def prepare(self, reader: Reader) -> None:
        """Looks through the feed for which configurable product each simple one belongs to."""
        parents: dict[str, str] = {}
        for row in reader.rows():
            if isinstance(row, Row) and (variations := row.values.get("configurable_variations")):
                parent = read.text(row.values.get("sku"))
                for variation in variations.split("|"):
                    if child := pairs_of(variation).get("sku"):
                        parents.setdefault(child, parent)
        self._parents = parents

    def key(self, row: Row) -> str:
        """The configurable product's SKU, else the row's own."""
        own = read.text(row.values.get("sku"))
        return self._parents.get(own, own)

    def part(self, row: Row) -> Part | RowProblem:
        """A variant, the product that names it, or a store view's translation of either."""
        values = row.values
        own, key = read.text(values.get("sku")), self.key(row)
        if not own:
            return RowProblem(row.line, "sku", "there is no SKU", read.text(values.get("name"))[:120])
        view = read.text(values.get("store_view_code"))
        if view:
            return self._translation(row, own, key, view)
        if read.text(values.get("product_online")) == "2":
            return RowProblem(row.line, "product_online", "disabled in the shop", own, key)
        problems: list[RowProblem] = []
        attributes = read.attributes(self._attributes(values))
        product = Product(
            id=key,
            title=read.words(values.get("name")),
            description=read.words(values.get("description") or values.get("short_description")),
            attributes=attributes,
            images=_images(values),
            **_categories(values),
        )
        return Part(row.line, key, product, (self._variant(row, own, problems),), own == key, problems)

    def merge(self, parts: list[Part]) -> tuple[Product | None, list[RowProblem]]:
        """The configurable row speaks for the product."""
        if not any(part.variants for part in parts):
            return None, [_no_product(part) for part in parts]
        return merge(parts)

    def _translation(self, row: Row, own: str, key: str, view: str) -> Part | RowProblem:
        language = re.split(r"[_\-]", view.casefold())[0]
        if language == "cn":
            language = "zh"
        if language not in LANGUAGES:
            reason = "a row of a store view whose code names no language"
            return RowProblem(row.line, "store_view_code", reason, view, key)
        title = read.words(row.values.get("name"))
        description = read.words(row.values.get("description"))
        translations = (Translation(language, title, description),) if own == key and (title or description) else ()
        return Part(row.line, key, Product(id=key, translations=translations))

    def _variant(self, row: Row, own: str, problems: list[RowProblem]) -> Variant:
        values = row.values

        def attempt(name: str, parse: Any) -> Any:
            value = read.text(values.get(name))
            if not value:
                return None
            try:
                return parse(value)
            except ValueError as error:
                problems.append(RowProblem(row.line, name, str(error), value[:120], own, skipped=False))
                return None

        price = attempt("price", lambda value: parse_money(value, self._currency))
        special = attempt("special_price", lambda value: parse_money(value, self._currency))
        dates = "/".join(_iso(read.text(values.get(f"special_price_{end}_date"))) for end in ("from", "to"))
        if special is not None and not within(dates):
            special = None
        pays, was, _ = choose_prices(price, special, None)
        quantity = attempt("qty", read.whole)
        in_stock = attempt("is_in_stock", read.yes_or_no)
        counted = read.text(values.get("manage_stock")) != "0"
        if in_stock is None and quantity is not None:
            in_stock = quantity > 0
        whole_product = bool(read.text(values.get("configurable_variations")))
        return Variant(
            id=own,
            price=pays,
            list_price=was,
            in_stock=in_stock,
            quantity=quantity if counted and not whole_product else None,
            sku=own,
        )

    def _attributes(self, values: Mapping[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
        found = pairs_of(read.text(values.get("additional_attributes")))
        return [
            (attribute_name(name), tuple(map(read.words, read.texts(value, "|"))))
            for name, value in found.items()
            if name not in _BOOKKEEPING
        ]


def pairs_of(found: str) -> dict[str, str]:
    """Pairs such as size=XS,color=Black,note=a, b" -> pairs; a piece without "=" belongs to the value before it."""
    marks = list(_PAIR.finditer(found))
    ends = [mark.start() for mark in marks[1:]] + [len(found)]
    return {mark[1]: found[mark.end() : end].strip().strip('"') for mark, end in zip(marks, ends, strict=False)}


def _no_product(part: Part) -> RowProblem:
    return RowProblem(part.line, "sku", "a store view of a product that the feed has not", part.key, part.key)


def _images(values: Mapping[str, Any]) -> tuple[ImageRef, ...]:
    """Paths below Magento's media folder, without the slash that they start with."""
    found: dict[str, ImageRef] = {}
    for name, alt in (("base_image", "base_image_label"), ("additional_images", "")):
        for location in read.texts(values.get(name), ","):
            if location != "no_selection":
                location = location if "://" in location else location.lstrip("/")
                found.setdefault(location, ImageRef(location, read.text(values.get(alt)) if alt else ""))
    return tuple(found.values())


def _categories(values: Mapping[str, Any]) -> dict[str, Any]:
    """Paths without the root that all share; one that another continues is left out."""
    paths: list[tuple[str, ...]] = []
    for path in re.split(r",(?=[^,/]+/|Default Category\b)", read.text(values.get("categories"))):
        levels = read.join_levels(level.strip() for level in path.split("/"))
        paths.append(levels[1:] if levels[:1] == (ROOT,) else levels)
    distinct = list(dict.fromkeys(path for path in paths if path))
    kept = [path for path in distinct if not any(other != path and other[: len(path)] == path for other in distinct)]
    return {"category": kept[0] if kept else (), "categories": tuple(kept[1:])}


def _iso(found: str) -> str:
    """Magento writes dates as month/day/year."""
    match = re.match(r"(\d{1,2})/(\d{1,2})/(\d{2,4})", found)
    if match is None:
        return found
    year = match[3] if len(match[3]) == 4 else f"20{match[3]}"
    return f"{year}-{int(match[1]):02d}-{int(match[2]):02d}"
