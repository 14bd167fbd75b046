"""The real feeds: counts that their READMEs state, and that the same shop in four formats is the same shop."""

from __future__ import annotations

import pytest

from shoplens.core.catalogue import Money, Product
from shoplens.errors import FeedError
from shoplens.feeds import open_feed
from tests.feeds.helpers import read, real

pytestmark = pytest.mark.data


@pytest.mark.parametrize(
    ("name", "kind", "products", "variants"),
    [
        ("fashion", "csv", 7590, 7590),
        ("grocery", "jsonl", 55, 55),
        ("magento", "jsonl", 98, 904 + 25),
        ("eshop_demo", "jsonl", 101, 101),
        ("clothing", "csv", 1631, 1631),
        ("online_retail/products.csv", "csv", 3745, 3745),
        ("feeds/google_merchant.xml.gz", "merchant-xml", 98, 929),
        ("feeds/google_merchant.tsv.gz", "merchant-tsv", 98, 929),
        ("feeds/magento_export.csv.gz", "magento", 73, 904),
        ("feeds/shopify/apparel.csv", "shopify", 20, 22),
        ("feeds/shopify/home-and-garden.csv", "shopify", 20, 21),
        ("feeds/shopify/jewelery.csv", "shopify", 20, 23),
        pytest.param("chorus_icecat", "jsonl", 19406, 19406, marks=pytest.mark.slow),
    ],
)
def test_counts(name: str, kind: str, products: int, variants: int) -> None:
    path = real(name)
    found, problems = read(path)
    assert open_feed(path).kind == kind
    assert (len(found), sum(len(p.variants) for p in found)) == (products, variants)
    assert problems == []
    assert all(p.title for p in found)


def test_every_picture_that_a_feed_names_is_there() -> None:
    for name in ("grocery", "magento", "eshop_demo", "clothing"):
        base = open_feed(real(name)).base
        products, _ = read(real(name))
        assert all(p.all_images() for p in products)
        assert all((base / image.location).is_file() for p in products for image in p.all_images())


def test_fashion_categories_and_colours() -> None:
    products, _ = read(real("fashion"))
    shirt = products[0]
    assert shirt.category == ("Apparel", "Topwear", "Shirts")
    assert shirt.attributes["color"] == ("Navy Blue",)
    assert shirt.images[0].location == f"images/{shirt.id}.jpg"


def test_magento_variants_have_the_pictures_of_their_colour() -> None:
    hoodie = read(real("magento"))[0][0]
    black = [v for v in hoodie.variants if v.attributes["color"] == ("Black",)]
    assert len(black) == 5
    assert {hoodie.variant_images(v)[0].location for v in black} == {"images/mh01-black_main.jpg"}
    assert black[0].price == Money(5200)


def test_the_same_shop_in_four_formats() -> None:
    def facts(name: str) -> dict[str, tuple[object, ...]]:
        def picture(product: Product) -> set[str]:
            return {
                image.location.rsplit("/", 1)[-1] for v in product.variants for image in product.variant_images(v)[:1]
            }

        return {
            p.id: (
                p.category,
                p.attributes.get("material", ())[:1],
                {v.id: (v.price, v.attributes.get("color", p.attributes.get("color"))) for v in p.variants},
                picture(p),
            )
            for p in read(real(name), currency="USD")[0]
        }

    xml, tsv = facts("feeds/google_merchant.xml.gz"), facts("feeds/google_merchant.tsv.gz")
    assert xml == tsv
    export, lines = facts("feeds/magento_export.csv.gz"), facts("magento")
    assert export.keys() <= xml.keys() <= lines.keys()
    for product_id, (category, material, variants, pictures) in export.items():
        assert (category, variants) == (xml[product_id][0], xml[product_id][2]), product_id
        assert variants == lines[product_id][2]
        assert pictures == xml[product_id][3]
        assert set(material) <= set(lines[product_id][1])


def test_grocery_has_swedish_descriptions_as_translations() -> None:
    products, _ = read(real("grocery"))
    assert any(t.language == "sv" and t.description for p in products for t in p.translations)


def test_folders_with_several_feeds_name_them() -> None:
    with pytest.raises(FeedError, match=r"google_merchant\.tsv\.gz, google_merchant\.xml\.gz, magento_export\.csv\.gz"):
        open_feed(real("feeds"))
    with pytest.raises(FeedError, match=r"apparel\.csv"):
        open_feed(real("feeds/shopify"))
