"""The command line, run as a person would: a process, its output, its exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.command import command as run
from tests.support import picture


def answer(*args: str | Path, cwd: Path) -> dict[str, Any]:
    done = run(*args, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a feed, pictures and an indexed shop called ``shop``."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "photos").mkdir()
    lines = ["id,title,price,brand,image"]
    for number, colour in enumerate(("red", "green", "blue"), 1):
        (folder / "photos" / f"{colour}.png").write_bytes(picture(colour, side=200))
        lines.append(f"{number},{colour} t-shirt,{number * 10}.50 EUR,Luma,{colour}.png")
    lines.append("4,mystery,expensive,Fila,nowhere.png")
    lines.append(",no id at all,1,Fila,")
    (folder / "feed.csv").write_text("\n".join(lines), "utf-8")
    done = run("index", "feed.csv", "--pictures", "photos", "--shop", "shop", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "4 products read: 4 new, 0 changed, 0 unchanged, 0 removed" in done.stdout
    assert "no id" in done.stderr or "id" in done.stderr
    return folder


def test_index_tells_what_it_could_not_use_and_where(shop: Path) -> None:
    report = [json.loads(line) for line in (shop / "shop" / "report.jsonl").read_text("utf-8").splitlines()]
    fields = {(row["line"], row["field"], row["skipped"]) for row in report}
    assert (5, "price", False) in fields
    assert (6, "id", True) in fields
    assert any(row["field"] == "image" and "nowhere.png" in row["value"] for row in report)


def test_what_has_no_line_says_none_but_its_product(shop: Path) -> None:
    report = [json.loads(line) for line in (shop / "shop" / "report.jsonl").read_text("utf-8").splitlines()]
    pictures = [row for row in report if row["field"] == "image"]
    assert [(row["line"], row["product_id"]) for row in pictures] == [(None, "4")]
    done = run("index", "feed.csv", "--pictures", "photos", "--shop", "shop", cwd=shop)
    assert "product 4: image: missing" in done.stderr
    assert "line 5, product 4: price" in done.stderr
    assert "(left out: 'expensive')" in done.stderr
    assert done.stderr.count("nowhere.png") == 1  # its reason names it
    assert "line 0" not in done.stderr


def test_the_beginning_of_a_query_is_completed_and_a_slip_told(shop: Path) -> None:
    done = run("suggest", "gre", "--shop", "shop", cwd=shop)
    assert done.returncode == 0, done.stderr
    assert "green t-shirt" in done.stdout
    found = answer("suggest", "lvse", "--shop", "shop", "--limit", "3", cwd=shop)["suggestions"]
    assert {"text": "绿色", "kind": "query", "count": 1} in found
    done = run("search", "gren t-shirt", "--shop", "shop", cwd=shop)
    assert "did you mean: green t-shirt" in done.stderr


def test_index_again_does_nothing(shop: Path) -> None:
    done = answer("index", "feed.csv", "--pictures", "photos", "--shop", "shop", cwd=shop)
    assert (done["unchanged"], done["added"], done["pictures_encoded"]) == (4, 0, 0)


def test_search_by_words_photo_and_both(shop: Path) -> None:
    assert answer("search", "--shop", "shop", "green", "t-shirt", cwd=shop)["hits"][0]["product"]["id"] == "2"
    by_photo = answer("search", "--shop", "shop", "--photo", "photos/blue.png", cwd=shop)
    assert by_photo["hits"][0]["product"]["id"] == "3"
    filtered = answer("search", "-s", "shop", "-p", "photos/blue.png", "t-shirt", "-w", "price<15", cwd=shop)
    assert [hit["product"]["id"] for hit in filtered["hits"]] == ["1"]
    like = answer("search", "--shop", "shop", "--like", "1", "--facets", "brand,price", cwd=shop)
    assert "1" not in [hit["product"]["id"] for hit in like["hits"]]
    assert {facet["field"] for facet in like["facet_counts"]} == {"brand", "price"}


def test_search_prints_a_table(shop: Path) -> None:
    done = run("search", "--shop", "shop", "red", "t-shirt", "--explain", cwd=shop)
    assert done.returncode == 0
    first = done.stdout.splitlines()[1]
    assert "red t-shirt" in first
    assert "10.50 EUR" in first
    assert "words" in done.stdout
    nothing = run("search", "--shop", "shop", "--where", "price>1000", cwd=shop)
    assert nothing.stdout == "The filter leaves none of the 4 products.\n"
    unlike = run("search", "--shop", "shop", "zzzz", "--semantic-ratio", "0", cwd=shop)
    assert unlike.stdout == "Nothing in this shop is like it.\n"


def test_what_was_understood_is_told_and_can_be_left_out(shop: Path) -> None:
    limited = answer("search", "t-shirt under 15 not green", "--shop", "shop", cwd=shop)
    assert [(chip["id"], chip["filter"]) for chip in limited["understood"]] == [
        ("price:under 15", "price<15"),
        ("color:not green", ""),
    ]
    assert [hit["product"]["id"] for hit in limited["hits"]] == ["1"]
    freed = answer("search", "t-shirt under 15", "--without-chip", "price:under 15", "--shop", "shop", cwd=shop)
    written = answer("search", "t-shirt under 15", "--as-written", "--shop", "shop", cwd=shop)
    assert freed["understood"] == written["understood"] == []
    assert freed["found"] == written["found"] >= 3
    printed = run("search", "t-shirt under 15 not green", "--shop", "shop", cwd=shop)
    assert "understood: under 15 (price<15); not green (none called" in printed.stderr


def test_facets_are_printed_as_they_are_written(tmp_path: Path) -> None:
    rows = [("1", "8.5", "0.125"), ("2", "1234567.89", "2"), ("3", "30", "")]
    rows = [f"{number},cushion,{price},{weight},{'Luma' if number == '3' else ''}" for number, price, weight in rows]
    (tmp_path / "feed.csv").write_text("\n".join(["id,title,price,weight,brand", *rows]))
    assert run("index", "feed.csv", "--shop", "shop", cwd=tmp_path).returncode == 0

    def facets(where: str, *names: str) -> list[str]:
        done = run("search", "-s", "shop", "cushion", "-w", where, "--facets", ",".join(names), cwd=tmp_path)
        return done.stdout.splitlines()[-len(names) :]

    spread = "price: 8.50 to 1234567.89; under 15 1, 15 to 200000 1, 200000 and more 1"
    assert facets("price>0", "price", "brand") == [spread, "brand: Luma 1"]
    assert facets("price=30", "price", "brand") == [spread, "brand: Luma 1"], "as if no price were asked"
    assert facets("id=3", "price", "brand") == ["price: 30", "brand: Luma 1"]
    assert facets("id=1", "price", "brand") == ["price: 8.50", "brand: no product found has a value"]
    assert facets("price>0", "weight") == ["weight: 0.125 to 2; 0.125 1, 2 1"]


def test_a_table_fits_80_columns(tmp_path: Path) -> None:
    title = "A quite long name of a padded winter jacket with a hood"
    row = {"id": "article-1234567890-black", "title": title, "color": "midnight blue", "size": "XL", "price": "119.90"}
    (tmp_path / "feed.jsonl").write_text(json.dumps(row | {"currency": "EUR"}))
    assert run("index", "feed.jsonl", "--shop", "shop", cwd=tmp_path).returncode == 0
    done = run("search", "--shop", "shop", "jacket", "--explain", cwd=tmp_path, COLUMNS="80")
    head, *lines = done.stdout.splitlines()
    assert head.split() == ["#", "score", "id", "title", "variant", "price", "why"]
    table = lines[: next(n for n, line in enumerate(lines) if line.startswith("1. "))]
    assert all(len(line) <= 80 for line in (head, *table))
    assert len(table) <= 4  # words are not cut into letters one below the other
    assert "119.90 EUR" in table[0]


def test_an_empty_shop_names_the_command_that_fills_it(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text("id,title\n")
    assert run("index", "feed.csv", "--shop", "my shop", cwd=tmp_path).returncode == 0
    done = run("search", "--shop", "my shop", "red", cwd=tmp_path)
    assert done.stdout == "There is no product in this shop yet. Next: shoplens index FEED --shop 'my shop'\n"


@pytest.mark.parametrize(
    ("name", "content", "more", "said"),
    [
        ("a.pdf", b"%PDF-1.7\n1 0 obj\n", (), "PDF"),
        ("empty.csv", b"", (), "empty"),
        ("none.csv", None, (), "none.csv"),
        ("noid.csv", b"what,much\na,1\n", (), "--map id=what"),
        ("right.csv", b"id,title\n1,a\n", ("--pictures", "nowhere"), "nowhere"),
        ("right.csv", b"id,title\n1,a\n", ("--format", "shopify"), "shopify"),
    ],
)
def test_a_feed_that_is_none_leaves_no_shop_behind(
    tmp_path: Path, name: str, content: bytes | None, more: tuple[str, ...], said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = run("index", name, "--shop", "new/shop", *more, cwd=tmp_path)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert not (tmp_path / "new").exists()


def test_an_encoder_that_is_none_leaves_no_shop_behind(tmp_path: Path) -> None:
    (tmp_path / "right.csv").write_text("id,title\n1,a\n")
    done = run("index", "right.csv", "--shop", "new", cwd=tmp_path, SHOPLENS_ENCODER="onnx:nowhere")
    assert done.returncode == 1, done.stderr
    assert not (tmp_path / "new").exists()


def test_index_says_how_it_understood_the_columns(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text("code,name,productPrice,image_2\n7,Tall oak table with drawers,9,\n")
    done = run("index", "feed.csv", "--shop", "shop", cwd=tmp_path)
    assert "feed: csv; columns understood: code -> id, name -> title, image_2 -> images" in done.stdout
    assert "kept as extra fields, to filter by and to show: productPrice" in done.stdout
    assert "shoplens search --shop shop Tall oak table with\n" in done.stdout  # words of this shop
    told = answer("index", "feed.csv", "--shop", "shop", "--map", "price=productPrice", cwd=tmp_path)
    assert told["format"] == "csv"
    assert {"column": "productPrice", "field": "price", "kind": "field"} in told["columns"]


def test_hints_are_commands_of_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "shopify.csv").write_text("Handle,Title,Variant Price\na,A,1\n")
    done = run("index", "shopify.csv", "--shop", "s", "--map", "id=Handle", cwd=tmp_path)
    assert "--format csv" in done.stderr


def test_doctor_says_what_to_mend(shop: Path) -> None:
    done = answer("doctor", "--shop", "shop", cwd=shop)
    assert {"pictures_rejected", "no_picture_usable"} <= {f["code"] for f in done["findings"]}
    assert done["about"]["products"] == 4
    assert not [f for f in done["findings"] if f["level"] == "error"]
    told = run("doctor", "--shop", "shop", cwd=shop)
    assert "nowhere.png" in told.stdout


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("search", "--shop", "nowhere", "x"), 1, "shoplens index"),
        (("search", "--shop", "shop", "--where", "price<"), 1, "expected a value"),
        (("search", "--shop", "shop", "--where", "prise<3"), 1, "price"),
        (("search", "--shop", "shop", "--photo", "none.jpg"), 1, "none.jpg"),
        (("search", "--shop", "shop", "--photo", "feed.csv"), 1, "JPEG"),
        (("search", "--shop", "shop", "--crop", "0,0,1"), 1, "crop"),
        (("index", "nofeed.csv", "--shop", "shop"), 1, "nofeed.csv"),
        (("index", "feed.csv", "--shop", "shop", "--map", "title"), 2, "title=productDisplayName"),
        (("index", "feed.csv", "--shop", "shop", "--pictures", "nodir"), 2, "nodir"),
        (("index", "feed.csv", "--shop", "shop", "--format", "abacus"), 1, "abacus"),
        (("search", "--no-such-option"), 2, "no-such-option"),
        (("frobnicate",), 2, "frobnicate"),
    ],
)
def test_mistakes_are_told_with_what_to_do(shop: Path, args: tuple[str, ...], code: int, said: str) -> None:
    done = run(*args, cwd=shop)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_errors_as_json(shop: Path) -> None:
    done = run("search", "--shop", "shop", "--where", "price<", "--json", cwd=shop)
    error = json.loads(done.stderr)["error"]
    assert error["code"] == "filter"
    assert error["where"] == "filter_by"
    assert error["hint"]


def test_the_guard_has_an_exit_code_of_its_own(tmp_path: Path) -> None:
    rows = [f'{{"id": "{n}", "title": "thing {n}"}}' for n in range(30)]
    (tmp_path / "feed.jsonl").write_text("\n".join(rows))
    assert run("index", "feed.jsonl", "--shop", "s", cwd=tmp_path).returncode == 0
    (tmp_path / "feed.jsonl").write_text("\n".join(rows[:5]))
    done = run("index", "feed.jsonl", "--shop", "s", cwd=tmp_path)
    assert done.returncode == 3
    assert "--allow-removals" in done.stderr
    assert run("index", "feed.jsonl", "--shop", "s", "--allow-removals", cwd=tmp_path).returncode == 0


def test_settings_come_from_file_and_environment(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "shoplens.toml").write_text("[search]\ndepth = 'deep'\n")
    done = run("search", "--shop", shop / "shop", "red", cwd=tmp_path)
    assert done.returncode == 2
    assert "search.depth" in done.stderr
    (tmp_path / "shoplens.toml").write_text("[search]\ndepth = 50\n")
    assert run("search", "--shop", shop / "shop", "red", cwd=tmp_path).returncode == 0
    assert run("search", "red", cwd=tmp_path, SHOPLENS_SHOP=str(shop / "shop")).returncode == 0


def test_version_and_help(tmp_path: Path) -> None:
    from shoplens import __version__

    assert run("--version", cwd=tmp_path).stdout.strip() == __version__
    told = run("--help", cwd=tmp_path).stdout
    for verb in ("index", "search", "serve", "evaluate", "doctor", "demo"):
        assert verb in told


def test_evaluate_without_its_part_names_the_pip_command_first(tmp_path: Path) -> None:
    code = "import sys; sys.modules['ir_measures'] = None; from shoplens.cli import main; main()"
    asked = ["evaluate", "--shop", "nowhere", "--queries", "none.jsonl", "--qrels", "none.trec"]
    done = subprocess.run(
        [sys.executable, "-c", code, *asked], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "pip install 'shoplens[evaluation]'" in done.stderr
    assert "none.jsonl" not in done.stderr  # before any file is looked for
