"""kill -9 at random moments of indexing: nothing acknowledged is lost, and the next start repairs the copies."""

from __future__ import annotations

import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from shoplens.app import open_shop
from tests.engine.writer import PRODUCTS, rows
from tests.support import ColourEncoder

ROOT = Path(__file__).resolve().parents[2]


def start(folder: Path, turn: int, *before: str) -> tuple[subprocess.Popen[str], list[str], threading.Thread]:
    """A writer process, the lines that it told, and the thread that reads them."""
    command = [*before, sys.executable, "-m", "tests.engine.writer", str(folder), str(turn)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    lines: list[str] = []

    def follow() -> None:
        assert child.stdout is not None
        for line in child.stdout:
            lines.append(line.strip())

    thread = threading.Thread(target=follow)
    thread.start()
    return child, lines, thread


def wait_for(lines: list[str], child: subprocess.Popen[str], word: str, times: int = 1) -> None:
    """Waits until the writer has told so many lines that start with the word."""
    end = time.monotonic() + 120
    while sum(line.startswith(word) for line in list(lines)) < times:
        assert child.poll() is None, "the writer ended by itself"
        assert time.monotonic() < end
        time.sleep(0.01)


def check(folder: Path, acknowledged: dict[str, int], turn: int) -> int:
    """Opens the shop as the next start would; everything acknowledged is there, in the store and in every copy."""
    known = {str(row["id"]): row for row in rows(folder, turn)}
    with open_shop(folder / "shop", encoder=ColourEncoder(), pictures={"workers": 1}) as shop:
        assert shop.catch_up()
        for product_id, last in acknowledged.items():
            product = shop.product(product_id)
            if product_id.startswith("p"):
                price = product.variants[0].price
                assert price is not None
                assert price.amount >= last, (product_id, last)
        for product_id in acknowledged:
            assert shop.search("", where=f'id="{product_id}"').found == 1
        latest = max((i for i in acknowledged if i.startswith("new-")), key=lambda i: int(i[4:]), default=None)
        if latest is not None:
            title = str(known[latest]["title"])
            assert latest in [h.product.id for h in shop.search(title, semantic_ratio=0).hits]
        indexed = [i for i in acknowledged if i.startswith("p")]
        if indexed:
            stored = shop.stored(indexed[0])
            assert stored.pictures, "an acknowledged product lost its picture"
            assert shop.copies.parts.pictures.rows_of(stored.number)
        assert [f for f in shop.doctor() if f.level == "error"] == []
        return shop.store.last_seq()


def kill_often(folder: Path, times: int, seed: int) -> int:
    """Kills a writer at random moments, checks after each; returns how many products were acknowledged in all."""
    random.seed(seed)
    acknowledged: dict[str, int] = {}
    turn, seq = 0, 0
    for _ in range(times):
        child, lines, thread = start(folder, turn)
        wait_for(lines, child, "open")
        # By progress first, so that a slow machine dies in the same places as a quick one; then at any moment.
        wait_for(lines, child, "written", random.randrange(14))
        time.sleep(random.uniform(0.0, 0.1))
        child.send_signal(signal.SIGKILL)
        child.wait()
        thread.join()
        for line in lines:
            if match := re.fullmatch(r"written (\S+) (\d+)", line):
                last, turn = match[1], int(match[2])
                order = [str(row["id"]) for row in rows(folder, turn)]
                # Batches are written in order: what stands before an acknowledged product is acknowledged too.
                acknowledged |= dict.fromkeys(order[: order.index(last) + 1], turn)
            elif match := re.fullmatch(r"done (\d+)", line):
                turn = int(match[1]) + 1
        now = check(folder, acknowledged, turn)
        assert now >= seq
        seq = now
    return len(acknowledged)


def test_kill_9_loses_nothing(tmp_path: Path) -> None:
    assert kill_often(tmp_path, times=6, seed=1) >= PRODUCTS


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_fifty_kills_lose_nothing(tmp_path: Path) -> None:
    assert kill_often(tmp_path, times=50, seed=2) >= PRODUCTS


def test_an_acknowledgement_comes_after_fdatasync(tmp_path: Path) -> None:
    """A kill proves no fsync: the trace does. Between two acknowledgements the database's log is synchronised."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    trace = tmp_path / "trace"
    calls = "trace=fdatasync,fsync,write"
    child, lines, thread = start(tmp_path, 0, "strace", "-f", "-y", "-s", "80", "-e", calls, "-o", str(trace))
    wait_for(lines, child, "done 1")
    subprocess.run(["pkill", "-KILL", "-P", str(child.pid)], check=False)
    child.wait()
    thread.join()
    synced, told = False, 0
    for line in trace.read_text(errors="replace").splitlines():
        if re.search(r"f(data)?sync\(\d+<[^>]*shop\.db(-wal)?>", line) and " = -1" not in line:
            synced = True
        elif re.search(r'write\(1<[^>]*>, "written \S+ \d+', line):
            assert synced, f"acknowledged before it was on the disk: {line}"
            told, synced = told + 1, False
    assert told >= 10
