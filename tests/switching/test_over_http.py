"""Another encoder over HTTP: built as a job beside the one that serves, switched to, switched back from, dropped."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from shoplens.app import Shop
from tests.serving import bearer, serving
from tests.switching.conftest import SPACES, Place


def test_an_encoder_is_built_switched_to_and_back(place: Place, opened: Callable[..., Shop]) -> None:
    shop = opened()
    place.index(shop)
    admin = bearer(shop, "admin")
    with serving(shop) as address, httpx.Client(base_url=address, timeout=60, headers=admin) as client:

        def first() -> str:
            photo = (place.photos / "7.png").read_bytes()
            return str(client.post("/v1/search", files={"images": photo}).json()["hits"][0]["product"]["id"])

        two = {"encoder": place.name("two")}
        told = client.get("/v1/encoders").json()
        assert (told["space"], [one["serves"] for one in told["spaces"]]) == (SPACES["one"], [True])
        early = client.post("/v1/encoders/switch", json=two)
        assert (early.status_code, early.json()["code"]) == (409, "space_incomplete")
        job = client.post("/v1/encoders/build", json=two).json()
        refused = client.post(f"/v1/jobs/{job['id']}/cancel", headers=bearer(shop, "catalogue"))
        assert refused.status_code == 403, "who may change products may not stop an encoder"
        end = time.monotonic() + 60
        while (now := client.get(f"/v1/jobs/{job['id']}").json())["state"] in ("queued", "running"):
            assert time.monotonic() < end
            time.sleep(0.05)
        assert now["state"] == "done", now
        progress = now["progress"]
        assert (progress["products"], progress["total"], progress["complete"]) == (30, 30, True)
        assert progress["space"] == SPACES["two"]
        assert client.get("/v1/encoders").json()["space"] == SPACES["one"], "it is only built"
        switched = client.post("/v1/encoders/switch", json=two).json()
        assert (switched["space"], switched["before"]) == (SPACES["two"], place.name("one"))
        assert first() == "P7"
        assert client.get("/v1/search?q=lamp").json()["model_version"] == SPACES["two"]
        in_use = client.delete(f"/v1/encoders/spaces/{SPACES['two'].replace('/', '%2F')}")
        assert (in_use.status_code, in_use.json()["code"]) == (409, "space_in_use")
        assert client.post("/v1/encoders/rollback").json()["space"] == SPACES["one"]
        assert first() == "P7"
        dropped = client.delete(f"/v1/encoders/spaces/{SPACES['two']}").json()
        assert dropped == {"space": SPACES["two"], "vectors": 60}
