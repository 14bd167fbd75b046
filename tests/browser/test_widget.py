"""The widget in the example shop: another origin, a policy of its own, a public key that sees a part of the shop."""

from __future__ import annotations

import gzip
import http.server
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser.accessibility import violations
from tests.browser.hostile import INJECTED, LONG, SCRIPT
from tests.browser.hostile import rows as hostile_rows
from tests.browser.shopper import Shopper
from tests.conftest import SmallShop, cushions
from tests.serving import key_for, serving

expect: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "widget"
THERE = "http://127.0.0.1:8000"
"""Where the example looks for the service."""


@dataclass
class Street:
    """The example shop, and the service beside it."""

    service: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    shop: str = ""
    elsewhere: str = ""

    def page(self, name: str, at: dict[str, str]) -> bytes:
        """A file of the example, its service where that really is, the widget with further attributes."""
        text = (EXAMPLE / name).read_text("utf-8").replace(THERE, self.service)
        said = "".join(f' {key}="{value}"' for key, value in at.items())
        return text.replace("<shoplens-search", f"<shoplens-search{said}").encode()


def _files(street: Street) -> http.server.ThreadingHTTPServer:
    class Files(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            name = path.strip("/") or "index.html"
            if not (EXAMPLE / name).is_file():
                self.send_error(404)
                return
            said = dict(part.split("=") for part in query.split("&") if part)
            said["key"] = street.keys[said.get("key", "luma")]
            kind = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}[Path(name).suffix]
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.end_headers()
            self.wfile.write(street.page(name, said if name == "index.html" else {}))

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """The shop's page on one port, ShopLens on another; a second origin that the service was not told of."""
    made = Street()
    servers = [_files(made), _files(made)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    made.shop, made.elsewhere = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    small = SmallShop(tmp_path_factory.mktemp("widget") / "small")
    shop = small.open(server={"cors_origins": [made.shop], "keys": "all"})
    small.index(shop, [*cushions(small), *hostile_rows(small)])
    made.keys = {
        "luma": key_for(shop, "search", filter="brand=Luma"),
        "whole": key_for(shop, "search"),
        "wrong": "sl_0123456789ab_" + "A" * 43,
    }
    with serving(shop) as made.service:
        yield made
    small.close()
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def guest(chromium: Any, street: Street) -> Iterator[Shopper]:
    """Someone before the example shop."""
    with Shopper.comes(chromium, street.shop) as someone:
        yield someone
        someone.saw_no_faults()


def test_the_script_is_there_for_everybody_and_small(street: Street) -> None:
    answer = httpx.get(f"{street.service}/widget.js")  # without a key, of a service that asks everybody for one
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert len(gzip.compress(answer.content)) < 20_000
    again = httpx.get(f"{street.service}/widget.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def hits(someone: Shopper) -> Any:
    """The products that the widget shows."""
    return someone.page.get_by_role("region", name=re.compile("^(Results|搜索结果)$")).get_by_role("listitem")


def test_words_find_what_the_key_may_see_and_the_shop_shows_it(guest: Shopper) -> None:
    guest.searches("cushion")
    expect(hits(guest)).to_have_count(2)  # of five cushions those of one brand; the mug comes after more words
    expect(hits(guest).first).to_contain_text("€")
    expect(guest.status).to_contain_text(re.compile(r"^\d product"))
    guest.pictured("widget-light")
    hits(guest).filter(has_text="Green cushion").get_by_role("button").click()
    expect(guest.page.get_by_role("heading", name="Green cushion")).to_be_visible()
    expect(guest.page.get_by_role("article")).to_contain_text("19.90 EUR")
    expect(guest.page).to_have_url(re.compile("#C2$"))
    guest.button("Back to the results").click()
    expect(hits(guest)).to_have_count(2)  # as they stood


def test_suggestions_by_keyboard(guest: Shopper) -> None:
    guest.box.press_sequentially("gre")
    option = guest.page.get_by_role("listbox", name="Suggestions").get_by_role("option", name="Green cushion")
    expect(option.first).to_be_visible()
    guest.box.press("ArrowDown")
    expect(guest.page.get_by_role("option", selected=True)).to_have_count(1)
    guest.box.press("Enter")
    expect(hits(guest).first).to_contain_text("Green cushion")
    guest.box.press("Tab")
    guest.page.keyboard.press("Tab")
    guest.page.keyboard.press("Tab")
    expect(hits(guest).first.get_by_role("button")).to_be_focused()
    guest.page.keyboard.press("Enter")
    expect(guest.page.get_by_role("heading", name="Green cushion")).to_be_visible()


def test_a_photo_chosen_dropped_and_removed(guest: Shopper, photo: Path, tmp_path: Path) -> None:
    guest.chooses(photo)
    expect(hits(guest).first).to_contain_text("Green cushion")
    expect(guest.page.get_by_role("img", name="Search with a photo")).to_be_visible()
    expect(guest.page.get_by_text("used for this one search and not stored")).to_be_visible()
    guest.button("Remove the photo").click()
    expect(hits(guest)).to_have_count(0)
    expect(guest.box).to_be_focused()
    letter = tmp_path / "letter.jpg"
    letter.write_text("Dear shop, this is no photo.")
    guest.chooses(letter)
    expect(guest.status).to_have_text("This file is no photo.")


def test_who_asks_wrongly_is_told_what_a_shopper_can_use(chromium: Any, street: Street) -> None:
    with Shopper.comes(chromium, street.shop, "/?key=wrong") as someone:
        someone.searches("cushion")
        expect(someone.status).to_have_text("The search does not work here at the moment.")
        assert any("401" in fault and "shoplens-search" in fault for fault in someone.faults)
    with Shopper.comes(chromium, street.elsewhere) as someone:  # an origin that the settings do not name
        someone.searches("cushion")
        expect(someone.status).to_have_text("The search cannot be reached. Look whether you are online.")
        expect(someone.button("Try again")).to_be_visible()


def test_trouble_passes(guest: Shopper) -> None:
    refusal = {"status": 429, "headers": {"Retry-After": "3", "Access-Control-Allow-Origin": "*"}, "body": "{}"}
    refusal["headers"]["Access-Control-Expose-Headers"] = "Retry-After"
    guest.page.route("**/v1/search", lambda route: route.fulfill(**refusal))
    guest.searches("cushion")
    expect(guest.status).to_have_text("Too many are searching just now. Try again in 3 s.")
    guest.page.unroute("**/v1/search")
    guest.button("Try again").click()
    expect(hits(guest)).to_have_count(2)
    assert all("429" in fault for fault in guest.faults)
    guest.faults.clear()


def test_texts_of_the_catalogue_are_texts_on_a_phone(chromium: Any, street: Street) -> None:
    with Shopper.comes(chromium, street.shop, "/?key=whole", viewport={"width": 360, "height": 740}) as someone:
        someone.searches("harmful")
        expect(hits(someone).filter(has_text=SCRIPT).first).to_be_visible()
        expect(hits(someone).filter(has_text=LONG).first).to_be_visible()
        assert someone.page.evaluate(INJECTED) == []
        assert someone.overflow() <= 0
        addresses = hits(someone).get_by_role("link").evaluate_all("nodes => nodes.map((n) => n.protocol)")
        assert set(addresses) <= {"http:", "https:"}
        hits(someone).filter(has_text="Harmful id").get_by_role("button").click()
        expect(someone.page.get_by_role("heading", name=f"Harmful id {SCRIPT}")).to_be_visible()
        someone.pictured("widget-hostile-360")
        someone.saw_no_faults()


@pytest.mark.parametrize(("lang", "scheme"), [("en", "light"), ("zh", "dark")])
def test_no_violation(chromium: Any, street: Street, photo: Path, lang: str, scheme: str) -> None:
    with Shopper.comes(chromium, street.shop, f"/?lang={lang}", color_scheme=scheme) as someone:
        expect(someone.box).to_have_accessible_name("想找什么？" if lang == "zh" else "What are you looking for?")
        someone.chooses(photo, button="用照片搜索" if lang == "zh" else "Search with a photo")
        expect(hits(someone).first).to_contain_text("绿色靠垫" if lang == "zh" else "Green cushion")
        assert violations(someone.page) == []
        someone.box.press_sequentially("gre")
        expect(someone.page.get_by_role("option").first).to_be_visible()
        someone.box.press("ArrowDown")
        assert violations(someone.page) == []
        wine = someone.button(re.compile("^(Search|搜索)$")).evaluate("node => getComputedStyle(node).backgroundColor")
        assert wine == ("rgb(240, 163, 189)" if scheme == "dark" else "rgb(122, 34, 66)")  # the shop's, not ours
        someone.pictured(f"widget-{lang}-{scheme}")
        someone.saw_no_faults()


def test_attributes_may_change_and_no_page_is_needed(chromium: Any, street: Street) -> None:
    with Shopper.comes(chromium, street.shop, "/?per-page=1") as someone:
        someone.searches("cushion")
        expect(hits(someone)).to_have_count(1)
        someone.button("More").click()
        expect(hits(someone)).to_have_count(2)
        someone.page.locator("shoplens-search").evaluate("node => node.setAttribute('lang', 'zh')")
        expect(someone.button("用照片搜索")).to_be_visible()
        expect(hits(someone).first).to_contain_text("靠垫")
        someone.page.locator("shoplens-search").evaluate("node => node.remove()")
        expect(someone.box).to_have_count(0)
        someone.saw_no_faults()
