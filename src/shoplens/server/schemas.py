"""What the service takes and gives, as JSON schemas of the OpenAPI document (tests hold real answers against them)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoplens.core.notes import TEXTS
from shoplens.core.query import MAX_CURSOR
from shoplens.core.suggestion import SUGGESTION_KINDS
from shoplens.core.understood import KINDS
from shoplens.core.why import ATTRIBUTES, FEED, PICTURE
from shoplens.core.wire import QUERY_FIELDS

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
REAL: Schema = {"type": "number"}
YES: Schema = {"type": "boolean"}


def ref(name: str) -> Schema:
    """A reference to one of SCHEMAS."""
    return {"$ref": f"#/components/schemas/{name}"}


def listed(of: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": of}


def named(values: Schema) -> Schema:
    """An object whose names are data: attributes, timings."""
    return {"type": "object", "additionalProperties": values}


def record(properties: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, said: str = "") -> Schema:
    """An object of known names; those of ``optional`` may be missing."""
    out: Schema = {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
        "additionalProperties": False,
    }
    return out | ({"description": said} if said else {})


def _or_null(of: Schema) -> Schema:
    return {**of, "type": [of["type"], "null"]}


def _said(of: Schema, description: str) -> Schema:
    return {**of, "description": description}


_ATTRIBUTES = named(listed(TEXT))
_PICTURE_HASH = _said(TEXT, "sha256 of a picture's file, in hex: /v1/pictures/{picture}")
_SEED = {"oneOf": [TEXT, record({"id": TEXT}, {"weight": REAL})]}
_PHOTO = {
    "oneOf": [
        _said(TEXT, "an http(s) address, or data:image/...;base64,..."),
        record(
            {},
            {
                "url": TEXT,
                "base64": TEXT,
                "multipart": _said(TEXT, "name of a part of the form"),
                "crop": _said({**listed(REAL), "minItems": 4, "maxItems": 4}, "x0, y0, x1, y1 as shares of 1"),
                "weight": REAL,
            },
        ),
    ]
}
_NAMES: Schema = {"oneOf": [TEXT, listed(TEXT)]}
_FIELD_TYPES: Mapping[str, Schema] = {
    "q": {**TEXT, "maxLength": 512},
    "words_weight": {**REAL, "minimum": -10, "maximum": 10},
    "images": {**listed(_PHOTO), "maxItems": 8},
    "like": listed(_SEED),
    "unlike": listed(_SEED),
    "filter_by": TEXT,
    "facet_by": _NAMES,
    "max_facet_values": {**WHOLE, "minimum": 1, "maximum": 1000},
    "sort_by": _NAMES,
    "page": {**WHOLE, "minimum": 1},
    "per_page": {**WHOLE, "minimum": 0, "maximum": 250},
    "group_by": {**TEXT, "enum": ["product", "variant"]},
    "pinned_hits": listed(TEXT),
    "hidden_hits": listed(TEXT),
    "semantic_ratio": {**REAL, "minimum": 0, "maximum": 1},
    "understand": YES,
    "find_crop": YES,
    "without_chips": listed(TEXT),
    "diversity": {**REAL, "minimum": 0, "maximum": 1},
    "cursor": {**TEXT, "maxLength": MAX_CURSOR},
    "user_token": TEXT,
    "explain": YES,
}

_VARIANT = record(
    {"id": TEXT},
    {
        "price": REAL,
        "list_price": REAL,
        "currency": _said(TEXT, "ISO 4217; of both prices"),
        "in_stock": YES,
        "quantity": REAL,
        "sku": TEXT,
        "gtin": TEXT,
        "mpn": TEXT,
        "link": TEXT,
        "attributes": _ATTRIBUTES,
        "images": listed(ref("Image")),
    },
    "One sellable variant; what the feed does not give is left out. Money is in the major unit.",
)
_PRODUCT: Mapping[str, Schema] = {
    "id": TEXT,
    "title": TEXT,
    "description": TEXT,
    "brand": TEXT,
    "category": _said(listed(TEXT), "from the general to the special"),
    "categories": _said(listed(listed(TEXT)), "further categories"),
    "link": TEXT,
    "attributes": _ATTRIBUTES,
    "images": listed(ref("Image")),
    "variants": listed(ref("Variant")),
    "translations": listed(record({"language": TEXT, "title": TEXT, "description": TEXT})),
    "derived": listed(record({"field": TEXT, "text": TEXT, "source": TEXT, "confidence": _or_null(REAL)})),
}

WHY = record(
    {
        "words": _said(listed(TEXT), "of the query, as written, that the product has"),
        "highlights": listed(
            record(
                {
                    "field": {**TEXT, "enum": ["title", "brand", "category", "attributes", "description", "derived"]},
                    "text": _said(TEXT, "one value of the field; of a description a part"),
                    "ranges": _said(listed(listed(WHOLE)), "start and end in characters (code points) of the text"),
                    "terms": listed(TEXT),
                }
            )
        ),
        "traits": listed(
            record(
                {
                    "part": _said(TEXT, "of the query: words, image 1, like P7"),
                    "attribute": {**TEXT, "enum": list(ATTRIBUTES)},
                    **dict.fromkeys(("asked", "asked_zh", "has", "has_zh"), TEXT),
                    "agrees": YES,
                    "source": _said({**TEXT, "enum": [FEED, PICTURE]}, "what the shop says, or what its picture shows"),
                    "confidence": REAL,
                }
            )
        ),
        "because": _said(TEXT, "what it shares with photos and products of the query"),
        "because_zh": TEXT,
    },
    said="Why a hit is here, beside the parts of its score; only with explain.",
)

CROP_PROPOSAL = record(
    {
        "crop": _said(
            {**listed(REAL), "minItems": 4, "maxItems": 4}, "x0, y0, x1, y1 as shares of 1, as images[] take"
        ),
        "confidence": _said(REAL, "the chance that it frames a thing"),
        "likeness": _said(REAL, "cosine of the product that is most like it"),
        "kind": {
            "oneOf": [
                record({"key": TEXT, "english": TEXT, "chinese": TEXT, "confidence": REAL}),
                {"type": "null"},
            ]
        },
    },
    {"answer": ref("Answer")},
)
_TARGETS = listed(record({}, {"ids": listed(TEXT), "filter": TEXT, "by": _said(REAL, "log odds, more than 0 (2)")}))
_RULE = record(
    {"then": record({}, {
        "pin": listed({"oneOf": [TEXT, record({"id": TEXT}, {"position": WHOLE})]}),
        "hide": listed({"oneOf": [TEXT, record({"filter": TEXT})]}),
        "boost": _TARGETS,
        "bury": _TARGETS,
        "redirect": TEXT,
        "synonyms": listed(record({"words": listed(TEXT)}, {"of": _said(TEXT, "one way: what the words stand for")})),
    })},
    {
        "id": TEXT,
        "when": record({}, {"query": _NAMES, "match": {**TEXT, "enum": ["contains", "exact"]}, "filter": TEXT}),
        "priority": WHOLE,
        "starts": _said(TEXT, "UTC, 2026-11-27T00:00:00Z"),
        "ends": _said(TEXT, "UTC"),
        "enabled": YES,
        "note": TEXT,
    },
    "A merchandising rule; docs/howto/rules.md.",
)  # fmt: skip
_RULE_VERSION = record(
    {
        "rule_id": TEXT,
        "version": WHOLE,
        "what": {**TEXT, "enum": ["put", "delete", "restore"]},
        "at": _said(TEXT, "UTC"),
        "by": TEXT,
        "seq": WHOLE,
        "rule": {"oneOf": [ref("Rule"), {"type": "null"}]},
    },
    {"warnings": _said(listed(TEXT), "what has no effect as the shop is now")},
    "A rule from one moment on; null: it was deleted.",
)
_PLACE = {"type": ["integer", "null"]}
_RULE_PREVIEW = record(
    {
        "at": TEXT,
        "applies": _said(YES, "whether the rule has a say in this query"),
        "moves": listed(record({"product_id": TEXT, "before": _PLACE, "after": _PLACE})),
        "warnings": listed(TEXT),
        "before": ref("Answer"),
        "after": ref("Answer"),
    }
)

FIELDS: Mapping[str, str] = {
    **QUERY_FIELDS,
    "images": "photos: each a string (http(s) address, or data:) or {url | base64 | multipart, crop, weight}",
}
"""The fields of a search as the service takes them: a path would name a file of the server."""

SCHEMAS: Mapping[str, Schema] = {
    "SearchRequest": record(
        {}, {name: _said(_FIELD_TYPES[name], meaning) for name, meaning in FIELDS.items()}, "null: not given."
    ),
    "Answer": record(
        {
            "hits": listed(ref("Hit")),
            "facet_counts": listed(ref("Facet")),
            "found": _said(WHOLE, "size of the result set"),
            "page": WHOLE,
            "next_cursor": _said(TEXT, 'for the hits after these; "" when there are none'),
            "per_page": WHOLE,
            "search_time_ms": _or_null(REAL),
            "query_id": TEXT,
            "applied_rules": _said(listed(TEXT), "ids of the merchandising rules that had a say"),
            "redirect": _said(TEXT, 'where a rule sends the shopper instead; "" for nowhere'),
            "model_version": TEXT,
            "degraded": _said(listed(TEXT), "what did not work; the answer does without"),
            "verdict": {**TEXT, "enum": ["match", "similar", "none"]},
            "notes": listed(ref("Note")),
            "understood": listed(ref("Chip")),
            "did_you_mean": _said(TEXT, 'words that were probably meant; "" for none'),
            "staleness_s": _or_null(REAL),
        },
        {"timings_ms": named(_or_null(REAL)), "extra": {"type": "object"}},
    ),
    "Hit": record(
        {
            "product": ref("Product"),
            "variant_id": _said(TEXT, "the variant that answers best"),
            "position": WHOLE,
            "score": _or_null(REAL),
            "confidence": _or_null(REAL),
            "picture": _PICTURE_HASH,
            "pinned": YES,
            "reasons": _said(listed(ref("Reason")), "their contributions add up to the score"),
        },
        {"why": ref("Why")},
    ),
    "Why": WHY,
    "Heat": record({"picture": _PICTURE_HASH, "part": TEXT, "energy": listed(listed(REAL))}),
    "Crops": record({"crops": listed(ref("CropProposal"))}),
    "CropProposal": CROP_PROPOSAL,
    "Reason": record(
        {"source": TEXT, "part": TEXT, "score": _or_null(REAL), "contribution": _or_null(REAL), "rank": WHOLE},
        {"picture": _PICTURE_HASH, "terms": listed(TEXT)},
    ),
    "Note": record(
        {
            "code": {**TEXT, "enum": list(TEXTS)},
            "text": _said(TEXT, "in English"),
            "values": _said({"type": "object"}, "what the text is filled with, for texts of your own"),
        },
        said="What was changed about the query, or why nothing was found.",
    ),
    "Chip": record(
        {
            "id": _said(TEXT, "for without_chips"),
            "kind": {**TEXT, "enum": list(KINDS)},
            "text": _said(TEXT, "the part of the words, as written"),
            "start": _said(WHOLE, "of the words without double spaces, in characters"),
            "end": WHOLE,
            "filter": _said(TEXT, "what must hold; empty for none"),
            "boost": _said(TEXT, "what counts in favour; empty for none"),
            "denies": _said(listed(TEXT), "what no hit is called by"),
        },
        said="What was understood of a part of the words.",
    ),
    "Facet": record(
        {"field": TEXT, "counts": listed(ref("FacetValue")), "missing": WHOLE},
        {
            "min": REAL,
            "max": REAL,
            "ranges": listed(ref("FacetRange")),
            "levels": _said(
                listed(record({"path": TEXT, "counts": listed(ref("FacetValue"))})),
                "categories: the topmost, then the children along the paths that the filter names",
            ),
        },
        "Counts as if the filter said nothing of this field.",
    ),
    "FacetValue": record({"value": TEXT, "count": WHOLE}),
    "FacetRange": record(
        {"count": WHOLE, "filter": _said(TEXT, "for filter_by")}, {"from": REAL, "to": REAL}, "from <= number < to"
    ),
    "Suggestions": record({"suggestions": listed(ref("Suggestion"))}),
    "Suggestion": record(
        {
            "text": _said(TEXT, "what to put into the search box"),
            "kind": {**TEXT, "enum": list(SUGGESTION_KINDS)},
            "count": _said(WHOLE, "products in stock"),
        },
        {
            "filter": _said(TEXT, "of a brand or category: filter_by to send instead of q"),
            "field": _said(TEXT, "the same as a facet: its field"),
            "value": TEXT,
            "product_id": TEXT,
        },
    ),
    "Product": record(_PRODUCT),
    "StoredProduct": record(
        dict(_PRODUCT)
        | {
            "pictures": listed(_PICTURE_HASH),
            "picture_of": _said(named(_PICTURE_HASH), "by the location that images of product and variants name"),
        }
    ),
    "Products": record({"products": listed(ref("StoredProduct"))}),
    "Variant": _VARIANT,
    "Image": record({"location": TEXT, "alt": TEXT}),
    "Rule": _RULE,
    "RuleVersion": _RULE_VERSION,
    "Rules": record({"rules": listed(ref("RuleVersion"))}),
    "RuleHistory": record({"versions": listed(ref("RuleVersion"))}),
    "RulePreview": _RULE_PREVIEW,
    "RulePreviewRequest": record(
        {}, {"rule": ref("Rule"), "query": ref("SearchRequest"), "at": TEXT}, "no rule: all in force against none"
    ),
    "Health": record({"status": TEXT, "version": TEXT}),
    "Readiness": record({"status": {**TEXT, "enum": ["ready", "degraded"]}}, {"degraded": listed(TEXT)}),
    "Problem": record(
        {
            "type": {**TEXT, "format": "uri"},
            "title": TEXT,
            "status": WHOLE,
            "code": _said(TEXT, "stable; the reference of errors lists them"),
            "detail": _said(TEXT, "for people"),
        },
        {"where": _said(TEXT, "the field concerned"), "hint": _said(TEXT, "what to do next"), "request_id": TEXT},
        "An error (RFC 9457).",
    ),
}
"""Name -> schema (JSON Schema 2020-12, as OpenAPI 3.1 takes it)."""
