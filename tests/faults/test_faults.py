"""The n-th write, fsync or rename of a shop fails: it goes on or refuses in words, and nothing acknowledged is lost."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.faults.preloaded import ROOT, compiled

ERRORS = (errno.EIO, errno.ENOSPC)


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that lets calls fail, compiled for this machine."""
    return compiled("shim.c", tmp_path_factory.mktemp("shim"))


def failing(shim: Path, folder: Path, error: int, lasts: bool, *which: str) -> list[dict[str, Any]]:
    """What became of a shop whose n-th call fails, for each n (``tests.faults.driver``)."""
    env = os.environ | {"LD_PRELOAD": str(shim), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.faults.driver", str(folder), str(error), str(int(lasts)), *which]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return [orjson.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]


def test_calls_that_fail(shim: Path, tmp_path: Path) -> None:
    """Must hold 6, short: one in the store, one in the word index, the snapshots or what follows."""
    early, late = failing(shim, tmp_path, errno.EIO, False, "12", "270")
    assert late["seen"] > 200, "the shim counts nothing: is it loaded?"
    assert late["trapped"], "tantivy's renames are not among them"
    assert early["refused"], "a call failed and nobody noticed"
    assert {"index", "rule", "write", "switch"} <= set(late["done"])
    assert (early["problems"], late["problems"]) == ([], [])


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("lasts", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("error", ERRORS, ids=["EIO", "ENOSPC"])
def test_every_call_that_fails(shim: Path, tmp_path: Path, error: int, lasts: bool) -> None:
    """Must hold 6: n = 1, 2, ... until a run is clean."""
    found = failing(shim, tmp_path, error, lasts, "all", "1", "1")
    assert len(found) > 200
    assert [one for one in found if one["problems"]] == []


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_two_hundred_kills(tmp_path: Path) -> None:
    """Must hold 5, with five ways of being at work; figures: ``python -m tests.faults.kills FOLDER 200``."""
    pytest.importorskip("onnx", reason="draws ONNX towers with the package onnx (extra `hub`)")
    pytest.importorskip("tokenizers", reason="reads words with the package tokenizers (extra `tokenizers`)")
    command = [sys.executable, "-m", "tests.faults.kills", str(tmp_path), os.environ.get("SHOPLENS_KILLS", "200")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    *_, last = (orjson.loads(line) for line in done.stdout.splitlines())
    assert (done.returncode, last["wrong"]) == (0, 0), done.stdout.decode()
