"""Both dialects of Shopify's CSV, and Magento 2's export."""

from __future__ import annotations

import csv
from pathlib import Path

from shoplens.core.catalogue import ImageRef, Money
from shoplens.feeds import open_feed
from tests.feeds.helpers import read

OLD = {
    "handle": "Handle", "title": "Title", "body": "Body (HTML)", "vendor": "Vendor", "type": "Type", "tags": "Tags",
    "published": "Published", "status": "Status", "n1": "Option1 Name", "v1": "Option1 Value", "n2": "Option2 Name",
    "v2": "Option2 Value", "sku": "Variant SKU", "qty": "Variant Inventory Qty", "policy": "Variant Inventory Policy",
    "price": "Variant Price", "compare": "Variant Compare At Price", "ean": "Variant Barcode", "image": "Image Src",
    "alt": "Image Alt Text", "vimage": "Variant Image",
}  # fmt: skip
NEW = {
    "title": "Title", "handle": "URL handle", "body": "Description", "vendor": "Vendor", "type": "Type", "tags": "Tags",
    "published": "Published on online store", "status": "Status", "sku": "SKU", "ean": "Barcode", "n1": "Option1 name",
    "v1": "Option1 value", "n2": "Option2 name", "v2": "Option2 value", "price": "Price", "compare": "Compare-at price",
    "qty": "Inventory quantity", "policy": "Continue selling when out of stock", "image": "Product image URL",
    "alt": "Image alt text", "vimage": "Variant image URL",
}  # fmt: skip
ROWS: list[dict[str, str]] = [
    {
        "handle": "shirt", "title": "Linen shirt", "body": "<p>Airy &amp; light</p>", "vendor": "Luma", "type": "Tops",
        "tags": "Linen, Summer", "published": "true", "status": "active", "n1": "Size", "v1": "S", "n2": "Color",
        "v2": "White", "sku": "L-S", "qty": "3", "price": "50", "compare": "60", "ean": "4006381333931",
        "image": "https://x/1.jpg", "alt": "front",
    },
    {
        "handle": "shirt", "v1": "M", "v2": "White", "sku": "L-M", "qty": "0", "price": "50", "compare": "60",
        "image": "https://x/2.jpg",
    },
    {
        "handle": "shirt", "v1": "M", "v2": "Black", "sku": "L-M", "qty": "0", "policy": "yes", "price": "49.90",
        "vimage": "https://x/b.jpg",
    },
    {"handle": "shirt", "image": "https://x/3.jpg"},
    {"handle": "mug", "title": "Mug", "n1": "Title", "v1": "Default Title", "price": "cheap", "qty": "1"},
    {"handle": "old", "title": "Old", "status": "archived", "v1": "x", "price": "5"},
    {"title": "no handle", "price": "5"},
]  # fmt: skip


def feed(tmp_path: Path, dialect: dict[str, str]) -> Path:
    path = tmp_path / "products_export.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(dialect.values()))
        out.writeheader()
        for row in ROWS:
            row = dict(row)
            if dialect is OLD and "policy" in row:
                row["policy"] = "continue"
            out.writerow({dialect[name]: value for name, value in row.items()})
    return path


def test_both_dialects_say_the_same(tmp_path: Path) -> None:
    old = read(feed(tmp_path, OLD), currency="EUR")
    new = read(feed(tmp_path, NEW), currency="EUR")
    assert old == new
    assert open_feed(tmp_path).kind == "shopify"
    (shirt, mug), problems = old
    assert (shirt.id, shirt.title, shirt.description, shirt.brand) == ("shirt", "Linen shirt", "Airy & light", "Luma")
    assert shirt.category == ("Tops",)
    assert shirt.attributes == {"tags": ("Linen", "Summer")}
    assert shirt.images == (
        ImageRef("https://x/1.jpg", "front"),
        ImageRef("https://x/2.jpg"),
        ImageRef("https://x/3.jpg"),
    )
    small, medium, black = shirt.variants
    assert [v.id for v in shirt.variants] == ["L-S", "L-M", "shirt:M:Black"]  # a SKU that comes twice is no id
    assert (small.price, small.list_price, small.gtin) == (Money(5000, "EUR"), Money(6000, "EUR"), "4006381333931")
    assert [v.in_stock for v in shirt.variants] == [True, False, True]
    assert medium.attributes == {"size": ("M",), "color": ("White",)}
    assert (black.price, black.images) == (Money(4990, "EUR"), (ImageRef("https://x/b.jpg"),))
    assert (mug.variants[0].id, mug.variants[0].price, mug.variants[0].attributes) == ("mug", None, {})
    assert [(p.line, p.field, p.skipped) for p in problems] == [
        (6, "price", False),
        (7, "status", True),
        (8, "id", True),
    ]


MAGENTO = ["sku", "store_view_code", "attribute_set_code", "product_type", "categories", "name", "description",
           "product_online", "price", "special_price", "special_price_to_date", "base_image", "additional_images",
           "additional_attributes", "qty", "is_in_stock", "configurable_variations"]  # fmt: skip


def magento(tmp_path: Path, rows: list[dict[str, str]]) -> Path:
    path = tmp_path / "export.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, MAGENTO)
        out.writeheader()
        out.writerows({"attribute_set_code": "Top", **row} for row in rows)
    return path


def test_magento_children_are_variants_of_their_parent(tmp_path: Path) -> None:
    child = {"product_type": "simple", "price": "52", "qty": "5", "is_in_stock": "1", "product_online": "1"}
    rows = [
        {
            **child, "sku": "H-S", "name": "Hoodie-S", "base_image": "/h/s.jpg",
            "additional_attributes": "has_options=0,size=S,note=a, b",
        },
        {
            **child, "sku": "H-M", "name": "Hoodie-M", "additional_attributes": "size=M", "special_price": "40",
            "is_in_stock": "0",
        },
        {
            **child, "sku": "bag", "name": "Bag", "additional_attributes": "activity=Gym|Yoga", "special_price": "1",
            "special_price_to_date": "1/31/20",
        },
        {
            "sku": "H", "product_type": "configurable", "name": "Hoodie", "description": "<p>Warm</p>", "price": "52",
            "categories": "Default Category/Men/Tops,Default Category/Sale,Default Category,Default Category/Men",
            "base_image": "/h/main.jpg", "additional_images": "/h/alt.jpg,/h/back.jpg",
            "configurable_variations": "sku=H-S,size=S|sku=H-M,size=M",
        },
        {"sku": "H", "store_view_code": "zh_CN", "name": "卫衣"},
        {"sku": "bag", "store_view_code": "wholesale", "name": "BAG"},
        {**child, "sku": "off", "name": "Off", "product_online": "2"},
    ]  # fmt: skip
    products, problems = read(magento(tmp_path, rows))
    bag, hoodie = sorted(products, key=lambda p: p.id, reverse=True)
    assert (bag.id, bag.variants[0].price, bag.attributes) == ("bag", Money(5200), {"activity": ("Gym", "Yoga")})
    assert (hoodie.title, hoodie.description) == ("Hoodie", "Warm")
    assert [t.title for t in hoodie.translations] == ["卫衣"]
    assert (hoodie.category, hoodie.categories) == (("Men", "Tops"), (("Sale",),))
    assert [image.location for image in hoodie.images] == ["h/main.jpg", "h/alt.jpg", "h/back.jpg"]
    small, medium = hoodie.variants
    assert (small.id, small.attributes) == ("H-S", {"size": ("S",), "note": ("a, b",)})
    assert [image.location for image in hoodie.variant_images(small)] == ["h/s.jpg"]
    assert (medium.price, medium.list_price, medium.in_stock) == (Money(4000), Money(5200), False)
    assert hoodie.variant_images(medium) == hoodie.images
    assert sorted((p.line, p.field) for p in problems) == [(7, "store_view_code"), (8, "product_online")]
