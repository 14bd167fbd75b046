"""One small shop of the demo's pictures with the bundled encoder, for all tests of photos."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from shoplens.app import Shop, open_shop
from tests.understanding.pictures import DEMO, rows


@pytest.fixture(scope="session")
def demo_few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Twenty products of the demo shop, far apart in its feed; their pictures are the demo's."""
    folder = tmp_path_factory.mktemp("photos")
    feed = folder / "feed.jsonl"
    feed.write_text("".join(json.dumps(row) + "\n" for row in rows()[::16][:20]), "utf-8")
    with open_shop(folder / "shop", create=True, pictures={"workers": 1}) as shop:
        shop.index(feed, pictures=DEMO)
        yield shop
