"""Searching from a shopper's side: words, photos, both, similar, reasons, filters, order, pages, back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import TOWELS
from tests.browser.shopper import Shopper
from tests.support import picture

expect: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser

ALL = 6 + TOWELS + 2


def test_the_first_page_shows_the_shop_and_words_find(shopper: Shopper) -> None:
    expect(shopper.status).to_contain_text(f"{ALL} products")
    expect(shopper.names).to_have_count(24)
    shopper.searches("yellow cushion")
    expect(shopper.names.first).to_have_text("Yellow cushion")
    expect(shopper.page).to_have_title(re.compile("yellow cushion"))
    shopper.box.fill("黑色靠垫")
    shopper.button("Search", exact=True).click()
    expect(shopper.names.first).to_have_text("Black cushion")


def test_a_dropped_photo_then_words_beside_it_then_without_it(shopper: Shopper, photo: Path) -> None:
    shopper.drops(photo)
    expect(shopper.names.first).to_have_text("Green cushion")
    expect(shopper.page.get_by_role("img", name="my photo.png")).to_be_visible()
    expect(shopper.page.get_by_text("Drop the photo to search with it")).to_be_hidden()
    shopper.searches("towel")
    expect(shopper.names.first).to_contain_text("towel")  # the word says what, the photo what it is to look like
    expect(shopper.page.get_by_role("img", name="my photo.png")).to_be_visible()
    shopper.button("Remove this photo: my photo.png").click()
    expect(shopper.page.get_by_role("img", name="my photo.png")).to_have_count(0)
    expect(shopper.names.filter(has_text="Green cushion")).to_have_count(0)
    expect(shopper.names.first).to_contain_text("towel")


def test_while_a_photo_hovers_the_page_says_what_a_drop_does(shopper: Shopper, photo: Path) -> None:
    session = shopper.page.context.new_cdp_session(shopper.page)
    over = {"x": 300, "y": 300, "data": {"items": [], "files": [str(photo)], "dragOperationsMask": 1}}
    session.send("Input.dispatchDragEvent", {"type": "dragEnter", **over})
    session.send("Input.dispatchDragEvent", {"type": "dragOver", **over})
    expect(shopper.page.get_by_text("Drop the photo to search with it")).to_be_visible()
    session.send("Input.dispatchDragEvent", {"type": "dragCancel", **over})  # Chromium tells the page nothing of it
    expect(shopper.page.get_by_text("Drop the photo to search with it")).to_be_hidden()


def test_photos_by_file_chooser_and_by_paste(shopper: Shopper, tmp_path: Path) -> None:
    red = tmp_path / "red.png"
    red.write_bytes(picture("red", side=90))
    shopper.chooses(red)
    expect(shopper.names.first).to_have_text("Red cushion")
    shopper.button("Remove this photo: red.png").click()
    shopper.page.evaluate(
        """async () => {
            const canvas = new OffscreenCanvas(80, 80);
            const pen = canvas.getContext("2d");
            pen.fillStyle = "rgb(30, 60, 220)";
            pen.fillRect(0, 0, 80, 80);
            const blob = await canvas.convertToBlob({ type: "image/png" });
            await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
        }"""
    )
    shopper.box.press("Control+v")
    expect(shopper.names.first).to_have_text("Blue cushion")
    expect(shopper.button(re.compile("^Remove this photo"))).to_have_count(1)


def test_find_similar_and_then_with_words(shopper: Shopper) -> None:
    shopper.searches("red cushion")
    shopper.button("Find similar: Red cushion").click()
    expect(shopper.status).to_contain_text("Similar to Red cushion")
    expect(shopper.names.filter(has_text="Red cushion")).to_have_count(0)  # nothing is similar to itself
    expect(shopper.names.first).to_have_text("Mug")
    expect(shopper.box).to_have_value("")
    shopper.searches("blue")
    expect(shopper.names.filter(has_text="Blue cushion")).to_be_visible()
    shopper.button("Remove this product: Red cushion").click()
    expect(shopper.status).not_to_contain_text("Similar to")
    expect(shopper.names.first).to_contain_text(re.compile("Blue cushion|Mug"))


def test_why_a_product_is_here(shopper: Shopper) -> None:
    shopper.searches("green cushion")
    why = shopper.button("Why this? Green cushion")
    why.click()
    told = shopper.page.get_by_role("dialog", name="Why this? Green cushion")
    expect(told.get_by_text("words as written")).to_be_visible()
    expect(told.get_by_text("words ↔ picture")).to_be_visible()
    expect(told.get_by_text(re.compile(r"^[+−]\d+\.\d\d$")).first).to_be_visible()
    expect(told.get_by_text("Agrees: Colour: green")).to_be_visible()
    expect(told.get_by_role("mark")).to_contain_text(["Green", "cushion"])
    heat = told.get_by_role("img", name="Where on the picture it matches")
    expect(heat).to_be_visible()
    told.get_by_label("Show where it matches").uncheck()
    expect(heat).to_have_count(0)
    shopper.button("Close").click()
    expect(told).to_have_count(0)
    expect(why).to_be_focused()


def test_filters_with_counts_add_up_and_can_be_taken_back(shopper: Shopper) -> None:
    shopper.choice("Luma 3").check()  # red and green cushion, mug
    expect(shopper.status).to_contain_text("3 products")
    # Counts of the other brands stand as they were: choosing a second one adds to the first.
    shopper.choice("Fila 3").check()
    expect(shopper.status).to_contain_text("6 products")
    shopper.page.get_by_role("spinbutton", name="Price up to").fill("19.90")
    shopper.page.get_by_role("spinbutton", name="Price up to").press("Enter")
    expect(shopper.names).to_have_text(["Red cushion", "Green cushion", "Mug"], ignore_case=False)
    shopper.choice("In stock only").check()
    expect(shopper.status).to_contain_text("3 products")  # the mug is there in blue
    shopper.button("Remove filter: Luma").click()
    expect(shopper.status).to_contain_text("Try it without the filters")
    shopper.button("Clear all filters").click()
    expect(shopper.status).to_contain_text(f"{ALL} products")
    expect(shopper.choice("Luma 3")).not_to_be_checked()
    expect(shopper.page.get_by_role("spinbutton", name="Price up to")).to_have_value("")


def test_in_stock_only(shopper: Shopper) -> None:
    shopper.searches("blue cushion")
    card = shopper.page.get_by_role("listitem").filter(has=shopper.button("Find similar: Blue cushion"))
    expect(card).to_contain_text("out of stock")
    shopper.choice("In stock only").check()
    expect(shopper.names.filter(has_text="Blue cushion")).to_have_count(0)


def test_categories_are_a_tree(shopper: Shopper) -> None:
    home = shopper.choice(f"Home {6 + TOWELS}")
    towels = shopper.choice(f"Towels {TOWELS}")
    expect(towels).to_be_visible()  # a small tree stands open
    left = [box.bounding_box()["x"] for box in (home, shopper.choice(f"Bath {TOWELS}"), towels)]
    assert left[0] < left[1] < left[2]
    expect(shopper.page.get_by_text("Home > Bath")).to_have_count(0)
    shopper.button("Show what is in Bath").click()
    expect(towels).to_have_count(0)
    shopper.choice(f"Bath {TOWELS}").check()
    expect(shopper.status).to_contain_text(f"{TOWELS} products")
    home.check()  # the whole contains the part
    expect(shopper.status).to_contain_text(f"{6 + TOWELS} products")
    expect(shopper.choice(f"Bath {TOWELS}")).not_to_be_checked()


def test_order(shopper: Shopper) -> None:
    shopper.page.get_by_label("Order").select_option("Price, low to high")
    expect(shopper.names.first).to_have_text("Mug")
    shopper.page.get_by_label("Order").select_option("Price, high to low")
    expect(shopper.names.first).to_have_text(f"White towel {TOWELS}")


def test_scrolling_shows_the_rest_once_and_the_address_tells_how_much(shopper: Shopper, chromium: Any) -> None:
    expect(shopper.names).to_have_count(24)
    shopper.names.last.scroll_into_view_if_needed()
    expect(shopper.names).to_have_count(ALL)
    expect(shopper.page).to_have_url(re.compile("pages=2"))
    with Shopper.comes(chromium, shopper.page.url, "") as friend:
        expect(friend.names).to_have_count(ALL)
        friend.saw_no_faults()
    expect(shopper.button("More", exact=True)).to_be_hidden()
    names = shopper.names.all_text_contents()
    assert len(set(names)) == ALL
    shopper.searches("mug")  # a new search starts over
    expect(shopper.names.first).to_have_text("Mug")
    assert shopper.names.count() < ALL


def test_nothing_like_it_is_said_so(shopper: Shopper) -> None:
    shopper.searches("zxqv wkjh")
    expect(shopper.status).to_contain_text("Nothing in this shop is like it")
    expect(shopper.names).to_have_count(0)
    shopper.searches("mug")
    expect(shopper.names.first).to_have_text("Mug")


def test_the_filter_is_told_where_it_is_the_cause(shopper: Shopper) -> None:
    shopper.page.get_by_role("spinbutton", name="Price up to").fill("1")
    shopper.page.get_by_role("spinbutton", name="Price up to").press("Enter")
    expect(shopper.status).to_contain_text(f"The filters leave none of the {ALL} products. Try it without the filters.")
    expect(shopper.status).not_to_contain_text("like it")
    shopper.button("中文").click()
    expect(shopper.status).to_contain_text(f"筛选后，{ALL} 件商品一件不剩。去掉筛选条件试试。")


def test_a_typo_is_told_in_the_language_of_the_page(shopper: Shopper) -> None:
    shopper.searches("the cushoin for the and of the in with")  # so long that no other spelling of it is proposed
    expect(shopper.status).to_contain_text("No product has the word “cushoin”; these are the results for “cushion”.")
    shopper.button("中文").click()
    expect(shopper.status).to_contain_text("没有商品含“cushoin”，以下是“cushion”的结果。")


def test_categories_have_chinese_names(shopper: Shopper) -> None:
    expect(shopper.choice(f"Towels {TOWELS}")).to_be_visible()
    shopper.button("中文").click()
    expect(shopper.choice(f"毛巾 {TOWELS}")).to_be_visible()
    shopper.choice(f"毛巾 {TOWELS}").check()
    expect(shopper.button("移除筛选条件: 毛巾")).to_be_visible()


def test_language_is_kept(shopper: Shopper) -> None:
    shopper.searches("green cushion")
    expect(shopper.names.first).to_have_text("Green cushion")
    shopper.button("中文").click()
    expect(shopper.names.first).to_have_text("绿色靠垫")
    expect(shopper.button("搜索", exact=True)).to_be_visible()
    expect(shopper.status).to_contain_text("件商品")
    shopper.page.reload()
    expect(shopper.names.first).to_have_text("绿色靠垫")
    expect(shopper.box).to_have_accessible_name("想找什么？")
    expect(shopper.choice(re.compile("^绿色"))).to_be_visible()  # colours have Chinese names
    shopper.button("English").click()
    expect(shopper.names.first).to_have_text("Green cushion")


def test_the_address_can_be_shared_and_back_goes_back(shopper: Shopper, photo: Path, chromium: Any) -> None:
    shopper.searches("cushion")
    expect(shopper.names.first).to_contain_text("cushion")
    shopper.choice(re.compile("^Luma")).check()
    expect(shopper.button("Remove filter: Luma")).to_be_visible()
    with Shopper.comes(chromium, shopper.page.url, "") as friend:
        expect(friend.box).to_have_value("cushion")
        expect(friend.choice(re.compile("^Luma"))).to_be_checked()
        expect(friend.names).to_have_count(shopper.names.count())
        friend.saw_no_faults()
    shopper.drops(photo)
    expect(shopper.page.get_by_role("img", name="my photo.png")).to_be_visible()
    shopper.button(re.compile("^Find similar")).first.click()
    expect(shopper.status).to_contain_text("Similar to")
    shopper.page.go_back()
    expect(shopper.page.get_by_role("img", name="my photo.png")).to_be_visible()
    expect(shopper.status).not_to_contain_text("Similar to")
    shopper.page.go_back()
    expect(shopper.page.get_by_role("img", name="my photo.png")).to_have_count(0)
    expect(shopper.button("Remove filter: Luma")).to_be_visible()
    shopper.page.go_back()
    expect(shopper.button("Remove filter: Luma")).to_have_count(0)
    expect(shopper.box).to_have_value("cushion")
    shopper.page.go_back()
    expect(shopper.status).to_contain_text(f"{ALL} products")
    expect(shopper.box).to_have_value("")


def test_an_address_with_a_product_names_it(chromium: Any, address: str) -> None:
    with Shopper.comes(chromium, address, "/?like=C1") as someone:
        expect(someone.status).to_contain_text("Similar to Red cushion")
        expect(someone.page.get_by_role("img", name="Red cushion")).to_be_visible()
        someone.saw_no_faults()


def test_what_was_understood_can_be_taken_back(shopper: Shopper) -> None:
    shopper.searches("cushion under €20 not red")
    expect(shopper.names.filter(has_text="Red cushion")).to_have_count(0)
    expect(shopper.names.filter(has_text="cushion")).to_have_text(["Green cushion"])
    limit = shopper.button("Search for it as plain words: under €20")
    limit.focus()
    shopper.page.keyboard.press("Enter")
    expect(limit).to_have_count(0)
    expect(shopper.names.filter(has_text="Blue cushion")).to_be_visible()
    expect(shopper.page).to_have_url(re.compile("plain=price"))
    shopper.page.reload()
    expect(shopper.names.filter(has_text="Blue cushion")).to_be_visible()
    expect(shopper.button("Search for it as plain words: not red")).to_be_visible()
    shopper.page.go_back()
    expect(limit).to_be_visible()
    shopper.searches("cushion under €15")  # other words are read anew
    expect(shopper.names.filter(has_text="cushion")).to_have_text(["Red cushion"])


def test_what_was_understood_is_told_in_chinese(chromium: Any, address: str) -> None:
    with Shopper.comes(chromium, address, locale="zh-CN") as someone:
        someone.searches("20欧元以下不要红色的靠垫")
        expect(someone.button("按原文搜索: 20欧元以下")).to_be_visible()
        expect(someone.button("按原文搜索: 不要红色的")).to_be_visible()
        someone.searches("50美元以下的靠垫")
        expect(someone.status).to_contain_text("未做换算")
        someone.saw_no_faults()
