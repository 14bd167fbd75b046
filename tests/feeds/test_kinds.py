"""Which kind a feed is, by its content; folders; JSON, Parquet and the report."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from shoplens.core.catalogue import Money, RowProblem
from shoplens.errors import FeedError, FeedFormatError, MissingExtraError
from shoplens.feeds import jsonrows, open_feed, write_report
from tests.feeds.helpers import read

CONTENTS = {
    "csv": "id,title\n1,a\n",
    "tsv": "id\ttitle\n1\ta\n",
    "jsonl": '{"id": "1", "title": "a"}\n',
    "json": '[\n  {"id": "1", "title": "a"}\n]\n',
    "merchant-xml": "<?xml version='1.0'?>\n<rss><channel><item><id>1</id><title>a</title></item></channel></rss>",
    "merchant-tsv": "id\ttitle\tlink\timage_link\tavailability\n1\ta\thttps://x/1\thttps://x/1.jpg\tin_stock\n",
    "shopify": "Handle,Title,Body (HTML),Variant Price\n1,a,b,5\n",
    "magento": "sku,store_view_code,attribute_set_code,product_type,name\n1,,Default,simple,a\n",
}


@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("name", ["feed.txt", "feed.csv", "feed"])
def test_the_content_decides_not_the_name(tmp_path: Path, kind: str, name: str) -> None:
    path = tmp_path / name
    path.write_text(CONTENTS[kind])
    feed = open_feed(path)
    assert feed.kind == kind
    assert (feed.path, feed.base) == (path, tmp_path)
    for _ in range(2):  # can be read again
        (product,) = feed.read()
        assert (product.id, product.title) == ("1", "a")


def test_format_insists(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text(CONTENTS["shopify"])
    assert open_feed(path, format="csv", mapping={"id": "Handle"}).kind == "csv"
    for wrong in ("jsonl", "json", "merchant-xml", "magento", "parquet"):
        with pytest.raises(FeedError):
            open_feed(path, format=wrong)
    with pytest.raises(FeedFormatError, match="one of: csv, tsv"):
        open_feed(path, format="excel")


def test_a_mapping_is_not_for_fixed_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CONTENTS["shopify"])
    with pytest.raises(FeedFormatError, match="--format csv"):
        open_feed(tmp_path / "a.csv", mapping={"title": "Title"})


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04" + b"x" * 100, bytes(range(256)) * 40, b"<html><body>x</body></html>"]
)
def test_what_is_no_feed(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "feed").write_bytes(content)
    with pytest.raises(FeedFormatError) as error:
        open_feed(tmp_path / "feed")
    assert error.value.hint


def test_a_folder_is_taken_for_the_feed_in_it(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="no feed in this folder"):
        open_feed(tmp_path)
    (tmp_path / "queries.csv").write_text("query,text\nq1,a\n")
    with pytest.raises(FeedError, match=r"seen: queries\.csv"):
        open_feed(tmp_path)
    (tmp_path / "spring.csv").write_text(CONTENTS["csv"])
    assert open_feed(tmp_path).path.name == "spring.csv"
    (tmp_path / "products.jsonl").write_text(CONTENTS["jsonl"])
    assert open_feed(tmp_path).path.name == "products.jsonl"  # the usual name
    (tmp_path / "items.csv").write_text(CONTENTS["csv"])
    with pytest.raises(FeedError, match=r"2 feeds in this folder: items\.csv, products\.jsonl") as error:
        open_feed(tmp_path)
    assert str(tmp_path / "items.csv") in str(error.value.hint)


def test_json_lists_and_wrapped_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"id": str(n), "title": 'a "quoted" [title] {' + "x" * n, "price": n} for n in range(300)]
    for content in (
        json.dumps(rows),
        json.dumps(rows, indent=2),
        json.dumps({"shop": "a", "products": rows, "next": None}),
        "[" + ",\n".join(json.dumps(row) for row in rows) + "]",
    ):
        path = tmp_path / "feed.json"
        path.write_text(content)
        products, problems = read(path)
        assert problems == []
        assert [p.id for p in products] == [row["id"] for row in rows]
        assert [p.title for p in products] == [row["title"] for row in rows]


def test_json_is_read_alike_in_pieces_of_any_size(tmp_path: Path) -> None:
    rows = [{"id": str(n), "title": '\\"é黑{[' * n, "attributes": {"a": [n]}} for n in range(9)]
    path = tmp_path / "feed.json"
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    whole = list(jsonrows.JsonFile(path).rows())
    take = jsonrows._Pieces.take

    def small(self: jsonrows._Pieces, at_least: int = 0) -> str:
        return self._text.read(7)

    jsonrows._Pieces.take = small  # type: ignore[method-assign]
    try:
        pieces = list(jsonrows.JsonFile(path).rows())
    finally:
        jsonrows._Pieces.take = take  # type: ignore[method-assign]
    assert pieces == whole
    lines = path.read_text(encoding="utf-8").split("\n")
    assert [row.line for row in whole] == [n for n, line in enumerate(lines, 1) if line == " {"]


def test_json_that_breaks_off_or_is_wrong_inside(tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    path.write_text('[{"id": "1"},\n {"id": nope},\n {"id": "3"}, 7]')
    products, problems = read(path)
    assert [p.id for p in products] == ["1", "3"]
    assert [(p.line, p.skipped) for p in problems] == [(2, True)]
    path.write_text('[{"id": "1"},\n {"id": "2"')
    with pytest.raises(FeedError, match="breaks off"):
        read(path)


def test_json_lines_with_wrong_lines(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    path.write_text(
        '{"id": "1"}\n\n{"id": \n[1]\n{"id": '
        + "9" * 5000
        + '}\n{"id": "\\ud800x"}\n'
        + "[" * 100_000
        + '\n{"id": 5}\n'
    )
    products, problems = read(path)
    assert [p.id for p in products] == ["1", "\ufffdx", "5"]
    assert [(p.line, p.skipped) for p in problems] == [(3, True), (4, True), (5, True), (7, True)]


def test_nested_variants(tmp_path: Path) -> None:
    row = {
        "id": "p",
        "title": "Mug",
        "price": "9.00 EUR",
        "colors": ["red", "blue"],
        "images": [{"src": "p.jpg", "alt": "a mug"}],
        "variants": [
            {"sku": "p-red", "color": "red", "image": "r.jpg", "in_stock": True},
            {"id": "p-blue", "color": "blue", "price": {"amount": "8.50", "currencyCode": "USD"}, "quantity": 0},
            "nonsense",
        ],
    }
    path = tmp_path / "feed.jsonl"
    path.write_text(json.dumps(row))
    (product,), problems = read(path)
    red, blue = product.variants
    assert (red.id, red.sku, red.price, red.in_stock) == ("p-red", "p-red", Money(900, "EUR"), True)
    assert (blue.id, blue.price, blue.in_stock) == ("p-blue", Money(850, "USD"), False)
    assert product.attributes == {}  # each variant has its own colour
    assert [variant.attributes for variant in product.variants] == [{"color": ("red",)}, {"color": ("blue",)}]
    assert [image.alt for image in product.images] == ["a mug"]
    assert product.variant_images(red)[0].location == "r.jpg"
    assert [(p.field, p.skipped) for p in problems] == [("variants", False)]


def test_parquet(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    rows = {
        "product_id": ["1", "2", None],
        "name": ["a", None, "c"],
        "price": [1.5, float("nan"), 3.0],
        "images": [["x.jpg", "y.jpg"], [], None],
        "in_stock": [True, False, None],
        "attributes": [{"fit": "slim"}, {"fit": None}, None],
    }
    pq.write_table(pa.table(rows), tmp_path / "feed.bin")
    feed = open_feed(tmp_path / "feed.bin")
    assert feed.kind == "parquet"
    one, two, bad = feed.read()
    assert (one.title, one.variants[0].price, len(one.images)) == ("a", Money(150), 2)
    assert one.attributes == {"fit": ("slim",)}
    assert (two.title, two.variants[0].price, two.variants[0].in_stock) == ("", None, False)
    assert isinstance(bad, RowProblem)
    assert bad.line == 3


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "feed.parquet").write_bytes(b"PAR1" + bytes(100))
    with pytest.raises(FeedError, match="Parquet"):
        open_feed(tmp_path / "feed.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'shoplens\[parquet\]'"):
        open_feed(tmp_path / "feed.parquet")


def test_the_report_is_written_as_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("id,price\n1,x\n,5\n黑,y\n", encoding="utf-8")
    problems = read(path)[1]
    assert write_report(iter(problems), tmp_path / "report.jsonl") == 3
    lines = (tmp_path / "report.jsonl").read_text(encoding="utf-8").splitlines()
    assert [RowProblem(**json.loads(line)) for line in lines] == problems
    with pytest.raises(FeedError, match="cannot be written"):
        write_report(problems, tmp_path / "no" / "such" / "folder")


def test_a_companion_with_pictures(tmp_path: Path) -> None:
    rows = [
        {"id": "p", "images": ["p.jpg"], "variants": [{"sku": "p-r", "color": "Red"}, {"sku": "p-b", "color": "Blue"}]}
    ]
    (tmp_path / "products.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "item_images.csv").write_text(
        "product_id,color,sku,image\np,red,,r1.jpg\np,Red,,r2.jpg\np,Blue,p-b,b.jpg\np,Green,,g.jpg\nother,,,o.jpg\n"
    )
    (product,), _ = read(tmp_path)
    assert [[i.location for i in v.images] for v in product.variants] == [["r1.jpg", "r2.jpg"], ["b.jpg"]]
    assert [i.location for i in product.images] == ["p.jpg", "g.jpg"]


def test_broken_json_is_told_with_its_place_and_whole_words(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    path.write_text('{"id": "1"}\n{"id": "2", "title": "tab\there"}\n{"id": "3", "title": "open}\n')
    problems = [found for found in open_feed(path).read() if isinstance(found, RowProblem)]
    assert [problem.line for problem in problems] == [2, 3]
    for problem in problems:
        assert re.fullmatch(r"no valid JSON: [A-Z][a-z ]+[a-z] \(character \d+\)", problem.reason), problem.reason
        assert " at (" not in problem.reason


@pytest.mark.parametrize(("head", "name"), [(b"%PDF-1.7\n", "a PDF"), (b"\x89PNG\r\n\x1a\n", "a picture")])
def test_files_named_by_mistake_are_called_by_their_name(tmp_path: Path, head: bytes, name: str) -> None:
    path = tmp_path / "products.csv"
    path.write_bytes(head + b"1 0 obj, id\n" * 20)
    with pytest.raises(FeedFormatError, match=f"{name} is no feed"):
        open_feed(path)


def test_each_column_says_what_it_was_taken_for(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    row = {"sku": "1", "Name": "A", "name_de": "B", "image_2": "x.jpg", "attributes": {"fit": "slim"}, "Fit Note": "z"}
    path.write_text(json.dumps(row | {"more": {"age": 3}, "main_category": "Bags", "article_type": "Totes"}))
    assert {use.column: (use.field, use.kind) for use in open_feed(path).uses()} == {
        "sku": ("sku and id", "field"),
        "Name": ("title", "field"),
        "name_de": ("title_de", "field"),
        "image_2": ("images", "field"),
        "attributes": ("attributes", "field"),
        "Fit Note": ("fit_note", "extra"),
        "more.age": ("more.age", "extra"),
        "main_category": ("category, level 1", "field"),
        "article_type": ("category, level 2", "field"),
    }


def test_columns_of_shopify_and_magento_say_what_they_were_taken_for(tmp_path: Path) -> None:
    path = tmp_path / "shopify.csv"
    path.write_text(
        "Handle,Title,Option1 Name,Option1 Value,Variant Price,Gift Card,Fit (product.metafields.a.fit)\na,A\n"
    )
    uses = {use.column: (use.field, use.kind) for use in open_feed(path).uses()}
    assert uses["Handle"] == ("id", "field")
    assert uses["Option1 Value"] == ("option 1", "field")
    assert uses["Gift Card"] == ("", "unused")
    assert uses["Fit (product.metafields.a.fit)"][1] == "extra"
    path = tmp_path / "magento.csv"
    path.write_text("sku,attribute_set_code,product_type,additional_attributes,qty,tax_class_name\nA,B,simple,,1,\n")
    uses = {use.column: (use.field, use.kind) for use in open_feed(path).uses()}
    assert (uses["sku"], uses["qty"], uses["tax_class_name"]) == (
        ("id", "field"),
        ("quantity", "field"),
        ("", "unused"),
    )
