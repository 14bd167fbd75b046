"""The short form of tests/edges/hostile.py: mutated pictures and bombs through a real service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.edges.hostile import MOST_MB, attack, bombs, peak_mb, pictures, service

PATIENT_S = 20.0
"""What a request may take here, where others use the machine; the bar itself is held by the script."""
COUNT = 102


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, int]]:
    with service(tmp_path_factory.mktemp("hostile")) as found:
        yield found


def test_mutated_pictures_are_answered_or_refused(running: tuple[str, str, int]) -> None:
    report = attack(pictures(COUNT), *running, PATIENT_S)
    assert report.faults == []
    assert report.asked == COUNT
    assert {kind.rpartition(" ")[2] for kind in report.statuses} <= {"200", "413", "422"}
    assert len(report.statuses) > 6  # some are still pictures, others are refused


@pytest.mark.slow
def test_bombs_do_not_go_off(running: tuple[str, str, int]) -> None:
    made = bombs()
    assert len(made) >= 40
    report = attack(iter(made), *running, PATIENT_S)
    assert report.faults == []
    assert max(report.memory_mb, peak_mb(running[2])) < MOST_MB
