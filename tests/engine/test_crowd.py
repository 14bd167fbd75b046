"""Work beside a query's own thread is begun only where a core is left for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from shoplens.core.cores import cores
from shoplens.engine.crowd import Crowd


def test_there_is_room_while_fewer_are_inside_than_cores() -> None:
    crowd = Crowd(2)
    with crowd:
        assert crowd.has_room
        with crowd:
            assert not crowd.has_room
        assert crowd.has_room


def test_whoever_fails_inside_has_left() -> None:
    crowd = Crowd(1)
    with pytest.raises(ValueError), crowd:
        raise ValueError
    assert crowd.has_room


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system pins no process to cores")
def test_cores_are_those_that_the_process_may_use() -> None:
    assert cores() == len(os.sched_getaffinity(0))
    one = min(os.sched_getaffinity(0))
    told = f"import os; os.sched_setaffinity(0, [{one}]); from shoplens.core.cores import cores; print(cores())"
    assert subprocess.check_output([sys.executable, "-c", told], text=True).strip() == "1"
