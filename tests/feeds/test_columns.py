"""Columns by their usual names, in English and Chinese; mapping; values of cells."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from shoplens.core.catalogue import RESERVED_FIELDS, ImageRef, Money, Translation
from shoplens.errors import FeedFormatError
from shoplens.feeds import KINDS, shopify
from shoplens.feeds.columns import LEVELS, SYNONYMS, TARGETS, fold, recognise
from tests.feeds.helpers import read

DOC = Path(__file__).resolve().parents[2] / "docs" / "reference" / "feeds.md"


def feed(tmp_path: Path, **row: str) -> Path:
    path = tmp_path / "feed.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([list(row), list(row.values())])
    return path


def test_no_synonym_means_two_things() -> None:
    names = [fold(name) for synonyms in SYNONYMS.values() for name in synonyms] + [fold(name) for name in LEVELS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("target", "header"), [(target, name) for target, names in SYNONYMS.items() for name in names])
@pytest.mark.parametrize("style", [str, str.upper, lambda name: name.replace("_", " ").title(), "g:{}".format])
def test_every_synonym_is_recognised_in_any_style(target: str, header: str, style: object) -> None:
    written = style(header)  # type: ignore[operator]
    found = recognise([written, "something else"])
    if target == "images":
        assert found.images == [written]
    elif target == "sku":
        assert found.one == {"sku": written, "id": written}
    else:
        assert found.one == {target: written}
    assert found.rest == [("something else", "something_else")]


def test_the_reference_names_every_synonym_and_kind() -> None:
    text = DOC.read_text(encoding="utf-8")
    missing = [name for names in SYNONYMS.values() for name in names if f"`{name}`" not in text]
    missing += [name for name in (*LEVELS, *SYNONYMS, *KINDS) if f"`{name}`" not in text]
    missing += [header for headers in shopify.FIELDS.values() for header in headers if f"`{header}`" not in text]
    assert missing == []


def test_chinese_columns(tmp_path: Path) -> None:
    path = feed(
        tmp_path,
        商品编号="8",
        商品名称="黑色手提包",
        描述="经典款式",
        品牌="露玛",
        价格="￥299",
        原价="￥399",
        一级类目="箱包",
        二级类目="女包",
        主图="8.jpg",
        附图="8a.jpg;8b.jpg",
        颜色="黑色",
        库存="3",
        产地="上海",
    )
    (product,), problems = read(path)
    assert problems == []
    assert (product.id, product.title, product.description, product.brand) == ("8", "黑色手提包", "经典款式", "露玛")
    assert product.category == ("箱包", "女包")
    assert [image.location for image in product.images] == ["8.jpg", "8a.jpg", "8b.jpg"]
    assert product.attributes == {"color": ("黑色",), "产地": ("上海",)}
    (variant,) = product.variants
    assert (variant.price, variant.list_price) == (Money(29900, "CNY"), Money(39900, "CNY"))
    assert (variant.in_stock, variant.quantity) == (True, 3)


def test_languages_are_translations(tmp_path: Path) -> None:
    path = feed(tmp_path, id="1", title="Bag", title_zh="包", **{"Description (DE)": "Tasche", "name-fr": "Sac"})
    (product,), _ = read(path)
    assert product.title == "Bag"
    assert product.translations == (
        Translation("zh", "包"),
        Translation("de", "", "Tasche"),
        Translation("fr", "Sac"),
    )


def test_what_is_not_recognised_is_an_attribute_as_written(tmp_path: Path) -> None:
    path = feed(tmp_path, id="1", **{"  Sleeve Length ": "Long ", "Empty": "", "Fit (EU)": "A|B", "Care": '["a", "b"]'})
    (product,), _ = read(path)
    assert product.attributes == {"sleeve_length": ("Long",), "fit_(eu)": ("A|B",), "care": ("a", "b")}


def test_attributes_do_not_hide_fields(tmp_path: Path) -> None:
    row = {"id": "1", "brand": "B", "attributes": dict.fromkeys(RESERVED_FIELDS, "x"), "on_sale": "yes"}
    path = tmp_path / "feed.jsonl"
    path.write_text(json.dumps(row))
    (product,), _ = read(path)
    assert not set(product.attributes) & set(RESERVED_FIELDS)
    assert product.attributes["attribute_brand"] == ("x",)


def test_category_levels(tmp_path: Path) -> None:
    path = feed(tmp_path, id="1", article_type="Shirts", master_category="Apparel", sub_category="Topwear")
    assert read(path)[0][0].category == ("Apparel", "Topwear", "Shirts")
    path = feed(tmp_path, id="1", department="Men", category="Shoes", sub_category="Shoes")
    assert read(path)[0][0].category == ("Men", "Shoes")


@pytest.mark.parametrize(
    ("cell", "paths"),
    [
        ("Men > Tops", [("Men", "Tops")]),
        ("Men / Tops", [("Men", "Tops")]),
        ("Men &gt; Tops &amp; Shirts", [("Men", "Tops & Shirts")]),
        ("Ski/boarding", [("Ski/boarding",)]),
        ('["Men", "Tops"]', [("Men", "Tops")]),
        ("Men > Tops|Sale > Men", [("Men", "Tops"), ("Sale", "Men")]),
        ('[["Men", "Tops"], ["Sale"]]', [("Men", "Tops"), ("Sale",)]),
        ("", []),
    ],
)
def test_category_paths(tmp_path: Path, cell: str, paths: list[tuple[str, ...]]) -> None:
    (product,), _ = read(feed(tmp_path, id="1", category=cell))
    assert [product.category, *product.categories] == (paths or [()])


@pytest.mark.parametrize(
    ("cell", "locations"),
    [
        ("a.jpg", ["a.jpg"]),
        ("a.jpg,b.png , c.webp", ["a.jpg", "b.png", "c.webp"]),
        ("a.jpg;b.jpg", ["a.jpg", "b.jpg"]),
        ("a.jpg|b.jpg|a.jpg", ["a.jpg", "b.jpg"]),
        ('["a.jpg", "b.jpg"]', ["a.jpg", "b.jpg"]),
        ("bag, black.jpg", ["bag, black.jpg"]),
        ("https://x/w_1,h_2/a.jpg", ["https://x/w_1,h_2/a.jpg"]),
        ("https://x/w_1,h_2/a.jpg, https://x/b.jpg", ["https://x/w_1,h_2/a.jpg", "https://x/b.jpg"]),
        ("https://x/a.jpg https://x/b.jpg", ["https://x/a.jpg", "https://x/b.jpg"]),
    ],
)
def test_lists_of_pictures(tmp_path: Path, cell: str, locations: list[str]) -> None:
    (product,), _ = read(feed(tmp_path, id="1", image=cell))
    assert product.images == tuple(ImageRef(location) for location in locations)


@pytest.mark.parametrize(
    ("header", "cell", "expected"),
    [
        ("availability", "in stock", True),
        ("availability", "https://schema.org/InStock", True),
        ("availability", "out_of_stock", False),
        ("availability", "preorder", False),
        ("in_stock", "TRUE", True),
        ("in_stock", "0", False),
        ("库存状态", "有货", True),
        ("是否有货", "否", False),
        ("quantity", "12", True),
        ("quantity", "0.0", False),
        ("quantity", "-2", False),
    ],
)
def test_stock(tmp_path: Path, header: str, cell: str, expected: bool) -> None:
    (product,), problems = read(feed(tmp_path, id="1", **{header: cell}))
    assert (product.variants[0].in_stock, problems) == (expected, [])


@pytest.mark.parametrize(
    ("header", "cell", "field"),
    [
        ("price", "ask us", "price"),
        ("sale_price", "-3", "sale_price"),
        ("availability", "perhaps", "in_stock"),
        ("quantity", "many", "quantity"),
        ("ean", "4.00638E+12", "gtin"),
        ("image", "x" * 5000, "image"),
    ],
)
def test_a_bad_field_is_reported_and_the_product_stays(tmp_path: Path, header: str, cell: str, field: str) -> None:
    (product,), (problem,) = read(feed(tmp_path, id="7", title="t", **{header: cell}))
    assert product.title == "t"
    assert (problem.line, problem.field, problem.product_id, problem.skipped) == (2, field, "7", False)
    assert cell.startswith(problem.value)
    assert problem.reason


def test_only_an_id_is_required(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("id,title,image\n1,,\n2,words,\n3,,p.jpg\n,no id,p.jpg\n")
    products, problems = read(path)
    assert [(p.id, p.title, len(p.images)) for p in products] == [("1", "", 0), ("2", "words", 0), ("3", "", 1)]
    assert [(p.line, p.field, p.skipped) for p in problems] == [(5, "id", True)]


def test_ids_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("id,ean\n007,0004006381333\n1e5,4006381333931.0\n")
    products, _ = read(path)
    assert [(p.id, p.variants[0].gtin) for p in products] == [("007", "0004006381333"), ("1e5", "4006381333931")]


@pytest.mark.parametrize("word", ["\\N", "NULL", "nan", "None"])
def test_words_for_nothing(tmp_path: Path, word: str) -> None:
    (product,), problems = read(feed(tmp_path, id="1", title=word, price=word, color=word, image=word, qty=word))
    assert problems == []
    assert product.to_dict() == {"id": "1", "variants": [{"id": "1"}]}


def test_prices_in_columns_of_a_currency_and_in_minor_units(tmp_path: Path) -> None:
    assert read(feed(tmp_path, id="1", price_gbp="0.85"))[0][0].variants[0].price == Money(85, "GBP")
    assert read(feed(tmp_path, id="1", price_cents="4995"), currency="usd")[0][0].variants[0].price == Money(
        4995, "USD"
    )
    assert read(feed(tmp_path, id="1", price="5", currency="jpy"))[0][0].variants[0].price == Money(5, "JPY")


def test_mapping(tmp_path: Path) -> None:
    path = feed(tmp_path, Nr="1", productDisplayName="Bag", Wort="包", Farbe="schwarz", title="inner name")
    (product,), _ = read(
        path, mapping={"id": "Nr", "title": "productDisplayName", "title_zh": "Wort", "color": "Farbe"}
    )
    assert (product.id, product.title) == ("1", "Bag")
    assert product.translations == (Translation("zh", "包"),)
    assert product.attributes == {"color": ("schwarz",), "attribute_title": ("inner name",)}


def test_mapping_reaches_into_objects(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    path.write_text('{"key": "1", "offer": {"cost": "5.00 EUR"}}\n')
    (product,), _ = read(path, mapping={"id": "key", "price": "offer.cost"})
    assert product.variants[0].price == Money(500, "EUR")


def test_a_wrong_mapping_lists_what_there_is(tmp_path: Path) -> None:
    path = feed(tmp_path, id="1", productDisplayName="Bag")
    with pytest.raises(FeedFormatError, match="nothing that a column can be mapped to") as error:
        read(path, mapping={"titel": "productDisplayName"})
    assert all(target in str(error.value) for target in TARGETS)
    with pytest.raises(FeedFormatError, match="no column 'displayName'") as error:
        read(path, mapping={"title": "displayName"})
    assert "id, productDisplayName" in str(error.value)


def test_without_an_id_the_columns_are_listed(tmp_path: Path) -> None:
    with pytest.raises(FeedFormatError, match="no column is recognised as the products' id") as error:
        read(feed(tmp_path, nummer="1", titel="Tasche"))
    assert "nummer, titel" in str(error.value)
    assert "id=nummer" in str(error.value)


def test_html_is_reduced_to_its_text(tmp_path: Path) -> None:
    html = (
        "<div class='a>b'><p>Soft &amp; warm,&nbsp;100&#37; wool.</p><script>alert('<p>')</script><!-- no -->"
        "<ul><li>One</li><li>Two</li></ul>5 < 6 &lt;3</div>"
    )
    (product,), _ = read(feed(tmp_path, id="1", description=html, title="Tom &amp; Co <b>Bag</b>"))
    assert product.description == "Soft & warm, 100% wool.\n• One\n• Two\n5 < 6 <3"
    assert product.title == "Tom & Co Bag"
