"""DecodePool: whatever a picture does to its decoder, only that picture is rejected, and nothing is left behind."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from PIL import Image

from shoplens.core.query import QueryPicture
from shoplens.errors import PictureError, ShopLensError
from shoplens.pictures import DecodePool
from shoplens.pictures.patience import Patience, patience_of, shared_patience
from shoplens.pictures.pool import _LATER, _NOW, _Turns
from shoplens.pictures.worker import CRASH_TEST
from tests.edges.bombs import costly_png
from tests.pictures.pictures_made import encoded, scene

GOOD = encoded(scene(100, 80))


def misbehave(pool: DecodePool, how: bytes) -> PictureError:
    with pytest.raises(PictureError) as caught:
        pool._exchange(how, CRASH_TEST, None, _NOW)
    return caught.value


def gone(pids: list[int], seconds: float = 5.0) -> bool:
    """Whether all of these processes end within the time. A zombie has ended; reaping it is its parent's affair."""

    def ended(pid: int) -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if all(ended(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    ("how", "reason"),
    [(b"sleep", "timeout"), (b"spin", "timeout"), (b"crash", "broken"), (b"exit", "broken"), (b"memory", "memory")],
)
def test_only_the_picture_at_hand_is_rejected(how: bytes, reason: str) -> None:
    with DecodePool(workers=1, timeout_s=1.0) as pool:
        pool.decode(GOOD, 40)
        before = pool.pids()
        started = time.monotonic()
        assert misbehave(pool, how).reason == reason
        assert time.monotonic() - started < 5.0
        assert pool.decode(GOOD, 40).width == 100
        if reason != "memory":  # which the worker survives
            assert gone(before)
            assert pool.pids() != before


def test_photos_of_a_query_share_one_patience() -> None:
    large = io.BytesIO()
    Image.new("RGB", (2_400, 2_400)).save(large, "PNG", compress_level=0)  # many blocks: it can be stopped in between
    slow = [QueryPicture(GOOD), QueryPicture(large.getvalue())]
    with DecodePool(workers=1, timeout_s=30, photo_s=0.01) as pool:
        pool.decode(GOOD, 40)
        before = pool.pids()
        with pytest.raises(PictureError) as caught:
            pool.decode_photos(slow, 40)
        assert (caught.value.reason, caught.value.where) == ("timeout", "image 2")
        assert pool.pids() == before  # it was stopped, and goes on
        assert pool.decode(slow[1].data, 40).width == 2_400  # nobody waits for a picture of the catalogue
    with DecodePool(workers=1, timeout_s=30, photo_s=30) as pool:
        assert [one.width for one in pool.decode_photos(slow, 40)] == [100, 2_400]


def test_what_was_used_is_used_for_the_photos_that_follow() -> None:
    slow, patience = costly_png(1_000), Patience(30.0)
    with DecodePool(workers=1, timeout_s=30) as pool:
        pool._exchange(slow, 40, None, _NOW, patience)
        used = 30.0 - patience.left
        assert used > 0.02
        with shared_patience(1.0):
            shared = patience_of(30.0)
            pool.decode_photos([QueryPicture(slow)] * 2, 40)
            assert 30.0 - shared.left > used
            assert patience_of(1.0) is shared
            shared.left = 0.0
            with pytest.raises(PictureError, match="longer than a query can wait"):
                pool.decode_photos([QueryPicture(GOOD)], 40)
        assert pool.decode_photos([QueryPicture(GOOD)], 40)


@pytest.mark.parametrize("how", [b"spin", b"deaf"])
def test_a_photo_that_lets_nothing_in_is_ended_too(how: bytes) -> None:
    with DecodePool(workers=1, timeout_s=60) as pool:
        with pytest.raises(PictureError) as caught:
            pool._exchange(how, CRASH_TEST, None, _NOW, Patience(0.1))
        assert caught.value.reason == "timeout"
        assert pool.decode(GOOD, 40).width == 100


def test_a_worker_killed_while_idle_costs_no_picture() -> None:
    with DecodePool(workers=2) as pool:
        list(pool.decode_many([GOOD] * 6, 40))
        for pid in pool.pids():
            os.kill(pid, signal.SIGKILL)
        assert gone(pool.pids())
        assert all(not isinstance(result, Exception) for result in pool.decode_many([GOOD] * 6, 40))


def test_a_worker_killed_at_work_costs_the_picture_at_hand() -> None:
    with DecodePool(workers=1, timeout_s=30) as pool:
        pool.decode(GOOD, 40)
        threading.Timer(0.3, os.kill, (pool.pids()[0], signal.SIGKILL)).start()
        assert misbehave(pool, b"spin").reason == "broken"
        assert pool.decode(GOOD, 40).width == 100


def test_closing_stops_work_at_once_and_leaves_no_process() -> None:
    pool = DecodePool(workers=2, timeout_s=60)
    list(pool.decode_many([GOOD] * 8, 40))
    pids = pool.pids()
    caught: list[Exception] = []

    def work() -> None:
        try:
            pool._exchange(b"spin", CRASH_TEST, None, _NOW)
        except Exception as problem:
            caught.append(problem)

    threads = [threading.Thread(target=work) for _ in range(4)]  # two at work, two waiting
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    pool.close()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert len(caught) == 4
    assert all(isinstance(problem, ShopLensError) for problem in caught)
    assert gone(pids)
    assert pool.pids() == []


OWNER = """
import sys, threading
sys.path.insert(0, {src!r})
from shoplens.pictures import DecodePool
from shoplens.pictures.worker import CRASH_TEST
pool = DecodePool(workers=2, timeout_s=1.5)
good = bytes.fromhex({good!r})
list(pool.decode_many([good] * 6, 40))
if {busy!r}:
    for how in (b"spin", b"sleep"):
        threading.Thread(target=pool._exchange, args=(how, CRASH_TEST, None, 0), daemon=True).start()
    import time; time.sleep(0.3)
print(*pool.pids(), flush=True)
if {wait!r}:
    sys.stdin.read()
"""


def owner(busy: bool, wait: bool) -> tuple[subprocess.Popen[str], list[int]]:
    src = str(Path(__file__).resolve().parents[2] / "src")
    code = OWNER.format(src=src, good=GOOD.hex(), busy=busy, wait=wait)
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pids = [int(word) for word in process.stdout.readline().split()]
    assert len(pids) == 2
    return process, pids


@pytest.mark.parametrize("busy", [False, True])
def test_a_killed_owner_leaves_no_orphans(busy: bool) -> None:
    process, pids = owner(busy, wait=True)
    assert all(psutil.pid_exists(pid) for pid in pids)
    process.kill()
    process.communicate()
    assert gone(pids, 6.0)  # idle: at once; at work: when its own clock rings


def test_an_owner_that_forgets_to_close_leaves_no_orphans_and_ends() -> None:
    process, pids = owner(busy=False, wait=False)
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert gone(pids)


def test_workers_import_only_what_they_need() -> None:
    """Else they would start slowly and the memory cap would have to be wider."""
    with DecodePool(workers=1) as pool:
        loaded = set(misbehave(pool, b"modules").message.split())
        assert "PIL.Image" in loaded
        for heavy in ("numpy", "httpx", "sqlalchemy", "faiss", "onnxruntime", "pydantic", "fastapi", "multiprocessing"):
            assert heavy not in loaded


def test_workers_start_when_needed_and_no_more_than_allowed() -> None:
    with DecodePool(workers=2) as pool:
        assert pool.pids() == []
        pool.decode(GOOD, 40)
        assert len(pool.pids()) == 1
        list(pool.decode_many([GOOD] * 20, 40))
        assert len(pool.pids()) <= 2


def test_the_users_main_module_is_not_imported_again(tmp_path: Path) -> None:
    """multiprocessing would run this script a second time in each worker; it has no __main__ guard."""
    script = tmp_path / "shop.py"
    src = str(Path(__file__).resolve().parents[2] / "src")
    script.write_text(
        f"import sys; sys.path.insert(0, {src!r})\nprint('once')\nfrom shoplens.pictures import DecodePool\n"
        f"print(DecodePool(workers=1).decode(bytes.fromhex({GOOD.hex()!r}), 40).width)\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert (done.stdout.split(), done.returncode) == (["once", "100"], 0)


def test_a_caller_who_waits_passes_the_batch() -> None:
    turns = _Turns(1)
    turns.take(_LATER)
    order: list[str] = []

    def wait(name: str, priority: int) -> None:
        turns.take(priority)
        order.append(name)
        turns.give()

    threads = []
    for name, priority in (("batch 1", _LATER), ("batch 2", _LATER), ("shopper", _NOW)):
        threads.append(threading.Thread(target=wait, args=(name, priority)))
        threads[-1].start()
        while len(turns._waiting) < len(threads):
            time.sleep(0.001)
    turns.give()
    for thread in threads:
        thread.join(5)
    assert order == ["shopper", "batch 1", "batch 2"]


def test_a_worker_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shoplens.pictures.pool._BOOT", "import sys; sys.exit('no such module')")
    with DecodePool(workers=1) as pool:
        for _ in range(3):  # and gives its turn back each time
            with pytest.raises(ShopLensError, match="no such module"):
                pool.decode(GOOD, 40)


LIAR = """
import json, socket, struct, sys, time
link = socket.socket(fileno=0)
link.sendall(b"R")
while link.recv(1 << 20):
    about, pixels = {about!r}, {pixels!r}
    head = struct.pack("<IQ", len(about), {size})
    for byte in head if {drip!r} else [head + about + pixels]:
        link.sendall(bytes([byte]) if {drip!r} else byte)
        time.sleep(0.2 if {drip!r} else 0)
"""
FACTS = {"rows": 1, "columns": 1, "width": 1, "height": 1, "format": "png", "warnings": [], "cpu_s": 0.0}


def liar(about: bytes, pixels: bytes = b"abc", size: int | None = None, drip: bool = False) -> str:
    code = LIAR.format(about=about, pixels=pixels, size=len(pixels) if size is None else size, drip=drip)
    return code.replace("{", "{{").replace("}", "}}")


def test_the_false_worker_of_these_tests_can_tell_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shoplens.pictures.pool._BOOT", liar(json.dumps(FACTS).encode()))
    with DecodePool(workers=1) as pool:
        assert pool.decode(GOOD, 40).pixels.tolist() == [[list(b"abc")]]


@pytest.mark.parametrize(
    "code",
    [
        liar(b"no json"),
        liar(b"[]"),
        liar(b"{}"),
        liar(json.dumps({**FACTS, "rows": 2}).encode()),
        liar(json.dumps({**FACTS, "format": "exe"}).encode()),
        liar(json.dumps({**FACTS, "warnings": [1]}).encode()),
        liar(json.dumps({**FACTS, "cpu_s": "x"}).encode()),
        liar(json.dumps({"error": "x", "reason": "made up", "hint": None, "cpu_s": 0.0}).encode()),
        liar(b"{}", size=2**62),
        liar(b"{}", size=100, drip=True),
    ],
)
def test_a_worker_that_was_taken_over_is_one_rejected_picture(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr("shoplens.pictures.pool._BOOT", code)
    with DecodePool(workers=1, timeout_s=1.0) as pool:
        started = time.monotonic()
        with pytest.raises(PictureError) as caught:
            pool.decode(GOOD, 40)
        assert caught.value.reason in ("broken", "timeout")
        assert time.monotonic() - started < 4.0
        assert pool.pids() == []  # it is not asked again
