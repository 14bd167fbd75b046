"""What a reader of answers and of the command line stumbles over: doubts told, words of the right interface."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shoplens.app import Shop
from shoplens.errors import FilterError
from shoplens.exporting import Publishing, export
from shoplens.feeds.columns import meant_by
from shoplens.server.jobs import job_to_fields
from shoplens.stores.job_store import ORDERS, Job, JobStore
from tests.command import command as run_command
from tests.conftest import SmallShop, cushions
from tests.guarded import ask
from tests.serving import bearer, serving


def command(*arguments: str) -> Any:
    return run_command(*arguments, cwd=Path.cwd())


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    small = SmallShop(tmp_path_factory.mktemp("reader") / "small")
    opened = small.open()
    small.index(opened, cushions(small))
    yield opened
    small.close()


# --- doubts about rows ---------------------------------------------------------------------------


def warned(shop: Shop, row: dict[str, Any]) -> list[tuple[str, str]]:
    answer = ask(shop, "POST", "/v1/products", json=[row], headers=bearer(shop, "catalogue"))
    (told,) = answer.json()["results"]
    assert told["status"] in ("created", "updated", "unchanged")
    return [(one["field"], one["reason"]) for one in told.get("warnings", ())]


def test_a_name_that_looks_misspelt_and_an_amount_of_no_currency_are_told(shop: Shop) -> None:
    row = {"id": "W1", "titel": "Vase", "pirce": 5, "descripton": "x", "price": 5, "sleeve": "long", "style": "old"}
    found = warned(shop, row)
    assert [field for field, _ in found] == ["titel", "pirce", "descripton", "currency"]
    assert ["title was meant" in found[0][1], "price was meant" in found[1][1]] == [True, True]
    assert shop.product("W1").attributes["titel"] == ("Vase",)
    for fine in (
        {"id": "W2", "title": "Vase", "price": "5 EUR", "Farbe": "rot", "neckline": "v"},
        {"id": "W2", "title": "Vase", "price": 5, "currency": "EUR"},
        {"id": "W2", "title": "Vase"},
        {"id": "W2", "title": "Vase", "price": {"amount": 5, "currency": "EUR"}},
        {"id": "W2", "title": "Vase", "currency": "EUR", "variants": [{"id": "W2-a", "price": 5}]},
        shop_gives(shop, "C1"),
    ):
        assert warned(shop, fine) == [], fine
    assert [f for f, _ in warned(shop, {"id": "W3", "title": "x", "variants": [{"id": "a", "price": 5}]})] == [
        "currency"
    ]


def shop_gives(shop: Shop, product_id: str) -> dict[str, Any]:
    return dict(ask(shop, "GET", f"/v1/products/{product_id}").json())


@pytest.mark.parametrize(
    ("header", "meant"), [("Tittle", "title"), ("brnad", "brand"), ("avaliability", "availability")]
)
def test_what_a_misspelt_name_was_meant_to_be(header: str, meant: str) -> None:
    assert meant_by(header) == meant


@pytest.mark.parametrize(
    "header", ["style", "season", "weight", "collar", "origin", "x", "", "说明书", "fit", "height"]
)
def test_names_of_their_own_are_left_alone(header: str) -> None:
    assert meant_by(header) == ""


# --- jobs ----------------------------------------------------------------------------------------


def failed_job(shop: Shop, job_id: str, error: dict[str, str]) -> JobStore:
    jobs = JobStore(shop.store.database)
    jobs.add(Job(job_id, "import", body={"path": "x.csv"}))
    jobs.move(job_id, {"queued": "failed"}, progress={"error": error})
    return jobs


def test_a_job_that_failed_and_was_cancelled_keeps_its_error(shop: Shop) -> None:
    jobs = failed_job(shop, "c" * 32, {"code": "feed", "detail": "torn", "hint": "try --format csv (in Python: x)"})
    cancelled = job_to_fields(jobs.move("c" * 32, ORDERS["cancel"]))
    assert (cancelled["state"], cancelled["error"]["detail"]) == ("cancelled", "torn")
    assert cancelled["error"]["hint"] == "try format=csv in the address"
    shown = command("jobs", "show", "c" * 32, "--shop", str(shop.folder))
    assert "torn" in shown.stdout, shown.stderr


def test_a_job_is_resumed_with_what_it_lacked_and_listed_in_one_line(shop: Shop) -> None:
    failed_job(shop, "d" * 32, {"code": "removal_guard", "detail": "too many"})
    done = command("jobs", "resume", "d" * 32, "--allow-removals", "--shop", str(shop.folder), "--json")
    assert done.returncode == 0, done.stderr
    job = JobStore(shop.store.database).get("d" * 32)
    assert (job.state, job.body) == ("queued", {"path": "x.csv", "allow_removals": True})
    assert "d" * 32 in command("jobs", "list", "--shop", str(shop.folder)).stdout


# --- the command line's own words ----------------------------------------------------------------


def test_an_error_of_a_filter_names_the_option(shop: Shop) -> None:
    told = command("search", "red", "--where", "price<", "--shop", str(shop.folder)).stderr
    assert "--where: expected a value" in told
    assert "filter_by" not in told
    with pytest.raises(FilterError) as error:
        shop.search(where="price<")
    assert error.value.where == "filter_by"  # on the wire the field keeps its name


def test_a_feed_for_google_with_paths_is_warned_of(shop: Shop, tmp_path: Path) -> None:
    at = ("--format", "google", "--out", str(tmp_path / "x.xml"), "--shop", str(shop.folder))
    assert "--pictures-url" in command("export", *at).stderr
    assert "--pictures-url" not in command("export", *at, "--pictures-url", "https://cdn.example/").stderr
    products = [stored.product for chunk in shop.store.scan() for stored in chunk]
    assert export(products, "google", tmp_path / "y.tsv").paths > 0
    assert export(products, "google", tmp_path / "y.tsv", Publishing(pictures_url="https://x.example")).paths == 0


# --- the service ---------------------------------------------------------------------------------


def test_metrics_tell_routes_as_they_are_documented(shop: Shop) -> None:
    with serving(shop) as address, httpx.Client(base_url=address, headers=bearer(shop, "admin")) as client:
        assert client.get("/v1/products/C1").status_code == 200
        told = client.get("/metrics").text
    assert 'route="/v1/products/{product_id}"' in told
    assert "any_text" not in told


def test_a_search_key_reads_what_is_open_to_who_has_none(shop: Shop) -> None:
    for path in ("/v1/catalogue", "/v1/rules", "/v1/synonyms"):
        for headers in ({}, bearer(shop, "search")):
            assert ask(shop, "GET", path, headers=headers).status_code == 200
        narrow = bearer(shop, "search", filter="in_stock")
        assert ask(shop, "GET", path, headers=narrow).status_code == 403
        assert ask(shop, "GET", path, {"keys": "all"}, headers=bearer(shop, "search")).status_code == 403
