"""Two runs side by side: order, verdict, the page; and what another engine answers."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shoplens.core.catalogue import Money, Product, Variant
from shoplens.errors import EvaluationError
from shoplens.evaluation import Run, contrast, page_of, read_answers, sheet_of, write_sheet
from shoplens.evaluation.by_machine import MachineGrade
from shoplens.evaluation.cards import Card, card_of
from shoplens.evaluation.contrast import Contender, Judged
from shoplens.evaluation.judgements import JudgedQuery
from shoplens.evaluation.sheet import wanted

HARM = "</script><script>alert(1)</script><!--"


def query(query_id: str, words: str, **fields: Any) -> JudgedQuery:
    return JudgedQuery(query_id, {"q": words, **fields}, Path(), f"q:{query_id}")


QUERIES = [query("1", "red"), query("2", "blue"), query("3", "green"), query("4", "black")]
A = Contender(
    "ours", Run({"1": [("P1", 2.0), ("P2", 1.0)], "2": [("P2", 1.0)], "3": [("P3", 1.0)], "4": [("P1", 1.0)]})
)
B = Contender("theirs", Run({"1": [("P2", 2.0), ("P1", 1.0)], "2": [("P3", 1.0)], "3": [("P3", 1.0)]}))


def test_without_judgements_what_differs_most_comes_first() -> None:
    made = contrast(QUERIES, A, B)
    assert made.order[0] in ("2", "4")
    assert (made.order[2:], made.reports, made.verdict) == (("1", "3"), (), "")
    assert made.to_fields()["overlap"]["same"] == 1


def test_with_judgements_wins_come_first_and_losses_last() -> None:
    pytest.importorskip("ir_measures", reason="needs the extra evaluation")
    people = {"1": {"P2": 1}, "2": {"P2": 1}, "3": {"P3": 1}}
    made = contrast(QUERIES, A, B, Judged(people))
    # 2: ours is right, theirs wrong; 3: both right; 1: theirs has it first; 4: nobody has judged.
    assert made.order == ("2", "3", "1", "4")
    assert made.verdict == "open"
    fields = made.to_fields()["side_by_side"]
    assert [one["query_id"] for one in fields["differences"]] == ["2", "1"]
    assert (fields["comparison"]["P@1"]["wins"], fields["comparison"]["P@1"]["losses"]) == (1, 1)
    many = [query(str(n), "x") for n in range(20)]
    right = Contender("right", Run({q.query_id: [("P1", 1.0)] for q in many}))
    wrong = Contender("wrong", Run({q.query_id: [("P2", 1.0)] for q in many}))
    judged = Judged({q.query_id: {"P1": 1} for q in many})
    assert contrast(many, right, wrong, judged).verdict == "better"
    assert contrast(many, wrong, right, judged).verdict == "worse"
    assert contrast(many, right, None, judged).verdict == ""


def test_the_page_holds_all_it_needs_and_nothing_can_break_out(tmp_path: Path) -> None:
    cards = {
        (False, "P1"): Card(f"Red {HARM}", brand=HARM, picture=b"one picture"),
        (False, "P2"): Card("Blue", picture=b"one picture"),
    }
    machine = {"1": {"P2": MachineGrade(2, HARM, "m")}}
    queries = [query("1", HARM), *QUERIES[1:]]
    made = contrast(queries, A, B)
    object.__setattr__(made, "judged", Judged({}, machine))
    path = tmp_path / "r.html"
    size = write_sheet(path, made, cards, {"1": [b"a photo"]}, now=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
    text = path.read_text("utf-8")
    assert size == len(text.encode())
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL)
    assert [attributes for attributes, _ in scripts] == [' type="application/json" id="sheet"', ""]
    sheet = json.loads(scripts[0][1])
    assert sheet["products"]["p:P1"]["title"] == f"Red {HARM}"
    assert len(sheet["pictures"]) == 2  # the picture that two products share is there once
    assert base64.b64decode(sheet["pictures"][sheet["products"]["p:P1"]["picture"]]) == b"one picture"
    assert (sheet["made"], sheet["names"]) == ("2026-01-02 03:04 UTC", ["ours", "theirs"])
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    for kind, inside in (("script", scripts[1][1]), ("style", style[1])):
        checksum = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{checksum}';" in policy[1]
    assert policy[1].startswith("default-src 'none'; img-src data:;")
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", text)  # nothing from elsewhere


def test_the_page_of_the_same_queries_is_known_again() -> None:
    ids = {sheet_of(contrast(qs, A, B), {}, {})["id"] for qs in (QUERIES, QUERIES[::-1])}
    assert len(ids) == 1
    assert sheet_of(contrast(QUERIES[:2], A, B), {}, {})["id"] not in ids
    assert "ours : theirs" in page_of(sheet_of(contrast(QUERIES, A, B), {}, {}))


def test_what_is_looked_up_for_the_page() -> None:
    queries = [query("1", "red", like=["S1", {"id": "S2"}]), query("2", "blue", group_by="variant")]
    made = contrast(queries, A, B)
    assert set(wanted(made, 1)) == {
        (False, "P1"),
        (False, "P2"),
        (False, "S1"),
        (False, "S2"),
        (True, "P2"),
        (True, "P3"),
    }


def test_a_card_tells_the_variant_that_was_found() -> None:
    price = Money(1050, "EUR")
    variants = (
        Variant("V1", price=price, attributes={"color": ("red",)}),
        Variant("V2", attributes={"color": ("blue",)}, link="javascript:alert(1)"),
    )
    product = Product("P1", "Mug", brand="Luma", category=("Home", "Mugs"), link="https://x/1", variants=variants)
    whole, one = card_of(product), card_of(product, variant_id="V2")
    assert (whole.price, whole.attributes, whole.link) == (str(price), (("color", "red, blue"),), "https://x/1")
    assert (one.price, one.attributes, one.link) == ("", (("color", "blue"),), "")


def test_answers_of_another_engine(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [
        {"query": " RED ", "ids": ["P1", 7]},
        {"query_id": "2", "ids": []},
        {"query_id": 3, "ids": ["P3"]},
        {"query": "not asked", "ids": ["P9"]},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = read_answers(path, QUERIES)
    assert {q: run.ids(q) for q in run.rankings} == {"1": ["P1", "7"], "2": [], "3": ["P3"]}
    (tmp_path / "a.trec").write_text("1 Q0 P2 1 5 x\n1 Q0 P1 2 4 x\n")
    assert read_answers(tmp_path / "a.trec", QUERIES).ids("1") == ["P2", "P1"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('{"query": "red"}\n', "no list of ids"),
        ('{"ids": ["P1"]}\n', "neither query_id nor query"),
        ('{"query": "red", "ids": ["P1", "P1"]}\n', "P1 is answered twice"),
        ('{"query": "red", "ids": [null]}\n', "None is no id"),
        ('{"query": "red", "ids": ["P1"]}\n{"query_id": "1", "ids": []}\n', "query 1 is answered twice"),
        ('{"query": "mauve", "ids": ["P1"]}\n', "it answers none of the queries"),
        ('{"query": "red", "ids": ["P1"]}\n[]\n', "not a JSON object"),
        ("{\n", "not JSON"),
    ],
)
def test_answers_that_cannot_be_used(tmp_path: Path, lines: str, said: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(lines)
    with pytest.raises(EvaluationError, match=re.escape(said)) as caught:
        read_answers(path, QUERIES)
    assert str(caught.value).startswith(str(path))
