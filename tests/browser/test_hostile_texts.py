"""Texts of the catalogue are texts: a shop full of tags, handlers, turned and endless words, in the shop window."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.browser.clerk import Clerk
from tests.browser.hostile import HANDLER, INJECTED, LONG, SCRIPT, TEXTS, rows
from tests.browser.shopper import Shopper
from tests.conftest import SmallShop
from tests.serving import key_for, serving

expect: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser

SMALL = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Where the shop is served, and the key of its back office. It was asked for harmful things, too."""
    small = SmallShop(tmp_path_factory.mktemp("hostile") / "small")
    shop = small.open(query_log={"enabled": True})
    report = small.index(shop, rows(small))
    assert report.read == len(TEXTS) + 2
    key = key_for(shop, "admin", name=f"key {SCRIPT}")
    with serving(shop) as url, httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=30) as staff:
        rule = {"when": {"query": [SCRIPT]}, "then": {"pin": ["OK"]}, "note": HANDLER}
        staff.put("/v1/rules/harm", json=rule).raise_for_status()
        for words in (SCRIPT, HANDLER, LONG, "zxqv <img src=x onerror=alert(1)>"):
            staff.get("/v1/search", params={"q": words}).raise_for_status()
        yield url, key
    small.close()


@pytest.fixture
def visitor(chromium: Any, hostile: tuple[str, str]) -> Iterator[Shopper]:
    """Someone with a phone before that shop."""
    with Shopper.comes(chromium, hostile[0], viewport=SMALL) as someone:
        yield someone
        someone.saw_no_faults()


def unharmed(someone: Shopper) -> None:
    """Nothing was run, nothing was put into the page, nothing pushes it aside."""
    assert someone.page.evaluate(INJECTED) == []
    assert someone.overflow() <= 0
    someone.saw_no_faults()


def test_products_are_shown_as_they_are_called(visitor: Shopper) -> None:
    expect(visitor.names).to_have_count(len(TEXTS) + 2)
    shown = visitor.names.all_text_contents()
    for text in (SCRIPT, HANDLER, LONG, "{{ 7 * 7 }} ${7 * 7}"):
        assert any(text in name for name in shown), text
    unharmed(visitor)
    visitor.page.get_by_role("heading", level=3).last.scroll_into_view_if_needed()
    visitor.pictured("hostile-360")
    hrefs = visitor.page.get_by_role("link").evaluate_all("nodes => nodes.map((n) => n.protocol)")
    assert set(hrefs) <= {"http:", "https:"}


def test_suggestions_reasons_and_filters_are_texts(visitor: Shopper) -> None:
    visitor.box.press_sequentially("harmful sc")
    expect(visitor.page.get_by_role("listbox").get_by_role("option").first).to_contain_text(re.compile("harmful", re.I))
    unharmed(visitor)
    visitor.box.press("Enter")
    expect(visitor.names.filter(has_text=SCRIPT).first).to_be_visible()
    visitor.button(re.compile("^Why this")).first.click()
    expect(visitor.page.get_by_role("dialog")).to_contain_text(SCRIPT)
    unharmed(visitor)
    visitor.page.keyboard.press("Escape")
    visitor.button(re.compile("^Filters")).click()
    visitor.choice(re.compile(r"^script <script>")).first.check()
    expect(visitor.button(f"Remove filter: script {SCRIPT}")).to_have_count(1)
    unharmed(visitor)


def test_the_page_of_a_product(visitor: Shopper) -> None:
    for name in ("handler", "closes", "long", "turned"):
        visitor.page.goto(f"{visitor.address}/p/H{list(TEXTS).index(name)}")
        expect(visitor.page.get_by_role("heading", level=1)).to_contain_text(f"Harmful {name}")
        visitor.page.wait_for_load_state("networkidle")
        unharmed(visitor)
        addresses = visitor.page.get_by_role("link").evaluate_all("nodes => nodes.map((n) => n.protocol)")
        assert set(addresses) <= {"http:", "https:"}
    visitor.pictured("hostile-product-360")
    visitor.page.go_back()
    expect(visitor.page.get_by_role("heading", level=1)).to_contain_text("Harmful long")
    unharmed(visitor)  # what was viewed is listed, and kept in the browser


def test_the_back_office_shows_texts(chromium: Any, hostile: tuple[str, str]) -> None:
    with Clerk.signs_in(chromium, *hostile, viewport=SMALL) as someone:
        for number in range(someone.pages.count()):
            someone.pages.nth(number).click()
            expect(someone.pages.nth(number)).to_have_attribute("aria-current", "page")
            tabs = someone.page.get_by_role("tab")
            for one in range(max(1, tabs.count())):
                if one:
                    tabs.nth(one).click()
                someone.page.wait_for_load_state("networkidle")
                unharmed(someone)


@pytest.mark.parametrize(
    "address",
    [
        {"q": f"harmful {SCRIPT}"},
        {"q": HANDLER},
        {"like": f"{HANDLER}/../?#&"},
        {"like": SCRIPT},
        {"brand": SCRIPT, "price": "javascript:alert(1)", "plain": HANDLER, "sort": HANDLER, "unlike": SCRIPT},
    ],
)
def test_addresses_that_mean_harm(visitor: Shopper, address: dict[str, str]) -> None:
    visitor.page.goto(f"{visitor.address}/?{urllib.parse.urlencode(address)}")
    expect(visitor.status).to_contain_text(re.compile(r"\w{3}"))
    visitor.page.wait_for_load_state("networkidle")
    visitor.faults[:] = [fault for fault in visitor.faults if "the server responded with a status of 4" not in fault]
    unharmed(visitor)
