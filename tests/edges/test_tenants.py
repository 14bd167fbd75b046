"""Several shops in one process: none reads, changes or learns of another, whatever is asked and with which key."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplens.app import Shop
from shoplens.config import Config
from shoplens.errors import ConfigError
from shoplens.server.scopes import SCOPES
from shoplens.server.tenants import Tenants, create_tenants, names_of, open_shops
from tests.conftest import SmallShop, cushions
from tests.edges.test_http import problem
from tests.guarded import run_async
from tests.serving import bearer
from tests.support import picture

MARKS = {"north": "Zq", "south": "Xv"}
"""What all ids and titles of a shop begin with, and nothing of the other has."""


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Shop]]:
    made, opened = [], {}
    for name, mark in MARKS.items():
        small = SmallShop(tmp_path_factory.mktemp("tenants") / name)
        shop = small.open(server={"keys": "all"})
        rows = [{**row, "id": f"{mark}{row['id']}", "title": f"{mark}title {row['title']}"} for row in cushions(small)]
        small.index(shop, [{**row, "brand": f"{mark}brand"} for row in rows])
        shop.suggestions.wait(10)
        made.append(small)
        opened[name] = shop
    yield opened
    for small in made:
        small.close()


@pytest.fixture(scope="module")
def keys(shops: dict[str, Shop]) -> dict[str, dict[str, str]]:
    return {name: bearer(shop, "admin") for name, shop in shops.items()}


def ask(app: Any, *requests: tuple[str, str, dict[str, Any]]) -> list[httpx.Response]:
    async def work() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shops.example") as client:
            return [await client.request(method, path, **more) for method, path, more in requests]

    return run_async(work())


@pytest.fixture(scope="module")
def app(shops: dict[str, Shop]) -> Tenants:
    return create_tenants(shops)


def state_of(shop: Shop) -> tuple[int, int]:
    """Changes of the catalogue and of the rules that there have been."""
    return shop.store.last_seq(), len(shop.rules.history())


def routes(draw: st.DrawFn, mark: str) -> tuple[str, str, dict[str, Any]]:
    method, template = draw(st.sampled_from(sorted(SCOPES)))
    ids = st.sampled_from([f"{mark}C1", f"{mark}M1", f"{mark}M1-red", "../x", "none", "%2e%2e"])
    path = template
    while "{" in path:
        start, end = path.index("{"), path.index("}")
        path = path[:start] + draw(ids) + path[end + 1 :]
    bodies: list[dict[str, Any]] = [
        {},
        {"json": {"q": f"{mark}title"}},
        {"json": {"like": [f"{mark}C1"]}},
        {"json": {"ids": [f"{mark}C1"]}},
        {"json": [{"id": f"{mark}C1", "title": "stolen", "price": "1 EUR"}]},
        {"json": {"title": "stolen", "price": "1 EUR"}},
        {"json": {"then": {"hide": [f"{mark}C1"]}}},
        {"files": {"images": picture("red")}},
    ]
    more: dict[str, Any] = {} if method == "GET" else dict(draw(st.sampled_from(bodies)))
    if method == "GET":
        more["params"] = {"q": f"{mark}title red", "ids": f"{mark}C1", "per_page": "20", "cursor": ""}
    return method, path, more


ASKED = st.composite(lambda draw, mark: routes(draw, mark))


@settings(max_examples=60)
@given(data=st.data())
def test_a_key_of_one_shop_is_a_stranger_to_the_other(
    shops: dict[str, Shop], app: Tenants, keys: dict[str, dict[str, str]], data: st.DataObject
) -> None:
    """Whatever it asks there is refused as if it had no key, and changes nothing."""
    own = data.draw(st.sampled_from(sorted(MARKS)))
    other = next(name for name in MARKS if name != own)
    method, path, more = data.draw(ASKED(MARKS[other]))
    before = state_of(shops[other])
    (answer,) = ask(app, (method, f"/shops/{other}{path}", {**more, "headers": keys[own]}))
    assert state_of(shops[other]) == before
    # An id of an odd form may lead to another address than the one drawn. What is let through is public.
    if answer.status_code < 400:
        assert MARKS[other] not in answer.text.replace(path, "")
    elif "json" in answer.headers.get("content-type", ""):
        told = str(answer.json().get("detail", "")) + str(answer.json().get("hint", ""))
        assert answer.status_code in (401, 404, 405, 422, 503), answer.text
        assert "title" not in told


@settings(max_examples=60)
@given(data=st.data())
def test_no_answer_of_a_shop_has_anything_of_the_other(
    shops: dict[str, Shop], app: Tenants, keys: dict[str, dict[str, str]], data: st.DataObject
) -> None:
    """Even when it asks for the other's ids, with a key that may do everything in its own shop."""
    own = data.draw(st.sampled_from(sorted(MARKS)))
    other = next(name for name in MARKS if name != own)
    method, path, more = data.draw(ASKED(MARKS[other]).filter(lambda one: one[0] in ("GET", "POST")))
    if method == "POST" and SCOPES.get((method, path)) != "search":
        return
    before = state_of(shops[other])
    (answer,) = ask(app, (method, f"/shops/{own}{path}", {**more, "headers": keys[own]}))
    assert state_of(shops[other]) == before
    sent = f"{MARKS[other]}title", f"{MARKS[other]}C1", f"{MARKS[other]}M1"
    text = answer.text
    for one in sent:  # what was asked for may be told back: it is the asker's own
        text = text.replace(f"{one} red", "").replace(one, "")
    assert MARKS[other] not in text, (path, text)


def test_each_shop_answers_of_itself(app: Tenants, keys: dict[str, dict[str, str]]) -> None:
    for name, mark in MARKS.items():
        search, product, page, hop = ask(
            app,
            ("GET", f"/shops/{name}/v1/search?q=red", {"headers": keys[name]}),
            ("GET", f"/shops/{name}/v1/products/{mark}C1", {"headers": keys[name]}),
            ("GET", f"/shops/{name}/", {"headers": keys[name]}),
            ("GET", f"/shops/{name}", {}),
        )
        assert {hit["product"]["id"][:2] for hit in search.json()["hits"]} == {mark}
        assert product.json()["title"].startswith(mark)
        assert f'href="/shops/{name}/assets/' in page.text
        assert (hop.status_code, hop.headers["location"]) == (307, f"/shops/{name}/")
        (script,) = ask(app, ("GET", page.text.split('type="module" src="')[1].split('"')[0], {}))
        assert script.status_code == 200


def test_the_root_tells_nothing_of_the_shops(app: Tenants) -> None:
    root, health, nowhere, no_shop, search = ask(
        app, *(("GET", path, {}) for path in ("/", "/healthz", "/nowhere", "/shops/east/", "/v1/search"))
    )
    assert (root.status_code, health.status_code) == (200, 200)
    for answer in (root, health, nowhere, no_shop, search):
        assert not any(name in answer.text for name in MARKS)
        assert answer.headers["x-content-type-options"] == "nosniff"
    for answer in (nowhere, no_shop, search):
        problem(answer, 404)


def test_shops_live_and_end_together(app: Tenants) -> None:
    async def work() -> list[str]:
        asked: asyncio.Queue[Any] = asyncio.Queue()
        told: asyncio.Queue[Any] = asyncio.Queue()
        life = asyncio.ensure_future(app({"type": "lifespan", "state": {}}, asked.get, told.put))
        await asked.put({"type": "lifespan.startup"})
        events = [(await told.get())["type"]]
        for _ in range(600):
            if app.ready:
                break
            await asyncio.sleep(0.05)
        assert app.ready
        await asked.put({"type": "lifespan.shutdown"})
        events.append((await told.get())["type"])
        await life
        return events

    assert run_async(work()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_names_are_those_of_the_folders(tmp_path: Path) -> None:
    assert list(names_of([tmp_path / "a", tmp_path / "b.c"])) == ["a", "b.c"]
    for wrong in ([tmp_path / "a", tmp_path / "x" / "a"], [tmp_path / "a b"], [tmp_path / "é"]):
        with pytest.raises(ConfigError):
            names_of(wrong)


@pytest.mark.slow
def test_shops_with_the_same_encoder_share_it(tmp_path: Path) -> None:
    from shoplens.app import open_shop

    for name in MARKS:
        open_shop(tmp_path / name, create=True).close()
    with open_shops({name: Config.load(tmp_path / name) for name in MARKS}) as opened:
        one, other = opened.values()
        assert one.encoder is not other.encoder  # what is cached of queries is each one's own
        assert one.encoder._inner is other.encoder._inner  # type: ignore[attr-defined]
