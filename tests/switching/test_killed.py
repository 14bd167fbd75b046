"""kill -9 in the midst of re-encoding: the next run goes on where it was, and nothing that was told is done again."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from shoplens.app import Shop
from shoplens.core.spaces import Space
from tests.switching.conftest import Place, asked, same
from tests.switching.test_reencoding import by_index, vectors

ROOT = Path(__file__).resolve().parents[2]
TWO = Space("two", "1", 12)
PRODUCTS = 72


def until(place: Place, batches: int | None) -> list[list[int]]:
    """Runs the writer, kills it once it has told of so many batches (None: never); what it told."""
    command = [sys.executable, "-m", "tests.switching.writer", str(place.folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = []
        for line in child.stdout:
            if line.startswith("stored"):
                told.append([int(number) for number in line.split()[1:]])
            if batches is not None and len(told) >= batches:
                child.send_signal(signal.SIGKILL)
                break
            if line == "done\n":
                assert batches is None
        rest = child.stdout.read()  # what it told before the signal came
        told += [[int(number) for number in line.split()[1:]] for line in rest.splitlines() if line[:6] == "stored"]
    assert child.returncode == (0 if batches is None else -signal.SIGKILL)
    return told


def test_a_run_that_was_killed_goes_on_where_it_was(place: Place, opened: Callable[..., Shop], tmp_path: Path) -> None:
    for number in range(len(place.rows), PRODUCTS):
        place.add(number)
    shop = opened()
    place.index(shop)
    before = asked(shop, place)
    random.seed(5)
    stored = 0
    for _ in range(2):
        told = until(place, batches := random.randrange(1, 6) + stored // 8)  # past what is only looked at
        _, pictures, texts, kept = told[-1]
        assert len(told) >= batches
        now = shop.store.spaces().get(TWO, 0)
        # What was told is there, and no run encodes what a run before it had stored; one batch may be stored untold.
        assert stored + pictures + texts <= now <= stored + pictures + texts + 8
        assert kept == min(stored, 8 * len(told))
        stored = now
        assert asked(shop, place) == before, "the shop answers as ever"
        assert [f.code for f in shop.doctor() if f.level == "error"] == []
        (half,) = [f for f in shop.doctor() if f.code == "space_incomplete"]
        assert half.count == PRODUCTS - stored // 2
    assert 0 < stored < 2 * PRODUCTS
    _, pictures, texts, kept = until(place, None)[-1]
    assert (pictures + texts, kept) == (2 * PRODUCTS - stored, stored)
    assert vectors(shop, TWO) == by_index(place, tmp_path / "direct")
    shop.spaces.switch(place.name("two"))
    assert shop.search(photos=place.photos / "70.png").hits[0].product.id == "P70"
    shop.spaces.switch()
    assert same(asked(shop, place), before)
