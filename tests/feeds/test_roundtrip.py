"""Products -> a feed -> the same products, for products of any kind."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoplens.core.catalogue import RESERVED_FIELDS, DerivedText, ImageRef, Money, Product, Translation, Variant
from shoplens.feeds.columns import LEVELS, SYNONYMS, attribute_name, recognise
from shoplens.feeds.values import EMPTY, words
from tests.feeds.helpers import read


def is_plain(text: str) -> bool:
    """Text that a feed gives back as it is: no markup, no outer space, no word for "nothing"."""
    return text == words(text) and text == text.strip() and text not in EMPTY and not text.startswith("[")


ALPHABET = st.characters(
    codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cn", "Co"], exclude_characters="\xa0|>»›→"
)
TEXT = st.text(ALPHABET, max_size=20).map(str.strip).filter(is_plain)
WORD = TEXT.filter(bool).filter(lambda text: "/" not in text)
ID = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=12).filter(is_plain)
RESERVED = {*RESERVED_FIELDS, *SYNONYMS, *LEVELS}
NAME = ID.map(attribute_name).filter(
    lambda name: name == attribute_name(name) and recognise([name]).rest == [(name, name)] and name not in RESERVED
)
ATTRIBUTES = st.dictionaries(
    st.one_of(NAME, st.sampled_from(["color", "size", "material", "pattern", "gender"])),
    st.lists(WORD, min_size=1, max_size=3, unique=True).map(tuple),
    max_size=4,
)
MONEY = st.builds(Money, st.integers(0, 10**9), st.sampled_from(["", "USD", "EUR", "CNY", "JPY"]))
IMAGES = st.lists(ID.map(lambda name: ImageRef(f"{name}.jpg")), max_size=3, unique=True).map(tuple)
PATH = st.lists(WORD, max_size=3, unique=True).map(tuple)


@st.composite
def offers(draw: st.DrawFn, identity: str) -> Variant:
    price = draw(st.none() | MONEY)
    higher = draw(st.none() | st.integers(1, 1000)) if price else None
    return Variant(
        identity,
        price=price,
        list_price=Money(price.minor + higher, price.currency) if price and higher else None,
        in_stock=draw(st.sampled_from([True, False])),
        quantity=draw(st.none() | st.integers(0, 999)),
        gtin=draw(st.sampled_from(["", "4006381333931"])),
        mpn=draw(ID | st.just("")),
    )


@st.composite
def products(draw: st.DrawFn, identity: str) -> Product:
    variants: list[Variant] = []
    shared = draw(ATTRIBUTES)
    names = [f"{identity}-{n}" for n in range(draw(st.integers(0, 3)))]
    for name in names if len(names) > 1 else [identity]:
        variants.append(draw(offers(name)))
    if len(variants) > 1:
        # What all variants share belongs to the product, so each has a mark and a picture of its own.
        variants = [
            Variant(**{**{f: getattr(v, f) for f in v.__dataclass_fields__}, "attributes": {"mark": (str(n),)},
                       "images": (ImageRef(f"{v.id}.jpg"),)})
            for n, v in enumerate(variants)
        ]  # fmt: skip
    return Product(
        id=identity,
        title=draw(TEXT),
        description=draw(TEXT),
        brand=draw(TEXT),
        category=draw(PATH),
        link=draw(st.sampled_from(["", "https://shop.example/x?a=1&b=2"])),
        attributes=shared,
        images=draw(IMAGES) if len(variants) == 1 else (),
        variants=tuple(variants),
        translations=tuple(
            Translation(language, title, "")
            for language in draw(st.sampled_from([(), ("zh",), ("de", "zh")]))
            if (title := draw(TEXT))
        ),
    )


CATALOGUE = st.lists(ID, max_size=5, unique_by=str.casefold).flatmap(
    lambda ids: st.tuples(*(products(identity) for identity in ids)).map(list)
)


def rows_of(product: Product) -> list[dict[str, str]]:
    """A product as rows of a table, a row a variant."""
    rows = []
    for variant in product.variants:
        row = {
            "id": variant.id,
            "item_group_id": product.id,
            "title": product.title,
            "description": product.description,
            "brand": product.brand,
            "category": json.dumps(product.category),
            "link": product.link,
            "price": str(variant.price or ""),
            "list_price": str(variant.list_price or ""),
            "in_stock": str(variant.in_stock),
            "quantity": "" if variant.quantity is None else str(variant.quantity),
            "gtin": variant.gtin,
            "mpn": variant.mpn,
            "images": json.dumps([image.location for image in (*product.images, *variant.images)]),
        }
        for language in ("de", "zh"):
            row[f"title_{language}"] = next((t.title for t in product.translations if t.language == language), "")
        for name, values in {**product.attributes, **variant.attributes}.items():
            row[name] = json.dumps(values)
        rows.append(row)
    return rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@given(CATALOGUE)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_tables(
    tmp_path_factory: pytest.TempPathFactory, encoding: str, delimiter: str, catalogue: list[Product]
) -> None:
    rows: list[dict[str, str]] = [row for product in catalogue for row in rows_of(product)]
    header = list(dict.fromkeys(name for row in rows for name in row)) or ["id"]
    path = tmp_path_factory.mktemp("table") / "feed.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        out = csv.DictWriter(file, header, delimiter=delimiter)
        out.writeheader()
        out.writerows(rows)
    assert read(path, format="csv") == (catalogue, [])


@given(CATALOGUE, st.booleans())
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_json_of_the_catalogues_own_shape(
    tmp_path_factory: pytest.TempPathFactory, catalogue: list[Product], one_list: bool
) -> None:
    if not catalogue:
        return
    data: list[dict[str, Any]] = [product.to_dict() for product in catalogue]
    path = tmp_path_factory.mktemp("json") / "feed"
    path.write_text(json.dumps(data) if one_list else "\n".join(map(json.dumps, data)), encoding="utf-8")
    assert read(path) == (catalogue, [])


def test_derived_texts_and_alt_texts_come_back(tmp_path: Path) -> None:
    product = Product(
        "1",
        categories=(("Sale", "Bags"),),
        category=("Bags",),
        images=(ImageRef("a.jpg", "a bag"),),
        derived=(DerivedText("caption", "a red bag", "captioner-2", 0.75),),
    )
    path = tmp_path / "feed.jsonl"
    path.write_text(json.dumps(product.to_dict()))
    assert read(path) == ([product], [])
