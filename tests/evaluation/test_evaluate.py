"""The whole way: queries and judgements in, report out."""

from __future__ import annotations

import json
import os
import time
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from shoplens.core.answer import Answer
from shoplens.core.query import Query
from shoplens.errors import EvaluationError, NotFoundError
from shoplens.evaluation import MEASURES, evaluate, read_qrels, read_queries, read_run, run_queries, write_run
from shoplens.evaluation.asking import processes_for
from shoplens.evaluation.judgements import JudgedQuery, Judgements
from tests.evaluation.helpers import catalogue_search, dcg, refused, struck, write_queries

pytest.importorskip("ir_measures", reason="needs the extra evaluation")

TITLES = {"P1": "red dress", "P2": "blue dress", "P3": "red bag", "P4": "black belt"}
SEARCH = catalogue_search(TITLES)


@pytest.fixture
def files(tmp_path: Path) -> tuple[list[JudgedQuery], Judgements]:
    queries = write_queries(
        tmp_path / "q.jsonl",
        [
            {"query_id": "dress", "q": "red dress", "per_page": 1, "page": 2},
            {"query_id": "bag", "q": "blue bag"},
            {"query_id": "nothing", "q": "green hat"},
            {"query_id": "unjudged", "q": "belt"},
            {"query_id": "zero", "q": "belt"},
        ],
    )
    qrels = tmp_path / "qrels.trec"
    qrels.write_text("dress 0 P1 2\ndress 0 P2 1\nbag 0 P3 1\nnothing 0 P4 1\nzero 0 P1 0\nghost 0 P1 1\n")
    return read_queries(queries), read_qrels(qrels)


def test_a_report_by_hand(files: tuple[list[JudgedQuery], Judgements]) -> None:
    report, run = evaluate(SEARCH, *files)
    # red dress: P1 (2 words), P2, P3 (1 each); blue bag: P2, P3; green hat: nothing.
    assert {q: run.ids(q) for q in run.rankings} == {
        "dress": ["P1", "P2", "P3"], "bag": ["P2", "P3"], "nothing": [], "unjudged": ["P4"], "zero": ["P4"],
    }  # fmt: skip
    assert report.per_query["dress"]["nDCG@10"] == pytest.approx(1.0)
    assert report.per_query["bag"]["nDCG@10"] == pytest.approx(dcg([0, 1]) / dcg([1]))
    assert report.per_query["bag"]["condensed nDCG@10"] == 1.0
    assert set(report.per_query["nothing"].values()) == {0.0}
    assert report.measures["RR"].mean == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert report.measures["RR"].low <= report.measures["RR"].mean <= report.measures["RR"].high
    assert (report.unjudged, report.nothing_relevant, report.not_asked) == (("unjudged",), ("zero",), ("ghost",))
    assert report.timings.model_version == "shared words"


def test_json_and_tables_tell_the_same(files: tuple[list[JudgedQuery], Judgements], tmp_path: Path) -> None:
    _, run = evaluate(SEARCH, *files)
    write_run(run, tmp_path / "old.trec")
    report, _ = evaluate(SEARCH, *files, other=read_run(tmp_path / "old.trec"), other_name="old.trec")
    fields = json.loads(json.dumps(report.to_fields(), allow_nan=False))
    assert list(fields["measures"]) == list(MEASURES)
    assert fields["queries"] == 3
    assert fields["left_out"] == {"unjudged": ["unjudged"], "nothing_relevant": ["zero"], "not_asked": ["ghost"]}
    assert fields["latency_ms"]["p50"] <= fields["latency_ms"]["p99"]
    assert all(m["p_value"] == 1.0 and m["ties"] == 3 for m in fields["comparison"]["measures"].values())
    assert fields["comparison"]["missing_queries"] == ["nothing"]  # TREC format cannot say "asked, found nothing"
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(report.render())
    text = console.export_text()
    for name, value in fields["measures"].items():
        assert f"{value['mean']:.4f}" in next(line for line in text.splitlines() if line.startswith(name))
    assert "against old.trec" in text
    heads = [line.split() for line in text.splitlines() if line.startswith("measure")]
    names = ["ours", "theirs", "difference", "low", "high", "p", "won", "lost", "tied"]
    assert heads == [["measure", "mean", "low", "high"], ["measure", *names]]  # nothing is cut at 80 columns
    assert sum(line.startswith("condensed nDCG@10 ") for line in text.splitlines()) == 2
    assert "1 queries without a judgement, left out: unjudged" in text


def test_another_run_is_compared_query_by_query(files: tuple[list[JudgedQuery], Judgements], tmp_path: Path) -> None:
    path = tmp_path / "other.trec"
    path.write_text("dress Q0 P3 1 9 t\ndress Q0 P1 2 8 t\nbag Q0 P3 1 1 t\n")
    report, _ = evaluate(SEARCH, *files, other=read_run(path), other_name=str(path))
    assert report.comparison is not None
    found = report.comparison["RR"]
    assert (found.ours, found.theirs) == (pytest.approx((1 + 1 / 2) / 3), pytest.approx((1 / 2 + 1) / 3))
    assert (found.wins, found.losses, found.ties) == (1, 1, 1)
    assert found.difference.mean == pytest.approx(0.0)
    assert report.missing_in_other == ("nothing",)


def test_depth_counts_and_pages_do_not(files: tuple[list[JudgedQuery], Judgements]) -> None:
    run, _ = run_queries(files[0], SEARCH, depth=2)
    assert run.ids("dress") == ["P1", "P2"]
    with pytest.raises(EvaluationError):
        run_queries(files[0], SEARCH, depth=251)


def test_variants_are_told_where_the_query_groups_by_variant(tmp_path: Path) -> None:
    queries = read_queries(write_queries(tmp_path / "q", [{"query_id": "1", "q": "belt", "group_by": "variant"}]))
    assert run_queries(queries, SEARCH)[0].ids("1") == ["P4-v"]


def test_a_failing_query_is_told_with_its_place(tmp_path: Path) -> None:
    def failing(query: Query) -> Answer:
        raise NotFoundError("no product 'P9' in this shop", hint="search for it")

    path = write_queries(tmp_path / "q.jsonl", [{"query_id": "7", "like": ["P9"]}])
    with pytest.raises(EvaluationError) as caught:
        evaluate(failing, read_queries(path), {"7": {"P1": 1}})
    assert str(caught.value).startswith(f"{path}:1, query 7: no product 'P9'")


def test_no_judged_query_is_an_error_before_anything_is_asked(files: tuple[list[JudgedQuery], Judgements]) -> None:
    def never(query: Query) -> Answer:
        raise AssertionError("must not be asked")

    with pytest.raises(EvaluationError):
        evaluate(never, files[0], {"other": {"P1": 1}, "zero": {"P1": 0}})


def test_latency_is_that_of_the_search_and_workers_share_the_time(tmp_path: Path) -> None:
    queries = read_queries(write_queries(tmp_path / "q", [{"query_id": str(n), "q": "belt"} for n in range(20)]))

    def slow(query: Query) -> Answer:
        time.sleep(0.01)
        return SEARCH(query)

    _, alone = run_queries(queries, slow)
    _, shared = run_queries(queries, slow, workers=4)
    assert 10 <= alone.percentile(0.5) <= alone.percentile(0.99)
    assert alone.wall_s >= 0.2
    assert shared.wall_s < alone.wall_s
    assert run_queries(queries, slow, workers=4)[0] == run_queries(queries, SEARCH)[0]


def test_processes_of_their_own_give_the_same_run(tmp_path: Path) -> None:
    asked = [{"query_id": str(n), "q": f"{colour} belt"} for n, colour in enumerate(["red", "black", "green"] * 15)]
    queries = read_queries(write_queries(tmp_path / "q", asked))
    answered: list[None] = []
    run, timings = run_queries(
        queries,
        lambda query: pytest.fail("asked in this process"),
        workers=2,
        opening=partial(catalogue_search, TITLES),
        on_answer=lambda: answered.append(None),
    )
    assert run == run_queries(queries, SEARCH)[0]
    assert list(timings.latencies_ms) == [query.query_id for query in queries]
    assert len(answered) == len(queries)
    assert timings.model_version == "shared words"
    assert timings.wall_s >= sum(timings.latencies_ms.values()) / 2e3


def test_errors_of_a_process_of_its_own_are_told(tmp_path: Path) -> None:
    queries = read_queries(write_queries(tmp_path / "q", [{"query_id": str(n), "q": "belt"} for n in range(4)]))
    with pytest.raises(EvaluationError, match="query 0: no product 'P9'"):
        run_queries(queries, SEARCH, workers=2, opening=refused)
    with pytest.raises(EvaluationError, match="ended from outside"):
        run_queries(queries, SEARCH, workers=2, opening=struck)


def test_few_queries_are_asked_in_this_process() -> None:
    assert processes_for(199) == 1
    assert processes_for(200) == len(os.sched_getaffinity(0))


def test_the_path_around_the_search_takes_little(tmp_path: Path) -> None:
    queries = read_queries(write_queries(tmp_path / "q", [{"query_id": str(n), "q": "red"} for n in range(2000)]))
    started = time.process_time()  # not the clock of the wall: the machine may be busy with other things
    run_queries(queries, SEARCH)
    # 200 queries a second leave 5 ms for each: at most a tenth of them may go into what is around the search.
    assert (time.process_time() - started) / len(queries) < 0.0005
