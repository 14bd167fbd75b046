"""A process that writes round after round and says so after each: run by test_processes, killed by it too."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from shoplens.core.catalogue import ImageRef, Product
from shoplens.core.ports import PictureFacts, VectorRows, Write
from shoplens.core.spaces import Space
from shoplens.errors import StoreError
from shoplens.stores import SqlStore, open_store

# Children are forked from a process that has imported everything once: starting Python takes longer than the tests.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["shoplens.stores", "tests.stores.writer"])

SPACE = Space("encoder", "1", 4)
AROUND = 40


def ids_of(name: str, i: int) -> list[str]:
    """The three products that round i writes."""
    return [f"{name}-{(i + j) % AROUND}" for j in range(3)]


def batch_of(name: str, i: int) -> Write:
    """Round i: three products with a picture, its facts and its vector; and the one half a circle away goes."""
    ids, key = ids_of(name, i), f"{i:064x}"
    return Write(
        put=[Product(x, title=str(i), images=(ImageRef(x),)) for x in ids],
        pictures_of={x: {x: key} for x in ids},
        delete=[f"{name}-{(i + AROUND // 2) % AROUND}"],
        facts=[PictureFacts(x, str(i), key) for x in ids],
        vectors=[VectorRows(SPACE, "picture", [key], np.full((1, SPACE.dimension), i % 100, np.float32))],
    )


def write_rounds(address: str, name: str, rounds: int, say: Callable[[tuple[int, int]], Any]) -> None:
    """Writes; says (round, sequence number) after each write has returned, and (-1, 0) before the first."""
    with open_store(address, create=True) as store:
        say((-1, 0))
        for i in range(rounds):
            say((i, store.write(batch_of(name, i))))


def _become_nobody() -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)


def read_as_nobody(path: str, line: Connection) -> None:
    """Each time it is asked, says what a reader without rights sees: (last number, titles), or the error."""
    _become_nobody()
    with open_store(path, read_only=True) as store:
        while line.recv():
            try:
                line.send((store.last_seq(), titles_of(store)))
            except StoreError as error:
                line.send(str(error))


def write_once(path: str, batch: Write) -> None:
    """Opens, writes, closes."""
    with open_store(path) as store:
        store.write(batch)


def titles_of(store: SqlStore) -> set[str]:
    """The titles of all products, each looked up by its number."""
    found = store.get(list(store.numbers_of(list(store.ids())).values()))
    return {one.product.title for one in found if one is not None}


def try_as_nobody(path: str, say: Callable[[str], Any]) -> None:
    """Writes and reads as a user without rights (root may write whatever a file's mode says); says how it went."""
    _become_nobody()
    try:
        with open_store(path) as store:
            store.write(Write(put=[Product("x")]))
    except StoreError as error:
        say(str(error))
    with open_store(path, read_only=True) as store:
        say(" ".join(store.ids()))


if __name__ == "__main__":
    write_rounds(sys.argv[1], sys.argv[2], int(sys.argv[3]), lambda said: os.write(1, b"%d %d\n" % said))
