"""The side-by-side page, opened as a file: judged by keyboard, downloaded, read again; nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shoplens.evaluation import Judged, Run, contrast, read_qrels, write_sheet
from shoplens.evaluation.by_machine import MachineGrade
from shoplens.evaluation.cards import Card
from shoplens.evaluation.contrast import Contender
from shoplens.evaluation.judgements import JudgedQuery
from tests.browser.shopper import Shopper
from tests.support import picture

expect: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser

HARM = "<img src=x onerror=alert(1)></script>"
QUERIES = [JudgedQuery("1", {"q": "red"}, Path(), "q:1"), JudgedQuery("2", {"q": HARM}, Path(), "q:2")]
A = Contender("ours", Run({"1": [("P1", 3.0), ("P2", 2.0), ("P3", 1.0)], "2": [("P1", 1.0)]}))
B = Contender("theirs", Run({"1": [("P2", 2.0), ("P4", 1.0)], "2": [("P1", 1.0)]}))
CARDS = {
    (False, f"P{n}"): Card(f"Product {n}", brand=HARM, price="5.00 EUR", attributes=(("color", "red"),), picture=jpeg)
    for n, jpeg in ((1, picture("red", format="JPEG")), (2, picture("blue", format="JPEG")), (3, b""))
}


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page without people's judgements; a machine has said something of one hit."""
    made = contrast(QUERIES, A, B)
    object.__setattr__(made, "judged", Judged({}, {"1": {"P4": MachineGrade(3, f"because {HARM}", "m-1")}}))
    path = tmp_path / "report.html"
    write_sheet(path, made, CARDS)
    return path


@pytest.fixture
def judge(chromium: Any, page: Path) -> Iterator[Shopper]:
    """Someone before the page, with no server at all."""
    with Shopper.comes(chromium, page.as_uri(), path="") as someone:
        yield someone
        someone.saw_no_faults()


def downloaded(judge: Shopper, to: Path) -> dict[str, dict[str, int]]:
    with judge.page.expect_download() as got:
        judge.button("Download judgements").click()
    got.value.save_as(to)
    return read_qrels(to)


def hits(judge: Shopper, query: int) -> Any:
    return judge.page.locator(".query").nth(query).get_by_role("listitem")


def test_judged_by_keyboard_and_downloaded(judge: Shopper, tmp_path: Path) -> None:
    page = judge.page
    expect(page.get_by_role("heading", level=1)).to_have_text("A · ours against B · theirs")
    hits(judge, 0).first.focus()
    for key in ("3", "0", "2"):  # each grade goes on to the next hit that nobody has judged: P1, P2, P3
        page.keyboard.press(key)
    page.keyboard.press("1")  # P2 stands in both columns and was judged once: the next one is P4
    page.reload()
    expect(judge.page.locator(".tools")).to_contain_text("4 of 5 hits judged, 4 here")
    assert downloaded(judge, tmp_path / "b.trec") == {"1": {"P1": 3, "P2": 0, "P3": 2, "P4": 1}}
    hits(judge, 0).first.focus()
    page.keyboard.press("Delete")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("3")
    assert downloaded(judge, tmp_path / "c.trec") == {"1": {"P2": 3, "P3": 2, "P4": 1}}
    pressed = hits(judge, 0).nth(1).get_by_role("button", pressed=True)
    expect(pressed).to_have_attribute("aria-label", "Grade 3: just right — Product 2")


def test_texts_are_texts_and_a_machine_is_told_apart(judge: Shopper) -> None:
    expect(judge.page.get_by_role("heading", level=2).filter(has_text="<img")).to_have_text(HARM)
    expect(judge.page.locator(".machine-note")).to_contain_text("1 judgements are a machine's (m-1), not people's.")
    expect(hits(judge, 0).filter(has_text="machine: 3")).to_have_count(1)
    judge.page.get_by_role("checkbox", name="Judge without names").check()
    expect(judge.page.get_by_role("heading", level=3)).to_have_text(["Hits of both, mixed"] * 2)
    expect(hits(judge, 0)).to_have_count(4)  # each product once
    expect(judge.page.locator(".said:visible")).to_have_count(0)  # who has not judged yet is told of no machine
    for text in ("ours", "theirs", "only here"):
        expect(judge.page.locator(".query").first).not_to_contain_text(text)


def test_filters_languages_and_a_file_read_back(judge: Shopper, tmp_path: Path) -> None:
    judge.page.get_by_role("combobox").select_option("differ")
    expect(judge.page.locator(".query")).to_have_count(1)
    judge.page.get_by_role("combobox").select_option("all")
    judge.page.get_by_role("searchbox").fill("RED")
    expect(judge.page.locator(".query")).to_have_count(1)
    judge.button("中文").click()
    expect(judge.button("下载评判")).to_be_visible()
    assert judge.page.evaluate("document.documentElement.lang") == "zh-CN"
    judge.button("English").click()
    for text, said in (("1\t0\tP3\t2\n", "1 judgements read"), ("1 machine:m P3 2\n", "no file of judgements")):
        (tmp_path / "mine.trec").write_text(text)
        with judge.page.expect_file_chooser() as chooser:
            judge.button("Load judgements", exact=True).click()
        chooser.value.set_files(str(tmp_path / "mine.trec"))
        expect(judge.status).to_contain_text(said)
    assert downloaded(judge, tmp_path / "d.trec") == {"1": {"P3": 2}}


CONTRAST = """
() => {
  const part = (x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
  const light = (c) => {
    const [r, g, b] = c.match(/[\\d.]+/g).map((x) => part(x / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const under = (node) => {
    for (; node; node = node.parentElement) {
      const c = getComputedStyle(node).backgroundColor;
      if (c.startsWith("rgb") && !/, 0\\)$/.test(c)) return c;
    }
    return "rgb(255, 255, 255)";
  };
  const weak = [];
  for (const node of document.querySelectorAll("h1,h2,h3,p,th,td,button,label,span,a,strong,figcaption")) {
    if (!node.innerText || !node.offsetParent || node.closest(".skip")) continue;
    const [more, less] = [light(getComputedStyle(node).color), light(under(node))].sort((a, b) => b - a);
    const ratio = (more + 0.05) / (less + 0.05);
    if (ratio < 4.5) weak.push([node.className || node.tagName, node.innerText.slice(0, 30), ratio]);
  }
  return weak;
}
"""
"""Texts whose contrast is below 4.5 (WCAG 2.2, 1.4.3)."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(chromium: Any, page: Path, scheme: str) -> None:
    for width in (1400, 390):
        look: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
        with Shopper.comes(chromium, page.as_uri(), path="", **look) as someone:
            assert someone.page.evaluate(CONTRAST) == []
            assert someone.overflow() == 0
            someone.saw_no_faults()
