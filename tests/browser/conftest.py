"""A real Chromium before a served small shop: one browser for all tests, a fresh profile for each."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.browser.shopper import Shopper
from tests.conftest import SmallShop, cushions
from tests.serving import serving
from tests.support import picture

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
FAILED = pytest.StashKey[bool]()
TOWELS = 30
SCRIPT = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
TURNED = "\u202eflow tfel\u202c ‏\u05e9\u05dc\u05d5\u05dd"


def rows_of(small: SmallShop) -> list[Mapping[str, Any]]:
    """Six cushions and a mug, thirty towels that share one white picture, and two products with texts meant to harm."""
    rows = list(cushions(small))
    white = small.paint("white.png", "white")
    for number in range(1, TOWELS + 1):
        row = {"id": f"T{number:02}", "title": f"White towel {number}", "category": ["Home", "Bath", "Towels"]}
        row |= {
            "brand": "Linden",
            "price": f"{100 + number}.00",
            "currency": "EUR",
            "color": "white",
            "images": [white],
        }
        rows.append(row)
    spelt = SCRIPT.replace("<", "&lt;").replace(">", "&gt;")  # tags are taken out of a feed's texts, entities are read
    rows.append(
        {"id": "X1", "title": f"Harmful {spelt}", "brand": spelt, "color": SCRIPT, "link": "javascript:alert(3)"}
    )
    rows.append({"id": "X2", "title": f"Turned {TURNED}", "link": "https://shop.example/turned?a=1&b=2"})
    return rows


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the shop is served."""
    small = SmallShop(tmp_path_factory.mktemp("browser") / "small")
    shop = small.open()
    small.index(shop, rows_of(small))
    with serving(shop) as url:
        yield url
    small.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser. Skips where playwright or Chromium is missing; CI turns that skip into a failure."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make test installs it")
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next((path for name in names if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium here: install it (apt install chromium), the tests look for it on the PATH")
    with api.sync_playwright() as playwright:
        api.expect.set_options(timeout=20_000)
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tells the fixtures of a test whether it has failed."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture
def shopper(request: pytest.FixtureRequest, chromium: Any, address: str) -> Iterator[Shopper]:
    """Someone before the page, who has a browser that speaks English and has no history."""
    with Shopper.comes(chromium, address) as someone:
        yield someone
        if request.node.stash.get(FAILED, False):
            someone.pictured(f"failed-{someone.test}")
        someone.saw_no_faults()


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shopper's photo, green, larger than what is sent."""
    path = tmp_path_factory.mktemp("photo") / "my photo.png"
    path.write_bytes(picture("green", side=1500, shade=2))
    return path
