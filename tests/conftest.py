"""Fixtures that several folders share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, settings

from shoplens.app import Shop, open_shop
from shoplens.engine.indexing import IndexOptions, IndexReport
from tests.support import DATA, ColourEncoder, picture

# Two cores under other load: wall-clock deadlines would make tests fail that are right.
settings.register_profile(
    "shoplens", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("thorough", parent=settings.get_profile("shoplens"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "shoplens"))


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of the real data sets; tests that need it are skipped where it is missing."""
    if not DATA.is_dir():
        pytest.skip("the real data sets are not here: set SHOPLENS_DATA to their folder")
    return DATA


class SmallShop:
    """A shop of coloured squares, made from rows that are written to a feed; its folder can be opened again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pictures = folder / "photos"
        self.pictures.mkdir(parents=True)
        self.feed = folder / "products.jsonl"
        self.encoder = ColourEncoder()
        self._open: list[Shop] = []

    def paint(self, name: str, colour: str, shade: int = 0) -> str:
        """Writes a picture of one colour; returns its name."""
        (self.pictures / name).write_bytes(picture(colour, shade=shade))
        return name

    def write(self, rows: list[Mapping[str, Any]]) -> Path:
        """Writes the feed: one JSON object a product."""
        self.feed.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        return self.feed

    def open(self, **settings: Any) -> Shop:
        """Opens the shop, as another process would; closed at the end of the test."""
        settings.setdefault("pictures", {"workers": 1})
        shop = open_shop(self.folder / "shop", create=True, encoder=self.encoder, **settings)
        self._open.append(shop)
        return shop

    def index(self, shop: Shop, rows: list[Mapping[str, Any]], **options: Any) -> IndexReport:
        """Writes the rows as the feed and brings the shop in line with it."""
        return shop.index(self.write(rows), pictures=self.pictures, options=IndexOptions(**options))

    def close(self) -> None:
        """Closes what was opened."""
        for shop in self._open:
            shop.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[SmallShop]:
    """An empty small shop."""
    shop = SmallShop(tmp_path / "small")
    yield shop
    shop.close()


@pytest.fixture
def coloured(small: SmallShop) -> Callable[[], Shop]:
    """A shop with six cushions, one a colour, some of them with a price, a brand, variants."""

    def make() -> Shop:
        shop = small.open()
        small.index(shop, cushions(small))
        return shop

    return make


def cushions(small: SmallShop) -> list[Mapping[str, Any]]:
    """Rows of six products: five cushions of one colour, and a mug that comes in red and in blue."""
    rows: list[Mapping[str, Any]] = []
    for number, (colour, chinese, brand) in enumerate(
        [
            ("red", "红色", "Luma"),
            ("green", "绿色", "Luma"),
            ("blue", "蓝色", "Fila"),
            ("yellow", "黄色", "Fila"),
            ("black", "黑色", "Fila"),
        ],
        1,
    ):
        rows.append(
            {
                "id": f"C{number}",
                "title": f"{colour.title()} cushion",
                "title_zh": f"{chinese}靠垫",
                "brand": brand,
                "category": ["Home", "Cushions"],
                "price": f"{10 * number - 0.1:.2f}",
                "currency": "EUR",
                "in_stock": number != 3,
                "color": colour,
                "images": [small.paint(f"{colour}.png", colour)],
            }
        )
    rows.append(
        {
            "id": "M1",
            "title": "Mug",
            "title_zh": "杯子",
            "brand": "Luma",
            "category": ["Home", "Mugs"],
            "variants": [
                {
                    "id": f"M1-{colour}",
                    "color": colour,
                    "price": "5.00",
                    "currency": "EUR",
                    "in_stock": colour == "blue",
                    "images": [small.paint(f"mug-{colour}.png", colour, shade=9)],
                }
                for colour in ("red", "blue")
            ],
        }
    )
    return rows
