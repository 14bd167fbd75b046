"""A feed that is watched can be stopped in each of its passes, be any of its rows of use or not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shoplens.feeds import open_feed
from shoplens.feeds.opening import OpenFeed


class Stopped(Exception):
    """Somebody has asked for it."""


PASSES: dict[str, Callable[[OpenFeed], Any]] = {"count": OpenFeed.count, "read": lambda feed: list(feed.read())}


@pytest.mark.parametrize("one", PASSES)
@pytest.mark.parametrize(
    "text",
    ["id,title\n" + ",no id\n" * 500, "id,title\n" + "a,thing\n" * 500, "id,item_group_id\n" + "a,g\nb,g\n" * 250],
    ids=["of no use", "one product", "a group"],
)
def test_it_stops_at_the_row_that_is_read(tmp_path: Path, one: str, text: str) -> None:
    path = tmp_path / "feed.csv"
    path.write_text(text)
    asked = [0]

    def check() -> None:
        asked[0] += 1
        if asked[0] == 100:
            raise Stopped

    with pytest.raises(Stopped):
        PASSES[one](open_feed(path).watched(check))
    assert asked == [100]


def test_it_is_the_same_feed(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("id,title,item_group_id\na,Thing,g\nb,Thing,g\n,no id,\n")
    feed = open_feed(path)
    watched = feed.watched(lambda: None)
    assert list(watched.read()) == list(feed.read())
    assert (watched.count(), watched.uses(), watched.base) == (feed.count(), feed.uses(), feed.base)
