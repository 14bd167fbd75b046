"""The back office from the side of a shop's staff: what they come for, done in a real browser before a real service."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from shoplens.app import open_shop
from shoplens.config import Config
from shoplens.engine import indexing
from tests.browser.clerk import Clerk
from tests.browser.conftest import SCRIPT
from tests.conftest import SmallShop, cushions
from tests.serving import key_for, serving
from tests.switching.conftest import SPACES, Place

expect: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser

FEED = """id,title,price,currency,image_link
V1,Clay vase,12.00,EUR,
V2,Glass vase,a dozen,EUR,
,No name,3.00,EUR,
V4,Tall vase,9.00,EUR,missing.png
"""


class Office(NamedTuple):
    """A shop that is served, and a key for all of it."""

    address: str
    key: str
    client: httpx.Client

    def found(self, words: str) -> list[str]:
        """What a shopper is shown for words."""
        answer = self.client.get("/v1/search", params={"q": words}).json()
        return [hit["product"]["id"] for hit in answer["hits"]]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    small = SmallShop(tmp_path_factory.mktemp("office") / "small")
    shop = small.open(query_log={"enabled": True})
    small.index(shop, [*cushions(small), {"id": "X1", "title": f"Harmful {SCRIPT.replace('<', '&lt;')}"}])
    key = key_for(shop, "admin", name="office")
    with serving(shop) as url, httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}) as client:
        for words in ("red cushion", "red cushion", "settee", "settee"):
            client.get("/v1/search", params={"q": words})
        yield Office(url, key, client)
    small.close()


@pytest.fixture
def clerk(chromium: Any, office: Office) -> Iterator[Callable[[str], Clerk]]:
    """Signs in on a page; what went wrong on it is told in the end."""
    open_ = []

    def on(path: str = "", **settings: Any) -> Clerk:
        coming = Clerk.signs_in(chromium, office.address, office.key, path, **settings)
        open_.append((coming, coming.__enter__()))
        return open_[-1][1]

    yield on
    for coming, someone in open_:
        coming.__exit__(None, None, None)
        someone.saw_no_faults()


def test_only_an_admin_comes_in(chromium: Any, office: Office) -> None:
    made = office.client.post("/v1/keys", json={"name": "till", "scopes": ["search"]}).json()
    with Clerk.comes(chromium, office.address, "/office/rules") as someone:
        expect(someone.page.get_by_role("heading", level=1, name="Back office")).to_be_visible()
        someone.types_key("sl_abc_def")
        expect(someone.page.get_by_role("alert")).to_contain_text("there is no such key")
        someone.types_key(made["key"])
        expect(someone.page.get_by_role("alert")).to_contain_text("not an admin key")
        someone.types_key(office.key)
        expect(someone.page.get_by_role("heading", level=1, name="Rules")).to_be_visible()
        assert office.key not in someone.page.content()
        someone.page.reload()
        expect(someone.page.get_by_role("heading", level=1, name="Rules")).to_be_visible()
        someone.button("Sign out").click()
        expect(someone.field("Admin key")).to_be_visible()
        assert someone.page.evaluate("Object.values(sessionStorage).join()") == ""


def test_the_overview_tells_how_the_shop_does(clerk: Callable[..., Clerk], office: Office) -> None:
    someone = clerk()
    figures = someone.page.get_by_role("main").locator("dl")
    for name in ("Searches", "Found nothing", "Latency p99", "Freshness", "Encoder in use"):
        expect(figures.get_by_text(name, exact=True)).to_be_visible()
    expect(
        someone.page.get_by_role("img", name=re.compile(r"\d+ searches, of which \d+ found nothing"))
    ).to_be_visible()
    someone.page.get_by_role("link", name="See these queries").first.click()
    expect(someone.page.get_by_role("tab", name="No result", selected=True)).to_be_visible()


def test_a_query_without_result_is_mended_by_a_synonym(clerk: Callable[..., Clerk], office: Office) -> None:
    assert office.found("settee") == []
    someone = clerk("queries")
    someone.page.get_by_role("tab", name="No result").click()
    row = someone.rows("No result").filter(has_text="settee")
    row.get_by_role("button", name="Make a synonym: settee").click()
    dialog = someone.page.get_by_role("dialog")
    dialog.get_by_label("Means the same as").fill("cushion")
    expect(dialog.get_by_text("Found now: 0")).to_be_visible()
    expect(dialog.get_by_text("Found with it: 5")).to_be_visible()
    dialog.get_by_role("button", name="Save").click()
    expect(someone.page.get_by_text("settee = cushion")).to_be_visible()
    assert len(office.found("settee")) == 5


def test_a_product_is_pinned_by_dragging_it(clerk: Callable[..., Clerk], office: Office) -> None:
    someone = clerk("rules")
    someone.page.get_by_role("link", name="New rule").click()
    someone.field("When the words are").fill("cushion")
    after = someone.page.get_by_role("list", name="After", exact=True).get_by_role("listitem")
    expect(after).to_have_count(5)
    expect(after.first).not_to_contain_text("Yellow cushion")
    after.filter(has_text="Yellow cushion").drag_to(after.first)
    expect(after.first).to_contain_text("Yellow cushion")
    expect(after.first).to_contain_text("pinned")
    after.filter(has_text="Red cushion").get_by_role("button", name="Hide Red cushion").click()
    expect(after).to_have_count(4)
    before = someone.page.get_by_role("list", name="Before", exact=True).get_by_role("listitem")
    expect(before).to_have_count(5)
    someone.pictured("office-rule-dragged", full_page=True)
    someone.button("Save rule").click()
    expect(someone.page.get_by_role("heading", level=1, name="rule-cushion")).to_be_visible()
    assert office.found("cushion")[0] == "C4"
    assert "C1" not in office.found("cushion")
    office.client.delete("/v1/rules/rule-cushion")


def test_a_product_is_pinned_and_a_rule_rolled_back_by_keyboard(clerk: Callable[..., Clerk], office: Office) -> None:
    someone = clerk("rules?new=mug")
    page, keys = someone.page, someone.page.keyboard
    query = someone.field("Query to look at")
    query.focus()
    keys.press("ControlOrMeta+A")
    keys.type("cushion")
    after = page.get_by_role("list", name="After", exact=True).get_by_role("listitem")
    expect(after).to_have_count(5)
    someone.field("When the words are").focus()
    keys.press("ControlOrMeta+A")
    keys.type("cushion")
    name = str(after.nth(2).get_by_role("button").first.get_attribute("aria-label")).split(",")[0].removeprefix("Move ")
    after.nth(2).get_by_role("button").first.focus()
    for place in (2, 1):
        keys.press("ArrowUp")
        expect(page.get_by_role("status").filter(has_text=f"{name} is pinned at {place}")).to_have_count(1)
        expect(after.nth(place - 1)).to_contain_text(name)
        expect(after.nth(place - 1).get_by_role("button").first).to_be_focused()
    someone.button("Save rule").focus()
    keys.press("Enter")
    history = page.get_by_role("region", name="History").get_by_role("listitem")
    expect(history.first).to_contain_text("changed")
    there = history.count()  # another test has used and deleted the name before, perhaps
    first = office.found("cushion")[0]
    assert office.client.get(f"/v1/products/{first}").json()["title"] == name

    someone.field("In force").focus()
    keys.press("Space")
    someone.button("Save rule").focus()
    keys.press("Enter")
    expect(history).to_have_count(there + 1)
    assert office.client.get("/v1/rules/rule-cushion").json()["rule"]["enabled"] is False
    history.nth(1).get_by_role("button").focus()
    keys.press("Enter")
    expect(history).to_have_count(there + 2)
    expect(history.first).to_contain_text("restored")
    expect(someone.field("In force")).to_be_checked()
    assert office.found("cushion")[0] == first
    someone.goes_to("Rules")
    someone.button(re.compile("^Delete the rule rule-")).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("rule-cushion")).to_have_count(0)


def test_a_feed_with_errors_is_imported_and_told_row_by_row(
    clerk: Callable[..., Clerk], office: Office, tmp_path: Path
) -> None:
    path = tmp_path / "vases.csv"
    path.write_text(FEED)
    someone = clerk("catalogue?part=import")
    someone.button("Import", exact=True).click()
    expect(someone.page.get_by_role("alert")).to_have_text("Choose a feed first")
    someone.field("^Feed").set_input_files(path)
    expect(someone.field("Products that the feed lacks stay")).to_be_checked()
    someone.button("Import", exact=True).click()
    job = someone.page.get_by_role("article", name="Import").first
    expect(job).to_contain_text("done")
    expect(job).to_contain_text("3 new")
    report = someone.page.get_by_role("region", name="Row report").first.get_by_role("table").locator("tbody tr")
    told = " | ".join(report.all_inner_texts())
    for part in ("V2", "price", "a dozen", "missing.png"):
        assert part in told, told
    assert "left out" in told
    assert "field only" in told
    someone.pictured("office-import", full_page=True)
    with someone.page.expect_download() as download:
        someone.button("Download the whole report").click()
    assert Path(download.value.path()).read_text().count("\n") == report.count()
    someone.page.get_by_role("tab", name="What changed").click()
    expect(someone.page.get_by_role("table").get_by_text("Clay vase")).to_be_visible()
    someone.page.get_by_role("tab", name="What is wrong").click()
    finding = someone.page.get_by_role("listitem").filter(has_text="have no price")
    expect(finding).to_contain_text("V2")
    finding.get_by_role("button", name="Import the mended feed").click()
    expect(someone.page.get_by_role("tab", name="Import a feed", selected=True)).to_be_visible()
    office.client.post("/v1/products/delete", json={"ids": ["V1", "V2", "V4"]})


def test_an_import_is_followed_while_it_runs_paused_and_gone_on_with(
    clerk: Callable[..., Clerk], office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "BATCH", 2)  # many small steps
    path = tmp_path / "many.csv"
    path.write_text("id,title\n" + "".join(f"B{n},Bowl number {n}\n" for n in range(80)))
    someone = clerk("catalogue?part=import")
    someone.field("^Feed").set_input_files(path)
    expect(someone.field("Products that the feed lacks stay")).to_be_checked()
    someone.button("Import", exact=True).click()
    job = someone.page.get_by_role("article", name="Import").first
    expect(job.get_by_role("progressbar")).to_be_visible()
    job.get_by_role("button", name="Pause").click()
    expect(job).to_contain_text(re.compile("pausing|paused"))
    job.get_by_role("button", name="Go on").click()
    expect(job).to_contain_text("done")
    expect(job).to_contain_text("80 of 80 products")
    expect(someone.page.get_by_text("Every row was used.").first).to_be_visible()
    office.client.post("/v1/products/delete", json={"ids": [f"B{n}" for n in range(80)]})


def test_a_shop_without_keys_lets_one_look_and_change_nothing(chromium: Any, tmp_path: Path) -> None:
    small = SmallShop(tmp_path / "small")
    shop = small.open(server={"keys": "off"})
    small.index(shop, [{"id": "V1", "title": "Vase"}])
    with serving(shop) as url, Clerk.comes(chromium, url, "/office/catalogue") as someone:
        someone.button("Open Vase").click()
        someone.button("Remove from the catalogue").click()
        someone.page.get_by_role("dialog", name="Remove Vase?").get_by_role("button", name="Remove from").click()
        expect(someone.page.get_by_text("nothing can be changed over HTTP here")).to_be_visible()
        expect(someone.button("Sign out")).to_have_count(0)
    small.close()


def test_an_offer_is_changed_and_harmful_texts_are_text(clerk: Callable[..., Clerk], office: Office) -> None:
    someone = clerk("catalogue")
    expect(someone.button(re.compile("^Open Harmful"))).to_contain_text("<script>")
    someone.field("Find a product").fill("green cushion")
    someone.page.keyboard.press("Enter")
    someone.button("Open Green cushion").click()
    dialog = someone.page.get_by_role("dialog", name="Green cushion")
    dialog.get_by_label("Price").fill("17.50")
    dialog.get_by_label("Availability").select_option("out of stock")
    dialog.get_by_role("button", name="Save offer").click()
    expect(dialog).to_have_count(0)
    variant = office.client.get("/v1/products/C2").json()["variants"][0]
    assert (variant["price"], variant["in_stock"]) == (17.5, False)


def test_two_configurations_are_compared_and_hits_judged_by_keyboard(
    clerk: Callable[..., Clerk], office: Office
) -> None:
    someone = clerk("lab?q=red+cushion")
    page, keys = someone.page, someone.page.keyboard
    someone.field("What is different").nth(1).select_option("Other weights")
    someone.field(r"Words as written or by vectors \(B\)").fill("1")
    someone.button("Ask both").click()
    expect(page.get_by_role("region", name="B: semantic_ratio 1")).to_be_visible()
    hits = page.get_by_role("region", name="A: As it is now").get_by_role("article")
    expect(hits.first).to_contain_text("words>picture")
    hits.first.focus()
    keys.press("3")
    expect(hits.first).to_have_accessible_name("1. Red cushion, judged just right")
    expect(hits.nth(1)).to_be_focused()
    keys.press("0")
    expect(hits.nth(2)).to_be_focused()
    keys.press("ArrowUp")
    keys.press("Delete")
    expect(page.get_by_text("1 judged")).to_be_visible()
    keys.press("ArrowRight")
    expect(page.get_by_role("region", name="B: semantic_ratio 1").get_by_role("article").nth(1)).to_be_focused()
    told = office.client.get("/v1/judgements").json()["queries"]
    assert [(one["query"], one["grades"]) for one in told] == [({"q": "red cushion"}, {"C1": 3})]

    page.get_by_role("tab", name="Many queries").click()
    someone.button("Compare", exact=True).click()
    expect(page.get_by_role("table", name="Each query, those that differ most first")).to_contain_text("red cushion")
    expect(page.get_by_role("status").filter(has_text="The rankings agree by")).to_be_visible()


def test_a_key_is_made_shown_once_and_revoked(clerk: Callable[..., Clerk], office: Office) -> None:
    someone = clerk("keys")
    someone.button("Make a key").click()
    dialog = someone.page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("importer")
    dialog.get_by_label("search", exact=False).first.uncheck()
    dialog.get_by_label(re.compile("^catalogue")).check()
    dialog.get_by_label("Rate").fill("often")
    dialog.get_by_role("button", name="Make a key").click()
    expect(dialog.get_by_role("alert")).to_contain_text("20/s")
    dialog.get_by_label("Rate").fill("5/s")
    dialog.get_by_role("button", name="Make a key").click()
    shown = someone.page.get_by_role("textbox", name="The key, shown this once")
    key = shown.inner_text()
    asks = {"Authorization": f"Bearer {key}"}
    assert httpx.get(f"{office.address}/v1/catalogue", headers=asks).status_code == 200
    someone.button("I have kept it").click()
    assert key not in someone.page.content()
    someone.button("Revoke the key importer").click()
    someone.page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(someone.rows("Keys").filter(has_text="importer")).to_contain_text("revoked")
    assert httpx.get(f"{office.address}/v1/catalogue", headers=asks).status_code == 401
    expect(someone.page.get_by_role("region", name="Limits in force")).to_contain_text("who changes something")
    someone.faults = [fault for fault in someone.faults if "400" not in fault]  # the rate that made no sense


def test_what_fails_is_told_with_its_hint_and_tried_again(clerk: Callable[..., Clerk], office: Office) -> None:
    someone = clerk("keys")
    page = someone.page
    body = '{"status": 503, "code": "store", "detail": "the shop cannot be read", "hint": "free some space"}'
    page.route("**/v1/queries?*", lambda r: r.fulfill(status=503, content_type="application/problem+json", body=body))
    someone.goes_to("Queries")
    expect(page.get_by_role("alert")).to_contain_text("the shop cannot be read")
    expect(page.get_by_role("alert")).to_contain_text("free some space")
    someone.pictured("office-failing")
    page.unroute("**/v1/queries?*")
    someone.button("Try again").click()
    expect(someone.rows("Most frequent").first).to_be_visible()
    page.route("**/v1/rules", lambda r: r.abort())
    someone.goes_to("Rules")
    expect(page.get_by_role("alert")).to_contain_text("the shop cannot be reached")
    someone.faults = []  # the browser tells of both


def test_a_key_that_was_revoked_is_asked_for_anew(chromium: Any, office: Office) -> None:
    made = office.client.post("/v1/keys", json={"name": "short", "scopes": ["admin"]}).json()
    with Clerk.signs_in(chromium, office.address, made["key"], "rules") as someone:
        office.client.delete(f"/v1/keys/{made['id']}")
        time.sleep(0.6)  # a key is looked up twice a second
        someone.page.get_by_role("link", name="Encoders").click()
        expect(someone.page.get_by_role("alert").filter(has_text="the key was revoked")).to_be_visible()
        expect(someone.field("Admin key")).to_be_visible()


@pytest.mark.train  # its small encoders are made with packages that the base has not
def test_another_encoder_is_built_compared_switched_to_and_rolled_back(chromium: Any, tmp_path: Path) -> None:
    place = Place(tmp_path, 12)
    config = Config.load(place.shop, encoder=place.name("one"), pictures={"workers": 1}, query_log={"enabled": True})
    with open_shop(config, create=True) as shop:
        place.index(shop)
        key = key_for(shop, "admin")
        with serving(shop) as url, Clerk.signs_in(chromium, url, key, "encoders") as someone:
            page, two = someone.page, place.name("two")
            for words in ("lamp", "kettle"):
                httpx.get(f"{url}/v1/search", params={"q": words})
            someone.field("^Encoder").fill(two)
            someone.button("Build its space").click()
            expect(page.get_by_role("article", name=re.compile("^Building"))).to_contain_text("done")
            spaces = someone.rows("Spaces of which vectors are kept")
            expect(spaces.filter(has_text=SPACES["two"])).to_contain_text("complete")
            page.get_by_role("combobox", name="Queries").select_option("the most frequent")
            someone.button("Compare", exact=True).click()
            expect(page.get_by_text(f"A is {place.name('one')}, B is {two}.")).to_be_visible()
            expect(page.get_by_text("The rankings agree by")).to_be_visible()
            someone.pictured("office-encoders", full_page=True)
            someone.button("Switch to it").click()
            page.get_by_role("dialog").get_by_role("button", name="Switch to it").click()
            expect(spaces.filter(has_text=SPACES["two"])).to_contain_text("serves")
            assert httpx.get(f"{url}/v1/search?q=lamp").json()["model_version"] == SPACES["two"]
            someone.button("Roll back").click()
            page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
            expect(spaces.filter(has_text=SPACES["one"])).to_contain_text("serves")
            assert httpx.get(f"{url}/v1/search?q=lamp").json()["model_version"] == SPACES["one"]
            someone.saw_no_faults()
