"""How long a product's texts may be: the same for every kind of feed and for rows that are sent."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from shoplens.core.catalogue import Product, RowProblem
from shoplens.errors import QueryError
from shoplens.feeds import open_feed
from shoplens.feeds.bounds import MAX_DESCRIPTION, MAX_ID, MAX_NAME, MAX_TITLE, MAX_VALUE, MAX_WHOLE
from shoplens.feeds.given import GivenRows
from shoplens.feeds.offers import with_offer
from shoplens.feeds.values import MAX_ADDRESS


def read(*rows: dict[str, Any]) -> tuple[list[Product], list[RowProblem]]:
    found = list(GivenRows(rows).read())
    products = [one for one in found if isinstance(one, Product)]
    return products, [one for one in found if isinstance(one, RowProblem)]


@pytest.mark.parametrize(
    ("column", "field", "most"),
    [
        ("id", "id", MAX_ID),
        ("sku", "sku", MAX_ID),
        ("mpn", "mpn", MAX_ID),
        ("title", "title", MAX_TITLE),
        ("title_zh", "title_zh", MAX_TITLE),
        ("description", "description", MAX_DESCRIPTION),
        ("brand", "brand", MAX_NAME),
        ("product_type", "category", MAX_NAME),
        ("link", "link", MAX_ADDRESS),
        ("color", "color", MAX_VALUE),
        ("of my own", "of_my_own", MAX_VALUE),
    ],
)
def test_a_text_is_taken_to_its_bound_and_no_further(column: str, field: str, most: int) -> None:
    good, bad = ({"id": "P1", "title": "x", column: "y" * length} for length in (most, most + 1))
    products, problems = read(good, {"id": "P0", "title": "other"})
    assert (len(products), problems) == (2, [])
    products, (problem,) = read(bad, {"id": "P0", "title": "other"})
    assert [product.id for product in products] == ["P0"]
    assert (problem.line, problem.skipped) == (1, True)
    assert problem.field in (field, "id")
    assert f"{most:,}" in problem.reason or str(most) in problem.reason
    assert len(problem.value) < 200


def test_a_row_is_bounded_as_a_whole_and_in_its_variants() -> None:
    many = {f"a{n}": "y" * MAX_VALUE for n in range(MAX_WHOLE // MAX_VALUE + 1)}
    _, (problem,) = read({"id": "P1", **many})
    assert f"{MAX_WHOLE:,}" in problem.reason
    variants = [{"id": f"v{n}"} for n in range(10_001)]
    _, (problem,) = read({"id": "P1", "variants": variants})
    assert problem.field == "variants"
    _, (problem,) = read({"id": "P1", "variants": [{"id": "v", "sku": "s" * (MAX_ID + 1)}]})
    assert problem.field == "sku"


def test_html_around_a_description_does_not_count() -> None:
    (product,), problems = read({"id": "P1", "description": "<p class='x'>" * MAX_DESCRIPTION + "short"})
    assert (product.description, problems) == ("short", [])


@pytest.mark.parametrize("kind", ["csv", "shopify", "merchant-xml"])
def test_files_have_the_same_bounds(tmp_path: Path, kind: str) -> None:
    title = "y" * (MAX_TITLE + 1)
    path = tmp_path / "feed"
    if kind == "merchant-xml":
        items = "".join(f"<item><id>{i}</id><title>{t}</title></item>" for i, t in (("A", title), ("B", "b")))
        path.write_text(f"<rss><channel>{items}</channel></rss>", "utf-8")
    else:
        head = ["Handle", "Title", "Variant SKU", "Variant Price"] if kind == "shopify" else ["id", "title"]
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([head, ["A", title, "1", "2"][: len(head)], ["B", "b", "2", "2"][: len(head)]])
    found = list(open_feed(path, format=kind).read())
    assert [one.title for one in found if isinstance(one, Product)] == ["b"]
    (problem,) = (one for one in found if isinstance(one, RowProblem))
    assert (problem.field, problem.skipped) == ("title", True)


def test_an_offers_link_has_its_bound() -> None:
    product = Product("P1")
    assert with_offer(product, {"link": "h" * MAX_ADDRESS}).link
    with pytest.raises(QueryError, match="characters"):
        with_offer(product, {"link": "h" * (MAX_ADDRESS + 1)})
