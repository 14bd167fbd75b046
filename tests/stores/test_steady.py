"""A clock that leaps: nothing that does not come back goes by it before the leap has lasted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shoplens.stores import open_store
from shoplens.stores.query_log import QueryLog, forget_old
from shoplens.stores.steady import LEAP_S, SETTLED_S, SteadyClock
from shoplens.stores.write_answers import KEPT, WriteAnswer, WriteAnswers

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = 3_600.0


class Machine:
    """Its clock, and the time that truly passes."""

    def __init__(self) -> None:
        self.passed, self.off = 1_000.0, 0.0
        self.clock = SteadyClock(lambda: NOON.timestamp() + self.passed - 1_000.0 + self.off, lambda: self.passed)

    def wait(self, seconds: float) -> None:
        """Time passes; somebody asks now and then."""
        self.clock()
        self.passed += seconds
        self.clock()

    @property
    def seen(self) -> float:
        """Seconds since noon, as the steady clock says."""
        return (self.clock() - NOON).total_seconds()


@pytest.mark.parametrize("leap", [-1e6 * HOUR / 3, -26 * HOUR, -HOUR, 1.5 * LEAP_S, 5 * HOUR, 1e5 * HOUR])
def test_a_leap_counts_once_it_has_lasted(leap: float) -> None:
    machine = Machine()
    machine.wait(10)
    machine.off = leap
    machine.wait(SETTLED_S / 2)
    assert machine.seen == pytest.approx(10 + SETTLED_S / 2)
    machine.wait(SETTLED_S / 2)
    assert machine.seen == pytest.approx(10 + SETTLED_S + leap)


def test_a_leap_that_is_taken_back_never_counts() -> None:
    machine = Machine()
    for _ in range(10):
        machine.off = 400 * 24 * HOUR
        machine.wait(SETTLED_S * 0.9)
        machine.off = 0.0
        machine.wait(1)
    assert machine.seen == pytest.approx(10 * (SETTLED_S * 0.9 + 1))


def test_a_clock_that_is_steered_is_followed() -> None:
    machine = Machine()
    for _ in range(100):
        machine.off += LEAP_S / 2
        machine.wait(1)
    assert machine.seen == pytest.approx(100 + 50 * LEAP_S)


def test_a_clock_that_leaps_to_and_fro_is_not_believed() -> None:
    machine = Machine()
    for n in range(1, 8):
        machine.off = n * 7 * HOUR
        machine.wait(SETTLED_S * 0.6)
    assert machine.seen == pytest.approx(7 * SETTLED_S * 0.6)


def test_the_answer_to_a_write_survives_a_leap(tmp_path: Path) -> None:
    machine = Machine()
    with open_store(tmp_path / "shop.db", create=True) as store:
        answers = WriteAnswers(store.database, machine.clock)
        given = WriteAnswer(b"asked", 200, b"done")
        answers.keep("key 1", "a", given)
        for off in (30 * HOUR, -30 * HOUR, 1e5 * HOUR):
            machine.off = off
            answers._cleared = float("-inf")
            answers.keep("key 1", f"another {off}", given)
            assert answers.find("key 1", "a") == given
        machine.off = 0.0
        machine.wait(KEPT.total_seconds() + 1)
        assert answers.find("key 1", "a") is None


def test_a_day_of_the_query_log_survives_a_leap(tmp_path: Path) -> None:
    machine = Machine()
    day = tmp_path / "2026-11-20.jsonl"
    day.write_text("{}\n")
    machine.off = 400 * 24 * HOUR
    forget_old(tmp_path, 30, machine.clock().date())
    assert day.exists()
    log = QueryLog(tmp_path, enabled=False, days=30)
    assert abs(log._today() - log._clock()) < timedelta(seconds=LEAP_S)
