"""One value of a catalogue as feeds write it: money, addresses, cells that no spreadsheet runs."""

from __future__ import annotations

import re
from decimal import Decimal
from urllib.parse import quote, urljoin, urlsplit

from shoplens.core.catalogue import ImageRef, Money, Product, Variant

_NO_DECIMALS = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()
)  # ISO 4217, minor unit 0
_THREE_DECIMALS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_FORMULA = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
"""What a cell must not begin with: spreadsheets run it (OWASP, CSV injection), the full-width forms too."""
SAFE_IN_PATH = "/:@!$&'()*+,;=~-._%"


def clean(text: str) -> str:
    """Text without what XML and UTF-8 cannot hold."""
    return _ILLEGAL.sub("", text)


def cell(text: str) -> str:
    """A cell of a table on one line, neutral where a spreadsheet would take it for a formula (``'`` before it)."""
    found = clean(text)
    runs = found.lstrip(" \u00a0")[:1] in _FORMULA if found.strip(" \u00a0") else False
    line = " ".join(found.split("\t")).replace("\r\n", " ").replace("\r", " ").replace("\n", " ")
    return "'" + line if runs else line


def decimal(money: Money) -> Decimal:
    """An amount in the major unit with its currency's number of decimals (ISO 4217)."""
    digits = 0 if money.currency in _NO_DECIMALS else 3 if money.currency in _THREE_DECIMALS else 2
    exact = money.amount
    rounded = round(exact, digits)
    return exact if rounded != exact else rounded  # never rounded: a price is what the shop says


def amount(money: Money) -> str:
    """``49.90 EUR``; the number alone where there is no currency."""
    return f"{decimal(money):f} {money.currency}".strip()


def minor_units(money: Money) -> int:
    """An amount in ISO 4217 minor units, as agents' protocols have it (a yen is 1, a euro 100, a dinar 1000)."""
    digits = 0 if money.currency in _NO_DECIMALS else 3 if money.currency in _THREE_DECIMALS else 2
    return round(money.amount.scaleb(digits))


def prices(variant: Variant) -> tuple[Money | None, Money | None]:
    """(the regular price, the lower one that is asked now or None).

    What costs nothing now is told without its former price: readers of feeds take a sale price of 0 for none.
    """
    price, was = variant.price, variant.list_price
    if (
        price is not None
        and price.minor > 0
        and was is not None
        and was.currency == price.currency
        and was.minor > price.minor
    ):
        return was, price
    return price, None


def address(image: ImageRef, base: str) -> str:
    """Where a picture is on the net: its own address, or its path below ``base``; the path itself without one."""
    if image.host or not base:
        return image.location
    return urljoin(base.rstrip("/") + "/", quote(image.location.replace("\\", "/").lstrip("/"), safe="/~-._"))


def link(text: str) -> str:
    """An http(s) address with what addresses cannot hold escaped; "" for what is none."""
    found = clean(text).strip()
    try:
        parts = urlsplit(found)
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not parts.netloc:
        return ""
    return quote(found, safe=SAFE_IN_PATH + "?#[]")


def pictures_of(product: Product, variant: Variant, base: str) -> list[str]:
    """Addresses of the pictures that show a variant, each once."""
    return list(dict.fromkeys(address(image, base) for image in product.variant_images(variant)))


def grouped(product: Product) -> bool:
    """Whether the variants are told apart from their product."""
    return len(product.variants) > 1 or product.variants[0].id != product.id


def own_attributes(product: Product, variant: Variant) -> dict[str, tuple[str, ...]]:
    """All attributes of a variant; its own hide the product's of the same name."""
    return {**product.attributes, **variant.attributes}


def variant_title(product: Product, variant: Variant) -> str:
    """The product's title, and what sets the variant apart."""
    apart = [" ".join(values) for name, values in variant.attributes.items() if not name.endswith("_zh")]
    title = title_of(product)
    return f"{title} - {' / '.join(apart)}" if apart and len(product.variants) > 1 else title


def title_of(product: Product) -> str:
    """The title; of a product that has none, the first translation's, else its id."""
    return product.title or next((t.title for t in product.translations if t.title), "") or product.id


def description_of(product: Product) -> str:
    """The description; of a product that has none, a translation's, else its title."""
    return product.description or next((t.description for t in product.translations if t.description), "")
