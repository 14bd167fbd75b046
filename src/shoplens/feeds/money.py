"""Prices as shops write them -> Money; which of several prices a shopper pays."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shoplens.core.catalogue import Money

# ISO 4217 codes in use; a feed's "currency" that is none of them is not taken for one.
ISO = frozenset({
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD",
    "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY",
    "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP",
    "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR",
    "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT",
    "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR",
    "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK",
    "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD",
    "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY",
    "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XOF",
    "XPF", "YER", "ZAR", "ZMW", "ZWL",
})  # fmt: skip

# Signs and names of currencies -> the currencies they may mean; the shop's own currency wins if among them.
SIGNS: dict[str, tuple[str, ...]] = {
    "us$": ("USD",), "usd$": ("USD",), "ca$": ("CAD",), "c$": ("CAD",), "a$": ("AUD",), "au$": ("AUD",),
    "nz$": ("NZD",), "hk$": ("HKD",), "nt$": ("TWD",), "s$": ("SGD",), "r$": ("BRL",), "mx$": ("MXN",),
    "$": ("USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN", "ARS", "CLP", "COP"),
    "€": ("EUR",), "euro": ("EUR",), "euros": ("EUR",), "£": ("GBP",), "¥": ("CNY", "JPY"), "cn¥": ("CNY",),
    "rmb": ("CNY",), "rmb¥": ("CNY",), "元": ("CNY", "TWD", "HKD"), "人民币": ("CNY",), "块": ("CNY",), "美元":
        ("USD",),
    "欧元": ("EUR",), "英镑": ("GBP",), "日元": ("JPY",), "港币": ("HKD",), "港元": ("HKD",), "円": ("JPY",),
        "jp¥": ("JPY",),
    "₩": ("KRW",), "원": ("KRW",), "₹": ("INR",), "rs": ("INR", "PKR", "LKR", "NPR"), "rs.": ("INR", "PKR"),
    "zł": ("PLN",), "kr": ("SEK", "NOK", "DKK", "ISK"), "kr.": ("DKK", "NOK", "SEK"), "kč": ("CZK",),
        "ft": ("HUF",),
    "fr.": ("CHF",), "sfr.": ("CHF",), "₽": ("RUB",), "руб": ("RUB",), "руб.": ("RUB",), "₫": ("VND",),
        "đ": ("VND",),
    "₺": ("TRY",), "tl": ("TRY",), "฿": ("THB",), "₪": ("ILS",), "₱": ("PHP",), "₴": ("UAH",), "lei": ("RON",),
    "лв": ("BGN",), "лв.": ("BGN",), "rp": ("IDR",), "rm": ("MYR",), "r": ("ZAR",), "₸": ("KZT",), "₦":
        ("NGN",),
}  # fmt: skip

# Currencies of places where the comma is the decimal sign, so that "1.234 €" is one thousand and more.
_COMMA_PLACES = frozenset({
    "EUR", "PLN", "SEK", "NOK", "DKK", "CZK", "HUF", "BRL", "TRY", "RUB", "RON", "BGN", "IDR", "VND", "ARS",
    "CLP", "COP", "ISK", "UAH", "RSD",
})  # fmt: skip
_SHAPE = re.compile(r"(?P<before>[^\d,'\-]{0,12}?)\s*(?P<number>\d[\d.,'\s]*|[.,]\d+)\s*(?P<after>[^\d]{0,12})")
_GROUPS = re.compile(r"(?<=\d)[\s'](?=\d{3}(?!\d))")
_DASHES = re.compile(r",(--|-|–|—)$|\.-+$|,-$")


def parse_money(value: Any, currency: str = "") -> Money:
    """An amount as a feed gives it: 49.9, "52.00 USD", "$1,234.50", "49,90 €", "￥99", "99元".

    Args:
        value: a number, or text with at most one amount and one currency.
        currency: ISO code of an amount that names none, and of a sign that several currencies share ("$").

    Raises:
        ValueError: it is no single amount >= 0; the message says what is wrong.
    """
    if isinstance(value, bool):
        raise ValueError("a yes/no value is no price")
    if isinstance(value, (int, float, Decimal)):
        money = Money.of(str(value), currency)
        return _not_negative(money)
    written = str(value).strip()
    if len(written) > 64:
        raise ValueError("too long for a price")
    text = unicodedata.normalize("NFKC", written).strip()
    if text.startswith(("-", "−", "(")):
        raise ValueError("a price below zero")
    text = _DASHES.sub("", text)  # "49,-" and "49.--" are whole amounts
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise ValueError("not an amount of money")
    found = _currency(match["before"], match["after"], currency)
    return _not_negative(Money.of(_number(match["number"], found), found))


def choose_prices(
    price: Money | None, sale: Money | None, compare: Money | None
) -> tuple[Money | None, Money | None, str]:
    """(what a shopper pays, the higher price it is compared with or None, what is odd about it or "").

    A sale or compare-at price of zero means that there is none, as many exports write it.
    """
    sale = sale if sale and sale.minor else None
    compare = compare if compare and compare.minor else None
    if price is None:
        price, sale = sale, None
    if price is None:
        return None, compare, "" if compare is None else "there is a list price, but no price"
    odd = ""
    pays, was = price, None
    for other in (sale, compare):
        if other is None:
            continue
        if other.currency != price.currency:
            odd = f"prices in two currencies, {price.currency or 'none'} and {other.currency or 'none'}: kept the first"
        elif other is sale and other.minor < pays.minor:
            was, pays = price, other
        elif other.minor > pays.minor and (was is None or other.minor > was.minor):
            was = other
    return pays, was, odd


def within(interval: str, now: datetime | None = None) -> bool:
    """Whether the present lies in "start/end" (ISO 8601, either may be missing). What cannot be read does not limit."""
    start, _, end = interval.partition("/")
    now = now or datetime.now(UTC)
    first, last = _moment(start), _moment(end)
    return (first is None or first <= now) and (last is None or now <= last)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _not_negative(money: Money) -> Money:
    if money.minor < 0:
        raise ValueError("a price below zero")
    return money


def _currency(before: str, after: str, default: str) -> str:
    found = ""
    for part in (before, after):
        name = re.sub(r"\s+", "", part).casefold()
        if not name:
            continue
        for mark in _marks(name):
            code = _meaning(mark, default)
            # "US$ 5 USD" names one currency twice; "$5 CAD" means the exact name.
            if found and code != found and code not in SIGNS.get(before.strip().casefold(), ()):
                raise ValueError("two currencies in one price")
            found = code
    return found or default.strip().upper()


def _marks(name: str) -> list[str]:
    if name in SIGNS or name.upper() in ISO:
        return [name]
    for cut in range(1, len(name)):  # "cny¥", "usd$"
        head, tail = name[:cut], name[cut:]
        if (head in SIGNS or head.upper() in ISO) and (tail in SIGNS or tail.upper() in ISO):
            return [head, tail] if tail.upper() in ISO else [head]
    raise ValueError(f"unknown currency {name!r}")


def _meaning(mark: str, default: str) -> str:
    if mark.upper() in ISO:
        return mark.upper()
    meanings = SIGNS[mark]
    wanted = default.strip().upper()
    return wanted if wanted in meanings else meanings[0]


def _number(text: str, currency: str) -> str:
    text = _GROUPS.sub("", text.strip())
    if re.search(r"[\s']", text):
        raise ValueError("not a single amount of money")
    commas, dots = text.count(","), text.count(".")
    if commas and dots:
        decimal = "," if text.rfind(",") > text.rfind(".") else "."
        if text.count(decimal) > 1:
            raise ValueError("not an amount of money")
    elif commas == 1 or dots == 1:
        sign = "," if commas else "."
        whole, _, part = text.partition(sign)
        decimal = sign if _is_decimal(sign, whole, part, currency) else ""
    else:
        decimal = ""
    whole, _, part = text.partition(decimal) if decimal else (text, "", "")
    groups = re.split(r"[.,]", whole)
    if len(groups) > 1 and (not 1 <= len(groups[0]) <= 3 or any(len(g) not in (2, 3) for g in groups[1:])):
        raise ValueError("not an amount of money")  # groups of two: 1,23,456 in India
    return "".join(groups) + ("." + part if part else "")


def _is_decimal(sign: str, whole: str, part: str, currency: str) -> bool:
    """Whether a single separator starts the decimals; only three digits after it leave that open."""
    if len(part) != 3 or whole in ("", "0") or len(whole) > 3:
        return True
    exponent = Money(0, currency).exponent
    if exponent == 3:
        return True
    if sign == ",":
        return False
    return exponent != 0 and currency not in _COMMA_PLACES
