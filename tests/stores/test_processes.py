"""Several processes at one store: order of changes, seeing each other's writes, kill -9, fsync."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.stores.conftest import Addresses
from tests.stores.writer import FORKS, ids_of, write_rounds
from tests.suites import store as suite

from shoplens.core.catalogue import Product
from shoplens.core.ports import StoredProduct, Write
from shoplens.stores import SqlStore, open_store

_ROOT = Path(__file__).resolve().parents[2]


class Writer:
    """A writing process, and what it has acknowledged."""

    def __init__(self, address: str, name: str, rounds: int) -> None:
        self._said, saying = FORKS.Pipe(duplex=False)
        self.process = FORKS.Process(target=write_rounds, args=(address, name, rounds, saying.send), daemon=True)
        self.process.start()
        saying.close()
        assert self._said.recv() == (-1, 0)

    def acknowledged(self) -> Iterator[tuple[int, int]]:
        """(round, sequence number) as they come, until the process ends or dies."""
        with contextlib.suppress(EOFError, ConnectionResetError):
            while True:
                yield self._said.recv()
        self._said.close()
        self.process.join(30)


def test_four_writing_processes_and_readers_that_replay(addresses: Addresses) -> None:
    address, rounds = addresses(), 15
    with ThreadPoolExecutor(4) as threads:  # all four create it: one does
        writers = list(threads.map(lambda i: Writer(address, f"w{i}", rounds), range(4)))
    copies: list[dict[int, StoredProduct]] = [{}, {}]
    stands = [0, 0]
    with open_store(address) as store:
        finished = threading.Event()

        def follow(which: int) -> None:
            seen = 0
            while not finished.is_set():
                now = store.last_seq()
                assert now >= seen
                seen = now
                stands[which] = suite.replay(store, copies[which], stands[which], limit=7)

        followers = [threading.Thread(target=follow, args=(i,)) for i in (0, 1)]
        for follower in followers:
            follower.start()
        seqs = [seq for writer in writers for _, seq in writer.acknowledged()]
        finished.set()
        for follower in followers:
            follower.join()
        assert [writer.process.exitcode for writer in writers] == [0] * 4
        truth = {p.number: p for part in store.scan() for p in part}
        for which in (0, 1):
            assert suite.replay(store, copies[which], stands[which], limit=7) in (stands[which], store.last_seq())
            assert copies[which] == truth
        assert len(seqs) == len(set(seqs)) == 4 * rounds
        assert max(seqs) == store.last_seq()
        assert len({v for p in truth.values() for v in p.variant_numbers}) == len(truth)
        assert store.check() == []


def test_threads_write_and_read_at_once(address: str) -> None:
    with open_store(address, create=True) as store:
        failures: list[BaseException] = []

        def work(name: int) -> None:
            try:
                for i in range(10):
                    seq = store.write(
                        Write(put=[Product(f"p{name}", title=f"{i}"), Product("common", title=f"{name} {i}")])
                    )
                    assert store.last_seq() >= seq
                    number = store.numbers_of([f"p{name}"])[f"p{name}"]
                    found = store.get([number])[0]
                    assert found is not None
                    assert found.product.title == f"{i}"
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert store.last_seq() == 4 * 10 * 2
        assert len(list(store.ids())) == 5


def test_a_second_process_sees_a_write_at_once(address: str) -> None:
    with open_store(address, create=True) as store:
        assert (store.last_seq(), store.get([1])) == (0, [None])
        for i, seq in Writer(address, "w", 10).acknowledged():
            # The writer may be ahead of what it said, never behind.
            assert store.last_seq() >= seq
            number = store.numbers_of([f"w-{i}"])[f"w-{i}"]
            found = store.get([number])[0]
            assert found is not None
            assert int(found.product.title) >= i


def _check_acknowledged(store: SqlStore, acknowledged: int) -> None:
    """Everything of the last acknowledged round is there; of the round under way all or nothing."""
    i = acknowledged
    numbers = store.numbers_of(ids_of("w", i))
    products = store.get(list(numbers.values()))
    assert len(products) == 3
    for product in products:
        assert product is not None
        written = int(product.product.title)
        assert written in (i, i + 1)
        assert dict(product.pictures) == {product.product.id: f"{written:064x}"}
        assert store.facts([product.product.id])[product.product.id].fingerprint == product.product.title
    keys = [f"{n:064x}" for n in range(max(0, i - 200), i + 1)]
    found = store.vectors(suite.SPACE, "picture", keys)
    assert {key: vector[0] for key, vector in found.items()} == {key: int(key, 16) % 100 for key in keys}


def test_kill_9_loses_nothing_acknowledged(sqlite_addresses: Addresses) -> None:
    address, chance, rounds = sqlite_addresses(), random.Random(20), 0
    for _ in range(int(os.environ.get("SHOPLENS_KILLS", "20"))):
        writer = Writer(address, "w", 10**6)
        assert writer.process.pid
        killer = threading.Timer(chance.uniform(0.001, 0.15), os.kill, [writer.process.pid, signal.SIGKILL])
        killer.start()
        said = list(writer.acknowledged())
        killer.join()
        assert writer.process.exitcode == -signal.SIGKILL
        rounds += len(said)
        with open_store(address) as store:
            if said:
                assert store.last_seq() >= said[-1][1]
                _check_acknowledged(store, said[-1][0])
            assert store.check() == []
            truth = {p.number: p for part in store.scan() for p in part}
            copy: dict[int, StoredProduct] = {}
            suite.replay(store, copy, 0, limit=1000)
            assert copy == truth
    assert rounds > 0


def test_fsync_comes_before_the_acknowledgement(sqlite_addresses: Addresses, tmp_path: Path) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("no strace here: apt-get install strace")
    address, rounds, trace = sqlite_addresses(), 20, tmp_path / "trace"
    command = [sys.executable, "-m", "tests.stores.writer", address, "w", str(rounds)]
    traced = [strace, "-f", "-y", "-e", "trace=fsync,fdatasync,write,pwrite64", "-o", str(trace), *command]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(_ROOT / "src"), str(_ROOT)])}
    done = subprocess.run(traced, env=environment, capture_output=True, timeout=120)
    if not trace.exists() or done.returncode != 0:
        pytest.skip("strace may not trace here")
    started, dirty, synced, acknowledged = False, False, False, 0
    for line in trace.read_text(errors="replace").splitlines():
        if re.search(r'write\(1<.*"-1 0', line):
            started, dirty, synced = True, False, False
        elif not started:
            continue
        elif re.search(r"pwrite64\(\d+<.*store\.db-wal", line):
            dirty, synced = True, False
        elif re.search(r"f(data)?sync\(\d+<.*store\.db-wal", line):
            synced = True
        elif re.search(r'write\(1<.*"\d+ \d+', line):
            assert dirty, f"acknowledged without writing: {line}"
            assert synced, f"acknowledged before it was on the disk: {line}"
            dirty, synced, acknowledged = False, False, acknowledged + 1
    assert acknowledged == rounds


def test_a_child_after_fork_uses_connections_of_its_own(address: str) -> None:
    with open_store(address, create=True) as store:
        store.write(Write(put=[Product("a")]))
        assert store.last_seq() == 1
        child = os.fork()
        if child == 0:  # pragma: no cover
            try:
                store.write(Write(put=[Product("b")]))
                os._exit(0 if store.last_seq() == 2 else 1)
            except BaseException:
                os._exit(2)
        deadline = time.monotonic() + 30
        while (done := os.waitpid(child, os.WNOHANG)) == (0, 0) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert os.waitstatus_to_exitcode(done[1]) == 0
        assert store.write(Write(put=[Product("c")])) == 3
        assert list(store.ids()) == ["a", "b", "c"]
