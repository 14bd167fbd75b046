"""Encodings, wrong bytes, archives."""

from __future__ import annotations

import codecs
import gzip
from pathlib import Path

import pytest

from shoplens.errors import FeedError
from shoplens.feeds import open_feed
from shoplens.feeds.text import SAMPLE, detect_encoding
from tests.feeds.helpers import read

CHINESE = "id,title,price\n1,黑色真皮手提包,￥99\n2,蓝色连衣裙,￥199\n"
GERMAN = 'id,title,price\n1,Grüner Füllfederhalter für Schüler,"49,90"\n2,Straßenschuhe größer als üblich,1\n'

ENCODINGS = [
    ("utf-8", CHINESE),
    ("utf-8-sig", CHINESE),
    ("utf-16", CHINESE),
    ("utf-16-le", "\ufeff" + CHINESE),
    ("utf-16-be", "\ufeff" + CHINESE),
    ("utf-16-le", GERMAN),  # without byte order mark
    ("utf-16-be", GERMAN),
    ("utf-32", CHINESE),
    ("gbk", CHINESE),
    ("gb18030", CHINESE),
    ("utf-8", GERMAN),
    ("cp1252", GERMAN),
    ("latin-1", GERMAN),
]


@pytest.mark.parametrize(("encoding", "text"), ENCODINGS)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_any_encoding(tmp_path: Path, encoding: str, text: str, newline: str) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(text.replace("\n", newline).encode(encoding))
    products, problems = read(path)
    title = text.split("\n")[1].split(",")[1]
    assert problems == []
    assert [p.id for p in products] == ["1", "2"]
    assert products[0].title == title


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
@pytest.mark.parametrize("kind", ["jsonl", "json", "xml"])
def test_any_encoding_in_other_formats(tmp_path: Path, encoding: str, kind: str) -> None:
    rows = ['{"id": "1", "title": "黑色真皮手提包，经典款式"}', '{"id": "2", "title": "蓝色连衣裙，夏季新款"}']
    texts = {
        "jsonl": "\n".join(rows),
        "json": "[" + ",\n".join(rows) + "]",
        "xml": f'<?xml version="1.0" encoding="{encoding}"?><rss xmlns:g="http://base.google.com/ns/1.0"><channel>'
        "<item><g:id>1</g:id><g:title>黑色真皮手提包，经典款式</g:title></item></channel></rss>",
    }
    path = tmp_path / f"feed.{kind}"
    path.write_bytes(texts[kind].encode(encoding))
    products, problems = read(path)
    assert problems == []
    assert products[0].title == "黑色真皮手提包，经典款式"


@pytest.mark.parametrize("shift", range(4))
def test_a_character_cut_by_the_sample_does_not_fool(tmp_path: Path, shift: int) -> None:
    line = "x,黑色真皮手提包\n".encode()
    head = b"id,title\n" + b"a" * shift + b",t\n"
    path = tmp_path / "feed.csv"
    path.write_bytes(head + line * (SAMPLE // len(line) + 10))
    assert detect_encoding(path) == "utf-8"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "cp1252"])
def test_the_first_special_character_may_come_late(tmp_path: Path, encoding: str) -> None:
    special = "größer für Schüler" if encoding == "cp1252" else "黑色真皮手提包"
    rows = "".join(f"{n},plain words of product number {n}\n" for n in range(20_000))
    path = tmp_path / "feed.csv"
    path.write_bytes(("id,title\n" + rows).encode() + f"last,{special}\n".encode(encoding))
    products, problems = read(path)
    assert path.stat().st_size > 2 * SAMPLE
    assert (products[-1].title, problems) == (special, [])


def test_wrong_bytes_are_reported_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes("id,title\n1,黑色\n2,蓝色\n3,白色\n4,红色\n".encode() + b"5,br\xffken\n" + "6,绿色\n".encode())
    products, problems = read(path)
    assert [p.title for p in products] == ["黑色", "蓝色", "白色", "红色", "br\ufffdken", "绿色"]
    assert [(p.line, p.skipped) for p in problems] == [(6, False)]
    assert "encoding" in problems[0].reason
    problems[0].value.encode("utf-8")  # no lone surrogate is left in a report


def test_nul_bytes_are_left_out_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(b"id,title\n1,a\x00b\n2,c\n")
    products, problems = read(path)
    assert [p.title for p in products] == ["ab", "c"]
    assert [(p.line, p.skipped) for p in problems] == [(2, False)]


def test_gzip_is_transparent(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv.gz"
    path.write_bytes(gzip.compress(CHINESE.encode("gbk")))
    products, _ = read(path)
    assert products[0].title == "黑色真皮手提包"


def test_an_archive_that_breaks_off_is_no_short_feed(tmp_path: Path) -> None:
    rows = "id,title\n" + "".join(f"{n},title {n * 7919 % 1000}\n" for n in range(60_000))
    packed = gzip.compress(rows.encode())
    path = tmp_path / "feed.csv.gz"
    path.write_bytes(packed[: len(packed) * 2 // 3])
    with pytest.raises(FeedError, match=r"breaks off|damaged"):
        list(open_feed(path).read())


def test_a_line_without_end_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shoplens.feeds.text.MAX_LINE", 1000)
    path = tmp_path / "feed.csv"
    path.write_text("id,title\n1,a\n2," + "x" * 2500 + "\n3,c\n")
    products, problems = read(path)
    assert [p.id for p in products] == ["1", "3"]
    assert [(p.line, p.skipped) for p in problems] == [(3, True)]


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="no such file"):
        open_feed(tmp_path / "none.csv")
    for content in (b"", b" \n\n", codecs.BOM_UTF8):
        (tmp_path / "empty.csv").write_bytes(content)
        with pytest.raises(FeedError):
            open_feed(tmp_path / "empty.csv")
