"""The log of queries: what it keeps, what it never keeps, that it costs a search nothing and survives kill -9."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.conftest import SmallShop, cushions

from shoplens.core.answer import Answer, Hit
from shoplens.core.catalogue import Product, Variant
from shoplens.core.logged import LoggedQuery, top, totals, unsure_of, without_results
from shoplens.core.notes import note
from shoplens.core.query import Query, QueryPicture, Seed
from shoplens.core.where import parse_where
from shoplens.stores.query_log import WARM_UP, QueryLog, forget_old, read_log

TODAY = date(2026, 3, 5)
PRODUCT = Product("P1", "Mug", variants=(Variant("V1"),))


def clock() -> datetime:
    return datetime(2026, 3, 5, 23, 59, 58, 123_456, tzinfo=UTC)


def answer(found: int = 3, verdict: str = "match", confidence: float = 0.9) -> Answer:
    hits = tuple(
        Hit(PRODUCT, PRODUCT.variants[0], 1.0, n, confidence=confidence / n) for n in range(1, min(found, 3) + 1)
    )
    return Answer(hits, found, 1, 24, "q", 4.567, verdict)


def log_in(folder: Path, days: int = 30) -> QueryLog:
    return QueryLog(folder, enabled=True, days=days, clock=clock)


def test_what_is_kept_and_what_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "queries"
    log = log_in(folder)
    photo = QueryPicture(b"bytes of a photo", name="https://shopper.example/me.jpg")
    log.note(
        Query(
            "red mug for anna@example.org",
            pictures=(photo,),
            seeds=(Seed("P1"),),
            where=parse_where("price<5"),
            user_token="visitor-7",
            page=2,
        ),
        answer(),
    )
    for nothing in (Query(), Query(where=parse_where("price<5")), WARM_UP):
        log.note(nothing, answer())
    log.close()
    text = (folder / "2026-03-05.jsonl").read_text()
    assert json.loads(text) == {
        "at": "2026-03-05T23:59:58.123Z",
        "words": "red mug for (e-mail)",
        "where": str(parse_where("price<5")),
        "photos": 1,
        "seeds": 1,
        "page": 2,
        "found": 3,
        "verdict": "match",
        "confidence": 0.9,
        "ms": 4.57,
    }
    for private in ("anna", "shopper.example", "visitor-7", "bytes"):
        assert private not in text
    assert stat.S_IMODE((folder / "2026-03-05.jsonl").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [line.words for line in read_log(folder, 1, TODAY)] == ["red mug for (e-mail)"]


def test_a_log_that_is_off_writes_nothing(tmp_path: Path) -> None:
    log = QueryLog(tmp_path / "queries", enabled=False, days=3)
    log.note(Query("mug"), answer())
    log.close()
    assert list(tmp_path.iterdir()) == []


def test_days_that_are_over_go_and_nothing_else(tmp_path: Path) -> None:
    names = [f"{TODAY - timedelta(days=n)}.jsonl" for n in range(5)] + ["notes.jsonl", "2026-99-99.jsonl"]
    for name in names:
        (tmp_path / name).write_text("")
    forget_old(tmp_path, 2, TODAY)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names[:2], *names[5:]])


@pytest.mark.parametrize("words", ["bag \udcff", "bag \x1b[31mred", "bag \u202egab", "bag\tred\0"])
def test_what_is_no_character_to_read_is_not_kept(tmp_path: Path, words: str) -> None:
    log = log_in(tmp_path)
    log.note(Query(words), answer())
    log.note(Query("mug"), answer())
    log.close()
    kept = [line.words for line in read_log(tmp_path, 1, TODAY)]
    assert kept[1:] == ["mug"]
    assert kept[0].isprintable()
    assert kept[0].startswith("bag")


@pytest.mark.parametrize("odd", ['"confidence": "sure"', '"ms": "x"', '"notes": [5]', '"found": []'])
def test_a_line_of_odd_values_is_none(tmp_path: Path, odd: str) -> None:
    good = '{"at": "2026-03-05T01:00:00.000Z", "words": "a"}\n'
    (tmp_path / "2026-03-05.jsonl").write_text(good + good[:-2] + f", {odd}}}\n")
    lines = list(read_log(tmp_path, 1, TODAY))
    assert [line.words for line in lines] == ["a"]
    assert totals(lines).asked == len(top(lines)) == 1


def test_a_broken_line_costs_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "2026-03-05.jsonl"
    path.write_text('{"at": "2026-03-05T01:00:00.000Z", "words": "a"}\n{"at": 7}\n[]\n\xff\n{"at": "2026-03-05T02')
    log = log_in(tmp_path)
    log.note(Query("b"), answer())
    log.close()
    assert [line.words for line in read_log(tmp_path, 1, TODAY)] == ["a", "b"]


def test_many_threads_lose_nothing(tmp_path: Path) -> None:
    log = log_in(tmp_path)

    def ask(name: int) -> None:
        for n in range(200):
            log.note(Query(f"{name}-{n}"), answer())

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    assert {line.words for line in read_log(tmp_path, 1, TODAY)} == {f"{a}-{n}" for a in range(4) for n in range(200)}
    assert log.dropped == 0


def test_a_folder_that_cannot_be_written_to_stops_no_search(tmp_path: Path) -> None:
    (tmp_path / "queries").write_text("a file in the way")
    log = log_in(tmp_path / "queries")
    log.note(Query("a"), answer())
    log.close()
    assert log.dropped == 1


KILLED = """
import sys, time
from pathlib import Path
from shoplens.core.answer import Answer
from shoplens.core.query import Query
from shoplens.stores.query_log import QueryLog
log = QueryLog(Path(sys.argv[1]), enabled=True, days=3)
n = 0
while True:
    log.note(Query(f"query {n}"), Answer((), 0, 1, 24, "q", 1.0))
    if n % 10 == 0:
        print(n, flush=True)
    n += 1
    time.sleep(0.0005)
"""


def test_a_killed_process_leaves_whole_lines(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = 0
        for line in process.stdout:
            said = int(line)
            if said >= 300:
                break
        os.kill(process.pid, signal.SIGKILL)
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert raw.endswith(b"\n")
    words = [json.loads(line)["words"] for line in raw.splitlines()]
    assert words == [f"query {n}" for n in range(len(words))]
    assert len(words) >= said - 50  # what was told some milliseconds ago is on disk


def test_a_shop_logs_its_searches_where_it_is_set(small: SmallShop) -> None:
    shop = small.open(query_log={"enabled": True})
    small.index(shop, cushions(small))
    shop.warm_up()
    found = shop.search("red cushion", per_page=2)
    shop.search("red cushion", where="price<1")
    shop.search()
    shop.close()
    lines = list(read_log(small.folder / "shop" / "queries", 2))
    assert [(line.words, line.found, line.verdict) for line in lines] == [
        ("red cushion", found.found, found.verdict),
        ("red cushion", 0, "none"),
    ]
    assert lines[0].confidence == pytest.approx(max(hit.confidence for hit in found.hits), abs=1e-3)
    assert lines[0].ms == pytest.approx(found.search_time_ms, abs=0.01)


# --- what is counted ------------------------------------------------------------------------------


def line(words: str, found: int = 5, verdict: str = "match", **more: object) -> LoggedQuery:
    return LoggedQuery("2026-03-05T00:00:00.000Z", words, found=found, verdict=verdict, **more)  # type: ignore[arg-type]


LINES = [
    line("Red  Mug", confidence=0.8, ms=1.0),
    line("red mug", confidence=0.6, ms=3.0),
    line("red mug", page=2),
    line("telescope", 2, "similar", confidence=0.2, ms=2.0),
    line("telescope", 0, "none", where="price<1", notes=("filter_leaves_none",), ms=2.0),
    line("zzz", 0, "none", ms=9.0),
    line("", photos=1, ms=5.0),
]


def test_queries_are_counted_by_their_words() -> None:
    found = top(LINES)
    assert [(one.words, one.photos, one.asked) for one in found] == [
        ("Red Mug", 0, 2), ("telescope", 0, 2), ("", 1, 1), ("zzz", 0, 1),
    ]  # fmt: skip
    assert found[0].confidence == pytest.approx((0.8 + 0.6) / 2)
    assert found[0].ms == 2.0
    nothing = without_results(LINES)
    assert [(one.words, one.where, one.nothing) for one in nothing] == [("telescope", "price<1", 1), ("zzz", "", 1)]
    assert nothing[0].notes == ("filter_leaves_none",)
    assert [(one.words, one.unsure, one.nothing) for one in unsure_of(LINES)] == [("telescope", 1, 1)]
    told = totals(LINES)
    assert (told.asked, told.different, told.nothing, told.unsure, told.photos) == (6, 4, 2, 1, 1)
    assert (told.ms_p50, told.ms_p99) == (3.0, 9.0)
    assert totals([]).asked == 0


def test_codes_of_notes_are_kept(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.note(Query("a"), Answer((), 0, 1, 24, "q", 1.0, "none", notes=(note("filter_leaves_none", products=3),)))
    log.close()
    assert [one.notes for one in read_log(tmp_path, 1, TODAY)] == [("filter_leaves_none",)]
