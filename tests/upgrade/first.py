"""The shop that `first.sql` holds: made by the code of the first landing (tables of version 1), kept as SQL text.

git worktree add --detach ELSEWHERE 228b643
PYTHONPATH=ELSEWHERE/src:. python -m tests.upgrade.first > tests/upgrade/first.sql
git worktree remove ELSEWHERE
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from shoplens.app import open_shop
from tests.support import COLOURS, ColourEncoder, picture

THINGS = (("cushion", "靠垫", "Luma"), ("mug", "杯子", "Fila"), ("lamp", "台灯", "Orto"), ("chair", "椅子", "Luma"))
_CHINESE = dict(zip(COLOURS, ("红色", "绿色", "蓝色", "黄色", "白色", "黑色"), strict=True))


def rows(photos: Path) -> list[dict[str, Any]]:
    """The feed: each thing in each colour, 24 products; writes their pictures."""
    photos.mkdir(parents=True, exist_ok=True)
    out = []
    for at, (thing, chinese, brand) in enumerate(THINGS):
        for number, colour in enumerate(COLOURS):
            name = f"{colour}-{thing}.png"
            (photos / name).write_bytes(picture(colour, side=16, shade=3 * at))
            row = {"id": f"{thing}-{number}", "title": f"{colour.title()} {thing}", "brand": brand, "images": [name]}
            row |= {"title_zh": f"{_CHINESE[colour]}{chinese}", "color": colour, "in_stock": (at + number) % 5 != 0}
            out.append(row | {"category": ["Home", f"{thing.title()}s"], "price": f"{7 * at + 2 * number + 4.9:.2f}"})
    return out


def write_feed(folder: Path) -> Path:
    """The feed as a file, beside its pictures (``photos``)."""
    feed = folder / "products.jsonl"
    feed.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows(folder / "photos")))
    return feed


def dump(database: Path) -> Iterator[str]:
    """The database as SQL, a statement a line."""
    with sqlite3.connect(database) as raw:
        yield from raw.iterdump()


def main() -> None:
    """Prints the shop's database as SQL."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        feed = write_feed(folder)
        with open_shop(folder / "shop", create=True, encoder=ColourEncoder(), currency="EUR") as shop:
            shop.index(feed, pictures=folder / "photos")
            shop.store.set_meta("pictures", None)
            shop.store.set_meta("feed_base", None)
        for line in dump(folder / "shop" / "shop.db"):
            sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
