"""When things go wrong the page says what, offers a way on, and the next search works."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser.shopper import Shopper

expect: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser

SEARCH = "**/v1/search*"
SCROLLED = "async (least) => { while (scrollY < least) await new Promise(requestAnimationFrame); }"


def problem(status: int, code: str, detail: str, hint: str, **headers: str) -> dict[str, Any]:
    """An answer as the service gives it when it refuses."""
    body = {"type": "about:blank", "title": code, "status": status, "code": code, "detail": detail, "hint": hint}
    return {"status": status, "body": json.dumps(body), "content_type": "application/problem+json", "headers": headers}


def goes_on(someone: Shopper) -> None:
    """The way on that is offered is taken, and works."""
    someone.page.unroute(SEARCH)
    someone.button(re.compile("^Try again")).first.click()
    expect(someone.names.first).to_have_text("Green cushion")
    expect(someone.button(re.compile("^Try again"))).to_have_count(0)
    someone.faults[:] = [fault for fault in someone.faults if "Failed to load resource" not in fault]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            problem(429, "busy", "the service has more to do than it can", "try again in 2 s", **{"Retry-After": "2"}),
            re.compile("more to do|busy|many", re.I),
        ),
        (problem(503, "encoder_failed", "photos cannot be read now", "search with words"), "photos cannot be read now"),
        ({"status": 504, "body": "<html><h1>Gateway Timeout</h1></html>", "content_type": "text/html"}, "504"),
    ],
    ids=["429", "503", "a proxy's page"],
)
def test_a_refusal_is_told_with_a_way_on(shopper: Shopper, answer: dict[str, Any], told: Any) -> None:
    shopper.page.route(SEARCH, lambda route: route.fulfill(**answer))
    shopper.searches("green cushion")
    expect(shopper.page.get_by_role("main")).to_contain_text(told)
    expect(shopper.page.get_by_role("main")).not_to_contain_text("<html>")
    goes_on(shopper)


def test_without_a_network_and_back(shopper: Shopper) -> None:
    shopper.page.context.set_offline(True)
    shopper.searches("green cushion")
    expect(shopper.page.get_by_role("main")).to_contain_text(re.compile("cannot be reached"))
    shopper.page.context.set_offline(False)
    goes_on(shopper)


def test_an_answer_that_breaks_off(shopper: Shopper) -> None:
    shopper.page.route(SEARCH, lambda route: route.fulfill(body='{"hits": [', content_type="application/json"))
    shopper.searches("green cushion")
    expect(shopper.button(re.compile("^Try again")).first).to_be_visible()
    goes_on(shopper)


def test_without_suggestions_one_searches_all_the_same(shopper: Shopper) -> None:
    shopper.page.route("**/v1/suggest*", lambda route: route.abort())
    shopper.box.press_sequentially("green cush")
    shopper.box.press("Enter")
    expect(shopper.names.first).to_have_text("Green cushion")
    expect(shopper.button(re.compile("^Try again"))).to_have_count(0)
    shopper.faults[:] = [fault for fault in shopper.faults if "Failed to load resource" not in fault]


def test_without_pictures_the_texts_stand_where_they_stood(shopper: Shopper) -> None:
    tall = shopper.page.get_by_role("listitem").filter(has=shopper.page.get_by_role("heading", level=3)).first
    expect(shopper.names).to_have_count(24)
    before = tall.bounding_box()
    shopper.page.route("**/v1/pictures/**", lambda route: route.abort())
    shopper.page.reload()
    expect(shopper.names).to_have_count(24)
    shopper.page.wait_for_load_state("networkidle")
    assert tall.bounding_box() == pytest.approx(before, abs=1)
    shopper.pictured("no-pictures")
    shopper.faults[:] = [fault for fault in shopper.faults if "Failed to load resource" not in fault]


def test_a_slow_network_keeps_what_was_typed(shopper: Shopper) -> None:
    session = shopper.page.context.new_cdp_session(shopper.page)
    slow = {"offline": False, "latency": 700, "downloadThroughput": 30_000, "uploadThroughput": 15_000}
    session.send("Network.emulateNetworkConditions", slow)
    shopper.searches("red cushion")
    shopper.box.fill("green cushion")  # one goes on typing while the answer is on its way
    busy = shopper.page.locator("[aria-busy=true]")
    expect(busy.first).to_be_attached()
    shopper.box.press("Enter")
    expect(shopper.names.first).to_have_text("Green cushion")
    expect(shopper.box).to_have_value("green cushion")
    expect(busy).to_have_count(0)


def test_a_new_search_begins_at_its_first_hit(shopper: Shopper, photo: Path) -> None:
    shopper.page.mouse.wheel(0, 1500)
    shopper.page.evaluate(SCROLLED, 500)
    shopper.searches("green cushion")
    expect(shopper.names.first).to_have_text("Green cushion")
    expect(shopper.names.first).to_be_in_viewport()
    shopper.page.mouse.wheel(0, 1500)
    shopper.page.evaluate(SCROLLED, 100)
    shopper.drops(photo)
    expect(shopper.page.get_by_role("img", name="my photo.png")).to_be_in_viewport(ratio=0.9)
    assert shopper.page.evaluate("scrollY") == 0
