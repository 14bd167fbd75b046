"""Queries, judgements and runs on disk: what is read, what is refused, and where the error points."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplens.core.query import Seed
from shoplens.errors import EvaluationError
from shoplens.evaluation import Run, read_qrels, read_queries, read_run, write_run
from tests.evaluation.helpers import write_queries

ir_measures = pytest.importorskip("ir_measures", reason="needs the extra evaluation")


def test_queries_take_the_fields_of_search(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"photo")
    path = write_queries(
        tmp_path / "q.jsonl",
        [
            {"query_id": "1", "q": "红色连衣裙", "filter_by": "in_stock", "per_page": 3},
            {"query_id": 2, "images": [{"path": "a.jpg", "crop": [0, 0, 0.5, 1]}], "like": ["P1"]},
        ],
    )
    first, second = read_queries(path, tmp_path)
    assert (first.query_id, first.build().words, str(first.build().where)) == ("1", "红色连衣裙", "in_stock")
    built = second.build()
    assert (second.query_id, built.pictures[0].data, built.seeds) == ("2", b"photo", (Seed("P1"),))
    assert built.pictures[0].crop is not None


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"q": "a"}', "no query_id"),
        ('{"query_id": "", "q": "a"}', "no query_id"),
        ('{"query_id": true}', "no query_id"),
        ('{"query_id": "2", "words": "a"}', "no field 'words'"),
        ('{"query_id": "2", "page": "x"}', "page"),
        ('{"query_id": "2", "filter_by": "price <"}', "filter_by"),
        ('{"query_id": "2", "images": ["missing.jpg"]}', "no photo"),
        ('{"query_id": "2", "images": ["https://shop.example/a.jpg"]}', "are files"),
        ('{"query_id": "1", "q": "again"}', "used twice"),
        ('{"query_id": "2", "q": null}', "q is null"),
        ('{"query_id": null, "q": "a"}', "query_id is null"),
        ('{"query_id": "2", "q": "a", "filter_by": null}', "filter_by is null"),
    ],
)
def test_queries_that_cannot_be_used_are_told_with_file_and_line(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(f'{{"query_id": "1", "q": "a"}}\n\n{line}\n', "utf-8")
    with pytest.raises(EvaluationError) as caught:
        read_queries(path, tmp_path)
    assert says in str(caught.value)
    assert caught.value.where is not None
    assert caught.value.where.startswith(f"{path}:3")
    assert caught.value.hint


def test_qrels_in_every_usual_spacing(tmp_path: Path) -> None:
    path = tmp_path / "qrels.trec"
    path.write_bytes(b"\xef\xbb\xbf1 0 a 2\r\n1\t0\tb c\t0\n2   0  a   -1\n\n1 0 a 2\n")
    assert read_qrels(path) == {"1": {"a": 2, "b c": 0}, "2": {"a": -1}}


@pytest.mark.parametrize(
    ("line", "says"),
    [("1 0 a", "3 columns"), ("1 0 a b 1", "5 columns"), ("1 0 a high", "whole number"), ("1 0 x 0", "judged 1 and 0")],
)
def test_qrels_that_cannot_be_used_are_told_with_file_and_line(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "qrels.trec"
    path.write_text(f"1 0 x 1\n{line}\n")
    with pytest.raises(EvaluationError) as caught:
        read_qrels(path)
    assert says in caught.value.message
    assert caught.value.where == f"{path}:2"


@pytest.mark.parametrize("read", [read_qrels, read_queries, read_run])
def test_files_that_are_missing_empty_or_no_text(tmp_path: Path, read: Any) -> None:
    empty, binary = tmp_path / "empty", tmp_path / "binary"
    empty.touch()
    binary.write_bytes(b"1 0 \xff\xfe 1\n")
    for path in (tmp_path / "missing", tmp_path, empty, binary):
        with pytest.raises(EvaluationError) as caught:
            read(path)
        assert str(path) in str(caught.value.where)


def test_a_run_is_ordered_by_score_and_ties_by_rank(tmp_path: Path) -> None:
    path = tmp_path / "run.trec"
    path.write_text("1 Q0 a 3 0.5 x\n1 Q0 b 2 0.5 x\n1 Q0 c 9 2 x\n2 Q0 a 1 -1e3 x\n")
    assert read_run(path) == Run({"1": [("c", 2.0), ("b", 0.5), ("a", 0.5)], "2": [("a", -1000.0)]}, "x")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("1 Q0 a 1 0.5", "5 columns"),
        ("1 Q0 a one 0.5 t", "no number"),
        ("1 Q0 a 1 nan t", "no number"),
        ("1 Q0 x 2 0.1 t", "answered twice"),
    ],
)
def test_runs_that_cannot_be_used_are_told_with_file_and_line(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "run.trec"
    path.write_text(f"1 Q0 x 1 1 t\n{line}\n")
    with pytest.raises(EvaluationError) as caught:
        read_run(path)
    assert says in caught.value.message
    assert caught.value.where == f"{path}:2"


ID = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\r\n"), min_size=1, max_size=8)


@given(
    st.dictionaries(
        ID, st.lists(st.tuples(ID, st.floats()), min_size=1, unique_by=lambda hit: hit[0], max_size=6), min_size=1
    )
)
def test_the_order_of_a_run_survives_the_file(
    tmp_path_factory: pytest.TempPathFactory, rankings: dict[str, list[tuple[str, float]]]
) -> None:
    path = tmp_path_factory.mktemp("run") / "run.trec"
    write_run(Run(rankings), path)
    back = read_run(path)
    assert {q: back.ids(q) for q in back.rankings} == {q: [i for i, _ in hits] for q, hits in rankings.items()}


def test_other_tools_read_our_runs_in_our_order(tmp_path: Path) -> None:
    path = tmp_path / "run.trec"
    run = Run({"1": [("b", 0.5), ("a", 0.5), ("c", 0.9)], "2": [("z", 3.25), ("y", 0.125)]})
    write_run(run, path)
    read: dict[str, list[tuple[float, str]]] = {}
    for doc in ir_measures.read_trec_run(str(path)):
        read.setdefault(doc.query_id, []).append((-doc.score, doc.doc_id))
    assert {q: [i for _, i in sorted(docs)] for q, docs in read.items()} == {"1": ["b", "a", "c"], "2": ["z", "y"]}
    assert [-s for s, _ in sorted(read["2"])] == [3.25, 0.125]  # real scores where they tell the order


def test_ids_that_the_format_cannot_hold_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError):
        write_run(Run({"1": [("a\tb", 1.0)]}), tmp_path / "run.trec")
    with pytest.raises(EvaluationError) as caught:
        write_run(Run({"1": [("a", 1.0)]}), tmp_path / "no" / "run.trec")
    assert caught.value.hint


def test_queries_are_plain_json_lines(tmp_path: Path) -> None:
    path = write_queries(tmp_path / "q.jsonl", [{"query_id": "é", "q": "ü"}])
    assert json.loads(path.read_text("utf-8")) == {"query_id": "é", "q": "ü"}
    assert read_queries(path)[0].query_id == "é"
