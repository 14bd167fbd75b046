"""The wire: fields to a Query and an Answer to fields."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplens.core.answer import Answer, Facet, FacetValue, Hit, Reason
from shoplens.core.catalogue import DerivedText, ImageRef, Money, Product, Translation, Variant
from shoplens.core.query import MAX_PICTURES, Crop, Query, QueryPicture, Seed, SortKey
from shoplens.core.where import Compare, parse_where
from shoplens.core.wire import (
    QUERY_FIELDS,
    answer_to_fields,
    fields_from_strings,
    product_to_fields,
    query_from_fields,
    variant_to_fields,
)
from shoplens.errors import FilterError, QueryError


def no_pictures(name: str) -> bytes:
    raise AssertionError(f"{name} must not be loaded")


def build(**fields: Any) -> Query:
    return query_from_fields(fields, lambda name: f"bytes of {name}".encode())


def test_no_fields_make_the_default_query() -> None:
    assert build() == Query()
    assert query_from_fields(dict.fromkeys(QUERY_FIELDS), no_pictures) == Query()  # null: not given


def test_every_field_arrives() -> None:
    fields: dict[str, Any] = {
        "q": "red 连衣裙",
        "words_weight": 0.5,
        "images": ["a.jpg", {"url": "https://shop.example/b.jpg", "crop": [0, 0.25, 0.5, 1], "weight": -1}],
        "like": ["P1", {"id": "P,2", "weight": 2}],
        "unlike": [{"id": "P3", "weight": 0.5}],
        "filter_by": "price<49.90",
        "facet_by": "brand, category",
        "max_facet_values": 7,
        "sort_by": "price:desc,brand",
        "page": 1,
        "cursor": "abc",
        "diversity": 0.25,
        "find_crop": False,
        "per_page": 10,
        "group_by": "variant",
        "pinned_hits": ["P9"],
        "hidden_hits": ["P8", "P7"],
        "semantic_ratio": 0,
        "user_token": "u1",
        "explain": True,
        "understand": False,
        "without_chips": ["price:under 50"],
    }
    assert set(fields) == set(QUERY_FIELDS)
    assert build(**fields) == Query(
        words="red 连衣裙",
        words_weight=0.5,
        pictures=(
            QueryPicture(b"bytes of a.jpg", None, 1.0, "a.jpg"),
            QueryPicture(
                b"bytes of https://shop.example/b.jpg", Crop(0, 0.25, 0.5, 1), -1.0, "https://shop.example/b.jpg"
            ),
        ),
        seeds=(Seed("P1"), Seed("P,2", 2.0), Seed("P3", -0.5)),
        where=Compare("price", "<", "49.90"),
        facet_by=("brand", "category"),
        max_facet_values=7,
        sort_by=(SortKey("price", descending=True), SortKey("brand")),
        page=1,
        cursor="abc",
        diversity=0.25,
        find_crop=False,
        per_page=10,
        group_by="variant",
        pinned_hits=("P9",),
        hidden_hits=("P8", "P7"),
        semantic_ratio=0.0,
        user_token="u1",
        explain=True,
        understand=False,
        without_chips=("price:under 50",),
    )
    assert build(page=2, per_page=10) == Query(page=2, per_page=10)  # not beside a cursor


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"q": 7}, "q"),
        ({"q": ["a"]}, "q"),
        ({"page": "2"}, "page"),
        ({"page": True}, "page"),
        ({"page": 1.5}, "page"),
        ({"page": float("inf")}, "page"),
        ({"page": float("nan")}, "page"),
        ({"page": 0}, "page"),
        ({"page": 10**400}, "page"),
        ({"per_page": 251}, "per_page"),
        ({"semantic_ratio": float("nan")}, "semantic_ratio"),
        ({"semantic_ratio": 10**400}, "semantic_ratio"),
        ({"semantic_ratio": False}, "semantic_ratio"),
        ({"explain": 1}, "explain"),
        ({"like": [7]}, "like[0]"),
        ({"like": 7}, "like"),
        ({"like": [{"weight": 1}]}, "like[0].id"),
        ({"like": [{"id": "a", "wieght": 1}]}, "like[0].wieght"),
        ({"unlike": [{"id": "a", "weight": -1}]}, "unlike[0].weight"),
        ({"images": [3]}, "images[0]"),
        ({"images": [{}]}, "images[0]"),
        ({"images": [{"url": "https://a.example/", "path": "b"}]}, "images[0]"),
        ({"images": [{"url": "file:///etc/hosts"}]}, "images[0].url"),
        ({"images": ["a", {"path": 3}]}, "images[1].path"),
        ({"images": [{"base64": "&&&"}]}, "images[0].base64"),
        ({"images": [{"base64": "AAAAA"}]}, "images[0].base64"),
        ({"images": ["data:image/png,abc"]}, "images[0]"),
        ({"images": [{"path": "a", "crop": [0, 0, 1]}]}, "images[0].crop"),
        ({"images": [{"path": "a", "crop": [0.5, 0, 0.5, 1]}]}, "images[0].crop"),
        ({"images": [{"path": "a", "crop": {"x": 0}}]}, "images[0].crop.x"),
        ({"images": [{"path": "a", "weight": "much"}]}, "images[0].weight"),
        ({"images": [{"path": "a", "weight": 11}]}, "images[].weight"),
        ({"images": ["a"] * (MAX_PICTURES + 1)}, "images"),
        ({"facet_by": [1]}, "facet_by[0]"),
        ({"sort_by": "price:up"}, "sort_by"),
        ({"group_by": "brand"}, "group_by"),
    ],
)
def test_wrong_values_are_refused_by_name_before_any_picture_is_loaded(fields: dict[str, Any], where: str) -> None:
    with pytest.raises(QueryError) as caught:
        query_from_fields(fields, no_pictures)
    assert caught.value.where == where
    assert caught.value.hint


def test_unknown_fields_are_told_with_the_nearest_known_one() -> None:
    with pytest.raises(QueryError) as caught:
        build(fitler_by="in_stock")
    assert (caught.value.where, caught.value.hint) == ("fitler_by", "did you mean filter_by?")
    with pytest.raises(QueryError) as caught:
        build(zzz=1)
    assert caught.value.hint is not None
    assert "filter_by" in caught.value.hint


def test_a_filter_that_cannot_be_parsed_is_a_filter_error() -> None:
    with pytest.raises(FilterError):
        build(filter_by="price <")


@pytest.mark.parametrize("form", ["padded", "bare", "urlsafe", "lines", "data"])
def test_base64_in_every_usual_form(form: str) -> None:
    data = bytes(range(256)) + b"?"
    text = {
        "padded": base64.b64encode(data).decode(),
        "bare": base64.b64encode(data).decode().rstrip("="),
        "urlsafe": base64.urlsafe_b64encode(data).decode(),
        "lines": base64.encodebytes(data).decode(),
        "data": "data:image/jpeg;base64," + base64.b64encode(data).decode(),
    }[form]
    assert query_from_fields({"images": [{"base64": text}]}, no_pictures).pictures[0].data == data


def test_bytes_and_multipart_parts() -> None:
    query = build(images=[b"raw", {"multipart": b"part", "weight": 2}, {"multipart": "photo"}])
    assert [p.data for p in query.pictures] == [b"raw", b"part", b"bytes of multipart:photo"]
    assert [p.weight for p in query.pictures] == [1.0, 2.0, 1.0]


def test_half_a_surrogate_pair_does_not_get_through() -> None:
    query = build(q=json.loads('"a\\ud800b"'), like=[json.loads('"\\udfff"')], user_token="😀")
    query.words.encode("utf-8")
    assert (query.words, query.seeds[0].product_id, query.user_token) == ("a\ufffdb", "\ufffd", "😀")


@given(st.dictionaries(st.sampled_from(sorted(QUERY_FIELDS)), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "weight", "path", "url", "base64", "crop", "x0"]), inner, max_size=3),
    max_leaves=6,
)))  # fmt: skip
def test_any_json_gives_a_query_or_a_query_error(fields: dict[str, Any]) -> None:
    with contextlib.suppress(QueryError):  # and nothing else
        query_from_fields(fields, lambda name: b"")


def test_strings_of_an_address_mean_the_same_as_json() -> None:
    pairs = [
        ("q", "12"), ("page", "2"), ("per_page", "5"), ("semantic_ratio", "0.5"), ("explain", "true"),
        ("like", "a,b"), ("like", "c"), ("unlike", '[{"id": "d", "weight": 2}]'), ("facet_by", "brand"),
        ("facet_by", "color,size"), ("filter_by", "in_stock"), ("images", "a.jpg"),
        ("images", '{"path": "b.jpg", "crop": "0,0,0.5,0.5"}'),
    ]  # fmt: skip
    assert query_from_fields(fields_from_strings(pairs), lambda name: name.encode()) == Query(
        words="12",
        page=2,
        per_page=5,
        semantic_ratio=0.5,
        explain=True,
        seeds=(Seed("a,b"), Seed("c"), Seed("d", -2.0)),
        facet_by=("brand", "color", "size"),
        where=parse_where("in_stock"),
        pictures=(
            QueryPicture(b"a.jpg", name="a.jpg"),
            QueryPicture(b"b.jpg", Crop(0, 0, 0.5, 0.5), name="b.jpg"),
        ),
    )


@pytest.mark.parametrize(
    "pairs",
    [[("page", "two")], [("q", "a"), ("q", "b")], [("explain", "maybe")], [("like", "[")], [("querry", "a")]],
)
def test_strings_that_make_no_sense_are_refused(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(QueryError) as caught:
        fields_from_strings(pairs)
    assert caught.value.where == pairs[-1][0]


PRODUCT = Product(
    id="P1",
    title="Dress",
    brand="Luma",
    category=("Women", "Dresses"),
    attributes={"color": ("red", "blue")},
    images=(ImageRef("a.jpg", "front"),),
    variants=(
        Variant("P1-s", Money(4990, "USD"), Money(6000, "USD"), in_stock=True, quantity=3, sku="S", gtin="0123"),
        Variant("P1-m", Money(1234, "KWD"), Money(500, "JPY"), in_stock=False, attributes={"size": ("M",)}),
    ),
    translations=(Translation("zh", "连衣裙"),),
    derived=(DerivedText("caption", "a red dress", "captioner", 0.75),),
)


def test_an_answer_as_json() -> None:
    hit = Hit(
        PRODUCT, PRODUCT.variants[1], 0.5, 1, (Reason("words", "words", 2.5, 0.5, 1, terms=("dress",)),), confidence=0.9
    )
    answer = Answer(
        hits=(hit,),
        found=41,
        page=1,
        per_page=24,
        query_id="Q",
        search_time_ms=1.5,
        facets=(
            Facet("brand", (FacetValue("Luma", 3),), missing=2),
            Facet("price", (), minimum=1.0, maximum=9.5),
        ),
        degraded=("encoder",),
        model_version="bundled@1/256",
    )
    fields = json.loads(json.dumps(answer_to_fields(answer), allow_nan=False))
    product = fields["hits"][0].pop("product")
    assert fields == {
        "hits": [{
            "variant_id": "P1-m", "position": 1, "score": 0.5, "confidence": 0.9, "picture": "", "pinned": False,
            "reasons": [
                {"source": "words", "part": "words", "score": 2.5, "contribution": 0.5, "rank": 1, "terms": ["dress"]}
            ],
        }],
        "facet_counts": [
            {"field": "brand", "counts": [{"value": "Luma", "count": 3}], "missing": 2},
            {"field": "price", "counts": [], "missing": 0, "min": 1.0, "max": 9.5},
        ],
        "found": 41, "page": 1, "per_page": 24, "search_time_ms": 1.5, "query_id": "Q", "applied_rules": [],
        "redirect": "", "did_you_mean": "", "next_cursor": "", "model_version": "bundled@1/256",
        "degraded": ["encoder"], "verdict": "match", "notes": [],
        "understood": [], "staleness_s": 0.0,
    }  # fmt: skip
    assert product == json.loads(json.dumps(product_to_fields(PRODUCT)))
    assert product["variants"] == [
        {"id": "P1-s", "price": 49.9, "currency": "USD", "list_price": 60.0, "in_stock": True, "quantity": 3,
         "sku": "S", "gtin": "0123"},
        {"id": "P1-m", "price": 1.234, "currency": "KWD", "in_stock": False, "attributes": {"size": ["M"]}},
    ]  # fmt: skip
    assert product["translations"] == [{"language": "zh", "title": "连衣裙", "description": ""}]
    assert product["derived"][0]["confidence"] == 0.75


def test_numbers_of_numpy_and_numbers_json_cannot_spell() -> None:
    hit = Hit(PRODUCT, PRODUCT.variants[0], np.float32(0.5), int(np.int64(2)), confidence=float("inf"))  # type: ignore[arg-type]
    answer = Answer((hit,), np.int64(3), 1, 24, "Q", float("nan"), extra={"a": 1}, timings_ms={"all": np.float64(2)})  # type: ignore[arg-type]
    fields = json.loads(json.dumps(answer_to_fields(answer), allow_nan=False))
    assert (fields["found"], fields["search_time_ms"], fields["extra"]) == (3, None, {"a": 1})
    assert (fields["timings_ms"], fields["hits"][0]["confidence"]) == ({"all": 2.0}, None)


# 15 significant digits are what a float64, and so a JSON number in most readers, holds of any decimal.
@given(st.integers(-(10**15) + 1, 10**15 - 1), st.sampled_from(["USD", "JPY", "KWD", "", "EUR"]))
def test_money_survives_the_wire(minor: int, currency: str) -> None:
    fields = json.loads(json.dumps(variant_to_fields(Variant("v", Money(minor, currency)))))
    assert Money.of(fields["price"], fields["currency"]) == Money(minor, currency)
