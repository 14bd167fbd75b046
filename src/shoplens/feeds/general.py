"""Rows of any shop -> parts of products, by the meaning of their columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shoplens.core.catalogue import ColumnUse, DerivedText, ImageRef, Money, Product, RowProblem, Translation, Variant
from shoplens.feeds import values as read
from shoplens.feeds.bounds import MAX_ID
from shoplens.feeds.columns import ATTRIBUTES, TRANSLATED, Columns, attribute_name, recognise
from shoplens.feeds.merging import merge
from shoplens.feeds.money import choose_prices, parse_money, within
from shoplens.feeds.rows import Part, Reader, Row

_SEPARATORS = {"tags": ",;|"}


class General:
    """Rows whose columns have usual names, or are mapped.

    Args:
        mapping: target -> column, see ``columns.TARGETS``.
        currency: of amounts that name none.
        slashes: whether "Red/Blue" in colour and material are several values, as Google Merchant says.
    """

    def __init__(self, mapping: Mapping[str, str] | None = None, currency: str = "", *, slashes: bool = False) -> None:
        self._mapping = dict(mapping or {})
        self.currency = currency
        self._slashes = slashes
        self._known: dict[tuple[str, ...], Columns] = {}
        self.grouped = False

    def columns(self, row: Mapping[str, Any]) -> Columns:
        """The meaning of a row's columns; worked out once for all rows that have the same."""
        headers = tuple(row)
        found = self._known.get(headers)
        if found is None:
            if len(self._known) > 1000:
                self._known.clear()
            found = self._known[headers] = recognise(headers, self._mapping)
        return found

    def uses(self, headers: Sequence[str]) -> list[ColumnUse]:
        """What each column is taken for."""
        return recognise(headers, self._mapping).uses(headers)

    def prepare(self, reader: Reader) -> None:
        """Looks whether the feed has groups at all."""
        self.grouped = "item_group_id" in recognise(reader.columns, self._mapping).one

    def key(self, row: Row) -> str:
        """The group's id, else the row's."""
        values = self._flat(row.values)
        return self._ids(values, self.columns(values))[0]

    def part(self, row: Row) -> Part | RowProblem:
        """What the row says about its product."""
        values = self._flat(row.values)
        columns = self.columns(values)
        key, own = self._ids(values, columns)
        if not key:
            return RowProblem(row.line, "id", "there is no id", _excerpt(values))
        if len(key) > MAX_ID or len(own) > MAX_ID:
            return RowProblem(row.line, "id", f"an id of more than {MAX_ID} characters", own[:120])
        reading = Reading(row.line, own, values, columns, self.currency)
        attributes = reading.attributes(self._slashes)
        pictures = reading.images()
        variants = self._variants(reading, own)
        product = Product(
            id=key,
            title=read.words(reading.get("title")),
            description=read.words(reading.get("description")),
            brand=read.words(reading.get("brand")),
            link=read.text(reading.get("link")),
            attributes=attributes,
            images=pictures,
            translations=reading.translations(),
            derived=reading.derived(),
            variants=variants,
            **reading.categories(),
        )
        return Part(row.line, key, product, variants, own == key, reading.problems)

    def merge(self, parts: list[Part]) -> tuple[Product | None, list[RowProblem]]:
        """Rows of one group are the variants of one product."""
        return merge(parts)

    def _flat(self, values: dict[str, Any]) -> dict[str, Any]:
        """Mapped columns may lie inside objects ("offer.price"); they are lifted to the top."""
        if not self._mapping:
            return values
        dotted = [header for header in self._mapping.values() if "." in header and header not in values]
        if not dotted:
            return values
        out = dict(values)
        for header in dotted:
            outer, _, inner = header.partition(".")
            if isinstance(values.get(outer), Mapping):
                out[header] = values[outer].get(inner)
        return out

    def _ids(self, values: Mapping[str, Any], columns: Columns) -> tuple[str, str]:
        """(product id, the row's own id); "" where there is none."""
        one = columns.one
        own = read.text(values.get(one["id"])) if "id" in one else ""
        group = read.text(values.get(one["item_group_id"])) if "item_group_id" in one else ""
        if not own and "sku" in one:
            own = read.text(values.get(one["sku"]))
        return group or own, own or group

    def _variants(self, reading: Reading, own: str) -> tuple[Variant, ...]:
        offer = reading.offer()
        nested = reading.get("variants")
        if not isinstance(nested, list) or not nested:
            return (Variant(own, **offer),)
        out: list[Variant] = []
        for position, each in enumerate(nested):
            if not isinstance(each, Mapping):
                reading.problem("variants", "a variant must be an object", str(each))
                continue
            columns = self.columns(each)
            inner = Reading(reading.line, own, each, columns, reading.currency, reading.problems)
            mine = read.text(inner.get("id")) or inner.sku() or f"{own}-{position + 1}"
            given = {name: value for name, value in inner.offer().items() if value not in (None, "")}
            shared = ("in_stock",) if "price" in given else ("price", "list_price", "in_stock")
            attributes = inner.attributes(self._slashes)
            if (title := read.words(inner.get("title"))) and title != "Default Title":
                attributes.setdefault("variant_title", (title,))
            out.append(
                Variant(
                    mine,
                    **{**{name: offer[name] for name in shared if name in offer}, **given},
                    link=read.text(inner.get("link")),
                    attributes=attributes,
                    images=inner.images(),
                )
            )
        return tuple(out)


class Reading:
    """One row (or one variant inside of it), read by meaning; what is wrong with a field is noted, not raised."""

    def __init__(
        self,
        line: int,
        own: str,
        values: Mapping[str, Any],
        columns: Columns,
        currency: str,
        problems: list[RowProblem] | None = None,
    ) -> None:
        self.line, self.own, self.values, self.columns = line, own, values, columns
        self._currency = currency
        self.problems: list[RowProblem] = [] if problems is None else problems

    def get(self, target: str) -> Any:
        """The value of a target's column, None if there is none."""
        header = self.columns.one.get(target)
        return None if header is None else self.values.get(header)

    def problem(self, field: str, reason: str, value: Any) -> None:
        """Notes a field that could not be used."""
        self.problems.append(RowProblem(self.line, field, reason, str(value)[:120], self.own, skipped=False))

    def attempt(self, target: str, parse: Callable[[Any], Any], default: Any = None) -> Any:
        """A target's value, parsed; on ValueError it is noted and the default stands."""
        value = self.get(target)
        if value is None:
            return default
        try:
            return parse(value)
        except ValueError as error:
            self.problem(target, str(error), value)
            return default

    def sku(self) -> str:
        """The SKU, if it is a column of its own or stands in for the id."""
        return read.text(self.get("sku"))

    def offer(self) -> dict[str, Any]:
        """The fields of a Variant that are no words and no pictures."""
        if not self.columns.offers:
            return {}
        price, was = self._prices()
        quantity = self.attempt("quantity", read.whole)
        in_stock = self.attempt("in_stock", read.yes_or_no)
        if in_stock is None and quantity is not None:
            in_stock = quantity > 0
        return {
            "price": price,
            "list_price": was,
            "in_stock": in_stock,
            "quantity": quantity,
            "sku": self.sku(),
            "gtin": self.attempt("gtin", read.digits, ""),
            "mpn": read.text(self.get("mpn")),
        }

    def attributes(self, slashes: bool = False) -> dict[str, tuple[str, ...]]:
        """Attributes of columns that nothing else claims, of named attribute columns, and of attribute objects."""
        pairs: list[tuple[str, tuple[str, ...]]] = []
        for name in ATTRIBUTES:
            if name in self.columns.one:
                separators = _SEPARATORS.get(name, "/" if slashes and name in ("color", "material") else "")
                pairs.append((name, read.texts(self.get(name), separators)))
        for target in ("google_product_category",):
            if "category" in self.columns.one and (found := read.text(self.get(target))):
                pairs.append((target, (found,)))
        nested = self.get("attributes")
        if nested:
            pairs.extend(read.attribute_pairs(nested))
        for header, name in self.columns.rest:
            value = self.values.get(header)
            if isinstance(value, Mapping):
                pairs.extend((f"{name}.{attribute_name(str(k))}", read.texts(v)) for k, v in value.items())
            elif value is not None and value != "":
                pairs.append((name, read.texts(value)))
        return read.attributes(pairs)

    def images(self) -> tuple[ImageRef, ...]:
        """The main picture first, then the others, each once."""
        alt = read.text(self.get("image_alt"))
        found: dict[str, ImageRef] = {}
        headers = [self.columns.one["image"]] if "image" in self.columns.one else []
        for header in (*headers, *self.columns.images):
            value = self.values.get(header)
            if value is None or value == "":
                continue
            try:
                for image in read.images(value, alt if header in headers else ""):
                    known = found.setdefault(image.location, image)
                    if image.alt and not known.alt:
                        found[image.location] = image
            except ValueError as error:
                self.problem(header, str(error), value)
        return tuple(list(found.values())[: read.MAX_IMAGES])

    def categories(self) -> dict[str, Any]:
        """``category`` and ``categories`` of a Product."""
        if not self.columns.categorised:
            return {}
        value = self.get("category")
        paths = read.category_paths(value) if value not in (None, "") else ()
        if self.columns.levels:
            levels = (read.category_paths(self.values.get(header)) for header in self.columns.levels)
            path = read.join_levels(level for found in levels if found for level in found[0])
            paths = (path, *paths) if path else paths
        if not paths and (google := read.text(self.get("google_product_category"))) and not google.isdigit():
            paths = read.category_paths(google)
        further = self.get("more_categories")
        if further not in (None, ""):
            paths = tuple(dict.fromkeys((*paths, *read.category_paths(further))))
        return {"category": paths[0] if paths else (), "categories": paths[1:]}

    def translations(self) -> tuple[Translation, ...]:
        """Titles and descriptions of columns such as "title_zh"; languages in the columns' order."""
        if not self.columns.languages and "translations" not in self.columns.one:
            return ()
        found: dict[str, dict[str, str]] = {}
        for language, name, header in self.columns.languages:
            if value := read.words(self.values.get(header)):
                found.setdefault(language, {}).setdefault(name, value)
        given = self.get("translations")
        if isinstance(given, Mapping):
            given = [{"language": language, **each} for language, each in given.items() if isinstance(each, Mapping)]
        for each in given if isinstance(given, list) else []:
            if isinstance(each, Mapping) and (language := read.text(each.get("language"))):
                for name in TRANSLATED:
                    if value := read.words(each.get(name)):
                        found.setdefault(language, {}).setdefault(name, value)
        return tuple(Translation(language, **texts) for language, texts in found.items())

    def derived(self) -> tuple[DerivedText, ...]:
        """Captions and tags of machines, which a ShopLens export carries along."""
        given = self.get("derived")
        out = []
        for each in given if isinstance(given, list) else []:
            try:
                confidence = float(each["confidence"])
                if not 0.0 <= confidence <= 1.0:  # NaN too
                    raise ValueError(confidence)
                said = read.words(each["text"])
                out.append(DerivedText(read.text(each["field"]), said, read.text(each["source"]), confidence))
            except (KeyError, TypeError, ValueError, OverflowError):
                self.problem("derived", "needs field, text, source and confidence (0 to 1)", each)
        return tuple(out)

    def _prices(self) -> tuple[Money | None, Money | None]:
        currency = self.currency
        price = self._money("price", currency)
        if price is None and "price" not in self.columns.one:
            price = self._minor("price_minor", currency)
        sale = self._money("sale_price", currency)
        dates = read.text(self.get("sale_dates"))
        if sale is not None and dates and not within(dates):
            sale = None
        pays, was, odd = choose_prices(price, sale, self._money("list_price", currency))
        if odd:
            self.problem("price", odd, read.text(self.get("price")))
        return pays, was

    @property
    def currency(self) -> str:
        """The currency that the row names, else the one given for amounts that name none (its product's, say)."""
        return read.text(self.get("currency")).upper() or self._currency

    def _money(self, target: str, currency: str) -> Money | None:
        value = self.get(target)
        if value is None or value != value or (isinstance(value, str) and not read.text(value)):
            return None
        try:
            if isinstance(value, Mapping):
                return _money_object(value, currency)
            return parse_money(value, self.columns.money.get(target, currency))
        except (ValueError, TypeError) as error:
            self.problem("price" if target == "price" else target, str(error), value)
            return None

    def _minor(self, target: str, currency: str) -> Money | None:
        found = self.attempt(target, read.whole)
        return Money(found, currency) if found is not None and found >= 0 else None


def _money_object(value: Mapping[str, Any], currency: str) -> Money:
    named = read.text(value.get("currency") or value.get("currencyCode") or value.get("currency_code")) or currency
    if "minor" in value:
        found = read.whole(value["minor"])
        if found is None or found < 0:
            raise ValueError("not an amount in minor units")
        return Money(found, named.upper())
    for name in ("amount", "value", "price"):
        if name in value:
            return parse_money(value[name], named)
    raise ValueError("no amount in it")


def _excerpt(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{k}={str(v)[:30]}" for k, v in list(values.items())[:6] if v not in (None, ""))[:160]
