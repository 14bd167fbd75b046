"""Keys: made, asked for, revoked; what a key with a filter sees; rates, quotas, deadlines, headers."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from shoplens.app import Shop
from shoplens.core.catalogue import Product
from shoplens.core.keys import KEY_SCOPES, digest, key_from_request, spelt
from shoplens.core.where import meets, parse_where
from shoplens.server.callers import Caller, refusal
from shoplens.server.scopes import PRIVATE, READS, SCOPES, need_of, writes
from shoplens.stores.key_store import KeyStore
from tests.command import command
from tests.conftest import SmallShop, cushions
from tests.edges.test_http import problem
from tests.edges.test_openapi import told
from tests.guarded import ask, ask_all, run_async, service
from tests.serving import bearer, key_for
from tests.support import picture

LUMA = "brand=Luma"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    small = SmallShop(tmp_path_factory.mktemp("keys") / "small")
    opened = small.open()
    small.index(opened, cushions(small))
    opened.suggestions.wait(10)
    yield opened
    small.close()


# --- the matrix ----------------------------------------------------------------------------------

CALLERS = ("nobody", *KEY_SCOPES)
NAMED = {"{picture}": "0" * 64, "{version}": "0"}
"""Parts of addresses that have a form; the others are names of nothing."""


def expected(mode: str, method: str, template: str, caller: str) -> int | None:
    """The status by which a caller is refused; None for one who is let in. Written from the documentation alone."""
    need = SCOPES[method, template]
    changes = method != "GET" and need in ("catalogue", "admin") and (method, template) not in READS
    if need == "public":
        return None
    if mode == "off":
        return 403 if changes else None
    reading = need == "search" or (need == "catalogue" and not changes and (method, template) not in PRIVATE)
    if mode == "writes" and reading:
        return None  # open to whoever asks, with a key or without
    if caller == "nobody":
        return 401
    return None if caller in (need, "admin") or (caller, need) == ("catalogue", "search") else 403


@pytest.mark.parametrize("mode", ["off", "writes", "all"])
def test_every_endpoint_asks_for_the_scope_that_it_declares(shop: Shop, mode: str) -> None:
    keys = {caller: {} if caller == "nobody" else bearer(shop, caller) for caller in CALLERS}
    app = service(shop, {"keys": mode})
    there = {(method, route.path) for route in app.routes for method in route.methods}
    assert set(SCOPES) - there <= {("POST", "/mcp")}  # only where a setting has it; its refusals are below
    requests = []
    for method, template in sorted(set(SCOPES) & there):
        path = template
        for name, value in NAMED.items():
            path = path.replace(name, value)
        path = re.sub(r"\{[^}]*\}", "no-such-thing", path)
        # An empty body of a wrong kind: nobody who is let in changes anything.
        body: dict[str, Any] = (
            {} if method == "GET" else {"content": b"", "headers": {"content-type": "application/x-none"}}
        )
        requests += [((method, template, caller), (method, path, body)) for caller in CALLERS]
    sent = []
    for (_, _, caller), (method, path, body) in requests:
        sent.append((method, path, {**body, "headers": {**body.get("headers", {}), **keys[caller]}}))
    answers = run_async(ask_all(sent, app, "127.0.0.1"))
    refusals = {"key_missing", "scope_missing", "writes_off"}
    wrong = []
    for ((method, template, caller), _), answer in zip(requests, answers, strict=True):
        is_json = "json" in answer.headers.get("content-type", "")
        code = answer.json().get("code") if is_json and answer.status_code >= 400 else None
        got = answer.status_code if code in refusals else None
        if got != expected(mode, method, template, caller):
            wrong.append(f"{method} {template} by {caller}: {answer.status_code} {code}")
        if got == 401:
            assert answer.headers["www-authenticate"].startswith("Bearer")
        if got == 403 and mode != "off":
            assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    assert wrong == []


@pytest.mark.parametrize("mode", ["off", "writes", "all"])
def test_the_judgement_of_every_route_is_as_declared(mode: str) -> None:
    """The same without HTTP, of those routes too that are there only where a setting has them."""
    now = datetime.now(UTC)
    keys = {scope: key_from_request({"name": scope, "scopes": [scope]}, "ab" * 6, now) for scope in KEY_SCOPES}
    for method, template in SCOPES:
        for caller in CALLERS:
            told = refusal(Caller(keys.get(caller)), method, template, mode, rules_writable=False)
            got = None if told is None else told.status_code
            assert got == expected(mode, method, template, caller), (method, template, caller)


def test_reading_and_writing_are_told_apart_by_what_is_declared() -> None:
    for (method, template), need in SCOPES.items():
        assert need_of(method, template) == need
        assert writes(method, template) == (
            need in ("catalogue", "admin") and method != "GET" and (method, template) not in READS
        )
    assert need_of("GET", "/nowhere") is None


def test_what_nobody_declared_is_refused(shop: Shop) -> None:
    app = service(shop, {"keys": "off"})
    before = dict(SCOPES)
    try:
        del SCOPES["GET", "/v1/suggest"]  # type: ignore[attr-defined]
        refused = run_async(ask_all([("GET", "/v1/suggest?q=r", {})], app, "127.0.0.1"))[0]
    finally:
        SCOPES["GET", "/v1/suggest"] = before["GET", "/v1/suggest"]  # type: ignore[index]
    assert problem(refused, 403)["code"] == "undeclared"


def test_a_route_that_was_not_judged_does_not_run(shop: Shop) -> None:
    """Should a layer between change the address, the guard's judgement of another one does not count."""
    app = service(shop, {"keys": "all"})

    class Detour:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                scope["path"] = "/v1/keys"
            await self.inner(scope, receive, send)

    # The innermost of the service's layers: within the guard.
    app.user_middleware.append(type(app.user_middleware[0])(Detour))
    refused = run_async(ask_all([("GET", "/healthz", {})], app, "127.0.0.1"))[0]
    assert problem(refused, 403)["code"] == "undeclared"


# --- keys ----------------------------------------------------------------------------------------


def test_a_key_is_sent_in_either_header_and_never_believed_in_part(shop: Shop) -> None:
    key, other = key_for(shop, "search"), key_for(shop, "search")
    app = service(shop, {"keys": "all"})

    def sent(*several: dict[str, str]) -> list[httpx.Response]:
        return run_async(ask_all([("GET", "/v1/suggest?q=red", {"headers": one}) for one in several], app, "::1"))

    for answer in sent({"Authorization": f"Bearer {key}"}, {"authorization": f"bearer {key}"}, {"X-API-Key": key}):
        assert answer.status_code == 200
    basic = {"Authorization": "Basic c2hvcDpzaG9w"}  # a proxy's own: not ours to judge
    assert problem(sent(basic)[0], 401)["code"] == "key_missing"
    forged = [key[:-1] + ("A" if key[-1] != "A" else "B"), key[:16] + other[16:], key.upper(), "sl_", "x", key + " x"]
    for text in (*forged, f"sl_{'0' * 12}_{'A' * 43}"):
        for refused in sent({"Authorization": f"Bearer {text}"}, {"X-API-Key": text}):
            assert problem(refused, 401)["code"] == "key_unknown", text
            assert 'error="invalid_token"' in refused.headers["www-authenticate"]
            assert text not in refused.text or len(text) < 4


def test_the_store_has_no_key_but_its_hash(shop: Shop) -> None:
    key = key_for(shop, "search")
    stored = KeyStore(shop.store.database).get(key.split("_")[1])
    assert stored is not None
    assert stored[1] == digest(key)
    # By another process: to close a database's file that this one has open would drop its locks.
    found = subprocess.run(["grep", "-rlaF", "--", key.split("_", 2)[2], str(shop.folder)], capture_output=True)
    assert (found.returncode, found.stdout) == (1, b"")


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"name": ""}, "name"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["root"]}, "scopes"),
        ({"name": "x", "scopes": ["catalogue"], "filter": LUMA}, "filter"),
        ({"name": "x", "scopes": ["search"], "filter": "price<"}, "filter"),
        ({"name": "x", "scopes": ["search"], "rate": "fast"}, "rate"),
        ({"name": "x", "scopes": ["search"], "rate": "0/s"}, "rate"),
        ({"name": "x", "scopes": ["search"], "quota": 0}, "quota"),
        ({"name": "x", "scopes": ["search"], "quota": True}, "quota"),
        ({"name": "x", "scopes": ["search"], "expires": "2001-01-01"}, "expires"),
        ({"name": "x", "scopes": ["search"], "expires": "99999d"}, ""),
        ({"name": "x", "scopes": ["search"], "expires": "soon"}, "expires"),
        ({"name": "x", "scopes": ["search"], "colour": "red"}, "colour"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(shop: Shop, fields: dict[str, Any], where: str) -> None:
    before = len(KeyStore(shop.store.database).all())
    answer = ask(shop, "POST", "/v1/keys", headers=bearer(shop, "admin"), json=fields)
    if where:
        refused = problem(answer, 400)
        assert where in refused["where"]
        assert refused["hint"]
        assert len(KeyStore(shop.store.database).all()) == before + 1
    else:
        assert answer.status_code == 201


def test_keys_over_http_are_as_described(shop: Shop) -> None:
    app, admin = service(shop), bearer(shop, "admin")
    document = app.openapi()
    given = {"name": "front", "scopes": ["search"], "filter": LUMA, "rate": "5/min", "quota": 9, "expires": "12h"}
    made, listed = run_async(
        ask_all(
            [("POST", "/v1/keys", {"json": given, "headers": admin}), ("GET", "/v1/keys", {"headers": admin})],
            app,
            "::1",
        )
    )
    assert told(document, "/v1/keys", made, "post") == []
    assert told(document, "/v1/keys", listed) == []
    body = made.json()
    assert made.headers["cache-control"] == "no-store"
    assert body["key"].startswith(f"sl_{body['id']}_")
    assert (body["rate"], body["quota"], parse_where(body["filter"])) == ("5/min", 9, parse_where(LUMA))
    assert body["key"] not in listed.text
    assert next(one for one in listed.json()["keys"] if one["id"] == body["id"])["name"] == "front"
    gone = ask(shop, "DELETE", f"/v1/keys/{body['id']}", headers=admin)
    assert told(document, "/v1/keys/{key_id}", gone, "delete") == []
    assert gone.json()["revoked"]
    problem(ask(shop, "DELETE", "/v1/keys/none", headers=admin), 404)
    unknown = {"name": "x", "scopes": ["search"], "filter": "no_such_field=1"}
    assert problem(ask(shop, "POST", "/v1/keys", headers=admin, json=unknown), 400)["code"] == "unknown_field"


def test_keys_from_the_command_line_are_noticed_by_a_service_that_runs(shop: Shop) -> None:
    """Made: at once. Revoked by another process: within a second."""
    at: dict[str, Any] = {"cwd": shop.folder}
    made = command(
        "key", "create", "--name", "front", "--scope", "search", "--quota", "900", "--json", "--shop", ".", **at
    )
    assert made.returncode == 0, made.stderr
    fields = orjson.loads(made.stdout)
    headers = {"X-API-Key": fields["key"]}
    listed = command("key", "list", "--shop", ".", **at).stdout
    assert fields["id"] in listed
    assert fields["key"] not in listed
    assert "search" in command("key", "create", "--name", "x", "--scope", "root", "--shop", ".", **at).stderr

    async def work() -> tuple[float, str]:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(service(shop, {"keys": "all"})), base_url="http://x", headers=headers
        ) as client:
            assert (await client.get("/v1/suggest?q=red")).status_code == 200
            gone = await asyncio.to_thread(command, "key", "revoke", fields["id"], "--shop", ".", **at)
            start = time.monotonic()
            assert gone.returncode == 0, gone.stderr
            while (answer := await client.get("/v1/suggest?q=red")).status_code == 200:
                assert time.monotonic() - start < 5
                await asyncio.sleep(0.02)
            return time.monotonic() - start, answer.json()["code"]

    took, code = run_async(work())
    assert took < 1
    assert code == "key_revoked"


def test_a_key_ends_when_it_expires(shop: Shop) -> None:
    now = datetime.now(UTC)
    made = key_from_request({"name": "short", "scopes": ["search"], "expires": "1h"}, "ab" * 6, now)
    assert made.fault(now) == ""
    assert made.fault(now + timedelta(hours=1)) == "key_expired"
    text = spelt(made.id, os.urandom(32))
    KeyStore(shop.store.database).add(replace(made, expires=now - timedelta(seconds=1)), digest(text))
    refused = ask(shop, "GET", "/v1/search", {"keys": "all"}, headers={"X-API-Key": text})
    assert problem(refused, 401)["code"] == "key_expired"


# --- a key with a filter -------------------------------------------------------------------------


def inside(product: Product) -> bool:
    return meets(product, parse_where(LUMA))


def test_hiding_what_a_key_does_not_see_tells_nothing(shop: Shop) -> None:
    """Whether a product is there that the key's filter leaves out must not change any answer."""
    key = bearer(shop, "search", filter=LUMA)
    products = [s.product for s in shop.store.get(list(range(1, 20))) if s is not None]
    outside = next(p.id for p in products if not inside(p))
    one = next(p for p in products if inside(p))
    cheaper = f"price<{min(v.price.amount for p in products if inside(p) for v in p.variants if v.price) + 1}"
    notes = []
    for hidden in (outside, "no-such-product"):
        asked = {
            "q": one.title,
            "semantic_ratio": 0,
            "hidden_hits": [hidden],
            "filter_by": f"{cheaper} and id!={one.id}",
        }
        notes.append(ask(shop, "POST", "/v1/search", {"keys": "all"}, json=asked, headers=key).json()["notes"])
    assert notes[0] == notes[1]
    assert [(note["code"], note["values"]["total"]) for note in notes[0]] == [("filter_hides", 3)]


def test_a_key_with_a_filter_sees_nothing_else(shop: Shop) -> None:
    """Of whatever is answered, no id and no title of a product outside the filter, and no count of them."""
    key = bearer(shop, "search", filter=LUMA)
    products = [s.product for s in shop.store.get(list(range(1, 20))) if s is not None]
    hidden = [p for p in products if not inside(p)]
    shown = {p.id for p in products if inside(p)}
    assert hidden
    assert shown
    searches: list[dict[str, Any]] = [
        {"per_page": 50, "facet_by": ["brand", "price", "color", "category"], "explain": True},
        {"q": "blue cushion", "facet_by": ["brand"]},
        {"q": "yelow cushoin"},
        {"filter_by": "brand=Fila", "facet_by": ["brand"]},
        {"filter_by": "not brand=Luma"},
        {"filter_by": "brand=Luma or brand=Fila", "facet_by": ["brand"], "per_page": 50},
        {"pinned_hits": [p.id for p in hidden]},
        {"like": sorted(shown)[:1], "per_page": 50},
        {"hidden_hits": sorted(shown)},
        {"sort_by": "price:desc", "group_by": "variant", "per_page": 50},
        {"q": "black", "images": [], "per_page": 0},
        {"q": "fila"},
    ]
    requests: list[tuple[str, str, dict[str, Any]]] = [
        *(("POST", "/v1/search", {"json": body, "headers": key}) for body in searches),
        ("POST", "/v1/search", {"files": {"images": picture("black")}, "headers": key}),
        *(("GET", f"/v1/suggest?q={text}&limit=50", {"headers": key}) for text in ("b", "f", "c", "bl", "黑", "r")),
        ("POST", "/v1/similar", {"json": {"like": sorted(shown)[:1], "per_page": 50}, "headers": key}),
        ("POST", "/v1/similar", {"files": {"images": picture("black")}, "headers": key}),
        ("POST", "/v1/facets", {"json": {"facet_by": ["brand", "color", "category"]}, "headers": key}),
        ("POST", "/ucp/catalog/search", {"json": {"query": "cushion"}, "headers": key}),
        ("POST", "/ucp/catalog/lookup", {"json": {"ids": [p.id for p in products]}, "headers": key}),
        ("GET", "/", {"headers": key}),
        ("GET", "/v1/products?" + "&".join(f"ids={p.id}" for p in products), {"headers": key}),
    ]
    app = service(shop, {"keys": "all"})
    answers = run_async(ask_all(requests, app, "::1"))
    names = [f'"{p.id}"' for p in hidden] + [p.title for p in hidden] + ["Fila"]
    for (_, path, more), answer in zip(requests, answers, strict=True):
        assert answer.status_code == 200, (path, answer.text)
        body: dict[str, Any] = answer.json() if path != "/" else {"page": answer.text}
        sent = orjson.dumps(more.get("json", {})).decode()
        text = orjson.dumps({name: value for name, value in body.items() if name != "understood"}).decode()
        for name in names:
            assert name not in text or name in sent or name.lower() in path, (path, more, name, text)
        if "hits" in body:
            assert body["found"] <= len(shown) or "group_by" in sent
            assert {hit["product"]["id"] for hit in body["hits"]} <= shown
            for facet in body["facet_counts"]:
                assert all(value["count"] <= len(shown) for value in facet["counts"]), facet
            for note in body["notes"]:
                assert note["values"].get("total", 0) <= len(shown)
                assert note["values"].get("without", 0) <= len(shown)
    assert answers[0].json()["found"] == len(shown)
    assert {p["id"] for p in answers[-1].json()["products"]} == shown
    one_by_one: list[tuple[str, str, dict[str, Any]]] = [("GET", "/v1/products/none", {"headers": key})]
    for product in products:
        one_by_one.append(("GET", f"/v1/products/{product.id}", {"headers": key}))
        one_by_one.append(("POST", "/v1/search", {"headers": key, "json": {"like": [product.id]}}))
    missing, *got = run_async(ask_all(one_by_one, app, "::1"))
    as_none = missing.json()
    for product, alone, liked in zip(products, got[::2], got[1::2], strict=True):
        if inside(product):
            assert (alone.status_code, liked.status_code) == (200, 200)
        else:
            told_of = problem(alone, 404)
            assert {name for name in told_of if told_of[name] != as_none[name]} <= {"detail", "request_id"}
            assert told_of["detail"] == as_none["detail"].replace("none", product.id)
            assert problem(liked, 404)["where"] == "like"
