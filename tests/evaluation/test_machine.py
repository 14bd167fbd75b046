"""A language model that judges, before a real HTTP server of the test's own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from shoplens.config import Config, JudgeSettings
from shoplens.errors import ConfigError, EvaluationError
from shoplens.evaluation import Run, contrast, read_qrels
from shoplens.evaluation.by_machine import (
    MachineGrade,
    agreement,
    line_of,
    read_machine,
    together,
    write_machine_qrels,
)
from shoplens.evaluation.cards import Card
from shoplens.evaluation.contrast import Contender, Judged
from shoplens.evaluation.judgements import JudgedQuery
from shoplens.evaluation.judging import judge_all, left_to_judge, to_judge
from shoplens.evaluation.machine import MachineJudge, NoAnswerError, Pair

KEY = "sk-very-secret"
Behaviour = Callable[[Mapping[str, Any], int], tuple[int, Any, Mapping[str, str]]]


class Service:
    """An OpenAI-compatible service: counts what comes in, answers as it was told."""

    def __init__(self) -> None:
        self.behave: Behaviour = lambda body, n: (200, said('{"grade": 2, "reason": "close"}'), {})
        self.seen: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.at_once = self.most_at_once = 0
        lock = threading.Lock()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with lock:
                    service.at_once += 1
                    service.most_at_once = max(service.most_at_once, service.at_once)
                    service.seen.append({"path": self.path, **body})
                    service.keys.append(self.headers.get("authorization"))
                    number = len(service.seen)
                try:
                    status, answer, headers = service.behave(body, number)
                finally:
                    with lock:
                        service.at_once -= 1
                data = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Quiet(ThreadingHTTPServer):
    """Says nothing of clients that gave up waiting."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


def said(text: str) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": text}}]}


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.close()


@pytest.fixture
def judge(service: Service) -> Iterator[MachineJudge]:
    made = MachineJudge(settings(service), sleep=lambda _: None)
    yield made
    made.close()


def settings(service: Service, **more: Any) -> JudgeSettings:
    return JudgeSettings(base_url=service.address, model="m-1", api_key=SecretStr(KEY), **more)


def pair(words: str = "red dress", product_id: str = "P1", **card: Any) -> Pair:
    query = JudgedQuery(f"q-{words[:3]}", {"q": words}, Path(), "q:1")
    return Pair(query, product_id, Card(**({"title": "Red dress"} | card)), card.get("photos", ()))


def test_a_pair_becomes_a_grade_with_its_reason(service: Service, judge: MachineJudge) -> None:
    found = judge.grade(pair(price="10.00 EUR", attributes=(("color", "red"),)))
    assert (found.grade, found.reason, found.model) == (2, "close", "m-1")
    asked = service.seen[0]
    assert (asked["path"], asked["model"], asked["temperature"]) == ("/v1/chat/completions", "m-1", 0)
    told = json.loads(asked["messages"][1]["content"])
    assert told == {
        "query": {"words": "red dress"},
        "product": {"title": "Red dress", "price": "10.00 EUR", "attributes": {"color": "red"}},
    }
    assert service.keys == [f"Bearer {KEY}"]


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ('```json\n{"grade": 3, "reason": "a } brace"}\n```', 3),
        ('<think>{"grade": 0}? no {x}</think> {"grade": "1", "reason": ""}', 1),
        ('{"grade": 0}', 0),
    ],
)
def test_answers_in_many_wrappings(service: Service, judge: MachineJudge, text: str, grade: int) -> None:
    service.behave = lambda body, n: (200, said(text), {})
    assert judge.grade(pair()).grade == grade


@pytest.mark.parametrize("answer", [said("five stars"), said('{"grade": 4}'), said('{"grade": true}'), {}, [], "x"])
def test_what_is_no_grade_is_none(service: Service, judge: MachineJudge, answer: Any) -> None:
    service.behave = lambda body, n: (200, answer, {})
    with pytest.raises(NoAnswerError):
        judge.grade(pair())
    assert len(service.seen) == 1 + JudgeSettings().retries


def test_a_service_that_is_busy_is_asked_again_as_late_as_it_says(service: Service) -> None:
    waits: list[float] = []
    answers = [(429, {}, {"retry-after": "7"}), (503, {}, {}), (200, said('{"grade": 3}'), {})]
    service.behave = lambda body, n: answers[n - 1]
    judge = MachineJudge(settings(service), sleep=waits.append)
    assert judge.grade(pair()).grade == 3
    assert waits == [7.0, 1.0]
    judge.close()


def test_a_service_that_hangs_is_given_up_within_the_time_set(service: Service) -> None:
    service.behave = lambda body, n: (time.sleep(1.0), (200, said('{"grade": 3}'), {}))[1]  # type: ignore[func-returns-value]
    judge = MachineJudge(settings(service, timeout_s=0.1, retries=1), sleep=lambda _: None)
    began = time.monotonic()
    with pytest.raises(NoAnswerError, match="ReadTimeout"):
        judge.grade(pair())
    assert time.monotonic() - began < 0.9
    judge.close()


def test_a_refusal_ends_all_and_tells_no_key(service: Service, tmp_path: Path) -> None:
    service.behave = lambda body, n: (401, {"error": f"incorrect API key {KEY}"}, {})
    judge = MachineJudge(settings(service))
    with pytest.raises(EvaluationError, match="HTTP 401") as caught:
        judge_all(judge, [pair(product_id=f"P{n}") for n in range(50)], tmp_path / "j.jsonl", parallel=2)
    assert KEY not in str(caught.value)
    assert caught.value.hint == "set the key: SHOPLENS_JUDGE__API_KEY"
    assert len(service.seen) <= 4  # those under way, and no more
    assert KEY not in repr(settings(service))
    judge.close()


def test_a_redirect_gets_no_key(service: Service, judge: MachineJudge) -> None:
    service.behave = lambda body, n: (307, {}, {"location": f"{service.address}/elsewhere"})
    with pytest.raises(EvaluationError, match="HTTP 307"):
        judge.grade(pair())
    assert len(service.seen) == 1


def test_a_key_in_a_wrong_setting_is_not_told(tmp_path: Path) -> None:
    for wrong in ({"api_key": ["sk-1234"]}, {"apikey": "sk-1234"}):
        with pytest.raises(ConfigError) as caught:
            Config.load(tmp_path, judge=wrong)
        assert "sk-1234" not in str(caught.value)


def test_settings_that_lack_something_are_told(service: Service) -> None:
    for name, value, where in (
        ("base_url", "", "shoplens judge"),
        ("model", "", "shoplens judge"),
        ("base_url", "ftp://x", "judge.base_url"),
        ("base_url", "http://x:port", "judge.base_url"),
        ("api_key", SecretStr("a\nb"), "judge.api_key"),
    ):
        with pytest.raises(EvaluationError) as caught:
            MachineJudge(settings(service).model_copy(update={name: value}))
        assert caught.value.where == where


def test_pictures_are_sent_only_where_that_is_set(service: Service) -> None:
    one = Pair(pair().query, "P1", Card("Red dress", picture=b"jpeg"), (b"photo",))
    for pictures, kinds in ((False, None), (True, ["text", "text", "image_url", "text", "image_url"])):
        judge = MachineJudge(settings(service, pictures=pictures))
        judge.grade(one)
        content = service.seen[-1]["messages"][1]["content"]
        assert (None if isinstance(content, str) else [part["type"] for part in content]) == kinds
        judge.close()


def test_the_cost_is_told_beforehand(service: Service) -> None:
    pairs = [pair(), pair(words="红色连衣裙")]
    judge = MachineJudge(settings(service, price_in=2.0, price_out=10.0))
    cost = judge.cost(pairs)
    assert (cost.pairs, cost.tokens_out) == (2, 2 * 60)
    assert cost.price == pytest.approx((cost.tokens_in * 2 + cost.tokens_out * 10) / 1e6)
    assert judge.cost([pair(words="裙" * 100)]).tokens_in - judge.cost([pair(words="d" * 100)]).tokens_in == 75
    assert service.seen == []
    judge.close()


def test_what_was_judged_is_kept_and_gone_on_with(service: Service, judge: MachineJudge, tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    ids = [("q-red", f"P{n}") for n in range(12)]
    broken = {"P3", "P7"}

    def behave(body: Mapping[str, Any], n: int) -> tuple[int, Any, Mapping[str, str]]:
        title = json.loads(body["messages"][1]["content"])["product"]["title"]
        time.sleep(0.02)
        return (500, {}, {}) if title in broken else (200, said('{"grade": 1, "reason": "so so"}'), {})

    service.behave = behave
    first = judge_all(judge, [pair(product_id=i, title=i) for _, i in ids], path, parallel=3)
    assert (first.judged, sorted(line.split()[1] for line in first.failed)) == (10, ["P3:", "P7:"])
    assert service.most_at_once <= 3
    with path.open("a") as file:
        file.write('{"query_id": "q-red", "product')  # killed in the middle of a line
    broken.clear()
    left = left_to_judge(ids, path, "m-1")
    assert left == [("q-red", "P3"), ("q-red", "P7")]
    again = judge_all(judge, [pair(product_id=i, title=i) for _, i in left], path)
    assert (again.judged, again.failed) == (2, ())
    assert left_to_judge(ids, path, "m-1") == []
    assert {one.reason for one in read_machine(path)["q-red"].values()} == {"so so"}
    with pytest.raises(EvaluationError, match="judgements of m-1, not of m-2"):
        left_to_judge(ids, path, "m-2")


def test_a_machines_file_is_never_taken_for_peoples(tmp_path: Path) -> None:
    machine = {"1": {"P1": MachineGrade(3, "yes", "some model"), "P2": MachineGrade(0, "no", "some model")}}
    write_machine_qrels(machine, tmp_path / "m.trec")
    assert (tmp_path / "m.trec").read_text().splitlines()[0] == "1\tmachine:some_model\tP1\t3"
    with pytest.raises(EvaluationError, match="a machine has judged this"):
        read_qrels(tmp_path / "m.trec")
    (tmp_path / "people.jsonl").write_text('{"query_id": "1", "product_id": "P1", "grade": 2}\n')
    with pytest.raises(EvaluationError, match="no judgement by a machine"):
        read_machine(tmp_path / "people.jsonl")
    for bad in ('{"by": "machine", "query_id": "1", "product_id": "P1", "grade": 4}\n', '{"by"\n{"by"\n'):
        (tmp_path / "bad.jsonl").write_text(bad)
        with pytest.raises(EvaluationError):
            read_machine(tmp_path / "bad.jsonl")
    (tmp_path / "m.jsonl").write_text("".join(line_of("1", i, one) for i, one in machine["1"].items()))
    assert read_machine(tmp_path / "m.jsonl") == machine


def test_peoples_grades_stand_before_a_machines_and_figures_say_whose_they_are() -> None:
    pytest.importorskip("ir_measures", reason="needs the extra evaluation")
    machine = {"1": {"P1": MachineGrade(3, "", "m-1"), "P2": MachineGrade(0, "", "m-1")}}
    people = {"1": {"P2": 2}}
    assert together(people, machine) == {"1": {"P1": 3, "P2": 2}}
    queries = [JudgedQuery("1", {"q": "x"}, Path(), "q:1")]
    run = Contender("a", Run({"1": [("P1", 1.0)]}))
    for judged, by, warned in (
        (Judged(people), "people", False),
        (Judged({}, machine), "machine", True),
        (Judged(people, machine), "both", True),
    ):
        made = contrast(queries, run, None, judged)
        assert (made.to_fields()["judged_by"], bool(made.to_fields()["warning"])) == (by, warned)
        assert ("m-1" in made.judged.warning) == warned
    assert "kappa" in Judged(people, machine).warning


def test_agreement_by_hand() -> None:
    people = {"1": {"A": 0, "B": 1, "C": 3, "D": 5, "unseen": 1}}
    machine = {"1": {i: MachineGrade(g) for i, g in (("A", 0), ("B", 2), ("C", 3), ("D", 1), ("E", 3))}}
    found = agreement(people, machine)
    assert found is not None
    pairs = [(0, 0), (1, 2), (3, 3), (3, 1)]
    seen = sum((a - b) ** 2 for a, b in pairs) / 4
    chance = sum((a - b) ** 2 for a, _ in pairs for _, b in pairs) / 16
    assert (found.pairs, found.same, found.near) == (4, 2 / 4, 3 / 4)
    assert found.kappa == pytest.approx(1 - seen / chance)
    assert agreement(people, {}) is None


def test_which_pairs_are_judged() -> None:
    queries = [JudgedQuery("1", {"q": "x"}, Path(), "q:1"), JudgedQuery("2", {"q": "y"}, Path(), "q:2")]
    runs = [Run({"1": [("A", 3.0), ("B", 2.0), ("C", 1.0)]}), Run({"1": [("B", 2.0), ("D", 1.0)], "2": [("A", 1.0)]})]
    people = {"1": {"A": 2, "Z": 0}, "2": {"Y": 1}}
    fresh = [("1", "B"), ("1", "D"), ("2", "A")]
    assert to_judge(queries, runs, people, top=2, shared=0) == fresh
    some = to_judge(queries, runs, people, top=2, shared=2)
    assert some[:3] == fresh
    assert len(some) == 5
    assert set(some[3:]) < {("1", "A"), ("1", "Z"), ("2", "Y")}
