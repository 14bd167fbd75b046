"""What writes take and answer, as JSON schemas, and the errors of their addresses; merged into the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping

from shoplens.editing import STATUSES as ROW_STATUSES
from shoplens.job_running import KINDS
from shoplens.server.schemas import TEXT, WHOLE, YES, Schema, listed, record, ref
from shoplens.stores.job_store import STATES

_PRICE: Schema = {"type": ["string", "number", "object", "null"], "description": '"49.90 EUR", 49.9 beside currency'}
_OFFER: Mapping[str, Schema] = {
    "price": _PRICE,
    "sale_price": _PRICE,
    "list_price": _PRICE,
    "currency": TEXT,
    "availability": {"type": ["string", "boolean", "null"], "description": "in stock, out of stock; also in_stock"},
    "quantity": {"type": ["integer", "string", "null"]},
    "link": {"type": ["string", "null"]},
}
_ENCODER: Schema = {**TEXT, "description": "bundled, onnx:FOLDER, open_clip:MODEL, transformers:MODEL or timm:MODEL"}

SCHEMAS: Mapping[str, Schema] = {
    "GivenProduct": {
        "type": "object",
        "description": "A row as feeds have it; names that are not known become attributes.",
        "properties": {
            "id": TEXT,
            "item_group_id": {**TEXT, "description": "rows that share it are variants of one product"},
            "title": TEXT,
            "description": TEXT,
            "brand": TEXT,
            "product_type": {"type": ["string", "array"], "description": "the category: Bags > Totes"},
            "image_link": {**TEXT, "description": "http(s) address, or a path as in the last feed"},
            "additional_image_link": {"type": ["string", "array"]},
            **_OFFER,
            "variants": listed({"type": "object"}),
        },
        "additionalProperties": True,
    },
    "GivenOffer": {
        "type": "object",
        "description": "What a product is offered for; null takes a value away. Nothing of it touches a vector.",
        "properties": {
            "id": {**TEXT, "description": "of the product, in a batch"},
            **_OFFER,
            "variants": {
                **listed({"type": "object"}),
                "description": "objects with the id of a variant and these fields",
            },
        },
        "additionalProperties": True,
    },
    "ProductIds": record({"ids": {**listed(TEXT), "maxItems": 10_000}}),
    "Written": record(
        {
            "results": listed(ref("WrittenRow")),
            "counts": {"type": "object", "additionalProperties": WHOLE, "description": "rows by status"},
            "seq": {**WHOLE, "description": "the shop's last change when all was committed"},
        },
        said="What became of each row, in order.",
    ),
    "WrittenRow": record(
        {
            "row": {**WHOLE, "description": "from 1"},
            "id": {**TEXT, "description": "of its product; empty where the row names none"},
            "status": {**TEXT, "enum": list(ROW_STATUSES)},
        },
        {
            "problems": listed(record({"field": TEXT, "reason": TEXT, "value": TEXT})),
            "warnings": {
                **listed(record({"field": TEXT, "reason": TEXT})),
                "description": "what was used and perhaps not meant so: a name that looks misspelt, no currency",
            },
        },
    ),
    "ImportRequest": record(
        {},
        {
            "path": {**TEXT, "description": "in the folder of the setting jobs.feeds"},
            "url": {**TEXT, "description": "on one of the hosts of the setting jobs.feed_hosts"},
            "format": {**TEXT, "description": "insist on a kind of feed"},
            "mapping": {"type": "object", "additionalProperties": TEXT, "description": "our field: its column"},
            "keep_missing": {**YES, "description": "products that it lacks stay"},
            "allow_removals": {**YES, "description": "more than half of the catalogue may go"},
            "recheck_pictures": {**YES, "description": "ask for pictures on the net again"},
            "look_at_pictures": {**YES, "description": "false: words, prices and stock only"},
        },
    ),
    "Job": record(
        {
            "id": TEXT,
            "kind": {**TEXT, "enum": list(KINDS)},
            "state": {**TEXT, "enum": list(STATES)},
            "request": {"type": "object", "description": "what was ordered"},
            "progress": {"type": "object", "description": "phase, products, total, rate (a second), eta_s, counts"},
            "created": TEXT,
            "changed": TEXT,
            "by": TEXT,
        },
        {"error": record({"code": TEXT, "detail": TEXT}, {"where": TEXT, "hint": TEXT}, "why it failed")},
        "Work that outlasts a request.",
    ),
    "Jobs": record({"jobs": listed(ref("Job")), "next_cursor": TEXT}),
    "FacetCounts": record({"facet_counts": listed(ref("Facet")), "found": WHOLE}),
    "GivenSynonyms": record(
        {"words": listed(TEXT)}, {"of": {**TEXT, "description": "one way: what the words stand for"}}
    ),
    "Synonyms": record(
        {"synonyms": listed(record({"id": TEXT, "words": listed(TEXT), "version": WHOLE}, {"of": TEXT}))}
    ),
    "SynonymsSaved": record({"id": TEXT, "version": WHOLE}, {"words": listed(TEXT), "of": TEXT}),
    "EncoderBuild": record({"encoder": _ENCODER}),
    "EncoderSwitch": record({"encoder": _ENCODER}, {"incomplete": {**YES, "description": "with vectors missing"}}),
    "Encoders": record(
        {
            "serves": {**TEXT, "description": "name of the encoder"},
            "before": {**TEXT, "description": "the one before the last switch; empty for none"},
            "space": TEXT,
            "spaces": listed(
                record(
                    {
                        "space": TEXT,
                        "vectors": WHOLE,
                        "bytes": WHOLE,
                        "missing": {"type": "object", "additionalProperties": WHOLE},
                        "complete": YES,
                        "serves": YES,
                    }
                )
            ),
        }
    ),
    "SpaceDropped": record({"space": TEXT, "vectors": WHOLE}),
    "SentPicture": record(
        {
            "picture": {**TEXT, "description": "its hash: /v1/pictures/{picture} shows it once a product has it"},
            "location": {**TEXT, "description": "what to send as image_link, or in images"},
            "width": {**WHOLE, "description": "of the file that was sent, in pixels"},
            "height": WHOLE,
        }
    ),
    "Removed": record({"id": TEXT, "seq": WHOLE}),
    "Catalogue": record({"products": listed(ref("StoredProduct")), "next_cursor": TEXT}),
}
"""Name -> schema."""

_STORE = {"503": "the shop cannot be read or written"}
_BODY = _STORE | {"400": "the body makes no sense", "408": "the body took too long", "413": "the body is too large"}
_TAG = {"412": "it is not as If-Match says: somebody else has changed it"}
_SEARCH = _BODY | {"404": "a product of like or unlike is not in the shop", "422": "a photo cannot be used"}
_JOB = _STORE | {"404": "no such job"}
_STATE = {"409": "the job is not in a state in which that can be done"}

ANSWERS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "/v1/catalogue": ("Catalogue", _STORE | {"400": "the cursor is damaged", "422": "a parameter has a wrong form"}),
    "POST /v1/products": ("Written", _BODY),
    "PATCH /v1/products": ("Written", _BODY),
    "/v1/products/delete": ("Written", _BODY),
    "PUT /v1/products/{product_id}": ("StoredProduct", _BODY | _TAG),
    "PATCH /v1/products/{product_id}": ("StoredProduct", _BODY | _TAG | {"404": "not in the shop"}),
    "POST /v1/pictures": ("201 SentPicture", _BODY | {"422": "the picture cannot be used"}),
    "/v1/jobs/import": ("202 Job", _BODY | {"403": "the feed may not be read from there"}),
    "/v1/jobs": ("Jobs", _STORE | {"400": "the cursor is damaged", "422": "a parameter has a wrong form"}),
    "/v1/jobs/{job_id}": ("Job", _JOB),
    "/v1/jobs/{job_id}/pause": ("Job", _JOB | _STATE),
    "/v1/jobs/{job_id}/resume": ("Job", _BODY | _JOB | _STATE),
    "/v1/jobs/{job_id}/cancel": ("Job", _JOB | _STATE),
    "/v1/jobs/{job_id}/report": ("application/x-ndjson", _JOB),
    "/v1/similar": ("Answer", _SEARCH),
    "/v1/facets": ("FacetCounts", _SEARCH),
    "/v1/synonyms": ("Synonyms", _STORE),
    "PUT /v1/synonyms/{rule_id}": ("SynonymsSaved", _BODY | {"409": "the rule does more than synonyms"}),
    "DELETE /v1/synonyms/{rule_id}": ("SynonymsSaved", _STORE | {"404": "no such", "409": "the rule does more"}),
    "/v1/encoders": ("Encoders", _STORE),
    "/v1/encoders/build": ("202 Job", _BODY),
    "/v1/encoders/switch": ("Encoders", _BODY | {"409": "vectors are missing"}),
    "/v1/encoders/rollback": ("Encoders", _BODY | {"409": "vectors are missing"}),
    "/v1/encoders/spaces/{space}": ("SpaceDropped", _STORE | {"404": "no such space", "409": "it serves"}),
    "DELETE /v1/products/{product_id}": ("Removed", _STORE | _TAG | {"404": "not in the shop"}),
}
"""Address, or method and address -> the schema of its answer, and the errors of its own by status."""
