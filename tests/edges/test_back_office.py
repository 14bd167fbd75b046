"""What the back office asks of the service, over a real socket: how it does, what is wrong, what would do better."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shoplens.app import Shop
from shoplens.backups import back_up
from shoplens.errors import QueryError, StoreError
from shoplens.evaluation import read_qrels, read_queries
from shoplens.judgement_files import JudgementFiles
from shoplens.server.traffic import BOUNDS, MINUTES, Traffic
from shoplens.trying import FIELDS, configuration_from_fields
from tests.conftest import SmallShop, cushions
from tests.serving import bearer, serving


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    small = SmallShop(tmp_path_factory.mktemp("office") / "small")
    made = small.open(query_log={"enabled": True})
    small.index(made, [*cushions(small), {"id": "N1"}])
    yield made
    small.close()


@pytest.fixture(scope="module")
def address(shop: Shop) -> Iterator[str]:
    with serving(shop) as found:
        yield found


@pytest.fixture
def client(shop: Shop, address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=30, headers=bearer(shop, "admin")) as made:
        yield made


@pytest.fixture
def stranger(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=30) as made:
        yield made


def found(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    return response.json()


def test_the_overview_counts_what_was_searched(client: httpx.Client) -> None:
    before = found(client.get("/v1/overview"))["traffic"]
    client.get("/v1/search", params={"q": "red cushion"})
    client.get("/v1/search", params={"q": "cushion", "filter_by": "price>9000"})
    client.get("/v1/search", params={"q": "x", "filter_by": "price<"})
    told = found(client.get("/v1/overview", params={"minutes": 5}))
    now = told["traffic"]
    assert [now[n] - before[n] for n in ("searches", "nothing")] == [2, 1]
    assert now["minutes"] == 5
    assert len(now["points"]) == 5
    assert sum(point["searches"] for point in now["points"]) == now["searches"]
    assert 0 < now["p50_ms"] <= now["p99_ms"]
    assert (told["products"], told["freshness"]["vectors_behind"], told["degraded"]) == (7, 0, [])
    assert told["encoder"]["space"].startswith("colours@")
    assert told["query_log"] == {"enabled": True, "days": 30}


def test_the_log_of_queries_is_told_by_what_went_wrong(client: httpx.Client) -> None:
    for words in ("red cushion", "Red  cushion", "cushion"):
        client.get("/v1/search", params={"q": words})
    client.get("/v1/search", params={"q": "zeppelin", "filter_by": "brand=Luma"})
    end = time.monotonic() + 10
    while True:  # a thread of its own writes the log
        missing = found(client.get("/v1/queries", params={"list": "no_result"}))
        if any(one["words"] == "zeppelin" for one in missing["queries"]) or time.monotonic() > end:
            break
        time.sleep(0.05)
    (zeppelin,) = [one for one in missing["queries"] if one["words"] == "zeppelin"]
    assert (zeppelin["where"], zeppelin["nothing"]) == ('brand="Luma"', 1)
    top = found(client.get("/v1/queries", params={"limit": 1}))
    assert len(top["queries"]) == 1
    assert top["more"] >= 2
    asked = {one["words"].casefold(): one["asked"] for one in found(client.get("/v1/queries"))["queries"]}
    assert asked["red cushion"] >= 2


def test_the_doctor_proposes_calls_that_exist(client: httpx.Client) -> None:
    told = found(client.get("/v1/doctor"))
    titles = next(one for one in told["findings"] if one["code"] == "no_title")
    assert (titles["examples"], titles["fix"]) == (["N1"], {"method": "POST", "path": "/v1/jobs/import"})
    paths = client.get("/v1/openapi.json").json()["paths"]
    for fix in (one["fix"] for one in told["findings"] if one["fix"]):
        assert fix["method"].lower() in paths[fix["path"]]
    assert "folder" not in told["about"], "where a shop lies is nobody's business over HTTP"


def test_the_last_changes_come_first(client: httpx.Client) -> None:
    client.patch("/v1/products/C2", json={"quantity": 4})
    put = client.put("/v1/products/Z9", json={"title": "Passing by"})
    assert put.status_code == 200, put.text
    client.delete("/v1/products/Z9")
    first = found(client.get("/v1/changes", params={"per_page": 2}))
    assert [(one["id"], one["what"], one["title"]) for one in first["changes"]] == [
        ("Z9", "removed", ""),
        ("C2", "offer", "Green cushion"),
    ]
    rest = found(client.get("/v1/changes", params={"before": first["next_before"], "per_page": 100}))
    assert rest["next_before"] is None
    assert {one["what"] for one in rest["changes"]} == {"product"}
    assert client.get("/v1/changes", params={"before": 10**30}).status_code == 422
    seqs = [one["seq"] for one in (*first["changes"], *rest["changes"])]
    assert seqs == sorted(seqs, reverse=True)


def test_one_query_under_two_configurations(client: httpx.Client) -> None:
    client.put("/v1/rules/pin-mug", json={"when": {"query": "cushion"}, "then": {"pin": ["M1"]}})
    body = {"query": {"q": "cushion", "explain": True}, "b": {"rules": False, "semantic_ratio": 1, "name": "bare"}}
    told = found(client.post("/v1/compare", json=body))
    client.delete("/v1/rules/pin-mug")
    first, second = ([hit["product"]["id"] for hit in told[side]["answer"]["hits"]] for side in ("a", "b"))
    assert (told["a"]["name"], told["b"]["name"]) == ("as it is", "bare")
    assert first[0] == "M1"
    assert second[0] != "M1"
    assert told["agreement"]["first"] is False
    assert told["a"]["answer"]["applied_rules"] == ["pin-mug"]
    sources = {reason["source"] for hit in told["b"]["answer"]["hits"] for reason in hit["reasons"]}
    assert sources == {"words>picture", "words>text"}, "with a ratio of 1 words as written say nothing"


def test_the_same_configuration_answers_as_the_search_does(client: httpx.Client) -> None:
    query = {"q": "blue mug", "facet_by": ["brand"]}
    plain = found(client.post("/v1/search", json=query))
    told = found(client.post("/v1/compare", json={"query": query}))
    for side in ("a", "b"):
        assert told[side]["answer"]["hits"] == plain["hits"]
        assert told[side]["answer"]["facet_counts"] == plain["facet_counts"]
    assert told["agreement"] == {"rbo": pytest.approx(1), "shared": 1, "first": True}


def test_many_queries_are_measured_where_they_are_judged(client: httpx.Client, shop: Shop) -> None:
    pytest.importorskip("ir_measures", reason="the extra evaluation is not installed")
    query = {"q": "green cushion"}
    judged = found(client.post("/v1/judgements", json={"query": query, "grades": {"C2": 3, "C1": 0, "M1": 1}}))
    assert judged["grades"] == {"C2": 3, "C1": 0, "M1": 1}
    again = found(client.post("/v1/judgements", json={"query": query, "grades": {"M1": None, "C1": 1}}))
    assert (again["query_id"], again["grades"]) == (judged["query_id"], {"C2": 3, "C1": 1})
    assert found(client.post("/v1/compare", json={"query": query}))["grades"] == {"C2": 3, "C1": 1}

    told = found(client.post("/v1/compare/queries", json={"b": {"understand": False, "rules": False}}))
    assert (told["judged_by"], told["queries"], told["not_measured"]) == ("people", 1, "")
    assert told["verdict"] == "open", "one query shows nothing"
    assert told["side_by_side"]["first"]["measures"]["nDCG@10"]["mean"] > 0.5
    assert told["asked"][0]["query"] == query

    files = JudgementFiles(shop.folder)
    (read,) = read_queries(files.queries)
    assert read.fields == query
    assert read_qrels(files.qrels) == {judged["query_id"]: {"C2": 3, "C1": 1}}, "what evaluate reads"


def test_queries_of_the_log_are_compared_without_judgements(client: httpx.Client) -> None:
    client.get("/v1/search", params={"q": "yellow cushion"})
    body = {"queries": [{"q": "yellow cushion"}, {"q": "mug"}], "b": {"semantic_ratio": 0, "balance": {"text": 0.1}}}
    told = found(client.post("/v1/compare/queries", json=body))
    assert (told["a"], told["b"]) == ("as it is", "semantic_ratio 0, text 0.1")
    assert (told["judged_by"], told["queries"], len(told["asked"])) == ("", 2, 2)
    assert 0 <= told["overlap"]["rbo"]["mean"] <= 1


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("/v1/compare", {}, "query"),
    ("/v1/compare", {"query": {"q": "x"}, "b": {"ratio": 1}}, "b.ratio"),
    ("/v1/compare", {"query": {"q": "x"}, "b": {"semantic_ratio": 2}}, "b.semantic_ratio"),
    ("/v1/compare", {"query": {"q": "x"}, "a": {"depth": 3}}, "a.depth"),
    ("/v1/compare", {"query": {"q": "x"}, "a": {"balance": {"x": 3}}}, "a.balance.x"),
    ("/v1/compare", {"query": {"q": "x"}, "a": {"balance": {"photo": 1e300}}}, "a.balance.photo"),
    ("/v1/compare", {"query": {"q": "x"}, "a": {"balance": "photo"}}, "a.balance"),
    ("/v1/compare", {"query": {"q": "x"}, "a": {"rules": "no"}}, "a.rules"),
    ("/v1/compare", {"query": {"q": "x"}, "a": 3}, "a"),
    ("/v1/compare/queries", {"queries": 3}, "queries"),
    ("/v1/compare/queries", {"queries": [{"q": "x", "page": 2}]}, "queries[0].page"),
    ("/v1/compare/queries", {"queries": [], "limit": 10}, "queries"),
    ("/v1/compare/queries", {"limit": 0}, "limit"),
    ("/v1/compare/queries", {"queries": [{"q": "x"}], "measure": "MRR"}, "measure"),
    ("/v1/judgements", {"query": {"q": " "}, "grades": {}}, "query.q"),
    ("/v1/judgements", {"query": {"q": "x"}, "grades": {"C1": True}}, "grades.C1"),
    ("/v1/judgements", {"query": {"q": "x"}, "grades": {"C1\t": 1}}, "grades"),
    ("/v1/judgements", {"query": {"q": "x", "sort_by": "price:asc"}, "grades": {}}, "query.sort_by"),
]


@pytest.mark.parametrize(("path", "body", "where"), REFUSED)
def test_what_makes_no_sense_is_told_with_its_place(
    client: httpx.Client, path: str, body: dict[str, Any], where: str
) -> None:
    response = client.post(path, json=body)
    told = response.json()
    assert (response.status_code, told["where"]) == (400, where), told
    assert told["hint"]


def test_strangers_see_none_of_it(stranger: httpx.Client, shop: Shop) -> None:
    asked = [stranger.get(f"/v1/{name}") for name in ("overview", "limits", "doctor", "queries", "judgements")]
    asked += [stranger.post(path, json={"query": {"q": "x"}}) for path in ("/v1/compare", "/v1/compare/queries")]
    assert [one.status_code for one in asked] == 7 * [401]
    mine = bearer(shop, "catalogue")
    other = {"query": {"q": "x"}, "b": {"encoder": "onnx:elsewhere"}}
    assert stranger.post("/v1/compare", json=other, headers=mine).status_code == 403
    assert stranger.post("/v1/compare", json=other | {"b": {}}, headers=mine).status_code == 200


def test_where_nobody_has_a_key_no_encoder_is_opened_by_its_name(tmp_path: Path) -> None:
    small = SmallShop(tmp_path / "small")
    with serving(small.open(server={"keys": "off"})) as address, httpx.Client(base_url=address, timeout=30) as anybody:
        assert found(anybody.post("/v1/compare", json={"query": {"q": "x"}}))["agreement"]["rbo"] == 1
        refused = anybody.post("/v1/compare", json={"query": {"q": "x"}, "b": {"encoder": f"onnx:{tmp_path}"}})
        assert (refused.status_code, str(tmp_path) in refused.text) == (403, False)
    small.close()


def test_limits_tell_what_a_key_has_used(client: httpx.Client, shop: Shop) -> None:
    headers = bearer(shop, "search", quota=100)
    for _ in range(3):
        assert client.get("/v1/search", params={"q": "mug"}, headers=headers).status_code == 200
    end, used = time.monotonic() + 10, {}
    while time.monotonic() < end and 3 not in used.values():  # counted in the store once a second
        used = found(client.get("/v1/limits"))["used_today"]
        client.get("/healthz")
        time.sleep(0.1)
    assert 3 in used.values()
    assert found(client.get("/v1/limits"))["keys"] == "writes"


def test_latencies_are_told_within_a_bucket() -> None:
    moment = [600.0]
    traffic = Traffic(lambda: moment[0])
    for n in range(1, 101):
        traffic.took(n / 1e3)
    whole, points = traffic.last(60)
    assert whole.quantile_ms(0.5) == pytest.approx(50, rel=0.16)
    assert whole.quantile_ms(0.99) == pytest.approx(99, rel=0.16)
    assert whole.quantile_ms(0.99) >= 99
    assert len(points) == 60
    assert points[-1][0] == 600
    traffic.took(1e6)
    assert traffic.last(1)[0].quantile_ms(1) == round(1e3 * BOUNDS[-1], 2)


def test_only_a_day_is_remembered() -> None:
    moment = [0.0]
    traffic = Traffic(lambda: moment[0])
    for minute in range(2 * MINUTES):
        moment[0] = 60.0 * minute
        traffic.answered(minute % 2, "match")
    whole, points = traffic.last(10**9)
    assert (whole.searches, whole.nothing, whole.unsure) == (MINUTES, MINUTES // 2, 0)
    assert len(points) == 60
    assert traffic.last(10)[0].searches == 10


def test_configurations_are_called_by_what_they_change() -> None:
    given = {"semantic_ratio": 0.8, "rules": False, "balance": {"photo": 2}}
    assert configuration_from_fields(given, "b").name == "semantic_ratio 0.8, rules off, photo 2"
    assert configuration_from_fields(None, "a").name == "as it is"
    with pytest.raises(QueryError, match="no field 'encodr'"):
        configuration_from_fields({"encodr": "x"}, "b")
    assert set(FIELDS) >= set(given)


def test_judgements_survive_and_damage_is_told(tmp_path: Path) -> None:
    files = JudgementFiles(tmp_path)
    files.judge({"q": "a b"}, {"P 1": 2})
    files.judge({"q": "c"}, {"P2": 0})
    files.judge({"q": "c"}, {"P2": None})
    assert [(one.fields, one.grades) for one in JudgementFiles(tmp_path).all()] == [({"q": "a b"}, {"P 1": 2})]
    files.queries.write_text("{\n")
    with pytest.raises(StoreError, match="makes no sense"):
        files.judge({"q": "d"}, {"P2": 1})


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1e"])
def test_what_breaks_lines_elsewhere_breaks_no_judgement(mark: str, tmp_path: Path) -> None:
    files = JudgementFiles(tmp_path)
    other = files.judge({"q": "mug"}, {"P1": 3})
    forged = f"x{mark}{other.query_id} 0 P9 3{mark}"
    files.judge({"q": f"a{mark}b"}, {forged: 1})
    told = {one.fields["q"]: one.grades for one in files.all()}
    assert told == {"mug": {"P1": 3}, f"a{mark}b": {forged: 1}}
    assert read_qrels(files.qrels)[other.query_id] == {"P1": 3}, "what evaluate reads"


def test_judgements_go_into_a_backup(shop: Shop, tmp_path: Path) -> None:
    JudgementFiles(shop.folder).judge({"q": "backed up"}, {"C1": 3})
    _, manifest = back_up(shop.config, tmp_path)
    assert {"judgements/qrels.trec", "judgements/queries.jsonl"} <= {part.name for part in manifest.parts}
