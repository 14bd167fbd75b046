"""axe finds nothing on any page of the shop window, in both themes and both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.accessibility import violations
from tests.browser.shopper import Shopper

expect: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser

WHY = re.compile("^(Why this|为什么)")
REMOVE = re.compile("^(Remove filter|移除筛选条件)")


def first_page(someone: Shopper, photo: Path) -> None:
    expect(someone.names).to_have_count(24)


def filtered(someone: Shopper, photo: Path) -> None:
    someone.searches("red cushion under €50")
    expect(someone.names.first).to_contain_text(re.compile("Red cushion|红色靠垫"))
    someone.choice(re.compile("^Luma")).check()
    expect(someone.button(REMOVE).first).to_be_visible()


def reasons(someone: Shopper, photo: Path) -> None:
    someone.button(WHY).first.click()
    expect(someone.page.get_by_role("dialog")).to_be_visible()
    someone.page.wait_for_load_state("networkidle")


def suggestions(someone: Shopper, photo: Path) -> None:
    someone.page.keyboard.press("Escape")
    expect(someone.page.get_by_role("dialog")).to_have_count(0)
    someone.box.fill("")
    someone.box.press_sequentially("cus")
    expect(someone.page.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    someone.page.keyboard.press("ArrowDown")
    expect(someone.page.get_by_role("listbox").get_by_role("option", selected=True)).to_have_count(1)


def with_photo(someone: Shopper, photo: Path) -> None:
    someone.box.press("Escape")  # no suggestion is chosen any more
    someone.drops(photo)
    expect(someone.page.get_by_role("img", name="my photo.png")).to_be_visible()
    expect(someone.names.first).to_be_visible()
    someone.page.wait_for_load_state("networkidle")


def part_of_the_photo(someone: Shopper, photo: Path) -> None:
    someone.button(re.compile("^(Choose a part of|选取)")).click()
    expect(someone.page.get_by_role("dialog")).to_be_visible()


def menu(someone: Shopper, photo: Path) -> None:
    someone.page.keyboard.press("Escape")
    expect(someone.page.get_by_role("dialog")).to_have_count(0)
    someone.button(re.compile("^(Light or dark|浅色或深色)")).click()
    expect(someone.page.get_by_role("menu")).to_be_visible()


def what_is_stored(someone: Shopper, photo: Path) -> None:
    someone.page.keyboard.press("Escape")
    expect(someone.page.get_by_role("menu")).to_have_count(0)
    someone.page.get_by_role("contentinfo").get_by_role("button").first.click()
    expect(someone.page.get_by_role("dialog")).to_be_visible()


def product(someone: Shopper, photo: Path) -> None:
    someone.page.goto(someone.address + "/p/M1")
    expect(someone.page.get_by_role("heading", name=re.compile("^(Mug|杯子)$")).first).to_be_visible()
    someone.page.wait_for_load_state("networkidle")


def nothing_found(someone: Shopper, photo: Path) -> None:
    someone.page.goto(someone.address + "/?q=zxqv+wkjh")
    expect(someone.page.get_by_role("main")).to_contain_text(re.compile("Nothing|没有"))


def failing(someone: Shopper, photo: Path) -> None:
    someone.page.route("**/v1/search*", lambda route: route.abort())
    someone.searches("blue")
    expect(someone.button(re.compile("^(Try again|再试|重试)"))).to_be_visible()
    someone.page.unroute("**/v1/search*")


PAGES: tuple[Callable[[Shopper, Path], None], ...] = (
    first_page,
    filtered,
    reasons,
    suggestions,
    with_photo,
    part_of_the_photo,
    menu,
    what_is_stored,
    product,
    nothing_found,
    failing,
)
"""One after the other, in one visit."""


BOTH = [
    ("en-GB", "light"),
    ("zh-CN", "dark"),
    pytest.param("en-GB", "dark", marks=pytest.mark.slow),
    pytest.param("zh-CN", "light", marks=pytest.mark.slow),
]
"""Colours do not depend on the language, nor names on the theme: two of the four have each once."""


@pytest.mark.parametrize(("locale", "scheme"), BOTH)
def test_no_violation_on_any_page(chromium: Any, address: str, photo: Path, locale: str, scheme: str) -> None:
    found: dict[str, list[str]] = {}
    with Shopper.comes(chromium, address, locale=locale, color_scheme=scheme, reduced_motion="reduce") as someone:
        for page in PAGES:
            page(someone, photo)
            if faults := violations(someone.page):
                found[page.__name__] = faults
            someone.pictured(f"{page.__name__}-{locale[:2]}-{scheme}")
    assert not found, "\n".join(f"{name}: {fault}" for name, faults in found.items() for fault in faults)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_violation_in_the_description_of_the_api(chromium: Any, address: str, scheme: str) -> None:
    with Shopper.comes(chromium, address, "/docs", color_scheme=scheme) as someone:
        # The rest of that long page is more of the same, and takes axe a minute.
        someone.page.evaluate("[...document.querySelectorAll('main > *')].slice(20).forEach((node) => node.remove())")
        assert violations(someone.page) == []


def test_what_is_wrong_is_found(chromium: Any) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.set_content("<html lang=en><title>t</title><main><h1>t</h1><img src=x><p style='color:#999'>pale</p></main>")
    found = {line.partition(":")[0] for line in violations(page)}
    assert found == {"image-alt", "color-contrast"}
    context.close()
