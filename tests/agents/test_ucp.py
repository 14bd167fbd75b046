"""UCP over REST: what agents are told of the shop, and what they may ask."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from shoplens.server.ucp_catalogue import LOOKUP, MAX_IDS, SEARCH, VERSION
from tests.agents.conftest import EVIL, HAS_MCP, Agents


def ask(agents: Agents, path: str, body: Any, status: int = 200, key: str = "") -> dict[str, Any]:
    headers = {"UCP-Agent": 'profile="https://agent.example/profile"'} | ({"X-API-Key": key} if key else {})
    response = httpx.post(f"{agents.address}/ucp/catalog/{path}", json=body, headers=headers, timeout=30)
    assert response.status_code == status, response.text
    return dict(response.json())


def ids(answer: dict[str, Any]) -> list[str]:
    return [product["id"] for product in answer["products"]]


def test_the_profile_names_what_there_is(agents: Agents) -> None:
    response = httpx.get(f"{agents.address}/.well-known/ucp")
    ucp = response.json()["ucp"]
    assert ucp["version"] == VERSION
    assert set(ucp["capabilities"]) == {SEARCH, LOOKUP}
    services = {one["transport"]: one["endpoint"] for one in ucp["services"]["dev.ucp.shopping"]}
    assert services["rest"] == f"{agents.address}/ucp"
    assert ("mcp" in services) == HAS_MCP
    assert response.headers["cache-control"] == "no-store"
    strange = httpx.get(f"{agents.address}/.well-known/ucp", headers={"host": "evil.example/x?"})
    assert "evil.example/x" not in strange.text


def test_a_search_has_all_that_the_protocol_asks_for(agents: Agents) -> None:
    answer = ask(agents, "search", {"query": "red cushion", "pagination": {"limit": 2}})
    assert answer["ucp"] == {"version": VERSION, "capabilities": {SEARCH: [{"version": VERSION}]}}
    assert ids(answer)[0] == "C1"
    product = answer["products"][0]
    assert product["price_range"] == {
        "min": {"amount": 990, "currency": "EUR"},
        "max": {"amount": 990, "currency": "EUR"},
    }
    assert product["variants"][0]["availability"] == {"available": True, "status": "in_stock"}
    assert product["categories"] == [{"value": "Home > Cushions", "taxonomy": "merchant"}]
    picture = product["media"][0]["url"]
    assert picture.startswith(f"{agents.address}/v1/pictures/")
    assert httpx.get(picture).headers["content-type"] == "image/jpeg"
    for one in answer["products"]:
        assert {"id", "title", "description", "price_range", "variants"} <= set(one)
        for variant in one["variants"]:
            assert {"id", "title", "description", "price"} <= set(variant)


def test_pages_go_on_by_cursor_to_the_end(agents: Agents) -> None:
    seen, cursor = [], ""
    while True:
        page = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        answer = ask(agents, "search", {"filters": {"brand": ["Luma", "Fila"]}, "pagination": page})
        seen += ids(answer)
        if not answer["pagination"]["has_next_page"]:
            break
        cursor = answer["pagination"]["cursor"]
    assert sorted(seen) == ["C1", "C2", "C3", "C4", "C5", "E1", "M1", "S1"]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"filters": {"price": {"max": 1990}}, "context": {"currency": "EUR"}}, {"C1", "C2", "M1", "E1"}),
        ({"filters": {"price": {"min": 1990, "max": 2990}}}, {"C2", "C3"}),
        ({"filters": {"price": {"max": 1990}}, "context": {"currency": "USD"}}, set()),
        ({"filters": {"categories": ["Mugs"]}}, {"M1"}),
        ({"filters": {"brand": ["luma"], "availability": ["in_stock"]}}, {"C1", "C2", "M1"}),
        ({"filters": {"availability": ["out_of_stock"]}}, {"C3", "M1", "S1"}),
        ({"filters": {"brand": ["Luma"], "com.example.unknown": 3}}, {"C1", "C2", "M1"}),
    ],
)
def test_filters(agents: Agents, request_: dict[str, Any], expected: set[str]) -> None:
    assert set(ids(ask(agents, "search", request_))) == expected


def test_products_that_are_like_others_come_without_these(agents: Agents) -> None:
    answer = ask(agents, "search", {"purpose": "swap", "reference_ids": ["C1", "M1-red", "gone"]})
    assert ids(answer)
    assert not {"C1", "M1"} & set(ids(answer))
    assert {"type": "info", "code": "not_found", "content": "gone"} in answer["messages"]
    odd = ask(agents, "search", {"query": "x", "purpose": "upsell"})
    assert odd["products"] == []
    assert odd["messages"][0]["code"] == "unsupported_purpose"


def test_a_look_up_tells_what_met_what(agents: Agents) -> None:
    answer = ask(agents, "lookup", {"ids": ["M1", "M1-red", "SKU-E", "nope", "M1", "N1"]})
    assert ids(answer) == ["M1", "E1"]
    mug, evil = answer["products"]
    inputs = {v["id"]: v["inputs"] for v in mug["variants"]}
    assert inputs == {
        "M1-blue": [{"id": "M1", "match": "featured"}],  # the one that is in stock
        "M1-red": [{"id": "M1-red", "match": "exact"}],
    }
    assert evil["variants"][0]["inputs"] == [{"id": "SKU-E", "match": "exact"}]
    assert {m["code"]: m["content"] for m in answer["messages"]} == {"not_found": "nope", "no_price": "N1"}
    assert ids(ask(agents, "lookup", {"ids": ["C1", "C3"], "filters": {"brand": ["Fila"]}})) == ["C3"]


def test_one_product_and_its_options(agents: Agents) -> None:
    product = ask(agents, "product", {"id": "S1", "selected": [{"name": "color", "label": "red"}]})["product"]
    assert product["selected"] == [{"name": "color", "label": "red"}]
    assert [v["id"] for v in product["variants"]] == ["S1-red-40"]
    options = {o["name"]: {v["label"]: (v["available"], v["exists"]) for v in o["values"]} for o in product["options"]}
    assert options["size"] == {"40": (False, True), "41": (False, False)}
    assert options["color"] == {"blue": (True, True), "red": (False, True)}
    wanted = [{"name": "color", "label": "red"}, {"name": "size", "label": "41"}]
    relaxed = ask(agents, "product", {"id": "S1", "selected": wanted, "preferences": ["size", "color"]})["product"]
    assert relaxed["selected"] == [{"name": "size", "label": "41"}]
    by_variant = ask(agents, "product", {"id": "S1-blue-41", "selected": wanted})["product"]
    assert by_variant["variants"][0]["id"] == "S1-blue-41"
    assert {s["name"]: s["label"] for s in by_variant["selected"]} == {"color": "blue", "size": "41"}
    missing = ask(agents, "product", {"id": "nope"})
    assert missing["ucp"]["status"] == "error"
    assert missing["messages"][0]["severity"] == "unrecoverable"
    assert "product" not in missing


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("search", {}, "query"),
        ("search", {"query": 3}, "query"),
        ("search", {"query": "x", "filters": []}, "query"),
        ("search", {"query": "x", "pagination": {"cursor": "broken"}}, "query"),
        ("search", {"query": "x", "reference_ids": ["C1"]}, "query"),
        ("search", {"filters": {"price": {"min": "cheap"}}}, "query"),
        ("lookup", {}, "query"),
        ("lookup", {"ids": [str(n) for n in range(MAX_IDS + 1)]}, "request_too_large"),
        ("product", {"id": "S1", "selected": [{"name": "color"}]}, "query"),
    ],
)
def test_what_makes_no_sense_is_refused(agents: Agents, path: str, body: Any, code: str) -> None:
    answer = ask(agents, path, body, 400)
    assert answer["code"] == code
    assert answer["hint"]


def test_a_key_sees_its_part_of_the_shop_only(agents: Agents) -> None:
    key = agents.luma_key
    assert set(ids(ask(agents, "search", {"query": "cushion shoe mug"}, key=key))) <= {"C1", "C2", "M1"}
    assert ids(ask(agents, "lookup", {"ids": ["C1", "C5", "S1-red-40", "SKU-E"]}, key=key)) == ["C1"]
    assert ask(agents, "product", {"id": "C5"}, key=key)["ucp"]["status"] == "error"
    like = ask(agents, "search", {"purpose": "swap", "reference_ids": ["C5"]}, key=key)
    assert {"type": "info", "code": "not_found", "content": "C5"} in like["messages"]
    assert set(ids(like)) <= {"C1", "C2", "M1"}


def test_texts_are_handed_on_as_they_are(agents: Agents) -> None:
    product = ask(agents, "product", {"id": "E1"})["product"]
    assert product["title"] == EVIL
    assert product["description"] == {"plain": EVIL}


def test_a_photo_is_no_field_here(agents: Agents) -> None:
    """What the protocol does not know is left alone, and nothing is fetched."""
    body = {"query": "red cushion", "images": ["http://127.0.0.1:1/"], "x": base64.b64encode(b"x").decode()}
    assert ids(ask(agents, "search", body))[0] == "C1"
