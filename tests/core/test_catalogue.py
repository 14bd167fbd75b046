"""Products from plain data: the quick reading against one that spells every field out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplens.core.catalogue import MAX_MINOR, DerivedText, ImageRef, Money, Product, Translation, Variant
from tests.suites.store import PRODUCT


def plainly_read(data: Mapping[str, Any]) -> Product:
    def shared(some: Mapping[str, Any]) -> dict[str, Any]:
        given = {
            "attributes": {name: tuple(values) for name, values in some.get("attributes", {}).items()},
            "images": tuple(ImageRef(**image) for image in some.get("images", ())),
        }
        return {**some, **given}

    def variant(some: Mapping[str, Any]) -> Variant:
        prices = {name: Money(**some[name]) for name in ("price", "list_price") if name in some}
        return Variant(**{**shared(some), **prices})

    lists = {
        "category": tuple(data.get("category", ())),
        "categories": tuple(tuple(path) for path in data.get("categories", ())),
        "variants": tuple(variant(v) for v in data.get("variants", ())),
        "translations": tuple(Translation(**t) for t in data.get("translations", ())),
        "derived": tuple(DerivedText(**d) for d in data.get("derived", ())),
    }
    return Product(**{**shared(data), **lists})


@given(PRODUCT)
def test_a_product_comes_back_from_plain_data(product: Product) -> None:
    data = product.to_dict()
    assert Product.from_dict(data) == plainly_read(data) == product


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"title": "no id"},
        {"id": "a", "attributes": {"color": 1}},
        {"id": "a", "variants": [{}]},
        {"id": "a", "variants": [{"id": "a", "colour": "red"}]},
        {"id": "a", "variants": [{"id": "a", "price": None}]},
        {"id": "a", "variants": [{"id": "a", "price": {"minor": 1, "coin": "EUR"}}]},
        {"id": "a", "variants": [{"id": "a", "list_price": {"currency": "EUR"}}]},
        {"id": "a", "images": [{"place": "a.jpg"}]},
        {"id": "a", "images": [{"location": "a.jpg", "size": 3}]},
        {"id": "a", "images": ["a"]},
        {"id": "a", "translations": [{"title": "no language"}]},
    ],
)
def test_data_of_another_shape_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError)):
        Product.from_dict(data)


@given(st.integers(-MAX_MINOR, MAX_MINOR), st.sampled_from(["", "EUR", "JPY", "KWD"]))
def test_an_amount_as_a_float_is_the_nearest_one(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert money.major == float(money.amount)


def test_what_a_variant_does_not_have_is_named() -> None:
    with pytest.raises(TypeError, match=r"\['colour'\]"):
        Product.from_dict({"id": "a", "variants": [{"id": "a", "colour": "red", "sku": "1"}]})
