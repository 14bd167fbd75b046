"""A service answers throughout: while the new space is built, at the switch, after it; no request fails."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from shoplens.app import Shop, open_shop
from shoplens.core.query import Query
from shoplens.errors import SpaceIncompleteError
from shoplens.server import http as server
from tests.edges.test_cli import run
from tests.serving import serving
from tests.switching.conftest import Place, said, same

ONE, TWO = "one@1/12", "two@1/12"


class Asking:
    """Asks a service again and again: for each space that answered, the answers it gave."""

    def __init__(self, address: str, photo: Path) -> None:
        self.answers: dict[str, list[list[tuple[str, float]]]] = {}
        self.failed: list[str] = []
        self.over = threading.Event()
        self._address, self._photo = address, photo.read_bytes()

    def run(self) -> None:
        """Until it is over."""
        with httpx.Client(base_url=self._address, timeout=30) as client:
            while not self.over.is_set():
                time.sleep(0.01)  # the commands beside it are to get on
                got = client.post("/v1/search", data={"q": "chair"}, files={"images": ("p.png", self._photo)})
                if got.status_code != 200:
                    self.failed.append(got.text)
                    continue
                fields = got.json()
                hits = [(hit["product"]["id"], hit["score"]) for hit in fields["hits"]]
                self.answers.setdefault(fields["model_version"], []).append(hits)

    def wait_for(self, space: str, seconds: float = 30.0) -> None:
        """Until the service has answered once more, in a space."""
        before, end = len(self.answers.get(space, ())), time.monotonic() + seconds
        while len(self.answers.get(space, ())) == before:
            assert time.monotonic() < end, f"no answer in {space}; failed: {self.failed[:1]}"
            time.sleep(0.01)


@contextmanager
def asking(address: str, photo: Path) -> Iterator[Asking]:
    asker = Asking(address, photo)
    thread = threading.Thread(target=asker.run)
    thread.start()
    try:
        yield asker
    finally:
        asker.over.set()
        thread.join()


def directly(shop: Shop, photo: Path) -> list[tuple[str, float]]:
    return said(shop.search("chair", photos=photo))


def test_a_service_goes_on_while_another_space_is_built_and_switched_to(
    place: Place, opened: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(server, "FOLLOW_S", 0.1)
    for number in range(30, 90):
        place.add(number)
    shop, other = opened(), opened()
    place.index(shop)
    photo = place.photos / "8.png"
    expected = {ONE: directly(shop, photo)}
    with open_shop(place.config("two").model_copy(update={"shop": tmp_path / "direct"}), create=True) as direct:
        place.index(direct)
        expected[TWO] = directly(direct, photo)

    def told(*args: str) -> dict[str, Any]:
        """What a command says, run beside the service with the settings that the shop was begun with."""
        done = run(*args, "--shop", "shop", "--json", cwd=place.folder, SHOPLENS_ENCODER=place.name("one"))
        return dict(json.loads(done.stdout or done.stderr))

    with serving(shop) as address, asking(address, photo) as asker:
        asker.wait_for(ONE)
        with pytest.raises(SpaceIncompleteError):
            other.spaces.switch(place.name("two"))
        done = told("encoder", "reencode", "encoders/two")
        assert (done["space"], done["pictures_encoded"], done["complete"]) == (TWO, 90, True)
        asker.wait_for(ONE)
        assert set(asker.answers) == {ONE}, "the old space serves as long as nobody switches"
        switched = told("encoder", "switch", "encoders/two")
        assert (switched["space"], switched["before"]) == (TWO, place.name("one"))
        asker.wait_for(TWO)
        # What is indexed after it is found in the new space, by words too: its copies have taken over the writing.
        place.add(90)
        place.index(other)
        assert httpx.get(f"{address}/v1/search", params={"q": "number 90"}).json()["hits"][0]["product"]["id"] == "P90"
        del place.rows[-1]
        place.index(other)
        asker.wait_for(TWO)
        assert str(other.spaces.switch()) == ONE
        asker.wait_for(ONE)
    assert asker.failed == []
    assert same(asker.answers[ONE][:1], [expected[ONE]])
    assert all(same([hits], [expected[ONE]]) for hits in asker.answers[ONE]), "the same before, during and after"
    first, *_, last = asker.answers[TWO]
    assert same([first], [expected[TWO]])
    assert same([last], [expected[TWO]])


def test_a_switch_that_a_service_cannot_follow_is_told_and_the_old_space_serves(
    place: Place, opened: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(server, "FOLLOW_S", 0.05)
    monkeypatch.setattr(server, "FOLLOW_AGAIN_S", 0.05)
    shop, other = opened(), opened()
    place.index(shop)
    other.spaces.reencode(place.name("two"))
    away = place.folder / "away"
    with serving(shop) as address:
        other.spaces.switch(place.name("two"), follow=False)
        (place.folder / "encoders" / "two").rename(away)
        time.sleep(0.4)
        assert httpx.get(f"{address}/v1/search", params={"q": "chair"}).json()["model_version"] == ONE
        away.rename(place.folder / "encoders" / "two")
        end = time.monotonic() + 20
        while httpx.get(f"{address}/v1/search", params={"q": "chair"}).json()["model_version"] != TWO:
            assert time.monotonic() < end
            time.sleep(0.02)
    told = capfd.readouterr()
    assert "a switch to another encoder cannot be followed" in told.out + told.err


def test_a_query_under_way_ends_where_it_began(place: Place, opened: Callable[..., Shop]) -> None:
    """The parts of the old space are whole for as long as somebody uses them."""
    shop = opened()
    place.index(shop)
    shop.spaces.reencode(place.name("two"))
    old, query = shop._answerer, Query("chair")
    before = said(old.search(query))
    shop.spaces.switch(place.name("two"))
    assert said(old.search(query)) == before
    assert shop.search("chair").model_version == TWO
    place.rows[3]["title"] = "an armchair"
    place.index(shop)
    assert [hit.product.id for hit in old.search(Query("armchair", semantic_ratio=0.0)).hits] == ["P3"]
