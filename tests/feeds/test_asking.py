"""A feed asks whether to go on in every pass: counting, looking for ids that come apart, reading."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoplens.feeds import open_feed

ROWS = 20_000


class Stop(Exception):
    """The service is stopped."""


@pytest.fixture(scope="module", params=["csv", "parquet"])
def feed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("asking") / f"feed.{request.param}"
    ids = [f"g{n // 2}" for n in range(ROWS)]
    if request.param == "csv":
        path.write_text("id,item_group_id,title\n" + "".join(f"{n},{g},x\n" for n, g in enumerate(ids)))
    else:
        pyarrow = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        columns = {"id": [str(n) for n in range(ROWS)], "item_group_id": ids, "title": ["x"] * ROWS}
        parquet.write_table(pyarrow.table(columns), path)
    return path


def test_each_pass_is_ended_by_what_the_check_raises(feed: Path) -> None:
    asked = 0

    def check() -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise Stop

    source = open_feed(feed).watched(check)
    with pytest.raises(Stop):
        source.count()
    assert asked == 3
    asked = 0
    with pytest.raises(Stop):  # the pass for ids that come apart, before the first product
        next(iter(source.read()))
    asked = -200_000
    assert source.count() == ROWS // 2
    assert asked == -200_000 + ROWS + 1  # each row, and the end
    assert sum(1 for _ in source.read()) == ROWS // 2
