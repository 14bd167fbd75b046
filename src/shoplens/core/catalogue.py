"""What a shop sells: products, their variants, pictures and money; content hashes; flat records for filters."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from shoplens.core.making import maker

# ISO 4217 currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    "JPY": 0,
    "KRW": 0,
    "VND": 0,
    "CLP": 0,
    "ISK": 0,
    "BHD": 3,
    "KWD": 3,
    "OMR": 3,
    "JOD": 3,
    "TND": 3,
}
MAX_MINOR = 2**53 - 1
"""Largest amount: what JSON readers and float64 filter columns still hold exactly."""

Attributes = Mapping[str, tuple[str, ...]]
"""Attribute name -> values, as the shop gave them."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in integer minor units of a currency (ISO 4217, upper case; "" when the feed names none)."""

    minor: int
    currency: str = ""

    @property
    def exponent(self) -> int:
        """Number of decimal digits of the currency's minor unit."""
        return _EXPONENTS.get(self.currency, 2)

    @property
    def amount(self) -> Decimal:
        """The amount in the major unit."""
        return Decimal(self.minor).scaleb(-self.exponent)

    @property
    def major(self) -> float:
        """The same as a float: the one that is nearest, as a division of whole numbers is rounded once."""
        unit: int = 10**self.exponent
        return self.minor / unit

    def __str__(self) -> str:
        return f"{self.amount:.{self.exponent}f} {self.currency}".strip()

    @classmethod
    def of(cls, amount: Decimal | str | float, currency: str = "") -> Money:
        """From an amount in the major unit, rounded half up to the minor unit.

        Raises:
            ValueError: not a finite number, or larger than MAX_MINOR minor units.
        """
        money = cls(0, currency.strip().upper())
        try:
            value = Decimal(str(amount)) if isinstance(amount, float) else Decimal(amount)
            minor = value.scaleb(money.exponent).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        except InvalidOperation as error:
            raise ValueError(f"not an amount of money: {amount!r}") from error
        if not minor.is_finite() or abs(minor) > MAX_MINOR:
            raise ValueError(f"not an amount of money: {amount!r}")
        return replace(money, minor=int(minor))


@dataclass(frozen=True, slots=True)
class ImageRef:
    """Where a picture lies, as the feed gave it: a path (relative to the pictures' folder or zip) or a URL."""

    location: str
    alt: str = ""

    @property
    def host(self) -> str:
        """The server of a URL, in lower case; "" for a path and for what is no whole URL."""
        if not self.location.startswith(("http://", "https://")):
            return ""
        try:
            return urlsplit(self.location).netloc.lower()
        except ValueError:  # "http://[x"
            return ""


@dataclass(frozen=True, slots=True)
class DerivedText:
    """Text that a machine made (caption, tags): kept apart from what the shop said, with source and confidence."""

    field: str
    text: str
    source: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Translation:
    """A product's words in another language (BCP 47 code such as "zh")."""

    language: str
    title: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Variant:
    """One sellable SKU. ``price`` is what a shopper pays now; ``list_price`` what it cost before, if higher."""

    id: str
    price: Money | None = None
    list_price: Money | None = None
    in_stock: bool | None = None
    quantity: int | None = None
    sku: str = ""
    gtin: str = ""
    mpn: str = ""
    link: str = ""
    attributes: Attributes = field(default_factory=dict)
    images: tuple[ImageRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Product:
    """What shoppers call one thing. Only ``id`` is required; a product always has at least one variant.

    ``category`` is a path from the general to the special; ``categories`` holds further paths.
    ``images`` are shown by every variant that has none of its own.
    """

    id: str
    title: str = ""
    description: str = ""
    brand: str = ""
    category: tuple[str, ...] = ()
    categories: tuple[tuple[str, ...], ...] = ()
    link: str = ""
    attributes: Attributes = field(default_factory=dict)
    images: tuple[ImageRef, ...] = ()
    variants: tuple[Variant, ...] = ()
    translations: tuple[Translation, ...] = ()
    derived: tuple[DerivedText, ...] = ()

    def __post_init__(self) -> None:
        if not self.variants:
            object.__setattr__(self, "variants", (Variant(self.id),))

    def variant_images(self, variant: Variant) -> tuple[ImageRef, ...]:
        """The pictures that show a variant: its own, else the product's."""
        return variant.images or self.images

    def all_images(self) -> tuple[ImageRef, ...]:
        """Every picture of the product once, the product's own first."""
        seen: dict[str, ImageRef] = {}
        for image in (*self.images, *(i for v in self.variants for i in v.images)):
            seen.setdefault(image.location, image)
        return tuple(seen.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data without empty fields; ``from_dict`` is the inverse."""
        data: dict[str, Any] = _plain(self)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Product:
        """The inverse of ``to_dict``. Raises KeyError or TypeError on data of another shape."""
        get = data.get
        return _make_product(
            data["id"],
            get("title", ""),
            get("description", ""),
            get("brand", ""),
            tuple(get("category", ())),
            tuple([tuple(path) for path in data["categories"]]) if "categories" in data else (),
            get("link", ""),
            _attributes(data["attributes"]) if "attributes" in data else {},
            _images(data["images"]) if "images" in data else (),
            tuple([_variant(v) for v in get("variants", ())]),
            tuple([Translation(**t) for t in data["translations"]]) if "translations" in data else (),
            tuple([DerivedText(**d) for d in data["derived"]]) if "derived" in data else (),
        )

    @property
    def content_hash(self) -> str:
        """Changes when anything about the product changes."""
        return _digest(self.to_dict())

    @property
    def words_hash(self) -> str:
        """Changes when the words do that make the product's text embedding and its word index row."""
        words = [self.id, self.title, self.description, self.brand, self.category, self.categories]
        variants = [[v.id, v.sku, v.gtin, v.mpn, _sorted(v.attributes)] for v in self.variants]
        translated = [[t.language, t.title, t.description] for t in self.translations]
        derived = [[d.field, d.text] for d in self.derived]
        return _digest([words, _sorted(self.attributes), variants, translated, derived])

    @property
    def pictures_hash(self) -> str:
        """Changes when the pictures do, or which variants show them."""
        own = [image.location for image in self.images]
        return _digest([own, [[v.id, [i.location for i in v.images]] for v in self.variants]])


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row of a feed that could not be used, or of which a field could not.

    ``skipped`` tells whether the whole row was left out; else only the field was.
    """

    line: int
    field: str
    reason: str
    value: str = ""
    product_id: str = ""
    skipped: bool = True


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """What a column of a feed was taken for.

    ``kind``: "field" (``field`` is one of ours), "extra" (an attribute of that name), "unused" (``field`` is "").
    """

    column: str
    field: str
    kind: str


RESERVED_FIELDS = (
    "id", "variant_id", "title", "brand", "category", "price", "list_price", "currency",
    "in_stock", "quantity", "on_sale", "sku", "gtin", "mpn", "has_picture",
)  # fmt: skip
"""Fields that a filter can name in every shop; all other names are attributes."""


def category_path(path: tuple[str, ...]) -> str:
    """A category as filters and facets write it: "Men > Tops"."""
    return " > ".join(path)


def record(product: Product, variant: Variant) -> dict[str, tuple[Any, ...]]:
    """One variant as filters see it: field -> values (str, float or bool).

    Attributes of the variant hide the product's of the same name. A category counts with all
    its ancestors. Money is in the major unit.
    """
    out: dict[str, tuple[Any, ...]] = {name: tuple(values) for name, values in product.attributes.items() if values}
    out |= {name: tuple(values) for name, values in variant.attributes.items() if values}
    paths = (product.category, *product.categories)
    ancestors = dict.fromkeys(category_path(p[:n]) for p in paths for n in range(1, len(p) + 1))
    fields: dict[str, Any] = {
        "id": product.id,
        "variant_id": variant.id,
        "title": product.title,
        "brand": product.brand,
        "category": tuple(ancestors),
        "sku": variant.sku,
        "gtin": variant.gtin,
        "mpn": variant.mpn,
        "quantity": None if variant.quantity is None else float(variant.quantity),
        "in_stock": variant.in_stock,
        "has_picture": bool(product.variant_images(variant)),
    }
    if variant.price is not None:
        fields |= {"price": float(variant.price.amount), "currency": variant.price.currency}
        was = variant.list_price
        fields["on_sale"] = was is not None and was.minor > variant.price.minor
    if variant.list_price is not None:
        fields["list_price"] = float(variant.list_price.amount)
    for name, value in fields.items():
        if value not in (None, "", ()):
            out[name] = value if isinstance(value, tuple) else (value,)
        else:
            out.pop(name, None)
    return out


def records(product: Product) -> Iterator[dict[str, tuple[Any, ...]]]:
    """The records of all variants of a product, in order."""
    for variant in product.variants:
        yield record(product, variant)


_make_product, _make_variant, _make_money, _make_image = maker(Product), maker(Variant), maker(Money), maker(ImageRef)
_OF_VARIANT = frozenset(f.name for f in fields(Variant))


def _attributes(data: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in data.items()}


def _images(data: Any) -> tuple[ImageRef, ...]:
    return tuple([_make_image(i["location"]) if len(i) == 1 else _make_image(**i) for i in data])


def _money(data: Mapping[str, Any]) -> Money:
    return _make_money(data["minor"], data["currency"]) if len(data) == 2 else _make_money(**data)


def _variant(data: Mapping[str, Any]) -> Variant:
    if not _OF_VARIANT.issuperset(data):
        raise TypeError(f"a variant has no {sorted(set(data) - _OF_VARIANT)}")
    get = data.get
    return _make_variant(
        data["id"],
        _money(data["price"]) if "price" in data else None,
        _money(data["list_price"]) if "list_price" in data else None,
        get("in_stock"),
        get("quantity"),
        get("sku", ""),
        get("gtin", ""),
        get("mpn", ""),
        get("link", ""),
        _attributes(data["attributes"]) if "attributes" in data else {},
        _images(data["images"]) if "images" in data else (),
    )


_FIELDS = {
    kind: tuple((f.name, f.default is MISSING and f.default_factory is MISSING) for f in fields(kind))
    for kind in (Product, Variant, ImageRef, Money, DerivedText, Translation)
}
"""Of each kind its fields, and whether they must be given: those are written even when empty, or could not be read."""


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is int or kind is bool or kind is float:
        return value
    if kind in _FIELDS:
        pairs = ((name, getattr(value, name), needed) for name, needed in _FIELDS[kind])
        return {name: _plain(v) for name, v, needed in pairs if needed or (v is not None and v not in ("", (), {}))}
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    return value


def _sorted(attributes: Attributes) -> list[list[Any]]:
    return [[name, list(attributes[name])] for name in sorted(attributes)]


def _digest(data: Any) -> str:
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
