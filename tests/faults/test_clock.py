"""The machine's clock is set back and ahead by hours and years while a service runs, and before it starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from tests.faults.preloaded import ROOT, compiled


@pytest.mark.slow
def test_a_clock_that_leaps(tmp_path: Path) -> None:
    """Nothing negative, nothing refused wrongly, no write done again or lost, no job forgotten; a quota is a day's."""
    env = os.environ | {"LD_PRELOAD": str(compiled("clock.c", tmp_path)), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.faults.leaps", str(tmp_path / "shop")]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-3_000:]
    told = orjson.loads(done.stdout.splitlines()[-1])
    assert told["wrong"] == []
    assert told["asked"] > 100
    assert told["looked"] > 100, "nobody looks at the clock: is the shim loaded?"
