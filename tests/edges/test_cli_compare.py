"""``shoplens compare``, ``evaluate --report``, ``judge`` and ``queries``, as they are typed, in this process."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shoplens import switching
from shoplens.app import open_shop
from shoplens.cli.app import app
from shoplens.cli.sides import Side, search_of
from shoplens.core.answer import Answer
from shoplens.core.query import Query
from shoplens.errors import ConfigError, EvaluationError, SpaceIncompleteError
from shoplens.stores.query_log import QueryLog
from tests.evaluation.test_machine import KEY, Service, said
from tests.support import ColourEncoder, picture

pytest.importorskip("ir_measures", reason="needs the extra evaluation")

Run = Callable[..., str]


@pytest.fixture(scope="module", autouse=True)
def small_encoder() -> Iterator[None]:
    """Every name opens the small encoder of the tests: the bundled one takes a second each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(switching, "open_encoder", lambda name, threads=1: ColourEncoder(name))
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a shop, four products of which one has a picture, queries, judgements."""
    folder = tmp_path_factory.mktemp("compare")
    (folder / "red.png").write_bytes(picture("red"))
    lines = ["id,title,brand,color,price,currency,image_link"]
    lines += ["1,red shirt,Luma,red,10.00,EUR,red.png", "2,green shirt,Fila,green,20.00,EUR,"]
    lines += ["3,blue shirt,Luma,blue,30.00,EUR,", "4,blue mug,Fila,blue,40.00,EUR,"]
    (folder / "feed.csv").write_text("\n".join(lines), "utf-8")
    with open_shop(folder / "shop", create=True, pictures={"workers": 1}) as shop:
        shop.index(folder / "feed.csv")
        shop.rules.put({"id": "pins", "when": {"query": "shirt"}, "then": {"pin": ["3"]}})
    queries = [{"query_id": "1", "q": "shirt"}, {"query_id": "2", "q": "mug under 30"}, {"query_id": "3", "q": "衬衫"}]
    (folder / "q.jsonl").write_text("".join(json.dumps(query) + "\n" for query in queries))
    (folder / "people.trec").write_text("1 0 3 2\n1 0 1 1\n2 0 4 1\n")
    return folder


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in the folder; what it printed."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("SHOPLENS_PICTURES__WORKERS", "1")

    def typed(*words: str) -> str:
        app([*words, "--shop", "shop"], standalone_mode=False)
        return capsys.readouterr().out

    return typed


def sheet_in(path: Path) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="sheet">(.*?)</script>', path.read_text("utf-8"))
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_two_configurations(run: Run, folder: Path) -> None:
    (folder / "b.toml").write_text("rules = false\nunderstand = false\n[search]\nsemantic_ratio = 0.9\n")
    words = ("--queries", "q.jsonl", "-b", "b.toml", "--b", "balance.picture=0.5", "--qrels", "people.trec")
    printed = run("compare", *words, "--report", "r.html")
    assert "2 queries; A is as it is, B is b, balance.picture=0.5" in printed
    assert "report written to r.html" in printed
    sheet = sheet_in(folder / "r.html")
    hits = {query["id"]: query["hits"] for query in sheet["queries"]}
    assert hits["1"][0][0] == "p:3"  # the rule pins it, and only where rules are on
    assert hits["1"][1][0] != "p:3"
    assert hits["2"] == [[], hits["2"][1]]  # "under 30" is a limit where queries are understood
    assert hits["2"][1]
    assert sheet["products"]["p:1"]["picture"] in sheet["pictures"]
    assert sheet["products"]["p:2"]["picture"] == ""
    fields = json.loads(run("compare", *words, "--no-pictures", "--report", "bare.html", "--json"))
    assert sheet_in(folder / "bare.html")["pictures"] == {}
    assert (fields["a"], fields["judged_by"], fields["warning"]) == ("as it is", "people", "")
    assert fields["side_by_side"]["queries"] == 2


def test_a_process_of_its_own_keeps_its_shop_open(run: Run, folder: Path) -> None:
    search = search_of(Side("b", Path("shop"), rules=False))
    gc.collect()
    assert {hit.product.id for hit in search(Query("shirt")).hits} == {"1", "2", "3"}


def test_todays_engine_without_judgements(run: Run, folder: Path) -> None:
    (folder / "today.jsonl").write_text('{"query": "Shirt", "ids": ["2", "gone"]}\n')
    fields = json.loads(run("compare", "--queries", "q.jsonl", "--run", "today.jsonl", "--json"))
    assert (fields["b"], fields["judged_by"], "side_by_side" in fields) == ("today.jsonl", "", False)
    assert fields["overlap"]["per_query"]["1"]["rbo"] > 0
    assert fields["warnings"] == [
        "today.jsonl: of 2 ids answered 1 is in the shop; missing: gone "
        "(ids must be those of this shop, as shoplens search --json names them)"
    ]
    (folder / "other.jsonl").write_text('{"query_id": "1", "ids": ["x", "y"]}\n')
    with pytest.raises(EvaluationError, match="of 2 ids answered none is in the shop"):
        run("compare", "--queries", "q.jsonl", "--run", "other.jsonl")


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        ((), EvaluationError, "nothing to compare with"),
        (("--b", "rules=off", "--run", "x"), EvaluationError, "side B is given twice"),
        (("--b", "rules=perhaps"), ConfigError, "neither on nor off"),
        (("--b", "balance.pictures=1"), ConfigError, "the balance has no 'pictures'"),
        (("--b", "balance.picture=much"), ConfigError, "is no number"),
        (("--b", "search.dept=3"), ConfigError, "search.dept"),
        (("--b", "rules"), ConfigError, "is no setting"),
        (("--b", "nothing.toml"), ConfigError, "cannot be read"),
    ],
)
def test_what_cannot_be_compared_is_told(run: Run, words: tuple[str, ...], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=re.escape(said)):
        run("compare", "--queries", "q.jsonl", *words)


def test_an_encoder_that_the_shop_was_not_encoded_with_is_refused(run: Run) -> None:
    with pytest.raises(SpaceIncompleteError) as caught:
        run("compare", "--queries", "q.jsonl", "--b", "encoder=onnx:colours")
    assert "shoplens encoder reencode onnx:colours --shop shop" in str(caught.value.hint)


def test_a_page_of_one_run_to_judge_on(run: Run, folder: Path) -> None:
    run("evaluate", "--queries", "q.jsonl", "--report", "one.html")
    sheet = sheet_in(folder / "one.html")
    assert (len(sheet["names"]), sheet["measures"], sheet["overlap"]) == (1, [], None)
    printed = run("evaluate", "--queries", "q.jsonl", "--report", "one.html", "--qrels", "people.trec")
    assert "nDCG@10" in printed
    assert len(sheet_in(folder / "one.html")["measures"]) == 9
    with pytest.raises(EvaluationError, match="no judgements to measure against"):
        run("evaluate", "--queries", "q.jsonl")


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    made = Service()
    made.behave = lambda body, n: (200, said('{"grade": 1, "reason": "so so"}'), {})
    monkeypatch.setenv("SHOPLENS_JUDGE__BASE_URL", made.address)
    monkeypatch.setenv("SHOPLENS_JUDGE__MODEL", "m-1")
    monkeypatch.setenv("SHOPLENS_JUDGE__API_KEY", KEY)
    yield made
    made.close()


def test_a_machine_judges_and_its_part_is_told(run: Run, folder: Path, service: Service) -> None:
    words = ("judge", "--queries", "q.jsonl", "--qrels", "people.trec", "--out", "m.jsonl", "--top", "2", "--json")
    told = json.loads(run(*words))
    assert (told["sent"], service.seen, (folder / "m.jsonl").exists()) == (False, [], False)
    done = json.loads(run(*words, "--yes", "--trec", "m.trec"))
    assert done["judged"] == told["cost"]["pairs"] == len(service.seen) > 3
    assert done["agreement"]["pairs"] == 3  # what people have judged is judged too, to see how far both agree
    assert json.loads(run(*words, "--yes"))["judged"] == 0
    assert KEY not in (folder / "m.jsonl").read_text() + json.dumps([told, done])
    both = ("--qrels", "people.trec", "--machine-qrels", "m.jsonl")
    fields = json.loads(
        run("compare", "--queries", "q.jsonl", "-b", "rules=off", *both, "--report", "m.html", "--json")
    )
    assert fields["judged_by"] == "both"
    assert "are a machine's (m-1), not people's" in fields["warning"]
    assert sheet_in(folder / "m.html")["judged"]["pairs"] == done["judged"]
    assert json.loads(run("evaluate", "--queries", "q.jsonl", *both, "--json"))["judged_by"] == "both"
    with pytest.raises(EvaluationError, match="a machine has judged this"):
        run("evaluate", "--queries", "q.jsonl", "--qrels", "m.trec")


def test_what_shoppers_ask(run: Run, folder: Path) -> None:
    assert "enabled = true under [query_log]" in run("queries")
    log = QueryLog(folder / "shop" / "queries", enabled=True, days=30)
    for words, found, verdict in (("mug", 3, "match"), ("Mug", 3, "match"), ("hat", 0, "none"), ("cap", 2, "similar")):
        log.note(Query(words), Answer((), found, 1, 24, "q", 2.0, verdict))
    log.close()
    printed = run("queries", "--top", "--export", "top.csv")
    assert "4 queries in 30 days, 3 different, 0 with photos; nothing found: 1 (25.0%), nothing certain: 1" in printed
    assert (folder / "top.csv").read_text().casefold() == "query,count\nmug,2\ncap,1\nhat,1\n"
    assert json.loads(run("queries", "--no-result", "--json"))["queries"][0]["words"] == "hat"
    run("queries", "--low-confidence", "--export", "low.jsonl")
    assert json.loads((folder / "low.jsonl").read_text()) == {"query_id": "1", "q": "cap"}
    assert "and 2 more" in run("queries", "-n", "1")
    log = QueryLog(folder / "shop" / "queries", enabled=True, days=30)
    log.note(Query("=1+1"), Answer((), 0, 1, 24, "q", 2.0, "none"))
    log.close()
    run("queries", "--no-result", "--export", "sheet.csv")
    assert (folder / "sheet.csv").read_text() == "query,count\n'=1+1,1\nhat,1\n"  # no formula for a spreadsheet
    with pytest.raises(ConfigError, match="two lists"):
        run("queries", "--top", "--no-result")
    with pytest.raises(ConfigError, match="is not known"):
        run("queries", "--export", "top.xls")
