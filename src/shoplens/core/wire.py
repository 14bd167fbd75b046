"""The wire conventions: JSON fields to a Query, an Answer to JSON fields. HTTP, ``--json`` and evaluation share them.

Everything here is plain data in and out; who reads the bytes of a picture is the caller's business (``load_picture``).
Money is a JSON number in the major unit beside its ``currency``. ``null`` means that a field is not given.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from shoplens.core.answer import Answer, Hit, Reason
from shoplens.core.catalogue import Product, Variant
from shoplens.core.facet_fields import facet_to_fields
from shoplens.core.fields import (
    clean,
    finite,
    ids_of,
    items_of,
    names_of,
    number_of,
    refuse_unknown,
    spelt_json,
    spelt_number,
    spelt_yes,
    text_of,
    whole_of,
    wrong,
    yes_of,
)
from shoplens.core.query import MAX_PICTURES, Crop, Query, QueryPicture, Seed, SortKey, parse_sort
from shoplens.core.understood import Chip
from shoplens.core.where import parse_where
from shoplens.core.wire_why import why_to_fields
from shoplens.errors import QueryError

LoadPicture = Callable[[str], bytes]
"""From what a picture is called (a path, an http(s) URL, or ``multipart:NAME`` for a part of a form) to its bytes."""

QUERY_FIELDS: Mapping[str, str] = {
    "q": "the words, in any language",
    "words_weight": "how much the words count beside pictures and products, -10 to 10 (1)",
    "images": "photos: each a string (URL or path) or {url | path | base64 | multipart, crop, weight}",
    "like": "product ids, or {id, weight}: more like these",
    "unlike": "product ids, or {id, weight}: less like these",
    "filter_by": "a filter: price<49.90 and brand in [Luma, Fila] and in_stock",
    "facet_by": "fields to count values of: a list, or names with commas between",
    "max_facet_values": "most values of a facet, 1 to 1000 (50)",
    "sort_by": "price:asc,brand:desc; without it, best match first",
    "page": "which page, from 1 (1)",
    "per_page": "hits of a page, 0 to 250 (24)",
    "group_by": "product (one hit a product) or variant",
    "pinned_hits": "product ids that come first, in this order",
    "hidden_hits": "product ids that must not come",
    "semantic_ratio": "0: words as written only; 1: vectors only; not given: the engine decides",
    "understand": "true: price limits, denials, colours and sizes are read out of the words; false: not (true)",
    "find_crop": "true: a photo that is like nothing here is searched with its best part; false: as it is (true)",
    "without_chips": "ids of chips of `understood` that are not wanted",
    "diversity": "0: best match first; up to 1: first hits that differ from each other (0)",
    "cursor": "next_cursor of an answer: the hits after its own, at any depth; in the place of page",
    "user_token": "the visitor, as your shop names them",
    "explain": "true: every hit tells why it is here: words and where they stand, attributes that agree or not",
}
"""Every field of a search, with its meaning: what is accepted, and what the reference documents."""

_PICTURE_SOURCES = ("url", "path", "base64", "multipart")
_LISTS = ("images", "like", "unlike", "pinned_hits", "hidden_hits", "without_chips")


# --- JSON -> Query -------------------------------------------------------------------------------


def query_from_fields(fields: Mapping[str, Any], load_picture: LoadPicture) -> Query:
    """A Query from the fields of a search request.

    Pictures are read last and only when everything else makes sense. An item of ``images`` may also hold bytes
    (as itself, or under ``multipart``) where the caller has them already.

    Raises:
        QueryError: an unknown field, a value of a wrong type or out of range; ``where`` names the field.
        FilterError: ``filter_by`` cannot be parsed.
        PictureError and others: whatever ``load_picture`` raises.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    refuse_unknown(given, QUERY_FIELDS)
    images = items_of(given, "images", (str, bytes, Mapping))
    if len(images) > MAX_PICTURES:
        raise QueryError(f"{len(images)} photos are more than {MAX_PICTURES}", where="images", hint="send fewer photos")
    prepared = [_picture(item, f"images[{n}]") for n, item in enumerate(images)]
    query = Query(
        words=text_of(given, "q"),
        words_weight=number_of(given, "words_weight", 1.0),
        seeds=(*_seeds(given, "like", 1.0), *_seeds(given, "unlike", -1.0)),
        where=parse_where(text_of(given, "filter_by")),
        facet_by=names_of(given, "facet_by"),
        max_facet_values=whole_of(given, "max_facet_values", 50),
        sort_by=_sort(given),
        page=whole_of(given, "page", 1),
        per_page=whole_of(given, "per_page", 24),
        group_by=text_of(given, "group_by", "product"),
        pinned_hits=ids_of(given, "pinned_hits"),
        hidden_hits=ids_of(given, "hidden_hits"),
        semantic_ratio=number_of(given, "semantic_ratio", 0.0) if "semantic_ratio" in given else None,
        understand=yes_of(given, "understand") if "understand" in given else True,
        find_crop=yes_of(given, "find_crop") if "find_crop" in given else True,
        without_chips=ids_of(given, "without_chips"),
        diversity=number_of(given, "diversity", 0.0),
        cursor=text_of(given, "cursor"),
        user_token=text_of(given, "user_token"),
        explain=yes_of(given, "explain"),
    )
    for _, shape in prepared:  # out-of-range weights are told before anything is fetched
        replace(query, pictures=(shape,))
    pictures = (
        replace(shape, data=load_picture(source) if isinstance(source, str) else source) for source, shape in prepared
    )
    return replace(query, pictures=tuple(pictures)) if prepared else query


def fields_from_strings(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The fields of a search whose values are all text (an URL's query, command line): numbers and yes/no are read.

    Lists (``images``, ``like``, ``unlike``, ``pinned_hits``, ``hidden_hits``, ``without_chips``) are given by repeating
    the name, one item each, since a shop's ids may contain commas; a value that starts with ``[`` or ``{`` is read
    as JSON.

    Raises:
        QueryError: an unknown field, a number that is none, a field given twice that holds one value.
    """
    out: dict[str, Any] = {}
    for name, text in pairs:
        refuse_unknown((name,), QUERY_FIELDS)
        if name in _LISTS:
            value = spelt_json(name, text) if text.lstrip()[:1] in ("[", "{") else text
            out.setdefault(name, []).extend(value if isinstance(value, list) else [value])
        elif name in out and name != "facet_by":
            raise QueryError(f"{name} is given twice", where=name, hint="give it once")
        elif name in ("page", "per_page", "max_facet_values", "semantic_ratio", "words_weight", "diversity"):
            out[name] = spelt_number(name, text)
        elif name in ("explain", "find_crop", "understand"):
            out[name] = spelt_yes(name, text)
        elif name == "facet_by":
            out[name] = f"{out[name]},{text}" if name in out else text
        else:
            out[name] = text
    return out


def _sort(given: Mapping[str, Any]) -> tuple[SortKey, ...]:
    return tuple(key for item in items_of(given, "sort_by", (str,)) for key in parse_sort(clean(item)))


def _seeds(given: Mapping[str, Any], name: str, sign: float) -> Iterable[Seed]:
    for n, item in enumerate(items_of(given, name, (str, Mapping))):
        where = f"{name}[{n}]"
        if isinstance(item, str):
            yield Seed(clean(item), sign)
            continue
        refuse_unknown(item, ("id", "weight"), where)
        if not isinstance(item.get("id"), str):
            raise wrong(f"{where}.id", "a product id as text", item.get("id"))
        weight = finite(item.get("weight", 1.0), f"{where}.weight")
        if sign < 0 and weight < 0:
            raise QueryError(
                "a negative weight in unlike says no twice",
                where=f"{where}.weight",
                hint="give a positive weight, or move the product to like",
            )
        yield Seed(clean(item["id"]), sign * weight)


def _picture(item: str | bytes | Mapping[str, Any], where: str) -> tuple[str | bytes, QueryPicture]:
    """What to load (or the bytes themselves), and the picture without its bytes."""
    if isinstance(item, bytes):
        return item, QueryPicture(b"", name=where)
    if isinstance(item, str):
        source = _unpack(item, where) if item.startswith("data:") else item
        return source, QueryPicture(b"", name=where if isinstance(source, bytes) else item)
    refuse_unknown(item, (*_PICTURE_SOURCES, "crop", "weight"), where)
    sources = [name for name in _PICTURE_SOURCES if item.get(name) is not None]
    if len(sources) != 1:
        raise QueryError(
            f"a photo has {' and '.join(sources) if sources else 'no source'}",
            where=where,
            hint=f"give exactly one of {', '.join(_PICTURE_SOURCES)}",
        )
    kind = sources[0]
    value = item[kind]
    weight = 1.0 if item.get("weight") is None else finite(item["weight"], f"{where}.weight")
    shape = QueryPicture(b"", _crop(item.get("crop"), f"{where}.crop"), weight, where)
    if kind == "multipart" and isinstance(value, bytes):
        return value, shape
    if not isinstance(value, str):
        raise wrong(f"{where}.{kind}", "text", value)
    if kind == "base64":
        return _unpack(value, f"{where}.base64"), shape
    if kind == "url" and not value.lower().startswith(("http://", "https://")):
        raise QueryError(
            "the address of a photo starts with http:// or https://",
            where=f"{where}.url",
            hint="send the photo itself as base64 or multipart",
        )
    return (f"multipart:{value}" if kind == "multipart" else value), replace(shape, name=value)


def _unpack(text: str, where: str) -> bytes:
    head, comma, body = text.partition(",")
    if text.startswith("data:"):
        if not comma or not head.endswith(";base64"):
            raise QueryError(
                "the data: address is not base64", where=where, hint="write data:image/jpeg;base64,... or base64 alone"
            )
        text = body
    compact = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise QueryError(
            "the photo is not base64", where=where, hint="encode its bytes as base64 (RFC 4648)"
        ) from error


def _crop(value: Any, where: str) -> Crop | None:
    if value is None:
        return None
    names = ("x0", "y0", "x1", "y1")
    if isinstance(value, str):
        value = [spelt_number(where, part) for part in value.split(",")]
    if isinstance(value, Mapping):
        refuse_unknown(value, names, where)
        whole = {"x0": 0.0, "y0": 0.0, "x1": 1.0, "y1": 1.0}
        value = [value[name] if value.get(name) is not None else whole[name] for name in names]
    if not isinstance(value, (list, tuple)) or len(value) != 4:
        raise wrong(where, "four numbers x0, y0, x1, y1", value)
    try:
        return Crop(*(finite(number, where) for number in value))
    except QueryError as error:
        raise QueryError(error.message, where=where, hint=error.hint) from error


# --- Answer -> JSON ------------------------------------------------------------------------------


def answer_to_fields(answer: Answer) -> dict[str, Any]:
    """An Answer as JSON data. Numbers that JSON has no word for (infinite, not a number) become null."""
    out: dict[str, Any] = {
        "hits": [hit_to_fields(hit) for hit in answer.hits],
        "facet_counts": [facet_to_fields(facet) for facet in answer.facets],
        "found": int(answer.found),
        "page": answer.page,
        "next_cursor": answer.next_cursor,
        "per_page": answer.per_page,
        "search_time_ms": _real(answer.search_time_ms),
        "query_id": answer.query_id,
        "applied_rules": list(answer.applied_rules),
        "redirect": answer.redirect,
        "model_version": answer.model_version,
        "degraded": list(answer.degraded),
        "verdict": answer.verdict,
        "notes": [{"code": n.code, "text": n.text, "values": dict(n.values)} for n in answer.notes],
        "understood": [_chip(chip) for chip in answer.understood],
        "did_you_mean": answer.did_you_mean,
        "staleness_s": _real(answer.staleness_s),
    }
    if answer.timings_ms:
        out["timings_ms"] = {name: _real(value) for name, value in answer.timings_ms.items()}
    if answer.extra:
        out["extra"] = dict(answer.extra)
    return out


def hit_to_fields(hit: Hit) -> dict[str, Any]:
    """A hit as JSON data: the product, which of its variants answers best, and why it is here."""
    out: dict[str, Any] = {
        "product": product_to_fields(hit.product),
        "variant_id": hit.variant.id,
        "position": int(hit.position),
        "score": _real(hit.score),
        "confidence": _real(hit.confidence),
        "picture": hit.picture,
        "pinned": hit.pinned,
        "reasons": [_reason(reason) for reason in hit.reasons],
    }
    return out if hit.why is None else {"why": why_to_fields(hit.why), **out}


def product_to_fields(product: Product) -> dict[str, Any]:
    """A product as JSON data, always with all the fields of a product; variants leave out what they lack."""
    return {
        "id": product.id,
        "title": product.title,
        "description": product.description,
        "brand": product.brand,
        "category": list(product.category),
        "categories": [list(path) for path in product.categories] if product.categories else [],
        "link": product.link,
        "attributes": {name: list(values) for name, values in product.attributes.items()},
        "images": [{"location": image.location, "alt": image.alt} for image in product.images],
        "variants": [variant_to_fields(variant) for variant in product.variants],
        # What most products lack is not gone through: of an answer's time a third is made of such little things.
        "translations": [
            {"language": t.language, "title": t.title, "description": t.description} for t in product.translations
        ]
        if product.translations
        else [],
        "derived": [
            {"field": d.field, "text": d.text, "source": d.source, "confidence": _real(d.confidence)}
            for d in product.derived
        ]
        if product.derived
        else [],
    }


def variant_to_fields(variant: Variant) -> dict[str, Any]:
    """A variant as JSON data. ``list_price`` is left out when it is in another currency than ``price``."""
    out: dict[str, Any] = {"id": variant.id}
    price, was = variant.price, variant.list_price
    if price is not None:
        out["price"], out["currency"] = price.major, price.currency
    if was is not None and (price is None or was.currency == price.currency):
        out["list_price"], out["currency"] = was.major, was.currency
    if variant.in_stock is not None:
        out["in_stock"] = variant.in_stock
    if variant.quantity is not None:
        out["quantity"] = variant.quantity
    if variant.sku:
        out["sku"] = variant.sku
    if variant.gtin:
        out["gtin"] = variant.gtin
    if variant.mpn:
        out["mpn"] = variant.mpn
    if variant.link:
        out["link"] = variant.link
    if variant.attributes:
        out["attributes"] = {name: list(values) for name, values in variant.attributes.items()}
    if variant.images:
        out["images"] = [{"location": image.location, "alt": image.alt} for image in variant.images]
    return out


def _chip(chip: Chip) -> dict[str, Any]:
    return {
        "id": chip.id,
        "kind": chip.kind,
        "text": chip.text,
        "start": chip.start,
        "end": chip.end,
        "filter": chip.filter,
        "boost": chip.boost,
        "denies": list(chip.denial.names) if chip.denial is not None else [],
    }


def _reason(reason: Reason) -> dict[str, Any]:
    out: dict[str, Any] = {
        "source": reason.source,
        "part": reason.part,
        "score": _real(reason.score),
        "contribution": _real(reason.contribution),
        "rank": int(reason.rank),
    }
    if reason.picture:
        out["picture"] = reason.picture
    if reason.terms:
        out["terms"] = list(reason.terms)
    return out


def _real(value: float) -> float | None:
    number = float(value)  # numpy's scalars too
    return number if math.isfinite(number) else None
