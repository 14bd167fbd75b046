"""Configurations beside each other, over HTTP: one query, or many with measures; and what people judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shoplens.app import Shop
from shoplens.core.fields import refuse_unknown, text_of, whole_of, wrong
from shoplens.core.wire import answer_to_fields, query_from_fields
from shoplens.errors import (
    ConfigError,
    EncoderError,
    EvaluationError,
    MissingExtraError,
    PictureError,
    QueryError,
    SpaceIncompleteError,
)
from shoplens.judgement_files import JudgementFiles, query_id_of
from shoplens.measuring import agreement, measured
from shoplens.server.bodies import object_in
from shoplens.server.callers import CALLER
from shoplens.server.gates import Gate
from shoplens.server.queries import CHOOSE
from shoplens.server.schemas import ref
from shoplens.stores.query_log import FOLDER, read_log
from shoplens.trying import Configuration, ShopTrials, configuration_from_fields

_THREADS, _WAITING = 1, 8
MAX_QUERIES = 500
"""Queries that are compared in one call."""
MEASURE = "nDCG@10"
JUDGED = "judged"
_ONE = '{"query": {"q": "red mug"}, "b": {"semantic_ratio": 0.8}}'
_MANY = '{"queries": "judged", "b": {"semantic_ratio": 0.8}}'
_GRADE = '{"query": {"q": "red mug"}, "grades": {"P1": 3}}'
_ASKED = ("q", "filter_by", "group_by")
"""What of a query its judgements hold for."""


def mount_comparing(app: FastAPI, shop: Shop) -> ShopTrials:
    """Adds ``/v1/compare``, ``/v1/compare/queries`` and ``/v1/judgements``. Returns what is to be closed in the end."""
    gate, settings = Gate(_THREADS, _WAITING), shop.config.server
    trials, judgements = ShopTrials(shop), JudgementFiles(shop.folder)

    async def tried(work: Callable[[], Mapping[str, Any]]) -> Response:
        try:
            return _json(await gate.run(work))
        except SpaceIncompleteError:
            raise
        except (ConfigError, EncoderError, MissingExtraError) as error:  # what the caller has named
            raise QueryError(error.message, where="encoder", hint=error.hint) from error
        except EvaluationError as error:  # a query of a list, a measure
            raise QueryError(error.message, where=error.where, hint=error.hint) from error

    def sides(given: Mapping[str, Any]) -> tuple[Configuration, Configuration]:
        found = configuration_from_fields(given.get("a"), "a"), configuration_from_fields(given.get("b"), "b")
        if not all(map(trials.is_serving, found)):
            _admins_only()
        a, b = found
        return a, replace(b, name=f"{b.name} (B)") if a.name == b.name else b

    @app.post("/v1/compare", summary="One query under two configurations, beside each other", openapi_extra=_BODIES[0])
    async def compare(request: Request) -> Response:
        given = await object_in(request, settings, _ONE)
        refuse_unknown(given, ("query", "a", "b"))
        asked = _object(given, "query")

        def work() -> dict[str, Any]:
            first, second = sides(given)
            query = query_from_fields(asked, _never)
            answers = trials.search(query, first), trials.search(query, second)
            ids = [[hit.product.id for hit in answer.hits] for answer in answers]
            judged = _judged_so(judgements, asked)
            return {
                "a": {"name": first.name, "answer": answer_to_fields(answers[0])},
                "b": {"name": second.name, "answer": answer_to_fields(answers[1])},
                "agreement": agreement(*ids),
                "grades": judged,
            }

        return await tried(work)

    @app.post("/v1/compare/queries", summary="Many queries under two configurations", openapi_extra=_BODIES[1])
    async def compare_queries(request: Request) -> Response:
        given = await object_in(request, settings, _MANY)
        refuse_unknown(given, ("queries", "a", "b", "limit", "days", "measure"))
        limit, days = whole_of(given, "limit", 100), whole_of(given, "days", 30)
        if not 1 <= limit <= MAX_QUERIES:
            raise QueryError(f"from 1 to {MAX_QUERIES} queries", where="limit", hint="100, say")
        if not 1 <= days <= 3_650:
            raise QueryError("from 1 to 3650 days", where="days", hint="30, say")
        measure = text_of(given, "measure", MEASURE)

        def work() -> dict[str, Any]:
            both = sides(given)
            judged = {one.query_id: one for one in judgements.all()}
            asked = _queries(shop, given.get("queries", JUDGED), judged, days)[:limit]
            if not asked:
                raise QueryError(
                    "there is no query to ask",
                    where="queries",
                    hint="judge some in the search lab, or choose queries of the log, which must be on, or send a list",
                )
            return measured(trials, both, asked, {i: one.grades for i, one in judged.items()}, measure)

        return await tried(work)

    @app.get("/v1/judgements", summary="What people have judged: queries, and grades of products")
    async def listed() -> Response:
        found = await gate.run(judgements.all)
        return _json({"queries": [one.to_fields() for one in found]})

    @app.post("/v1/judgements", summary="Judge products as the answer to a query", openapi_extra=_BODIES[2])
    async def judge(request: Request) -> Response:
        given = await object_in(request, settings, _GRADE)
        refuse_unknown(given, ("query", "grades"))
        grades = _object(given, "grades")
        for product_id, grade in grades.items():
            if grade is not None and (isinstance(grade, bool) or not isinstance(grade, int)):
                raise wrong(f"grades.{product_id[:60]}", "a whole number or null", grade)

        def work() -> dict[str, Any]:
            asked = _object(given, "query")
            refuse_unknown(asked, _ASKED, "query")
            query_from_fields(asked, _never)
            if not str(asked.get("q") or "").strip():
                raise QueryError("there are no words to judge for", where="query.q", hint=f"send {_GRADE}")
            return judgements.judge(_kept(asked), grades).to_fields()

        return _json(await gate.run(work))

    return trials


def _queries(shop: Shop, given: Any, judged: Mapping[str, Any], days: int) -> list[tuple[str, Mapping[str, Any]]]:
    if given == JUDGED:
        return [(one.query_id, one.fields) for one in judged.values()]
    if isinstance(given, str) and given in CHOOSE:
        found = CHOOSE[given](list(read_log(shop.folder / FOLDER, days)))
        rows = [
            {"q": one.words} | ({"filter_by": one.where} if one.where else {})
            for one in found
            if one.words and not one.photos and not one.seeds  # the log has no photos to ask with
        ]
        return [(query_id_of(row), row) for row in rows]
    if not isinstance(given, list):
        raise QueryError(
            "neither the name of a list nor a list",
            where="queries",
            hint=f"one of {', '.join((JUDGED, *CHOOSE))}, or queries as a search takes them",
        )
    out: dict[str, Mapping[str, Any]] = {}
    for n, one in enumerate(given):
        if not isinstance(one, dict):
            raise wrong(f"queries[{n}]", "an object", one)
        refuse_unknown(one, _ASKED, f"queries[{n}]")
        query_from_fields(one, _never)
        out[query_id_of(_kept(one))] = _kept(one)
    return list(out.items())


def _judged_so(judgements: JudgementFiles, asked: Mapping[str, Any]) -> dict[str, int]:
    query_id = query_id_of(_kept(asked))
    return next((dict(one.grades) for one in judgements.all() if one.query_id == query_id), {})


def _kept(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What of a query its judgements hold for, without what is not given."""
    kept = {name: asked[name] for name in _ASKED if asked.get(name)}
    return {name: value for name, value in kept.items() if (name, value) != ("group_by", "product")}


def _object(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = given.get(name)
    if not isinstance(found, dict):
        raise wrong(name, "an object", found)
    return found


def _admins_only() -> None:
    key = CALLER.get().key
    if key is None or not key.may("admin"):  # it is opened by its name: a folder, or a model of a hub
        raise HTTPException(403, "another encoder is tried by who has a key with the scope admin")


def _never(source: str) -> bytes:
    raise PictureError("a comparison fetches no photos", reason="refused", where="query.images", hint="send base64")


def _json(data: Mapping[str, Any]) -> Response:
    return Response(
        orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


_BODIES = tuple(
    {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ref(name), "example": orjson.loads(text)}},
        }
    }
    for name, text in (("CompareRequest", _ONE), ("CompareQueriesRequest", _MANY), ("GivenJudgements", _GRADE))
)
