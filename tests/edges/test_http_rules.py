"""Rules over HTTP, over a real socket: read, tried, changed only where the settings allow it."""

from __future__ import annotations

from collections.abc import Iterator
from json import dumps
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplens.core.rule_fields import RULE_FIELDS
from tests.conftest import SmallShop, cushions
from tests.edges.test_http import ids, problem
from tests.edges.test_openapi import told
from tests.serving import serving

_odd = st.sampled_from(["C1", "nope", "", "\x00", "\ud83d", "brand=Luma", "price<", "nope=1", "cushion", "//x", "/x"])
_value = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**30) | st.floats(allow_nan=False, allow_infinity=False) | _odd,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "ids", "filter", "by", "position", "words", "of", "x"]), inner, max_size=3
        )
    ),
    max_leaves=5,
)
_then = st.dictionaries(
    st.sampled_from(["pin", "hide", "boost", "bury", "redirect", "synonyms", "x"]),
    st.lists(_value) | _value,
    max_size=3,
)
_when = st.dictionaries(st.sampled_from(["query", "match", "filter", "x"]), st.just("exact") | _value, max_size=3)
_likely = st.fixed_dictionaries(
    {"id": st.just("r"), "then": _then},
    optional={
        "when": _when,
        "priority": _value,
        "starts": st.just("2020-02-02") | _value,
        "ends": _value,
        "note": _odd,
    },
)
BODIES = _likely | st.dictionaries(st.sampled_from([*RULE_FIELDS, "x"]), _value, max_size=4) | _value
PIN = {"when": {"query": "cushion"}, "then": {"pin": ["M1"]}}


def service(small: SmallShop, **server: Any) -> Iterator[httpx.Client]:
    shop = small.open(server=server)
    small.index(shop, cushions(small))
    with serving(shop) as address, httpx.Client(base_url=address, timeout=30) as made:
        yield made


@pytest.fixture
def client(small: SmallShop) -> Iterator[httpx.Client]:
    yield from service(small, rules_writable=True)


@pytest.fixture
def careful(small: SmallShop) -> Iterator[httpx.Client]:
    """As it is if nothing is set."""
    yield from service(small)


def test_a_rule_goes_live_and_comes_back(client: httpx.Client) -> None:
    document = dict(client.get("/v1/openapi.json").json())
    put = client.put("/v1/rules/pins", json=PIN, params={"by": "王芳"})
    assert (put.status_code, put.json()["version"], put.json()["by"]) == (200, 1, "王芳")
    answer = client.get("/v1/search", params={"q": "cushion"})
    assert ids(answer)[0] == "M1"
    assert (answer.json()["applied_rules"], answer.json()["redirect"]) == (["pins"], "")
    second = client.put("/v1/rules/pins", json={"then": {"redirect": "/sale"}, "priority": 3}, params={"version": 1})
    assert second.json()["by"] == "http 127.0.0.1"
    assert client.get("/v1/search", params={"q": "mug"}).json()["redirect"] == "/sale"
    one, listed = client.get("/v1/rules/pins"), client.get("/v1/rules")
    assert listed.json()["rules"] == [one.json()]
    gone = client.delete("/v1/rules/pins", params={"by": "ben"})
    assert gone.json()["rule"] is None
    assert problem(client.get("/v1/rules/pins"), 404)["hint"]
    back = client.post("/v1/rules/pins/restore", json={"version": 1})
    assert back.json()["rule"]["then"]["pin"] == [{"id": "M1", "position": 1}]
    history = client.get("/v1/rules/pins/history")
    assert [(v["version"], v["what"]) for v in history.json()["versions"]] == [
        (1, "put"), (2, "put"), (3, "delete"), (4, "restore"),
    ]  # fmt: skip
    for path, response, method in (
        ("/v1/rules/{rule_id}", put, "put"),
        ("/v1/rules/{rule_id}", one, "get"),
        ("/v1/rules/{rule_id}", gone, "delete"),
        ("/v1/rules", listed, "get"),
        ("/v1/rules/{rule_id}/history", history, "get"),
        ("/v1/rules/{rule_id}/restore", back, "post"),
        ("/v1/search", answer, "get"),
    ):
        assert told(document, path, response, method) == []


def test_without_a_key_rules_are_read_and_tried_only(careful: httpx.Client) -> None:
    for response in (
        careful.put("/v1/rules/pins", json=PIN),
        careful.delete("/v1/rules/pins"),
        careful.post("/v1/rules/pins/restore", json={"version": 1}),
    ):
        refused = problem(response, 401)
        assert refused["code"] == "key_missing"
        assert "shoplens key create" in refused["hint"]
    assert careful.get("/v1/rules").json() == {"rules": []}
    document = dict(careful.get("/v1/openapi.json").json())
    seen = careful.post("/v1/rules/preview", json={"rule": {"id": "pins", **PIN}, "query": {"q": "cushion"}})
    assert told(document, "/v1/rules/preview", seen, "post") == []
    body = seen.json()
    assert body["applies"]
    assert body["after"]["hits"][0]["product"]["id"] == "M1"
    assert body["before"]["applied_rules"] == []
    assert body["moves"][0]["after"] == 1
    assert ids(careful.get("/v1/search", params={"q": "cushion"}))[0] != "M1"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"then": {"pin": [7]}}, "pin"),
        ({"than": {}}, "than"),
        ({"then": {"boost": [{"filter": "bramd=Luma"}]}}, "then.boost"),
        ({"id": "other", **PIN}, "id"),
        ([], None),
    ],
)
def test_what_makes_no_sense_is_refused(client: httpx.Client, body: object, where: str | None) -> None:
    refused = problem(client.put("/v1/rules/pins", json=body), 400)
    assert refused["hint"]
    assert where is None or where in refused["where"]
    assert client.get("/v1/rules").json() == {"rules": []}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    small = SmallShop(tmp_path_factory.mktemp("rules"))
    yield from service(small, rules_writable=True)
    small.close()


@settings(max_examples=50)
@given(BODIES, st.sampled_from(["cushion", "", "red"]))
def test_whatever_is_sent_is_answered_or_refused_clearly(kept: httpx.Client, body: object, words: str) -> None:
    json = {"content-type": "application/json"}
    for method, path, sent in (
        ("POST", "/v1/rules/preview", {"rule": body, "query": {"q": words, "filter_by": "price<30"}}),
        ("PUT", "/v1/rules/r", body),
    ):
        response = kept.request(method, path, content=dumps(sent).encode(), headers=json)
        assert response.status_code in (200, 400), response.text
        if response.status_code == 400:
            assert problem(response, 400)["hint"]
    answer = kept.post("/v1/search", content=dumps({"q": words, "filter_by": "price<30"}).encode(), headers=json)
    assert set(ids(answer)) <= {"C1", "C2", "C3", "M1"}


def test_a_change_of_an_old_version_is_a_conflict(client: httpx.Client) -> None:
    client.put("/v1/rules/pins", json=PIN, params={"version": 0})
    refused = problem(client.put("/v1/rules/pins", json={**PIN, "priority": 2}, params={"version": 0}), 409)
    assert refused["code"] == "rule_conflict"
    problem(client.delete("/v1/rules/pins", params={"version": 7}), 409)


def test_bodies_that_are_no_rules(client: httpx.Client) -> None:
    json, text = {"content-type": "application/json"}, {"content-type": "text/plain"}
    problem(client.put("/v1/rules/pins", content=b"{", headers=json), 400)
    # A page of another origin can send this without asking: it must not count as JSON.
    assert problem(client.post("/v1/rules/pins/restore", content=b'{"version": 1}', headers=text), 400)["where"] == (
        "content-type"
    )
    problem(client.put("/v1/rules/pins", content=b"x" * 1_000_001, headers=json), 413)
    problem(client.post("/v1/rules/pins/restore", json={}), 400)
    problem(client.post("/v1/rules/pins/restore", json={"version": 1}), 404)
    previews: tuple[Any, ...] = ([], {"query": 3}, {"at": 3}, {"at": "soon"}, {"rules": []}, {"rule": {"id": "x"}})
    for preview in previews:
        problem(client.post("/v1/rules/preview", json=preview), 400)
    address = {"query": {"images": ["http://127.0.0.1:1/x.jpg"]}}
    problem(client.post("/v1/rules/preview", json=address), 422)
