"""Rows of one product, next to each other or apart; ids that come twice; memory."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplens.core.catalogue import Money, Product
from shoplens.feeds import grouping, open_feed
from tests.feeds.helpers import read

HEADER = "id,item_group_id,title,price,color,size,image,material,link\n"


def group(name: str, colors: int = 2, sizes: int = 3) -> list[str]:
    return [
        f"{name}-{c}-{s},{name},Shirt {name},{10 + s}.00 EUR,c{c},s{s},{name}-{c}.jpg,Wool,https://x/{name}"
        for c in range(colors)
        for s in range(sizes)
    ]


def feed(tmp_path: Path, rows: list[str], header: str = HEADER) -> Path:
    path = tmp_path / "feed.csv"
    path.write_text(header + "\n".join(rows) + "\n")
    return path


def test_rows_of_a_group_are_variants(tmp_path: Path) -> None:
    (product,), problems = read(feed(tmp_path, group("g")))
    assert problems == []
    assert (product.id, product.title, product.link) == ("g", "Shirt g", "https://x/g")
    assert product.attributes == {"material": ("Wool",)}  # what all share is the product's
    assert product.images == ()
    first = product.variants[0]
    assert (first.id, first.price, first.link) == ("g-0-0", Money(1000, "EUR"), "")
    assert first.attributes == {"color": ("c0",), "size": ("s0",)}
    assert [v.images[0].location for v in product.variants] == ["g-0.jpg"] * 3 + ["g-1.jpg"] * 3


def test_a_row_with_the_groups_own_id_speaks_for_the_product(tmp_path: Path) -> None:
    parent = "g,,The shirt,99.00 EUR,,,g.jpg,Silk,"
    children = ["g-1,g,Shirt in red,,red,,g.jpg,Silk,", "g-2,g,Shirt in blue,5.00 EUR,blue,,b.jpg,Wool,"]
    for rows in ([parent, *children], [*children, parent]):
        (product,), problems = read(feed(tmp_path, rows))
        assert problems == []
        assert (product.title, product.attributes) == ("The shirt", {"material": ("Silk",)})
        one, two = product.variants
        assert (one.id, one.price, one.images) == ("g-1", Money(9900, "EUR"), ())
        assert (two.price, two.attributes) == (Money(500, "EUR"), {"color": ("blue",), "material": ("Wool",)})


def test_a_product_id_and_a_sku_on_each_row(tmp_path: Path) -> None:
    path = feed(tmp_path, ["p1,a,Shirt,S", "p1,b,Shirt,M", "p2,c,Hat,", "p3,,Bag,"], "product_id,sku,title,size\n")
    products, problems = read(path)
    assert problems == []
    assert [(p.id, [v.id for v in p.variants]) for p in products] == [("p1", ["a", "b"]), ("p2", ["c"]), ("p3", ["p3"])]


@given(st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_the_order_of_rows_does_not_matter(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    rows = [row for n in range(8) for row in group(f"g{n}", 1 + n % 3, 1 + n % 2)] + [
        f"s{n},,Single,5,,,,," for n in range(5)
    ]
    tmp_path = tmp_path_factory.mktemp("order")
    together, _ = read(feed(tmp_path, rows))
    random.Random(seed).shuffle(rows)
    apart, problems = read(feed(tmp_path, rows))
    assert problems == []

    def plain(products: list[Product]) -> dict[str, object]:
        return {p.id: (p.title, p.attributes, {v.id: v for v in p.variants}) for p in products}

    assert plain(apart) == plain(together)
    assert [p.id for p in apart] == list(dict.fromkeys(p.id for p in apart))


def test_a_product_comes_with_its_last_row(tmp_path: Path) -> None:
    one, two, other = group("g", 1, 2)[0], group("g", 1, 2)[1], group("h", 1, 1)[0]
    products, _ = read(feed(tmp_path, [one, other, two]))
    assert [p.id for p in products] == ["h", "g"]
    feed_ = open_feed(tmp_path)
    assert list(feed_.read()) == list(feed_.read())


def test_ids_that_come_twice_are_reported_and_skipped(tmp_path: Path) -> None:
    rows = [
        "1,,first,,,,,,",
        "2,,other,,,,,,",
        "1,,second,,,,,,",
        "a,g,x,,,,,,",
        "a,g,y,,,,,,",
        "a,h,z,,,,,,",
        "b,h,z,,,,,,",
    ]
    products, problems = read(feed(tmp_path, rows))
    assert {p.id: (p.title, [v.id for v in p.variants]) for p in products} == {
        "1": ("first", ["1"]),
        "2": ("other", ["2"]),
        "g": ("x", ["a"]),
        "h": ("z", ["b"]),
    }
    assert sorted((p.line, p.field, p.value) for p in problems) == [(4, "id", "1"), (6, "id", "a"), (7, "id", "a")]


def test_ids_that_come_twice_without_groups(tmp_path: Path) -> None:
    products, problems = read(feed(tmp_path, ["1,first", "2,other", "1,second"], "id,title\n"))
    assert [p.title for p in products] == ["first", "other"]
    assert [(p.line, p.value, p.skipped) for p in problems] == [(4, "1", True)]


def test_a_group_of_too_many_rows_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MAX_ROWS", 3)
    products, problems = read(
        feed(tmp_path, [*group("g"), "s,,Single,,,,,,", *group("h")[:4], "t,,,,,,,,", group("h")[5]])
    )
    assert {p.id: len(p.variants) for p in products} == {"g": 3, "s": 1, "t": 1, "h": 3}
    assert len(problems) == 3 + 2


@given(st.lists(st.text(max_size=3)))
def test_hashes_are_a_set(texts: list[str]) -> None:
    hashes, known = grouping.Hashes(), set()
    for text in texts * 2:
        assert hashes.add(text) is (text not in known)
        known.add(text)
    assert len(hashes) == len(known)


def test_hashes_grow() -> None:
    hashes = grouping.Hashes()
    assert all(hashes.add(str(n)) for n in range(20_000))
    assert not any(hashes.add(str(n)) for n in range(20_000))


PROBE = """
import resource, sys
from shoplens.feeds import grouping, open_feed
grouping._SPOOL = 65536
feed = open_feed(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
count = sum(len(found.variants) for found in feed.read())
print(count, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.parametrize(
    ("shape", "rows"),
    [
        ("single", 40_000),
        ("apart", 15_000),
        pytest.param("single", 200_000, marks=pytest.mark.slow),
        pytest.param("apart", 200_000, marks=pytest.mark.slow),
    ],
)
def test_memory_stays_flat(tmp_path: Path, shape: str, rows: int) -> None:
    """Products one a row, or in groups whose rows all lie apart: what is held does not grow with the feed."""
    path = tmp_path / "feed.csv"
    words = "a description of some length that says what a shopper may want to know " * 3
    with path.open("w") as file:
        more = ",item_group_id,color,image" if shape == "apart" else ""
        file.write(f"id,title,description,price{more}\n")
        for n in range(rows):
            if shape == "apart":
                file.write(f"v{n},Title {n},{words},9.99 USD,g{n % (rows // 3)},red,img/{n}.jpg\n")
            else:
                file.write(f"p{n},Title {n},{words},9.99 USD\n")
    source = Path(__file__).resolve().parents[2] / "src"
    run = subprocess.run(
        [sys.executable, "-c", PROBE, str(path)],
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=True,
    )
    count, grown = run.stdout.split()
    assert int(count) == rows
    # Ids and the places of waiting parts take up to 150 bytes a row; the products themselves would take 900 and more.
    assert float(grown) < 4 + 150e-6 * rows, f"{path.stat().st_size / 2**20:.0f} MB of feed took {grown} MB"


def test_groups_of_json_lines_too(tmp_path: Path) -> None:
    rows = [{"id": f"v{n}", "item_group_id": f"g{n % 2}", "title": "t", "size": f"s{n}"} for n in range(4)]
    path = tmp_path / "feed.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    products, problems = read(path)
    assert problems == []
    assert [(p.id, [v.id for v in p.variants]) for p in products] == [("g0", ["v0", "v2"]), ("g1", ["v1", "v3"])]
