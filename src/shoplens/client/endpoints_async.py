"""One method an operation of the service, awaited.

Made by scripts/write_client.py; do not edit.
"""

# fmt: off
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, Unpack

from shoplens.client import types as t
from shoplens.client.asking import Ask, Photos, if_match, search_ask

T = TypeVar("T")


class AsyncEndpoints:
    """The operations of one shop."""

    async def ask(self, kind: type[T], ask: Ask) -> T:
        """Sends a request, again if need be, and reads the answer."""
        raise TypeError("AsyncEndpoints is the base of AsyncClient")

    # --- searching ------------------------------------------------------------------------------

    async def search(self, q: str = "", *, photos: Photos = (), **fields: Unpack[t.SearchFields]) -> t.Answer:
        """Words, photos, products to be like, filters: any mix of them (docs/reference/http.md lists the fields)."""
        return await self.ask(t.Answer, search_ask("/v1/search", {"q": q or None, **fields}, photos))

    async def suggest(self, q: str = "", *, limit: int | None = None) -> t.Suggestions:
        """What a search box proposes for the beginning of a query."""
        return await self.ask(t.Suggestions, Ask("GET", "/v1/suggest", query={"q": q, "limit": limit}))

    async def crops(self, photo: Photos) -> t.Crops:
        """The things on a photo, as crops to search with."""
        return await self.ask(t.Crops, search_ask("/v1/crops", {}, photo))

    async def similar(self, *ids: str, **fields: Unpack[t.SearchFields]) -> t.Answer:
        """Products that are like these."""
        return await self.ask(t.Answer, search_ask("/v1/similar", {"like": list(ids), **fields}, ()))

    async def facets(self, q: str = "", *, photos: Photos = (), **fields: Unpack[t.SearchFields]) -> t.FacetCounts:
        """The counts of a search's facets (``facet_by``) without its hits."""
        return await self.ask(t.FacetCounts, search_ask("/v1/facets", {"q": q or None, **fields}, photos))

    # --- products and pictures ------------------------------------------------------------------

    async def products(self, ids: Sequence[str]) -> t.Products:
        """Several products by their ids, at most 100; those that are not in the shop are left out."""
        return await self.ask(t.Products, Ask("GET", "/v1/products", query={"ids": list(ids)}))

    async def product(self, product_id: str) -> t.StoredProduct:
        """One product. Raises NotFoundError."""
        return await self.ask(t.StoredProduct, Ask("GET", "/v1/products/{product_id}", {"product_id": product_id}))

    async def catalogue(self, cursor: str = "", *, per_page: int | None = None) -> t.Catalogue:
        """All products, page by page: begin without a cursor, go on with ``next_cursor`` until it is empty."""
        query = {"cursor": cursor or None, "per_page": per_page}
        return await self.ask(t.Catalogue, Ask("GET", "/v1/catalogue", query=query))

    async def upsert_products(self, rows: Sequence[Mapping[str, Any]]) -> t.Written:
        """Writes products, at most 1,000: rows as feeds have them."""
        return await self.ask(t.Written, Ask("POST", "/v1/products", json=list(rows)))

    async def patch_products(self, offers: Sequence[Mapping[str, Any]]) -> t.Written:
        """Changes prices and stock of many products, at most 10,000."""
        return await self.ask(t.Written, Ask("PATCH", "/v1/products", json=list(offers)))

    async def delete_products(self, ids: Sequence[str]) -> t.Written:
        """Removes products; those that are not there are told."""
        return await self.ask(t.Written, Ask("POST", "/v1/products/delete", json={"ids": list(ids)}))

    async def put_product(
        self, product_id: str, row: Mapping[str, Any], *, match: str = "", new: bool = False
    ) -> t.StoredProduct:
        """Writes one product. ``match``: an entity tag (``etag_of`` an answer); ConflictError if it is not as that
        says. ``new``: ConflictError if it is there already."""
        names = {"product_id": product_id}
        ask = Ask("PUT", "/v1/products/{product_id}", names, json=row, headers=if_match(match, new=new))
        return await self.ask(t.StoredProduct, ask)

    async def patch_product(self, product_id: str, offer: Mapping[str, Any], *, match: str = "") -> t.StoredProduct:
        """Changes a product's price and stock."""
        names = {"product_id": product_id}
        ask = Ask("PATCH", "/v1/products/{product_id}", names, json=offer, headers=if_match(match))
        return await self.ask(t.StoredProduct, ask)

    async def delete_product(self, product_id: str, *, match: str = "") -> t.Removed:
        """Removes a product. Raises NotFoundError."""
        names = {"product_id": product_id}
        return await self.ask(t.Removed, Ask("DELETE", "/v1/products/{product_id}", names, headers=if_match(match)))

    async def send_picture(self, picture: bytes) -> t.SentPicture:
        """Sends a picture of a product; ``location`` of the answer is what a product's ``image_link`` names."""
        kind = {"Content-Type": "application/octet-stream"}
        return await self.ask(t.SentPicture, Ask("POST", "/v1/pictures", content=picture, headers=kind))

    async def picture(self, picture: str, *, side: int | None = None) -> bytes:
        """A picture of the catalogue by its hash: a JPEG without metadata."""
        return await self.ask(bytes, Ask("GET", "/v1/pictures/{picture}", {"picture": picture}, {"side": side}))

    async def heat(self, picture: str, q: str = "", *, photos: Photos = (), **fields: Unpack[t.SearchFields]) -> t.Heat:
        """Where on a picture of the catalogue a search is, as numbers."""
        given, json_only = {"q": q or None, **fields}, {"Accept": "application/json"}
        names = {"picture": picture}
        ask = search_ask("/v1/pictures/{picture}/heat", given, photos, names=names, headers=json_only)
        return await self.ask(t.Heat, ask)

    # --- rules ----------------------------------------------------------------------------------

    async def rules(self) -> t.Rules:
        """The merchandising rules that there are."""
        return await self.ask(t.Rules, Ask("GET", "/v1/rules"))

    async def rule(self, rule_id: str) -> t.RuleVersion:
        """One rule. Raises NotFoundError."""
        return await self.ask(t.RuleVersion, Ask("GET", "/v1/rules/{rule_id}", {"rule_id": rule_id}))

    async def rule_history(self, rule_id: str) -> t.RuleHistory:
        """All versions of a rule."""
        return await self.ask(t.RuleHistory, Ask("GET", "/v1/rules/{rule_id}/history", {"rule_id": rule_id}))

    async def preview_rule(
        self, rule: t.Rule | None = None, query: t.SearchRequest | None = None, *, at: str = ""
    ) -> t.RulePreview:
        """A query without a rule and with it; nothing is stored."""
        given = {"rule": rule, "query": query or {}, "at": at or None}
        return await self.ask(t.RulePreview, Ask("POST", "/v1/rules/preview", json=given, read=True))

    async def put_rule(self, rule_id: str, rule: t.Rule, *, by: str = "", version: int | None = None) -> t.RuleVersion:
        """Stores a rule. ``version``: the one that is to be changed; ConflictError if there is a newer one."""
        query = {"by": by or None, "version": version}
        return await self.ask(t.RuleVersion, Ask("PUT", "/v1/rules/{rule_id}", {"rule_id": rule_id}, query, rule))

    async def delete_rule(self, rule_id: str, *, by: str = "", version: int | None = None) -> t.RuleVersion:
        """Takes a rule out of force."""
        query = {"by": by or None, "version": version}
        return await self.ask(t.RuleVersion, Ask("DELETE", "/v1/rules/{rule_id}", {"rule_id": rule_id}, query))

    async def restore_rule(self, rule_id: str, version: int, *, by: str = "") -> t.RuleVersion:
        """Makes an old version of a rule the newest."""
        ask = Ask("POST", "/v1/rules/{rule_id}/restore", {"rule_id": rule_id}, {"by": by or None}, {"version": version})
        return await self.ask(t.RuleVersion, ask)

    async def synonyms(self) -> t.Synonyms:
        """Words that mean the same."""
        return await self.ask(t.Synonyms, Ask("GET", "/v1/synonyms"))

    async def put_synonyms(self, rule_id: str, words: Sequence[str], *, of: str = "", by: str = "") -> t.SynonymsSaved:
        """Has words mean the same; with ``of``, has them stand for that one."""
        body = {"words": list(words)} | ({"of": of} if of else {})
        ask = Ask("PUT", "/v1/synonyms/{rule_id}", {"rule_id": rule_id}, {"by": by or None}, body)
        return await self.ask(t.SynonymsSaved, ask)

    async def delete_synonyms(self, rule_id: str, *, by: str = "") -> t.SynonymsSaved:
        """Has words mean the same no more."""
        ask = Ask("DELETE", "/v1/synonyms/{rule_id}", {"rule_id": rule_id}, {"by": by or None})
        return await self.ask(t.SynonymsSaved, ask)

    # --- jobs -----------------------------------------------------------------------------------

    async def import_feed(self, request: Mapping[str, Any]) -> t.Job:
        """Imports a feed by its path or address on the service's side: ``{"path": "products.csv"}``."""
        return await self.ask(t.Job, Ask("POST", "/v1/jobs/import", json=request))

    async def send_feed(self, feed: bytes, **options: str) -> t.Job:
        """Imports a feed that is sent. ``options``: ``format`` and others, as the reference of HTTP names them."""
        kind = {"Content-Type": "application/octet-stream"}
        return await self.ask(t.Job, Ask("POST", "/v1/jobs/import", query=options, content=feed, headers=kind))

    async def jobs(self, cursor: str = "", *, per_page: int | None = None) -> t.Jobs:
        """Jobs, the newest first."""
        return await self.ask(t.Jobs, Ask("GET", "/v1/jobs", query={"cursor": cursor or None, "per_page": per_page}))

    async def job(self, job_id: str) -> t.Job:
        """One job: its state, and how far it has come."""
        return await self.ask(t.Job, Ask("GET", "/v1/jobs/{job_id}", {"job_id": job_id}))

    async def pause_job(self, job_id: str) -> t.Job:
        """Stops a job after what it is at."""
        return await self.ask(t.Job, Ask("POST", "/v1/jobs/{job_id}/pause", {"job_id": job_id}))

    async def resume_job(self, job_id: str, *, allow_removals: bool | None = None) -> t.Job:
        """Goes on with a job that was paused or failed."""
        body = None if allow_removals is None else {"allow_removals": allow_removals}
        return await self.ask(t.Job, Ask("POST", "/v1/jobs/{job_id}/resume", {"job_id": job_id}, json=body))

    async def cancel_job(self, job_id: str) -> t.Job:
        """Stops a job for good; what it has written stays."""
        return await self.ask(t.Job, Ask("POST", "/v1/jobs/{job_id}/cancel", {"job_id": job_id}))

    async def job_report(self, job_id: str) -> bytes:
        """What of a feed could not be used, one JSON object a line."""
        return await self.ask(bytes, Ask("GET", "/v1/jobs/{job_id}/report", {"job_id": job_id})) or b""

    # --- encoders -------------------------------------------------------------------------------

    async def encoders(self) -> t.Encoders:
        """The encoder that serves, and the spaces of which vectors are kept."""
        return await self.ask(t.Encoders, Ask("GET", "/v1/encoders"))

    async def build_encoder(self, encoder: str) -> t.Job:
        """Encodes the catalogue with another encoder, as a job."""
        return await self.ask(t.Job, Ask("POST", "/v1/encoders/build", json={"encoder": encoder}))

    async def switch_encoder(self, encoder: str, *, incomplete: bool = False) -> t.Encoders:
        """Has another encoder serve."""
        body = {"encoder": encoder, "incomplete": incomplete}
        return await self.ask(t.Encoders, Ask("POST", "/v1/encoders/switch", json=body))

    async def roll_back_encoder(self) -> t.Encoders:
        """Has the encoder serve again that did before the last switch."""
        return await self.ask(t.Encoders, Ask("POST", "/v1/encoders/rollback"))

    async def drop_space(self, space: str) -> t.SpaceDropped:
        """Drops the vectors of a space that does not serve."""
        return await self.ask(t.SpaceDropped, Ask("DELETE", "/v1/encoders/spaces/{space}", {"space": space}))

    # --- how it does, and what would do better ---------------------------------------------------

    async def overview(self, *, minutes: int | None = None) -> t.Overview:
        """Traffic, latencies, freshness, encoder and room. ``minutes``: how far back, at most a day."""
        return await self.ask(t.Overview, Ask("GET", "/v1/overview", query={"minutes": minutes}))

    async def limits(self) -> t.Limits:
        """Who needs a key, rates and bounds, and how much keys have used today."""
        return await self.ask(t.Limits, Ask("GET", "/v1/limits"))

    async def doctor(self) -> t.Doctor:
        """What is wrong with the shop, and the call that would mend it."""
        return await self.ask(t.Doctor, Ask("GET", "/v1/doctor"))

    async def changes(self, before: int | None = None, *, per_page: int | None = None) -> t.Changes:
        """The last changes of the catalogue, the newest first; go on with ``next_before`` until it is null."""
        return await self.ask(t.Changes, Ask("GET", "/v1/changes", query={"before": before, "per_page": per_page}))

    async def queries(self, which: str = "top", *, days: int | None = None, limit: int | None = None) -> t.Queries:
        """What shoppers ask: ``top``, ``no_result`` or ``low_confidence``."""
        return await self.ask(t.Queries, Ask("GET", "/v1/queries", query={"list": which, "days": days, "limit": limit}))

    async def compare(self, query: t.SearchRequest, b: t.Configuration, a: t.Configuration | None = None) -> t.Compared:
        """One query under two configurations; without ``a``, the shop as it is beside ``b``."""
        given = {"query": query, "a": a, "b": b}
        return await self.ask(t.Compared, Ask("POST", "/v1/compare", json=given, read=True))

    async def compare_queries(self, request: t.CompareQueriesRequest) -> t.ComparedQueries:
        """Many queries under two configurations: measures where they are judged, agreement where they are not."""
        return await self.ask(t.ComparedQueries, Ask("POST", "/v1/compare/queries", json=request, read=True))

    async def judgements(self) -> t.PeoplesJudgements:
        """What people have judged."""
        return await self.ask(t.PeoplesJudgements, Ask("GET", "/v1/judgements"))

    async def judge(self, query: Mapping[str, Any], grades: Mapping[str, int | None]) -> t.Judgement:
        """Judges products as the answer to a query: 0 to 3, None takes a grade back."""
        return await self.ask(t.Judgement, Ask("POST", "/v1/judgements", json={"query": query, "grades": dict(grades)}))

    # --- keys -----------------------------------------------------------------------------------

    async def keys(self) -> t.Keys:
        """The keys that there are and were, without their secrets."""
        return await self.ask(t.Keys, Ask("GET", "/v1/keys"))

    async def create_key(self, key: t.NewKey) -> t.Key:
        """Makes a key; ``key`` of the answer is it, shown this once."""
        return await self.ask(t.Key, Ask("POST", "/v1/keys", json=key))

    async def revoke_key(self, key_id: str) -> t.Key:
        """Ends a key for good."""
        return await self.ask(t.Key, Ask("DELETE", "/v1/keys/{key_id}", {"key_id": key_id}))

    # --- health ---------------------------------------------------------------------------------

    async def health(self) -> t.Health:
        """Whether the service lives."""
        return await self.ask(t.Health, Ask("GET", "/healthz"))

    async def ready(self) -> t.Readiness:
        """Whether it can answer. Raises BusyError while it warms up."""
        return await self.ask(t.Readiness, Ask("GET", "/readyz"))
