"""The pages as they are sent: first data inside, nothing inline, small scripts, addresses of products."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from shoplens.server import create_app
from shoplens.server.assets import built
from shoplens.server.gates import Busy, Gate
from tests.conftest import SmallShop, cushions

MOST = 60_000
"""Bytes of script of the shop window, gzipped (issue 6)."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    small = SmallShop(tmp_path_factory.mktemp("pages"))
    shop = small.open()
    small.index(shop, cushions(small))
    yield TestClient(create_app(shop))
    small.close()


def first(text: str) -> dict[str, object]:
    """The data that stands in a page."""
    found = re.search(r'<script type="application/json" id="first">(.*?)</script>', text)
    assert found
    return dict(json.loads(found.group(1)))


def test_the_shop_window_has_its_first_answer_and_cards_inside(client: TestClient) -> None:
    text = client.get("/").text
    data = first(text)
    assert data["answer"]["found"] == len(data["answer"]["hits"]) == 6  # type: ignore[index]
    assert 'href="/p/C1"' in text
    assert "Red cushion" in text.split("</script>", 1)[1]


def test_an_address_with_a_question_is_left_to_the_api(client: TestClient) -> None:
    data = first(client.get("/?q=red").text)
    assert data["answer"] is None
    assert "color" in data["facets"]  # type: ignore[operator]


def test_a_product_has_a_page(client: TestClient) -> None:
    there = client.get("/p/M1")
    assert there.status_code == 200
    assert "<title>Mug · ShopLens</title>" in there.text
    product = first(there.text)["product"]
    assert product["id"] == "M1"  # type: ignore[index]
    gone = client.get("/p/no such product")
    assert (gone.status_code, first(gone.text)["product"]) == (404, None)


def test_a_product_tells_which_hash_is_the_picture_of_which_location(client: TestClient) -> None:
    product = client.get("/v1/products/M1").json()
    of = product["picture_of"]
    shown = [of[image["location"]] for variant in product["variants"] for image in variant["images"]]
    assert len(set(shown)) == len(product["variants"])
    assert set(shown) == set(product["pictures"])


@pytest.mark.parametrize("path", ["/", "/?q=red", "/p/M1", "/office/", "/office/rules"])
def test_nothing_is_inline(client: TestClient, path: str) -> None:
    page = client.get(path)
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"<script(?![^>]*(?:\bsrc=|application/json))|<style|\sstyle=|\son\w+=", page.text)
    for address in re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text):
        assert client.get(address).status_code == 200


def test_the_scripts_of_the_shop_window_are_small() -> None:
    made = built()
    needs = made.needs("src/shop/main.tsx")
    sizes = {name: len(gzip.compress(made.files[name], 9)) for name in (needs["script"], *needs["modules"])}
    assert sum(sizes.values()) <= MOST, sizes
    assert all(name in made.files for name in needs["styles"])


def test_the_page_comes_without_its_first_answer_where_searches_are_refused(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Gate, "refuse", lambda gate: Busy())
    there = client.get("/")
    assert (there.status_code, first(there.text)["answer"]) == (200, None)
