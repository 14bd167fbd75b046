"""Every page of the back office: nothing for axe to find, nothing right of the screen, in both themes and languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.browser.accessibility import violations
from tests.browser.clerk import Clerk
from tests.browser.conftest import SCRIPT, TURNED
from tests.conftest import SmallShop, cushions
from tests.serving import key_for, serving

expect: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser

OVERVIEW, CATALOGUE, LAB, RULES, QUERIES, ENCODERS, KEYS = range(7)


def tab(number: int) -> Callable[[Clerk], None]:
    """Opens a tab of the page."""
    return lambda someone: someone.page.get_by_role("tab").nth(number).click()


def ask(someone: Clerk) -> None:
    """Asks both sides of the lab."""
    box = someone.page.get_by_role("searchbox").first
    box.fill("red cushion")
    box.press("Enter")
    expect(someone.page.get_by_role("article").first).to_be_visible()


def open_rule(someone: Clerk) -> None:
    """Opens a rule, with its preview."""
    someone.page.get_by_role("link", name="autumn").click()
    expect(
        someone.page.get_by_role("list", name=re.compile("^(After|之后)$")).get_by_role("listitem").first
    ).to_be_visible()


def stay(someone: Clerk) -> None:
    """Looks at the page as it opens."""


STEPS: tuple[tuple[str, int, Callable[[Clerk], None]], ...] = (
    ("overview", OVERVIEW, stay),
    ("products", CATALOGUE, stay),
    ("import", CATALOGUE, tab(1)),
    ("changes", CATALOGUE, tab(2)),
    ("doctor", CATALOGUE, tab(3)),
    ("lab", LAB, ask),
    ("many", LAB, tab(1)),
    ("rules", RULES, stay),
    ("rule", RULES, open_rule),
    ("queries", QUERIES, tab(1)),
    ("encoders", ENCODERS, stay),
    ("keys", KEYS, stay),
)
"""Page, its place in the navigation, and what is done there."""
PHONE = {"width": 360, "height": 740}
RULE = {"when": {"query": "cushion"}, "then": {"pin": ["C4"], "boost": [{"filter": "brand=Luma", "by": 3}]}}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    small = SmallShop(tmp_path_factory.mktemp("pages") / "small")
    shop = small.open(query_log={"enabled": True})
    harmful = {"id": "X1", "title": f"Harmful {SCRIPT.replace('<', '&lt;')}", "brand": TURNED}
    small.index(shop, [*cushions(small), harmful])
    key = key_for(shop, "admin", name="office")
    with serving(shop) as url, httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}) as client:
        for words in ("red cushion", "settee", TURNED):
            client.get("/v1/search", params={"q": words})
        client.put("/v1/rules/autumn", json=RULE)
        client.put("/v1/synonyms/pillow", json={"words": ["pillow", "cushion"]})
        client.post("/v1/judgements", json={"query": {"q": "red cushion"}, "grades": {"C1": 3, "C2": 0}})
        feed = {"content-type": "text/csv"}
        client.post("/v1/jobs/import?keep_missing=true", content=b"id,title,price\nV1,Vase,x\n", headers=feed)
        yield url, key
    small.close()


def ready(someone: Clerk) -> None:
    """Waits until a page has what it asked for."""
    expect(someone.page.get_by_role("heading", level=1)).to_be_visible()
    expect(someone.page.locator(".waiting")).to_have_count(0)


def walk(chromium: Any, office: tuple[str, str], locale: str, scheme: str, **settings: Any) -> list[str]:
    """What is wrong with any page, a line each."""
    url, key = office
    found: list[str] = []
    how = {"locale": locale, "color_scheme": scheme, "reduced_motion": "reduce", **settings}
    with Clerk.comes(chromium, url, "/office/", **how) as someone:
        found += [f"login: {one}" for one in violations(someone.page)]
        someone.types_key(key)
        someone.pages.first.wait_for()
        for name, place, step in STEPS:
            someone.pages.nth(place).click()
            ready(someone)
            step(someone)
            ready(someone)
            found += [f"{name}: {one}" for one in violations(someone.page)]
            if someone.overflow() > 0:
                found.append(f"{name}: {someone.overflow()} pixels lie right of the screen")
            someone.pictured(f"office-{name}-{locale[:2]}-{scheme}{'-phone' if settings else ''}")
        found += someone.faults
    return found


@pytest.mark.parametrize(
    ("locale", "scheme", "settings"),
    [
        ("en-GB", "light", {}),
        ("zh-CN", "dark", {"viewport": PHONE}),
        pytest.param("zh-CN", "light", {}, marks=pytest.mark.slow),
        pytest.param("en-GB", "dark", {"viewport": PHONE}, marks=pytest.mark.slow),
    ],
)
def test_no_violation_on_any_page(
    chromium: Any, office: tuple[str, str], locale: str, scheme: str, settings: dict[str, Any]
) -> None:
    assert walk(chromium, office, locale, scheme, **settings) == []


def test_dialogs_hold_the_focus_and_nothing_for_axe(chromium: Any, office: tuple[str, str]) -> None:
    with Clerk.signs_in(chromium, *office, "keys", reduced_motion="reduce") as someone:
        page = someone.page
        opened = {
            "keys": someone.button("Make a key"),
            "queries": someone.button("Make a synonym: settee"),
            "catalogue": someone.button("Open Mug"),
        }
        for place, button in opened.items():
            page.goto(f"{office[0]}/office/{place}")
            button.click()
            expect(page.get_by_role("dialog")).to_be_visible()
            ready_faults = violations(page)
            assert ready_faults == [], place
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)
            expect(button).to_be_focused()
        someone.saw_no_faults()


def test_language_and_theme_are_chosen_and_kept(chromium: Any, office: tuple[str, str]) -> None:
    with Clerk.signs_in(chromium, *office, "rules") as someone:
        page = someone.page
        someone.button("中文").click()
        expect(page.get_by_role("heading", level=1, name="规则")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "zh")
        someone.button("浅色或深色").click()
        page.get_by_role("menuitemradio", name="深色").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.reload()
        expect(page.get_by_role("heading", level=1, name="规则")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.get_by_role("link", name="跳到内容").focus()
        page.keyboard.press("Enter")
        assert page.url.endswith("#content")
