"""The page itself: faults told, texts that harm, keyboard, small screens, contrast, no jumping about."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import SCRIPT, TURNED
from tests.browser.shopper import Shopper

expect: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser


def test_a_failing_service_is_told_and_the_next_search_works(shopper: Shopper) -> None:
    shopper.page.route("**/v1/search", lambda route: route.abort())
    shopper.searches("red cushion")
    expect(shopper.status).to_contain_text("The search did not work: the shop cannot be reached")
    expect(shopper.names).to_have_count(0)  # what was shown before answers another question
    shopper.page.unroute("**/v1/search")
    problem = '{"status": 500, "code": "unexpected", "detail": "an error in the log as 123", "hint": "report it"}'
    shopper.page.route(
        "**/v1/search", lambda route: route.fulfill(status=500, body=problem, content_type="application/problem+json")
    )
    shopper.button("Try again").click()
    expect(shopper.status).to_contain_text("an error in the log as 123 — report it")
    shopper.page.unroute("**/v1/search")
    shopper.page.route("**/v1/search", lambda route: route.fulfill(status=502, body="<html>Bad gateway</html>"))
    shopper.button("Try again").click()
    expect(shopper.status).to_contain_text("The search did not work: 502")
    shopper.page.unroute("**/v1/search")
    shopper.searches("green cushion")
    expect(shopper.names.first).to_have_text("Green cushion")
    expect(shopper.button("Try again")).to_be_hidden()
    told = [fault for fault in shopper.faults if "Failed to load resource" in fault]
    assert shopper.faults == told  # the browser's own notes of the three failures, and nothing else
    shopper.faults.clear()


def test_a_file_that_is_no_photo_is_refused_with_the_reason(shopper: Shopper, tmp_path: Path) -> None:
    letter = tmp_path / "letter.jpg"
    letter.write_text("Dear shop, this is no photo.")
    shopper.drops(letter)
    expect(shopper.status).to_contain_text("The search did not work")
    expect(shopper.status).to_contain_text(re.compile("format|picture", re.I))
    shopper.button("Remove this photo: letter.jpg").click()
    expect(shopper.names).to_have_count(24)
    shopper.faults[:] = [fault for fault in shopper.faults if "422" not in fault]


def test_a_slow_answer_does_not_overwrite_a_newer_one(shopper: Shopper) -> None:
    held: list[Any] = []
    slow = lambda route: held.append(route) if "red cushion" in (route.request.post_data or "") else route.continue_()  # noqa: E731
    shopper.page.route("**/v1/search", slow)
    dropped = lambda request: request.url.endswith("/v1/search")  # noqa: E731
    with shopper.page.expect_event("requestfailed", dropped) as failed:  # the page itself drops the old question
        shopper.searches("red cushion")
        shopper.searches("green cushion")
    assert failed.value == held[0].request
    expect(shopper.names.first).to_have_text("Green cushion")
    expect(shopper.status).to_contain_text("product")


def test_texts_of_the_catalogue_are_texts(shopper: Shopper) -> None:
    shopper.searches("harmful")
    expect(shopper.names.first).to_have_text(f"Harmful {SCRIPT}")
    addresses = shopper.page.get_by_role("link").evaluate_all("nodes => nodes.map(node => node.href)")
    assert not [address for address in addresses if not address.startswith("http")]
    shopper.names.first.click()
    expect(shopper.page.get_by_role("heading", level=1)).to_have_text(f"Harmful {SCRIPT}")
    expect(shopper.page.get_by_role("link", name="See it in the shop")).to_have_count(0)  # javascript: is no address
    shopper.page.go_back()
    shopper.choice("<script>alert(1)").first.check()
    expect(shopper.button(f"Remove filter: {SCRIPT}")).to_be_visible()
    shopper.button(f"Remove filter: {SCRIPT}").click()
    shopper.searches("turned")
    expect(shopper.names.first).to_have_text(f"Turned {TURNED}")
    # Shut in by itself, a mark that turns the direction cannot turn what follows.
    assert shopper.names.first.evaluate("node => getComputedStyle(node).unicodeBidi") in ("isolate", "plaintext")
    shopper.names.first.click()
    link = shopper.page.get_by_role("link", name="See it in the shop")
    expect(link).to_have_attribute("href", "https://shop.example/turned?a=1&b=2")


def test_keyboard_alone(shopper: Shopper) -> None:
    keys = shopper.page.keyboard
    keys.press("Tab")
    expect(shopper.page.get_by_role("link", name="Skip to results")).to_be_focused()
    assert shopper.page.get_by_role("link", name="Skip to results").bounding_box()["x"] >= 0
    keys.press("Tab")
    keys.press("Tab")
    expect(shopper.box).to_be_focused()
    keys.type("red cushion")
    with shopper.page.expect_response("**/v1/search*"):  # the page that stood there before has the cushion first, too
        keys.press("Enter")
    expect(shopper.page.locator("#hits[aria-busy]")).to_have_count(0)
    expect(shopper.names.first).to_have_text("Red cushion")
    keys.press("Shift+Tab")
    keys.press("Shift+Tab")
    keys.press("Enter")
    expect(shopper.page.get_by_role("region")).to_be_focused()
    for understood in ("red", "cushion"):
        keys.press("Tab")
        expect(shopper.button(f"Search for it as plain words: {understood}")).to_be_focused()
    keys.press("Tab")
    expect(shopper.button("Clear all filters")).to_be_focused()
    keys.press("Tab")
    expect(shopper.page.get_by_role("link", name="Red cushion")).to_be_focused()
    keys.press("Tab")
    similar = shopper.button("Find similar: Red cushion")
    expect(similar).to_be_focused()
    assert similar.evaluate("node => parseFloat(getComputedStyle(node).outlineWidth)") >= 2
    keys.press("Tab")
    expect(shopper.button("Not like this: Red cushion")).to_be_focused()
    keys.press("Tab")
    keys.press("Enter")
    expect(shopper.page.get_by_role("dialog", name="Why this? Red cushion")).to_be_visible()
    keys.press("Escape")
    expect(shopper.button("Why this? Red cushion")).to_be_focused()
    keys.press("Shift+Tab")
    keys.press("Shift+Tab")
    keys.press("Enter")
    expect(shopper.status).to_contain_text("Similar to Red cushion")


def test_a_filter_keeps_the_focus(shopper: Shopper) -> None:
    box = shopper.choice("Luma 3")
    box.focus()
    shopper.page.keyboard.press("Space")
    expect(shopper.status).to_contain_text("3 products")
    expect(shopper.choice("Luma 3")).to_be_focused()
    expect(shopper.choice("Luma 3")).to_be_checked()


def test_everything_has_a_name(shopper: Shopper, photo: Path) -> None:
    shopper.drops(photo)
    expect(shopper.names.first).to_have_text("Green cushion")
    for role in ("button", "link", "checkbox", "combobox", "searchbox", "spinbutton", "img"):
        for node in shopper.page.get_by_role(role).all():
            expect(node).to_have_accessible_name(re.compile(r"\S"))
    for name in ("Results", "Filters"):
        role = "region" if name == "Results" else "complementary"
        expect(shopper.page.get_by_role(role, name=name)).to_be_visible()
    assert shopper.page.evaluate("document.documentElement.lang") == "en"
    ids = shopper.page.evaluate("[...document.querySelectorAll('[id]')].map(node => node.id)")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_a_screen_of_360_pixels(chromium: Any, address: str, photo: Path, locale: str) -> None:
    small = {"width": 360, "height": 740}
    with Shopper.comes(chromium, address, viewport=small, locale=locale, has_touch=True) as someone:
        filters, similar = ("Filters", "Find similar") if locale == "en-GB" else ("筛选", "找相似")
        assert someone.overflow() <= 0
        someone.searches("harmful")  # the longest words of the catalogue
        expect(someone.names.first).to_contain_text("Harmful")
        assert someone.overflow() <= 0
        someone.chooses(photo, photo, photo, button="Search with a photo" if locale == "en-GB" else "用照片搜索")
        expect(someone.page.get_by_role("img", name="my photo.png")).to_have_count(3)
        assert someone.overflow() <= 0
        assert someone.box.bounding_box()["width"] >= 48
        expect(someone.choice(re.compile("^Luma"))).to_be_hidden()
        someone.button(re.compile(f"^{filters}")).click()
        expect(someone.button(re.compile(f"^{filters}"))).to_have_attribute("aria-expanded", "true")
        someone.choice(re.compile("^Luma")).tap()
        expect(someone.button(re.compile(f"^{filters}"))).to_have_text(f"{filters} (1)")
        assert someone.overflow() <= 0
        # What a finger hits is at least 24 pixels high (WCAG 2.2, 2.5.8).
        for node in (
            someone.button(re.compile(f"^{similar}")).first,
            someone.choice(re.compile("^Luma")).locator(".."),
        ):
            assert node.bounding_box()["height"] >= 24
        someone.saw_no_faults()


def test_nothing_jumps_about(shopper: Shopper) -> None:
    page = shopper.page
    page.reload()
    expect(shopper.names).to_have_count(24)
    page.wait_for_load_state("networkidle")
    pictures = page.get_by_role("region").locator("img").all()
    assert len(pictures) >= 24
    for node in pictures:
        assert node.get_attribute("width")
        assert node.get_attribute("height")
        box = node.bounding_box()
        assert box["width"] == pytest.approx(box["height"], abs=1)
    shift = page.evaluate(
        """() => new Promise((done) => {
            let sum = 0;
            const add = (entries) => entries.forEach((e) => { if (!e.hadRecentInput) sum += e.value; });
            new PerformanceObserver((list) => add(list.getEntries())).observe({ type: "layout-shift", buffered: true });
            setTimeout(() => done(sum), 200);
        })"""
    )
    assert shift < 0.05  # half of what is counted as good


COLOURS_OF = """(nodes) => nodes.map((node) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1;
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    const layers = [];
    for (let n = node; n; n = n.parentElement) layers.unshift(getComputedStyle(n).backgroundColor);
    const read = () => [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
    const paint = (colour) => { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); };
    paint("#fff");
    layers.forEach(paint);
    const behind = read();
    const before = getComputedStyle(node, node.matches("input") && !node.value ? "::placeholder" : null);
    paint(before.color);
    return { text: node.textContent.trim().slice(0, 30) || node.id || node.tagName, front: read(), behind };
})"""


def luminance(rgb: list[int]) -> float:
    """Relative luminance (WCAG 2.2): linear light of each channel, weighted as eyes see it."""
    linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(front: list[int], behind: list[int]) -> float:
    """(lighter + 0.05) / (darker + 0.05), WCAG 2.2."""
    lighter, darker = sorted((luminance(front), luminance(behind)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_formula_of_contrast() -> None:
    assert contrast([0, 0, 0], [255, 255, 255]) == pytest.approx(21)
    assert contrast([119, 119, 119], [255, 255, 255]) == pytest.approx(4.48, abs=0.01)  # #777: known to just fail


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out(chromium: Any, address: str, scheme: str) -> None:
    with Shopper.comes(chromium, address, color_scheme=scheme) as someone:
        pairs = someone.box.evaluate_all(COLOURS_OF)  # the placeholder
        someone.choice("In stock only").check()
        expect(someone.button("Remove filter: In stock only")).to_be_visible()
        someone.searches("cushion")
        someone.button(re.compile("^Why this")).first.click()
        expect(someone.page.get_by_text("words as written")).to_be_visible()
        # Every element that shows text of its own: nothing is left out by a list that someone forgot to extend.
        own = "[...n.childNodes].some(c => c.nodeType === 3 && c.data.trim()) && n.getClientRects().length > 0"
        everything = someone.page.locator("css=body :not(script):not(noscript):not(option)")
        pairs += everything.evaluate_all(f"nodes => ({COLOURS_OF})(nodes.filter(n => {own}))")
        someone.button("Close").click()
        someone.page.route("**/v1/search", lambda route: route.abort())
        someone.searches("red")
        expect(someone.status).to_contain_text("did not work")
        pairs += someone.status.evaluate_all(COLOURS_OF)
        assert len(pairs) > 40
        weak = [(p["text"], round(contrast(p["front"], p["behind"]), 2)) for p in pairs]
        assert [pair for pair in weak if pair[1] < 4.5] == []
