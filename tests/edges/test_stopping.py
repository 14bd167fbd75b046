"""`shoplens serve` as an operator sees it: reads its settings again, drains, answers what is under way, and says so."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from shoplens.app import Shop
from shoplens.config import Config
from shoplens.server.reloading import LIVE, take_up
from shoplens.stores import open_store
from tests.conftest import SmallShop

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = "[server]\ndrain_s = {drain}\nkeys = 'off'\n[guard]\nrate_per_address = '{rate}'\n"


class Running:
    """A service in a process of its own, started as systemd does it."""

    def __init__(self, folder: Path, drain: float) -> None:
        self.folder, self.log = folder, folder / "log"
        self.settings(drain=drain)
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.told.bind(str(folder / "n"))
        self.messages: list[str] = []
        self._read = 0
        threading.Thread(target=self._hear, daemon=True).start()
        with open_store(folder / "s" / "shop.db", create=True):
            pass
        env = os.environ | {"NOTIFY_SOCKET": str(folder / "n"), "WATCHDOG_USEC": "400000", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "shoplens", "serve", "--shop", str(folder / "s"), "--port", "0"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=env, stderr=log)

    def settings(self, drain: float = 0.0, rate: str = "") -> None:
        """Writes the settings."""
        (self.folder / "s").mkdir(exist_ok=True)
        (self.folder / "s" / "shoplens.toml").write_text(SETTINGS.format(drain=drain, rate=rate))

    def _hear(self) -> None:
        while message := self.told.recv(4096):
            self.messages.append(message.decode())

    def wait_told(self, wanted: str) -> str:
        """The next message to systemd that holds this."""
        end = time.monotonic() + 60
        while True:
            fresh, self._read = self.messages[self._read :], len(self.messages)
            for number, message in enumerate(fresh):
                if wanted in message:
                    self._read -= len(fresh) - number - 1
                    return message
            assert time.monotonic() < end, self.messages
            time.sleep(0.02)

    @property
    def address(self) -> str:
        found = re.search(r"http://127\.0\.0\.1:\d+", self.log.read_text())
        assert found, self.log.read_text()
        return found[0]


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[float], Running]]:
    running: list[Running] = []

    def one(drain: float) -> Running:
        running.append(Running(tmp_path_factory.mktemp("r"), drain))
        running[-1].wait_told("READY=1")
        return running[-1]

    yield one
    for each in running:
        each.process.kill()
        each.process.wait()
        each.told.shutdown(socket.SHUT_RD)


def settings_are_read_again(service: Running) -> None:
    url = f"{service.address}/v1/search?q=shoe"
    assert {httpx.get(url, timeout=60).status_code for _ in range(4)} == {200}
    service.settings(drain=5.0, rate="2/h")
    service.process.send_signal(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in service.wait_told("RELOADING=1")
    service.wait_told("READY=1")
    assert [httpx.get(url, timeout=60).status_code for _ in range(4)] == [200, 200, 429, 429]
    said = service.log.read_text()
    assert re.search(r"settings read again.*server\.drain_s.*guard\.rate_per_address|"
                     r"settings read again.*guard\.rate_per_address.*server\.drain_s", said), said  # fmt: skip
    (service.folder / "s" / "shoplens.toml").write_text("[server\n")
    service.process.send_signal(signal.SIGHUP)
    service.wait_told("RELOADING=1")
    service.wait_told("READY=1")
    assert "cannot be read again" in service.log.read_text()
    assert httpx.get(f"{service.address}/healthz", timeout=60).status_code == 200, "with what it had it goes on"


def test_it_reads_settings_drains_answers_what_is_under_way_and_ends_well(start: Callable[[float], Running]) -> None:
    service = start(2.0)  # one process for all of it: to start one takes seconds
    address = service.address
    settings_are_read_again(service)
    service.settings(drain=2.0)
    service.process.send_signal(signal.SIGHUP)
    service.wait_told("RELOADING=1")
    service.wait_told("READY=1")
    assert "WATCHDOG=1" in service.wait_told("WATCHDOG=1")
    host, port = address.removeprefix("http://").split(":")
    # A body that is still being sent when the signal comes.
    slow = socket.create_connection((host, int(port)))
    body = b'{"q": "shoe"}'
    slow.sendall(b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
    slow.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body[:5])
    time.sleep(0.2)
    service.process.send_signal(signal.SIGTERM)
    end = time.monotonic() + 60
    while (asked := httpx.get(f"{address}/readyz", timeout=60)).status_code != 503:
        assert time.monotonic() < end
    assert asked.json()["code"] == "stopping"
    assert asked.headers["connection"] == "close"
    assert httpx.get(f"{address}/v1/search?q=shoe", timeout=60).status_code == 200, (
        "it goes on answering while it drains"
    )
    service.wait_told("STOPPING=1")
    slow.sendall(body[5:])
    slow.settimeout(60)
    assert slow.recv(4096).startswith(b"HTTP/1.1 200"), "what was under way is answered"
    assert service.process.wait(60) == 0
    said = service.log.read_text()
    assert "stopped" in said, "what follows the serving is done"
    assert "Traceback" not in said


def test_what_counts_at_once_and_what_after_a_restart(small: SmallShop) -> None:
    shop: Shop = small.open()
    held = shop.config.server
    new = Config.load(
        shop.folder,
        server={"max_body_bytes": 5_000, "port": 9999, "cors_origins": ["https://a.example"]},
        query_log={"enabled": True},
        search={"depth": 300},
        pictures={"workers": 1},
    )
    told = take_up(shop, new)
    assert set(told.now) == {"server.max_body_bytes", "server.cors_origins", "query_log.enabled"}
    assert set(told.after_restart) == {"server.port", "search.depth"}
    assert (held.max_body_bytes, held.port, held.cors_origins) == (5_000, 8000, ("https://a.example",))
    shop.search("a query that is kept")
    end = time.monotonic() + 60
    while not list(shop.folder.glob("queries/*.jsonl")):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert take_up(shop, new).now == ()


def test_every_live_setting_is_one() -> None:
    fields = {name: set(type(getattr(Config(), name)).model_fields) for name in LIVE}
    assert {name: sorted(live - fields[name]) for name, live in LIVE.items()} == {name: [] for name in LIVE}


@pytest.mark.slow
def test_a_second_signal_ends_the_wait(start: Callable[[float], Running]) -> None:
    service = start(60.0)
    service.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert service.process.poll() is None
    threading.Timer(0.1, service.process.send_signal, [signal.SIGTERM]).start()
    assert service.process.wait(60) == 0
