"""Where CI is set, a browser test that is skipped is red."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SKIPS = """
import pytest
@pytest.mark.browser
def test_of_a_browser():
    pytest.skip("no Chromium here")
@pytest.mark.slow
def test_of_something_else():
    pytest.skip("no such database here")
"""
MARKS = "[pytest]\nmarkers =\n    browser: x\n    slow: x\n"


@pytest.mark.parametrize(("ci", "told"), [("1", "1 failed, 1 skipped, 1 error"), ("", "3 skipped")])
def test_a_skipped_browser_test_is_red_in_ci(tmp_path: Path, ci: str, told: str) -> None:
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "pytest.ini").write_text(MARKS)
    (tmp_path / "browser").mkdir()
    (tmp_path / "browser" / "test_whole.py").write_text("import pytest\npytest.importorskip('no_such_package')\n")
    (tmp_path / "browser" / "test_some.py").write_text(SKIPS)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--continue-on-collection-errors", "."]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ | {"CI": ci}, capture_output=True, text=True)
    assert told in done.stdout, done.stdout
    assert bool(done.returncode) == bool(ci)
    assert ("and CI must run it" in done.stdout) == bool(ci)
