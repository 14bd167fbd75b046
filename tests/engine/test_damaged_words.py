"""A damaged word index is noticed when it is opened and while it is served, told, and built anew; searches go on."""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from shoplens.app import Shop
from shoplens.core.query import Query
from shoplens.server import create_app
from shoplens.stores import FolderLock
from tests.conftest import SmallShop, cushions

AS_WRITTEN = Query("cushion", semantic_ratio=0.0)


def word_files(small: SmallShop) -> list[Path]:
    """The files of the words' only generation that are not empty, by name."""
    (generation,) = (small.folder / "shop" / "copies" / "words").glob("words-*")
    return sorted(p for p in generation.iterdir() if p.stat().st_size)


def damage(path: Path, how: str) -> None:
    """Another file in its place: a process that has the one before open is not disturbed by a cut."""
    data = bytearray(path.read_bytes())
    if how == "flip":
        data[len(data) // 3] ^= 0xFF
    new = path.with_suffix(".new")
    new.write_bytes(data if how == "flip" else data[: len(data) // 2])
    new.replace(path)


def indexed(small: SmallShop) -> None:
    shop = small.open()
    small.index(shop, cushions(small))
    assert shop.search(AS_WRITTEN).found == 5
    shop.close()


def words_found(shop: Shop) -> int:
    return shop.search(AS_WRITTEN).found


@pytest.mark.parametrize("how", ["flip", "cut"])
@pytest.mark.parametrize("kind", [".idx", ".term", ".pos", ".fast", ".fieldnorm", ".store", "meta.json"])
def test_damage_is_told_and_mended(small: SmallShop, how: str, kind: str) -> None:
    indexed(small)
    damage(next(p for p in word_files(small) if p.name.endswith(kind)), how)
    shop = small.open()
    assert shop.copies.parts.words.problem
    (finding,) = (f for f in shop.doctor() if f.code.startswith("words"))
    assert (finding.level, finding.code) == ("warning", "words_damaged")
    assert "built anew" in finding.hint
    assert words_found(shop) == 5
    shop.close()
    shop = small.open()
    assert not [f for f in shop.doctor() if f.code.startswith("words")]


def test_a_search_mends_what_it_finds_damaged(small: SmallShop) -> None:
    indexed(small)
    damage(next(p for p in word_files(small) if p.suffix == ".term"), "flip")
    assert words_found(small.open()) == 5


def test_searches_go_on_while_another_process_holds_the_lock(small: SmallShop) -> None:
    indexed(small)
    damage(next(p for p in word_files(small) if p.suffix == ".idx"), "flip")
    lock = FolderLock(small.folder / "shop")
    assert lock.try_acquire()
    shop = small.open()
    with TestClient(create_app(shop)) as client:
        end = time.monotonic() + 20
        while (told := client.get("/readyz").json())["status"] == "unavailable" or "code" in told:
            assert time.monotonic() < end
            time.sleep(0.02)
        assert told == {"status": "degraded", "degraded": ["words"]}
        body = client.get("/v1/search", params={"q": "red cushion"}).json()
        assert body["hits"][0]["product"]["id"] == "C1"  # the vectors
        assert body["degraded"] == ["words"]
        (finding,) = (f for f in shop.doctor() if f.code.startswith("words"))
        assert (finding.level, finding.code) == ("error", "words_damaged")
        lock.release()
        while client.get("/readyz").json() != {"status": "ready"}:
            assert time.monotonic() < end
            time.sleep(0.02)
        body = client.get("/v1/search", params={"q": "cushion", "semantic_ratio": 0}).json()
        assert (body["found"], body["degraded"]) == (5, [])


def test_a_service_finds_damage_while_it_runs(small: SmallShop) -> None:
    indexed(small)
    shop = small.open()
    shop.copies.start_keeper(lambda error: None, interval=0.02, inspect_every=0.05)
    assert words_found(shop) == 5
    file = next(p for p in word_files(small) if p.suffix == ".term")
    damage(file, "flip")
    end = time.monotonic() + 20
    while file.exists() or shop.copies.degraded:  # the damaged generation goes when a fresh one is begun
        assert shop.search("red cushion").hits[0].product.id == "C1"
        assert time.monotonic() < end
        time.sleep(0.02)
    assert words_found(shop) == 5


def cut_in_place(small: SmallShop, kind: str, size: int) -> Path:
    """Cuts a file that a process has open, as nobody should."""
    file = next(p for p in word_files(small) if p.name.endswith(kind))
    os.truncate(file, min(size, file.stat().st_size // 2))
    return file


@pytest.mark.parametrize("kind", [".term", ".store"])
def test_a_service_finds_a_file_that_is_cut_in_place(small: SmallShop, kind: str) -> None:
    indexed(small)
    shop = small.open()
    shop.copies.start_keeper(lambda error: None, interval=0.02, inspect_every=1e9)
    assert words_found(shop) == 5
    time.sleep(0.2)  # the keeper has looked at the files once
    file = cut_in_place(small, kind, 1_000_000)
    end = time.monotonic() + 20
    while file.exists() or shop.copies.degraded or not shop.copies.words_current():
        assert time.monotonic() < end
        time.sleep(0.02)
    assert words_found(shop) == 5


def test_a_process_that_ends_over_a_file_that_was_cut_leaves_a_shop_that_mends_itself(small: SmallShop) -> None:
    """The files are mapped: who reads beyond the end of one before the cut is noticed is ended by SIGBUS."""
    indexed(small)
    child = os.fork()
    if not child:
        code = 1
        faulthandler.disable()  # it is meant to end so
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        try:
            shop = small.open()
            shop.edits.patch("C1", {"price": "7.00"})
            if words_found(shop) == 5:
                cut_in_place(small, ".idx", 0)
                shop.search(Query("red mug", semantic_ratio=0.0))
                code = 0
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    assert os.waitstatus_to_exitcode(status) in (0, -signal.SIGBUS)
    shop = small.open()
    assert words_found(shop) == 5
    assert str(shop.product("C1").variants[0].price) == "7.00 EUR"
    assert [f.code for f in shop.doctor() if f.level == "error"] == []
