"""shoplens export: what Google and shop agents are to read, and what is read back."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoplens.core.catalogue import ImageRef, Money, Product, Translation, Variant
from shoplens.errors import ConfigError
from shoplens.exporting import FORMATS, Publishing, export
from shoplens.exporting.values import amount, cell, link, minor_units
from tests.feeds.helpers import read
from tests.feeds.test_roundtrip import CATALOGUE

LAMP = Product(
    "L1",
    title='Lamp <b> & "Co" ]]> ü',
    description="Brass.\nTwo arms.",
    brand="Luma",
    category=("Home", "Lamps"),
    link="https://shop.example/l1?a=1&b=2",
    attributes={"color": ("gold", "white"), "fit": ("slim: yes",)},
    images=(ImageRef("https://shop.example/l 1.jpg"), ImageRef("sub/l2.jpg")),
    variants=(
        Variant(
            "L1", Money(4990, "EUR"), Money(5990, "EUR"), in_stock=True, quantity=3, gtin="4006381333931", sku="S1"
        ),
    ),
    translations=(Translation("zh", "灯", "黄铜"),),
)
SHIRT = Product(
    "S",
    title="Shirt",
    link="https://shop.example/s",
    variants=(
        Variant("S-red", Money(1000, "JPY"), in_stock=True, attributes={"color": ("red",)}),
        Variant("S-blue", Money(1200, "JPY"), in_stock=False, attributes={"color": ("blue",)}),
    ),
)
PUBLISHING = Publishing("My Shop", "https://shop.example", "https://cdn.example/p", ("DE", "AT"))


def written(products: list[Product], format: str, path: Path, publishing: Publishing | None = PUBLISHING) -> str:
    export(products, format, path, publishing)
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()


# --- Google --------------------------------------------------------------------------------------


@given(CATALOGUE)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_google_reads_is_the_same_catalogue(
    tmp_path_factory: pytest.TempPathFactory, catalogue: list[Product]
) -> None:
    """Products -> Google XML -> the same products (a feed of nothing has no item to read)."""
    path = tmp_path_factory.mktemp("google") / "feed.xml"
    told = export(catalogue, "google", path)
    assert told.products == len(catalogue)
    if catalogue:
        assert read(path) == ([without_former_price(product) for product in catalogue], [])


def without_former_price(product: Product) -> Product:
    """What costs nothing now has no former price in a feed: a sale price of 0 is read as none."""
    free = (replace(v, list_price=None) if v.price is not None and v.price.minor == 0 else v for v in product.variants)
    return replace(product, variants=tuple(free))


def test_the_xml_says_what_google_asks_for(tmp_path: Path) -> None:
    root = fromstring(written([LAMP, SHIRT], "google", tmp_path / "feed.xml"))
    g = "{http://base.google.com/ns/1.0}"
    lamp, red, blue = root.iter("item")
    assert lamp.findtext(f"{g}title") == LAMP.title
    assert lamp.findtext(f"{g}price") == "59.90 EUR"
    assert lamp.findtext(f"{g}sale_price") == "49.90 EUR"
    assert lamp.findtext(f"{g}image_link") == "https://shop.example/l 1.jpg"
    assert lamp.findtext(f"{g}additional_image_link") == "https://cdn.example/p/sub/l2.jpg"
    assert lamp.findtext(f"{g}color") == "gold/white"
    assert lamp.find(f"{g}item_group_id") is None
    assert [i.findtext(f"{g}item_group_id") for i in (red, blue)] == ["S", "S"]
    assert [i.findtext(f"{g}availability") for i in (red, blue)] == ["in_stock", "out_of_stock"]
    assert red.findtext(f"{g}price") == "1000 JPY"  # a yen has no decimals
    (detail,) = lamp.iter(f"{g}product_detail")
    assert detail.findtext(f"{g}attribute_value") == "slim: yes"


@given(st.text(st.characters(codec="utf-8"), max_size=30))
@settings(max_examples=100, deadline=None)
def test_no_text_breaks_the_xml(text: str) -> None:
    from shoplens.exporting.google import FOOT, head, item, rows

    product = Product("1", title=text, brand=text, category=(text,), attributes={text: (text,), "color": (text,)})
    fromstring(head(text, text) + "".join(map(item, rows(product, ""))) + FOOT)


def test_a_table_can_be_read_back(tmp_path: Path) -> None:
    plain = [replace(SHIRT, link=""), Product("2", title="Mug", brand="Luma", images=(ImageRef("a.jpg"),))]
    (tmp_path / "feed.tsv").write_text(written(plain, "google", tmp_path / "feed.tsv", None))
    found, problems = read(tmp_path / "feed.tsv")
    assert (found, problems) == (plain, [])


# --- cells that start a formula -------------------------------------------------------------------

FORMULAS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1+1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x")',
    "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)", "-", "@",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize(("format", "name"), [("google", "f.tsv"), ("openai", "f.csv"), ("openai", "f.tsv")])
def test_no_cell_runs_in_a_spreadsheet(text: str, format: str, name: str, tmp_path: Path) -> None:
    product = Product(
        text, title=text, brand=text, category=(text,), description=text, link=text, attributes={"size": (text,)},
        variants=(Variant(text, mpn=text, gtin=text, sku=text),),
    )  # fmt: skip
    data = written([product], format, tmp_path / name, Publishing(text, text))
    rows = list(csv.reader(io.StringIO(data), delimiter="," if name.endswith("csv") else "\t"))
    assert len({len(row) for row in rows}) == 1  # no cell breaks out of its row
    for value in rows[1]:
        assert value.lstrip(" \u00a0")[:1] not in set("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20") or not value.strip()
    assert any(value.startswith("'") for value in rows[1])


def test_other_cells_stay_as_they_are() -> None:
    for text in ("Red mug", "3-seater sofa", "a=b", "", "'quoted'", "红色"):
        assert cell(text) == text


# --- agents --------------------------------------------------------------------------------------


def test_acp_is_one_product_a_line(tmp_path: Path) -> None:
    lamp, shirt = map(json.loads, written([LAMP, SHIRT], "acp", tmp_path / "products.jsonl").splitlines())
    (variant,) = lamp["variants"]
    assert lamp["description"] == {"plain": LAMP.description}
    assert variant["price"] == {"amount": 4990, "currency": "EUR"}
    assert variant["list_price"] == {"amount": 5990, "currency": "EUR"}
    assert variant["availability"] == {"available": True, "status": "in_stock"}
    assert variant["barcodes"] == [{"type": "GTIN", "value": "4006381333931"}]
    assert [m["url"] for m in lamp["media"]] == ["https://shop.example/l%201.jpg", "https://cdn.example/p/sub/l2.jpg"]
    assert [v["variant_options"] for v in shirt["variants"]] == [
        [{"name": "color", "value": "red"}],
        [{"name": "color", "value": "blue"}],
    ]
    assert [v["title"] for v in shirt["variants"]] == ["Shirt - red", "Shirt - blue"]
    assert shirt["variants"][0]["price"] == {"amount": 1000, "currency": "JPY"}
    allowed = {"id", "title", "description", "url", "media", "variants"}
    assert set(lamp) <= allowed  # additionalProperties is false there
    assert set(variant) <= {
        "id", "title", "description", "url", "barcodes", "price", "list_price", "unit_price", "availability",
        "categories", "condition", "variant_options", "media", "seller", "marketplace",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["feed.jsonl", "feed.csv", "feed.jsonl.gz"])
def test_openai_is_a_row_a_variant(name: str, tmp_path: Path) -> None:
    text = written([LAMP, SHIRT], "openai", tmp_path / name)
    rows: list[dict[str, Any]]
    if name.endswith(".csv"):
        rows = list(csv.DictReader(io.StringIO(text)))
        assert {row["is_eligible_search"] for row in rows} == {"true"}
    else:
        rows = list(map(json.loads, text.splitlines()))
        assert {row["is_eligible_checkout"] for row in rows} == {False}
    lamp, red, blue = rows
    assert (lamp["price"], lamp["sale_price"]) == ("59.90 EUR", "49.90 EUR")
    assert lamp["image_url"] == "https://shop.example/l%201.jpg"
    assert (lamp["seller_name"], lamp["target_countries"], lamp["store_country"]) == ("My Shop", "DE,AT", "DE")
    assert [row["group_id"] for row in (red, blue)] == ["S", "S"]
    assert json.loads(red["variant_dict"]) == {"color": "red"}


def test_what_an_agent_asks_for_and_a_row_lacks_is_counted(tmp_path: Path) -> None:
    told = export([SHIRT], "openai", tmp_path / "feed.jsonl", PUBLISHING)
    assert (told.products, told.rows) == (1, 2)
    assert told.lacking == {"description": 2, "brand": 2, "image_url": 2}


def test_jsonld_is_a_graph_that_no_title_ends(tmp_path: Path) -> None:
    evil = Product("E", title="</script><script>alert(1)</script>\u2028")
    text = written([LAMP, SHIRT, evil], "jsonld", tmp_path / "shop.jsonld")
    assert "</script" not in text
    assert "\u2028" not in text
    document = json.loads(text)
    lamp, shirt, _ = document["@graph"]
    assert document["@context"] == "https://schema.org"
    assert lamp["offers"]["price"] == "49.90"
    assert lamp["offers"]["availability"] == "https://schema.org/InStock"
    assert shirt["@type"] == "ProductGroup"
    assert shirt["variesBy"] == ["https://schema.org/color"]
    assert [v["offers"]["price"] for v in shirt["hasVariant"]] == ["1000", "1200"]


# --- values --------------------------------------------------------------------------------------


@given(st.integers(0, 10**12), st.sampled_from(["EUR", "JPY", "KWD", "XAF", "USD", ""]))
def test_money_is_exact_in_every_form(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    number, _, named = amount(money).partition(" ")
    assert Decimal(number) == money.amount
    assert named == currency
    if money.amount == money.amount.to_integral_value() or currency != "XAF":
        digits = {"JPY": 0, "XAF": 0, "KWD": 3}.get(currency, 2)
        assert Decimal(minor_units(money)).scaleb(-digits) == money.amount


def test_only_addresses_of_the_web_are_links() -> None:
    for text in ("javascript:alert(1)", "/p/1", "ftp://x/1", "http://", "", "data:text/html,x", "http://[::1"):
        assert link(text) == ""
    assert link("https://x.example/a b?q=1&r=ü") == "https://x.example/a%20b?q=1&r=%C3%BC"
    assert link("https://x.example/a%20b") == "https://x.example/a%20b"


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_is_there_whole_or_not_at_all(format: str, tmp_path: Path) -> None:
    ending = {"google": "xml", "acp": "jsonl", "openai": "jsonl", "jsonld": "jsonld"}[format]
    path = tmp_path / f"feed.{ending}"

    def breaks() -> Iterator[Product]:
        yield LAMP
        raise RuntimeError("the shop is gone")

    path.write_text("the feed before")
    with pytest.raises(RuntimeError):
        export(breaks(), format, path)
    assert path.read_text() == "the feed before"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert export([], format, path).products == 0


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    for format, name in (("google", "feed.pdf"), ("acp", "feed.csv"), ("pdf", "feed.xml"), ("jsonld", "feed")):
        with pytest.raises(ConfigError) as caught:
            export([], format, tmp_path / name)
        assert caught.value.hint
    with pytest.raises(ConfigError, match="cannot be written"):
        export([], "google", tmp_path / "nowhere" / "feed.xml")


def test_a_shop_is_exported_and_indexed_again(small: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The whole way, by the command line: export --format google, index into another shop, the same products."""
    from shoplens.app import open_shop
    from shoplens.cli.app import app
    from shoplens.engine.indexing import IndexOptions
    from tests.conftest import cushions

    shop = small.open(fill_attributes=False)
    small.index(shop, cushions(small))
    before = {s.product.id: s.product for chunk in shop.store.scan() for s in chunk}
    feed = tmp_path / "feed.xml"
    app(["export", "-f", "google", "-o", str(feed), "--shop", str(small.folder / "shop")], standalone_mode=False)
    assert re.search(r"6 products, 7 rows", capsys.readouterr().out)
    with open_shop(
        tmp_path / "other", create=True, encoder=small.encoder, fill_attributes=False, pictures={"workers": 1}
    ) as other:
        other.index(feed, pictures=small.pictures, options=IndexOptions())
        assert {s.product.id: s.product for chunk in other.store.scan() for s in chunk} == before
