"""Photos from a shopper's side: a part of one, two of them, one that is not wanted, words against photo, advice."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.browser.shopper import Shopper
from tests.support import picture

expect: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser


WATCH = """() => {
    const own = FormData.prototype.append;
    window.sent = [];
    FormData.prototype.append = function (name, value, ...more) {
        window.sent.push([name, value]);
        return own.call(this, name, value, ...more);
    };
}"""
"""Browsers do not tell of what a form is made that carries a photo: the page is asked what it puts in."""


def watch(shopper: Shopper) -> None:
    shopper.page.evaluate(WATCH)


def fields(shopper: Shopper) -> Any:
    """The fields of the last search that carried a photo."""
    return json.loads(shopper.page.evaluate("window.sent.filter(([name]) => name === 'json').at(-1)[1]"))


@pytest.fixture(scope="module")
def two_halves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo whose left half is a red thing and whose right half a green one."""
    path = tmp_path_factory.mktemp("halves") / "halves.png"
    photo = Image.open(BytesIO(picture("red", side=400))).crop((0, 0, 400, 200))
    photo.paste(Image.open(BytesIO(picture("green", side=200))), (200, 0))
    photo.save(path)
    return path


def test_a_part_of_a_photo_by_dragging_then_all_of_it(shopper: Shopper, two_halves: Path) -> None:
    shopper.chooses(two_halves)
    shopper.button("Choose a part of halves.png").click()
    dialog = shopper.page.get_by_role("dialog", name="Which part of the photo?")
    box = dialog.get_by_role("img", name="halves.png").bounding_box()
    mouse = shopper.page.mouse
    mouse.move(box["x"] + box["width"] * 0.97, box["y"] + box["height"] * 0.05)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.5, steps=3)
    mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.95, steps=3)
    mouse.up()
    expect(dialog.get_by_role("application")).to_have_accessible_name(re.compile(r"Frame: (59|60|61)–97 × \d–9[45] %"))
    dialog.get_by_role("button", name="Search with this part", exact=True).click()
    expect(shopper.names.first).to_have_text("Green cushion")
    shopper.button("Choose a part of halves.png").click()
    shopper.button("The whole photo").click()
    expect(shopper.page.get_by_text("part", exact=True)).to_have_count(0)
    shopper.page.go_back()
    expect(shopper.names.first).to_have_text("Green cushion")


def test_a_part_of_a_photo_by_keys_alone(shopper: Shopper, two_halves: Path) -> None:
    shopper.chooses(two_halves)
    keys = shopper.page.keyboard
    shopper.button("Choose a part of halves.png").focus()
    keys.press("Enter")
    frame = shopper.page.get_by_role("application")
    frame.focus()
    for _ in range(40):
        keys.press("ArrowLeft")
    for _ in range(60):
        keys.press("Shift+ArrowLeft")  # never smaller than a twentieth of the photo
    expect(frame).to_have_accessible_name(re.compile(r"Frame: 0–5 × "))
    for _ in range(16):
        keys.press("Shift+ArrowRight")
    expect(frame).to_have_accessible_name(re.compile(r"Frame: 0–37 × "))
    shopper.button("The whole photo").focus()
    keys.press("Tab")
    expect(shopper.button("Search with this part", exact=True)).to_be_focused()
    keys.press("Enter")
    expect(shopper.names.first).to_have_text("Red cushion")
    expect(shopper.button("Choose a part of halves.png")).to_be_focused()


def test_a_second_photo_and_one_that_is_not_wanted(shopper: Shopper, tmp_path: Path) -> None:
    for colour in ("red", "blue"):
        (tmp_path / f"{colour}.png").write_bytes(picture(colour, side=120))
    shopper.chooses(tmp_path / "red.png")
    expect(shopper.names.first).to_have_text("Red cushion")
    shopper.chooses(tmp_path / "blue.png")
    expect(shopper.page.get_by_role("img", name=re.compile("red.png|blue.png"))).to_have_count(2)
    watch(shopper)
    shopper.button("Nothing like red.png").click()
    expect(shopper.names.first).to_have_text("Blue cushion")
    expect(shopper.button("Nothing like red.png")).to_have_attribute("aria-pressed", "true")
    expect(shopper.names.filter(has_text="Red cushion")).to_have_count(0)
    assert fields(shopper)["images"] == [{"multipart": "photo0", "weight": -1}, {"multipart": "photo1", "weight": 1}]


def test_more_like_the_photo_or_more_like_the_words(shopper: Shopper, photo: Path) -> None:
    shopper.drops(photo)
    expect(shopper.page.get_by_role("slider")).to_have_count(0)  # there are no words yet
    shopper.searches("towel")
    slider = shopper.page.get_by_role("slider", name="More like the photo, or more like the words")
    expect(slider).to_have_attribute("aria-valuetext", "evenly")
    slider.focus()
    watch(shopper)
    shopper.page.keyboard.press("End")
    expect(shopper.page).to_have_url(re.compile("weight=4"))
    sent = fields(shopper)  # a factor of 2 a step between them: 4 steps, half of it on either side
    assert (sent["words_weight"], sent["images"][0]["weight"]) == (2**2, 2**-2)
    expect(slider).to_have_attribute("aria-valuetext", "words 4 of 4")
    expect(slider).to_be_focused()
    expect(shopper.names.first).to_contain_text("towel")
    shopper.page.go_back()
    expect(slider).to_have_attribute("aria-valuetext", "evenly")


def test_advice_for_a_photo_that_is_too_dark_or_too_small(shopper: Shopper, tmp_path: Path) -> None:
    dark, tiny, fine = tmp_path / "dark.png", tmp_path / "tiny.png", tmp_path / "fine.png"
    noise = Image.effect_noise((300, 300), 30).convert("RGB")
    noise.point(lambda value: value // 8).save(dark)
    Image.open(BytesIO(picture("red", side=60))).save(tiny)
    noise.save(fine)
    shopper.chooses(fine)
    expect(shopper.page.get_by_role("img", name="fine.png")).to_be_visible()
    expect(shopper.page.get_by_text(re.compile("This photo is"))).to_have_count(0)
    shopper.button("Remove this photo: fine.png").click()
    shopper.chooses(dark)
    expect(shopper.page.get_by_text("This photo is rather dark. More light would help.")).to_be_visible()
    shopper.button("Remove this photo: dark.png").click()
    shopper.chooses(tiny)
    expect(shopper.page.get_by_text("This photo is very small.")).to_be_visible()
    shopper.button("中文").click()
    expect(shopper.page.get_by_text("照片太小")).to_be_visible()


def test_what_is_sent_of_a_photo_is_small_and_without_its_place(shopper: Shopper, tmp_path: Path) -> None:
    path = tmp_path / "holiday.jpg"
    exif = Image.Exif()
    exif[0x010F] = "Camera of the shopper"
    Image.open(BytesIO(picture("red", side=2000))).save(path, exif=exif)
    assert b"Camera of the shopper" in path.read_bytes()
    watch(shopper)
    with shopper.page.expect_response("**/v1/search"):
        shopper.chooses(path)
    expect(shopper.names.first).to_have_text("Red cushion")
    read = "async () => [...new Uint8Array(await window.sent.find(([name]) => name === 'photo0')[1].arrayBuffer())]"
    sent = bytes(shopper.page.evaluate(read))
    assert b"Camera of the shopper" not in sent
    assert Image.open(BytesIO(sent)).size == (1024, 1024)
    assert "holiday" not in json.dumps(fields(shopper))
