"""CSV as shops write it: the reader against the csv module, and what that cannot survive."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplens.core.catalogue import RowProblem
from shoplens.feeds import delimited
from shoplens.feeds.delimited import Record, records, syntax
from shoplens.feeds.text import Line
from tests.feeds.helpers import read

FIELD = st.text(st.sampled_from('ab ",;\n\r黑\t|'), max_size=6)


def parsed(text: str, delimiter: str) -> list[Record | RowProblem]:
    lines = io.StringIO(text, newline="")
    return list(records((Line(n, line) for n, line in enumerate(lines, 1)), syntax(delimiter)))


@given(st.lists(st.lists(FIELD, min_size=2, max_size=5), max_size=6), st.sampled_from(delimited.DELIMITERS))
def test_what_the_csv_module_writes_is_read_back(rows: list[list[str]], delimiter: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    found = parsed(out.getvalue(), delimiter)
    assert [row.fields for row in found if isinstance(row, Record)] == rows
    assert len(found) == len(rows)


@given(st.text(st.sampled_from('a",\n'), max_size=30))
def test_agrees_with_the_csv_module_on_any_text_whose_quotes_close(text: str) -> None:
    found = parsed(text, ",")
    expected = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    if not any(isinstance(row, RowProblem) for row in found):
        assert [row.fields for row in found if isinstance(row, Record)] == expected


def test_a_row_has_the_line_on_which_it_starts(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text('\n\nid,title,price\n1,"two\nlines",1\n\n2,b,bad\n3,"c\r\n\r\nd",worse\n,nothing,1\n')
    products, problems = read(path)
    assert [(p.id, p.title) for p in products] == [("1", "two\nlines"), ("2", "b"), ("3", "c\r\n\r\nd")]
    assert sorted((p.line, p.field, p.skipped) for p in problems) == [
        (7, "price", False),
        (8, "price", False),
        (11, "id", True),
    ]
    assert {p.value for p in problems if p.line == 7} == {"bad"}


@pytest.mark.parametrize("delimiter", delimited.DELIMITERS)
def test_delimiters(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "feed.csv"
    path.write_text(delimiter.join(["id", "title", "price"]) + "\n" + delimiter.join(["1", '"a, b; c"', "9"]) + "\n")
    products, problems = read(path)
    assert (products[0].title, problems) == ("a, b; c", [])


def test_excels_line_about_the_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("sep=;\nid;title\n1;a,b\n")
    assert read(path)[0][0].title == "a,b"


def test_a_quote_that_does_not_close_costs_its_own_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "MAX_RECORD", 2000)
    rows = [f"{n},title {n}" for n in range(500)]
    rows[100] = '100,"a quote that never ends'
    path = tmp_path / "feed.csv"
    path.write_text("id,title\n" + "\n".join(rows) + "\n")
    products, problems = read(path)
    assert [p.id for p in products] == [str(n) for n in range(500) if n != 100]
    assert [(p.line, p.skipped) for p in problems] == [(102, True)]
    assert "quote" in problems[0].reason


def test_many_open_quotes_do_not_take_forever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "MAX_RECORD", 50_000)
    monkeypatch.setattr(delimited, "_REREAD_BUDGET", 500_000)
    path = tmp_path / "feed.csv"
    path.write_text("id,title\n" + '"a","\n' * 50_000 + "1,last\n")
    _, problems = read(path)
    assert problems
    assert all("quote" in p.reason or "fields" in p.reason for p in problems)


def test_enormous_fields_are_cut_and_reported(tmp_path: Path) -> None:
    limit = delimited.MAX_FIELD
    path = tmp_path / "feed.csv"
    path.write_text("id,title,description\n1,a," + "x" * (limit + 1) + "\n2,b,short\n")
    products, problems = read(path)
    assert [len(p.description) for p in products] == [limit, 5]
    assert [(p.line, p.field, p.skipped) for p in problems] == [(2, "description", False)]


def test_rows_of_another_width(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("id,title,price,brand\n1,a,5,x\n2,b,c,5,x\n3,c,5\n4\n5,e,5,x,,\n,,,\n")
    products, problems = read(path)
    assert [p.id for p in products] == ["1", "3", "5"]
    assert [(p.line, p.skipped) for p in problems] == [(3, True), (4, False), (5, True)]


def test_headers_that_repeat_or_are_empty(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("id,fit,fit,,title\n1,slim,long,x,a\n")
    assert read(path)[0][0].attributes == {"fit": ("slim",), "fit_2": ("long",), "column_4": ("x",)}
