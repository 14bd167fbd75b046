"""What a key with a filter sees of a product that lies half within it, of fields, and of pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import pytest

from shoplens.app import Shop
from shoplens.core.catalogue import ImageRef, Product, Variant
from shoplens.core.narrowing import part_within
from shoplens.core.where import parse_where
from tests.conftest import SmallShop
from tests.edges.test_http import problem
from tests.guarded import ask_all, run_async, service
from tests.serving import bearer

ALL = {"keys": "all"}
HIDDEN = ("T-blue", "S-9", "7654321", "blue.png", "Lining", "satin", "secret")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A bag in red, which is there, and in blue, which is not; a mug that is not there and has a field of its own."""
    small = SmallShop(tmp_path_factory.mktemp("parts") / "small")
    shared = {"item_group_id": "T", "title": "Tote", "brand": "Luma", "currency": "EUR"}
    blue = {"id": "T-blue", "sku": "S-9", "price": "7654321.00", "in_stock": False, "color": "blue", "Lining": "satin"}
    rows: list[Mapping[str, Any]] = [
        {
            **shared,
            "id": "T-red",
            "sku": "S-1",
            "price": "10.00",
            "in_stock": True,
            "color": "red",
            "images": [small.paint("red.png", "red")],
        },
        {**shared, **blue, "images": [small.paint("blue.png", "blue")]},
        {
            "id": "M",
            "title": "Mug",
            "price": "5 EUR",
            "in_stock": False,
            "glaze": "secret",
            "images": [small.paint("green.png", "green")],
        },
        {"id": "P", "title": "Plate", "price": "6 EUR", "in_stock": True, "rim": "wide"},
        {"id": "Q", "title": "Scarf", "in_stock": True, "images": [small.paint("red2.png", "red", 9)]},
    ]
    opened = small.open()
    small.index(opened, rows)
    yield opened
    small.close()


@pytest.fixture(scope="module")
def key(shop: Shop) -> dict[str, str]:
    return bearer(shop, "search", filter="in_stock")


def asked(shop: Shop, *requests: tuple[str, str, dict[str, Any]], headers: Mapping[str, str]) -> list[Any]:
    sent = [(method, path, {**more, "headers": dict(headers)}) for method, path, more in requests]
    return run_async(ask_all(sent, service(shop, ALL), "::1"))


def test_variants_outside_are_nowhere(shop: Shop, key: dict[str, str]) -> None:
    pictures = dict(shop.stored("T").pictures)
    assert set(pictures) == {"red.png", "blue.png"}
    searches: list[dict[str, Any]] = [
        {"per_page": 50, "explain": True, "facet_by": ["color", "price"]},
        {"q": "tote blue satin", "explain": True},
        {"group_by": "variant", "sort_by": "price:desc"},
        {"pinned_hits": ["T"]},
    ]
    answers = asked(
        shop,
        *(("POST", "/v1/search", {"json": body}) for body in searches),
        ("POST", "/v1/similar", {"json": {"like": ["Q"], "per_page": 50}}),
        ("GET", "/v1/products/T", {}),
        ("GET", "/v1/products?ids=T&ids=M", {}),
        ("POST", "/ucp/catalog/search", {"json": {"query": "tote"}}),
        ("POST", "/ucp/catalog/lookup", {"json": {"ids": ["T", "T-red"]}}),
        ("POST", "/ucp/catalog/product", {"json": {"id": "T"}}),
        ("POST", "/ucp/catalog/product", {"json": {"id": "T-red"}}),
        ("GET", "/", {}),
        headers=key,
    )
    for answer in answers:
        assert answer.status_code == 200, answer.text
        text = answer.text if "html" in answer.headers["content-type"] else _told(answer.json())
        assert "T-red" in text or '"P"' in text
        for name in (*HIDDEN, pictures["blue.png"]):
            assert name not in text, (answer.url, name)
    (one,) = answers[5].json()["variants"]
    assert (one["id"], answers[5].json()["pictures"]) == ("T-red", [pictures["red.png"]])
    ucp = answers[9].json()["product"]
    assert ucp["price_range"]["min"] == ucp["price_range"]["max"]
    # Asked for beside one that is seen, by id or by SKU, one that is not is as if it were not there.
    both = asked(shop, ("POST", "/ucp/catalog/lookup", {"json": {"ids": ["T-red", "T-blue", "S-9"]}}), headers=key)[0]
    assert [(m["code"], m["content"]) for m in both.json()["messages"]] == [
        ("not_found", "T-blue"),
        ("not_found", "S-9"),
    ]
    # Without the filter all of it is there.
    whole = asked(shop, ("GET", "/v1/products/T", {}), headers=bearer(shop, "search"))[0].json()
    assert [v["id"] for v in whole["variants"]] == ["T-red", "T-blue"]
    assert set(whole["pictures"]) == set(pictures.values())


def _told(body: Mapping[str, Any]) -> str:
    """An answer without what was asked: chips of words that were understood."""
    return orjson.dumps({name: value for name, value in body.items() if name != "understood"}).decode()


def test_pictures_that_only_hidden_variants_show_go_with_them() -> None:
    own, other = (ImageRef("own.png"),), (ImageRef("shared.png"),)
    seen, hidden = Variant("a", in_stock=True, images=own), Variant("b", in_stock=False)
    where = parse_where("in_stock")
    product = Product("p", images=other, variants=(seen, hidden))
    assert part_within(product, where) == Product("p", variants=(seen,))
    bare = Variant("a", in_stock=True)
    assert part_within(Product("p", images=other, variants=(bare, hidden)), where) == Product(
        "p", images=other, variants=(bare,)
    )
    parent = Product("p", images=other, variants=(seen, Variant("b", in_stock=False, images=own)))
    assert part_within(parent, where) == Product("p", images=other, variants=(seen,))
    assert part_within(Product("p", variants=(hidden,)), where) is None
    assert part_within(product, None) is product


def test_a_field_that_is_not_seen_is_told_as_one_that_is_not_there(shop: Shop, key: dict[str, str]) -> None:
    """Of "glaze", which only a hidden product has, and "glazf", which none has, the same is said."""
    answers = []
    for name in ("glaze", "glazf", "lining"):
        for body in (
            {"filter_by": f"{name}=secret"},
            {"filter_by": f"not ({name} or price<1)"},
            {"facet_by": [name]},
            {"sort_by": f"{name}:asc"},
        ):
            (answer,) = asked(shop, ("POST", "/v1/search", {"json": body}), headers=key)
            told = problem(answer, 400)
            assert told["code"] == "unknown_field"
            assert name in told["detail"]
            answers.append((name, {k: told[k].replace(name, "X") for k in ("code", "detail", "where", "hint")}))
    by_name = {name: [told for other, told in answers if other == name] for name in ("glaze", "glazf", "lining")}
    assert by_name["glaze"] == by_name["glazf"]
    assert "glaze" not in orjson.dumps(list(by_name.values())).decode()
    seen = asked(
        shop,
        ("POST", "/v1/search", {"json": {"filter_by": "rim=wide", "facet_by": ["rim", "color"]}}),
        ("POST", "/v1/search", {"json": {"filter_by": "rin=wide"}}),
        ("POST", "/v1/search", {"json": {"filter_by": "sku=none"}}),  # every shop has it
        headers=key,
    )
    assert [answer.status_code for answer in seen] == [200, 400, 200]
    assert "rim" in seen[1].json()["hint"]
    assert [hit["product"]["id"] for hit in seen[0].json()["hits"]] == ["P"]


def test_where_a_search_is_on_a_picture_is_told_of_seen_ones_alone(shop: Shop, key: dict[str, str]) -> None:
    pictures = {**shop.stored("T").pictures, **shop.stored("M").pictures}
    paths = [pictures["blue.png"], pictures["green.png"], "0" * 64, pictures["red.png"]]
    requests: list[tuple[str, str, dict[str, Any]]] = [("GET", f"/v1/pictures/{one}/heat?q=red", {}) for one in paths]
    *refused, seen = asked(shop, *requests, headers=key)
    told = [{k: v for k, v in problem(answer, 404).items() if k != "request_id"} for answer in refused]
    assert told[0] == told[1] == told[2]
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/jpeg")
    assert asked(shop, requests[0], headers=bearer(shop, "search"))[0].status_code == 200
