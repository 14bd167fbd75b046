"""The shop window beside searching: one product, variants, what is not wanted, where certainty ends, what is kept."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.conftest import TOWELS
from tests.browser.shopper import Shopper

expect: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser

ALL = 6 + TOWELS + 2


def heading(shopper: Shopper) -> Any:
    return shopper.page.get_by_role("heading", level=1)


def test_one_product_and_back_to_the_same_place(shopper: Shopper) -> None:
    shopper.names.nth(20).scroll_into_view_if_needed()
    name = shopper.names.nth(20).text_content()
    before = shopper.page.evaluate("scrollY")
    assert before > 0
    shopper.names.nth(20).click()
    expect(heading(shopper)).to_have_text(name)
    expect(heading(shopper)).to_be_focused()  # who hears the page is told that it is another one
    assert shopper.page.evaluate("scrollY") == 0
    expect(shopper.page).to_have_title(f"{name} · ShopLens")
    expect(shopper.page.get_by_role("heading", name="Similar products")).to_be_visible()
    shopper.page.get_by_role("link", name="Back to the results").click()
    expect(shopper.page.get_by_role("region").get_by_role("link", name=name, exact=True)).to_be_focused()
    shopper.page.wait_for_function("top => Math.abs(scrollY - top) < 2", arg=before)


def test_the_address_of_a_product_can_be_shared(chromium: Any, address: str) -> None:
    with Shopper.comes(chromium, address, "/p/M1") as someone:
        expect(heading(someone)).to_have_text("Mug")
        expect(someone.page.get_by_role("article").get_by_text("€5.00")).to_be_visible()
        expect(someone.page.get_by_text("out of stock").first).to_be_visible()
        someone.button("Mug in blue").click()
        expect(someone.button("Mug in blue")).to_have_attribute("aria-pressed", "true")
        expect(someone.page.get_by_text("in stock", exact=True)).to_be_visible()
        someone.page.get_by_role("link", name="Mugs").click()
        expect(someone.button("Remove filter: Mugs")).to_be_visible()
        expect(someone.names).to_have_text(["Mug"])
        someone.saw_no_faults()
    with Shopper.comes(chromium, address, "/p/no%20such%20product") as someone:
        expect(someone.page.get_by_role("heading", name="This product is not in the shop any more.")).to_be_visible()
        someone.page.get_by_role("link", name="Back to the results").click()
        expect(someone.status).to_contain_text(f"{ALL} products")


def test_a_swatch_shows_the_variant(shopper: Shopper) -> None:
    shopper.searches("mug")
    card = shopper.page.get_by_role("listitem").filter(has=shopper.button("Find similar: Mug"))
    red, blue = shopper.button("Mug in red"), shopper.button("Mug in blue")
    source = "node => node.src"
    pictures = {}
    for swatch in (red, blue, red):
        swatch.click()
        expect(swatch).to_have_attribute("aria-pressed", "true")
        shown = card.locator("img").last  # its text stands beside it, so it has no name of its own
        pictures.setdefault(swatch, set()).add(shown.evaluate(source))
    assert len(pictures[red]) == len(pictures[blue]) == 1
    assert pictures[red] != pictures[blue]
    expect(card).to_contain_text("out of stock")


def test_not_like_this_and_allowed_again(shopper: Shopper) -> None:
    shopper.searches("cushion")
    expect(shopper.names.filter(has_text="Red cushion")).to_be_visible()
    shopper.button("Not like this: Red cushion").click()
    expect(shopper.names.filter(has_text="Red cushion")).to_have_count(0)
    expect(shopper.page).to_have_url(re.compile("unlike=C1"))
    shopper.page.reload()
    expect(shopper.page.get_by_role("img", name="Red cushion")).to_be_visible()  # what was ruled out has its name again
    expect(shopper.names.filter(has_text="Red cushion")).to_have_count(0)
    shopper.button("Remove this product: Red cushion").click()
    expect(shopper.names.filter(has_text="Red cushion")).to_be_visible()


def test_where_certain_matches_end_is_told(shopper: Shopper) -> None:
    line = shopper.page.get_by_text("What surely matches ends here. These are only similar.")
    expect(shopper.names).to_have_count(24)
    expect(line).to_have_count(0)  # nothing was asked for
    with shopper.page.expect_response("**/v1/search") as answered:
        shopper.searches("green cushion")
    sure = [hit["product"]["title"] for hit in answered.value.json()["hits"] if hit["confidence"] >= 0.5]
    expect(shopper.names.first).to_have_text("Green cushion")
    expect(line).to_be_visible()
    assert sure
    below = "line => [...line.closest('ol').children].indexOf(line.closest('li'))"
    assert line.evaluate(below) == len(sure)  # in this shop the sure ones come first
    expect(shopper.names.nth(len(sure) - 1)).to_have_text(sure[-1])


def test_an_empty_answer_says_what_would_help(shopper: Shopper) -> None:
    shopper.searches("mug zxqv wkjh")
    shopper.page.get_by_role("spinbutton", name="Price up to").fill("1")
    shopper.page.get_by_role("spinbutton", name="Price up to").press("Enter")
    expect(shopper.names).to_have_count(0)
    shopper.button("Take all filters off").click()
    expect(shopper.names.first).to_be_visible()
    shopper.searches("zxqv wkjh")
    expect(shopper.page.get_by_text("What may help")).to_be_visible()
    shopper.button("Show the whole shop").click()
    expect(shopper.status).to_contain_text(f"{ALL} products")


def test_a_range_of_prices(shopper: Shopper) -> None:
    shopper.page.get_by_label("Price from").fill("20")
    shopper.page.get_by_label("Price from").press("Enter")
    expect(shopper.button("Remove filter: Price from 20")).to_be_visible()
    shopper.page.get_by_role("spinbutton", name="Price up to").fill("45")
    shopper.page.get_by_role("spinbutton", name="Price up to").press("Enter")
    expect(shopper.names).to_have_text(["Blue cushion", "Yellow cushion"])
    expect(shopper.page).to_have_url(re.compile(r"min=20&max=45"))


def test_what_was_viewed_is_kept_in_the_browser_until_it_is_forgotten(shopper: Shopper) -> None:
    recent = shopper.page.get_by_role("complementary", name="Recently viewed")
    expect(recent).to_have_count(0)
    for name in ("Red cushion", "Green cushion"):
        shopper.page.get_by_role("link", name=name).click()
        expect(heading(shopper)).to_have_text(name)
        shopper.page.go_back()
    shopper.page.reload()
    expect(recent.get_by_role("link")).to_have_text(["Green cushion", "Red cushion"])
    shopper.button("What is stored?").click()
    expect(shopper.page.get_by_role("dialog")).to_contain_text("It is not stored.")
    shopper.button("Close").click()
    shopper.button("Forget these").click()
    expect(recent).to_have_count(0)
    assert shopper.page.evaluate("localStorage.getItem('viewed')") is None


def test_light_or_dark_is_chosen_and_kept(shopper: Shopper) -> None:
    light = "getComputedStyle(document.body).backgroundColor"
    before = shopper.page.evaluate(light)
    shopper.button("Light or dark").focus()
    shopper.page.keyboard.press("Enter")
    expect(shopper.page.get_by_role("menuitemradio", name="As the device")).to_be_focused()
    shopper.page.keyboard.press("End")
    shopper.page.keyboard.press("Enter")
    expect(shopper.button("Light or dark")).to_be_focused()
    dark = shopper.page.evaluate(light)
    assert dark != before
    shopper.page.reload()
    assert shopper.page.evaluate(light) == dark


def test_the_new_parts_are_chinese_too(chromium: Any, address: str) -> None:
    with Shopper.comes(chromium, address, "/p/C1", locale="zh-CN") as someone:
        expect(heading(someone)).to_have_text("红色靠垫")
        expect(someone.page.get_by_role("link", name="返回结果")).to_be_visible()
        expect(someone.page.get_by_role("heading", name="相似商品")).to_be_visible()
        someone.button("保存了什么？").click()
        expect(someone.page.get_by_role("dialog")).to_contain_text("不会保存")
        someone.button("关闭").click()
        someone.searches("绿色靠垫")
        someone.button("为什么是它？ 绿色靠垫").click()
        expect(someone.page.get_by_role("dialog")).to_contain_text("文字匹配")
        expect(someone.page.get_by_role("dialog")).to_contain_text("颜色：绿色")
        someone.saw_no_faults()
