"""More requests than can be answered: who waits, who is refused and when, and what the admitted see of it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import threading
import time
import weakref
from collections import deque
from typing import Any

import numpy as np
import pytest

from shoplens.server.gates import BORNE, LONGEST_AFTER_S, Busy, Gate, Pressure, gates_of, search_threads
from shoplens.server.waiting import ASKING, Asking, ClientGone
from tests.guarded import run_async


def after(seconds: float, what: Any) -> Any:
    """What is given, after a while."""
    time.sleep(seconds)
    return what


def test_what_is_too_much_is_refused_at_once_and_the_admitted_are_all_answered() -> None:
    async def work() -> tuple[int, int, float]:
        gate = Gate(2, 4)

        async def one(n: int) -> int | None:
            try:
                return await gate.run(lambda: after(0.05, n))
            except Busy:
                return None

        start = time.monotonic()
        tasks = [asyncio.ensure_future(one(n)) for n in range(40)]
        await asyncio.sleep(0)
        refused = [task for task in tasks if task.done()]
        took = time.monotonic() - start
        answers = await asyncio.gather(*tasks)
        assert [n for n in answers if n is not None] == list(range(6))
        assert await one(7) == 7  # and it is normal again
        return len(refused), answers.count(None), took

    at_once, refused, took = run_async(work())
    assert refused == 34
    assert took < 0.05 or at_once == 34


def test_under_lasting_load_who_is_let_in_waits_no_longer_than_it_is_borne() -> None:
    """Three times as many come as can be answered: a burst may queue, what lasts may not."""

    async def work() -> tuple[list[float], int]:
        gate = Gate(1, 1000, patience_s=0.05)
        waits: list[float] = []
        refused = 0

        async def one() -> None:
            nonlocal refused
            start = time.monotonic()
            try:
                began = await gate.run(lambda: after(0.01, time.monotonic()))
                waits.append(began - start)
            except Busy:
                refused += 1

        tasks = []
        for _ in range(200):
            tasks.append(asyncio.ensure_future(one()))
            await asyncio.sleep(0.0033)
        await asyncio.gather(*tasks)
        return waits, refused

    waits, refused = run_async(work())
    late = sorted(waits[len(waits) // 2 :])
    assert refused > 40
    assert late[len(late) // 2] < 0.2  # without the bound the middle one of the second half would wait a second


def queued(load: float, turn_s: float, requests: int = 20_000) -> tuple[np.ndarray, float]:
    """Random requests to one thread, by a clock of their own: how long the admitted took, and the share refused."""
    rng, pressure = np.random.default_rng(7), Pressure(0.03)
    come = np.cumsum(rng.exponential(turn_s / load, requests))
    work = rng.gamma(1 / 0.3**2, 0.3**2 * turn_s, requests)
    line: deque[tuple[float, float]] = deque()
    free_at, took, refused = 0.0, list[float](), 0
    for at, needs in zip([*come.tolist(), np.inf], [*work.tolist(), 0.0], strict=True):
        while line and free_at <= at:  # what ends before this one comes
            pressure.ended(free_at, len(line))
            began, long = line.popleft()
            free_at += long
            took.append(free_at - began)
        if free_at <= at:
            pressure.ended(free_at, 0)
            free_at = at + needs
            pressure.came(at)
            took.append(needs)
        elif pressure.turn_s and pressure.is_too_much(at, len(line)):
            pressure.came(at)
            refused += 1
        else:
            pressure.came(at)
            line.append((at, needs))
    return np.array(took), refused / requests


@pytest.mark.parametrize("turn_s", [0.001, 0.005, 0.025])
def test_chance_is_let_wait_and_overload_is_not(turn_s: float) -> None:
    """At 70 % hardly anybody is refused; at three times as many as can be answered the admitted stay quick."""
    _, refused = queued(0.7, turn_s)
    assert refused < 0.002
    took, refused = queued(3.0, turn_s)
    assert refused == pytest.approx(2 / 3, abs=0.02)  # no thread is ever without work
    assert np.percentile(took, 99) < 1.2 * max(0.03, 3 * turn_s) + 4 * turn_s
    _, patiences, turns = BORNE[0]  # before it is seen that it lasts
    assert took.max() < 1.2 * max(patiences * 0.03, turns * turn_s) + 6 * turn_s


def test_the_more_come_the_later_they_are_to_come_again() -> None:
    async def work(each_s: float) -> list[int]:
        gate, told = Gate(1, 2, patience_s=0.03), list[int]()

        async def one() -> None:
            try:
                await gate.run(lambda: after(0.05, None))
            except Busy as busy:
                told.append(busy.after_s)

        tasks = []
        for _ in range(150):  # twenty come for each that can be answered; more than one on a machine that is busy, too
            tasks.append(asyncio.ensure_future(one()))
            await asyncio.sleep(each_s)
        await asyncio.gather(*tasks)
        return told

    told = run_async(work(0.0025))
    assert told[0] == 1
    assert 1 < told[-1] <= LONGEST_AFTER_S


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores can be taken away on Linux only")
def test_no_more_is_worked_on_at_once_than_there_are_cores() -> None:
    """One core: two searches, since one may wait for a disk; of what is encoded together as many as fit in a batch."""
    had = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(had)})
    try:
        assert (search_threads(), search_threads(batch=4), search_threads(batch=64)) == (2, 4, 8)

        async def work() -> int:
            gate, hold = gates_of(64, 0.03).search, threading.Event()
            tasks = [asyncio.ensure_future(gate.run(hold.wait)) for _ in range(5)]
            await asyncio.sleep(0.01)
            working = gate.working
            hold.set()
            await asyncio.gather(*tasks)
            return working

        assert run_async(work()) == 2
    finally:
        os.sched_setaffinity(0, had)


def test_an_error_leaves_nothing_behind_that_has_to_be_looked_for() -> None:
    """A photo that is refused left frames, closures and its own bytes to the collector, megabytes at a time."""

    class Odd(Exception):
        pass

    async def work() -> None:
        gate = Gate(1, 4)
        kept: list[weakref.ref[Odd]] = []

        def fail() -> None:
            error = Odd()
            kept.append(weakref.ref(error))
            try:
                raise error
            finally:
                del error

        gc.disable()
        try:
            for _ in range(3):
                with contextlib.suppress(Odd):
                    await gate.run(fail)
            await gate.run(lambda: None)  # the thread has let go of what was before
            await asyncio.sleep(0)
            assert [one() for one in kept] == [None] * 3
        finally:
            gc.enable()

    run_async(work())


def test_work_whose_client_has_gone_is_never_begun() -> None:
    async def work() -> list[str]:
        gate, done = Gate(1, 10), list[str]()

        async def receive() -> Any:
            await asyncio.sleep(0.05)
            return {"type": "http.disconnect"}

        async def one(name: str, asking: Asking | None) -> None:
            ASKING.set(asking)
            await gate.run(lambda: done.append(after(0.2, name)))

        stays = asyncio.create_task(one("stays", None))
        await asyncio.sleep(0.01)
        goes = asyncio.create_task(one("goes", Asking(receive, has_body=False)))
        late = asyncio.create_task(one("late", None))
        with pytest.raises(ClientGone):
            await goes
        assert not stays.done()  # it was told while the other one still worked
        await asyncio.gather(stays, late)
        given_up = asyncio.create_task(one("given up", None))
        waiting = asyncio.create_task(one("waiting", None))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(given_up, waiting, return_exceptions=True)
        await gate.run(lambda: done.append("after"))
        return done

    assert run_async(work()) == ["stays", "late", "given up", "after"]
