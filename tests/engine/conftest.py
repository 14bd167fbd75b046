"""A shop whose products differ in all that shoppers filter, sort and page by; made once for tests that only read."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from shoplens.app import Shop
from shoplens.core.catalogue import Product
from tests.conftest import SmallShop
from tests.support import COLOURS

KINDS = ("Cushion", "Mug", "Towel")


def rows(small: SmallShop, count: int) -> list[Mapping[str, Any]]:
    """Products of one to four variants that differ in colour, size, price and stock; some lack a brand or a price."""
    chance = random.Random(16)
    out = []
    for n in range(count):
        kind = chance.choice(KINDS)
        variants = []
        for v in range(chance.randint(1, 4)):
            colour = chance.choice(list(COLOURS))
            variant: dict[str, Any] = {
                "id": f"P{n}-{v}",
                "color": colour,
                "size": chance.choice("SML"),
                "in_stock": chance.random() < 0.7,
                "images": [small.paint(f"{colour}.png", colour)],
            }
            if chance.random() < 0.9:
                variant |= {"price": f"{chance.choice([5, 9.99, 20, 35.5, 50, 80, 120])}", "currency": "EUR"}
            variants.append(variant)
        row: dict[str, Any] = {
            "id": f"P{n}",
            "title": f"{kind} number {n}",
            "category": chance.choice([["Home", f"{kind}s"], ["Home"], ["Gifts", "Home", f"{kind}s"]]),
            "weight": chance.choice(["0.5", "1", "2", "12"]),
            "variants": variants,
        }
        if chance.random() < 0.8:
            row["brand"] = chance.choice(["Luma", "Fila", "Casa"])
        out.append(row)
    return out


@pytest.fixture(scope="session")
def varied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop of 48 products; not to be written to."""
    small = SmallShop(tmp_path_factory.mktemp("varied"))
    shop = small.open()
    small.index(shop, rows(small, 48))
    yield shop
    small.close()


@pytest.fixture(scope="session")
def products(varied: Shop) -> list[Product]:
    """Its products."""
    return [stored.product for some in varied.store.scan() for stored in some]
