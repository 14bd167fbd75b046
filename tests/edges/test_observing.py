"""What the service tells of itself: metrics, ids, lines of the log, recall of samples."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import numpy as np
import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from shoplens.app import Shop
from shoplens.server import create_app
from shoplens.server.recall import band_of, recall_of
from tests.conftest import SmallShop, cushions
from tests.support import picture

Values = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(scope="module")
def small_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    small = SmallShop(tmp_path_factory.mktemp("observe") / "small")
    shop = small.open(server={"keys": "off"}, observe={"recall_every": 1})
    small.index(shop, cushions(small))
    yield shop
    small.close()


@pytest.fixture
def client(small_shop: Shop) -> Iterator[TestClient]:
    """A service of its own, whose counters begin at nothing."""
    with TestClient(create_app(small_shop), raise_server_exceptions=False) as made:
        yield made


def values(client: TestClient) -> Values:
    told = client.get("/metrics")
    assert told.status_code == 200
    assert told.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(told.text)
        for sample in family.samples
    }


def value(found: Values, name: str, **labels: str) -> float:
    return found.get((name, tuple(sorted(labels.items()))), 0.0)


def test_searches_are_counted_by_what_they_ask_and_what_came_of_them(client: TestClient) -> None:
    for _ in range(3):
        assert client.get("/v1/search", params={"q": "red cushion"}).json()["verdict"] == "match"
    assert client.get("/v1/search", params={"q": "cushion", "filter_by": "price>1000"}).json()["found"] == 0
    assert client.post("/v1/search", files={"images": ("p.png", picture("green"))}).status_code == 200
    assert client.post("/v1/search", files={"images": ("p.png", b"GIF89a broken")}).status_code == 422
    found = values(client)
    assert value(found, "shoplens_searches_total", kind="words", verdict="match") == 3
    assert value(found, "shoplens_found_nothing_total", kind="words") == 1
    assert value(found, "shoplens_low_confidence_total", kind="words") == 1
    assert value(found, "shoplens_decodes_total", outcome="ok") == 1
    failed = [v for (name, _), v in found.items() if name == "shoplens_failed_searches_total"]
    assert sum(failed) == 1
    # Latency of whoever asked with words, and a route that is a template.
    assert value(found, "shoplens_search_seconds_count", kind="words") == 4
    assert value(found, "shoplens_requests_total", method="GET", route="/v1/search", status="200") == 4
    assert value(found, "shoplens_requests_total", method="POST", route="/v1/search", status="422") == 1


def test_searches_with_each_thing_on_a_photo_are_counted_too(client: TestClient) -> None:
    told = client.post("/v1/crops?search=true", files={"images": ("p.png", picture("green"))})
    searched = len(told.json()["crops"])
    assert searched
    assert client.post("/v1/crops", files={"images": ("p.png", b"GIF89a broken")}).status_code == 422
    found = values(client)
    assert sum(v for (name, _), v in found.items() if name == "shoplens_searches_total") == searched
    assert value(found, "shoplens_decodes_total", outcome="ok") == searched
    broken = {dict(labels)["outcome"] for (name, labels), v in found.items() if name == "shoplens_decodes_total" and v}
    assert len(broken) == 2
    assert value(found, "shoplens_requests_total", method="POST", route="/v1/crops", status="422") == 1


def test_gauges_tell_how_the_service_stands(client: TestClient, small_shop: Shop) -> None:
    found = values(client)
    assert value(found, "shoplens_products") == 6
    assert value(found, "shoplens_rows", index="pictures") == len(small_shop.copies.parts.pictures)
    assert value(found, "shoplens_changes_behind", copy="vectors") == 0
    assert value(found, "shoplens_waiting", gate="search") == 0
    assert value(found, "shoplens_disk_free_bytes") > 0
    [build] = [labels for (name, labels) in found if name == "shoplens_build_info"]
    assert dict(build)["encoder"] == str(small_shop.space)


def test_a_service_that_is_not_ready_yet_refuses_nobody(small: SmallShop) -> None:
    app = create_app(small.open(server={"keys": "off"}))
    client = TestClient(app)  # not entered: it never gets warm
    assert client.get("/readyz").status_code == 503
    assert not [v for (name, _), v in values(client).items() if name == "shoplens_refused_total" and v]


def test_two_services_count_for_themselves(small_shop: Shop) -> None:
    with TestClient(create_app(small_shop)) as one, TestClient(create_app(small_shop)) as other:
        one.get("/v1/search", params={"q": "red"})
        assert value(values(other), "shoplens_search_seconds_count", kind="words") == 0
        assert value(values(one), "shoplens_search_seconds_count", kind="words") == 1


def test_addresses_that_do_not_exist_make_no_metric_of_their_own(client: TestClient) -> None:
    for n in range(20):
        client.get(f"/nothing/{n}")
        client.request(f"ODD{n}", "/v1/search")
    routes = {dict(labels)["route"] for (name, labels) in values(client) if name == "shoplens_requests_total"}
    assert not any("nothing" in route for route in routes)
    methods = {dict(labels)["method"] for (name, labels) in values(client) if name == "shoplens_requests_total"}
    assert methods <= {"GET", "other"}


def test_a_sane_id_is_taken_over_and_told_in_problems(client: TestClient) -> None:
    told = client.get("/v1/search", headers={"X-Request-ID": "order-17/a"})
    assert told.headers["x-request-id"] == "order-17/a"
    wrong = client.get("/v1/search", params={"filter_by": "no_such_field=1"}, headers={"X-Request-ID": "abc"})
    assert wrong.status_code == 400
    assert wrong.json()["request_id"] == wrong.headers["x-request-id"] == "abc"
    assert client.get("/nothing", headers={"X-Request-ID": "abc"}).json()["request_id"] == "abc"


@pytest.mark.parametrize("odd", ["", "a b", "x" * 129, 'a"b', "<script>", "caf\u00e9"])
def test_other_ids_are_replaced(client: TestClient, odd: str) -> None:
    told = client.get("/healthz", headers={"X-Request-ID": odd.encode("latin-1")})
    assert re.fullmatch("[0-9a-f]{32}", told.headers["x-request-id"])


def test_a_line_for_each_request_without_what_was_asked(client: TestClient) -> None:
    with capture_logs() as lines:
        client.get("/v1/search", params={"q": "secret wish"}, headers={"X-Request-ID": "n1"})
        client.get("/healthz")
    [line] = [one for one in lines if one["event"] == "request"]
    assert (line["method"], line["path"], line["status"], line["kind"]) == ("GET", "/v1/search", 200, "words")
    assert line["request_id"] == "n1"
    assert line["bytes"] > 0
    assert "secret" not in str(lines)


def test_what_was_asked_is_logged_where_a_shop_wants_it(small: SmallShop) -> None:
    shop = small.open(observe={"log_queries": True})
    with TestClient(create_app(shop)) as client, capture_logs() as lines:
        client.get("/v1/search", params={"q": "secret"})
    assert [one["query"] for one in lines if one["event"] == "request"] == ["q=secret"]


def test_metrics_need_a_key_for_admins_where_keys_are_asked_for(small: SmallShop) -> None:
    app = create_app(small.open(server={"keys": "all"}))
    with TestClient(app) as client:
        assert client.get("/metrics").status_code == 401
    # What is refused before it is routed is counted by its route nevertheless.
    refused = app.state.watch.metrics.requests.labels("GET", "/metrics", "401")
    assert refused._value.get() == 1


def test_recall_of_samples_is_one_where_the_index_is_exact(client: TestClient) -> None:
    client.get("/v1/search", params={"q": "red cushion"})
    client.get("/v1/search", params={"q": "red cushion", "filter_by": "brand=Luma"})
    for _ in range(100):
        found = values(client)
        counted = value(found, "shoplens_sampled_searches_total", selectivity="10 to 100 %", index="pictures")
        if counted:
            break
        time.sleep(0.05)
    assert counted == value(found, "shoplens_sampled_recall_total", selectivity="10 to 100 %", index="pictures") == 1
    assert value(found, "shoplens_sampled_searches_total", selectivity="all", index="texts") == 1


def test_recall_is_the_share_of_the_exact_best_that_was_found() -> None:
    exact = np.arange(10)
    assert recall_of(np.array([0, 1, 2, 99]), exact) == 3 / 10
    assert recall_of(exact[::-1], exact) == 1


@pytest.mark.parametrize(
    ("share", "band"), [(0.0, "below 1 %"), (0.01, "1 to 10 %"), (0.5, "10 to 100 %"), (1.0, "all")]
)
def test_selectivity_falls_into_a_few_bands(share: float, band: str) -> None:
    assert band_of(share) == band
