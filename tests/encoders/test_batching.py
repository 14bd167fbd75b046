"""Calls of several threads made as one: everybody gets his own, also when others leave or fail."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlsplit

import numpy as np
import orjson
import pytest

from shoplens.core.spaces import Vectors
from shoplens.encoders.batching import SIZES, WAITING, Batcher, BatchingEncoder
from shoplens.errors import EncoderError
from tests.conftest import SmallShop, cushions
from tests.serving import serving
from tests.support import ColourEncoder


class Slow:
    """Gives each number back as a vector, after a moment; remembers the sizes of its calls and refuses some numbers."""

    def __init__(self, seconds: float = 0.002, refused: frozenset[int] = frozenset()) -> None:
        self.seconds, self.refused = seconds, refused
        self.sizes: list[int] = []
        self.inside = 0

    def __call__(self, items: Sequence[int]) -> Vectors:
        self.inside += 1
        assert self.inside == 1, "two threads encode at once"
        time.sleep(self.seconds)
        self.sizes.append(len(items))
        self.inside -= 1
        if self.refused & set(items):
            raise ValueError(f"one of {len(items)} is refused")
        return np.array([[n, 2 * n] for n in items], np.float32)


def ask(batcher: Batcher[int], number: int, patience: float = 30.0) -> bool:
    """Whether it was answered; False for one that gave up."""
    try:
        vector = batcher.one(number, patience)
    except EncoderError:
        return False
    assert vector.tolist() == [number, 2 * number], "somebody else's"
    return True


def vanishing(calls: int) -> None:
    slow = Slow(0.001)
    batcher: Batcher[int] = Batcher(slow, 16)
    patience = np.where(np.random.default_rng(1).random(calls) < 0.3, 0.0005, 30.0)
    with ThreadPoolExecutor(24) as threads:
        done = list(threads.map(lambda n: ask(batcher, n, float(patience[n])), range(calls)))
    assert all(answered for answered, p in zip(done, patience, strict=True) if p > 1)
    assert not all(done), "nobody gave up: nothing was shown"
    assert max(slow.sizes) > 1, "nothing was encoded together"
    assert set(slow.sizes) <= set(SIZES)
    assert batcher.one(7).tolist() == [7, 14]  # and it goes on


def test_a_third_gives_up_and_everybody_else_gets_his_own() -> None:
    vanishing(400)


@pytest.mark.slow
def test_a_third_of_ten_thousand_gives_up() -> None:
    vanishing(10_000)


def test_who_comes_alone_is_encoded_alone_and_in_his_own_thread() -> None:
    seen: list[int] = []

    def encode(items: Sequence[int]) -> Vectors:
        seen.append(threading.get_ident())
        return np.ones((len(items), 2), np.float32)

    Batcher(encode, 16).one(1)
    assert seen == [threading.get_ident()]


def test_one_that_cannot_be_encoded_fails_alone() -> None:
    batcher: Batcher[int] = Batcher(Slow(0.02, frozenset({5})), 16)
    with ThreadPoolExecutor(8) as threads:
        made = [threads.submit(batcher.one, n) for n in range(8)]
    for n, future in enumerate(made):
        if n == 5:
            assert isinstance(future.exception(), ValueError)
        else:
            assert future.result().tolist() == [n, 2 * n]


def test_more_than_may_wait_are_refused() -> None:
    hold = threading.Event()

    def encode(items: Sequence[int]) -> Vectors:
        hold.wait(10)
        return np.ones((len(items), 2), np.float32)

    batcher: Batcher[int] = Batcher(encode, 1)
    with ThreadPoolExecutor(WAITING + 1) as threads:
        made = [threads.submit(ask, batcher, n, 0.2) for n in range(WAITING + 1)]
        end = time.monotonic() + 10
        while len(batcher._waiting) < WAITING and time.monotonic() < end:
            if any(one.done() for one in made):
                break
            time.sleep(0.005)
        if len(batcher._waiting) >= WAITING:
            with pytest.raises(EncoderError, match="too many"):
                batcher.one(0)
        hold.set()


# --- over HTTP -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service whose encoder is slow enough for calls to gather."""

    class SlowColours(ColourEncoder):
        def encode_words(self, texts: Sequence[str]) -> Vectors:
            time.sleep(0.004)
            return super().encode_words(texts)

    folder: Path = tmp_path_factory.mktemp("batched")
    small = SmallShop(folder / "small")
    small.encoder = BatchingEncoder(SlowColours(), 16)  # type: ignore[assignment]
    shop = small.open(server={"keys": "off", "max_waiting": 512}, guard={"max_wait_ms": 60_000})
    small.index(shop, cushions(small))
    with serving(shop) as made:
        yield made
    small.close()


WANTED = {"red": "C1", "green": "C2", "blue": "C3", "yellow": "C4", "black": "C5"}


def clients(address: str, calls: int) -> None:
    where = urlsplit(address)
    leaves = np.random.default_rng(2).random(calls) < 0.3
    colours = list(WANTED)

    def call(n: int) -> str:
        colour = colours[n % len(colours)]
        path = f"/v1/search?q={quote(f'{colour} cushion')}&per_page=1"
        with socket.create_connection((where.hostname, where.port), timeout=60) as link:
            link.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            if leaves[n]:
                return "left"
            data = b""
            while more := link.recv(65_536):
                data += more
        head, _, body = data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        return "right" if orjson.loads(body)["hits"][0]["product"]["id"] == WANTED[colour] else "wrong"

    with ThreadPoolExecutor(16) as threads:
        came = list(threads.map(call, range(calls)))
    assert came.count("wrong") == 0
    assert came.count("left") == int(leaves.sum())
    assert came.count("right") == calls - int(leaves.sum())


def test_clients_vanish_and_nobody_gets_what_another_asked(address: str) -> None:
    clients(address, 150)


@pytest.mark.slow
def test_a_third_of_ten_thousand_clients_vanishes(address: str) -> None:
    clients(address, 10_000)
