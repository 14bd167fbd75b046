"""Prices as shops write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplens.core.catalogue import Money
from shoplens.feeds.money import choose_prices, parse_money, within

TABLE = [
    # text, currency of the shop, amount in minor units, currency
    ("52.00 USD", "", 5200, "USD"),
    ("USD52", "", 5200, "USD"),
    ("$49.90", "", 4990, "USD"),
    ("$49.90", "CAD", 4990, "CAD"),
    ("$49.90", "EUR", 4990, "USD"),
    ("$5 CAD", "", 500, "CAD"),
    ("US$ 5", "", 500, "USD"),
    ("49,90 €", "", 4990, "EUR"),
    ("€49", "", 4900, "EUR"),
    ("49,-", "EUR", 4900, "EUR"),
    ("£1,299", "", 129900, "GBP"),
    ("1.234,50", "", 123450, ""),
    ("1,234.50", "", 123450, ""),
    ("1 234,50 zł", "", 123450, "PLN"),
    ("1\u202f234,50 €", "", 123450, "EUR"),
    ("CHF 1'234.50", "", 123450, "CHF"),
    ("R$ 1.234,56", "", 123456, "BRL"),
    ("Rs. 1,23,456.00", "", 12345600, "INR"),
    ("1.234.567,89 EUR", "", 123456789, "EUR"),
    ("1,234", "", 123400, ""),
    ("1.234", "", 123, ""),
    ("1.234", "EUR", 123400, "EUR"),
    ("1.234 €", "", 123400, "EUR"),
    ("0,990", "", 99, ""),
    ("52.0000", "", 5200, ""),
    ("12,5", "", 1250, ""),
    (".5", "", 50, ""),
    ("￥99", "", 9900, "CNY"),
    ("¥1,000", "JPY", 1000, "JPY"),
    ("RMB 99", "", 9900, "CNY"),
    ("99元", "", 9900, "CNY"),
    ("99.00元", "TWD", 9900, "TWD"),
    ("人民币99元", "", 9900, "CNY"),
    ("１２３．５", "", 12350, ""),
    ("5.125 KWD", "", 5125, "KWD"),
    ("150.000 VND", "", 150000, "VND"),
    ("52", "JPY", 52, "JPY"),
    (52, "", 5200, ""),
    (52.1, "USD", 5210, "USD"),
    (0, "", 0, ""),
]


@pytest.mark.parametrize(("text", "currency", "minor", "expected"), TABLE, ids=lambda v: str(v))
def test_prices(text: object, currency: str, minor: int, expected: str) -> None:
    assert parse_money(text, currency) == Money(minor, expected)


@pytest.mark.parametrize(
    "text",
    ["", "abc", "-5", "(5.00)", "10-20", "10 20", "1,2,3", "1.2.3,4", "5 XYZ", "12 EUR 5", "9" * 70, "1e5", "n/a", "€"],
)
def test_no_prices(text: str) -> None:
    with pytest.raises(ValueError):
        parse_money(text)


@pytest.mark.parametrize("value", [True, float("inf"), float("nan"), -1, 10**20])
def test_no_amounts(value: object) -> None:
    with pytest.raises(ValueError):
        parse_money(value)


@given(st.integers(0, 10**12), st.sampled_from(["USD", "EUR", "CNY", "JPY", "KWD", "GBP"]))
def test_what_money_writes_is_read_back(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert parse_money(str(money)) == money
    assert parse_money(f"{currency} {money.amount:,}") == money


@given(st.text(max_size=80))
def test_any_text_is_a_price_or_a_value_error(text: str) -> None:
    try:
        found = parse_money(text)
    except ValueError:
        return
    assert found.minor >= 0


def usd(amount: float) -> Money:
    return Money.of(amount, "USD")


@pytest.mark.parametrize(
    ("price", "sale", "compare", "pays", "was"),
    [
        (usd(10), None, None, usd(10), None),
        (usd(10), usd(8), None, usd(8), usd(10)),
        (usd(10), usd(12), None, usd(10), usd(12)),  # a "sale price" above the price is what it was
        (usd(10), None, usd(15), usd(10), usd(15)),
        (usd(10), None, usd(9), usd(10), None),
        (usd(10), usd(8), usd(15), usd(8), usd(15)),
        (usd(10), usd(0), usd(0), usd(10), None),
        (None, usd(8), None, usd(8), None),
        (usd(0), None, None, usd(0), None),
    ],
)
def test_what_a_shopper_pays(
    price: Money | None, sale: Money | None, compare: Money | None, pays: Money, was: Money | None
) -> None:
    assert choose_prices(price, sale, compare) == (pays, was, "")


def test_two_currencies_are_told() -> None:
    pays, was, odd = choose_prices(usd(10), Money(800, "EUR"), None)
    assert (pays, was) == (usd(10), None)
    assert "two currencies" in odd


@pytest.mark.parametrize(
    ("interval", "inside"),
    [
        ("2024-01-01T00:00+0100/2024-12-31T23:59+0100", True),
        ("2024-07-01/2024-12-31", False),
        ("/2024-05-31", False),
        ("2024-05-31/", True),
        ("", True),
        ("soon/later", True),
    ],
)
def test_a_sale_lasts_as_long_as_the_feed_says(interval: str, inside: bool) -> None:
    assert within(interval, datetime(2024, 6, 1, tzinfo=UTC)) is inside
