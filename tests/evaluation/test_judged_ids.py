"""Judgements whose ids the shop does not have are told, not measured as 0."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from shoplens.app import Shop
from shoplens.cli.app import app
from shoplens.core.answer import Answer
from shoplens.core.query import Query
from shoplens.errors import EvaluationError
from shoplens.evaluation import JudgedQuery, evaluate, judged_ids, read_queries
from tests.evaluation.helpers import write_queries

pytest.importorskip("ir_measures", reason="needs the extra evaluation")


@pytest.fixture
def shop(coloured: Callable[[], Shop]) -> Shop:
    return coloured()


@pytest.fixture
def queries(tmp_path: Path) -> list[JudgedQuery]:
    rows = [{"query_id": "p", "q": "red mug"}, {"query_id": "v", "q": "red mug", "group_by": "variant"}]
    return read_queries(write_queries(tmp_path / "q.jsonl", rows))


def never(query: Query) -> Answer:
    raise AssertionError("must not be asked")


def refused(queries: list[JudgedQuery], judged: dict[str, dict[str, int]], shop: Shop) -> EvaluationError:
    with pytest.raises(EvaluationError) as caught:
        evaluate(never, queries, judged, catalogue=shop.store)
    assert caught.value.where == "judgements"
    return caught.value


def test_no_judged_id_in_the_shop_is_an_error_before_anything_is_asked(shop: Shop, queries: list[JudgedQuery]) -> None:
    names = [f"X{n}" for n in range(7)]
    error = refused(queries, {"p": dict.fromkeys(names, 1), "unasked": {"C1": 1}}, shop)
    assert error.message == "of 7 judged ids none is in the shop; missing: X0, X1, X2, X3, X4, ..."
    assert "id of a product" in str(error.hint)


def test_ids_of_the_other_kind_are_named_as_such(shop: Shop, queries: list[JudgedQuery]) -> None:
    by_product = refused(queries, {"p": {"M1-red": 1}}, shop)
    assert str(by_product.hint).startswith("M1-red is the id of a variant: ")
    by_variant = refused(queries, {"v": {"M1": 1}}, shop)
    assert str(by_variant.hint).startswith("M1 is the id of a product: ")


def test_what_the_shop_lacks_is_in_the_report(shop: Shop, queries: list[JudgedQuery]) -> None:
    judged = {"p": {"M1": 2, "M1-red": 1, "\ud800": 0}, "v": {"M1-red": 1, "M1": 1, "M1-blue": 1}}
    found = judged_ids(queries, judged, shop.store)
    assert (found.judged, found.missing) == (6, ("M1-red", "\ud800", "M1"))
    assert (found.of_variants, found.of_products) == (("M1-red",), ("M1",))
    judged["p"].pop("\ud800")
    report, _ = evaluate(shop.search, queries, judged, catalogue=shop.store)
    assert report.to_fields()["judged_ids"] == {"judged": 5, "missing": ["M1-red", "M1"]}
    console = Console(width=300, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(report.render())
    assert (
        "warning: of 5 judged ids 3 are in the shop; missing: M1-red, M1 (M1-red is the id of" in console.export_text()
    )


def test_nothing_is_told_where_all_are_there_or_nobody_looked(shop: Shop, queries: list[JudgedQuery]) -> None:
    judged = {"p": {"M1": 1}, "v": {"M1-red": 1}}
    report, _ = evaluate(shop.search, queries, judged, catalogue=shop.store)
    assert report.to_fields()["judged_ids"] == {"judged": 2, "missing": []}
    assert report.per_query["v"]["R@10"] == 1.0
    unasked, _ = evaluate(shop.search, queries, {"p": {"X": 1}})
    assert "judged_ids" not in unasked.to_fields()


def test_the_command_looks(
    shop: Shop, queries: list[JudgedQuery], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = str(shop.folder)
    shop.close()
    qrels = tmp_path / "qrels"
    asked = ["evaluate", "--shop", folder, "--queries", str(tmp_path / "q.jsonl"), "--qrels", str(qrels), "--json"]
    qrels.write_text("p 0 M1-red 1\n")
    with pytest.raises(EvaluationError) as caught:
        app(asked, standalone_mode=False)
    assert "M1-red is the id of a variant" in str(caught.value)
    qrels.write_text("p 0 M1 1\nv 0 gone 1\n")
    app(asked, standalone_mode=False)
    assert json.loads(capfd.readouterr().out)["judged_ids"] == {"judged": 2, "missing": ["gone"]}
