"""Every page of the back office: axe, texts that mean harm, a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.browser.accessibility import violations
from tests.browser.hostile import HANDLER, INJECTED, SCRIPT
from tests.browser.hostile import rows as hostile_rows
from tests.browser.shopper import Shopper
from tests.conftest import SmallShop, cushions
from tests.serving import key_for, serving

expect: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser


@dataclass
class Office:
    """A back office of a shop in which much has happened, and its key."""

    address: str
    key: str


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    small = SmallShop(tmp_path_factory.mktemp("office") / "small")
    shop = small.open(query_log={"enabled": True})
    small.index(shop, [*cushions(small), *hostile_rows(small)])
    key = key_for(shop, "admin", "catalogue", "search")
    key_for(shop, "search", filter="brand=Luma", rate="5/s")
    with serving(shop) as address:
        with httpx.Client(base_url=address, headers={"X-API-Key": key}, timeout=30) as staff:
            rule = {"when": {"query": [SCRIPT]}, "then": {"pin": ["C1"]}, "note": HANDLER}
            staff.put("/v1/rules/harm", json=rule).raise_for_status()
            for words in (SCRIPT, HANDLER, "red cushion", "zxqv wkjh"):
                staff.get("/v1/search", params={"q": words}).raise_for_status()
        yield Office(address, key)
    small.close()


def signs_in(someone: Shopper, key: str) -> None:
    someone.page.get_by_label(re.compile("^(Admin key|管理密钥)")).fill(key)
    someone.button(re.compile("^(Sign in|登录)")).click()
    expect(someone.page.get_by_role("navigation").get_by_role("link").first).to_be_visible()


def at_rest(someone: Shopper) -> None:
    """Waits until the page has what it asked for."""
    expect(someone.page.get_by_role("heading", level=1)).to_be_visible()
    someone.page.wait_for_load_state("networkidle")
    expect(someone.page.get_by_role("img", name=re.compile("^(Loading|加载中)"))).to_have_count(0)


def walk(someone: Shopper) -> Iterator[str]:
    """Goes to every page, and on it to every tab."""
    pages = someone.page.get_by_role("navigation").get_by_role("link")
    for number in range(pages.count()):
        pages.nth(number).click()
        expect(pages.nth(number)).to_have_attribute("aria-current", "page")
        at_rest(someone)
        yield f"office-{number}"
        tabs = someone.page.get_by_role("tab")
        for one in range(1, tabs.count()):
            tabs.nth(one).click()
            at_rest(someone)
            yield f"office-{number}-tab-{one}"


@pytest.mark.parametrize(
    ("locale", "scheme"),
    [
        ("en-GB", "light"),
        ("zh-CN", "dark"),
        pytest.param("en-GB", "dark", marks=pytest.mark.slow),
        pytest.param("zh-CN", "light", marks=pytest.mark.slow),
    ],
)
def test_no_violation_on_any_page(chromium: Any, office: Office, locale: str, scheme: str) -> None:
    found: dict[str, list[str]] = {}
    how = {"locale": locale, "color_scheme": scheme, "reduced_motion": "reduce"}
    with Shopper.comes(chromium, office.address, "/office/", **how) as someone:
        found["office-login"] = violations(someone.page)
        signs_in(someone, office.key)
        for name in walk(someone):
            found[name] = violations(someone.page)
            someone.pictured(f"{name}-{locale[:2]}-{scheme}")
        someone.saw_no_faults()
    assert len(found) > 7
    assert not any(found.values()), "\n".join(f"{name}: {fault}" for name in found for fault in found[name])


def test_texts_are_texts_on_a_phone(chromium: Any, office: Office) -> None:
    with Shopper.comes(chromium, office.address, "/office/", viewport={"width": 360, "height": 740}) as someone:
        signs_in(someone, office.key)
        wide = []
        for name in walk(someone):
            assert someone.page.evaluate(INJECTED) == [], name
            if someone.overflow() > 0:
                wide.append(name)
            someone.pictured(f"{name}-360")
        assert wide == []
        someone.saw_no_faults()
