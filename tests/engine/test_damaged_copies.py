"""Snapshots that are cut, altered or gone: the shop opens, answers as before, and builds them anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from shoplens.errors import ConfigError
from tests.conftest import SmallShop, cushions

DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut": lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]),
    "empty": lambda p: p.write_bytes(b""),
    "flip": lambda p: p.write_bytes(bytes(b ^ 0xFF if n % 97 == 0 else b for n, b in enumerate(p.read_bytes()))),
    "gone": lambda p: p.unlink(),
}


def answers(small: SmallShop) -> list[object]:
    """What the shop says, opened anew."""
    shop = small.open()
    try:
        assert shop.catch_up()
        assert [f for f in shop.doctor() if f.level == "error"] == []
        asked = ("red cushion", "杯子", "black")
        found: list[object] = [[h.product.id for h in shop.search(words).hits] for words in asked]
        return [*found, shop.search("", where="price<30 and in_stock").found]
    finally:
        shop.close()


@pytest.mark.parametrize("how", DAMAGE)
def test_damaged_snapshots_are_built_anew(small: SmallShop, how: str) -> None:
    shop = small.open()
    small.index(shop, cushions(small))
    shop.copies.save()
    shop.close()
    before = answers(small)
    snapshots = [p for p in (small.folder / "shop" / "copies").rglob("*") if p.is_file() and "words-" not in str(p)]
    assert len(snapshots) >= 3
    for path in snapshots:
        DAMAGE[how](path)
    assert answers(small) == before
    shutil.rmtree(small.folder / "shop" / "copies")
    assert answers(small) == before


def test_settings_that_cannot_be_read_are_refused_with_their_place(small: SmallShop) -> None:
    small.open().close()
    (small.folder / "shop" / "shoplens.toml").write_text("[server]\nport = \n")
    with pytest.raises(ConfigError, match=r"line 2.*mend"):
        small.open()
