"""The client against a real service: every operation has its method, answers and refusals arrive as they are."""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import inspect
import pickle
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from shoplens.client import (
    ApiError,
    Ask,
    AsyncClient,
    BusyError,
    Client,
    ConflictError,
    InvalidError,
    NoAnswerError,
    NotAllowedError,
    NotFoundError,
    Patience,
    Photo,
    UnreadableError,
)
from shoplens.client import endpoints as endpoints_module
from shoplens.client.endpoints import Endpoints
from shoplens.client.endpoints_async import AsyncEndpoints
from tests.conftest import SmallShop, cushions
from tests.guarded import run_async
from tests.serving import key_for, serving
from tests.support import picture

ROOT = Path(__file__).resolve().parents[2]
NO_PATIENCE = Patience(retries=0)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    small = SmallShop(tmp_path_factory.mktemp("client") / "small")
    shop = small.open()
    small.index(shop, [*cushions(small), {"id": "a/b c?ü", "title": "Odd id"}])
    with serving(shop) as found:
        yield found, key_for(shop, "search", "catalogue", "admin")
    small.close()


@pytest.fixture
def address(service: tuple[str, str]) -> str:
    return service[0]


@pytest.fixture
def client(service: tuple[str, str]) -> Iterator[Client]:
    with Client(service[0], api_key=service[1]) as made:
        yield made


def asked() -> set[tuple[str, str]]:
    """(method, path) of all requests that the methods of Endpoints make."""
    found = set()
    for node in ast.walk(ast.parse(inspect.getsource(endpoints_module))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            if node.func.id == "Ask":
                found.add((texts[0], texts[1]))
            elif node.func.id == "search_ask":
                found.add(("POST", texts[0]))
    return found


def test_every_operation_has_a_method(client: Client) -> None:
    document = client.ask(dict[str, Any], Ask("GET", "/v1/openapi.json"))
    there = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    # Where one search can be asked by GET and by POST, POST takes photos too.
    for path in ("/v1/search", "/v1/similar", "/v1/facets", "/v1/pictures/{picture}/heat"):
        assert ("POST", path) in there
        there.discard(("GET", path))
    assert there - asked() == set(), "add a method to src/shoplens/client/endpoints.py"
    assert asked() - there == set(), "the service has no such operation"


def test_both_clients_have_the_same_methods_and_the_types_of_the_document() -> None:
    names = {name for name in vars(Endpoints) if not name.startswith("_")}
    assert names == {name for name in vars(AsyncEndpoints) if not name.startswith("_")}
    assert all(inspect.iscoroutinefunction(getattr(AsyncEndpoints, name)) for name in names)
    spec = importlib.util.spec_from_file_location("write_client", ROOT / "scripts" / "write_client.py")
    assert spec is not None
    assert spec.loader is not None
    writer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(writer)
    assert writer.stale() == [], "run: python scripts/write_client.py"


def test_words_photos_and_pages(client: Client, tmp_path: Path) -> None:
    assert client.search("red cushion", per_page=3)["hits"][0]["product"]["id"] == "C1"
    green = picture("green", side=100, shade=2)
    (tmp_path / "green.png").write_bytes(green)
    for photo in (green, tmp_path / "green.png", str(tmp_path / "green.png"), Photo(green, crop=(0, 0, 1, 1))):
        assert client.search(photos=photo, per_page=1)["hits"][0]["product"]["id"] == "C2"
    both = client.search("mug", photos=[Photo(picture("red"), weight=0.5)], filter_by="in_stock", facet_by=["brand"])
    assert both["hits"][0]["product"]["id"] == "M1"
    assert both["facet_counts"][0]["field"] == "brand"
    found = [hit["product"]["id"] for hit in client.hits(sort_by="price:asc", per_page=2, filter_by="price>0")]
    assert found == ["M1", "C1", "C2", "C3", "C4", "C5"]
    assert client.crops(green)["crops"] is not None


def test_the_rest_of_what_can_be_read(client: Client) -> None:
    assert [p["id"] for p in client.products(["M1", "nope"])["products"]] == ["M1"]
    one = client.product("C1")
    assert one["variants"][0]["price"] == pytest.approx(9.9)
    assert client.product("a/b c?ü")["title"] == "Odd id"
    assert client.picture(one["pictures"][0], side=64)[:2] == b"\xff\xd8"
    assert len(client.heat(one["pictures"][0], "red")["energy"]) >= 1
    assert all(set(s) >= {"text", "kind"} for s in client.suggest("cush", limit=3)["suggestions"])
    assert client.health()["status"] == "ok"
    assert client.ready()["status"] == "ready"


def test_rules_are_written_and_conflicts_told(client: Client) -> None:
    saved = client.put_rule("first", {"then": {"pin": ["C5"]}}, by="test")
    assert saved["version"] == 1
    assert client.rules()["rules"][0]["rule_id"] == client.rule("first")["rule_id"] == "first"
    assert client.search("cushion")["hits"][0]["product"]["id"] == "C5"
    with pytest.raises(ConflictError) as caught:
        client.put_rule("first", {"then": {"pin": ["C4"]}}, version=0)
    assert caught.value.code == "rule_conflict"
    assert client.preview_rule({"id": "try", "then": {"hide": ["C1"]}}, {"q": "cushion"})["applies"]
    client.delete_rule("first")
    assert client.restore_rule("first", 1)["what"] == "restore"
    assert [v["what"] for v in client.rule_history("first")["versions"]].count("put") == 1
    client.delete_rule("first")


def test_products_are_written_changed_and_removed(client: Client) -> None:
    written = client.upsert_products([{"id": "N1", "title": "New lamp", "price": "20 EUR"}, {"title": "no id"}])
    assert written["results"][0]["status"] == "created"
    assert client.put_product("N/2 ?", {"title": "Other lamp", "price": "30 EUR"})["id"] == "N/2 ?"
    assert client.patch_product("N1", {"price": "15 EUR"})["variants"][0]["price"] == pytest.approx(15)
    assert client.patch_products([{"id": "N1", "quantity": 3}])["counts"]
    with pytest.raises(ConflictError):
        client.patch_product("N1", {"quantity": 1}, match='"other"')
    assert client.delete_product("N/2 ?")["id"] == "N/2 ?"
    assert client.delete_products(["N1", "nope"])["results"][0]["id"] == "N1"
    pages, cursor = 0, ""
    ids: list[str] = []
    while pages == 0 or cursor:
        page = client.catalogue(cursor, per_page=3)
        ids += [product["id"] for product in page["products"]]
        cursor, pages = page["next_cursor"], pages + 1
    assert set(ids) >= {"C1", "M1"}
    assert "N1" not in ids


def test_jobs_keys_synonyms_and_encoders(client: Client) -> None:
    job = client.wait_for(
        client.send_feed(b'{"id": "J1", "title": "From a job", "price": "3 EUR"}\n', keep_missing="true")
    )
    assert job["state"] in ("done", "failed"), job
    assert [one["id"] for one in client.jobs(per_page=1)["jobs"]] == [job["id"]]
    assert isinstance(client.job_report(job["id"]), bytes)
    for again in (client.pause_job, client.resume_job, client.cancel_job):
        with pytest.raises(ApiError):
            again("no-such-job")
    made = client.create_key({"name": "shop front", "scopes": ["search"]})
    with Client(str(client._http.base_url), api_key=made["key"]) as front:
        assert front.search("cushion")["found"]
        with pytest.raises(NotAllowedError):
            front.keys()
    assert client.revoke_key(made["id"])["id"] == made["id"]
    assert made["id"] in {key["id"] for key in client.keys()["keys"]}
    client.put_synonyms("pillows", ["pillow", "cushion"])
    assert client.synonyms()["synonyms"][0]["id"] == "pillows"
    client.delete_synonyms("pillows")
    assert client.similar("C1", per_page=2)["hits"]
    assert client.facets("cushion", facet_by=["brand"])["facet_counts"][0]["field"] == "brand"
    assert client.encoders()
    for wrong in (
        lambda: client.roll_back_encoder(),
        lambda: client.drop_space("none"),
        lambda: client.build_encoder("x:"),
    ):
        with pytest.raises(ApiError):
            wrong()


def test_refusals_are_errors_that_say_all(client: Client) -> None:
    with pytest.raises(NotFoundError):
        client.product("nope")
    with pytest.raises(InvalidError) as caught:
        client.search(filter_by="price<")
    error = caught.value
    assert (error.status, error.code, error.where) == (400, "filter", "filter_by")
    assert error.hint
    assert error.detail in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.status) == (InvalidError, str(error), 400)


def test_the_client_that_does_not_wait_for_answers(address: str) -> None:
    async def several() -> list[str]:
        async with AsyncClient(address) as client:
            answers = await asyncio.gather(*(client.search(colour, per_page=1) for colour in ("red", "blue")))
            with pytest.raises(NotFoundError):
                await client.product("nope")
            pages = [hit["product"]["id"] async for hit in client.hits(sort_by="price:desc", per_page=4)]
            assert pages[0] == "C5"
            return [answer["hits"][0]["product"]["id"] for answer in answers]

    first, second = run_async(several())
    assert first in ("C1", "M1")
    assert second in ("C3", "M1")


# --- what real services do on a bad day ------------------------------------------------------------


class Script:
    """A service that gives its prepared answers one after the other: (status, headers, body)."""

    def __init__(self, *answers: tuple[int, dict[str, str], bytes]) -> None:
        self.seen: list[tuple[str, str, dict[str, str], float]] = []
        left = list(answers)
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                script.seen.append((self.command, self.path, headers, time.monotonic()))
                status, extra, body = left.pop(0)
                if status == 0:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in {"content-length": str(len(body)), **extra}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_PUT = do_GET

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        self.address = f"http://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


JSON = {"content-type": "application/json"}
PROBLEM = {"content-type": "application/problem+json", "x-request-id": "r-1"}
BUSY = (429, {**PROBLEM, "retry-after": "0"}, b'{"code": "busy", "detail": "more wait"}')
FINE = (200, JSON, b'{"version": 1}')


def served(*answers: tuple[int, dict[str, str], bytes]) -> Script:
    return Script(*answers)


def test_a_write_is_sent_again_with_the_same_key() -> None:
    script = served(BUSY, (503, {**PROBLEM, "retry-after": "0"}, b"{}"), (0, {}, b""), FINE)
    with Client(script.address, api_key="k", patience=Patience(first_s=0.01)) as client:
        assert client.put_rule("a", {"then": {}})["version"] == 1
    keys = {headers["idempotency-key"] for _, _, headers, _ in script.seen}
    assert len(script.seen) == 4
    assert len(keys) == 1
    assert {headers["authorization"] for _, _, headers, _ in script.seen} == {"Bearer k"}
    script.close()


def test_a_read_carries_no_idempotency_key_and_waits_as_long_as_it_is_told() -> None:
    script = served((429, {**PROBLEM, "retry-after": "1"}, b"{}"), (200, JSON, b'{"hits": []}'))
    with Client(script.address) as client:
        client.search("x")
    (_, _, headers, first), (_, _, _, second) = script.seen
    assert "idempotency-key" not in headers
    assert second - first >= 1.0
    script.close()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((429, {**PROBLEM, "retry-after": "86400"}, b'{"code": "quota"}'), BusyError),
        ((401, PROBLEM, b"{}"), NotAllowedError),
        ((500, PROBLEM, b'{"detail": "unexpected"}'), ApiError),
        ((502, {"content-type": "text/html"}, b"<html>"), ApiError),
        ((200, JSON, b"{"), UnreadableError),
        ((302, {"location": "http://elsewhere.example/"}, b""), UnreadableError),
    ],
)
def test_what_is_not_asked_again(answer: tuple[int, dict[str, str], bytes], kind: type[Exception]) -> None:
    script = served(answer)
    with Client(script.address) as client, pytest.raises(kind) as caught:
        client.rules()
    assert len(script.seen) == 1
    if isinstance(caught.value, ApiError) and answer[1] is PROBLEM:
        assert caught.value.request_id == "r-1"
    script.close()


def test_nobody_there_and_no_answer_in_time() -> None:
    with Client("http://127.0.0.1:9", patience=NO_PATIENCE) as client, pytest.raises(NoAnswerError):
        client.health()

    def slow(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow")

    with (
        Client(patience=NO_PATIENCE, transport=httpx.MockTransport(slow)) as client,
        pytest.raises(NoAnswerError, match="in time"),
    ):
        client.health()


def test_the_key_of_the_environment_and_the_shop_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPLENS_API_KEY", "from-outside")
    script = served(FINE)
    with Client(script.address, shop="shoes") as client:
        client.rule("a/b")
    ((_, path, headers, _),) = script.seen
    assert path == "/shops/shoes/v1/rules/a%2Fb"
    assert headers["authorization"] == "Bearer from-outside"
    script.close()


def test_waits_double_and_end() -> None:
    patience = Patience(retries=3, first_s=1.0, longest_s=3.0)
    for attempt, most in enumerate((1.0, 2.0, 3.0)):
        wait = patience.wait(attempt, None)
        assert wait is not None
        assert most / 2 <= wait <= most
    assert patience.wait(3, None) is None
    assert patience.wait(0, 4.0) is None


def test_a_program_that_asks_loads_no_engine() -> None:
    import subprocess
    import sys

    code = "import sys, shoplens.client; print([n for n in sys.modules if n.startswith('shoplens') or n == 'numpy'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ast.literal_eval(done.stdout))
    assert "numpy" not in loaded
    assert {name for name in loaded if not name.startswith("shoplens.client")} <= {"shoplens"}
