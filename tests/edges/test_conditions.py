"""HTTP's own rules: conditions of writes, HEAD beside GET, names of hosts that are not believed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from shoplens.app import Shop
from shoplens.client import Client, ConflictError, etag_of
from shoplens.config import GuardSettings
from shoplens.editing import matches
from shoplens.server.hosts import is_answered, is_believed
from tests.conftest import SmallShop, cushions
from tests.edges.test_http import problem
from tests.guarded import ask_all, run_async, service
from tests.serving import bearer, key_for, serving

WRITTEN = {"title": "Vase", "price": "5 EUR"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    small = SmallShop(tmp_path_factory.mktemp("conditions") / "small")
    opened = small.open()
    small.index(opened, cushions(small))
    yield opened
    small.close()


@pytest.fixture(scope="module")
def client(shop: Shop) -> Iterator[httpx.Client]:
    headers = bearer(shop, "catalogue", "admin")
    with serving(shop) as address, httpx.Client(base_url=address, timeout=60, headers=headers) as made:
        yield made


# --- conditions ----------------------------------------------------------------------------------


def test_what_must_not_be_there_is_not_written_over(client: httpx.Client) -> None:
    new = {"if-none-match": "*"}
    assert client.put("/v1/products/N1", json=WRITTEN, headers=new).status_code == 200
    refused = client.put("/v1/products/N1", json={"title": "Other"}, headers=new)
    assert problem(refused, 412)["code"] == "product_changed"
    assert client.get("/v1/products/N1").json()["title"] == "Vase"
    with ThreadPoolExecutor(8) as pool:
        done = list(
            pool.map(
                lambda n: client.put("/v1/products/N2", json={"title": f"by {n}"}, headers=new).status_code, range(8)
            )
        )
    assert sorted(done) == [200] + [412] * 7


def test_conditions_are_of_all_methods_and_both_headers(client: httpx.Client) -> None:
    client.put("/v1/products/N3", json=WRITTEN)
    tag = client.get("/v1/products/N3").headers["etag"]
    address = "/v1/products/N3"
    for method in ("PUT", "PATCH", "DELETE"):
        for headers in (
            {"if-none-match": tag},
            {"if-none-match": f'"x", W/{tag}'},
            {"if-none-match": "*"},
            {"if-match": '"x"'},
            {"if-match": tag, "if-none-match": tag},
        ):
            body: dict[str, Any] = {} if method == "DELETE" else {"json": WRITTEN}
            refused = client.request(method, address, headers=headers, **body)
            assert problem(refused, 412)["code"] == "product_changed", (method, headers)
        for odd in ("abc", "", f"{tag} {tag}", f"{tag}, *", '"a', "W/*"):
            for name in ("if-match", "if-none-match"):
                refused = client.request(method, address, headers={name: odd}, **body)
                assert problem(refused, 400)["where"] == name, (method, odd)
    assert client.get(address).headers["etag"] == tag
    # Two lines of a header are one list.
    lines = [("if-match", '"x"'), ("if-match", tag)]
    assert client.patch(address, json={"quantity": 4}, headers=lines).status_code == 200
    now = client.get(address, headers={"if-match": tag})
    assert problem(now, 412)["where"] == "if-match"
    assert client.get(address, headers={"if-match": "*"}).status_code == 200
    assert client.put(address, json=WRITTEN, headers={"if-none-match": tag}).status_code == 200
    bodies: tuple[tuple[str, dict[str, Any]], ...] = (("PATCH", {"json": WRITTEN}), ("DELETE", {}))
    for method, body in bodies:
        gone = client.request(method, "/v1/products/none", headers={"if-none-match": "*"}, **body)
        assert problem(gone, 404)["code"] == "not_found"
    assert client.delete(address, headers={"if-match": client.get(address).headers["etag"]}).status_code == 200


def test_a_tag_with_a_star_in_it_is_no_wildcard() -> None:
    assert matches("*", '"a"')
    assert matches('"b", W/"a"', '"a"')
    assert not matches('"b", *', '"a"')


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/products", [{"id": "N9", "title": "x"}]),
        ("PATCH", "/v1/products", [{"id": "C1", "quantity": 1}]),
        ("POST", "/v1/products/delete", {"ids": ["C1"]}),
        ("PUT", "/v1/rules/r", {"then": {"hide": ["C1"]}}),
        ("DELETE", "/v1/rules/r", None),
        ("PUT", "/v1/synonyms/s", {"words": ["a", "b"]}),
    ],
)
def test_a_condition_that_nobody_would_look_at_is_refused(
    client: httpx.Client, method: str, path: str, body: Any
) -> None:
    for name in ("if-match", "if-none-match"):
        refused = client.request(method, path, json=body, headers={name: "*"})
        assert problem(refused, 400)["where"] == name


def test_the_typed_client_reads_tags_and_sends_them(shop: Shop, client: httpx.Client) -> None:
    with Client(str(client.base_url).rstrip("/"), api_key=key_for(shop, "catalogue")) as typed:
        written = typed.put_product("N4", WRITTEN, new=True)
        read = typed.product("N4")
        assert etag_of(written) == etag_of(read) == client.get("/v1/products/N4").headers["etag"]
        assert etag_of(typed.products(["N4"])) == ""
        with pytest.raises(ConflictError):
            typed.put_product("N4", WRITTEN, new=True)
        changed = typed.patch_product("N4", {"quantity": 1}, match=etag_of(read))
        with pytest.raises(ConflictError):
            typed.delete_product("N4", match=etag_of(read))
        typed.delete_product("N4", match=etag_of(changed))


# --- HEAD ----------------------------------------------------------------------------------------


def test_head_answers_wherever_get_does(shop: Shop, client: httpx.Client) -> None:
    picture = next(iter(shop.stored("C1").pictures.values()))
    for path in (
        "/v1/search?q=red", "/v1/products/C1", "/v1/products?ids=C1", f"/v1/pictures/{picture}?side=64", "/healthz",
        "/readyz", "/", "/v1/openapi.json", "/v1/suggest?q=r", "/v1/keys", "/metrics", "/v1/rules", "/docs",
        "/.well-known/ucp",
    ):  # fmt: skip
        got, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (200, b""), (path, head.status_code)
        names = {"content-type", "etag", "cache-control", "content-security-policy"}
        assert {n: v for n, v in head.headers.items() if n in names} == {
            n: v for n, v in got.headers.items() if n in names
        }
    assert client.head("/v1/products/C1").headers["content-length"] == str(
        len(client.get("/v1/products/C1", headers={"accept-encoding": "identity"}).content)
    )
    assert client.head("/v1/products/none").status_code == 404
    assert client.head("/v1/crops").status_code == 405
    tag = client.get("/v1/products/C1").headers["etag"]
    assert client.head("/v1/products/C1", headers={"if-none-match": tag}).status_code == 304
    free = httpx.head(client.base_url.join("/v1/keys"))
    assert (free.status_code, free.content) == (401, b"")
    assert not any("head" in methods for methods in client.get("/v1/openapi.json").json()["paths"].values())


def test_every_get_has_its_head(shop: Shop) -> None:
    app = service(shop)
    there = {(method, route.path) for route in app.routes for method in route.methods}
    gets = {route.path for route in app.routes if isinstance(route, APIRoute) and "GET" in (route.methods or ())}
    assert gets <= {path for method, path in there if method == "HEAD"}


# --- hosts ---------------------------------------------------------------------------------------


def asked(shop: Shop, guard: dict[str, Any], *requests: tuple[str, dict[str, str]]) -> list[httpx.Response]:
    sent = [("GET", path, {"headers": headers, "follow_redirects": False}) for path, headers in requests]
    return run_async(ask_all(sent, service(shop, {}, guard), "::1"))


def test_a_name_that_the_caller_has_sent_is_told_to_nobody(shop: Shop) -> None:
    evil = {"host": "evil.example"}
    profile, moved, crooked = asked(
        shop, {}, ("/.well-known/ucp", evil), ("/v1/search/?q=red", evil), ("//evil.example/%2e%2e/", evil)
    )
    assert "evil" not in profile.text
    endpoints = [one["endpoint"] for one in profile.json()["ucp"]["services"]["dev.ucp.shopping"]]
    assert endpoints == ["/ucp"]
    assert (moved.status_code, moved.headers["location"]) == (307, "/v1/search?q=red")
    assert not crooked.headers.get("location", "/").startswith("//")
    # Named in the settings it is believed.
    known = {"trusted_hosts": ("*.shop.example", "lens.example:8443")}
    for name in ("www.shop.example", "WWW.shop.example:8080", "lens.example:8443"):
        (told,) = asked(shop, known, ("/.well-known/ucp", {"host": name}))
        assert f'http://{name.lower()}/ucp"' in told.text


def test_only_the_services_names_are_answered(shop: Shop) -> None:
    known = {"trusted_hosts": ("shop.example", "*.cdn.example")}
    for name in ("evil.example", "shop.example.evil.example", "cdn.example", "xcdn.example", "10.0.0.1", "", "a b"):
        refused, healthy = asked(shop, known, ("/v1/search?q=red", {"host": name}), ("/healthz", {"host": name}))
        assert problem(refused, 421)["code"] == "host_unknown", name
        assert healthy.status_code == 200
    for name in ("shop.example", "SHOP.example:444", "shop.example.", "a.cdn.example"):
        (answer,) = asked(shop, known, ("/v1/search?q=red", {"host": name}))
        assert answer.status_code == 200, name


@pytest.mark.parametrize("odd", ["http://shop.example", "shop.example/x", "*", "a b", ""])
def test_a_setting_that_is_no_name_is_refused(odd: str) -> None:
    with pytest.raises(ValueError, match="no name of a host"):
        GuardSettings(trusted_hosts=(odd,))


def test_two_names_are_none() -> None:
    scope = {"headers": [(b"host", b"shop.example"), (b"host", b"evil.example")], "path": "/", "server": None}
    guard = GuardSettings(trusted_hosts=("shop.example",))
    assert not is_answered(scope, guard)
    assert not is_believed(scope, guard)
    assert is_believed({"headers": [(b"host", b"127.0.0.1:8000")], "path": "/"}, GuardSettings())
    assert is_believed({"headers": [(b"host", b"10.1.2.3:80")], "path": "/", "server": ("10.1.2.3", 80)}, guard)
    assert not is_believed({"headers": [(b"host", b"10.1.2.4")], "path": "/", "server": ("10.1.2.3", 80)}, guard)
