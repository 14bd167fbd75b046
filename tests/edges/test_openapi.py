"""The OpenAPI document says what is really answered: each answer of the service is held against its schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from shoplens.core.answer import Answer
from shoplens.core.wire import QUERY_FIELDS, answer_to_fields
from tests.conftest import SmallShop, cushions
from tests.serving import bearer, serving

KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    small = SmallShop(tmp_path_factory.mktemp("openapi") / "small")
    shop = small.open()
    small.index(shop, [*cushions(small), {"id": "/a b\n", "title": "Odd id"}])
    with serving(shop) as address, httpx.Client(base_url=address, timeout=30, headers=bearer(shop, "admin")) as made:
        yield made
    small.close()


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> dict[str, Any]:
    return dict(client.get("/v1/openapi.json").json())


def faults(value: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Where a value is not what a schema says; the words of JSON Schema that ours use."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if "oneOf" in schema:
        if not any(not list(faults(value, one, schemas)) for one in schema["oneOf"]):
            yield f"{at}: none of the alternatives"
        return
    names = schema.get("type", [])
    kinds = [kind for name in ([names] if isinstance(names, str) else names) for kind in KINDS[name]]
    if kinds and (type(value) not in kinds):
        yield f"{at}: {type(value).__name__} is not {names}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    if isinstance(value, list):
        for n, one in enumerate(value):
            yield from faults(one, schema.get("items", {}), schemas, f"{at}[{n}]")
    if isinstance(value, dict):
        own, more = schema.get("properties", {}), schema.get("additionalProperties", True)
        yield from (f"{at}.{name} is missing" for name in schema.get("required", ()) if name not in value)
        for name, one in value.items():
            if name in own or isinstance(more, dict):
                yield from faults(one, own.get(name, more), schemas, f"{at}.{name}")
            elif more is False:
                yield f"{at}.{name} is not in the schema"


def told(document: Mapping[str, Any], path: str, response: httpx.Response, method: str = "get") -> list[str]:
    """How a response differs from what the document says of the address."""
    said = document["paths"][path][method]["responses"]
    kind = response.headers["content-type"].partition(";")[0]
    assert str(response.status_code) in said, f"{response.status_code} of {path} is not in the document"
    assert kind in said[str(response.status_code)]["content"]
    schema = said[str(response.status_code)]["content"][kind].get("schema")
    if schema is None:
        return []
    return list(faults(response.json(), schema, document["components"]["schemas"]))


SEARCHES: list[dict[str, Any]] = [
    {},
    {"q": "red cushoin", "facet_by": ["brand", "price"], "explain": True, "group_by": "variant"},
    {"q": "cushion", "filter_by": "price>100000", "sort_by": "price:asc"},
    {"like": ["C1"], "per_page": 0},
]


@pytest.mark.parametrize("body", SEARCHES)
def test_answers_are_as_described(client: httpx.Client, document: dict[str, Any], body: dict[str, Any]) -> None:
    assert told(document, "/v1/search", client.post("/v1/search", json=body), "post") == []
    schemas = document["components"]["schemas"]
    assert list(faults(body, schemas["SearchRequest"], schemas)) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [({"q": 3}, 400), ({"filter_by": "price<"}, 400), ({"like": ["nope"]}, 404), ({"images": ["/etc/passwd"]}, 422)],
)
def test_problems_are_as_described(
    client: httpx.Client, document: dict[str, Any], body: dict[str, Any], status: int
) -> None:
    response = client.post("/v1/search", json=body)
    assert response.status_code == status
    assert told(document, "/v1/search", response, "post") == []


def test_all_other_addresses_are_as_described(client: httpx.Client, document: dict[str, Any]) -> None:
    shown = client.get("/v1/search", params={"q": "red cushion"})
    picture = shown.json()["hits"][0]["picture"]
    got = {
        "/v1/search": [shown],
        "/v1/suggest": [client.get("/v1/suggest?q=red&limit=3"), client.get("/v1/suggest?limit=0")],
        "/v1/products": [client.get("/v1/products?ids=C1&ids=M1"), client.get("/v1/products")],
        "/v1/products/{product_id}": [client.get("/v1/products/C1"), client.get("/v1/products/nope")],
        "/v1/pictures/{picture}": [
            client.get(f"/v1/pictures/{picture}"),
            client.get(f"/v1/pictures/{'0' * 64}"),
            client.get("/v1/pictures/x"),
        ],
        "/v1/pictures/{picture}/heat": [
            client.get(f"/v1/pictures/{picture}/heat?q=cushion", headers={"accept": "application/json"}),
            client.get(f"/v1/pictures/{'0' * 64}/heat?q=cushion"),
            client.get(f"/v1/pictures/{picture}/heat"),
        ],
        "/healthz": [client.get("/healthz")],
        "/readyz": [client.get("/readyz")],
        "/v1/catalogue": [client.get("/v1/catalogue?per_page=3"), client.get("/v1/catalogue?cursor=x")],
        "/v1/keys": [client.get("/v1/keys")],
        "/v1/overview": [client.get("/v1/overview"), client.get("/v1/overview?minutes=x")],
        "/v1/limits": [client.get("/v1/limits")],
        "/v1/doctor": [client.get("/v1/doctor")],
        "/v1/changes": [client.get("/v1/changes?per_page=3"), client.get("/v1/changes?before=x")],
        "/v1/queries": [client.get("/v1/queries?list=no_result"), client.get("/v1/queries?list=x")],
        "/v1/judgements": [client.get("/v1/judgements")],
        "/v1/similar": [client.get("/v1/similar?like=C1"), client.get("/v1/similar?q=x")],
        "/v1/facets": [client.get("/v1/facets?facet_by=brand,price"), client.get("/v1/facets")],
        "/v1/synonyms": [client.get("/v1/synonyms")],
        "/v1/encoders": [client.get("/v1/encoders")],
        "/v1/jobs": [client.get("/v1/jobs"), client.get("/v1/jobs?cursor=x")],
        "/v1/jobs/{job_id}": [client.get("/v1/jobs/nope")],
        "/v1/jobs/{job_id}/report": [client.get("/v1/jobs/nope/report")],
        "/v1/rules": [client.get("/v1/rules")],
        "/v1/rules/{rule_id}": [client.get("/v1/rules/nope")],
        "/v1/rules/{rule_id}/history": [client.get("/v1/rules/nope/history")],
    }
    # What is only sent to is held against its schemas in test_http_rules.
    assert set(got) == {path for path, methods in document["paths"].items() if "get" in methods}
    for path, responses in got.items():
        for response in responses:
            assert told(document, path, response) == [], path


WRITES: list[tuple[str, str, str, Any, int]] = [
    ("post", "/v1/products", "", [{"id": "W1", "title": "New", "price": "3 EUR"}, 7], 200),
    ("post", "/v1/products", "", [], 400),
    ("patch", "/v1/products", "", [{"id": "W1", "quantity": 3}, {"id": "none", "quantity": 3}], 200),
    ("put", "/v1/products/{product_id}", "W2", {"title": "Other", "availability": "in stock"}, 200),
    ("patch", "/v1/products/{product_id}", "W2", {"price": 5, "currency": "EUR"}, 200),
    ("patch", "/v1/products/{product_id}", "W2", {"size": 5}, 400),
    ("patch", "/v1/products/{product_id}", "none", {"price": 5}, 404),
    ("delete", "/v1/products/{product_id}", "W2", None, 200),
    ("post", "/v1/products/delete", "", {"ids": ["W1", "none"]}, 200),
    ("put", "/v1/synonyms/{rule_id}", "s1", {"words": ["pillow", "cushion"]}, 200),
    ("delete", "/v1/synonyms/{rule_id}", "s1", None, 200),
    ("delete", "/v1/synonyms/{rule_id}", "s1", None, 404),
    ("post", "/v1/similar", "", {"like": ["C1"], "per_page": 2}, 200),
    ("post", "/v1/facets", "", {"q": "cushion", "facet_by": ["brand"]}, 200),
    ("post", "/v1/compare", "", {"query": {"q": "red cushion"}, "b": {"rules": False}}, 200),
    ("post", "/v1/compare", "", {"query": {"q": "red cushion"}, "b": {"encoder": "onnx:nowhere"}}, 400),
    ("post", "/v1/compare/queries", "", {"queries": [{"q": "red cushion"}], "b": {"semantic_ratio": 0.9}}, 200),
    ("post", "/v1/compare/queries", "", {"queries": "nope"}, 400),
    ("post", "/v1/judgements", "", {"query": {"q": "red cushion"}, "grades": {"C1": 3, "C2": None}}, 200),
    ("post", "/v1/judgements", "", {"query": {"q": "red cushion"}, "grades": {"C1": 9}}, 400),
    ("post", "/v1/encoders/switch", "", {"encoder": "onnx:nowhere"}, 400),
    ("post", "/v1/encoders/build", "", {"encoder": "onnx:nowhere"}, 202),
    ("post", "/v1/encoders/rollback", "", None, 400),
    ("delete", "/v1/encoders/spaces/{space}", "none@1/3", None, 404),
    ("post", "/v1/jobs/import", "", {"path": "x"}, 403),
    ("post", "/v1/jobs/import", "", {"rows": "x"}, 400),
    ("post", "/v1/jobs/{job_id}/pause", "none", None, 404),
    ("post", "/v1/jobs/{job_id}/resume", "none", None, 404),
    ("post", "/v1/jobs/{job_id}/cancel", "none", None, 404),
]


@pytest.mark.parametrize(("method", "path", "name", "body", "status"), WRITES)
def test_writes_are_as_described(
    client: httpx.Client, document: dict[str, Any], method: str, path: str, name: str, body: Any, status: int
) -> None:
    address = re.sub(r"\{\w+\}", name.replace("/", "%2F"), path)
    response = client.request(method, address, **({} if body is None else {"json": body}))
    assert response.status_code == status, response.text
    assert told(document, path, response, method) == []


def test_jobs_are_as_described(client: httpx.Client, document: dict[str, Any]) -> None:
    sent = client.post(
        "/v1/jobs/import?keep_missing=true", content=b"id,title\nJ1,x\n", headers={"content-type": "text/csv"}
    )
    assert told(document, "/v1/jobs/import", sent, "post") == []
    jobs = client.get("/v1/jobs")
    assert jobs.json()["jobs"]
    assert told(document, "/v1/jobs", jobs) == []
    one = client.get(sent.headers["location"])
    assert told(document, "/v1/jobs/{job_id}", one) == []


def test_the_schemas_have_all_that_the_wire_has(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert set(schemas["SearchRequest"]["properties"]) == set(QUERY_FIELDS)
    assert set(answer_to_fields(Answer((), 0, 1, 24, "q", 0.0))) <= set(schemas["Answer"]["properties"])
    assert "HTTPValidationError" not in schemas
    used = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert used <= set(schemas)


def test_only_photos_that_are_taken_are_offered(client: httpx.Client, document: dict[str, Any]) -> None:
    inner = client.post("/v1/search", json={"images": [{"path": "photo.jpg"}]})
    assert (inner.status_code, inner.json()["detail"]) == (422, "paths are not read over HTTP")
    (get,) = (one for one in document["paths"]["/v1/search"]["get"]["parameters"] if one["name"] == "images")
    said = [get["description"], document["components"]["schemas"]["SearchRequest"]["properties"]["images"]]
    assert "path" not in str(said)
    assert "URL or path" not in client.get("/docs").text


def test_the_checker_finds_what_is_wrong(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    note = {"code": "typo", "text": "x", "values": {}}
    assert not list(faults(note, schemas["Note"], schemas))
    for wrong in (note | {"code": "other"}, note | {"more": 1}, {"code": "typo"}, note | {"text": 3}):
        assert list(faults(wrong, schemas["Note"], schemas))


def test_the_page_of_the_api_needs_no_network(client: httpx.Client, document: dict[str, Any], tmp_path: Path) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]
    assert "unsafe" not in page.headers["content-security-policy"]
    for text in (*document["paths"], *document["components"]["schemas"], *QUERY_FIELDS):
        assert text in page.text
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page.text)
    assert "<script" not in page.text
    assert page.text.count(f"curl -s {str(client.base_url).rstrip('/')}/v1/search") == 2
    strange = client.get("/docs", headers={"host": "a;reboot"})
    assert strange.text.count("curl -s http://127.0.0.1:8000/v1/search") == 2
    anchors = set(re.findall(r'href="#(\w+)"', page.text))
    assert anchors <= set(re.findall(r'id="(\w+)"', page.text))
