"""What the service takes and gives, as its OpenAPI document has it.

Made by scripts/write_client.py; do not edit.
"""

# ruff: noqa: UP013, E501
# fmt: off
from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

SearchRequestImages = TypedDict("SearchRequestImages", {"url": "str", "base64": "str",
    "multipart": "str", "crop": "list[float]", "weight": "float"}, total=False)
SearchRequestLike = TypedDict("SearchRequestLike", {"id": "str", "weight": "NotRequired[float]"})
SearchRequestUnlike = TypedDict("SearchRequestUnlike", {"id": "str", "weight": "NotRequired[float]"})
SearchRequest = TypedDict("SearchRequest", {"q": "str", "words_weight": "float",
    "images": "list[str | SearchRequestImages]", "like": "list[str | SearchRequestLike]",
    "unlike": "list[str | SearchRequestUnlike]", "filter_by": "str", "facet_by": "str | list[str]",
    "max_facet_values": "int", "sort_by": "str | list[str]", "page": "int", "per_page": "int",
    "group_by": "Literal['product', 'variant']", "pinned_hits": "list[str]",
    "hidden_hits": "list[str]", "semantic_ratio": "float", "understand": "bool", "find_crop": "bool",
    "without_chips": "list[str]", "diversity": "float", "cursor": "str", "user_token": "str",
    "explain": "bool"}, total=False)
Answer = TypedDict("Answer", {"hits": "list[Hit]", "facet_counts": "list[Facet]", "found": "int", "page": "int",
    "next_cursor": "str", "per_page": "int", "search_time_ms": "float | None", "query_id": "str",
    "applied_rules": "list[str]", "redirect": "str", "model_version": "str", "degraded": "list[str]",
    "verdict": "Literal['match', 'similar', 'none']", "notes": "list[Note]", "understood": "list[Chip]",
    "did_you_mean": "str", "staleness_s": "float | None", "timings_ms": "NotRequired[dict[str, float | None]]",
    "extra": "NotRequired[dict[str, Any]]"})
Hit = TypedDict("Hit", {"product": "Product", "variant_id": "str", "position": "int", "score": "float | None",
    "confidence": "float | None", "picture": "str", "pinned": "bool", "reasons": "list[Reason]",
    "why": "NotRequired[Why]"})
WhyHighlights = TypedDict("WhyHighlights", {
    "field": "Literal['title', 'brand', 'category', 'attributes', 'description', 'derived']", "text": "str",
    "ranges": "list[list[int]]", "terms": "list[str]"})
WhyTraits = TypedDict("WhyTraits", {"part": "str",
    "attribute": "Literal['kind', 'color', 'material', 'pattern', 'gender', 'brand']", "asked": "str",
    "asked_zh": "str", "has": "str", "has_zh": "str", "agrees": "bool", "source": "Literal['feed', 'picture']",
    "confidence": "float"})
Why = TypedDict("Why", {"words": "list[str]", "highlights": "list[WhyHighlights]", "traits": "list[WhyTraits]",
    "because": "str", "because_zh": "str"})
Heat = TypedDict("Heat", {"picture": "str", "part": "str", "energy": "list[list[float]]"})
Crops = TypedDict("Crops", {"crops": "list[CropProposal]"})
CropProposalKind = TypedDict("CropProposalKind", {"key": "str", "english": "str", "chinese": "str",
    "confidence": "float"})
CropProposal = TypedDict("CropProposal", {"crop": "list[float]", "confidence": "float", "likeness": "float",
    "kind": "CropProposalKind | None", "answer": "NotRequired[Answer]"})
Reason = TypedDict("Reason", {"source": "str", "part": "str", "score": "float | None",
    "contribution": "float | None", "rank": "int", "picture": "NotRequired[str]", "terms": "NotRequired[list[str]]"})
Note = TypedDict("Note", {
    "code": "Literal['words_cut', 'terms_cut', 'typo', 'recoloured', 'price_other_currency', 'not_understood', 'cropped', 'texts_only', 'kind_beyond_price', 'sort_without_values', 'diversity_sorted', 'shop_empty', 'filter_without_values', 'filter_leaves_none', 'filter_hides', 'words_unknown']",
    "text": "str", "values": "dict[str, Any]"})
Chip = TypedDict("Chip", {"id": "str",
    "kind": "Literal['price', 'color', 'material', 'pattern', 'size', 'measure', 'gender', 'age', 'brand', 'kind', 'feature']",
    "text": "str", "start": "int", "end": "int", "filter": "str", "boost": "str", "denies": "list[str]"})
FacetLevels = TypedDict("FacetLevels", {"path": "str", "counts": "list[FacetValue]"})
Facet = TypedDict("Facet", {"field": "str", "counts": "list[FacetValue]", "missing": "int",
    "min": "NotRequired[float]", "max": "NotRequired[float]", "ranges": "NotRequired[list[FacetRange]]",
    "levels": "NotRequired[list[FacetLevels]]"})
FacetValue = TypedDict("FacetValue", {"value": "str", "count": "int"})
FacetRange = TypedDict("FacetRange", {"count": "int", "filter": "str", "from": "NotRequired[float]",
    "to": "NotRequired[float]"})
Suggestions = TypedDict("Suggestions", {"suggestions": "list[Suggestion]"})
Suggestion = TypedDict("Suggestion", {"text": "str", "kind": "Literal['query', 'brand', 'category', 'product']",
    "count": "int", "filter": "NotRequired[str]", "field": "NotRequired[str]", "value": "NotRequired[str]",
    "product_id": "NotRequired[str]"})
ProductTranslations = TypedDict("ProductTranslations", {"language": "str", "title": "str", "description": "str"})
ProductDerived = TypedDict("ProductDerived", {"field": "str", "text": "str", "source": "str",
    "confidence": "float | None"})
Product = TypedDict("Product", {"id": "str", "title": "str", "description": "str", "brand": "str",
    "category": "list[str]", "categories": "list[list[str]]", "link": "str", "attributes": "dict[str, list[str]]",
    "images": "list[Image]", "variants": "list[Variant]", "translations": "list[ProductTranslations]",
    "derived": "list[ProductDerived]"})
StoredProductTranslations = TypedDict("StoredProductTranslations", {"language": "str", "title": "str",
    "description": "str"})
StoredProductDerived = TypedDict("StoredProductDerived", {"field": "str", "text": "str", "source": "str",
    "confidence": "float | None"})
StoredProduct = TypedDict("StoredProduct", {"id": "str", "title": "str", "description": "str", "brand": "str",
    "category": "list[str]", "categories": "list[list[str]]", "link": "str", "attributes": "dict[str, list[str]]",
    "images": "list[Image]", "variants": "list[Variant]", "translations": "list[StoredProductTranslations]",
    "derived": "list[StoredProductDerived]", "pictures": "list[str]", "picture_of": "dict[str, str]"})
Products = TypedDict("Products", {"products": "list[StoredProduct]"})
Variant = TypedDict("Variant", {"id": "str", "price": "NotRequired[float]", "list_price": "NotRequired[float]",
    "currency": "NotRequired[str]", "in_stock": "NotRequired[bool]", "quantity": "NotRequired[float]",
    "sku": "NotRequired[str]", "gtin": "NotRequired[str]", "mpn": "NotRequired[str]", "link": "NotRequired[str]",
    "attributes": "NotRequired[dict[str, list[str]]]", "images": "NotRequired[list[Image]]"})
Image = TypedDict("Image", {"location": "str", "alt": "str"})
RuleThenPin = TypedDict("RuleThenPin", {"id": "str", "position": "NotRequired[int]"})
RuleThenHide = TypedDict("RuleThenHide", {"filter": "str"})
RuleThenBoost = TypedDict("RuleThenBoost", {"ids": "list[str]", "filter": "str", "by": "float"}, total=False)
RuleThenBury = TypedDict("RuleThenBury", {"ids": "list[str]", "filter": "str", "by": "float"}, total=False)
RuleThenSynonyms = TypedDict("RuleThenSynonyms", {"words": "list[str]", "of": "NotRequired[str]"})
RuleThen = TypedDict("RuleThen", {"pin": "list[str | RuleThenPin]", "hide": "list[str | RuleThenHide]",
    "boost": "list[RuleThenBoost]", "bury": "list[RuleThenBury]", "redirect": "str",
    "synonyms": "list[RuleThenSynonyms]"}, total=False)
RuleWhen = TypedDict("RuleWhen", {"query": "str | list[str]", "match": "Literal['contains', 'exact']",
    "filter": "str"}, total=False)
Rule = TypedDict("Rule", {"then": "RuleThen", "id": "NotRequired[str]", "when": "NotRequired[RuleWhen]",
    "priority": "NotRequired[int]", "starts": "NotRequired[str]", "ends": "NotRequired[str]",
    "enabled": "NotRequired[bool]", "note": "NotRequired[str]"})
RuleVersion = TypedDict("RuleVersion", {"rule_id": "str", "version": "int",
    "what": "Literal['put', 'delete', 'restore']", "at": "str", "by": "str", "seq": "int", "rule": "Rule | None",
    "warnings": "NotRequired[list[str]]"})
Rules = TypedDict("Rules", {"rules": "list[RuleVersion]"})
RuleHistory = TypedDict("RuleHistory", {"versions": "list[RuleVersion]"})
RulePreviewMoves = TypedDict("RulePreviewMoves", {"product_id": "str", "before": "int | None", "after": "int | None"})
RulePreview = TypedDict("RulePreview", {"at": "str", "applies": "bool", "moves": "list[RulePreviewMoves]",
    "warnings": "list[str]", "before": "Answer", "after": "Answer"})
RulePreviewRequest = TypedDict("RulePreviewRequest", {"rule": "Rule", "query": "SearchRequest",
    "at": "str"}, total=False)
Health = TypedDict("Health", {"status": "str", "version": "str"})
Readiness = TypedDict("Readiness", {"status": "Literal['ready', 'degraded']", "degraded": "NotRequired[list[str]]"})
Problem = TypedDict("Problem", {"type": "str", "title": "str", "status": "int", "code": "str", "detail": "str",
    "where": "NotRequired[str]", "hint": "NotRequired[str]", "request_id": "NotRequired[str]"})
GivenProduct = TypedDict("GivenProduct", {"id": "str", "item_group_id": "str", "title": "str",
    "description": "str", "brand": "str", "product_type": "str | list[Any]", "image_link": "str",
    "additional_image_link": "str | list[Any]", "price": "str | float | dict[str, Any] | None",
    "sale_price": "str | float | dict[str, Any] | None",
    "list_price": "str | float | dict[str, Any] | None", "currency": "str",
    "availability": "str | bool | None", "quantity": "int | str | None", "link": "str | None",
    "variants": "list[dict[str, Any]]"}, total=False)
GivenOffer = TypedDict("GivenOffer", {"id": "str", "price": "str | float | dict[str, Any] | None",
    "sale_price": "str | float | dict[str, Any] | None",
    "list_price": "str | float | dict[str, Any] | None", "currency": "str",
    "availability": "str | bool | None", "quantity": "int | str | None", "link": "str | None",
    "variants": "list[dict[str, Any]]"}, total=False)
ProductIds = TypedDict("ProductIds", {"ids": "list[str]"})
Written = TypedDict("Written", {"results": "list[WrittenRow]", "counts": "dict[str, int]", "seq": "int"})
WrittenRowProblems = TypedDict("WrittenRowProblems", {"field": "str", "reason": "str", "value": "str"})
WrittenRowWarnings = TypedDict("WrittenRowWarnings", {"field": "str", "reason": "str"})
WrittenRow = TypedDict("WrittenRow", {"row": "int", "id": "str",
    "status": "Literal['created', 'updated', 'unchanged', 'deleted', 'missing', 'rejected']",
    "problems": "NotRequired[list[WrittenRowProblems]]", "warnings": "NotRequired[list[WrittenRowWarnings]]"})
ImportRequest = TypedDict("ImportRequest", {"path": "str", "url": "str", "format": "str",
    "mapping": "dict[str, str]", "keep_missing": "bool", "allow_removals": "bool",
    "recheck_pictures": "bool", "look_at_pictures": "bool"}, total=False)
JobError = TypedDict("JobError", {"code": "str", "detail": "str", "where": "NotRequired[str]",
    "hint": "NotRequired[str]"})
Job = TypedDict("Job", {"id": "str", "kind": "Literal['import', 'encode']",
    "state": "Literal['queued', 'running', 'pausing', 'paused', 'cancelling', 'cancelled', 'done', 'failed']",
    "request": "dict[str, Any]", "progress": "dict[str, Any]", "created": "str", "changed": "str", "by": "str",
    "error": "NotRequired[JobError]"})
Jobs = TypedDict("Jobs", {"jobs": "list[Job]", "next_cursor": "str"})
FacetCounts = TypedDict("FacetCounts", {"facet_counts": "list[Facet]", "found": "int"})
GivenSynonyms = TypedDict("GivenSynonyms", {"words": "list[str]", "of": "NotRequired[str]"})
SynonymsSynonyms = TypedDict("SynonymsSynonyms", {"id": "str", "words": "list[str]", "version": "int",
    "of": "NotRequired[str]"})
Synonyms = TypedDict("Synonyms", {"synonyms": "list[SynonymsSynonyms]"})
SynonymsSaved = TypedDict("SynonymsSaved", {"id": "str", "version": "int", "words": "NotRequired[list[str]]",
    "of": "NotRequired[str]"})
EncoderBuild = TypedDict("EncoderBuild", {"encoder": "str"})
EncoderSwitch = TypedDict("EncoderSwitch", {"encoder": "str", "incomplete": "NotRequired[bool]"})
EncodersSpaces = TypedDict("EncodersSpaces", {"space": "str", "vectors": "int", "bytes": "int",
    "missing": "dict[str, int]", "complete": "bool", "serves": "bool"})
Encoders = TypedDict("Encoders", {"serves": "str", "before": "str", "space": "str", "spaces": "list[EncodersSpaces]"})
SpaceDropped = TypedDict("SpaceDropped", {"space": "str", "vectors": "int"})
SentPicture = TypedDict("SentPicture", {"picture": "str", "location": "str", "width": "int", "height": "int"})
Removed = TypedDict("Removed", {"id": "str", "seq": "int"})
Catalogue = TypedDict("Catalogue", {"products": "list[StoredProduct]", "next_cursor": "str"})
Key = TypedDict("Key", {"id": "str", "name": "str", "scopes": "list[Literal['search', 'catalogue', 'admin']]",
    "created": "str", "expires": "str | None", "filter": "str | None", "rate": "str | None", "quota": "int | None",
    "revoked": "str | None", "key": "NotRequired[str]"})
Keys = TypedDict("Keys", {"keys": "list[Key]"})
NewKey = TypedDict("NewKey", {"name": "str", "scopes": "list[Literal['search', 'catalogue', 'admin']]",
    "expires": "NotRequired[str]", "filter": "NotRequired[str]", "rate": "NotRequired[str]",
    "quota": "NotRequired[int]"})
OverviewEncoder = TypedDict("OverviewEncoder", {"name": "str", "space": "str"})
OverviewRows = TypedDict("OverviewRows", {"pictures": "int", "texts": "int"})
OverviewFreshness = TypedDict("OverviewFreshness", {"staleness_s": "float", "seq": "int", "vectors_behind": "int",
    "words_behind": "int"})
OverviewTrafficPoints = TypedDict("OverviewTrafficPoints", {"at": "str", "searches": "int", "nothing": "int",
    "unsure": "int", "failed": "int", "p50_ms": "float | None", "p99_ms": "float | None"})
OverviewTraffic = TypedDict("OverviewTraffic", {"minutes": "int", "searches": "int", "nothing": "int",
    "unsure": "int", "failed": "int", "p50_ms": "float | None", "p99_ms": "float | None",
    "points": "list[OverviewTrafficPoints]"})
OverviewQueryLog = TypedDict("OverviewQueryLog", {"enabled": "bool", "days": "int"})
OverviewDisk = TypedDict("OverviewDisk", {"free_bytes": "int", "bytes": "int"})
Overview = TypedDict("Overview", {"version": "str", "shop": "str", "serving_since": "str",
    "encoder": "OverviewEncoder", "products": "int", "rows": "OverviewRows", "freshness": "OverviewFreshness",
    "degraded": "list[str]", "traffic": "OverviewTraffic", "query_log": "OverviewQueryLog", "rules": "int",
    "disk": "NotRequired[OverviewDisk]"})
Limits = TypedDict("Limits", {"keys": "Literal['off', 'writes', 'all']", "rules_writable": "bool",
    "rate_per_address": "str", "rate_per_key": "str", "max_waiting": "int", "max_wait_ms": "float",
    "timeout_s": "float", "max_body_bytes": "int", "used_today": "dict[str, int]"})
QueriesTotals = TypedDict("QueriesTotals", {"asked": "int", "different": "int", "nothing": "int", "unsure": "int",
    "photos": "int", "ms_p50": "float", "ms_p99": "float"})
QueriesQueries = TypedDict("QueriesQueries", {"words": "str", "asked": "int", "nothing": "int", "unsure": "int",
    "found": "int", "photos": "int", "seeds": "int", "confidence": "float | None", "ms": "float", "last": "str",
    "where": "str", "notes": "list[str]"})
Queries = TypedDict("Queries", {"list": "Literal['top', 'no_result', 'low_confidence']", "days": "int",
    "enabled": "bool", "totals": "QueriesTotals", "queries": "list[QueriesQueries]", "more": "int"})
DoctorFindingsFix = TypedDict("DoctorFindingsFix", {"method": "str", "path": "str",
    "body": "NotRequired[dict[str, Any]]"})
DoctorFindings = TypedDict("DoctorFindings", {"level": "Literal['error', 'warning', 'note']", "code": "str",
    "message": "str", "hint": "str", "count": "int", "examples": "list[str]", "fix": "DoctorFindingsFix | None"})
Doctor = TypedDict("Doctor", {"findings": "list[DoctorFindings]", "about": "dict[str, Any]"})
ChangesChanges = TypedDict("ChangesChanges", {"seq": "int", "id": "str",
    "what": "Literal['product', 'offer', 'removed']", "title": "str"})
Changes = TypedDict("Changes", {"changes": "list[ChangesChanges]", "next_before": "int | None"})
Configuration = TypedDict("Configuration", {"name": "str", "encoder": "str", "semantic_ratio": "float",
    "depth": "int", "balance": "dict[str, float]", "rules": "bool", "understand": "bool"}, total=False)
CompareRequest = TypedDict("CompareRequest", {"query": "SearchRequest", "a": "NotRequired[Configuration]",
    "b": "NotRequired[Configuration]"})
ComparedA = TypedDict("ComparedA", {"name": "str", "answer": "Answer"})
ComparedB = TypedDict("ComparedB", {"name": "str", "answer": "Answer"})
ComparedAgreement = TypedDict("ComparedAgreement", {"rbo": "float", "shared": "float", "first": "bool"})
Compared = TypedDict("Compared", {"a": "ComparedA", "b": "ComparedB", "agreement": "ComparedAgreement",
    "grades": "dict[str, int]"})
CompareQueriesRequestQueries = TypedDict("CompareQueriesRequestQueries", {"q": "str",
    "filter_by": "str", "group_by": "Literal['product', 'variant']"}, total=False)
CompareQueriesRequest = TypedDict("CompareQueriesRequest", {
    "queries": "Literal['judged', 'top', 'no_result', 'low_confidence'] | list[CompareQueriesRequestQueries]",
    "a": "Configuration", "b": "Configuration", "limit": "int", "days": "int", "measure": "str"}, total=False)
ComparedQueriesAsked = TypedDict("ComparedQueriesAsked", {"query_id": "str", "query": "dict[str, Any]",
    "a": "list[str]", "b": "list[str]"})
ComparedQueriesLatencyMsA = TypedDict("ComparedQueriesLatencyMsA", {"p50": "float", "p99": "float"})
ComparedQueriesLatencyMsB = TypedDict("ComparedQueriesLatencyMsB", {"p50": "float", "p99": "float"})
ComparedQueriesLatencyMs = TypedDict("ComparedQueriesLatencyMs", {"a": "ComparedQueriesLatencyMsA",
    "b": "ComparedQueriesLatencyMsB"})
ComparedQueries = TypedDict("ComparedQueries", {"a": "str", "b": "str", "queries": "int", "depth": "int",
    "judged_by": "str", "warning": "str", "order": "list[str]", "asked": "list[ComparedQueriesAsked]",
    "latency_ms": "ComparedQueriesLatencyMs", "not_measured": "str", "overlap": "NotRequired[dict[str, Any]]",
    "verdict": "NotRequired[Literal['', 'better', 'worse', 'open']]", "side_by_side": "NotRequired[dict[str, Any]]"})
GivenJudgementsQuery = TypedDict("GivenJudgementsQuery", {"q": "str", "filter_by": "str",
    "group_by": "Literal['product', 'variant']"}, total=False)
GivenJudgements = TypedDict("GivenJudgements", {"query": "GivenJudgementsQuery", "grades": "dict[str, int | None]"})
JudgementQuery = TypedDict("JudgementQuery", {"q": "str", "filter_by": "str",
    "group_by": "Literal['product', 'variant']"}, total=False)
Judgement = TypedDict("Judgement", {"query_id": "str", "query": "JudgementQuery", "grades": "dict[str, int]"})
PeoplesJudgements = TypedDict("PeoplesJudgements", {"queries": "list[Judgement]"})
SearchFieldsLike = TypedDict("SearchFieldsLike", {"id": "str", "weight": "NotRequired[float]"})
SearchFieldsUnlike = TypedDict("SearchFieldsUnlike", {"id": "str", "weight": "NotRequired[float]"})
SearchFieldsImages = TypedDict("SearchFieldsImages", {"url": "str", "base64": "str",
    "multipart": "str", "crop": "list[float]", "weight": "float"}, total=False)
SearchFields = TypedDict("SearchFields", {"words_weight": "float",
    "like": "list[str | SearchFieldsLike]", "unlike": "list[str | SearchFieldsUnlike]",
    "filter_by": "str", "facet_by": "str | list[str]", "max_facet_values": "int",
    "sort_by": "str | list[str]", "page": "int", "per_page": "int",
    "group_by": "Literal['product', 'variant']", "pinned_hits": "list[str]",
    "hidden_hits": "list[str]", "semantic_ratio": "float", "understand": "bool", "find_crop": "bool",
    "without_chips": "list[str]", "diversity": "float", "cursor": "str", "user_token": "str",
    "explain": "bool", "images": "list[str | SearchFieldsImages]"}, total=False)
