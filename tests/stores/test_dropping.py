"""Dropping a space in parts: other writers get their turn, other spaces stay, what is stored meanwhile goes too."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from tests.stores.conftest import Addresses
from tests.suites.store import SPACE, rows_of

from shoplens.core.ports import Write
from shoplens.core.spaces import Space
from shoplens.stores import open_store, sql

OTHER = Space("other", "2", SPACE.dimension)


def key(number: int) -> str:
    return f"{number:064x}"


@pytest.mark.parametrize("count", [0, 6, 7, 8, 21, 40])
def test_all_of_it_goes_and_nothing_else(addresses: Addresses, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(sql, "DROPPED", 7)
    monkeypatch.setattr(sql, "_TURN_S", 0.0)
    with open_store(addresses(), create=True) as store:
        for number in range(count):  # row by row, the spaces and modalities in turn
            store.write(Write(vectors=[rows_of([key(number)], number, "words" if number % 3 else "picture")]))
            store.write(Write(vectors=[rows_of([key(number)], number, space=OTHER)]))
        assert store.drop_space(SPACE) == count
        assert store.spaces() == ({OTHER: count} if count else {})
        assert store.modalities(SPACE) == set()
        kept = store.vectors(OTHER, "picture", [key(number) for number in range(count)])
        for number in range(count):
            assert np.array_equal(kept[key(number)], rows_of([key(number)], number).vectors[0].astype(np.float16))
        store.write(Write(vectors=[rows_of([key(3)], 3)]))
        assert store.spaces()[SPACE] == 1, "the space can be begun anew"
        assert store.check() == []


def test_others_write_meanwhile(addresses: Addresses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "DROPPED", 20)
    where = addresses()
    with open_store(where, create=True) as store, open_store(where) as writer:
        store.write(Write(vectors=[rows_of([key(number) for number in range(400)], 1)]))
        begun, times = threading.Event(), []

        def write() -> None:
            begun.wait()
            for number in range(5):
                started = time.perf_counter()
                writer.write(Write(vectors=[rows_of([key(1000 + number)], number, space=OTHER)]))
                times.append(time.perf_counter() - started)

        thread = threading.Thread(target=write)
        thread.start()
        started = time.perf_counter()
        begun.set()
        assert store.drop_space(SPACE) == 400
        whole = time.perf_counter() - started
        thread.join()
        assert store.spaces() == {OTHER: 5}
        assert whole > 20 * sql._TURN_S
        assert min(times) < whole / 4, "no writer waited for all of it"
