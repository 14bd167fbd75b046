"""What the back office asks and is answered, as JSON schemas, and the errors of its addresses."""

from __future__ import annotations

from collections.abc import Mapping

from shoplens.server.schemas import REAL, TEXT, WHOLE, YES, Schema, listed, record, ref
from shoplens.trying import FIELDS

_MAYBE: Schema = {"type": ["number", "null"]}
_COUNTS: Mapping[str, Schema] = {
    "searches": {**WHOLE, "description": "that were answered"},
    "nothing": {**WHOLE, "description": "of these found nothing"},
    "unsure": {**WHOLE, "description": "of these found something, but nothing certain"},
    "failed": WHOLE,
    "p50_ms": {**_MAYBE, "description": "of whole requests, waiting included, in steps of 15 %; null for none"},
    "p99_ms": _MAYBE,
}
_TOTALS: Mapping[str, Schema] = {
    **dict.fromkeys(("asked", "different", "nothing", "unsure", "photos"), WHOLE),
    **dict.fromkeys(("ms_p50", "ms_p99"), REAL),
}
_GRADES: Schema = {"type": "object", "additionalProperties": {**WHOLE, "minimum": 0, "maximum": 3}}
_ASKED: Schema = record(
    {}, {"q": TEXT, "filter_by": TEXT, "group_by": {**TEXT, "enum": ["product", "variant"]}}, "What is judged."
)
_TYPES: Mapping[str, Schema] = {
    "name": TEXT,
    "encoder": TEXT,
    "semantic_ratio": {**REAL, "minimum": 0, "maximum": 1},
    "depth": {**WHOLE, "minimum": 10, "maximum": 5_000},
    "balance": {"type": "object", "additionalProperties": REAL},
    "rules": YES,
    "understand": YES,
}
_SIDE: Schema = record({"name": TEXT, "answer": ref("Answer")})
_LATENCY: Schema = record({"p50": REAL, "p99": REAL})
_QUERIES: Schema = {
    "oneOf": [{**TEXT, "enum": ["judged", "top", "no_result", "low_confidence"]}, {**listed(_ASKED), "maxItems": 500}]
}

SCHEMAS: Mapping[str, Schema] = {
    "Overview": record(
        {
            "version": TEXT,
            "shop": {**TEXT, "description": "name of its folder"},
            "serving_since": TEXT,
            "encoder": record({"name": TEXT, "space": TEXT}),
            "products": {**WHOLE, "description": "that can be found"},
            "rows": record({"pictures": WHOLE, "texts": WHOLE}),
            "freshness": record(
                {
                    "staleness_s": {**REAL, "description": "age of the oldest write that the words do not have yet"},
                    "seq": {**WHOLE, "description": "the shop's last change"},
                    "vectors_behind": WHOLE,
                    "words_behind": WHOLE,
                }
            ),
            "degraded": {**listed(TEXT), "description": "parts that answer nothing just now"},
            "traffic": record(
                {
                    "minutes": WHOLE,
                    **_COUNTS,
                    "points": {
                        **listed(record({"at": TEXT, **_COUNTS})),
                        "description": "at most 60, the oldest first",
                    },
                },
                said="Since this service was started, at most a day.",
            ),
            "query_log": record({"enabled": YES, "days": {**WHOLE, "description": "for which it is kept"}}),
            "rules": {**WHOLE, "description": "merchandising rules that are enabled"},
        },
        {"disk": record({"free_bytes": WHOLE, "bytes": WHOLE})},
    ),
    "Limits": record(
        {
            "keys": {**TEXT, "enum": ["off", "writes", "all"]},
            "rules_writable": YES,
            "rate_per_address": TEXT,
            "rate_per_key": TEXT,
            "max_waiting": WHOLE,
            "max_wait_ms": REAL,
            "timeout_s": REAL,
            "max_body_bytes": WHOLE,
            "used_today": {
                "type": "object",
                "additionalProperties": WHOLE,
                "description": "id of a key with a quota -> requests that count against it",
            },
        },
        said="As the settings have them.",
    ),
    "Queries": record(
        {
            "list": {**TEXT, "enum": ["top", "no_result", "low_confidence"]},
            "days": WHOLE,
            "enabled": {**YES, "description": "whether queries are kept (setting query_log.enabled)"},
            "totals": record(_TOTALS),
            "queries": listed(
                record(
                    {
                        "words": TEXT,
                        **dict.fromkeys(("asked", "nothing", "unsure", "found", "photos", "seeds"), WHOLE),
                        "confidence": _MAYBE,
                        "ms": REAL,
                        "last": TEXT,
                        "where": TEXT,
                        "notes": listed(TEXT),
                    }
                )
            ),
            "more": {**WHOLE, "description": "queries beyond limit"},
        }
    ),
    "Doctor": record(
        {
            "findings": listed(
                record(
                    {
                        "level": {**TEXT, "enum": ["error", "warning", "note"]},
                        "code": TEXT,
                        "message": TEXT,
                        "hint": TEXT,
                        "count": WHOLE,
                        "examples": listed(TEXT),
                        "fix": {
                            "oneOf": [
                                record({"method": TEXT, "path": TEXT}, {"body": {"type": "object"}}),
                                {"type": "null"},
                            ],
                            "description": "the call that mends it, where there is one",
                        },
                    }
                )
            ),
            "about": {"type": "object"},
        }
    ),
    "Changes": record(
        {
            "changes": listed(
                record(
                    {
                        "seq": WHOLE,
                        "id": TEXT,
                        "what": {**TEXT, "enum": ["product", "offer", "removed"]},
                        "title": {**TEXT, "description": "as it is now; empty where the product is gone"},
                    }
                )
            ),
            "next_before": {"type": ["integer", "null"], "description": "before of the next page; null on the last"},
        }
    ),
    "Configuration": record({}, {name: {**_TYPES[name], "description": said} for name, said in FIELDS.items()}),
    "CompareRequest": record(
        {"query": ref("SearchRequest")}, {"a": ref("Configuration"), "b": ref("Configuration")}, "Without a: as it is."
    ),
    "Compared": record(
        {
            "a": _SIDE,
            "b": _SIDE,
            "agreement": record({"rbo": REAL, "shared": REAL, "first": YES}),
            "grades": {**_GRADES, "description": "of this query, as people have judged"},
        }
    ),
    "CompareQueriesRequest": record(
        {},
        {
            "queries": _QUERIES,
            "a": ref("Configuration"),
            "b": ref("Configuration"),
            "limit": {**WHOLE, "minimum": 1, "maximum": 500},
            "days": {**WHOLE, "minimum": 1, "maximum": 3_650, "description": "of the log, to look back"},
            "measure": {**TEXT, "description": "by which queries are told apart: nDCG@10"},
        },
    ),
    "ComparedQueries": record(
        {
            "a": TEXT,
            "b": TEXT,
            "queries": WHOLE,
            "depth": WHOLE,
            "judged_by": {**TEXT, "description": "people, or empty where nothing is judged"},
            "warning": TEXT,
            "order": {**listed(TEXT), "description": "ids of queries, those that A answers better first"},
            "asked": listed(
                record({"query_id": TEXT, "query": {"type": "object"}, "a": listed(TEXT), "b": listed(TEXT)})
            ),
            "latency_ms": record({"a": _LATENCY, "b": _LATENCY}),
            "not_measured": {**TEXT, "description": "why judgements were not used; empty if they were, or are none"},
        },
        {
            "overlap": {"type": "object", "description": "how far the rankings agree: rbo, shared, first, per_query"},
            "verdict": {**TEXT, "enum": ["", "better", "worse", "open"], "description": "of A"},
            "side_by_side": {"type": "object", "description": "measures of both, intervals, the paired test"},
        },
    ),
    "GivenJudgements": record(
        {
            "query": _ASKED,
            "grades": {
                "type": "object",
                "additionalProperties": {"type": ["integer", "null"], "minimum": 0, "maximum": 3},
                "description": "product id -> 0 wrong, 1 acceptable, 2 good, 3 just right; null takes it back",
            },
        }
    ),
    "Judgement": record({"query_id": TEXT, "query": _ASKED, "grades": _GRADES}),
    "PeoplesJudgements": record({"queries": listed(ref("Judgement"))}),
}
"""Name -> schema."""

_STORE = {"503": "the shop cannot be read"}
_WRONG = {"422": "a parameter has a wrong form"}
_BODY = _STORE | {"400": "the body makes no sense", "408": "the body took too long", "413": "the body is too large"}
_TRIED = _BODY | {
    "404": "a product of like or unlike is not in the shop",
    "409": "the shop lacks the encoder's vectors",
}
_TRIED |= {"422": "a photo cannot be used"}

ANSWERS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "/v1/overview": ("Overview", _STORE | _WRONG),
    "/v1/limits": ("Limits", _STORE),
    "/v1/doctor": ("Doctor", _STORE),
    "/v1/changes": ("Changes", _STORE | _WRONG),
    "/v1/queries": ("Queries", _STORE | _WRONG),
    "/v1/compare": ("Compared", _TRIED),
    "/v1/compare/queries": ("ComparedQueries", _TRIED),
    "/v1/judgements": ("PeoplesJudgements", _STORE),
    "POST /v1/judgements": ("Judgement", _BODY | {"422": "a photo stands where none is looked at"}),
}
"""Address, or method and address -> the schema of its answer, and the errors of its own by status."""
