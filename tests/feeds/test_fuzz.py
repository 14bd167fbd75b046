"""Whatever bytes a feed has: products, problems or a FeedError, and soon."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoplens.errors import FeedError
from shoplens.feeds import KINDS, open_feed
from tests.feeds.test_kinds import CONTENTS
from tests.feeds.test_merchant import ITEM, RSS

SEEDS = {
    **{kind: text.encode() for kind, text in CONTENTS.items()},
    "rss": RSS.format(items=ITEM.format(id="1") + ITEM.format(id="2")).encode(),
    "groups": "id,item_group_id,title,price,images,attributes\n"
    '1,g,"a,\n""b""",5 €,"[""x""]","{""a"": 1}"\n2,g,黑,,,\n'.encode(),
    "wide": "id;标题;价格\n1;黑色真皮手提包;￥99\n".encode("gbk"),
    "utf16": "id,title\n1,黑\n".encode("utf-16"),
}


def attempt(path: Path, kind: str | None = None) -> None:
    try:
        for _ in open_feed(path, format=kind).read():
            pass
    except FeedError:
        return


@given(st.binary(max_size=400), st.sampled_from([None, *KINDS]))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_random_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes, kind: str | None) -> None:
    path = tmp_path_factory.getbasetemp() / "random"
    path.write_bytes(data)
    attempt(path, kind)


@pytest.mark.parametrize("name", SEEDS)
def test_feeds_with_changed_bytes(tmp_path: Path, name: str) -> None:
    choose = random.Random(name)
    pieces = [
        b'"',
        b",",
        b"\n",
        b"\x00",
        b"\xff",
        b"<",
        b">",
        b"&",
        b"[",
        b"{",
        b"}",
        b"]",
        b"\\",
        b"\r",
        b"9" * 50,
        b";",
    ]
    path = tmp_path / "feed"
    for _ in range(120):
        data = bytearray(SEEDS[name])
        for _ in range(choose.randint(1, 6)):
            place = choose.randrange(len(data) + 1)
            data[place : place + choose.randint(0, 3)] = choose.choice(pieces)
        if choose.random() < 0.2:
            del data[choose.randrange(len(data)) :]
        path.write_bytes(data)
        attempt(path)
        attempt(path, choose.choice(KINDS))


LONG = 100_000
HOSTILE = {
    "quotes": b'id,title\n"' + b'"' * LONG,
    "open quotes": b"id,title\n" + b'1,"a\n' * (LONG // 5),
    "quotes and commas": b"id,title\n" + b'","' * (LONG // 3),
    "odd lines": b"id,title\n" + b'"a","\n' * (LONG // 6),
    "tags": b"id,description\n1," + b"<a " * (LONG // 3),
    "half tags": b"id,description\n1," + b'<a "' * (LONG // 4) + b">",
    "comments": b"id,description\n1," + b"<!--" * (LONG // 4),
    "scripts": b"id,description\n1," + b"<script>" * (LONG // 8),
    "entities": b"id,description\n1," + b"&#" + b"1" * LONG,
    "commas": b"id,image,category,price\n1," + b'"' + b"," * 200_000 + b'",' + b">" * 100_000 + b"," + b"1," * 9,
    "spaces": b"id,image\n1,https://x" + b" " * 200_000 + b"y",
    "brackets": b"[" * LONG,
    "braces": b'{"a":' * (LONG // 5),
    "open string": b'[{"id": "' + b"\\" * LONG,
    "one object": b'[{"id": "1", "title": "' + b"x" * 2 * LONG + b'"}]',
    "items": b"<rss><channel>" + b"<item>" * (LONG // 6),
    "closed items": b"<rss><channel>" + b"<item/>" * (LONG // 7) + b"</item>",
    "deep": b"<rss><channel><item><id>1</id>" + b"<a>" * (LONG // 3) + b"</item></channel></rss>",
    "ampersands": b"<rss><channel><item><id>1</id><title>" + b"&" * LONG + b"</title></item></channel></rss>",
    "open cdata": b"<rss><item><id>1</id><title>" + b"<![CDATA[" * (LONG // 9) + b"</title></item></rss>",
    "columns": b"id" + b",a" * LONG,
    "empty lines": b"id,title\n" + b"\n" * LONG,
    "amount": b"id,price\n1," + b"1" * 60 + b"\n2," + b"1 " * 30 + b"\n",
    "magento": b"sku,attribute_set_code,product_type,configurable_variations,additional_attributes,categories\n"
    b'1,a,b,"' + b"sku=a," * 20_000 + b'","' + b"a=b," * 20_000 + b'","' + b"a/b," * 20_000 + b'"\n',
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_takes_long(tmp_path: Path, name: str) -> None:
    path = tmp_path / "feed"
    path.write_bytes(HOSTILE[name])
    start = time.process_time()
    attempt(path)
    for kind in ("csv", "jsonl", "json", "merchant-xml"):
        attempt(path, kind)
    assert time.process_time() - start < 10
