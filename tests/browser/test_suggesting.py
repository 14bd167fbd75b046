"""Suggestions under the search box, by keys and by pointer, and other words as a link."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.shopper import Shopper

expect: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser


def options(shopper: Shopper) -> Any:
    return shopper.page.get_by_role("option").and_(shopper.page.locator("#suggestions *"))


def types(shopper: Shopper, text: str) -> None:
    """Types until suggestions are there: a shop just opened makes them in the background."""
    for _ in range(20):
        shopper.box.fill("")
        shopper.box.press_sequentially(text)
        try:
            expect(options(shopper).first).to_be_visible(timeout=1_000)
        except AssertionError:
            continue
        return
    raise AssertionError(f"nothing is proposed for {text}")


def test_suggestions_are_reached_and_left_by_keys(shopper: Shopper) -> None:
    types(shopper, "yell")
    expect(shopper.box).to_have_attribute("aria-expanded", "true")
    expect(options(shopper).first).to_contain_text("yellow")
    shopper.box.press("ArrowDown")
    expect(options(shopper).first).to_have_attribute("aria-selected", "true")
    reached = options(shopper).first.get_attribute("id")
    expect(shopper.box).to_have_attribute("aria-activedescendant", reached)
    expect(shopper.box).to_have_value(re.compile("yellow"))
    shopper.box.press("ArrowUp")  # back in the box
    expect(shopper.box).to_have_value("yell")
    shopper.box.press("ArrowUp")  # from the box to the last one
    expect(options(shopper).last).to_have_attribute("aria-selected", "true")
    shopper.box.press("Escape")
    expect(shopper.box).to_have_value("yell")
    expect(shopper.box).to_have_attribute("aria-expanded", "false")
    expect(options(shopper)).to_have_count(0)
    types(shopper, "yellow cush")
    shopper.box.press("ArrowDown")
    shopper.box.press("Enter")
    expect(options(shopper)).to_have_count(0)
    expect(shopper.names.first).to_have_text("Yellow cushion")


def test_a_brand_becomes_a_filter(shopper: Shopper) -> None:
    types(shopper, "lind")
    options(shopper).filter(has_text="Linden").click()
    expect(shopper.page.get_by_role("button", name="Remove filter: Linden")).to_be_visible()
    expect(shopper.box).to_have_value("")
    expect(shopper.names.first).to_contain_text("towel")


def test_other_words_are_a_link(shopper: Shopper) -> None:
    types(shopper, "yell")
    shopper.searches("huangse kaodian")
    shopper.button("Did you mean 黄色靠垫?").click()
    expect(shopper.box).to_have_value("黄色靠垫")
    expect(shopper.names.first).to_have_text("Yellow cushion")
    expect(shopper.page.get_by_role("button", name=re.compile("Did you mean"))).to_be_hidden()
