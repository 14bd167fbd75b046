"""When the encoder fails, words are still found as written, and every answer says what it had to do without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from fastapi.testclient import TestClient

from shoplens.core.spaces import Pixels, Vectors
from shoplens.server import create_app
from tests.conftest import SmallShop, cushions
from tests.support import ColourEncoder, picture


class FailingEncoder(ColourEncoder):
    """An encoder whose runtime begins to raise, as one does whose memory or graphics card is gone."""

    fails = False

    def encode_pictures(self, pictures: Sequence[Pixels]) -> Vectors:
        self._perhaps()
        return super().encode_pictures(pictures)

    def encode_words(self, texts: Sequence[str]) -> Vectors:
        self._perhaps()
        return super().encode_words(texts)

    def encode_patches(self, pictures: Sequence[Pixels]) -> tuple[Vectors, npt.NDArray[np.float32]]:
        self._perhaps()
        return super().encode_patches(pictures)

    def _perhaps(self) -> None:
        if self.fails:
            raise RuntimeError("the session has ended")


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service whose encoder has failed after it was warm."""
    small = SmallShop(tmp_path_factory.mktemp("degraded") / "small")
    small.encoder = encoder = FailingEncoder()
    shop = small.open(server={"keys": "off"}, observe={"recall_every": 1})
    small.index(shop, cushions(small))
    with TestClient(create_app(shop)) as client:
        while client.get("/readyz").status_code != 200:
            pass
        encoder.fails = True
        yield client
    small.close()


def test_words_are_found_as_written(failing: TestClient) -> None:
    told = failing.get("/v1/search", params={"q": "green cushion"}).json()
    assert told["degraded"] == ["encoder"]
    assert told["hits"][0]["product"]["id"] == "C2"


def test_words_beside_a_photo_are_answered_without_it(failing: TestClient) -> None:
    told = failing.post("/v1/search", files={"images": ("p.png", picture("red"))}, data={"q": "mug"}).json()
    assert told["degraded"] == ["encoder"]
    assert told["hits"][0]["product"]["title"].lower().endswith("mug")


def test_a_photo_alone_is_refused_with_what_to_do_instead(failing: TestClient) -> None:
    told = failing.post("/v1/search", files={"images": ("p.png", picture("red"))})
    assert told.status_code == 503
    assert told.json()["code"] == "encoder"
    assert "words" in told.json()["hint"]
    assert "retry-after" in told.headers


def test_products_like_another_need_no_encoder(failing: TestClient) -> None:
    told = failing.post("/v1/search", json={"like": ["C1"]}).json()
    assert told["degraded"] == []
    assert told["hits"]


def test_it_is_counted(failing: TestClient) -> None:
    failing.get("/v1/search", params={"q": "blue cushion"})
    text = failing.get("/metrics").text
    counted = [line for line in text.splitlines() if line.startswith('shoplens_degraded_answers_total{part="encoder"}')]
    assert counted
    assert float(counted[0].split()[-1]) >= 1
