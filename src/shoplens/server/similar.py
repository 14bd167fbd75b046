"""Thin addresses over search and rules: what is similar to products or photos, facets alone, synonyms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from shoplens.app import Shop
from shoplens.core.answer import Answer
from shoplens.core.facet_fields import facet_to_fields
from shoplens.core.fields import refuse_unknown
from shoplens.core.query import Query as Asked
from shoplens.core.rules import RuleVersion, Synonyms
from shoplens.core.wire import answer_to_fields
from shoplens.errors import NotFoundError, QueryError, RuleConflictError
from shoplens.server.bodies import object_in
from shoplens.server.conditions import refuse_conditions
from shoplens.server.gates import Gate
from shoplens.server.reading import read_query
from shoplens.server.schemas import FIELDS, ref

Search = Callable[[Asked], Answer]
By = Annotated[str, Query(description="who changes it, for the history; the caller if not given")]


def mount_similar(
    app: FastAPI, shop: Shop, gate: Gate, fetches: Gate, search: Search, never: Callable[..., Any]
) -> None:
    """Adds ``/v1/similar`` and ``/v1/facets``.

    Args:
        fetches: the gate of photos that are given by their addresses.
        search: answers a query.
        never: refuses the address of a photo where none was looked for.
    """

    async def asked(request: Request, work: Callable[[Asked], dict[str, Any]]) -> Response:
        given = await read_query(request, shop.config.server)
        fetched = await fetches.run(lambda: given.make(shop.photo_fetcher())) if given.fetches else None
        return _json(await gate.run(lambda: work(fetched or given.make(never))))

    def similar(query: Asked) -> dict[str, Any]:
        if query.words or not (query.seeds or query.pictures):
            raise QueryError(
                "what is it to be like?",
                where="like",
                hint="give like or images, and no q",
            )
        seeds = tuple(seed.product_id for seed in query.seeds)
        return answer_to_fields(search(replace(query, hidden_hits=(*query.hidden_hits, *seeds))))

    def facets(query: Asked) -> dict[str, Any]:
        if not query.facet_by:
            raise QueryError("no facet is asked for", where="facet_by", hint="facet_by=brand,price")
        answer = search(replace(query, page=1, per_page=0, cursor=""))
        return {"facet_counts": [facet_to_fields(facet) for facet in answer.facets], "found": answer.found}

    for path, work, summary, example in (
        ("/v1/similar", similar, "Products like others, or like photos", {"like": ["P1"], "per_page": 8}),
        ("/v1/facets", facets, "Facets of a search, without its hits", {"q": "bag", "facet_by": ["brand", "color"]}),
    ):
        _both(app, path, work, asked, summary, example)


def _both(
    app: FastAPI,
    path: str,
    work: Callable[[Asked], dict[str, Any]],
    asked: Callable[[Request, Callable[[Asked], dict[str, Any]]], Any],
    summary: str,
    example: Mapping[str, Any],
) -> None:
    async def endpoint(request: Request) -> Response:
        found: Response = await asked(request, work)
        return found

    fields = [
        {"name": name, "in": "query", "required": False, "description": meaning, "schema": {"type": "string"}}
        for name, meaning in FIELDS.items()
    ]
    body = {"content": {"application/json": {"schema": ref("SearchRequest"), "example": example}}}
    app.get(path, summary=summary, openapi_extra={"parameters": fields})(endpoint)
    app.post(path, summary=summary, openapi_extra={"requestBody": body})(endpoint)


def mount_synonyms(app: FastAPI, shop: Shop, gate: Gate) -> None:
    """Adds ``/v1/synonyms``: rules that hold synonyms and nothing else."""
    rules, settings = shop.rules, shop.config.server

    @app.get("/v1/synonyms", summary="Words that mean the same")
    async def listed() -> Response:
        return _json({"synonyms": await gate.run(lambda: [one for v in rules.list() for one in _synonyms(v)])})

    @app.put("/v1/synonyms/{rule_id}", summary="Have words mean the same", openapi_extra=_BODY)
    async def put(rule_id: str, request: Request, by: By = "") -> Response:
        refuse_conditions(request, _VERSION)
        given = await object_in(request, settings, '{"words": ["sneaker", "trainer"]}')
        refuse_unknown(given, ("words", "of"))

        def work() -> dict[str, Any]:
            _only_synonyms(shop, rule_id)
            saved = rules.put({"id": rule_id, "then": {"synonyms": [given]}}, by=_who(request, by))
            return {"id": rule_id, **given, "version": saved.version.version}

        return _json(await gate.run(work))

    @app.delete("/v1/synonyms/{rule_id}", summary="Have words mean the same no more")
    async def delete(rule_id: str, request: Request, by: By = "") -> Response:
        refuse_conditions(request, _VERSION)

        def work() -> dict[str, Any]:
            if not _only_synonyms(shop, rule_id):
                raise NotFoundError(f"there are no synonyms {rule_id!r}", hint="list them: GET /v1/synonyms")
            return {"id": rule_id, "version": rules.delete(rule_id, by=_who(request, by)).version}

        return _json(await gate.run(work))


def _synonyms(version: RuleVersion) -> list[dict[str, Any]]:
    actions = version.rule.then if version.rule is not None else ()
    return [
        {"id": version.rule_id, "words": list(action.words), "version": version.version}
        | ({"of": action.of} if action.of else {})
        for action in actions
        if isinstance(action, Synonyms)
    ]


def _only_synonyms(shop: Shop, rule_id: str) -> bool:
    """Whether there is such a rule. Raises RuleConflictError for one that does more."""
    try:
        rule = shop.rules.get(rule_id).rule
    except NotFoundError:
        return False
    if rule is None or not all(isinstance(action, Synonyms) for action in rule.then):
        raise RuleConflictError(
            "the rule does more than synonyms", where=f"rule {rule_id}", hint="change it by /v1/rules"
        )
    return True


def _who(request: Request, by: str) -> str:
    caller = (request.scope.get("state") or {}).get("caller")
    return by.strip() or str(caller or f"http {request.client.host if request.client else 'unknown'}")


def _json(data: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")


_VERSION = "synonyms are rules: change them by /v1/rules with ?version="
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": ref("GivenSynonyms"), "example": {"words": ["sneaker", "trainer"]}}},
    }
}
