"""The access log as `shoplens serve` writes it: lines gathered, in the form of all others, quiet about pictures."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator

import orjson
import pytest
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.requests import Request
from starlette.responses import Response
from structlog.testing import capture_logs

from shoplens.app import Shop
from shoplens.config import ObserveSettings
from shoplens.server import create_app
from shoplens.server.direct import answer_directly
from shoplens.server.lines import MOST_WAITING, Lines, open_lines
from shoplens.server.requests import REQUEST, Noted
from shoplens.server.settling import log_written, set_log
from tests.conftest import SmallShop, cushions

TOLD = {
    "method": "GET",
    "path": "/v1/products/a\nb",
    "status": 200,
    "ms": 4.5,
    "bytes": 12,
    "request_id": "n 1",
    "caller": "key 0123",
    "query": "q=x&token=abc'd",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    small = SmallShop(tmp_path_factory.mktemp("lines") / "small")
    shop = small.open(server={"keys": "off"})
    small.index(shop, cushions(small))
    yield shop
    small.close()


def test_lines_are_as_the_log_has_them() -> None:
    out = io.BytesIO()
    lines = Lines(out, json=False)
    lines.put(TOLD)
    lines.close()
    render = structlog.dev.ConsoleRenderer(colors=False)
    event = TOLD | {"event": "request", "level": "info", "timestamp": "T", "query": "q=x&token=***'d"}
    assert re.sub(r"^\S+Z ", "T ", out.getvalue().decode()) == f"{render(None, 'info', event)}\n"


def test_lines_of_json_are_one_object_each_without_secrets() -> None:
    out = io.BytesIO()
    lines = Lines(out, json=True)
    for n in range(3):
        lines.put(TOLD | {"ms": n})
    lines.close()
    made = [orjson.loads(line) for line in out.getvalue().splitlines()]
    assert [one.pop("ms") for one in made] == [0, 1, 2]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", made[0].pop("timestamp"))
    expected = TOLD | {"event": "request", "level": "info", "query": "q=x&token=***'d"}
    del expected["ms"]
    assert made[0] == expected


def test_who_reads_lines_slowly_stops_nobody_and_is_told_what_is_missing() -> None:
    class Stuck(io.BytesIO):
        free = threading.Event()

        def write(self, data: object) -> int:
            self.free.wait(10)
            return super().write(data)  # type: ignore[arg-type]

    out = Stuck()
    lines = Lines(out, json=True)
    for _ in range(2 * MOST_WAITING):
        lines.put({"path": "/"})
    out.free.set()
    lines.close()
    made = [orjson.loads(line) for line in out.getvalue().splitlines()]
    dropped = sum(one["count"] for one in made if one["event"] == "lines dropped")
    assert dropped > 0
    assert dropped + sum(one["event"] == "request" for one in made) == 2 * MOST_WAITING


def test_a_service_leaves_its_lines_where_they_are_gathered(shop: Shop) -> None:
    out = io.BytesIO()
    lines = Lines(out, json=True)
    open_lines(lines)
    try:
        with TestClient(create_app(shop)) as client, capture_logs() as elsewhere:
            client.get("/v1/search", params={"q": "red"}, headers={"X-Request-ID": "n1"})
    finally:
        open_lines(None)
        lines.close()
    [line] = [orjson.loads(one) for one in out.getvalue().splitlines()]
    assert (line["path"], line["status"], line["kind"], line["request_id"]) == ("/v1/search", 200, "words", "n1")
    assert not [one for one in elsewhere if one["event"] == "request"]


@pytest.mark.parametrize(("level", "told"), [("info", 1), ("debug", 2)])
def test_pictures_leave_lines_only_where_they_are_wanted_or_fail(small: SmallShop, level: str, told: int) -> None:
    shop = small.open(server={"keys": "off"}, observe={"log_level": level})
    small.index(shop, cushions(small))
    [picture] = shop.search("red", per_page=1).hits[:1]
    with TestClient(create_app(shop)) as client, capture_logs() as lines:
        assert client.get(f"/v1/pictures/{picture.picture}").status_code == 200
        assert client.get(f"/v1/pictures/{'0' * 64}").status_code == 404
    assert len([one for one in lines if one["event"] == "request"]) == told


# --- answered without machinery -------------------------------------------------------------------


def test_what_takes_more_than_its_request_is_not_answered_directly() -> None:
    app = FastAPI()

    @app.get("/plain")
    async def plain(request: Request) -> Response:
        return Response(request.query_params["said"])

    @app.get("/more")
    async def more(number: int) -> Response:
        return Response(str(number))

    answer_directly(app, "/plain")
    assert TestClient(app).get("/plain?said=yes").text == "yes"
    for path in ("/more", "/none"):
        with pytest.raises(ValueError, match=path):
            answer_directly(app, path)


def test_an_unexpected_error_of_a_search_is_told_as_of_any_other_route(shop: Shop) -> None:
    app = create_app(shop)
    before, shop.search = shop.search, lambda *_: 1 / 0  # type: ignore[method-assign,assignment]
    try:
        with TestClient(app, raise_server_exceptions=False) as client:
            told = client.get("/v1/search", params={"q": "red"})
    finally:
        shop.search = before  # type: ignore[method-assign]
    assert told.status_code == 500
    assert told.json()["code"] == "unexpected"
    assert told.headers["x-content-type-options"] == "nosniff"


def test_messages_tell_of_which_request_they_are(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """In the log of `shoplens serve`, whichever thread they come from."""
    try:
        with log_written():
            set_log(ObserveSettings(log_format="json"))
            token = REQUEST.set(Noted("n7"))
            structlog.get_logger("other").error("odd")
            REQUEST.reset(token)
    finally:
        structlog.reset_defaults()
    line = orjson.loads(capfdbinary.readouterr().err.splitlines()[-1])
    assert (line["event"], line["request_id"]) == ("odd", "n7")
